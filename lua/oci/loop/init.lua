--- How a call waits: blocking in a script, suspended inside an event loop. A host loop is a table of two functions,
-- running() (may the caller suspend here now?) and wait(handle, timeout) (returns when handle:ready(), which may be at
-- once, or nil, "timeout"; anything else is final). It may have two more: wait_any(handles, timeout), which gives the index
-- of one that is ready, and turn(), which lets others run.
local core = require "oci.core"
local options = require "oci.options"

---@class oci.HostLoop
---@field running fun(): boolean
---@field wait fun(handle: { ready: (fun(self): boolean), pollfd: (fun(self): integer) }, timeout?: number): any, string?
---@field wait_any? fun(handles: table[], timeout?: number): integer?, string?
---@field turn? fun()

local loop = {}

-- The order in which they are looked for, and what tells that the library is loaded already.
local hosts = {
  { name = "nginx", loaded = function() return rawget(_G, "ngx") ~= nil end },
  { name = "luv", loaded = function() return package.loaded.luv ~= nil end },
  { name = "blocking", loaded = function() return true end },
}

local chosen            -- by oci.loop()
local schedulers = {}   -- of oci.parallel: tables with running() and wait_any(), the innermost last

local function by_name(name)
  return require("oci.loop." .. name)
end

local function names()
  local all = {}
  for i, host in ipairs(hosts) do
    all[i] = host.name
  end
  return table.concat(all, ", ")
end

--- Chooses the host loop; without an argument only tells which one would be used now.
function loop.choose(count, host)
  if count == 0 then
    return loop.current()
  end
  if host == "auto" then
    chosen = nil
    return true
  end
  if type(host) == "string" then
    for _, known in ipairs(hosts) do
      if known.name == "nginx" and host == "nginx" and not known.loaded() then
        options.bad_argument("loop", 1, "this is not nginx with its Lua module")
      elseif known.name == host then
        chosen = by_name(host)
        return true
      end
    end
    options.bad_argument("loop", 1, ("unknown loop '%s', known are %s and auto"):format(host, names()))
  end
  if type(host) ~= "table" or options.callable(host.running) or options.callable(host.wait) then
    options.bad_argument("loop", 1, "name, or table with the functions running and wait expected")
  end
  chosen = host
  return true
end

--- The host that a wait would use here and now. Under nginx in a phase that cannot suspend it raises.
function loop.current()
  for i = #schedulers, 1, -1 do
    if schedulers[i].running() then
      return schedulers[i]
    end
  end
  if chosen then
    return chosen.running() and chosen or by_name "blocking"
  end
  for _, host in ipairs(hosts) do
    if host.loaded() then
      local found = by_name(host.name)
      if found.running() then
        return found
      end
    end
  end
end

--- Enters and leaves the scheduler of oci.parallel.
function loop.push(scheduler)
  schedulers[#schedulers + 1] = scheduler
end

function loop.remove(scheduler)
  for i = #schedulers, 1, -1 do
    if schedulers[i] == scheduler then
      table.remove(schedulers, i)
    end
  end
end

local function checked(result, why)
  if not result and why ~= "timeout" then
    options.raise(("waiting failed: %s"):format(tostring(why)))
  end
  return result
end

--- Suspends or blocks until a handle of the core may be ready, or the seconds are over. If it is ready, others have a turn:
-- an operation that always has something to be served must not keep them waiting.
function loop.wait(handle, timeout)
  local host = loop.current()
  if not handle:ready() then
    checked(host.wait(handle, timeout))
  elseif host.turn then
    host.turn()
  end
end

--- Lets others run, where there are any.
function loop.turn()
  local host = loop.current()
  if host.turn then
    host.turn()
  end
end

-- For hosts that can only wait for one: each in turn, for longer and longer.
local function in_turn(host, handles, timeout)
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

--- The same for many: the index of one that may be ready, or nil.
function loop.wait_any(handles, timeout)
  for i, handle in ipairs(handles) do
    if handle:ready() then
      return i
    end
  end
  local host = loop.current()
  if host.wait_any then
    return checked(host.wait_any(handles, timeout))
  end
  return checked(in_turn(host, handles, timeout))
end

return loop
