--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "crossplane-xpkg",
  title = "Crossplane package",
  description = "A package of Crossplane: an image in which one layer, marked by its annotation, has the " ..
    "package's resources in package.yaml.",
  source = "crossplane/crossplane contributing/specifications/xpkg.md",
  specs = { "OCI image-spec 1.0.2", "Crossplane 2d040d2 (2026-08-07), contributing/specifications/xpkg.md" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  also_root_media_types = { "application/vnd.oci.image.index.v1+json" },
  manifest_body_media_type = "present",
  identify_by = "layer.annotation",
  config = {
    media_type = "application/vnd.oci.image.config.v1+json",
    required = false,
    content = "ignored",
    default = "image-config",
  },
  layers = {
    {
      role = "base",
      media_types = { "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip" },
      min = 0,
      max = 1,
      extension = ".tar.gz",
      content_check = { "package.yaml" },
      inspect = "crossplane-package",
      annotations = { required = { "io.crossplane.xpkg" }, recommended = {} },
      annotation_values = { ["io.crossplane.xpkg"] = "base" },
    },
    { role = "other", media_types = { "*" }, min = 0 },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  notes = "No annotated layer: flatten all layers and read /package.yaml. Index with several manifests: " ..
    "linux/amd64.",
}
