-- A running opa answers from bundles that we push.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local BUNDLE = oci.types.get "opa-bundle"

describe("opa", function()
  local opa, registry, work
  local server -- its process's number

  before_each(function()
    opa = tools.program "opa"
    registry = tools.need("OCI_TEST_REGISTRY", "docker-registry")
    work = tools.directory()
    tools.run("mkdir", "-p", work .. "/policy/shop/sub")
    tools.write(work .. "/policy/shop/allow.rego", "package shop\n\ndefault allow := false\n\nallow if input.user == data.shop.owner\n")
    tools.write(work .. "/policy/shop/data.json", '{"owner": "ann"}')
    tools.write(work .. "/policy/shop/sub/data.yaml", "level: 3\n")
    tools.write(work .. "/policy/README.md", "no part of the bundle")
    tools.write(work .. "/policy/.manifest", '{"revision": "r1", "roots": ["shop"]}')
  end)

  after_each(function()
    if server then
      tools.try("kill", server)
      server = nil
    end
  end)

  local function ask(path, body)
    return tools.run("curl", "-sS", "-f", "--unix-socket", work .. "/socket", "--data-binary", body, "http://opa" .. path)
  end

  -- A server whose bundle is the one under the reference, once it has loaded it.
  local function serve(ref)
    tools.write(work .. "/config.yaml", ([[
services: {registry: {url: "http://%s", type: oci}}
bundles: {shop: {service: registry, resource: "%s", persist: false, polling: {min_delay_seconds: 60, max_delay_seconds: 120}}}
persistence_directory: %s/persist
]]):format(registry, ref, work))
    local pipe = assert(io.popen(("%s run --server --addr unix://%s/socket --disable-telemetry -c %s/config.yaml >%s/log 2>&1 & echo $!")
      :format(tools.quote(opa), work, work, work)))
    server = pipe:read "l"
    pipe:close()
    local ok, output = tools.try("curl", "-sS", "-f", "--retry", "20", "--retry-all-errors", "--retry-delay", "1", "-o", "/dev/null",
      "--unix-socket", work .. "/socket", "http://opa/health?bundles=true")
    assert(ok, output .. (tools.read(work .. "/log") or ""))
  end

  local function answers()
    assert.equal("true", ask("/v1/data/shop/allow", '{"input": {"user": "ann"}}'):match '"result":(%w+)')
    assert.equal("false", ask("/v1/data/shop/allow", '{"input": {"user": "bob"}}'):match '"result":(%w+)')
  end

  it("answers from a bundle made of a directory", function()
    local ref = registry .. "/" .. tools.repository() .. ":v1"
    local pushed = assert(oci.push(ref, { type = "opa-bundle", bundle = work .. "/policy" }))
    serve(ref)
    answers()
    assert.equal("3", ask("/v1/data/shop/sub/level", "{}"):match '"result":(%d+)')
    local listed = tools.run({ cd = work }, opa, "inspect", "--format", "json", assert(BUNDLE:pull(ref, { to = work .. "/back",
      unpack = false })).roles.bundle[1].path)
    assert.equal("r1", listed:match '"revision":%s*"(.-)"')
    assert.equal(pushed.digest, assert(oci.resolve(ref)).digest)
  end)

  it("answers from a bundle that opa built", function()
    tools.run({ cd = work }, opa, "build", "-b", "policy", "-o", work .. "/bundle.tar.gz", "-r", "r2")
    local ref = registry .. "/" .. tools.repository() .. ":v1"
    assert(oci.push(ref, { type = "opa-bundle", bundle = work .. "/bundle.tar.gz" }))
    serve(ref)
    answers()
    local manifest = assert(oci.fetch_manifest(ref))
    assert.equal("{}", assert(oci.fetch_config(ref)))
    assert.equal(oci.digest { path = work .. "/bundle.tar.gz" }, manifest.layers[1].digest)
    assert.equal("bundle.tar.gz", manifest.layers[1].annotations["org.opencontainers.image.title"])
    assert.same({}, assert(BUNDLE:check_content(ref)))
  end)

  it("has what oras pushes of it, as the documentation says, with our config and layers", function()
    local oras = tools.need("OCI_TEST_ORAS", "oras")
    tools.run({ cd = work }, opa, "build", "-b", "policy", "-o", work .. "/bundle.tar.gz")
    tools.write(work .. "/config.json", "{}")
    local ref = registry .. "/" .. tools.repository() .. ":v1"
    tools.run({ cd = work }, oras, "push", "--no-tty", "--plain-http", "--config",
      "config.json:application/vnd.oci.image.config.v1+json", ref, "bundle.tar.gz:application/vnd.oci.image.layer.v1.tar+gzip")
    local theirs, ours = assert(oci.fetch_manifest(ref)), assert(BUNDLE:build { bundle = work .. "/bundle.tar.gz" })
    assert.equal(theirs.config.digest, ours.config.digest)
    assert.equal(theirs.config.media_type, ours.config.media_type)
    assert.same(theirs.layers[1].annotations, ours.layers[1].annotations)
    assert.equal(theirs.layers[1].digest, ours.layers[1].digest)
    assert.same({}, BUNDLE:check(theirs))
  end)
end)
