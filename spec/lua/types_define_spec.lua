-- oci.types.define: what an author may say, what is refused, and that a defined type does all that those of the catalog do; the page
-- about a type, and the folder of a submission.
local kit = require "testkit"
local oci = require "oci"

local TYPE = "application/vnd.acme.report.v1"
local CONFIG = "application/vnd.acme.report.config.v1+json"
local PAGE = "application/vnd.acme.page.layer.v1.md"
local TITLE = "org.opencontainers.image.title"
local EMPTY = "application/vnd.oci.empty.v1+json"

local number = 0

-- A definition, with a name that is new, and what is given instead.
local function definition(more)
  number = number + 1
  local made = {
    name = "test-" .. number, title = "Test", artifact_type = "application/vnd.acme.test" .. number .. ".v1",
    layers = { { role = "page", media_types = PAGE, min = 1, max = 2, files = "*.md" } },
  }
  for name, value in pairs(more or {}) do
    made[name] = value
  end
  return made
end

local function define(more)
  return assert(oci.types.define(definition(more)))
end

-- The error of a definition, which is returned.
local function refused(more)
  local kind, message, code, detail = oci.types.define(definition(more))
  assert.is_nil(kind)
  assert.same({}, detail)
  return code .. " " .. message
end

-- The error of a definition, which is raised, without the place.
local function raised(more)
  local ok, message = pcall(oci.types.define, definition(more))
  assert.is_false(ok)
  assert.truthy(message:find("types_define_spec.lua", 1, true), message)
  return (message:gsub("^.-: ", ""))
end

local function rules(findings)
  local all = {}
  for i, finding in ipairs(findings) do
    all[i] = finding.rule .. " " .. finding.path
  end
  return all
end

describe("define", function()
  it("gives a type in the shape of the catalog, which is found", function()
    local given = {
      name = "acme-report", title = "Acme report", titles = { ["de-DE"] = "Acme-Bericht" }, description = "Reports.",
      version = "1.0", specs = "Acme reports 1.0", artifact_type = TYPE,
      config = { media_type = CONFIG, schema = { type = "object", required = { "period" } } },
      layers = {
        { role = "page", media_types = PAGE, min = 1, files = "*.md" },
        { role = "data", media_types = { "text/csv", "*" }, max = 1, annotations = { "acme.rows" } },
      },
      annotations = { required = { "acme.period" }, values = { ["acme.period"] = "month" } },
      tag_rule = "default tag latest", limits = { layer_bytes = 1000 },
    }
    local kind = assert(oci.types.define(given))
    assert.equal(kind, oci.types.get "acme-report")
    local found = false
    for _, other in ipairs(oci.types.all()) do
      found = found or other == kind
    end
    assert.is_true(found)
    assert.equal("oci.Type acme-report (Acme report)", tostring(kind))
    assert.same({ "Acme reports 1.0" }, kind.specs)
    assert.equal("application/vnd.oci.image.manifest.v1+json", kind.manifest_media_type)
    assert.equal("artifactType", kind.identify_by)
    assert.same({ "reject", "insignificant", "optional", "current" },
      { kind.unknown_layers, kind.layer_order, kind.subject, kind.status })
    assert.same({ role = "page", media_types = { PAGE }, min = 1, files = { "*.md" },
      annotations = { required = {}, recommended = { TITLE } } }, kind.layers[1])
    assert.same({ role = "data", media_types = { "text/csv", "*" }, min = 0, max = 1,
      annotations = { required = { "acme.rows" }, recommended = { TITLE } } }, kind.layers[2])
    -- What the author changes afterwards is no longer the type's.
    given.layers[1].media_types, given.titles["en-US"] = "x/y", "x"
    assert.same({ PAGE }, kind.layers[1].media_types)
    assert.is_nil(kind.titles["en-US"])
  end)

  it("builds, checks, identifies and pushes", function()
    local kind = define {
      config = { media_type = CONFIG, schema = { type = "object", required = { "period" } } },
      annotations = { required = { "acme.period" }, values = { ["acme.period"] = "month" } },
    }
    local built = assert(kind:build { config = { json = { period = "2026-11" } }, page = { data = "# A", title = "a.md" } })
    assert.equal(kind.artifact_type, built.artifact_type)
    assert.equal("month", built.annotations["acme.period"])
    assert.same({}, kind:check(built, { config = '{"period":"2026-11"}' }))
    assert.same({ "config-content config" }, rules(kind:check(built, { config = "{}" })))
    assert.equal(kind, oci.types.identify(built))
    assert.same({ "page" }, oci.types.roles_of(kind, built))
    local place = "memory:" .. kit.repository("define") .. ":v1"
    local pushed = assert(oci.push(place, { type = kind.name, config = { json = { period = "2026-11" } },
      page = { data = "# A", title = "a.md" } }))
    assert.equal(built.digest, pushed.digest)
    local other = assert(oci.manifest { artifact_type = kind.artifact_type, layers = {
      { data = "x", media_type = "text/plain" }, { data = "y", media_type = PAGE, title = "a.txt" },
    } })
    assert.same({ "annotation annotations", "config-type config.mediaType", "layer-unknown layers[0]",
      "layer-title layers[1].annotations" }, rules(kind:check(other)))
  end)

  it("builds no config that its schema refuses", function()
    local kind = define { config = { media_type = CONFIG, schema = { required = { "period" } } } }
    local path = kit.tmp() .. "/config.json"
    kit.write(path, '{"period":1}')
    local page = { data = "x", title = "a.md" }
    assert(kind:build { config = path, page = page })
    kit.write(path, '{"perio":1}')
    for _, config in ipairs { { json = { perio = 1 } }, { data = "{}" }, path } do
      local built, message, code = kind:build { config = config, page = page }
      assert.is_nil(built)
      assert.equal(("INVALID %s: config: period is missing"):format(kind.name), code .. " " .. message)
    end
    assert.equal("INVALID", (select(3, kind:build { page = page })))
  end)

  it("pulls into roles", function()
    local kind = define { layers = {
      { role = "page", media_types = PAGE, min = 1, files = "*.md" },
      { role = "data-table", media_types = "text/csv" },
    } }
    local ref, dir = "memory:" .. kit.repository("define") .. ":v1", kit.tmp()
    assert(oci.push(ref, { type = kind, page = { { data = "a", title = "a.md" }, { data = "b", title = "b.md" } },
      data_table = { data = "1,2", title = "t.csv" } }))
    local pulled = assert(kind:pull(ref, { to = dir .. "/all" }))
    assert.same({ "page", "page", "data-table" }, { pulled.files[1].role, pulled.files[2].role, pulled.files[3].role })
    assert.equal("b", kit.read(pulled.roles.page[2].path))
    assert.equal("1,2", kit.read(pulled.roles["data-table"][1].path))
    pulled = assert(oci.pull(ref, { to = dir .. "/one", roles = "data-table" }))
    assert.equal(1, #pulled.files)
    assert.equal("t.csv", pulled.files[1].title)
  end)

  it("takes files by pattern out of a directory, titled", function()
    local dir = kit.tmp()
    kit.write(dir .. "/b.md", "b")
    kit.write(dir .. "/a.md", "a")
    kit.write(dir .. "/a.txt", "x")
    local built = assert(define():build { page = dir })
    assert.same({ "a.md", "b.md" }, { built.layers[1].annotations[TITLE], built.layers[2].annotations[TITLE] })
    assert.is_nil(built.layers[3])
  end)

  it("knows artifacts without content, and without an artifact type", function()
    local bare = define { layers = false or {} }
    local built = assert(bare:build {})
    assert.equal(EMPTY, built.layers[1].media_type)
    assert.same({}, bare:check(built))
    assert.equal(bare, oci.types.identify(built))
    local definition_of_old = definition { config = { media_type = "application/vnd.acme.old.config.v1+json", default = "{}" } }
    definition_of_old.artifact_type = nil
    local old = assert(oci.types.define(definition_of_old))
    assert.equal("config.mediaType", old.identify_by)
    built = assert(old:build { page = { data = "x", title = "x.md" } })
    assert.is_nil(built.artifact_type)
    assert.equal(old, oci.types.identify(built))
  end)

  it("recognises the shape of 1.0", function()
    local kind = define()
    local built = assert(oci.manifest { spec_version = "1.0", artifact_type = kind.artifact_type,
      layers = { { data = "x", media_type = PAGE, title = "x.md" } } })
    assert.is_nil(built.artifact_type)
    assert.equal(kind, oci.types.identify(built))
    assert.same({}, kind:check(built))
  end)

  it("knows indexes", function()
    local kind = assert(oci.types.define {
      name = "acme-plugin", title = "Acme plugin", artifact_type = "application/vnd.acme.plugin.v1",
      entries = { { role = "build", min = 1, platform = "required: os and architecture" } },
      child = {
        artifact_type = "application/vnd.acme.plugin-build.v1",
        layers = { { role = "binary", media_types = "application/vnd.acme.plugin.layer.v1.bin", min = 1, max = 1 } },
      },
    })
    assert.equal("application/vnd.oci.image.index.v1+json", kind.manifest_media_type)
    local built = assert(kind:build { build = {
      { platform = "linux/amd64", binary = { data = "a", title = "plugin" } },
      { platform = "linux/arm64", binary = { data = "b", title = "plugin" } },
    } })
    assert.equal(2, #built.manifests)
    assert.equal("application/vnd.acme.plugin-build.v1", built.manifests[1].artifact_type)
    assert.same({}, kind:check(built))
    assert.equal(kind, oci.types.identify(built))
    assert.same({ "build", "build" }, oci.types.roles_of(kind, built))
    local page = kind:markdown()
    assert.truthy(page:find("## Entries", 1, true))
    assert.truthy(page:find("| `binary` | `application/vnd.acme.plugin.layer.v1.bin` | 1 |", 1, true), page)
  end)

  it("says how names do not follow the convention", function()
    assert.same({}, define({ config = { media_type = CONFIG } }).findings)
    local kind = define {
      artifact_type = "application/vnd.acme.Report.v1",
      config = { media_type = "application/vnd.acme.report.v1+xml" },
      layers = {
        { role = "a", media_types = "*" },
        { role = "b", media_types = { "text/plain", "application/vnd.acme.b" } },
      },
    }
    local found = rules(kind.findings)
    table.sort(found)
    assert.same({
      "seed-A11 layers[1].media_types[1]", "seed-A12 layers[1].media_types[1]", "seed-A3 artifact_type",
      "seed-A4 config.media_type", "seed-A6 config.media_type", "seed-A9 layers[1].media_types[1]",
    }, found)
    for _, finding in ipairs(kind.findings) do
      assert.equal("hint", finding.severity)
    end
    -- What is built has the same findings when it is linted.
    local built = assert(kind:build { config = { data = "<a/>" }, b = { data = "x", media_type = "application/vnd.acme.b" } })
    found = {}
    for _, finding in ipairs(assert(oci.lint(built))) do
      found[finding.rule] = finding.path
    end
    assert.equal("artifactType", found["seed-A3"])
    assert.equal("layers[0].mediaType", found["seed-A11"])
  end)

  it("gives findings in one order, in texts that are UTF-8 and bounded", function()
    local wanted, wrong = {}, {}
    for letter in ("hgfedcba"):gmatch "." do
      wanted[letter], wrong[letter] = ("ä"):rep(1000), "x"
    end
    local kind = define { annotations = { values = wanted }, layers = {} }
    local built = assert(oci.manifest { artifact_type = kind.artifact_type, annotations = wrong })
    local order = {}
    for i, finding in ipairs(kind:check(built)) do
      order[i] = finding.message:match "the annotation (%l)"
      assert.is_true(#finding.message < 700)
      assert(oci.json.encode(finding))
    end
    assert.equal("abcdefgh", table.concat(order))
  end)

  it("leaves what it is given as it was", function()
    local given = definition { config = { media_type = CONFIG, schema = { required = { "a" } } }, annotations = { "a.b" },
      specs = { "X 1" }, titles = { ["en-US"] = "Test" }, tools = { { url = "https://x", title = "abc" } } }
    local before = assert(oci.json.encode(given))
    assert(oci.types.define(given))
    assert.equal(before, assert(oci.json.encode(given)))
    assert.is_nil(getmetatable(given))
  end)

  it("raises for wrong names and shapes, naming the nearest", function()
    assert.equal("bad argument #1 to 'define' (table expected, got no value)",
      (select(2, pcall(oci.types.define)):gsub("^.-: ", "")))
    for expected, more in pairs {
      ["unknown option 'titel', the nearest is 'title'"] = { titel = "x" },
      ["option 'title': string expected, got number"] = { title = 1 },
      ["option 'specs': item 1: string expected, got table"] = { specs = { {} } },
      ["option 'subject': \"none\", \"optional\" or \"required\" expected, got \"maybe\""] = { subject = "maybe" },
      ["layers[1]: unknown option 'mediatypes', the nearest is 'media_types'"] = { layers = { { mediatypes = "x" } } },
      ["layers[1]: option 'min': whole number (0 or more) expected, got number"] = { layers = { { role = "a", min = -1 } } },
      ["layers[1]: table expected, got string"] = { layers = { "page" } },
      ["layers: list expected, with the key [page]"] = { layers = { page = {} } },
      ["config: unknown option 'mediatype', the nearest is 'media_type'"] = { config = { mediatype = "x" } },
      ["config: option 'schema': table expected, got string"] = { config = { media_type = "a/b", schema = "{}" } },
      ["annotations: unknown option 'require', the nearest is 'required'"] = { annotations = { require = { "a" } } },
      ["limits: unknown option 'layer_size', the nearest is 'layer_bytes'"] = { limits = { layer_size = 1 } },
      ["tools[1]: unknown option 'uri', the nearest is 'url'"] = { tools = { { uri = "x" } } },
    } do
      assert.equal("bad argument #1 to 'define' (" .. expected .. ")", raised(more))
    end
  end)

  it("returns what is wrong with values", function()
    for expected, more in pairs {
      ["the name \"Test\" must be of lower-case letters, digits, -, _ and ."] = { name = "Test" },
      ["the title for en-US has more than 30 characters"] = { titles = { ["en-US"] = ("é"):rep(31) } },
      ["the title: \"de\" is no locale, write the language and the country, as in en-US"] = { titles = { de = "x" } },
      ["the title for de-DE has control or formatting characters"] = { titles = { ["de-DE"] = "a\226\128\174b" } },
      ["the description for de-DE has more than 255 characters"] = { descriptions = { ["de-DE"] = ("x"):rep(256) } },
      ["description has control or formatting characters"] = { description = "a\nb" },
      ["title is not UTF-8"] = { title = "\255" },
      ["artifact_type \"report\" is no media type"] = { artifact_type = "report" },
      ["config: a media_type is needed"] = { config = { schema = {} } },
      ["config.media_type \"a b/c\" is no media type"] = { config = { media_type = "a b/c" } },
      ["layers[1].media_types \"x\" is no media type"] = { layers = { { role = "a", media_types = "x" } } },
      ["layers[1]: media_types are needed, or \"*\" for any"] = { layers = { { role = "a" } } },
      ["layers[1]: at most 1 are allowed, and at least 2 needed"] = {
        layers = { { role = "a", media_types = "*", min = 2, max = 1 } } },
      ["layers[1]: a role must be named, with lower-case letters, digits, -, _ and ."] = {
        layers = { { media_types = "*" } } },
      ["layers[2]: the role \"a\" is there twice"] = {
        layers = { { role = "a", media_types = "*" }, { role = "a", media_types = "*" } } },
      ["layers[2]: the role \"a.b\" has the same key as \"a-b\""] = {
        layers = { { role = "a-b", media_types = "*" }, { role = "a.b", media_types = "*" } } },
      ["entries: an index needs a role at least"] = { layers = false, entries = {} },
      ["tools[1]: url and title are needed"] = { tools = { { title = "x" } } },
    } do
      local given = definition(more)
      given.layers = given.layers or nil
      local kind, message, code = oci.types.define(given)
      assert.is_nil(kind)
      assert.equal("INVALID " .. expected, code .. " " .. message)
    end
    local nameless = definition()
    nameless.title = nil
    assert.equal("INVALID", (select(3, oci.types.define(nameless))))
    assert.truthy(refused({ entries = { { role = "a" } } }):find("an index has entries", 1, true))
    assert.truthy(refused({ child = {} }):find("a child is of an index", 1, true))
    local typeless = definition()
    typeless.artifact_type = nil
    assert.truthy(select(2, oci.types.define(typeless)):find("an artifact_type is needed", 1, true))
  end)

  it("refuses roles with the name of any option of push", function()
    local spec = require "oci.spec"
    local names = { "type", "platform", "empty" }
    for name in pairs(spec.checkers) do
      names[#names + 1] = name
    end
    for _, name in ipairs(names) do
      assert.equal(("INVALID layers[1]: the role \"%s\" has the name of an option of push: choose another one"):format(name),
        refused { layers = { { role = name, media_types = "*" } } })
    end
    assert.truthy(refused({ layers = { { role = "spec.version", media_types = "*" } } }):find("name of an option", 1, true))
  end)

  it("refuses schemas outside of the subset, and names that are taken", function()
    assert.equal("UNSUPPORTED config.schema: the schema at \"#\": unknown keyword 'unevaluatedItems', the nearest is "
      .. "'uniqueItems'", refused { config = { media_type = CONFIG, schema = { unevaluatedItems = false } } })
    assert.equal("INVALID config.schema: the schema at \"#/type\": this must be null, boolean, number, integer, string, "
      .. "array, object or a list of them", refused { config = { media_type = CONFIG, schema = { type = "text" } } })
    local kind = define()
    assert.equal(("EXISTS there is a type \"%s\" already: choose another name"):format(kind.name), refused { name = kind.name })
    for _, name in ipairs { "helm-chart", "sbom" } do
      assert.equal(("EXISTS there is a type \"%s\" already: choose another name"):format(name), refused { name = name })
    end
  end)
end)

describe("markdown", function()
  it("describes a defined type", function()
    local kind = define {
      title = "Acme *report* <b>", titles = { ["de-DE"] = "Bericht" }, descriptions = { ["de-DE"] = "Was war." },
      description = "1. What_was | is", version = "1.0", specs = { "Acme 1.0" }, notes = "# no heading",
      config = { media_type = CONFIG, schema = { required = { "a" } }, description = "what `was`" },
      layers = { { role = "page", media_types = PAGE, min = 1, max = 2, files = "*.md", annotations = { "x|y" } } },
      annotations = { required = { "a|b" }, values = { ["a|b"] = "c" } }, subject = "required",
      tag_rule = "default tag latest", limits = { layer_bytes = 10 }, spec_url = "https://acme.example/spec",
      tools = { { url = "https://acme.example/tool", title = "acme" } }, unknown_layers = "ignore",
    }
    local page = kind:markdown()
    for _, line in ipairs {
      "# Acme \\*report\\* \\<b\\>\n", ("`%s`, version 1.0\n"):format(kind.name), "1\\. What\\_was \\| is\n",
      "- de-DE: Bericht. Was war.\n", ("- artifact type: `%s`\n"):format(kind.artifact_type),
      "- told by its artifact type, or else by the media type of its config\n", "- content: what \\`was\\`\n",
      '```json\n{\n  "required": [\n    "a"\n  ]\n}\n```\n',
      "| `page` | `" .. PAGE .. "` | 1 to 2 | titled like `*.md`<br>needs `x\\|y` |\n", "Layers of other media types are ignored.\n",
      "- `a|b` (required): `c`\n", "- it has a subject: what it is about\n- tags: default tag latest\n",
      "- layer bytes: at most 10\n", "\\# no heading\n", "- Acme 1.0\n", "- <https://acme.example/spec>\n",
      "- acme: <https://acme.example/tool>\n",
    } do
      assert.truthy(page:find(line, 1, true), line .. "\n" .. page)
    end
  end)

  it("describes each type of the catalog, all its media types, roles and annotations", function()
    for _, kind in ipairs(oci.types.all()) do
      local page = kind:markdown()
      local shape = kind.child or kind
      local words = { kind.name, kind.manifest_media_type, kind.artifact_type, shape.config and shape.config.media_type }
      for _, list in ipairs { shape.layers, kind.entries or {} } do
        for _, role in ipairs(list) do
          words[#words + 1] = role.role
          for _, media_type in ipairs(role.media_types) do
            words[#words + 1] = media_type
          end
        end
      end
      for _, name in ipairs(kind.annotations.required) do
        words[#words + 1] = name
      end
      for _, word in pairs(words) do
        assert.truthy(word == "*" or page:find("`" .. word .. "`", 1, true), kind.name .. ": " .. word)
      end
      assert.truthy(page:find("^# [^\n]+\n\n`[^\n]+\n\n") and page:find "## Config" and page:find "## Layers", page)
      assert.is_nil(page:find("\n\n\n", 1, true), page)
      assert.truthy(oci.types.is_defined(kind) or page:find("\n- read in: ", 1, true), page)
    end
  end)
end)

describe("submission", function()
  local function submittable(more)
    local all = {
      title = "Acme report", description = "Reports of Acme.",
      config = { media_type = ("application/vnd.acme.report%d.config.v2beta1+json"):format(number) },
    }
    local folder = ("artifactTypes/vnd.acme.report%d.2beta1/"):format(number)
    for name, value in pairs(more or {}) do
      all[name] = value
    end
    return define(all), folder
  end

  it("writes what opencontainers/artifacts asks for", function()
    local dir = kit.tmp()
    local kind, folder = submittable { spec_url = "https://acme.example/spec", more_info_url = "https://acme.example",
      tools = { { url = "https://acme.example/tool", title = "acme" } } }
    assert.same({ dir .. "/" .. folder .. "artifactType.json" }, assert(kind:submission(dir)))
    assert.same({
      mediaType = kind.config.media_type,
      title = { locale = "en-US", title = "Acme report" },
      description = { locale = "en-US", description = "Reports of Acme." },
      specUrl = "https://acme.example/spec", moreInfoUrl = "https://acme.example",
      tools = { { url = "https://acme.example/tool", title = { locale = "en-US", title = "acme" } } },
      layerMediaTypes = { PAGE },
    }, oci.json.decode(kit.read(dir .. "/" .. folder .. "artifactType.json")))
  end)

  it("writes several languages as lists, and the schema of the config", function()
    local dir = kit.tmp()
    local schema = { type = "object", required = { "period" }, enum = oci.array {} }
    local kind = submittable { titles = { ["de-DE"] = "Bericht", ["en-US"] = "Report" },
      config = { media_type = "application/vnd.acme.long.sub.config.v1+json", schema = schema } }
    local folder = "artifactTypes/vnd.acme.long.sub.1/"
    assert.same({ dir .. "/" .. folder .. "artifactType.json", dir .. "/" .. folder .. "artifactConfigSchema.json" },
      assert(kind:submission(dir)))
    assert.same({ { locale = "de-DE", title = "Bericht" }, { locale = "en-US", title = "Report" } },
      oci.json.decode(kit.read(dir .. "/" .. folder .. "artifactType.json")).title)
    local text = kit.read(dir .. "/" .. folder .. "artifactConfigSchema.json")
    assert.equal('{\n  "enum": [],\n  "required": [\n    "period"\n  ],\n  "type": "object"\n}\n', text)
  end)

  it("leaves what is there already", function()
    local dir = kit.tmp()
    local kind, folder = submittable()
    local path = assert(kind:submission(dir))[1]
    assert.same({ path }, kind:submission(dir)) -- the same again
    kit.write(path, "mine")
    local paths, message, code = kind:submission(dir)
    assert.is_nil(paths)
    assert.equal("EXISTS", code)
    assert.truthy(message:find(folder, 1, true) and not message:find "memory:", message)
    assert.equal("mine", kit.read(path))
  end)

  it("says all that is missing", function()
    local kind = define { title = "A title of more than thirty characters", layers = { { role = "any", media_types = "*" } },
      artifact_type = "application/vnd.a.b" }
    local paths, message, code, detail = kind:submission(kit.tmp())
    assert.is_nil(paths)
    assert.equal("INVALID", code)
    assert.same({}, detail)
    assert.equal(kind.name .. " cannot be submitted: the media type application/vnd.a.b has 19 characters, 35 to 100 are "
      .. "asked for; the media type application/vnd.a.b must be like application/vnd.ORG.TYPE.config.v1+json, the folder is "
      .. "named after it; the title for en-US has 38 characters, 3 to 30 are asked for; a description is missing; the layer "
      .. "\"any\" takes any media type, they must be named; there is no layer with a media type of its own", message)
    assert.truthy(select(2, oci.types.get("oci-image"):submission(kit.tmp())):find("no media type of its own", 1, true))
    assert.is_false((pcall(kind.submission, kind)))
  end)
end)
