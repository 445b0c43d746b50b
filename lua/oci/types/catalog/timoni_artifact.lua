--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "timoni-artifact",
  title = "Timoni artifact",
  description = "Content that Timoni loads besides modules, such as generated CUE packages: its kind is an " ..
    "annotation of the layer.",
  source = "stefanprodan/timoni api/v1alpha1/artifact.go, internal/oci/*.go",
  specs = { "OCI image-spec 1.0.2", "Timoni 74ab9cc (2026-08-22)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.timoni.config.v1+json",
    required = true,
    content = "go-containerregistry image config bytes",
    default = "image-config",
  },
  layers = {
    {
      role = "content",
      media_types = { "application/vnd.timoni.content.v1.tar+gzip" },
      min = 1,
      extension = ".tar.gz",
      annotations = { required = { "sh.timoni.content.type" }, recommended = {} },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = {
    required = {},
    recommended = {
      "org.opencontainers.image.created",
      "org.opencontainers.image.source",
      "org.opencontainers.image.revision",
    },
  },
  subject = "none",
  limits = { unpacked_bytes = 104857600 },
  notes = "Content type free, e.g. cue.mod/gen, cue.mod/pkg, or empty.",
}
