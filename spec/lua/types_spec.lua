-- The catalog of types: its data, identify, check.
local made = require "types_kit"
local oci = require "oci"

local TITLE = "org.opencontainers.image.title"

local function get(name)
  return assert(oci.types.get(name))
end

local function rules_of(findings, severity)
  local rules = {}
  for _, finding in ipairs(findings) do
    if not severity or finding.severity == severity then
      rules[#rules + 1] = finding.rule
    end
  end
  return table.concat(rules, " ")
end

local function text_of(findings)
  local lines = {}
  for i, finding in ipairs(findings) do
    lines[i] = ("%s %s %s: %s"):format(finding.severity, finding.rule, finding.path, finding.message)
  end
  return table.concat(lines, "\n")
end

describe("the catalog", function()
  it("has the 61 types, sorted, each by its name", function()
    local all = oci.types.all()
    assert.equal(61, #all)
    for i, kind in ipairs(all) do
      assert.equal(kind, get(kind.name))
      assert.is_true(i == 1 or all[i - 1].name < kind.name)
      assert.equal(("oci.Type %s (%s)"):format(kind.name, kind.title), tostring(kind))
    end
  end)

  it("names the nearest of an unknown one", function()
    local kind, message, code, detail = oci.types.get "helm-cart"
    assert.is_nil(kind)
    assert.equal("unknown type 'helm-cart', the nearest is 'helm-chart'", message)
    assert.equal("NOT_FOUND", code)
    assert.same({}, detail)
    assert.has_error(function() oci.types.get(5) end)
  end)

  it("says of each what it is, by what, and where that was read", function()
    local statuses = { current = true, experimental = true, legacy = true, profile = true }
    local marks = { artifactType = true, ["config.mediaType"] = true, ["layer.mediaType"] = true, annotation = true,
      ["layer.annotation"] = true, ["config.label"] = true, tag = true, ["index-descriptor"] = true, none = true }
    local rules, inspections = require "oci.types.rules", require "oci.types.inspect"
    for _, kind in ipairs(oci.types.all()) do
      local function check(good, what)
        assert(good, kind.name .. ": " .. what)
      end
      check(kind.description:find "%.$" and #kind.description <= 255, "description")
      check(#kind.title >= 3 and #kind.source > 3 and #kind.specs > 0, "title, source, specs")
      check(statuses[kind.status] and (kind.status == "legacy") == (kind.legacy == true), "status")
      check(marks[kind.identify_by] and (kind.identify_fallback == nil or marks[kind.identify_fallback]), "identify_by")
      check((kind.config ~= nil) == (kind.entries == nil), "config or entries")
      check(kind.manifest_media_type:find "^application/vnd%.", "manifest_media_type")
      for _, name in ipairs(kind.rules or {}) do
        check(rules[name], "rule " .. name)
      end
      for _, role in ipairs(kind.layers) do
        check(type(role.role) == "string" and type(role.min) == "number", "role")
        check(#role.media_types > 0 or role.media_type_pattern, "media types of " .. role.role)
        check(not role.inspect or role.inspect == "none" or inspections[role.inspect], "inspect of " .. role.role)
      end
    end
  end)
end)

describe("the example", function()
  local kit = require "testkit"
  local lua, root = os.getenv "OCI_TEST_LUA" or "lua5.4", os.getenv "OCI_TEST_ROOT" or "."

  it("prints the catalog as Markdown, a line for each type", function()
    local output, lines = kit.must(lua, root .. "/examples/catalog.lua"), 0
    for line in output:gmatch "\n(| [^\n]*)" do
      lines = lines + 1
      assert.equal(8, select(2, line:gsub("|", "")), line)
    end
    assert.equal(62, lines) -- and the head
    assert.truthy(output:find("`application/jose+json`<br>`application/cose` | no | 32 MiB |", 1, true), output)
  end)

  it("prints it as JSON", function()
    local policies = assert(oci.json.decode(kit.must(lua, root .. "/examples/catalog.lua", "json")))
    assert.equal(61, #policies)
    local sif = assert(oci.json.decode(kit.must(lua, root .. "/examples/catalog.lua", "json", "singularity-sif")))
    assert.equal(1, #sif)
    assert.same({ "application/vnd.sylabs.sif.layer.v1.sif", "appliciation/vnd.sylabs.sif.layer.tar" }, sif[1].layers)
    assert.equal(false, sif[1].other_layers)
    assert.equal(oci.null, sif[1].largest_layer)
    local page = kit.must(lua, root .. "/examples/catalog.lua", "markdown", "singularity-sif")
    assert.truthy(page:find("\n### Layers\n", 1, true), page)
    assert.is_false(kit.run(lua, root .. "/examples/catalog.lua", "xml"))
    assert.is_false(kit.run(lua, root .. "/examples/catalog.lua", "json", "no-such-type"))
  end)
end)

-- What the least document of a type is identified as, where it is not the type itself.
local taken_for = {
  ["gator-bundle"] = "oci-artifact-with-config", -- nothing tells it from other files
  ["k8s-image-volume"] = "oci-artifact-with-config", -- a use of any artifact
}

describe("identify and check", function()
  for _, kind in ipairs(oci.types.all()) do
    it("the least of " .. kind.name, function()
      local document, opts = made.document(kind)
      local manifest = made.manifest(document, kind.manifest_media_type)
      local found = oci.types.identify(manifest, opts)
      if kind.name == "falco-plugin" then
        assert.is_nil(found) -- an index of platforms, like others
      else
        assert.equal(taken_for[kind.name] or kind.name, found and found.name)
      end
      assert.equal("", text_of(kind:check(manifest, { config = opts.config, descriptor = opts.descriptor })))
    end)

    if kind.child then
      it("what is behind the entries of " .. kind.name, function()
        local document, opts = made.document(kind, true)
        local manifest = made.manifest(document, kind.child.manifest_media_type)
        if kind.name ~= "homebrew-bottle" then -- an image, but for annotations
          assert.equal(kind, oci.types.identify(manifest, opts))
        end
        assert.equal("", text_of(kind:check(manifest, { config = opts.config })))
      end)
    end
  end
end)

-- ---- each rule of check, broken once

local SHA512 = "sha512:" .. ("ab"):rep(64)

local function annotate(what, name, value)
  what.annotations = what.annotations or {}
  what.annotations[name] = value
end

local function layer(media_type, annotations)
  return { mediaType = media_type, digest = oci.digest(media_type), size = #media_type, annotations = annotations }
end

-- The type, the rule with its severity, where, and how the least document is spoilt; `more` changes the options of check.
local broken = {
  { "helm-chart", "error manifest-type", "mediaType", function(d)
    d.mediaType = "application/vnd.docker.distribution.manifest.v2+json"
  end },
  { "wasm", "error body-media-type", "mediaType", function(d) d.mediaType = nil end },
  { "opentofu-module", "error artifact-type", "artifactType", function(d) d.artifactType = nil end },
  { "oci-artifact-files", "error artifact-type", "artifactType", function(d) d.artifactType = nil end },
  { "oras-files", "hint artifact-type", "artifactType", function(d) d.artifactType = "application/vnd.example.a.v1" end },
  { "helm-chart", "error config-type", "config.mediaType", function(d)
    d.config.mediaType = "application/vnd.cncf.helm.chart.config.v1+json"
  end },
  { "singularity-sif", "warning config-type", "config.mediaType", function(d)
    d.config.mediaType = "application/vnd.example.v1"
  end },
  { "oci-artifact-with-config", "error config-type", "config.mediaType", function(d)
    d.config.mediaType = "application/vnd.oci.image.config.v1+json"
  end },
  { "helm-chart", "error config-content", "config", function() end, { config = '{"apiVersion":"v2","name":"x"}' } },
  { "helm-chart", "error config-content", "config", function() end, { config = "apiVersion: v2" } },
  { "imgpkg-bundle", "error config-content", "config", function() end, { config = '{"config":{"Labels":{}}}' } },
  { "falco-asset", "error config-content", "config", function() end, { config = '{"name":5}' } },
  { "modelpack", "error config-content", "config", function() end,
    { config = '{"descriptor":{},"config":{},"modelfs":{"type":"layers","diffIds":["x"]},"other":1}' } },
  { "wasm", "error layer-unknown", "layers[1]", function(d) d.layers[2] = layer "application/json" end },
  { "helm-chart", "hint layer-unknown", "layers[1]", function(d) d.layers[2] = layer "application/json" end },
  { "sbom-spdx", "error layer-unknown", "layers[1]", function(d) d.layers[2] = layer "application/json" end },
  { "falco-asset", "error layer-position", "layers[1]", function(d)
    d.layers = oci.array { layer "application/json", d.layers[1] }
  end },
  { "helm-chart", "error layer-missing", "layers", function(d)
    d.layers[1].mediaType = "application/vnd.cncf.helm.chart.provenance.v1.prov"
  end },
  { "modelpack", "error layer-missing", "layers", function(d) d.layers = oci.array {} end },
  { "singularity-sif", "error layer-excess", "layers[1]", function(d)
    d.layers[2] = layer(d.layers[1].mediaType, { [TITLE] = "b.sif" })
  end },
  { "helm-chart", "warning layer-excess", "layers[1]", function(d) d.layers[2] = layer(d.layers[1].mediaType) end },
  { "singularity-sif", "warning layer-legacy", "layers[0].mediaType", function(d)
    d.layers[1].mediaType = "appliciation/vnd.sylabs.sif.layer.tar"
  end },
  { "spin-app", "error layer-position", "layers[0]", function(d) d.layers[1], d.layers[2] = d.layers[2], d.layers[1] end },
  { "cue-module", "error layer-position", "layers[0]", function(d)
    d.layers[1], d.layers[2] = d.layers[2], d.layers[1]
  end },
  { "conftest-bundle", "warning layer-title", "layers[0].annotations", function(d) d.layers[1].annotations = nil end },
  { "oci-artifact-files", "warning title-path", "layers[0].annotations", function(d)
    annotate(d.layers[1], TITLE, "docs/../../../etc/passwd")
  end },
  { "helm-plugin", "error layer-title", "layers[0].annotations", function(d)
    annotate(d.layers[1], TITLE, "plugin.tar.gz")
  end },
  { "tekton-bundle", "error layer-annotation", "layers[0].annotations", function(d)
    annotate(d.layers[1], "dev.tekton.image.apiVersion", nil)
  end },
  { "docker-compose", "warning layer-data", "layers[0].data", function(d) d.layers[1].data = nil end },
  { "timoni-module", "error annotation", "annotations", function(d) d.annotations = nil end },
  { "opcr-policy", "error annotation", "annotations", function(d)
    annotate(d, "org.openpolicyregistry.type", "other")
  end },
  { "flux-artifact", "warning annotation", "annotations", function(d)
    annotate(d, "org.opencontainers.image.source", nil)
  end },
  { "notation-signature", "error subject", "subject", function(d) d.subject = nil end },
  { "sbom-spdx", "warning subject", "subject", function(d) d.subject = nil end },
  { "soci-index-v2", "error index-descriptor", "", function() end, { descriptor = {} } },
  { "buildkit-attestation", "error index-descriptor", "", function() end, { descriptor = { annotations = {
    ["vnd.docker.reference.type"] = "other", ["vnd.docker.reference.digest"] = "x" } } } },
  { "devcontainer-template", "error layer-position", "layers[1]", function(d)
    d.layers = oci.array { layer "application/json", d.layers[1] }
  end },
  { "tekton-bundle", "error limit", "layers", function(d)
    for i = 1, 21 do
      d.layers[i] = layer("application/vnd.oci.image.layer.v1.tar", { ["dev.tekton.image.name"] = "n" .. i,
        ["dev.tekton.image.kind"] = "task", ["dev.tekton.image.apiVersion"] = "tekton.dev/v1" })
    end
  end },
  { "notation-signature", "error limit", "layers[0].size", function(d) d.layers[1].size = 33554433 end },
  { "opentofu-module", "error limit", "", function(d) annotate(d, "x", ("y"):rep(4194304)) end },
  { "conftest-bundle", "error local-titles", "layers[0].annotations", function(d)
    annotate(d.layers[1], TITLE, "a/../../b")
  end },
  { "conftest-bundle", "error unique-titles", "layers[1].annotations", function(d)
    d.layers[2] = layer("application/vnd.cncf.openpolicyagent.data.layer.v1+json",
      { [TITLE] = d.layers[1].annotations[TITLE] })
  end },
  { "oras-files", "error untitled-size", "layers[0].size", function(d)
    d.layers[1].annotations, d.layers[1].size = nil, 4194305
  end },
  { "bicep-module", "error sha256-digests", "config.digest", function(d) d.config.digest = SHA512 end },
  { "devcontainer-feature", "error sha256-digests", "layers[0].digest", function(d) d.layers[1].digest = SHA512 end },
  { "docker-compose", "error compose-files", "layers[0].annotations", function(d)
    annotate(d.layers[1], "com.docker.compose.file", "../compose.yaml")
  end },
  { "tekton-bundle", "error tekton-layers", "layers[0].annotations", function(d)
    annotate(d.layers[1], "dev.tekton.image.kind", "Tasks")
  end },
  { "tekton-bundle", "error tekton-layers", "layers[1].annotations", function(d)
    d.layers[2] = layer("application/vnd.oci.image.layer.v1.tar", d.layers[1].annotations)
  end },
  { "cue-module", "error cue-vcs", "annotations", function(d) annotate(d, "org.cuelang.vcs-type", "git") end },
  { "notation-signature", "error notation-thumbprints", "annotations", function(d)
    annotate(d, "io.cncf.notary.x509chain.thumbprint#S256", "0f0f")
  end },
  { "notation-signature-legacy", "error no-artifact-type", "artifactType", function(d)
    d.artifactType = "application/vnd.example.v1"
  end },
  { "falco-plugin", "error entry-platform", "manifests[0].platform", function(d) d.manifests[1].platform = nil end },
  { "opentofu-provider", "error unique-platforms", "manifests[1].platform", function(d)
    d.manifests[2] = d.manifests[1]
  end },
  { "opentofu-provider", "error layer-missing", "manifests", function(d)
    d.manifests[1].artifactType = "application/vnd.example.v1"
  end },
  { "cnab-bundle", "error layer-unknown", "manifests[1]", function(d)
    d.manifests[2].annotations["io.cnab.manifest.type"] = nil
  end },
  { "wasm", "error wasm-config", "config", function(d) d.layers[1].digest = oci.digest "other" end },
  { "oci-image", "error diff-ids", "config", function(d) d.layers[2] = d.layers[1] end },
  { "timoni-module", "error plain-version", "annotations", function(d)
    annotate(d, "org.opencontainers.image.version", "1.2.3+build")
  end },
}

describe("check finds what is broken:", function()
  for _, case in ipairs(broken) do
    local name, expected, path, spoil, more = (table.unpack or unpack)(case)
    it(("%s, %s at %s"):format(name, expected, path), function()
      local kind = get(name)
      local document, opts = made.document(kind)
      spoil(document)
      local manifest = made.manifest(document, document.mediaType or kind.manifest_media_type)
      more = more or {}
      local found = kind:check(manifest, { config = more.config or opts.config, descriptor = more.descriptor })
      local there = false
      for _, finding in ipairs(found) do
        there = there or (finding.severity .. " " .. finding.rule == expected and finding.path == path)
        assert.equal(name .. ": ", finding.message:sub(1, #name + 2))
      end
      assert.is_true(there, text_of(found))
    end)
  end

  it("each rule is among them", function()
    local source = assert(io.open((os.getenv "OCI_TEST_ROOT" or ".") .. "/lua/oci/types/check.lua")):read "*a"
    local rules, seen = require "oci.types.rules", {}
    for _, case in ipairs(broken) do
      seen[case[2]:match " (.*)$"] = true
    end
    for name in source:match "local severities = (%b{})":gmatch '%["(.-)"%]' do
      assert.is_true(seen[name], name)
    end
    for name in pairs(rules) do
      assert.is_true(seen[name], name)
    end
  end)
end)

describe("check", function()
  it("gives a list, also as JSON where there is nothing to say", function()
    local built = assert(oci.types.get "opa-bundle":build { bundle = { data = "", title = "bundle.tar.gz" } })
    assert.equal("[]", oci.json.encode(oci.types.get "opa-bundle":check(built)))
  end)

  it("takes a Manifest and nothing else", function()
    assert.has_error(function() get("wasm"):check("{}") end)
    assert.has_error(function() get("wasm"):check() end)
    local document = made.document(get "wasm")
    local ok, message = pcall(get("wasm").check, get "wasm", made.manifest(document), { confg = "" })
    assert.is_false(ok)
    assert.truthy(message:find("the nearest is 'config'", 1, true), message)
  end)

  it("takes any bytes as a config, and so does identify", function()
    local built = assert(oci.manifest { config = { data = "a\0b", media_type = "application/vnd.example.binary.v1" } })
    assert.has_no_error(function() get("wasm"):check(built, { config = "a\0b" }) end)
    assert.has_no_error(function() oci.types.identify(built, { config = "a\0b" }) end)
  end)

  it("compares media types as the type does", function()
    for name, severity in pairs { ["bicep-module"] = "", ["opentofu-module"] = "error" } do
      local document, opts = made.document(get(name))
      document.artifactType = document.artifactType:gsub("application", "Application")
      document.layers[1].mediaType = document.layers[1].mediaType:upper()
      local found = get(name):check(made.manifest(document), { config = opts.config })
      assert.equal(severity, rules_of(found, "error") ~= "" and "error" or "", text_of(found))
    end
  end)

  it("is bounded in what it says and in time", function()
    local document = made.document(get "helm-plugin")
    document.layers[1].annotations[TITLE] = ("-"):rep(1000000) .. "\n.tgz"
    for i = 2, 2000 do
      document.layers[i] = layer("application/vnd.example.v" .. i)
    end
    local manifest = made.manifest(document)
    assert.equal("helm-plugin", oci.types.identify(manifest).name)
    local found = get("helm-plugin"):check(manifest)
    assert.equal(1000, #found)
    document.layers[1].annotations[TITLE] = "/\27[0m" .. ("x"):rep(1000)
    found = get("conftest-bundle"):check(made.manifest(document))
    assert.equal("local-titles", found[#found].rule)
    assert.is_nil(found[#found].message:find "%c")
    assert.is_true(#found[#found].message < 700)
  end)

  it("looks into a config that the manifest embeds", function()
    local document, opts = made.document(get "imgpkg-bundle")
    assert.equal("oci-image", oci.types.identify(made.manifest(document)).name)
    document.config.data = made.base64(opts.config)
    assert.equal("imgpkg-bundle", oci.types.identify(made.manifest(document)).name)
  end)

  it("takes the forms that the client takes as well", function()
    local document = made.document(get "docker-compose")
    document.artifactType, document.config.mediaType = nil, "application/vnd.docker.compose.config.empty.v1+json"
    local manifest = made.manifest(document)
    assert.equal("docker-compose", oci.types.identify(manifest).name)
    assert.equal("", text_of(get("docker-compose"):check(manifest)))
    document = made.document(get "sbom-spdx")
    document.artifactType, document.config.mediaType = nil, "application/spdx+json"
    assert.equal("sbom-spdx", oci.types.identify(made.manifest(document)).name)
    local index = made.manifest { schemaVersion = 2, manifests = oci.array {},
      mediaType = "application/vnd.oci.image.index.v1+json" }
    assert.equal("", text_of(get("helm-chart"):check(index)))
    assert.equal("manifest-type", rules_of(get("wasm"):check(index)))
    assert.equal("config-type layer-unknown", rules_of(get("cnab-bundle"):check(made.least(get "wasm"))))
  end)
end)

-- ---- identify, where it is not plain

describe("identify", function()
  local function named(document, opts)
    local kind = oci.types.identify(made.manifest(document), opts)
    return kind and kind.name
  end

  it("what is specific comes before what is generic", function()
    local document, opts = made.document(get "oci-image")
    assert.equal("oci-image", named(document, opts))
    assert.equal("oci-image", named(document))
    document.layers[1].mediaType = "application/vnd.oci.image.layer.v1.tar+gzip"
    assert.equal("oci-image", named(document))
    assert.equal("opa-bundle", named(document, { config = "{}" }))
    document.config.digest, document.config.size = oci.digest "{}", 2
    assert.equal("opa-bundle", named(document))
    document.artifactType = "application/vnd.example.a.v1"
    document.config.mediaType = "application/vnd.oci.empty.v1+json"
    assert.equal("oci-artifact-files", named(document))
    document.config.mediaType = "application/vnd.example.config.v1"
    assert.equal("oci-artifact-with-config", named(document))
    document.layers = oci.array { layer "application/vnd.oci.empty.v1+json" }
    document.config.mediaType = "application/vnd.oci.empty.v1+json"
    assert.equal("oci-artifact-minimal", named(document))
  end)

  it("takes the artifact type for unknown as one that says nothing", function()
    local document = made.document(get "trivy-db")
    document.artifactType, document.config.mediaType = "application/vnd.unknown.artifact.v1",
      "application/vnd.oci.empty.v1+json"
    assert.equal("trivy-db", named(document))
    document.layers[1].mediaType = "application/vnd.example.v1"
    assert.equal("oras-files", named(document))
  end)

  it("goes by a type's own mark before the second one of another", function()
    local document = made.document(get "trivy-db") -- told by its layer
    document.artifactType, document.config.mediaType = nil, "application/spdx+json" -- tells sbom-spdx, which has its artifact type
    assert.equal("trivy-db", named(document))
    document.layers[1].mediaType = "application/spdx+json"
    assert.equal("sbom-spdx", named(document))
  end)

  it("tells those apart that share their marks", function()
    local document = made.document(get "devcontainer-feature")
    document.layers[1].annotations = nil
    assert.equal("devcontainer-feature", named(document))
    document.layers[1].annotations = { [TITLE] = "devcontainer-template-x.tgz" }
    assert.equal("devcontainer-template", named(document))
    document = made.document(get "timoni-module")
    assert.equal("timoni-module", named(document))
    document.layers[2] = nil
    assert.equal("timoni-artifact", named(document))
  end)

  it("takes the tag and the descriptor of the index into account", function()
    local document, opts = made.document(get "imgpkg-locations")
    assert.equal("imgpkg-locations", named(document, { tag = opts.tag }))
    assert.not_equal("imgpkg-locations", named(document))
    document, opts = made.document(get "buildkit-attestation-legacy")
    document.layers[1].mediaType = "application/vnd.example.v1"
    assert.equal("oci-image", named(document))
    assert.equal("buildkit-attestation-legacy", named(document, { descriptor = opts.descriptor }))
  end)

  it("gives nil for what says nothing", function()
    local index = { schemaVersion = 2, mediaType = "application/vnd.oci.image.index.v1+json", manifests = oci.array {} }
    assert.is_nil(named(index))
    local document = made.document(get "oci-artifact-files")
    document.artifactType = nil
    assert.is_nil(named(document))
  end)

  it("takes a Manifest and nothing else", function()
    assert.has_error(function() oci.types.identify "{}" end)
    local manifest = made.least(get "wasm")
    assert.has_error(function() oci.types.identify(manifest, { tags = "x" }) end)
  end)
end)

describe("roles_of", function()
  it("gives the role of each layer, or false", function()
    local document = made.document(get "helm-chart")
    document.layers[2] = layer "application/json"
    document.layers[3] = layer "application/vnd.cncf.helm.chart.provenance.v1.prov"
    assert.same({ "chart", false, "provenance" }, oci.types.roles_of(get "helm-chart", made.manifest(document)))
    document = made.document(get "helm-plugin")
    document.layers[2] = layer(document.layers[1].mediaType, { [TITLE] = "x-1.tgz" })
    document.layers[1].annotations[TITLE] = "x-1.tgz.prov"
    assert.same({ "provenance", "plugin" }, oci.types.roles_of(get "helm-plugin", made.manifest(document)))
    assert.same({ "config", "invocation" }, oci.types.roles_of(get "cnab-bundle",
      made.least(get "cnab-bundle")))
  end)

  it("tells a file from a directory of oras by its annotations", function()
    local gzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    local document = made.document(get "oras-files")
    document.layers = oci.array { layer(gzip, { [TITLE] = "a.tgz" }), layer(gzip, { [TITLE] = "d",
      ["io.deis.oras.content.unpack"] = "true", ["io.deis.oras.content.digest"] = oci.digest "" }), layer "a/b" }
    assert.same({ "file", "directory", "file" }, oci.types.roles_of(get "oras-files", made.manifest(document)))
  end)
end)

describe("a defined type", function()
  local define = function(given)
    return assert(oci.types.define(given))
  end
  local function named(document)
    local kind = oci.types.identify(made.manifest(document))
    return kind and kind.name
  end
  local ARTIFACT = "application/vnd.example.tied.v1"

  it("comes before the generic ones", function()
    local document = made.document(get "oci-artifact-files")
    document.artifactType = ARTIFACT
    assert.equal("oci-artifact-files", named(document))
    define { name = "tied", title = "Tied", artifact_type = ARTIFACT,
      layers = { { role = "part", media_types = "application/vnd.example.part.v1+json", min = 1 } } }
    assert.equal("tied", named(document)) -- although its layer is refused
    assert.equal(62, #oci.types.all())
  end)

  it("gives way to one that fits better, demands more, has the earlier name", function()
    local document = made.document(get "tied")
    assert.equal("tied", named(document))
    define { name = "tied-any", title = "Tied", artifact_type = ARTIFACT, unknown_layers = "allow" }
    assert.equal("tied", named(document))
    document.layers[1].mediaType = "application/vnd.example.other.v1"
    assert.equal("tied-any", named(document))
    define { name = "tied-also", title = "Tied", artifact_type = ARTIFACT, unknown_layers = "allow" }
    assert.equal("tied-also", named(document))
  end)

  it("comes before one of the catalog with the same mark, if it fits as well", function()
    local chart = get "helm-chart"
    define { name = "own-chart", title = "Own chart", config = { media_type = chart.config.media_type },
      layers = { { role = "chart", media_types = chart.layers[1].media_types, min = 1, max = 1 } } }
    local document = made.document(chart)
    assert.equal("own-chart", named(document))
    document.layers[2] = layer "application/vnd.cncf.helm.chart.provenance.v1.prov"
    assert.equal("helm-chart", named(document))
  end)

  it("has patterns of titles, an order of layers and limits that are checked", function()
    define { name = "ordered", title = "Ordered", artifact_type = "application/vnd.example.ordered.v1",
      layer_order = "declared", limits = { layer_bytes = 10, layers = 2 }, layers = {
        { role = "first", media_types = "text/plain", files = "*.txt", max = 1 },
        { role = "second", media_types = "text/plain", files = "docs/**/*.md", title_required = true },
      } }
    local document = made.document(get "ordered")
    local function text(title, size)
      local one = layer("text/plain", { [TITLE] = title })
      one.size = size
      return one
    end
    document.layers = oci.array { text("a.txt", 1), text("docs/a/b.md", 10) }
    local manifest = made.manifest(document)
    assert.same({ "first", "second" }, oci.types.roles_of(get "ordered", manifest))
    assert.equal("", text_of(get("ordered"):check(manifest)))
    document.layers = oci.array { text("docs/b.md", 1), text("a.txt", 11), text("c.txt", 1) }
    manifest = made.manifest(document)
    assert.same({ "second", "first", "second" }, oci.types.roles_of(get "ordered", manifest))
    assert.equal("layer-title layer-position limit limit", rules_of(get("ordered"):check(manifest)))
  end)
end)
