--- What a type's own client would refuse about a manifest or an index (error), what it would not like or what nobody would
-- find (warning), and what it leaves alone (hint). No I/O.
local core = require "oci.core"
local manifests = require "oci.manifest"
local match = require "oci.types.match"
local options = require "oci.options"
local roles = require "oci.types.roles"
local values = require "oci.types.values"

---@class oci.CheckOptions
---@field config? string the bytes of the config; left out: known only where the manifest tells them
---@field descriptor? oci.Descriptor how an index lists the manifest

local check = {}

local TITLE = "org.opencontainers.image.title"
local EMPTY_DIGEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

-- The rules, and how severe it is to break one where the type's `severities` do not say otherwise.
local severities = {
  ["manifest-type"] = "error",
  ["body-media-type"] = "error",
  ["artifact-type"] = "error",
  ["config-type"] = "error",
  ["config-content"] = "error",
  ["layer-unknown"] = "error",
  ["layer-missing"] = "error",
  ["layer-excess"] = "error",
  ["layer-legacy"] = "warning",
  ["layer-position"] = "error",
  ["layer-title"] = "warning",
  ["title-path"] = "warning",
  ["layer-annotation"] = "error",
  ["layer-data"] = "warning",
  ["entry-platform"] = "error",
  ["annotation"] = "error",
  ["subject"] = "error",
  ["index-descriptor"] = "error",
  ["limit"] = "error",
}

local MOST = 1000 -- findings, as of lint
local LONGEST = 600 -- bytes of a message

--- A function that adds a finding about a type. `severity` is for rules that have none in the table above.
function check.reporter(kind, findings)
  return function(rule, path, message, severity)
    if #findings >= MOST then
      return
    end
    findings[#findings + 1] = {
      rule = rule,
      severity = kind.severities and kind.severities[rule] or severity or severities[rule] or "error",
      path = path,
      message = (kind.name .. ": " .. values.cut(message, LONGEST):gsub("%c", "?")),
    }
  end
end

-- What the functions below share: the type, the part of it that speaks of this manifest, what was found.
local function context(kind, manifest, opts)
  local self = { kind = kind, manifest = manifest, opts = opts, findings = core.array {} }
  self.shape = roles.shape(kind, manifest)

  --- The path of the i-th layer or entry.
  function self.at(i, field)
    return ("%s[%d]%s"):format(manifest.manifests and "manifests" or "layers", i - 1, field and "." .. field or "")
  end

  self.report = check.reporter(kind, self.findings)

  return self
end

-- ---- the manifest itself

-- Gives false where nothing more can be said of what the manifest lists.
local function check_media_type(self)
  local kind, shape, given = self.kind, self.shape, self.manifest.media_type
  local allowed = { shape.manifest_media_type }
  for _, more in ipairs(shape.also_manifest_media_types or {}) do
    allowed[#allowed + 1] = more
  end
  if shape == kind and match.among(kind.also_root_media_types, given) then
    return kind.entries ~= nil
  end
  if not match.among(allowed, given) then
    self.report("manifest-type", "mediaType", ("its client takes %s, not %s"):format(
      table.concat(allowed, " or "), given))
    return (self.manifest.manifests ~= nil) == (kind.entries ~= nil)
  end
  return true
end

local function check_body(self)
  if self.kind.manifest_body_media_type ~= "required" then
    return
  end
  local document = core.json_decode(self.manifest.bytes)
  if type(document) == "table" and document.mediaType == nil then
    self.report("body-media-type", "mediaType", "the document must say its mediaType, its client insists on it")
  end
end

--- Does the config's media type carry the type, as before there was artifactType?
function check.carried_by_config(kind, manifest)
  if kind.identify_fallback ~= "config.mediaType" or manifest.artifact_type or not manifest.config then
    return false
  end
  local given = match.folded(kind, manifest.config.media_type)
  return given == match.folded(kind, kind.artifact_type)
    or match.among(kind.config and kind.config.also_media_types, given)
end

local function check_artifact_type(self)
  local kind, wanted, given = self.kind, self.shape.artifact_type, self.manifest.artifact_type
  if not wanted or check.carried_by_config(kind, self.manifest) then
    return
  end
  if wanted == "*" then
    if not given and not kind.identify_fallback then
      self.report("artifact-type", "artifactType", "the manifest must have an artifactType, since its config is empty")
    end
  elseif match.folded(kind, wanted) ~= match.folded(kind, given) then
    self.report("artifact-type", "artifactType", ("the artifactType must be %s, it is %s"):format(
      wanted, given or "missing"))
  end
end

local function check_annotations(self)
  local wanted, given = self.shape.annotations or { required = {} }, self.manifest.annotations or {}
  for _, name in ipairs(wanted.required) do
    if given[name] == nil then
      self.report("annotation", "annotations", ("the annotation %s is missing"):format(name))
    end
  end
  for _, name in ipairs(values.sorted(wanted.values or {})) do
    if given[name] ~= nil and given[name] ~= wanted.values[name] then
      self.report("annotation", "annotations", ("the annotation %s must be \"%s\""):format(name, wanted.values[name]))
    end
  end
end

local function check_surroundings(self)
  local kind, descriptor = self.kind, self.opts.descriptor
  if self.shape ~= kind then
    return
  end
  if kind.subject == "required" and not self.manifest.subject then
    self.report("subject", "subject", "the manifest needs a subject: nobody finds it without")
  end
  if not (kind.index_descriptor and descriptor) then
    return
  end
  local wanted, given = kind.index_descriptor.annotations, descriptor.annotations or {}
  for _, name in ipairs(wanted.required) do
    local value = wanted.values and wanted.values[name]
    if given[name] == nil or (value and given[name] ~= value) then
      self.report("index-descriptor", "", ("the descriptor in the index needs the annotation %s%s"):format(
        name, value and (" with the value \"%s\""):format(value) or ""))
    end
  end
end

-- ---- the config

--- The bytes of a config, as far as they are known without fetching it (parse has compared what is embedded with the digest);
-- nil: not known.
function check.config_bytes(manifest, opts)
  local config = manifest.config
  if opts.config or not config then
    return opts.config
  end
  return config.data or (config.digest == EMPTY_DIGEST and "{}" or nil)
end

local function check_config_type(self)
  local kind, wanted, given = self.kind, self.shape.config, self.manifest.config.media_type
  local folded = match.folded(kind, given)
  if match.among(wanted.also_rejected, given) then
    self.report("config-type", "config.mediaType", ("the config must not be of the media type %s"):format(given))
    return false
  elseif folded == match.folded(kind, wanted.media_type) or match.among(wanted.also_media_types, folded)
    or wanted.media_type == "*" or match.among(wanted.also_media_types, "*")
    or check.carried_by_config(kind, self.manifest) then
    return true
  end
  local stale = match.among(wanted.stale_aliases, given)
  self.report("config-type", "config.mediaType", ("the config's media type must be %s, %s is %s"):format(
    wanted.media_type, given, stale and "a mistake that was published once" or "another one"),
    not wanted.required and "warning" or nil)
  return stale
end

local function check_config_content(self, bytes)
  local wanted = self.shape.config
  if not (wanted.schema or wanted.labels) then
    return
  end
  local value, message = core.json_decode(bytes)
  if value == nil then
    self.report("config-content", "config", "the config is not JSON: " .. message)
    return
  end
  for _, finding in ipairs(wanted.schema and require("oci.types.schema").check(wanted.schema, value) or {}) do
    self.report("config-content", "config", ("in the config%s: %s"):format(
      finding.path ~= "" and " at " .. finding.path or "", finding.message))
  end
  local labels = check.labels(value)
  for _, name in ipairs(values.sorted(wanted.labels or {})) do
    if labels[name] ~= wanted.labels[name] then
      self.report("config-content", "config", ("the config must have the label %s = \"%s\""):format(
        name, wanted.labels[name]))
    end
  end
end

--- The labels of an image config, decoded.
function check.labels(value)
  local inner = type(value) == "table" and value.config
  local labels = type(inner) == "table" and inner.Labels
  return type(labels) == "table" and labels or {}
end

local function check_config(self)
  if not (self.shape.config and self.manifest.config) then
    return
  end
  local bytes = check.config_bytes(self.manifest, self.opts)
  if check_config_type(self) and bytes then
    check_config_content(self, bytes)
  end
end

-- ---- layers and entries

local function check_one(self, i, role, descriptor)
  local annotations = descriptor.annotations or {}
  if match.among(role.legacy_media_types, descriptor.media_type) then
    self.report("layer-legacy", self.at(i, "mediaType"), ("%s is an old media type, %s is written today"):format(
      descriptor.media_type, role.media_types[1]))
  end
  if role.title_required and not annotations[TITLE] then
    self.report("layer-title", self.at(i, "annotations"), ("the %s \"%s\" needs the annotation %s"):format(
      self.noun, role.role, TITLE))
  elseif not roles.titled_so(role, annotations[TITLE]) then
    self.report("layer-title", self.at(i, "annotations"), ("the title of the %s \"%s\" must be like %s"):format(
      self.noun, role.role, role.title_pattern or table.concat(role.files, " or ")))
  end
  for _, name in ipairs(role.annotations and role.annotations.required or {}) do
    if annotations[name] == nil and not (role.title_required and name == TITLE) then
      self.report("layer-annotation", self.at(i, "annotations"), ("the %s \"%s\" needs the annotation %s"):format(
        self.noun, role.role, name))
    end
  end
  local platform = descriptor.platform or {}
  if role.platform and role.platform:find "^required" and not (platform.os and platform.architecture) then
    self.report("entry-platform", self.at(i, "platform"), ("the entry \"%s\" needs a platform with os and architecture")
      :format(role.role))
  end
  if role.data == "embedded" and not descriptor.data then
    self.report("layer-data", self.at(i, "data"), ("the content of the %s \"%s\" is to be embedded as data"):format(
      self.noun, role.role))
  end
end

local function check_unknown(self, i, descriptor)
  if self.kind.unknown_layers ~= "allow" then
    local refused = self.kind.unknown_layers == "reject"
    self.report("layer-unknown", self.at(i), ("its client %s a %s of the media type %s%s"):format(
      refused and "refuses" or "ignores", self.noun, descriptor.media_type,
      self.noun == "entry" and " and these annotations" or ""), not refused and "hint" or nil)
  end
end

-- Gives the numbers of the layers of each role.
local function check_each(self, assigned, descriptors)
  local places = {}
  for i, descriptor in ipairs(descriptors) do
    local role = assigned[i]
    if role then
      places[role] = places[role] or {}
      table.insert(places[role], i)
      check_one(self, i, role, descriptor)
    else
      check_unknown(self, i, descriptor)
    end
  end
  return places
end

local function check_counts(self, definitions, places)
  for _, role in ipairs(definitions) do
    local number = #(places[role] or {})
    if number < role.min then
      self.report("layer-missing", self.at_all, ("%s \"%s\" (%s) needed, there %s %d"):format(
        values.counted(role.min, self.noun), role.role, table.concat(role.media_types, ", "),
        number == 1 and "is" or "are", number))
    elseif role.max and number > role.max then
      self.report("layer-excess", self.at(places[role][role.max + 1]), ("%s \"%s\" at most, there are %d"):format(
        values.counted(role.max, self.noun), role.role, number))
    end
  end
end

local function check_positions(self, definitions, places, number)
  for _, role in ipairs(definitions) do
    local wanted = role.position and (role.position == "first" and 1 or number)
    if wanted and places[role] and places[role][1] ~= wanted then
      self.report("layer-position", self.at(places[role][1]), ("the %s \"%s\" must be the %s one"):format(
        self.noun, role.role, role.position))
    end
  end
  local latest = 0
  for _, role in ipairs(self.kind.layer_order == "declared" and definitions or {}) do
    for _, i in ipairs(places[role] or {}) do
      if i < latest then
        self.report("layer-position", self.at(i), ("the %s \"%s\" must come after those of the roles before it"):format(
          self.noun, role.role))
      end
      latest = math.max(latest, i)
    end
  end
end

local function check_listed(self)
  local definitions, descriptors = roles.described(self.kind, self.manifest)
  self.noun = self.manifest.manifests and "entry" or "layer"
  self.at_all = self.manifest.manifests and "manifests" or "layers"
  local places = check_each(self, roles.assign(self.kind, self.manifest), descriptors)
  check_counts(self, definitions, places)
  check_positions(self, definitions, places, #descriptors)
  if self.kind.min_layers and #descriptors < self.kind.min_layers then
    self.report("layer-missing", self.at_all, ("%s needed, there are %d"):format(
      values.counted(self.kind.min_layers, self.noun), #descriptors))
  end
end

-- Titles become paths where clients write files: pull and oras refuse these.
local function is_unsafe(title)
  if title == "" or title:find "^/" or title:find "[%c\127]" then
    return true
  end
  for part in title:gmatch "[^/]+" do
    if part == "." or part == ".." then
      return true
    end
  end
end

local function check_titles(self)
  for i, layer in ipairs(self.manifest.layers or {}) do
    local title = (layer.annotations or {})[TITLE]
    if title and is_unsafe(title) then
      self.report("title-path", self.at(i, "annotations"), ("no client should write a file with the title \"%s\": "
        .. "write a path without . and .. and / at its beginning"):format(title))
    end
  end
end

local function check_limits(self)
  local limits, manifest = self.kind.limits or {}, self.manifest
  if limits.manifest_bytes and manifest.size > limits.manifest_bytes then
    self.report("limit", "", ("the manifest has %d bytes, its client takes %d"):format(
      manifest.size, limits.manifest_bytes))
  end
  local layers = manifest.layers or {}
  if limits.layers and #layers > limits.layers then
    self.report("limit", "layers", ("there are %d layers, its client takes %d"):format(#layers, limits.layers))
  end
  for i, layer in ipairs(limits.layer_bytes and layers or {}) do
    if layer.size and layer.size > limits.layer_bytes then
      self.report("limit", self.at(i, "size"), ("the layer has %.0f bytes, its client takes %.0f"):format(
        layer.size, limits.layer_bytes))
    end
  end
end

-- ---- all of it

--- The findings, without a check of the arguments.
function check.findings(kind, manifest, opts)
  local self = context(kind, manifest, opts)
  local comparable = check_media_type(self)
  check_body(self)
  check_artifact_type(self)
  check_annotations(self)
  check_surroundings(self)
  if comparable then
    check_config(self)
    check_listed(self)
    check_titles(self)
    check_limits(self)
    local rules = require "oci.types.rules"
    for _, name in ipairs(kind.rules or {}) do
      rules[name](self)
    end
  end
  return self.findings
end

local checkers = { config = options.bytes, descriptor = options.table }

--- See oci.Type.
function check.check(kind, manifest, opts)
  if not manifests.is(manifest) then
    options.bad_argument("check", 1, "Manifest expected, got " .. options.kind(manifest))
  end
  return check.findings(kind, manifest, options.check("check", 2, opts, checkers))
end

return check
