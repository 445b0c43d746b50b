-- What a pull takes: names, media types, platforms, layers.
local kit = require "testkit"
local oci = require "oci"

local TITLE = "org.opencontainers.image.title"

-- Blobs that were asked for since the reset.
local function fetched(switches)
  local digests = {}
  for _, entry in ipairs(switches:log "GET .*/blobs/") do
    digests[#digests + 1] = entry.path:match "sha256:%x+"
  end
  table.sort(digests)
  return digests
end

local function digests_of(...)
  local list = {}
  for i, text in ipairs { ... } do
    list[i] = oci.digest(text)
  end
  table.sort(list)
  return list
end

local function paths(pulled, prefix)
  local list = {}
  for i, file in ipairs(pulled.files) do
    list[i] = file.path:sub(#prefix + 2)
  end
  return list
end

describe("what is pulled of an artifact", function()
  local switches, place, work

  before_each(function()
    switches = kit.switches()
    place = switches.address .. "/" .. kit.repository()
    work = kit.tmp()
    assert(oci.push(place .. ":v1", {
      artifact_type = "application/vnd.example.thing.v1",
      layers = { { data = "{}\n", media_type = "application/vnd.example.part.v1+json" } },
      files = {
        { data = "readme", title = "README.md", media_type = "text/markdown" },
        { data = "one", title = "data/one.json", media_type = "application/json" },
        { data = "two", title = "data/deep/two.json", media_type = "application/json" },
        { data = "bin", title = "run.bin", media_type = "application/vnd.example.program.v2" },
      },
    }))
    switches:reset "content"
  end)

  local function pull(opts)
    opts.to = opts.to or work .. "/out"
    return assert(oci.pull(place .. ":v1", opts))
  end

  it("is everything, unless something is said", function()
    local pulled = pull {}
    local part = oci.digest("{}\n"):gsub(":", "-") .. ".json"
    assert.same({ part, "README.md", "data/one.json", "data/deep/two.json", "run.bin" }, paths(pulled, work .. "/out"))
    assert.is_nil(pulled.files[1].title)
    assert.same({ 1, 2, 3, 4, 5 }, { pulled.files[1].layer, pulled.files[2].layer, pulled.files[3].layer,
      pulled.files[4].layer, pulled.files[5].layer })
    assert.equal("{}\n", kit.read(work .. "/out/" .. part))
  end)

  it("is what the patterns include, and nothing else is fetched", function()
    local pulled = pull { include = "data/**/*.json" }
    assert.same({ "data/one.json", "data/deep/two.json" }, paths(pulled, work .. "/out"))
    assert.same(digests_of("one", "two"), fetched(switches))
    assert.equal(5, #pulled.manifest.layers)
    assert.same({ 3, 4 }, { pulled.files[1].layer, pulled.files[2].layer })
  end)

  it("is not what the patterns exclude, which win", function()
    local pulled = pull { include = { "*", "data/*" }, exclude = { "sha256-*", "*.bin" } }
    assert.same({ "README.md", "data/one.json" }, paths(pulled, work .. "/out"))
    assert.same(digests_of("readme", "one"), fetched(switches))
    -- One without a title goes by the name it gets.
    pulled = pull { include = "sha256-*.json", to = work .. "/other" }
    assert.equal(1, #pulled.files)
  end)

  it("is of the media types", function()
    assert.same({ "README.md" }, paths(pull { media_types = "text/markdown" }, work .. "/out"))
    assert.same({ "run.bin" }, paths(pull { media_types = "application/vnd.EXAMPLE.program.*" }, work .. "/out"))
    assert.same({ "README.md", "data/one.json", "data/deep/two.json" },
      paths(pull { media_types = { "text/*", "application/json" } }, work .. "/out"))
    assert.same({ "data/one.json" }, paths(pull { media_types = "*json", include = "data/*" }, work .. "/out"))
    assert.equal(5, #pull({ media_types = "*", to = work .. "/all" }).files)
  end)

  it("is an error when what was asked for is not there", function()
    for _, opts in ipairs { { include = "*.lua" }, { media_types = "image/png" },
      { include = "*.md", media_types = "application/json" }, { include = {} , media_types = "x/y" } } do
      opts.to = work .. "/none"
      local pulled, message, code = oci.pull(place .. ":v1", opts)
      assert.is_nil(pulled)
      assert.equal("NOT_FOUND", code)
      assert.truthy(message:find("nothing in it matches", 1, true), message)
      assert.truthy(message:find("README.md", 1, true), message)
      assert.same({}, fetched(switches))
      assert.is_false((kit.run("test", "-e", work .. "/none")))
    end
    assert.same({}, pull({ exclude = "**", to = work .. "/none" }).files)
    assert.equal(5, #pull({ include = {}, to = work .. "/all" }).files)
  end)

  it("checks only the names of what is selected", function()
    local manifest = assert(oci.fetch_manifest(place .. ":v1"))
    local bad = manifest.bytes:gsub('"run.bin"', '"../run.bin"')
    assert(oci.push_manifest(place .. ":bad", bad))
    local _, _, code = oci.pull(place .. ":bad", { to = work .. "/bad" })
    assert.equal("UNSAFE_PATH", code)
    assert(oci.pull(place .. ":bad", { to = work .. "/bad", exclude = "../**" }))
  end)

  it("is in a layout the same", function()
    local layout = "oci:" .. work .. "/layout"
    assert(oci.copy(place .. ":v1", layout .. ":v1"))
    local pulled = assert(oci.pull(layout .. ":v1", { to = work .. "/out", include = "data/*", media_types = "*/json" }))
    assert.same({ "data/one.json" }, paths(pulled, work .. "/out"))
  end)

  it("raises for what is no selection", function()
    for name, value in pairs { include = 1, exclude = { 1 }, media_types = true, platform = 7 } do
      assert.has_error(function() oci.pull(place, { [name] = value }) end)
    end
    for _, platform in ipairs { {}, { os = "linux" }, { os = "linux", architecture = "arm64", varient = "v8" } } do
      local ok, message = pcall(oci.pull, place, { platform = platform })
      assert.is_false(ok)
      assert.truthy(message:find("platform", 1, true), message)
    end
    local _, message, code = oci.pull(place, { platform = "linux" })
    assert.equal("INVALID", code)
    assert.truthy(message:find('"linux" is not a platform', 1, true), message)
  end)
end)

describe("of an index", function()
  local switches, place, work, by_platform

  local function put(text)
    return assert(oci.push(place, { artifact_type = "application/vnd.example.v1", files = { { data = text, title = "file" } } }))
  end

  local function entry(text, platform)
    local d = put(text)
    return { media_type = d.media_type, digest = d.digest, size = d.size, platform = platform }
  end

  local function index(tag, ...)
    local built = assert(oci.index { manifests = { ... } })
    assert(oci.push_manifest(tag and place .. ":" .. tag or place .. "@" .. built.digest, built))
    return { media_type = built.media_type, digest = built.digest, size = built.size }
  end

  before_each(function()
    switches = kit.switches()
    place = switches.address .. "/" .. kit.repository()
    work = kit.tmp()
    by_platform = {
      entry("amd64", "linux/amd64"), entry("arm64", "linux/arm64/v8"), entry("armv7", "linux/arm/v7"),
      entry("win10", { os = "windows", architecture = "amd64", os_version = "10.0.17763.1", os_features = { "win32k" } }),
      entry("win11", { os = "windows", architecture = "amd64", os_version = "10.0.20348.2" }),
    }
  end)

  local function content(tag, platform)
    local pulled, message, code, detail = oci.pull(place .. ":" .. tag,
      { to = work .. "/out", overwrite = true, platform = platform })
    if not pulled then
      return nil, message, code, detail
    end
    return kit.read(work .. "/out/file"), pulled
  end

  it("the platform's manifest is pulled", function()
    index("v1", (rawget(table, "unpack") or rawget(_G, "unpack"))(by_platform))
    for platform, text in pairs {
      ["linux/amd64"] = "amd64", ["linux/x86_64"] = "amd64", ["linux/arm64"] = "arm64", ["linux/arm64/v8"] = "arm64",
      ["linux/arm"] = "armv7", ["windows/amd64"] = "win10",
    } do
      assert.equal(text, (content("v1", platform)))
    end
    assert.equal("win11", (content("v1", { os = "windows", architecture = "amd64", os_version = "10.0.20348.2" })))
    assert.equal("win10", (content("v1", { os = "windows", architecture = "amd64", os_features = { "win32k" } })))
    for _, descriptor in ipairs(assert(oci.fetch_manifest(place .. ":v1")).manifests) do
      local _, pulled = content("v1", descriptor.platform)
      assert.equal(descriptor.digest, pulled.digest)
    end
  end)

  it("the host's is, when none is said", function()
    local host = kit.must("uname", "-m"):match "%S+"
    local known = { x86_64 = "linux/amd64", aarch64 = "linux/arm64" }
    if not known[host] then
      pending("another machine: " .. host)
      return
    end
    index("v1", entry("other", "plan9/mips"), entry("ours", known[host]))
    assert.equal("ours", (content "v1"))
  end)

  it("the platforms that there are, are told", function()
    index("v1", by_platform[1], by_platform[2])
    local got, message, code, detail = content("v1", "linux/riscv64")
    assert.is_nil(got)
    assert.equal("NOT_FOUND", code)
    assert.same({ "linux/amd64", "linux/arm64/v8" }, detail.platforms)
    assert.truthy(message:find("linux/riscv64", 1, true), message)
    assert.same(0, #switches:log "GET .*/blobs/")
  end)

  it("that is nested, too", function()
    local inner = index(nil, by_platform[2], entry("mips", "plan9/mips"))
    local other = index(nil, by_platform[3])
    index("v1", inner, other, by_platform[1])
    assert.equal("amd64", (content("v1", "linux/amd64")))
    assert.equal("arm64", (content("v1", "linux/arm64")))
    assert.equal("armv7", (content("v1", "linux/arm/v7")))
    local got, _, code, detail = content("v1", "linux/s390x")
    assert.is_nil(got)
    assert.equal("NOT_FOUND", code)
    assert.same({ "linux/amd64", "linux/arm64/v8", "plan9/mips", "linux/arm/v7" }, detail.platforms)
    -- An index that is for a platform is looked into.
    local for_arm = { media_type = inner.media_type, digest = inner.digest, size = inner.size, platform = "linux/arm64" }
    index("v2", for_arm)
    assert.equal("arm64", (content("v2", "linux/arm64")))
  end)

  it("without platforms, the digests to choose from are told", function()
    local one, two = entry "one", entry "two"
    index("v1", one, two)
    local got, message, code = content "v1"
    assert.is_nil(got)
    assert.equal("INVALID", code)
    assert.truthy(message:find(one.digest, 1, true), message)
    assert.truthy(message:find(two.digest, 1, true), message)
    assert.is_table(oci.pull(place .. "@" .. two.digest, { to = work .. "/out" }))
    assert.equal("two", kit.read(work .. "/out/file"))
  end)

  it("of Docker's kinds it is the same", function()
    local one = assert(oci.push_blob(place, { data = "docker's" }))
    local config = assert(oci.push_blob(place, { data = "{}" }))
    local image = ('{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",'
      .. '"config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"%s","size":2},'
      .. '"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","digest":"%s","size":8}]}')
      :format(config.digest, one.digest)
    local pushed = assert(oci.push_manifest(place .. "@" .. oci.digest(image), image))
    local list = ('{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json",'
      .. '"manifests":[{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","digest":"%s","size":%d,'
      .. '"platform":{"os":"linux","architecture":"s390x"}}]}'):format(pushed.digest, #image)
    assert(oci.push_manifest(place .. ":docker", list))
    local pulled = assert(oci.pull(place .. ":docker", { to = work .. "/out", platform = "linux/s390x" }))
    assert.equal(pushed.digest, pulled.digest)
    assert.equal(work .. "/out/" .. one.digest:gsub(":", "-") .. ".tar.gz", pulled.files[1].path)
    assert.equal("docker's", kit.read(pulled.files[1].path))
  end)
end)

describe("names of files", function()
  local work, layout

  before_each(function()
    work = kit.tmp()
    layout = "oci:" .. work .. "/layout"
  end)

  it("an artifact without content has no files", function()
    assert(oci.push(layout .. ":v1", { artifact_type = "application/vnd.example.v1" }))
    local pulled = assert(oci.pull(layout .. ":v1", { to = work .. "/out" }))
    assert.same({}, pulled.files)
    assert.equal(1, #pulled.manifest.layers)
  end)

  it("that begin with a dot are taken; those that Windows or git would misread are not", function()
    local function try(title)
      assert(oci.push(layout .. ":v1", { artifact_type = "application/x.y", layers = { { data = "x", annotations = { [TITLE] = title } } } }))
      local pulled, _, code = oci.pull(layout .. ":v1", { to = work .. "/" .. #title })
      return pulled and "pulled" or code
    end
    for _, title in ipairs { ".gitignore", ".github/ci.yml", "..rc", "Compiled ARM template", "ünï/cödé" } do
      assert.equal("pulled", try(title), title)
    end
    for _, title in ipairs { "c:x", "file:stream", ".git/hooks/x", "a/.GIT/config", "nul.txt", "a/../b", "/etc/x", "a\\b" } do
      assert.equal("UNSAFE_PATH", try(title), title)
    end
  end)

  it("a directory that was unpacked before follows the rule of files, file by file", function()
    kit.must("mkdir", "-p", work .. "/tree/sub")
    kit.write(work .. "/tree/sub/same", "same")
    kit.write(work .. "/tree/changed", "new")
    assert(oci.push(layout .. ":v1", { artifact_type = "application/x.y", files = { { dir = work .. "/tree", title = "tree" } } }))
    local to = { to = work .. "/out" }
    assert(oci.pull(layout .. ":v1", to))
    assert.equal("unchanged", assert(oci.pull(layout .. ":v1", to)).files[1].state)
    kit.write(work .. "/out/tree/changed", "mine")
    kit.write(work .. "/out/tree/own", "kept")
    local before = kit.must("stat", "-c", "%i", work .. "/out/tree/sub/same")
    local pulled, message, code = oci.pull(layout .. ":v1", to)
    assert.is_nil(pulled)
    assert.equal("EXISTS", code)
    assert.truthy(message:find("tree/changed", 1, true), message)
    assert.equal("mine", kit.read(work .. "/out/tree/changed"))
    to.overwrite = true
    assert.equal("unpacked", assert(oci.pull(layout .. ":v1", to)).files[1].state)
    assert.equal("new", kit.read(work .. "/out/tree/changed"))
    assert.equal("kept", kit.read(work .. "/out/tree/own"))
    assert.equal(before, kit.must("stat", "-c", "%i", work .. "/out/tree/sub/same")) -- the very file
    assert.equal(".\n./tree\n./tree/changed\n./tree/own\n./tree/sub\n./tree/sub/same\n", kit.tree(work .. "/out"))
  end)

  it("a directory that is there as it was packed is not fetched; one bit of difference, and it is", function()
    local switches = kit.switches()
    local place = switches.address .. "/" .. kit.repository() .. ":v1"
    kit.must("mkdir", "-p", work .. "/tree/sub", work .. "/tree/none")
    kit.write(work .. "/tree/sub/file", ("text\n"):rep(100000))
    kit.write(work .. "/tree/run", "#!/bin/sh\n")
    kit.must("chmod", "755", work .. "/tree/run")
    kit.must("ln", "-s", "sub/file", work .. "/tree/link")
    for _, compression in ipairs { "gzip", "zstd", "none" } do
      assert(oci.push(place, { artifact_type = "application/x.y",
        files = { { dir = work .. "/tree", title = "a/tree", compression = compression } } }))
      local to = { to = work .. "/" .. compression }
      local function pulls(state)
        switches:reset "content"
        local pulled = assert(oci.pull(place, to))
        assert.equal(state, pulled.files[1].state)
        assert.equal(work .. "/" .. compression .. "/a/tree", pulled.files[1].path)
        assert.equal(state == "unchanged" and 0 or 1, #switches:log "GET .*/blobs/")
        assert.is_nil(kit.tree(to.to):find("oci-pull", 1, true)) -- nothing of ours is left
      end
      pulls "unpacked"
      pulls "unchanged"
      kit.must("chmod", "644", to.to .. "/a/tree/run")
      kit.must("chmod", "755", to.to .. "/a/tree/sub/file")
      pulls "unpacked" -- which sets it right
      assert.is_true(kit.run("test", "-x", to.to .. "/a/tree/run"))
      assert.is_false(kit.run("test", "-x", to.to .. "/a/tree/sub/file"))
      pulls "unchanged"
      kit.must("rm", to.to .. "/a/tree/link")
      pulls "unpacked"
      pulls "unchanged"
      kit.must("mkfifo", to.to .. "/a/tree/fifo") -- what cannot be packed is different, and no failure
      pulls "unpacked"
    end
  end)

  it("a slash at the end is regctl's mark of a directory", function()
    kit.must("mkdir", "-p", work .. "/tree/sub")
    kit.write(work .. "/tree/sub/file", "text")
    kit.must("tar", "-C", work .. "/tree", "-czf", work .. "/tree.tgz", ".")
    assert(oci.push(layout .. ":v1", { artifact_type = "application/vnd.example.v1", layers = {
      { path = work .. "/tree.tgz", annotations = { [TITLE] = "docs/" } } } }))
    local pulled = assert(oci.pull(layout .. ":v1", { to = work .. "/out", include = "docs" }))
    assert.equal("unpacked", pulled.files[1].state)
    assert.equal(work .. "/out/docs", pulled.files[1].path)
    assert.equal("text", kit.read(work .. "/out/docs/sub/file"))
    pulled = assert(oci.pull(layout .. ":v1", { to = work .. "/kept", unpack = false }))
    assert.equal(work .. "/kept/docs", pulled.files[1].path)
    assert.equal(kit.read(work .. "/tree.tgz"), kit.read(work .. "/kept/docs"))
  end)
end)
