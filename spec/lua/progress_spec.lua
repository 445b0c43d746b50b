-- Progress: the events, op:progress(), and what oci.progress makes of them.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.example.thing.v1"
local STATES = { started = true, moving = true, exists = true, mounted = true, done = true, failed = true }
local WHATS = { blob = true, config = true, manifest = true, index = true }

-- An on_progress function that checks and keeps the events.
local function collect()
  local events = {}
  return events, function(event)
    assert.is_true(WHATS[event.what] or false, tostring(event.what))
    assert.is_true(STATES[event.state] or false, tostring(event.state))
    assert.is_number(event.done)
    assert.is_true(event.total == nil or event.done <= event.total)
    events[#events + 1] = event
  end
end

-- The last state of each title.
local function last_states(events)
  local last = {}
  for _, event in ipairs(events) do
    if event.title then
      last[event.title] = event.state
    end
  end
  return last
end

describe("on_progress", function()
  local work, layout

  before_each(function()
    work = kit.tmp()
    layout = "oci:" .. work .. "/layout"
    kit.write(work .. "/a", ("a"):rep(3000000))
    kit.write(work .. "/b", "b")
  end)

  it("is told what push, copy and pull do to each blob", function()
    local events, on_progress = collect()
    assert(oci.push(layout .. ":v1", { artifact_type = TYPE, files = { work .. "/a", work .. "/b" }, on_progress = on_progress }))
    assert.same({ a = "done", b = "done" }, last_states(events))
    local started, ended = false, false
    for _, event in ipairs(events) do
      if event.title == "a" then
        started = started or event.state == "started"
        assert.is_false(ended)
        ended = event.state == "done"
        if ended then
          assert.equal(3000000, event.done)
          assert.equal(3000000, event.total)
          assert.equal(oci.digest(("a"):rep(3000000)), event.digest)
        end
      end
    end
    assert.is_true(started and ended)

    events, on_progress = collect()
    assert(oci.copy(layout .. ":v1", "oci:" .. work .. "/other:v1", { on_progress = on_progress }))
    assert.is_true(#events > 0)

    events, on_progress = collect()
    assert(oci.pull(layout .. ":v1", { to = work .. "/out", on_progress = on_progress }))
    assert.same({ a = "done", b = "done" }, last_states(events))
  end)

  it("says exists for what is there already", function()
    local spec = { artifact_type = TYPE, files = { work .. "/a" } }
    assert(oci.push(layout .. ":v1", spec))
    local events
    events, spec.on_progress = collect()
    assert(oci.push(layout .. ":v2", spec))
    assert.equal("exists", last_states(events).a)
  end)

  it("that raises makes the call raise", function()
    local ok, message = pcall(oci.push, layout .. ":v1", {
      artifact_type = TYPE,
      files = { work .. "/a" },
      on_progress = function() error("oh no", 0) end,
    })
    assert.is_false(ok)
    assert.equal("oh no", message)
  end)

  it("and op:progress() agree in the end", function()
    local op = assert(oci.start("push", layout .. ":v1", { artifact_type = TYPE, files = { work .. "/a", work .. "/b" } }))
    assert(op:wait())
    local totals = op:progress()
    assert.is_true(totals.done >= 3000001, totals.done)
    assert.equal(totals.total, totals.done)
    assert.equal(totals.blobs, totals.blobs_done)
  end)
end)

describe("oci.progress", function()
  local function write_events(on_progress)
    on_progress { what = "blob", state = "started", title = "a.bin", done = 0, total = 2048 }
    on_progress { what = "blob", state = "moving", title = "a.bin", done = 1024, total = 2048 }
    on_progress { what = "blob", state = "done", title = "a.bin", done = 2048, total = 2048 }
    on_progress { what = "blob", state = "exists", digest = oci.digest "x", done = 0, total = 5 }
    on_progress { what = "blob", state = "done", title = "evil\27[2J\nname", done = 1, total = 1 }
  end

  it("writes a plain line for each thing that is done", function()
    local written = {}
    local stream = { write = function(_, text) written[#written + 1] = text end }
    write_events(oci.progress(stream))
    local text = table.concat(written)
    assert.equal(3, select(2, text:gsub("\n", "")))
    assert.truthy(text:find("done *2.0 KiB  a.bin\n"))
    assert.truthy(text:find("exists *5 B  blob sha256:"))
    assert.is_nil(text:find("\27", 1, true))
    assert.is_nil(text:find("\r", 1, true))
  end)

  it("writes plain lines to a file", function()
    local path = kit.tmp() .. "/log"
    local file = assert(io.open(path, "w"))
    write_events(oci.progress(file))
    file:close()
    assert.is_nil(kit.read(path):find("[\r\27]"))
    assert.truthy(kit.read(path):find("a.bin", 1, true))
  end)

  it("draws a bar with rate and time left on a terminal", function()
    local dir = kit.tmp()
    local script = kit.write(dir .. "/x.lua", [[
      local on_progress = require "oci".progress(io.stdout)
      on_progress { what = "blob", state = "started", title = "a.bin", done = 0, total = 2048 }
      on_progress { what = "blob", state = "moving", title = "a.bin", done = 1024, total = 2048 }
      on_progress { what = "blob", state = "done", title = "evil\27[2J", done = 10, total = 10 }
      on_progress { what = "blob", state = "done", title = "a.bin", done = 2048, total = 2048 }]])
    local lua = os.getenv "OCI_TEST_LUA" or "lua5.4"
    local output = kit.must("env", "TERM=xterm", "script", "-qec", lua .. " " .. kit.quote(script), "/dev/null")
    assert.truthy(output:find("%[=* *%]"), output)
    assert.truthy(output:find("KiB/s", 1, true) or output:find("B/s", 1, true), output)
    assert.truthy(output:find(" left", 1, true), output)
    assert.truthy(output:find("a.bin", 1, true), output)
    assert.is_nil(output:find("\27[2J", 1, true), output)
  end)

  it("takes standard error without an argument", function()
    assert.is_function(oci.progress())
  end)
end)
