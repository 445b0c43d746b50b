--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "trivy-db",
  title = "Trivy vulnerability / Java database, WASM module",
  description = "A database that the scanner Trivy loads, of vulnerabilities or of Java archives, or one " ..
    "of its WebAssembly modules: a single layer.",
  source = "aquasecurity/trivy pkg/db/db.go, pkg/javadb/client.go, pkg/oci/artifact.go",
  specs = {
    "OCI image-spec 1.0.2",
    "Trivy dc3c56e (2026-08-21)",
    "Trivy database schema 2",
    "Trivy Java database schema 1",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "layer.mediaType",
  config = { media_type = "*", required = false, content = "not looked at" },
  layers = {
    {
      role = "db",
      media_types = {
        "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip",
        "application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip",
        "application/vnd.module.wasm.content.layer.v1+wasm",
      },
      min = 1,
      max = 1,
      extension = ".tar.gz",
      title_required = true,
      annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = { required = {}, recommended = { "org.opencontainers.image.version" } },
  subject = "none",
  tag_rule = "tag = schema version (db :2, java-db :1)",
  rules = { "local-titles" },
  severities = { ["layer-title"] = "error" },
  client_rejects = { "layer count != 1", "layer media type differs", "title not a local path" },
  notes = "One of the three types is expected, by use. Producer side not verified.",
}
