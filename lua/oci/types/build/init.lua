--- What is given by the roles of a type's layers, made into the specification that push and manifest take:
-- media types, titles, the order, the config, what the type's own client insists on.
--
-- A role is given a path, a content or a list of them. Its name is also written with _ for what is no letter: compose_file. A
-- directory is packed where the role is an archive; else its files with the role's extensions (or that fit its patterns)
-- are a layer each. A media type that is not given follows the file's name, then the role's first. A role of an index is
-- given a list of { platform =, annotations =, and the roles of the manifests behind it }, or descriptors. These look into
-- what they are given, and take more:
--
--   helm-chart             `chart`: a directory (.helmignore is heeded, links are followed) or a .tgz, with the .prov that lies
--                          beside it; `provenance = false` leaves that where it is. The tag is the version
--   opa-bundle             `bundle`: a directory, of which is packed what opa reads, or a bundle.tar.gz
--   conftest-bundle        `policy`, `data`: directories or files; without `data` those beside the policies
--   singularity-sif        `sif`: has to be one; `created` is that of the file unless given
--   wasm                   `module`: a module or a component, whose imports and exports are read; `author`
--   sbom, sbom-spdx, sbom-cyclonedx   `sbom`: the form is seen in the document; `subject`
--   oras-files             `files`, as in every specification
--   flux-artifact          `content`: a directory, a .tar.gz or a file; `source`, `revision`
--   modelpack              the roles; `descriptor` and `model`: the config's members `descriptor` and `config`
--   oci-image, oci-sif-image   the roles; `platform`, in an index that of the entry; `config = { json = ... }` gets these and its
--                          `rootfs`, and may be left out
--   devcontainer-feature, -template   a directory or an archive with its metadata file. The tag is the version
local document = require "oci.types.build.document"
local inputs = require "oci.types.build.inputs"
local layers = require "oci.types.build.layers"
local generic_spec = require "oci.spec"
local options = require "oci.options"
local types = require "oci.types"

local build = {}

-- Types with a builder of their own, which makes contents of what people have at hand: a file of this folder for each.
local BUILDERS = {
  ["conftest-bundle"] = "oci.types.build.conftest_bundle",
  ["devcontainer-feature"] = "oci.types.build.devcontainer",
  ["devcontainer-template"] = "oci.types.build.devcontainer",
  ["flux-artifact"] = "oci.types.build.flux_artifact",
  ["helm-chart"] = "oci.types.build.helm_chart",
  ["modelpack"] = "oci.types.build.modelpack",
  ["oci-image"] = "oci.types.build.oci_image",
  ["oci-sif-image"] = "oci.types.build.oci_image",
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

local function anything()
end

-- Checks of what is given: for the roles, for the builder's own options, and for those of every specification.
local function checkers_of(kind, builder)
  local known = options.with(generic_spec.checkers, { type = anything })
  known.layers, known.files, known.manifests = nil, nil, nil
  for _, role in ipairs(kind.entries or kind.layers) do
    if not layers.is_empty(role) then
      local check = kind.entries and options.table or inputs.check
      known[role.role], known[inputs.key(role.role)] = check, check
    end
  end
  return options.with(known, builder and builder.options or {})
end

local function default_tag(kind)
  return kind.tag_rule and kind.tag_rule:match "^default tag ([%w._-]+)"
end

--- The generic specification that a role-keyed one stands for, and the tag that the type gives it (or nil). Files may be read.
-- Raises for names that are not known.
---@param kind oci.Type
---@param given table keyed by roles (a content, or a list of them), `config`, and the options of every specification
---@param client? oci.Client left out: the default client
---@param for_platform? string|oci.Platform of the index's entry that it is for
---@return oci.Spec? spec nil, message, code, detail: INVALID, UNSUPPORTED, IO, ...
---@return string? tag
---@return string? code
---@return table? detail
function build.expand(kind, given, client, for_platform)
  local instead = NOT_BUILT[kind.status]
  if instead then
    return nil, ("%s %s: nothing of it is to be made"):format(kind.name, instead), "UNSUPPORTED", {}
  end
  if type(given) ~= "table" then
    options.raise(("%s: specification (a table) expected, got %s"):format(kind.name, options.kind(given)))
  end
  local builder = BUILDERS[kind.name] and not types.is_defined(kind) and require(BUILDERS[kind.name])
  local fault = options.fault(given, checkers_of(kind, builder))
  if fault then
    options.raise(("%s: %s"):format(kind.name, fault))
  end
  local natural, tag, order, definition = given, nil, nil, nil
  if builder then
    natural = inputs.copy(given)
    if builder.options and builder.options.platform and natural.platform == nil then
      natural.platform = for_platform
    end
    natural, tag, order, definition = builder.expand(kind, natural, client)
    if not natural then
      return nil, tag, order, definition -- message, code, detail
    end
  end
  local out, message, code, detail = document.of(definition or kind, natural, order)
  if not out then
    return nil, message, code, detail
  end
  return out, tag or default_tag(kind)
end

--- What `expand` gives, built by the client: a Manifest, or nil, message, code, detail.
function build.build(kind, given, client)
  local spec, message, code, detail = build.expand(kind, given, client)
  if not spec then
    return nil, message, code, detail
  end
  if client then
    return client:manifest(spec)
  end
  return require("oci").manifest(spec)
end

return build
