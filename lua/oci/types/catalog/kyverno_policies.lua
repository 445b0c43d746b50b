return {
  name = "kyverno-policies",
  title = "Kyverno policies (kyverno oci push)",
  source = "kyverno/kyverno cmd/cli/kubectl-kyverno/commands/oci/**",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.cncf.kyverno.config.v1+json",
    required = true,
    content = "go-containerregistry image config bytes; do not interpret",
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
  notes = "kind is ClusterPolicy or Policy, apiVersion kyverno.io/v1. Pull writes <policy name>.yaml.",
}
