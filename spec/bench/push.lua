-- push.lua REFERENCE FILE...: what the comparison times as "push files".
local oci = require "oci"
assert(oci.push(arg[1], { artifact_type = "application/vnd.example.bench.v1", files = { table.unpack(arg, 2) } }))
