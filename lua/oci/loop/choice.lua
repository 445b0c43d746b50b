--- What oci.loop() is given, as the host that it means; nil for "auto". Raises for what is none.
local options = require "oci.options"

local function names(hosts)
  local all = {}
  for i, host in ipairs(hosts) do
    all[i] = host.name
  end
  return table.concat(all, ", ")
end

local function by_name(name, hosts)
  for _, known in ipairs(hosts) do
    if known.name == "nginx" and name == "nginx" and not known.loaded() then
      options.bad_argument("loop", 1, "this is not nginx with its Lua module")
    elseif known.name == name then
      return require("oci.loop." .. name)
    end
  end
  options.bad_argument("loop", 1, ("unknown loop '%s', known are %s and auto"):format(name, names(hosts)))
end

return function(host, hosts)
  if host == "auto" then
    return nil
  elseif type(host) == "string" then
    return by_name(host, hosts)
  elseif type(host) ~= "table" or options.callable(host.running) or options.callable(host.wait) then
    options.bad_argument("loop", 1, "name, or table with the functions running and wait expected")
  end
  return host
end
