--- Types of artifacts: a definition, as a file of lua/oci/types/catalog has it, and what can be done with it. Each method is
-- in a module of its own, loaded when it is first called.

---@class oci.TypeAnnotations
---@field required string[] the names of annotations
---@field recommended string[]
---@field values? table<string, string> the value that an annotation has

---@class oci.TypeConfig
---@field media_type string "*": any
---@field required boolean the type's own client takes no other media type
---@field also_media_types? string[] taken, too
---@field stale_aliases? string[] known to be wrong, met still
---@field empty_config_type? string that the client writes instead of the empty one in the shape of image-spec 1.0
---@field also_rejected? string[] never right here
---@field content? string what is in it, for a person
---@field default? string what `build` writes where it is given no config: bytes, or "image-config" for what the libraries of
--- images write (with `labels`); nil: one has to be given, unless it is the empty config
---@field embed? boolean such a config is in its descriptor, too
---@field schema? table JSON Schema of what is in it
---@field labels? table<string, string> labels of an image config that it has

---@class oci.TypeLayer
---@field role string
---@field description? string
---@field media_types string[] the first is what is written; "*": any
---@field legacy_media_types? string[] read, not written
---@field media_type_prefixes? string[]
---@field media_type_pattern? string "<...>" stands for some characters
---@field min integer so many at least
---@field max? integer and at most; nil: any number
---@field position? "first"|"last"
---@field extension? string of a file's name
---@field files? string[] patterns (*, ?, **) of titles
---@field title_required? boolean
---@field title_pattern? string "<...>" stands for some characters
---@field data? "embedded" the content is in the descriptor
---@field annotations? oci.TypeAnnotations
---@field annotation_values? table<string, string>
---@field inspect? string what `check_content` looks at
---@field artifact_type? string of an index's entry
---@field platform? string of an index's entry, for a person; if it begins with "required", the entry must have one

---@class oci.TypeChild what an entry of the index is
---@field manifest_media_type string
---@field artifact_type? string
---@field identify_by? string
---@field config? oci.TypeConfig
---@field layers oci.TypeLayer[]
---@field annotations? oci.TypeAnnotations

---@class oci.Type
---@field name string
---@field title string
---@field description string
---@field source string where it was read
---@field specs string[] the versions of the specifications and programs it refers to
---@field status "current"|"experimental"|"legacy"|"profile" legacy: met still, not to be written; profile: no type, a use
---@field legacy? boolean
---@field generic? integer any artifact may be of it; the order in which such types are tried
---@field version? string of a defined type
---@field titles? table<string, string> by locale
---@field descriptions? table<string, string> by locale
---@field findings? oci.Finding[] of a defined type: how its names do not follow the convention of opencontainers/artifacts
---@field more_info_url? string
---@field spec_url? string
---@field config_schema_url? string
---@field tools? { url: string, title: string }[]
---@field manifest_media_type string
---@field also_manifest_media_types? string[] of the same shape
---@field also_root_media_types? string[] an index may stand before it
---@field manifest_body_media_type "present"|"absent"|"required" is `mediaType` in the document? required: the client insists
---@field artifact_type? string "*": free; nil: none is written
---@field identify_by string artifactType, config.mediaType, layer.mediaType, layer.annotation, annotation, config.label, tag, index-descriptor, none
---@field identify_fallback? string
---@field tag_pattern? string of its tags, if these tell the type; "<...>" stands for some characters
---@field media_type_compare? "case-insensitive" nil: by bytes
---@field config? oci.TypeConfig
---@field layers oci.TypeLayer[] none for an index
---@field layer_order "significant"|"insignificant"|"declared" declared: in the order of the roles
---@field unknown_layers "allow"|"ignore"|"reject" what its client does with other layers
---@field min_layers? integer of whatever role
---@field entries? oci.TypeLayer[] of an index
---@field child? oci.TypeChild the manifests behind the entries
---@field index_descriptor? { annotations: oci.TypeAnnotations, platform?: table } how an index lists it
---@field annotations oci.TypeAnnotations of the manifest
---@field subject "none"|"optional"|"required"
---@field tag_rule? string for a person
---@field limits? table<string, integer> manifest_bytes, layers, layer_bytes, unpacked_bytes, ...
---@field rules? string[] names of what `check` looks at besides
---@field severities? table<string, string> of the findings by rule, where its client minds more or less than others do
---@field client_rejects? string[] for a person
---@field notes? string
local Type = {}
Type.__index = Type
Type.__name = "oci.Type"

function Type:__tostring()
  return ("oci.Type %s (%s)"):format(self.name, self.title)
end

--- Builds what `push` would send, from content keyed by the type's roles, and sends nothing.
---@param spec table the roles, and `annotations`, `created`, `subject`, ...
---@param client? oci.Client left out: the default one
---@return oci.Manifest? built nil, message, code, detail: INVALID, UNSUPPORTED for legacy types and profiles, IO, ...
---@return string? message
---@return string? code
---@return table? detail
function Type:build(spec, client)
  return require("oci.types.build").build(self, spec, client)
end

--- What the type's own client would refuse about a manifest, or would not like.
---@param manifest oci.Manifest
---@param opts? oci.CheckOptions
---@return oci.Finding[]
function Type:check(manifest, opts)
  return require("oci.types.check").check(self, manifest, opts)
end

--- The same for an artifact in its place, with a look into its config and layers. What is fetched suspends in an event loop as
-- every call does; to look into an archive (kept in a temporary file, at most `limit` bytes) takes the thread's time.
---@param ref oci.Ref
---@param opts? oci.CheckContentOptions
---@return oci.Finding[]? findings nil, message, code, detail: NOT_FOUND, DIGEST_MISMATCH, ...
---@return string? message
---@return string? code
---@return table? detail
function Type:check_content(ref, opts)
  return require("oci.types.content").check(self, ref, opts)
end

--- Pulls an artifact's files by their roles: all that the type takes, or those of the option `roles`.
---@param ref oci.Ref
---@param opts? oci.TypePullOptions
---@return oci.Pulled? pulled with `roles`; nil, message, code, detail
---@return string? message
---@return string? code
---@return table? detail
function Type:pull(ref, opts)
  return require("oci.pull").of_type(self, ref, opts)
end

--- A page about the type.
---@return string
function Type:markdown()
  return require("oci.types.markdown")(self)
end

--- Writes the files that opencontainers/artifacts asks the author of a type to submit.
---@param dir string
---@return string[]? paths nil, message, code, detail: IO, EXISTS, INVALID
---@return string? message
---@return string? code
---@return table? detail
function Type:submission(dir)
  return require("oci.types.submission")(self, dir)
end

local module = {}

local function fill(fields, defaults)
  for name, value in pairs(defaults) do
    if fields[name] == nil then
      fields[name] = value
    end
  end
end

--- Makes a definition a type: the table itself, with what is left out filled in.
function module.new(definition)
  fill(definition, {
    status = "current", specs = {}, layers = {}, layer_order = "insignificant", unknown_layers = "allow",
    annotations = { required = {}, recommended = {} }, subject = "none",
  })
  local below = definition.child and definition.child.layers or {}
  for _, list in ipairs { definition.layers, definition.entries or {}, below } do
    for _, role in ipairs(list) do
      fill(role, { min = 0, media_types = { "*" } })
    end
  end
  return setmetatable(definition, Type)
end

function module.is(value)
  return type(value) == "table" and getmetatable(value) == Type
end

return module
