-- Conftest tests with policies that we push, and we read what it pushes.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local BUNDLE = oci.types.get "conftest-bundle"

describe("conftest", function()
  local conftest, registry, work

  before_each(function()
    conftest = tools.program "conftest"
    registry = tools.need("OCI_TEST_REGISTRY", "docker-registry")
    work = tools.directory()
    tools.run("mkdir", "-p", work .. "/policy/sub")
    tools.write(work .. "/policy/deny.rego", "package main\n\ndeny contains msg if {\n  input.kind in data.forbidden\n  msg := \"not here\"\n}\n")
    tools.write(work .. "/policy/sub/more.rego", "package main\n\nwarn contains \"old\" if input.version < 2\n")
    tools.write(work .. "/policy/data.json", '{"forbidden": ["Pod"]}')
    tools.write(work .. "/policy/README.md", "neither policy nor data")
    tools.write(work .. "/pod.yaml", "kind: Pod\nversion: 2\n")
    tools.write(work .. "/service.yaml", "kind: Service\nversion: 2\n")
  end)

  -- By title: what counts of a layer.
  local function layers_by_title(manifest)
    local all = {}
    for _, layer in ipairs(manifest.layers) do
      all[layer.annotations["org.opencontainers.image.title"]] = layer.media_type .. " " .. layer.digest
    end
    return all
  end

  it("tests with what we push", function()
    local repository = registry .. "/" .. tools.repository()
    local pushed = assert(oci.push(repository, { type = "conftest-bundle", policy = work .. "/policy" }))
    assert.same({ "latest" }, pushed.tags)
    tools.run({ cd = work }, conftest, "pull", "-p", "pulled", "oci://" .. repository)
    tools.run({ cd = work }, conftest, "test", "-p", "pulled", "-d", "pulled/policy", "service.yaml")
    local ok, output = tools.try({ cd = work }, conftest, "test", "-p", "pulled", "-d", "pulled/policy", "pod.yaml")
    assert.is_false(ok)
    assert.truthy(output:find("not here", 1, true), output)
    assert.is_false(tools.exists(work .. "/pulled/policy/README.md"))
  end)

  it("pushes the config and the layers that we push", function()
    local ref = registry .. "/" .. tools.repository() .. ":v1"
    tools.run({ cd = work }, conftest, "push", "-p", "policy", ref)
    local theirs = assert(oci.fetch_manifest(ref))
    local ours = assert(BUNDLE:build { policy = work .. "/policy" })
    assert.same(layers_by_title(theirs), layers_by_title(ours))
    assert.equal(theirs.config.digest, ours.config.digest)
    assert.equal(theirs.config.media_type, ours.config.media_type)
    assert.same(theirs.annotations, ours.annotations)
  end)

  it("is read: what it pushed is a bundle without faults, and comes back by its roles", function()
    local ref = registry .. "/" .. tools.repository() .. ":v1"
    tools.run({ cd = work }, conftest, "push", "-p", "policy", ref)
    local manifest = assert(oci.fetch_manifest(ref))
    assert.equal(BUNDLE, oci.types.identify(manifest))
    assert.same({}, BUNDLE:check(manifest))
    local pulled = assert(BUNDLE:pull(ref, { to = work .. "/back" }))
    assert.equal(2, #pulled.roles.policy)
    assert.equal(1, #pulled.roles.data)
    tools.run("diff", work .. "/policy/deny.rego", work .. "/back/policy/deny.rego")
  end)
end)
