--- No loop: the thread sleeps until an operation is ready. Ctrl-C ends the wait: the interpreter's hook then raises, in the
-- main coroutine as soon as the core's function returns; inside another coroutine the core's function raises itself.
local core = require "oci.core"

local blocking = { name = "blocking" }

function blocking.running()
  return true
end

function blocking.wait_any(handles, timeout)
  local deadline = timeout and core.now() + timeout
  while true do
    -- The core returns sooner than it is told, so that signals are seen.
    local index = core.wait(handles, deadline and math.max(deadline - core.now(), 0) or 1)
    if index then
      return index
    end
    if deadline and core.now() >= deadline then
      return nil, "timeout"
    end
  end
end

function blocking.wait(handle, timeout)
  return blocking.wait_any({ handle }, timeout)
end

return blocking
