--- What push and manifest are given, made into what the core takes: contents, the artifact's type, the time of creation.
local content = require "oci.content"
local options = require "oci.options"

---@class oci.Spec what is pushed
---@field artifact_type? string left out: the config's media type is the type; without both an unknown type, and a warning
---@field config? string|oci.Content left out: the empty config
---@field layers? (string|oci.Content)[] first, untitled unless titled
---@field files? (string|oci.Content)[] then these, titled; a directory's path is packed
---@field annotations? table<string, string>
---@field tags? string|string[] more tags, moved after the reference's own
---@field created? boolean|number|string true: now (or SOURCE_DATE_EPOCH); seconds since 1970; RFC 3339 text, kept
---@field new? boolean hash and upload in one pass, without asking first what is there
---@field on_progress? fun(event: oci.Event)
---@field timeout? number seconds for the whole call; 0: none
---@field connect_timeout? number seconds
---@field stall_timeout? number seconds without a byte
---@field retries? integer

local spec = {}

local CREATED = "org.opencontainers.image.created"
local EMPTY = "application/vnd.oci.empty.v1+json"
local UNKNOWN = "application/vnd.unknown.artifact.v1"

local function any_content(value)
  return type(value) ~= "string" and type(value) ~= "table" and "path or table of content" or nil
end

local function created(value)
  local kind = type(value)
  return not (kind == "boolean" or kind == "string" or options.size(value) == nil)
    and "true, whole seconds or RFC 3339 text" or nil
end

spec.checkers = options.of_call {
  artifact_type = options.string,
  config = any_content,
  layers = options.table,
  files = options.table,
  annotations = options.string_map,
  tags = options.strings,
  created = created,
  new = options.boolean,
  on_progress = options.callable,
}

local function rfc3339(seconds)
  return (os.date("!%Y-%m-%dT%H:%M:%SZ", seconds))
end

--- The text for a `created`, or nil (and a message if something is wrong).
function spec.creation_time(value)
  if type(value) == "number" then
    return rfc3339(value)
  elseif type(value) == "string" then
    if value:find("^%d%d%d%d%-%d%d%-%d%d[Tt ]%d%d:%d%d:%d%d%.?%d*[Zz]$")
      or value:find("^%d%d%d%d%-%d%d%-%d%d[Tt ]%d%d:%d%d:%d%d%.?%d*[+-]%d%d:%d%d$") then
      return value
    end
    return nil, ("created: \"%s\" is not a time in the form of RFC 3339"):format(value)
  elseif value then
    local epoch = os.getenv "SOURCE_DATE_EPOCH"
    if epoch and epoch ~= "" and not epoch:find("^%d+$") then
      return nil, "SOURCE_DATE_EPOCH is not a number of seconds"
    end
    return rfc3339(epoch and tonumber(epoch) or os.time())
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

-- The artifact's type: the one given, or none where the config's media type says it, or the unknown one.
local function type_of(given, warn)
  if given.artifact_type then
    return given.artifact_type
  end
  local config_type = type(given.config) == "table" and given.config.media_type
  if config_type and config_type ~= EMPTY then
    return nil
  end
  warn("neither 'artifact_type' nor a config's 'media_type' is given: the artifact is of the type " .. UNKNOWN)
  return UNKNOWN
end

local function contents_of(list, call, index, given)
  for _, role in ipairs { "layers", "files" } do
    local items = given[role] or {}
    for key in pairs(items) do
      if type(key) ~= "number" or key < 1 or key > #items or key % 1 ~= 0 then
        options.bad_argument(call, index, ("option '%s': list expected, with the key [%s]"):format(role, tostring(key)))
      end
    end
    for i, item in ipairs(items) do
      local ok, message, code, detail =
        content.add(list, call, index, ("%s[%d]"):format(role, i), item, role == "files")
      if not ok then
        return nil, message, code, detail
      end
    end
  end
  return list.items
end

--- The core's form of a specification, and the readers in it; or nil, message, code, detail. Raises for wrong names and types.
function spec.prepare(call, index, given, warn)
  options.check(call, index, given, spec.checkers)
  local list = content.list()
  local contents, message, code, detail = contents_of(list, call, index, given)
  if not contents then
    return nil, message, code, detail
  end
  local annotations
  annotations, message, code, detail = annotations_of(given)
  if annotations == nil then
    return nil, message, code, detail
  end
  local config
  if given.config then
    local configs = content.list()
    configs.readers = list.readers -- numbered together
    local ok
    ok, message, code, detail = content.add(configs, call, index, "config", given.config, false)
    if not ok then
      return nil, message, code, detail
    end
    config = configs.items[1]
    if #configs.items > 1 then
      options.bad_argument(call, index, "config: one content expected, 'glob' found " .. #configs.items)
    end
  end
  return {
    artifact_type = type_of(given, warn),
    config = config,
    contents = contents,
    annotations = annotations or nil,
    tags = type(given.tags) == "string" and { given.tags } or given.tags,
    new = given.new,
  }, list.readers
end

return spec
