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

describe("an error about a file", function()
  local TYPE = "application/vnd.example.v1"
  local work, layout

  before_each(function()
    work = kit.tmp()
    layout = "oci:" .. work .. "/layout:v1"
  end)

  -- It is about this file: in its text, and in detail.path as a path that can be used as it is.
  local function about(path, expected, words, ...)
    local message, code, detail = failure(...)
    assert.equal(expected, code, message)
    assert.equal(work .. "/" .. path, detail.path, message)
    assert.truthy(message:find(words, 1, true), message)
  end

  it("in a directory that is packed names it, and says what may be done", function()
    kit.must("mkdir", "-p", work .. "/dir/sub")
    local spec = { artifact_type = TYPE, files = { work .. "/dir" } }
    kit.must("ln", "-s", "/etc/passwd", work .. "/dir/sub/link")
    about("dir/sub/link", "UNSAFE_PATH", "sub/link is a link to an absolute path; follow_links packs", oci.push(layout, spec))
    kit.must("rm", work .. "/dir/sub/link")
    kit.must("mkfifo", work .. "/dir/sub/fifo")
    about("dir/sub/fifo", "INVALID", "cannot be packed", oci.push(layout, spec))
  end)

  it("whose name is long does not lose what is wrong with it", function()
    kit.must("mkdir", "-p", work .. "/dir")
    kit.must("ln", "-s", ".", work .. "/dir/" .. ("again"):rep(8))
    local message, code = failure(oci.push(layout, { artifact_type = TYPE, files = { { dir = work .. "/dir",
      follow_links = true } } }))
    assert.equal("LIMIT", code)
    assert.truthy(message:find "levels deep$" or message:find "longer than a path may be$", message)
  end)

  it("that is in the way names it, and the option", function()
    kit.must("mkdir", "-p", work .. "/dir/sub")
    kit.write(work .. "/dir/sub/a", "a")
    kit.write(work .. "/f", "one")
    assert(oci.push(layout, { artifact_type = TYPE, files = { work .. "/dir", work .. "/f" } }))
    local to = { to = work .. "/out" }
    assert(oci.pull(layout, to))
    kit.write(work .. "/out/f", "two")
    about("out/f", "EXISTS", "(overwrite is off)", oci.pull(layout, to))
    kit.write(work .. "/out/f", "one")
    kit.write(work .. "/out/dir/sub/a", "b")
    about("out/dir/sub/a", "EXISTS", "(overwrite is off)", oci.pull(layout, to))
    kit.must("rm", "-r", work .. "/out/dir/sub")
    kit.must("ln", "-s", "/tmp", work .. "/out/dir/sub")
    about("out/dir/sub", "EXISTS", "is not a directory", oci.pull(layout, to))
  end)

  it("that cannot be written, since the disk is full, names it", function()
    kit.write(work .. "/f", ("x"):rep(300000))
    assert(oci.push(layout, { artifact_type = TYPE, files = { work .. "/f" } }))
    kit.write(work .. "/script.lua", [[
      local oci = require "oci"
      local work = arg[1]
      local function tell(_, message, code, detail)
        print(code, detail.path, message)
      end
      tell(oci.pull("oci:" .. work .. "/layout:v1", { to = work .. "/out" }))
      tell(oci.copy("oci:" .. work .. "/layout:v1", "oci:" .. work .. "/copy:v1"))
    ]])
    local ok, output = kit.shell(("ulimit -f 100; %s %s %s"):format(kit.quote(os.getenv "OCI_TEST_LUA" or "lua5.4"),
      kit.quote(work .. "/script.lua"), kit.quote(work)))
    assert.is_true(ok, output)
    assert.truthy(output:find("IO\t" .. work .. "/out/f\t", 1, true), output)
    assert.truthy(output:find("IO\t" .. work .. "/copy\t", 1, true), output)
    assert.is_nil(kit.read(work .. "/out/f"))
  end)

  it("that is no longer what it was names it", function()
    local path = kit.write(work .. "/f", ("x"):rep(40000000))
    local changed
    local message, code = failure(oci.push(layout, { artifact_type = TYPE, new = true, files = { path },
      on_progress = function(event)
        if event.title == "f" and not changed then
          changed = kit.write(path, "short")
        end
      end }))
    assert.equal("SIZE_MISMATCH", code)
    assert.truthy(message:find("f has changed meanwhile", 1, true), message)
  end)

  it("in a packed directory is called as it was asked for", function()
    kit.must("mkdir", "-p", work .. "/dir")
    kit.write(work .. "/dir/a", "a")
    assert(oci.push(layout, { artifact_type = TYPE, files = { work .. "/dir" } }))
    local message, code = failure(oci.open_file(layout, "dir/b"))
    assert.equal("NOT_FOUND", code)
    assert.truthy(message:find("dir/b is not in the archive", 1, true), message)
  end)
end)

describe("a blob that is larger than the limit", function()
  it("is LIMIT, and what may be done is said", function()
    local blob = assert(oci.push_blob("memory:limit", { data = "four" }))
    local message, code = failure(oci.fetch_blob(blob, { limit = 3 }))
    assert.equal("LIMIT", code)
    assert.truthy(message:find("'limit', or read it with open_blob", 1, true), message)
    assert.equal("four", oci.fetch_blob(blob, { limit = 4 }))
  end)
end)

describe("a value that JSON cannot say", function()
  it("is named by where it is", function()
    local message, code = failure(oci.json.encode { a = { 1, { b = "\255" } } })
    assert.equal("INVALID", code)
    assert.equal("a: [2]: b: cannot encode as JSON: a string is not UTF-8", message)
    message = select(2, oci.push("memory:json", { artifact_type = "a/b.v1", annotations = { name = "\255" } }))
    assert.truthy(message:find("annotations: name: ", 1, true), message)
  end)
end)
