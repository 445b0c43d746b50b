--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "bicep-module",
  title = "Bicep module (Azure Resource Manager)",
  description = "A module of Bicep for the Azure Resource Manager: the compiled template as JSON, and " ..
    "perhaps its sources.",
  source = "Azure/bicep src/Bicep.Core/Registry/**, src/Bicep.Core/Modules/OciModuleArtifactResult.cs",
  specs = { "OCI image-spec 1.1.1", "Bicep 9beb0fe (2026-08-21)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.ms.bicep.module.artifact",
  identify_by = "artifactType",
  identify_fallback = "config.mediaType",
  media_type_compare = "case-insensitive",
  config = {
    media_type = "application/vnd.ms.bicep.module.config.v1+json",
    required = true,
    content = "{} (2 bytes)",
    default = "{}",
  },
  layers = {
    {
      role = "template",
      media_types = { "application/vnd.ms.bicep.module.layer.v1+json" },
      min = 1,
      max = 1,
      extension = ".json",
      annotations = { required = {}, recommended = { "org.opencontainers.image.title" } },
    },
    {
      role = "source",
      media_types = { "application/vnd.ms.bicep.module.source.v1.tar+gzip" },
      min = 0,
      max = 1,
      extension = ".tgz",
      annotations = { required = {}, recommended = { "org.opencontainers.image.title" } },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "ignore",
  annotations = {
    required = {},
    recommended = {
      "org.opencontainers.image.description",
      "org.opencontainers.image.documentation",
      "org.opencontainers.image.created",
    },
  },
  subject = "none",
  rules = { "sha256-digests" },
  client_rejects = {
    "artifactType present and different (null is tolerated)",
    "no or several template layers",
    "digest not sha256",
  },
  notes = "Titles are labels with spaces (\"Compiled ARM template\"), not file names.",
}
