--- Do a type's media types follow the convention of opencontainers/artifacts? The core's lint knows it: it is asked about a manifest
-- that has all of them.
local core = require "oci.core"

local naming = {}

local EMPTY = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

local function descriptor(media_type)
  return { mediaType = media_type, digest = EMPTY, size = 2 }
end

-- A manifest with each media type of each role, and where in the definition each layer's type stands.
local function manifest_of(shape)
  local document = {
    schemaVersion = 2, mediaType = shape.manifest_media_type, artifactType = shape.artifact_type,
    config = descriptor(shape.config.media_type), layers = core.array {},
  }
  local places = {}
  for i, role in ipairs(shape.layers) do
    for k, media_type in ipairs(role.media_types) do
      if media_type ~= "*" then
        table.insert(document.layers, descriptor(media_type))
        table.insert(places, ("layers[%d].media_types[%d]"):format(i - 1, k - 1))
      end
    end
  end
  return document, places
end

local function index_of(shape)
  return { schemaVersion = 2, mediaType = shape.manifest_media_type, artifactType = shape.artifact_type,
    manifests = core.array {} }, {}
end

-- The findings about names in a document, with the paths of the definition.
local function add(findings, prefix, document, places)
  for _, finding in ipairs(assert(core.lint(assert(core.json_encode(document)), document.mediaType))) do
    if finding.rule:find "^seed%-" then
      local layer = tonumber(finding.path:match "^layers%[(%d+)%]")
      finding.path = prefix .. (layer and places[layer + 1] or finding.path:gsub("artifactType", "artifact_type")
        :gsub("mediaType", "media_type"))
      findings[#findings + 1] = finding
    end
  end
end

--- What lint says of a type's names, as hints; paths are those of the definition, counted from 0 as lint counts.
---@param fields table in the shape of the catalog's files
---@return oci.Finding[]
function naming.findings(fields)
  local findings = {}
  if fields.entries then
    add(findings, "", index_of(fields))
    add(findings, "child.", manifest_of(fields.child))
  else
    add(findings, "", manifest_of(fields))
  end
  return findings
end

return naming
