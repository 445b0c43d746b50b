--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "singularity-sif",
  title = "Singularity / Apptainer image file (oras://)",
  description = "An image of Singularity or Apptainer in a single SIF file, as their oras:// transport " ..
    "pushes and pulls it.",
  source = "apptainer/apptainer and sylabs/singularity internal/pkg/client/oras/*.go",
  specs = {
    "OCI image-spec 1.0.2",
    "Apptainer 917d665 (2026-08-18)",
    "SingularityCE ec04331 (2026-08-20)",
    "SIF 1",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "layer.mediaType",
  identify_fallback = "config.mediaType",
  config = {
    media_type = "application/vnd.sylabs.sif.config.v1+json",
    required = false,
    content = "{} (2 bytes); very old pushes: 0 bytes",
    default = "{}",
    embed = true,
  },
  layers = {
    {
      role = "sif",
      media_types = { "application/vnd.sylabs.sif.layer.v1.sif" },
      legacy_media_types = { "appliciation/vnd.sylabs.sif.layer.tar" },
      min = 1,
      max = 1,
      extension = ".sif",
      title_required = true,
      inspect = "sif",
      annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "none",
  tag_rule = "default tag latest, default registry Docker Hub",
  client_rejects = {
    "layer count != 1",
    "layer type neither current nor the misspelt legacy type",
    "blob lacks SIF_MAGIC in its header",
  },
  notes = "Config type deliberately unchecked on pull. Title is set by the producers, the reader does not " ..
    "need it. Legacy type really is spelt \"appliciation\". Blob is not compressed.",
}
