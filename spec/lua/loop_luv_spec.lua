-- Inside luv's loop a call suspends its coroutine, and the loop keeps turning.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.example.large.v1"
local SIZE = 64 * 1024 * 1024

-- Runs f in a coroutine until the loop has nothing left to do; the ticks of 1 ms meanwhile, and the largest gap in ms.
local function with_ticks(uv, f)
  local ticks, largest, over = 0, 0, false
  local last = uv.hrtime()
  local timer = uv.new_timer()
  timer:start(1, 1, function()
    local now = uv.hrtime()
    ticks, largest, last = ticks + 1, math.max(largest, (now - last) / 1e6), now
  end)
  local ok, message
  coroutine.wrap(function()
    ok, message = pcall(f)
    over = true
    timer:close()
  end)()
  uv.run()
  assert.is_true(over, "the coroutine did not end")
  assert(ok, message)
  return ticks, largest
end

describe("luv", function()
  local uv, work, ref

  setup(function()
    local ok
    ok, uv = pcall(require, "luv")
    if not ok then
      uv = nil
      return
    end
    local host = os.getenv "OCI_TEST_REGISTRY"
    work = kit.tmp()
    ref = host and host .. "/" .. kit.repository() .. ":v1" or "oci:" .. work .. "/layout:v1"
    kit.must("sh", "-c", "head -c " .. SIZE .. " /dev/urandom > " .. kit.quote(work .. "/large"))
    assert(oci.push(ref, { artifact_type = TYPE, files = { work .. "/large" } }))
  end)

  before_each(function()
    if not uv then
      pending "luv is not there for this Lua"
    end
  end)

  it("pulls 64 MiB while the loop keeps turning", function()
    local pulled
    local ticks, largest = with_ticks(uv, function()
      assert.equal("luv", oci.loop().name)
      pulled = assert(oci.pull(ref, { to = work .. "/out" }))
    end)
    print(("note: luv: 64 MiB pulled, %d ticks of 1 ms, largest gap %.1f ms"):format(ticks, largest))
    assert.is_true(ticks > 5, ticks)
    kit.must("cmp", work .. "/large", pulled.files[1].path)
  end)

  it("serves readers, progress and open_blob", function()
    local file = assert(io.open(work .. "/large", "rb"))
    local events, count = 0, 0
    local ticks, largest = with_ticks(uv, function()
      local blob = assert(oci.push("memory:luv", {
        artifact_type = TYPE,
        layers = { { reader = file } },
        on_progress = function() events = events + 1 end,
      }))
      for chunk in assert(oci.open_blob(assert(oci.fetch_manifest(blob)).layers[1])):chunks() do
        count = count + #chunk
      end
    end)
    file:close()
    print(("note: luv: 64 MiB streamed in and out, %d ticks of 1 ms, largest gap %.1f ms"):format(ticks, largest))
    assert.is_true(events > 0)
    assert.equal(SIZE, count)
  end)

  it("runs several at the same time, and with a time limit", function()
    with_ticks(uv, function()
      local results = assert(oci.parallel {
        function() return assert(oci.pull(ref, { to = work .. "/p1" })).digest end,
        function() return assert(oci.pull(ref, { to = work .. "/p2" })).digest end,
      })
      assert.equal(results[1], results[2])
      local op = assert(oci.start("push_blob", "memory:luv", { reader = function() return "x" end }))
      local _, _, code = op:wait(0.02)
      assert.equal("TIMEOUT", code)
      op:close()
      local found, index = oci.wait { assert(oci.start("resolve", ref)), assert(oci.start("resolve", ref)) }
      assert.is_table(found)
      assert.is_number(index)
    end)
  end)

  it("looks into large archives while the loop keeps turning", function()
    kit.must("sh", "-c", ("cd %s && mkdir bundle && ln large bundle/b.rego && tar cf - bundle | gzip -1 > b.tar.gz")
      :format(kit.quote(work)))
    local kind = oci.types.get "opa-bundle"
    local ticks, largest = with_ticks(uv, function()
      local built = assert(oci.manifest { type = kind, bundle = work .. "/b.tar.gz" })
      assert(oci.push("memory:luv:b", built))
      assert.same({}, assert(kind:check_content("memory:luv:b", { limit = 2 * SIZE })))
    end)
    print(("note: luv: an archive of 64 MiB looked into, %d ticks of 1 ms, largest gap %.1f ms"):format(ticks, largest))
    assert.is_true(ticks > 5, ticks)
  end)

  it("blocks where it cannot suspend: outside of coroutines", function()
    assert.equal("blocking", oci.loop().name)
    assert(oci.resolve(ref))
  end)
end)
