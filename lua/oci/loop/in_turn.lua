--- Waiting for the first of many with a host that can only wait for one: for each in turn, for longer and longer.
local core = require "oci.core"

return function(host, handles, timeout, checked)
  local deadline = timeout and core.now() + timeout
  local slice = 0.001
  while true do
    for i, handle in ipairs(handles) do
      if handle:ready() then
        return i
      end
    end
    if deadline and core.now() >= deadline then
      return nil, "timeout"
    end
    checked(host.wait(handles[1], slice))
    slice = math.min(slice * 2, 0.02)
  end
end
