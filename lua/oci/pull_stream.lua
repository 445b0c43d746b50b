--- Pulling to a function, or an object with write: `to`.
local options = require "oci.options"

local CHUNK = 64 * 1024
local CHUNKS_AT_ONCE = 16

-- Hands one chunk on, or tells the end; nil, message if it is refused.
local function give(to, file, chunk)
  local ok, message
  if type(to) ~= "function" and options.has_write(to) then
    if not chunk then
      return true
    end
    ok, message = to:write(chunk)
  else
    ok, message = to(file, chunk)
  end
  if ok == false or (ok == nil and message ~= nil) then
    return nil, message == nil and "it gave false" or tostring(message)
  end
  return true
end

--- What the operation needs; `make_pulled` makes the call's result of the core's.
return function(to, text, make_pulled)
  local made, known, failure = {}, nil, nil

  -- What the files are; nil: the operation has failed meanwhile.
  local function look(op)
    local result = op.core:result()
    known = result and make_pulled(result)
    return known
  end

  function made.hand_out(op)
    local left = op.core:over() and math.huge or CHUNKS_AT_ONCE
    while op.core and left > 0 and not failure do
      local index, chunk = op.core:take_file(CHUNK)
      if not index or not (known or look(op)) then
        return
      end
      local ok, message = give(to, known.files[index], chunk)
      if not ok then
        failure = ("pull %s: what the files are given to failed: %s"):format(text, message)
        return op.core and op.core:cancel()
      end
      left = left - 1
    end
  end

  function made.finish(result, ...)
    if failure then
      return nil, failure, "IO", {}
    end
    if result and known then
      return known
    end
    if not result then
      return nil, ...
    end
    return make_pulled(result)
  end

  return made
end
