--- Manifests made of nothing but a type's definition: the least that it demands.
local oci = require "oci"

local kit = {}

local TITLE = "org.opencontainers.image.title"
local EMPTY = "application/vnd.oci.empty.v1+json"

local function base64(bytes)
  local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  return (bytes:gsub("..?.?", function(three)
    local a, b, c = three:byte(1, 3)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    local out = ""
    for i = 3, 0, -1 do
      local digit = math.floor(n / 64 ^ i) % 64
      out = out .. (3 - i > #three and "=" or letters:sub(digit + 1, digit + 1))
    end
    return out
  end))
end

kit.base64 = base64

--- A value that a schema takes.
function kit.sample(schema, more)
  if schema.enum then
    return schema.enum[#schema.enum]
  end
  local kind = type(schema.type) == "table" and schema.type[1] or schema.type
  if kind == "object" then
    local value = {}
    for _, name in ipairs(schema.required or {}) do
      value[name] = kit.sample((schema.properties or {})[name] or { type = "string" })
    end
    for name, given in pairs(more or {}) do
      value[name] = given
    end
    return value
  elseif kind == "array" then
    local value = oci.array {}
    for i = 1, schema.minItems or 0 do
      value[i] = kit.sample(schema.items)
    end
    return value
  end
  return "text"
end

local function filled(pattern)
  return (pattern:gsub("<hex>", ("ab"):rep(32)):gsub("<.->", "x"))
end

local special = {
  ["io.cncf.notary.x509chain.thumbprint#S256"] = '["' .. ("0f"):rep(32) .. '"]',
  ["org.opencontainers.image.version"] = "1.2.3",
  ["org.opencontainers.image.created"] = "2026-01-02T03:04:05Z",
}

local function annotations_of(wanted, values)
  local all = {}
  for _, name in ipairs(wanted and wanted.required or {}) do
    all[name] = special[name] or "x"
  end
  for _, some in ipairs { wanted and wanted.values or {}, values or {} } do
    for name, value in pairs(some) do
      all[name] = value
    end
  end
  return all
end

local function descriptor(media_type, content)
  return { mediaType = media_type, digest = oci.digest(content), size = #content }
end

-- The media type that a role writes.
local function written(role)
  local first = role.media_types[1] or filled(role.media_type_pattern)
  return first == "*" and "application/vnd.example.content.v1" or first
end

local function layer_of(role, number)
  local content = role.role .. " " .. number
  local layer = descriptor(written(role), written(role) == EMPTY and "{}" or content)
  layer.annotations = annotations_of(role.annotations, role.annotation_values)
  if role.title_required then
    layer.annotations[TITLE] = role.title_pattern and filled(role.title_pattern)
      or "file" .. number .. (role.extension or ""):match "^[^|%[]*"
  end
  layer.data = role.data == "embedded" and base64(content) or nil
  layer.annotations = next(layer.annotations) and layer.annotations
  if role.platform then
    layer.platform = { os = "linux", architecture = "amd64" }
  end
  layer.artifactType = role.artifact_type
  return layer
end

local function listed(definitions, least)
  local all, number = oci.array {}, 0
  for _, role in ipairs(definitions) do
    for _ = 1, role.min do
      number = number + 1
      all[#all + 1] = layer_of(role, number)
    end
  end
  if #all < least and definitions[1] then
    all[1] = layer_of(definitions[1], 1)
  end
  return all
end

local function config_of(config, layers)
  local media_type = config.media_type == "*" and "application/vnd.example.config.v1+json" or config.media_type
  local content = "{}"
  if config.schema then
    local digests = oci.array {}
    for i, layer in ipairs(layers) do
      digests[i] = layer.digest
    end
    local value = kit.sample(config.schema, config.schema.properties and config.schema.properties.layerDigests
      and { layerDigests = digests, component = { exports = oci.array {}, imports = oci.array {} } })
    if value.rootfs then
      value.rootfs.diff_ids = digests
    end
    content = assert(oci.json.encode(value))
  elseif config.labels then
    content = assert(oci.json.encode { config = { Labels = config.labels } })
  elseif not config.content:find "^{} %(2 bytes" then
    content = "config"
  end
  local given = descriptor(media_type, content)
  return given, content
end

--- The least document of a type, or of what is behind its entries: a table, and the options for identify.
function kit.document(kind, child)
  local shape = child and kind.child or kind
  local document = {
    schemaVersion = 2,
    mediaType = kind.manifest_body_media_type ~= "absent" and shape.manifest_media_type or nil,
    artifactType = shape.artifact_type == "*" and "application/vnd.example.artifact.v1" or shape.artifact_type,
    annotations = annotations_of(shape.annotations),
  }
  document.annotations = next(document.annotations) and document.annotations
  if kind.entries and not child then
    document.manifests = listed(kind.entries, 1)
    return document, {}
  end
  document.layers = listed(shape.layers, child and #shape.layers or 1)
  local content
  document.config, content = config_of(shape.config, document.layers)
  document.subject = kind.subject == "required" and descriptor(shape.manifest_media_type, "subject") or nil
  return document, {
    config = content,
    tag = kind.tag_pattern and filled(kind.tag_pattern),
    descriptor = kind.index_descriptor and {
      annotations = annotations_of(kind.index_descriptor.annotations),
      platform = kind.index_descriptor.platform,
    },
  }
end

--- The Manifest of such a document.
function kit.manifest(document, media_type)
  return assert(oci.parse(assert(oci.json.encode(document)), media_type))
end

--- The Manifest of the least document of a type.
function kit.least(kind)
  return kit.manifest((kit.document(kind)))
end

return kit
