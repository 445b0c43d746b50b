--- How values are compared with a type's definition: media types, and patterns with placeholders or wildcards.
local match = {}

local function escaped(text)
  return (text:gsub("%p", "%%%0"))
end

local LONGEST = 512 -- bytes of a text that is compared with a pattern: the time grows with their square

--- Does a text fit a pattern in which "<hex>" stands for hexadecimal digits and any other "<...>" for some characters?
function match.placeholders(pattern, text)
  if #text > LONGEST then
    return false
  end
  local lua_pattern = escaped(pattern):gsub("%%<(.-)%%>", function(name)
    return name == "hex" and "%x+" or ".+"
  end)
  return text:find("^" .. lua_pattern .. "$") ~= nil
end

--- Media types of configs that tell nothing of what an artifact is.
match.anybodys = {
  ["application/vnd.oci.empty.v1+json"] = true,
  ["application/vnd.oci.image.config.v1+json"] = true,
  ["application/vnd.docker.container.image.v1+json"] = true,
}

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

-- Is a text empty, or `sign` and identifiers with dots between them?
local function identifiers(text, sign)
  return text == "" or (text:sub(1, 1) == sign and text:find "^.[%w.-]+$" ~= nil
    and not text:find "%.%." and not text:find "^.%." and not text:find "%.$")
end

--- Is a text a version of semantic versioning, strictly?
function match.semver(text)
  local numbers, before, build = text:match "^(%d+%.%d+%.%d+)([^+]*)(.*)$"
  if not numbers or ("." .. numbers):find "%.0%d" or not identifiers(before, "-") or not identifiers(build, "+") then
    return false
  end
  for part in before:sub(2):gmatch "[^.]+" do
    if part:find "^0%d+$" then
      return false
    end
  end
  return true
end

return match
