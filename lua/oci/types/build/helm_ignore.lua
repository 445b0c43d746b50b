--- .helmignore: its lines as the patterns of what is left out of an archive. Helm's rules are not those of git: every line
-- may leave something out, and one that begins with "!" leaves out all that it does not match.
local helm_ignore = {}

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

-- A set in our patterns: "]" stands first, "-" last, "!" and "^" not first.
local function write_set(set)
  local first, middle, last = "", "", ""
  for _, range in ipairs(set) do
    if range[1] == "]" then
      first = "]"
    elseif range[1] == "-" or range[1] == "!" or range[1] == "^" then
      last = (range[1] == "-") and last .. "-" or range[1] .. last
    else
      middle = middle .. range[1] .. (range[2] ~= range[1] and "-" .. range[2] or "")
    end
  end
  return "[" .. (set.negated and "^" or "") .. first .. middle .. last .. "]"
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
      local ranges = {}
      for j, range in ipairs(part.set) do
        ranges[j] = (range[1] == range[2] or not range[1]:find "%w") and range[1]:gsub("%W", "%%%0")
          or range[1] .. "-" .. range[2]
      end
      out[i] = "[" .. (part.set.negated and "^" or "") .. table.concat(ranges) .. "]"
    else
      out[i] = part.char:gsub("%W", "%%%0")
    end
  end
  return "^" .. table.concat(out) .. "$"
end

local CHART = "Chart.yaml"

-- One line's rule, or nil for none; false and what is wrong with it.
local function read_rule(line)
  line = line:gsub("^%s+", ""):match "^.*%S" or ""
  if line == "" or line:sub(1, 1) == "#" then
    return nil
  elseif line:find("**", 1, true) then
    return false, "** is not supported"
  end
  local negated, text, slash = line:match "^(!?)(.-)(/?)$"
  local parts = read(text)
  if not parts then
    return false, "it is malformed"
  end
  local hits = CHART:find(lua_pattern(text:sub(1, 1) == "/" and read(text:sub(2)) or parts)) and slash == ""
  return { pattern = write(parts) .. slash, negated = negated == "!", hits = hits }
end

--- The patterns for the content's `ignore`; or nil and what is wrong.
---@param text? string a .helmignore; nil: there is none
---@return string[]? patterns
---@return string? message
function helm_ignore.patterns(text)
  local rules, taken_back = {}, nil
  for line in ((text or ""):gsub("^\239\187\191", "") .. "\n" .. ALWAYS .. "\n"):gmatch "([^\n]*)\n" do
    local rule, wrong = read_rule(line)
    if rule == false then
      return nil, ("the pattern \"%s\": %s"):format(line, wrong)
    end
    if rule and rule.negated and taken_back then
      return nil, "more than one pattern begins with !, which leaves out all that it does not match"
    end
    taken_back = taken_back or (rule and rule.negated and rule) or nil
    rules[#rules + 1] = rule
  end
  local patterns = taken_back and { "*", "!" .. taken_back.pattern } or {}
  local left_out = taken_back and not taken_back.hits
  for _, rule in ipairs(rules) do
    if not rule.negated then
      patterns[#patterns + 1] = rule.pattern:gsub("^!", "\\!")
      left_out = left_out or rule.hits
    end
  end
  if left_out then
    return nil, CHART .. " itself is left out"
  end
  return patterns
end

return helm_ignore
