-- Manifests: parsed, built, indexes.
local kit = require "testkit"
local oci = require "oci"

local MANIFEST = "application/vnd.oci.image.manifest.v1+json"
local INDEX = "application/vnd.oci.image.index.v1+json"
local EMPTY = "application/vnd.oci.empty.v1+json"
local EMPTY_DIGEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
local TYPE = "application/vnd.example.thing.v1"

local function document(more)
  return ('{"schemaVersion":2,"mediaType":"%s",%s"config":{"mediaType":"%s","digest":"%s","size":2},"layers":[]}')
    :format(MANIFEST, more or "", EMPTY, EMPTY_DIGEST)
end

describe("parse", function()
  it("keeps the bytes and computes their digest", function()
    local bytes = document('"artifactType":"' .. TYPE .. '","annotations":{"a":"b"},') .. " \n"
    local m = assert(oci.parse(bytes))
    assert.equal(bytes, m.bytes)
    assert.equal(oci.digest(bytes), m.digest)
    assert.equal(#bytes, m.size)
    assert.equal(MANIFEST, m.media_type)
    assert.equal(TYPE, m.artifact_type)
    assert.same({ a = "b" }, m.annotations)
    assert.same({ media_type = EMPTY, digest = EMPTY_DIGEST, size = 2 }, m.config)
    assert.same({}, m.layers)
    assert.is_nil(m.manifests)
    assert.truthy(tostring(m):find(m.digest, 1, true))
  end)

  it("reads indexes with platforms in our names", function()
    local m = assert(oci.parse(([[{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":5,
      "platform":{"os":"windows","architecture":"amd64","os.version":"10.0","os.features":["win32k"]}}]}]])
      :format(INDEX, MANIFEST, EMPTY_DIGEST)))
    assert.is_nil(m.layers)
    assert.same({ os = "windows", architecture = "amd64", os_version = "10.0", os_features = { "win32k" } },
      m.manifests[1].platform)
  end)

  it("takes the sender's media type where the document has none", function()
    local bytes = document():gsub('"mediaType":"' .. MANIFEST:gsub("%p", "%%%0") .. '",', "", 1)
    assert.equal(MANIFEST, assert(oci.parse(bytes)).media_type)
    assert.equal(MANIFEST, assert(oci.parse(bytes, MANIFEST)).media_type)
    assert.equal("INVALID", (select(3, oci.parse(document(), INDEX))))
  end)

  it("says what is wrong", function()
    for _, bytes in ipairs { "", "{}", "[]", "null", "{", document('"layers":[],'), (document():gsub(EMPTY_DIGEST, "x")) } do
      local m, message, code, detail = oci.parse(bytes)
      assert.is_nil(m)
      assert.equal("INVALID", code)
      assert.is_string(message)
      assert.is_table(detail)
    end
  end)

  it("raises for wrong types", function()
    assert.has_error(function() oci.parse(nil) end)
    assert.has_error(function() oci.parse(document(), 5) end)
  end)
end)

describe("manifest", function()
  it("is the bytes that push would send, the same each time", function()
    local spec = {
      artifact_type = TYPE,
      files = { { data = "hello", title = "a.txt" } },
      annotations = { z = "1", a = "2" },
    }
    local m = assert(oci.manifest(spec))
    assert.equal(('{"schemaVersion":2,"mediaType":"%s","artifactType":"%s","config":{"mediaType":"%s","digest":"%s","size":2},'
      .. '"layers":[{"mediaType":"application/octet-stream","digest":"%s","size":5,'
      .. '"annotations":{"org.opencontainers.image.title":"a.txt"}}],"annotations":{"a":"2","z":"1"}}')
      :format(MANIFEST, TYPE, EMPTY, EMPTY_DIGEST, oci.digest "hello"), (m.bytes:gsub(',"data":"e30="', "")))
    assert.equal(m.digest, assert(oci.manifest(spec)).digest)
    assert.equal(oci.digest(m.bytes), m.digest)
  end)

  it("is what push sends: the dry run", function()
    local place = "memory:" .. kit.repository("manifest")
    local file = kit.write(kit.tmp() .. "/f", "content")
    local built = assert(oci.manifest { artifact_type = TYPE, files = { file }, tags = { "more" } })
    assert.is_false(oci.exists(place .. ":v1"))
    local pushed = assert(oci.push(place .. ":v1", built))
    assert.equal(built.digest, pushed.digest)
    assert.equal(built.bytes, assert(oci.fetch_manifest(place .. ":v1")).bytes)
    assert.equal(built.digest, assert(oci.resolve(place .. ":more")).digest)
    assert.equal("content", assert(oci.fetch_blob(place .. "@" .. built.layers[1].digest)))
  end)

  it("is not pushed when what it was built from has changed", function()
    local place = "memory:" .. kit.repository("manifest")
    local file = kit.write(kit.tmp() .. "/f", "content")
    local built = assert(oci.manifest { artifact_type = TYPE, files = { file } })
    kit.write(file, "changed")
    local pushed, _, code = oci.push(place .. ":v1", built)
    assert.is_nil(pushed)
    assert.equal("DIGEST_MISMATCH", code)
    assert.is_false(oci.exists(place .. ":v1"))
  end)

  it("cannot be built from a reader", function()
    local _, message, code = oci.manifest { artifact_type = TYPE, layers = { { reader = function() end } } }
    assert.equal("INVALID", code)
    assert.truthy(message:find("reader", 1, true))
  end)
end)

describe("index", function()
  local one = { media_type = MANIFEST, digest = EMPTY_DIGEST, size = 2, annotations = { a = "b" } }

  it("is built of descriptors, platforms as text or tables", function()
    local index = assert(oci.index {
      manifests = {
        { media_type = MANIFEST, digest = EMPTY_DIGEST, size = 2, platform = "linux/arm64/v8" },
        { media_type = MANIFEST, digest = EMPTY_DIGEST, size = 2,
          platform = { os = "windows", architecture = "amd64", os_version = "10" } },
        one,
      },
      artifact_type = TYPE,
      annotations = { x = "y" },
    })
    assert.equal(INDEX, index.media_type)
    local again = oci.json.decode(index.bytes)
    assert.same({ os = "linux", architecture = "arm64", variant = "v8" }, again.manifests[1].platform)
    assert.same({ os = "windows", architecture = "amd64", ["os.version"] = "10" }, again.manifests[2].platform)
    assert.same({ a = "b" }, again.manifests[3].annotations)
    assert.equal(TYPE, again.artifactType)
    assert.same({ x = "y" }, index.annotations)
  end)

  it("takes manifests and what calls return, and can be pushed", function()
    local place = "memory:" .. kit.repository("index")
    local pushed = assert(oci.push(place, { artifact_type = TYPE, files = { { data = "1", title = "1" } } }))
    local index = assert(oci.index { manifests = { pushed, assert(oci.fetch_manifest(pushed)) } })
    assert.equal(pushed.digest, index.manifests[1].digest)
    assert.equal(pushed.digest, index.manifests[2].digest)
    assert.equal(index.digest, assert(oci.push(place .. ":all", index)).digest)
    assert.equal(index.bytes, assert(oci.fetch_manifest(place .. ":all")).bytes)
  end)

  it("refuses malformed descriptors", function()
    for _, item in ipairs {
      { media_type = MANIFEST, digest = "sha256:1", size = 2 },
      { media_type = "nothing", digest = EMPTY_DIGEST, size = 2 },
      { digest = EMPTY_DIGEST, size = 2 },
      { media_type = MANIFEST, digest = EMPTY_DIGEST },
      { media_type = MANIFEST, digest = EMPTY_DIGEST, size = 2, platform = "linux" },
      { media_type = MANIFEST, digest = EMPTY_DIGEST, size = 2, data = "not that" },
    } do
      local index, message, code = oci.index { manifests = { item } }
      assert.is_nil(index)
      assert.equal("INVALID", code, message)
    end
    assert.has_error(function() oci.index { manifests = { { media_typ = "x" } } } end)
    assert.has_error(function() oci.index { manifests = { "x" } } end)
  end)
end)
