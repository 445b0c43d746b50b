-- Streams: readers into push, open_blob out of it.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.example.stream.v1"

-- A reader of `count` bytes in pieces of uneven sizes, and their digest.
local function pieces(count)
  local block = {}
  for i = 1, 997 do
    block[i] = string.char(i * 7919 % 251)
  end
  block = table.concat(block)
  local whole = block:rep(math.ceil(count / #block)):sub(1, count)
  local at, size = 1, 1
  return function()
    if at > count then
      return nil
    end
    local piece = whole:sub(at, at + size - 1)
    at, size = at + size, size * 3 % 400009 + 1
    return piece
  end, oci.digest(whole), whole
end

describe("a reader", function()
  local place

  before_each(function()
    place = "memory:" .. kit.repository()
  end)

  it("of any length is pushed as it comes", function()
    for _, count in ipairs { 0, 1, 65536, 3 * 1024 * 1024 + 17 } do
      local reader, digest = pieces(count)
      local pushed = assert(oci.push_blob(place, { reader = reader }))
      assert.equal(digest, pushed.digest)
      assert.equal(count, pushed.size)
    end
  end)

  it("is asked for as much as there is room for, and may give more", function()
    local asked = {}
    local chunk, left = ("y"):rep(1000000), 2
    local pushed = assert(oci.push_blob(place, { reader = function(most)
      asked[#asked + 1] = most
      left = left - 1
      return left >= 0 and chunk or nil
    end }))
    assert.equal(2000000, pushed.size)
    for _, most in ipairs(asked) do
      assert.is_true(most > 0 and most <= 1024 * 1024)
    end
  end)

  it("that fails makes the call fail, with its reason", function()
    for _, new in ipairs { false, true } do
      local count = 0
      local pushed, message, code = oci.push(place .. ":v1", {
        artifact_type = TYPE,
        new = new,
        layers = { { reader = function()
          count = count + 1
          if count > 3 then
            return nil, "the disk is on fire"
          end
          return "x"
        end } },
      })
      assert.is_nil(pushed)
      assert.equal("IO", code)
      assert.truthy(message:find("the disk is on fire", 1, true))
      assert.is_false(oci.exists(place .. ":v1"))
    end
  end)

  it("that gives no string makes the call fail", function()
    local _, message, code = oci.push_blob(place, { reader = function() return 5 end })
    assert.equal("IO", code)
    assert.truthy(message:find("number", 1, true))
  end)

  it("that raises: the call raises, and nothing is there", function()
    local ok, message = pcall(oci.push, place .. ":v1", {
      artifact_type = TYPE,
      layers = { { reader = function() error("oh no", 0) end } },
    })
    assert.is_false(ok)
    assert.equal("oh no", message)
    assert.is_false(oci.exists(place .. ":v1"))
  end)

  it("can be another blob that is being read", function()
    local reader, digest, whole = pieces(700001)
    local first = assert(oci.push_blob(place, { reader = reader }))
    local second = assert(oci.push_blob(place .. "-2", { reader = assert(oci.open_blob(first)) }))
    assert.equal(digest, second.digest)
    assert.equal(whole, assert(oci.fetch_blob(second)))
  end)
end)

describe("open_blob", function()
  local blob, whole

  before_each(function()
    local reader, _
    reader, _, whole = pieces(1500001)
    blob = assert(oci.push_blob("oci:" .. kit.tmp() .. "/layout", { reader = reader }))
  end)

  it("gives a descriptor, chunks, and nil at the verified end", function()
    local reader = assert(oci.open_blob(blob))
    assert.equal(blob.digest, reader.descriptor.digest)
    assert.equal(#whole, reader.descriptor.size)
    local got = {}
    while true do
      local chunk, message = reader:read(100000)
      assert.is_nil(message)
      if not chunk then
        break
      end
      assert.is_true(#chunk > 0 and #chunk <= 100000)
      got[#got + 1] = chunk
    end
    assert.equal(whole, table.concat(got))
    assert.is_nil(reader:read())
    reader:close()
    reader:close()
    assert.has_error(function() reader:read() end)
  end)

  it("iterates", function()
    local got = {}
    for chunk in assert(oci.open_blob(blob)):chunks() do
      got[#got + 1] = chunk
    end
    assert.equal(whole, table.concat(got))
  end)

  it("reads a part", function()
    local reader = assert(oci.open_blob(blob, { offset = 1000000, length = 300000 }))
    local got = {}
    for chunk in reader:chunks() do
      got[#got + 1] = chunk
    end
    assert.equal(whole:sub(1000001, 1300000), table.concat(got))
  end)

  it("does not report the end of content that is not what it should be", function()
    local path = blob.reference:match "^oci:(.*)@" .. "/blobs/sha256/" .. blob.digest:match ":(.*)"
    kit.must("chmod", "644", path)
    kit.write(path, whole:sub(1, -2) .. "!")
    local reader, message, code = oci.open_blob(blob)
    while reader do
      local chunk
      chunk, message, code = reader:read()
      if not chunk then
        break
      end
    end
    assert.equal("DIGEST_MISMATCH", code, message)
    assert.equal("DIGEST_MISMATCH", (select(3, reader:read())))
    assert.has_error(function()
      for _ in assert(oci.open_blob(blob)):chunks() do end
    end)
  end)

  it("is NOT_FOUND when it is not there", function()
    local missing = blob.reference:gsub("@.*", "@" .. oci.digest "missing")
    assert.equal("NOT_FOUND", (select(3, oci.open_blob(missing))))
  end)

  it("can be left before the end", function()
    local reader = assert(oci.open_blob(blob))
    assert.is_string(reader:read(1))
    reader:close()
    for _ = 1, 20 do
      assert(oci.open_blob(blob))
    end
    collectgarbage()
    assert.equal(#whole, #assert(oci.fetch_blob(blob)))
  end)

  it("raises for wrong arguments", function()
    local reader = assert(oci.open_blob(blob))
    for _, most in ipairs { 0, -1, 1.5, "x" } do
      assert.has_error(function() reader:read(most) end)
    end
    reader:close()
  end)
end)
