-- oci.json, oci.array, oci.null.
local oci = require "oci"

describe("json.encode", function()
  local encode = oci.json.encode

  it("sorts keys, whatever the order in which they were set", function()
    local a, b = {}, {}
    for i = 1, 50 do
      a["k" .. i] = i
      b["k" .. 51 - i] = 51 - i
    end
    assert.equal(encode(a), encode(b))
    assert.equal('{"A":1,"a":2,"é":3}', encode { a = 2, ["é"] = 3, A = 1 })
  end)

  it("writes an empty table as an object and oci.array{} as a list", function()
    assert.equal("{}", encode {})
    assert.equal("[]", encode(oci.array {}))
    assert.equal('{"a":[],"b":{}}', encode { a = oci.array {}, b = {} })
    assert.equal("[1,[2,3]]", encode { 1, { 2, 3 } })
  end)

  it("writes null, booleans, strings", function()
    assert.equal('[null,true,false,"x"]', encode { oci.null, true, false, "x" })
    assert.equal([["\"\\\n\u0001/é"]], encode '"\\\n\1/é')
  end)

  it("writes whole floats as integers, others shortest", function()
    assert.equal("[1,2,-3,0]", encode { 1, 2.0, -3, -0.0 })
    assert.equal("[0.5,0.1]", encode { 0.5, 0.1 })
    assert.equal("9007199254740991", encode(2 ^ 53 - 1))
  end)

  it("returns INVALID for what JSON cannot say", function()
    local bad = { 0 / 0, 1 / 0, -1 / 0, "\255", "a\0b", { ["\255"] = 1 } }
    if math.type then
      bad[#bad + 1] = math.maxinteger
    end
    for _, value in ipairs(bad) do
      local text, message, code, detail = encode(value)
      assert.is_nil(text)
      assert.equal("INVALID", code)
      assert.is_string(message)
      assert.same({}, detail)
    end
  end)

  it("returns LIMIT for a table that contains itself", function()
    local t = {}
    t.t = t
    assert.equal("LIMIT", (select(3, encode(t))))
  end)

  it("raises for functions, holes and mixed keys", function()
    assert.has_error(function() encode(print) end)
    assert.has_error(function() encode { 1, 2, nil, 4, x = 1 } end)
    assert.has_error(function() encode { [1] = 1, [3] = 3 } end)
    assert.has_error(function() encode { [1.5] = 1 } end)
    assert.has_error(function() encode { 1, a = 2 } end)
    assert.has_error(function() encode { [true] = 2 } end)
    assert.has_error(function() encode() end)
  end)

  it("leaks nothing when it raises", function()
    local big = {}
    for i = 1, 1000 do
      big[i] = { a = ("x"):rep(100), b = i }
    end
    big[1001] = print
    for _ = 1, 50 do
      assert.is_false(pcall(encode, big))
    end
  end)
end)

describe("json.decode", function()
  local decode = oci.json.decode

  it("gives Lua values", function()
    assert.same({ a = { 1, 2.5, -3, 1000 }, b = {}, c = "x" }, decode '{"a":[1,2.5,-3,1e3],"b":{},"c":"x"}')
    assert.equal(oci.null, decode "null")
    assert.is_false(decode "false")
    assert.equal("é\n", decode [["\u00e9\n"]])
  end)

  it("gives integers where Lua has them", function()
    if math.type then
      assert.equal("integer", math.type(decode "9007199254740991"))
      assert.equal("float", math.type(decode "0.5"))
    end
    assert.equal("5", ("%d"):format(decode "5"))
  end)

  it("keeps empty lists and objects apart", function()
    assert.equal('{"a":[],"b":{}}', oci.json.encode(decode '{"a":[],"b":{}}'))
  end)

  it("refuses what is not strict JSON", function()
    for _, text in ipairs {
      "", "{", "[1,]", "{'a':1}", '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', "01", "1.", "nul", "1 2", "NaN",
      '"\\u0000"', '"\\ud800"', '"\255"', "9007199254740992", "\239\187\191{}", '"\n"', ("["):rep(100) .. ("]"):rep(100),
    } do
      local value, message, code = decode(text)
      assert.is_nil(value)
      assert.is_true(code == "INVALID" or code == "LIMIT", text)
      assert.is_nil(message:find "[%c]")
    end
  end)

  it("raises for what is no string", function()
    assert.has_error(function() decode {} end)
    assert.has_error(function() decode() end)
  end)
end)

describe("null", function()
  it("is lua-cjson's null, too", function()
    local ok, cjson = pcall(require, "cjson")
    if not ok then
      return pending "lua-cjson is not there"
    end
    assert.equal(cjson.null, oci.null)
    assert.equal("[null]", oci.json.encode { cjson.null })
  end)
end)
