--- What is given by the roles of a type's layers, made into the specification that push and manifest take:
-- media types, titles, the order, the config, what the type's own client insists on.
local inputs = require "oci.types.build.inputs"
local generic_spec = require "oci.spec"
local options = require "oci.options"

local build = {}

local CREATED = "org.opencontainers.image.created"
local EMPTY = "application/vnd.oci.empty.v1+json"
local UNKNOWN = "application/vnd.unknown.artifact.v1"

-- Types with a builder of their own, which makes contents of what people have at hand: a file of this folder for each.
local BUILDERS = {
  ["conftest-bundle"] = "oci.types.build.conftest_bundle",
  ["devcontainer-feature"] = "oci.types.build.devcontainer",
  ["devcontainer-template"] = "oci.types.build.devcontainer",
  ["flux-artifact"] = "oci.types.build.flux_artifact",
  ["helm-chart"] = "oci.types.build.helm_chart",
  ["modelpack"] = "oci.types.build.modelpack",
  ["opa-bundle"] = "oci.types.build.opa_bundle",
  ["oras-files"] = "oci.types.build.oras_files",
  ["sbom"] = "oci.types.build.sbom",
  ["sbom-cyclonedx"] = "oci.types.build.sbom",
  ["sbom-spdx"] = "oci.types.build.sbom",
  ["singularity-sif"] = "oci.types.build.singularity_sif",
  ["wasm"] = "oci.types.build.wasm",
}

-- Types that are met, and not made.
local NOT_BUILT = { legacy = "is a form of the past", profile = "is no type of artifact, but a way to use others" }

-- Types whose artifact type is only what is written where the author names none.
local ANY_ARTIFACT_TYPE = { ["oras-files"] = true, ["regctl-artifact"] = true }

-- ---- names

-- The key of a role in a specification: "weight.config" is also weight_config.
local function key_of(role)
  return (role:gsub("[^%w]", "_"))
end

-- The roles by the keys that name them. What has the empty media type is not given: it is made where nothing else is.
local function roles_of(definition)
  local roles = {}
  for _, role in ipairs(definition) do
    if (role.media_types or {})[1] ~= EMPTY then
      roles[role.role], roles[key_of(role.role)] = role, role
    end
  end
  return roles
end

-- Raises for a key that is neither a role nor an option of every specification.
local function check_names(type, given, roles, more)
  local known = { type = true }
  for name in pairs(generic_spec.checkers) do
    known[name] = name ~= "layers" and name ~= "files" and name ~= "manifests" or nil
  end
  for name in pairs(roles) do
    known[name] = true
  end
  for _, name in ipairs(more or {}) do
    known[name] = true
  end
  for name in pairs(given) do
    if not known[name] then
      options.raise(("%s: %s"):format(type.name, options.unknown("option", tostring(name), known)))
    end
  end
end

-- ---- layers

-- Does a role take this media type?
local function takes(role, media_type)
  for _, known in ipairs(role.media_types or {}) do
    if known == "*" or known == media_type then
      return true
    end
  end
  for _, prefix in ipairs(role.media_type_prefixes or {}) do
    if media_type:sub(1, #prefix) == prefix then
      return true
    end
  end
  local pattern = role.media_type_pattern
  if pattern then
    pattern = "^" .. pattern:gsub("[%-%.%+]", "%%%0"):gsub("<[^>]*>", "[^/]+") .. "$"
  end
  return pattern and media_type:find(pattern) ~= nil or false
end

local COMPRESSIONS = { [""] = "none", ["+gzip"] = "gzip", [".gzip"] = "gzip", [".gz"] = "gzip", ["+zstd"] = "zstd" }

-- How an archive of this media type is compressed; nil: it is no archive.
local function compression_of(media_type)
  local tail = media_type:match "tar(.*)$"
  return tail and COMPRESSIONS[tail]
end

-- What media types end with, for the ends of file names.
local ENDINGS = {
  { "%.tar%.gz$", "tar+gzip" }, { "%.tgz$", "tar+gzip" }, { "%.tar%.zst$", "tar+zstd" }, { "%.tar$", "tar" },
  { "%.ya?ml$", "yaml" }, { "%.jws$", "jose+json" }, { "%.([%w]+)$" },
}

local function ends_with(media_type, ending)
  local before = media_type:sub(-#ending - 1, -#ending - 1)
  return media_type:sub(-#ending) == ending and (before == "" or before:find "[/.+]" ~= nil)
end

-- The media type for a content that names none: by the end of its name, else the first, which is what is to be written.
local function choose(role, item)
  local known = role.media_types or {}
  if item.dir then
    for _, media_type in ipairs(known) do
      local compression = compression_of(media_type)
      if compression and (not item.compression or item.compression == compression) then
        return media_type
      end
    end
    return nil
  end
  local name = item.title or item.path or ""
  for _, rule in ipairs(ENDINGS) do
    local found = name:lower():match(rule[1])
    for _, media_type in ipairs(found and known or {}) do
      if ends_with(media_type, rule[2] or found) then
        return media_type
      end
    end
  end
  return known[1] ~= "*" and known[1] or nil
end

local function refuse(type, message, ...)
  return nil, ("%s: " .. message):format(type.name, ...), "INVALID", {}
end

local function set_media_type(type, role, item)
  local open = takes(role, "*/*") -- a role that takes anything
  local media_type = item.media_type or choose(role, item)
  if media_type and not takes(role, media_type) then
    return refuse(type, "'%s' cannot be of the media type \"%s\"", role.role, media_type)
  elseif not media_type and not open then
    return refuse(type, "'%s' %s", role.role, item.dir and "cannot be a directory" or "needs a media_type")
  end
  item.media_type = media_type
  if item.dir and media_type then
    item.compression = item.compression or compression_of(media_type)
  end
  return true
end

local TITLE = "org.opencontainers.image.title"

local function wants_title(role)
  if role.title_required then
    return true
  end
  for _, name in ipairs((role.annotations or {}).recommended or {}) do
    if name == TITLE then
      return true
    end
  end
end

-- A file alone is titled by its name, one of many by its path.
local function set_title(type, role, item)
  local path = item.path or item.dir
  if not item.title and path and wants_title(role) then
    item.title = inputs.title(path, role.max == 1)
    if item.dir and item.title then
      item.title = item.title .. ((role.extension or ""):match "^[^|]*")
    end
  end
  if role.title_required and not item.title then
    return refuse(type, "'%s' needs a title", role.role)
  end
  if item.dir and not item.prefix then
    item.prefix = "" -- the title names the archive, no directory
  end
  return true
end

local function set_annotations(type, role, item)
  local all, needs = {}, (role.annotations or {}).required or {}
  for name, value in pairs(item.annotations or {}) do
    all[name] = value
  end
  for name, value in pairs(role.annotation_values or {}) do
    all[name] = all[name] or value
  end
  for _, name in ipairs(needs) do
    if name ~= TITLE and not all[name] then
      return refuse(type, "'%s' needs the annotation '%s'", role.role, name)
    end
  end
  item.annotations = next(all) and all or nil
  return true
end

local function finish_item(type, role, item)
  if role.data == "embedded" and item.embed == nil then
    item.embed = true
  end
  for _, step in ipairs { set_title, set_media_type, set_annotations } do
    local ok, message, code, detail = step(type, role, item)
    if not ok then
      return nil, message, code, detail
    end
  end
  return true
end

-- Counts as people say them: "one", "at most 20".
local function counted(role)
  local least, most = role.min or 0, role.max or math.huge
  if least == most then
    return tostring(least)
  end
  return most == math.huge and "at least " .. least or least == 0 and "at most " .. most
    or ("%d to %d"):format(least, most)
end

-- The contents of a role, as layers of the generic specification.
local function of_role(type, role, value)
  local items, message, code, detail = inputs.list(type, role, value)
  if not items then
    return nil, message, code, detail
  end
  if #items < (role.min or 0) or #items > (role.max or math.huge) then
    return refuse(type, "'%s' is given %s, %s expected", role.role,
      #items == 0 and "nothing" or #items == 1 and "once" or #items .. " times", counted(role))
  end
  for _, item in ipairs(items) do
    local ok
    ok, message, code, detail = finish_item(type, role, item)
    if not ok then
      return nil, message, code, detail
    end
  end
  return items
end

local function layers_of(type, definition, given, order)
  local layers, at = {}, {}
  for i, name in ipairs(order or {}) do
    at[name] = i
  end
  local sorted = {}
  for i, role in ipairs(definition) do
    sorted[i] = { role = role, at = at[role.role] or #definition + i }
  end
  table.sort(sorted, function(a, b) return a.at < b.at end)
  for _, entry in ipairs(sorted) do
    local role = entry.role
    local value = given[role.role]
    if value == nil then
      value = given[key_of(role.role)]
    end
    if (role.media_types or {})[1] ~= EMPTY then
      local items, message, code, detail = of_role(type, role, value)
      if not items then
        return nil, message, code, detail
      end
      for _, item in ipairs(items) do
        layers[#layers + 1] = item
      end
    end
  end
  return layers
end

-- ---- the config

local IMAGE_CONFIGS = {
  ["application/vnd.oci.image.config.v1+json"] = true,
  ["application/vnd.docker.container.image.v1+json"] = true,
}

-- What is written where the author has no say: what the clients of these types write, and none of them reads.
local function default_config(type, config)
  local content, media_type = config.content or "", config.media_type
  if content:find "data=e30=" then
    return { data = "{}", media_type = media_type, embed = true }
  elseif media_type == EMPTY then
    return false
  elseif content:find "^{}" or content:find "all omitempty" then
    return { data = "{}", media_type = media_type }
  elseif content:find "image config bytes" or content:find "go%-containerregistry"
    or (IMAGE_CONFIGS[media_type] and not config.required) then
    return { data = inputs.IMAGE_CONFIG, media_type = media_type }
  elseif not config.required then
    return { data = "{}", media_type = media_type }
  end
  return refuse(type, "a config is needed%s", content ~= "" and ": " .. content or "")
end

local function config_of(type, config, value)
  if not config or (value == nil and config.media_type == "*") then
    return value or false
  elseif value == nil then
    return default_config(type, config)
  end
  local item = inputs.copy(value)
  if config.media_type == "*" then
    return item
  end
  item.media_type = item.media_type or config.media_type
  local takes_it = item.media_type == config.media_type
  for _, other in ipairs(config.also_media_types or {}) do
    takes_it = takes_it or other == item.media_type or other == "*"
  end
  if not takes_it then
    return refuse(type, "the config cannot be of the media type \"%s\"", item.media_type)
  end
  return item
end

-- ---- the rest

-- The artifact's type: what the definition says; false: none is written, the config's media type is the type.
local function artifact_type_of(type, definition, given)
  local fixed = definition.artifact_type
  if fixed == "*" then
    if not given.artifact_type then
      return refuse(type, "an artifact_type is needed")
    end
    return given.artifact_type
  elseif ANY_ARTIFACT_TYPE[type.name] then
    return given.artifact_type or fixed
  elseif given.artifact_type and given.artifact_type ~= fixed then
    return refuse(type, "the artifact_type is %s", fixed and ("\"%s\""):format(fixed) or "not written")
  end
  return fixed or false
end

local function check_annotations(type, definition, out)
  for _, name in ipairs((definition.annotations or {}).required or {}) do
    if name == CREATED then
      if out.created == nil and not (out.annotations or {})[name] then
        out.created = true -- to choose such a type is to ask for it
      end
    elseif not (out.annotations or {})[name] then
      return refuse(type, "the annotation '%s' is needed", name)
    end
  end
  return true
end

-- One manifest, of the definition or of an index's child.
local function manifest_spec(type, definition, given, order)
  local out = {}
  for name in pairs(generic_spec.checkers) do
    out[name] = given[name]
  end
  local message, code, detail
  out.layers, message, code, detail = layers_of(type, definition.layers or {}, given, order)
  if not out.layers then
    return nil, message, code, detail
  end
  if #out.layers < (definition.min_layers or 0) then
    return refuse(type, "at least %d of its layers are needed", definition.min_layers)
  end
  out.config, message, code, detail = config_of(type, definition.config, given.config)
  if out.config == nil then
    return nil, message, code, detail
  end
  out.config = out.config or nil
  out.artifact_type, message, code, detail = artifact_type_of(type, definition, given)
  if out.artifact_type == nil then
    return nil, message, code, detail
  end
  out.artifact_type = out.artifact_type or nil
  if not out.artifact_type and not out.config then
    out.artifact_type = UNKNOWN
  end
  return out
end

local function whole(type, given, order)
  local out, message, code, detail = manifest_spec(type, type, given, order)
  if not out then
    return nil, message, code, detail
  end
  local ok
  ok, message, code, detail = check_annotations(type, type, out)
  if not ok then
    return nil, message, code, detail
  end
  if type.subject == "required" and not out.subject then
    return refuse(type, "a subject is needed: what the artifact is about")
  end
  return out
end

local function default_tag(type)
  return type.tag_rule and type.tag_rule:match "^default tag ([%w._-]+)"
end

--- The generic specification that a role-keyed one stands for, and the tag that the type gives it (or nil). Files may be read.
-- Raises for names that are not known.
---@param type oci.Type
---@param given table keyed by roles (a content, or a list of them), `config`, and the options of every specification
---@param client? oci.Client left out: the default client
---@return oci.Spec? spec nil, message, code, detail: INVALID, UNSUPPORTED, IO, ...
---@return string? tag
---@return string? code
---@return table? detail
function build.expand(type, given, client)
  local instead = NOT_BUILT[type.status]
  if instead then
    return nil, ("%s %s: nothing of it is to be made"):format(type.name, instead), "UNSUPPORTED", {}
  end
  local builder = BUILDERS[type.name] and require(BUILDERS[type.name])
  check_names(type, given, roles_of(type.layers or {}), builder and builder.options)
  local natural, tag, order, definition = given, nil, nil, nil
  if builder then
    natural, tag, order, definition = builder.expand(type, inputs.copy(given), client)
    if not natural then
      return nil, tag, order, definition -- message, code, detail
    end
  end
  local out, message, code, detail = whole(definition or type, natural, order)
  if not out then
    return nil, message, code, detail
  end
  return out, tag or default_tag(type)
end

--- What `expand` gives, built by the client: a Manifest, or nil, message, code, detail.
function build.build(type, given, client)
  local spec, message, code, detail = build.expand(type, given, client)
  if not spec then
    return nil, message, code, detail
  end
  if client then
    return client:manifest(spec)
  end
  return require("oci").manifest(spec)
end

return build
