--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "devcontainer-template",
  title = "Dev Container template",
  description = "A template from which development containers are set up: a tar of its files, with its " ..
    "metadata as an annotation.",
  source = "devcontainers/spec docs/specs/devcontainer-{features,templates}-distribution.md; " ..
    "devcontainers/cli src/spec-configuration/containerCollectionsOCI{,Push}.ts",
  specs = {
    "OCI image-spec 1.0.2",
    "Dev Container Templates distribution, devcontainers/spec c95ffee (2026-03-17)",
    "devcontainers/cli f683c29 (2026-06-25)",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = parts.devcontainer_config,
  layers = {
    {
      role = "template",
      media_types = { "application/vnd.devcontainers.layer.v1+tar" },
      min = 1,
      max = 1,
      position = "first",
      extension = ".tgz",
      title_required = true,
      title_pattern = "devcontainer-template-<id>.tgz",
      inspect = "devcontainer-template",
      annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
    },
  },
  layer_order = "significant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "dev.containers.metadata", "com.github.package.type" } },
  subject = "none",
  tag_rule = "1.2.3, 1.2, 1, latest - each moved only if newest; an existing version is never overwritten; " ..
    "names lower-cased",
  rules = { "sha256-digests" },
  client_rejects = {
    "config type differs",
    "digest not sha256",
    "registry without a dot and not localhost",
    "blob digest mismatch",
  },
  notes = "Blob is an uncompressed tar despite .tgz; readers auto-detect. dev.containers.metadata = the " ..
    "JSON metadata as a string. com.github.package.type (ghcr only) = devcontainer_template.",
}
