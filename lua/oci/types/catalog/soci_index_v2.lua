--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "soci-index-v2",
  title = "SOCI index v2",
  description = "An index into the layers of an image, by which the SOCI snapshotter starts a container " ..
    "before they are there. It lies in the image's own index.",
  source = "awslabs/soci-snapshotter soci/soci_index.go",
  specs = { "OCI image-spec 1.0.2", "soci-snapshotter 77fb426 (2026-08-11)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.amazon.soci.index.v2+json",
    required = true,
    content = "{} (2 bytes)",
    default = "{}",
  },
  layers = parts.soci_layers,
  layer_order = "insignificant",
  unknown_layers = "allow",
  index_descriptor = { annotations = { required = { "com.amazon.soci.image-manifest-digest" } } },
  annotations = { required = {}, recommended = { "com.amazon.soci.build-tool-identifier" } },
  subject = "none",
  client_rejects = { "unknown config type" },
  notes = "Lives in the image index; the image manifest carries com.amazon.soci.index-digest.",
}
