--- Manifests and indexes: the bytes as they were received or built, and what they say as Lua values.
local core = require "oci.core"
local reference = require "oci.reference"

---@class oci.Descriptor
---@field media_type string
---@field digest string
---@field size? integer bytes; absent where a place did not say
---@field annotations? table<string, string>
---@field artifact_type? string
---@field platform? oci.Platform
---@field urls? string[]
---@field data? string embedded content
---@field reference? string PLACE@DIGEST, where a call made the descriptor
---@field tags? string[] the tags that a call moved
---@field fallback? true the registry refused the shape of image-spec 1.1, and has that of 1.0

---@class oci.Manifest
---@field bytes string as received, or as built: the digest is theirs
---@field digest string
---@field size integer bytes
---@field media_type string
---@field artifact_type? string
---@field config? oci.Descriptor of a manifest
---@field layers? oci.Descriptor[] of a manifest
---@field manifests? oci.Descriptor[] of an index
---@field subject? oci.Descriptor
---@field annotations? table<string, string>
---@field reference? string PLACE@DIGEST, if it was fetched or pulled

local manifest = {}

local meta = { __name = "oci.Manifest" }

function meta.__tostring(self)
  return ("oci.Manifest %s (%s)"):format(self.digest, self.media_type)
end

-- What push needs of the manifests that were built from contents; kept apart from what they say.
local sources = setmetatable({}, { __mode = "k" })

--- A Manifest out of bytes, or nil, message, code, detail.
function manifest.parse(bytes, media_type)
  local fields, message, code, detail = core.manifest(bytes, media_type)
  if not fields then
    return nil, message, code, detail
  end
  return manifest.of(fields)
end

--- A Manifest out of its fields, as the core gives them.
function manifest.of(fields)
  return setmetatable(fields, meta)
end

--- Gives a manifest and the descriptors in it the references by which they can be fetched.
function manifest.locate(self, text)
  self.reference = text
  local function locate(descriptor)
    descriptor.reference = reference.with_digest(text, descriptor.digest)
  end
  for _, descriptor in ipairs(self.layers or self.manifests) do
    locate(descriptor)
  end
  if self.config then
    locate(self.config)
  end
  return self
end

function manifest.is(value)
  return type(value) == "table" and getmetatable(value) == meta
end

function manifest.keep_source(self, source)
  sources[self] = source
end

function manifest.source(self)
  return sources[self]
end

return manifest
