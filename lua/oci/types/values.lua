--- JSON values as Lua has them: what they are, what they are called in findings, and where they stand.
local core = require "oci.core"

local values = {}

local array_meta = getmetatable(core.array {})

--- A table with items, or one that is marked as a list; an empty table is an object.
function values.is_list(value)
  return type(value) == "table" and (#value > 0 or getmetatable(value) == array_meta)
end

function values.is_object(value)
  return type(value) == "table" and not values.is_list(value)
end

function values.is_whole(value)
  return type(value) == "number" and value % 1 == 0
end

--- Tests by the names that JSON Schema has for types.
values.tests = {
  null = function(value) return value == core.null end,
  boolean = function(value) return type(value) == "boolean" end,
  number = function(value) return type(value) == "number" end,
  integer = values.is_whole,
  string = function(value) return type(value) == "string" end,
  array = values.is_list,
  object = values.is_object,
}

--- What a person calls them.
values.names = {
  null = "null", boolean = "true or false", number = "a number", integer = "a whole number", string = "text",
  array = "a list", object = "an object",
}

--- What a value is, in words.
function values.kind(value)
  for _, name in ipairs { "null", "boolean", "number", "string", "array", "object" } do
    if values.tests[name](value) then
      return values.names[name]
    end
  end
  return "a " .. type(value)
end

--- The beginning of a text, which does not end within a character.
function values.cut(text, most)
  return #text > most and text:sub(1, most):gsub("[\192-\255][\128-\191]*$", "") .. "..." or text
end

--- A value as JSON, the beginning of it.
function values.shown(value)
  return values.cut(core.json_encode(value), 60)
end

--- "1 entry", "2 entries".
function values.counted(number, what)
  return ("%.0f %s"):format(number, number == 1 and what or what:gsub("y$", "ie") .. "s")
end

--- The path of a list's item, counted from 1, as lint writes it: from 0.
function values.item_path(path, i)
  return ("%s[%d]"):format(path, i - 1)
end

--- The path of an object's member.
function values.member_path(path, name)
  name = tostring(name)
  if #name <= 60 and name:find "^[%a_][%w_]*$" then
    return path == "" and name or path .. "." .. name
  end
  return ("%s[\"%s\"]"):format(path, values.cut((name:gsub("[%c\127]", "?")), 60))
end

--- The names of a table's members in a fixed order, so that findings have one.
function values.sorted(object)
  local all = {}
  for name in pairs(object) do
    all[#all + 1] = name
  end
  table.sort(all, function(a, b) return tostring(a) < tostring(b) end)
  return all
end

-- Several lines, of which the following ones are indented.
local function lines(open, all, close, indent)
  if not all[1] then
    return open .. close
  end
  local inner = indent .. "  "
  return open .. "\n" .. inner .. table.concat(all, ",\n" .. inner) .. "\n" .. indent .. close
end

local function pretty(value, indent)
  local all = {}
  if values.is_list(value) then
    for i, item in ipairs(value) do
      all[i] = pretty(item, indent .. "  ")
    end
    return lines("[", all, "]", indent)
  elseif values.is_object(value) then
    for i, name in ipairs(values.sorted(value)) do
      all[i] = core.json_encode(name) .. ": " .. pretty(value[name], indent .. "  ")
    end
    return lines("{", all, "}", indent)
  end
  return core.json_encode(value)
end

--- A value as JSON for people: indented, keys sorted; nil, message, code, detail for what JSON cannot say.
function values.pretty(value)
  local text, message, code, detail = core.json_encode(value)
  if not text then
    return nil, message, code, detail
  end
  return pretty(value, "")
end

return values
