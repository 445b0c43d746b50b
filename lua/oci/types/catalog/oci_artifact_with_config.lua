--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "oci-artifact-with-config",
  title = "Artifact with a config",
  description = "An artifact with metadata in a config of its own media type. Without artifactType, the " ..
    "config's media type is its type.",
  source = "opencontainers/image-spec manifest.md (Guidelines for Artifact Usage)",
  specs = { "OCI image-spec 1.1.1", "OCI image-spec 1.0.2" },
  status = "current",
  generic = 5,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "*",
  identify_by = "artifactType",
  identify_fallback = "config.mediaType",
  config = {
    media_type = "*",
    required = true,
    also_rejected = {
      "application/vnd.oci.empty.v1+json",
      "application/vnd.oci.image.config.v1+json",
      "application/vnd.docker.container.image.v1+json",
    },
    content = "type-specific JSON; bytes MUST NOT be parsed when the media type is unknown",
  },
  layers = { { role = "content", media_types = { "*" }, min = 0 } },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "optional",
  notes = "artifactType is optional here: readers fall back to config.mediaType. The config must not be " ..
    "parsed when its media type is unknown. There should be at least one layer, the empty descriptor if there " ..
    "is nothing.",
}
