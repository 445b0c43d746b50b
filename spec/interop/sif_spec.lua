-- Singularity image files: what comes back is one for siftool, and what we build is what Apptainer builds.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local SIF = oci.types.get "singularity-sif"
local TINY = "spec/fixtures/tiny.sif"

describe("a SIF file", function()
  local registry, work

  before_each(function()
    registry = tools.need("OCI_TEST_REGISTRY", "docker-registry")
    work = tools.directory()
  end)

  it("gives the manifest that Apptainer wrote", function()
    local bytes = tools.read "spec/fixtures/singularity-sif.manifest.json"
    local theirs = assert(oci.parse(bytes))
    local ours = assert(SIF:build { sif = { path = TINY, title = "x.sif" } })
    assert.same(theirs.layers, ours.layers)
    assert.same(theirs.config, ours.config)
    assert.same(theirs.annotations, ours.annotations) -- the time is in the file
    assert.same({}, SIF:check(ours))
  end)

  it("comes back, and siftool lists it", function()
    local siftool = tools.program "siftool"
    tools.write(work .. "/object", tools.bytes(5000))
    tools.run(siftool, "new", work .. "/made.sif")
    tools.run(siftool, "add", "--datatype", "4", "--parttype", "1", "--partfs", "1", "--partarch", "2", work .. "/made.sif",
      work .. "/object")
    local repository = registry .. "/" .. tools.repository()
    local pushed = assert(oci.push(repository, { type = "singularity-sif", sif = work .. "/made.sif" }))
    assert.same({ "latest" }, pushed.tags)
    local pulled = assert(SIF:pull(repository, { to = work .. "/back" }))
    assert.equal(tools.run(siftool, "list", work .. "/made.sif"), tools.run(siftool, "list", pulled.roles.sif[1].path))
    assert.equal("made.sif", pulled.roles.sif[1].title)
    assert.same({}, assert(SIF:check_content(repository)))
  end)

  it("is refused before anything is sent if it is none", function()
    local switches = tools.switches()
    tools.write(work .. "/none.sif", "#!/usr/bin/env run-singularity\nSIF_MAGIC, nearly" .. ("x"):rep(200))
    tools.write(work .. "/short.sif", tools.read(TINY):sub(1, 100))
    for _, name in ipairs { "none.sif", "short.sif" } do
      local pushed, message, code = oci.push(switches.host .. "/a/b:v1", { type = "singularity-sif", sif = work .. "/" .. name })
      assert.is_nil(pushed)
      assert.equal("INVALID", code)
      assert.truthy(message:find(name .. " is no SIF file", 1, true), message)
    end
    assert.equal(0, #switches:log())
  end)
end)
