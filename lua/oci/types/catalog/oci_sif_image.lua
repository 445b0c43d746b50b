--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "oci-sif-image",
  title = "OCI-SIF pushed as an image",
  description = "An image of SingularityCE with squashfs layers instead of tar layers, and perhaps an ext3 " ..
    "overlay as the last one.",
  source = "sylabs/singularity internal/pkg/client/ocisif/ocisif.go, internal/pkg/ocisif/*.go",
  specs = { "OCI image-spec 1.0.2", "SingularityCE ec04331 (2026-08-20)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "layer.mediaType",
  config = { media_type = "application/vnd.oci.image.config.v1+json", required = true, content = "image config" },
  layers = {
    {
      role = "squashfs",
      media_types = { "application/vnd.sylabs.image.layer.v1.squashfs" },
      min = 1,
      extension = ".squashfs",
    },
    {
      role = "overlay",
      media_types = { "application/vnd.sylabs.image.layer.v1.ext3" },
      min = 0,
      max = 1,
      position = "last",
      extension = ".ext3",
    },
  },
  layer_order = "significant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  notes = "With --layer-format tar an ordinary image results.",
}
