--- What Go's encoding/json, strconv and unicode write, for the configs of programs that are written in Go: the bytes count,
-- since a config's digest is part of the manifest.
local core = require "oci.core"

local go = {}

--- A JSON text as Go prints it: beside what JSON asks for, it escapes what HTML would mind.
local function escaped(text)
  return (text:gsub("[<>&]", { ["<"] = "\\u003c", [">"] = "\\u003e", ["&"] = "\\u0026" })
    :gsub("\226\128[\168\169]", { ["\226\128\168"] = "\\u2028", ["\226\128\169"] = "\\u2029" }))
end

--- Any value; the keys of objects are sorted. nil, message, code, detail for what JSON cannot say.
function go.json(value)
  local text, message, code, detail = core.json_encode(value)
  if not text then
    return nil, message, code, detail
  end
  return escaped(text)
end

--- An object whose members stand in the order of a struct's fields; what is empty is left out. `values` by name are JSON texts.
function go.object(fields, values)
  local members = {}
  for _, name in ipairs(fields) do
    if values[name] then
      members[#members + 1] = ('"%s":%s'):format(name, values[name])
    end
  end
  return "{" .. table.concat(members, ",") .. "}"
end

--- A number as strconv.FormatFloat(n, 'g', -1, 64) has it; a whole one as an integer.
function go.number(n)
  if n % 1 == 0 and n > -2 ^ 53 and n < 2 ^ 53 then
    return ("%.0f"):format(n)
  end
  local text
  for digits = 0, 16 do
    text = ("%." .. digits .. "e"):format(n)
    if tonumber(text) == n then
      break
    end
  end
  local exponent = tonumber(text:match "e(.*)$")
  if exponent < -4 or exponent >= 6 then
    return text
  end
  local digits = #(text:match "%.(%d+)e" or "")
  return ("%." .. math.max(digits - exponent, 0) .. "f"):format(n)
end

-- Ranges of characters. Those that are not assigned are taken for printable.
local SPACES = {
  { 0x09, 0x0d }, { 0x20, 0x20 }, { 0x85, 0x85 }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a },
  { 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 },
}
local NOT_PRINTED = {
  { 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x600, 0x605 }, { 0x61c, 0x61c }, { 0x6dd, 0x6dd },
  { 0x70f, 0x70f }, { 0x890, 0x891 }, { 0x8e2, 0x8e2 }, { 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x202a, 0x202e },
  { 0x2060, 0x206f }, { 0xe000, 0xf8ff }, { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0x110bd, 0x110bd },
  { 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe007f },
  { 0xf0000, 0x10ffff },
}

local function within(ranges, code)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then
      return true
    end
  end
  return false
end

local function code_of(character)
  local first = character:byte()
  local code = first < 0x80 and first or first < 0xe0 and first % 0x20 or first < 0xf0 and first % 0x10 or first % 0x08
  for i = 2, #character do
    code = code * 0x40 + character:byte(i) % 0x40
  end
  return code
end

--- Spaces of all kinds become ' ', what cannot be printed goes (unicode.IsSpace, unicode.IsPrint).
function go.printable(text)
  if not text:find "[%c\127-\255]" then
    return text
  end
  return (text:gsub("[%z\1-\127\192-\255][\128-\191]*", function(character)
    local code = code_of(character)
    return within(SPACES, code) and " " or within(NOT_PRINTED, code) and "" or character
  end))
end

return go
