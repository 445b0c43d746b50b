--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "oci-artifact-minimal",
  title = "Artifact without content",
  description = "An artifact that is all annotations and type: no blob of its own. The config is the empty " ..
    "one, and so is the only layer.",
  source = "opencontainers/image-spec manifest.md (Guidelines for Artifact Usage)",
  specs = { "OCI image-spec 1.1.1" },
  status = "current",
  generic = 3,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "*",
  identify_by = "artifactType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = true, content = "{} (2 bytes)" },
  layers = { { role = "empty", media_types = { "application/vnd.oci.empty.v1+json" }, min = 1, max = 1 } },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "optional",
  notes = "artifactType must be set because the config is empty. The example of the specification uses the " ..
    "annotation key oci.opencontainers.image.created: a typo, not to be copied.",
}
