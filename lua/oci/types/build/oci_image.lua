--- Container images of file systems: the config lists the digests of the layers as they are before they are compressed.
local inputs = require "oci.types.build.inputs"
local layers = require "oci.types.build.layers"
local options = require "oci.options"

local oci_image = { options = { platform = options.platform } }

-- The members of a config for a platform, as text or as a table.
local function of_platform(platform)
  if type(platform) == "table" then
    return { os = platform.os, architecture = platform.architecture, variant = platform.variant,
      ["os.version"] = platform.os_version, ["os.features"] = platform.os_features }
  end
  local os, architecture, variant = (platform or ""):match "^([^/]+)/([^/]+)/?([^/]*)$"
  return { os = os, architecture = architecture, variant = variant ~= "" and variant or nil }
end

local function prepare(role, item)
  item.prefix = item.dir and (item.prefix or "") or nil
  item.media_type = item.media_type or layers.choose(role, item)
end

--- See build.expand. `config` may be left out where there is a `platform`, and its `rootfs` in any case.
function oci_image.expand(kind, given, client)
  local config = inputs.copy(given.config or { json = next(of_platform(given.platform)) and {} })
  if type(config.json) ~= "table" or config.json.rootfs ~= nil then
    return given
  end
  local digests
  local ok, message, code, detail = inputs.read_roles(kind, given, prepare)
  if ok then
    digests, message, code, detail = inputs.diff_ids(kind, given, client)
  end
  if not digests then
    return nil, message, code, detail
  end
  config.json = inputs.copy(config.json)
  for name, value in pairs(of_platform(given.platform)) do
    config.json[name] = config.json[name] or value
  end
  config.json.rootfs = { type = "layers", diff_ids = digests }
  given.config = config
  return given
end

return oci_image
