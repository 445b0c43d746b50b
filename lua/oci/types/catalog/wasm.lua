return {
  name = "wasm",
  title = "CNCF WebAssembly artifact",
  source = "cncf/tag-runtime wgs/wasm/deliverables/wasm-oci-artifact/index.md; " ..
    "bytecodealliance/rust-oci-wasm src/{lib,config,client}.rs; bytecodealliance/wasm-pkg-tools " ..
    "crates/wasm-pkg-client/src/oci/*.rs",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "required",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.wasm.config.v0+json",
    required = true,
    content = "{created, author?, architecture:\"wasm\", os:\"wasip1\"|\"wasip2\", layerDigests[] (same order as " ..
      "manifest), component{exports[],imports[],target?} (MUST for wasip2, null for plain modules)}",
  },
  layers = {
    {
      role = "module",
      media_types = { "application/wasm" },
      min = 1,
      max = 1,
      extension = ".wasm",
      annotations = { required = {}, recommended = { "org.opencontainers.image.title" } },
    },
  },
  layer_order = "significant",
  unknown_layers = "reject",
  annotations = {
    required = {},
    recommended = {
      "org.opencontainers.image.version",
      "org.opencontainers.image.description",
      "org.opencontainers.image.licenses",
      "org.opencontainers.image.source",
      "org.opencontainers.image.url",
      "org.opencontainers.image.authors",
    },
  },
  subject = "none",
  tag_rule = "wkg: tag = semver string, no \"+\" mapping; repository <prefix><namespace>/<name>; ignores " ..
    "sha256-* and non-semver tags",
  client_rejects = {
    "layer count != 1",
    "layer not application/wasm",
    "config type differs",
    "manifest mediaType missing or different",
  },
  notes = "More than one layer is to be rejected in this version of the spec; index 0 is the entry point.",
}
