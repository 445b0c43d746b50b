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

  it("the script of the README", function()
    local work = kit.tmp()
    local script = kit.read(root .. "/README.md"):match "```lua\n(.-)```"
    script = script:gsub("localhost:5000/docs/manual:v1", "oci:./artifacts:v1")
    kit.write(work .. "/script.lua", script)
    kit.must("cp", "-r", root .. "/README.md", root .. "/examples", work)
    local ok, output = kit.shell("cd " .. kit.quote(work) .. " && " .. lua .. " script.lua")
    assert.is_true(ok, output)
    assert.truthy(output:find("out/README.md", 1, true), output)
  end)
end)
