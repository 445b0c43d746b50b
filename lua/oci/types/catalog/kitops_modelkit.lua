--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "kitops-modelkit",
  title = "KitOps ModelKit",
  description = "A machine learning model with its code, data and documentation, packed by KitOps; the " ..
    "Kitfile is the config.",
  source = "kitops-ml/kitops pkg/lib/constants/*.go, pkg/lib/kitfile/local-storage.go, " ..
    "pkg/artifact/spec.md (2025-08)",
  specs = { "OCI image-spec 1.0.2", "KitOps a041892 (2025-08-19)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "absent",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.kitops.modelkit.config.v1+json",
    required = true,
    content = "Kitfile as JSON",
    schema = { type = "object" },
  },
  layers = {
    {
      role = "model",
      media_types = {
        "application/vnd.kitops.modelkit.model.v1.tar",
        "application/vnd.kitops.modelkit.model.v1.tar+gzip",
      },
      min = 0,
      extension = ".tar[.gz]",
    },
    {
      role = "modelpart",
      media_types = {
        "application/vnd.kitops.modelkit.modelpart.v1.tar",
        "application/vnd.kitops.modelkit.modelpart.v1.tar+gzip",
      },
      min = 0,
      extension = ".tar[.gz]",
    },
    {
      role = "code",
      media_types = {
        "application/vnd.kitops.modelkit.code.v1.tar",
        "application/vnd.kitops.modelkit.code.v1.tar+gzip",
      },
      min = 0,
      extension = ".tar[.gz]",
    },
    {
      role = "dataset",
      media_types = {
        "application/vnd.kitops.modelkit.dataset.v1.tar",
        "application/vnd.kitops.modelkit.dataset.v1.tar+gzip",
      },
      min = 0,
      extension = ".tar[.gz]",
    },
    {
      role = "docs",
      media_types = {
        "application/vnd.kitops.modelkit.docs.v1.tar",
        "application/vnd.kitops.modelkit.docs.v1.tar+gzip",
      },
      min = 0,
      extension = ".tar[.gz]",
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "ml.kitops.modelkit.cli-version" } },
  subject = "none",
  notes = "Layers come in group order model, modelpart, code, dataset, docs, but the reader maps them " ..
    "through the Kitfile. Newer ModelPack output not verified.",
}
