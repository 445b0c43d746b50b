--- Manifests and indexes out of what is given by roles: the config, the artifact's type, what the type insists on.
local core = require "oci.core"
local generic_spec = require "oci.spec"
local inputs = require "oci.types.build.inputs"
local layers = require "oci.types.build.layers"
local match = require "oci.types.match"
local options = require "oci.options"

local document = {}

local CREATED = "org.opencontainers.image.created"
local DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
local EMPTY = "application/vnd.oci.empty.v1+json"
local CONFIG_LIMIT = 4 * 1024 * 1024 -- that is looked into
local UNKNOWN = "application/vnd.unknown.artifact.v1"

-- Types whose artifact type is only what is written where the author names none.
local ANY_ARTIFACT_TYPE = { ["oras-files"] = true, ["regctl-artifact"] = true }

-- ---- the config

-- The config of an artifact that go-containerregistry makes of its empty image; nobody reads it.
local function image_config(labels)
  local text = labels and ('{"Labels":%s}'):format(assert(core.json_encode(labels))) or "{}"
  return '{"architecture":"","created":"0001-01-01T00:00:00Z","os":"","rootfs":{"type":"layers","diff_ids":null},'
    .. '"config":' .. text .. "}"
end

-- What is written where none is given.
local function default_config(kind, config)
  if config.media_type == EMPTY then
    return config.embed and { data = "{}", media_type = EMPTY, embed = true } or false
  elseif config.default == "image-config" then
    return { data = image_config(config.labels), media_type = config.media_type }
  elseif config.default then
    return { data = config.default, media_type = config.media_type, embed = config.embed }
  end
  return inputs.refuse(kind, "a config is needed%s", config.content and ": " .. config.content or "")
end

-- What a config says, where it can be read without waiting long; else nil; nil, message where it is not JSON.
local function said_by(item)
  if item.json ~= nil then
    return item.json
  end
  local text = item.data or (item.path and inputs.read(item.path, CONFIG_LIMIT))
  if text then
    return core.json_decode(text)
  end
end

-- Refuses a config that its schema would not take.
local function check_schema(kind, config, item)
  if config.schema == nil or item.media_type ~= config.media_type then
    return true
  end
  local value, why = said_by(item)
  if why then
    return inputs.refuse(kind, "the config is not JSON: %s", why)
  elseif value == nil then
    return true
  end
  local finding = require("oci.types.schema").check(config.schema, value)[1]
  if finding then
    return inputs.refuse(kind, "config%s: %s", finding.path ~= "" and "." .. finding.path or "", finding.message)
  end
  return true
end

local function config_of(kind, config, value)
  if not config and value ~= nil then
    return inputs.refuse(kind, "it has no config")
  elseif not config or (value == nil and config.media_type == "*" and not config.required) then
    return false
  elseif value == nil then
    return default_config(kind, config)
  end
  local item = inputs.copy(value)
  if config.media_type == "*" then
    return item
  end
  item.media_type = item.media_type or config.media_type
  if item.media_type ~= config.media_type and not match.among(config.also_media_types, item.media_type)
    and not match.among(config.also_media_types, "*") then
    return inputs.refuse(kind, "the config cannot be of the media type \"%s\"", item.media_type)
  end
  local ok, message, code, detail = check_schema(kind, config, item)
  if not ok then
    return nil, message, code, detail
  end
  return item
end

-- ---- the rest

-- The artifact's type: what the definition says; false: none is written, the config's media type is the type.
local function artifact_type_of(kind, definition, given)
  local fixed = definition.artifact_type
  if fixed == "*" then
    if not given.artifact_type then
      return inputs.refuse(kind, "an artifact_type is needed")
    end
    return given.artifact_type
  elseif ANY_ARTIFACT_TYPE[kind.name] then
    return given.artifact_type or fixed
  elseif given.artifact_type and given.artifact_type ~= fixed then
    return inputs.refuse(kind, "the artifact_type is %s", fixed and ("\"%s\""):format(fixed) or "not written")
  end
  return fixed or false
end

-- Completes `out` by what the definition wants of annotations: values that it knows, the time, what has to be there.
local function complete_annotations(kind, definition, out)
  local wanted, all = definition.annotations or {}, inputs.copy(out.annotations or {})
  for name, value in pairs(wanted.values or {}) do
    all[name] = all[name] or value
  end
  for _, name in ipairs(wanted.required or {}) do
    if name == CREATED and out.created == nil and not all[name] then
      out.created = true -- to choose such a type is to ask for it
    elseif name ~= CREATED and not all[name] then
      return inputs.refuse(kind, "the annotation '%s' is needed", name)
    end
  end
  out.annotations = next(all) and all or nil
  return true
end

-- The options of every specification that were given, with the artifact's type.
local function begin(kind, definition, given)
  local out = {}
  for name in pairs(generic_spec.checkers) do
    out[name] = given[name]
  end
  local artifact_type, message, code, detail = artifact_type_of(kind, definition, given)
  if artifact_type == nil then
    return nil, message, code, detail
  end
  out.artifact_type = artifact_type or nil
  out.empty_config_type = given.empty_config_type or (definition.config or {}).empty_config_type
  local ok
  ok, message, code, detail = complete_annotations(kind, definition, out)
  if not ok then
    return nil, message, code, detail
  end
  return out
end

-- The manifest of a definition: that of the type, or the child of its index.
local function manifest(kind, definition, given, order)
  local out, message, code, detail = begin(kind, definition, given)
  if not out then
    return nil, message, code, detail
  end
  out.layers, message, code, detail = layers.of(kind, definition.layers, given, order)
  if not out.layers then
    return nil, message, code, detail
  elseif #out.layers < (definition.min_layers or 0) then
    return inputs.refuse(kind, "at least %d of its layers are needed", definition.min_layers)
  end
  out.config, message, code, detail = config_of(kind, definition.config, given.config)
  if out.config == nil then
    return nil, message, code, detail
  end
  out.config = out.config or nil
  if out.spec_version == "1.0" and out.config and generic_spec.tells_type(out.config.media_type) then
    out.artifact_type = nil -- there it is the config's media type that says it
  elseif not out.artifact_type and not out.config then
    out.artifact_type = UNKNOWN
  end
  if definition.manifest_media_type == DOCKER then
    out.spec_version = out.spec_version or "docker"
  end
  return out
end

-- ---- indexes

-- The annotations of an entry that are those of its descriptor, and those of the manifest behind it: where a name belongs is
-- what the type says; one that it does not know is of the manifest.
local function split(role, child, given)
  local of_entry, of_child = {}, {}
  local known = role.annotations or {}
  local childs = child.annotations or {}
  for name, value in pairs(given or {}) do
    local here = match.among(known.required, name) or match.among(known.recommended, name)
    local there = match.among(childs.required, name) or match.among(childs.recommended, name)
    of_entry[name] = here and value or nil
    of_child[name] = (there or not here) and value or nil
  end
  return of_entry, of_child
end

local function check_entry_names(kind, child, given)
  local known = { platform = true, config = child.config ~= nil or nil, annotations = true, created = true }
  for _, role in ipairs(child.layers) do
    known[role.role], known[inputs.key(role.role)] = true, true
  end
  for name in pairs(given) do
    if not known[name] then
      options.raise(("%s: %s"):format(kind.name, options.unknown("option", tostring(name), known)))
    end
  end
end

local function complete_entry(kind, role, entry)
  entry.annotations = inputs.copy(entry.annotations or {})
  for name, value in pairs((role.annotations or {}).values or {}) do
    entry.annotations[name] = entry.annotations[name] or value
  end
  for _, name in ipairs((role.annotations or {}).required or {}) do
    if not entry.annotations[name] then
      return inputs.refuse(kind, "'%s' needs the annotation '%s'", role.role, name)
    end
  end
  if (role.platform or ""):find "^required" and not entry.platform then
    return inputs.refuse(kind, "'%s' needs a platform", role.role)
  end
  return entry
end

-- An entry: a manifest to be made of what is given by the child's roles, or a descriptor of what is there.
local function entry_of(kind, role, given)
  local child = kind.child
  if given.digest or given.manifest or (child.role and child.role ~= role.role) then
    return complete_entry(kind, role, inputs.copy(given))
  end
  check_entry_names(kind, child, given)
  local inner = inputs.copy(given)
  local of_entry
  of_entry, inner.annotations = split(role, child, given.annotations)
  inner.platform = nil
  local made, message, code, detail = manifest(kind, child, inner)
  if not made then
    return nil, message, code, detail
  end
  return complete_entry(kind, role, { manifest = made, platform = given.platform, annotations = of_entry })
end

-- What was given for a role of an index, as a list; the content of a child without layers is its config.
local function entries_of(kind, role, given)
  local value = inputs.of_role(given, role)
  if value ~= nil and kind.child.role == role.role then
    return { { config = value } }
  end
  return value == nil and {} or value[1] == nil and { value } or value
end

local function index(kind, given)
  local out, message, code, detail = begin(kind, kind, given)
  if not out then
    return nil, message, code, detail
  end
  out.config, out.manifests = nil, {}
  for _, role in ipairs(kind.entries) do
    local values = entries_of(kind, role, given)
    if #values < (role.min or 0) or #values > (role.max or math.huge) then
      return inputs.refuse(kind, "'%s' is given %d times, %s expected", role.role, #values, inputs.counted(role))
    end
    for _, value in ipairs(values) do
      local entry
      entry, message, code, detail = entry_of(kind, role, value)
      if not entry then
        return nil, message, code, detail
      end
      out.manifests[#out.manifests + 1] = entry
    end
  end
  return out
end

--- The generic specification of a type's manifest or index; nil, message, code, detail. `order`: see layers.of.
function document.of(kind, given, order)
  if kind.entries then
    return index(kind, given)
  end
  local out, message, code, detail = manifest(kind, kind, given, order)
  if out and kind.subject == "required" and not out.subject then
    return inputs.refuse(kind, "a subject is needed: what the artifact is about")
  end
  return out, message, code, detail
end

return document
