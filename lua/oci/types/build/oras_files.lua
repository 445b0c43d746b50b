--- Files as `oras push` makes an artifact of them: each is titled, a directory is packed.
local inputs = require "oci.types.build.inputs"

local oras_files = { options = { files = inputs.check } }

--- See build.expand. `files` are those of every specification; oras calls each that is no directory a tar, whatever it is.
function oras_files.expand(kind, given)
  local files = {}
  for i, value in ipairs(inputs.each(given.files)) do
    local item = inputs.copy(value)
    local packed = item.dir or (item.path and inputs.is_directory(item.path))
    item.media_type = item.media_type or kind.layers[packed and 2 or 1].media_types[1]
    files[i] = item
  end
  given.files = files[1] and files or nil
  return given
end

return oras_files
