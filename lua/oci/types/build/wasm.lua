--- WebAssembly modules and components, with the config of the CNCF's layout: what a component imports and exports is read
-- out of it.
local core = require "oci.core"
local inputs = require "oci.types.build.inputs"
local options = require "oci.options"
local spec = require "oci.spec"

local wasm = { options = { author = options.string } }

local IMPORTS, EXPORTS = 10, 11 -- sections of a component
local SECTION_LIMIT = 16 * 1024 * 1024

-- ---- the binary format

local Bytes = {}
Bytes.__index = Bytes

-- Bytes that are read one after the other; past their end it raises "short".
local function bytes(text)
  return setmetatable({ text = text, at = 1 }, Bytes)
end

function Bytes:take(count)
  local part = self.text:sub(self.at, self.at + count - 1)
  if #part < count then
    error("short", 0)
  end
  self.at = self.at + count
  return part
end

function Bytes:byte()
  return self:take(1):byte()
end

-- A number in LEB128; also what a signed one takes.
function Bytes:number()
  local n, scale = 0, 1
  repeat
    local b = self:byte()
    n = n + (b % 128) * scale
    scale = scale * 128
  until b < 128 or scale > 2 ^ 35
  return n
end

function Bytes:name()
  local kind = self:byte()
  local text = self:take(self:number())
  if kind == 2 then
    self:take(self:number()) -- the rest of a version
  end
  return text
end

-- Skips what an import or export is.
function Bytes:description()
  local kind = self:byte()
  if kind == 0 then
    self:byte()
    self:number()
  elseif kind == 2 or kind == 3 then
    local bound = self:byte()
    if bound == 0 or kind == 2 then
      self:number()
    end
  else
    self:number()
  end
end

local function import_names(section)
  local names = {}
  for i = 1, section:number() do
    names[i] = section:name()
    section:description()
  end
  return names
end

local function export_names(section)
  local names = {}
  for i = 1, section:number() do
    names[i] = section:name()
    if section:byte() == 0 then
      section:byte() -- which of the core's sorts
    end
    section:number()
    if section:byte() == 1 then
      section:description()
    end
  end
  return names
end

-- ---- a file of it

-- Reading and skipping, of a file or of bytes.
local function open(item)
  if item.data then
    local at = 1
    return function(count)
      local part = item.data:sub(at, at + count - 1)
      at = at + count
      return part ~= "" and part or nil
    end, function(count) at = at + count end, function() end
  end
  local file = assert(io.open(item.path, "rb"))
  return function(count) return file:read(count) end, function(count) file:seek("cur", count) end,
    function() file:close() end
end

-- A section's number and size, or nil at the end.
local function section_head(read)
  local id = read(1)
  if not id then
    return nil
  end
  local text = ""
  repeat
    local b = read(1)
    text = text .. (b or "")
  until not b or b:byte() < 128 or #text > 5
  return id:byte(), bytes(text):number()
end

-- The names that a component imports and exports, in their order. Raises what is wrong with it.
local function names_of(read, skip)
  local component = { imports = {}, exports = {} }
  for id, size in section_head, read do
    if id ~= IMPORTS and id ~= EXPORTS then
      skip(size)
    elseif size > SECTION_LIMIT then
      error("large", 0)
    else
      local section = bytes(size > 0 and read(size) or "")
      local into = id == IMPORTS and component.imports or component.exports
      for _, name in ipairs((id == IMPORTS and import_names or export_names)(section)) do
        into[#into + 1] = name
      end
    end
  end
  return component
end

-- false for a module, a component's names, or nil, message, code, detail.
local function look(item)
  local head, message, code, detail = inputs.head(item, 8)
  if not head then
    return nil, message, code, detail
  elseif head == "\0asm\1\0\0\0" then
    return false
  elseif head:sub(1, 4) ~= "\0asm" or head:sub(7) ~= "\1\0" then
    return nil, inputs.name(item) .. " is no WebAssembly", "INVALID", { path = item.path }
  end
  local read, skip, close = open(item)
  skip(8)
  local ok, component = pcall(names_of, read, skip)
  close()
  if not ok then
    return nil, inputs.name(item) .. " is no proper component of WebAssembly", "INVALID", { path = item.path }
  end
  return component
end

local function list(names)
  return assert(core.json_encode(core.array(names)))
end

local function config_of(component, digest, author, time)
  local names = component and ('{"exports":%s,"imports":%s,"target":null}'):format(list(component.exports),
    list(component.imports)) or "null"
  return ('{"created":"%s","author":%s,"architecture":"wasm","os":"%s","layerDigests":["%s"],"component":%s}'):format(
    time, author and assert(core.json_encode(author)) or "null", component and "wasip2" or "wasip1", digest, names)
end

--- See build.expand. The config has a time in any case: that of 1970 if none is given.
function wasm.expand(kind, given, client)
  local items, message, code, detail = inputs.list(kind, kind.layers[1], given.module)
  if not items then
    return nil, message, code, detail
  elseif given.config ~= nil or #items ~= 1 then
    return given
  end
  local component, digest
  component, message, code, detail = look(items[1])
  if component ~= nil then
    digest, message, code, detail = inputs.digest(client, items[1])
  end
  if not digest then
    return nil, ("%s: %s"):format(kind.name, message), code, detail
  end
  local time, wrong = spec.creation_time(given.created or 0)
  if not time then
    return nil, wrong, "INVALID", {}
  end
  given.config = { data = config_of(component, digest, given.author, time), media_type = kind.config.media_type }
  given.module = items
  return given
end

return wasm
