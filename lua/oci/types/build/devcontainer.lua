--- Features and templates of development containers: a directory, or the archive that the devcontainer program made of one.
local archive = require "oci.types.archive"
local core = require "oci.core"
local inputs = require "oci.types.build.inputs"

local devcontainer = {}

local METADATA = "dev.containers.metadata"
local LIMIT = 1024 * 1024

-- JSON as its author wrote it, without blanks, comments and commas before a closing bracket: the order of the members stays.
local function compact(text)
  local out, at = {}, 1
  while at <= #text do
    local blank = text:match("^%s+", at) or text:match("^//[^\n]*", at) or text:match("^/%*.-%*/", at)
    local token = not blank and (text:match('^"[^"\\]*"', at) or text:match("^/%*.*", at) -- a comment without an end
      or text:match("^[^%s\"/,]+", at) or text:sub(at, at))
    if token == '"' then -- a string with escapes
      local stop = at + 1
      while stop <= #text and text:sub(stop, stop) ~= '"' do
        stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
      end
      token = text:sub(at, stop)
    end
    if token and token:find "^[%]}]" and out[#out] == "," then
      out[#out] = ""
    end
    out[#out + 1] = token or nil
    at = at + #(blank or token)
  end
  return table.concat(out)
end

-- The text of the metadata file, wherever it is.
local function metadata_of(item, name, client)
  if item.dir then
    return inputs.read(item.dir .. "/" .. name, LIMIT)
  elseif not item.path then
    return nil, "a directory or the path of an archive is expected", "INVALID", {}
  end
  local found, message, code, detail = archive.read(client, item.path, { name }, LIMIT)
  if not found then
    return nil, message, code, detail
  elseif not found[name] then
    return nil, ("there is no %s in %s"):format(name, item.path), "NOT_FOUND", { path = item.path }
  end
  return found[name]
end

--- See build.expand. The tag is the version.
function devcontainer.expand(kind, given, client)
  local role = kind.layers[1]
  local items, message, code, detail = inputs.list(kind, role, given[role.role])
  if not items then
    return nil, message, code, detail
  elseif #items ~= 1 then
    return given
  end
  local item, name = items[1], ("devcontainer-%s.json"):format(role.role)
  local text
  text, message, code, detail = metadata_of(item, name, client)
  if not text then
    return nil, ("%s: %s"):format(kind.name, message), code, detail
  end
  text = compact((text:gsub("^\239\187\191", "")))
  local value, wrong = core.json_decode(text)
  if type(value) ~= "table" or type(value.id) ~= "string" or type(value.version) ~= "string" then
    return nil, ("%s: %s %s"):format(kind.name, name, wrong and "is not JSON: " .. wrong or "has no id and version"),
      "INVALID", { path = item.path or item.dir }
  end
  item.title = item.title or ("devcontainer-%s-%s.tgz"):format(role.role, value.id)
  given[role.role] = item
  given.annotations = inputs.copy(given.annotations or {})
  given.annotations[METADATA] = given.annotations[METADATA] or text
  return given, value.version
end

return devcontainer
