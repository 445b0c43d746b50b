-- Several manifests in one push: indexes, platforms, nested ones; what was built, received or is there already.
local kit = require "testkit"
local oci = require "oci"

local MANIFEST = "application/vnd.oci.image.manifest.v1+json"
local INDEX = "application/vnd.oci.image.index.v1+json"
local DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
local DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
local TYPE = "application/vnd.example.thing.v1"
local OTHER = "application/vnd.example.other.v1"

-- Raises a message that contains all of the words.
local function raised(call, ...)
  local ok, message = pcall(call)
  assert.is_false(ok)
  for _, word in ipairs { ... } do
    assert.truthy(tostring(message):find(word, 1, true), message)
  end
end

local function platform_spec(name, more)
  local spec = { platform = name, files = { { data = "made for " .. name, title = "program" } } }
  for key, value in pairs(more or {}) do
    spec[key] = value
  end
  return spec
end

local function three(more)
  local spec = {
    artifact_type = TYPE,
    manifests = {
      platform_spec "linux/amd64",
      platform_spec "linux/arm64/v8",
      platform_spec "windows/amd64",
    },
    annotations = { ["com.example.note"] = "all" },
  }
  for key, value in pairs(more or {}) do
    spec[key] = value
  end
  return spec
end

-- The same in every kind of place.
local function places()
  kit.switches() -- all of them off
  local all = {
    memory = "memory:" .. kit.repository "index",
    layout = "oci:" .. kit.tmp() .. "/layout",
  }
  for name, variable in pairs { registry = "OCI_TEST_REGISTRY", switches = "OCI_TEST_SWITCHES" } do
    local host = os.getenv(variable)
    all[name] = host and host .. "/" .. kit.repository "index"
  end
  return all
end

describe("a push of several manifests", function()
  it("makes the manifests and the index that names them, in every kind of place", function()
    local digests = {}
    for kind, place in pairs(places()) do
      local pushed = assert(oci.push(place .. ":v1", three { tags = "latest" }))
      assert.equal(INDEX, pushed.media_type, kind)
      assert.same({ "v1", "latest" }, pushed.tags)
      assert.is_nil(pushed.fallback)
      digests[pushed.digest] = kind
      local tags = assert(oci.tags(place))
      table.sort(tags)
      assert.same({ "latest", "v1" }, tags, kind)
      local index = assert(oci.fetch_manifest(place .. ":latest"))
      assert.equal(pushed.digest, index.digest)
      assert.same({ ["com.example.note"] = "all" }, index.annotations)
      assert.equal(TYPE, index.artifact_type)
      assert.same({ os = "linux", architecture = "arm64", variant = "v8" }, index.manifests[2].platform)
      for i, name in ipairs { "linux/amd64", "linux/arm64/v8", "windows/amd64" } do
        local entry = index.manifests[i]
        assert.equal(TYPE, entry.artifact_type)
        local manifest = assert(oci.fetch_manifest(entry))
        assert.equal(TYPE, manifest.artifact_type)
        assert.equal("made for " .. name, assert(oci.fetch_blob(manifest.layers[1])))
      end
    end
    local _, again = next(digests, (next(digests)))
    assert.is_nil(again) -- the same digest everywhere
  end)

  it("is what oci.manifest and oci.index build, to the byte", function()
    local place = "memory:" .. kit.repository "index"
    local pushed = assert(oci.push(place, three()))
    local bytes = assert(oci.fetch_manifest(pushed)).bytes
    for _, build in ipairs { oci.manifest, oci.index } do
      local built = assert(build(three()))
      assert.equal(bytes, built.bytes)
      assert.equal(INDEX, built.media_type)
      local other = "memory:" .. kit.repository "index"
      assert.is_false(oci.exists(other .. ":x"))
      assert.equal(pushed.digest, assert(oci.push(other .. ":x", built)).digest)
      for _, entry in ipairs(assert(oci.fetch_manifest(other .. ":x")).manifests) do
        assert(oci.fetch_blob(assert(oci.fetch_manifest(entry)).layers[1]))
      end
    end
  end)

  it("sends the blobs, then the manifests, the index and its tags last; equal content once", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/order"
    local spec = three()
    for _, entry in ipairs(spec.manifests) do
      entry.layers = { { data = "shared by all" } }
    end
    local pushed = assert(oci.push(place .. ":v1", spec))
    local puts, manifests = {}, {}
    for _, entry in ipairs(switches:log "^PUT ") do
      local name = entry.path:match "/manifests/(.*)$"
      puts[#puts + 1] = name and "manifest" or "blob"
      manifests[#manifests + 1] = name
    end
    assert.equal("v1", manifests[#manifests])
    assert.equal(4, #manifests)
    assert.equal(pushed.digest, assert(oci.resolve(place .. ":v1")).digest)
    -- {} and the shared layer once, three files.
    assert.equal(5 + 4, #puts)
    for i = 1, 4 do
      assert.truthy(manifests[i] == "v1" or manifests[i]:find("^sha256:"))
    end
  end)

  it("puts equal manifests once", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/equal"
    local one = { files = { { data = "same", title = "f" } } }
    assert(oci.push(place .. ":v1", { artifact_type = TYPE, manifests = { one, one, { files = one.files } } }))
    assert.equal(2, #switches:log "^PUT .*/manifests/")
    assert.equal(3, #assert(oci.fetch_manifest(place .. ":v1")).manifests)
  end)

  it("streams readers, in each of its manifests", function()
    local function reader(text)
      local left = { text }
      return function() return table.remove(left) end
    end
    for _, place in pairs(places()) do
      local spec = { artifact_type = TYPE, manifests = {
        { platform = "linux/amd64", files = { { reader = reader "one", title = "f" } }, config = { reader = reader "{}" } },
        { platform = "linux/arm64", layers = { { reader = reader "two" } }, files = { { reader = reader "three", title = "f" } } },
      } }
      local pushed = assert(oci.push(place .. ":v1", spec))
      local index = assert(oci.fetch_manifest(pushed))
      local second = assert(oci.fetch_manifest(index.manifests[2]))
      assert.equal("two", assert(oci.fetch_blob(second.layers[1])))
      assert.equal("three", assert(oci.fetch_blob(second.layers[2])))
      assert.equal("one", assert(oci.fetch_blob(assert(oci.fetch_manifest(index.manifests[1])).layers[1])))
    end
  end)

  it("tells of each manifest as it goes", function()
    local seen = {}
    local spec = three { on_progress = function(event)
      if event.state == "done" or event.state == "exists" then
        seen[event.what] = (seen[event.what] or 0) + 1
      end
    end }
    assert(oci.push("memory:" .. kit.repository "index" .. ":v1", spec))
    assert.equal(3, seen.manifest)
    assert.equal(1, seen.index)
  end)

  it("is named by nothing when a part of it fails", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/fails"
    switches:rules { { method = "PUT", path = "/manifests/sha256:", skip = 1,
      action = { status = 403, body_json = { errors = { { code = "DENIED", message = "no" } } } } } }
    local pushed, message, code = oci.push(place .. ":v1", three())
    assert.is_nil(pushed)
    assert.equal("DENIED", code, message)
    assert.is_false(oci.exists(place .. ":v1"))
  end)

  it("has empty indexes, too", function()
    local built = assert(oci.index {})
    assert.same({}, built.manifests)
    local place = "memory:" .. kit.repository "index"
    assert.equal(built.digest, assert(oci.push(place .. ":v1", { manifests = {} })).digest)
  end)
end)

describe("an entry of an index", function()
  local place

  before_each(function()
    place = "memory:" .. kit.repository "entries"
  end)

  it("takes a whole specification: config, layers, annotations, a type and a time of its own", function()
    local pushed = assert(oci.push(place, { artifact_type = TYPE, created = 0, manifests = {
      { artifact_type = OTHER, config = { json = { a = 1 }, media_type = "application/vnd.example.config.v1+json" },
        layers = { { data = "l" } }, files = { { data = "f", title = "f" } }, annotations = { ["a.b"] = "c" }, created = 60 },
      { config = { data = "{}", media_type = "application/vnd.example.config.v1+json" } },
    } }))
    local index = assert(oci.fetch_manifest(pushed))
    assert.equal("1970-01-01T00:00:00Z", index.annotations["org.opencontainers.image.created"])
    local first = assert(oci.fetch_manifest(index.manifests[1]))
    assert.equal(OTHER, first.artifact_type)
    assert.equal(OTHER, index.manifests[1].artifact_type)
    assert.same({ ["a.b"] = "c", ["org.opencontainers.image.created"] = "1970-01-01T00:01:00Z" }, first.annotations)
    assert.equal(2, #first.layers)
    assert.equal('{"a":1}', assert(oci.fetch_blob(first.config)))
    -- A config that says what it is needs no type of the index.
    assert.is_nil(assert(oci.fetch_manifest(index.manifests[2])).artifact_type)
  end)

  it("is an index in turn", function()
    local function nest(depth)
      return depth == 0 and { files = { { data = "deep", title = "f" } } } or { manifests = { nest(depth - 1) } }
    end
    local spec = nest(5)
    spec.artifact_type = TYPE
    local at = assert(oci.fetch_manifest(assert(oci.push(place .. ":v1", spec))))
    for _ = 1, 4 do
      assert.equal(INDEX, at.manifests[1].media_type)
      at = assert(oci.fetch_manifest(at.manifests[1]))
    end
    assert.equal("deep", assert(oci.fetch_blob(assert(oci.fetch_manifest(at.manifests[1])).layers[1])))
    assert.equal(at.manifests[1].artifact_type, TYPE)
    local deepest = nest(20)
    deepest.artifact_type = TYPE
    local pushed, message, code = oci.push(place .. ":v2", deepest)
    assert.is_nil(pushed)
    assert.equal("LIMIT", code, message)
  end)

  it("is a manifest that was built, with its content, and what the descriptor says besides", function()
    local file = kit.write(kit.tmp() .. "/f", "content")
    local built = assert(oci.manifest { artifact_type = TYPE, files = { file } })
    local inner = assert(oci.index { manifests = { built, built } })
    local index = assert(oci.index { manifests = {
      built,
      { manifest = built, platform = "linux/amd64", annotations = { ["a.b"] = "c" }, artifact_type = OTHER,
        urls = { "https://example.com/x" } },
      { manifest = { artifact_type = TYPE, files = { file } }, platform = "linux/arm64" },
      inner,
    } })
    for i = 1, 3 do
      assert.equal(built.digest, index.manifests[i].digest)
      assert.equal(built.size, index.manifests[i].size)
    end
    assert.same({ ["a.b"] = "c" }, index.manifests[2].annotations)
    assert.equal(OTHER, index.manifests[2].artifact_type)
    assert.same({ "https://example.com/x" }, index.manifests[2].urls)
    assert.equal("amd64", index.manifests[2].platform.architecture)
    assert.equal(inner.digest, index.manifests[4].digest)
    assert.equal(index.digest, assert(oci.push(place .. ":v1", index)).digest)
    assert.equal("content", assert(oci.fetch_blob(place .. "@" .. built.layers[1].digest)))
    assert.equal(inner.bytes, assert(oci.fetch_manifest(place .. "@" .. inner.digest)).bytes)
    -- What it was made of has changed: it is not what it was called, and nothing gets the tag.
    kit.write(file, "changed")
    local pushed, _, code = oci.push(place .. ":v2", index)
    assert.is_nil(pushed)
    assert.equal("DIGEST_MISMATCH", code)
    assert.is_false(oci.exists(place .. ":v2"))
  end)

  it("is a manifest that was received, as it is", function()
    local bytes = assert(oci.fetch_manifest(assert(oci.push(place, {
      artifact_type = TYPE, files = { { data = "x", title = "x" } },
    })))).bytes:gsub("^{", "{ \n")
    local received = assert(oci.parse(bytes))
    local pushed = assert(oci.push(place .. ":v1", { artifact_type = TYPE, manifests = { received } }))
    local entry = assert(oci.fetch_manifest(pushed)).manifests[1]
    assert.equal(received.digest, entry.digest)
    assert.equal(bytes, assert(oci.fetch_manifest(entry)).bytes)
  end)

  it("is the descriptor of what is there", function()
    local there = assert(oci.push(place, { artifact_type = TYPE, files = { { data = "x", title = "x" } } }))
    there.platform = "linux/amd64"
    local pushed = assert(oci.push(place .. ":v1", { manifests = { there } }))
    local entry = assert(oci.fetch_manifest(pushed)).manifests[1]
    assert.equal(there.digest, entry.digest)
    assert.equal(TYPE, entry.artifact_type)
    assert.same({ os = "linux", architecture = "amd64" }, entry.platform)
    -- A registry that looks refuses what is not there.
    local switches = kit.switches()
    local other, message, code = oci.push(switches.address .. "/spec/missing:v1", { manifests = { there } })
    assert.is_nil(other)
    assert.equal("NOT_FOUND", code, message)
  end)

  it("may have its content in it, whatever the bytes are", function()
    local data = "a\0b"
    local index = assert(oci.index { artifact_type = TYPE, manifests = {
      { media_type = "application/vnd.example.v1", digest = oci.digest(data), size = #data, data = data },
    } })
    assert.equal(data, index.manifests[1].data)
  end)

  it("that is malformed is named, before anything is sent", function()
    local switches = kit.switches()
    local ref = switches.address .. "/spec/malformed:v1"
    local fine = { files = { { data = "x", title = "x" } } }
    for _, case in ipairs {
      { { platform = "linux" }, "manifests[2]" },
      { { annotations = { ["org.opencontainers.image.nothing"] = "x" } }, "entry 2 of the index" },
      { { annotations = { [""] = "x" } }, "entry 2 of the index" },
      { { artifact_type = "nothing" }, "entry 2 of the index" },
      { { manifests = { { layers = { { data = "x", urls = { "x" } } } } } }, "entry 1 of entry 2 of the index" },
      { { created = "yesterday" }, "manifests[2]" },
      { { files = { { data = "x", title = "../x" } } }, "title" },
      { { subject = { media_type = "x", digest = oci.digest "x", size = 1 } }, "subject" },
    } do
      local pushed, message, code = oci.push(ref, { artifact_type = TYPE, manifests = { fine, case[1] } })
      assert.is_nil(pushed)
      assert.truthy(code == "INVALID" or code == "UNSAFE_PATH", message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
    assert.same({}, switches:log())
  end)

  it("that is a mistake in the program raises", function()
    local function entry(item)
      return function() oci.push(place, { artifact_type = TYPE, manifests = { item } }) end
    end
    raised(entry "x", "manifests[1]", "string")
    raised(entry { plattform = "x" }, "manifests[1]", "'platform'")
    raised(entry { tags = "x" }, "manifests[1]", "'tags'")
    raised(entry { immutable = true }, "manifests[1]")
    raised(entry { subject = "memory:x:y" }, "manifests[1]", "subject")
    raised(entry { manifest = {}, files = {} }, "manifests[1]", "'files'")
    raised(entry { manifest = "x" }, "manifests[1]", "'manifest'")
    raised(entry { digest = oci.digest "x", files = {} }, "manifests[1]", "'files'")
    raised(entry { platform = 5 }, "manifests[1]", "platform")
    raised(entry { platform = { os = "linux" } }, "manifests[1]", "os and architecture")
    raised(entry { platform = { os = "linux", arch = "arm" } }, "manifests[1]", "'architecture'")
    raised(entry { platform = { architecture = 5, os = "linux" } }, "manifests[1]", "'architecture'")
    raised(entry { manifests = { "x" } }, "manifests[1].manifests[1]")
    raised(function() oci.push(place, { manifests = { all = {} } }) end, "'manifests'", "[all]")
    raised(function() oci.push(place, { manifests = {}, files = {} }) end, "'files'")
    raised(function() oci.push(place, { manifests = {}, config = {} }) end, "'config'")
    raised(function() oci.index { layers = {} } end, "'layers'")
    raised(function() oci.manifest { spec_version = 1.0 } end, "'spec_version'")
  end)
end)

describe("manifests of Docker", function()
  -- As docker writes them.
  local function docker(place)
    local config = assert(oci.push_blob(place, { data = '{"architecture":"amd64","os":"linux"}' }))
    local layer = assert(oci.push_blob(place, { data = "layer" }))
    local manifest = ('{\n   "schemaVersion": 2,\n   "mediaType": "%s",\n   "config": {\n      "mediaType": '
      .. '"application/vnd.docker.container.image.v1+json",\n      "size": %d,\n      "digest": "%s"\n   },\n   "layers": [\n'
      .. '      {\n         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",\n         "size": 5,\n'
      .. '         "digest": "%s"\n      }\n   ]\n}'):format(DOCKER_MANIFEST, config.size, config.digest, layer.digest)
    local list = ('{"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","size":%d,"digest":"%s",'
      .. '"platform":{"architecture":"amd64","os":"linux"}}]}'):format(DOCKER_LIST, DOCKER_MANIFEST, #manifest, oci.digest(manifest))
    return manifest, list
  end

  it("and lists are read, pushed and copied as they are", function()
    for kind, place in pairs(places()) do
      local manifest, list = docker(place)
      local parsed = assert(oci.parse(list))
      assert.equal(DOCKER_LIST, parsed.media_type)
      assert.equal(DOCKER_MANIFEST, parsed.manifests[1].media_type)
      assert.equal("amd64", parsed.manifests[1].platform.architecture)
      local one = assert(oci.push(place, assert(oci.parse(manifest))), kind)
      assert.equal(DOCKER_MANIFEST, one.media_type)
      local all = assert(oci.push(place .. ":list", parsed))
      assert.equal(oci.digest(list), all.digest)
      assert.equal(list, assert(oci.fetch_manifest(place .. ":list")).bytes)
      local other = "oci:" .. kit.tmp() .. "/copy"
      assert.equal(all.digest, assert(oci.copy(place .. ":list", other)).digest)
      assert.equal(manifest, assert(oci.fetch_manifest(other .. "@" .. one.digest)).bytes)
      assert.equal(list, assert(oci.fetch_manifest(other .. ":list")).bytes)
      -- And an index may name one.
      local index = assert(oci.push(place .. ":index", { manifests = { { manifest = assert(oci.parse(manifest)),
        platform = "linux/amd64" } } }))
      assert.equal(DOCKER_MANIFEST, assert(oci.fetch_manifest(index)).manifests[1].media_type)
    end
  end)
end)

describe("a received manifest", function()
  it("is pushed unless lint finds an error; push_manifest takes it as it is", function()
    local place = "memory:" .. kit.repository "received"
    local layer = assert(oci.push_blob(place, { data = "x" }))
    local config = assert(oci.push_blob(place, { data = "{}" }))
    local function document(more)
      return ('{"schemaVersion":2,%s"config":{"mediaType":"application/vnd.example.config.v1+json","digest":"%s","size":2},'
        .. '"layers":[{"mediaType":"text/plain","digest":"%s","size":1}]}'):format(more, config.digest, layer.digest)
    end
    -- Without mediaType, as helm writes it: unusual.
    local unusual = assert(oci.parse(document ""))
    assert.equal(unusual.digest, assert(oci.push(place .. ":unusual", unusual)).digest)
    local wrong = assert(oci.parse(document '"annotations":{"org.opencontainers.nothing":"x"},'))
    local pushed, message, code = oci.push(place .. ":wrong", wrong)
    assert.is_nil(pushed)
    assert.equal("INVALID", code)
    assert.truthy(message:find("A05", 1, true), message)
    assert.is_false(oci.exists(place .. ":wrong"))
    assert.equal(wrong.digest, assert(oci.push_manifest(place .. ":wrong", wrong)).digest)
  end)

  it("goes by the digest that is asked for, sha512 too", function()
    local place = "memory:" .. kit.repository "received"
    local built = assert(oci.manifest { artifact_type = TYPE })
    assert(oci.push(place, built))
    local received = assert(oci.parse(built.bytes))
    local digest = oci.digest(built.bytes, "sha512")
    assert.equal(digest, assert(oci.push(place .. "@" .. digest, received)).digest)
    assert.equal("DIGEST_MISMATCH", (select(3, oci.push(place .. "@" .. oci.digest "x", received))))
    assert.equal(MANIFEST, assert(oci.fetch_manifest(place .. "@" .. digest)).media_type)
  end)
end)
