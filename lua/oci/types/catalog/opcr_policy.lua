--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "opcr-policy",
  title = "opcr.io policy image (policy CLI)",
  description = "A policy image of the policy command line: an OPA bundle whose annotations name the " ..
    "repository it was built for.",
  source = "opcr-io/policy pkg/app/build.go, internal/oci/oci.go",
  specs = { "OCI image-spec 1.1.1", "opcr-io/policy 82a1abb (2026-07-03)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.oci.image.manifest.v1+json",
  identify_by = "annotation",
  config = {
    media_type = "application/vnd.oci.empty.v1+json",
    required = true,
    also_media_types = { "application/vnd.oci.image.config.v1+json", "application/vnd.unknown.config.v1+json" },
    content = "{} (2 bytes)",
    annotations = { "org.opencontainers.image.created" },
  },
  layers = {
    {
      role = "bundle",
      media_types = { "application/vnd.oci.image.layer.v1.tar+gzip" },
      min = 1,
      max = 1,
      extension = ".tar.gz",
      title_required = true,
      content_check = {
        ".manifest",
        "data.json",
        "data.yaml",
        "*.rego",
        "policy.wasm",
        ".signatures.json",
        "patch.json",
      },
      inspect = "opa-bundle",
      annotations = {
        required = { "org.opencontainers.image.title", "org.openpolicyregistry.type" },
        recommended = { "org.opencontainers.image.created", "rego.version" },
      },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = {
    required = { "org.openpolicyregistry.type" },
    recommended = { "org.opencontainers.image.title", "org.opencontainers.image.created", "rego.version" },
    values = { ["org.openpolicyregistry.type"] = "policy" },
  },
  subject = "none",
  severities = { ["artifact-type"] = "warning", ["layer-annotation"] = "warning" },
  client_rejects = {
    "any media type outside OCI manifest/config/layers, empty config and application/vnd.unknown.config.v1+json",
  },
  notes = "artifactType really is the image manifest media type. org.opencontainers.image.title holds the " ..
    "full repository name, not a file name. Loadable by OPA.",
}
