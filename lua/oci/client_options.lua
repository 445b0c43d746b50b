--- The options of a client: checked (which may raise), and split into what the client and what the core keeps.
local credentials = require "oci.credentials"
local options = require "oci.options"

local registry_checkers = {
  plain_http = options.boolean,
  ca_file = options.string,
  credentials = credentials.check,
}

local function registries_check(value)
  if type(value) ~= "table" then
    return "table by host"
  end
  for host, given in pairs(value) do
    if type(host) ~= "string" or type(given) ~= "table" then
      return "table of tables by host"
    end
    local fault = options.fault(given, registry_checkers)
    if fault then
      return "table by host", ("%s: %s"):format(host, fault)
    end
  end
end

local checkers = options.of_call {
  registries = registries_check,
  credentials = credentials.check,
  concurrency = options.count,
  user_agent = options.string,
  on_warning = options.callable,
}

-- Splits the registries' options into what the core keeps and what Lua needs, the sources of credentials, by the core's
-- spelling of the host.
local function read_registries(given, for_core, entries)
  local by_host = {}
  for name, registry in pairs(given) do
    local host, message, code, detail = credentials.host(name)
    if not host then
      return nil, "registries: " .. message, code, detail
    end
    by_host[host] = credentials.source(registry.credentials)
    for_core[#for_core + 1] = { host = host, plain_http = registry.plain_http, ca_file = registry.ca_file }
    if credentials.is_table(registry.credentials) then
      entries[#entries + 1] = credentials.entry(host, registry.credentials)
    end
  end
  return by_host
end

--- The fields of the client and the options for the core, or nil, message, code, detail.
return function(call, given)
  given = options.check(call, 1, given, checkers)
  local for_core = {
    concurrency = given.concurrency,
    timeout = given.timeout,
    connect_timeout = given.connect_timeout,
    stall_timeout = given.stall_timeout,
    retries = given.retries,
    user_agent = given.user_agent,
    registries = {},
    credentials = {},
  }
  local by_host, message, code, detail = read_registries(given.registries or {}, for_core.registries,
    for_core.credentials)
  if not by_host then
    return nil, message, code, detail
  end
  if credentials.is_table(given.credentials) then
    table.insert(for_core.credentials, credentials.entry(nil, given.credentials)) -- behind those of one registry
  end
  local made = {
    registries = by_host, credentials = credentials.source(given.credentials), on_warning = given.on_warning,
  }
  return made, for_core
end
