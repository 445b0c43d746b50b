--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "devcontainer-collection",
  title = "Dev Container collection",
  description = "The list of the features or templates of a namespace, which tools for development " ..
    "containers search.",
  source = "devcontainers/spec docs/specs/devcontainer-{features,templates}-distribution.md; " ..
    "devcontainers/cli src/spec-configuration/containerCollectionsOCI{,Push}.ts",
  specs = {
    "OCI image-spec 1.0.2",
    "devcontainers/spec c95ffee (2026-03-17)",
    "devcontainers/cli f683c29 (2026-06-25)",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  identify_fallback = "layer.mediaType",
  config = { media_type = "application/vnd.devcontainers", required = true, content = "{} (2 bytes)", default = "{}" },
  layers = {
    {
      role = "collection",
      media_types = { "application/vnd.devcontainers.collection.layer.v1+json" },
      min = 1,
      max = 1,
      position = "first",
      extension = ".json",
      title_required = true,
      title_pattern = "devcontainer-collection.json",
      annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "com.github.package.type" } },
  subject = "none",
  tag_rule = "<registry>/<namespace>:latest",
  rules = { "sha256-digests" },
  notes = "Same config type as features and templates: told apart by the layer type.",
}
