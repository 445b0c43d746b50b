--- How values are compared with a type's definition: media types, and patterns with placeholders or wildcards.
local match = {}

local function escaped(text)
  return (text:gsub("%p", "%%%0"))
end

--- Does a text fit a pattern in which "<hex>" stands for hexadecimal digits and any other "<...>" for some characters?
function match.placeholders(pattern, text)
  local lua_pattern = escaped(pattern):gsub("%%<(.-)%%>", function(name)
    return name == "hex" and "%x+" or ".+"
  end)
  return text:find("^" .. lua_pattern .. "$") ~= nil
end

--- Does a path fit a pattern of *, ? (not over a /) and ** (over them)?
function match.glob(pattern, path)
  local lua_pattern = escaped(pattern):gsub("%%%*%%%*%%/", "\1"):gsub("%%%*%%%*", ".*"):gsub("%%%*", "[^/]*")
    :gsub("%%%?", "[^/]")
  if not lua_pattern:find("\1", 1, true) then
    return path:find("^" .. lua_pattern .. "$") ~= nil
  end
  -- "**/" also stands for no directory at all.
  return path:find("^" .. lua_pattern:gsub("\1", "") .. "$") ~= nil
    or path:find("^" .. lua_pattern:gsub("\1", ".*/") .. "$") ~= nil
end

--- Is a value in a list?
function match.among(list, value)
  for _, item in ipairs(list or {}) do
    if item == value then
      return true
    end
  end
  return false
end

--- A media type as the type compares it.
function match.folded(kind, media_type)
  return media_type and kind.media_type_compare == "case-insensitive" and media_type:lower() or media_type
end

--- Do all of these annotations have these values?
function match.values(wanted, annotations)
  for name, value in pairs(wanted or {}) do
    if (annotations or {})[name] ~= value then
      return false
    end
  end
  return true
end

return match
