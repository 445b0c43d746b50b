--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "tekton-bundle",
  title = "Tekton bundle",
  description = "Tasks and pipelines of Tekton, a layer for each, named by the layer's annotations.",
  source = "tektoncd/pipeline docs/tekton-bundle-contracts.md, pkg/resolution/resolver/bundle/bundle.go; " ..
    "tektoncd/cli pkg/bundle/builder.go",
  specs = {
    "OCI image-spec 1.0.2",
    "Tekton pipeline 3ee1745 (2026-08-18), docs/tekton-bundle-contracts.md",
    "tektoncd/cli 02194ab",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  also_manifest_media_types = { "application/vnd.docker.distribution.manifest.v2+json" },
  manifest_body_media_type = "present",
  identify_by = "layer.annotation",
  config = {
    media_type = "application/vnd.oci.image.config.v1+json",
    required = false,
    also_media_types = { "application/vnd.docker.container.image.v1+json" },
    content = "image config",
    default = "image-config",
  },
  layers = {
    {
      role = "resource",
      media_types = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
      },
      min = 1,
      max = 20,
      extension = ".tar[.gz]",
      inspect = "none",
      annotations = {
        required = { "dev.tekton.image.name", "dev.tekton.image.kind", "dev.tekton.image.apiVersion" },
        recommended = {},
      },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  limits = { layers = 20 },
  rules = { "tekton-layers" },
  client_rejects = {
    "more than 20 layers",
    "a missing layer annotation",
    "kind not lower case or plural",
    "duplicate (name,kind,apiVersion)",
  },
  notes = "tkn writes docker schema 2. Each layer: tar with one file, or raw YAML/JSON. zstd not allowed. " ..
    "Contract wants full apiVersion; tkn writes only the version part.",
}
