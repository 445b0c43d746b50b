-- publish_opa_bundle.lua REFERENCE BUNDLE: publishes policies and data for Open Policy Agent: a directory or a bundle.tar.gz.
-- opa loads it as a bundle of a service with `type: oci`.
local oci = require "oci"

local pushed = assert(oci.push(arg[1], { type = "opa-bundle", bundle = arg[2] }))
print(pushed.reference)
