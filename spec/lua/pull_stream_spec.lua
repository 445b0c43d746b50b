-- A pull whose files go to a function or a writer.
local kit = require "testkit"
local oci = require "oci"

local MIB = 1024 * 1024

describe("pull to a function", function()
  local switches, place, work, big

  before_each(function()
    switches = kit.switches()
    place = switches.address .. "/" .. kit.repository()
    work = kit.tmp()
    big = ("0123456789abcdef"):rep(3 * MIB / 16) .. "tail"
    assert(oci.push(place .. ":v1", {
      artifact_type = "application/vnd.example.thing.v1",
      layers = { { data = "untitled", media_type = "text/plain" } },
      files = {
        { data = big, title = "big.bin", annotations = { note = "large" } },
        { data = "", title = "empty" },
        { data = "small", title = "a/small.txt", media_type = "text/plain" },
      },
    }))
    switches:reset "content"
  end)

  -- What came: a list of { title, content }, with "" at an end noted as ended.
  local function collector()
    local seen = {}
    return seen, function(file, chunk)
      local last = seen[#seen]
      if not last or last.file ~= file then
        last = { file = file, parts = {}, chunks = 0 }
        seen[#seen + 1] = last
      end
      assert.is_nil(last.ended)
      if chunk then
        assert.is_true(#chunk > 0 and #chunk <= 65536)
        last.parts[#last.parts + 1] = chunk
      else
        last.ended = true
        last.text = table.concat(last.parts)
      end
    end
  end

  it("gives all files in order, each with its verified end", function()
    local seen, to = collector()
    local pulled = assert(oci.pull(place .. ":v1", { to = to }))
    assert.equal(4, #seen)
    assert.same({ "untitled", big, "", "small" }, { seen[1].text, seen[2].text, seen[3].text, seen[4].text })
    for i, one in ipairs(seen) do
      assert.is_true(one.ended)
      assert.equal(pulled.files[i], one.file)
      assert.equal(pulled.manifest.layers[i].digest, one.file.digest)
      assert.equal(#one.text, one.file.size)
      assert.equal("fetched", one.file.state)
    end
    local file = seen[2].file
    assert.same({ "big.bin", "big.bin", "application/octet-stream", "large", 2 },
      { file.title, file.path, file.media_type, file.annotations.note, file.layer })
    assert.is_nil(seen[1].file.title)
    assert.equal((seen[1].file.digest:gsub(":", "-")) .. ".txt", seen[1].file.path)
    assert.equal(place .. "@" .. pulled.digest, pulled.reference)
  end)

  it("fetches only what is selected", function()
    local seen, to = collector()
    assert(oci.pull(place .. ":v1", { to = to, include = "a/*" }))
    assert.same({ "small" }, { seen[1].text })
    assert.equal(1, #switches:log "GET .*/blobs/")
    local _, _, code = oci.pull(place .. ":v1", { to = to, include = "x" })
    assert.equal("NOT_FOUND", code)
  end)

  it("works from a layout and from memory, and for an artifact without files", function()
    for _, other in ipairs { "oci:" .. work .. "/layout:v1", "memory:stream:v1" } do
      assert(oci.copy(place .. ":v1", other))
      local seen, to = collector()
      assert(oci.pull(other, { to = to }))
      assert.same({ "untitled", big, "", "small" }, { seen[1].text, seen[2].text, seen[3].text, seen[4].text })
    end
    assert(oci.push("memory:stream:none", { artifact_type = "application/x.y" }))
    local pulled = assert(oci.pull("memory:stream:none", { to = error }))
    assert.same({}, pulled.files)
  end)

  it("writes to anything with write", function()
    local path = work .. "/all"
    local file = assert(io.open(path, "wb"))
    assert(oci.pull(place .. ":v1", { to = file }))
    file:close()
    assert.equal("untitled" .. big .. "small", kit.read(path))
    local parts = {}
    local writer = { write = function(_, chunk) parts[#parts + 1] = chunk end }
    assert(oci.pull(place .. ":v1", { to = writer, media_types = "text/plain" }))
    assert.equal("untitledsmall", table.concat(parts))
    local script = ("local oci = require 'oci' assert(oci.pull('%s:v1', { to = io.stdout, include = 'a/*' }))"):format(place)
    assert.equal("small", kit.must(os.getenv "OCI_TEST_LUA", "-e", script))
  end)

  it("ends when the function says so", function()
    for _, case in ipairs {
      { function() return nil, "the disk of the moon is full" end, "the disk of the moon is full" },
      { function() return false end, "it gave false" },
      { { write = function() return nil, "no", 28 end }, "failed: no" },
    } do
      local pulled, message, code, detail = oci.pull(place .. ":v1", { to = case[1] })
      assert.is_nil(pulled)
      assert.equal("IO", code)
      assert.is_table(detail)
      assert.truthy(message:find(case[2], 1, true), message)
      assert.truthy(message:find(place, 1, true), message)
    end
    local calls = 0
    local ok, raised = pcall(oci.pull, place .. ":v1", { to = function()
      calls = calls + 1
      error("stop here", 0)
    end })
    assert.is_false(ok)
    assert.equal("stop here", raised)
    assert.equal(1, calls)
    -- At the end of the last file is early enough.
    local _, _, code = oci.pull(place .. ":v1", { include = "a/*", to = function(_, chunk)
      if not chunk then
        return nil, "too late"
      end
    end })
    assert.equal("IO", code)
  end)

  it("tells no end of a file that is not what it should be", function()
    for _, action in ipairs { { flip = 100 }, { truncate = 5, keep_length = false }, { extend = 3 } } do
      switches:reset "content"
      switches:rules { { method = "GET", path = oci.digest(big), times = -1, action = action } }
      local ended = {}
      local pulled, message, code = oci.pull(place .. ":v1", { retries = 0, to = function(file, chunk)
        if not chunk then
          ended[#ended + 1] = file.layer
        end
      end })
      assert.is_nil(pulled)
      assert.truthy(code == "DIGEST_MISMATCH" or code == "SIZE_MISMATCH", tostring(code) .. " " .. tostring(message))
      assert.is_true(#ended <= 1 and (ended[1] or 1) == 1) -- a failure may come before what was whole
    end
  end)

  it("goes on after a broken connection, with each byte once", function()
    switches:rules { { method = "GET", path = oci.digest(big), times = 2, action = { cut = 2 * MIB } } }
    local seen, to = collector()
    assert(oci.pull(place .. ":v1", { to = to }))
    assert.equal(big, seen[2].text)
  end)

  it("holds a window, not the file: nothing more is read while the function does not take it", function()
    local huge = work .. "/huge"
    kit.must("truncate", "-s", "64M", huge)
    assert(oci.push(place .. ":huge", { artifact_type = "application/x.y", files = { huge } }))
    local small = place .. "@" .. oci.digest "small"
    local op, taken, most = nil, 0, nil
    op = assert(oci.start("pull", place .. ":huge", { on_progress = function() end, to = function(_, chunk)
      if taken == 0 then
        -- Nobody takes anything while the engine does all this: what has come is bounded.
        for _ = 1, 50 do
          assert.equal("small", oci.fetch_blob(small))
        end
        most = op:progress().done
      end
      taken = taken + #(chunk or "")
    end }))
    local pulled = assert(op:wait())
    assert.is_true(most < MIB, tostring(most))
    assert.equal(64 * MIB, pulled.files[1].size)
    assert.equal(64 * MIB, taken)
    assert.equal(64 * MIB, op:progress().done)
  end)

  it("can be started, waited for in pieces, canceled", function()
    local seen, to = collector()
    local op = assert(oci.start("pull", place .. ":v1", { to = to, on_progress = function() end }))
    assert.is_number(op:pollfd())
    while not op:ready() do
      oci.wait({ op }, 0.1)
    end
    assert.equal(4, #assert(op:wait()).files)
    assert.equal(big, seen[2].text)
    local first
    op = assert(oci.start("pull", place .. ":v1", { to = function()
      if not first then
        first = true
        op:cancel()
      end
    end }))
    local _, _, code = op:wait()
    assert.equal("CANCELED", code)
    op = assert(oci.start("pull", place .. ":v1", { to = function() op:close() end }))
    assert.has_error(function() op:wait() end)
  end)

  it("may call other functions meanwhile, several at the same time", function()
    local texts = {}
    local results = assert(oci.parallel({
      function() return oci.pull(place .. ":v1", { to = function(file, chunk)
        if not chunk then
          texts[#texts + 1] = assert(oci.fetch_blob(place .. "@" .. file.digest))
        end
      end }) end,
      function() return oci.pull(place .. ":v1", { to = function() end }) end,
    }))
    assert.equal(2, #results)
    assert.same({ "untitled", big, "", "small" }, texts)
  end)

  it("raises for what is no target, and for options that are about files", function()
    assert.has_error(function() oci.pull(place, { to = 1 }) end)
    assert.has_error(function() oci.pull(place, { to = {} }) end)
    for _, name in ipairs { "overwrite", "unpack", "sync" } do
      local ok, message = pcall(oci.pull, place, { to = io.stdout, [name] = true })
      assert.is_false(ok)
      assert.truthy(message:find(name, 1, true), message)
      assert(oci.pull(place .. ":v1", { to = function() end, [name] = false }))
    end
  end)
end)
