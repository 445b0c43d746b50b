-- Lint, and the table of what covers each rule of validity.
local core = require "oci.core"
local kit = require "testkit"
local oci = require "oci"

local ROOT = os.getenv "OCI_TEST_ROOT" or "."
local validity = assert(loadfile(ROOT .. "/spec/validity.lua"))()
local MANIFEST = "application/vnd.oci.image.manifest.v1+json"
local INDEX = "application/vnd.oci.image.index.v1+json"
local EMPTY = "application/vnd.oci.empty.v1+json"
local TYPE = "application/vnd.example.thing.v1"

local function content(document)
  if type(document) == "table" then
    return document[1], document[2]
  end
  return document
end

local function show(document)
  local bytes, media_type = content(document)
  return (#bytes > 600 and bytes:sub(1, 600) .. "..." or bytes) .. (media_type and " sent as " .. media_type or "")
end

-- The findings by rule, and all of them as text.
local function lint(document)
  local bytes, media_type = content(document)
  local found, lines = {}, {}
  for _, finding in ipairs(assert(oci.lint(bytes, media_type))) do
    found[finding.rule] = finding
    lines[#lines + 1] = ("%s %s %s: %s"):format(finding.rule, finding.severity, finding.path, finding.message)
  end
  return found, table.concat(lines, "\n")
end

local function severity_of(level)
  local first = level:match "^%u+"
  if first == "M" or first == "N" then
    return "error"
  end
  return (first == "S" or first == "SN") and "warning" or "hint"
end

local function check_lint(name, documents, severity)
  for _, document in ipairs(documents.valid) do
    local found, all = lint(document)
    assert(not found[name], ("%s should have nothing of %s:\n%s"):format(show(document), name, all))
  end
  for _, document in ipairs(documents.invalid) do
    local found, all = lint(document)
    local finding = found[name]
    assert(finding, ("%s should break %s:\n%s"):format(show(document), name, all))
    assert.equal(severity, finding.severity, name)
    assert.truthy(#finding.message > 20, finding.message)
  end
end

local function check_parse(name, documents)
  for _, document in ipairs(documents.valid) do
    local read, message = oci.parse(content(document))
    assert(read, ("%s: %s should be read: %s"):format(name, show(document), tostring(message)))
  end
  for _, document in ipairs(documents.invalid) do
    local read, _, code = oci.parse(content(document))
    assert(not read, ("%s: %s should not be read"):format(name, show(document)))
    assert.equal("INVALID", code)
  end
end

local sources = {}

-- Is there that test in that file? A spec's tests by their texts, a C program's by their names.
local function has_test(place)
  local file, test = place:match "^(%S+): (.+)$"
  if not sources[file] then
    local handle = assert(io.open(ROOT .. "/" .. file, "rb"))
    sources[file] = handle:read "*a"
    handle:close()
  end
  local text = file:find "%.lua$" and '"' .. test .. '"' or "TEST(" .. test .. ")"
  return sources[file]:find(text, 1, true) ~= nil
end

-- What every document that parse refuses has in lint: an error, since push refuses what is one.
local function check_refused(name, documents)
  for _, document in ipairs(documents.invalid) do
    local found, all = lint(document)
    local errors = 0
    for _, finding in pairs(found) do
      errors = errors + (finding.severity == "error" and 1 or 0)
    end
    assert(errors > 0, ("%s: %s is refused by parse, and lint has no error:\n%s"):format(name, show(document), all))
  end
end

describe("the table of rules", function()
  it("has each of the 187", function()
    local count = 0
    for _, section in ipairs(validity.sections) do
      for number = 1, section[2] do
        local name = ("%s%02d"):format(section[1], number)
        assert.truthy(validity.rules[name], name)
        count = count + 1
      end
    end
    assert.equal(187, count)
    assert.equal(187, #validity.order)
  end)

  it("says of each what covers it", function()
    for name, rule in pairs(validity.rules) do
      local covered = rule.lint or rule.parse or rule.transfer
      assert.truthy(covered and not rule.nothing or not covered and rule.nothing, name)
      assert.truthy(rule.level:find "^[MSNgo-]", name)
      if rule.lint then
        assert.truthy(#rule.lint.valid > 0 and #rule.lint.invalid > 0, name)
      end
      if rule.parse then
        assert.truthy(#rule.parse.valid > 0, name)
      end
    end
  end)

  it("names tests that are there", function()
    for name, rule in pairs(validity.rules) do
      for _, place in ipairs(rule.transfer or {}) do
        assert.truthy(has_test(place), name .. ": " .. place)
      end
    end
  end)

  it("names each rule that lint reports, and only those", function()
    local reported = {}
    for _, rule in pairs(validity.rules) do
      for _, document in ipairs(rule.lint and rule.lint.invalid or {}) do
        for name in pairs((lint(document))) do
          reported[name] = true
        end
      end
    end
    for name in pairs(reported) do
      local rule = validity.rules[name]
      assert.truthy(validity.seed[name] or rule and rule.lint and not rule.as, name)
    end
  end)

  it("has documents for each rule that the core knows", function()
    local file = assert(io.open(ROOT .. "/csrc/model/lint_inside.h", "rb"))
    local count = 0
    for name in file:read "*a":gmatch 'X%(%w+, %u+, "([^"]+)"%)' do
      local rule = validity.rules[name]
      assert.truthy(validity.seed[name] or rule and rule.lint and not rule.as, name)
      count = count + 1
    end
    file:close()
    assert.truthy(count > 90)
  end)

  for _, name in ipairs(validity.order) do
    local rule = validity.rules[name]
    if rule.lint then
      it("is right about lint and " .. name, function()
        local reported = rule.as or name
        local its = validity.rules[reported]
        check_lint(reported, rule.lint, its.severity or severity_of(its.level))
      end)
    end
    if rule.refused then
      it("is right about what is refused by " .. name, function()
        check_lint(name, { valid = {}, invalid = rule.refused }, "error")
        check_parse(name, { valid = {}, invalid = rule.refused })
      end)
    end
    if rule.parse then
      it("is right about parse and " .. name, function()
        check_parse(name, rule.parse)
        check_refused(name, rule.parse)
      end)
    end
  end

  for name, documents in pairs(validity.seed) do
    it("is right about lint and " .. name, function()
      check_lint(name, documents, "hint")
    end)
  end
end)

-- ---- findings

local function bytes_of(more)
  return ('{"schemaVersion":2,"mediaType":"%s","artifactType":"%s","config":{"mediaType":"%s","digest":"%s","size":2},%s}')
    :format(MANIFEST, TYPE, EMPTY, oci.digest "{}", more)
end

local LAYER = ('{"mediaType":"text/plain","digest":"%s","size":5}'):format(oci.digest "hello")

describe("lint", function()
  it("finds nothing in what is right", function()
    local found = assert(oci.lint(bytes_of('"layers":[' .. LAYER .. "]")))
    assert.same({}, found)
    assert.equal("[]", oci.json.encode(found))
  end)

  it("says where", function()
    local found, all = lint(bytes_of(('"layers":[%s,%s],"annotations":{"a b":"","org.opencontainers.image.x":""}')
      :format(LAYER, LAYER:gsub("sha256", "SHA256"), LAYER)))
    assert.equal("layers[1].digest", found.G01.path, all)
    assert.equal('annotations["a b"]', found.A04.path)
    assert.equal('annotations["org.opencontainers.image.x"]', found.A06.path)
    assert.equal("layers", lint(bytes_of '"x":1').M13.path)
    assert.equal("", lint("[]").M01.path)
    assert.equal("a[1].b", lint('{"a":[0,{"b":1,"b":2}]}').X04.path)
    assert.equal("a[1].b", lint('{"a":[0,{"b":truE').X09.path)
  end)

  it("takes a manifest, with what it was sent as", function()
    local untyped = bytes_of('"layers":[' .. LAYER .. "]"):gsub('"mediaType":"' .. MANIFEST:gsub("%p", "%%%0") .. '",', "", 1)
    local found = lint(untyped)
    assert.equal("warning", found.M02.severity)
    local parsed = assert(oci.parse(untyped, MANIFEST))
    assert.same(assert(oci.lint(untyped, MANIFEST)), assert(oci.lint(parsed)))
    local built = assert(oci.manifest { artifact_type = TYPE, layers = { { data = "hello", media_type = "text/plain" } } })
    assert.same({}, assert(oci.lint(built)))
    assert.equal("R05", assert(oci.lint(built, INDEX))[1].rule)
  end)

  it("ignores parameters and the case of what the sender said", function()
    assert.same({}, assert(oci.lint(bytes_of('"layers":[' .. LAYER .. "]"), "Application/vnd.OCI.image.manifest.v1+json; charset=utf-8")))
  end)

  it("is one finding for what is no JSON at all", function()
    for _, bytes in ipairs { "", " ", "<html>", "\255\254{\0", "\0", "nul", "\127ELF\2\1\1\0", "{", '{"a"', "hello: world" } do
      local found = assert(oci.lint(bytes))
      assert.equal(1, #found)
      assert.truthy(found[1].rule == "X09" or found[1].rule == "X03")
    end
  end)

  it("goes on where parse must refuse", function()
    local found, all = lint('\239\187\191{"schemaVersion":2,"schemaVersion":1,"manifests":[{"digest":"x","size":9223372036854775808},],} x')
    for _, rule in ipairs { "X03", "X04", "X05", "X09", "I03", "D03", "G01", "D07" } do
      assert.truthy(found[rule], rule .. "\n" .. all)
    end
    assert.equal("manifests[0].digest", found.G01.path)
  end)

  it("takes the first of two members, as it says of the second", function()
    local found = lint '{"schemaVersion":2,"schemaVersion":1,"manifests":[]}'
    assert.is_nil(found.I02)
    assert.truthy(found.X04)
  end)

  it("gives a thousand findings at most", function()
    local broken = {}
    for i = 1, 5000 do
      broken[i] = "{}"
    end
    local found = assert(oci.lint(bytes_of('"layers":[' .. table.concat(broken, ",") .. "]")))
    assert.equal(1000, #found)
  end)

  it("names a layer's type once", function()
    local many = {}
    for i = 1, 1000 do
      many[i] = (LAYER:gsub("text/plain", "application/vnd.example.odd"))
    end
    local found = assert(oci.lint(bytes_of('"layers":[' .. table.concat(many, ",") .. "]")))
    assert.equal(3, #found)
    assert.equal("layers[0].mediaType", found[1].path)
  end)

  it("shows no control characters, and cuts long keys", function()
    local found = lint(bytes_of(('"layers":[%s],"annotations":{"\\u001b[31m\\u202e%s":5}'):format(LAYER, ("ä"):rep(200))))
    assert.is_nil((found.A01.path .. found.A04.message):find("[%c\226]"))
    assert.truthy(#found.A01.path < 200)
    assert.truthy(oci.json.encode(found.A01.path))
  end)

  it("has limits", function()
    for _, bytes in ipairs { ("["):rep(65), (" "):rep(8 * 1024 * 1024 + 1), "[" .. ("0,"):rep(2000000) .. "0]" } do
      local found, message, code = oci.lint(bytes)
      assert.is_nil(found)
      assert.equal("LIMIT", code)
      assert.is_string(message)
    end
  end)

  it("raises for wrong types", function()
    assert.has_error(function() oci.lint(5) end)
    assert.has_error(function() oci.lint({}) end)
    assert.has_error(function() oci.lint("{}", 5) end)
    assert.has_error(function() core.lint(nil) end)
  end)
end)

describe("manifests of real programs", function()
  -- What each of them breaks, in the order of the document.
  local expected = {
    ["helm-chart"] = { "M02 mediaType", "seed-A12 layers[0].mediaType" },
    ["conftest-bundle"] = { "M02 mediaType", "seed-A4 config.mediaType" },
    ["oras-files"] = {},
    ["singularity-sif"] = {},
  }
  for name, findings in pairs(expected) do
    it("are linted: " .. name, function()
      local handle = assert(io.open(ROOT .. "/spec/fixtures/" .. name .. ".manifest.json", "rb"))
      local bytes = handle:read "*a"
      handle:close()
      local found = {}
      for i, finding in ipairs(assert(oci.lint(bytes, MANIFEST))) do
        found[i] = finding.rule .. " " .. finding.path
        assert.not_equal("error", finding.severity)
      end
      assert.same(findings, found)
      assert(oci.parse(bytes, MANIFEST))
    end)
  end
end)

-- ---- what is built

describe("push", function()
  local function push(spec)
    local place = "memory:" .. kit.repository("lint")
    local pushed, message, code = oci.push(place .. ":v1", spec)
    if not pushed then
      assert.is_false(oci.exists(place .. ":v1"))
    end
    return pushed, message, code
  end
  local FILE = { data = "hello", title = "a.txt", media_type = "text/plain" }

  it("refuses what is an error, and says which rule", function()
    for rule, spec in pairs {
      A05 = { artifact_type = TYPE, files = { FILE }, annotations = { ["org.opencontainers.other"] = "x" } },
      A06 = { artifact_type = TYPE, files = { FILE }, annotations = { ["org.opencontainers.image.foo"] = "x" } },
    } do
      local pushed, message, code = push(spec)
      assert.is_nil(pushed)
      assert.equal("INVALID", code)
      assert.truthy(message:find(rule, 1, true), message)
      assert.equal("INVALID", (select(3, oci.manifest(spec))))
    end
    local index, message, code = oci.index { manifests = {
      { media_type = MANIFEST, digest = oci.digest "x", size = 1, urls = { "value" } } } }
    assert.is_nil(index)
    assert.equal("INVALID", code)
    assert.truthy(message:find("manifests[0].urls[0]", 1, true) and message:find("D10", 1, true), message)
  end)

  it("takes the one reserved key that a type in use has (CNAB), though lint has an error", function()
    local spec = { artifact_type = TYPE, files = { FILE }, annotations = { ["org.opencontainers.artifactType"] = "a/b" } }
    assert.truthy((push(spec)))
    local found = {}
    for _, finding in ipairs(oci.lint(assert(oci.manifest(spec)))) do
      found[finding.rule] = finding.severity
    end
    assert.equal("error", found.A05)
  end)

  it("takes what is only unusual", function()
    for rule, spec in pairs {
      A04 = { artifact_type = TYPE, files = { FILE }, annotations = { mykey = "x" } },
      A09 = { artifact_type = TYPE, files = { FILE }, annotations = { ["org.opencontainers.image.created"] = "today" } },
      A11 = { artifact_type = TYPE, files = { FILE }, annotations = { ["org.opencontainers.image.ref.name"] = "v1" } },
      Z02 = { artifact_type = TYPE, files = { FILE }, config = { data = "{}", media_type = "application/vnd.oci.image.config.v1+json" } },
      T07 = { artifact_type = TYPE, layers = { { data = "x", media_type = "application/vnd.oci.image.layer.nondistributable.v1.tar" } } },
      Z03 = { artifact_type = TYPE, layers = { { data = "", media_type = "text/plain" } } },
      ["seed-A3"] = { artifact_type = "application/vnd.Example.Thing", files = { FILE } },
      ["seed-A12"] = { artifact_type = TYPE, layers = { { data = "x", media_type = "application/vnd.cncf.helm.chart.content.v1.tar+gzip" } } },
    } do
      local built = assert(oci.manifest(spec))
      assert.truthy(lint(built.bytes)[rule], rule)
      assert(push(spec))
    end
  end)

  it("makes nothing in which lint finds an error", function()
    local dir = kit.tmp()
    kit.must("mkdir", dir .. "/d.d")
    kit.write(dir .. "/d.d/f", "x")
    for _, spec in ipairs {
      { artifact_type = TYPE },
      { artifact_type = TYPE, files = { dir .. "/d.d" }, created = true },
      { config = { json = {}, media_type = "application/vnd.example.thing.config.v1+json" }, files = { FILE } },
      { files = { { data = "x", title = "ä \"b\"" } }, annotations = { ["com.example.a"] = "" } },
    } do
      local _, all = lint(assert(oci.manifest(spec)).bytes)
      assert.is_nil(all:find(" error ", 1, true), all)
    end
  end)
end)

-- ---- rules that only a reader can break

describe("a reader", function()
  local place

  before_each(function()
    place = "memory:" .. kit.repository("reader")
  end)

  it("copies and pulls what it does not know", function()
    local config = assert(oci.push_blob(place, { data = "not json" }))
    local layer = assert(oci.push_blob(place, { data = "hello" }))
    local bytes = ([[ {"annotations":{"x.y.z":""}, "x":{"unknown":[1,2]}, "schemaVersion":2, "artifactType":"application/vnd.nobody.knows",
      "subject":{"mediaType":"%s","digest":"%s","size":9}, "mediaType":"%s",
      "layers":[{"mediaType":"application/vnd.x","digest":"%s","size":5,"from":"y","annotations":{"org.opencontainers.image.title":"a"}}],
      "config":{"mediaType":"application/vnd.nobody.config","digest":"%s","size":8}}]] .. "\n")
      :format(MANIFEST, oci.digest "nowhere", MANIFEST, layer.digest, config.digest)
    assert(oci.push_manifest(place .. ":v1", bytes))
    local other = "memory:" .. kit.repository("reader")
    local copied = assert(oci.copy(place .. ":v1", other .. ":v2"))
    assert.equal(oci.digest(bytes), copied.digest)
    assert.equal(bytes, assert(oci.fetch_manifest(other .. ":v2")).bytes)
    assert.equal("not json", assert(oci.fetch_config(other .. ":v2")))
    local pulled = assert(oci.pull(other .. ":v2", { to = kit.tmp() }))
    assert.equal("a", pulled.files[1].title)
  end)

  it("takes the first of two manifests for one platform", function()
    local pushed, entries = {}, {}
    for i = 1, 2 do
      pushed[i] = assert(oci.push(place, { artifact_type = TYPE, files = { { data = "number " .. i, title = "n" } } }))
      for _, architecture in ipairs { "amd64", "arm64", "386", "arm", "riscv64", "ppc64le", "s390x", "loong64" } do
        entries[#entries + 1] = { media_type = MANIFEST, digest = pushed[i].digest, size = pushed[i].size,
          platform = { os = "linux", architecture = architecture } }
      end
    end
    assert(oci.push(place .. ":all", assert(oci.index { manifests = entries })))
    assert.equal(pushed[1].digest, assert(oci.pull(place .. ":all", { to = kit.tmp() })).digest)
  end)

  it("finds no tag in an index that another one names", function()
    local layout = "oci:" .. kit.tmp() .. "/layout"
    local inner = assert(oci.push(layout, { artifact_type = TYPE, files = { { data = "x", title = "x" } } }))
    inner.annotations = { ["org.opencontainers.image.ref.name"] = "inner" }
    assert(oci.push(layout .. ":outer", assert(oci.index { manifests = { inner } })))
    assert.is_true(oci.exists(layout .. ":outer"))
    assert.is_false(oci.exists(layout .. ":inner"))
  end)

  it("reads by the digest where there is a tag as well", function()
    local first = assert(oci.push(place .. ":v1", { artifact_type = TYPE, files = { { data = "1", title = "x" } } }))
    assert(oci.push(place .. ":v1", { artifact_type = TYPE, files = { { data = "2", title = "x" } } }))
    assert.equal(first.digest, assert(oci.resolve(place .. ":v1@" .. first.digest)).digest)
    assert.equal(first.digest, assert(oci.fetch_manifest(place .. ":v1@" .. first.digest)).digest)
  end)

  it("keeps a file whose name looks like a whiteout", function()
    local dir, to = kit.tmp(), kit.tmp()
    kit.must("mkdir", dir .. "/d")
    kit.write(dir .. "/d/.wh.x", "kept")
    kit.write(dir .. "/d/x", "here")
    assert(oci.push(place .. ":v1", { artifact_type = TYPE, files = { { path = dir .. "/d", title = "d" } } }))
    assert(oci.pull(place .. ":v1", { to = to }))
    assert.equal("kept", kit.read(to .. "/d/.wh.x"))
    assert.equal("here", kit.read(to .. "/d/x"))
  end)
end)
