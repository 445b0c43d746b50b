--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "opentofu-module",
  title = "OpenTofu module package",
  description = "A module package of OpenTofu: one zip. The artifact type is demanded, the config is not " ..
    "looked at.",
  source = "opentofu/opentofu internal/getmodules/oci_getter.go, " ..
    "internal/getproviders/oci_registry_mirror_source.go, website/docs/cli/oci_registries/*.mdx",
  specs = { "OCI image-spec 1.1.1", "OpenTofu f831fa1 (2026-08-12)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "required",
  artifact_type = "application/vnd.opentofu.modulepkg",
  identify_by = "artifactType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = false, content = "{} (2 bytes)" },
  layers = { { role = "package", media_types = { "archive/zip" }, min = 1, max = 1, extension = ".zip" } },
  layer_order = "insignificant",
  unknown_layers = "ignore",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  tag_rule = "default tag latest; tag or digest in the source address",
  limits = { manifest_bytes = 4194304 },
  client_rejects = {
    "artifactType differs or missing (no config fallback)",
    "index",
    "zero or several archive/zip layers",
    "manifest over 4 MiB",
    "body mediaType differs",
  },
  notes = "There is no fallback to the config's media type. The body of the manifest must say its mediaType.",
}
