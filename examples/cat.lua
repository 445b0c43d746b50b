-- cat.lua REFERENCE [NAME]: prints one file of an artifact, also out of a packed directory ("docs/a.txt"), or lists its files.
local oci = require "oci"

local reference, name = arg[1], arg[2]

if name then
  for chunk in assert(oci.open_file(reference, name)):chunks() do
    io.write(chunk)
  end
else
  -- Nothing is fetched but the manifest.
  local manifest = assert(oci.fetch_manifest(reference))
  for _, layer in ipairs(manifest.layers or manifest.manifests) do
    print(layer.size, layer.media_type, (layer.annotations or {})["org.opencontainers.image.title"] or layer.digest)
  end
end
