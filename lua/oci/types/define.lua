--- oci.types.define: what an author says of a type, checked and brought into the shape that the types of the catalog have.
local core = require "oci.core"
local match = require "oci.types.match"
local naming = require "oci.types.naming"
local options = require "oci.options"
local schema = require "oci.types.schema"
local spec = require "oci.spec"
local types = require "oci.types"

---@class oci.TypeDefinition
---@field name string lower-case letters, digits, "-", "_", "."; another one than those of the catalog
---@field title? string for people; left out: the one for en-US in `titles`
---@field titles? table<string, string> by locale ("en-US"), at most 30 characters each
---@field description? string
---@field descriptions? table<string, string> by locale, at most 255 characters each
---@field version? string of the type
---@field specs? string|string[] the specifications it refers to, with their versions
---@field status? "current"|"experimental"
---@field artifact_type? string left out: the config's media type tells the type
---@field config? oci.DefinedConfig left out: the empty config
---@field layers? oci.DefinedLayer[] left out: artifacts without content
---@field entries? oci.DefinedLayer[] the type is an index of these
---@field child? oci.DefinedChild the manifests behind the entries
---@field annotations? oci.DefinedAnnotations|string[] of the manifest; a list: the required ones
---@field unknown_layers? "reject"|"ignore"|"allow" other layers; left out: reject
---@field layer_order? "insignificant"|"declared" declared: in the order of the roles
---@field subject? "none"|"optional"|"required" left out: optional
---@field tag_rule? string for people; "default tag NAME" is also what push takes where the reference has none
---@field limits? { manifest_bytes?: integer, layers?: integer, layer_bytes?: integer } what clients take: `check` finds what
--- is beyond, `build` and `push` do not look
---@field notes? string for people
---@field source? string where the type is described
---@field more_info_url? string for the submission
---@field spec_url? string
---@field config_schema_url? string
---@field tools? { url: string, title: string }[]

---@class oci.DefinedConfig
---@field media_type string
---@field also_media_types? string|string[] taken, too
---@field schema? table JSON Schema, see oci.types.schema
---@field default? string what is written where none is given; left out: one must be given
---@field description? string what is in it

---@class oci.DefinedLayer a role: what the layer, or the index's entry, is for
---@field role string the key under which `build` and `push` are given it
---@field media_types? string|string[] the first is what is written; "*": any. Left out of an entry: an image manifest
---@field min? integer left out: 0
---@field max? integer left out: any number
---@field files? string|string[] patterns of titles, also of the files that are taken out of a directory
---@field title_required? boolean
---@field annotations? oci.DefinedAnnotations|string[]
---@field artifact_type? string of an entry
---@field platform? string of an entry, for people; "required...": it must have one
---@field description? string

---@class oci.DefinedChild
---@field artifact_type? string
---@field config? oci.DefinedConfig
---@field layers? oci.DefinedLayer[]
---@field annotations? oci.DefinedAnnotations|string[]

---@class oci.DefinedAnnotations
---@field required? string[]
---@field recommended? string[]
---@field values? table<string, string> the value that an annotation has; it is written by `build`

local MANIFEST = "application/vnd.oci.image.manifest.v1+json"
local INDEX = "application/vnd.oci.image.index.v1+json"
local EMPTY = "application/vnd.oci.empty.v1+json"
local TITLE = "org.opencontainers.image.title"

-- What a returned error is on its way through the functions below.
local Refusal = {}

local function refuse(code, message, ...)
  error(setmetatable({ message = message:format(...), code = code }, Refusal), 0)
end

local function invalid(message, ...)
  refuse("INVALID", message, ...)
end

-- ---- shapes: what is wrong here raises

local one_of = options.one_of

local config_checkers = {
  media_type = options.string, also_media_types = options.strings, schema = options.table, default = options.bytes,
  description = options.string,
}

local layer_checkers = {
  role = options.string, media_types = options.strings, min = options.size, max = options.size, files = options.strings,
  title_required = options.boolean, annotations = options.table, description = options.string,
}

local entry_checkers = {
  role = options.string, media_types = options.strings, min = options.size, max = options.size,
  annotations = options.table, description = options.string, artifact_type = options.string, platform = options.string,
}

local child_checkers = {
  artifact_type = options.string, config = options.table, layers = options.table, annotations = options.table,
}

local annotation_checkers = {
  required = options.strings, recommended = options.strings, values = options.string_map,
}

local limit_checkers = { manifest_bytes = options.size, layers = options.size, layer_bytes = options.size }

local tool_checkers = { url = options.string, title = options.string }

local checkers = {
  name = options.string, title = options.string, titles = options.string_map, description = options.string,
  descriptions = options.string_map, version = options.string, specs = options.strings,
  status = one_of("current", "experimental"), artifact_type = options.string, config = options.table,
  layers = options.table, entries = options.table, child = options.table, annotations = options.table,
  unknown_layers = one_of("reject", "ignore", "allow"), layer_order = one_of("insignificant", "declared"),
  subject = one_of("none", "optional", "required"), tag_rule = options.string, limits = options.table,
  notes = options.string, source = options.string, more_info_url = options.string, spec_url = options.string,
  config_schema_url = options.string, tools = options.table,
}

local function raise(where, what)
  options.bad_argument("define", 1, where .. ": " .. what)
end

local function check_shape(where, value, known)
  if type(value) ~= "table" then
    raise(where, "table expected, got " .. options.kind(value))
  end
  local fault = options.fault(value, known)
  if fault then
    raise(where, fault)
  end
end

local function check_list(where, value)
  local fault = options.list_fault(value)
  if fault then
    raise(where, fault)
  end
end

local function list_of(value)
  local all = {}
  for i, item in ipairs(type(value) == "table" and value or { value }) do
    all[i] = item
  end
  return all
end

local function copy(value)
  return options.with(value, {})
end

-- ---- texts

-- Controls, and what changes the direction or the width of a line.
local function has_formatting(text)
  return text:find "[%c\127]" or text:find "\194[\128-\159]" or text:find "\226\128[\139-\143\168-\174]"
    or text:find "\226\129[\160-\175]" or text:find "\239\187\191"
end

local function check_text(what, text, most)
  if text == nil then
    return
  elseif not core.json_encode(text) then
    invalid("%s is not UTF-8", what)
  elseif has_formatting(text) then
    invalid("%s has control or formatting characters", what)
  elseif text == "" then
    invalid("%s is empty", what)
  elseif most and #text:gsub("[\128-\191]", "") > most then
    invalid("%s has more than %d characters", what, most)
  end
end

local function check_localised(what, texts, most)
  for locale, text in pairs(texts or {}) do
    if not locale:find "^%l%l%-%u%u$" then
      invalid("%s: \"%s\" is no locale, write the language and the country, as in en-US", what, locale)
    end
    check_text(("%s for %s"):format(what, locale), text, most)
  end
end

local function check_media_type(what, text)
  local half = "[%w][%w!#$&^_.+-]*"
  local before, after = text:match("^(" .. half .. ")/(" .. half .. ")$")
  if not before or #before > 127 or #after > 127 then
    invalid("%s \"%s\" is no media type", what, text)
  end
end

local function check_texts(given)
  if not given.name:find "^[%l%d][%l%d._-]*$" then
    invalid("the name \"%s\" must be of lower-case letters, digits, -, _ and .", given.name)
  elseif not given.title and not (given.titles or {})["en-US"] then
    invalid("%s: a title is needed, or titles with one for en-US", given.name)
  end
  for _, field in ipairs { "title", "description", "version", "tag_rule", "source", "more_info_url", "spec_url",
    "config_schema_url" } do
    check_text(field, given[field])
  end
  check_localised("the title", given.titles, 30)
  check_localised("the description", given.descriptions, 255)
  for _, text in ipairs(list_of(given.specs)) do
    check_text("a specification", text)
  end
end

-- ---- parts

local function annotations_of(where, given)
  if given == nil then
    return { required = {}, recommended = {} }
  elseif given[1] ~= nil then
    given = { required = given }
  end
  check_shape(where, given, annotation_checkers)
  local made = {
    required = list_of(given.required), recommended = list_of(given.recommended),
    values = given.values and copy(given.values) or nil,
  }
  for _, list in ipairs { made.required, made.recommended } do
    check_list(where, list)
    for _, name in ipairs(list) do
      check_text(where .. ": a name", name)
    end
  end
  return made
end

local function config_of(where, given)
  if given == nil then
    return { media_type = EMPTY, required = true, content = "{} (2 bytes)" }
  end
  check_shape(where, given, config_checkers)
  if not given.media_type then
    invalid("%s: a media_type is needed", where)
  end
  local made = {
    media_type = given.media_type, required = true, schema = given.schema, default = given.default,
    content = given.description,
    also_media_types = given.also_media_types and list_of(given.also_media_types) or nil,
  }
  check_text(where .. ".description", given.description)
  check_media_type(where .. ".media_type", made.media_type)
  for _, media_type in ipairs(made.also_media_types or {}) do
    check_media_type(where .. ".also_media_types", media_type)
  end
  if made.schema ~= nil then
    local check, message, code = schema.compile(made.schema)
    if not check then
      refuse(code, "%s.schema: %s", where, message)
    end
  end
  return made
end

-- Names under which nothing but a role may be given.
local function check_role_name(where, name, taken)
  if not name or not name:find "^%l[%l%d._-]*$" then
    invalid("%s: a role must be named, with lower-case letters, digits, -, _ and .", where)
  end
  for _, key in ipairs { name, (name:gsub("[^%w]", "_")) } do
    if spec.checkers[key] or key == "type" or key == "platform" or key == "empty" then
      invalid("%s: the role \"%s\" has the name of an option of push: choose another one", where, name)
    elseif taken[key] and taken[key] ~= name then
      invalid("%s: the role \"%s\" has the same key as \"%s\"", where, name, taken[key])
    elseif taken[key] and key == name then
      invalid("%s: the role \"%s\" is there twice", where, name)
    end
  end
  taken[name], taken[name:gsub("[^%w]", "_")] = name, name
end

local function role_of(where, given, default_type)
  local made = {
    role = given.role, min = given.min or 0, max = given.max, description = given.description,
    title_required = given.title_required or nil, artifact_type = given.artifact_type, platform = given.platform,
    media_types = list_of(given.media_types or default_type), files = given.files and list_of(given.files) or nil,
    annotations = annotations_of(where .. ".annotations", given.annotations),
  }
  check_text(where .. ".description", made.description)
  check_text(where .. ".platform", made.platform)
  if #made.media_types == 0 then
    invalid("%s: media_types are needed, or \"*\" for any", where)
  elseif made.max and made.max < math.max(made.min, 1) then
    invalid("%s: at most %d are allowed, and at least %d needed", where, made.max, made.min)
  end
  for _, media_type in ipairs(made.media_types) do
    if media_type ~= "*" then
      check_media_type(where .. ".media_types", media_type)
    end
  end
  for _, pattern in ipairs(made.files or {}) do
    check_text(where .. ".files: a pattern", pattern)
  end
  if made.artifact_type then
    check_media_type(where .. ".artifact_type", made.artifact_type)
  end
  return made
end

-- Layers are titled unless their author thinks otherwise: pull names files by it. Where no role needs to be filled, the
-- layer that stands for nothing may be there.
local function layers_of(where, given)
  local made, taken, needed = {}, {}, false
  check_list(where, given or {})
  for i, layer in ipairs(given or {}) do
    local here = ("%s[%d]"):format(where, i)
    check_shape(here, layer, layer_checkers)
    check_role_name(here, layer.role, taken)
    made[i] = role_of(here, layer)
    local annotations = made[i].annotations
    if not match.among(annotations.required, TITLE) and not match.among(annotations.recommended, TITLE) then
      table.insert(annotations.recommended, TITLE)
    end
    needed = needed or made[i].min > 0
  end
  if not needed then
    made[#made + 1] = { role = "empty", media_types = { EMPTY }, min = 0, max = 1 }
  end
  return made
end

local function entries_of(given)
  local made, taken = {}, {}
  check_list("entries", given)
  for i, entry in ipairs(given) do
    local here = ("entries[%d]"):format(i)
    check_shape(here, entry, entry_checkers)
    check_role_name(here, entry.role, taken)
    made[i] = role_of(here, entry, MANIFEST)
  end
  if #made == 0 then
    invalid("entries: an index needs a role at least")
  end
  return made
end

-- What tells the type: its artifact type, or before there was one the config's media type.
local function identify(where, made)
  if made.artifact_type then
    check_media_type(where .. "artifact_type", made.artifact_type)
    made.identify_by, made.identify_fallback = "artifactType", made.config and "config.mediaType" or nil
  elseif made.config and made.config.media_type ~= EMPTY then
    made.identify_by = "config.mediaType"
  else
    invalid("%san artifact_type is needed, or a config with a media_type: nothing else tells the type", where)
  end
end

local function child_of(given, entries)
  given = given or {}
  check_shape("child", given, child_checkers)
  local made = {
    manifest_media_type = MANIFEST, manifest_body_media_type = "present",
    artifact_type = given.artifact_type or entries[1].artifact_type,
    config = config_of("child.config", given.config),
    layers = layers_of("child.layers", given.layers),
    annotations = annotations_of("child.annotations", given.annotations),
  }
  identify("child: ", made)
  return made
end

local function check_tools(tools)
  check_list("tools", tools)
  for i, tool in ipairs(tools) do
    local here = ("tools[%d]"):format(i)
    check_shape(here, tool, tool_checkers)
    if not (tool.url and tool.title) then
      invalid("%s: url and title are needed", here)
    end
    check_text(here .. ".url", tool.url)
    check_text(here .. ".title", tool.title, 30)
  end
end

-- ---- all of it

local function check_kind(given)
  if given.entries and (given.layers or given.config) then
    invalid("%s: an index has entries, config and layers are those of its child", given.name)
  elseif given.child and not given.entries then
    invalid("%s: a child is of an index, which has entries", given.name)
  elseif given.entries and not given.artifact_type then
    invalid("%s: an index needs an artifact_type: nothing else tells the type", given.name)
  end
end

local function fields_of(given)
  local made = copy(given)
  made.title = given.title or given.titles["en-US"]
  made.titles, made.descriptions = copy(given.titles or {}), copy(given.descriptions or {})
  made.description = given.description or made.descriptions["en-US"] or ""
  made.specs, made.tools = list_of(given.specs), given.tools and list_of(given.tools) or nil
  made.status = given.status or "current"
  made.manifest_media_type = given.entries and INDEX or MANIFEST
  made.manifest_body_media_type = "present"
  made.annotations = annotations_of("annotations", given.annotations)
  made.unknown_layers = given.unknown_layers or "reject"
  made.layer_order = given.layer_order or "insignificant"
  made.subject = given.subject or "optional"
  made.limits = given.limits and copy(given.limits) or nil
  made.layers = {}
  if given.entries then
    made.entries = entries_of(given.entries)
    made.child = child_of(given.child, made.entries)
  else
    made.config = config_of("config", given.config)
    made.layers = layers_of("layers", given.layers)
  end
  identify("", made)
  return made
end

local function normalise(given)
  if not given.name then
    invalid "a name is needed"
  end
  check_texts(given)
  check_kind(given)
  check_tools(given.tools or {})
  check_shape("limits", given.limits or {}, limit_checkers)
  local made = fields_of(given)
  made.findings = naming.findings(made)
  return made
end

--- Defines a type; see oci.types. What of its names does not follow the convention is in its field `findings`.
return function(given)
  if type(given) ~= "table" then
    options.bad_argument("define", 1, "table expected, got " .. options.kind(given))
  end
  options.check("define", 1, given, checkers)
  local ok, made = pcall(normalise, given)
  if not ok then
    if getmetatable(made) ~= Refusal then
      error(made, 0)
    end
    return nil, made.message, made.code, {}
  end
  return types.register(made)
end
