--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "cosign-sbom",
  title = "cosign attach sbom",
  description = "A software bill of materials that cosign attached to an image under a tag made of the " ..
    "image's digest.",
  source = "sigstore/cosign cmd/cosign/cli/attach/sbom.go, pkg/types/media.go",
  specs = { "OCI image-spec 1.0.2", "cosign d6d86c2 (2026-07-24)" },
  status = "legacy",
  legacy = true,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "tag",
  tag_pattern = "<prefix and algorithm>-<hex>.sbom",
  config = {
    media_type = "application/vnd.oci.image.config.v1+json",
    required = false,
    also_media_types = { "application/vnd.dev.cosign.artifact.sbom.v1+json" },
    content = "image config",
  },
  layers = {
    {
      role = "sbom",
      media_types = {
        "text/spdx",
        "text/spdx+json",
        "text/spdx+xml",
        "application/vnd.cyclonedx",
        "application/vnd.cyclonedx+xml",
        "application/vnd.cyclonedx+json",
        "application/vnd.syft+json",
      },
      min = 1,
      max = 1,
      annotations = { required = {}, recommended = { "dev.sigstore.sbom.scope" } },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "optional",
  tag_rule = "<alg>-<hex>.sbom",
  notes = "Deprecated upstream. 1.1 variant has the artifact.sbom config type and a subject.",
}
