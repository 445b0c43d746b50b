--- check_content: what check says of a manifest, and a look into the config and the layers, which are fetched for it as far as
-- it takes: some bytes, a whole small blob, one file of an archive. Bounded in everything.
local archive = require "oci.types.archive"
local check = require "oci.types.check"
local core = require "oci.core"
local inspect = require "oci.types.inspect"
local layers = require "oci.types.layer"
local options = require "oci.options"
local reference = require "oci.reference"
local roles = require "oci.types.roles"
local types = require "oci.types"

---@class oci.CheckContentOptions: oci.CallOptions
---@field client? oci.Client left out: the default one
---@field limit? integer bytes of a blob that is looked into; larger ones are not fetched whole, which a hint says; 64 MiB

local content = {}

local LIMIT = 64 * 1024 * 1024
local MOST = 64 -- entries of an index, and layers of a manifest, that are looked into

local checkers = options.of_call { client = options.table, limit = options.size }

-- The calls of a client, or those of the module, with the options of every call.
local function caller(given)
  return function(name, ref, more)
    return archive.run(given.client, name, ref, options.with(options.call_options(given), more or {}))
  end
end

-- A finding's place in the document that the reference names.
local function below(findings, prefix, more)
  for _, finding in ipairs(more) do
    finding.path = prefix .. finding.path
    findings[#findings + 1] = finding
  end
end

-- The bytes of a config; nil where it is too large to be looked into; or nil, message, code, detail.
local function fetch_config(fetch, manifest, limit)
  local config = manifest.config
  if not config or not config.size or config.size > limit then
    return nil
  end
  return fetch("fetch_blob", config, { limit = limit })
end

local function inspect_layers(kind, manifest, about, fetch, limit, findings)
  local report, looked = check.reporter(kind, findings), 0
  for i, role in ipairs(roles.assign(kind, manifest)) do
    local descriptor, path = manifest.layers[i], ("layers[%d]"):format(i - 1)
    local by = inspect.for_layer(role, descriptor)
    looked = looked + (by and 1 or 0)
    if looked > MOST then
      report("not-looked-at", path, ("only the first %d layers were looked into"):format(MOST), "hint")
      break
    elseif by then
      local ok, message, code, detail = inspect[by](layers.new(descriptor, fetch, limit), function(text, severity)
        report("layer-content", path, text, severity)
      end, about)
      if not ok then
        return nil, message, code, detail
      end
    end
  end
  return true
end

-- Adds what there is to say about one manifest, or gives nil, message, code, detail.
local function look(kind, manifest, fetch, limit, findings, prefix, tag)
  local config, message, code, detail = fetch_config(fetch, manifest, limit)
  if not config and message then
    return nil, message, code, detail
  end
  local more = check.findings(kind, manifest, { config = config })
  local ok
  local about = { manifest = manifest, config = config, tag = tag }
  ok, message, code, detail = inspect_layers(kind, manifest, about, fetch, limit, more)
  if not ok then
    return nil, message, code, detail
  end
  below(findings, prefix, more)
  return true
end

-- The numbers of the entries behind which the type has something: those of the role that its child has.
local function entries_to_look_at(kind, index)
  local numbers = {}
  for i, role in ipairs(roles.assign(kind, index)) do
    local entry = index.manifests[i]
    if entry.media_type:find "manifest%.v%d%+json$" and (not kind.entries or (role and (not kind.child.role
      or kind.child.role == role.role))) then
      numbers[#numbers + 1] = i
    end
  end
  return numbers
end

local function look_into_index(kind, index, fetch, limit)
  local findings, found = check.findings(kind, index, {}), false
  local report, numbers = check.reporter(kind, findings), entries_to_look_at(kind, index)
  for n, i in ipairs(numbers) do
    if n > MOST then
      report("not-looked-at", "manifests", ("only the first %d entries were looked into"):format(MOST), "hint")
      break
    end
    local manifest, message, code, detail = fetch("fetch_manifest", index.manifests[i])
    if not manifest then
      return nil, message, code, detail
    end
    if kind.entries or types.identify(manifest, { descriptor = index.manifests[i] }) == kind then
      found = true
      local ok
      ok, message, code, detail = look(kind, manifest, fetch, limit, findings, ("manifests[%d]."):format(i - 1))
      if not ok then
        return nil, message, code, detail
      end
    end
  end
  if not found and not kind.entries then
    report("entries", "manifests", "no manifest of this type is behind the index")
  end
  return findings
end

--- The findings, or nil, message, code, detail. See oci.Type.
function content.check(kind, ref, given)
  local text = reference.text("check_content", 1, ref)
  given = options.check("check_content", 2, given, checkers)
  local fetch, limit = caller(given), given.limit or LIMIT
  local manifest, message, code, detail = fetch("fetch_manifest", ref)
  if not manifest then
    return nil, message, code, detail
  end
  if manifest.manifests then
    return look_into_index(kind, manifest, fetch, limit)
  end
  local findings = core.array {}
  local done, why, its_code, its_detail = look(kind, manifest, fetch, limit, findings, "", reference.parse(text).tag)
  if not done then
    return nil, why, its_code, its_detail
  end
  return findings
end

return content
