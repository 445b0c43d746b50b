-- The same work against every real registry: push, pull, copy, tags, delete, and what goes wrong.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local USER = { username = "alice", password = "s3cret:pass" }

local registries = {
  { name = "docker-registry, plain", env = "OCI_TEST_REGISTRY" },
  { name = "docker-registry, TLS from an own CA", env = "OCI_TEST_REGISTRY_TLS", tls = true },
  { name = "docker-registry, htpasswd", env = "OCI_TEST_REGISTRY_HTPASSWD", credentials = USER },
  { name = "docker-registry, tokens", env = "OCI_TEST_REGISTRY_TOKEN", credentials = USER, prefix = "alice" },
  { name = "distribution 3, plain", env = "OCI_TEST_REGISTRY3", untags = true },
}

for _, registry in ipairs(registries) do
  describe(registry.name, function()
    local host, client, files

    local function ref(tag)
      return ("%s/%s:%s"):format(host, tools.repository(registry.prefix), tag or "v1")
    end

    before_each(function()
      host = tools.need(registry.env, registry.name)
      client = oci.client {
        credentials = registry.credentials,
        registries = registry.tls and { [host] = { ca_file = tools.need "OCI_TEST_CA" } } or nil,
      }
      files = tools.directory()
      tools.write(files .. "/a.txt", "hello\n")
      tools.write(files .. "/big.bin", tools.bytes(5 * 1024 * 1024 + 17))
      tools.run("mkdir", files .. "/dir")
      tools.write(files .. "/dir/inner.txt", "inner")
    end)

    after_each(function()
      if client then
        client:close()
      end
    end)

    local function push(to)
      return assert(client:push(to, {
        artifact_type = "application/vnd.example.test.v1",
        files = { files .. "/a.txt", files .. "/big.bin", { path = files .. "/dir", title = "dir" } },
        annotations = { ["com.example.note"] = "one" },
      }))
    end

    it("pushes, resolves, pulls", function()
      local to = ref()
      local pushed = push(to)
      assert.equal(pushed.digest, assert(client:resolve(to)).digest)
      assert.is_true(client:exists(to))
      local out = tools.directory()
      local pulled = assert(client:pull(to, { to = out }))
      assert.equal(pushed.digest, pulled.digest)
      tools.same_tree(files, out)
      assert.equal("one", pulled.manifest.annotations["com.example.note"])
    end)

    it("pushes again without sending anything twice", function()
      local first = ref()
      local pushed = push(first)
      assert.equal(pushed.digest, push(first).digest)
    end)

    it("mounts what was seen in another repository of the registry", function()
      local function states_of(call)
        local states = {}
        assert(call(function(event)
          states[event.title or event.what] = event.state
        end))
        return states
      end
      local function pushing(to)
        return states_of(function(on_progress)
          return client:push(to, { artifact_type = "application/vnd.example.test.v1",
            files = { files .. "/a.txt", files .. "/big.bin" }, on_progress = on_progress })
        end)
      end
      local first = ref()
      assert.equal("done", pushing(first)["big.bin"])
      local second = pushing(ref())
      assert.equal("mounted", second["big.bin"])
      assert.equal("done", second["a.txt"]) -- is sent as fast
      client:close()
      client = oci.client {
        credentials = registry.credentials,
        registries = registry.tls and { [host] = { ca_file = tools.need "OCI_TEST_CA" } } or nil,
      }
      assert.equal("done", pushing(ref())["big.bin"])
    end)

    it("copies to a layout, to memory and back, to another repository", function()
      local from = ref()
      local pushed = push(from)
      local layout, memory = "oci:" .. tools.directory() .. "/layout:v1", "memory:" .. tools.repository("m") .. ":v1"
      assert.equal(pushed.digest, assert(client:copy(from, layout)).digest)
      assert.equal(pushed.digest, assert(client:copy(layout, memory)).digest)
      assert.equal(pushed.digest, assert(client:copy(memory, ref())).digest)
      local second = ref()
      assert.equal(pushed.digest, assert(client:copy(from, second)).digest)
      local out = tools.directory()
      assert(client:pull(second, { to = out }))
      tools.same_tree(files, out)
    end)

    it("tags and lists", function()
      local first = ref()
      local pushed = push(first)
      assert.equal(pushed.digest, assert(client:tag(first, { "v2", "v3" })).digest)
      assert.same({ "v1", "v2", "v3" }, assert(client:tags(first)))
    end)

    it("deletes the manifest and all its tags", function()
      local first = ref()
      push(first)
      assert(client:tag(first, "v2"))
      assert.is_true(assert(client:delete(first)))
      assert.is_false(client:exists(first))
      assert.is_false(client:exists((first:gsub(":v1$", ":v2"))))
    end)

    it("untags only the tag, or says that the registry cannot", function()
      local first = ref()
      push(first)
      assert(client:tag(first, "v2"))
      local ok, message, code = client:untag(first)
      if registry.untags then
        assert.is_true(ok, message)
        assert.is_false(client:exists(first))
        assert.is_true(client:exists((first:gsub(":v1$", ":v2"))))
      else
        assert.is_nil(ok)
        assert.equal("UNSUPPORTED", code, message)
        assert.is_true(client:exists(first))
      end
    end)

    it("fetches manifests, configs and blobs, whole and in part", function()
      local first = ref()
      push(first)
      local manifest = assert(client:fetch_manifest(first))
      assert.equal(3, #manifest.layers)
      assert.equal("{}", assert(client:fetch_config(first)))
      local blob = (first:gsub(":v1$", "@" .. manifest.layers[1].digest))
      assert.equal("hello\n", assert(client:fetch_blob(blob)))
      assert.equal("ell", assert(client:fetch_blob(blob, { offset = 1, length = 3 })))
      assert.equal(6, assert(client:stat_blob(blob)).size)
    end)

    it("pushes a stream of unknown length", function()
      local data = tools.bytes(3 * 1024 * 1024 + 5, 7)
      local at = 1
      local to = ref()
      local pushed = assert(client:push_blob(to, {
        reader = function(count)
          local chunk = data:sub(at, at + (count or 65536) - 1)
          at = at + #chunk
          return #chunk > 0 and chunk or nil
        end,
      }))
      assert.equal(oci.digest(data), pushed.digest)
      assert.equal(#data, pushed.size)
      local reader = assert(client:open_blob((to:gsub(":v1$", "@" .. pushed.digest))))
      local got = {}
      for chunk in reader:chunks(100000) do
        got[#got + 1] = chunk
      end
      assert.equal(data, table.concat(got))
    end)

    it("says NOT_FOUND for a tag and a repository that are not there", function()
      local first = ref()
      push(first)
      local _, message, code, detail = client:pull((first:gsub(":v1$", ":nothing")), { to = tools.directory() })
      assert.equal("NOT_FOUND", code, message)
      assert.equal(404, detail.status)
      assert.is_false(client:exists(ref()))
      _, message, code = client:tags(ref())
      assert.equal("NOT_FOUND", code, message)
    end)

    if registry.credentials then
      it("says UNAUTHORIZED for wrong credentials, and never shows them", function()
        local wrong = oci.client { credentials = { username = "alice", password = "wr0ng-s3cret" } }
        local _, message, code = wrong:push(ref(), { artifact_type = "application/vnd.example.t", files = { files .. "/a.txt" } })
        assert.equal("UNAUTHORIZED", code, message)
        assert.is_nil(message:find("wr0ng", 1, true))
        wrong:close()
      end)

      it("says UNAUTHORIZED or DENIED to an anonymous push", function()
        local anonymous = oci.client { credentials = {} }
        local _, message, code = anonymous:push(ref(), { artifact_type = "application/vnd.example.t", files = { files .. "/a.txt" } })
        assert.is_true(code == "UNAUTHORIZED" or code == "DENIED", message)
        anonymous:close()
      end)
    end

    if registry.tls then
      it("says TLS for an unknown CA, and honours SSL_CERT_FILE", function()
        local strict = oci.client { registries = { [host] = { plain_http = false } } }
        local _, message, code = strict:resolve(ref())
        assert.equal("TLS", code, message)
        strict:close()
        local script = tools.write(files .. "/resolve.lua",
          'local oci = require "oci"\nlocal c = oci.client { registries = { [arg[1]] = { plain_http = false } } }\n'
          .. 'local _, _, code = c:resolve(arg[1] .. "/no/such:tag")\nprint(code)\n')
        local output = tools.run({ env = "SSL_CERT_FILE=" .. tools.quote(tools.need "OCI_TEST_CA") }, "lua5.4", script, host)
        assert.equal("NOT_FOUND\n", output)
      end)
    end
  end)
end

describe("token authentication", function()
  it("pulls anonymously where that is allowed", function()
    local host = tools.need("OCI_TEST_REGISTRY_TOKEN", "docker-registry with tokens")
    local owner, nobody = oci.client { credentials = USER }, oci.client { credentials = {} }
    local to = ("%s/%s:v1"):format(host, tools.repository "shared")
    local pushed = assert(owner:push(to, { artifact_type = "application/vnd.example.t", files = { { data = "x", title = "x" } } }))
    assert.equal(pushed.digest, assert(nobody:resolve(to)).digest)
    local out = tools.directory()
    assert(nobody:pull(to, { to = out }))
    assert.equal("x", tools.read(out .. "/x"))
    owner:close()
    nobody:close()
  end)

  it("says what is known of a repository to which the user has no right", function()
    local host = tools.need("OCI_TEST_REGISTRY_TOKEN", "docker-registry with tokens")
    local owner = oci.client { credentials = USER }
    local _, message, code = owner:push(("%s/%s:v1"):format(host, tools.repository "bob"),
      { artifact_type = "application/vnd.example.t", files = { { data = "x", title = "x" } } })
    assert.equal("UNAUTHORIZED", code, message) -- the registry says 401 to a token without the scope
    assert.truthy(message:find("no access", 1, true), message)
    _, message, code = owner:resolve(("%s/%s:v1"):format(host, tools.repository "bob"))
    assert.equal("UNAUTHORIZED", code, message)
    owner:close()
  end)

  it("finds credentials in docker's config.json", function()
    local host = tools.need("OCI_TEST_REGISTRY_TOKEN", "docker-registry with tokens")
    local home = tools.directory()
    tools.write(home .. "/config.json", oci.json.encode {
      auths = { [host] = { auth = "YWxpY2U6czNjcmV0OnBhc3M=" } },
    })
    local script = tools.write(home .. "/push.lua", [[
      local oci = require "oci"
      local pushed = assert(oci.push(arg[1], { artifact_type = "application/vnd.example.t", files = { { data = "y", title = "y" } } }))
      print(pushed.digest)]])
    local to = ("%s/%s:v1"):format(host, tools.repository "alice")
    local output = tools.run({ env = "DOCKER_CONFIG=" .. tools.quote(home) }, "lua5.4", script, to)
    assert.truthy(output:match "^sha256:%x+\n$")
  end)
end)
