--- Singularity image files, as apptainer pushes them to oras://.
local inputs = require "oci.types.build.inputs"

local singularity_sif = {}

local CREATED = "org.opencontainers.image.created"

-- The header that every SIF file begins with: a line that runs it, the word SIF_MAGIC at 32, the time of its creation at 64.
local MAGIC_AT, CREATED_AT, HEADER = 33, 65, 128
local LATEST = 2 ^ 37 -- seconds: what is later (or negative, as Lua 5.4 reads it) is no time

local function little_endian(bytes)
  local n = 0
  for i = #bytes, 1, -1 do
    n = n * 256 + bytes:byte(i)
  end
  return n
end

--- See build.expand: what is no SIF is refused, and the time is that of the file.
function singularity_sif.expand(kind, given)
  local items, message, code, detail = inputs.list(kind, kind.layers[1], given.sif)
  if not items then
    return nil, message, code, detail
  end
  for _, item in ipairs(items) do
    local header
    header, message, code, detail = inputs.head(item, HEADER)
    if not header then
      return nil, ("%s: %s"):format(kind.name, message), code, detail
    elseif header:sub(MAGIC_AT, MAGIC_AT + 9) ~= "SIF_MAGIC\0" or #header < HEADER then
      return nil, ("%s: %s is no SIF file"):format(kind.name, inputs.name(item)), "INVALID", { path = item.path }
    end
    local seconds = little_endian(header:sub(CREATED_AT, CREATED_AT + 7))
    if given.created == nil and not (given.annotations or {})[CREATED] and seconds >= 0 and seconds < LATEST then
      given.created = seconds
    end
  end
  given.sif = items
  return given, "latest"
end

return singularity_sif
