--- oci.parallel: functions whose calls run at the same time. Each function is a coroutine; where a call would wait, it gives
-- way to the others, and this scheduler waits for all of them in whatever way its own caller can.
local core = require "oci.core"
local loop = require "oci.loop"
local operation = require "oci.operation"
local options = require "oci.options"

local parallel = {}

-- After another function's failure the call that a function is in is canceled; the next one does not even begin to wait.
local function give_up(task, handles)
  local is_new = false
  for _, handle in ipairs(handles) do
    is_new = is_new or not task.canceled[handle]
  end
  if is_new and next(task.canceled) then
    error("canceled: another function of oci.parallel failed", 0)
  end
  for _, handle in ipairs(handles) do
    task.canceled[handle] = true
    handle:cancel()
  end
end

local function new_scheduler()
  local scheduler = { tasks = {} } -- by coroutine

  function scheduler.running()
    local co = coroutine.running()
    return co ~= nil and scheduler.tasks[co] ~= nil
  end

  function scheduler.wait_any(handles, timeout)
    local task = scheduler.tasks[coroutine.running()]
    if scheduler.failed then
      give_up(task, handles)
    end
    task.handles, task.deadline = handles, timeout and core.now() + timeout
    return coroutine.yield(scheduler)
  end

  function scheduler.wait(handle, timeout)
    return scheduler.wait_any({ handle }, timeout)
  end

  function scheduler.turn()
    scheduler.tasks[coroutine.running()].deadline = 0
    coroutine.yield(scheduler)
  end

  return scheduler
end

local function cancel(scheduler)
  scheduler.failed = true
  for _, task in pairs(scheduler.tasks) do
    if task.handles then
      give_up(task, task.handles)
    end
  end
end

-- What a function's end means. The first failure counts: kept in the scheduler.
local function ended(scheduler, task, ok, ...)
  scheduler.tasks[task.co] = nil
  scheduler.count = scheduler.count - 1
  local first, message = ...
  if ok and not (first == nil and message ~= nil) then
    scheduler.results[task.index] = first == nil or first
    return
  end
  if scheduler.failed then
    return
  end
  scheduler.failure = ok and { index = task.index, ... } or { raised = first }
  cancel(scheduler)
end

local function resume(scheduler, task, ...)
  task.handles, task.deadline = nil, nil
  local function after(ok, yielded, ...)
    if coroutine.status(task.co) == "dead" then
      return ended(scheduler, task, ok, yielded, ...)
    end
    if yielded ~= scheduler then
      ended(scheduler, task, false, "a function of oci.parallel may be suspended by calls of this module only")
    end
  end
  after(coroutine.resume(task.co, ...))
end

local function start(scheduler, index, f)
  -- A Lua function, since Lua 5.1 and nginx take no C function here.
  local task = { index = index, canceled = {}, co = coroutine.create(function() return f() end) }
  scheduler.tasks[task.co] = task
  scheduler.count = scheduler.count + 1
  resume(scheduler, task)
end

-- Resumes the functions that can go on; true if there was one.
local function resume_ready(scheduler)
  local now, ready = core.now(), {}
  for _, task in pairs(scheduler.tasks) do
    for i, handle in ipairs(task.handles or {}) do
      if handle:ready() then
        ready[#ready + 1] = { task, i }
        break
      end
    end
    if task.deadline and task.deadline <= now and (not ready[1] or ready[#ready][1] ~= task) then
      ready[#ready + 1] = { task, nil, "timeout" }
    end
  end
  for _, found in ipairs(ready) do
    resume(scheduler, found[1], found[2], found[3])
  end
  return #ready > 0
end

local function wait(scheduler)
  local all, deadline = {}, nil
  for _, task in pairs(scheduler.tasks) do
    for _, handle in ipairs(task.handles or {}) do
      all[#all + 1] = handle
    end
    if task.deadline and not (deadline and deadline < task.deadline) then
      deadline = task.deadline
    end
  end
  loop.wait_any(all, deadline and math.max(deadline - core.now(), 0))
end

local function run(scheduler, functions, limit)
  local next_index = 1
  while true do
    while next_index <= #functions and scheduler.count < limit and not scheduler.failed do
      start(scheduler, next_index, functions[next_index])
      next_index = next_index + 1
    end
    if scheduler.count == 0 then
      return
    end
    if resume_ready(scheduler) then
      loop.turn()
    else
      wait(scheduler)
    end
  end
end

--- See oci.parallel.
function parallel.run(functions, given)
  if type(functions) ~= "table" then
    options.bad_argument("parallel", 1, "list of functions expected, got " .. options.kind(functions))
  end
  local fault = options.list_fault(functions)
  if fault then
    options.bad_argument("parallel", 1, fault)
  end
  for i, f in ipairs(functions) do
    if options.callable(f) then
      options.bad_argument("parallel", 1, ("function expected as item %d, got %s"):format(i, options.kind(f)))
    end
  end
  local limit = options.check("parallel", 2, given, { limit = options.count }).limit or math.max(#functions, 1)
  local scheduler = new_scheduler()
  scheduler.results, scheduler.count = {}, 0
  loop.push(scheduler)
  operation.guarded(function()
    cancel(scheduler)
    loop.remove(scheduler)
  end, run, scheduler, functions, limit)
  loop.remove(scheduler)
  local failure = scheduler.failure
  if not failure then
    return scheduler.results
  elseif failure.index then
    local detail = type(failure[4]) == "table" and failure[4] or {}
    detail.index = failure.index
    return nil, failure[2], failure[3], detail
  end
  error(failure.raised, 0)
end

return parallel
