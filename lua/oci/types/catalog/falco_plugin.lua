--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "falco-plugin",
  title = "Falco plugin (multi-platform)",
  description = "A plugin of Falco: an index of the platforms, even if there is only one, and behind each " ..
    "entry a tar.gz with the shared object.",
  source = "falcosecurity/falcoctl pkg/oci/{constants,types}.go, pkg/oci/{pusher,puller}/*.go",
  specs = { "OCI image-spec 1.0.2", "falcoctl 71a05e3 (2026-07-15)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.index.v1+json",
  manifest_body_media_type = "present",
  identify_by = "layer.mediaType",
  layers = {},
  layer_order = "insignificant",
  unknown_layers = "allow",
  entries = {
    {
      role = "platform",
      media_types = { "application/vnd.oci.image.manifest.v1+json" },
      min = 1,
      platform = "required: os and architecture, matched exactly",
    },
  },
  child = {
    manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
    identify_by = "layer.mediaType",
    identify_fallback = "config.mediaType",
    config = {
      media_type = "application/vnd.cncf.falco.plugin.config.v1+json",
      required = true,
      content = "as falco-rulesfile",
      schema = parts.falco_config_schema,
      default = "{}",
    },
    layers = {
      {
        role = "plugin",
        media_types = { "application/vnd.cncf.falco.plugin.layer.v1+tar.gz" },
        min = 1,
        max = 1,
        position = "first",
        extension = ".tar.gz",
        title_required = true,
        annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
      },
    },
  },
  annotations = {
    required = {},
    recommended = { "org.opencontainers.image.created", "org.opencontainers.image.source" },
  },
  subject = "none",
  tag_rule = "semver plus floating tags",
  client_rejects = { "no entry for os+architecture", "no layers", "layers[0] media type unknown" },
  notes = "Always an index, even with one platform.",
}
