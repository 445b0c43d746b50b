--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "kyverno-policies",
  title = "Kyverno policies (kyverno oci push)",
  description = "Policies of the Kubernetes policy engine Kyverno, a layer for each, named by the layer's " ..
    "annotations.",
  source = "kyverno/kyverno cmd/cli/kubectl-kyverno/commands/oci/**",
  specs = { "OCI image-spec 1.0.2", "Kyverno 111e07b (2026-08-21)", "kyverno.io/v1" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.cncf.kyverno.config.v1+json",
    required = true,
    content = "go-containerregistry image config bytes; do not interpret",
    default = "image-config",
  },
  layers = {
    {
      role = "policy",
      media_types = { "application/vnd.cncf.kyverno.policy.layer.v1+yaml" },
      min = 1,
      extension = ".yaml",
      annotations = {
        required = { "io.kyverno.image.kind", "io.kyverno.image.name", "io.kyverno.image.apiVersion" },
        recommended = {},
      },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "ignore",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  severities = { ["layer-annotation"] = "warning" },
  notes = "kind is ClusterPolicy or Policy, apiVersion kyverno.io/v1. Pull writes <policy name>.yaml.",
}
