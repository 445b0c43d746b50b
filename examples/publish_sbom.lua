-- publish_sbom.lua SUBJECT FILE: attaches a bill of materials to what it is about; SPDX or CycloneDX is seen in the file.
local oci = require "oci"

local subject = assert(oci.resolve(arg[1]))
local pushed = assert(oci.push(subject.reference:gsub("@.*", ""), { type = "sbom", sbom = arg[2], subject = subject }))
print(pushed.reference)
