--- A layer to be looked into: its first bytes, all of them if it is small, one file out of the archive that it is.
local core = require "oci.core"

local Layer = {}
Layer.__index = Layer

local layer = {}

local CHUNK = 256 * 1024

--- `fetch(name, ref, options)` makes calls; nothing larger than `limit` bytes is fetched whole.
function layer.new(descriptor, fetch, limit)
  return setmetatable({ descriptor = descriptor, fetch = fetch, limit = limit }, Layer)
end

--- Is it small enough to be looked into as a whole?
function Layer:small()
  return self.descriptor.size ~= nil and self.descriptor.size <= self.limit
end

--- The first bytes, at most `number`; or nil, message, code, detail.
function Layer:head(number)
  if self.descriptor.size and self.descriptor.size <= number then
    return self:bytes()
  end
  return self.fetch("fetch_blob", self.descriptor, { offset = 0, length = number })
end

--- All bytes, verified; or nil, message, code, detail.
function Layer:bytes()
  return self.fetch("fetch_blob", self.descriptor, { limit = self.limit })
end

-- Fetches the layer into a file: true, or nil, message, code, detail.
local function save(self, file)
  local reader, message, code, detail = self.fetch("open_blob", self.descriptor)
  if not reader then
    return nil, message, code, detail
  end
  while true do
    local chunk
    chunk, message, code, detail = reader:read(CHUNK)
    if not chunk then
      reader:close()
      if message then
        return nil, message, code, detail
      end
      return true
    end
    local ok, why = file:write(chunk)
    if not ok then
      reader:close()
      return nil, "the layer cannot be kept while it is looked into: " .. why, "IO", {}
    end
  end
end

-- Keeps the layer in a temporary file for as long as `self` is used; its path, or nil, message, code, detail.
local function saved(self)
  if self.path then
    return self.path
  end
  local path = os.tmpname()
  local file, why = io.open(path, "wb")
  if not file then
    return nil, "the layer cannot be kept while it is looked into: " .. why, "IO", {}
  end
  self.path = path
  local ok, message, code, detail = save(self, file)
  local closed, trouble = file:close()
  if not ok then
    return nil, message, code, detail
  elseif not closed then
    return nil, "the layer cannot be kept while it is looked into: " .. trouble, "IO", {}
  end
  return path
end

--- The content of the first file in the archive whose path matches, at most `limit` bytes; or nil, message, code, detail:
-- NOT_FOUND if there is none.
function Layer:entry(pattern, limit)
  local path, message, code, detail = saved(self)
  if not path then
    return nil, message, code, detail
  end
  return core.read_entry(path, pattern, limit)
end

--- To be called when nothing more is wanted of it.
function Layer:close()
  if self.path then
    os.remove(self.path)
  end
  self.path = nil
end

return layer
