--- oci.types: the well-known types of artifacts, and those that a program defines. Nothing here does I/O but the loading
-- of Lua files; all of it works in every phase of every loop.
local options = require "oci.options"

---@class oci.Types
local types = {}

-- The well-known types; each has a file in lua/oci/types/catalog, with _ for - in its name.
local known = {
  "bicep-extension", "bicep-module", "buildkit-attestation", "buildkit-attestation-legacy", "cnab-bundle",
  "conftest-bundle", "cosign-attestation-referrer", "cosign-attestation-tag", "cosign-sbom",
  "cosign-signature-referrer", "cosign-signature-tag", "crossplane-xpkg", "cue-module", "devcontainer-collection",
  "devcontainer-feature", "devcontainer-template", "docker-compose", "docker-model", "falco-asset", "falco-plugin",
  "falco-rulesfile", "flux-artifact", "gator-bundle", "helm-chart", "helm-plugin", "homebrew-bottle", "imgpkg-bundle",
  "imgpkg-locations", "k8s-image-volume", "kitops-modelkit", "kyverno-policies", "modelpack", "notation-signature",
  "notation-signature-legacy", "oci-artifact-files", "oci-artifact-minimal", "oci-artifact-with-config", "oci-image",
  "oci-sif-image", "ollama-model", "opa-bundle", "opcr-policy", "opentofu-module", "opentofu-provider", "oras-files",
  "regctl-artifact", "sbom-cyclonedx", "sbom-spdx", "sigstore-bundle", "singularity-sif", "soci-index-v1",
  "soci-index-v2", "spin-app", "sylabs-data-container", "tekton-bundle", "timoni-artifact", "timoni-module",
  "trivy-checks", "trivy-db", "wasm", "wasm-legacy",
}

local is_known = {}
for _, name in ipairs(known) do
  is_known[name] = true
end

local loaded, defined = {}, {}

local function of_catalog(name)
  if not loaded[name] then
    loaded[name] = require("oci.types.type").new(require("oci.types.catalog." .. name:gsub("%-", "_")))
  end
  return loaded[name]
end

--- A type by its name; a defined one, or one of the catalog.
---@param name string "helm-chart", ...; "sbom" is what `build` and `push` make sbom-spdx or sbom-cyclonedx of, as the file says
---@return oci.Type? type nil, message, code, detail: NOT_FOUND
---@return string? message
---@return string? code
---@return table? detail
function types.get(name)
  options.check_string("get", 1, name)
  if defined[name] then
    return defined[name]
  elseif is_known[name] then
    return of_catalog(name)
  elseif name == "sbom" then
    return require "oci.types.any_sbom"
  end
  local names = { sbom = true }
  for _, list in ipairs { is_known, defined } do
    for each in pairs(list) do
      names[each] = true
    end
  end
  return nil, options.unknown("type", name, names), "NOT_FOUND", {}
end

--- All types, the defined ones included, sorted by name. The first call, or that of `identify`, loads the 61 small files of
-- the catalog: in nginx call it in init_by_lua, so that no request waits for that.
---@return oci.Type[]
function types.all()
  local all = {}
  for _, name in ipairs(known) do
    all[#all + 1] = of_catalog(name)
  end
  for _, kind in pairs(defined) do
    all[#all + 1] = kind
  end
  table.sort(all, function(a, b) return a.name < b.name end)
  return all
end

--- Defines a type of one's own, which is then found like those of the catalog, for as long as the Lua state lives: in nginx
-- define it in init_by_lua, since a second time in a worker it EXISTS.
---@param definition oci.TypeDefinition
---@return oci.Type? type nil, message, code, detail: EXISTS, INVALID
---@return string? message
---@return string? code
---@return table? detail
function types.define(definition)
  return require("oci.types.define")(definition)
end

--- Makes a type known under its name, which must be a new one.
---@private
---@param fields table in the shape of the catalog's files
---@return oci.Type? type nil, message, "EXISTS", detail
---@return string? message
---@return string? code
---@return table? detail
function types.register(fields)
  if is_known[fields.name] or defined[fields.name] or fields.name == "sbom" then
    return nil, ("there is a type \"%s\" already: choose another name"):format(fields.name), "EXISTS", {}
  end
  defined[fields.name] = require("oci.types.type").new(fields)
  return defined[fields.name]
end

--- Was the type defined by the program?
---@private
function types.is_defined(type)
  return defined[type.name] == type
end

--- The type of a manifest or an index, as far as it can be told without fetching anything: a specific type before a
-- generic one (oras-files, regctl-artifact, oci-artifact-minimal, -files, -with-config, oci-image, opa-bundle), and among
-- several by the rule at the head of lua/oci/types/identify.lua. gator-bundle and k8s-image-volume are never found: nothing tells them.
---@param manifest oci.Manifest
---@param opts? oci.IdentifyOptions
---@return oci.Type? type nil: none that is known
function types.identify(manifest, opts)
  return require("oci.types.identify")(types.all(), types.is_defined, manifest, opts)
end

--- What each layer of a manifest, or each entry of an index, is to a type.
---@param type oci.Type
---@param manifest oci.Manifest
---@return (string|false)[] roles beside `layers` or `manifests`: the name of its role, or false
function types.roles_of(type, manifest)
  return require("oci.types.roles").of(type, manifest)
end

return types
