-- publish_sif.lua REFERENCE FILE: publishes an image of Singularity or Apptainer. Then: apptainer pull oras://REFERENCE
local oci = require "oci"

local pushed = assert(oci.push(arg[1], { type = "singularity-sif", sif = arg[2], on_progress = oci.progress() }))
print(pushed.reference)
