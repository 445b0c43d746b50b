-- Push, pull, copy, tags in an OCI image layout: everything that needs no server.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.example.thing.v1"
local TITLE = "org.opencontainers.image.title"

describe("a layout", function()
  local work, layout

  before_each(function()
    work = kit.tmp()
    layout = "oci:" .. work .. "/layout"
    kit.must("mkdir", "-p", work .. "/tree/sub/empty")
    kit.write(work .. "/a.txt", "hello\n")
    kit.write(work .. "/tree/run.sh", "#!/bin/sh\n")
    kit.must("chmod", "755", work .. "/tree/run.sh")
    kit.write(work .. "/tree/sub/data", ("0123456789"):rep(30000))
    kit.must("ln", "-s", "sub/data", work .. "/tree/link")
  end)

  local function push(ref, more)
    local spec = { artifact_type = TYPE, files = { work .. "/a.txt", { dir = work .. "/tree", title = "tree" } } }
    for name, value in pairs(more or {}) do
      spec[name] = value
    end
    return assert(oci.push(ref, spec))
  end

  it("takes an artifact and gives it back, directories too", function()
    local pushed = push(layout .. ":v1", { annotations = { note = "one" } })
    assert.equal(layout .. "@" .. pushed.digest, pushed.reference)
    assert.same({ "v1" }, pushed.tags)
    assert.equal(TYPE, pushed.artifact_type)
    local pulled = assert(oci.pull(layout .. ":v1", { to = work .. "/out" }))
    assert.equal(pushed.digest, pulled.digest)
    assert.equal(pushed.reference, pulled.reference)
    assert.equal("one", pulled.manifest.annotations.note)
    assert.same({ "fetched", "unpacked" }, { pulled.files[1].state, pulled.files[2].state })
    assert.equal(work .. "/out/a.txt", pulled.files[1].path)
    assert.equal(6, pulled.files[1].size)
    assert.equal("a.txt", pulled.files[1].title)
    assert.equal(oci.digest "hello\n", pulled.files[1].digest)
    kit.must("diff", "-r", "--no-dereference", work .. "/tree", work .. "/out/tree")
    assert.equal("hello\n", kit.read(work .. "/out/a.txt"))
    assert.is_true((kit.run("test", "-x", work .. "/out/tree/run.sh")))
    assert.is_true((kit.run("test", "-d", work .. "/out/tree/sub/empty")))
    assert.equal(".\n./a.txt\n./tree\n./tree/link\n./tree/run.sh\n./tree/sub\n./tree/sub/data\n./tree/sub/empty\n",
      kit.tree(work .. "/out"))
  end)

  it("is the same bytes each time", function()
    local pushed = push(layout .. ":v1")
    assert.equal(pushed.digest, push("oci:" .. work .. "/other:x").digest)
    kit.must("touch", "-d", "2001-01-01", work .. "/tree/run.sh")
    assert.equal(pushed.digest, push(layout .. ":v2").digest)
  end)

  it("keeps what is equal, refuses what differs, replaces it when told to", function()
    push(layout .. ":v1")
    local to = { to = work .. "/out" }
    assert(oci.pull(layout .. ":v1", to))
    local again = assert(oci.pull(layout .. ":v1", to))
    assert.equal("unchanged", again.files[1].state)
    kit.write(work .. "/out/a.txt", "mine")
    local pulled, message, code, detail = oci.pull(layout .. ":v1", to)
    assert.is_nil(pulled)
    assert.equal("EXISTS", code)
    assert.truthy(message:find("a.txt", 1, true))
    assert.is_table(detail)
    assert.equal("mine", kit.read(work .. "/out/a.txt"))
    assert(oci.pull(layout .. ":v1", { to = work .. "/out", overwrite = true }))
    assert.equal("hello\n", kit.read(work .. "/out/a.txt"))
  end)

  it("keeps an archive with unpack = false", function()
    push(layout .. ":v1")
    local pulled = assert(oci.pull(layout .. ":v1", { to = work .. "/out", unpack = false, sync = true }))
    assert.equal("fetched", pulled.files[2].state)
    assert.is_true((kit.run("sh", "-c", "tar tzf " .. kit.quote(pulled.files[2].path) .. " | grep -q '^tree/run.sh$'")))
  end)

  it("goes by digest without a tag, reads latest without a tag", function()
    local pushed = push(layout)
    assert.is_nil(pushed.tags)
    assert.same({}, assert(oci.tags(layout)))
    assert.equal("NOT_FOUND", (select(3, oci.resolve(layout))))
    assert.equal(pushed.digest, assert(oci.resolve(pushed)).digest)
    push(layout .. ":latest")
    assert.equal(pushed.digest, assert(oci.resolve(layout)).digest)
  end)

  it("lists, adds and removes tags", function()
    local pushed = push(layout .. ":v1", { tags = { "v1.0", "v1.0.0" } })
    assert.same({ "v1", "v1.0", "v1.0.0" }, pushed.tags)
    assert.same({ "v1", "v1.0", "v1.0.0" }, assert(oci.tags(layout)))
    assert.equal(pushed.digest, assert(oci.tag(layout .. ":v1", "stable")).digest)
    assert.equal(pushed.digest, assert(oci.tag(pushed, { "a", "b" })).digest)
    assert.is_true(assert(oci.untag(layout .. ":v1.0.0")))
    assert.same({ "a", "b", "stable", "v1", "v1.0" }, assert(oci.tags(layout)))
    assert.is_true(oci.exists(layout .. ":stable"))
    assert.is_false(oci.exists(layout .. ":v1.0.0"))
    assert.is_true(assert(oci.delete(layout .. ":v1")))
    assert.same({}, assert(oci.tags(layout)))
    assert.equal("INVALID", (select(3, oci.tag(layout .. ":v1", "not a tag"))))
  end)

  it("copies to another layout, byte for byte", function()
    local pushed = push(layout .. ":v1")
    local other = "oci:" .. work .. "/other"
    local copied = assert(oci.copy(layout .. ":v1", other, { tags = "more" }))
    assert.equal(pushed.digest, copied.digest)
    assert.equal(other .. "@" .. pushed.digest, copied.reference)
    assert.same({ "more", "v1" }, assert(oci.tags(other)))
    kit.must("diff", "-r", work .. "/layout/blobs", work .. "/other/blobs")
  end)

  it("gives manifests, configs and blobs", function()
    local pushed = push(layout .. ":v1", { config = { json = { a = 1 }, media_type = "application/vnd.example.config+json" } })
    local manifest = assert(oci.fetch_manifest(layout .. ":v1"))
    assert.equal(pushed.digest, manifest.digest)
    assert.equal(pushed.reference, manifest.reference)
    assert.equal("a.txt", manifest.layers[1].annotations[TITLE])
    assert.equal('{"a":1}', assert(oci.fetch_config(layout .. ":v1")))
    assert.equal('{"a":1}', assert(oci.fetch_blob(manifest.config)))
    assert.equal("hello\n", assert(oci.fetch_blob(manifest.layers[1])))
    assert.equal("ell", assert(oci.fetch_blob(manifest.layers[1], { offset = 1, length = 3 })))
    assert.equal(6, assert(oci.stat_blob(manifest.layers[1])).size)
    assert.equal("LIMIT", (select(3, oci.fetch_blob(manifest.layers[1], { limit = 5 }))))
    assert.equal("NOT_FOUND", (select(3, oci.fetch_blob(layout .. "@" .. oci.digest "nothing"))))
    assert.equal("INVALID", (select(3, oci.fetch_blob(layout .. ":v1"))))
  end)

  it("takes single blobs and manifests", function()
    local blob = assert(oci.push_blob(layout, { data = "single" }))
    assert.equal(oci.digest "single", blob.digest)
    assert.equal("single", assert(oci.fetch_blob(blob)))
    assert.equal(blob.digest, assert(oci.push_blob(layout, kit.write(work .. "/single", "single"), { new = true })).digest)
    local pushed = push(layout .. ":v1")
    local manifest = assert(oci.fetch_manifest(pushed))
    local other = "oci:" .. work .. "/other"
    for _, part in ipairs { manifest.config, manifest.layers[1], manifest.layers[2] } do
      assert(oci.push_blob(other, { data = assert(oci.fetch_blob(part)) }))
    end
    assert.equal(pushed.digest, assert(oci.push_manifest(other .. ":x", manifest.bytes)).digest)
    assert.equal(pushed.digest, assert(oci.push_manifest(other .. ":y", manifest)).digest)
    assert.equal("INVALID", (select(3, oci.push_manifest(other .. ":z", "{}"))))
    assert.same({ "x", "y" }, assert(oci.tags(other)))
  end)

  it("finds content that has changed, and leaves nothing", function()
    local pushed = push(layout .. ":v1")
    local blob = work .. "/layout/blobs/sha256/" .. oci.digest("hello\n"):match ":(.*)"
    kit.must("chmod", "644", blob)
    kit.write(blob, "hellO\n")
    local pulled, message, code = oci.pull(layout .. ":v1", { to = work .. "/out" })
    assert.is_nil(pulled)
    assert.equal("DIGEST_MISMATCH", code, message)
    assert.equal("", (kit.shell("ls -A " .. kit.quote(work .. "/out")) and "") or "")
    local _, left = kit.shell("ls -A " .. kit.quote(work .. "/out") .. " 2>/dev/null")
    assert.equal("", left)
    assert.equal("DIGEST_MISMATCH", (select(3, oci.fetch_blob(layout .. "@" .. oci.digest "hello\n"))))
    assert.equal("DIGEST_MISMATCH", (select(3, oci.copy(pushed, "oci:" .. work .. "/other:x"))))
  end)

  it("that is not there is NOT_FOUND", function()
    for _, name in ipairs { "resolve", "pull", "fetch_manifest", "tags", "delete" } do
      local value, message, code, detail = oci[name]("oci:" .. work .. "/nowhere:x")
      assert.is_nil(value)
      assert.equal("NOT_FOUND", code, name .. ": " .. message)
      assert.is_table(detail)
    end
    assert.is_false(oci.exists("oci:" .. work .. "/nowhere:x"))
    assert.is_false((kit.run("test", "-e", work .. "/nowhere")))
  end)

  it("pulls a layer without a title under its digest", function()
    assert(oci.push(layout .. ":v1", { artifact_type = TYPE, layers = { { data = "x" }, { json = {} } } }))
    local pulled = assert(oci.pull(layout .. ":v1", { to = work .. "/out" }))
    assert.equal(work .. "/out/" .. oci.digest("x"):gsub(":", "-"), pulled.files[1].path)
    assert.is_nil(pulled.files[1].title)
    assert.equal(work .. "/out/" .. oci.digest("{}"):gsub(":", "-") .. ".json", pulled.files[2].path)
  end)

  it("refuses a title that leads out, before anything is written", function()
    -- Written by hand: our own push refuses it.
    local bytes = oci.json.encode {
      schemaVersion = 2,
      mediaType = "application/vnd.oci.image.manifest.v1+json",
      artifactType = TYPE,
      config = { mediaType = "application/vnd.oci.empty.v1+json", digest = oci.digest "{}", size = 2 },
      layers = oci.array { { mediaType = "text/plain", digest = oci.digest "x", size = 1,
        annotations = { [TITLE] = "../evil" } } },
    }
    assert(oci.push_blob(layout, { data = "x" }))
    assert(oci.push_blob(layout, { data = "{}" }))
    assert(oci.push_manifest(layout .. ":v1", bytes))
    local pulled, message, code = oci.pull(layout .. ":v1", { to = work .. "/out" })
    assert.is_nil(pulled)
    assert.equal("UNSAFE_PATH", code, message)
    assert.is_false((kit.run("test", "-e", work .. "/evil")))
  end)
end)
