-- The builders of single types: what each makes of what people have at hand. Real programs are asked in spec/interop.
local kit = require "testkit"
local oci = require "oci"

local types = oci.types
local TITLE = "org.opencontainers.image.title"
local CREATED = "org.opencontainers.image.created"
local ROOT = os.getenv "OCI_TEST_ROOT" or "."
local SUBJECT = { media_type = "application/vnd.oci.image.manifest.v1+json", digest = oci.digest "subject", size = 7 }

local function refused(code, text, result, message, got)
  assert.is_nil(result)
  assert.equal(code, got, message)
  assert.truthy(message:find(text, 1, true), message)
end

-- What was pushed to a place of its own: the manifest, its config's bytes, and the reference.
local function pushed(spec)
  local ref = "oci:" .. kit.tmp() .. "/layout:v1"
  assert(oci.push(ref, spec))
  local manifest, config = assert(oci.fetch_manifest(ref)), assert(oci.fetch_config(ref))
  local kind = types.identify(manifest, { config = config })
  assert.equal(type(spec.type) == "table" and spec.type.name or spec.type, kind.name)
  assert.same({}, kind:check_content(ref))
  return manifest, config, ref
end

-- A directory with these files.
local function tree(files)
  local dir = kit.tmp()
  for name, text in pairs(files) do
    kit.must("mkdir", "-p", (dir .. "/" .. name):match "^(.*)/")
    kit.write(dir .. "/" .. name, text)
  end
  return dir
end

-- The names in a layer that is an archive, sorted.
local function names_in(ref, descriptor)
  local path = kit.tmp() .. "/archive"
  kit.write(path, assert(oci.fetch_blob(ref:gsub(":v1$", "") .. "@" .. descriptor.digest)))
  return kit.must("sh", "-c", 'tar tf "$1" | grep -v "/$" | LC_ALL=C sort', "sh", path)
end

describe("helm-chart", function()
  local chart = types.get "helm-chart"
  local YAML = "apiVersion: v2\nname: mychart\ndescription: A Helm chart for Kubernetes\ntype: application\nversion: 0.1.0\n"
    .. "appVersion: \"1.16.0\"\n"

  it("has helm's own config", function()
    local _, config = pushed { type = chart, chart = tree { ["Chart.yaml"] = YAML } }
    assert.equal(kit.read(ROOT .. "/spec/fixtures/helm-chart.config.json"), config)
  end)

  it("has the annotations that helm writes, and those of the chart and the caller", function()
    local dir = tree { ["Chart.yaml"] = YAML .. "home: https://example.com\nsources: [https://a, https://b]\nicon: ' '\n"
      .. "maintainers: [{name: Ann, email: a@example.com}, {name: Bob}]\nannotations: {one: x, two: y, " .. TITLE .. ": z}\n" }
    local built = assert(chart:build { chart = dir, annotations = { two = "mine" }, created = "2026-01-02T03:04:05+01:00" })
    local prefix = "org.opencontainers.image."
    assert.same({
      [prefix .. "title"] = "mychart", [prefix .. "version"] = "0.1.0",
      [prefix .. "description"] = "A Helm chart for Kubernetes", [prefix .. "url"] = "https://example.com",
      [prefix .. "source"] = "https://a", [prefix .. "authors"] = "Ann (a@example.com), Bob",
      [prefix .. "created"] = "2026-01-02T03:04:05+01:00", one = "x", two = "mine",
    }, built.annotations)
  end)

  it("packs below the chart's name, without what .helmignore leaves out", function()
    local dir = tree {
      ["Chart.yaml"] = YAML, ["values.yaml"] = "a: 1\n", ["templates/a.yaml"] = "", ["templates/.hidden"] = "",
      [".helmignore"] = "# one\n*.bak\n/top.txt\ndocs/\nsub/[a-c]?.md\n\n", ["x.bak"] = "", ["sub/y.bak"] = "",
      ["top.txt"] = "", ["sub/top.txt"] = "", ["docs/a"] = "", ["sub/docs/b"] = "", ["sub/a1.md"] = "", ["sub/d1.md"] = "",
    }
    local manifest, _, ref = pushed { type = chart, chart = dir }
    assert.equal("mychart/.helmignore\nmychart/Chart.yaml\nmychart/sub/d1.md\nmychart/sub/top.txt\n"
      .. "mychart/templates/a.yaml\nmychart/values.yaml\n", names_in(ref, manifest.layers[1]))
    assert.is_nil(manifest.layers[1].annotations)
    assert.equal(manifest.digest, pushed({ type = chart, chart = dir }).digest)
  end)

  it("keeps what matches each of the patterns with !", function()
    local files = { ["Chart.yaml"] = YAML, ["Copy.yml"] = "", ["Charts.yaml"] = "", ["values.yaml"] = "", ["C.md"] = "",
      ["C.yaml/Cin.yaml"] = "", ["C.yaml/in.yaml"] = "" }
    for lines, want in pairs {
      ["!*.yaml\n!C*"] = "C.yaml/Cin.yaml Chart.yaml Charts.yaml", ["!/C*\n!*.y?ml\n!*t*"] = "Chart.yaml Charts.yaml",
      ["!C*\n*.md\n!*\n!*a*\n/\nC.yaml/"] = "Chart.yaml Charts.yaml", ["![A-D]*\n!?hart.*"] = "Chart.yaml",
      ["!*y*\n!*t*m*\n!*a*"] = "Chart.yaml Charts.yaml",
    } do
      files[".helmignore"] = lines .. "\n"
      local manifest, _, ref = pushed { type = chart, chart = tree(files) }
      assert.equal("mychart/" .. want:gsub(" ", "\nmychart/") .. "\n", names_in(ref, manifest.layers[1]))
    end
  end)

  it("takes sets as Go's filepath.Match does, whatever their ends are", function()
    local all = "!\"#$%&'()*+,-.0AZ[]^_az~"
    local files = { ["Chart.yaml"] = YAML }
    for c in all:gmatch "." do
      files[c .. "q"] = ""
    end
    local function without(chars)
      return (all:gsub("[" .. chars:gsub("%W", "%%%0") .. "]", ""))
    end
    for line, taken in pairs {
      ["[!-~]q"] = all, ["[!-,]*q"] = "!\"#$%&'()*+,", ["[a-%]q"] = "", ["[^a-%]q"] = all, ["[A-\\]]q"] = "AZ[]",
      ["[A-\\^]q"] = "AZ[]^", ["[%-\\-]q"] = "%&'()*+,-", ["[\\]-z]q"] = "]^_az", ["[\\--0]q"] = "-.0", ["[^\\--z]q"] = "!\"#$%&'()*+,~",
      ["[\\^-z]q"] = "^_az", ["[!]q"] = "!", ["[\\^]q"] = "^", ["[!^]q"] = "!^", ["[^!]q"] = without "!", ["[^^]q"] = without "^",
      ["[\\]]q"] = "]", ["[\\-]q"] = "-", ["[\\]!%\\-]q"] = "!%-]", ["[^\\]^%\\-]q"] = without "]^%-", ["[%]q"] = "%",
    } do
      files[".helmignore"] = line .. "\n"
      local manifest, _, ref = pushed { type = chart, chart = tree(files) }
      local kept = "\n" .. names_in(ref, manifest.layers[1])
      for c in all:gmatch "." do
        assert.equal(not taken:find(c, 1, true), kept:find("\nmychart/" .. c .. "q\n", 1, true) ~= nil, line .. " " .. c)
      end
    end
    for _, line in ipairs { "!C[!-z]art.yaml", "![A-\\]]*l", "!*[%-\\-.]y*" } do
      files[".helmignore"] = line .. "\n"
      local manifest, _, ref = pushed { type = chart, chart = tree(files) }
      assert.equal("mychart/Chart.yaml\n", names_in(ref, manifest.layers[1]))
    end
  end)

  it("refuses an ignore file that helm refuses, or that leaves the chart out", function()
    for line, text in pairs { ["a/**/b"] = "** is not supported", ["[a"] = "malformed", ["*.yaml"] = "Chart.yaml itself",
      ["!x"] = "Chart.yaml itself", ["!C*\n!*.yml"] = "Chart.yaml itself", ["![A-D]*\n![C-E]*"] = "too many",
      ["!" .. ("*?"):rep(9) .. "*[k-l]\n!" .. ("*?"):rep(9) .. "*[l-m]"] = "too many", ["a\0b\7"] = "\"a?b?\": it has a zero byte" } do
      refused("INVALID", text, chart:build { chart = tree { ["Chart.yaml"] = YAML, [".helmignore"] = line .. "\n" } })
    end
  end)

  it("reads Chart.yaml as helm does", function()
    local _, config = pushed { type = chart, chart = tree { ["Chart.yaml"] =
      "apiVersion: v1\nName: a\nversion: 1.10.0\nappVersion: 1.10\ndescription: \"a <b> &\\tc\\u200b\"\nkeywords: [1, yes, 1.50]\n"
      .. "deprecated: no\nicon: ''\nunknown: 1\n", ["requirements.yaml"] = "dependencies:\n- name: d\n  repository: https://x\n" } }
    assert.equal('{"name":"a","version":"1.10.0","description":"a \\u003cb\\u003e \\u0026 c","keywords":["1","true","1.5"],'
      .. '"apiVersion":"v1","appVersion":"1.1","dependencies":[{"name":"d","repository":"https://x"}]}', config)
  end)

  it("refuses what is no chart", function()
    refused("NOT_FOUND", "Chart.yaml", chart:build { chart = kit.tmp() })
    refused("INVALID", "no */Chart.yaml", chart:build { chart = (function()
      local dir = tree { ["a/x"] = "" }
      kit.must("tar", "czf", dir .. "/c.tgz", "-C", dir, "a")
      return dir .. "/c.tgz"
    end)() })
    refused("INVALID", "not a proper tar", chart:build { chart = tree { x = "no archive" } .. "/x" })
    refused("INVALID", "a directory or the path", chart:build { chart = { data = "x" } })
    refused("INVALID", "one chart is expected", chart:build {})
    refused("INVALID", "not semantic", chart:build { chart = tree { ["Chart.yaml"] = "name: a\nversion: 1..2\n" } })
    refused("INVALID", "is not one", chart:build { chart = tree { ["Chart.yaml"] = "name: ../a\nversion: 1.2.3\n" } })
    refused("INVALID", "Chart.yaml", chart:build { chart = tree { ["Chart.yaml"] = "a: [" } })
  end)
end)

describe("opa-bundle", function()
  local bundle = types.get "opa-bundle"

  it("packs what opa reads, and nothing else", function()
    local manifest, config, ref = pushed { type = bundle, bundle = tree {
      ["a.rego"] = "package a", ["x/data.json"] = "{}", ["x/y/data.yaml"] = "a: 1", ["x/other.json"] = "{}", ["README.md"] = "",
      [".manifest"] = '{"roots":["a"]}', [".git/data.json"] = "{}",
    } }
    assert.equal("{}", config)
    assert.equal("bundle.tar.gz", manifest.layers[1].annotations[TITLE])
    assert.equal(".manifest\na.rego\nx/data.json\nx/y/data.yaml\n", names_in(ref, manifest.layers[1]))
  end)

  it("refuses what is no bundle", function()
    refused("INVALID", "neither policy nor data", bundle:build { bundle = tree { x = "" } })
    refused("INVALID", ".manifest is not a JSON object", bundle:build { bundle = tree { ["a.rego"] = "", [".manifest"] = "{" } })
    refused("INVALID", "not a proper tar", bundle:build { bundle = tree { x = "no archive" } .. "/x" })
  end)
end)

describe("conftest-bundle", function()
  it("takes policies and the data beside them", function()
    local dir = tree { ["policy/a.rego"] = "package main", ["policy/s/d.yaml"] = "a: 1", ["policy/x.txt"] = "" }
    local built = assert(types.get("conftest-bundle"):build { policy = dir .. "/policy" })
    assert.equal("policy/a.rego", built.layers[1].annotations[TITLE])
    assert.equal("policy/s/d.yaml", built.layers[2].annotations[TITLE])
    assert.equal("application/vnd.cncf.openpolicyagent.data.layer.v1+json", built.layers[2].media_type)
    assert.equal(1, #assert(types.get("conftest-bundle"):build { policy = dir .. "/policy", data = {} }).layers)
    refused("INVALID", "neither policy nor data", types.get("conftest-bundle"):build { policy = kit.tmp() })
  end)
end)

describe("singularity-sif", function()
  local sif = types.get "singularity-sif"
  local TINY = ROOT .. "/spec/fixtures/tiny.sif"

  it("takes the time of the file unless one is given", function()
    assert.equal("2026-11-23T22:15:57Z", assert(sif:build { sif = TINY }).annotations[CREATED])
    assert.equal("1970-01-01T00:00:00Z", assert(sif:build { sif = TINY, created = 0 }).annotations[CREATED])
    assert.equal("tiny.sif", assert(sif:build { sif = TINY }).layers[1].annotations[TITLE])
    assert.equal("x", assert(sif:build { sif = { data = kit.read(TINY), title = "x" } }).layers[1].annotations[TITLE])
  end)

  it("refuses what is none", function()
    refused("INVALID", "is no SIF file", sif:build { sif = ROOT .. "/LICENSE" })
    local odd = { title = "odd.sif", data = ("\0"):rep(32) .. "SIF_MAGIC\0" .. ("\0"):rep(22) .. ("\255"):rep(64) } -- before 1970 in 64 bits
    assert.is_nil((assert(sif:build { sif = odd }).annotations or {})[CREATED])
    refused("INVALID", "looked into", sif:build { sif = { reader = function() end, title = "x.sif" } })
    refused("NOT_FOUND", "cannot open", sif:build { sif = "/nowhere.sif" })
  end)
end)

describe("what is looked into", function()
  it("is a file", function()
    local dir = tree { ["a/x"] = "x" }
    for name, role in pairs { ["singularity-sif"] = "sif", wasm = "module", sbom = "sbom" } do
      refused("INVALID", dir .. " is a directory", oci.push("memory:x:y", { type = name, [role] = dir, subject = SUBJECT }))
    end
  end)
end)

describe("wasm", function()
  local wasm = types.get "wasm"
  local MODULE = "\0asm\1\0\0\0"

  local function component(sections)
    return "\0asm\13\0\1\0" .. sections
  end

  local function section(id, body)
    return string.char(id, #body) .. body
  end

  local function name(text)
    return "\0" .. string.char(#text) .. text
  end

  it("has the config of a module", function()
    local _, config = pushed { type = wasm, module = { data = MODULE, title = "a.wasm" }, created = "2026-01-02T03:04:05Z" }
    assert.equal('{"created":"2026-01-02T03:04:05Z","author":null,"architecture":"wasm","os":"wasip1","layerDigests":["'
      .. oci.digest(MODULE) .. '"],"component":null}', config)
  end)

  it("reads what a component imports and exports", function()
    local bytes = component(section(0, name "custom") .. section(10, "\2" .. name "wasi:io/streams@0.2.0" .. "\5\0" .. name "f" .. "\1\1")
      .. section(7, "\0") .. section(10, "\1" .. name "t" .. "\3\1") .. section(11, "\1" .. name "wasi:cli/run@0.2.0" .. "\5\0\0"))
    local dir = tree { ["c.wasm"] = bytes }
    local manifest, config = pushed { type = wasm, module = dir .. "/c.wasm", author = "Ann" }
    assert.equal('{"created":"1970-01-01T00:00:00Z","author":"Ann","architecture":"wasm","os":"wasip2","layerDigests":["'
      .. oci.digest(bytes) .. '"],"component":{"exports":["wasi:cli/run@0.2.0"],"imports":["wasi:io/streams@0.2.0","f","t"],'
      .. '"target":null}}', config)
    assert.equal("c.wasm", manifest.layers[1].annotations[TITLE])
    assert.equal("application/wasm", manifest.layers[1].media_type)
  end)

  it("refuses what is none", function()
    refused("INVALID", "is no WebAssembly", wasm:build { module = { data = "\127ELF" } })
    refused("INVALID", "no proper component", wasm:build { module = { data = component "\11\100\1" } })
    refused("INVALID", "imports is damaged", wasm:build { module = { data = component(section(10, "\5" .. name "x")) } })
    refused("INVALID", "exports is damaged", wasm:build { module = { data = component(section(11, "\1" .. name "\255" .. "\1\0\0")) } })
    refused("INVALID", "ends too early", wasm:build { module = { data = component "\7\100\1" } })
    refused("INVALID", "head of a section", wasm:build { module = { data = component "\7\255\255\255\255\255" } })
  end)

  it("says what cannot be read", function()
    local path, open = tree { ["c.wasm"] = component(section(10, "\1" .. name "f" .. "\1\1")) } .. "/c.wasm", io.open
    local failing = {}
    failing.__index = failing
    function failing.seek(_, from) return from == "end" and 100 or 0 end
    function failing.close() end
    function failing.read(_, count)
      if count == 8 then -- the head
        return "\0asm\13\0\1\0"
      end
      return count == 1 and "\0" or nil, count > 1 and "Input/output error" or nil
    end
    io.open = function() return setmetatable({}, failing) end -- luacheck: ignore 122
    local ok, built, message, code, detail = pcall(wasm.build, wasm, { module = path })
    io.open = open -- luacheck: ignore 122
    assert.is_true(ok, built)
    refused("IO", "c.wasm: Input/output error", built, message, code)
    assert.equal(path, detail.path)
  end)
end)

describe("bills of materials", function()
  local FORMS = {
    ["application/spdx+json"] = '{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3"}',
    ["text/spdx"] = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n",
    ["application/vnd.cyclonedx+json"] = '{\n "bomFormat" : "CycloneDX",\n "specVersion": "1.5" }',
    ["application/vnd.cyclonedx+xml"] = '<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>',
  }

  it("are what the document says", function()
    for media_type, text in pairs(FORMS) do
      local path = tree { ["bom.x"] = text } .. "/bom.x"
      local built = assert(types.get("sbom"):build { sbom = path, subject = SUBJECT })
      assert.equal(media_type, built.artifact_type)
      assert.equal(media_type, built.layers[1].media_type)
      assert.equal("bom.x", built.layers[1].annotations[TITLE])
      assert.equal(SUBJECT.digest, built.subject.digest)
      local name, other = "sbom-spdx", "sbom-cyclonedx"
      if media_type:find "cyclonedx" then
        name, other = other, name
      end
      assert.equal(built.digest, assert(types.get(name):build { sbom = path, subject = SUBJECT }).digest)
      refused("INVALID", "is of the type " .. name, types.get(other):build { sbom = path, subject = SUBJECT })
    end
  end)

  it("are neither", function()
    refused("INVALID", "neither SPDX", types.get("sbom"):build { sbom = { data = "{}" }, subject = SUBJECT })
    refused("INVALID", "a subject is needed", types.get("sbom-spdx"):build { sbom = { data = FORMS["text/spdx"] } })
  end)
end)

describe("oras-files", function()
  it("has what oras writes", function()
    local dir = tree { ["hi.txt"] = "hi\n", ["d/a.txt"] = "a" }
    local theirs = assert(oci.parse(kit.read(ROOT .. "/spec/fixtures/oras-files.manifest.json")))
    local built = assert(types.get("oras-files"):build {
      artifact_type = "application/vnd.example.thing.v1",
      files = { { path = dir .. "/hi.txt", media_type = "text/plain" }, dir .. "/d" },
      annotations = { ["org.example.k"] = "v", [CREATED] = theirs.annotations[CREATED] },
    })
    assert.same(theirs.config, built.config)
    assert.same(theirs.annotations, built.annotations)
    assert.same(theirs.layers[1], built.layers[1])
    assert.equal("true", built.layers[2].annotations["io.deis.oras.content.unpack"])
    local plain = assert(types.get("oras-files"):build { files = { dir .. "/hi.txt" } })
    assert.equal("application/vnd.oci.image.layer.v1.tar", plain.layers[1].media_type)
    assert.truthy(plain.annotations[CREATED])
  end)
end)

describe("flux-artifact", function()
  it("packs a directory, and keeps a file", function()
    local dir = tree { ["a.yaml"] = "kind: X", [".git/x"] = "", ["p.png"] = "" }
    local spec = { type = "flux-artifact", content = dir, source = "https://example.com", revision = "main@sha1:0", created = 0 }
    local manifest, config, ref = pushed(spec)
    assert.equal("a.yaml\n", names_in(ref, manifest.layers[1]))
    assert.equal('{"architecture":"","created":"0001-01-01T00:00:00Z","os":"","rootfs":{"type":"layers","diff_ids":null},"config":{}}',
      config)
    assert.equal("main@sha1:0", manifest.annotations["org.opencontainers.image.revision"])
    spec.content = dir .. "/a.yaml"
    assert.equal("application/vnd.cncf.flux.content.v1.yaml", pushed(spec).layers[1].media_type)
    spec.source = nil
    refused("INVALID", "org.opencontainers.image.source", oci.push("memory:" .. kit.repository(), spec))
  end)
end)

describe("oci-image", function()
  local image = types.get "oci-image"

  it("lists the digests of its layers", function()
    local dir = tree { ["etc/a"] = "a" }
    local tar = assert(oci.digest { dir = dir, prefix = "", compression = "none" })
    kit.write(dir .. ".tar", "not read")
    local manifest, config = pushed { type = image, platform = "linux/arm/v7",
      filesystem = { { dir = dir, compression = "gzip" }, dir .. ".tar" } }
    assert.same({ os = "linux", architecture = "arm", variant = "v7",
      rootfs = { type = "layers", diff_ids = { tar, oci.digest "not read" } } }, oci.json.decode(config))
    assert.equal("application/vnd.oci.image.layer.v1.tar+gzip", manifest.layers[1].media_type)
    assert.is_nil(manifest.layers[1].annotations)
    assert.same({}, image:check(manifest, { config = config }))
    local built = assert(image:build { filesystem = dir, config = { json = { os = "linux", architecture = "amd64" } } })
    assert.equal("application/vnd.oci.image.layer.v1.tar", built.layers[1].media_type)
    assert.equal(tar, built.layers[1].digest)
  end)

  it("looks into archives that are there for the digests of what is in them", function()
    local dir = tree { ["etc/a"] = "a" }
    kit.must("tar", "-C", dir, "-cf", dir .. "/a.tar", "etc")
    kit.must("sh", "-c", 'cd "$1" && gzip -k a.tar && zstd -q a.tar -o b.tar.zst', "sh", dir)
    local manifest, config = pushed { type = image, platform = "linux/amd64",
      filesystem = { dir .. "/a.tar.gz", dir .. "/b.tar.zst", dir .. "/a.tar" } }
    local tar = assert(oci.digest { path = dir .. "/a.tar" })
    assert.same({ tar, tar, tar }, oci.json.decode(config).rootfs.diff_ids)
    assert.equal("application/vnd.oci.image.layer.v1.tar+gzip", manifest.layers[1].media_type)
    assert.equal(assert(oci.digest { path = dir .. "/a.tar.gz" }), manifest.layers[1].digest)
    assert.equal("application/vnd.oci.image.layer.v1.tar+zstd", manifest.layers[2].media_type)
    kit.write(dir .. "/c.tar.gz", "no archive")
    refused("INVALID", "neither gzip nor zstd", image:build { filesystem = dir .. "/c.tar.gz", platform = "linux/amd64" })
    kit.write(dir .. "/d.tgz", kit.read(dir .. "/a.tar.gz"):sub(1, 40))
    refused("INVALID", "reading " .. dir, image:build { filesystem = dir .. "/d.tgz", platform = "linux/amd64" })
    refused("UNSUPPORTED", "give a path", image:build { platform = "linux/amd64",
      filesystem = { data = "x", media_type = "application/vnd.oci.image.layer.v1.tar+gzip" } })
  end)

  it("is of the platform of the index's entry that it is in", function()
    local dir = tree { ["etc/a"] = "a" }
    local index = assert(oci.push("oci:" .. kit.tmp() .. "/layout:v1", { manifests = {
      { platform = "linux/arm/v7", type = "oci-image", filesystem = dir },
      { platform = { os = "windows", architecture = "amd64", os_version = "10.0" }, manifest = { type = image, filesystem = dir,
        config = { json = { config = { Cmd = oci.array { "a" } }, os = "plan9" } } } },
    } }))
    local configs = {}
    for i, entry in ipairs(assert(oci.fetch_manifest(index)).manifests) do
      local manifest = assert(oci.fetch_manifest(index.reference:gsub("@.*", "") .. "@" .. entry.digest))
      configs[i] = oci.json.decode(assert(oci.fetch_config(index.reference:gsub("@.*", "") .. "@" .. manifest.digest)))
      configs[i].rootfs = nil
    end
    assert.same({
      { os = "linux", architecture = "arm", variant = "v7" },
      { os = "plan9", architecture = "amd64", ["os.version"] = "10.0", config = { Cmd = { "a" } } },
    }, configs)
  end)

  it("needs a config or a platform", function()
    refused("INVALID", "a config is needed", image:build { filesystem = { data = "x" } })
  end)
end)

describe("ollama-model", function()
  it("is a manifest of Docker", function()
    local config = { json = { model_format = "gguf" } }
    local built = assert(types.get("ollama-model"):build { model = { data = "GGUF" }, license = { data = "free" }, config = config })
    assert.equal("application/vnd.docker.distribution.manifest.v2+json", built.media_type)
    assert.equal("application/vnd.docker.container.image.v1+json", built.config.media_type)
    assert.equal("application/vnd.ollama.image.license", built.layers[2].media_type)
  end)
end)

describe("modelpack", function()
  local model = types.get "modelpack"

  it("names the digests of what is not compressed, in the order of the layers", function()
    local dir = tree { ["w.safetensors"] = "weights", ["docs/a.md"] = "text" }
    local manifest, config = pushed {
      type = model, weight = dir .. "/w.safetensors", doc = { dir = dir .. "/docs", compression = "gzip" },
      descriptor = { name = "tiny", family = "x<y" }, model = { format = "safetensors", paramSize = "8b",
        capabilities = { reasoning = true, inputTypes = oci.array { "text" } } }, created = "2026-01-02T03:04:05Z",
    }
    local tar = assert(oci.digest { dir = dir .. "/docs", prefix = "docs", compression = "none" })
    assert.equal('{"descriptor":{"createdAt":"2026-01-02T03:04:05Z","family":"x\\u003cy","name":"tiny"},"modelfs":{"type":"layers",'
      .. '"diffIds":["' .. oci.digest "weights" .. '","' .. tar .. '"]},"config":{"format":"safetensors","paramSize":"8b",'
      .. '"capabilities":{"inputTypes":["text"],"reasoning":true}}}', config)
    assert.equal("application/vnd.cncf.model.weight.v1.raw", manifest.layers[1].media_type)
    assert.equal("application/vnd.cncf.model.doc.v1.tar+gzip", manifest.layers[2].media_type)
    assert.equal("w.safetensors", manifest.layers[1].annotations["org.cncf.model.filepath"])
    assert.equal("docs", manifest.layers[2].annotations["org.cncf.model.filepath"])
  end)

  it("looks into archives that are there, and takes what is raw as it is", function()
    local dir = tree { ["a/w"] = "weights" }
    kit.must("tar", "-C", dir, "-czf", dir .. "/w.tar.gz", "a")
    kit.must("sh", "-c", 'gzip -dc "$1/w.tar.gz" > "$1/w.tar" && gzip -k "$1/a/w"', "sh", dir)
    local _, config = pushed { type = model, weight = { dir .. "/w.tar.gz", dir .. "/a/w.gz" } }
    assert.same({ assert(oci.digest { path = dir .. "/w.tar" }), assert(oci.digest { path = dir .. "/a/w.gz" }) },
      oci.json.decode(config).modelfs.diffIds)
  end)

  it("refuses members that there are not, and archives that are none", function()
    local ok, message = pcall(model.build, model, { weight = { data = "x" }, model = { parameters = 1 } })
    assert.is_false(ok)
    assert.truthy(tostring(message):find("unknown member 'parameters'", 1, true), message)
    refused("INVALID", "neither gzip nor zstd", model:build { weight = tree { ["a.tar.gz"] = "x" } .. "/a.tar.gz" })
  end)
end)

describe("devcontainer-feature", function()
  local feature = types.get "devcontainer-feature"
  local JSON = '{\n  // a comment\n  "version": "1.2.3", "id": "color",\n  "name": "a \\" // b",\n  "options": {"x": [1, 2,],},\n}\n'

  it("is titled by its id, tagged by its version, and has the metadata as they stand in the file", function()
    local dir = tree { ["devcontainer-feature.json"] = JSON, ["install.sh"] = "#!/bin/sh\n" }
    local ref = "oci:" .. kit.tmp() .. "/layout"
    assert.same({ "1.2.3" }, assert(oci.push(ref, { type = feature, feature = dir })).tags)
    local manifest = assert(oci.fetch_manifest(ref .. ":1.2.3"))
    assert.equal("devcontainer-feature-color.tgz", manifest.layers[1].annotations[TITLE])
    assert.equal("application/vnd.devcontainers.layer.v1+tar", manifest.layers[1].media_type)
    assert.equal('{"version":"1.2.3","id":"color","name":"a \\" // b","options":{"x":[1,2]}}',
      manifest.annotations["dev.containers.metadata"])
    assert.equal("{}", assert(oci.fetch_config(ref .. ":1.2.3")))
    kit.must("tar", "cf", dir .. ".tar", "-C", dir, ".")
    local built = assert(feature:build { feature = dir .. ".tar" })
    assert.equal(manifest.annotations["dev.containers.metadata"], built.annotations["dev.containers.metadata"])
    assert.equal(assert(oci.digest { path = dir .. ".tar" }), built.layers[1].digest)
  end)

  it("refuses what has no metadata", function()
    refused("NOT_FOUND", "devcontainer-feature.json", feature:build { feature = kit.tmp() })
    refused("INVALID", "has no id and version", feature:build { feature = tree { ["devcontainer-feature.json"] = "{}" } })
    refused("INVALID", "is not JSON", feature:build { feature = tree { ["devcontainer-feature.json"] = "{" } })
  end)
end)
