--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "flux-artifact",
  title = "Flux OCI artifact",
  description = "What Flux applies to a cluster: Kubernetes manifests packed as a tar+gzip, or one file, " ..
    "with source and revision as annotations.",
  source = "fluxcd/pkg oci/{globals,constants,push,pull,meta,list,build}.go; fluxcd/source-controller " ..
    "internal/controller/ocirepository_controller.go",
  specs = { "OCI image-spec 1.0.2", "fluxcd/pkg e2cfd1a (2026-07-22)", "source-controller 39b711b (2026-07-02)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.cncf.flux.config.v1+json",
    required = false,
    content = "go-containerregistry image config bytes with created; do not interpret",
    default = "image-config",
  },
  layers = {
    {
      role = "content",
      media_types = { "application/vnd.cncf.flux.content.v1.tar+gzip", "application/vnd.cncf.flux.content.v1" },
      media_type_prefixes = { "application/vnd.cncf.flux.content.v1." },
      min = 1,
      extension = ".tar.gz",
    },
  },
  layer_order = "significant",
  unknown_layers = "allow",
  annotations = {
    required = {
      "org.opencontainers.image.created",
      "org.opencontainers.image.source",
      "org.opencontainers.image.revision",
    },
    recommended = {},
  },
  subject = "none",
  tag_rule = "free; ignores .sig .att .sbom; semver selection possible; \"+\" mapped to \"_\" only when the " ..
    "layer selector is the Helm chart type",
  severities = { annotation = "warning" },
  notes = "Annotation values may be empty strings. revision looks like main@sha1:<hex>. Puller takes layer " ..
    "0 without a type check; gzip magic decides archive or file. Symlinks skipped. Controller layerSelector " ..
    "picks first layer of a given type.",
}
