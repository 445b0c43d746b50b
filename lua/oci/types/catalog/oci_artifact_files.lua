--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "oci-artifact-files",
  title = "Artifact with files and no config",
  description = "An artifact whose blobs say everything: its type is in artifactType, its config is the " ..
    "empty one, its layers are of the author's own media types.",
  source = "opencontainers/image-spec manifest.md (Guidelines for Artifact Usage)",
  specs = { "OCI image-spec 1.1.1" },
  status = "current",
  generic = 4,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "*",
  identify_by = "artifactType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = true, content = "{} (2 bytes)" },
  layers = { { role = "content", media_types = { "*" }, min = 1 } },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "optional",
  notes = "artifactType MUST be set. Layer media types are the author's own.",
}
