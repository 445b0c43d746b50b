-- pack_pushed.lua LAYOUT DIRECTORY COMPRESSION: what the comparison times as packing. Prints the archive's path.
local oci = require "oci"
local ref = "oci:" .. arg[1] .. ":v1"
assert(oci.push(ref, {
  artifact_type = "application/vnd.example.bench.v1",
  files = { { dir = arg[2], title = "tree", compression = arg[3] } },
}))
print(arg[1] .. "/blobs/" .. assert(oci.fetch_manifest(ref)).layers[1].digest:gsub(":", "/"))
