--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "wasm-legacy",
  title = "Older wasm artifact",
  description = "A WebAssembly module as it was pushed before the CNCF described the form, and modules of " ..
    "the proxy-wasm family.",
  source = "oras-project/rust-oci-client src/manifest.rs; sigstore/cosign pkg/types/media.go",
  specs = { "OCI image-spec 1.0.2", "rust-oci-client 7f82006 (2026-06-29)", "cosign d6d86c2 (2026-07-24)" },
  status = "legacy",
  legacy = true,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  identify_fallback = "layer.mediaType",
  config = { media_type = "application/vnd.wasm.config.v1+json", required = false, content = "{} (2 bytes)" },
  layers = {
    {
      role = "module",
      media_types = {
        "application/vnd.wasm.content.layer.v1+wasm",
        "application/vnd.module.wasm.content.layer.v1+wasm",
      },
      min = 1,
      extension = ".wasm",
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  notes = "Second layer type is the proxy-wasm family (also trivy modules).",
}
