--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "sbom-cyclonedx",
  title = "CycloneDX SBOM attached as a referrer",
  description = "A software bill of materials in CycloneDX's JSON form, which refers to what it describes " ..
    "as its subject.",
  source = "aquasecurity/trivy pkg/oci/artifact.go, pkg/fanal/artifact/image/remote_sbom.go; regclient " ..
    "cmd/regctl/artifact.go; oras attach",
  specs = {
    "OCI image-spec 1.1.1",
    "CycloneDX 1 (JSON)",
    "Trivy dc3c56e (2026-08-21)",
    "regclient 725072f (2026-07-01)",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.cyclonedx+json",
  identify_by = "artifactType",
  identify_fallback = "config.mediaType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = false, content = "{} (2 bytes)" },
  layers = {
    {
      role = "sbom",
      media_types = { "application/vnd.cyclonedx+json" },
      min = 1,
      max = 1,
      extension = ".cdx.json",
      inspect = "cyclonedx",
      annotations = { required = {}, recommended = { "org.opencontainers.image.title" } },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "required",
  severities = { subject = "warning" },
  client_rejects = { "trivy: layer count != 1, or layer media type != artifactType" },
  notes = "A convention, no specification. The XML form is application/vnd.cyclonedx+xml. Without a " ..
    "subject it is an artifact of its own that no scanner finds.",
}
