-- Manifests as real programs wrote them (helm 3.22, conftest 0.71, oras 1.3, Apptainer): read, judged and copied as they are.
local kit = require "testkit"
local oci = require "oci"

local fixtures = (os.getenv "OCI_TEST_ROOT" or ".") .. "/spec/fixtures/"

local known = {
  {
    file = "helm-chart", type = "helm-chart", roles = { "chart" }, lint = "warning M02",
    digest = "sha256:d7bfb32f1ac49b9d89738fcfc5c85b48d823c2ffe642013f70ee458b8a108f02",
  },
  {
    file = "conftest-bundle", type = "conftest-bundle", roles = { "policy" }, lint = "warning M02",
    digest = "sha256:40bb964fca36c312926f409d76ccd62b0719199fc70a33f79bd0dc3edb3a52b8",
  },
  {
    file = "oras-files", type = "oci-artifact-files", roles = { "content", "content" }, lint = "",
    digest = "sha256:248c8533331aa32f022e59674a5fcb886d222bcdbe63cce29ee9071fe9bf85bf",
  },
  {
    file = "singularity-sif", type = "singularity-sif", roles = { "sif" }, lint = "",
    digest = "sha256:eedbecbd99185e38aadb5d5198e7dc990e38a11a5a071e7a66bae4041f340968",
  },
}

local function faults(findings)
  local lines = {}
  for _, finding in ipairs(findings) do
    if finding.severity ~= "hint" then
      lines[#lines + 1] = finding.severity .. " " .. finding.rule
    end
  end
  return table.concat(lines, "\n")
end

describe("fixtures:", function()
  for _, fixture in ipairs(known) do
    local bytes = assert(kit.read(fixtures .. fixture.file .. ".manifest.json"))
    local config = assert(kit.read(fixtures .. fixture.file .. ".config.json"))

    it(fixture.file .. " is read, linted, identified and checked", function()
      local manifest = assert(oci.parse(bytes))
      assert.equal(fixture.digest, manifest.digest)
      assert.equal(bytes, manifest.bytes)
      assert.equal(manifest.config.digest, oci.digest(config))
      assert.equal(fixture.lint, faults(assert(oci.lint(manifest))))
      local kind = oci.types.identify(manifest)
      assert.equal(fixture.type, kind.name)
      assert.equal(kind, oci.types.identify(manifest, { config = config }))
      assert.equal("", faults(kind:check(manifest, { config = config })))
      assert.same(fixture.roles, oci.types.roles_of(kind, manifest))
    end)

    -- The blobs are not there: a registry that mounts whatever is named lets the manifest through.
    it(fixture.file .. " is stored and copied unchanged", function()
      local switches = kit.switches()
      switches:config { check_blobs = false }
      switches:rules { { method = "POST", path = "mount=", times = -1, action = { status = 201,
        headers = { Location = "/v2/mounted" } } } }
      local from = switches.address .. "/" .. kit.repository() .. ":x"
      local to = switches.address .. "/" .. kit.repository() .. ":y"
      assert.equal(fixture.digest, assert(oci.push_manifest(from, bytes)).digest)
      assert.equal(fixture.digest, assert(oci.copy(from, to)).digest)
      assert.equal(bytes, assert(oci.fetch_manifest(to)).bytes)
      local layout = "oci:" .. kit.tmp() .. "/layout:x"
      assert.equal(fixture.digest, assert(oci.push_manifest(layout, assert(oci.fetch_manifest(to)))).digest)
      assert.equal(bytes, assert(oci.fetch_manifest(layout)).bytes)
    end)
  end

  it("oras-files is of ORAS's own type, with the type that its author chose", function()
    local manifest = assert(oci.parse(kit.read(fixtures .. "oras-files.manifest.json")))
    local kind = oci.types.get "oras-files"
    assert.equal("", faults(kind:check(manifest)))
    assert.same({ "file", "directory" }, oci.types.roles_of(kind, manifest))
  end)

  it("singularity-sif goes from a layout over memory to a registry, and is a SIF file still", function()
    local host = kit.needs("OCI_TEST_REGISTRY", "docker-registry")
    local fixture, client = known[4], assert(oci.client())
    local layout, memory = "oci:" .. kit.tmp() .. "/layout:x", "memory:sif:x"
    local registry = host .. "/" .. kit.repository() .. ":x"
    assert(client:push_blob(layout, { path = fixtures .. "tiny.sif" }))
    assert(client:push_blob(layout, { data = "{}" }))
    assert(client:push_manifest(layout, kit.read(fixtures .. "singularity-sif.manifest.json")))
    assert.equal(fixture.digest, assert(client:copy(layout, memory)).digest)
    assert.equal(fixture.digest, assert(client:copy(memory, registry)).digest)
    assert.equal(fixture.digest, assert(client:resolve(registry)).digest)
    for _, place in ipairs { layout, memory, registry } do
      assert.same({}, assert(oci.types.get("singularity-sif"):check_content(place, { client = client })))
    end
    local to = kit.tmp()
    assert(client:pull(registry, { to = to }))
    assert.equal(kit.read(fixtures .. "tiny.sif"), kit.read(to .. "/x.sif"))
  end)
end)
