-- Before anything is sent: what is wrong is refused, what a tag names is looked at, a subject is resolved.
local kit = require "testkit"
local oci = require "oci"

local MANIFEST = "application/vnd.oci.image.manifest.v1+json"
local TYPE = "application/vnd.example.thing.v1"

local function spec_of(text, more)
  local spec = { artifact_type = TYPE, files = { { data = text, title = "a.txt" } } }
  for name, value in pairs(more or {}) do
    spec[name] = value
  end
  return spec
end

local function places(name)
  local all = { "memory:" .. kit.repository(name), "oci:" .. kit.tmp() .. "/layout" }
  kit.switches() -- all of them off
  for _, variable in ipairs { "OCI_TEST_REGISTRY", "OCI_TEST_SWITCHES" } do
    local host = os.getenv(variable)
    all[#all + 1] = host and host .. "/" .. kit.repository(name)
  end
  return all
end

describe("what lint calls an error", function()
  it("is refused before the first request, with the rule", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/rules:v1"
    local file = kit.write(kit.tmp() .. "/f", "content")
    for _, case in ipairs {
      { "A05", { annotations = { ["org.opencontainers.thing"] = "x" } } },
      { "A06", { files = { { path = file, title = "f", annotations = { ["org.opencontainers.image.nothing"] = "x" } } } } },
      { "D10", { layers = { { path = file, urls = { "no uri" } } } } },
      { "artifact type", { artifact_type = "nothing" } },
      { "media type", { layers = { { path = file, media_type = "nothing" } } } },
      { "media type", { config = { path = file, media_type = "a/b/c" } } },
      { "empty key", { annotations = { [""] = "x" } } },
      { "title", { files = { { path = file, title = "/etc/passwd" } } } },
      { "%.%.", { layers = { { dir = "/nowhere", prefix = "../x" } } } },
      { "tag", { tags = { "not a tag" } } },
      { "UTF%-8", { annotations = { ["a.b"] = "\255" } } },
      { "4194304", { annotations = { ["a.b"] = ("x"):rep(5 * 2 ^ 20) } } },
    } do
      local pushed, message, code = oci.push(place, spec_of("x", case[2]))
      assert.is_nil(pushed)
      assert.truthy(code == "INVALID" or code == "UNSAFE_PATH" or code == "LIMIT", message)
      assert.truthy(message:find(case[1]), message)
    end
    assert.same({}, switches:log())
  end)

  it("is not what is only unusual", function()
    local place = "memory:" .. kit.repository "rules"
    assert(oci.push(place .. ":v1", spec_of("x", {
      annotations = { nodots = "x", ["org.opencontainers.image.created"] = "yesterday" },
      layers = { { data = "x", urls = { "ftp://example.com/x" } } },
      })))
    assert(oci.push(place .. ":v2", { manifests = {
      { media_type = "application/xml", digest = oci.digest "x", size = 1 },
      { media_type = MANIFEST, digest = oci.digest "y", size = 1, platform = "Linux/x86_64" },
    } }))
  end)
end)

describe("immutable", function()
  it("refuses to move the reference's tag; the same again is fine", function()
    for _, place in ipairs(places "immutable") do
      local first = assert(oci.push(place .. ":v1", spec_of("one", { immutable = true })))
      local pushed, message, code = oci.push(place .. ":v1", spec_of("two", { immutable = true }))
      assert.is_nil(pushed)
      assert.equal("EXISTS", code, message)
      assert.truthy(message:find(first.digest, 1, true), message)
      assert.equal(first.digest, assert(oci.resolve(place .. ":v1")).digest)
      assert.equal(first.digest, assert(oci.push(place .. ":v1", spec_of("one", { immutable = true }))).digest)
      -- Other tags may be moved; and without the option this one, too.
      assert(oci.push(place .. ":v1", spec_of("one", { immutable = true, tags = { "latest" } })))
      assert.equal(first.digest, assert(oci.resolve(place .. ":latest")).digest)
      assert.not_equal(first.digest, assert(oci.push(place .. ":v1", spec_of "two")).digest)
    end
  end)

  it("sends nothing where the tag is there, whatever the content is", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/immutable"
    local dir = kit.tmp()
    kit.write(dir .. "/f", "content")
    local function spec(text)
      local left = { text }
      return {
        artifact_type = TYPE, immutable = true, new = true,
        layers = { { reader = function() return table.remove(left) end }, { dir = dir } },
        files = { kit.write(dir .. "/f", "content"), { data = "embedded", title = "e", embed = true } },
          }
    end
    local first = assert(oci.push(place .. ":v1", spec "streamed"))
    switches:reset "content"
    assert.equal(first.digest, assert(oci.push(place .. ":v1", spec "streamed")).digest)
    assert.equal("EXISTS", (select(3, oci.push(place .. ":v1", spec "otherwise"))))
    assert.equal("EXISTS", (select(3, oci.push(place .. ":v1", { artifact_type = TYPE, immutable = true,
      manifests = { { files = { { data = "x", title = "x" } } } } }))))
    assert.same({}, switches:log "^P")
    assert.equal(3, #switches:log "^HEAD .*/manifests/v1")
  end)

  it("looks again before the tag is put", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/immutable"
    local other = assert(oci.push(place .. ":other", spec_of "other"))
    -- Somebody is faster: the tag is not there at first, and names something else when the blobs are there.
    assert(oci.push_manifest(place .. ":v1", assert(oci.fetch_manifest(other))))
    switches:rules { { method = "HEAD", path = "/manifests/v1", action = { status = 404 } } }
    local pushed, message, code = oci.push(place .. ":v1", spec_of("mine", { immutable = true }))
    assert.is_nil(pushed)
    assert.equal("EXISTS", code, message)
    assert.equal(other.digest, assert(oci.resolve(place .. ":v1")).digest)
    assert.is_true(oci.stat_blob(place .. "@" .. oci.digest "mine") ~= nil)
    -- And when it names the same by then, nothing is to be done.
    switches:rules { { method = "HEAD", path = "/manifests/v1", action = { status = 404 } } }
    assert.equal(other.digest, assert(oci.push(place .. ":v1", spec_of("other", { immutable = true }))).digest)
  end)

  it("fails where the tag cannot be looked at", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/immutable"
    switches:rules { { method = "HEAD|GET", path = "/manifests/v1", times = -1, action = { status = 403 } } }
    local pushed, message, code = oci.push(place .. ":v1", spec_of("x", { immutable = true }))
    assert.is_nil(pushed)
    assert.equal("DENIED", code, message)
    assert.same({}, switches:log "^PUT .*/manifests/")
  end)

  it("takes for the same what an earlier push fell back to", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/immutable"
    switches:config { artifacts = false }
    local spec = spec_of("x", { immutable = true, fallback = true })
    local first = assert(oci.push(place .. ":v1", spec))
    local again = assert(oci.push(place .. ":v1", spec))
    assert.equal(first.digest, again.digest)
    assert.is_true(again.fallback)
    assert.equal("EXISTS", (select(3, oci.push(place .. ":v1", spec_of("y", { immutable = true, fallback = true })))))
    local index = { artifact_type = TYPE, immutable = true, fallback = true, manifests = { { files = spec.files } } }
    first = assert(oci.push(place .. ":all", index))
    assert.equal(first.digest, assert(oci.push(place .. ":all", index)).digest)
  end)

  it("is about a tag that the reference has", function()
    local place = "memory:" .. kit.repository "immutable"
    local built = assert(oci.push(place, spec_of("x", { immutable = true })))
    assert.is_nil(built.tags)
    assert.equal("INVALID", (select(3, oci.push(place, spec_of("x", { immutable = true, tags = "v1" })))))
    assert.same({}, assert(oci.tags(place)))
  end)

  it("counts for what was built with it", function()
    local place = "memory:" .. kit.repository "immutable"
    assert(oci.push(place .. ":v1", spec_of "one"))
    local built = assert(oci.manifest(spec_of("two", { immutable = true })))
    assert.equal("EXISTS", (select(3, oci.push(place .. ":v1", built))))
    assert.equal(built.digest, assert(oci.push(place .. ":v2", built)).digest)
  end)
end)

describe("a subject", function()
  local function subject_of(ref)
    return assert(oci.fetch_manifest(ref)).subject
  end

  it("is written from a reference, a descriptor or a manifest, always the same", function()
    for _, place in ipairs(places "subject") do
      local about = assert(oci.push(place .. ":v1", spec_of "about this"))
      local built = assert(oci.manifest(spec_of "about this"))
      local digest
      for _, subject in ipairs {
        place .. ":v1", place .. "@" .. about.digest, assert(oci.reference(place .. ":v1")), about, built,
        assert(oci.resolve(place .. ":v1")), assert(oci.fetch_manifest(place .. ":v1")),
        { media_type = MANIFEST, digest = about.digest, size = about.size, annotations = { a = "b" } },
        { reference = place .. ":v1" },
      } do
        local pushed = assert(oci.push(place, spec_of("referrer", { subject = subject })))
        assert.same({ media_type = MANIFEST, digest = about.digest, size = about.size }, subject_of(pushed))
        digest = digest or pushed.digest
        assert.equal(digest, pushed.digest)
        -- Built without a place to push to: the subject is asked for where it is.
        local again = assert(oci.manifest(spec_of("referrer", { subject = subject })))
        assert.equal(digest, again.digest)
        assert.equal(digest, assert(oci.push(place .. ":r", again)).digest)
      end
    end
  end)

  it("of what was built stays what it was, though its tag moves", function()
    local place = "memory:" .. kit.repository "subject"
    local about = assert(oci.push(place .. ":v1", spec_of "one"))
    local built = assert(oci.manifest(spec_of("referrer", { subject = place .. ":v1" })))
    assert(oci.push(place .. ":v1", spec_of "two"))
    assert.equal(about.digest, subject_of(assert(oci.push(place, built))).digest)
  end)

  it("may be an index's, and the index or manifest that it is about may be missing", function()
    local place = "memory:" .. kit.repository "subject"
    local subject = { media_type = MANIFEST, digest = oci.digest "nothing", size = 7 }
    local pushed = assert(oci.push(place, { subject = subject, artifact_type = TYPE, manifests = {
      { files = { { data = "x", title = "x" } }, subject = subject },
    } }))
    local index = assert(oci.fetch_manifest(pushed))
    -- Of an index, too, a reference is asked for.
    local about = assert(oci.push(place .. ":about", spec_of "about this"))
    for _, make in ipairs { oci.index, function(spec) return oci.push(place, spec) end } do
      local made = assert(make { subject = place .. ":about", artifact_type = TYPE, manifests = { spec_of "x", { manifests = {} } } })
      made = made.reference and assert(oci.fetch_manifest(made)) or made
      assert.equal(about.digest, made.subject.digest)
    end
    assert.equal(subject.digest, index.subject.digest)
    assert.equal(subject.digest, subject_of(index.manifests[1]).digest)
  end)

  it("is asked for first, and listed by the registry", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/subject"
    local about = assert(oci.push(place .. ":v1", spec_of "about this"))
    switches:reset "content"
    local pushed = assert(oci.push(place, spec_of("referrer", { subject = place .. ":v1" })))
    local log = switches:log()
    assert.equal("HEAD", log[1].method)
    assert.truthy(log[1].path:find "/manifests/v1$")
    local _, body = kit.http(switches.address, "GET", "/v2/spec/subject/referrers/" .. about.digest)
    assert.equal(pushed.digest, oci.json.decode(body).manifests[1].digest)
  end)

  it("that is nowhere, or elsewhere, is refused before anything is sent", function()
    local switches = kit.switches()
    local place = switches.address .. "/spec/subject"
    local pushed, message, code = oci.push(place .. ":r", spec_of("x", { subject = place .. ":nothing" }))
    assert.is_nil(pushed)
    assert.equal("NOT_FOUND", code, message)
    assert.truthy(message:find("the subject: .*nothing"), message)
    assert.same({}, switches:log "^P")
    switches:reset "content"
    for _, subject in ipairs { switches.address .. "/spec/other:v1", "memory:x:v1", "oci:/nowhere:v1" } do
      pushed, message, code = oci.push(place .. ":r", spec_of("x", { subject = subject }))
      assert.is_nil(pushed)
      assert.equal("INVALID", code)
      assert.truthy(message:find("subject is elsewhere", 1, true), message)
    end
    assert.equal("INVALID", (select(3, oci.push(place .. ":r", spec_of("x", { subject = "Not Valid" })))))
    assert.same({}, switches:log())
    assert.has_error(function() oci.push(place .. ":r", spec_of("x", { subject = {} })) end)
    assert.has_error(function() oci.push(place .. ":r", spec_of("x", { subject = 5 })) end)
  end)
end)

describe("content", function()
  local place

  before_each(function()
    place = "memory:" .. kit.repository "content"
  end)

  it("is embedded on request, and a blob all the same", function()
    local dir = kit.tmp()
    kit.must("mkdir", dir .. "/tree")
    kit.write(dir .. "/tree/f", "content")
    local text = { "streamed" }
    local pushed = assert(oci.push(place, { artifact_type = TYPE, layers = {
      { data = "hello", embed = true }, { path = kit.write(dir .. "/f", "file"), embed = true },
      { reader = function() return table.remove(text) end, embed = true }, { data = "not this", embed = false },
    }, files = { { dir = dir .. "/tree", title = "tree", embed = true } },
      config = { json = { a = 1 }, media_type = "application/vnd.example.config.v1+json", embed = true } }))
    local manifest = assert(oci.fetch_manifest(pushed))
    assert.equal('{"a":1}', manifest.config.data)
    for i, data in ipairs { "hello", "file", "streamed", false } do
      assert.equal(data or nil, manifest.layers[i].data)
    end
    local tree = manifest.layers[5]
    assert.equal(tree.digest, oci.digest(tree.data))
    assert.equal("true", tree.annotations["io.deis.oras.content.unpack"])
    assert.truthy(tree.annotations["io.deis.oras.content.digest"])
    for _, layer in ipairs(manifest.layers) do
      assert.equal(layer.size, #assert(oci.fetch_blob(layer)))
    end
    assert.equal('{"a":1}', assert(oci.fetch_config(pushed)))
  end)

  it("of more than 64 KiB is not embedded", function()
    local switches = kit.switches()
    local ref = switches.address .. "/spec/embed:v1"
    local most = ("x"):rep(65536)
    assert.equal(most, assert(oci.manifest { artifact_type = TYPE, layers = { { data = most, embed = true } } }).layers[1].data)
    local much = most .. "x"
    local text = { much }
    for _, item in ipairs {
      { data = much, embed = true }, { path = kit.write(kit.tmp() .. "/f", much), embed = true },
      { reader = function() return table.remove(text) end, embed = true },
    } do
      local pushed, message, code = oci.push(ref, { artifact_type = TYPE, layers = { item } })
      assert.is_nil(pushed)
      assert.equal("LIMIT", code)
      assert.truthy(message:find("65536", 1, true), message)
    end
    assert.same({}, switches:log "^PUT .*/manifests/")
  end)

  it("has urls", function()
    local urls = { "https://example.com/a", "https://example.com/b" }
    local m = assert(oci.manifest { artifact_type = TYPE, layers = { { data = "x", urls = urls } } })
    assert.same(urls, m.layers[1].urls)
  end)

  it("that is a directory is packed as asked for", function()
    local dir = kit.tmp()
    kit.must("mkdir", "-p", dir .. "/tree/sub")
    kit.write(dir .. "/tree/keep.txt", "keep")
    kit.write(dir .. "/tree/drop.log", "drop")
    kit.write(dir .. "/tree/sub/drop.log", "drop")
    local function pushed(item)
      local manifest = assert(oci.fetch_manifest(assert(oci.push(place, { artifact_type = TYPE, files = { item } }))))
      local layer = manifest.layers[1]
      local archive = kit.write(dir .. "/archive", assert(oci.fetch_blob(layer)))
      return layer, archive
    end
    local function names(archive)
      return (kit.must("python3", "-c", "import sys, tarfile\nprint(*tarfile.open(sys.argv[1]).getnames())", archive)
        :gsub("%s+$", ""))
    end
    local types = { gzip = "+gzip", zstd = "+zstd", none = "" }
    for compression, suffix in pairs(types) do
      local layer, archive = pushed { dir = dir .. "/tree", title = "tree", compression = compression, ignore = { "*.log" } }
      assert.equal("application/vnd.oci.image.layer.v1.tar" .. suffix, layer.media_type)
      if compression ~= "zstd" then
        assert.equal("tree tree/keep.txt tree/sub", names(archive))
      end
      assert.equal("true", layer.annotations["io.deis.oras.content.unpack"])
      -- The tar is the same, however it is compressed.
      types[compression] = layer.annotations["io.deis.oras.content.digest"]
      local out = kit.tmp()
      assert(oci.pull(place .. "@" .. assert(oci.push(place, { artifact_type = TYPE, files = {
        { path = dir .. "/tree", title = "tree", compression = compression } } })).digest, { to = out }))
      assert.equal("drop", kit.read(out .. "/tree/sub/drop.log"))
    end
    assert.equal(types.gzip, types.zstd)
    assert.equal(types.gzip, types.none)
    local layer, archive = pushed { dir = dir .. "/tree", title = "tree.tgz", prefix = "", ignore = { "*.log" },
      media_type = "application/vnd.example.archive.v1+gzip" }
    assert.equal("keep.txt sub", names(archive))
    assert.equal("application/vnd.example.archive.v1+gzip", layer.media_type)
    assert.is_nil(layer.annotations["io.deis.oras.content.unpack"])
    layer, archive = pushed { dir = dir .. "/tree", title = "t.tgz", prefix = "name-1.0", ignore = { "*.log" } }
    assert.equal("name-1.0 name-1.0/keep.txt name-1.0/sub", names(archive))
    assert.equal("t.tgz", layer.annotations["org.opencontainers.image.title"])
  end)

  it("that is no directory is not packed", function()
    local file = kit.write(kit.tmp() .. "/f", "x")
    for name, value in pairs { compression = "zstd", ignore = { "x" }, prefix = "x" } do
      local built, message, code = oci.manifest { artifact_type = TYPE, files = { { path = file, title = "f", [name] = value } } }
      assert.is_nil(built)
      assert.equal("INVALID", code)
      assert.truthy(message:find("directory", 1, true), message)
      local ok, text = pcall(oci.manifest, { artifact_type = TYPE, layers = { { data = "x", [name] = value } } })
      assert.is_false(ok)
      assert.truthy(text:find("'" .. name .. "' is for directories", 1, true), text)
    end
    for name, value in pairs { compression = "bzip2", ignore = "x", prefix = 5, embed = "yes", urls = "https://x" } do
      local ok, text = pcall(oci.manifest, { artifact_type = TYPE, layers = { { path = file, [name] = value } } })
      assert.is_false(ok)
      assert.truthy(text:find("'" .. name .. "'", 1, true), text)
    end
  end)
end)
