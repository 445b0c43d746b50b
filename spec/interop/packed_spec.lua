-- Directories of more than one block: each block is a gzip member or a zstd frame of its own, and everybody must read on
-- behind the first.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local MEBIBYTE = 1 << 20

--- Text that no compressor makes nothing of.
local function text(size, seed)
  local lines, len = {}, 0
  local random = seed
  while len < size do
    random = (random * 1103515245 + 12345) % (1 << 31)
    lines[#lines + 1] = ("%d: line %d of the file\n"):format(random, #lines)
    len = len + #lines[#lines]
  end
  return table.concat(lines)
end

--- A tree of about 5 MiB.
local function make_tree()
  local dir = tools.directory() .. "/tree"
  tools.run("mkdir", "-p", dir .. "/a/b")
  tools.write(dir .. "/a/first", text(3 * MEBIBYTE, 1))
  tools.write(dir .. "/a/b/second", text(2 * MEBIBYTE, 2))
  tools.write(dir .. "/z", "the last one\n")
  tools.write(dir .. "/run.sh", "#!/bin/sh\n")
  tools.run("chmod", "755", dir .. "/run.sh")
  tools.run("ln", "-s", "a/first", dir .. "/link")
  return dir
end

--- Pushes a directory to a fresh layout; the layout, and the layer's descriptor.
local function push(dir, compression, title)
  local layout = tools.directory() .. "/layout"
  local content = { dir = dir, compression = compression, title = title }
  assert(oci.push("oci:" .. layout .. ":v1", {
    artifact_type = "application/vnd.example.tree.v1",
    layers = not title and { content } or nil,
    files = title and { content } or nil,
  }))
  return layout, assert(oci.fetch_manifest("oci:" .. layout .. ":v1")).layers[1]
end

local function blob(layout, digest)
  return layout .. "/blobs/" .. digest:gsub(":", "/")
end

describe("an archive of several blocks", function()
  for _, compression in ipairs { "gzip", "zstd", "none" } do
    it("comes back as the directory it was: " .. compression, function()
      local dir, to = make_tree(), tools.directory()
      local layout = push(dir, compression, "tree")
      assert.equal("unpacked", assert(oci.pull("oci:" .. layout .. ":v1", { to = to })).files[1].state)
      tools.same_tree(dir, to .. "/tree")
      assert.truthy(tools.try("test", "-x", to .. "/tree/run.sh"))
    end)
  end

  it("has the digest of its tar beside it, whatever the compression", function()
    local dir = make_tree()
    local _, plain = push(dir, "none", "tree")
    for _, compression in ipairs { "gzip", "zstd" } do
      local _, layer = push(dir, compression, "tree")
      assert.equal(plain.digest, layer.annotations["io.deis.oras.content.digest"])
    end
  end)

  it("is unpacked by oras", function()
    local oras = tools.need("OCI_TEST_ORAS", "oras")
    local dir, to = make_tree(), tools.directory()
    tools.run(oras, "pull", "--oci-layout", push(dir, "gzip", "tree") .. ":v1", "-o", to)
    tools.same_tree(dir, to .. "/tree")
  end)

  it("is unpacked by tar, gzip and Python", function()
    local dir = make_tree()
    local layout, layer = push(dir, "gzip", "tree")
    local archive, to = blob(layout, layer.digest), tools.directory()
    tools.run("tar", "xzf", archive, "-C", to)
    tools.same_tree(dir, to .. "/tree")
    local python = "import gzip,hashlib,sys; print('sha256:'+hashlib.sha256(gzip.open(sys.argv[1]).read()).hexdigest())"
    assert.equal(layer.annotations["io.deis.oras.content.digest"], (tools.run("python3", "-c", python, archive):gsub("%s", "")))
  end)

  it("is rewritten by skopeo as a layer of an image", function()
    local skopeo = tools.need("OCI_TEST_SKOPEO", "skopeo")
    local dir = make_tree()
    local _, plain = push(dir, "none")
    for _, compression in ipairs { "gzip", "zstd" } do
      local layout, work = tools.directory() .. "/image", tools.directory()
      assert(oci.push("oci:" .. layout .. ":v1", {
        config = { json = { architecture = "amd64", os = "linux", rootfs = { type = "layers", diff_ids = oci.array { plain.digest } } },
          media_type = "application/vnd.oci.image.config.v1+json" },
        layers = { { dir = dir, compression = compression } },
      }))
      tools.run(skopeo, "--insecure-policy", "copy", "--dest-decompress", "oci:" .. layout .. ":v1", "dir:" .. work .. "/out")
      assert.equal(tools.read(blob((push(dir, "none")), plain.digest)), tools.read(work .. "/out/" .. plain.digest:sub(8)))
    end
  end)

  it("is a chart that helm renders", function()
    local helm = tools.program "helm"
    local work = tools.directory()
    local chart = work .. "/large"
    tools.run("mkdir", "-p", chart .. "/files", chart .. "/templates")
    tools.write(chart .. "/Chart.yaml", "apiVersion: v2\nname: large\nversion: 1.0.0\n")
    for i = 1, 3 do
      tools.write(chart .. "/files/" .. i, text(900000, i))
    end
    tools.write(chart .. "/templates/size.yaml", 'size: {{ len (.Files.Get "files/3") }}\n')
    local layout, layer = push(chart, "gzip", "large")
    tools.run("cp", blob(layout, layer.digest), work .. "/large-1.0.0.tgz")
    local output = tools.run(helm, "template", "x", work .. "/large-1.0.0.tgz")
    assert.truthy(output:find("size: " .. #tools.read(chart .. "/files/3"), 1, true), output)
  end)

  it("is a bundle that opa evaluates", function()
    local opa = tools.program "opa"
    local work = tools.directory()
    local rows = {}
    for i = 1, 60000 do
      rows[i] = ('"key %d": "value %d"'):format(i, i * 7919)
    end
    tools.run("mkdir", "-p", work .. "/bundle/z")
    tools.write(work .. "/bundle/z/data.json", "{" .. table.concat(rows, ",") .. "}")
    tools.write(work .. "/bundle/zz.rego", "package last\n\nsize := count(data.z)\n")
    local layout, layer = push(work .. "/bundle", "gzip")
    tools.run("cp", blob(layout, layer.digest), work .. "/bundle.tar.gz")
    assert.equal("60000", (tools.run(opa, "eval", "-f", "raw", "-b", work .. "/bundle.tar.gz", "data.last.size"):gsub("%s", "")))
  end)
end)

describe("a library that is not there", function()
  -- Runs a script whose process cannot load it; what it prints.
  local function without(library, script, ...)
    local work = tools.directory()
    tools.write(work .. "/" .. library, "no library at all")
    tools.write(work .. "/script.lua", "local oci = require 'oci'\n" .. script)
    return tools.run({ env = "LD_LIBRARY_PATH=" .. tools.quote(work) }, os.getenv "OCI_TEST_LUA" or "lua5.4", work .. "/script.lua", ...)
  end

  local PUSH = [[
    for _, compression in ipairs { "gzip", "zstd", "none" } do
      local files = { { dir = arg[1], title = "t", compression = compression } }
      local d, message, code = oci.push("memory:x:v1", { artifact_type = "application/x.y", files = files })
      print(compression, d and "good" or code .. ": " .. message)
    end
  ]]

  it("is named when somebody wants zstd", function()
    local output = without("libzstd.so.1", PUSH, tools.directory())
    assert.truthy(output:find "^gzip\tgood\nzstd\tUNSUPPORTED: [^\n]*zstd needs libzstd [^\n]*\nnone\tgood\n", output)
  end)

  it("is named when somebody wants gzip, whose bytes depend on it", function()
    local output = without("libdeflate.so.0", PUSH, tools.directory())
    assert.truthy(output:find "^gzip\tUNSUPPORTED: [^\n]*gzip needs libdeflate [^\n]*\nzstd\tgood\nnone\tgood\n", output)
  end)

  it("is not missed when gzip is unpacked", function()
    local dir, to = make_tree(), tools.directory()
    without("libdeflate.so.0", "assert(oci.pull(arg[1], { to = arg[2] }))", "oci:" .. push(dir, "gzip", "tree") .. ":v1", to)
    tools.same_tree(dir, to .. "/tree")
  end)
end)
