--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "gator-bundle",
  title = "Gatekeeper gator bundle",
  description = "Manifests for Gatekeeper's gator command: YAML and JSON files as ORAS pushes them. " ..
    "Nothing tells them from other files.",
  source = "open-policy-agent/gatekeeper pkg/oci/oci.go, website/docs/gator.md",
  specs = { "OCI image-spec 1.1.1", "Gatekeeper dd8507e (2026-08-19)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "none",
  config = { media_type = "*", required = false, content = "not looked at" },
  layers = {
    {
      role = "resources",
      media_types = { "*" },
      min = 1,
      extension = ".yaml|.yml|.json",
      title_required = true,
      annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  tag_rule = "default tag latest",
  rules = { "local-titles", "unique-titles" },
  notes = "Plain ORAS copy of titled files; cannot be told from oras-files.",
}
