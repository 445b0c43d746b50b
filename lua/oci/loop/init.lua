--- How a call waits: blocking in a script, suspended inside an event loop. A host loop is a table of two functions,
-- running() (may the caller suspend here now?) and wait(handle, timeout) (returns when handle:ready(), which may be at
-- once, or nil, "timeout"; anything else is final). It may have two more: wait_any(handles, timeout), which gives the index
-- of one that is ready, and turn(), which lets others run.
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

--- Chooses the host loop; without an argument only tells which one would be used now.
function loop.choose(count, host)
  if count == 0 then
    return loop.current()
  end
  chosen = require("oci.loop.choice")(host, hosts)
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
  return require("oci.loop.in_turn")(host, handles, timeout, checked)
end

return loop
