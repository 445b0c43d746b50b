--- Pulling an artifact's files.
local call = require "oci.call"
local options = require "oci.options"
local reference = require "oci.reference"

---@class oci.PullOptions: oci.CallOptions
---@field to? string the directory; left out: "."
---@field include? string|string[] patterns of titles, of which one must match: `*` and `?` stop at a slash, `**/` is any number
--- of directories, `[a-z]`, `[!a-z]`. A layer without a title goes by the name it gets. NOT_FOUND if nothing is left
---@field exclude? string|string[] patterns of titles that are left out; they win. It is no error if nothing is left
---@field media_types? string|string[] of the layers; `*` is any characters: "text/*", "*+json". NOT_FOUND if nothing is left
---@field platform? string|oci.Platform of an index, also nested: "os/architecture[/variant]" or a table; left out: the host's.
--- NOT_FOUND (detail.platforms: what there is) if there is none; without one and without any in the index INVALID
---@field overwrite? boolean replace files that differ; else they are EXISTS
---@field unpack? boolean left out: what was packed from a directory comes back as one; false: never; true: tar layers too
---@field sync? boolean make files durable before they get their names
---@field on_progress? fun(event: oci.Event)

---@class oci.Platform as in an index
---@field os string
---@field architecture string
---@field variant? string left out: any
---@field os_version? string exactly
---@field os_features? string[] all of them

---@class oci.File
---@field path string with `to`; of a layer without a title "sha256-HEX" and what its type is known by
---@field title? string
---@field digest string
---@field size integer bytes
---@field media_type string
---@field layer integer its place in manifest.layers
---@field state "fetched"|"unchanged"|"unpacked"

---@class oci.Pulled
---@field digest string of the manifest
---@field reference string
---@field manifest oci.Manifest
---@field files oci.File[]

local pull = {}

local platform_checkers = {
  os = options.string,
  architecture = options.string,
  variant = options.string,
  os_version = options.string,
  os_features = options.table,
}

-- "os/architecture[/variant]" (which the core reads), or a table as descriptors have it.
local function platform(value)
  if type(value) == "string" then
    return nil
  end
  local wrong = type(value) == "table" and options.fault(value, platform_checkers)
  if wrong or type(value) ~= "table" or not value.os or not value.architecture then
    return "'os/architecture[/variant]' or table with os and architecture" .. (wrong and " (" .. wrong .. ")" or "")
  end
end

local checkers = options.of_call {
  to = options.string,
  include = options.strings,
  exclude = options.strings,
  media_types = options.strings,
  platform = platform,
  overwrite = options.boolean,
  unpack = options.boolean,
  sync = options.boolean,
  on_progress = options.callable,
}

local function pulled(result, ...)
  if not result then
    return nil, ...
  end
  local parsed, message, code, detail = call.manifest_of(result)
  if not parsed then
    return nil, message, code, detail
  end
  return {
    digest = result.descriptor.digest,
    reference = result.descriptor.reference,
    manifest = parsed,
    files = result.files,
  }
end

function pull.pull(client, ref, given)
  local text = reference.text("pull", 1, ref)
  given = options.check("pull", 2, given, checkers)
  local for_core = {
    to = given.to,
    overwrite = given.overwrite,
    unpack = given.unpack,
    sync = given.sync,
    include = call.list_of(given.include),
    exclude = call.list_of(given.exclude),
    media_types = call.list_of(given.media_types),
    platform = given.platform,
  }
  return call.start(client, "pull", { text }, call.arguments(for_core), given, { finish = pulled })
end

return pull
