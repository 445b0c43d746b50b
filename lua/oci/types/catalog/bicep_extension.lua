return {
  name = "bicep-extension",
  title = "Bicep extension (types provider)",
  source = "Azure/bicep src/Bicep.Core/Registry/**, src/Bicep.Core/Modules/OciModuleArtifactResult.cs",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.ms.bicep.provider.artifact",
  identify_by = "artifactType",
  identify_fallback = "config.mediaType",
  media_type_compare = "case-insensitive",
  config = {
    media_type = "application/vnd.ms.bicep.provider.config.v1+json",
    required = true,
    content = "{localDeployEnabled, supportedArchitectures[]}",
  },
  layers = {
    {
      role = "types",
      media_types = { "application/vnd.ms.bicep.provider.layer.v1.tar+gzip" },
      min = 1,
      max = 1,
      extension = ".tgz",
      annotations = { required = {}, recommended = { "org.opencontainers.image.title" } },
    },
    {
      role = "binary",
      media_types = {},
      media_type_pattern = "application/vnd.ms.bicep.provider.layer.v1.<arch>.binary",
      min = 0,
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
}
