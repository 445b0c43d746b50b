--- Pulling by what layers are to a type: the manifest is fetched first, and then it is that one which is pulled, whatever
-- becomes of the tag meanwhile.
local call = require "oci.call"
local core = require "oci.core"
local operation = require "oci.operation"
local options = require "oci.options"
local types = require "oci.types"

local pull_roles = {}

local SMALL = 1024 * 1024 -- bytes of a config that may tell the type

-- Waits for one of the core's operations.
local function run(client, given, name, text, argument, finish)
  return operation.run(call.start(client, name, { text }, call.arguments(argument), options.call_options(given),
    { finish = finish }))
end

local function identify(client, given, text, manifest)
  local opts = { tag = core.reference(text).tag }
  local kind = types.identify(manifest, opts)
  if (not kind or kind.generic) and manifest.config.size <= SMALL then
    local config, message, code, detail = run(client, given, "simple", manifest.reference, "fetch_config", call.bytes)
    if not config then
      return nil, message, code, detail
    end
    opts.config = config
    kind = types.identify(manifest, opts)
  end
  if not kind then
    return nil, ("pull %s: no type is known that it is of, so its layers have no roles"):format(text), "INVALID", {}
  end
  return kind
end

local function kind_of(client, given, text, manifest)
  if type(given.type) == "string" then
    return types.get(given.type)
  end
  return given.type or identify(client, given, text, manifest)
end

-- The names of the roles that a manifest of the type has, as a set.
local function known_roles(kind, manifest)
  local names = {}
  for _, role in ipairs((require("oci.types.roles").described(kind, manifest))) do
    names[role.role] = true
  end
  return names
end

-- The positions of the layers that are wanted: of these roles, or all that the type takes.
local function positions(kind, roles, wanted)
  local list, is_wanted = {}, {}
  for _, name in ipairs(wanted or {}) do
    is_wanted[name] = true
  end
  for i, role in ipairs(roles) do
    if (wanted and is_wanted[role]) or (not wanted and (role or kind.unknown_layers == "allow")) then
      list[#list + 1] = i
    end
  end
  return list
end

local function any(roles)
  for _, role in ipairs(roles) do
    if role then
      return true
    end
  end
  return #roles == 0
end

--- What of the artifact that a text refers to is pulled, for the options `roles`, `type` and `platform`: the reference of the
-- manifest chosen, the positions of its layers, and the roles of all of them; or nil, message, code, detail.
function pull_roles.look(client, text, given)
  local platform = { platform = given.platform }
  local manifest, message, code, detail = run(client, given, "choose", text, platform, call.manifest)
  if not manifest then
    return nil, message, code, detail
  end
  local kind
  kind, message, code, detail = kind_of(client, given, text, manifest)
  if not kind then
    return nil, message, code, detail
  end
  local wanted = call.list_of(given.roles)
  local known, roles = known_roles(kind, manifest), types.roles_of(kind, manifest)
  for _, name in ipairs(wanted or {}) do
    if not known[name] then
      message = ("pull %s: it is of the type %s: %s"):format(text, kind.name, options.unknown("role", name, known))
      return nil, message, "INVALID", {}
    end
  end
  if not any(roles) then
    return nil, ("pull %s: it is no %s: none of its layers has a role there"):format(text, kind.name), "INVALID", {}
  end
  return { reference = manifest.reference, layers = positions(kind, roles, wanted), roles = roles }
end

return pull_roles
