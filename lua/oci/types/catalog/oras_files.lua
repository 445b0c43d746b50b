--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "oras-files",
  title = "Files as pushed by the ORAS CLI",
  description = "Files and directories as the ORAS command line pushes them when no type is named: each " ..
    "layer has its path as title, and a directory is a tar+gzip that comes back unpacked.",
  source = "oras-project/oras cmd/oras/root/{push,attach,pull,file}.go; oras-project/oras-go pack.go, " ..
    "content/file/{file,utils}.go",
  specs = { "OCI image-spec 1.1.1", "oras 94fa1d8 (2026-08-19)", "oras-go 19db72b (2026-07-21)" },
  status = "current",
  generic = 1,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.unknown.artifact.v1",
  identify_by = "artifactType",
  identify_fallback = "config.mediaType",
  config = {
    media_type = "application/vnd.oci.empty.v1+json",
    required = false,
    also_media_types = { "application/vnd.unknown.config.v1+json" },
    content = "{} (2 bytes) with data=e30=",
    embed = true,
  },
  layers = {
    {
      role = "file",
      media_types = { "application/vnd.oci.image.layer.v1.tar", "*" },
      min = 0,
      title_required = true,
      annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
    },
    {
      role = "directory",
      media_types = { "application/vnd.oci.image.layer.v1.tar+gzip" },
      min = 0,
      extension = ".tar.gz",
      title_required = true,
      annotations = {
        required = {
          "org.opencontainers.image.title",
          "io.deis.oras.content.digest",
          "io.deis.oras.content.unpack",
        },
        recommended = {},
      },
    },
    { role = "empty", media_types = { "application/vnd.oci.empty.v1+json" }, min = 0, max = 1 },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = { "org.opencontainers.image.created" }, recommended = {} },
  subject = "optional",
  limits = { manifest_bytes = 4194304 },
  rules = { "local-titles", "unique-titles", "untitled-size" },
  severities = {
    annotation = "warning",
    ["artifact-type"] = "hint",
    ["config-type"] = "hint",
    ["layer-annotation"] = "warning",
  },
  client_rejects = {
    "absolute or escaping title unless allowed",
    "duplicate title with other content",
    "unpacked tar digest != io.deis.oras.content.digest",
    "symlink in an intermediate path of an unpacked tar",
    "untitled content over 4 MiB in the file store",
  },
  notes = "artifact_type is only the default, the user normally sets it. A plain file gets the tar layer " ..
    "media type although it is not a tar. --config without --artifact-type falls back to the 1.0 form " ..
    "(config.mediaType = type). org.opencontainers.image.created is added automatically and must be RFC 3339. " ..
    "Untitled layers are skipped on pull. Unpack only if the hint is exactly \"true\". attach = same plus " ..
    "subject, artifact type mandatory.",
}
