--- Pulling by what layers are to a type: the manifest is fetched first, and then it is that one which is pulled, whatever
-- becomes of the tag meanwhile.
local call = require "oci.call"
local core = require "oci.core"
local operation = require "oci.operation"
local options = require "oci.options"
local types = require "oci.types"

local pull_roles = {}

local SMALL = 1024 * 1024 -- bytes of a config that may tell the type

-- Waits for one of the core's operations. `by` makes it: { client =, given =, credentials = }.
local function run(by, name, text, argument, finish)
  return operation.run(call.start(by.client, name, { text }, call.arguments(argument), options.call_options(by.given),
    { finish = finish, credentials = by.credentials }))
end

local function identify(by, text, manifest)
  local opts = { tag = core.reference(text).tag }
  local kind = types.identify(manifest, opts)
  if (not kind or kind.generic) and manifest.config.size <= SMALL then
    local config, message, code, detail = run(by, "simple", manifest.reference, "fetch_config", call.bytes)
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

local function kind_of(by, text, manifest)
  if type(by.given.type) == "string" then
    return types.get(by.given.type)
  end
  return by.given.type or identify(by, text, manifest)
end

-- Who asks for what a text refers to; or nil, message, code, detail.
local function asker(client, text, given)
  local parsed, message, code, detail = core.reference(text)
  local found
  if parsed then
    found, message, code, detail = call.credentials(client, { parsed })
  end
  if not found then
    return nil, message, code, detail
  end
  return { client = client, given = given, credentials = found }
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

--- What of the artifact that a text refers to is pulled, for the options `roles`, `type` and `platform`: the manifest chosen,
-- the positions of its layers, the roles of all of them, and the credentials; or nil, message, code, detail.
function pull_roles.look(client, text, given)
  local by, message, code, detail = asker(client, text, given)
  if not by then
    return nil, message, code, detail
  end
  local manifest, kind
  manifest, message, code, detail = run(by, "choose", text, { platform = given.platform }, call.manifest)
  if not manifest then
    return nil, message, code, detail
  end
  kind, message, code, detail = kind_of(by, text, manifest)
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
  return { manifest = manifest, layers = positions(kind, roles, wanted), roles = roles, credentials = by.credentials }
end

return pull_roles
