-- A real nginx worker: calls suspend the request, and the worker serves others meanwhile.
local kit = require "testkit"
local oci = require "oci"
local socket = require "socket"

local TYPE = "application/vnd.example.large.v1"
local SIZE = 64 * 1024 * 1024

local CONF = [[
daemon off;
master_process @MASTER@;
worker_processes 1;
@USER@
pid @DIR@/nginx.pid;
error_log @DIR@/error.log info;
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
@ENV@
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path @DIR@/body;
  proxy_temp_path @DIR@/proxy;
  fastcgi_temp_path @DIR@/fastcgi;
  uwsgi_temp_path @DIR@/uwsgi;
  scgi_temp_path @DIR@/scgi;
  lua_package_path "@ROOT@/lua/?.lua;@ROOT@/lua/?/init.lua;;";
  lua_package_cpath "@BUILD@/luajit/?.so;;";
  init_by_lua_block { oci_at_init = require "oci".exists("oci:@DIR@/nothing:x") }
  init_worker_by_lua_block {
    local ok, message = pcall(require("oci").exists, "oci:@DIR@/nothing:x")
    in_init_worker = tostring(ok) .. " " .. tostring(message)
  }
  server {
    listen 127.0.0.1:@PORT@;
    chunked_transfer_encoding off;
    location = /ping { content_by_lua_block { ngx.say("pong ", tostring(oci_at_init), " ", in_init_worker) } }
    location = /pull {
      content_by_lua_block {
        local oci = require "oci"
        local core = require "oci.core"
        local ticks, largest, over, last = 0, 0, false, core.now()
        local ticker = ngx.thread.spawn(function()
          while not over do
            ngx.sleep(0.001)
            local now = core.now()
            ticks, largest, last = ticks + 1, math.max(largest, now - last), now
          end
        end)
        local name = oci.loop().name
        local pulled, message, code = oci.pull(ngx.var.arg_ref, { to = ngx.var.arg_to })
        over = true
        ngx.thread.wait(ticker)
        ngx.say(oci.json.encode {
          loop = name, ticks = ticks, largest = largest * 1000, digest = pulled and pulled.digest, message = message, code = code,
        })
      }
    }
    location = /many {
      content_by_lua_block {
        local oci = require "oci"
        local functions = {}
        for i = 1, 20 do
          functions[i] = function() return assert(oci.resolve(ngx.var.arg_ref)).digest end
        end
        local results = assert(oci.parallel(functions))
        for i = 2, 20 do assert(results[i] == results[1]) end
        for i = 1, 100 do assert(oci.digest { data = tostring(i) } == oci.digest(tostring(i))) end
        ngx.say(results[1])
      }
    }
    location = /stream {
      content_by_lua_block {
        local oci = require "oci"
        local layer = assert(oci.fetch_manifest(ngx.var.arg_ref)).layers[1]
        for chunk in assert(oci.open_blob(layer)):chunks() do
          ngx.print(chunk)
          assert(ngx.flush(true))
        end
      }
    }
    location = /typed {
      content_by_lua_block {
        local oci = require "oci"
        local bundle = oci.types.get "opa-bundle"
        local pushed = assert(oci.push("memory:typed:v1", { type = bundle, bundle = "@DIR@/policy" }))
        assert(#assert(bundle:check_content("memory:typed:v1")) == 0)
        local pulled = assert(bundle:pull(pushed, { to = "@DIR@/typed" }))
        local path = pulled.roles.bundle[1].path -- an archive, which is looked into
        ngx.say(pulled.roles.bundle[1].state, " ", bundle:build { bundle = "@DIR@/policy" }.digest == pushed.digest, " ",
          bundle:build { bundle = { path = path, title = pulled.files[1].title } }.digest == pushed.digest)
      }
    }
    location = /timer {
      content_by_lua_block {
        local result
        ngx.timer.at(0, function()
          result = require("oci").resolve("@REF@")
        end)
        while not result do ngx.sleep(0.005) end
        ngx.say(result.digest)
      }
    }
    location = /timeout {
      content_by_lua_block {
        local oci = require "oci"
        local op = assert(oci.start("push_blob", "memory:nginx", { reader = function() ngx.sleep(0.001) return "x" end }))
        local _, _, code = op:wait(0.02)
        op:close()
        ngx.say(code)
      }
    }
    location = /log {
      content_by_lua_block { ngx.say "ok" }
      log_by_lua_block {
        local ok, message = pcall(require("oci").exists, "oci:@DIR@/nothing:x")
        local file = io.open("@DIR@/from_log", "w")
        file:write(tostring(ok), " ", tostring(message))
        file:close()
      }
    }
    location = /values {
      content_by_lua_block { ngx.say "ok" }
      header_filter_by_lua_block {
        local oci = require "oci"
        ngx.header["X-Tag"] = oci.reference("a/b:tag").tag .. oci.json.encode { 1 }
        local file = io.open("@ROOT@/spec/fixtures/helm-chart.manifest.json", "rb")
        local manifest = oci.parse(file:read "*a")
        file:close()
        local kind = oci.types.identify(manifest)
        ngx.header["X-Type"] = kind.name .. " " .. #kind:check(manifest) .. " " .. #oci.lint(manifest)
      }
    }
  }
}
]]

describe("nginx", function()
  local dir, port, address, ref, pid, digest

  local function start()
    local nginx = os.getenv "OCI_TEST_NGINX"
    local build = os.getenv "OCI_TEST_BUILD"
    local preload = os.getenv "OCI_TEST_PRELOAD"
    local values = {
      DIR = dir, PORT = tostring(port), ROOT = os.getenv "OCI_TEST_ROOT" or ".", REF = ref,
      BUILD = build or "build", MASTER = "on", USER = select(2, kit.run("id", "-u")):match "^0" and "user root;" or "",
      ENV = preload and "env LD_PRELOAD; env ASAN_OPTIONS; env LSAN_OPTIONS; env UBSAN_OPTIONS;" or "",
    }
    kit.write(dir .. "/nginx.conf", (CONF:gsub("@(%u+)@", values)))
    local command = ("%s%s -p %s -c %s/nginx.conf -e %s/error.log >%s/stdout 2>&1 & echo $!"):format(
      preload and "LD_PRELOAD=" .. kit.quote(preload) .. " " or "", kit.quote(nginx), kit.quote(dir), dir, dir, dir)
    local pipe = assert(io.popen(command))
    pid = pipe:read "*l"
    pipe:close()
    kit.eventually("nginx's start", function()
      local tcp = socket.connect("127.0.0.1", port)
      return tcp and tcp:close()
    end)
  end

  setup(function()
    if not os.getenv "OCI_TEST_NGINX" then
      return
    end
    dir, port = kit.tmp(), kit.free_port()
    address = "127.0.0.1:" .. port
    local host = os.getenv "OCI_TEST_REGISTRY"
    ref = host and host .. "/" .. kit.repository() .. ":v1" or "oci:" .. dir .. "/layout:v1"
    kit.must("mkdir", dir .. "/policy")
    kit.write(dir .. "/policy/a.rego", "package a\n")
    kit.must("sh", "-c", "head -c " .. SIZE .. " /dev/urandom > " .. kit.quote(dir .. "/large"))
    digest = assert(oci.push(ref, { artifact_type = TYPE, files = { dir .. "/large" } })).digest
    start()
  end)

  teardown(function()
    if pid then
      kit.run("kill", "-QUIT", pid)
      kit.eventually("nginx's end", function() return not kit.run("kill", "-0", pid) end)
    end
  end)

  before_each(function()
    kit.needs("OCI_TEST_NGINX", "nginx with its Lua module")
  end)

  local function get(path)
    local status, body = kit.http(address, "GET", path)
    assert.equal(200, status, kit.read(dir .. "/error.log"))
    return body
  end

  it("pulls 64 MiB while the worker keeps turning", function()
    local answer = oci.json.decode(get("/pull?ref=" .. ref .. "&to=" .. dir .. "/out"))
    assert.equal(digest, answer.digest, answer.message)
    assert.equal("nginx", answer.loop)
    print(("note: nginx: 64 MiB pulled, %d ticks of 1 ms, largest gap %.1f ms"):format(answer.ticks, answer.largest))
    assert.is_true(answer.ticks > 5)
    kit.must("cmp", dir .. "/large", dir .. "/out/large")
  end)

  it("serves other requests meanwhile", function()
    local tcp = assert(socket.connect("127.0.0.1", port))
    tcp:send("GET /pull?ref=" .. ref .. "&to=" .. dir .. "/out2 HTTP/1.0\r\n\r\n")
    for _ = 1, 20 do
      assert.truthy(get("/ping"):find("pong", 1, true))
    end
    local all = tcp:receive "*a"
    tcp:close()
    assert.truthy(all:find(digest, 1, true), all)
  end)

  it("waits for many operations in one request", function()
    assert.equal(digest .. "\n", get("/many?ref=" .. ref))
  end)

  it("streams a blob to a client", function()
    local body = get("/stream?ref=" .. ref)
    assert.equal(SIZE, #body)
    assert.equal(oci.digest { path = dir .. "/large" }, oci.digest(body))
  end)

  it("pushes, checks and pulls by types", function()
    assert.equal("fetched true true\n", get "/typed")
  end)

  it("waits in a timer", function()
    assert.equal(digest .. "\n", get "/timer")
  end)

  it("gives up a wait in time", function()
    assert.equal("TIMEOUT\n", get "/timeout")
  end)

  it("says what to do in a phase that cannot wait, and blocks nobody", function()
    get "/log"
    local text = kit.eventually("the log phase", function()
      local written = kit.read(dir .. "/from_log")
      return written ~= "" and written
    end)
    assert.truthy(text:find("^false .*log.*ngx%.timer%.at"), text)
    assert.truthy(get("/ping"):find("false .*init_worker.*ngx%.timer%.at"))
  end)

  it("may block before the workers are made", function()
    assert.truthy(get("/ping"):find("pong false", 1, true))
  end)

  it("does what needs no waiting in every phase", function()
    local _, _, headers = kit.http(address, "GET", "/values")
    assert.equal("tag[1]", headers["x-tag"])
    assert.truthy(headers["x-type"]:find "^helm%-chart 0 %d+$", headers["x-type"])
  end)

  it("reloads while a pull goes on, and loses no request", function()
    local tcp = assert(socket.connect("127.0.0.1", port))
    tcp:send("GET /pull?ref=" .. ref .. "&to=" .. dir .. "/out3 HTTP/1.0\r\n\r\n")
    kit.must("kill", "-HUP", pid)
    local all = tcp:receive "*a"
    tcp:close()
    assert.truthy(all:find(digest, 1, true), all)
    assert.truthy(get("/ping"):find("pong", 1, true))
  end)

  it("has logged no error", function()
    local log = kit.read(dir .. "/error.log")
    for line in log:gmatch "[^\n]+" do
      assert.is_nil(line:find("%[error%]"), line)
      assert.is_nil(line:find("%[crit%]"), line)
      assert.is_nil(line:find("%[alert%]"), line)
    end
  end)
end)
