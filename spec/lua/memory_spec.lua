-- Memory places: named, and a client's own.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.example.thing.v1"

describe("a memory place", function()
  it("takes, lists and gives artifacts", function()
    local place = "memory:" .. kit.repository()
    local pushed = assert(oci.push(place .. ":v1", { artifact_type = TYPE, files = { { data = "x", title = "x" } } }))
    assert.equal(place .. "@" .. pushed.digest, pushed.reference)
    assert.same({ "v1" }, assert(oci.tags(place)))
    local out = kit.tmp()
    assert(oci.pull(pushed, { to = out }))
    assert.equal("x", kit.read(out .. "/x"))
    assert.is_true(assert(oci.delete(pushed)))
    assert.is_false(oci.exists(place .. ":v1"))
  end)

  it("is empty until something is put there", function()
    local place = "memory:" .. kit.repository()
    assert.equal("NOT_FOUND", (select(3, oci.resolve(place .. ":v1"))))
    assert.is_false(oci.exists(place .. ":v1"))
  end)

  it("belongs to its client", function()
    local place = "memory:" .. kit.repository()
    local one, two = assert(oci.client()), assert(oci.client())
    assert(one:push(place .. ":v1", { artifact_type = TYPE }))
    assert.is_true(one:exists(place .. ":v1"))
    assert.is_false(two:exists(place .. ":v1"))
    one:close()
    two:close()
  end)

  it("is between layouts, byte for byte", function()
    local work = kit.tmp()
    local pushed = assert(oci.push("oci:" .. work .. "/a:v1", { artifact_type = TYPE,
      files = { { data = ("x"):rep(300000), title = "x" } } }))
    local place = "memory:" .. kit.repository() .. ":v1"
    assert.equal(pushed.digest, assert(oci.copy("oci:" .. work .. "/a:v1", place)).digest)
    assert.equal(pushed.digest, assert(oci.copy(place, "oci:" .. work .. "/b:v1")).digest)
    kit.must("diff", "-r", work .. "/a/blobs", work .. "/b/blobs")
  end)
end)
