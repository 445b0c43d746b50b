return {
  name = "cue-module",
  title = "CUE module",
  source = "cue-lang/cue mod/modregistry/{client,metadata}.go, internal/mod/modresolve/resolve.go",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = { media_type = "application/vnd.cue.module.v1+json", required = true, content = "{} (2 bytes)" },
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
  layer_order = "significant",
  unknown_layers = "reject",
  annotations = {
    required = {},
    recommended = { "org.cuelang.vcs-type", "org.cuelang.vcs-commit", "org.cuelang.vcs-commit-time" },
  },
  subject = "none",
  tag_rule = "v<semver> (optional prefix or hash-of-path form)",
  client_rejects = {
    "config type differs",
    "layer count != 2",
    "layers[1] type differs",
    "only some of the vcs annotations, or empty ones",
  },
}
