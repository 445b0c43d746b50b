--- Which type a manifest is of.
--
-- A type is a candidate if the mark that tells it (`identify_by`) is there, or else the second one (`identify_fallback`).
-- Of several candidates that one is taken which comes first by these, in this order: a type that is not generic; its own
-- mark before a second one; the mark, in the order below; the fewer errors that `check` finds, then the fewer warnings; a
-- type that the program defined; the one that demands more; the name. Of the generic types it is the one with the fewest
-- errors, then the first by `generic`.
local check = require "oci.types.check"
local core = require "oci.core"
local manifests = require "oci.manifest"
local match = require "oci.types.match"
local options = require "oci.options"
local roles = require "oci.types.roles"

---@class oci.IdentifyOptions
---@field config? string the bytes of the config
---@field tag? string the manifest's tag
---@field descriptor? oci.Descriptor how an index lists the manifest

local order_of_marks = {
  ["artifactType"] = 1,
  ["annotation"] = 2,
  ["layer.annotation"] = 3,
  ["config.label"] = 4,
  ["config.mediaType"] = 5,
  ["layer.mediaType"] = 6,
  ["index-descriptor"] = 7,
  ["tag"] = 8,
}

-- ---- marks: is it there?

local marks = {}

marks["artifactType"] = function(kind, shape, manifest)
  if not (manifest.artifact_type and shape.artifact_type) then
    return false
  end
  return shape.artifact_type == "*"
    or match.folded(kind, shape.artifact_type) == match.folded(kind, manifest.artifact_type)
end

marks["annotation"] = function(_, shape, manifest)
  local values = shape.annotations and shape.annotations.values
  return values ~= nil and match.values(values, manifest.annotations)
end

-- A layer with all that its role demands in annotations.
marks["layer.annotation"] = function(kind, _, manifest)
  for i, role in ipairs(roles.assign(kind, manifest)) do
    local required = role and role.annotations and role.annotations.required or {}
    if #required > 0 and roles.has_required(role, (manifest.layers or manifest.manifests)[i].annotations or {}) then
      return true
    end
  end
  return false
end

marks["config.label"] = function(_, shape, manifest, opts)
  local bytes = check.config_bytes(manifest, opts)
  return bytes ~= nil and shape.config ~= nil
    and match.values(shape.config.labels, check.labels(core.json_decode(bytes)))
end

marks["config.mediaType"] = function(kind, shape, manifest)
  local of_images = kind.generic and kind.identify_by == "config.mediaType"
  if not (manifest.config and shape.config) or (match.anybodys[manifest.config.media_type] and not of_images) then
    return false
  end
  local wanted, given = shape.config, match.folded(kind, manifest.config.media_type)
  return check.carried_by_config(kind, manifest)
    or given == match.folded(kind, wanted.media_type)
    or (wanted.media_type == "*" and not match.among(wanted.also_rejected, given))
    or match.among(wanted.also_media_types, given)
    or match.among(wanted.stale_aliases, given)
end

-- Some layer of the type's own, and at least one for each role that needs one.
marks["layer.mediaType"] = function(kind, _, manifest)
  if manifest.manifests then
    return false -- entries have nothing of their own
  end
  local definitions = roles.described(kind, manifest)
  local found, any = {}, false
  for _, role in ipairs(roles.assign(kind, manifest)) do
    if role then
      found[role], any = true, true
    end
  end
  for _, role in ipairs(definitions) do
    any = any and (role.min == 0 or found[role] ~= nil)
  end
  return any
end

marks["index-descriptor"] = function(kind, _, _, opts)
  local wanted, given = kind.index_descriptor, opts.descriptor
  if not (wanted and given) then
    return false
  end
  return match.values(wanted.annotations.values, given.annotations) and match.values(wanted.platform, given.platform)
end

marks["tag"] = function(kind, _, manifest, opts)
  if not (opts.tag and kind.tag_pattern and match.placeholders(kind.tag_pattern, opts.tag)) then
    return false
  end
  for _, role in ipairs(roles.assign(kind, manifest)) do
    if role then
      return true
    end
  end
  return false
end

-- ---- candidates

-- Has the manifest the form that the type has: a manifest, or an index?
local function of_the_form(kind, manifest)
  if kind.child then
    return true
  elseif manifest.manifests then
    return kind.entries ~= nil or match.among(kind.also_root_media_types, manifest.media_type)
  end
  return kind.entries == nil
end

local function has_mark(name, ...)
  return marks[name] ~= nil and marks[name](...)
end

local function demands(kind)
  local number = #kind.annotations.required
  for _, role in ipairs(kind.layers) do
    number = number + role.min + (role.max and 1 or 0) + (role.annotation_values and 1 or 0)
  end
  return number
end

-- What candidates are compared by, in the order of comparison; nil: the type is none.
local function candidate(kind, manifest, opts, defined)
  local shape = roles.shape(kind, manifest)
  local by, fallback = shape.identify_by, shape.identify_fallback
  local own = of_the_form(kind, manifest) and has_mark(by, kind, shape, manifest, opts)
  if not own and not (fallback and of_the_form(kind, manifest) and has_mark(fallback, kind, shape, manifest, opts)) then
    return nil
  end
  local errors, warnings = 0, 0
  for _, finding in ipairs(check.findings(kind, manifest, opts)) do
    errors = errors + (finding.severity == "error" and 1 or 0)
    warnings = warnings + (finding.severity == "warning" and 1 or 0)
  end
  if kind.generic then
    return { 1, errors, kind.generic, 0, 0, 0, 0, kind.name, kind = kind }
  end
  return {
    0, own and 0 or 1, order_of_marks[own and by or fallback], errors, warnings, defined(kind) and 0 or 1,
    -demands(kind), kind.name, kind = kind,
  }
end

local function before(a, b)
  for i = 1, #a do
    if a[i] ~= b[i] then
      return a[i] < b[i]
    end
  end
  return false
end

local checkers = { config = options.bytes, tag = options.string, descriptor = options.table }

--- See oci.types.identify. `kinds` are all types, `defined` tells whether the program defined one.
return function(kinds, defined, manifest, opts)
  if not manifests.is(manifest) then
    options.bad_argument("identify", 1, "Manifest expected, got " .. options.kind(manifest))
  end
  opts = options.check("identify", 2, opts, checkers)
  local best
  for _, kind in ipairs(kinds) do
    local other = candidate(kind, manifest, opts, defined)
    if other and (not best or before(other, best)) then
      best = other
    end
  end
  return best and best.kind
end
