--- JSON Schema: does a value, as oci.json.decode gives it, follow a schema? The subset is draft-07 (the newest draft of Debian's
-- json-schema-test-suite), with what 2020-12 added and draft-07 gives no other meaning:
--
--   any value   type enum const allOf anyOf oneOf not if then else $ref
--   numbers     multipleOf maximum exclusiveMaximum minimum exclusiveMinimum
--   text        maxLength minLength (in characters) pattern (csrc/base/regex.h: PCRE2, in ECMA-262's manner)
--   lists       items additionalItems prefixItems contains minContains maxContains maxItems minItems uniqueItems
--   objects     properties patternProperties additionalProperties propertyNames required maxProperties minProperties
--               dependencies dependentRequired dependentSchemas
--   only said   title description default examples format contentMediaType contentEncoding readOnly writeOnly deprecated
--               $comment $schema, $id at the root, definitions and $defs
--
-- $ref names a place in the same document: "#", "#/definitions/x". Beside it only what is said may stand: in draft-07 the rest
-- would not count, in 2020-12 it would. A schema with another keyword is refused, since leaving it out would let values pass
-- that its author does not want. A whole float is an integer; an empty Lua table is an object, unless it is a list (oci.array).
--
-- Schemas and values are bounded in depth and work, that of patterns too.
local keywords = require "oci.types.keywords"
local options = require "oci.options"
local is_list = require("oci.types.values").is_list

---@class oci.SchemaFinding
---@field path string where, "a.b[3]"; "" is the value
---@field message string what must be otherwise

local schema = {}

local MAX_NODES = 10000    -- schemas in a schema
local MAX_NESTING = 64     -- of a schema as it is written
local MAX_DEPTH = 500      -- of schemas that are followed for a value
local MAX_WORK = 1000000   -- schemas that are followed for a value, what patterns are tried on and their steps
local MAX_FINDINGS = 100

-- ---- compiling

local compiler = {}
compiler.__index = compiler

-- What compile turns into its results.
local Refusal = {}

--- Ends the compilation.
function compiler.refuse(_, where, code, message, ...)
  error(setmetatable({ message = ("the schema at \"#%s\": " .. message):format(where, ...), code = code }, Refusal), 0)
end

local function escape(name)
  return (tostring(name):gsub("~", "~0"):gsub("/", "~1"))
end

--- Counts work that the schema alone causes.
function compiler:spend(work, where)
  self.work = self.work + work
  if self.work > MAX_WORK then
    self:refuse(where, "LIMIT", "the schema's regular expressions take too long")
  end
end

--- Where a part of a schema stands.
function compiler.below(where, name)
  return where .. "/" .. escape(name)
end

local function check_names(self, source, where)
  local asserts
  for name in pairs(source) do
    if not (keywords.known[name] or keywords.said[name]) then
      self:refuse(where, "UNSUPPORTED", "%s", options.unknown("keyword", tostring(name), keywords.all))
    elseif keywords.known[name] and name ~= "$ref" then
      asserts = asserts and asserts < name and asserts or name
    end
  end
  if source["$ref"] ~= nil and asserts then
    self:refuse(where, "UNSUPPORTED", "beside $ref there is '%s', which counts in some drafts only", asserts)
  elseif source["$id"] ~= nil and where ~= "" then
    self:refuse(where, "UNSUPPORTED", "$id may only stand at the root, since it changes what $ref means")
  end
end

-- Definitions are compiled although nothing may refer to them: what is wrong in them is said now.
local function compile_definitions(self, source, where)
  for _, name in ipairs { "definitions", "$defs" } do
    local all = source[name]
    if all ~= nil and (type(all) ~= "table" or is_list(all)) then
      self:refuse(where, "INVALID", "'%s' must be an object of schemas", name)
    end
    for key, part in pairs(all or {}) do
      self:compile(part, self.below(self.below(where, name), key))
    end
  end
end

local function fill(self, node, source, where)
  self.count, self.depth = self.count + 1, self.depth + 1
  if self.count > MAX_NODES or self.depth > MAX_NESTING then
    self:refuse(where, "LIMIT", "the schema is too large or nested too deep")
  end
  check_names(self, source, where)
  for _, name in ipairs(keywords.order) do
    if source[name] ~= nil then
      node[#node + 1] = keywords.known[name](self, source[name], self.below(where, name), source, where)
    end
  end
  compile_definitions(self, source, where)
  self.depth = self.depth - 1
end

-- The node of a schema, and whether it is a new one, still to be filled. The same table has the same node, so that references
-- may go round.
local function node_of(self, source, where)
  if type(source) == "boolean" then
    return source and {} or { keywords.nothing }
  elseif type(source) ~= "table" or is_list(source) then
    self:refuse(where, "INVALID", "a schema must be an object, true or false")
  end
  local new = not self.nodes[source]
  self.nodes[source] = self.nodes[source] or {}
  return self.nodes[source], new
end

--- A schema as a list of functions (context, value, path).
function compiler:compile(source, where)
  local node, new = node_of(self, source, where)
  if new then
    fill(self, node, source, where)
  end
  return node
end

--- The same for what is referred to; it is compiled later, since a chain of references may be longer than schemas are deep.
function compiler:refer(source, where)
  local node, new = node_of(self, source, where)
  if new then
    table.insert(self.pending, { node = node, source = source, where = where })
  end
  return node
end

local function compile_document(self)
  local node = self:compile(self.root, "")
  while #self.pending > 0 do
    local next_one = table.remove(self.pending)
    fill(self, next_one.node, next_one.source, next_one.where)
  end
  return node
end

--- The schemas of a list or of an object, compiled, under the same keys.
function compiler:compile_all(sources, where)
  local nodes = {}
  for key, source in pairs(sources) do
    nodes[key] = self:compile(source, self.below(where, type(key) == "number" and key - 1 or key))
  end
  return nodes
end

--- The part of the document that a $ref names, and where it stands.
function compiler:find(ref, where)
  if type(ref) ~= "string" then
    self:refuse(where, "INVALID", "$ref must be text")
  elseif not ref:find "^#" then
    self:refuse(where, "UNSUPPORTED", "$ref must begin with '#': other documents are not read")
  elseif ref ~= "#" and not ref:find "^#/" then
    self:refuse(where, "UNSUPPORTED", "$ref must be a JSON pointer, \"#/definitions/NAME\"")
  end
  local found = self.root
  for part in ref:sub(2):gmatch "/([^/]*)" do
    local name = part:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
      :gsub("~1", "/"):gsub("~0", "~")
    if is_list(found) then
      found = name:find "^%d+$" and found[tonumber(name) + 1]
    else
      found = type(found) == "table" and found[name]
    end
    if found == nil then
      break
    end
  end
  if type(found) ~= "table" and type(found) ~= "boolean" then
    self:refuse(where, "INVALID", "$ref \"%s\" names nothing", ref)
  end
  return found, ref:sub(2)
end

-- ---- checking

local context = {}
context.__index = context

local TOO_MUCH = {} -- what is raised when the bounds are reached

--- Follows a compiled schema.
function context:run(node, value, path)
  self:spend(1)
  self.depth = self.depth + 1
  if self.depth > MAX_DEPTH then
    self.give_up()
  end
  for i = 1, #node do
    node[i](self, value, path)
  end
  self.depth = self.depth - 1
end

function context:spend(work)
  self.work = self.work + work
  if self.work > MAX_WORK then
    self.give_up()
  end
end

function context.give_up()
  error(TOO_MUCH, 0)
end

--- The findings of a schema, which do not count yet.
function context:try(node, value, path)
  local before = self.findings
  self.findings = {}
  self:run(node, value, path)
  local found = self.findings
  self.findings = before
  return found
end

function context:report(path, message, ...)
  if #self.findings < MAX_FINDINGS then
    self.findings[#self.findings + 1] = { path = path, message = message:format(...) }
  end
end

--- Compiles a schema.
---@param source table|boolean as oci.json.decode gives it, or written in Lua
---@return (fun(value: any): oci.SchemaFinding[])? check finds nothing in a value that follows the schema; nil, message, code,
---detail: INVALID for what is no schema, UNSUPPORTED for keywords and references that are not in the subset, LIMIT
---@return string? message
---@return string? code
---@return table? detail
function schema.compile(source)
  local self = setmetatable({ root = source, nodes = {}, pending = {}, count = 0, depth = 0, work = 0 }, compiler)
  local ok, node = pcall(compile_document, self)
  if not ok then
    if getmetatable(node) ~= Refusal then
      error(node, 0)
    end
    return nil, node.message, node.code, {}
  end
  return function(value)
    local checking = setmetatable({ findings = {}, depth = 0, work = 0 }, context)
    local done, trouble = pcall(checking.run, checking, node, value, "")
    if not done and trouble ~= TOO_MUCH then
      error(trouble, 0)
    elseif not done then
      return { { path = "", message = "the value is too large, or nested too deep, to be checked by the schema" } }
    end
    return checking.findings
  end
end

local compiled = setmetatable({}, { __mode = "k" })

--- The findings of a schema that is known to be in the subset.
---@param source table
---@param value any
---@return oci.SchemaFinding[]
function schema.check(source, value)
  compiled[source] = compiled[source] or assert(schema.compile(source))
  return compiled[source](value)
end

return schema
