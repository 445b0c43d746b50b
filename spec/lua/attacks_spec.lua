-- What artifacts have been made to do to those who pull them (security-quirks 3.3, 3.4), one test for each: nothing outside the
-- destination is made, changed or read, and a failed pull leaves nothing inside either.
local kit = require "testkit"
local oci = require "oci"

local TITLE = "org.opencontainers.image.title"
local UNPACK = "io.deis.oras.content.unpack"

-- ---- archives made by hand; what is not said is harmless

local function octal(n, width)
  return ("%0" .. width - 1 .. "o\0"):format(n)
end

--- One entry: name, type, content, link, mode; claim: the size that the header says.
local function entry(e)
  local content, name = e.content or "", e.name:sub(1, 100)
  local function header(checksum)
    local text = name .. ("\0"):rep(100 - #name) .. octal(e.mode or 420, 8) .. octal(0, 8) .. octal(0, 8)
      .. (e.claim or octal(#content, 12)) .. octal(0, 12) .. checksum .. (e.type or "0")
      .. (e.link or "") .. ("\0"):rep(100 - #(e.link or "")) .. "ustar\00000" .. ("\0"):rep(64)
      .. octal(1, 8) .. octal(3, 8)
    return text .. ("\0"):rep(512 - #text)
  end
  local sum, blank = 0, header "        "
  for i = 1, #blank do
    sum = sum + blank:byte(i)
  end
  return header(octal(sum, 7) .. " ") .. content .. ("\0"):rep(-#content % 512)
end

--- A pax record for the next entry.
local function pax(key, value)
  local rest = #key + #value + 3
  local len = rest
  while len ~= rest + #tostring(len) do
    len = rest + #tostring(len)
  end
  return entry { name = "PaxHeaders/x", type = "x", content = ("%d %s=%s\n"):format(len, key, value) }
end

local function archive(entries)
  local made = {}
  for i, e in ipairs(entries) do
    made[i] = type(e) == "table" and entry(e) or e
  end
  return table.concat(made) .. ("\0"):rep(1024)
end

describe("an artifact that attacks", function()
  local work, to, ref

  --- A layout's artifact of layers {data=, title=, unpack=}, which no push of ours would make.
  local function artifact(layers)
    local descriptors = oci.array {}
    for i, layer in ipairs(layers) do
      local blob = assert(oci.push_blob(ref, { data = layer.data }))
      descriptors[i] = { mediaType = "application/vnd.oci.image.layer.v1.tar", digest = layer.digest or blob.digest, size = blob.size,
        annotations = { [TITLE] = layer.title, [UNPACK] = layer.unpack and "true" or nil } }
    end
    assert(oci.push_blob(ref, { data = "{}" }))
    local manifest = oci.json.encode { schemaVersion = 2, mediaType = "application/vnd.oci.image.manifest.v1+json",
      artifactType = "application/vnd.example.attack.v1", layers = descriptors,
      config = { mediaType = "application/vnd.oci.empty.v1+json", digest = oci.digest "{}", size = 2 } }
    assert(oci.push_manifest(ref, manifest))
  end

  before_each(function()
    work = kit.tmp()
    to = work .. "/to"
    ref = "oci:" .. work .. "/layout:v1"
    kit.must("mkdir", to, work .. "/outside")
    kit.write(work .. "/outside/sentinel", "untouched")
  end)

  -- Everything but the layout, with modes.
  local function state()
    return kit.must("sh", "-c", 'cd "$1" && find . -path ./layout -prune -o -printf "%p %y %m %l\\n" | LC_ALL=C sort', "sh", work)
  end

  local function refused(code, options)
    options = options or {}
    options.to = to
    local before = state()
    local pulled, message, got = oci.pull(ref, options)
    assert(pulled == nil, "it was pulled")
    assert.equal(code, got, message)
    assert.equal(before, state())
    assert.equal("untouched", kit.read(work .. "/outside/sentinel"))
  end

  --- An archive that is refused, in every compression.
  local function refused_archive(code, entries)
    local tar = archive(entries)
    local compressed = { tar }
    for i, program in ipairs { "gzip", "zstd" } do
      kit.write(work .. "/layout.tar", tar)
      compressed[i + 1] = kit.shell("command -v " .. program .. " >/dev/null")
        and kit.must(program, "-qc", work .. "/layout.tar") or nil
      os.remove(work .. "/layout.tar")
    end
    for _, data in ipairs(compressed) do
      artifact { { data = data, title = "t", unpack = true } }
      refused(code)
    end
  end

  it("T37: by names of entries that lead out", function()
    for _, name in ipairs { "../x", "/abs", "a/../../x", "t/../../outside/sentinel", ".." } do
      for _, kind in ipairs { "0", "5", "2" } do
        refused_archive("UNSAFE_PATH", { { name = name, type = kind, link = kind == "2" and "x" or nil } })
      end
    end
  end)

  it("T38: by a title through a link that is there already", function()
    kit.must("ln", "-s", work .. "/outside", to .. "/link")
    artifact { { data = "evil", title = "link/sentinel" } }
    refused "UNSAFE_PATH"
    refused("UNSAFE_PATH", { overwrite = true })
    artifact { { data = archive { { name = "t/sentinel", content = "evil" } }, title = "link", unpack = true } }
    local _, _, code = oci.pull(ref, { to = to, overwrite = true })
    assert.truthy(code == "EXISTS" or code == "UNSAFE_PATH", code)
    assert.equal("untouched", kit.read(work .. "/outside/sentinel"))
  end)

  it("T39: by a hard link to a file of the reader's directory", function()
    for _, target in ipairs { "passwd", "/etc/passwd", "Makefile", "t/f" } do
      refused_archive("UNSAFE_PATH", { { name = "t/f", content = "x" }, { name = "t/l", type = "1", link = target } })
    end
  end)

  it("T40: by a file through a chain of links", function()
    refused_archive("INVALID", { { name = "t/a", type = "2", link = "." }, { name = "t/a/b", type = "2", link = ".." },
      { name = "t/a/b/x", content = "escaped" } })
    refused_archive("UNSAFE_PATH", { { name = "t/out", type = "2", link = "../../outside" }, { name = "t/out/sentinel", content = "evil" } })
  end)

  it("T41: by a long chain of links", function()
    local entries, name = {}, "t"
    for i = 1, 20 do
      name = name .. "/l"
      entries[i] = { name = name, type = "2", link = "." }
    end
    entries[21] = { name = name .. "/x", content = "escaped" }
    refused_archive("INVALID", entries)
  end)

  it("T42: by a name in what describes it", function()
    for _, title in ipairs { "../../x", "../outside/sentinel", "/etc/cron.d/x", "a/../../x" } do
      artifact { { data = archive { { name = "x", content = "evil" } }, title = title, unpack = true } }
      refused "UNSAFE_PATH"
      refused("UNSAFE_PATH", { unpack = false })
      refused("UNSAFE_PATH", { overwrite = true })
    end
  end)

  it("T43: by the same in pax records and GNU headers", function()
    refused_archive("UNSAFE_PATH", { pax("path", "../x"), { name = "t/harmless", content = "x" } })
    refused_archive("UNSAFE_PATH", { pax("linkpath", "../../outside"), { name = "t/l", type = "2", link = "ok" } })
    refused_archive("UNSAFE_PATH", { { name = "././@LongLink", type = "L", content = "t/../../x\0" }, { name = "t/harmless" } })
    refused_archive("UNSAFE_PATH", { { name = "././@LongLink", type = "K", content = "/etc/passwd\0" },
      { name = "t/l", type = "2", link = "ok" } })
  end)

  it("T44: by a layout whose blobs are links or pipes", function()
    artifact { { data = "content", title = "f" } }
    local blob = work .. "/layout/blobs/" .. oci.digest "content":gsub(":", "/")
    for _, command in ipairs { "ln -s /etc/passwd ", "mkfifo ", "mkdir ", "ln -s ../../../outside/sentinel " } do
      kit.must("rm", "-rf", blob)
      kit.must("sh", "-c", command .. kit.quote(blob))
      refused "UNSAFE_PATH"
    end
  end)

  it("T47: by titles that are no names of files", function()
    for _, title in ipairs { "", ".", "..", "a/../b", "C:\\x", "a\\..\\b", "\\\\srv\\x", "a\nb", "a\27[31m", "a\127", "a\226\128\174b",
      "a.", "a ", "CON", "aux.txt", "x:stream", ("n"):rep(256), ("d/"):rep(2100) .. "f" } do
      artifact { { data = "content", title = title } }
      refused "UNSAFE_PATH"
    end
  end)

  it("T48: by titles that are the same file", function()
    for _, pair in ipairs { { "a", "a" }, { "README", "readme" }, { "a", "a/b" }, { "x/y", "X/Y" } } do
      artifact { { data = "1", title = pair[1] }, { data = "2", title = pair[2] } }
      refused "INVALID"
    end
    refused_archive("INVALID", { { name = "t/f", content = "1" }, { name = "t/f", content = "2" } })
    refused_archive("INVALID", { { name = "t/f", content = "1" }, { name = "t/f/g", content = "2" } })
  end)

  it("T49: by the title of a file that is there", function()
    kit.write(to .. "/.bashrc", "mine")
    artifact { { data = "evil", title = ".bashrc" } }
    refused "EXISTS"
    artifact { { data = archive { { name = ".bashrc", content = "evil" } }, title = "d", unpack = true } }
    kit.must("mkdir", to .. "/d")
    kit.write(to .. "/d/.bashrc", "mine")
    refused "EXISTS"
    artifact { { data = "evil", title = ".git/hooks/post-checkout" } }
    refused("UNSAFE_PATH", { overwrite = true })
  end)

  it("T50: by entries that are neither files nor directories nor links", function()
    for _, kind in ipairs { "3", "4", "6" } do
      refused_archive("UNSAFE_PATH", { { name = "t/x", type = kind } })
    end
    refused_archive("UNSAFE_PATH", { { name = "t/l", type = "2", link = "f" }, { name = "t/h", type = "1", link = "t/l" } })
    refused_archive("UNSUPPORTED", { pax("GNU.sparse.map", "1048576,1") .. entry { name = "t/holes", content = "x" } })
    -- Modes, owners and attributes are not taken.
    artifact { { data = archive { { name = "t/suid", mode = 2541, content = "x" }, pax("SCHILY.xattr.user.oci", "1"),
      pax("uname", "root"), { name = "t/plain", mode = 511 - 73, content = "x" } }, title = "t", unpack = true } }
    assert(oci.pull(ref, { to = to }))
    kit.must("sh", "-c", 'test -x "$1/suid" -a ! -u "$1/suid" -a ! -x "$1/plain"', "sh", to .. "/t")
    assert.falsy(kit.shell("command -v getfattr >/dev/null") and kit.must("getfattr", "-d", to .. "/t/plain"):find "user.oci")
  end)

  it("T51: by content that is not what its digest says", function()
    artifact { { data = "good", title = "first" }, { data = "right", title = "second" } }
    kit.write(work .. "/layout/blobs/" .. oci.digest "right":gsub(":", "/"), "wrong")
    refused "DIGEST_MISMATCH"
  end)

  -- What the destination has while the first file is on its way; afterwards nothing.
  local function staged(files, target)
    local switches = kit.switches()
    local address = switches.address .. "/" .. kit.repository() .. ":v1"
    assert(oci.push(address, { artifact_type = "application/x.y", files = files }))
    switches:rules { { method = "GET", path = "/blobs/", times = -1, action = { stall = 100000 } } }
    local operation = assert(oci.start("pull", address, { to = target }))
    repeat
      operation:wait(0.05)
    until #switches:log "GET .*/blobs/" > 0 and kit.tree(to):find "f0"
    local found = kit.must("find", target, "-mindepth", "1", "-maxdepth", "1", "-printf", "%f %y %m\n")
    operation:cancel()
    operation:wait()
    assert.equal(".\n", kit.tree(to))
    return found
  end

  it("T52: by temporary files that others could foresee or read", function()
    local files = { { data = ("x"):rep(300000), title = "f" } }
    -- In a new target a few files lie beside their names; nobody else reads them before they are verified.
    local found = staged(files, to .. "/new")
    assert.truthy(found:find "^%.oci%-pull%-%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%.f0 f 600\n$", found)
    local directory = "^%.oci%-pull%-%x+ d 700\n$"
    found = staged(files, to)
    assert.truthy(found:find(directory), found)
    for i = 1, 100 do
      files[i + 1] = { data = tostring(i), title = "f" .. i }
    end
    found = staged(files, to .. "/new")
    assert.truthy(found:find(directory), found)
  end)

  it("T53: by links in a directory that is packed", function()
    local dir = work .. "/outside"
    for _, target in ipairs { "/etc/shadow", "../to", "x/../../to" } do
      kit.must("ln", "-sfn", target, dir .. "/data")
      local _, message, code = oci.push(ref, { artifact_type = "application/x.y", files = { { dir = dir, title = "d" } } })
      assert.equal("UNSAFE_PATH", code, message)
    end
    kit.must("ln", "-sfn", "sentinel", dir .. "/data")
    local pushed = assert(oci.push(ref, { artifact_type = "application/x.y", files = { { dir = dir, title = "d" } } }))
    assert.equal(pushed.digest, assert(oci.push(ref, { artifact_type = "application/x.y", files = { { dir = dir, title = "d" } } })).digest)
    assert(oci.pull(ref, { to = to }))
    assert.equal("sentinel\n", kit.must("readlink", to .. "/d/data"))
  end)

  it("T57: by becoming larger than any disk", function()
    local huge = "\128" .. ("\0"):rep(3) .. "\1" .. ("\0"):rep(7) -- 2^56 in base 256
    refused_archive("LIMIT", { { name = "t/huge", claim = huge, content = "x" } })
    refused_archive("INVALID", { pax("path", ("x"):rep(2 * 1024 * 1024)), { name = "t/x" } })
    refused_archive("LIMIT", { pax("path", "t/" .. ("d/"):rep(70) .. "f"), { name = "x" } })
  end)
end)
