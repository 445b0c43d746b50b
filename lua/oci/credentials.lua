--- Credentials: tables, which the core keeps with the client, and functions, which are called before an operation starts,
-- once for each registry that it is about.
local core = require "oci.core"
local options = require "oci.options"

---@class oci.Credentials one of username and password, token, identity_token; empty: anonymous
---@field username? string
---@field password? string
---@field token? string sent as it is (Bearer)
---@field identity_token? string an OAuth2 refresh token

---@alias oci.CredentialFunction fun(registry: string, repository?: string): oci.Credentials|false|nil, string?

local credentials = {}

local fields = {
  username = options.string,
  password = options.string,
  token = options.string,
  identity_token = options.string,
}

-- What is wrong with a table of credentials, or nil. Values are not shown.
local function fault(value)
  local wrong = options.fault(value, fields)
  if wrong then
    return wrong
  end
  if (value.username == nil) ~= (value.password == nil) then
    return "'username' and 'password' belong together"
  end
  local kinds = (value.username and 1 or 0) + (value.token and 1 or 0) + (value.identity_token and 1 or 0)
  return kinds > 1 and "only one of 'username' and 'password', 'token', 'identity_token' expected" or nil
end

--- Checks the option `credentials`: nil if it will do, else what was expected.
function credentials.check(value)
  if type(value) == "table" and not options.callable(value) then
    return nil
  end
  if type(value) == "table" then
    local wrong = fault(value)
    return wrong and "table of credentials" or nil, wrong
  end
  return options.callable(value) and "table of credentials or function" or nil
end

--- The core's form of a table, for a registry (nil: for all).
function credentials.entry(registry, value)
  return {
    registry = registry,
    username = value.username,
    password = value.password,
    token = value.token,
    identity_token = value.identity_token,
  }
end

local function is_table(value)
  return type(value) == "table" and options.callable(value) ~= nil
end

credentials.is_table = is_table

--- What a client keeps of the option: the function; false for a table, which is the core's, so that no secret is seen in a
-- client that is printed as a table; nil.
function credentials.source(value)
  if is_table(value) then
    return false
  end
  return value
end

-- Asks the function that is there for a registry. nothing: none is, or it has none; else an entry, or nil, message.
local function ask(client, registry, repository)
  local source = client.registries[registry:lower()]
  if source == nil then
    source = client.credentials
  end
  if not source then
    return nil
  end
  local found, message = source(registry, repository)
  if found == nil then
    return nil, message
  elseif found == false then
    return credentials.entry(registry, {})
  elseif type(found) ~= "table" then
    options.raise("the credentials function gave a " .. type(found) .. ", not a table")
  end
  local wrong = fault(found)
  if wrong then
    options.raise("the credentials function gave a wrong table: " .. wrong)
  end
  return credentials.entry(registry, found)
end

--- The credentials that functions give for these parsed references: a list for the core, or nil, message, code, detail.
function credentials.gather(client, references)
  local found, asked = {}, {}
  for _, ref in ipairs(references) do
    if ref.registry and not asked[ref.registry] then
      asked[ref.registry] = true
      local entry, message = ask(client, ref.registry, ref.repository)
      if message then
        return nil, ("no credentials for %s: %s"):format(ref.registry, tostring(message)), "UNAUTHORIZED", {}
      end
      found[#found + 1] = entry
    end
  end
  return found
end

-- So that a registry written in two ways is one: parsed by the core.
function credentials.host(text)
  local parsed, message, code, detail = core.reference_registry(text)
  if not parsed then
    return nil, message, code, detail
  end
  return parsed.registry
end

return credentials
