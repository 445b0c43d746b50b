return {
  name = "sbom-spdx",
  title = "SPDX SBOM attached as a referrer",
  source = "aquasecurity/trivy pkg/oci/artifact.go, pkg/fanal/artifact/image/remote_sbom.go; regclient " ..
    "cmd/regctl/artifact.go; oras attach",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/spdx+json",
  identify_by = "artifactType",
  identify_fallback = "config.mediaType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = false, content = "{} (2 bytes)" },
  layers = {
    {
      role = "sbom",
      media_types = { "application/spdx+json" },
      min = 1,
      max = 1,
      extension = ".spdx.json",
      annotations = { required = {}, recommended = { "org.opencontainers.image.title" } },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "required",
  client_rejects = { "trivy: layer count != 1, or layer media type != artifactType" },
  notes = "Convention, not a spec. JSON only; tag-value uses text/spdx.",
}
