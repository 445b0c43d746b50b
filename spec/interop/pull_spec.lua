-- Pulling some of what real registries hold and real programs wrote.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local TYPE = "application/vnd.example.test.v1"

local function registries()
  local list = { tools.need("OCI_TEST_REGISTRY", "docker-registry") }
  local newer = os.getenv "OCI_TEST_REGISTRY3"
  if newer and newer ~= "" then
    list[2] = newer
  end
  return list
end

local function paths(pulled)
  local list = {}
  for i, file in ipairs(pulled.files) do
    list[i] = file.path:match "[^/]+$"
  end
  return list
end

local function all(reader, ...)
  local parts = {}
  for chunk in assert(reader, ...):chunks() do
    parts[#parts + 1] = chunk
  end
  return table.concat(parts)
end

describe("a real registry", function()
  it("gives some files, streams, one file of a directory", function()
    local work = tools.directory()
    tools.run("mkdir", "-p", work .. "/docs/sub")
    tools.write(work .. "/docs/sub/file", tools.bytes(3000000, 7))
    tools.write(work .. "/docs/last", "last")
    for _, host in ipairs(registries()) do
      local ref = ("%s/%s:v1"):format(host, tools.repository())
      assert(oci.push(ref, { artifact_type = TYPE, files = {
        { data = "one", title = "a.txt" }, { data = "two", title = "b.json", media_type = "application/json" },
        { dir = work .. "/docs", title = "docs" },
      } }))
      assert.same({ "a.txt" }, paths(assert(oci.pull(ref, { to = tools.directory(), include = "*.txt" }))))
      assert.same({ "b.json" }, paths(assert(oci.pull(ref, { to = tools.directory(), media_types = "*json" }))))
      local parts = {}
      assert(oci.pull(ref, { exclude = "docs", to = function(file, chunk)
        parts[#parts + 1] = file.title .. ":" .. (chunk or "")
      end }))
      assert.equal("a.txt:one a.txt: b.json:two b.json:", table.concat(parts, " "))
      assert.equal("two", all(oci.open_file(ref, "b.json")))
      assert.is_true(tools.read(work .. "/docs/sub/file") == all(oci.open_file(ref, "docs/sub/file")))
      assert.equal("last", all(oci.open_file(ref, "docs/last")))
    end
  end)
end)

describe("what oras wrote", function()
  it("is selected and opened, out of its directories too", function()
    local oras = tools.need("OCI_TEST_ORAS", "oras")
    local host = registries()[1]
    local ref = ("%s/%s:v1"):format(host, tools.repository())
    local work = tools.directory()
    tools.run("mkdir", "-p", work .. "/tree/sub")
    tools.write(work .. "/tree/sub/file", "in a directory\n")
    tools.write(work .. "/notes.txt", "notes\n")
    tools.run({ cd = work }, oras, "push", "--plain-http", ref, "--artifact-type", TYPE, "notes.txt:text/plain", "tree")
    assert.equal("in a directory\n", all(oci.open_file(ref, "tree/sub/file")))
    assert.equal("notes\n", all(oci.open_file(ref, "notes.txt")))
    local out = tools.directory()
    local pulled = assert(oci.pull(ref, { to = out, include = "tree" }))
    assert.equal("unpacked", pulled.files[1].state)
    assert.same({ "tree" }, tools.list(out))
    tools.same_tree(work .. "/tree", out .. "/tree")
    local files = assert(oci.types.get("oras-files")):pull(ref, { to = tools.directory() })
    assert.is_table(files.roles)
  end)
end)

describe("what skopeo copied", function()
  it("is pulled for a platform, of Docker's kinds too", function()
    local skopeo = tools.need("OCI_TEST_SKOPEO", "skopeo")
    local host = registries()[1]
    local from, to = ("%s/%s:v1"):format(host, tools.repository()), ("%s/%s:v1"):format(host, tools.repository())
    local entries = {}
    for i, platform in ipairs { "linux/amd64", "linux/arm64/v8" } do
      entries[i] = assert(oci.push((from:gsub(":v1$", "")), {
        config = { json = { architecture = platform:match "/(%w+)", os = "linux", rootfs = { type = "layers",
          diff_ids = { oci.digest("layer of " .. platform) } } }, media_type = "application/vnd.oci.image.config.v1+json" },
        layers = { { data = "layer of " .. platform, media_type = "application/vnd.oci.image.layer.v1.tar" } } }))
      entries[i].platform, entries[i].artifact_type = platform, nil
    end
    assert(oci.push(from, assert(oci.index { manifests = entries })))
    for _, format in ipairs { "oci", "v2s2" } do
      tools.run(skopeo, "copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false",
        "--format", format, "docker://" .. from, "docker://" .. to)
      local kind = assert(oci.resolve(to)).media_type
      assert.truthy(kind:find(format == "oci" and "image.index" or "manifest.list", 1, true), kind)
      local out = tools.directory()
      local pulled = assert(oci.pull(to, { to = out, platform = "linux/arm64" }))
      assert.equal(1, #pulled.files)
      assert.is_nil(pulled.files[1].title)
      local content = tools.read(pulled.files[1].path)
      if not pulled.files[1].path:find("gz$") then -- skopeo compresses for Docker's kind
        assert.equal("layer of linux/arm64/v8", content)
      end
      local _, _, code, detail = oci.pull(to, { to = out, platform = "linux/s390x" })
      assert.equal("NOT_FOUND", code)
      assert.same({ "linux/amd64", "linux/arm64/v8" }, detail.platforms)
    end
  end)
end)
