return {
  name = "oci-artifact-minimal",
  title = "Artifact without content (image-spec 1.1, decision 1)",
  source = "opencontainers/image-spec manifest.md (Guidelines for Artifact Usage)",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "*",
  identify_by = "artifactType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = true, content = "{} (2 bytes)" },
  layers = { { role = "empty", media_types = { "application/vnd.oci.empty.v1+json" }, min = 1, max = 1 } },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "optional",
  notes = "artifactType MUST be set because the config is empty. The spec example uses the annotation key " ..
    "oci.opencontainers.image.created: a typo, do not copy.",
}
