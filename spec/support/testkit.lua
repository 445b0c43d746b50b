--- What many specs need: scratch directories, programs, and the controls of the test servers.
-- local kit = require "testkit"
local json = require "dkjson"
local socket = require "socket"

local kit = {}

-- busted gives `pending` only to the spec itself; any instance of its core throws the right thing.
local skip = require "busted.core" ().pending

--- The value of an OCI_TEST_ variable; without it the running test is skipped, which is only right
-- if the named program cannot be had.
function kit.needs(variable, program)
  return os.getenv(variable) or
    skip(("%s is not there (make test installs what it can)"):format(program or variable))
end

-- ---- files and programs

--- 'text' as one word of a shell command.
function kit.quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

--- Runs a program with arguments; true or false, and all it printed.
function kit.run(...)
  local words = {}
  for i = 1, select("#", ...) do words[i] = kit.quote((select(i, ...))) end
  return kit.shell(table.concat(words, " "))
end

--- The same for a shell command. The status is printed last, because Lua 5.1 does not give it.
function kit.shell(command)
  local pipe = assert(io.popen("{ " .. command .. "\n} </dev/null 2>&1; printf '\\n%s' $?"))
  local all = pipe:read("*a")
  pipe:close()
  local output, status = all:match("^(.*)\n(%d+)$")
  if not status then return false, all end -- the command ended its shell
  return status == "0", output
end

--- As kit.run, but a failure fails the test.
function kit.must(...)
  local ok, output = kit.run(...)
  if not ok then error(table.concat({ ... }, " ") .. ": " .. output, 2) end
  return output
end

local made = 0

--- A new empty directory, removed with all others when the run ends.
function kit.tmp()
  made = made + 1
  local root = os.getenv("OCI_TEST_TMP") or os.getenv("TMPDIR") or "/tmp"
  local name = ("%s/%x-%x-%d"):format(root, os.time(), socket.gettime() * 1e6 % 1e9, made)
  kit.must("mkdir", "-p", name)
  return name
end

function kit.write(path, data)
  local file = assert(io.open(path, "wb"))
  assert(file:write(data))
  assert(file:close())
  return path
end

--- All of a file, or nil if it cannot be opened.
function kit.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local data = file:read("*a")
  file:close()
  return data
end

--- Names below a directory, sorted, one a line in the form of `find`: "." is the directory itself.
function kit.tree(directory)
  return kit.must("sh", "-c", 'cd "$1" && find . | LC_ALL=C sort', "sh", directory)
end

--- A repository name that no other test uses.
function kit.repository(prefix)
  made = made + 1
  return ("%s/t%d-%x"):format(prefix or "spec", made, socket.gettime() * 1e6 % 1e12)
end

-- ---- HTTP to the controls, as little as is needed

-- The content of a body in HTTP chunks.
local function unchunk(text)
  local parts, at = {}, 1
  while true do
    local size, begin = text:match("^(%x+)[^\n]*\n()", at)
    if not size or tonumber(size, 16) == 0 then return table.concat(parts) end
    at = begin + tonumber(size, 16)
    parts[#parts + 1] = text:sub(begin, at - 1)
    at = at + 2
  end
end

--- Status, body and headers (names in lower case) of one request. `body` may be a table: JSON.
function kit.http(address, method, path, body, headers)
  local host, port = address:match("^(.*):(%d+)$")
  local tcp = assert(socket.connect(host, tonumber(port)))
  if type(body) == "table" then body = json.encode(body) end
  local lines = { ("%s %s HTTP/1.1"):format(method, path), "Host: " .. address,
    "Connection: close", "Content-Length: " .. #(body or "") }
  for name, value in pairs(headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  assert(tcp:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")))
  local all, err, partial = tcp:receive("*a")
  tcp:close()
  all = all or partial
  local head, content = all:match("^(.-\r\n)\r\n(.*)$")
  if not head then error(("%s %s: no answer: %s"):format(method, path, err or all), 2) end
  local answer_headers = {}
  for name, value in head:gmatch("\n([^:\r\n]+):%s*([^\r\n]*)") do
    answer_headers[name:lower()] = value
  end
  if answer_headers["transfer-encoding"] == "chunked" then content = unchunk(content) end
  return tonumber(head:match("^HTTP/1.1 (%d+)")), content, answer_headers
end

local function call(address, method, path, body)
  local status, content = kit.http(address, method, path, body)
  if status ~= 200 then error(("%s %s: %d %s"):format(method, path, status, content), 3) end
  return json.decode(content)
end

-- So that an empty list is not encoded as an object.
local function array(list)
  return setmetatable(list, { __jsontype = "array" })
end

-- ---- the registry with switches

local Switches = {}
Switches.__index = Switches

--- The test registry: `.address`, and `.other` for its second origin. It is emptied.
function kit.switches()
  local self = setmetatable({
    address = kit.needs("OCI_TEST_SWITCHES", "the test registry"),
    other = os.getenv("OCI_TEST_SWITCHES2"),
  }, Switches)
  self:reset()
  return self
end

--- Sets the rules: switches:rules{ { method = "GET", path = "/blobs/", action = { cut = 10 } } }
function Switches:rules(rules)
  call(self.address, "POST", "/_switch", { rules = array(rules) })
end

function Switches:auth(settings)
  call(self.address, "POST", "/_auth", settings)
end

function Switches:config(settings)
  return call(self.address, "POST", "/_config", settings)
end

--- Requests since the reset, oldest first; with a pattern only those whose "METHOD path" matches.
function Switches:log(pattern)
  local found = {}
  for _, entry in ipairs(call(self.address, "GET", "/_log")) do
    if not pattern or (entry.method .. " " .. entry.path):find(pattern) then
      found[#found + 1] = entry
    end
  end
  return found
end

--- Counters: connections, max_open, max_active, token_requests.
function Switches:info()
  return call(self.address, "GET", "/_info")
end

--- All tokens given out become invalid.
function Switches:revoke()
  call(self.address, "POST", "/_revoke")
end

--- Everything off and the log empty; with keep = "content" blobs and manifests stay.
function Switches:reset(keep)
  call(self.address, "POST", "/_reset" .. (keep and "?keep=" .. keep or ""))
end

-- ---- the fault proxy

local Proxy = {}
Proxy.__index = Proxy

--- A proxy in front of host:port: `.address`, :faults{ {...} }, :counters(), :close().
function kit.proxy(target)
  local control = kit.needs("OCI_TEST_FAULTS", "the fault proxy")
  local made_proxy = call(control, "POST", "/proxy", { target = target })
  return setmetatable({ control = control, path = "/proxy/" .. made_proxy.id,
    address = made_proxy.address }, Proxy)
end

--- For the connections made from now on, one fault each: proxy:faults{ { after = 100, ["do"] = "cut" } }
function Proxy:faults(faults)
  call(self.control, "POST", self.path, { faults = array(faults) })
end

function Proxy:counters()
  return call(self.control, "GET", self.path)
end

function Proxy:close()
  call(self.control, "DELETE", self.path)
end

-- ---- servers of a spec's own

--- A port of 127.0.0.1 that nobody listens on.
function kit.free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return tonumber(port)
end

--- Waits until `condition()` gives something, and returns it; the time limit of the run ends it otherwise.
function kit.eventually(what, condition)
  for _ = 1, 3000 do
    local value = condition()
    if value then
      return value
    end
    socket.sleep(0.01)
  end
  error(what .. " did not happen")
end

return kit
