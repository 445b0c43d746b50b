--- What is said of a name that is not known: which one is nearest.

-- The number of characters to be changed, added, left out or swapped with their neighbour.
local function distance(a, b)
  local rows = { [0] = {} }
  for j = 0, #b do
    rows[0][j] = j
  end
  for i = 1, #a do
    rows[i] = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      local best = math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, rows[i - 2][j - 2] + 1)
      end
      rows[i][j] = best
    end
  end
  return rows[#a][#b]
end

local function nearest(name, checkers)
  local found, least
  for other in pairs(checkers) do
    local short = #name > 2 and other:sub(1, #name) == name -- "arch" is meant for "architecture"
    local far = short and 1 or distance(name, other)
    if not least or far < least or (far == least and other < found) then
      found, least = other, far
    end
  end
  return found, least
end

local MANY = 30

-- "a, b, c", or nil for too many to be read.
local function all_of(known)
  local names = {}
  for name in pairs(known) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names[1] and #names <= MANY and table.concat(names, ", ") or nil
end

--- "unknown option 'x', the nearest is 'y'"; where nothing is near: "..., known are a, b, c".
return function(what, name, known)
  local other, far = nearest(name, known)
  local all = other and far > math.max(#name, #other) / 2 and all_of(known)
  local hint = all and ", known are " .. all or other and (", the nearest is '%s'"):format(other) or ""
  return ("unknown %s '%s'%s"):format(what, name:gsub("%c", "?"), hint)
end
