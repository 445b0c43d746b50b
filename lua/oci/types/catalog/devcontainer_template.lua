return {
  name = "devcontainer-template",
  title = "Dev Container template",
  source = "devcontainers/spec docs/specs/devcontainer-{features,templates}-distribution.md; " ..
    "devcontainers/cli src/spec-configuration/containerCollectionsOCI{,Push}.ts",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.devcontainers",
    required = true,
    content = "{} (2 bytes) (spec page shows 0 bytes)",
  },
  layers = {
    {
      role = "template",
      media_types = { "application/vnd.devcontainers.layer.v1+tar" },
      min = 1,
      max = 1,
      extension = ".tgz",
      title_required = true,
      title_pattern = "devcontainer-template-<id>.tgz",
      annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
    },
  },
  layer_order = "significant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "dev.containers.metadata", "com.github.package.type" } },
  subject = "none",
  tag_rule = "1.2.3, 1.2, 1, latest - each moved only if newest; an existing version is never overwritten; " ..
    "names lower-cased",
  client_rejects = {
    "config type differs",
    "digest not sha256",
    "registry without a dot and not localhost",
    "blob digest mismatch",
  },
  notes = "Blob is an uncompressed tar despite .tgz; readers auto-detect. dev.containers.metadata = the " ..
    "JSON metadata as a string. com.github.package.type (ghcr only) = devcontainer_template.",
}
