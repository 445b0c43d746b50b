--- The readers of an operation: functions, or objects with read, whose bytes the engine asks for.

-- A function, or an object with read.
local function read(source, most)
  local method = type(source) ~= "function" and source.read
  if method then
    return method(source, most)
  end
  return source(most)
end

-- The reader's next bytes; nil at its end, or with a reason after a failure.
local function next_chunk(source, most)
  local chunk, why = read(source, most)
  if chunk == nil then
    return nil, why ~= nil and tostring(why) or nil
  end
  if type(chunk) ~= "string" then
    return nil, "it gave a " .. type(chunk) .. ", not a string"
  end
  return chunk
end

local CHUNKS_AT_ONCE = 256

--- Gives the engine what it has room for, or many small chunks of it: it asks again. A chunk that is larger is kept for
-- the next time.
return function(self, number, room)
  local reader = self.readers[number]
  if type(reader) ~= "table" or not reader.is_reading then
    reader = { is_reading = true, source = reader, from = 1 }
    self.readers[number] = reader
  end
  local given = 0
  while room > 0 and given < CHUNKS_AT_ONCE do
    if not reader.chunk then
      local chunk, why = next_chunk(reader.source, room)
      if not chunk then
        return self.core:give_end(number, why)
      end
      reader.chunk, reader.from = chunk, 1
    end
    if reader.chunk ~= "" then
      local taken = self.core:give(number, reader.chunk, reader.from)
      if not taken or taken == 0 then
        return
      end
      room, reader.from, given = room - taken, reader.from + taken, given + 1
    end
    if reader.from > #reader.chunk then
      reader.chunk = nil
    end
  end
end
