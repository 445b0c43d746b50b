--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "trivy-checks",
  title = "Trivy check bundle",
  description = "The checks for misconfigurations that the scanner Trivy loads: an OPA bundle in a single " ..
    "layer of its own media type.",
  source = "aquasecurity/trivy pkg/policy/policy.go, pkg/oci/artifact.go",
  specs = { "OCI image-spec 1.0.2", "Trivy dc3c56e (2026-08-21)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "layer.mediaType",
  config = { media_type = "*", required = false, content = "not looked at" },
  layers = {
    {
      role = "checks",
      media_types = { "application/vnd.cncf.openpolicyagent.layer.v1.tar+gzip" },
      min = 1,
      max = 1,
      extension = ".tar.gz",
      title_required = true,
      annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = { required = {}, recommended = { "org.opencontainers.image.version" } },
  subject = "none",
  tag_rule = "tag = schema major version, e.g. 2",
  rules = { "local-titles" },
  severities = { ["layer-title"] = "error" },
  client_rejects = { "layer count != 1", "layer media type differs", "title not a local path" },
  notes = "Producer side not verified.",
}
