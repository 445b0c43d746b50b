-- What the specs of this folder share: files, commands, the switches of the test registry.
local oci = require "oci"

local tools = {}

-- busted gives `pending` only to the spec itself; any instance of its core throws the right thing.
local skip = require "busted.core" ().pending

--- Skips the test that asks.
function tools.skip(why)
  skip("skipped: " .. why)
end

--- The value of an environment variable set by `make test`, or skips the test that asks.
function tools.need(name, what)
  local value = os.getenv(name)
  if not value or value == "" then
    skip("skipped: " .. (what or name) .. " is not there")
  end
  return value
end

local HOW = {
  helm = "go install helm.sh/helm/v3/cmd/helm@v3.22.0",
  opa = "go install github.com/open-policy-agent/opa@v1.22.2",
  conftest = "go install github.com/open-policy-agent/conftest@v0.71.1",
  siftool = "go install github.com/sylabs/sif/v2/cmd/siftool@v2.24.2",
  podman = "apt-get install podman",
}

--- The path of a program, or skips the test that asks and says how the program is had.
function tools.program(name)
  local path = os.getenv("OCI_TEST_" .. name:upper())
  if not path or path == "" then
    skip(("skipped: %s is not installed; get it with: %s"):format(name, HOW[name]))
  end
  return path
end

function tools.quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

--- Runs a command line made of words; raises with its output when it fails.
function tools.run(...)
  local ok, output = tools.try(...)
  if not ok then
    error(table.concat({ ... }, " ") .. "\n" .. output, 2)
  end
  return output
end

--- As run, but gives false and the output when it fails. A table is a prefix: { cd = DIR, env = "NAME=VALUE" }.
function tools.try(...)
  local words, prefix = {}, ""
  for _, word in ipairs { ... } do
    if type(word) == "table" then
      prefix = prefix .. (word.cd and "cd " .. tools.quote(word.cd) .. " && " or "")
        .. (word.env and word.env .. " " or "")
    else
      words[#words + 1] = tools.quote(word)
    end
  end
  local pipe = assert(io.popen(prefix .. table.concat(words, " ") .. " 2>&1; echo \" $?\"", "r"))
  local output = pipe:read "a"
  pipe:close()
  local text, status = output:match "^(.*) (%d+)\n$"
  return status == "0", text
end

-- Names must differ between the processes of a run: Lua's own seed is the time and addresses, which a sanitizer fixes.
local urandom = assert(io.open("/dev/urandom", "rb"))
math.randomseed(string.unpack("<i8i8", urandom:read(16)))
urandom:close()

local serial = 0
--- A fresh directory, removed with the test run's scratch directory.
function tools.directory()
  serial = serial + 1
  local base = os.getenv "OCI_TEST_TMP" or "/tmp"
  local path = ("%s/interop-%d-%d"):format(base, serial, math.random(1 << 40))
  tools.run("mkdir", "-p", path)
  return path
end

--- A repository name that no other test uses.
function tools.repository(prefix)
  serial = serial + 1
  return ("%s/r%d-%d"):format(prefix or "interop", serial, math.random(1 << 40))
end

function tools.write(path, data)
  local file = assert(io.open(path, "wb"))
  assert(file:write(data))
  assert(file:close())
  return path
end

function tools.read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local data = file:read "a"
  file:close()
  return data
end

function tools.exists(path)
  return (tools.try("test", "-e", path))
end

--- The names in a directory, sorted, hidden ones too.
function tools.list(path)
  local names = {}
  for name in tools.run("ls", "-A", path):gmatch "[^\n]+" do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- Bytes that do not compress, the same for the same seed.
function tools.bytes(count, seed)
  local state, out = seed or 1, {}
  for i = 1, math.ceil(count / 8) do
    state = state * 6364136223846793005 + 1442695040888963407
    out[i] = string.pack("<i8", state)
  end
  return table.concat(out):sub(1, count)
end

--- Compares two trees, links and modes included.
function tools.same_tree(a, b)
  local ok, output = tools.try("diff", "-r", "--no-dereference", a, b)
  assert(ok, output)
end

-- ---- the test registry with switches

local registry = {}
registry.__index = registry

--- The test registry, with all switches off and nothing in it.
function tools.switches(name)
  local self = setmetatable({ host = tools.need(name or "OCI_TEST_SWITCHES", "the test registry") }, registry)
  self:reset()
  return self
end

function registry:request(method, path, body)
  local args = { "curl", "-sS", "-f", "-X", method, "http://" .. self.host .. path }
  if body then
    args[#args + 1] = "--data-binary"
    args[#args + 1] = body
  end
  return tools.run(table.unpack(args))
end

function registry:reset()
  self:request("POST", "/_reset")
end

--- The rules of spec/support/reg_rules.py: rules{ { method =, path =, times =, action = {...} }, ... }
function registry:rules(rules)
  self:request("POST", "/_switch", oci.json.encode { rules = oci.array(rules) })
end

function registry:auth(mode)
  self:request("POST", "/_auth", oci.json.encode(mode))
end

function registry:config(values)
  self:request("POST", "/_config", oci.json.encode(values))
end

function registry:log()
  return oci.json.decode(self:request("GET", "/_log"))
end

return tools
