-- One file of an artifact, streamed; out of an archive, too.
local kit = require "testkit"
local oci = require "oci"

local MIB = 1024 * 1024
local TITLE = "org.opencontainers.image.title"

local function all(reader, ...)
  assert(reader, ...)
  local parts = {}
  while true do
    local chunk, message, code = reader:read(50000)
    if not chunk then
      if message then
        return nil, message, code
      end
      return table.concat(parts)
    end
    parts[#parts + 1] = chunk
  end
end

-- As assert.equal, for texts that nobody wants to see.
local function check_text(want, got, what)
  if want ~= got then
    error(("%s: %s bytes instead of %d"):format(what or "?", tostring(got and #got), #want), 2)
  end
end

describe("open_file", function()
  local switches, place, work, big

  before_each(function()
    switches = kit.switches()
    place = switches.address .. "/" .. kit.repository()
    work = kit.tmp()
    big = {}
    for i = 1, 40000 do
      big[i] = ("%d is a line of text in a file, and its square is %d\n"):format(i, i * i)
    end
    big = table.concat(big)
    kit.must("mkdir", "-p", work .. "/docs/a/deep", work .. "/docs/z")
    kit.write(work .. "/docs/a/b.txt", "small\n")
    kit.write(work .. "/docs/a/deep/big.txt", big)
    kit.write(work .. "/docs/empty", "")
    kit.write(work .. "/docs/z/last", "the last one")
    kit.must("ln", "-s", "a/b.txt", work .. "/docs/link")
  end)

  local function push(more)
    local spec = { artifact_type = "application/x.y", layers = { { data = "untitled", media_type = "text/plain" } }, files = {
      { data = "hello", title = "hello.txt", media_type = "text/plain", annotations = { note = "x" } },
      { dir = work .. "/docs", title = "docs", compression = more },
    } }
    return assert(oci.push(place .. ":v1", spec))
  end

  it("gives a titled file, verified, with its descriptor and size", function()
    push()
    switches:reset "content"
    local reader = assert(oci.open_file(place .. ":v1", "hello.txt"))
    assert.equal(5, reader.size)
    assert.equal(oci.digest "hello", reader.descriptor.digest)
    assert.equal("text/plain", reader.descriptor.media_type)
    assert.equal("x", reader.descriptor.annotations.note)
    assert.equal(place .. "@" .. oci.digest "hello", reader.descriptor.reference)
    assert.equal("hello", all(reader))
    assert.equal(1, #switches:log "GET .*/blobs/")
    -- One without a title by the name it gets.
    assert.equal("untitled", all(oci.open_file(place .. ":v1", (oci.digest("untitled"):gsub(":", "-")) .. ".txt")))
  end)

  for _, compression in ipairs { "gzip", "none", "zstd" } do
    it("gives files out of a packed directory: " .. compression, function()
      push(compression)
      for path, text in pairs { ["a/b.txt"] = "small\n", ["a/deep/big.txt"] = big, empty = "", ["z/last"] = "the last one",
        ["./a//b.txt"] = "small\n" } do
        local reader = assert(oci.open_file(place .. ":v1", "docs/" .. path))
        assert.equal(#text, reader.size)
        check_text(text, all(reader), path)
        assert.equal("docs", reader.descriptor.annotations[TITLE])
      end
    end)
  end

  it("gives the archive itself under the directory's title", function()
    push()
    local layer = assert(oci.fetch_manifest(place .. ":v1")).layers[3]
    local reader = assert(oci.open_file(place .. ":v1", "docs"))
    assert.equal(layer.size, reader.size)
    check_text(assert(oci.fetch_blob(layer)), all(reader))
  end)

  it("says what is not there, and what is no file", function()
    push()
    local function failing(path)
      local reader, message, code, detail = oci.open_file(place .. ":v1", path)
      if reader then
        local text
        text, message, code = all(reader)
        assert.is_nil(text)
      else
        assert.is_table(detail)
      end
      assert.truthy(message:find(place, 1, true), message)
      return code
    end
    assert.equal("NOT_FOUND", failing "nothing")
    assert.equal("NOT_FOUND", failing "hello.txt/x")
    assert.equal("NOT_FOUND", failing "docs/nothing")
    assert.equal("NOT_FOUND", failing "docs/a/b.tx")
    assert.equal("INVALID", failing "docs/")
    assert.equal("INVALID", failing "docs/a")
    assert.equal("INVALID", failing "docs/a/deep/")
    assert.equal("INVALID", failing "docs/link")
    assert.equal("UNSAFE_PATH", failing "docs/../hello.txt")
    local _, _, code = oci.open_file(place .. ":none", "hello.txt")
    assert.equal("NOT_FOUND", code)
  end)

  it("chooses of an index as pull does", function()
    local one = push()
    local index = assert(oci.index { manifests = {
      { media_type = one.media_type, digest = one.digest, size = one.size, platform = "plan9/mips" } } })
    assert(oci.push_manifest(place .. ":index", index))
    local reader, _, code, detail = oci.open_file(place .. ":index", "hello.txt")
    assert.is_nil(reader)
    assert.equal("NOT_FOUND", code)
    assert.same({ "plan9/mips" }, detail.platforms)
    assert.equal("hello", all(oci.open_file(place .. ":index", "hello.txt", { platform = "plan9/mips" })))
    index = assert(oci.index { manifests = { { media_type = one.media_type, digest = one.digest, size = one.size } } })
    assert(oci.push_manifest(place .. ":index", index))
    reader, _, code = oci.open_file(place .. ":index", "hello.txt")
    assert.is_nil(reader)
    assert.equal("INVALID", code)
  end)

  it("reads what other programs packed: long names, several members, regctl's directories, image layers", function()
    local long = ("long/"):rep(40) .. "name"
    kit.must("mkdir", "-p", work .. "/t/" .. ("long/"):rep(40))
    kit.write(work .. "/t/" .. long, "far down")
    kit.must("sh", "-c", ("cd %s && for f in gnu posix ustar v7; do tar --format=$f -cf %s/$f.tar docs; done"
      .. " && tar --format=gnu -C t -cf gnulong.tar . && tar --format=posix -C t -czf posixlong.tgz .")
      :format(kit.quote(work), kit.quote(work)))
    local files = {}
    for _, format in ipairs { "gnu", "posix", "ustar", "v7" } do
      files[#files + 1] = { path = work .. "/" .. format .. ".tar", title = format,
        media_type = "application/vnd.oci.image.layer.v1.tar" }
    end
    kit.must("sh", "-c", ("cd %s && head -c 1000 gnu.tar | gzip > two.gz && tail -c +1001 gnu.tar | gzip >> two.gz")
      :format(kit.quote(work)))
    files[#files + 1] = { path = work .. "/two.gz", title = "two", media_type = "application/vnd.oci.image.layer.v1.tar+gzip" }
    local layers = {
      { path = work .. "/gnulong.tar", annotations = { [TITLE] = "g/" } },
      { path = work .. "/posixlong.tgz", annotations = { [TITLE] = "p/" } },
      { path = work .. "/posix.tar", media_type = "application/vnd.docker.image.rootfs.diff.tar" },
    }
    assert(oci.push(place .. ":v1", { artifact_type = "application/x.y", files = files, layers = layers }))
    for _, format in ipairs { "gnu", "posix", "ustar", "v7", "two" } do
      check_text(big, all(oci.open_file(place .. ":v1", format .. "/docs/a/deep/big.txt")), format)
    end
    assert.equal("far down", all(oci.open_file(place .. ":v1", "g/" .. long)))
    assert.equal("far down", all(oci.open_file(place .. ":v1", "p/" .. long)))
    local image = oci.digest(kit.read(work .. "/posix.tar")):gsub(":", "-")
    assert.equal("small\n", all(oci.open_file(place .. ":v1", image .. "/docs/a/b.txt")))
  end)

  it("has no end when the archive is not what it should be", function()
    push()
    local layer = assert(oci.fetch_manifest(place .. ":v1")).layers[3]
    for _, action in ipairs { { flip = layer.size - 3 }, { truncate = 9, keep_length = false }, { extend = 3 } } do
      switches:reset "content"
      switches:rules { { method = "GET", path = layer.digest, times = -1, action = action } }
      local reader, message, code = oci.open_file(place .. ":v1", "docs/a/b.txt", { retries = 0 })
      if reader then
        local text
        text, message, code = all(reader)
        assert.is_nil(text)
      end
      assert.truthy(code == "DIGEST_MISMATCH" or code == "SIZE_MISMATCH" or code == "INVALID",
        tostring(code) .. ": " .. tostring(message))
    end
  end)

  it("goes on after broken connections", function()
    push "none"
    local layer = assert(oci.fetch_manifest(place .. ":v1")).layers[3]
    switches:rules { { method = "GET", path = layer.digest, times = 2, action = { cut = MIB } } }
    check_text(big, all(oci.open_file(place .. ":v1", "docs/a/deep/big.txt")))
  end)

  it("stops when it is closed, and can be started", function()
    push "none"
    local reader = assert(oci.open_file(place .. ":v1", "docs/a/deep/big.txt"))
    assert.equal(big:sub(1, 1000), reader:read(1000))
    reader:close()
    assert.has_error(function() reader:read() end)
    local op = assert(oci.start("open_file", place .. ":v1", "docs/z/last"))
    assert.equal("the last one", all(op:wait()))
  end)

  it("holds as much memory for a large file as for a small one", function()
    local tree = work .. "/tree"
    kit.must("mkdir", "-p", tree)
    kit.must("truncate", "-s", "96M", tree .. "/large")
    kit.write(tree .. "/small", ("x"):rep(1000))
    assert(oci.push(place .. ":tree", { artifact_type = "application/x.y", files = {
      { dir = tree, title = "tree", compression = "none" }, { data = "{}", title = "title" } } }))
    -- The most memory of a program that reads a file through, in KiB.
    local function peak(title)
      local script = ("local n = 0 for chunk in assert(require('oci').open_file('%s:tree', '%s')):chunks() do n = n + #chunk end"
        .. " for line in io.lines '/proc/self/status' do if line:find 'VmHWM' then print(n, line:match '%%d+') end end")
        :format(place, title)
      local size, kib = kit.must(os.getenv "OCI_TEST_LUA", "-e", script):match "(%d+)%s+(%d+)"
      return tonumber(size), tonumber(kib)
    end
    local _, least = peak "tree/small"
    local size, most = peak "tree/large"
    assert.equal(96 * MIB, size)
    if not os.getenv "OCI_TEST_PRELOAD" then -- the sanitizer keeps what was freed; so does Lua for a while
      assert.is_true(most - least < 8 * 1024, most .. " KiB, " .. least .. " KiB")
    end
  end)

  it("works in a layout and in memory", function()
    push()
    for _, other in ipairs { "oci:" .. work .. "/layout:v1", "memory:open:v1" } do
      assert(oci.copy(place .. ":v1", other))
      assert.equal("hello", all(oci.open_file(other, "hello.txt")))
      check_text(big, all(oci.open_file(other, "docs/a/deep/big.txt")))
    end
  end)

  it("raises for wrong arguments", function()
    assert.has_error(function() oci.open_file(place) end)
    assert.has_error(function() oci.open_file(place, 1) end)
    assert.has_error(function() oci.open_file(place, "x", { unpack = true }) end)
  end)
end)
