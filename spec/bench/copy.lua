-- copy.lua FROM TO: what the comparison times as "push layout" and "pull layout".
local oci = require "oci"
assert(oci.copy(arg[1], arg[2]))
