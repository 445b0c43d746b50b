-- oci.types.schema: the cases of Debian's json-schema-test-suite whose keywords are in the subset, what 2020-12 adds to it, what is
-- refused, and what hostile schemas and values cost.
local oci = require "oci"
local schema = require "oci.types.schema"

local SUITE = "/usr/share/json-schema-test-suite/tests/draft7/"

local files = [[additionalItems additionalProperties allOf anyOf boolean_schema const contains default definitions dependencies enum
  exclusiveMaximum exclusiveMinimum if-then-else items maxItems maxLength maxProperties maximum minItems minLength minProperties
  minimum multipleOf not oneOf pattern patternProperties properties propertyNames ref refRemote required type uniqueItems
  optional/zeroTerminatedFloats]]

-- Not run: optional/format/* and optional/ecmascript-regex (`format` is only said), optional/content (so is `contentEncoding`),
-- optional/bignum (its integers are beyond 2^53-1, which the JSON reader refuses).

local REMOTE = "other documents are not read"

-- The groups that are left out, and why: words of the refusal.
local left_out = {
  ["definitions: valid definition"] = REMOTE,
  ["definitions: invalid definition"] = REMOTE,
  ["ref: escaped pointer ref"] = "unknown keyword",
  ["ref: ref overrides any sibling keywords"] = "beside $ref there is 'maxItems'",
  ["ref: remote ref, containing refs itself"] = REMOTE,
  ["ref: Recursive references between schemas"] = REMOTE,
  ["refRemote: remote ref"] = REMOTE,
  ["refRemote: fragment within remote ref"] = REMOTE,
  ["refRemote: ref within remote ref"] = REMOTE,
  ["refRemote: base URI change"] = "$id may only stand at the root",
  ["refRemote: base URI change - change folder"] = "$id may only stand at the root",
  ["refRemote: base URI change - change folder in subschema"] = "$id may only stand at the root",
  ["refRemote: root ref in remote ref"] = REMOTE,
}

local function read_all(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read "*a"
  file:close()
  return text
end

describe("the cases of json-schema-test-suite", function()
  local here = read_all(SUITE .. "type.json")

  for name in files:gmatch "%S+" do
    it(name, function()
      if not here then
        pending "json-schema-test-suite is not installed"
        return
      end
      local groups = assert(oci.json.decode(assert(read_all(SUITE .. name .. ".json"))))
      for _, group in ipairs(groups) do
        local title = name .. ": " .. group.description
        local check, message, code = schema.compile(group.schema)
        local why = left_out[title]
        if why then
          assert.is_nil(check, title)
          assert.equal("UNSUPPORTED", code, title)
          assert.truthy(message:find(why, 1, true), title .. ": " .. message)
        else
          assert(check, title .. ": " .. tostring(message))
          for _, case in ipairs(group.tests) do
            local findings = check(case.data)
            assert.equal(case.valid, #findings == 0, title .. ": " .. case.description)
          end
        end
      end
    end)
  end
end)

local function messages(source, value)
  local found = {}
  for i, finding in ipairs(assert(schema.compile(source))(value)) do
    found[i] = finding.path .. ": " .. finding.message
  end
  return found
end

-- A schema and a value as JSON, and the one finding; nil: none.
local function check_all(cases)
  for _, case in ipairs(cases) do
    local found = messages(assert(oci.json.decode(case[1])), assert(oci.json.decode(case[2])))
    assert.same(case[3] and { case[3] } or {}, found, case[1] .. " " .. case[2])
  end
end

describe("a schema", function()
  it("may have what 2020-12 added", function()
    check_all {
      { '{"$defs":{"a":{"type":"string"}},"items":{"$ref":"#/$defs/a"}}', '["x"]' },
      { '{"$defs":{"a":{"type":"string"}},"items":{"$ref":"#/$defs/a"}}', '["x",1]',
        "[1]: this must be text, not a number" },
      { '{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}', '["x",1,2]' },
      { '{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}', '["x",1,"y"]',
        "[2]: this must be a number, not text" },
      { '{"prefixItems":[{"type":"string"}],"items":false}', '["x",1]', "[1]: nothing may be here" },
      { '{"prefixItems":[{"type":"string"}]}', '["x",null]' },
      { '{"contains":{"const":1},"minContains":2}', "[1,1]" },
      { '{"contains":{"const":1},"minContains":2}', "[1,2]", ": this must have 2 items of a form that too few have" },
      { '{"contains":{"const":1},"minContains":0}', "[]" },
      { '{"contains":{"const":1},"maxContains":1}', "[1,1]", ": this must have at most 1 item of a form that 2 have" },
      { '{"maxContains":1}', "[1,1]" },
      { '{"dependentRequired":{"a":["b"]}}', '{"a":1,"b":2}' },
      { '{"dependentRequired":{"a":["b"]}}', '{"b":1}' },
      { '{"dependentRequired":{"a":["b"]}}', '{"a":1}', ": b is missing, it must be there with a" },
      { '{"dependentSchemas":{"a":{"maxProperties":1}}}', '{"a":1,"b":2}', ": this must have at most 1 member" },
      { '{"dependentSchemas":{"a":{"maxProperties":1}}}', '{"b":1,"c":2}' },
    }
  end)

  it("says what is wrong, and where", function()
    check_all {
      { '{"type":"integer"}', "1.5", ": this must be a whole number, not a number" },
      { '{"type":["null","boolean"]}', '{}', ": this must be null or true or false, not an object" },
      { '{"properties":{"a b":{"items":{"enum":["x",1]}}}}', '{"a b":[1,2]}',
        '["a b"][1]: this must be one of "x", 1' },
      { '{"const":{"a":[1]}}', '{"a":[2]}', ': this must be {"a":[1]}' },
      { '{"properties":{"a":{"minimum":3}}}', '{"a":2}', "a: this must be at least 3" },
      { '{"properties":{"a":{"properties":{"b":{"exclusiveMaximum":0.5}}}}}', '{"a":{"b":0.5}}',
        "a.b: this must be less than 0.5" },
      { '{"multipleOf":0.1}', "0.25", ": this must be a multiple of 0.1" },
      { '{"minLength":3}', '"é😀"', ": this must have at least 3 characters" },
      { '{"maxLength":2}', '"é😀"' },
      { '{"pattern":"^\\\\d+$"}', '"x"', ': this must match the regular expression "^\\\\d+$"' },
      { '{"pattern":"^(?!-)(.)\\\\1$"}', '"aa"' },
      { '{"pattern":"^(?!-)(.)\\\\1$"}', '"--"', ': this must match the regular expression "^(?!-)(.)\\\\1$"' },
      { '{"required":["a","b"]}', '{"a":1}', ": b is missing" },
      { '{"additionalProperties":false,"properties":{"a":{}}}', '{"a":1,"b":2}', "b: no member of this name is known" },
      { '{"propertyNames":{"pattern":"^a"}}', '{"b":1}',
        'b: of the name: this must match the regular expression "^a"' },
      { '{"uniqueItems":true}', '[1,{"a":1,"b":2},{"b":2,"a":1.0}]', "[2]: this is the same as [1]" },
      { '{"not":{"type":"string"}}', '"x"', ": this has a form that is not allowed" },
      { '{"oneOf":[{"type":"number"},{"minimum":1}]}', "2", ": this must be exactly one of 2 forms, it is 2 of them" },
      { '{"anyOf":[{"type":"object","required":["a"]},{"required":["a","b"]}]}', "{}",
        ": this is none of the 2 forms that are allowed; of one, here: a is missing" },
      { '{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}', '{"a":1}', ": b is missing" },
    }
    assert.same({ "a: this must be text, not a number", "b: this must be text, not null" },
      messages({ properties = { b = { type = "string" }, a = { type = "string" } } }, { a = 1, b = oci.null }))
  end)

  it("may be written in Lua, where an empty table is both", function()
    assert.same({}, messages({ required = {}, properties = {}, items = {}, dependencies = { a = {} } }, { a = 1 }))
    assert.same({}, messages({ type = "array", maxItems = 0 }, oci.array {}))
    assert.same({ ": this must be a list, not an object" }, messages({ type = "array" }, {}))
    assert.same({}, messages(true, 1))
    assert.same({ ": nothing may be here" }, messages(false, 1))
  end)

  it("may refer to itself", function()
    local tree = { type = "object", properties = { next = { ["$ref"] = "#" } }, additionalProperties = false }
    assert.same({}, messages(tree, { next = { next = {} } }))
    assert.same({ "next.next.x: no member of this name is known" }, messages(tree, { next = { next = { x = 1 } } }))
    local lua = { properties = {} }
    lua.properties.child = lua
    lua.maxProperties = 1
    assert.same({ "child: this must have at most 1 member" }, messages(lua, { child = { a = 1, b = 2 } }))
    local chain = { definitions = {}, ["$ref"] = "#/definitions/d1" }
    for i = 1, 300 do
      chain.definitions["d" .. i] = { ["$ref"] = "#/definitions/d" .. i + 1 }
    end
    chain.definitions.d301 = { type = "string" }
    assert.same({ ": this must be text, not a number" }, messages(chain, 1))
  end)

  it("is refused if it is none, or not in the subset", function()
    for text, expected in pairs {
      ['{"propertis":{}}'] = "UNSUPPORTED the schema at \"#\": unknown keyword 'propertis', the nearest is 'properties'",
      ['{"items":{"unevaluatedItems":false}}'] = "UNSUPPORTED the schema at \"#/items\": unknown keyword "
        .. "'unevaluatedItems', the nearest is 'uniqueItems'",
      ['{"type":"text"}'] = "INVALID the schema at \"#/type\": this must be null, boolean, number, integer, string, array, "
        .. "object or a list of them",
      ['{"properties":{"a/b":{"minLength":-1}}}'] =
        "INVALID the schema at \"#/properties/a~1b/minLength\": this must be a whole number, not negative",
      ['{"exclusiveMaximum":true}'] = "INVALID the schema at \"#/exclusiveMaximum\": this must be a number",
      ['{"required":"a"}'] = "INVALID the schema at \"#/required\": this must be a list of names",
      ['{"required":true}'] = "INVALID the schema at \"#/required\": this must be a list of names",
      ['{"allOf":[]}'] = "INVALID the schema at \"#/allOf\": this must be a list of one schema or more",
      ['{"allOf":[1]}'] = "INVALID the schema at \"#/allOf/0\": a schema must be an object, true or false",
      ['{"pattern":"(*UTF)"}'] = "UNSUPPORTED the schema at \"#/pattern\": regular expression: it begins with (*, which only "
        .. "PCRE2 knows",
      ['{"multipleOf":0}'] = "INVALID the schema at \"#/multipleOf\": this must be more than 0",
      ['{"$ref":"#/definitions/x"}'] = "INVALID the schema at \"#/$ref\": $ref \"#/definitions/x\" names nothing",
      ['{"$ref":"#anchor"}'] = "UNSUPPORTED the schema at \"#/$ref\": $ref must be a JSON pointer, \"#/definitions/NAME\"",
      ['{"$ref":"other.json"}'] =
        "UNSUPPORTED the schema at \"#/$ref\": $ref must begin with '#': other documents are not read",
      ['{"definitions":{"a":{"type":1}}}'] = "INVALID the schema at \"#/definitions/a/type\": this must be null, boolean, "
        .. "number, integer, string, array, object or a list of them",
      ['{"definitions":[]}'] = "INVALID the schema at \"#\": 'definitions' must be an object of schemas",
      ['[]'] = "INVALID the schema at \"#\": a schema must be an object, true or false",
      ['"x"'] = "INVALID the schema at \"#\": a schema must be an object, true or false",
      ['{"then":1}'] = "INVALID the schema at \"#/then\": a schema must be an object, true or false",
    } do
      local check, message, code, detail = schema.compile(assert(oci.json.decode(text)))
      assert.is_nil(check, text)
      assert.equal(expected, code .. " " .. message)
      assert.same({}, detail)
    end
  end)
end)

describe("bounds", function()
  local TOO_MUCH = { ": the value is too large, or nested too deep, to be checked by the schema" }

  it("hold for schemas that are nested or large", function()
    local deep = { type = "string" }
    for _ = 1, 100 do
      deep = { ["not"] = deep }
    end
    assert.equal("LIMIT", (select(3, schema.compile(deep))))
    local wide = { allOf = {} }
    for i = 1, 10001 do
      wide.allOf[i] = { type = "string" }
    end
    assert.equal("LIMIT", (select(3, schema.compile(wide))))
  end)

  it("hold for a schema that goes round without taking anything", function()
    assert.same(TOO_MUCH, messages({ ["$ref"] = "#" }, 1))
    assert.same(TOO_MUCH, messages({ anyOf = { { ["$ref"] = "#" }, { ["$ref"] = "#" } } }, 1))
  end)

  it("hold for a schema whose alternatives multiply", function()
    local source = { definitions = {}, ["$ref"] = "#/definitions/d1" }
    for i = 1, 40 do
      local next_one = { ["$ref"] = "#/definitions/d" .. i + 1 }
      source.definitions["d" .. i] = { anyOf = { next_one, { ["$ref"] = "#/definitions/d" .. i + 1 } } }
    end
    source.definitions.d41 = false
    assert.same(TOO_MUCH, messages(source, 1))
  end)

  it("hold for patterns on long texts, and for the number of findings", function()
    local source = { patternProperties = {} }
    for i = 1, 2000 do
      source.patternProperties["x{1,9}" .. i] = {}
    end
    local value = {}
    for i = 1, 1000 do
      value["name" .. i] = 1
    end
    assert.same(TOO_MUCH, messages(source, value))
    assert.same(TOO_MUCH, messages({ pattern = "^(a+)+$" }, ("a"):rep(100) .. "!"))
    local many = oci.array {}
    for i = 1, 1000 do
      many[i] = ("a"):rep(16) .. "!"
    end
    assert.same(TOO_MUCH, messages({ items = { pattern = "^(a+)+$" } }, many))
    local patterns = { allOf = {} }
    for i = 1, 1000 do
      patterns.allOf[i] = { pattern = ("(|)"):rep(16) .. "(?!)|" .. i }
    end
    assert.equal("LIMIT", (select(3, schema.compile(patterns))))
    local list = oci.array {}
    for i = 1, 1000 do
      list[i] = i
    end
    assert.equal(100, #messages({ items = false }, list))
  end)
end)
