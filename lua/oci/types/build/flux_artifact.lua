--- Flux's artifacts: a directory of manifests, or an archive of one, or a single file.
local inputs = require "oci.types.build.inputs"
local options = require "oci.options"

local flux_artifact = { options = { source = options.string, revision = options.string } }

local PREFIX = "org.opencontainers.image."
local RAW = "application/vnd.cncf.flux.content.v1"

-- What `flux push artifact` leaves out unless it is told otherwise.
local IGNORE = {
  ".git/", ".gitignore", ".gitmodules", ".gitattributes", "*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv",
  "*.tar.gz", "*.zip",
}

-- A file that is no archive is kept as it is, under a media type that has its extension.
local function set_media_type(item)
  local head, message, code, detail = inputs.head(item, 2)
  if not head then
    return nil, message, code, detail
  end
  local extension = (item.path or item.title or ""):match "%.([%w-]+)$"
  if head ~= "\31\139" then
    item.media_type = RAW .. (extension and "." .. extension:lower() or "")
  end
  return true
end

--- See build.expand. `source` and `revision` are the annotations of these names.
function flux_artifact.expand(kind, given)
  local items, message, code, detail = inputs.list(kind, kind.layers[1], given.content)
  if not items then
    return nil, message, code, detail
  end
  for _, item in ipairs(items) do
    if item.dir then
      item.ignore = item.ignore or IGNORE
    elseif not item.media_type and not item.reader then
      local ok
      ok, message, code, detail = set_media_type(item)
      if not ok then
        return nil, ("%s: %s"):format(kind.name, message), code, detail
      end
    end
  end
  local annotations = inputs.copy(given.annotations or {})
  for _, name in ipairs { "source", "revision" } do
    annotations[PREFIX .. name] = annotations[PREFIX .. name] or given[name]
  end
  given.content, given.annotations = items, annotations
  return given
end

return flux_artifact
