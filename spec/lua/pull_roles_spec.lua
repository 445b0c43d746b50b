-- Pulling by the roles that layers have in a type.
local kit = require "testkit"
local oci = require "oci"

local CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
local PROV = "application/vnd.cncf.helm.chart.provenance.v1.prov"
local CONFIG = "application/vnd.cncf.helm.config.v1+json"
local KIND = "application/vnd.example.roles"

describe("pull by roles", function()
  local switches, place, work

  local function push_chart(tag, text)
    return assert(oci.push(place .. ":" .. tag, {
      config = { json = { apiVersion = "v2", name = "app", version = "1.0.0" }, media_type = CONFIG },
      layers = {
        { data = text or "the provenance", media_type = PROV },
        { data = "the chart", media_type = CHART },
        { data = "notes", media_type = "text/plain" },
      },
    }))
  end

  before_each(function()
    switches = kit.switches()
    place = switches.address .. "/" .. kit.repository()
    work = kit.tmp()
    push_chart "1.0.0"
    switches:reset "content"
  end)

  local function failing(opts)
    opts.to = work .. "/none"
    local pulled, message, code, detail = oci.pull(place .. ":1.0.0", opts)
    assert.is_nil(pulled)
    assert.is_table(detail)
    assert.truthy(message:find(place, 1, true), message)
    assert.is_false((kit.run("test", "-e", work .. "/none")))
    return code, message
  end

  it("takes the layers of a role, and fetches nothing else", function()
    local pulled = assert(oci.pull(place .. ":1.0.0", { to = work, roles = "chart" }))
    assert.equal(1, #pulled.files)
    assert.equal("chart", pulled.files[1].role)
    assert.equal(2, pulled.files[1].layer)
    assert.equal(pulled.files[1], pulled.roles.chart[1])
    assert.equal("the chart", kit.read(pulled.files[1].path))
    local log = switches:log "GET .*/blobs/"
    assert.equal(1, #log)
    assert.truthy(log[1].path:find(oci.digest "the chart", 1, true))
    assert.equal(1, #switches:log "GET .*/manifests/")
    pulled = assert(oci.pull(place .. ":1.0.0", { to = work, roles = { "chart", "provenance" } }))
    assert.same({ "provenance", "chart" }, { pulled.files[1].role, pulled.files[2].role })
  end)

  it("goes with the other options", function()
    local pulled = assert(oci.pull(place .. ":1.0.0", { to = work, roles = { "chart", "provenance" }, media_types = PROV }))
    assert.equal(1, #pulled.files)
    local text = {}
    pulled = assert(oci.pull(place .. ":1.0.0", { roles = "chart", to = function(file, chunk)
      text[#text + 1] = file.role .. "=" .. (chunk or "end")
    end }))
    assert.same({ "chart=the chart", "chart=end" }, text)
    assert.equal(pulled.files[1], pulled.roles.chart[1])
    local op = assert(oci.start("pull", place .. ":1.0.0", { to = work .. "/op", roles = "chart" }))
    assert.equal(1, #assert(op:wait()).files)
  end)

  it("takes what the type's method takes: what its client ignores is left out", function()
    local chart = assert(oci.types.get "helm-chart")
    local pulled = assert(chart:pull(place .. ":1.0.0", { to = work }))
    assert.equal(2, #pulled.files)
    assert.equal("the chart", kit.read(pulled.roles.chart[1].path))
    assert.equal("the provenance", kit.read(pulled.roles.provenance[1].path))
    local client = assert(oci.client())
    assert.equal(1, #assert(chart:pull(place .. ":1.0.0", { to = work, client = client, roles = "chart" })).files)
    client:close()
    assert.equal(2, #assert(oci.pull(place .. ":1.0.0", { to = work, type = "helm-chart" })).files)
    assert.is_nil(assert(oci.pull(place .. ":1.0.0", { to = work })).roles)
  end)

  it("works for a type that the program defines, whose unknown layers are its own affair", function()
    local kind = assert(oci.types.define {
      name = "example-roles", title = "Roles", artifact_type = KIND,
      layers = { { role = "page", media_types = { "text/html" }, files = { "*.html" } },
        { role = "style", media_types = { "text/css" } } },
    })
    assert(oci.push(place .. ":site", { artifact_type = KIND, files = {
      { data = "<p>", title = "a.html", media_type = "text/html" }, { data = "<b>", title = "b.html", media_type = "text/html" },
      { data = "p{}", title = "s.css", media_type = "text/css" }, { data = "x", title = "other" } } }))
    local pulled = assert(kind:pull(place .. ":site", { to = work .. "/site" }))
    assert.equal(2, #pulled.roles.page)
    assert.equal("s.css", pulled.roles.style[1].title)
    assert.equal(2, #assert(oci.pull(place .. ":site", { to = work .. "/pages", roles = "page" })).files)
  end)

  it("says what is no role, and what has none", function()
    local code, message = failing { roles = "charts" }
    assert.equal("INVALID", code)
    assert.truthy(message:find("'chart'", 1, true), message)
    assert.equal("INVALID", (failing { type = "singularity-sif" }))
    local _, _, unknown = oci.pull(place .. ":1.0.0", { to = work, type = "no-such-type" })
    assert.equal("NOT_FOUND", unknown)
    assert.equal("NOT_FOUND", (failing { roles = {} }))
    assert(oci.push(place .. ":bare", {
      config = { json = { apiVersion = "v2", name = "app", version = "1.0.0" }, media_type = CONFIG },
      layers = { { data = "the chart", media_type = CHART } } }))
    assert.equal("NOT_FOUND", (select(3, oci.pull(place .. ":bare", { to = work, roles = "provenance" }))))
    for _, opts in ipairs { { roles = 1 }, { type = 1 }, { type = {} } } do
      assert.has_error(function() oci.pull(place, opts) end)
    end
  end)

  it("pulls the manifest that it looked at, though the tag moves meanwhile", function()
    local first = assert(oci.resolve(place .. ":1.0.0"))
    push_chart("2.0.0", "another provenance")
    local second = assert(oci.fetch_manifest(place .. ":2.0.0"))
    -- The tag is asked for once; whoever asks again gets the other one.
    switches:rules { { method = "GET", path = "/manifests/1.0.0", skip = 1, times = -1,
      action = { status = 200, body = second.bytes, headers = { ["content-type"] = second.media_type } } } }
    local pulled = assert(oci.pull(place .. ":1.0.0", { to = work, roles = "provenance" }))
    assert.equal(first.digest, pulled.digest)
    assert.equal("the provenance", kit.read(pulled.files[1].path))
    local tags = 0
    for _, entry in ipairs(switches:log "GET .*/manifests/1%.0%.0") do
      tags = tags + (entry.status == 200 and 1 or 0)
    end
    assert.equal(1, tags)
  end)

  it("finds the roles of what stands behind an index's entries", function()
    local target = assert(oci.push(place, { artifact_type = "application/vnd.opentofu.provider-target",
      layers = { { data = "a zip", media_type = "archive/zip" } } }))
    assert(oci.push_manifest(place .. ":provider", assert(oci.index {
      artifact_type = "application/vnd.opentofu.provider",
      manifests = { { media_type = target.media_type, digest = target.digest, size = target.size,
        artifact_type = target.artifact_type, platform = "plan9/mips" } },
    })))
    local provider = assert(oci.types.get "opentofu-provider")
    local pulled = assert(provider:pull(place .. ":provider", { to = work, platform = "plan9/mips" }))
    assert.equal("a zip", kit.read(pulled.roles.package[1].path))
    pulled = assert(oci.pull(place .. ":provider", { to = work, platform = "plan9/mips", roles = "package" }))
    assert.equal("unchanged", pulled.files[1].state)
  end)

  it("chooses of an index first", function()
    local one = assert(oci.resolve(place .. ":1.0.0"))
    local index = assert(oci.index { manifests = {
      { media_type = one.media_type, digest = one.digest, size = one.size, platform = "plan9/mips" } } })
    assert(oci.push_manifest(place .. ":index", index))
    local pulled = assert(oci.pull(place .. ":index", { to = work, roles = "chart", platform = "plan9/mips" }))
    assert.equal(one.digest, pulled.digest)
    local _, _, code = oci.pull(place .. ":index", { to = work, roles = "chart" })
    assert.equal("NOT_FOUND", code)
  end)

  it("of a type passes all other options on, and takes no other type", function()
    local dir = work .. "/docs"
    kit.must("mkdir", dir)
    kit.write(dir .. "/a", "x")
    local files = oci.types.get "oras-files"
    assert(oci.push(place .. ":packed", { type = files, files = { { dir = dir, title = "docs" } } }))
    local options = { to = work .. "/out", unpack = false }
    assert.equal("fetched", assert(files:pull(place .. ":packed", options)).files[1].state)
    assert.same({ to = work .. "/out", unpack = false }, options)
    for text, given in pairs { ["table of options expected, got string"] = "out",
      ["unknown option 'type'"] = { type = "helm-chart" } } do
      local ok, message = pcall(files.pull, files, place .. ":packed", given)
      assert.is_false(ok)
      assert.truthy(message:find("pull_roles_spec.lua", 1, true) and message:find(text, 1, true), message)
    end
  end)
end)
