--- The layers of a specification keyed by roles: media types, titles, annotations, counts, the order.
local inputs = require "oci.types.build.inputs"
local match = require "oci.types.match"
local roles = require "oci.types.roles"

local layers = {}

local EMPTY = "application/vnd.oci.empty.v1+json"

-- Does a role take this media type?
local function takes(role, media_type)
  for _, known in ipairs(role.media_types or {}) do
    if known == "*" or known == media_type then
      return true
    end
  end
  for _, prefix in ipairs(role.media_type_prefixes or {}) do
    if media_type:sub(1, #prefix) == prefix then
      return true
    end
  end
  return role.media_type_pattern ~= nil and match.placeholders(role.media_type_pattern, media_type)
end

local COMPRESSIONS = { [""] = "none", ["+gzip"] = "gzip", [".gzip"] = "gzip", [".gz"] = "gzip", ["+zstd"] = "zstd" }

-- How an archive of this media type is compressed; nil: it is no archive.
local function compression_of(media_type)
  local tail = media_type:match "tar(.*)$"
  return tail and COMPRESSIONS[tail]
end

-- What media types end with, for the ends of file names.
local ENDINGS = {
  { "%.tar%.gz$", "tar+gzip" }, { "%.tgz$", "tar+gzip" }, { "%.tar%.zst$", "tar+zstd" }, { "%.tar$", "tar" },
  { "%.ya?ml$", "yaml" }, { "%.jws$", "jose+json" }, { "%.([%w]+)$" },
}

local function ends_with(media_type, ending)
  local before = media_type:sub(-#ending - 1, -#ending - 1)
  return media_type:sub(-#ending) == ending and (before == "" or before:find "[/.+]" ~= nil)
end

--- The media type for a content that names none: by the end of its name, else the first, which is what is to be written.
-- nil: there is none.
function layers.choose(role, item)
  local known = role.media_types or {}
  if item.dir then
    for _, media_type in ipairs(known) do
      local compression = compression_of(media_type)
      if compression and (not item.compression or item.compression == compression) then
        return media_type
      end
    end
    return nil
  end
  local name = item.title or item.path or ""
  for _, rule in ipairs(ENDINGS) do
    local found = name:lower():match(rule[1])
    for _, media_type in ipairs(found and known or {}) do
      if ends_with(media_type, rule[2] or found) then
        return media_type
      end
    end
  end
  return known[1] ~= "*" and known[1] or nil
end

local function set_media_type(kind, role, item)
  local open = takes(role, "*/*") -- a role that takes anything
  local media_type = item.media_type or layers.choose(role, item)
  if media_type and not takes(role, media_type) then
    return inputs.refuse(kind, "'%s' cannot be of the media type \"%s\"", role.role, media_type)
  elseif not media_type and not open then
    return inputs.refuse(kind, "'%s' %s", role.role, item.dir and "cannot be a directory" or "needs a media_type")
  end
  item.media_type = media_type
  if item.dir and media_type then
    item.compression = item.compression or compression_of(media_type)
  end
  return true
end

local TITLE = "org.opencontainers.image.title"

-- Annotations that are written for a title, and for a directory that is packed.
local UNPACK = "io.deis.oras.content.unpack"
local WRITTEN = { [TITLE] = true, [UNPACK] = true, ["io.deis.oras.content.digest"] = true }

local function wants_title(role)
  return role.title_required or role.files or match.among((role.annotations or {}).recommended, TITLE)
end

-- A file alone is titled by its name, one of many by its path.
local function set_title(kind, role, item)
  local path = item.path or item.dir
  if not item.title and path and wants_title(role) then
    item.title = inputs.title(path, role.max == 1)
    if item.dir and item.title then
      item.title = item.title .. ((role.extension or ""):match "^[^|]*")
    end
  end
  if (role.title_required or role.files) and not item.title then
    return inputs.refuse(kind, "'%s' needs a title", role.role)
  elseif role.files and not roles.titled_so(role, item.title) then
    return inputs.refuse(kind, "'%s' cannot be called \"%s\": it takes %s", role.role, item.title,
      table.concat(role.files, ", "))
  end
  if item.dir and not item.prefix and not match.among((role.annotations or {}).required, UNPACK) then
    item.prefix = "" -- the title names the archive, no directory
  end
  return true
end

local function set_annotations(kind, role, item)
  local all, needs = {}, (role.annotations or {}).required or {}
  for name, value in pairs(item.annotations or {}) do
    all[name] = value
  end
  for _, values in ipairs { role.annotation_values or {}, (role.annotations or {}).values or {} } do
    for name, value in pairs(values) do
      all[name] = all[name] or value
    end
  end
  for _, name in ipairs(needs) do
    if not WRITTEN[name] and not all[name] then
      return inputs.refuse(kind, "'%s' needs the annotation '%s'", role.role, name)
    end
  end
  item.annotations = next(all) and all or nil
  return true
end

local function finish_item(kind, role, item)
  if role.data == "embedded" and item.embed == nil then
    item.embed = true
  end
  for _, step in ipairs { set_title, set_media_type, set_annotations } do
    local ok, message, code, detail = step(kind, role, item)
    if not ok then
      return nil, message, code, detail
    end
  end
  return true
end

-- The contents of a role, as layers of the generic specification.
local function of_role(kind, role, value)
  local items, message, code, detail = inputs.list(kind, role, value)
  if not items then
    return nil, message, code, detail
  end
  if #items < (role.min or 0) or #items > (role.max or math.huge) then
    return inputs.refuse(kind, "'%s' is given %s, %s expected", role.role,
      #items == 0 and "nothing" or #items == 1 and "once" or #items .. " times", inputs.counted(role))
  end
  for _, item in ipairs(items) do
    local ok
    ok, message, code, detail = finish_item(kind, role, item)
    if not ok then
      return nil, message, code, detail
    end
  end
  return items
end

--- Is the role one that nobody fills? What has the empty media type is made where nothing else is.
function layers.is_empty(role)
  return (role.media_types or {})[1] == EMPTY
end

--- The layers of the roles, in their order, or in that of `order` (names of roles); nil, message, code, detail.
function layers.of(kind, definition, given, order)
  local all, at = {}, {}
  for i, name in ipairs(order or {}) do
    at[name] = i
  end
  local sorted = {}
  for i, role in ipairs(definition) do
    sorted[i] = { role = role, at = at[role.role] or #definition + i }
  end
  table.sort(sorted, function(a, b) return a.at < b.at end)
  for _, entry in ipairs(sorted) do
    if not layers.is_empty(entry.role) then
      local items, message, code, detail = of_role(kind, entry.role, inputs.of_role(given, entry.role))
      if not items then
        return nil, message, code, detail
      end
      for _, item in ipairs(items) do
        all[#all + 1] = item
      end
    end
  end
  return all
end

return layers
