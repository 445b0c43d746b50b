--- Operations: calls that run in the engine while Lua does something else. Waiting for one serves it: its readers are
-- read, its progress is told. Nothing here runs behind the caller's back.
local core = require "oci.core"
local loop = require "oci.loop"
local options = require "oci.options"

---@class oci.Operation
local Operation = {}
Operation.__index = Operation
Operation.__name = "oci.Operation"

---@class oci.Event
---@field what "blob"|"config"|"manifest"|"index"
---@field state "started"|"moving"|"exists"|"mounted"|"done"|"failed"
---@field digest? string absent while it is not known
---@field title? string
---@field done integer bytes
---@field total? integer bytes; absent while it is not known

local operation = {}

-- In Lua 5.1 nothing inside a pcall may suspend; in a coroutine there it has to do without.
local pcall_may_suspend = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

local function pack(...)
  return { n = select("#", ...), ... }
end

local unpack = rawget(table, "unpack") or rawget(_G, "unpack")

--- Calls f(...). If it raises, `clean` is called, and it raises on. Where a pcall would stand in the way of suspending,
-- what is left is left to the collector.
function operation.guarded(clean, f, ...)
  if not pcall_may_suspend and coroutine.running() then
    return f(...)
  end
  local results = pack(pcall(f, ...))
  if not results[1] then
    clean()
    error(results[2], 0)
  end
  return unpack(results, 2, results.n)
end

--- A running operation. `made`: core (the handle), client, finish (makes the call's results of the core's), readers,
-- on_progress, streams (its result is there before its end, and finish gets the handle, too), hand_out (a function of this
-- table: hands out what has come, all of it once the operation is over).
function operation.new(made)
  return setmetatable(made, Operation)
end

--- An operation that is over, with these results: of calls that need no engine.
function operation.finished(...)
  return setmetatable({ results = pack(...) }, Operation)
end

local function check(self, name)
  if getmetatable(self) ~= Operation then
    options.bad_argument(name, 1, "operation expected, got " .. options.kind(self))
  end
  if self.closed then
    options.raise("the operation is closed")
  end
end

-- ---- serving

local function hand_on(self)
  while self.core do -- what is called may close it
    local kind, what, room = self.core:event()
    if not kind then
      return self.hand_out and self:hand_out()
    elseif kind == "wants" then
      return require("oci.feed")(self, what, room) -- and no more: others have their turn, however fast the reader is
    elseif self.on_progress then
      self.on_progress(what)
    end
  end
end

-- Hands on what is there: progress, and bytes that readers are asked for. If what is called raises, the operation ends.
local function serve(self)
  if self.serving then
    options.raise("the operation is waited for by one of its own readers, or its on_progress")
  end
  self.serving = true
  operation.guarded(function()
    self.serving = false
    if self.core then
      self.core:cancel()
    end
  end, hand_on, self)
  self.serving = false
end

-- ---- the end

local function totals_of(handle)
  local done, total, blobs_done, blobs = handle:totals()
  return { done = done, total = total, blobs_done = blobs_done, blobs = blobs }
end

-- Makes the results, and lets go of what the core holds.
local function finish(self)
  local handle = self.core
  if not handle then
    return
  end
  self.totals = totals_of(handle)
  self.core = nil
  local result, message, code, detail = handle:result()
  if self.streams and result then
    self.results = pack(self.finish(result, handle))
  else
    handle:close()
    self.results = pack(self.finish(result, message, code, detail))
  end
  if self.client then
    self.client:tell_warnings()
  end
end

-- True once op:wait() need not wait.
local function is_done(self)
  if self.results then
    return true
  end
  serve(self)
  if not self.core then
    return self.results ~= nil
  elseif self.core:over() then
    serve(self) -- what came just before
    finish(self)
  elseif self.streams and self.core:ready() and self.core:result() then
    finish(self)
  end
  return self.results ~= nil
end

--- Has the operation its results? Serves it.
---@return boolean
function Operation:ready()
  check(self, "ready")
  return is_done(self)
end

local function time_is_up(timeout)
  return nil, ("not ready after %g s"):format(timeout), "TIMEOUT", { pending = true }
end

-- One coroutine at a time: a second one's wait would be for a descriptor that the first has closed.
local function suspend(self, timeout)
  local me = coroutine.running() or "main"
  local other = self.waiter
  if other and other ~= me and (other == "main" or coroutine.status(other) ~= "dead") then
    options.raise("another coroutine waits for this operation already")
  end
  self.waiter = me
  loop.wait(self.core, timeout)
  self.waiter = nil
  if self.closed then
    options.raise("the operation was closed while it was waited for")
  end
end

--- Waits for the operation, and gives the results of its call.
---@param timeout? number seconds; when they are over: nil, message, "TIMEOUT", { pending = true }, and it goes on
---@return any ... the call's results: value, or nil, message, code, detail
function Operation:wait(timeout)
  check(self, "wait")
  if timeout ~= nil and options.seconds(timeout) then
    options.bad_argument("wait", 1, options.seconds(timeout) .. " expected")
  end
  if timeout ~= 0 then
    loop.current() -- raises where nothing may wait, whether or not there turns out to be something to wait for
  end
  local deadline = timeout and core.now() + timeout
  while not is_done(self) do
    local left = deadline and deadline - core.now()
    if left and left <= 0 then
      return time_is_up(timeout)
    end
    suspend(self, left)
  end
  return unpack(self.results, 1, self.results.n)
end

--- How far it is: bytes done and known, blobs done and known.
---@return { done: integer, total: integer, blobs_done: integer, blobs: integer }
function Operation:progress()
  check(self, "progress")
  return self.core and totals_of(self.core) or self.totals or { done = 0, total = 0, blobs_done = 0, blobs = 0 }
end

--- A descriptor that is readable while the operation has something to be served: then call op:ready() or op:wait(0).
---@return integer? fd nil, message, code, detail: none can be made, or it is over
---@return string? message
---@return string? code
---@return table? detail
function Operation:pollfd()
  check(self, "pollfd")
  if not self.core then
    return nil, "the operation is over", "INVALID", {}
  end
  return self.core:pollfd()
end

--- Stops it soon; op:wait() then gives nil, message, "CANCELED", unless it was over already.
function Operation:cancel()
  check(self, "cancel")
  if self.core then
    self.core:cancel()
  end
end

--- Stops it and lets go of it; using it afterwards raises. May be called again.
function Operation:close()
  if self.core then
    self.core:close()
  end
  self.core, self.results, self.readers, self.closed = nil, nil, nil, true
end

Operation.__close = Operation.close

function Operation:__tostring()
  return ("oci.Operation (%s)"):format(self.closed and "closed" or self.results and "over" or "running")
end

--- Waits for the results of an operation just started, or passes on why it was not. If waiting raises (Ctrl-C), it is
-- ended.
function operation.run(op, ...)
  if not op then
    return nil, ...
  end
  if op.results then
    return unpack(op.results, 1, op.results.n)
  end
  return operation.guarded(function() op:close() end, Operation.wait, op)
end

-- The core's handles of operations that have no results; or the first that has, with its index.
local function pending(ops)
  local handles = {}
  for i, op in ipairs(ops) do
    check(op, "wait")
    if is_done(op) then
      return nil, op, i
    end
    handles[i] = op.core
  end
  return handles
end

--- Waits for the first operation of a list that has its results.
function operation.wait_any(ops, timeout)
  local fault = type(ops) == "table" and options.list_fault(ops)
  if fault or type(ops) ~= "table" or #ops == 0 then
    options.bad_argument("wait", 1, fault or "list of operations expected")
  end
  if timeout ~= nil and options.seconds(timeout) then
    options.bad_argument("wait", 2, options.seconds(timeout) .. " expected")
  end
  local deadline = timeout and core.now() + timeout
  while true do
    local handles, op, index = pending(ops)
    if not handles then
      return op, index
    end
    local left = deadline and deadline - core.now()
    if left and left <= 0 then
      return time_is_up(timeout)
    end
    loop.wait_any(handles, left)
  end
end

return operation
