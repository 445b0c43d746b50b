--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "devcontainer-feature",
  title = "Dev Container feature",
  description = "A feature that development containers install: a tar of its scripts, with its metadata as " ..
    "an annotation.",
  source = "devcontainers/spec docs/specs/devcontainer-{features,templates}-distribution.md; " ..
    "devcontainers/cli src/spec-configuration/containerCollectionsOCI{,Push}.ts",
  specs = {
    "OCI image-spec 1.0.2",
    "Dev Container Features distribution, devcontainers/spec c95ffee (2026-03-17)",
    "devcontainers/cli f683c29 (2026-06-25)",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = parts.devcontainer_config,
  layers = {
    {
      role = "feature",
      media_types = { "application/vnd.devcontainers.layer.v1+tar" },
      min = 1,
      max = 1,
      position = "first",
      extension = ".tgz",
      title_required = true,
      title_pattern = "devcontainer-feature-<id>.tgz",
      inspect = "devcontainer-feature",
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
    "JSON metadata as a string. com.github.package.type (ghcr only) = devcontainer_feature. Golden: 819-byte " ..
    "manifest sha256:dd328c25cc7382aaf4e9ee10104425d9a2561b47fe238407f6c0f77b3f8409fc.",
}
