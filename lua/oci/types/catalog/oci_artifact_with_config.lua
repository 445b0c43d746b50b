return {
  name = "oci-artifact-with-config",
  title = "Artifact with a JSON config (decision 3)",
  source = "opencontainers/image-spec manifest.md (Guidelines for Artifact Usage)",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "*",
  identify_by = "artifactType",
  identify_fallback = "config.mediaType",
  config = {
    media_type = "*",
    required = true,
    also_rejected = { "application/vnd.oci.empty.v1+json", "application/vnd.oci.image.config.v1+json" },
    content = "type-specific JSON; bytes MUST NOT be parsed when the media type is unknown",
  },
  layers = { { role = "content", media_types = { "*" }, min = 0 } },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "optional",
  notes = "artifactType optional here; readers fall back to config.mediaType. layers SHOULD have at least " ..
    "one entry (empty descriptor if nothing).",
}
