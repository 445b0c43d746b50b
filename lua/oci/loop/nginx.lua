--- nginx's Lua module (OpenResty): a semaphore for each waiter, and while somebody waits one dispatcher for the worker. It
-- runs in a timer and reads a socket on which the core rings when an operation becomes ready. Where that cannot be made,
-- waiters poll. After the last waiter the dispatcher ends, so that an idle worker does nothing and a reload ends it soon.
local core = require "oci.core"
local options = require "oci.options"

local ngx = rawget(_G, "ngx")

local nginx = { name = "nginx" }

-- What nginx calls the places in which nothing may wait.
local cannot_wait = {
  init_worker = true, set = true, header_filter = true, body_filter = true, log = true, balancer = true,
  exit_worker = true, ssl_session_store = true,
}

local SWEEP_S = 1
local SOCKET_TIMEOUT_MS = 3600 * 1000 -- nginx logs each time-out as an error, so there shall be none
local CHECK_AGAIN_S = 60

local waiters = {}  -- by the id of an operation: { semaphore =, handles = }
local dispatcher    -- the one that runs: { alive = true }
local broken_until = 0

--- May the caller be suspended here? In a phase in which nothing can wait, it raises: to block would stop all requests.
function nginx.running()
  local phase = ngx.get_phase and ngx.get_phase()
  if not phase or phase == "init" then
    return false -- a thread of run_worker_thread, or the master, before it forks
  end
  if cannot_wait[phase] then
    options.raise(("oci: nothing can wait in nginx's phase '%s'; call it from ngx.timer.at(0, function() ... end)")
      :format(phase))
  end
  return true
end

local function is_ready(handles)
  for i, handle in ipairs(handles) do
    if handle:ready() then
      return i
    end
  end
end

local function poll(handles, deadline)
  local pause = 0.001
  while true do
    local index = is_ready(handles)
    if index then
      return index
    elseif deadline and core.now() >= deadline then
      return nil, "timeout"
    end
    ngx.sleep(pause)
    pause = math.min(pause * 2, 0.016)
  end
end

-- ---- the dispatcher

local function wake(waiter)
  if not waiter.woken then
    waiter.woken = 0
    waiter.semaphore:post(1)
  end
end

local function wake_all()
  for _, waiter in pairs(waiters) do
    wake(waiter)
  end
end

local function wake_ready()
  while true do
    local id = core.mailbox_next()
    if not id then
      return
    elseif waiters[id] then
      wake(waiters[id])
    end
  end
end

local function stop(self)
  if self.alive then
    self.alive = false
    core.mailbox_socket_close() -- ends listen()
  end
  if dispatcher == self then
    dispatcher = nil
  end
end

local function listen(self)
  while self.alive do
    wake_ready() -- after connecting, too: nobody rings for what was ready before
    local bytes, why = self.socket:receiveany(1024)
    if not bytes and why ~= "timeout" then
      break
    end
  end
  stop(self)
  wake_all() -- who still waits looks for the next dispatcher
end

-- Ends the operations of waiters whose coroutine is gone: a request that was aborted, a thread that was killed. Nobody
-- waits for their semaphore any more, and it was not just posted.
local function sweep()
  local gone = {}
  for _, waiter in pairs(waiters) do
    if waiter.woken then
      waiter.woken = waiter.woken + 1
    end
    if waiter.semaphore:count() >= 0 and (not waiter.woken or waiter.woken > 2) then
      gone[#gone + 1] = waiter
    end
  end
  for _, waiter in ipairs(gone) do
    for i, handle in ipairs(waiter.handles) do
      handle:cancel()
      waiters[waiter.ids[i]] = nil
    end
  end
end

local function connect(self)
  local path, message = core.mailbox_socket()
  if not path then
    return nil, message
  end
  self.socket = ngx.socket.tcp()
  self.socket:settimeout(SOCKET_TIMEOUT_MS)
  local ok, why = self.socket:connect("unix:" .. path)
  return ok, why
end

local function dispatch(_, self)
  local ok, why = connect(self)
  if not ok then
    ngx.log(ngx.WARN, "oci: polling, since no socket can be used: ", why)
    broken_until = core.now() + CHECK_AGAIN_S
    stop(self)
    wake_all()
    return
  end
  local listener = ngx.thread.spawn(listen, self)
  local idle = 0
  while self.alive do
    ngx.sleep(SWEEP_S)
    sweep()
    idle = next(waiters) and 0 or idle + 1
    if idle > 1 then
      stop(self)
    end
  end
  ngx.thread.wait(listener)
  self.socket:close()
end

-- True when a dispatcher runs, or will.
local function have_dispatcher()
  if dispatcher then
    return true
  elseif core.now() < broken_until then
    return false
  end
  local made = { alive = true }
  if not ngx.timer.at(0, dispatch, made) then
    return false
  end
  dispatcher = made
  return true
end

-- ---- waiting

local function new_semaphore()
  local ok, semaphore = pcall(require, "ngx.semaphore")
  return ok and semaphore.new() or nil
end

local function enter(handles)
  local waiter = { semaphore = new_semaphore(), handles = handles, ids = {} }
  if not waiter.semaphore then
    return nil
  end
  for i, handle in ipairs(handles) do
    waiter.ids[i] = handle:id()
    waiters[waiter.ids[i]] = waiter
  end
  return waiter
end

local function leave(waiter)
  for _, id in ipairs(waiter.ids) do
    if waiters[id] == waiter then
      waiters[id] = nil
    end
  end
end

-- Waits until it is woken once; false: it cannot be done like this.
local function sleep(waiter, deadline)
  if not have_dispatcher() then
    return false
  end
  local most = deadline and math.min(math.max(deadline - core.now(), 0), CHECK_AGAIN_S) or CHECK_AGAIN_S
  local ok, why = waiter.semaphore:wait(most)
  waiter.woken = nil
  return ok or why == "timeout"
end

function nginx.wait_any(handles, timeout)
  local deadline = timeout and core.now() + timeout
  local waiter = enter(handles)
  while waiter do
    -- Entered first: what becomes ready from here on wakes this waiter.
    local index = is_ready(handles)
    if index then
      leave(waiter)
      return index
    elseif deadline and core.now() >= deadline then
      leave(waiter)
      return nil, "timeout"
    elseif not sleep(waiter, deadline) then
      leave(waiter)
      waiter = nil
    end
  end
  return poll(handles, deadline)
end

function nginx.wait(handle, timeout)
  return nginx.wait_any({ handle }, timeout)
end

function nginx.turn()
  ngx.sleep(0)
end

return nginx
