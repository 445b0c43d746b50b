-- The options of a client, by what they do on the wire. What is refused of them is in options_spec.
local kit = require "testkit"
local oci = require "oci"
local socket = require "socket"

local TYPE = "application/vnd.example.thing.v1"

describe("a client's option", function()
  local registry, ref, clients

  before_each(function()
    registry = kit.switches()
    ref = registry.address .. "/" .. kit.repository() .. ":v1"
    clients = {}
  end)

  after_each(function()
    for _, client in ipairs(clients or {}) do
      client:close()
    end
  end)

  local function client(options)
    local made = assert(oci.client(options))
    clients[#clients + 1] = made
    return made
  end

  local function fails(code, value, message, got)
    assert.is_nil(value)
    assert.equal(code, got, message)
    return message
  end

  it("user_agent is what the registry sees", function()
    assert.is_false(client { user_agent = "backup/1.0" }:exists(ref))
    assert.is_false(client():exists(ref))
    local log = registry:log "manifests"
    assert.equal("backup/1.0", log[1].headers["user-agent"])
    assert.truthy(log[#log].headers["user-agent"]:find("^lua%-oci/%d"))
  end)

  it("concurrency bounds the blobs on their way", function()
    local files = {}
    for i = 1, 10 do
      files[i] = { data = tostring(i):rep(100000), title = "f" .. i }
    end
    assert(client():push(ref, { artifact_type = TYPE, files = files }))
    local function most(options)
      registry:reset "content"
      registry:rules { { method = "GET", path = "/blobs/", times = -1, action = { delay = 0.1 } } }
      assert(client(options):pull(ref, { to = kit.tmp() }))
      return registry:info().max_active
    end
    assert.is_true(most { concurrency = 2 } <= 2)
    assert.equal(1, most { concurrency = 1 })
    assert.is_true(most() > 2)
  end)

  it("on_warning is told what the registry warns of, once", function()
    registry:rules { { times = -1, action = { set_headers = { Warning = '299 - "this registry is going away"' } } } }
    local told = {}
    local one = client { on_warning = function(text) told[#told + 1] = text end }
    assert.is_false(one:exists(ref))
    assert.is_false(one:exists(ref))
    assert.equal(1, #told)
    assert.truthy(told[1]:find("this registry is going away", 1, true))
    assert.truthy(told[1]:find(registry.address, 1, true))
  end)

  it("timeout, stall_timeout and retries are for every call, and a call's own win", function()
    registry:rules { { times = -1, action = { stall = -1 } } }
    fails("TIMEOUT", client { timeout = 0.2 }:resolve(ref))
    fails("TIMEOUT", client { stall_timeout = 0.2, retries = 0 }:resolve(ref))
    fails("TIMEOUT", client { timeout = 3600 }:resolve(ref, { timeout = 0.2 }))
    registry:rules { { times = -1, action = { status = 503, headers = { ["Retry-After"] = "0" } } } }
    local other = registry.address .. "/other:v1"
    fails("REGISTRY", client { retries = 1 }:resolve(other))
    assert.equal(2, #registry:log "/other/")
    fails("REGISTRY", client { retries = 1 }:resolve(other, { retries = 0 }))
    assert.equal(3, #registry:log "/other/")
  end)

  it("connect_timeout ends an attempt that nobody answers", function()
    -- A queue of connections that is full: further ones are not answered.
    local listener = socket.tcp()
    assert(listener:bind("127.0.0.1", 0))
    assert(listener:listen(0))
    local _, port = listener:getsockname()
    local waiting = {}
    for i = 1, 3 do
      waiting[i] = socket.tcp()
      waiting[i]:settimeout(0)
      waiting[i]:connect("127.0.0.1", tonumber(port))
    end
    local message = fails("TIMEOUT", client { connect_timeout = 0.2, retries = 0 }:resolve("127.0.0.1:" .. port .. "/x:y"))
    assert.truthy(message:find("connecting .* took longer than 0%.2 s"), message)
    listener:close()
  end)

  it("registries: plain_http is for one registry, and only loopback does without it", function()
    local elsewhere = ref:gsub("^127%.0%.0%.1", "0.0.0.0") -- the same server, and no name of loopback
    local host = elsewhere:match "^[^/]*"
    fails("TLS", client { retries = 0 }:resolve(elsewhere))
    fails("NOT_FOUND", client { registries = { [host] = { plain_http = true } } }:resolve(elsewhere))
    fails("NOT_FOUND", client():resolve(ref))
    fails("TLS", client { retries = 0, registries = { [registry.address] = { plain_http = false } } }:resolve(ref))
  end)

  it("registries: ca_file is what is trusted, and only there", function()
    local host = kit.needs("OCI_TEST_SWITCHES_TLS", "the test registry with TLS")
    local other = kit.needs("OCI_TEST_SWITCHES_TLS2", "the test registry with TLS")
    local ca = kit.needs("OCI_TEST_CA", "the CA")
    local one = client { retries = 0, registries = { [host] = { ca_file = ca }, [other] = { plain_http = false } } }
    fails("NOT_FOUND", one:resolve(host .. "/a/b:c"))
    fails("TLS", one:resolve(other .. "/a/b:c"))
    local wrong = (os.getenv "OCI_TEST_CERTS") .. "/other-ca.pem"
    fails("TLS", client { retries = 0, registries = { [host] = { ca_file = wrong } } }:resolve(host .. "/a/b:c"))
  end)
end)
