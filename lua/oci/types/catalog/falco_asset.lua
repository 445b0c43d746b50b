--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "falco-asset",
  title = "Falco asset",
  description = "A file that Falco needs beside its rules, packed as a tar.gz, with what it depends on and " ..
    "requires in the config.",
  source = "falcosecurity/falcoctl pkg/oci/{constants,types}.go, pkg/oci/{pusher,puller}/*.go",
  specs = { "OCI image-spec 1.0.2", "falcoctl 71a05e3 (2026-07-15)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "layer.mediaType",
  identify_fallback = "config.mediaType",
  config = {
    media_type = "application/vnd.cncf.falco.asset.config.v1+json",
    required = true,
    content = "{name, version, dependencies[{name,version,alternatives[{name,version}]}], " ..
      "requirements[{name,version}]} all omitempty",
    schema = parts.falco_config_schema,
    default = "{}",
  },
  layers = {
    {
      role = "asset",
      media_types = { "application/vnd.cncf.falco.asset.layer.v1+tar.gz" },
      min = 1,
      max = 1,
      position = "first",
      extension = ".tar.gz",
      title_required = true,
      annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = {
    required = { "org.opencontainers.image.created" },
    recommended = { "org.opencontainers.image.source" },
  },
  subject = "none",
  tag_rule = "semver; floating tags 1.2.3, 1.2, 1 and latest on request",
  severities = { annotation = "warning" },
  client_rejects = { "no layers", "layers[0] media type unknown" },
  notes = "The kind is decided by layers[0].mediaType. Suffix is +tar.gz, not .tar+gzip. Annotations are " ..
    "stripped from the config descriptor because ECR refuses them.",
}
