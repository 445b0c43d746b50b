--- .helmignore: its lines as the patterns of what is left out of an archive. Helm's rules are not those of git: every line
-- may leave something out, and one that begins with "!" leaves out all that it does not match.
local helm_ignore = {}

local unpack = rawget(table, "unpack") or rawget(_G, "unpack")

-- What helm leaves out in any case.
local ALWAYS = "templates/.?*"

-- A set as Go's path/filepath has it, from behind its "[": the characters and ranges in it, and where it ends; nil: it is malformed.
local function read_set(text, at)
  local set = { negated = text:sub(at, at) == "^" }
  at = at + (set.negated and 1 or 0)
  while text:sub(at, at) ~= "]" or not set[1] do
    local range = {}
    for i = 1, 2 do
      if text:sub(at, at) == "\\" then
        at = at + 1
      elseif text:sub(at, at):find "^[%]-]$" then
        return nil
      end
      range[i] = text:sub(at, at)
      if range[i] == "" then
        return nil
      end
      at = at + 1
      if i == 1 and text:sub(at, at) ~= "-" then
        range[2] = range[1]
        break
      end
      at = at + (i == 1 and 1 or 0)
    end
    set[#set + 1] = range
  end
  return set, at + 1
end

-- A pattern's parts: "*", "?", sets and characters; nil: it is malformed.
local function read(text)
  local parts, at = {}, 1
  while at <= #text do
    local c = text:sub(at, at)
    local part = { char = c }
    at = at + 1
    if c == "*" or c == "?" then
      part = { wild = c }
    elseif c == "[" then
      part.set, at = read_set(text, at)
      if not part.set then
        return nil
      end
    elseif c == "\\" then
      part.char = text:sub(at, at)
      at = at + 1
      if part.char == "" then
        return nil
      end
    end
    parts[#parts + 1] = part
  end
  return parts
end

local SIGN = "[%]%-!^%%]" -- a character that our sets or those of Lua's patterns may read as something else
local NOTHING = "z-a"

-- What a set consists of: the signs in it, and its other characters and ranges, whose ends are no signs.
local function pieces(set)
  local signs, plain = {}, {}
  for _, range in ipairs(set) do
    local from, to = range[1]:byte(), range[2]:byte()
    while from <= to and string.char(from):find(SIGN) do
      signs[#signs + 1] = string.char(from)
      from = from + 1
    end
    while from <= to and string.char(to):find(SIGN) do
      signs[#signs + 1] = string.char(to)
      to = to - 1
    end
    if from <= to then
      plain[#plain + 1] = string.char(from) .. (from < to and "-" .. string.char(to) or "")
    end
  end
  return table.concat(signs), plain[1] and table.concat(plain) or NOTHING
end

-- A set in our patterns: "]" stands first, "-" last, "!" and "^" not first.
local function write_set(set)
  local signs, plain = pieces(set)
  local first, last = signs:find("]", 1, true) and "]" or "", signs:find("-", 1, true) and "-" or ""
  return "[" .. (set.negated and "^" or "") .. first .. plain .. signs:gsub("[%]-]", "") .. last .. "]"
end

local function write(parts)
  local out = {}
  for i, part in ipairs(parts) do
    local c = part.char
    out[i] = part.wild or (part.set and write_set(part.set)) or (c:find "^[*?%[]$" and "[" .. c .. "]") or c
  end
  return table.concat(out)
end

-- The same as a pattern of Lua's, to ask about one name.
local function lua_pattern(parts)
  local out = {}
  for i, part in ipairs(parts) do
    if part.wild then
      out[i] = part.wild == "*" and "[^/]*" or "[^/]"
    elseif part.set then
      local signs, plain = pieces(part.set)
      out[i] = "[" .. (part.set.negated and "^" or "") .. plain .. signs:gsub(".", "%%%0") .. "]"
    else
      out[i] = part.char:gsub("%W", "%%%0")
    end
  end
  return "^" .. table.concat(out) .. "$"
end

-- ---- what several patterns match alike

local MOST = 64 -- patterns that come of it
local STEPS = 100000 -- to find them

-- A part that stands for one character as both do; nil: there is none, or with two different sets it cannot be said.
local function one_of_both(a, b)
  if a.wild or b.wild then
    return a.wild and b or a
  elseif a.set and b.set then
    return write_set(a.set) == write_set(b.set) and a or nil
  end
  local char = a.char and a or b
  return char.char:find(lua_pattern { char == a and b or a }) and char
end

local function added(parts, part)
  local longer = { unpack(parts) }
  longer[#longer + 1] = part
  return longer
end

-- Adds to `out` the patterns, beginning with `made`, of what matches both `a` from part `i` on and `b` from part `j` on.
local function meet(a, i, b, j, made, out)
  local x, y = a[i] or {}, b[j] or {}
  out.steps = out.steps + 1
  if #out > MOST or out.steps > STEPS then
    return
  elseif not a[i] and not b[j] then
    out[#out + 1] = made
  elseif x.wild == "*" and y.wild == "*" then -- one of them ends first
    meet(a, i + 1, b, j, added(made, x), out)
    if a[i + 1] or b[j + 1] then
      meet(a, i, b, j + 1, added(made, x), out)
    end
  elseif x.wild == "*" then
    meet(a, i + 1, b, j, made, out)
    if b[j] then
      meet(a, i, b, j + 1, added(made, y), out)
    end
  elseif y.wild == "*" then
    meet(b, j, a, i, made, out)
  elseif a[i] and b[j] and one_of_both(x, y) then
    meet(a, i + 1, b, j + 1, added(made, one_of_both(x, y)), out)
  end
end

-- The patterns that are left of "!" lines, of which an entry has to match each; nil: they cannot be put together.
local function together(rules)
  local all, rooted = { { { wild = "*" } }, steps = 0 }, ""
  for _, rule in ipairs(rules) do
    local met = { steps = all.steps }
    for _, parts in ipairs(all) do
      meet(parts, 1, rule.parts, 1, {}, met)
    end
    if #met == 0 or #met > MOST or met.steps > STEPS then
      return nil
    end
    all, rooted = met, rule.rooted and "/" or rooted
  end
  local patterns, seen = {}, {}
  for _, parts in ipairs(all) do
    local pattern = "!" .. rooted .. write(parts)
    if not seen[pattern] then
      seen[pattern] = true
      patterns[#patterns + 1] = pattern
    end
  end
  return patterns
end

-- ---- the file

local CHART = "Chart.yaml"

-- One line's rule, or nil for none; false and what is wrong with it. No name has a zero byte, and Lua 5.1 patterns cannot.
local function read_rule(line)
  line = line:gsub("^%s+", ""):match "^.*%S" or ""
  if line:find "^/*$" or line:sub(1, 1) == "#" then
    return nil
  elseif line:find("**", 1, true) then
    return false, "** is not supported"
  elseif line:find("\0", 1, true) then
    return false, "it has a zero byte"
  end
  local negated, text, slash = line:match "^(!?)(.-)(/?)$"
  local parts = read(text)
  if not parts then
    return false, "it is malformed"
  end
  local rooted = text:sub(1, 1) == "/"
  local name = rooted and read(text:sub(2)) or parts
  return { pattern = write(parts) .. slash, parts = name, rooted = rooted, negated = negated == "!",
    hits = CHART:find(lua_pattern(name)) ~= nil and slash == "" }
end

-- The rules, or nil and what is wrong.
local function read_rules(text)
  local rules = {}
  for line in (text:gsub("^\239\187\191", "") .. "\n" .. ALWAYS .. "\n"):gmatch "([^\n]*)\n" do
    local rule, wrong = read_rule(line)
    if rule == false then
      return nil, ("the pattern \"%s\": %s"):format(line:gsub("%c", "?"), wrong)
    end
    rules[#rules + 1] = rule
  end
  return rules
end

--- The patterns for the content's `ignore`; or nil and what is wrong.
---@param text? string a .helmignore; nil: there is none
---@return string[]? patterns
---@return string? message
function helm_ignore.patterns(text)
  local rules, wrong = read_rules(text or "")
  if not rules then
    return nil, wrong
  end
  local kept, left_out = {}, {}
  for _, rule in ipairs(rules) do
    if rule.negated ~= rule.hits then -- "!" of something else, or its own name
      return nil, CHART .. " itself is left out"
    elseif rule.negated then
      kept[#kept + 1] = rule
    else
      left_out[#left_out + 1] = rule.pattern:gsub("^!", "\\!")
    end
  end
  local patterns = {}
  if kept[1] then
    local taken_back = together(kept)
    if not taken_back then
      return nil, "the patterns that begin with ! are too many: each of them leaves out all that it does not match"
    end
    patterns = { "*", unpack(taken_back) }
  end
  for _, pattern in ipairs(left_out) do
    patterns[#patterns + 1] = pattern
  end
  return patterns
end

return helm_ignore
