return {
  name = "opcr-policy",
  title = "opcr.io policy image (policy CLI)",
  source = "opcr-io/policy pkg/app/build.go, internal/oci/oci.go",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.oci.image.manifest.v1+json",
  identify_by = "annotation",
  config = {
    media_type = "application/vnd.oci.empty.v1+json",
    required = true,
    content = "{} (2 bytes)",
    annotations = { "org.opencontainers.image.created" },
  },
  layers = {
    {
      role = "bundle",
      media_types = { "application/vnd.oci.image.layer.v1.tar+gzip" },
      min = 1,
      max = 1,
      extension = ".tar.gz",
      title_required = true,
      annotations = {
        required = { "org.opencontainers.image.title", "org.openpolicyregistry.type" },
        recommended = { "org.opencontainers.image.created", "rego.version" },
      },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = {
    required = { "org.openpolicyregistry.type" },
    recommended = { "org.opencontainers.image.title", "org.opencontainers.image.created", "rego.version" },
  },
  subject = "none",
  client_rejects = {
    "any media type outside OCI manifest/config/layers, empty config and application/vnd.unknown.config.v1+json",
  },
  notes = "artifactType really is the image manifest media type. TITLE holds the full repository name, not " ..
    "a file name. Loadable by OPA.",
}
