-- start, wait, parallel: operations that run at the same time.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.example.thing.v1"

-- A reader that gives one byte, then calls `meanwhile` once before its end.
local function pausing(meanwhile)
  local step = 0
  return function()
    step = step + 1
    if step == 1 then
      return "x"
    end
    if step == 2 then
      meanwhile()
    end
    return nil
  end
end

describe("start", function()
  it("gives an operation with the call's results", function()
    local place = "memory:" .. kit.repository()
    local op = assert(oci.start("push", place .. ":v1", { artifact_type = TYPE, files = { { data = "x", title = "x" } } }))
    local pushed = assert(op:wait())
    assert.is_true(op:ready())
    assert.equal(pushed, (op:wait()))
    assert.equal(pushed, (op:wait(0)))
    assert.is_number(op:progress().done)
    op:close()
    local exists = assert(oci.start("exists", place .. ":v2"))
    assert.is_false(exists:wait())
  end)

  it("passes on why it could not begin", function()
    local op, message, code, detail = oci.start("pull", "No Reference")
    assert.is_nil(op)
    assert.equal("INVALID", code)
    assert.is_string(message)
    assert.is_table(detail)
  end)

  it("does calls that need no engine, too", function()
    local index = assert(assert(oci.start("index", { manifests = {} })):wait())
    assert.equal("application/vnd.oci.image.index.v1+json", index.media_type)
    assert.equal(oci.digest "x", assert(oci.start("digest", "x")):wait())
  end)

  it("gives errors as the call does", function()
    local op = assert(oci.start("resolve", "memory:" .. kit.repository() .. ":v1"))
    local value, message, code, detail = op:wait()
    assert.is_nil(value)
    assert.equal("NOT_FOUND", code, message)
    assert.is_table(detail)
  end)

  it("goes on when a wait's time is up", function()
    local op
    local step = 0
    op = assert(oci.start("push_blob", "memory:" .. kit.repository(), { reader = function()
      step = step + 1
      return step < 100 and "x" or nil
    end }))
    local value, _, code, detail = op:wait(0)
    while not value do
      assert.equal("TIMEOUT", code)
      assert.is_true(detail.pending)
      value, _, code, detail = op:wait(0.001)
    end
    assert.equal(99, value.size)
  end)

  it("can be canceled", function()
    local op
    op = assert(oci.start("push_blob", "memory:" .. kit.repository(), { reader = pausing(function() op:cancel() end) }))
    local value, _, code = op:wait()
    assert.is_nil(value)
    assert.equal("CANCELED", code)
  end)

  it("has a descriptor to wait on", function()
    local op = assert(oci.start("digest", { data = "x" }))
    assert.is_number(op:pollfd())
    assert.equal(oci.digest "x", op:wait())
    assert.equal("INVALID", (select(3, op:pollfd())))
  end)

  it("is closed by the collector", function()
    for _ = 1, 200 do
      assert(oci.start("digest", { data = ("x"):rep(100000) }))
    end
    collectgarbage()
    collectgarbage()
  end)

  it("raises when it is waited for by its own reader, and when by two coroutines", function()
    local op, message
    op = assert(oci.start("push_blob", "memory:" .. kit.repository(), { reader = pausing(function()
      message = select(2, pcall(op.wait, op))
    end) }))
    assert.equal(1, assert(op:wait()).size)
    assert.truthy(message:find("own readers", 1, true))

    local slow = assert(oci.start("push_blob", "memory:" .. kit.repository(), { reader = function()
      return (assert(oci.digest { data = "gives way" }))
    end }))
    local results, why, code, detail = oci.parallel {
      function() return slow:wait() end,
      function()
        local raised = select(2, pcall(slow.wait, slow))
        return nil, raised, "INVALID", {}
      end,
    }
    slow:close()
    assert.is_nil(results)
    assert.equal("INVALID", code)
    assert.equal(2, detail.index)
    assert.truthy(why:find("another coroutine", 1, true) or why:find("own readers", 1, true), why)
  end)
end)

describe("wait", function()
  it("gives the first operation that has its results, and its index", function()
    local ops = {}
    for i = 1, 20 do
      ops[i] = assert(oci.start("digest", { data = ("x"):rep(i) }))
    end
    local seen = {}
    while #ops > 0 do
      local op, index = oci.wait(ops)
      assert.equal(ops[index], op)
      seen[op:wait()] = true
      table.remove(ops, index)
    end
    for i = 1, 20 do
      assert.is_true(seen[oci.digest(("x"):rep(i))])
    end
  end)

  it("says when the time is up", function()
    local slow
    local go_on = false
    slow = assert(oci.start("push_blob", "memory:" .. kit.repository(), { reader = function()
      if go_on then
        return nil
      end
      return "x"
    end }))
    local op, _, code, detail = oci.wait({ slow }, 0)
    assert.is_nil(op)
    assert.equal("TIMEOUT", code)
    assert.is_true(detail.pending)
    go_on = true
    assert.equal(slow, (oci.wait { slow }))
  end)
end)

describe("parallel", function()
  it("gives the first results in the order of the functions", function()
    local functions = {}
    for i = 1, 30 do
      functions[i] = function()
        return oci.digest { data = tostring(i) }
      end
    end
    local results = assert(oci.parallel(functions, { limit = 7 }))
    for i = 1, 30 do
      assert.equal(oci.digest(tostring(i)), results[i])
    end
    assert.same({}, assert(oci.parallel {}))
    assert.same({ true, false, 5 }, assert(oci.parallel {
      function() end, function() return false end, function() return 5, 6 end,
    }))
  end)

  it("runs the calls at the same time", function()
    -- Each pushes what the other waits for: one after the other they would never end.
    local place = "memory:" .. kit.repository()
    local flags = {}
    local function after(mine, other)
      return function()
        return oci.push_blob(place, { reader = function()
          if not flags[mine] then
            flags[mine] = true
            return "begun"
          end
          while not flags[other] do
            -- Another call gives way to the other function.
            assert(oci.digest { data = "x" })
          end
          return nil
        end })
      end
    end
    local results = assert(oci.parallel { after("a", "b"), after("b", "a") })
    assert.equal(5, results[1].size)
    assert.equal(5, results[2].size)
  end)

  it("keeps to the limit", function()
    local place = "memory:" .. kit.repository()
    local running, most = 0, 0
    local functions = {}
    for i = 1, 20 do
      functions[i] = function()
        running = running + 1
        most = math.max(most, running)
        local turns = 0
        assert(oci.push_blob(place, { reader = function()
          turns = turns + 1
          if most >= 3 and turns > 5 then
            return nil
          end
          assert(oci.digest { data = "gives way" })
          return "x"
        end }))
        running = running - 1
      end
    end
    assert(oci.parallel(functions, { limit = 3 }))
    assert.equal(3, most)
  end)

  it("returns the first failure with its index, and cancels the rest", function()
    local canceled = 0
    local function endless()
      local _, _, code = oci.push_blob("memory:" .. kit.repository(), { reader = function() return "x" end })
      if code == "CANCELED" then
        canceled = canceled + 1
      end
      return true
    end
    local results, message, code, detail = oci.parallel {
      endless,
      endless,
      function() return oci.resolve("memory:" .. kit.repository() .. ":nothing") end,
    }
    assert.is_nil(results)
    assert.equal("NOT_FOUND", code)
    assert.is_string(message)
    assert.equal(3, detail.index)
    assert.equal(2, canceled)
  end)

  it("raises what a function raises, after canceling the rest", function()
    local ended = false
    local ok, message = pcall(oci.parallel, {
      function()
        oci.push_blob("memory:" .. kit.repository(), { reader = function() return "x" end })
        ended = true
      end,
      function()
        assert(oci.digest { data = "x" })
        error("oh no", 0)
      end,
    })
    assert.is_false(ok)
    assert.equal("oh no", message)
    assert.is_true(ended)
  end)

  it("lets no canceled function begin something new", function()
    local begun = 0
    oci.parallel {
      function()
        while true do
          begun = begun + 1
          oci.digest { path = "/proc/self/stat" }
        end
      end,
      function()
        assert(oci.digest { data = "x" })
        return nil, "failed", "INVALID", {}
      end,
    }
    assert.is_true(begun > 0)
  end)

  it("nests", function()
    local results = assert(oci.parallel {
      function()
        return oci.parallel { function() return oci.digest { data = "1" } end, function() return oci.digest { data = "2" } end }
      end,
      function() return oci.digest { data = "3" } end,
    })
    assert.same({ { oci.digest "1", oci.digest "2" }, oci.digest "3" }, results)
  end)

  it("waits for operations that were started outside, and with a time limit", function()
    local op = assert(oci.start("digest", { data = "x" }))
    local results = assert(oci.parallel {
      function() return op:wait() end,
      function()
        local slow = assert(oci.start("push_blob", "memory:" .. kit.repository(), { reader = function() return "x" end }))
        local _, _, code = slow:wait(0.01)
        slow:close()
        return code
      end,
    })
    assert.same({ oci.digest "x", "TIMEOUT" }, results)
  end)

  it("refuses functions that suspend by themselves", function()
    local ok, message = pcall(oci.parallel, { function() coroutine.yield() end })
    assert.is_false(ok)
    assert.truthy(message:find("oci.parallel", 1, true))
  end)
end)

describe("a loop of one's own", function()
  it("is asked, with what it needs to wait", function()
    local waited, fds = 0, {}
    oci.loop {
      running = function() return true end,
      wait = function(handle, timeout)
        waited = waited + 1
        fds[#fds + 1] = handle:pollfd()
        while not handle:ready() do end
        assert(timeout == nil or timeout >= 0)
        return true
      end,
    }
    local step = 0
    local pushed = oci.push_blob("memory:" .. kit.repository(), { reader = function()
      step = step + 1
      return step < 50 and "x" or nil
    end })
    assert(oci.digest { data = ("x"):rep(64 * 1024 * 1024) }) -- takes long enough to be waited for
    local found = oci.wait { assert(oci.start("digest", { data = "x" })), assert(oci.start("digest", { data = "y" })) }
    oci.loop "auto"
    assert.equal(49, assert(pushed).size)
    assert.is_true(waited > 0)
    assert.is_number(fds[1])
    assert.truthy(found)
  end)

  it("whose wait fails makes the call raise", function()
    oci.loop { running = function() return true end, wait = function() return nil, "the loop is gone" end }
    local ok, message = pcall(function()
      assert(oci.digest { data = ("x"):rep(64 * 1024 * 1024) }) -- takes long enough to be waited for
    end)
    oci.loop "auto"
    assert.is_false(ok)
    assert.truthy(message:find("the loop is gone", 1, true))
  end)

  it("is told by oci.loop()", function()
    assert.equal("blocking", oci.loop().name)
    assert.is_true(oci.loop "blocking")
    assert.equal("blocking", oci.loop().name)
    assert.is_true(oci.loop "auto")
  end)
end)
