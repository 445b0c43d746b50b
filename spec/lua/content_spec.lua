-- Content: its forms, titles, media types, the artifact's type, the time of creation.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.example.thing.v1"
local TITLE = "org.opencontainers.image.title"

-- The layers of what would be pushed, as { title, media type, digest }.
local function layers(spec)
  spec.artifact_type = spec.artifact_type or TYPE
  local found = {}
  for i, layer in ipairs(assert(oci.manifest(spec)).layers) do
    found[i] = { layer.annotations and layer.annotations[TITLE] or false, layer.media_type, layer.digest }
  end
  return found
end

local function fails(code, spec, pattern)
  spec.artifact_type = spec.artifact_type or TYPE
  local built, message, got = oci.manifest(spec)
  assert.is_nil(built)
  assert.equal(code, got, message)
  if pattern then
    assert.truthy(message:find(pattern, 1, true), message)
  end
end

local OCTETS, JSON = "application/octet-stream", "application/json"
local TAR = "application/vnd.oci.image.layer.v1.tar+gzip"

describe("content", function()
  local dir

  before_each(function()
    dir = kit.tmp()
    kit.must("mkdir", "-p", dir .. "/sub/deep")
    kit.write(dir .. "/a.txt", "hello")
    kit.write(dir .. "/sub/b.txt", "there")
    kit.write(dir .. "/sub/deep/c.lua", "return 1")
    kit.write(dir .. "/sub/.hidden", "x")
  end)

  it("is a path, bytes, JSON", function()
    assert.same({
      { "a.txt", OCTETS, oci.digest "hello" },
      { "x.bin", OCTETS, oci.digest "bytes" },
      { "y.json", JSON, oci.digest '{"a":1,"b":[]}' },
      { "z", "text/plain", oci.digest "hello" },
    }, layers {
      files = {
        dir .. "/a.txt",
        { data = "bytes", title = "x.bin" },
        { json = { b = oci.array {}, a = 1 }, title = "y.json" },
        { path = dir .. "/a.txt", title = "z", media_type = "text/plain" },
      },
    })
  end)

  it("puts layers first and untitled, then files", function()
    assert.same({
      { false, OCTETS, oci.digest "hello" },
      { "t", OCTETS, oci.digest "1" },
      { "a.txt", OCTETS, oci.digest "hello" },
    }, layers { files = { dir .. "/a.txt" }, layers = { dir .. "/a.txt", { data = "1", title = "t" } } })
  end)

  it("has annotations of its own", function()
    local built = assert(oci.manifest {
      artifact_type = TYPE,
      files = { { data = "1", title = "t", annotations = { b = "2", a = "1" } } },
    })
    assert.same({ a = "1", b = "2", [TITLE] = "t" }, built.layers[1].annotations)
  end)

  it("is a directory, packed: annotated as oras does, its type tar+gzip", function()
    local built = assert(oci.manifest { artifact_type = TYPE, files = { dir .. "/sub", { dir = dir .. "/sub", title = "s" } } })
    for i, title in ipairs { "sub", "s" } do
      local layer = built.layers[i]
      assert.equal(TAR, layer.media_type)
      assert.equal(title, layer.annotations[TITLE])
      assert.equal("true", layer.annotations["io.deis.oras.content.unpack"])
      assert.truthy(layer.annotations["io.deis.oras.content.digest"]:find "^sha256:%x+$")
    end
  end)

  it("is the files that a pattern matches, sorted, titled by their paths from the root", function()
    local function titles(glob, more)
      local found = {}
      for i, layer in ipairs(layers { files = { { glob = glob, root = dir, media_type = more } } }) do
        found[i] = layer[1]
      end
      return found
    end
    assert.same({ "a.txt" }, titles "*.txt")
    assert.same({ "a.txt", "sub/b.txt", "sub/deep/c.lua" }, titles "**")
    assert.same({ "sub/deep/c.lua" }, titles "**/*.lua")
    assert.same({ "sub/.hidden" }, titles "sub/.*")
    assert.same({ "sub/b.txt" }, titles "sub/[a-c]*")
    fails("NOT_FOUND", { files = { { glob = "*.nothing", root = dir } } }, "*.nothing")
    fails("NOT_FOUND", { files = { { glob = "*", root = dir .. "/nowhere" } } })
  end)

  it("is a reader: a function, a file, an object with read", function()
    local place = "memory:" .. kit.repository("content")
    local left = { "one ", "", "two ", "three" }
    local object = { parts = { "an ", "object" } }
    function object:read(most)
      assert(most > 0)
      return table.remove(self.parts, 1)
    end
    local file = assert(io.open(dir .. "/a.txt", "rb"))
    local pushed = assert(oci.push(place .. ":v1", {
      artifact_type = TYPE,
      files = {
        { reader = function() return table.remove(left, 1) end, title = "f" },
        { reader = file, title = "file" },
        { reader = object, title = "o" },
      },
      config = { reader = coroutine.wrap(function() coroutine.yield "{}" end), media_type = JSON },
    }))
    file:close()
    local out = kit.tmp()
    assert(oci.pull(pushed, { to = out }))
    assert.equal("one two three", kit.read(out .. "/f"))
    assert.equal("hello", kit.read(out .. "/file"))
    assert.equal("an object", kit.read(out .. "/o"))
    assert.equal("{}", assert(oci.fetch_config(pushed)))
  end)

  it("must be exactly one thing", function()
    for _, item in ipairs {
      {}, { title = "x" }, { path = "a", data = "b" }, { dir = "a", glob = "b" }, { reader = {} }, { reader = 5 }, 5, true,
      { data = 5 }, { path = 5 }, { data = "x", annotations = { 1 } }, { data = "x", title = 5 }, { path = "x", root = "y" },
      { glob = "*", title = "x" },
    } do
      local ok, message = pcall(oci.manifest, { artifact_type = TYPE, files = { item } })
      assert.is_false(ok)
      assert.truthy(message:find("files[1]", 1, true), message)
    end
    assert.is_false(pcall(oci.push_blob, "memory:x", { glob = "*" }))
  end)

  it("that is not there is NOT_FOUND, and names the path", function()
    fails("NOT_FOUND", { files = { dir .. "/none" } }, dir .. "/none")
    fails("NOT_FOUND", { layers = { { dir = dir .. "/none" } } }, dir .. "/none")
  end)

  it("that is a pipe is refused, not waited for", function()
    kit.must("mkfifo", dir .. "/fifo")
    local built, message, code = oci.manifest { artifact_type = TYPE, files = { dir .. "/fifo" } }
    assert.is_nil(built)
    assert.is_true(code == "IO" or code == "INVALID" or code == "UNSAFE_PATH", tostring(code) .. ": " .. message)
  end)
end)

describe("the digest of what is in an archive", function()
  local function digest(path)
    return assert(oci.digest { path = path, unpacked = true })
  end

  it("is that of its tar, in members and frames as well", function()
    local dir = kit.tmp()
    kit.write(dir .. "/a", ("some text "):rep(200000))
    kit.must("sh", "-c", 'cd "$1" && gzip -c a > a.gz && cat a.gz a.gz > aa.gz && zstd -q a && cat a.zst a.zst > aa.zst && cat a a > aa',
      "sh", dir)
    for _, name in ipairs { "a", "a.gz", "a.zst" } do
      assert.equal(assert(oci.digest { path = dir .. "/a" }), digest(dir .. "/" .. name))
      assert.equal(assert(oci.digest { path = dir .. "/aa" }), digest(dir .. "/" .. name:gsub("^a", "aa")))
    end
    assert.equal(assert(oci.digest({ path = dir .. "/a" }, "sha512")),
      assert(oci.digest({ path = dir .. "/a.gz", unpacked = true }, "sha512")))
  end)

  it("is hashed in slices where it is long", function()
    local dir = kit.tmp()
    kit.must("sh", "-c", 'head -c 140000000 /dev/zero | gzip -1 > "$1/z.gz"', "sh", dir)
    local sum = kit.must("sh", "-c", "head -c 140000000 /dev/zero | sha256sum"):match "^%x+"
    assert.equal("sha256:" .. sum, digest(dir .. "/z.gz"))
  end)

  it("is none where there is none", function()
    local dir = kit.tmp()
    kit.write(dir .. "/cut.gz", "\31\139\8\0\0\0\0\0")
    local digest_of = { ["/cut.gz"] = "INVALID", ["/none"] = "NOT_FOUND", [""] = "INVALID" }
    for name, code in pairs(digest_of) do
      local value, message, got = oci.digest { path = dir .. name, unpacked = true }
      assert.is_nil(value)
      assert.equal(code, got, message)
    end
    assert.has_error(function() oci.digest { data = "x", unpacked = true } end)
    assert.has_error(function() oci.digest { path = "x", unpacked = 1 } end)
  end)
end)

describe("titles", function()
  local dir

  before_each(function()
    dir = kit.tmp()
    kit.must("mkdir", "-p", dir .. "/x/y")
    kit.write(dir .. "/x/y/z", "1")
  end)

  -- In a directory of our own, since relative paths are what this is about.
  local function title_of(path)
    local script = kit.write(dir .. "/title.lua", [[
      local oci = require "oci"
      local built, message, code = oci.manifest { artifact_type = "a/b", files = { arg[1] } }
      print(built and built.layers[1].annotations["org.opencontainers.image.title"] or code .. ": " .. message)]])
    local _, output = kit.shell("cd " .. kit.quote(dir) .. " && " .. (os.getenv "OCI_TEST_LUA" or "lua5.4") .. " "
      .. kit.quote(script) .. " " .. kit.quote(path))
    return (output:gsub("\n$", ""))
  end

  it("of relative paths are the paths, tidied", function()
    assert.equal("x/y/z", title_of "x/y/z")
    assert.equal("x/y/z", title_of "./x//y/./z")
    assert.equal("x/y", title_of "x/y/")
  end)

  it("of absolute paths are their last parts", function()
    assert.equal("z", title_of(dir .. "/x/y/z"))
    assert.equal("y", title_of(dir .. "/x/y/"))
  end)

  it("must be given for paths with .. and without a name", function()
    assert.truthy(title_of("x/../x/y/z"):find("^INVALID: "))
    assert.truthy(title_of(dir .. "/x/../x/y/z"):find("^INVALID: "))
    assert.truthy(title_of("."):find("^INVALID: "))
  end)

  it("are needed in files for what has no path", function()
    fails("INVALID", { files = { { data = "x" } } }, "title")
  end)

  it("are given once", function()
    fails("INVALID", { files = { { data = "x", title = "a" }, { data = "y", title = "a" } } }, "twice")
    fails("INVALID", { files = { { data = "x", title = "a\27[2J" }, { data = "y", title = "a\27[2J" } } }, "\"a?[2J\" is given twice")
    fails("INVALID", { files = { { data = "x", title = "a\n" }, { data = "y", title = "a\n/b\r" } } }, "\"a?/b?\" and \"a?\"")
    fails("INVALID", { files = { { path = "..\n/.." } } }, "of the path \"..?/..\"")
  end)

  it("of which one would have to be a file and a directory are refused: nothing could pull them", function()
    fails("INVALID", { files = { { data = "x", title = "a" }, { data = "y", title = "a/b/c" } } }, '"a/b/c" and "a"')
    fails("INVALID", { files = { { data = "x", title = "a/b/c" }, { data = "y", title = "a/b" } } }, '"a/b" and "a/b/c"')
    fails("INVALID", { files = { { dir = dir .. "/x", title = "a" }, { data = "y", title = "a/new" } } })
    assert(oci.manifest { artifact_type = TYPE, files = { { data = "x", title = "a/b" }, { data = "y", title = "a/c" },
      { data = "z", title = "ab" } } })
  end)

  it("that would leave the place are refused before anything is sent", function()
    for _, title in ipairs { "../x", "/x", "a/../../x", "a\\..\\..\\x\0", "x\n", ".." } do
      local ok, built, _, code = pcall(oci.manifest, { artifact_type = TYPE, files = { { data = "x", title = title } } })
      assert.is_true(not ok or not built, title)
      assert.is_true(not ok or code == "UNSAFE_PATH" or code == "INVALID", tostring(code))
    end
  end)
end)

describe("the artifact's type", function()
  local warnings, client

  before_each(function()
    warnings = {}
    client = assert(oci.client { on_warning = function(text) warnings[#warnings + 1] = text end })
  end)

  after_each(function()
    client:close()
  end)

  it("is artifact_type, without a warning", function()
    assert.equal(TYPE, assert(client:manifest { artifact_type = TYPE }).artifact_type)
    assert.same({}, warnings)
  end)

  it("is the config's media type, and none is written then", function()
    local built = assert(client:manifest { config = { json = {}, media_type = "application/vnd.example.config+json" } })
    assert.is_nil(built.artifact_type)
    assert.equal("application/vnd.example.config+json", built.config.media_type)
    assert.same({}, warnings)
  end)

  it("is unknown without both, with a warning", function()
    assert.equal("application/vnd.unknown.artifact.v1", assert(client:manifest {}).artifact_type)
    assert.equal("application/vnd.unknown.artifact.v1", assert(client:manifest { config = { json = {} } }).artifact_type)
    assert.equal(2, #warnings)
    assert.truthy(warnings[1]:find("artifact_type", 1, true))
  end)

  it("may be given besides a config's", function()
    local built = assert(client:manifest { artifact_type = TYPE, config = { data = "{}", media_type = "a/b" } })
    assert.equal(TYPE, built.artifact_type)
    assert.equal("a/b", built.config.media_type)
  end)

  it("is checked", function()
    fails("INVALID", { artifact_type = "no media type" })
  end)

  it("has the empty config, when none is given", function()
    local built = assert(client:manifest { artifact_type = TYPE })
    assert.equal("application/vnd.oci.empty.v1+json", built.config.media_type)
    assert.equal(oci.digest "{}", built.config.digest)
  end)
end)

describe("the time of creation", function()
  local CREATED = "org.opencontainers.image.created"

  local function created(value)
    local built = assert(oci.manifest { artifact_type = TYPE, created = value })
    return built.annotations and built.annotations[CREATED]
  end

  it("is written only when it is asked for", function()
    assert.is_nil(created(nil))
    assert.is_nil(created(false))
    assert.truthy(created(true):find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$")
  end)

  it("is given in seconds, or as text that is kept", function()
    assert.equal("1970-01-01T00:00:00Z", created(0))
    assert.equal("2009-02-13T23:31:30Z", created(1234567890))
    assert.equal("2024-01-02T03:04:05.678+01:00", created "2024-01-02T03:04:05.678+01:00")
  end)

  it("that is no time is INVALID", function()
    fails("INVALID", { created = "yesterday" }, "yesterday")
    fails("INVALID", { created = "2024-01-02" })
    fails("INVALID", { created = "2024-13-02T03:04:05Z" })
    fails("INVALID", { created = "2024-01-02T24:04:05Z" })
    fails("INVALID", { created = "2024-01-02T03:04:05+0100" })
    fails("INVALID", { created = "2024-01-01T00:00:001Z" })
    fails("INVALID", { created = "2024-01-01T00:00:00.Z" })
    fails("INVALID", { created = "2024-01-01T00:00:00.1.2Z" })
    fails("INVALID", { created = 2 ^ 50 }, "year 9999")
  end)

  it("comes from SOURCE_DATE_EPOCH", function()
    local script = kit.write(kit.tmp() .. "/x.lua", [[
      local oci = require "oci"
      local built, message, code = oci.manifest { artifact_type = "a/b", created = true }
      print(built and built.annotations["org.opencontainers.image.created"] or code)]])
    local lua = os.getenv "OCI_TEST_LUA" or "lua5.4"
    assert.equal("2009-02-13T23:31:30Z\n", kit.must("env", "SOURCE_DATE_EPOCH=1234567890", lua, script))
    assert.equal("INVALID\n", kit.must("env", "SOURCE_DATE_EPOCH=now", lua, script))
  end)
end)
