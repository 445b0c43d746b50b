-- The calls against a real registry (docker-registry). What real registries do otherwise is in spec/interop.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.example.thing.v1"

describe("a registry", function()
  local host, place, work

  before_each(function()
    host = kit.needs("OCI_TEST_REGISTRY", "docker-registry")
    place = host .. "/" .. kit.repository()
    work = kit.tmp()
    kit.must("mkdir", "-p", work .. "/tree/sub")
    kit.write(work .. "/tree/sub/data", ("0123456789"):rep(100000))
    kit.write(work .. "/a.txt", "hello\n")
  end)

  local function push(ref)
    return assert(oci.push(ref, { artifact_type = TYPE, files = { work .. "/a.txt", work .. "/tree" } }))
  end

  it("takes, lists, resolves and gives an artifact", function()
    local pushed = push(place .. ":v1")
    assert.equal(place .. "@" .. pushed.digest, pushed.reference)
    assert.same({ "v1" }, assert(oci.tags(place)))
    assert.equal(pushed.digest, assert(oci.resolve(place .. ":v1")).digest)
    local pulled = assert(oci.pull(pushed, { to = work .. "/out" }))
    assert.equal(pushed.digest, pulled.digest)
    kit.must("diff", "-r", work .. "/tree", work .. "/out/tree")
    assert.equal("hello\n", kit.read(work .. "/out/a.txt"))
  end)

  it("copies to a layout and back, to another repository", function()
    local pushed = push(place .. ":v1")
    local layout = "oci:" .. work .. "/layout:v1"
    assert.equal(pushed.digest, assert(oci.copy(place .. ":v1", layout)).digest)
    assert.equal(pushed.digest, assert(oci.copy(layout, place .. "-2")).digest)
    assert.same({ "v1" }, assert(oci.tags(place .. "-2")))
    assert.equal(pushed.digest, assert(oci.copy(pushed, place .. "-3:x", { tags = { "y" } })).digest)
    assert.same({ "x", "y" }, assert(oci.tags(place .. "-3")))
  end)

  it("tags and deletes", function()
    local pushed = push(place .. ":v1")
    assert.equal(pushed.digest, assert(oci.tag(place .. ":v1", { "v2", "v3" })).digest)
    assert.same({ "v1", "v2", "v3" }, assert(oci.tags(place)))
    assert.is_true(assert(oci.delete(place .. ":v1")))
    assert.is_false(oci.exists(place .. ":v1"))
    assert.is_false(oci.exists(place .. ":v2"))
  end)

  it("names its repositories", function()
    push(place .. ":v1")
    local found = false
    for _, name in ipairs(assert(oci.repositories(host))) do
      found = found or host .. "/" .. name == place
    end
    assert.is_true(found)
    assert.is_table(oci.repositories(assert(oci.reference(place))))
    assert.equal("INVALID", (select(3, oci.repositories("not a host"))))
  end)

  it("streams in and out", function()
    local block, left = ("abcdefgh"):rep(8192), 100
    local blob = assert(oci.push_blob(place, { reader = function()
      left = left - 1
      return left >= 0 and block or nil
    end }))
    assert.equal(100 * #block, blob.size)
    local count = 0
    for chunk in assert(oci.open_blob(blob)):chunks(100000) do
      count = count + #chunk
    end
    assert.equal(blob.size, count)
    assert.equal("bcdefgha", assert(oci.fetch_blob(blob, { offset = 1, length = 8 })))
    assert.equal(blob.size, assert(oci.stat_blob(blob)).size)
  end)

  it("does many things at once", function()
    local functions = {}
    for i = 1, 20 do
      functions[i] = function()
        local pushed = assert(oci.push(place .. ":t" .. i, { artifact_type = TYPE, files = { { data = "data " .. i, title = "f" } } }))
        assert(oci.pull(pushed, { to = work .. "/out" .. i }))
        return kit.read(work .. "/out" .. i .. "/f")
      end
    end
    local results = assert(oci.parallel(functions, { limit = 8 }))
    for i = 1, 20 do
      assert.equal("data " .. i, results[i])
    end
    assert.equal(20, #assert(oci.tags(place)))
  end)

  -- Only LuaJIT can fork without another module; spec/c does it for the core.
  local ffi_is_there, ffi = pcall(require, "ffi")
  if ffi_is_there then
    ffi.cdef "int fork(void); int waitpid(int, int *, int); void _exit(int);"
    it("is found in the child of a fork, by new clients only", function()
      local pushed = push(place .. ":v1")
      local client = assert(oci.client())
      assert(client:resolve(place .. ":v1"))
      local pid = ffi.C.fork()
      if pid == 0 then
        local again = oci.resolve(place .. ":v1")
        local _, message, code = client:resolve(place .. ":v1")
        local fine = again and again.digest == pushed.digest and code == "INVALID" and message:find("fork", 1, true)
        ffi.C._exit(fine and 0 or 1)
      end
      local status = ffi.new "int[1]"
      assert.equal(pid, ffi.C.waitpid(pid, status, 0))
      assert.equal(0, status[0])
      assert.equal(pushed.digest, assert(client:resolve(place .. ":v1")).digest)
      client:close()
    end)
  end
end)
