-- mirror.lua FROM TO: copies all tags of a repository to another place, which may be a layout (oci:DIR), byte for byte.
local oci = require "oci"

local from, to = assert(oci.reference(arg[1])), assert(oci.reference(arg[2]))
for _, tag in ipairs(assert(oci.tags(from))) do
  from.tag, to.tag = tag, tag
  local copied = assert(oci.copy(from, to))
  print(tag, copied.digest)
end
