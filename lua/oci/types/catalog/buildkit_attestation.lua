--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "buildkit-attestation",
  title = "BuildKit attestation manifest (OCI artifact form)",
  description = "Attestations of a build, which BuildKit lists in the image's own index beside the image: " ..
    "raw in-toto statements as layers.",
  source = "moby/buildkit docs/attestations/attestation-storage.md, exporter/containerimage/writer.go",
  specs = { "OCI image-spec 1.1.1", "BuildKit 73ed682 (2026-08-21)", "in-toto Statement v0.1 and v1" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.docker.attestation.manifest.v1+json",
  identify_by = "artifactType",
  config = {
    media_type = "application/vnd.oci.empty.v1+json",
    required = true,
    content = "{} (2 bytes) with data=e30=",
    embed = true,
  },
  layers = parts.buildkit_layers,
  layer_order = "insignificant",
  unknown_layers = "ignore",
  index_descriptor = parts.buildkit_index_descriptor,
  annotations = { required = {}, recommended = {} },
  subject = "required",
  limits = { layer_bytes = 41943040 },
  severities = { ["layer-annotation"] = "warning" },
  notes = "Default since 2026-06-30. Lives as a child of the image index, next to the image. Raw in-toto " ..
    "Statement, not DSSE. Unknown reference.type: skip the manifest.",
}
