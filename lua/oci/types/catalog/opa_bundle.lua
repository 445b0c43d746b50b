--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "opa-bundle",
  title = "Open Policy Agent bundle",
  description = "Policies and data for the Open Policy Agent, as one tar+gzip. By its media types it looks " ..
    "like an image; only an image config that is empty gives it away.",
  source = "open-policy-agent/opa v1/download/oci_download.go, docs/docs/management-bundles/index.md, " ..
    "v1/bundle/bundle.go",
  specs = { "OCI image-spec 1.0.2", "Open Policy Agent 0460d88 and 14c6f06 (2026)" },
  status = "current",
  generic = 7,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "layer.mediaType",
  config = {
    media_type = "application/vnd.oci.image.config.v1+json",
    required = false,
    content = "{} (2 bytes) is enough",
    default = "{}",
  },
  layers = {
    {
      role = "bundle",
      media_types = { "application/vnd.oci.image.layer.v1.tar+gzip" },
      min = 1,
      extension = ".tar.gz",
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
      annotations = { required = {}, recommended = { "org.opencontainers.image.title" } },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "ignore",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  limits = { layer_bytes = 1073741824 },
  client_rejects = { "no layers", "no layer of exactly the tar+gzip type", "root is an index (no layers)" },
  notes = "Indistinguishable from an image by media types alone; the first tar+gzip layer is used, " ..
    "documentation says only one layer. Config type documented but not checked. Documented push: oras push " ..
    "ref --config c.json:<OCI image config type> bundle.tar.gz:<tar+gzip>.",
}
