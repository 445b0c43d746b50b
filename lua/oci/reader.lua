--- Readers: the bytes of a blob as they come, through a bounded window. Nothing comes while nobody reads.
local loop = require "oci.loop"
local options = require "oci.options"

---@class oci.Reader
---@field descriptor oci.Descriptor of the blob; of a file in a packed directory that of the archive
---@field size? integer bytes of the file: of open_file
local Reader = {}
Reader.__index = Reader
Reader.__name = "oci.Reader"

local reader = {}

local CHUNK = 64 * 1024
local TURN = 1024 * 1024 -- so much is read at most before others have a turn

--- A reader of an operation's handle of the core, which is the reader's from now on.
function reader.new(handle, descriptor, size)
  return setmetatable({ handle = handle, descriptor = descriptor, size = size }, Reader)
end

local function let_go(self, failure)
  self.handle:close()
  self.handle, self.failure, self.ended = nil, failure, true
end

--- Reads some bytes. What is read before the end, and of a part of a blob, is not verified yet.
---@param most? integer bytes at most; left out: 65536. The core gives at most 1 MiB at once
---@return string? chunk nil at the end, which is verified; or nil, message, code, detail
---@return string? message
---@return string? code
---@return table? detail
function Reader:read(most)
  if self.closed then
    options.raise("the reader is closed")
  end
  if most ~= nil and (options.size(most) or most < 1) then
    options.bad_argument("read", 1, "whole number of bytes, at least 1, expected")
  end
  while not self.ended do
    local chunk, message, code, detail = self.handle:take(most or CHUNK)
    if chunk then
      self.since_turn = (self.since_turn or 0) + #chunk
      if self.since_turn >= TURN then
        self.since_turn = 0
        loop.turn()
      end
      return chunk
    elseif chunk == nil then
      let_go(self, message and { message, code, detail })
    else
      self.since_turn = 0
      loop.wait(self.handle)
    end
  end
  if self.failure then
    return nil, self.failure[1], self.failure[2], self.failure[3]
  end
  return nil
end

--- Iterates over the chunks up to the verified end; raises the message of a failure.
---@param most? integer bytes at most in a chunk; left out: 65536
---@return fun(): string?
function Reader:chunks(most)
  return function()
    local chunk, message = self:read(most)
    if not chunk and message then
      error(message, 0)
    end
    return chunk
  end
end

--- Stops the transfer, if it goes on still; using the reader afterwards raises. May be called again.
function Reader:close()
  if self.handle then
    self.handle:close()
  end
  self.handle, self.closed = nil, true
end

Reader.__close = Reader.close

function Reader:__tostring()
  return ("oci.Reader %s (%s)"):format(self.descriptor.digest, self.closed and "closed" or self.ended and "at its end"
    or "open")
end

return reader
