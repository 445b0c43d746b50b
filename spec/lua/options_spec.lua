-- Options: unknown names and wrong types raise at the caller's line; what a call has not, it refuses.
local oci = require "oci"

-- The message of the error that f raises; without its position, which is checked to be in this file.
local function raised(f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  assert.equal("string", type(message))
  local position, text = message:match("^([^:]*options_spec%.lua:%d+): (.*)$")
  assert.is_string(position, message)
  return text
end

describe("an unknown option", function()
  it("is an error that names the nearest one", function()
    local text = raised(function() oci.pull("x/y:z", { overwite = true }) end)
    assert.equal("bad argument #2 to 'pull' (unknown option 'overwite', the nearest is 'overwrite')", text)
    text = raised(function() oci.push("x/y:z", { artefact_type = "a/b" }) end)
    assert.truthy(text:find("'artifact_type'", 1, true))
    text = raised(function() oci.push("x/y:z", { arti = "a/b" }) end)
    assert.truthy(text:find("'artifact_type'", 1, true))
    text = raised(function() oci.client { user_agnet = "x" } end)
    assert.truthy(text:find("'user_agent'", 1, true))
    text = raised(function() oci.configure { retrys = 1 } end)
    assert.truthy(text:find("'retries'", 1, true))
    text = raised(function() oci.client { registries = { ["x:1"] = { plain_htp = true } } } end)
    assert.truthy(text:find("'plain_http'", 1, true))
    text = raised(function() oci.push("x/y", { files = { { pth = "x" } } }) end)
    assert.truthy(text:find("files[1]", 1, true))
    assert.truthy(text:find("'path'", 1, true))
    text = raised(function() oci.start("pul", "x/y") end)
    assert.truthy(text:find("'pull'", 1, true))
    text = raised(function() oci.start("read_entrie", "x/y") end) -- which is not for users
    assert.is_nil(text:find("read_entries", 1, true), text)
    text = raised(function() oci.start("read_entries", { path = "x" }, { limit = 1 }) end)
    assert.truthy(text:find("'patterns' expected", 1, true), text)
    assert.is_nil(oci.client().read_entries)
    text = raised(function() oci.parallel({}, { limmit = 1 }) end)
    assert.truthy(text:find("'limit'", 1, true))
  end)

  it("that is near to none is an error that names them all", function()
    local text = raised(function() oci.pull("x/y:z", { destination = "x" }) end)
    assert.truthy(text:find("unknown option 'destination', known are connect_timeout, exclude, include, ", 1, true), text)
    assert.truthy(text:find(", timeout, to, type, unpack)", 1, true), text)
  end)

  it("in a list of options raises, too", function()
    raised(function() oci.pull("x/y", { "to" }) end)
    raised(function() oci.pull("x/y", { [true] = 1 }) end)
  end)

  it("of a later version raises, and its calls are not there", function()
    for _, name in ipairs { "attach", "referrers", "discover", "login", "logout", "whoami", "sign", "verify", "probe" } do
      assert.is_nil(oci[name])
    end
    for _, name in ipairs { "referrers", "platform", "dry_run" } do
      assert.truthy(raised(function() oci.copy("x/y", "x/z", { [name] = true }) end):find("unknown option '" .. name, 1,
        true))
    end
    raised(function() oci.tag("x/y", "t", { expect = "x" }) end)
    for _, name in ipairs { "proxy", "cache", "trace", "max_speed" } do
      raised(function() oci.client { [name] = "x" } end)
    end
    raised(function() oci.loop "cqueues" end)
    raised(function() oci.loop "copas" end)
    raised(function() oci.loop "nvim" end)
  end)
end)

describe("a wrong type", function()
  it("raises, naming the argument, what was expected and what was there", function()
    assert.equal("bad argument #2 to 'pull' (option 'to': directory, function or object with 'write' expected, got number)",
      raised(function() oci.pull("x/y", { to = 5 }) end))
    assert.equal("bad argument #2 to 'pull' (table of options expected, got string)",
      raised(function() oci.pull("x/y", "dir") end))
    assert.equal("bad argument #2 to 'push' (specification (a table) expected, got no value)",
      raised(function() oci.push("x/y") end))
  end)

  it("is found for each kind of option", function()
    for name, value in pairs { to = true, overwrite = 1, unpack = "yes", sync = "no", on_progress = {}, timeout = -1,
      connect_timeout = "1", stall_timeout = {}, retries = 1.5 } do
      raised(function() oci.pull("x/y", { [name] = value }) end)
    end
    for name, value in pairs { artifact_type = 1, config = 1, layers = "x", files = "x", annotations = { a = 1 }, tags = 1,
      created = {}, new = 1 } do
      raised(function() oci.push("x/y", { [name] = value }) end)
    end
    for name, value in pairs { registries = { "x" }, credentials = 5, concurrency = 0, timeout = "x", user_agent = 1,
      on_warning = "x" } do
      raised(function() oci.client { [name] = value } end)
    end
    raised(function() oci.client { credentials = { username = "x" } } end)
    raised(function() oci.client { credentials = { token = "x", identity_token = "y" } } end)
    raised(function() oci.client { credentials = { user = "x" } } end)
    raised(function() oci.fetch_blob("x/y", { limit = -1 }) end)
    raised(function() oci.fetch_blob("x/y", { limit = 0 }) end)
    raised(function() oci.fetch_blob("x/y", { offset = 2 ^ 60 }) end)
    raised(function() oci.tag("x/y", {}) end)
    raised(function() oci.tag("x/y", 5) end)
    raised(function() oci.push_manifest("x/y", {}) end)
    raised(function() oci.repositories(5) end)
    raised(function() oci.push("x/y", { files = { x = "y" } }) end)
    raised(function() oci.wait {} end)
    raised(function() oci.wait({ 1 }) end)
    raised(function() oci.loop {} end)
    raised(function() oci.loop "nginx" end)
    raised(function() oci.parallel { 1 } end)
    raised(function() oci.digest(5) end)
  end)

  it("names what is wrong within a table", function()
    assert.equal("bad argument #1 to 'client' (option 'registries': h: unknown option 'plain_htp', the nearest is 'plain_http')",
      raised(function() oci.client { registries = { h = { plain_htp = true } } } end))
    assert.equal("bad argument #1 to 'client' (option 'credentials': 'username' and 'password' belong together)",
      raised(function() oci.client { credentials = { username = "x" } } end))
    assert.equal("bad argument #2 to 'push' (option 'annotations': 'a': string expected, got number)",
      raised(function() oci.push("x/y", { annotations = { a = 1 } }) end))
    assert.equal("bad argument #2 to 'push' (option 'annotations': the name [1] is no string)",
      raised(function() oci.push("x/y", { annotations = { "a" } }) end))
    assert.equal("bad argument #2 to 'pull' (option 'platform': unknown option 'arch', the nearest is 'architecture')",
      raised(function() oci.pull("x/y", { platform = { os = "linux", arch = "arm" } }) end))
  end)

  it("is a list with a hole, of which one Lua would see the end and another a nil", function()
    local f = function() end
    local text = raised(function() oci.push("x/y", { layers = { "a", nil, "c" } }) end)
    assert.equal("bad argument #2 to 'push' (option 'layers': list expected, without a nil as its item 2)", text)
    text = raised(function() oci.parallel { f, nil, f } end)
    assert.equal("bad argument #1 to 'parallel' (list expected, without a nil as its item 2)", text)
    text = raised(function() oci.push("x/y", { tags = { "a", nil, "c" } }) end)
    assert.equal("bad argument #2 to 'push' (option 'tags': list expected, without a nil as its item 2)", text)
    local one, other = assert(oci.start("digest", { data = "x" })), assert(oci.start("digest", { data = "y" }))
    text = raised(function() oci.wait { one, nil, other } end)
    assert.equal("bad argument #1 to 'wait' (list expected, without a nil as its item 2)", text)
    raised(function() oci.tag("x/y", { "a", nil, "c" }) end)
    raised(function() oci.pull("x/y", { include = { "a", nil, "c" } }) end)
  end)

  it("is told from what is expected in its place", function()
    assert.equal('bad argument #2 to \'push\' (files[1]: option \'compression\': "gzip", "zstd" or "none" expected, got "xz")',
      raised(function() oci.push("x/y", { files = { { dir = "d", compression = "xz" } } }) end))
    assert.equal('bad argument #2 to \'push\' (option \'spec_version\': "1.0", "1.1" or "docker" expected, got number)',
      raised(function() oci.push("x/y", { spec_version = 1.1 }) end))
    assert.equal("bad argument #2 to 'push' (option 'tags': item 2: string expected, got number)",
      raised(function() oci.push("x/y", { tags = { "a", 2 } }) end))
    assert.equal("bad argument #2 to 'tag' (string or list of strings expected, got no value)",
      raised(function() oci.tag("x/y") end))
    assert.equal("bad argument #2 to 'push' (files[1]: cannot encode as JSON: a function)",
      raised(function() oci.push("x/y", { files = { { json = { print }, title = "x" } } }) end))
  end)

  it("is a path that is empty: an option of a script that was not set", function()
    for _, f in ipairs {
      function() oci.pull("x/y", { to = "" }) end,
      function() oci.push("x/y", { files = { "" } }) end,
      function() oci.push("x/y", { files = { { dir = "", title = "x" } } }) end,
      function() oci.push_blob("x/y", { path = "" }) end,
      function() oci.digest { path = "" } end,
    } do
      assert.truthy(raised(f):find("the path is empty", 1, true))
    end
  end)

  it("is text with a zero byte, where the core's would end", function()
    assert.equal("bad argument #2 to 'push' (files[1]: option 'title': it has a zero byte)",
      raised(function() oci.push("x/y", { files = { { path = "f", title = "a\0b" } } }) end))
    for _, f in ipairs {
      function() oci.pull("x/y", { to = "a\0b" }) end,
      function() oci.pull("x/y", { include = { "a\0b" } }) end,
      function() oci.push("x/y", { files = { "a\0b" } }) end,
      function() oci.push("x/y", { artifact_type = "a/b\0" }) end,
      function() oci.tag("x/y", "a\0b") end,
      function() oci.open_file("x/y", "a\0b") end,
      function() oci.client { user_agent = "a\0b" } end,
      function() oci.client { credentials = { username = "a\0b", password = "x" } } end,
    } do
      assert.truthy(raised(f):find("it has a zero byte", 1, true))
    end
    assert.equal(3, assert(oci.push_blob("memory:zero", { data = "a\0b" })).size)
  end)

  it("is numbered as the caller wrote it, without the object", function()
    local op = assert(oci.start("digest", { data = "x" }))
    assert.equal("bad argument #1 to 'wait' (number of seconds (0 or more) expected)", raised(function() op:wait(-1) end))
    op:close()
    assert.equal("bad argument #1 to 'progress' (file or object with write expected, got string)",
      raised(function() oci.progress "stderr" end))
  end)

  it("keeps no secret in a client", function()
    local client = assert(oci.client { credentials = { username = "bob", password = "hunter2" },
      registries = { ["x:1"] = { credentials = { token = "hunter2" } } } })
    local function look(value)
      assert.not_equal("hunter2", value)
      for _, item in pairs(type(value) == "table" and value or {}) do
        look(item)
      end
    end
    look(client)
    client:close()
  end)

  it("never shows a secret", function()
    local text = raised(function() oci.client { credentials = { username = "bob", password = "hunter2", extra = 1 } } end)
    assert.is_nil(text:find("hunter2", 1, true))
  end)
end)

describe("use after close", function()
  it("raises for clients and operations, and closing twice does not", function()
    local client = assert(oci.client())
    client:close()
    client:close()
    assert.equal("the client is closed", raised(function() client:resolve("x/y") end))
    assert.equal("the client is closed", raised(function() client:start("resolve", "x/y") end))
    local op = assert(oci.start("digest", { data = "x" }))
    op:close()
    op:close()
    for _, method in ipairs { "wait", "ready", "progress", "pollfd", "cancel" } do
      assert.equal("the operation is closed", raised(function() op[method](op) end))
    end
    raised(function() oci.wait { op } end)
  end)
end)

describe("the module", function()
  it("sets no global", function()
    local before = {}
    for name in pairs(_G) do
      before[name] = true
    end
    for _, name in ipairs { "calls", "client", "content", "credentials", "loop", "loop.blocking", "manifest", "operation",
      "options", "parallel", "progress", "reader", "reference", "spec" } do
      require("oci." .. name)
    end
    for name in pairs(_G) do
      assert.is_true(before[name], tostring(name))
    end
  end)

  it("has versions", function()
    assert.equal("oci " .. oci.version, oci._VERSION)
    assert.truthy(oci.versions():find("lua-oci/" .. oci.version, 1, true))
    assert.truthy(oci.versions():find("OpenSSL/", 1, true))
  end)
end)

describe("require", function()
  it("starts no thread, opens nothing and loads no libcurl", function()
    local kit = require "testkit"
    local script = kit.write(kit.tmp() .. "/x.lua", [[
      local function count(what)
        local least = math.huge
        for _ = 1, 5 do -- popen's own descriptors may still be there
          local pipe = io.popen("ls /proc/$PPID/" .. what .. " | wc -l")
          least = math.min(least, pipe:read("*n"))
          pipe:close()
        end
        return least
      end
      local tasks, fds = count "task", count "fd"
      local oci = require "oci"
      assert(oci.reference "a/b:c" and oci.json.decode "{}" and oci.digest "x")
      assert(count "task" == tasks, "a thread was started")
      assert(count "fd" == fds, "something was opened")
      for line in io.lines "/proc/self/maps" do
        assert(not line:find "libcurl" and not line:find "libarchive", line)
      end
      print "fine"]])
    assert.equal("fine\n", kit.must(os.getenv "OCI_TEST_LUA" or "lua5.4", script))
  end)

  it("and a call about a layout load no libcurl; one about a registry does", function()
    local kit = require "testkit"
    local tmp = kit.tmp()
    local script = kit.write(tmp .. "/x.lua", [[
      local oci = require "oci"
      local function loaded()
        for line in io.lines "/proc/self/maps" do
          if line:find "libcurl" then
            return true
          end
        end
        return false
      end
      assert(oci.push("oci:" .. arg[1] .. "/layout:v1", { artifact_type = "x/y", layers = { { data = "x" } } }))
      assert(not loaded())
      oci.exists "127.0.0.1:1/x/y:z"
      assert(loaded())
      print "fine"]])
    assert.equal("fine\n", kit.must(os.getenv "OCI_TEST_LUA" or "lua5.4", script, tmp))
  end)
end)
