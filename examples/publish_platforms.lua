-- publish_platforms.lua REFERENCE OS/ARCHITECTURE=FILE...: publishes a program for several platforms under one reference.
-- oci.pull(REFERENCE) then fetches the file for the machine it runs on.
local oci = require "oci"

local TYPE, manifests = "application/vnd.example.tool.v1", {}
for i = 2, #arg do
  local platform, file = arg[i]:match "^(.-)=(.*)$"
  manifests[#manifests + 1] = { platform = platform, artifact_type = TYPE, files = { file } }
end
local pushed = assert(oci.push(arg[1], { manifests = manifests, artifact_type = TYPE }))
print(pushed.reference)
