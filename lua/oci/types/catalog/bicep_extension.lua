--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "bicep-extension",
  title = "Bicep extension (types provider)",
  description = "An extension of Bicep: its types as a tar+gzip, and perhaps a program for each architecture.",
  source = "Azure/bicep src/Bicep.Core/Registry/**, src/Bicep.Core/Modules/OciModuleArtifactResult.cs",
  specs = { "OCI image-spec 1.1.1", "Bicep 9beb0fe (2026-08-21)" },
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
    schema = {
      type = "object",
      properties = {
        localDeployEnabled = { type = "boolean" },
        supportedArchitectures = { type = "array", items = { type = "string" } },
      },
    },
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
  rules = { "sha256-digests" },
  notes = "An extension used to be called a provider, and is in its media types still.",
}
