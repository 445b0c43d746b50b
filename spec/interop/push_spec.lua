-- Indexes, shapes and subjects as we push them, for oras and skopeo; and what oras writes, to the byte.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local TYPE = "application/vnd.example.test.v1"
local CREATED = "2000-01-01T00:00:00Z"

local function place(variable)
  return tools.need(variable or "OCI_TEST_REGISTRY", "docker-registry") .. "/" .. tools.repository()
end

local function platforms(more)
  local spec = { artifact_type = TYPE, manifests = {} }
  for i, name in ipairs { "linux/amd64", "linux/arm64/v8", "windows/amd64" } do
    spec.manifests[i] = { platform = name, files = { { data = "for " .. name, title = "program" } } }
  end
  for name, value in pairs(more or {}) do
    spec[name] = value
  end
  return spec
end

describe("oras", function()
  local oras

  before_each(function()
    oras = tools.need("OCI_TEST_ORAS", "oras")
  end)

  it("pulls the platform that it is told from what we push at once", function()
    for _, version in ipairs { "1.1", "1.0" } do
      local at = place()
      assert(oci.push(at .. ":v1", platforms { spec_version = version }))
      for _, name in ipairs { "linux/amd64", "linux/arm64/v8", "windows/amd64" } do
        local out = tools.directory()
        tools.run(oras, "pull", "--no-tty", "--plain-http", "--platform", name, "-o", out, at .. ":v1")
        assert.equal("for " .. name, tools.read(out .. "/program"))
      end
    end
  end)

  it("copies a nested index of ours to a layout, and we read it back", function()
    local at = place()
    local pushed = assert(oci.push(at .. ":v1", { artifact_type = TYPE, manifests = { platforms(), { files = {
      { data = "beside", title = "b" } } } } }))
    local layout = tools.directory() .. "/layout"
    tools.run(oras, "cp", "--no-tty", "-r", "--from-plain-http", "--to-oci-layout", at .. ":v1", layout .. ":v1")
    local index = assert(oci.fetch_manifest("oci:" .. layout .. ":v1"))
    assert.equal(pushed.digest, index.digest)
    local inner = assert(oci.fetch_manifest(index.manifests[1]))
    assert.equal("for linux/amd64", assert(oci.fetch_blob(assert(oci.fetch_manifest(inner.manifests[1])).layers[1])))
  end)

  it("writes the same manifest for image-spec 1.0", function()
    local at, work = place(), tools.directory()
    tools.write(work .. "/a.txt", "hello\n")
    tools.run({ cd = work }, oras, "push", "--no-tty", "--plain-http", "--image-spec", "v1.0", "--artifact-type", TYPE,
      "--annotation", "org.opencontainers.image.created=" .. CREATED, at .. ":theirs", "a.txt:text/plain")
    assert(oci.push(at .. ":ours", { artifact_type = TYPE, spec_version = "1.0", created = CREATED,
      files = { { path = work .. "/a.txt", title = "a.txt", media_type = "text/plain" } } }))
    assert.equal(assert(oci.fetch_manifest(at .. ":theirs")).bytes, assert(oci.fetch_manifest(at .. ":ours")).bytes)
  end)

  it("writes the same manifest about a subject", function()
    local at, work = place(), tools.directory()
    tools.write(work .. "/sbom", "{}")
    assert(oci.push(at .. ":v1", platforms()))
    local output = tools.run({ cd = work }, oras, "attach", "--no-tty", "--plain-http", "--artifact-type", TYPE,
      "--annotation", "org.opencontainers.image.created=" .. CREATED, "--format", "json", at .. ":v1", "sbom:text/plain")
    local digest = output:match '"digest": "(sha256:%x+)"'
    local ours = assert(oci.push(at, { artifact_type = TYPE, subject = at .. ":v1", created = CREATED,
      config = { data = "{}", media_type = "application/vnd.oci.empty.v1+json", embed = true },
      files = { { path = work .. "/sbom", title = "sbom", media_type = "text/plain" } } }))
    assert.equal(assert(oci.fetch_manifest(at .. "@" .. digest)).bytes, assert(oci.fetch_manifest(ours)).bytes)
  end)

  it("discovers what we push about a subject", function()
    tools.switches() -- nothing that a test before this one has set
    local at = place "OCI_TEST_SWITCHES"
    local about = assert(oci.push(at .. ":v1", platforms()))
    local pushed = assert(oci.push(at, { artifact_type = TYPE, subject = about, files = { { data = "x", title = "x" } } }))
    local output = tools.run(oras, "discover", "--plain-http", "--format", "json", at .. ":v1")
    assert.truthy(output:find(pushed.digest, 1, true), output)
  end)
end)

describe("skopeo", function()
  it("copies our indexes, and we push what it has copied", function()
    local skopeo = tools.need("OCI_TEST_SKOPEO", "skopeo")
    local at = place()
    -- skopeo 1.9 writes an index anew, and leaves out the types of artifacts.
    local pushed = assert(oci.push(at .. ":v1", platforms { spec_version = "1.0" }))
    local layout = tools.directory() .. "/layout"
    tools.run(skopeo, "copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false", "docker://" .. at .. ":v1",
      "oci:" .. layout .. ":v1")
    local index = assert(oci.fetch_manifest("oci:" .. layout .. ":v1"))
    assert.equal(pushed.digest, index.digest)
    local again = place()
    for _, entry in ipairs(index.manifests) do
      assert(oci.copy(entry, again))
    end
    assert.equal(pushed.digest, assert(oci.push(again .. ":v1", index)).digest)
    assert.equal(index.bytes, tools.run(skopeo, "inspect", "--raw", "--tls-verify=false", "docker://" .. again .. ":v1"))
  end)
end)
