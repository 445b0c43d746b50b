--- The keywords of JSON Schema that oci.types.schema knows. Each is a function (compiler, argument, where the argument stands,
-- the schema around it, where that stands) that checks the argument and gives a function (context, value, path) that checks a
-- value.
local core = require "oci.core"
local values = require "oci.types.values"

local keywords = {}

local known = {}
keywords.known = known

-- Keywords that say something to people only.
local said = {}
for name in ([[title description default examples format contentMediaType contentEncoding readOnly writeOnly deprecated
  $comment $schema $id definitions $defs]]):gmatch "%S+" do
  said[name] = true
end
keywords.said = said

local is_list, is_object, is_whole, sorted = values.is_list, values.is_object, values.is_whole, values.sorted
local item_path, member_path, counted, shown = values.item_path, values.member_path, values.counted, values.shown

-- The same text for equal values: keys are sorted, whole floats written as integers. "" for what JSON cannot say.
local function canonical(context, value)
  local text = core.json_encode(value) or ""
  context:spend(1 + #text / 64)
  return text
end

-- The names of a value's members, if it is an object.
local function names_of(context, value)
  local all = is_object(value) and sorted(value) or {}
  context:spend(#all)
  return all
end

-- Steps of a regular expression that cost as much as following a schema.
local STEPS = 64

local function matches(context, pattern, text)
  context:spend(1 + #text / 64)
  local found, steps = core.regex_find(pattern, text)
  if found == nil then
    context.give_up()
  end
  context:spend(steps / STEPS)
  return found
end

-- ---- arguments

local function demand(compiler, ok, where, what)
  if not ok then
    compiler:refuse(where, "INVALID", "this must be %s", what)
  end
end

local function demand_count(compiler, argument, where)
  demand(compiler, is_whole(argument) and argument >= 0, where, "a whole number, not negative")
end

local function demand_number(compiler, argument, where)
  demand(compiler, type(argument) == "number" and argument - argument == 0, where, "a number")
end

local function demand_json(compiler, argument, where)
  local text, message, code = core.json_encode(argument)
  if not text then
    compiler:refuse(where, code, "%s", message)
  end
  return text
end

-- An empty table written in Lua will do.
local function demand_names(compiler, argument, where)
  local ok = type(argument) == "table"
  for key, name in pairs(ok and argument or {}) do
    ok = ok and type(key) == "number" and type(name) == "string"
  end
  demand(compiler, ok, where, "a list of names")
end

local function demand_schemas(compiler, argument, where)
  demand(compiler, is_list(argument) and #argument > 0, where, "a list of one schema or more")
  return compiler:compile_all(argument, where)
end

local function demand_members(compiler, argument, where)
  demand(compiler, is_object(argument), where, "an object of schemas")
  return compiler:compile_all(argument, where)
end

local function demand_pattern(compiler, pattern, where)
  demand(compiler, type(pattern) == "string", where, "a regular expression")
  local found, steps_or_message, code = core.regex_find(pattern, "")
  if found == nil then
    compiler:refuse(where, code, "%s", steps_or_message)
  end
  compiler:spend(steps_or_message / STEPS, where)
end

-- ---- any value

function keywords.nothing(context, _, path)
  context:report(path, "nothing may be here")
end

known["type"] = function(compiler, argument, where)
  local wanted = type(argument) == "table" and argument or { argument }
  local tests, texts = {}, {}
  for i, name in ipairs(wanted) do
    demand(compiler, values.tests[name], where,
      "null, boolean, number, integer, string, array, object or a list of them")
    tests[i], texts[i] = values.tests[name], values.names[name]
  end
  demand(compiler, #tests > 0, where, "a type or a list of types")
  return function(context, value, path)
    for i = 1, #tests do
      if tests[i](value) then
        return
      end
    end
    context:report(path, "this must be %s, not %s", table.concat(texts, " or "), values.kind(value))
  end
end

known["enum"] = function(compiler, argument, where)
  demand(compiler, type(argument) == "table" and (is_list(argument) or next(argument) == nil), where, "a list")
  local allowed, texts = {}, {}
  for i, value in ipairs(argument) do
    allowed[demand_json(compiler, value, where)] = true
    texts[i] = i <= 10 and shown(value) or i == 11 and "..." or nil
  end
  return function(context, value, path)
    if not allowed[canonical(context, value)] then
      context:report(path, "this must be one of %s", table.concat(texts, ", "))
    end
  end
end

known["const"] = function(compiler, argument, where)
  local wanted = demand_json(compiler, argument, where)
  return function(context, value, path)
    if canonical(context, value) ~= wanted then
      context:report(path, "this must be %s", shown(argument))
    end
  end
end

known["$ref"] = function(compiler, argument, where)
  local source, place = compiler:find(argument, where)
  local node = compiler:refer(source, place)
  return function(context, value, path)
    context:run(node, value, path)
  end
end

known["allOf"] = function(compiler, argument, where)
  local nodes = demand_schemas(compiler, argument, where)
  return function(context, value, path)
    for i = 1, #nodes do
      context:run(nodes[i], value, path)
    end
  end
end

known["anyOf"] = function(compiler, argument, where)
  local nodes = demand_schemas(compiler, argument, where)
  return function(context, value, path)
    local nearest
    for i = 1, #nodes do
      local found = context:try(nodes[i], value, path)
      if #found == 0 then
        return
      elseif not nearest or #found < #nearest then
        nearest = found
      end
    end
    context:report(path, "this is none of the %s that are allowed; of one, %s: %s", counted(#nodes, "form"),
      nearest[1].path == path and "here" or nearest[1].path, nearest[1].message)
  end
end

known["oneOf"] = function(compiler, argument, where)
  local nodes = demand_schemas(compiler, argument, where)
  return function(context, value, path)
    local fitting = 0
    for i = 1, #nodes do
      fitting = fitting + (#context:try(nodes[i], value, path) == 0 and 1 or 0)
    end
    if fitting ~= 1 then
      context:report(path, "this must be exactly one of %s, it is %s", counted(#nodes, "form"),
        fitting == 0 and "none" or ("%d of them"):format(fitting))
    end
  end
end

known["not"] = function(compiler, argument, where)
  local node = compiler:compile(argument, where)
  return function(context, value, path)
    if #context:try(node, value, path) == 0 then
      context:report(path, "this has a form that is not allowed")
    end
  end
end

known["if"] = function(compiler, argument, where, source, around)
  local condition, branches = compiler:compile(argument, where), {}
  for _, name in ipairs { "then", "else" } do
    branches[name] = source[name] ~= nil and compiler:compile(source[name], compiler.below(around, name)) or {}
  end
  return function(context, value, path)
    context:run(branches[#context:try(condition, value, path) == 0 and "then" or "else"], value, path)
  end
end

-- Without `if` they say nothing; they must still be schemas.
local function branch(compiler, argument, where)
  compiler:compile(argument, where)
end
known["then"], known["else"] = branch, branch

-- ---- numbers

local function limit(test, text)
  return function(compiler, argument, where)
    demand_number(compiler, argument, where)
    return function(context, value, path)
      if type(value) == "number" and not test(value, argument) then
        context:report(path, text, ("%.14g"):format(argument))
      end
    end
  end
end

known["maximum"] = limit(function(value, bound) return value <= bound end, "this must be at most %s")
known["exclusiveMaximum"] = limit(function(value, bound) return value < bound end, "this must be less than %s")
known["minimum"] = limit(function(value, bound) return value >= bound end, "this must be at least %s")
known["exclusiveMinimum"] = limit(function(value, bound) return value > bound end, "this must be more than %s")

-- Binary fractions are never exact: 0.0075 is 75 times 0.0001 but for the last bits.
local function is_multiple(value, of)
  if is_whole(value) and is_whole(of) then
    return value % of == 0
  end
  local times = value / of
  local whole = math.floor(times + 0.5)
  return times - times == 0 and math.abs(times - whole) <= 1e-12 * math.max(1, math.abs(times))
end

local multiple = limit(is_multiple, "this must be a multiple of %s")
known["multipleOf"] = function(compiler, argument, where)
  demand_number(compiler, argument, where)
  demand(compiler, argument > 0, where, "more than 0")
  return multiple(compiler, argument, where)
end

-- ---- sizes

local function size_limit(is_kind, size, test, text, what)
  return function(compiler, argument, where)
    demand_count(compiler, argument, where)
    return function(context, value, path)
      if is_kind(value) and not test(size(context, value), argument) then
        context:report(path, text, counted(argument, what))
      end
    end
  end
end

local function characters(context, text)
  context:spend(#text / 64)
  return #text:gsub("[\128-\191]", "")
end

local function length(_, list)
  return #list
end

local function members(context, object)
  local count = 0
  for _ in pairs(object) do
    count = count + 1
  end
  context:spend(count / 16)
  return count
end

local function at_most(size, bound)
  return size <= bound
end

local function at_least(size, bound)
  return size >= bound
end

known["maxLength"] = size_limit(values.tests.string, characters, at_most, "this must have at most %s", "character")
known["minLength"] = size_limit(values.tests.string, characters, at_least, "this must have at least %s", "character")
known["maxItems"] = size_limit(is_list, length, at_most, "this must have at most %s", "item")
known["minItems"] = size_limit(is_list, length, at_least, "this must have at least %s", "item")
known["maxProperties"] = size_limit(is_object, members, at_most, "this must have at most %s", "member")
known["minProperties"] = size_limit(is_object, members, at_least, "this must have at least %s", "member")

-- ---- text

known["pattern"] = function(compiler, argument, where)
  demand_pattern(compiler, argument, where)
  return function(context, value, path)
    if type(value) == "string" and not matches(context, argument, value) then
      context:report(path, "this must match the regular expression %s", shown(argument))
    end
  end
end

-- ---- lists

-- The schemas of the first items, and of all behind them: a list as `items` with `additionalItems` is draft-07's way of
-- writing it, `prefixItems` with `items` that of 2020-12.
local function items(compiler, prefix, prefix_where, rest, rest_where)
  local first = prefix and compiler:compile_all(prefix, prefix_where) or {}
  local others = rest ~= nil and compiler:compile(rest, rest_where) or {}
  return function(context, value, path)
    for i, item in ipairs(is_list(value) and value or {}) do
      context:run(first[i] or others, item, item_path(path, i))
    end
  end
end

known["items"] = function(compiler, argument, where, source, around)
  if not is_list(argument) then
    return source.prefixItems == nil and items(compiler, nil, nil, argument, where) or nil
  elseif source.prefixItems ~= nil then
    compiler:refuse(where, "INVALID", "beside prefixItems, items is one schema")
  end
  return items(compiler, argument, where, source.additionalItems, compiler.below(around, "additionalItems"))
end

known["prefixItems"] = function(compiler, argument, where, source, around)
  demand(compiler, is_list(argument), where, "a list of schemas")
  return items(compiler, argument, where, source.items, compiler.below(around, "items"))
end

-- Counts only beside a list of items; it must still be a schema.
known["additionalItems"] = branch

known["contains"] = function(compiler, argument, where, source, around)
  local node = compiler:compile(argument, where)
  local least, most = source.minContains or 1, source.maxContains or math.huge
  for _, name in ipairs { "minContains", "maxContains" } do
    if source[name] ~= nil then
      demand_count(compiler, source[name], compiler.below(around, name))
    end
  end
  return function(context, value, path)
    if not is_list(value) then
      return
    end
    local fitting = 0
    for i, item in ipairs(value) do
      fitting = fitting + (#context:try(node, item, item_path(path, i)) == 0 and 1 or 0)
    end
    if fitting < least then
      context:report(path, "this must have %s of a form that %s", counted(least, "item"),
        fitting == 0 and "none has" or "too few have")
    elseif fitting > most then
      context:report(path, "this must have at most %s of a form that %d have", counted(most, "item"), fitting)
    end
  end
end

-- They say something beside `contains` only.
known["minContains"] = demand_count
known["maxContains"] = demand_count

known["uniqueItems"] = function(compiler, argument, where)
  demand(compiler, type(argument) == "boolean", where, "true or false")
  return argument and function(context, value, path)
    local seen = {}
    for i, item in ipairs(is_list(value) and value or {}) do
      local text = canonical(context, item)
      if seen[text] then
        context:report(item_path(path, i), "this is the same as %s", item_path(path, seen[text]))
      end
      seen[text] = seen[text] or i
    end
  end or nil
end

-- ---- objects

known["required"] = function(compiler, argument, where)
  demand_names(compiler, argument, where)
  return function(context, value, path)
    for _, name in ipairs(is_object(value) and argument or {}) do
      if value[name] == nil then
        context:report(path, "%s is missing", member_path("", name))
      end
    end
  end
end

-- A check that calls act(context, value, name, path) for each of the names, sorted, that an object has.
local function for_each_of(names, act)
  local order = sorted(names)
  return function(context, value, path)
    for _, name in ipairs(is_object(value) and order or {}) do
      if value[name] ~= nil then
        act(context, value, name, path)
      end
    end
  end
end

known["properties"] = function(compiler, argument, where)
  local nodes = demand_members(compiler, argument, where)
  return for_each_of(nodes, function(context, value, name, path)
    context:run(nodes[name], value[name], member_path(path, name))
  end)
end

known["patternProperties"] = function(compiler, argument, where)
  local nodes = demand_members(compiler, argument, where)
  local order = sorted(nodes)
  for _, pattern in ipairs(order) do
    demand_pattern(compiler, pattern, compiler.below(where, pattern))
  end
  return function(context, value, path)
    for _, name in ipairs(names_of(context, value)) do
      for _, pattern in ipairs(order) do
        if matches(context, pattern, name) then
          context:run(nodes[pattern], value[name], member_path(path, name))
        end
      end
    end
  end
end

known["additionalProperties"] = function(compiler, argument, where, source)
  local node = compiler:compile(argument, where)
  local declared = type(source.properties) == "table" and source.properties or {}
  local patterns = sorted(type(source.patternProperties) == "table" and source.patternProperties or {})
  local function is_declared(context, name)
    if declared[name] ~= nil then
      return true
    end
    for _, pattern in ipairs(patterns) do
      if matches(context, pattern, name) then
        return true
      end
    end
    return false
  end
  return function(context, value, path)
    for _, name in ipairs(names_of(context, value)) do
      if not is_declared(context, name) then
        if argument == false then
          context:report(member_path(path, name), "no member of this name is known")
        else
          context:run(node, value[name], member_path(path, name))
        end
      end
    end
  end
end

known["propertyNames"] = function(compiler, argument, where)
  local node = compiler:compile(argument, where)
  return function(context, value, path)
    for _, name in ipairs(names_of(context, value)) do
      local found = context:try(node, name, "")
      if found[1] then
        context:report(member_path(path, name), "of the name: %s", found[1].message)
      end
    end
  end
end

local function require_with(context, value, path, name, others)
  for _, other in ipairs(others) do
    if value[other] == nil then
      context:report(path, "%s is missing, it must be there with %s", member_path("", other), member_path("", name))
    end
  end
end

known["dependentRequired"] = function(compiler, argument, where)
  demand(compiler, is_object(argument), where, "an object of lists of names")
  for name, others in pairs(argument) do
    demand_names(compiler, others, compiler.below(where, name))
  end
  return for_each_of(argument, function(context, value, name, path)
    require_with(context, value, path, name, argument[name])
  end)
end

known["dependentSchemas"] = function(compiler, argument, where)
  local nodes = demand_members(compiler, argument, where)
  return for_each_of(nodes, function(context, value, name, path)
    context:run(nodes[name], value, path)
  end)
end

-- Draft-07's one keyword for the two above.
known["dependencies"] = function(compiler, argument, where)
  demand(compiler, is_object(argument), where, "an object of schemas and lists of names")
  local lists, schemas = {}, {}
  for name, value in pairs(argument) do
    (is_list(value) and lists or schemas)[name] = value
  end
  local by_names = known.dependentRequired(compiler, lists, where)
  local by_schemas = known.dependentSchemas(compiler, schemas, where)
  return function(context, value, path)
    by_names(context, value, path)
    by_schemas(context, value, path)
  end
end

-- ---- their order, which is that of the findings

keywords.order = {
  "$ref", "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
  "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "prefixItems", "items", "additionalItems",
  "contains", "minContains", "maxContains", "maxProperties", "minProperties", "required", "propertyNames", "properties",
  "patternProperties", "additionalProperties", "dependencies", "dependentRequired", "dependentSchemas", "allOf",
  "anyOf", "oneOf", "not", "if", "then", "else",
}

--- All names, for the nearest of an unknown one.
keywords.all = {}
for _, list in ipairs { known, said } do
  for name in pairs(list) do
    keywords.all[name] = true
  end
end

return keywords
