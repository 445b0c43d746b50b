-- examples/openresty/nginx.conf in a real nginx, started as its comments say: it streams, to many at once, through reloads and
-- clients that go away, keeps nothing, and logs nothing but what went wrong.
local kit = require "testkit"
local oci = require "oci"
local socket = require "socket"
local tools = dofile "spec/interop/tools.lua"

local root = os.getenv "OCI_TEST_ROOT" or "."
local build = os.getenv "OCI_TEST_BUILD" and os.getenv "OCI_TEST_BUILD":sub(#root + 2) or "build"
local TYPE = "application/vnd.example.file.v1"

describe("examples/openresty", function()
  local nginx, registry, work, port -- nginx: its process's number
  local logged = ""

  local function url(path)
    return ("http://127.0.0.1:%d/%s"):format(port, path)
  end

  -- The example with another port, and as the user of the test where nginx would change to another.
  local function configuration()
    local text, count = tools.read(root .. "/examples/openresty/nginx.conf"):gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port)
    assert.equal(2, count) -- the command in its comment is one
    local lines = ""
    if os.getenv "OCI_TEST_PRELOAD" then
      lines = "env LD_PRELOAD;\nenv ASAN_OPTIONS;\nenv LSAN_OPTIONS;\nenv UBSAN_OPTIONS;\n"
    end
    if tools.run("id", "-u") == "0\n" then
      lines = lines .. "user root;\n"
    end
    return lines .. text
  end

  local function start(host)
    port = kit.free_port()
    work = tools.directory()
    tools.write(work .. "/nginx.conf", configuration())
    local preload = os.getenv "OCI_TEST_PRELOAD"
    local pipe = assert(io.popen(([[
      eval "$(make -s -C %s env LUA=luajit BUILD=%s)"; cd %s
      REGISTRY=%s %s %s -p . -c nginx.conf >log 2>&1 & echo $!]]):format(tools.quote(root),
      tools.quote(build), tools.quote(work), host, preload and "LD_PRELOAD=" .. tools.quote(preload) or "",
      tools.quote(os.getenv "OCI_TEST_NGINX"))))
    nginx = pipe:read "l"
    pipe:close()
    kit.eventually("nginx's start", function()
      assert(tools.try("kill", "-0", nginx), tools.read(work .. "/log"))
      local tcp = socket.connect("127.0.0.1", port)
      return tcp and tcp:close()
    end)
  end

  before_each(function()
    tools.need("OCI_TEST_NGINX", "nginx")
    if not tools.exists "/usr/lib/nginx/modules/ngx_http_lua_module.so" then
      tools.skip "nginx's Lua module is not there; get it with: apt-get install libnginx-mod-http-lua"
    end
    registry = tools.switches()
    if not nginx then
      start(registry.host)
    end
    logged = tools.read(work .. "/log")
  end)

  teardown(function()
    if nginx then
      tools.try("kill", "-QUIT", nginx)
      kit.eventually("nginx's end", function() return not tools.try("kill", "-0", nginx) end)
    end
  end)

  -- What nginx has logged in this test.
  local function log()
    return tools.read(work .. "/log"):sub(#logged + 1)
  end

  local function push(name, size)
    local data = tools.bytes(size, 7)
    assert(oci.push(registry.host .. "/" .. name .. ":v1", {
      artifact_type = TYPE, files = { { data = data, title = "data", media_type = "text/plain" } },
    }))
    return tools.write(work .. "/data", data)
  end

  local function fetch(path, ...)
    return tools.run("curl", "-sS", "-w", "%{http_code} %{content_type}", "-o", work .. "/got", url(path), ...)
  end

  it("streams the first layer, byte for byte", function()
    local data = push("some/na.me", 3000000)
    assert.equal("200 text/plain", fetch "some/na.me/v1")
    tools.run("cmp", data, work .. "/got")
    assert.truthy(tools.run("curl", "-sS", "--head", url "some/na.me/v1"):find("Content-Length: 3000000\r\n", 1, true))
    assert.equal("200 text/plain", fetch("some/na.me/v1", "--http1.0"))
    tools.run("cmp", data, work .. "/got")
    assert.equal("", log())
  end)

  it("says what it cannot give", function()
    push("name", 1)
    assert(oci.push(registry.host .. "/index:v1", { manifests = { { artifact_type = TYPE, files = {} } } }))
    assert.equal("404", fetch("name/v2"):match "^%d+")
    assert.truthy(tools.read(work .. "/got"):find("MANIFEST_UNKNOWN", 1, true))
    assert.equal("404", fetch("index/v1"):match "^%d+")
    registry:rules { { method = "GET", path = "/blobs/", times = -1, action = { status = 403 } } }
    assert.equal("502", fetch("name/v1"):match "^%d+")
    for _, path in ipairs { "na..me/v1", "-/v1", "name/" .. ("v"):rep(200) } do
      assert.equal("404", fetch(path):match "^%d+", path)
      assert.truthy(tools.read(work .. "/got"):find "^[^\n<]+\n$")
    end
    assert.equal("", log())
  end)

  it("takes GET and HEAD only", function()
    push("name", 1)
    for _, method in ipairs { "POST", "PUT", "DELETE", "PATCH" } do
      assert.equal("403", fetch("name/v1", "-X", method):match "^%d+", method)
    end
    assert.equal("200", fetch("name/v1", "--head"):match "^%d+")
  end)

  it("lets the client know of a layer that is damaged", function()
    push("name", 300000)
    registry:rules { { method = "GET", path = "/blobs/", action = { flip = 1000 } } }
    local ok, output = tools.try("curl", "-sS", "-o", "/dev/null", url "name/v1")
    assert.is_false(ok, output)
    assert.truthy(output:find "^curl: %(18%)", output) -- a part of the file
    assert.truthy(log():find("[error]", 1, true))
  end)

  it("serves a hundred at once, while it is reloaded", function()
    local data = push("name", 1000000)
    local sum = tools.run("sha256sum", data):match "^%x+"
    local ok, output = tools.try("sh", "-c", ([[
      for i in $(seq 100); do
        { curl -sS --fail %s | sha256sum; } & test $i -ne 50 || kill -HUP %s
      done; wait]]):format(url "name/v1", nginx))
    assert.is_true(ok, output)
    assert.equal(100, select(2, output:gsub(sum, "")), output)
    assert.equal("", log())
  end)

  it("lets go of what a client that is gone asked for", function()
    push("name", 8000000)
    for _ = 1, 20 do
      local tcp = assert(socket.connect("127.0.0.1", port))
      assert(tcp:send "GET /name/v1 HTTP/1.1\r\nHost: here\r\n\r\n")
      assert(tcp:receive(1000))
      tcp:close()
    end
    kit.eventually("the end of the transfers", function()
      return oci.json.decode(registry:request("GET", "/_info")).active <= 1 -- this one
    end)
    assert.equal("200 text/plain", fetch "name/v1")
    assert.equal("", log())
  end)

  it("keeps nothing of a thousand requests", function()
    if os.getenv "OCI_TEST_PRELOAD" then
      return -- what is freed stays with the sanitizer
    end
    push("name", 100000)
    local worker = kit.eventually("the end of the workers before", function()
      return tools.run("ps", "-o", "pid=", "--ppid", nginx):match "^%s*(%d+)%s*$"
    end)
    local function ask(count)
      local output = tools.run("ab", "-q", "-n", count, "-c", "10", url "name/v1")
      assert.truthy(output:find("Complete requests: +" .. count .. "\n"), output)
      assert.truthy(output:find "Failed requests: +0\n", output)
      assert.is_nil(output:find("Non-2xx", 1, true), output)
      return tonumber(tools.read("/proc/" .. worker .. "/status"):match "VmRSS:%s*(%d+)")
    end
    local before = ask(300)
    local after = ask(1000)
    assert.is_true(after - before < 2048, ("%d KiB more"):format(after - before))
    assert.equal("", log())
  end)
end)
