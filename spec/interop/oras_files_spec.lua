-- What `oras push` makes of files and directories, and what we make of them.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local FILES = oci.types.get "oras-files"

describe("oras push", function()
  local oras, registry, work

  before_each(function()
    oras, registry = tools.need("OCI_TEST_ORAS", "oras"), tools.need("OCI_TEST_REGISTRY", "docker-registry")
    work = tools.directory()
    tools.run("mkdir", "-p", work .. "/tree/sub")
    tools.write(work .. "/a.txt", "hello\n")
    tools.write(work .. "/tree/sub/b.txt", "below\n")
  end)

  local function pushed_by_oras(...)
    local ref = registry .. "/" .. tools.repository() .. ":v1"
    tools.run({ cd = work }, oras, "push", "--no-tty", "--plain-http", ref, ...)
    return ref, assert(oci.fetch_manifest(ref))
  end

  it("makes the config and the layers that we make", function()
    tools.write(work .. "/c.json", "{}")
    local _, theirs = pushed_by_oras("--artifact-type", "application/vnd.example.a.v1", "--annotation", "k=v", "a.txt",
      "c.json:application/json", "tree")
    local ours = assert(FILES:build {
      artifact_type = "application/vnd.example.a.v1", annotations = { k = "v" },
      created = theirs.annotations["org.opencontainers.image.created"],
      files = { work .. "/a.txt", { path = work .. "/c.json", media_type = "application/json" }, work .. "/tree" },
    })
    assert.equal(theirs.artifact_type, ours.artifact_type)
    assert.same(theirs.annotations, ours.annotations)
    assert.same({ theirs.config.media_type, theirs.config.digest, theirs.config.data },
      { ours.config.media_type, ours.config.digest, ours.config.data })
    for i = 1, 2 do
      local a, b = theirs.layers[i], ours.layers[i]
      assert.same({ a.media_type, a.digest, a.size, a.annotations }, { b.media_type, b.digest, b.size, b.annotations })
    end
    -- A directory's archive has other bytes, and says the same.
    local a, b = theirs.layers[3], ours.layers[3]
    assert.equal(a.media_type, b.media_type)
    a.annotations["io.deis.oras.content.digest"], b.annotations["io.deis.oras.content.digest"] = nil, nil
    assert.same(a.annotations, b.annotations)
  end)

  it("is read: what it pushed is of its type, without faults", function()
    local ref, theirs = pushed_by_oras("a.txt", "tree")
    assert.equal(FILES, oci.types.identify(theirs))
    assert.same({}, FILES:check(theirs))
    assert.same({}, assert(FILES:check_content(ref)))
  end)
end)
