--- A layer to be looked into: its first bytes, all of them if it is small, one file out of the archive that it is.
local Layer = {}
Layer.__index = Layer

local layer = {}

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

-- See oci.types.archive. All of the archive is fetched for it and verified, and nothing of it kept.
local function entries(self, given)
  return self.fetch("read_entries", self.descriptor, given)
end

--- The content of the first file in the archive whose path matches, at most `limit` bytes; false if there is none; or nil,
-- message, code, detail.
function Layer:entry(pattern, limit)
  local found, message, code, detail = entries(self, { patterns = { pattern }, limit = limit })
  if not found then
    return nil, message, code, detail
  end
  return found[pattern] or false
end

--- Does a file in the archive match one of the patterns? Or nil, message, code, detail.
function Layer:has(patterns)
  local found, message, code, detail = entries(self, { patterns = patterns, limit = 0, cut = true })
  if not found then
    return nil, message, code, detail
  end
  return next(found) ~= nil
end

return layer
