-- oci.reference: text to parts and back.
local oci = require "oci"

local DIGEST = "sha256:" .. ("0123456789abcdef"):rep(4)

-- The fields that are there.
local function parts(text)
  local ref = assert(oci.reference(text))
  local found = {}
  for _, name in ipairs { "place", "registry", "repository", "path", "tag", "digest" } do
    found[name] = ref[name]
  end
  return found, ref
end

describe("reference", function()
  it("reads registries, tags and digests", function()
    assert.same({ place = "registry", registry = "ghcr.io", repository = "a/b", tag = "v1" }, parts "ghcr.io/a/b:v1")
    assert.same({ place = "registry", registry = "localhost:5000", repository = "x", tag = "v1", digest = DIGEST },
      parts("localhost:5000/x:v1@" .. DIGEST))
    assert.same({ place = "registry", registry = "ghcr.io", repository = "a" }, parts "oci://ghcr.io/a")
  end)

  it("knows Docker Hub's short names", function()
    assert.same({ place = "registry", registry = "docker.io", repository = "library/alpine" }, parts "alpine")
    assert.same({ place = "registry", registry = "docker.io", repository = "me/x", tag = "y" }, parts "me/x:y")
  end)

  it("reads layouts, archives and memory places", function()
    assert.same({ place = "layout", path = "/tmp/x", tag = "v1" }, parts "oci:/tmp/x:v1")
    assert.same({ place = "layout", path = "./a:b/c" }, parts "oci:./a:b/c")
    assert.same({ place = "archive", path = "x.tar", tag = "v1" }, parts "oci-archive:x.tar:v1")
    assert.same({ place = "memory", path = "m", digest = DIGEST }, parts("memory:m@" .. DIGEST))
  end)

  it("turns back into text", function()
    for _, text in ipairs {
      "ghcr.io/a/b:v1", "localhost:5000/x@" .. DIGEST, "oci:/tmp/x:v1", "oci:dir", "memory:m:t", "oci-archive:x.tar:v1",
      "docker.io/library/alpine:3",
    } do
      local _, ref = parts(text)
      assert.equal(text, tostring(ref))
      assert.equal(text, ref.reference)
    end
  end)

  it("can be changed", function()
    local _, ref = parts "ghcr.io/a/b:v1"
    ref.tag = "v2"
    assert.equal("ghcr.io/a/b:v2", ref.reference)
    ref.tag, ref.digest = nil, DIGEST
    assert.equal("ghcr.io/a/b@" .. DIGEST, tostring(ref))
  end)

  it("keeps a colon in a directory's name when it is printed", function()
    local ref = assert(oci.reference "oci:/tmp/x:v1")
    ref.path, ref.tag = "/tmp/a:b", nil
    local again = assert(oci.reference(ref.reference))
    assert.is_nil(again.tag)
    assert.equal("/tmp/a:b", (again.path:gsub("/$", "")))
  end)

  it("says what is wrong, without control characters", function()
    for _, text in ipairs { "", "A/B", "a//b", "a:", "a@", "a@sha256:12", "x\27[31m/y", "a/b:" .. ("t"):rep(129), "oci:",
      "a\0b", "host:99999999/x" } do
      local ref, message, code, detail = oci.reference(text)
      assert.is_nil(ref, text)
      assert.equal("INVALID", code)
      assert.is_nil(message:find "[%c]")
      assert.is_table(detail)
    end
  end)

  it("raises for what is no string", function()
    assert.has_error(function() oci.reference(1) end)
    assert.has_error(function() oci.reference() end)
  end)
end)

describe("what a call takes as a reference", function()
  it("is a string, a parsed reference, or a table with the field reference", function()
    local oci_dir = "memory:references-" .. tostring({}):gsub("%W", "")
    assert.is_false(oci.exists(oci_dir .. ":x"))
    assert.is_false(oci.exists(assert(oci.reference(oci_dir .. ":x"))))
    assert.is_false(oci.exists { reference = oci_dir .. ":x" })
  end)

  it("raises for anything else, naming argument and call", function()
    local ok, message = pcall(oci.exists, 5)
    assert.is_false(ok)
    assert.truthy(message:find("bad argument #1 to 'exists'", 1, true))
    assert.is_false(pcall(oci.exists, {}))
    assert.is_false(pcall(oci.copy, "memory:a", nil))
  end)

  it("is INVALID when it is malformed, before anything else happens", function()
    local _, message, code = oci.pull("Not A Reference")
    assert.equal("INVALID", code)
    assert.truthy(message:find("Not A Reference", 1, true))
  end)
end)
