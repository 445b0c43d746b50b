--- Models as the CNCF's ModelPack has them: files by what they are, and a config that says what the model is.
local core = require "oci.core"
local go = require "oci.types.build.go"
local inputs = require "oci.types.build.inputs"
local layers = require "oci.types.build.layers"
local options = require "oci.options"
local spec = require "oci.spec"

local modelpack = { options = { descriptor = options.table, model = options.table } }

local FILEPATH = "org.cncf.model.filepath"
local EMPTY_TABLE = {}

-- The members of the config in the order of the specification's structs.
local FIELDS = {
  config = { "descriptor", "modelfs", "config" },
  descriptor = {
    "createdAt", "authors", "family", "name", "docURL", "sourceURL", "datasetsURL", "version", "revision", "vendor",
    "licenses", "title", "description",
  },
  model = {
    "architecture", "format", "paramSize", "precision", "quantization", "capabilities", "architecture_config",
  },
  capabilities = {
    "inputTypes", "outputTypes", "knowledgeCutoff", "reasoning", "toolUsage", "reward", "languages",
  },
  architecture_config = { "type", "numLayers", "hiddenSize", "numAttentionHeads" },
}

-- A table as JSON in the order of its fields; raises for names that are none of them.
local function print_fields(kind, where, values)
  local known, texts = {}, {}
  for _, name in ipairs(FIELDS[where]) do
    known[name] = true
  end
  if type(values) ~= "table" then
    options.raise(("%s: '%s': table expected, got %s"):format(kind.name, where, options.kind(values)))
  end
  for name, value in pairs(values) do
    if not known[name] then
      options.raise(("%s: '%s': %s"):format(kind.name, where, options.unknown("member", tostring(name), known)))
    end
    texts[name] = FIELDS[name] and print_fields(kind, name, value) or assert(go.json(value))
  end
  return go.object(FIELDS[where], texts)
end

local function prepare(role, item)
  item.media_type = item.media_type or layers.choose(role, item)
  local path = item.path or item.dir
  local name = item.title or (path and inputs.title(path, false))
  item.annotations = inputs.copy(item.annotations or EMPTY_TABLE)
  item.annotations[FILEPATH] = item.annotations[FILEPATH] or name
  if item.dir then
    item.prefix = item.prefix or name
  end
end

--- See build.expand. `descriptor` and `model` are the config's members `descriptor` and `config`; its `modelfs` is computed.
function modelpack.expand(kind, given, client)
  local digests
  local ok, message, code, detail = inputs.read_roles(kind, given, prepare)
  if not ok or given.config ~= nil then
    return ok and given, message, code, detail
  end
  digests, message, code, detail = inputs.diff_ids(kind, given, client)
  if not digests then
    return nil, message, code, detail
  elseif not digests[1] then
    return given
  end
  local descriptor = inputs.copy(given.descriptor or EMPTY_TABLE)
  if given.created and not descriptor.createdAt then
    local time, wrong = spec.creation_time(given.created)
    if not time then
      return nil, wrong, "INVALID", {}
    end
    descriptor.createdAt = time
  end
  given.config = {
    data = go.object(FIELDS.config, {
      descriptor = print_fields(kind, "descriptor", descriptor),
      modelfs = ('{"type":"layers","diffIds":%s}'):format(assert(core.json_encode(digests))),
      config = print_fields(kind, "model", given.model or EMPTY_TABLE),
    }),
    media_type = kind.config.media_type,
  }
  return given
end

return modelpack
