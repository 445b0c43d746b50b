-- Bad input from a registry or a layout: a clear error, and nothing left behind.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local TYPE = "application/vnd.example.test.v1"
local MANIFEST = "application/vnd.oci.image.manifest.v1+json"

describe("a hostile registry", function()
  local registry, client, ref, out, data

  before_each(function()
    registry = tools.switches()
    client = oci.client { retries = 1, stall_timeout = 2 }
    ref = ("%s/%s:v1"):format(registry.host, tools.repository())
    out = tools.directory() .. "/out"
    data = tools.bytes(200000, 3)
  end)

  after_each(function()
    client:close()
  end)

  local function push(titles)
    local files = {}
    for i, title in ipairs(titles or { "file.bin" }) do
      files[i] = { data = data .. i, title = title }
    end
    return assert(client:push(ref, { artifact_type = TYPE, files = files }))
  end

  --- A pull that must fail so, and leave nothing.
  local function fails(want, options)
    options = options or {}
    options.to = out
    local result, message, code, detail = client:pull(ref, options)
    assert.is_nil(result)
    assert.equal(want, code, message)
    assert.is_nil(message:find "[%c]")
    assert.equal("table", type(detail))
    if tools.exists(out) then
      assert.same({}, tools.list(out))
    end
    return message, detail
  end

  it("a flipped byte", function()
    push()
    registry:rules { { method = "GET", path = "/blobs/", times = -1, action = { flip = 100000 } } }
    fails "DIGEST_MISMATCH"
  end)

  it("a short body", function()
    push()
    registry:rules { { method = "GET", path = "/blobs/", times = -1, action = { truncate = 1000 } } }
    fails "SIZE_MISMATCH"
  end)

  it("a body cut off, for good", function()
    push()
    registry:rules { { method = "GET", path = "/blobs/", times = -1, action = { cut = 0 } } }
    local _, detail = fails "NETWORK"
    assert.is_true(detail.retryable)
  end)

  it("a body cut off once goes on where it was", function()
    push()
    registry:rules { { method = "GET", path = "/blobs/", times = 1, action = { cut = 150000 } } }
    assert(client:pull(ref, { to = out }))
    assert.equal(data .. "1", tools.read(out .. "/file.bin"))
    local ranged = false
    for _, request in ipairs(registry:log()) do
      for name, value in pairs(request.headers) do
        ranged = ranged or (name:lower() == "range" and value:find "^bytes=%d+%-" ~= nil)
      end
    end
    assert.is_true(ranged)
  end)

  it("a long body", function()
    push()
    registry:rules { { method = "GET", path = "/blobs/", times = -1, action = { extend = 10 } } }
    fails "SIZE_MISMATCH"
  end)

  it("a wrong Content-Type without a known digest", function()
    push()
    registry:rules { { method = "GET", path = "/manifests/", times = -1, action = { set_headers = { ["Content-Type"] = "image/png" } } } }
    fails "INVALID"
  end)

  it("a manifest over its limit", function()
    push()
    registry:rules { { method = "GET", path = "/manifests/", times = -1,
      action = { status = 200, headers = { ["Content-Type"] = MANIFEST }, body = "{", body_size = 64 * 1024 * 1024 } } }
    fails "LIMIT"
    -- Nor is it read to its end: the registry could not send all of it.
    local sent
    repeat
      for _, request in ipairs(registry:log()) do
        if request.method == "GET" and request.path:find("/manifests/", 1, true) then
          sent = request.complete
        end
      end
    until sent ~= nil
    assert.is_false(sent)
  end)

  -- A good one but for what stands at its end.
  local function bad(rest)
    return ('{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":2},"layers":[]%s'):format(
      MANIFEST, oci.digest "{}", rest)
  end
  it("a manifest as good as those below are bad", function()
    push()
    registry:rules { { method = "GET", path = "/manifests/", times = -1,
      action = { status = 200, headers = { ["Content-Type"] = MANIFEST }, body = bad "}" } } }
    assert(client:fetch_manifest(ref))
  end)
  local hostile = {
    ["a duplicate key"] = bad ',"schemaVersion":2}',
    ["a duplicate key further in"] = bad ',"annotations":{"a":"b","a":"c"}}',
    ["a NUL in a string"] = bad ',"x":"a\\u0000b"}',
    ["a number that is too large"] = bad ',"x":9007199254740993}',
    ["no JSON"] = "<html>hello</html>",
    ["trailing garbage"] = bad "} x",
    ["both shapes"] = '{"schemaVersion":2,"mediaType":"' .. MANIFEST .. '","config":{},"layers":[],"manifests":[]}',
    ["a size that is no integer"] = ('{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:%s","size":1.5},"layers":[]}'):format(("0"):rep(64)),
    ["a digest that is a path"] = '{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:../../etc/passwd","size":1},"layers":[]}',
  }
  for what, body in pairs(hostile) do
    it("a manifest with " .. what, function()
      push()
      registry:rules { { method = "GET", path = "/manifests/", times = -1,
        action = { status = 200, headers = { ["Content-Type"] = MANIFEST }, body = body } } }
      fails "INVALID"
    end)
  end

  it("a manifest nested too deep", function()
    push()
    registry:rules { { method = "GET", path = "/manifests/", times = -1,
      action = { status = 200, headers = { ["Content-Type"] = MANIFEST }, body = ("["):rep(5000) .. ("]"):rep(5000) } } }
    fails "LIMIT"
  end)

  it("a wrong digest header", function()
    push()
    registry:rules { { method = "GET", path = "/manifests/", times = -1,
      action = { set_headers = { ["Docker-Content-Digest"] = "sha256:" .. ("0"):rep(64) } } } }
    fails "DIGEST_MISMATCH"
  end)

  it("a missing digest header is no harm", function()
    local pushed = push()
    registry:rules { { method = "GET|HEAD", path = "/manifests/", times = -1, action = { remove_headers = { "Docker-Content-Digest" } } } }
    assert.equal(pushed.digest, assert(client:resolve(ref)).digest)
    assert(client:pull(ref, { to = out }))
  end)

  it("other content under a digest", function()
    local pushed = push()
    registry:rules { { method = "GET", path = "/manifests/", times = -1,
      action = { status = 200, headers = { ["Content-Type"] = MANIFEST },
        body = ('{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":2},"layers":[]}'):format(
          MANIFEST, "application/vnd.oci.empty.v1+json", oci.digest "{}") } } }
    ref = ref:gsub(":v1$", "@" .. pushed.digest)
    fails "DIGEST_MISMATCH"
  end)

  for _, title in ipairs { "../x", "/etc/x", "a/../../x", "a\\..\\b", "x\nb", "..", ".", "con.txt", "C:\\x" } do
    it(("a title that leaves its place (%q), refused before any download"):format(title), function()
      local config, layer = assert(client:push_blob(ref, { data = "{}" })), assert(client:push_blob(ref, { data = data }))
      local manifest = oci.json.encode {
        schemaVersion = 2, mediaType = MANIFEST, artifactType = TYPE,
        config = { mediaType = "application/vnd.oci.empty.v1+json", digest = config.digest, size = 2 },
        layers = oci.array { { mediaType = "application/octet-stream", digest = layer.digest, size = #data,
          annotations = { ["org.opencontainers.image.title"] = title } } },
      }
      assert(client:push_manifest(ref, manifest))
      registry:rules {}
      fails "UNSAFE_PATH"
      for _, request in ipairs(registry:log()) do
        assert.is_false(request.method == "GET" and request.path:find("/blobs/", 1, true) ~= nil)
      end
    end)
  end

  --- Each file under blobs has the content that its name says, and there is no other.
  local function check_blobs(layout)
    for name in tools.run("find", layout, "-type", "f"):gmatch "[^\n]+" do
      local hex = name:match "/blobs/sha256/(.*)$"
      if hex then
        assert.equal("sha256:" .. hex, oci.digest { path = name })
      else
        assert.truthy(name:find "/oci%-layout$" or name:find "/index%.json$", name)
      end
    end
  end

  for what, case in pairs {
    ["a flipped byte"] = { { flip = 100000 }, "DIGEST_MISMATCH" },
    ["a short body"] = { { truncate = 1000 }, "SIZE_MISMATCH" },
    ["a long body"] = { { extend = 10 }, "SIZE_MISMATCH" },
    ["a body cut off"] = { { cut = 0 }, "NETWORK" },
  } do
    it(what .. " in a copy leaves a layout without it, and memory, too", function()
      local pushed = push { "one", "two" }
      registry:rules { { method = "GET", path = "/blobs/sha256:" .. oci.digest(data .. "2"):sub(8), times = -1, action = case[1] } }
      for _, to in ipairs { "oci:" .. out, "memory:" .. tools.repository() } do
        local copied, message, code = client:copy(ref, to .. ":v1")
        assert.is_nil(copied)
        assert.equal(case[2], code, message)
        assert.is_false(client:exists(to .. ":v1"))
        assert.is_false(client:exists(to .. "@" .. pushed.digest))
      end
      check_blobs(out)
    end)

    it(what .. " of a blob that is asked for by itself", function()
      push()
      local layer = assert(client:fetch_manifest(ref)).layers[1]
      registry:rules { { method = "GET", path = "/blobs/", times = -1, action = case[1] } }
      local got, message, code = client:fetch_blob(layer)
      assert.is_nil(got)
      -- A reference does not say how large it is.
      assert.equal(case[2] == "SIZE_MISMATCH" and "DIGEST_MISMATCH" or case[2], code, message)
      local ok, raised = pcall(function()
        for _ in assert(client:open_blob(layer)):chunks() do end
      end)
      assert.is_false(ok, raised)
    end)
  end

  it("two layers with one title", function()
    push { "same", "Same" }
    fails "INVALID"
  end)

  it("a destination that exists", function()
    push()
    tools.run("mkdir", "-p", out)
    tools.write(out .. "/file.bin", "mine")
    local _, message, code = client:pull(ref, { to = out })
    assert.equal("EXISTS", code, message)
    assert.equal("mine", tools.read(out .. "/file.bin"))
    assert.same({ "file.bin" }, tools.list(out))
    assert(client:pull(ref, { to = out, overwrite = true }))
    assert.equal(data .. "1", tools.read(out .. "/file.bin"))
  end)

  it("a link in the way", function()
    push { "sub/file.bin" }
    tools.run("mkdir", "-p", out)
    local elsewhere = tools.directory()
    tools.run("ln", "-s", elsewhere, out .. "/sub")
    local _, message, code = client:pull(ref, { to = out, overwrite = true })
    assert.is_true(code == "UNSAFE_PATH" or code == "EXISTS", message)
    assert.same({}, tools.list(elsewhere))
  end)

  it("a full disk", function()
    push()
    local script = tools.write(tools.directory() .. "/pull.lua", [[
      local oci = require "oci"
      local _, message, code = oci.pull(arg[1], { to = arg[2] })
      print(code, message)]])
    tools.run("mkdir", "-p", out)
    local output = tools.run("sh", "-c", 'ulimit -f 100; exec lua5.4 "$@"', "sh", script, ref, out)
    assert.equal("IO", output:match "^%u+", output)
    assert.same({}, tools.list(out))
  end)

  it("a redirect to another origin takes no credentials along", function()
    registry:auth { mode = "basic", user = "u", password = "p4ss" }
    local owner = oci.client { credentials = { username = "u", password = "p4ss" } }
    assert(owner:push(ref, { artifact_type = TYPE, files = { { data = data, title = "file.bin" } } }))
    registry:rules { { method = "GET", path = "/blobs/", origin = "main", times = -1,
      action = { redirect = { status = 307, location = "{scheme}://{other}{path}" } } } }
    assert(owner:pull(ref, { to = out }))
    local seen = false
    for _, request in ipairs(registry:log()) do
      if request.origin ~= "main" then
        seen = true
        for name in pairs(request.headers) do
          assert.is_nil(({ authorization = true, cookie = true })[name:lower()], name)
        end
      end
    end
    assert.is_true(seen)
    owner:close()
  end)

  it("503 and 429 are tried again", function()
    push()
    registry:rules {
      { method = "GET", path = "/manifests/", times = 1, action = { status = 503, headers = { ["Retry-After"] = "0" } } },
      { method = "GET", path = "/blobs/", times = 1, action = { status = 429, headers = { ["Retry-After"] = "0" } } },
    }
    assert(client:pull(ref, { to = out }))
  end)

  it("a stall ends in TIMEOUT", function()
    push()
    client:close()
    client = oci.client { retries = 0, stall_timeout = 0.3 }
    registry:rules { { method = "GET", path = "/blobs/", times = -1, action = { stall = 1000 } } }
    fails "TIMEOUT"
  end)
end)

describe("references and options", function()
  it("a reference with control characters", function()
    local _, message, code = oci.resolve "127.0.0.1:1/a/b:v1\n"
    assert.equal("INVALID", code)
    assert.is_nil(message:find "%c")
  end)

  it("a misspelt option raises and names the nearest one", function()
    local ok, message = pcall(oci.pull, "memory:x", { overwrit = true })
    assert.is_false(ok)
    assert.truthy(message:find("overwrite", 1, true))
  end)
end)
