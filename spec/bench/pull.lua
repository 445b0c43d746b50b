-- pull.lua REFERENCE DIRECTORY [TIMES]: what the comparison times as "pull files". With TIMES it pulls so often in one
-- process, each time into a directory of its own.
local oci = require "oci"
for i = 1, tonumber(arg[3] or 1) do
  assert(oci.pull(arg[1], { to = arg[3] and arg[2] .. "/" .. i or arg[2] }))
end
