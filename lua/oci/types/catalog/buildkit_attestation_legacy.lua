--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "buildkit-attestation-legacy",
  title = "BuildKit attestation manifest (image form)",
  description = "The same attestations in the form of an image, told only by the annotations of its " ..
    "descriptor in the index.",
  source = "moby/buildkit docs/attestations/attestation-storage.md, exporter/containerimage/writer.go",
  specs = { "OCI image-spec 1.0.2", "BuildKit 73ed682 (2026-08-21)", "in-toto Statement v0.1 and v1" },
  status = "legacy",
  legacy = true,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  also_manifest_media_types = { "application/vnd.docker.distribution.manifest.v2+json" },
  manifest_body_media_type = "present",
  identify_by = "index-descriptor",
  identify_fallback = "layer.mediaType",
  config = {
    media_type = "application/vnd.oci.image.config.v1+json",
    required = true,
    also_media_types = { "application/vnd.docker.container.image.v1+json" },
    content = "image config with diff_ids",
  },
  layers = parts.buildkit_layers,
  layer_order = "insignificant",
  unknown_layers = "ignore",
  index_descriptor = parts.buildkit_index_descriptor,
  annotations = { required = {}, recommended = {} },
  subject = "none",
  limits = { layer_bytes = 41943040 },
  severities = { ["layer-annotation"] = "warning" },
  notes = "A client choosing a platform must skip unknown/unknown entries.",
}
