--- Which layer of a manifest, or entry of an index, is what to a type.
local core = require "oci.core"
local match = require "oci.types.match"

local TITLE = "org.opencontainers.image.title"

local roles = {}

--- The part of a type that speaks of a manifest: the type itself, or, for what stands behind the entries of its index, the
-- child.
function roles.shape(kind, manifest)
  return kind.child and not manifest.manifests and kind.child or kind
end

--- The definitions of what a manifest lists, and the descriptors that it lists.
function roles.described(kind, manifest)
  if manifest.manifests then
    return kind.entries or {}, manifest.manifests
  end
  return roles.shape(kind, manifest).layers, manifest.layers
end

-- How closely a media type is what a role says: 3 by name, 2 as one of many, 1 as any, 0 not at all.
local function closeness(kind, role, media_type)
  local folded = match.folded(kind, media_type)
  for _, list in ipairs { role.media_types, role.legacy_media_types or {} } do
    for _, item in ipairs(list) do
      if match.folded(kind, item) == folded then
        return 3
      end
    end
  end
  for _, prefix in ipairs(role.media_type_prefixes or {}) do
    if folded:sub(1, #prefix) == prefix then
      return 2
    end
  end
  if role.media_type_pattern and match.placeholders(role.media_type_pattern, folded) then
    return 2
  end
  return match.among(role.media_types, "*") and 1 or 0
end

--- Is a title as the role wants it? Where it wants none, any will do.
function roles.titled_so(role, title)
  if role.title_pattern then
    return title ~= nil and match.placeholders(role.title_pattern, title)
  elseif role.files then
    for _, pattern in ipairs(role.files) do
      if title and core.glob_match(pattern, title) then
        return true
      end
    end
    return false
  end
  return true
end

--- Are all annotations there that the role wants?
function roles.has_required(role, annotations)
  for _, name in ipairs(role.annotations and role.annotations.required or {}) do
    if annotations[name] == nil then
      return false
    end
  end
  return true
end

-- How well a role fits a descriptor, as a number; nil if it does not.
local function fitness(kind, role, descriptor, taken)
  local annotations = descriptor.annotations or {}
  local close = closeness(kind, role, descriptor.media_type)
  if close == 0
    or not match.values(role.annotation_values, annotations)
    or not match.values(role.annotations and role.annotations.values, annotations)
    or (role.artifact_type and role.artifact_type ~= descriptor.artifact_type) then
    return nil
  end
  return close
    + (roles.has_required(role, annotations) and 10 or 0)
    + (roles.titled_so(role, annotations[TITLE]) and 100 or 0)
    + ((not role.max or taken < role.max) and 1000 or 0)
end

--- The definition for each descriptor that a manifest lists, or false: of those whose media type, annotation values and
-- artifact type fit, one that is not filled yet, then one whose pattern the title fits, whose required annotations are
-- there, that names the media type, that comes first.
function roles.assign(kind, manifest)
  local definitions, descriptors = roles.described(kind, manifest)
  local taken, assigned = {}, {}
  for i, descriptor in ipairs(descriptors) do
    local best, most
    for _, role in ipairs(definitions) do
      local fit = fitness(kind, role, descriptor, taken[role] or 0)
      if fit and (not most or fit > most) then
        best, most = role, fit
      end
    end
    assigned[i] = best or false
    if best then
      taken[best] = (taken[best] or 0) + 1
    end
  end
  return assigned
end

--- The names of these roles. See oci.types.roles_of.
function roles.of(kind, manifest)
  local names = roles.assign(kind, manifest)
  for i, role in ipairs(names) do
    names[i] = role and role.role
  end
  return names
end

return roles
