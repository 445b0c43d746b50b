--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "spin-app",
  title = "Spin application",
  description = "An application of the WebAssembly framework Spin: modules and files as layers, and last " ..
    "the locked application that says where each of them goes.",
  source = "spinframework/spin crates/oci/src/client.rs",
  specs = { "OCI image-spec 1.0.2", "Spin 94a8fc8 (2026-08-21)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "absent",
  identify_by = "layer.mediaType",
  config = {
    media_type = "application/vnd.oci.image.config.v1+json",
    required = false,
    content = "image config: architecture \"wasm\", os \"Wasip1\", label com.fermyon.spin.lockedAppDigest; old " ..
      "apps: the locked app JSON itself",
    default = "image-config",
  },
  layers = {
    {
      role = "wasm",
      media_types = { "application/vnd.wasm.content.layer.v1+wasm", "application/wasm" },
      min = 1,
      extension = ".wasm",
    },
    { role = "file", media_types = { "application/vnd.wasm.content.layer.v1+data" }, min = 0 },
    {
      role = "archive",
      media_types = { "application/vnd.wasm.content.bundle.v1.tar+gzip" },
      min = 0,
      extension = ".tar.gz",
    },
    {
      role = "locked-app",
      media_types = { "application/vnd.fermyon.spin.application.v1+config" },
      min = 1,
      max = 1,
      position = "last",
      extension = ".json",
      inspect = "json",
    },
  },
  layer_order = "significant",
  unknown_layers = "allow",
  annotations = {
    required = {},
    recommended = {
      "org.opencontainers.image.created",
      "org.opencontainers.image.authors",
      "org.opencontainers.image.version",
      "org.opencontainers.image.title",
      "org.opencontainers.image.description",
    },
  },
  subject = "none",
  limits = { layers = 500, inline_bytes = 128 },
  notes = "Paths live in the locked app JSON, not in titles. Files up to 128 bytes are inlined there. More " ..
    "than 499 layers: archive mode (ECR limit 500). Identical blobs are stored once.",
}
