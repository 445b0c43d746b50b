--- Checks what callers pass: arguments by type, tables of options by name and type. What is wrong here is a mistake
-- in the program, so it raises, at the line of the caller's that is outside this library.
local options = {}

local ours = debug.getinfo(1, "S").source:match("^(.*)options%.lua$")

--- Raises at the first line of the stack that is not of this library.
function options.raise(message)
  local level = 2
  while true do
    local info = debug.getinfo(level, "S")
    if not info then
      error(message, 0)
    end
    -- "tail": Lua 5.1's level for a call that is gone.
    if info.what ~= "C" and info.what ~= "tail" and (not ours or info.source:sub(1, #ours) ~= ours) then
      error(message, level)
    end
    level = level + 1
  end
end

function options.bad_argument(call, index, message)
  options.raise(("bad argument #%d to '%s' (%s)"):format(index, call, message))
end

--- What a value is called in messages.
function options.kind(value)
  return value == nil and "no value" or type(value)
end

-- ---- checkers: nil if the value will do, else what was expected; or that and, of a table, what in it is wrong

local function of_type(name)
  return function(value)
    return type(value) ~= name and name or nil
  end
end

--- A string that is text: for the core it would end at a zero byte.
function options.string(value)
  if type(value) ~= "string" then
    return "string"
  elseif value:find("\0", 1, true) then
    return "string", "it has a zero byte"
  end
end

--- A path: "" would be the working directory for some calls of the system, and nothing for others.
function options.path(value)
  if value == "" then
    return "path", "the path is empty"
  end
  return options.string(value)
end

--- A string that may be anything.
options.bytes = of_type "string"

--- One of these words.
function options.one_of(...)
  local allowed = { ... }
  return function(value)
    for _, word in ipairs(allowed) do
      if value == word then
        return nil
      end
    end
    local last = #allowed
    local expected = ('"%s" or "%s"'):format(table.concat(allowed, '", "', 1, last - 1), allowed[last])
    local got = type(value) == "string" and ('"%s"'):format(value:gsub("%c", "?")) or options.kind(value)
    return expected, ("%s expected, got %s"):format(expected, got)
  end
end

function options.seconds(value)
  return not (type(value) == "number" and value >= 0) and "number of seconds (0 or more)" or nil
end

-- 2^53 - 1 in full: to raise it to the power, every script would load more of the mathematics library than of this one.
function options.size(value)
  return not (type(value) == "number" and value >= 0 and value % 1 == 0 and value <= 9007199254740991)
    and "whole number (0 or more)" or nil
end

function options.count(value)
  return not (options.size(value) == nil and value >= 1 and value <= 1000) and "whole number from 1 to 1000" or nil
end

function options.retries(value)
  return not (options.size(value) == nil and value <= 1000) and "whole number from 0 to 1000" or nil
end

function options.callable(value)
  local meta = type(value) ~= "function" and debug.getmetatable(value)
  return not (type(value) == "function" or (meta and meta.__call)) and "function" or nil
end

--- Is it an object that can be written to?
function options.has_write(value)
  local ok, method = pcall(function() return value.write end)
  return ok and method ~= nil and type(value) ~= "string"
end

--- What keeps a table from being a list, or nil. Of a hole some Lua would see the end of the list, another one a nil in it.
function options.list_fault(items)
  local count = 0
  for key in pairs(items) do
    if type(key) ~= "number" then
      return ("list expected, with the key [%s]"):format(tostring(key))
    end
    count = count + 1
  end
  for i = 1, count do
    if items[i] == nil then
      return ("list expected, without a nil as its item %d"):format(i)
    end
  end
end

--- A list of strings.
function options.string_list(value)
  if type(value) ~= "table" then
    return "list of strings"
  end
  local fault = options.list_fault(value)
  if fault then
    return "list of strings", fault
  end
  for i, item in ipairs(value) do
    local wrong, why = options.string(item)
    if wrong then
      return "list of strings", ("item %d: %s"):format(i, why or "string expected, got " .. options.kind(item))
    end
  end
end

--- A string or a list of them.
function options.strings(value)
  if type(value) == "string" then
    return options.string(value)
  end
  local expected, why = options.string_list(value)
  return expected and "string or " .. expected, why
end

--- Names and values that are strings.
function options.string_map(value)
  if type(value) ~= "table" then
    return "table of strings"
  end
  for key, item in pairs(value) do
    if type(key) ~= "string" then
      return "table of strings", ("the name [%s] is no string"):format(tostring(key))
    elseif type(item) ~= "string" then
      return "table of strings", ("'%s': string expected, got %s"):format(key, options.kind(item))
    end
  end
end

options.boolean = of_type "boolean"
options.table = of_type "table"

-- ---- tables of options

-- The options that every call has.
local of_every_call = {
  timeout = options.seconds,
  connect_timeout = options.seconds,
  stall_timeout = options.seconds,
  retries = options.retries,
}

local of_platform = {
  os = options.string,
  architecture = options.string,
  variant = options.string,
  os_version = options.string,
  os_features = options.string_list,
  features = options.string_list, -- Docker's; kept
}

--- "os/architecture[/variant]" (which the core reads), or a table as descriptors have it.
function options.platform(value)
  if type(value) == "string" then
    return nil
  end
  local wrong = type(value) == "table" and options.fault(value, of_platform) or nil
  if wrong or type(value) ~= "table" or not value.os or not value.architecture then
    return "'os/architecture[/variant]' or table with os and architecture", wrong
  end
end

--- A new table with the fields of one, and over them those of another.
function options.with(fields, more)
  local all = {}
  for name, value in pairs(fields) do
    all[name] = value
  end
  for name, value in pairs(more) do
    all[name] = value
  end
  return all
end

--- The table of checkers of a call: its own options and those of every call.
function options.of_call(own)
  return options.with(of_every_call, own or {})
end

--- "unknown option 'x', the nearest is 'y'".
function options.unknown(what, name, known)
  return require("oci.unknown")(what, name, known)
end

--- What is wrong with a table of options, or nil.
function options.fault(given, checkers)
  for name, value in pairs(given) do
    local check = checkers[name]
    if not check then
      if type(name) ~= "string" then
        return ("unknown option [%s]"):format(tostring(name))
      end
      return options.unknown("option", name, checkers)
    end
    local expected, why = check(value)
    if expected and why then
      return ("option '%s': %s"):format(name, why)
    elseif expected then
      return ("option '%s': %s expected, got %s"):format(name, expected, options.kind(value))
    end
  end
end

--- The table of options, or an empty one for nil; raises for anything else, an unknown name, a wrong type.
function options.check(call, index, given, checkers)
  if given == nil then
    return {}
  end
  if type(given) ~= "table" then
    options.bad_argument(call, index, "table of options expected, got " .. type(given))
  end
  local fault = options.fault(given, checkers)
  if fault then
    options.bad_argument(call, index, fault)
  end
  return given
end

--- Raises unless `value` is what this checker takes.
function options.check_argument(call, index, value, checker)
  local expected, why = checker(value)
  if expected then
    options.bad_argument(call, index, why or ("%s expected, got %s"):format(expected, options.kind(value)))
  end
  return value
end

--- Raises unless `value` is a string.
function options.check_string(call, index, value)
  return options.check_argument(call, index, value, options.bytes)
end

--- The options of every call out of a checked table.
function options.call_options(given)
  local all = {}
  for name in pairs(of_every_call) do
    all[name] = given[name]
  end
  return all
end

return options
