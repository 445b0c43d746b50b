-- Images of several platforms that we push in one call: skopeo copies and inspects them, podman pulls and reads them.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

describe("an image of several platforms", function()
  local registry, work, ref, pushed

  -- One platform's file system, with a file that says which: a directory, or an archive of it that is there already.
  local function platform(name, archive)
    local root = work .. "/" .. name
    tools.run("mkdir", "-p", root .. "/etc")
    tools.write(root .. "/etc/platform", name .. "\n")
    if archive then
      tools.run("tar", "-C", root, "-czf", root .. ".tar.gz", "etc")
    end
    return {
      platform = "linux/" .. name,
      type = "oci-image",
      filesystem = archive and root .. ".tar.gz" or { dir = root, compression = "gzip" },
      config = { json = { config = { Cmd = oci.array { "/bin/true" } } } },
    }
  end

  before_each(function()
    registry = tools.need("OCI_TEST_REGISTRY", "docker-registry")
    work = tools.directory()
    ref = registry .. "/" .. tools.repository() .. ":v1"
    pushed = assert(oci.push(ref, { manifests = { platform "amd64", platform("arm64", true) } }))
  end)

  it("is copied by skopeo with all its digests, and inspected by platform", function()
    local skopeo = tools.need("OCI_TEST_SKOPEO", "skopeo")
    local layout = work .. "/copied"
    tools.run(skopeo, "copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false", "docker://" .. ref, "oci:" .. layout .. ":v1")
    assert.equal(pushed.digest, assert(oci.resolve("oci:" .. layout .. ":v1")).digest)
    for _, name in ipairs { "amd64", "arm64" } do
      local shown = tools.run(skopeo, "inspect", "--tls-verify=false", "--override-os", "linux", "--override-arch", name, "docker://" .. ref)
      assert.equal(name, oci.json.decode(shown).Architecture)
    end
  end)

  it("is pulled by podman, which finds its files", function()
    local podman = tools.program "podman"
    -- Its paths may not be long.
    local home = tools.run("mktemp", "-d", "/tmp/lua-oci-XXXXXX"):gsub("\n", "")
    finally(function() tools.try("rm", "-rf", home) end)
    local function try(...)
      return tools.try(podman, "--root", home .. "/storage", "--runroot", home .. "/run", "--storage-driver", "vfs", ...)
    end
    local function run(...)
      local done, text = try(...)
      return assert(done and text, text)
    end
    local ok, output = try "info"
    if not ok then
      pending("skipped: podman cannot store images here: " .. output:gsub("%s+", " "))
    end
    for _, name in ipairs { "amd64", "arm64" } do
      run("pull", "-q", "--tls-verify=false", "--platform", "linux/" .. name, ref)
      assert.equal(name .. "\n", run("image", "inspect", "--format", "{{.Architecture}}", ref))
      local saved = work .. "/saved-" .. name
      run("save", "-q", "--format", "oci-dir", "-o", saved, ref)
      local listed = oci.json.decode(tools.read(saved .. "/index.json")).manifests[1]
      local layer = assert(oci.fetch_manifest("oci:" .. saved .. "@" .. listed.digest)).layers[1]
      local tar = tools.write(work .. "/" .. name .. ".tar", assert(oci.fetch_blob(layer)))
      assert.equal(name .. "\n", tools.run("tar", "xOf", tar, "etc/platform"))
      run("rmi", "-f", ref)
    end
  end)

  it("comes back by platform", function()
    local pulled = assert(oci.pull(ref, { to = work .. "/back", platform = "linux/arm64", unpack = true }))
    assert.equal("arm64\n", tools.read(pulled.files[1].path .. "/etc/platform"))
  end)
end)
