-- Ctrl-C: a script that waits ends at once, with the interpreter's usual status, and nothing has its final name.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.example.slow.v1"

-- Waits, then says that bytes move; the transfer would take hours.
local PULL = [[
local oci = require "oci"
local ref, to = arg[1], arg[2]
local function on_progress(event)
  if event.state == "moving" and event.title == "slow" then
    io.stdout:write "moving\n"
    io.stdout:flush()
  end
end
local function pull()
  return assert(oci.pull(ref, { to = to, on_progress = on_progress }))
end
]]

describe("SIGINT", function()
  local proxy, ref, work

  before_each(function()
    local registry = kit.needs("OCI_TEST_REGISTRY", "docker-registry")
    work = kit.tmp()
    kit.must("sh", "-c", "head -c 8000000 /dev/urandom > " .. kit.quote(work .. "/slow"))
    local name = kit.repository()
    assert(oci.push(registry .. "/" .. name .. ":v1", { artifact_type = TYPE,
      files = { work .. "/slow", { data = "fast", title = "fast" } } }))
    proxy = kit.proxy(registry)
    proxy:faults { { times = -1, rate = 400000 } }
    ref = proxy.address .. "/" .. name .. ":v1"
  end)

  after_each(function()
    if proxy then
      proxy:close()
    end
  end)

  -- Runs the script until it says that it moves, sends SIGINT, and gives what it printed and its status.
  local function interrupt(rest)
    local script = kit.write(work .. "/script.lua", PULL .. rest)
    local _, output = kit.shell(table.concat({
      (os.getenv "OCI_TEST_LUA" or "lua5.4"), kit.quote(script), kit.quote(ref), kit.quote(work .. "/out"),
      ">" .. work .. "/printed 2>&1 &",
      "pid=$!; until grep -q moving " .. work .. "/printed; do sleep 0.02; done;",
      "kill -INT $pid; wait $pid; echo status $?",
    }, " "))
    local status = output:match "status (%d+)"
    local printed = kit.read(work .. "/printed")
    local _, left = kit.shell("ls -A " .. kit.quote(work .. "/out") .. " 2>/dev/null")
    return tonumber(status), printed, left
  end

  it("ends a pull, and leaves nothing", function()
    local status, printed, left = interrupt "pull() print 'went on'"
    assert.equal(1, status, printed)
    assert.truthy(printed:find("interrupted!", 1, true), printed)
    assert.is_nil(printed:find("went on", 1, true))
    assert.equal("", left)
  end)

  it("ends a pull inside a coroutine", function()
    local status, printed, left = interrupt [[
      coroutine.wrap(pull)()
      print "went on"]]
    assert.equal(1, status, printed)
    assert.truthy(printed:find("interrupted!", 1, true), printed)
    assert.is_nil(printed:find("went on", 1, true), printed)
    assert.equal("", left)
  end)

  it("ends functions of oci.parallel", function()
    local status, printed, left = interrupt [[
      oci.parallel { pull, function() return oci.pull(ref, { to = to .. "2" }) end }
      print "went on"]]
    assert.equal(1, status, printed)
    assert.truthy(printed:find("interrupted!", 1, true), printed)
    assert.is_nil(printed:find("went on", 1, true))
    assert.equal("", left)
  end)

  it("ends a wait for operations", function()
    local status, printed, left = interrupt [[
      oci.wait { oci.start("pull", ref, { to = to, on_progress = on_progress }) }
      print "went on"]]
    assert.equal(1, status, printed)
    assert.is_nil(printed:find("went on", 1, true))
    assert.equal("", left)
  end)

  it("can be caught, and then nothing goes on behind the script's back", function()
    local status, printed, left = interrupt [[
      local ok, message = pcall(pull)
      print("caught", ok, message)]]
    assert.equal(0, status, printed)
    assert.truthy(printed:find "caught\tfalse\t.*interrupted!", printed)
    assert.equal("", left)
  end)
end)
