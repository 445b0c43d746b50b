--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "docker-compose",
  title = "Docker Compose project",
  description = "A project of Docker Compose: its YAML files and environment files as layers, which are " ..
    "embedded in the manifest as well.",
  source = "docker/compose internal/oci/push.go, pkg/remote/oci.go",
  specs = { "OCI image-spec 1.1.1", "OCI image-spec 1.0.2", "Docker Compose f729794 (2026-08-19)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  also_root_media_types = { "application/vnd.oci.image.index.v1+json" },
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.docker.compose.project",
  identify_by = "artifactType",
  identify_fallback = "config.mediaType",
  config = {
    media_type = "application/vnd.oci.empty.v1+json",
    required = true,
    also_media_types = { "application/vnd.docker.compose.config.empty.v1+json" },
    empty_config_type = "application/vnd.docker.compose.config.empty.v1+json",
    content = "{} (2 bytes) with data=e30=",
    embed = true,
  },
  layers = {
    {
      role = "compose-file",
      media_types = { "application/vnd.docker.compose.file+yaml" },
      min = 1,
      extension = ".yaml",
      data = "embedded",
      inspect = "yaml",
      annotations = {
        required = { "com.docker.compose.version", "com.docker.compose.file" },
        recommended = { "com.docker.compose.extends" },
      },
    },
    {
      role = "env-file",
      media_types = { "application/vnd.docker.compose.envfile" },
      min = 0,
      extension = ".env",
      data = "embedded",
      annotations = { required = { "com.docker.compose.version", "com.docker.compose.envfile" }, recommended = {} },
    },
  },
  layer_order = "significant",
  unknown_layers = "allow",
  annotations = { required = { "org.opencontainers.image.created" }, recommended = {} },
  subject = "none",
  rules = { "compose-files" },
  severities = { annotation = "warning", ["layer-annotation"] = "warning" },
  client_rejects = { "file annotations that leave the target directory" },
  fallback = "on a 4xx other than auth: config type application/vnd.docker.compose.config.empty.v1+json, " ..
    "no artifactType",
  notes = "Full layer content is embedded in the descriptors' data. In an index the entry is chosen by " ..
    "artifactType. Several compose files are joined with a YAML document separator.",
}
