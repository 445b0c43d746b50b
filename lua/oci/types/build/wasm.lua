--- WebAssembly modules and components, with the config of the CNCF's layout: what a component imports and exports is read
-- out of it.
local core = require "oci.core"
local inputs = require "oci.types.build.inputs"
local options = require "oci.options"
local spec = require "oci.spec"

local wasm = { options = { author = options.string } }

local IMPORTS, EXPORTS = 10, 11 -- sections of a component
local SECTION_LIMIT = 16 * 1024 * 1024
local HEAD, SECTION_HEAD = 8, 6 -- bytes, the latter at most

-- Its bytes from a place on (from 0), and how many there are; `trouble`: why some could not be read.
local function open(item)
  if item.data then
    return { size = #item.data, close = function() end, read = function(at, count)
      return item.data:sub(at + 1, at + count)
    end }
  end
  local file, why = io.open(item.path, "rb")
  if not file then
    return nil, "cannot open " .. why, "IO", { path = item.path }
  end
  local bytes = { close = function() file:close() end }
  bytes.size, bytes.trouble = file:seek "end"
  bytes.size = bytes.size or 0
  function bytes.read(at, count)
    file:seek("set", at)
    local text, wrong = file:read(count)
    bytes.trouble = bytes.trouble or wrong
    return text or ""
  end
  return bytes
end

-- Adds the names of the section at a place to those of the component; where it ends, or nil and what is wrong.
local function look_at_section(bytes, at, component)
  local id, size, used = core.wasm_section(bytes.read(at, SECTION_HEAD))
  if not id then
    return nil, size
  end
  at = at + used
  if at + size > bytes.size then
    return nil, "it ends too early"
  end
  local into = id == IMPORTS and component.imports or id == EXPORTS and component.exports
  if into and size > SECTION_LIMIT then
    return nil, "its imports or exports are too large"
  elseif into then
    local names, message = core.wasm_names(id, bytes.read(at, size))
    if not names then
      return nil, message
    end
    for _, name in ipairs(names) do
      into[#into + 1] = name
    end
  end
  return at + size
end

-- The names that a component imports and exports, in their order; or nil and what is wrong with it.
local function names_of(bytes)
  local component, at, wrong = { imports = {}, exports = {} }, HEAD, nil
  while at and at < bytes.size do
    at, wrong = look_at_section(bytes, at, component)
  end
  return at and component, wrong
end

-- false for a module, a component's names, or nil, message, code, detail.
local function look(item)
  local head, message, code, detail = inputs.head(item, HEAD)
  if not head then
    return nil, message, code, detail
  elseif head == "\0asm\1\0\0\0" then
    return false
  elseif head:sub(1, 4) ~= "\0asm" or head:sub(7) ~= "\1\0" then
    return nil, inputs.name(item) .. " is no WebAssembly", "INVALID", { path = item.path }
  end
  local bytes, component
  bytes, message, code, detail = open(item)
  if not bytes then
    return nil, message, code, detail
  end
  component, message = names_of(bytes)
  bytes.close()
  if bytes.trouble then
    return nil, ("cannot read %s: %s"):format(item.path, bytes.trouble), "IO", { path = item.path }
  elseif not component then
    return nil, ("%s is no proper component of WebAssembly: %s"):format(inputs.name(item), message), "INVALID",
      { path = item.path }
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
