-- The examples do what they say.
local kit = require "testkit"
local oci = require "oci"

local lua = os.getenv "OCI_TEST_LUA" or "lua5.4"
local root = os.getenv "OCI_TEST_ROOT" or "."

local function example(name, ...)
  return kit.must(lua, root .. "/examples/" .. name .. ".lua", ...)
end

describe("examples", function()
  it("quickstart: a layout", function()
    local output = example "quickstart"
    assert.truthy(output:find("pushed   oci:", 1, true), output)
    assert.truthy(output:find("tags     v1\n", 1, true), output)
    assert.truthy(output:find("pulled   LICENSE", 1, true), output)
    assert.truthy(output:find("equal    sha256:", 1, true), output)
  end)

  it("quickstart: a registry", function()
    local host = kit.needs("OCI_TEST_REGISTRY", "docker-registry")
    local ref = host .. "/" .. kit.repository() .. ":v1"
    assert.truthy(example("quickstart", ref):find("equal    sha256:", 1, true))
    assert.is_true(oci.exists(ref))
  end)

  -- LuaJIT's own code is none that valgrind likes, and a sanitizer does not run under it.
  if os.getenv "OCI_TEST_LUA_NAME" == "lua5.4" and not os.getenv "OCI_TEST_PRELOAD" then
    it("quickstart under valgrind: no errors, no definite leaks", function()
      if not kit.run("sh", "-c", "command -v valgrind") then
        pending "valgrind is not there"
      end
      local host = kit.needs("OCI_TEST_REGISTRY", "docker-registry")
      for _, ref in ipairs { "oci:" .. kit.tmp() .. "/layout:v1", host .. "/" .. kit.repository() .. ":v1" } do
        local output = kit.must("valgrind", "-q", "--leak-check=full", "--show-leak-kinds=definite",
          "--errors-for-leak-kinds=definite", "--error-exitcode=9", lua, root .. "/examples/quickstart.lua", ref)
        assert.truthy(output:find("equal    sha256:", 1, true), output)
      end
    end)
  end

  it("push_files, many, mirror, stream", function()
    local work = kit.tmp()
    local one, two = "oci:" .. work .. "/layout:one", "oci:" .. work .. "/layout:two"
    kit.write(work .. "/f", "content")
    example("push_files", one, work .. "/f")
    example("push_files", two, work .. "/f", root .. "/LICENSE")
    local output = example("many", work .. "/out", one, two)
    assert.truthy(output:find("2 files", 1, true), output)
    assert.equal("content", kit.read(work .. "/out/1/f"))
    output = example("mirror", "oci:" .. work .. "/layout", "oci:" .. work .. "/mirror")
    assert.truthy(output:find("^one\tsha256:.*\ntwo\tsha256:"), output)
    assert.same({ "one", "two" }, assert(oci.tags("oci:" .. work .. "/mirror")))
    assert.equal("a\nb\n", example("stream", "oci:" .. work .. "/layout:out", "printf 'a\\nb\\n'"))
    local ok = kit.run(lua, root .. "/examples/push_files.lua", one, work .. "/nowhere")
    assert.is_false(ok)
  end)

  it("cat, pull_some", function()
    local work = kit.tmp()
    local ref = "oci:" .. work .. "/layout:v1"
    kit.must("mkdir", "-p", work .. "/docs/sub")
    kit.write(work .. "/docs/sub/a.txt", "in a directory\n")
    assert(oci.push(ref, { artifact_type = "application/vnd.example.v1", files = {
      { data = "one\n", title = "one.txt" }, { data = "two\n", title = "two.json" }, { data = "", title = "x.txt.bak" },
      { dir = work .. "/docs", title = "docs" } } }))
    assert.equal("one\n", example("cat", ref, "one.txt"))
    assert.equal("in a directory\n", example("cat", ref, "docs/sub/a.txt"))
    assert.truthy(example("cat", ref):find("4\tapplication/octet-stream\tone.txt\n", 1, true))
    local output = example("pull_some", ref, work .. "/out", "*.txt*")
    assert.truthy(output:find("fetched\t" .. work .. "/out/one.txt\n", 1, true), output)
    assert.is_nil(output:find("bak", 1, true))
    assert.is_nil(kit.read(work .. "/out/two.json"))
  end)

  it("publish_helm_chart, publish_opa_bundle, publish_sif, publish_sbom", function()
    local work = kit.tmp()
    local layout = "oci:" .. work .. "/layout"
    kit.must("mkdir", "-p", work .. "/shop", work .. "/policy")
    kit.write(work .. "/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.2.3+4\n")
    kit.write(work .. "/policy/a.rego", "package a\n")
    kit.write(work .. "/bom.json", '{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1}')
    local output = example("publish_helm_chart", layout, work .. "/shop")
    assert.truthy(output:find("@sha256:%x+\ttag 1.2.3_4\n"), output)
    example("publish_opa_bundle", layout .. ":policy", work .. "/policy")
    example("publish_sif", layout .. ":image", root .. "/spec/fixtures/tiny.sif")
    local chart = assert(oci.resolve(layout .. ":1.2.3_4"))
    local sbom = example("publish_sbom", layout .. ":1.2.3_4", work .. "/bom.json"):match "^oci:%S+"
    for ref, name in pairs {
      [layout .. ":1.2.3_4"] = "helm-chart", [layout .. ":policy"] = "opa-bundle", [layout .. ":image"] = "singularity-sif",
      [sbom] = "sbom-cyclonedx",
    } do
      local manifest = assert(oci.fetch_manifest(ref))
      assert.equal(name, oci.types.identify(manifest, { config = assert(oci.fetch_config(ref)) }).name)
    end
    assert.equal(chart.digest, assert(oci.fetch_manifest(sbom)).subject.digest)
    assert.is_false((kit.run(lua, root .. "/examples/publish_sif.lua", layout .. ":x", root .. "/LICENSE")))
  end)

  it("publish_platforms", function()
    local work = kit.tmp()
    local ref = "oci:" .. work .. "/layout:v1"
    kit.write(work .. "/amd", "for amd64")
    kit.write(work .. "/arm", "for arm64")
    example("publish_platforms", ref, "linux/amd64=" .. work .. "/amd", "linux/arm64=" .. work .. "/arm")
    local pulled = assert(oci.pull(ref, { to = work .. "/out", platform = "linux/arm64" }))
    assert.equal("for arm64", kit.read(pulled.files[1].path))
  end)

  it("define_type", function()
    local work = kit.tmp()
    kit.write(work .. "/a.md", "# a")
    kit.write(work .. "/b.pdf", "%PDF")
    local here = "cd " .. kit.quote(work) .. " && " .. lua .. " " .. kit.quote(root .. "/examples/define_type.lua")
    assert.equal("report/a.md\ttext/markdown\nreport/b.pdf\tapplication/pdf\n",
      kit.must("sh", "-c", here .. " oci:l:v1 a.md ./b.pdf"))
    assert.equal("# a", kit.read(work .. "/report/a.md"))
    kit.write(work .. "/c.txt", "c")
    assert.is_false((kit.shell(here .. " oci:l:v2 c.txt")))
  end)

  it("that publish and define have under fifteen lines", function()
    for _, name in ipairs { "define_type", "publish_helm_chart", "publish_opa_bundle", "publish_platforms", "publish_sbom",
      "publish_sif" } do
      local _, lines = ("\n" .. kit.read(root .. "/examples/" .. name .. ".lua")):gsub("\n[^\n-]", "")
      assert.is_true(lines < 15, name .. " has " .. lines)
    end
  end)

  it("the README names every call", function()
    local readme = kit.read(root .. "/README.md")
    local names = {}
    for _, place in ipairs { oci, oci.types } do
      for name, value in pairs(place) do
        if type(value) == "function" then
          names[#names + 1] = name
        end
      end
    end
    assert.is_true(#names > 35, tostring(#names))
    for _, name in ipairs(names) do
      assert.truthy(readme:find("`oci." .. name .. "`", 1, true) or readme:find("`" .. name .. "`", 1, true)
        or name == "register" or name == "is_defined", name) -- private
    end
  end)

  it("the scripts of the README", function()
    local work = kit.tmp()
    kit.must("cp", "-r", root .. "/README.md", root .. "/examples", work)
    local outputs = {}
    for script in kit.read(root .. "/README.md"):gmatch "```lua\n(.-)```" do
      kit.write(work .. "/script.lua", (script:gsub("localhost:5000/docs/manual:v1", "oci:./artifacts:v1")))
      local ok, output = kit.shell("cd " .. kit.quote(work) .. " && " .. lua .. " script.lua")
      assert.is_true(ok, output)
      outputs[#outputs + 1] = output
    end
    assert.equal(2, #outputs)
    assert.truthy(outputs[1]:find("out/README.md", 1, true), outputs[1])
    assert.truthy(outputs[2]:find("pages/examples", 1, true), outputs[2])
  end)
end)
