-- Building from the roles of a type, for every type of the catalog; the builders of single types are in build_*_spec.lua.
local kit = require "testkit"
local oci = require "oci"

local types = oci.types
local SUBJECT = { media_type = "application/vnd.oci.image.manifest.v1+json", digest = oci.digest "subject", size = 7 }

local function raised(message, f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  assert.truthy(tostring(err):find(message, 1, true), tostring(err))
end

local function refused(code, text, result, message, got)
  assert.is_nil(result)
  assert.equal(code, got, message)
  assert.truthy(message:find(text, 1, true), message)
end

local function layer(built, i)
  return built.layers[i]
end

describe("building by roles", function()
  local cue = types.get "cue-module"

  it("puts the layers in the order of the roles, with their media types", function()
    local built = assert(cue:build { module_file = { data = "module: \"x.y\"" }, zip = { data = "PK" } })
    assert.equal("application/zip", layer(built, 1).media_type)
    assert.equal("application/vnd.cue.modulefile.v1", layer(built, 2).media_type)
    assert.equal("application/vnd.cue.module.v1+json", built.config.media_type)
    assert.equal(oci.digest "{}", built.config.digest)
    assert.is_nil(built.artifact_type)
    local other = assert(cue:build { ["module-file"] = { data = "module: \"x.y\"" }, zip = { data = "PK" } })
    assert.equal(built.digest, other.digest)
  end)

  it("is the short form of push, too", function()
    local ref = "memory:" .. kit.repository() .. ":v1"
    local spec = { type = "cue-module", zip = { data = "PK" }, module_file = { data = "m" }, annotations = { a = "b" } }
    local pushed = assert(oci.push(ref, spec))
    spec.type = nil
    assert.equal(assert(cue:build(spec)).digest, pushed.digest)
    spec.type = cue
    assert.equal(pushed.digest, assert(oci.push(ref, spec)).digest)
    assert.equal("cue-module", types.identify(assert(oci.fetch_manifest(ref))).name)
  end)

  it("is the short form of manifest and index, too", function()
    local given = { target = { { platform = "linux/amd64", package = { data = "PK", title = "x.zip" } } } }
    local built = assert(types.get "opentofu-provider":build(given))
    given.type = "opentofu-provider"
    assert.equal(built.digest, assert(oci.index(given)).digest)
    assert.equal(built.digest, assert(oci.manifest(given)).digest)
    raised("an index has none", oci.index, { type = "cue-module", zip = { data = "PK" }, module_file = { data = "m" } })
  end)

  it("has the shape of 1.0 where that is asked for, in which a config of the type's own tells it", function()
    for name, given in pairs {
      ["bicep-module"] = { template = { data = "{}" } },
      ["helm-plugin"] = { plugin = { data = "x", title = "a-1.0.0.tgz" } },
    } do
      local kind = types.get(name)
      given.spec_version = "1.0"
      local built = assert(kind:build(given))
      assert.is_nil(built.artifact_type)
      assert.equal(name == "bicep-module" and kind.config.media_type or kind.artifact_type, built.config.media_type)
      assert.equal(name, types.identify(built).name)
      given.type, given.spec_version = name, nil
      local index = assert(oci.index { spec_version = "1.0", manifests = { given } })
      assert.equal(built.digest, index.manifests[1].digest)
    end
  end)

  it("gives the tag of the type where the reference has neither tag nor digest", function()
    local dir = kit.tmp()
    kit.write(dir .. "/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.2.3+b\n")
    local spec = { type = "helm-chart", chart = dir }
    local layout = "oci:" .. kit.tmp() .. "/layout"
    local pushed = assert(oci.push(layout, spec))
    assert.same({ "1.2.3_b" }, pushed.tags)
    assert.same({ "other" }, assert(oci.push(layout .. ":other", spec)).tags)
    layout = "oci:" .. kit.tmp() .. "/layout"
    assert.is_nil(assert(oci.push(layout .. "@" .. pushed.digest, spec)).tags)
    assert.same({}, assert(oci.tags(layout)))
  end)

  it("counts what is given", function()
    refused("INVALID", "'module-file' is given nothing, 1 expected", cue:build { zip = { data = "PK" } })
    refused("INVALID", "'zip' is given 2 times, 1 expected",
      cue:build { zip = { { data = "a" }, { data = "b" } }, module_file = { data = "m" } })
    refused("INVALID", "at least 1", types.get("modelpack"):build {})
  end)

  it("raises for names that are none, and names the nearest", function()
    raised("unknown option 'zipp', the nearest is 'zip'", cue.build, cue, { zipp = { data = "PK" } })
    raised("unknown option 'annotation', the nearest is 'annotations'", cue.build, cue, { annotation = {} })
    raised("unknown option 'layers'", cue.build, cue, { layers = { { data = "x" } } })
    raised("unknown option 'zipp', the nearest is 'zip'", oci.push, "memory:x:y", { type = "cue-module", zipp = "x" })
  end)

  it("leaves what it is given as it was", function()
    local built = assert(oci.manifest { artifact_type = "application/vnd.x.y.v1", layers = { { data = "x" } } })
    local entry = { media_type = built.media_type, digest = built.digest, size = built.size, annotations = { a = "b" } }
    local given = { config = { data = "{}", annotations = { c = "d" } }, invocation = { entry }, annotations = { e = "f" } }
    local cnab = types.get "cnab-bundle"
    for _, name in ipairs(cnab.annotations.required) do
      given.annotations[name] = "x"
    end
    local before = assert(oci.json.encode(given))
    assert(cnab:build(given))
    assert.equal(before, assert(oci.json.encode(given)))
  end)

  it("raises for wrong types", function()
    raised("option 'zip': path, content or list of them expected, got number", cue.build, cue, { zip = 5 })
    raised("option 'zip': option 'path': string expected, got number", cue.build, cue, { zip = { path = 5 } })
    raised("option 'zip': [2]: path or table expected, got number", cue.build, cue, { zip = { { data = "x" }, 5 } })
    raised("option 'zip': path, content or list of them expected, with the key [pth]", cue.build, cue, { zip = { pth = "x" } })
    raised("option 'zip': path, content or list of them expected, without a nil as its item 2", cue.build, cue,
      { zip = { "x", nil, "y" } })
    raised("option 'zip': option 'ignore': list of strings expected, got string", cue.build, cue,
      { zip = { dir = ".", ignore = "*.md" } })
    raised("cue-module: specification (a table) expected, got no value", cue.build, cue)
    raised("option 'type': type or its name expected, got table", oci.push, "memory:x:y", { type = {} })
    raised("option 'annotations': table of strings expected", cue.build, cue, { annotations = 5 })
    local wasm, plugin = types.get "wasm", types.get "falco-plugin"
    raised("option 'author': string expected, got number", wasm.build, wasm, { author = 5 })
    raised("option 'platform': table expected, got string", plugin.build, plugin, { platform = "linux/amd64" })
    raised("unknown option 'plugn', the nearest is 'plugin'", plugin.build, plugin, { platform = { { plugn = "x" } } })
  end)

  it("refuses media types and directories where they do not belong", function()
    local zip = { data = "PK", media_type = "text/plain" }
    refused("INVALID", "'zip' cannot be of the media type \"text/plain\"", cue:build { zip = zip, module_file = { data = "m" } })
    refused("INVALID", "'zip' cannot be a directory", cue:build { zip = kit.tmp(), module_file = { data = "m" } })
    refused("INVALID", "config cannot be of the media type \"text/plain\"",
      cue:build { zip = { data = "PK" }, module_file = { data = "m" }, config = { data = "x", media_type = "text/plain" } })
  end)

  it("chooses a media type by the file's name", function()
    local signature = types.get "notation-signature"
    local thumbprints = { ["io.cncf.notary.x509chain.thumbprint#S256"] = "[]" }
    local dir = kit.tmp()
    for name, media_type in pairs { ["a.cose"] = "application/cose", ["a.jws"] = "application/jose+json" } do
      kit.write(dir .. "/" .. name, "x")
      local built = assert(signature:build { envelope = dir .. "/" .. name, subject = SUBJECT, annotations = thumbprints })
      assert.equal(media_type, layer(built, 1).media_type)
    end
  end)

  it("takes the files of a directory where each is a layer, and titles them by their paths", function()
    local dir = kit.tmp()
    kit.must("mkdir", "-p", dir .. "/sub")
    for _, name in ipairs { "b.yaml", "a.yml", "sub/c.json", "README.md" } do
      kit.write(dir .. "/" .. name, "kind: X")
    end
    local built = assert(types.get("gator-bundle"):build { resources = dir })
    local titles = {}
    for i, descriptor in ipairs(built.layers) do
      titles[i] = descriptor.annotations["org.opencontainers.image.title"]
    end
    assert.same({ "a.yml", "b.yaml", "sub/c.json" }, titles)
    refused("NOT_FOUND", "no file in", types.get("gator-bundle"):build { resources = kit.tmp() })
  end)

  it("insists on annotations and on a subject", function()
    local policy = types.get "kyverno-policies"
    refused("INVALID", "'policy' needs the annotation 'io.kyverno.image.kind'", policy:build { policy = { data = "x" } })
    local bundle = types.get "sigstore-bundle"
    refused("INVALID", "'dev.sigstore.bundle.content' is needed", bundle:build { bundle = { data = "{}" }, subject = SUBJECT })
    local annotations = { ["dev.sigstore.bundle.content"] = "dsse-envelope" }
    refused("INVALID", "a subject is needed", bundle:build { bundle = { data = "{}" }, annotations = annotations })
  end)

  it("keeps the artifact type that a type has", function()
    local bicep = types.get "bicep-module"
    assert.equal("application/vnd.ms.bicep.module.artifact", assert(bicep:build { template = { data = "{}" } }).artifact_type)
    refused("INVALID", "the artifact_type is \"application/vnd.ms.bicep.module.artifact\"",
      bicep:build { template = { data = "{}" }, artifact_type = "application/vnd.x" })
    refused("INVALID", "an artifact_type is needed", types.get("oci-artifact-minimal"):build {})
    local built = assert(types.get("oci-artifact-minimal"):build { artifact_type = "application/vnd.x" })
    assert.equal("application/vnd.oci.empty.v1+json", layer(built, 1).media_type)
    assert.equal("application/vnd.x", assert(types.get("oras-files"):build {
      files = { { data = "x", title = "x" } }, artifact_type = "application/vnd.x", created = 0 }).artifact_type)
  end)

  it("refuses a config that the type's schema does not take", function()
    local spec = types.get "kitops-modelkit"
    assert.truthy(spec.config.schema)
    local given = { model = { data = "x" }, config = { json = "text" } }
    refused("INVALID", "kitops-modelkit: config", spec:build(given))
    given.config = { data = "[1]" }
    refused("INVALID", "kitops-modelkit: config", spec:build(given))
  end)

  it("refuses forms of the past, and profiles", function()
    for _, type in ipairs(types.all()) do
      if type.status == "legacy" or type.status == "profile" then
        local built, message, code = type:build {}
        assert.is_nil(built)
        assert.equal("UNSUPPORTED", code)
        assert.truthy(message:find(type.name, 1, true), message)
      end
    end
  end)
end)
