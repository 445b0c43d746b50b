-- check_content: a look into the config and the layers of artifacts.
local kit = require "testkit"
local made = require "types_kit"
local oci = require "oci"


-- The artifact of the least document of a type with these layers (tables with `data`, or false for what the document has)
-- and this config, in memory; its reference.
local number = 0
local function store(client, name, contents, config, change)
  local kind = assert(oci.types.get(name))
  local document = made.document(kind)
  number = number + 1
  local place = "memory:content" .. number
  local function put(bytes)
    return assert(client:push_blob(place, { data = bytes })).digest, #bytes
  end
  for i, bytes in ipairs(contents) do
    document.layers[i].digest, document.layers[i].size = put(bytes)
    document.layers[i].data = document.layers[i].data and made.base64(bytes)
  end
  if config then
    document.config.digest, document.config.size = put(config)
  else
    put "{}"
  end
  if change then
    change(document)
  end
  local bytes = assert(oci.json.encode(document))
  return place .. "@" .. assert(client:push_manifest(place, bytes)).digest, document
end

local function found(client, name, ref, opts)
  local given = { client = client }
  for key, value in pairs(opts or {}) do
    given[key] = value
  end
  local lines = {}
  for i, finding in ipairs(assert(oci.types.get(name):check_content(ref, given))) do
    lines[i] = ("%s %s %s: %s"):format(finding.severity, finding.rule, finding.path, finding.message)
  end
  return table.concat(lines, "\n")
end

-- A tar+gzip of these files, by tar.
local function archive(files)
  local dir = kit.tmp()
  kit.must("mkdir", dir .. "/in")
  for path, text in pairs(files) do
    kit.must("mkdir", "-p", dir .. "/in/" .. (path:match "^(.*)/" or "."))
    kit.write(dir .. "/in/" .. path, text)
  end
  kit.must("tar", "-C", dir .. "/in", "-czf", dir .. "/a.tgz", ".")
  return kit.read(dir .. "/a.tgz")
end

local CHART = "apiVersion: v2\nname: web\nversion: 1.2.3\n"
local CONFIG = '{"apiVersion":"v2","name":"web","version":"1.2.3"}'
local STATEMENT = '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"x"}'

-- A type, its layers, its config, and what is found: nothing, or a severity and a piece of the message.
local cases = {
  { "helm-chart", function() return archive { ["web/Chart.yaml"] = CHART } end, CONFIG },
  { "helm-chart", function() return archive { ["web/Chart.yaml"] = CHART:gsub("1.2.3", "1.2.4") } end, CONFIG,
    "error layer-content layers[0]", "Chart.yaml has the version 1.2.4, the config 1.2.3" },
  { "helm-chart", function() return archive { ["web/Chart.yaml"] = "Name: web\nversion: 1\n" } end,
    '{"apiVersion":"v2","name":"web","version":"1"}' },
  { "helm-chart", function() return archive { ["web/Chart.yaml"] = "name: ''\nversion: 1\n" } end, CONFIG,
    "error layer-content layers[0]", "has no name" },
  { "helm-chart", function() return archive { ["web/values.yaml"] = "" } end, CONFIG,
    "error layer-content layers[0]", "there is no Chart.yaml" },
  { "helm-chart", function() return archive { ["web/Chart.yaml"] = "a: [" } end, CONFIG,
    "error layer-content layers[0]", "no YAML mapping" },
  { "helm-chart", function() return "no archive at all" end, CONFIG, "error layer-content layers[0]", "" },
  { "helm-chart", function() return archive { ["web/Chart.yaml"] = CHART } end, "{", "error config-content config", "JSON" },
  { "opa-bundle", function() return archive { [".manifest"] = '{"roots":["a"],"revision":"1"}', ["a.rego"] = "package a" } end },
  { "opa-bundle", function() return archive { ["policies/a.rego"] = "package a" } end },
  { "opa-bundle", function() return archive { [".manifest"] = '{"roots":"a"}' } end, nil,
    "error layer-content layers[0]", "\"roots\"" },
  { "opa-bundle", function() return archive { [".manifest"] = '{"revision":1}' } end, nil,
    "error layer-content layers[0]", "\"revision\"" },
  { "opa-bundle", function() return archive { [".manifest"] = "[" } end, nil, "error layer-content layers[0]", "JSON" },
  { "opa-bundle", function() return archive { ["README"] = "x" } end, nil, "warning layer-content layers[0]", "nothing" },
  { "singularity-sif", function() return ("x"):rep(32) .. "SIF_MAGIC\0" .. "01" end },
  { "singularity-sif", function() return ("x"):rep(31) .. "SIF_MAGIC\0" .. "01" end, nil,
    "error layer-content layers[0]", "SIF_MAGIC" },
  { "singularity-sif", function() return "" end, nil, "error layer-content layers[0]", "SIF_MAGIC" },
  { "wasm-legacy", function() return "\0asm\1\0\0\0" end },
  { "wasm-legacy", function() return "asm" end, nil, "error layer-content layers[0]", "WebAssembly" },
  { "opentofu-module", function() return "PK\3\4..." end },
  { "opentofu-module", function() return "Rar!" end, nil, "error layer-content layers[0]", "zip" },
  { "flux-artifact", function() return "plain" end, "config", "error layer-content layers[0]", "gzip" },
  { "bicep-module", function() return "{}" end },
  { "bicep-module", function() return "{" end, nil, "error layer-content layers[0]", "not JSON" },
  { "bicep-module", function() return "5" end, nil, "error layer-content layers[0]", "no JSON object" },
  { "docker-compose", function() return "services:\n  web: {}\n" end },
  { "docker-compose", function() return "text" end, nil, "error layer-content layers[0]", "YAML" },
  { "sbom-spdx", function() return '{"spdxVersion":"SPDX-2.3"}' end },
  { "sbom-spdx", function() return '{"bomFormat":"CycloneDX"}' end, nil, "error layer-content layers[0]", "spdxVersion" },
  { "sbom-cyclonedx", function() return '{"bomFormat":"CycloneDX","specVersion":"1.6"}' end },
  { "sbom-cyclonedx", function() return '{"spdxVersion":"SPDX-2.3"}' end, nil,
    "error layer-content layers[0]", "bomFormat" },
  { "cosign-signature-referrer", function() return ([[{"critical":{"type":"cosign container image signature",
    "image":{"docker-manifest-digest":"%s"}}}]]):format(oci.digest "subject") end, "{}" },
  { "cosign-signature-referrer", function() return ([[{"critical":{"type":"cosign container image signature",
    "image":{"docker-manifest-digest":"%s"}}}]]):format(oci.digest "other") end, "{}",
    "error layer-content layers[0]", "the signature is of sha256:" },
  { "cosign-signature-tag", function() return "{}" end, "{}", "error layer-content layers[0]", "critical.type" },
  { "cosign-attestation-referrer", function() return '{"payload":"","payloadType":"x","signatures":[]}' end },
  { "cosign-attestation-referrer", function() return "{}" end, nil, "error layer-content layers[0]", "DSSE" },
  { "buildkit-attestation", function() return STATEMENT end },
  { "buildkit-attestation", function() return "{}" end, nil, "error layer-content layers[0]", "_type" },
  { "buildkit-attestation", function() return (STATEMENT:gsub('"x"', '"y"')) end, nil,
    "error layer-content layers[0]", "predicateType" },
  { "sigstore-bundle", function() return '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{}}' end,
    nil, "warning layer-content layers[0]", "dsse-envelope" }, -- the least document says "x"
  { "sigstore-bundle", function() return [[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","messageSignature":{},
    "verificationMaterial":{"x509CertificateChain":{}}}]] end, nil, "error layer-content layers[0]", "no chain" },
  { "sigstore-bundle", function() return "{}" end, nil, "error layer-content layers[0]", "Sigstore" },
  { "imgpkg-bundle", function() return archive { [".imgpkg/images.yml"] =
    "apiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\nimages:\n- image: a@" .. oci.digest "" .. "\n" } end,
    '{"config":{"Labels":{"dev.carvel.imgpkg.bundle":"true"}}}' },
  { "imgpkg-bundle", function() return archive { [".imgpkg/images.yml"] =
    "apiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\nimages:\n- image: a:latest\n" } end,
    '{"config":{"Labels":{"dev.carvel.imgpkg.bundle":"true"}}}', "error layer-content layers[0]", "by its digest" },
  { "imgpkg-locations", function() return archive { ["image-locations.yml"] = "kind: ImageLocations\n" } end, "{}" },
  { "imgpkg-locations", function() return archive { ["image-locations.yml"] = "kind: Other\n" } end, "{}",
    "error layer-content layers[0]", "ImageLocations" },
  { "devcontainer-feature", function() return archive { ["devcontainer-feature.json"] = "{}" } end },
  { "devcontainer-feature", function() return archive { ["x"] = "{}" } end, nil,
    "error layer-content layers[0]", "devcontainer-feature.json" },
}

describe("check_content", function()
  local client
  setup(function() client = assert(oci.client()) end)
  teardown(function() client:close() end)

  for _, case in ipairs(cases) do
    local name, bytes, config, expected, piece = (table.unpack or unpack)(case, 1, 5)
    it(("%s: %s %s"):format(name, expected or "good", piece or ""), function()
      local text = found(client, name, (store(client, name, { bytes() }, config)))
      if not expected then
        assert.equal("", text)
      else
        local there = false
        for line in text:gmatch "[^\n]+" do
          there = there or (line:sub(1, #expected + 1) == expected .. ":" and line:find(piece, 1, true) ~= nil)
        end
        assert.is_true(there, text)
      end
    end)
  end

  it("compares a signature by tag with the tag", function()
    local payload = ([[{"critical":{"type":"cosign container image signature",
      "image":{"docker-manifest-digest":"%s"}}}]]):format(oci.digest "image")
    local ref = store(client, "cosign-signature-tag", { payload }, "{}")
    local place = ref:match "^(.-)@"
    assert(client:tag(ref, { (oci.digest("image"):gsub(":", "-")) .. ".sig", (oci.digest(""):gsub(":", "-")) .. ".sig" }))
    assert.equal("", found(client, "cosign-signature-tag", place .. ":" .. oci.digest("image"):gsub(":", "-") .. ".sig"))
    local text = found(client, "cosign-signature-tag", place .. ":" .. oci.digest(""):gsub(":", "-") .. ".sig")
    assert.truthy(text:find("the signature is of " .. oci.digest "", 1, true), text)
  end)

  it("says what was not looked into", function()
    local ref = store(client, "sbom-spdx", { '{"spdxVersion":"SPDX-2.3"}' })
    assert.truthy(found(client, "sbom-spdx", ref, { limit = 10 })
      :find "^hint layer%-content layers%[0%]: sbom%-spdx: the layer has 26 bytes and was not looked into$")
  end)

  it("takes wasm's config and layer together", function()
    local module = "\0asm\1\0\0\0"
    local config = ([[{"created":"x","architecture":"wasm","os":"wasip1","layerDigests":["%s"],"component":null}]])
      :format(oci.digest(module))
    assert.equal("", found(client, "wasm", (store(client, "wasm", { module }, config))))
    local ref = store(client, "wasm", { module }, (config:gsub("wasip1", "wasip2")))
    assert.truthy(found(client, "wasm", ref):find("component", 1, true))
  end)

  it("goes through an index to what is behind it", function()
    local kind = oci.types.get "falco-plugin"
    local place = "memory:plugin"
    local document = made.document(kind, true)
    local gzip = archive { ["libx.so"] = "x" }
    document.layers[1].digest = assert(client:push_blob(place, { data = gzip })).digest
    document.layers[1].size = #gzip
    document.config.digest, document.config.size = assert(client:push_blob(place, { data = "no JSON" })).digest, 7
    local pushed = assert(client:push_manifest(place, assert(oci.json.encode(document))))
    local index = assert(client:push_manifest(place, assert(oci.json.encode { schemaVersion = 2,
      mediaType = kind.manifest_media_type, manifests = oci.array { { mediaType = pushed.media_type,
      digest = pushed.digest, size = pushed.size, platform = { os = "linux", architecture = "amd64" } } } })))
    local text = found(client, "falco-plugin", index)
    assert.truthy(text:find "^error config%-content manifests%[0%]%.config: [^\n]*not JSON[^\n]*$", text)
  end)

  it("finds the chart behind an index, or says that there is none", function()
    local ref, document = store(client, "helm-chart", { archive { ["web/Chart.yaml"] = CHART } }, CONFIG)
    local chart = assert(client:resolve(ref))
    local function index_of(descriptor)
      return client:push_manifest(ref:match "^(.-)@", assert(oci.json.encode { schemaVersion = 2,
        mediaType = "application/vnd.oci.image.index.v1+json", manifests = oci.array { descriptor } }))
    end
    local entry = { mediaType = chart.media_type, digest = chart.digest, size = chart.size }
    assert.equal("", found(client, "helm-chart", (assert(index_of(entry)))))
    document.config.mediaType = "application/vnd.example.config.v1+json"
    local other = assert(client:push_manifest(ref:match "^(.-)@", assert(oci.json.encode(document))))
    entry.digest, entry.size = other.digest, other.size
    local text = found(client, "helm-chart", (assert(index_of(entry))))
    assert.truthy(text:find("error entries manifests: helm-chart: no manifest of this type", 1, true), text)
  end)

  it("looks into 64 layers, and behind 64 entries", function()
    local document = made.document(oci.types.get "bicep-module")
    local place = "memory:many"
    local good, bad = assert(client:push_blob(place, { data = "{}" })), assert(client:push_blob(place, { data = "no JSON" }))
    for i = 1, 66 do
      document.layers[i] = { mediaType = document.layers[1].mediaType, digest = i < 65 and good.digest or bad.digest,
        size = i < 65 and 2 or 7 }
    end
    local manifest = assert(client:push_manifest(place, assert(oci.json.encode(document))))
    local text = found(client, "bicep-module", manifest)
    assert.truthy(text:find("hint not-looked-at layers[64]: bicep-module: only the first 64 layers", 1, true), text)
    assert.is_nil(text:find("layer-content", 1, true))
    local entries = oci.array {}
    for i = 1, 66 do -- of the last two nothing is there
      entries[i] = { mediaType = manifest.media_type, digest = i < 65 and manifest.digest or oci.digest "nowhere",
        size = manifest.size }
    end
    text = found(client, "helm-chart", assert(client:push_manifest(place, assert(oci.json.encode { schemaVersion = 2,
      mediaType = "application/vnd.oci.image.index.v1+json", manifests = entries }))))
    assert.truthy(text:find("hint not-looked-at manifests: helm-chart: only the first 64 entries", 1, true), text)
  end)

  it("fails as the calls that it makes", function()
    local kind = oci.types.get "wasm"
    local findings, message, code, detail = kind:check_content("memory:nothing", { client = client })
    assert.is_nil(findings)
    assert.is_string(message)
    assert.equal("NOT_FOUND", code)
    assert.is_table(detail)
    local ref = store(client, "singularity-sif", {}) -- the layer is not there
    assert.equal("NOT_FOUND", (select(3, oci.types.get("singularity-sif"):check_content(ref, { client = client }))))
    assert.has_error(function() kind:check_content("memory:nothing", { clint = client }) end)
    assert.has_error(function() kind:check_content() end)
  end)

  it("looks at the first bytes only, where these tell", function()
    local switches = kit.switches()
    local ref = switches.address .. "/" .. kit.repository() .. ":x"
    assert(oci.push(ref, { config = { data = "{}", media_type = "application/vnd.sylabs.sif.config.v1+json" },
      layers = { { data = ("x"):rep(32) .. "SIF_MAGIC\0" .. ("y"):rep(100000), title = "a.sif",
        media_type = "application/vnd.sylabs.sif.layer.v1.sif" } } }))
    assert.same({}, assert(oci.types.get("singularity-sif"):check_content(ref)))
    local ranges = 0
    for _, entry in ipairs(switches:log "/blobs/") do
      if entry.method == "GET" and entry.headers.range then
        assert.equal("bytes=0-63", entry.headers.range)
        ranges = ranges + 1
      end
    end
    assert.equal(1, ranges)
  end)

  it("takes archives as they come, again where that breaks off, and verified", function()
    local switches = kit.switches()
    local ref = switches.address .. "/" .. kit.repository() .. ":x"
    local files = { ["web/Chart.yaml"] = CHART, ["web/large"] = kit.must("head", "-c", "1000000", "/dev/urandom") }
    assert(oci.push(ref, { config = { data = CONFIG, media_type = "application/vnd.cncf.helm.config.v1+json" },
      layers = { { data = archive(files), media_type = "application/vnd.cncf.helm.chart.content.v1.tar+gzip" } } }))
    local layer = assert(oci.fetch_manifest(ref)).layers[1]
    local get = { method = "GET", path = layer.digest }
    local function look(action, ranges)
      switches:reset "content"
      switches:config { ranges = ranges ~= false }
      get.action = action
      switches:rules { get }
      return oci.types.get("helm-chart"):check_content(ref)
    end
    assert.same({}, assert(look { cut = 600000 }))
    assert.equal(2, #switches:log(layer.digest))
    assert.same({}, assert(look({ cut = 600000 }, false)))
    local _, message, code = look { flip = 700000 }
    assert.equal("DIGEST_MISMATCH", code)
    assert.truthy(message:find(layer.digest, 1, true), message)
  end)

  it("takes no more of an archive than its size", function()
    local switches = kit.switches()
    local ref = switches.address .. "/" .. kit.repository() .. ":x"
    assert(oci.push(ref, { config = { data = CONFIG, media_type = "application/vnd.cncf.helm.config.v1+json" },
      layers = { { data = archive { ["web/Chart.yaml"] = CHART },
        media_type = "application/vnd.cncf.helm.chart.content.v1.tar+gzip" } } }))
    local layer = assert(oci.fetch_manifest(ref)).layers[1]
    switches:rules { { method = "GET", path = layer.digest, times = -1, action = { extend = 5000000, chunked = true } } }
    local _, message, code = oci.types.get("helm-chart"):check_content(ref)
    assert.equal("SIZE_MISMATCH", code, message)
    assert.truthy(message:find(("more than the expected %d bytes"):format(layer.size), 1, true), message)
  end)

  it("keeps no file, whatever happens", function()
    local ref = store(client, "helm-chart", { archive { ["web/Chart.yaml"] = CHART } }, CONFIG)
    local tmpname = os.tmpname
    os.tmpname = function() error "a temporary file" end -- luacheck: ignore 122
    local ok, text = pcall(found, client, "helm-chart", ref)
    os.tmpname = tmpname -- luacheck: ignore 122
    assert.is_true(ok, text)
    assert.equal("", text)
  end)

  it("lets other calls go on meanwhile", function()
    local ref = store(client, "helm-chart", { archive { ["web/Chart.yaml"] = CHART } }, CONFIG)
    local kind = oci.types.get "helm-chart"
    local function look() return kind:check_content(ref, { client = client }) end
    assert.same({ {}, {}, {} }, assert(oci.parallel { look, look, look }))
    local _, message, code = oci.parallel { look, function() return nil, "enough", "INVALID" end, look }
    assert.same({ "enough", "INVALID" }, { message, code })
  end)
end)
