-- core.yaml_decode: the values are those of json.decode. What a document means is tested in spec/c/yaml_test.c.
local oci = require "oci"
local core = require "oci.core"

describe("yaml_decode", function()
  it("gives what json.decode gives for the same document", function()
    local value = assert(core.yaml_decode [[
name: mychart
version: 1.0
ratio: 0.5
deprecated: yes
nothing: ~
keywords: [a, b]
empty: {list: [], map: {}}
]])
    assert.equal("mychart", value.name)
    assert.equal("1", tostring(value.version))
    assert.equal(0.5, value.ratio)
    assert.is_true(value.deprecated)
    assert.equal(oci.null, value.nothing)
    assert.same({ "a", "b" }, value.keywords)
    assert.equal('{"deprecated":true,"empty":{"list":[],"map":{}},"keywords":["a","b"],"name":"mychart",'
      .. '"nothing":null,"ratio":0.5,"version":1}', oci.json.encode(value))
  end)

  it("an empty document is null", function()
    assert.equal(oci.null, core.yaml_decode(""))
  end)

  it("returns errors with line and column", function()
    local value, message, code, detail = core.yaml_decode("a: 1\nb: [")
    assert.is_nil(value)
    assert.equal("YAML at line 3, column 1: did not find expected node content", message)
    assert.equal("INVALID", code)
    assert.same({}, detail)
    assert.equal("UNSUPPORTED", (select(3, core.yaml_decode("!!binary aGk="))))
    assert.equal("LIMIT", (select(3, core.yaml_decode(("#"):rep(5 * 1024 * 1024 + 1)))))
  end)

  it("raises for what is no text", function()
    assert.has_error(function() core.yaml_decode() end)
    assert.has_error(function() core.yaml_decode {} end)
  end)
end)
