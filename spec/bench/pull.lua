-- pull.lua REFERENCE DIRECTORY [TIMES [LIMIT]]: what the comparison times as "pull files". With TIMES it pulls so often in
-- one process, each time into a directory of its own: one after the other, or with LIMIT so many at a time.
local oci = require "oci"

if not arg[3] then
  assert(oci.pull(arg[1], { to = arg[2] }))
  return
end

local function pull(i)
  return oci.pull(arg[1], { to = arg[2] .. "/" .. i })
end

local calls = {}
for i = 1, tonumber(arg[3]) do
  if arg[4] then
    calls[i] = function() return pull(i) end
  else
    assert(pull(i))
  end
end
assert(oci.parallel(calls, { limit = tonumber(arg[4]) }))
