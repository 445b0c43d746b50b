--- What push, manifest and index are given, made into what the core takes: a list of documents (manifests and indexes), each
-- before the index that names it, the root last; with contents, the artifact's type, the time of creation.
local content = require "oci.content"
local options = require "oci.options"

---@class oci.Document a manifest, or with `manifests` an index
---@field type? string|oci.Type a type of oci.types: the spec is then keyed by its roles (`chart`, `bundle`, ...)
---@field artifact_type? string left out: the config's media type is the type, in an index the index's; else an unknown type, and
--- a warning
---@field config? string|oci.Content left out: the empty config
---@field layers? (string|oci.Content)[] first, untitled unless titled
---@field files? (string|oci.Content)[] then these, titled; a directory's path is packed
---@field manifests? (oci.Entry|oci.NamedEntry|oci.Descriptor|oci.Manifest)[] an index of these, instead of the three above
---@field annotations? table<string, string>
---@field subject? oci.Ref|oci.Manifest the manifest that this is about; its media type, digest and size are written. A reference
--- without size is asked for first; it is one of the place that is pushed to, and not for an entry of an index. Never with
--- spec_version "1.0"
---@field created? boolean|number|string true: now (or SOURCE_DATE_EPOCH); seconds since 1970; RFC 3339 text, kept
---@field spec_version? "1.0"|"1.1"|"docker" left out: "1.1", in an index the index's. "1.0": the config's media type is the
--- artifact's type, and the empty config is {} under that type; an index has no type. "docker": a manifest of Docker (schema
--- 2), for clients that take no other; it has a config with a media type, no artifact type and no subject
---@field empty_config_type? string in the shape of "1.0" the type of the empty config, for a client that knows its artifacts
--- by this there; left out: the artifact's type

---@class oci.Spec: oci.Document, oci.CallOptions what is pushed
---@field tags? string|string[] more tags, moved after the reference's own
---@field immutable? boolean EXISTS if the reference's own tag names something else; nothing is sent where it names anything
---@field fallback? boolean the shape of "1.0" where a registry refuses that of "1.1"; the result has `fallback = true` then.
--- Without effect where a subject or a digest is asked for
---@field new? boolean hash and upload in one pass, without asking first what is there
---@field on_progress? fun(event: oci.Event)

---@class oci.Entry: oci.Document an entry of an index that is made and pushed with it
---@field platform? string|table "os/architecture[/variant]", or a table

---@class oci.NamedEntry an entry whose descriptor says more
---@field manifest oci.Manifest|oci.Document what was built or received, or is to be made
---@field platform? string|table
---@field annotations? table<string, string> the descriptor's
---@field artifact_type? string the descriptor's; left out: the manifest's
---@field urls? string[]

local spec = {}

local CREATED = "org.opencontainers.image.created"
local EMPTY = "application/vnd.oci.empty.v1+json"
local UNKNOWN = "application/vnd.unknown.artifact.v1"
local UNKNOWN_CONFIG = "application/vnd.unknown.config.v1+json"
-- What a config's media type may be without saying what the artifact is.
local SAYS_NOTHING = {
  [EMPTY] = true,
  ["application/json"] = true,
  ["application/octet-stream"] = true,
  ["text/plain"] = true,
}

--- Does a config's media type say what the artifact is?
function spec.tells_type(media_type)
  return media_type ~= nil and not SAYS_NOTHING[media_type]
end

-- ---- what may be given

local function any_content(value)
  return type(value) ~= "string" and type(value) ~= "table" and "path or table of content" or nil
end

local function created(value)
  local kind = type(value)
  return not (kind == "boolean" or kind == "string" or options.size(value) == nil)
    and "true, whole seconds or RFC 3339 text" or nil
end

local function subject(value)
  return type(value) ~= "string" and type(value) ~= "table" and "reference, descriptor or manifest" or nil
end

-- Of one document.
local of_document = {
  artifact_type = options.string,
  empty_config_type = options.string,
  config = any_content,
  layers = options.table,
  files = options.table,
  manifests = options.table,
  annotations = options.string_map,
  subject = subject,
  created = created,
  spec_version = options.one_of("1.0", "1.1", "docker"),
}

spec.checkers = options.of_call(options.with(of_document, {
  tags = options.strings,
  immutable = options.boolean,
  fallback = options.boolean,
  new = options.boolean,
  on_progress = options.callable,
}))

--- Of an entry of an index.
spec.of_entry = options.with(of_document, { platform = options.platform })

-- ---- small things

--- The text for a `created`, or nil (and a message if something is wrong).
function spec.creation_time(value)
  if value then
    return require("oci.created")(value)
  end
end

local function annotations_of(given)
  local all = {}
  for name, value in pairs(given.annotations or {}) do
    all[name] = value
  end
  local time, wrong = spec.creation_time(given.created)
  if wrong then
    return nil, wrong, "INVALID", {}
  end
  if time then
    all[CREATED] = time
  end
  return next(all) and all or false
end

-- Only what a place says of a manifest everywhere.
local function bare(descriptor)
  return { media_type = descriptor.media_type, digest = descriptor.digest, size = descriptor.size }
end

-- ---- documents

-- What is being made: the core's documents, and the caller's readers. `where` is what is given to it ("manifests[1]"; nil: the
-- whole), for the caller's mistakes; `called` what is made of it ("entry 1 of the index"), for what the core says of it.
local Draft = {}
Draft.__index = Draft

function Draft:raise(where, message)
  options.bad_argument(self.call, self.index, where and where .. ": " .. message or message)
end

function Draft:check(where, given, checkers)
  local fault = options.fault(given, checkers)
  if fault then
    self:raise(where, fault)
  end
end

-- The artifact's type: the one given, or none where the config's media type says it, or the unknown one.
function Draft:type_of(given, inherited)
  local config_type = type(given.config) == "table" and given.config.media_type
  if given.artifact_type then
    return given.artifact_type
  elseif config_type and spec.tells_type(config_type) then
    return nil
  elseif inherited.artifact_type then
    return inherited.artifact_type
  elseif config_type and config_type ~= EMPTY and inherited.version ~= "1.0" then
    return nil
  end
  self.client:warn("neither 'artifact_type' nor a config's 'media_type' is given: the artifact is of the type "
    .. (inherited.version == "1.0" and UNKNOWN_CONFIG or UNKNOWN))
  return UNKNOWN
end

-- The subject's descriptor, or the text of a reference that is to be asked for.
function Draft:subject_of(where, value)
  if value == nil or type(value) == "string" then
    return nil, value
  elseif value.media_type and value.digest and value.size then
    return bare(value)
  elseif type(value.reference) == "string" then
    return nil, value.reference
  end
  self:raise(where, "option 'subject': reference, descriptor or manifest expected")
end

function Draft:check_list(where, name, items)
  local fault = options.list_fault(items)
  if fault then
    self:raise(where, ("option '%s': %s"):format(name, fault))
  end
end

function Draft:contents(where, given)
  local list = content.list(self.readers)
  for _, role in ipairs { "layers", "files" } do
    local items = given[role] or {}
    self:check_list(where, role, items)
    for i, item in ipairs(items) do
      local name = ("%s%s[%d]"):format(where and where .. ": " or "", role, i)
      local ok, message, code, detail = content.add(list, self.call, self.index, name, item, role == "files")
      if not ok then
        return nil, message, code, detail
      end
    end
  end
  return list.items
end

function Draft:config(where, given)
  if not given then
    return false
  end
  local list = content.list(self.readers)
  local name = (where and where .. ": " or "") .. "config"
  local ok, message, code, detail = content.add(list, self.call, self.index, name, given, false)
  if not ok then
    return nil, message, code, detail
  end
  if #list.items > 1 then
    self:raise(name, "one content expected, 'glob' found " .. #list.items)
  end
  return list.items[1]
end

-- Adds a document; gives its number.
function Draft:append(document)
  self.documents[#self.documents + 1] = document
  return #self.documents
end

function Draft:add_manifest(document, where, given, inherited)
  local message, code, detail
  document.config, message, code, detail = self:config(where, given.config)
  if document.config == nil then
    return nil, message, code, detail
  end
  document.config = document.config or nil
  document.contents, message, code, detail = self:contents(where, given)
  if not document.contents then
    return nil, message, code, detail
  end
  document.artifact_type = self:type_of(given, inherited)
  return self:append(document)
end

--- Adds what a spec describes, and gives its number; or nil, message, code, detail.
function Draft:add(where, given, inherited, called)
  local annotations, message, code, detail = annotations_of(given)
  if annotations == nil then
    return nil, (where and where .. ": " or "") .. message, code, detail
  end
  local about, reference = self:subject_of(where, given.subject)
  if reference and where then
    self:raise(where, "option 'subject': descriptor or manifest expected, since only that of the whole is asked for")
  end
  self.subject = reference or self.subject -- the whole's, which comes first
  local chosen = { version = given.spec_version or inherited.version, artifact_type = inherited.artifact_type }
  local document = {
    where = called,
    annotations = annotations or nil,
    subject = about,
    empty_config_type = given.empty_config_type,
    version_1_0 = chosen.version == "1.0",
    docker = chosen.version == "docker",
  }
  if given.manifests then
    return require("oci.spec_index")(self, document, where, given, chosen, called)
  end
  return self:add_manifest(document, where, given, chosen)
end

-- ---- specifications

--- A spec with a type, keyed by its roles, as the spec that everything else has; and the tag that the type's rule gives. Or nil,
-- message, code, detail. `for_platform`: of the index's entry that it is for.
function spec.expand(client, call, index, given, for_platform)
  local kind = given.type
  if kind == nil then
    return given
  elseif type(kind) == "string" then
    local message, code, detail
    kind, message, code, detail = require("oci.types").get(kind)
    if not kind then
      return nil, message, code, detail
    end
  elseif not require("oci.types.type").is(kind) then
    options.bad_argument(call, index, "option 'type': type or its name expected, got " .. options.kind(kind))
  end
  return require("oci.types.build").expand(kind, given, client, for_platform)
end

--- The core's form of a specification without a type, and the readers in it; or nil, message, code, detail. Raises for wrong
-- names and types.
function spec.prepare(call, index, given, client)
  options.check(call, index, given, spec.checkers)
  local draft = setmetatable({ call = call, index = index, client = client, documents = {}, readers = {} }, Draft)
  local number, message, code, detail = draft:add(nil, given, {})
  if not number then
    return nil, message, code, detail
  end
  return {
    documents = draft.documents,
    subject = draft.subject,
    tags = type(given.tags) == "string" and { given.tags } or given.tags,
    new = given.new,
    fallback = given.fallback,
    immutable = given.immutable,
  }, draft.readers
end

--- The same for a manifest that was received: sent as it is.
function spec.of_received(received)
  return { documents = { { bytes = received.bytes, media_type = received.media_type } } }
end

return spec
