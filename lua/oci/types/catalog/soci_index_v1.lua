--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "soci-index-v1",
  title = "SOCI index v1",
  description = "An index into the layers of an image, by which the SOCI snapshotter starts a container " ..
    "before they are there. It refers to the image as its subject.",
  source = "awslabs/soci-snapshotter soci/soci_index.go",
  specs = { "OCI image-spec 1.1.1", "soci-snapshotter 77fb426 (2026-08-11)" },
  status = "legacy",
  legacy = true,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = { media_type = "application/vnd.amazon.soci.index.v1+json", required = true, content = "{} (2 bytes)" },
  layers = parts.soci_layers,
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "com.amazon.soci.build-tool-identifier" } },
  subject = "required",
  client_rejects = { "unknown config type" },
}
