--- What a document breaks: the rules of the specification, by number, and the advice of opencontainers/artifacts.
local core = require "oci.core"
local manifest = require "oci.manifest"
local options = require "oci.options"

---@class oci.Finding
---@field rule string "M07", "seed-A3", ...: the numbers of spec/validity.lua
---@field severity "error"|"warning"|"hint" the specification says MUST (or parse refuses it), SHOULD, less
---@field path string where, "layers[3].digest"; "" is the document
---@field message string what to do

--- The findings, at most a thousand, or nil, message, code, detail.
return function(what, media_type)
  if media_type ~= nil then
    options.check_string("lint", 2, media_type)
  end
  if manifest.is(what) then
    return core.lint(what.bytes, media_type or what.media_type)
  end
  if type(what) ~= "string" then
    options.bad_argument("lint", 1, "manifest or bytes expected, got " .. options.kind(what))
  end
  return core.lint(what, media_type)
end
