--- References: a place and maybe a thing in it. They are read and checked by the core; here they are tables that turn
-- back into text, so that a field can be changed and the table used again.
local core = require "oci.core"
local options = require "oci.options"

---@class oci.Reference
---@field place "registry"|"layout"|"archive"|"memory"
---@field registry? string host[:port]; "docker.io" for Docker Hub
---@field repository? string
---@field path? string the directory of a layout, the file of an archive, the name of a memory place
---@field tag? string
---@field digest? string
---@field reference string the whole as text, made of the other fields

local reference = {}

local prefixes = { layout = "oci:", archive = "oci-archive:", memory = "memory:" }

local function text_of(ref)
  local prefix = prefixes[ref.place]
  local text = prefix and prefix .. tostring(ref.path)
    or tostring(ref.registry) .. (ref.repository and "/" .. ref.repository or "")
  -- Behind a slash, a colon in the directory's name is no tag's.
  if ref.place == "layout" and not ref.tag and text:find(":[^/]*$", #prefix + 1) then
    text = text .. "/"
  end
  return text .. (ref.tag and ":" .. ref.tag or "") .. (ref.digest and "@" .. ref.digest or "")
end

local meta = { __name = "oci.Reference", __tostring = text_of }

function meta.__index(self, key)
  if key == "reference" then
    return text_of(self)
  end
end

--- The parsed reference of a text, or nil, message, code, detail.
function reference.parse(text)
  local parsed, message, code, detail = core.reference(text)
  if not parsed then
    return nil, message, code, detail
  end
  return setmetatable(parsed, meta)
end

--- The text of what a caller passed as a reference: a string, or a table with a `reference` field. Raises for others.
function reference.text(call, index, value)
  local text = value
  if type(value) == "table" then
    text = value.reference
  end
  if type(text) ~= "string" then
    options.bad_argument(call, index, "reference (a string, or a table with the field 'reference') expected, got "
      .. options.kind(value))
  end
  return text
end

--- The same reference text with another digest and no tag.
function reference.with_digest(text, digest)
  return (text:gsub("@[^@]*$", "")) .. "@" .. digest
end

return reference
