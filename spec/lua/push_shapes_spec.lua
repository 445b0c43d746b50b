-- The shapes of image-spec 1.0 and 1.1; what is pushed where a registry refuses that of 1.1.
local kit = require "testkit"
local oci = require "oci"

local EMPTY = "application/vnd.oci.empty.v1+json"
local TYPE = "application/vnd.example.thing.v1"
local CONFIG = "application/vnd.example.config.v1+json"
local EMPTY_DIGEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

local function spec_of(more)
  local spec = { artifact_type = TYPE, files = { { data = "hello", title = "a.txt" } } }
  for name, value in pairs(more or {}) do
    spec[name] = value
  end
  return spec
end

local function with_warnings()
  local warnings = {}
  local client = assert(oci.client { on_warning = function(text) warnings[#warnings + 1] = text end })
  return client, warnings
end

describe("spec_version 1.0", function()
  it("has the type in the config's media type, and no artifactType", function()
    -- As `oras push --image-spec v1.0 --artifact-type` writes it.
    local m = assert(oci.manifest(spec_of { spec_version = "1.0" }))
    assert.equal(('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"%s",'
      .. '"digest":"%s","size":2},"layers":[{"mediaType":"application/octet-stream","digest":"%s","size":5,'
      .. '"annotations":{"org.opencontainers.image.title":"a.txt"}}]}'):format(TYPE, EMPTY_DIGEST, oci.digest "hello"), m.bytes)
    local place = "memory:" .. kit.repository "shapes"
    assert(oci.push(place .. ":v1", m))
    assert.equal("{}", assert(oci.fetch_config(place .. ":v1")))
    assert.equal("hello", kit.read(assert(oci.pull(place .. ":v1", { to = kit.tmp() })).files[1].path))
  end)

  it("keeps a config that says what it is, and types one that does not", function()
    for _, case in ipairs {
      { { json = { a = 1 }, media_type = CONFIG }, nil, CONFIG },
      { { json = { a = 1 }, media_type = TYPE }, TYPE, TYPE },
      { { json = { a = 1 } }, TYPE, TYPE },
      { { data = "{}", media_type = EMPTY }, TYPE, TYPE },
      { { data = "x" }, TYPE, TYPE },
    } do
      local m = assert(oci.manifest { artifact_type = case[2], config = case[1], spec_version = "1.0" })
      assert.equal(case[3], m.config.media_type)
      assert.is_nil(m.artifact_type)
      -- At least one layer, for portability.
      assert.equal(1, #m.layers)
      assert.equal(EMPTY, m.layers[1].media_type)
    end
  end)

  it("is of an unknown type without one, with a warning", function()
    local client, warnings = with_warnings()
    local m = assert(client:manifest { files = { { data = "x", title = "x" } }, spec_version = "1.0" })
    assert.equal("application/vnd.unknown.config.v1+json", m.config.media_type)
    assert.equal(1, #warnings)
    assert.truthy(warnings[1]:find(m.config.media_type, 1, true))
  end)

  it("has no subject, and no second type", function()
    local subject = { media_type = "application/vnd.oci.image.manifest.v1+json", digest = EMPTY_DIGEST, size = 2 }
    for _, more in ipairs {
      { subject = subject },
      { subject = "memory:x:nothing" },
      { config = { json = {}, media_type = CONFIG } },
    } do
      more.spec_version = "1.0"
      local built, message, code = oci.manifest(spec_of(more))
      assert.is_nil(built)
      assert.equal("INVALID", code)
      assert.truthy(message:find("image-spec 1.0", 1, true), message)
    end
  end)

  it("is that of the manifests in an index, which has no type then", function()
    local index = assert(oci.index { artifact_type = TYPE, spec_version = "1.0", manifests = {
      { platform = "linux/amd64", files = { { data = "x", title = "x" } } },
      { platform = "linux/arm64", files = { { data = "y", title = "y" } }, spec_version = "1.1" },
      { media_type = "application/vnd.oci.image.manifest.v1+json", digest = EMPTY_DIGEST, size = 2, artifact_type = TYPE },
    } })
    assert.is_nil(index.artifact_type)
    for _, entry in ipairs(index.manifests) do
      assert.is_nil(entry.artifact_type)
    end
    local place = "memory:" .. kit.repository "shapes"
    index = assert(oci.fetch_manifest(assert(oci.push(place, assert(oci.index {
      artifact_type = TYPE, spec_version = "1.0", manifests = { { files = { { data = "x", title = "x" } } } },
    })))))
    local manifest = assert(oci.fetch_manifest(index.manifests[1]))
    assert.equal(TYPE, manifest.config.media_type)
    assert.is_nil(manifest.artifact_type)
  end)
end)

describe("fallback", function()
  local switches, place

  before_each(function()
    switches = kit.switches()
    place = switches.address .. "/spec/fallback"
  end)

  local function refuse(status, code, times)
    switches:rules { { method = "PUT", path = "/manifests/", times = times or 1,
      action = { status = status, body_json = { errors = { { code = code, message = "no" } } } } } }
  end

  it("pushes the shape of 1.0 where that of 1.1 is refused, and says so", function()
    switches:config { artifacts = false }
    local pushed, _, code = oci.push(place .. ":v1", spec_of())
    assert.is_nil(pushed)
    assert.equal("REGISTRY", code)
    pushed = assert(oci.push(place .. ":v1", spec_of { fallback = true, tags = { "v2" } }))
    assert.is_true(pushed.fallback)
    assert.is_nil(pushed.artifact_type)
    assert.equal(assert(oci.manifest(spec_of { spec_version = "1.0" })).digest, pushed.digest)
    for _, tag in ipairs { "v1", "v2" } do
      assert.equal(pushed.digest, assert(oci.resolve(place .. ":" .. tag)).digest)
    end
    assert.equal("{}", assert(oci.fetch_config(place .. ":v1")))
  end)

  it("is not used where 1.1 is taken", function()
    local pushed = assert(oci.push(place .. ":v1", spec_of { fallback = true }))
    assert.is_nil(pushed.fallback)
    assert.equal(TYPE, pushed.artifact_type)
  end)

  it("gives the empty config the type that a client knows its artifacts by there", function()
    switches:config { artifacts = false }
    local own = "application/vnd.docker.compose.config.empty.v1+json"
    assert(oci.push(place .. ":v1", spec_of { fallback = true, empty_config_type = own }))
    assert.equal(own, assert(oci.fetch_manifest(place .. ":v1")).config.media_type)
    local _, message, code = oci.push(place .. ":v1", spec_of { fallback = true, empty_config_type = "nothing" })
    assert.equal("INVALID", code, message)
    local compose = { type = "docker-compose", fallback = true, compose_file = { data = "a: {}", title = "compose.yaml", annotations = {
      ["com.docker.compose.file"] = "compose.yaml", ["com.docker.compose.version"] = "2" } } }
    assert.is_true(assert(oci.push(place .. ":v2", compose)).fallback)
    local manifest = assert(oci.fetch_manifest(place .. ":v2"))
    assert.equal(own, manifest.config.media_type)
    assert.same({}, oci.types.get "docker-compose":check(manifest))
    switches:config { artifacts = true }
    assert(oci.push(place .. ":v3", compose))
    assert.equal(EMPTY, assert(oci.fetch_manifest(place .. ":v3")).config.media_type)
  end)

  it("keeps a config's own type", function()
    switches:config { artifacts = false }
    assert(oci.push(place .. ":v1", spec_of { fallback = true, config = { json = { a = 1 }, media_type = CONFIG } }))
    local manifest = assert(oci.fetch_manifest(place .. ":v1"))
    assert.equal(CONFIG, manifest.config.media_type)
    assert.is_nil(manifest.artifact_type)
  end)

  it("is for all manifests of an index, and the index", function()
    switches:config { artifacts = false }
    local same = { files = { { data = "same", title = "same" } } }
    local pushed = assert(oci.push(place .. ":v1", { artifact_type = TYPE, fallback = true, manifests = {
      { platform = "linux/amd64", files = { { data = "x", title = "x" } } },
      { platform = "linux/arm64", files = { { data = "y", title = "y" } } },
      same, same,
      { manifests = { { files = { { data = "z", title = "z" } } } } },
    } }))
    assert.is_true(pushed.fallback)
    local index = assert(oci.fetch_manifest(place .. ":v1"))
    assert.is_nil(index.artifact_type)
    assert.equal(5, #index.manifests)
    for i, entry in ipairs(index.manifests) do
      assert.is_nil(entry.artifact_type)
      local manifest = assert(oci.fetch_manifest(entry))
      manifest = i == 5 and assert(oci.fetch_manifest(manifest.manifests[1])) or manifest
      assert.equal(TYPE, manifest.config.media_type)
      assert(oci.fetch_blob(manifest.layers[1]))
    end
  end)

  it("answers every refusal that is about the shape", function()
    for _, case in ipairs {
      { 400, "MANIFEST_INVALID" }, { 405, "UNSUPPORTED" }, { 415, "MANIFEST_INVALID" }, { 422, "WHATEVER" },
      { 406, "UNSUPPORTED" }, { 501, "UNSUPPORTED" },
    } do
      refuse(case[1], case[2])
      local pushed = assert(oci.push(place .. ":s" .. case[1], spec_of { fallback = true }))
      assert.is_true(pushed.fallback)
    end
  end)

  it("answers none that is about something else", function()
    for _, case in ipairs {
      { 401, "UNAUTHORIZED", "UNAUTHORIZED" }, { 403, "DENIED", "DENIED" }, { 404, "NAME_UNKNOWN", "NOT_FOUND" },
      { 400, "TAG_INVALID", "REGISTRY" }, { 400, "NAME_INVALID", "REGISTRY" }, { 400, "SIZE_INVALID", "REGISTRY" },
      { 400, "MANIFEST_BLOB_UNKNOWN", "NOT_FOUND" }, { 409, "CONFLICT", "CONFLICT" }, { 412, "WHATEVER", "CONFLICT" },
      { 413, "WHATEVER", "LIMIT" }, { 407, "WHATEVER", "REGISTRY" },
    } do
      refuse(case[1], case[2], -1)
      switches:reset "content"
      refuse(case[1], case[2], -1)
      local pushed, message, code = oci.push(place .. ":v1", spec_of { fallback = true, retries = 0 })
      assert.is_nil(pushed)
      assert.equal(case[3], code, message)
      for _, entry in ipairs(switches:log "^PUT .*/manifests/") do
        assert.equal(#assert(oci.manifest(spec_of())).bytes, entry.body_length) -- 1.1, each time
      end
    end
  end)

  it("gives the first refusal when 1.0 is refused, too", function()
    switches:rules {
      { method = "PUT", path = "/manifests/", action = { status = 400,
        body_json = { errors = { { code = "MANIFEST_INVALID", message = "the first" } } } } },
      { method = "PUT", path = "/manifests/", action = { status = 400,
        body_json = { errors = { { code = "MANIFEST_INVALID", message = "the second" } } } } },
    }
    local pushed, _, code, detail = oci.push(place .. ":v1", spec_of { fallback = true })
    assert.is_nil(pushed)
    assert.equal("REGISTRY", code)
    assert.equal("the first", detail.errors[1].message)
    assert.equal(2, #switches:log "^PUT .*/manifests/")
  end)

  it("never changes what has a subject, or a digest that was asked for", function()
    switches:config { artifacts = false }
    local subject = { media_type = "application/vnd.oci.image.manifest.v1+json", digest = EMPTY_DIGEST, size = 2 }
    local built = assert(oci.manifest(spec_of { fallback = true }))
    for _, call in ipairs {
      function() return oci.push(place .. ":v1", spec_of { fallback = true, subject = subject }) end,
      function() return oci.push(place .. ":v1", built) end,
      function() return oci.push(place .. ":v1@" .. built.digest, spec_of { fallback = true }) end,
      function() return oci.push(place .. ":v1", { fallback = true, manifests = { spec_of { subject = subject } } }) end,
    } do
      local pushed, message, code = call()
      assert.is_nil(pushed)
      assert.equal("REGISTRY", code, message)
      assert.is_false(oci.exists(place .. ":v1"))
    end
  end)

  it("is of no use for what cannot be another", function()
    switches:rules { { method = "PUT", path = "/manifests/", times = -1, action = { status = 400 } } }
    local only_config = { fallback = true, config = { json = {}, media_type = CONFIG }, layers = { { data = "x" } } }
    for _, spec in ipairs { only_config, spec_of { fallback = true, spec_version = "1.0" } } do
      switches:reset "content"
      switches:rules { { method = "PUT", path = "/manifests/", times = -1, action = { status = 400 } } }
      assert.is_nil((oci.push(place .. ":v1", spec)))
      assert.equal(1, #switches:log "^PUT .*/manifests/")
    end
  end)
end)
