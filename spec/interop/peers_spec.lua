-- What we write, skopeo and oras read, and the other way round.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local TYPE = "application/vnd.example.test.v1"

local function registry()
  return tools.need("OCI_TEST_REGISTRY", "docker-registry")
end

local function layout_blob(layout, digest)
  return tools.read(layout .. "/blobs/" .. digest:gsub(":", "/"))
end

local function put_blob(layout, data, algorithm)
  local digest = oci.digest(data, algorithm)
  local algorithm_name, encoded = digest:match "^(.-):(.*)$"
  tools.run("mkdir", "-p", layout .. "/blobs/" .. algorithm_name)
  tools.write(layout .. "/blobs/" .. algorithm_name .. "/" .. encoded, data)
  return { digest = digest, size = #data }
end

--- A layout written by hand: what other programs may have made.
local function make_layout(build)
  local layout = tools.directory()
  tools.write(layout .. "/oci-layout", '{"imageLayoutVersion":"1.0.0"}')
  local entry = build(layout)
  tools.write(layout .. "/index.json", ('{"schemaVersion":2,"manifests":[%s]}'):format(entry))
  return layout
end

--- Pushes artifacts for two platforms and the index of both, under the tag of `to`; the index. `plain`: without the
-- types of the artifacts, which skopeo 1.9 leaves out when it writes an index.
local function push_platforms(to, plain)
  local manifests = {}
  for i, platform in ipairs { "linux/amd64", "linux/arm64/v8" } do
    manifests[i] = assert(oci.push((to:gsub(":v1$", "")), { artifact_type = TYPE,
      files = { { data = "for " .. platform, title = "program" } } }))
    manifests[i].platform = platform
    manifests[i].artifact_type = not plain and TYPE or nil
  end
  return assert(oci.push(to, assert(oci.index { manifests = manifests })))
end

local function descriptor(kind, blob, more)
  return ('{"mediaType":"%s","digest":"%s","size":%d%s}'):format(kind, blob.digest, blob.size, more or "")
end

local V1 = ',"annotations":{"org.opencontainers.image.ref.name":"v1"}'
local MANIFEST, INDEX = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
local EMPTY = "application/vnd.oci.empty.v1+json"

--- Copies a layout to the registry, to memory and to a second layout, and compares every blob byte for byte.
local function copy_around(layout)
  local to = ("%s/%s:v1"):format(registry(), tools.repository())
  local digest = assert(oci.copy("oci:" .. layout .. ":v1", to)).digest
  local back = tools.directory() .. "/back"
  assert.equal(digest, assert(oci.copy(to, "oci:" .. back .. ":v1")).digest)
  tools.same_tree(layout .. "/blobs", back .. "/blobs")
  return digest, to
end

describe("skopeo", function()
  local skopeo

  before_each(function()
    skopeo = tools.need("OCI_TEST_SKOPEO", "skopeo")
  end)

  local function skopeo_copy(from, to)
    return tools.run(skopeo, "copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false", from, to)
  end

  it("copies out what we push, with the same digests", function()
    local to = ("%s/%s:v1"):format(registry(), tools.repository())
    local pushed = assert(oci.push(to, { artifact_type = TYPE, files = { { data = "hello", title = "a.txt" } } }))
    local layout = tools.directory() .. "/copied"
    skopeo_copy("docker://" .. to, "oci:" .. layout .. ":v1")
    assert.equal(pushed.digest, assert(oci.resolve("oci:" .. layout .. ":v1")).digest)
    assert.equal("hello", layout_blob(layout, oci.digest "hello"))
  end)

  it("copies out an index of platforms that we push", function()
    local to = ("%s/%s:v1"):format(registry(), tools.repository())
    local pushed = push_platforms(to, true)
    local layout, ours = tools.directory() .. "/copied", tools.directory() .. "/ours"
    skopeo_copy("docker://" .. to, "oci:" .. layout .. ":v1")
    assert.equal(pushed.digest, assert(oci.resolve("oci:" .. layout .. ":v1")).digest)
    assert(oci.copy(to, "oci:" .. ours .. ":v1"))
    tools.same_tree(layout .. "/blobs", ours .. "/blobs")
  end)

  it("reads a layout that we wrote", function()
    local layout = tools.directory() .. "/ours"
    local pushed = assert(oci.push("oci:" .. layout .. ":v1", { artifact_type = TYPE, files = { { data = "x", title = "x" } } }))
    local to = ("%s/%s:v1"):format(registry(), tools.repository())
    skopeo_copy("oci:" .. layout .. ":v1", "docker://" .. to)
    assert.equal(pushed.digest, assert(oci.resolve(to)).digest)
  end)

  it("writes a layout with several platforms that we copy", function()
    local layout = make_layout(function(dir)
      local entries = {}
      for _, arch in ipairs { "amd64", "arm64" } do
        local config = put_blob(dir, ('{"architecture":"%s","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'):format(arch))
        local manifest = put_blob(dir, ('{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[]}'):format(MANIFEST,
          descriptor("application/vnd.oci.image.config.v1+json", config)))
        entries[#entries + 1] = descriptor(MANIFEST, manifest, (',"platform":{"architecture":"%s","os":"linux"}'):format(arch))
      end
      local index = put_blob(dir, ('{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}'):format(INDEX, table.concat(entries, ",")))
      return descriptor(INDEX, index, V1)
    end)
    local theirs = tools.directory() .. "/theirs"
    skopeo_copy("oci:" .. layout .. ":v1", "oci:" .. theirs .. ":v1")
    local digest, to = copy_around(theirs)
    assert.equal(digest, assert(oci.resolve("oci:" .. layout .. ":v1")).digest)
    assert.equal(2, #assert(oci.fetch_manifest(to)).manifests)
    local _, message, code = oci.fetch_config(to)
    assert.equal("INVALID", code, message)
  end)
end)

-- What skopeo itself wrote into a registry: it compresses the layers, and so makes a manifest of its own.
describe("skopeo's own", function()
  it("image in a registry is copied and pulled byte for byte", function()
    local skopeo = tools.need("OCI_TEST_SKOPEO", "skopeo")
    local layout = make_layout(function(dir)
      local layers, diffs = {}, {}
      for i = 1, 3 do
        local blob = put_blob(dir, tools.bytes(50000 * i, i))
        layers[i], diffs[i] = descriptor("application/vnd.oci.image.layer.v1.tar", blob), '"' .. blob.digest .. '"'
      end
      local config = put_blob(dir, ('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[%s]}}'):format(
        table.concat(diffs, ",")))
      return descriptor(MANIFEST, put_blob(dir, ('{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}'):format(
        MANIFEST, descriptor("application/vnd.oci.image.config.v1+json", config), table.concat(layers, ","))), V1)
    end)
    local to = ("%s/%s:v1"):format(registry(), tools.repository())
    local theirs, ours, out = tools.directory() .. "/theirs", tools.directory() .. "/ours", tools.directory()
    tools.run(skopeo, "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", "oci:" .. layout .. ":v1", "docker://" .. to)
    tools.run(skopeo, "copy", "-q", "--insecure-policy", "--src-tls-verify=false", "docker://" .. to, "oci:" .. theirs .. ":v1")
    local digest = assert(oci.copy(to, "oci:" .. ours .. ":v1")).digest
    assert.equal(assert(oci.resolve("oci:" .. theirs .. ":v1")).digest, digest)
    tools.same_tree(theirs .. "/blobs", ours .. "/blobs")
    local pulled = assert(oci.pull(to, { to = out }))
    for i, layer in ipairs(pulled.manifest.layers) do
      assert.equal(layer.digest, oci.digest { path = pulled.files[i].path })
    end
    assert.equal(3, #pulled.files)
  end)
end)

describe("oras", function()
  local oras, work

  before_each(function()
    oras, work = tools.need("OCI_TEST_ORAS", "oras"), tools.directory()
    tools.write(work .. "/a.txt", "hello\n")
    tools.run("mkdir", "-p", work .. "/tree/sub/empty")
    tools.write(work .. "/tree/run.sh", "#!/bin/sh\n")
    tools.run("chmod", "755", work .. "/tree/run.sh")
    tools.write(work .. "/tree/sub/data", tools.bytes(70000))
    tools.run("ln", "-s", "sub/data", work .. "/tree/link")
  end)

  it("pulls what we push, directories unpacked", function()
    local to = ("%s/%s:v1"):format(registry(), tools.repository())
    assert(oci.push(to, {
      artifact_type = TYPE,
      files = { { path = work .. "/a.txt", title = "a.txt" }, { dir = work .. "/tree", title = "tree" } },
    }))
    local out = tools.directory()
    tools.run(oras, "pull", "--no-tty", "--plain-http", "-o", out, to)
    tools.same_tree(work, out)
    assert.is_true((tools.try("test", "-x", out .. "/tree/run.sh")))
  end)

  it("pushes what we pull, directories unpacked", function()
    local to = ("%s/%s:v1"):format(registry(), tools.repository())
    tools.run({ cd = work }, oras, "push", "--no-tty", "--plain-http", "--artifact-type", TYPE, to, "a.txt", "tree")
    local out = tools.directory()
    local pulled = assert(oci.pull(to, { to = out }))
    tools.same_tree(work, out)
    assert.equal(TYPE, pulled.manifest.artifact_type)
    assert.is_true((tools.try("test", "-x", out .. "/tree/run.sh")))
  end)

  it("copies out an index of platforms that we push", function()
    local to = ("%s/%s:v1"):format(registry(), tools.repository())
    local pushed = push_platforms(to)
    local theirs = tools.directory() .. "/theirs"
    tools.run(oras, "cp", "--no-tty", "--from-plain-http", "--to-oci-layout", to, theirs .. ":v1")
    assert.equal(pushed.digest, assert(oci.resolve("oci:" .. theirs .. ":v1")).digest)
    assert.equal(pushed.digest, (copy_around(theirs)))
  end)

  it("writes into a registry what we copy and pull byte for byte", function()
    local to = ("%s/%s:v1"):format(registry(), tools.repository())
    tools.run({ cd = work }, oras, "push", "--no-tty", "--plain-http", "--artifact-type", TYPE, to, "a.txt", "tree/sub/data")
    local theirs = tools.directory() .. "/theirs"
    tools.run(oras, "cp", "--no-tty", "--from-plain-http", "--to-oci-layout", to, theirs .. ":v1")
    local ours, out = tools.directory() .. "/ours", tools.directory()
    assert(oci.copy(to, "oci:" .. ours .. ":v1"))
    tools.same_tree(theirs .. "/blobs", ours .. "/blobs")
    assert(oci.pull(to, { to = out }))
    assert.equal("hello\n", tools.read(out .. "/a.txt"))
    assert.equal(tools.bytes(70000), tools.read(out .. "/tree/sub/data"))
  end)

  it("copies a layout of ours, and we one of its", function()
    local ours = tools.directory() .. "/ours"
    local pushed = assert(oci.push("oci:" .. ours .. ":v1", { artifact_type = TYPE, files = { { data = "q", title = "q" } } }))
    local to = ("%s/%s:v1"):format(registry(), tools.repository())
    tools.run(oras, "cp", "--no-tty", "--from-oci-layout", "--to-plain-http", ours .. ":v1", to)
    assert.equal(pushed.digest, assert(oci.resolve(to)).digest)
    local theirs = tools.directory() .. "/theirs"
    tools.run(oras, "cp", "--no-tty", "--from-plain-http", "--to-oci-layout", to, theirs .. ":v1")
    assert.equal(pushed.digest, (copy_around(theirs)))
  end)
end)

describe("unusual content is copied byte for byte", function()
  it("a manifest without mediaType", function()
    local layout = make_layout(function(dir)
      local config, layer = put_blob(dir, "{}"), put_blob(dir, "layer")
      local manifest = put_blob(dir, ('{ "schemaVersion": 2, "config": %s, "layers": [%s], "x": {} }\n'):format(
        descriptor("application/vnd.cncf.helm.config.v1+json", config),
        descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", layer)))
      return descriptor(MANIFEST, manifest, V1)
    end)
    local _, to = copy_around(layout)
    assert.equal("application/vnd.cncf.helm.config.v1+json", assert(oci.fetch_manifest(to)).config.media_type)
  end)

  it("sha512 content in a layout", function()
    local layout = make_layout(function(dir)
      local config, layer = put_blob(dir, "{}"), put_blob(dir, "the layer", "sha512")
      local manifest = put_blob(dir, ('{"schemaVersion":2,"mediaType":"%s","artifactType":"%s","config":%s,"layers":[%s]}'):format(
        MANIFEST, TYPE, descriptor(EMPTY, config), descriptor("application/octet-stream", layer)))
      return descriptor(MANIFEST, manifest, V1)
    end)
    local second, memory = tools.directory() .. "/second", "memory:" .. tools.repository "m" .. ":v1"
    assert(oci.copy("oci:" .. layout .. ":v1", memory))
    assert(oci.copy(memory, "oci:" .. second .. ":v1"))
    tools.same_tree(layout .. "/blobs", second .. "/blobs")
    tools.write(layout .. "/blobs/sha512/" .. oci.digest("the layer", "sha512"):match ":(.*)", "the lAyer")
    local _, message, code = oci.copy("oci:" .. layout .. ":v1", "oci:" .. tools.directory() .. "/third:v1")
    assert.equal("DIGEST_MISMATCH", code, message)
  end)

  it("an empty blob", function()
    local layout = make_layout(function(dir)
      local config, layer = put_blob(dir, "{}"), put_blob(dir, "")
      local manifest = put_blob(dir, ('{"schemaVersion":2,"mediaType":"%s","artifactType":"%s","config":%s,"layers":[%s]}'):format(
        MANIFEST, TYPE, descriptor(EMPTY, config),
        descriptor("application/octet-stream", layer, ',"annotations":{"org.opencontainers.image.title":"empty"}')))
      return descriptor(MANIFEST, manifest, V1)
    end)
    local _, to = copy_around(layout)
    local out = tools.directory()
    assert(oci.pull(to, { to = out }))
    assert.equal("", tools.read(out .. "/empty"))
  end)

  it("1 000 layers", function()
    local layout = make_layout(function(dir)
      local config, layers = put_blob(dir, "{}"), {}
      for i = 1, 1000 do
        layers[i] = descriptor("application/octet-stream", put_blob(dir, "layer " .. i),
          (',"annotations":{"org.opencontainers.image.title":"f%d"}'):format(i))
      end
      local manifest = put_blob(dir, ('{"schemaVersion":2,"mediaType":"%s","artifactType":"%s","config":%s,"layers":[%s]}'):format(
        MANIFEST, TYPE, descriptor(EMPTY, config), table.concat(layers, ",")))
      return descriptor(MANIFEST, manifest, V1)
    end)
    local _, to = copy_around(layout)
    local out = tools.directory()
    local pulled = assert(oci.pull(to, { to = out }))
    assert.equal(1000, #pulled.files)
    assert.equal("layer 1000", tools.read(out .. "/f1000"))
  end)
end)
