--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "wasm",
  title = "CNCF WebAssembly artifact",
  description = "A WebAssembly module or component, as the CNCF describes it: one layer, and a config that " ..
    "lists what a component exports and imports.",
  source = "cncf/tag-runtime wgs/wasm/deliverables/wasm-oci-artifact/index.md; " ..
    "bytecodealliance/rust-oci-wasm src/{lib,config,client}.rs; bytecodealliance/wasm-pkg-tools " ..
    "crates/wasm-pkg-client/src/oci/*.rs",
  specs = {
    "OCI image-spec 1.0.2",
    "CNCF Wasm OCI Artifact layout, config v0 (tag-runtime 7d0be31, 2025-04-17)",
    "rust-oci-wasm 457847b (2026-05-12)",
    "wasm-pkg-tools 5a4c2ab (2026-08-19)",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "required",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.wasm.config.v0+json",
    required = true,
    content = "{created, author?, architecture:\"wasm\", os:\"wasip1\"|\"wasip2\", layerDigests[] (same order as " ..
      "manifest), component{exports[],imports[],target?} (MUST for wasip2, null for plain modules)}",
    schema = {
      type = "object",
      required = { "created", "architecture", "os", "layerDigests" },
      properties = {
        architecture = { enum = { "wasm" } },
        author = { type = { "string", "null" } },
        component = {
          type = { "object", "null" },
          properties = {
            exports = { type = "array", items = { type = "string" } },
            imports = { type = "array", items = { type = "string" } },
          },
        },
        created = { type = "string" },
        layerDigests = { type = "array", minItems = 1, items = { type = "string" } },
        os = { enum = { "wasip1", "wasip2" } },
      },
    },
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
  rules = { "wasm-config" },
  client_rejects = {
    "layer count != 1",
    "layer not application/wasm",
    "config type differs",
    "manifest mediaType missing or different",
  },
  notes = "More than one layer is to be rejected in this version of the spec; index 0 is the entry point.",
}
