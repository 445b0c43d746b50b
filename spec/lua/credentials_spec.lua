-- Credentials: tables, functions, for a registry or for all, and who wins.
local kit = require "testkit"
local oci = require "oci"

local ALICE = { username = "alice", password = "s3cret:pass" }
local WRONG = { username = "alice", password = "wrong" }

describe("credentials", function()
  local registry, ref, clients

  before_each(function()
    registry = kit.switches()
    registry:auth { mode = "basic" }
    ref = registry.address .. "/" .. kit.repository() .. ":v1"
    clients = {}
  end)

  after_each(function()
    for _, client in ipairs(clients or {}) do
      client:close()
    end
  end)

  local function client(options)
    options.retries = 0
    clients[#clients + 1] = assert(oci.client(options))
    return clients[#clients]
  end

  -- Was the registry satisfied?
  local function accepted(options)
    local _, message, code = client(options):resolve(ref)
    assert.is_true(code == "NOT_FOUND" or code == "UNAUTHORIZED", message)
    return code == "NOT_FOUND"
  end

  it("are a table", function()
    assert.is_true(accepted { credentials = ALICE })
    assert.is_false(accepted { credentials = WRONG })
    assert.is_false(accepted { credentials = {} })
    assert.is_false(accepted {})
  end)

  it("of a registry win over those for all", function()
    local here = registry.address
    assert.is_true(accepted { credentials = WRONG, registries = { [here] = { credentials = ALICE } } })
    assert.is_false(accepted { credentials = ALICE, registries = { [here] = { credentials = WRONG } } })
    assert.is_false(accepted { credentials = ALICE, registries = { [here] = { credentials = {} } } })
    assert.is_true(accepted { credentials = ALICE, registries = { ["other.example"] = { credentials = WRONG } } })
  end)

  it("are what a function gives, called once for each registry of a call", function()
    local calls = {}
    local function ask(host, repository)
      calls[#calls + 1] = { host, repository }
      return ALICE
    end
    local c = client { credentials = ask }
    assert.equal("NOT_FOUND", (select(3, c:resolve(ref))))
    local repository = ref:match "^[^/]*/(.*):v1$"
    assert.same({ { registry.address, repository } }, calls)
    assert(c:push(ref, { artifact_type = "application/vnd.example.t", files = { { data = "x", title = "x" } } }))
    assert.equal(2, #calls)
    assert(c:copy(ref, registry.address .. "/" .. kit.repository()))
    assert.equal(3, #calls)
    assert(c:copy(ref, "memory:x:v1"))
    assert.equal(4, #calls)
    local pulled = assert(c:pull(ref, { to = kit.tmp(), type = "oci-artifact-files" })) -- which is made of several
    assert.equal("x", pulled.files[1].title)
    assert.equal(5, #calls)
    c:pull(ref, { to = kit.tmp(), roles = "nothing" })
    assert.equal(6, #calls)
  end)

  it("of a registry's own function win, too", function()
    local called
    assert.is_true(accepted {
      credentials = function() called = true return WRONG end,
      registries = { [registry.address] = { credentials = function() return ALICE end } },
    })
    assert.is_nil(called)
    assert.is_true(accepted { credentials = WRONG, registries = { [registry.address] = { credentials = function() return ALICE
      end } } })
  end)

  it("that a function has not are looked for elsewhere, or not: nil, false", function()
    assert.is_false(accepted { credentials = function() return nil end })
    assert.is_false(accepted { credentials = function() return false end })
    local _, message, code = client({ credentials = function() return nil, "the vault is locked" end }):resolve(ref)
    assert.equal("UNAUTHORIZED", code)
    assert.truthy(message:find("the vault is locked", 1, true))
  end)

  it("of a function are checked; what it raises is raised", function()
    for _, given in ipairs { 5, "x", { user = "x" }, { username = "x" } } do
      assert.has_error(function() client({ credentials = function() return given end }):resolve(ref) end)
    end
    local ok, message = pcall(function() client({ credentials = function() error("oh no", 0) end }):resolve(ref) end)
    assert.is_false(ok)
    assert.equal("oh no", message)
  end)

  it("may be a token", function()
    registry:auth { mode = "bearer", static_tokens = { "t0ken" } }
    assert.is_true(accepted { credentials = { token = "t0ken" } })
    assert.is_false(accepted { credentials = { token = "another" } })
  end)

  it("may be an identity token", function()
    registry:auth { mode = "bearer", refresh_tokens = { r3fresh = "alice" } }
    assert.is_true(accepted { credentials = { identity_token = "r3fresh" } })
  end)

  it("are not asked for where no registry is", function()
    local c = client { credentials = function() error "asked" end }
    assert.is_false(c:exists("memory:x:y"))
    assert.is_false(c:exists("oci:" .. kit.tmp() .. "/x:y"))
  end)

  it("work for the default client", function()
    assert(oci.configure { credentials = ALICE, retries = 0 })
    local _, message, code = oci.resolve(ref)
    assert(oci.configure())
    assert.equal("NOT_FOUND", code, message)
  end)
end)
