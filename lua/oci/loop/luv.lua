--- luv (libuv): a poll handle on the operation's descriptor, for as long as it is waited for. The waiting coroutine is
-- resumed from libuv's callback.
local uv = package.loaded.luv or require "luv"

local luv = { name = "luv" }

--- In a coroutine: the main one, and libuv's callbacks, cannot suspend.
function luv.running()
  local co, is_main = coroutine.running()
  return co ~= nil and not is_main
end

local function resume(co, ...)
  if coroutine.status(co) ~= "suspended" then
    return -- it has been closed, or could not be suspended (a pcall in Lua 5.1)
  end
  local ok, message = coroutine.resume(co, ...)
  if not ok then
    error(debug.traceback(co, tostring(message)), 0)
  end
end

-- Closes the handles of one wait, before the coroutine goes on and may make its own for the same descriptors.
local function close(handles)
  for _, handle in ipairs(handles) do
    if not handle:is_closing() then
      handle:close()
    end
  end
end

function luv.wait_any(operations, timeout)
  local co = coroutine.running()
  local handles, over = {}, false
  local function finish(...)
    if not over then
      over = true
      close(handles)
      resume(co, ...)
    end
  end
  for i, op in ipairs(operations) do
    local fd, message = op:pollfd()
    if not fd then
      close(handles)
      return nil, message
    end
    local poll = assert(uv.new_poll(fd))
    handles[#handles + 1] = poll
    poll:start("r", function(failure)
      -- Readable may mean that it was ready, and is no more.
      if failure then
        finish(nil, failure)
      elseif op:ready() then
        finish(i)
      end
    end)
  end
  if timeout then
    local timer = assert(uv.new_timer())
    handles[#handles + 1] = timer
    timer:start(math.ceil(timeout * 1000), 0, function()
      finish(nil, "timeout")
    end)
  end
  return coroutine.yield()
end

function luv.wait(op, timeout)
  return luv.wait_any({ op }, timeout)
end

--- Goes once around the loop.
function luv.turn()
  local co = coroutine.running()
  local timer = assert(uv.new_timer())
  timer:start(0, 0, function()
    timer:close()
    resume(co)
  end)
  coroutine.yield()
end

return luv
