--- Pulling an artifact's files.
local call = require "oci.call"
local options = require "oci.options"
local reference = require "oci.reference"

---@class oci.PullOptions: oci.CallOptions
---@field to? string|oci.FileFunction|oci.Writer the directory; left out: ".". Or the files go, one after the other, to a
--- function, or to an object with write (`io.stdout`) as they follow each other; nothing is on disk then
---@field include? string|string[] patterns of titles, of which one must match: `*` and `?` stop at a slash, `**/` is any number
--- of directories, `[a-z]`, `[!a-z]`; a name's leading dot is only matched by a dot. A layer without a title goes by the name it
--- gets. NOT_FOUND if nothing is left
---@field exclude? string|string[] patterns of titles that are left out; they win. It is no error if nothing is left
---@field media_types? string|string[] of the layers; `*` is any characters: "text/*", "*+json". NOT_FOUND if nothing is left
---@field platform? string|oci.Platform of an index, also nested: "os/architecture[/variant]" or a table; left out: the host's.
--- NOT_FOUND (detail.platforms: what there is) if there is none; without one and without any in the index INVALID
---@field roles? string|string[] of layers in the artifact's type, as `oci.types` names them: NOT_FOUND if nothing has them, INVALID
--- if the type is not known or has no such roles. The manifest is fetched for it before the operation starts
---@field type? string|oci.Type which type that is; left out: what `oci.types.identify` says. Without `roles` all layers that
--- the type takes
---@field overwrite? boolean replace files that differ; else they are EXISTS
---@field unpack? boolean left out: what was packed from a directory comes back as one; false: never; true: tar layers too.
--- What is there with the same bytes is kept, and is executable or not as it was packed
---@field sync? boolean make files durable before they get their names
---@field on_progress? fun(event: oci.Event)

---@class oci.TypePullOptions: oci.PullOptions without `type`
---@field client? oci.Client left out: the default one

---@class oci.OpenFileOptions: oci.CallOptions
---@field platform? string|oci.Platform as in oci.PullOptions

---@class oci.Platform as in an index
---@field os string
---@field architecture string
---@field variant? string left out: any
---@field os_version? string exactly
---@field os_features? string[] all of them
---@field features? string[] Docker's; in an index it is kept

--- Gets each file in chunks, in the manifest's order, and nil at its end, when it is verified: what came before is not. What
--- was packed comes as the archive. Returning nil and a message (or false) ends the pull with IO.
---@alias oci.FileFunction fun(file: oci.File, chunk?: string): any, string?

---@class oci.Writer anything with write, that gives nil and a message when it fails
---@field write fun(self: oci.Writer, chunk: string): any, string?

---@class oci.File
---@field path? string with `to`; of a layer without a title "sha256-HEX" and what its type is known by. For a function: the name
--- that it would have in a directory; absent where the title is no safe path (`title` is what the publisher wrote)
---@field title? string
---@field digest string
---@field size integer bytes
---@field media_type string
---@field annotations? table<string, string>
---@field layer integer its place in manifest.layers
---@field role? string in its type, if `roles` or `type` was given
---@field state "fetched"|"unchanged"|"unpacked" unchanged: it was there already, and was not fetched; a directory so if it is what was
--- packed, by this library, and nothing else

---@class oci.Pulled
---@field digest string of the manifest
---@field reference string
---@field manifest oci.Manifest
---@field files oci.File[]
---@field roles? table<string, oci.File[]> the same by role, if `roles` or `type` was given

local pull = {}

local function target(value)
  if type(value) == "string" then
    return options.path(value)
  end
  return options.callable(value) and not options.has_write(value)
    and "directory, function or object with 'write'" or nil
end

local function kind(value)
  return type(value) ~= "string" and not require("oci.types.type").is(value) and "type or its name" or nil
end

local checkers = options.of_call {
  to = target,
  roles = options.strings,
  type = kind,
  include = options.strings,
  exclude = options.strings,
  media_types = options.strings,
  platform = options.platform,
  overwrite = options.boolean,
  unpack = options.boolean,
  sync = options.boolean,
  on_progress = options.callable,
}

-- ---- results

-- `roles` of all layers, or nil.
local function make_pulled(roles, result)
  local parsed, message, code, detail = call.manifest_of(result)
  if not parsed then
    return nil, message, code, detail
  end
  local made = {
    digest = result.descriptor.digest,
    reference = result.descriptor.reference,
    manifest = parsed,
    files = result.files,
    roles = roles and {},
  }
  for _, file in ipairs(roles and result.files or {}) do
    file.role = roles[file.layer]
    if file.role then
      local same = made.roles[file.role] or {}
      same[#same + 1] = file
      made.roles[file.role] = same
    end
  end
  return made
end

local function finish_with(roles)
  return call.finish(function(result) return make_pulled(roles, result) end)
end

-- ---- the call

local function check(given)
  given = options.check("pull", 2, given, checkers)
  if given.to == nil or type(given.to) == "string" then
    return given
  end
  for _, name in ipairs { "overwrite", "unpack", "sync" } do
    if given[name] then
      options.bad_argument("pull", 2, ("option '%s' is about files in a directory, and 'to' is none"):format(name))
    end
  end
  return given
end

-- The core's options.
local function for_core(given)
  local is_stream = given.to ~= nil and type(given.to) ~= "string"
  return {
    stream = is_stream,
    to = not is_stream and given.to or nil,
    overwrite = given.overwrite,
    unpack = given.unpack,
    sync = given.sync,
    include = call.list_of(given.include),
    exclude = call.list_of(given.exclude),
    media_types = call.list_of(given.media_types),
    platform = given.platform,
  }
end

function pull.pull(client, ref, given)
  local text = reference.text("pull", 1, ref)
  given = check(given)
  local what, source, found = for_core(given), text, {}
  if given.roles or given.type then
    local message, code, detail
    found, message, code, detail = require("oci.pull_roles").look(client, text, given)
    if not found then
      return nil, message, code, detail
    end
    source, what.layers, what.platform = found.manifest.reference, found.layers, nil
    what.manifest, what.manifest_type = found.manifest.bytes, found.manifest.media_type
  end
  local made = { finish = finish_with(found.roles) }
  if what.stream then
    made = require("oci.pull_stream")(given.to, text, function(result) return make_pulled(found.roles, result) end)
  end
  made.credentials = found.credentials
  return call.start(client, "pull", { source }, call.arguments(what), given, made)
end

-- A type's own pull is of that type.
local of_type_checkers = options.with(checkers, { client = options.table })
of_type_checkers.type = nil

--- See oci.Type.pull. The option `client` is the client that pulls.
function pull.of_type(type_of_it, ref, given)
  local opts = options.with(options.check("pull", 2, given, of_type_checkers), { type = type_of_it })
  local client = opts.client
  opts.client = nil
  if client then
    return client:pull(ref, opts)
  end
  return require("oci").pull(ref, opts)
end

return pull
