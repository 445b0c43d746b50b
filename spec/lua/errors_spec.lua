-- Errors: nil, message, code, detail; which code for what a registry says.
local kit = require "testkit"
local oci = require "oci"

local CODES = {}
for code in ("NOT_FOUND UNAUTHORIZED DENIED DIGEST_MISMATCH SIZE_MISMATCH INVALID UNSAFE_PATH EXISTS CONFLICT UNSUPPORTED "
  .. "RATE_LIMITED TIMEOUT CANCELED NETWORK TLS IO LIMIT NO_MEMORY REGISTRY"):gmatch "%S+" do
  CODES[code] = true
end

-- The error of a call that must fail: message, code, detail.
local function failure(value, message, code, detail)
  assert.is_nil(value)
  assert.is_string(message)
  assert.is_nil(message:find "[%c]", message)
  assert.is_true(CODES[code] or false, tostring(code))
  assert.is_table(detail)
  return message, code, detail
end

describe("a registry's answer", function()
  local registry, client, ref

  before_each(function()
    registry = kit.switches()
    client = assert(oci.client { retries = 0, credentials = {} })
    ref = registry.address .. "/" .. kit.repository() .. ":v1"
  end)

  after_each(function()
    if client then
      client:close()
    end
  end)

  local function answer(status, code)
    registry:rules { { times = -1, action = {
      status = status,
      body_json = code and { errors = { { code = code, message = "says the registry", detail = { a = 1 } } } } or nil,
    } } }
  end

  it("gives the code by its error code, then by its status", function()
    for _, case in ipairs {
      { 404, "MANIFEST_UNKNOWN", "NOT_FOUND" }, { 404, nil, "NOT_FOUND" }, { 400, "NAME_UNKNOWN", "NOT_FOUND" },
      { 401, nil, "UNAUTHORIZED" }, { 403, "DENIED", "DENIED" }, { 403, nil, "DENIED" }, { 405, "UNSUPPORTED", "UNSUPPORTED" },
      { 405, nil, "UNSUPPORTED" }, { 429, "TOOMANYREQUESTS", "RATE_LIMITED" }, { 429, nil, "RATE_LIMITED" },
      { 409, nil, "CONFLICT" }, { 412, nil, "CONFLICT" }, { 500, nil, "REGISTRY" }, { 503, nil, "REGISTRY" }, { 418, nil,
        "REGISTRY" },
    } do
      answer(case[1], case[2])
      local message, code, detail = failure(client:fetch_manifest(ref))
      assert.equal(case[3], code, case[1] .. ": " .. message)
      assert.equal(case[1], detail.status)
    end
  end)

  it("is shown in detail.errors", function()
    answer(403, "DENIED")
    local message, _, detail = failure(client:fetch_manifest(ref))
    assert.truthy(message:find("says the registry", 1, true))
    assert.equal("DENIED", detail.errors[1].code)
    assert.same({ a = 1 }, detail.errors[1].detail)
    assert.truthy(detail.url:find(registry.address, 1, true))
    assert.is_nil(detail.url:find("?", 1, true))
  end)

  it("is retryable where it may help", function()
    answer(503)
    local _, _, detail = failure(client:fetch_manifest(ref))
    assert.is_true(detail.retryable)
    answer(404)
    _, _, detail = failure(client:fetch_manifest(ref))
    assert.is_nil(detail.retryable)
  end)

  it("names the reference that was asked for", function()
    answer(404)
    assert.truthy(failure(client:fetch_manifest(ref)):find(ref, 1, true))
  end)

  it("is false for exists only when it is known", function()
    assert.is_false(client:exists(ref))
    answer(500)
    local _, code = failure(client:exists(ref))
    assert.equal("REGISTRY", code)
  end)

  it("never shows a secret", function()
    registry:auth { mode = "basic" }
    local with = assert(oci.client { credentials = { username = "bob", password = "hunter2" }, retries = 0 })
    local message, code, detail = failure(with:resolve(ref))
    with:close()
    assert.equal("UNAUTHORIZED", code)
    for _, text in ipairs { message, oci.json.encode(detail) } do
      assert.is_nil(text:find("hunter2", 1, true))
      assert.is_nil(text:find("Ym9iOmh1bnRlcjI", 1, true))
    end
  end)

  it("that does not come is a TIMEOUT", function()
    registry:rules { { times = -1, action = { stall = -1 } } }
    local _, code = failure(client:resolve(ref, { timeout = 0.3 }))
    assert.equal("TIMEOUT", code)
    _, code = failure(client:resolve(ref, { stall_timeout = 0.3 }))
    assert.equal("TIMEOUT", code)
  end)

  it("that ends early is NETWORK, and retryable", function()
    registry:rules { { times = -1, action = { close = true } } }
    local _, code, detail = failure(client:resolve(ref))
    assert.equal("NETWORK", code)
    assert.is_true(detail.retryable)
  end)

  it("is asked for again as often as is said", function()
    registry:rules { { times = 2, action = { close = true } } }
    assert.equal("NOT_FOUND", (select(3, client:resolve(ref, { retries = 2 }))))
    assert.equal(3, #registry:log "manifests")
  end)

  it("is asked for by name and version", function()
    client:resolve(ref)
    local named = assert(oci.client { user_agent = "mine/2", credentials = {} })
    named:resolve(ref)
    named:close()
    local log = registry:log "manifests"
    assert.equal("lua-oci/" .. oci.version, log[1].headers["user-agent"])
    assert.equal("mine/2", log[2].headers["user-agent"])
  end)
end)

describe("without a server", function()
  it("a port where nobody listens is NETWORK", function()
    local _, code, detail = failure(oci.resolve("127.0.0.1:1/x/y:z", { retries = 0, connect_timeout = 5 }))
    assert.equal("NETWORK", code)
    assert.is_true(detail.retryable)
  end)

  it("a malformed reference is INVALID for every call", function()
    for _, name in ipairs { "resolve", "exists", "tags", "pull", "untag", "delete", "fetch_manifest", "fetch_config",
      "fetch_blob", "stat_blob", "open_blob" } do
      local _, code = failure(oci[name] "Not Valid")
      assert.equal("INVALID", code)
    end
    assert.equal("INVALID", (select(2, failure(oci.push("Not Valid", { artifact_type = "a/b" })))))
    assert.equal("INVALID", (select(2, failure(oci.copy("memory:x", "Not Valid")))))
    assert.equal("INVALID", (select(2, failure(oci.tag("Not Valid", "x")))))
    assert.equal("INVALID", (select(2, failure(oci.push_blob("Not Valid", { data = "x" })))))
    assert.equal("INVALID", (select(2, failure(oci.push_manifest("Not Valid", "{}")))))
    assert.equal("INVALID", (select(2, failure(oci.repositories "Not Valid"))))
  end)

  it("an archive is UNSUPPORTED for now", function()
    local _, code = failure(oci.resolve("oci-archive:/tmp/x.tar:y"))
    assert.equal("UNSUPPORTED", code)
  end)

  it("a CA file that is not there is an error that names it", function()
    local host = kit.needs("OCI_TEST_REGISTRY_TLS", "docker-registry with TLS")
    local client, message, code = oci.client { registries = { [host] = { ca_file = "/nowhere/ca.pem" } } }
    if client then
      local _
      _, message, code = client:resolve(host .. "/x/y:z", { retries = 0 })
      client:close()
    end
    assert.truthy(message:find("/nowhere/ca.pem", 1, true), message)
    assert.is_true(CODES[code])
  end)

  it("of a wait that does not end is not to be had: times are checked", function()
    assert.has_error(function() oci.resolve("memory:x", { timeout = -1 }) end)
    assert.has_error(function() oci.resolve("memory:x", { timeout = 0 / 0 }) end)
  end)

  it("assert makes of it what a script wants", function()
    local lua_assert = (rawget(_G, "loadstring") or load) "return assert" () -- this file's is busted's
    local ok, message = pcall(function() lua_assert(oci.resolve("memory:nothing-here:x")) end)
    assert.is_false(ok)
    assert.equal("string", type(message))
    assert.truthy(message:find("nothing-here", 1, true))
  end)
end)
