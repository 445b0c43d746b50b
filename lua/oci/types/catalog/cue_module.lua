--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "cue-module",
  title = "CUE module",
  description = "A module of the configuration language CUE: the module's zip, then its module file.",
  source = "cue-lang/cue mod/modregistry/{client,metadata}.go, internal/mod/modresolve/resolve.go",
  specs = { "OCI image-spec 1.0.2", "CUE f356f8f (2026-08-04)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.cue.module.v1+json",
    required = true,
    content = "{} (2 bytes)",
    default = "{}",
  },
  layers = {
    { role = "zip", media_types = { "application/zip" }, min = 1, max = 1, extension = ".zip" },
    {
      role = "module-file",
      media_types = { "application/vnd.cue.modulefile.v1" },
      min = 1,
      max = 1,
      extension = ".cue",
    },
  },
  layer_order = "declared",
  unknown_layers = "reject",
  annotations = {
    required = {},
    recommended = { "org.cuelang.vcs-type", "org.cuelang.vcs-commit", "org.cuelang.vcs-commit-time" },
  },
  subject = "none",
  tag_rule = "v<semver> (optional prefix or hash-of-path form)",
  rules = { "cue-vcs" },
  client_rejects = {
    "config type differs",
    "layer count != 2",
    "layers[1] type differs",
    "only some of the vcs annotations, or empty ones",
  },
  notes = "The layers are taken by their position. The vcs annotations are given all together or not at " ..
    "all, and are never empty.",
}
