--- Indexes in what push, manifest and index are given: their entries are specs, descriptors and manifests.
local manifest = require "oci.manifest"
local options = require "oci.options"
local spec = require "oci.spec"

local wrapper_checkers = {
  manifest = options.table,
  platform = options.platform,
  annotations = options.string_map,
  artifact_type = options.string,
  urls = options.string_list,
}

-- Of a descriptor that was received it is kept as it is.
local function descriptors_platform(value)
  return type(value) ~= "string" and type(value) ~= "table" and "'os/architecture' or table" or nil
end

local descriptor_checkers = {
  media_type = options.string,
  digest = options.string,
  size = options.size,
  annotations = options.string_map,
  artifact_type = options.string,
  platform = descriptors_platform,
  urls = options.string_list,
  data = options.bytes,
  reference = options.string,
  tags = options.string_list,
  fallback = options.boolean,
}

-- A manifest that was built is made again, of what it was made of; one that was received is sent as it is.
local function add_built(self, built, called)
  local source = manifest.source(built)
  if not source then
    return self:append { where = called, bytes = built.bytes, media_type = built.media_type }
  end
  local before = #self.documents
  for _, document in ipairs(source.spec.documents) do
    local copy = options.with(document, { where = called })
    for i, entry in ipairs(document.entries or {}) do
      copy.entries = i > 1 and copy.entries or {}
      copy.entries[i] = entry.document and options.with(entry, { document = entry.document + before }) or entry
    end
    self:append(copy)
  end
  self.documents[#self.documents].expect = built.digest
  return #self.documents
end

-- A spec within an index, which may have a type that looks at the entry's platform.
local function add_spec(self, where, given, inherited, called, for_platform)
  if given.type ~= nil and given.spec_version == nil then
    given = options.with(given, { spec_version = inherited.version }) -- it has a say in what a type makes
  end
  local generic, message, code, detail = spec.expand(self.client, self.call, self.index, given, for_platform)
  if not generic then
    return nil, where .. ": " .. message, code, detail
  end
  self:check(where, generic, spec.of_entry)
  return self:add(where, generic, inherited, called)
end

-- The entry that stands for a spec or manifest, with what its descriptor says besides.
local function wrapped_entry(self, where, item, inherited, called)
  self:check(where, item, wrapper_checkers)
  local number, message, code, detail
  if manifest.is(item.manifest) then
    number = add_built(self, item.manifest, called)
  else
    number, message, code, detail = add_spec(self, where, item.manifest, inherited, called, item.platform)
  end
  if not number then
    return nil, message, code, detail
  end
  return {
    document = number,
    platform = item.platform,
    annotations = item.annotations,
    artifact_type = item.artifact_type,
    urls = item.urls,
  }
end

-- An entry of an index: { document = number, ... }, or a descriptor.
local function entry_of(self, where, item, inherited, called)
  if type(item) ~= "table" then
    self:raise(where, "specification, descriptor or manifest (a table) expected, got " .. options.kind(item))
  elseif manifest.is(item) then
    return { document = add_built(self, item, called) }
  elseif item.manifest ~= nil and item.type == nil then -- a type may have a role of that name
    return wrapped_entry(self, where, item, inherited, called)
  elseif item.type == nil and (item.digest ~= nil or item.media_type ~= nil or item.size ~= nil) then
    self:check(where, item, descriptor_checkers)
    return item
  end
  local inner = options.with(item, {})
  inner.platform = nil
  return wrapped_entry(self, where, { manifest = inner, platform = item.platform }, inherited, called)
end

--- Adds the document of an index, after those of its entries; gives its number, or nil, message, code, detail. `self` is the draft
-- of oci.spec.
return function(self, document, where, given, inherited, called)
  if document.docker then
    self:raise(where, "option 'spec_version': only a manifest is one of Docker")
  end
  document.is_index, document.entries, document.artifact_type = true, {}, given.artifact_type
  for _, name in ipairs { "config", "layers", "files" } do
    if given[name] ~= nil then
      self:raise(where, ("option '%s': an index has none; give it to one of its 'manifests'"):format(name))
    end
  end
  self:check_list(where, "manifests", given.manifests)
  local for_entries = { artifact_type = given.artifact_type or inherited.artifact_type, version = inherited.version }
  for i, item in ipairs(given.manifests) do
    local name = ("%smanifests[%d]"):format(where and where .. "." or "", i)
    local this = ("entry %d of %s"):format(i, called or "the index")
    local entry, message, code, detail = entry_of(self, name, item, for_entries, this)
    if not entry then
      return nil, message, code, detail
    end
    document.entries[i] = entry
  end
  return self:append(document)
end
