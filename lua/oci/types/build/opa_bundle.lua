--- Open Policy Agent bundles: a directory, packed with what opa reads from bundles and nothing else, or a bundle.tar.gz.
local archive = require "oci.types.archive"
local core = require "oci.core"
local inputs = require "oci.types.build.inputs"

local opa_bundle = {}

local MANIFEST_LIMIT = 4 * 1024 * 1024

-- The names that opa gives a meaning; everything but these is left out, hidden directories too.
local PATTERNS = {
  "*", "!*/", ".*/", "!*.rego", "!data.json", "!data.yaml", "!data.yml", "!/.manifest", "!/.signatures.json",
  "!/patch.json", "!policy.wasm", "!plan.json",
}

-- What is in a bundle's manifest, if it has one, is JSON.
local function check_manifest(text)
  if not text then
    return true
  end
  local value, wrong = core.json_decode(text)
  if type(value) ~= "table" then
    return nil, ".manifest is not a JSON object" .. (wrong and ": " .. wrong or ""), "INVALID", {}
  end
  return true
end

local function from_directory(item)
  local some, message, code, detail = core.glob(item.dir, "**/*.rego")
  for _, pattern in ipairs(some and {} or { "**/data.json", "**/data.y*ml", "**/policy.wasm", "patch.json" }) do
    some = some or core.glob(item.dir, pattern)
  end
  if not some then
    return nil, code == "NOT_FOUND" and ("there is neither policy nor data in %s"):format(item.dir) or message,
      code == "NOT_FOUND" and "INVALID" or code, detail
  end
  local ignore = {}
  for _, patterns in ipairs { PATTERNS, item.ignore or {} } do
    for _, pattern in ipairs(patterns) do
      ignore[#ignore + 1] = pattern
    end
  end
  item.ignore, item.prefix, item.compression = ignore, "", "gzip"
  item.title = item.title or "bundle.tar.gz"
  local text
  text, message, code, detail = inputs.read(item.dir .. "/.manifest", MANIFEST_LIMIT)
  if not text and code ~= "NOT_FOUND" then
    return nil, message, code, detail
  end
  return check_manifest(text)
end

local function from_archive(item, client)
  local found, message, code, detail = archive.read(client, item.path, { ".manifest" }, MANIFEST_LIMIT)
  if not found then
    return nil, message, code, detail
  end
  return check_manifest(found[".manifest"])
end

--- See build.expand.
function opa_bundle.expand(kind, given, client)
  local items, message, code, detail = inputs.list(kind, kind.layers[1], given.bundle)
  if not items then
    return nil, message, code, detail
  end
  for _, item in ipairs(items) do
    local ok = true
    if item.dir or item.path then
      ok, message, code, detail = (item.dir and from_directory or from_archive)(item, client)
    end
    if not ok then
      return nil, ("%s: %s"):format(kind.name, message), code, detail
    end
  end
  given.bundle = items
  return given
end

return opa_bundle
