--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "modelpack",
  title = "CNCF ModelPack model",
  description = "A machine learning model as the CNCF's ModelPack describes it: weights, their " ..
    "configuration, documentation, code and data sets as layers of media types of their own.",
  source = "modelpack/model-spec docs/{spec,config,annotations}.md, specs-go/v1, " ..
    "schema/config-schema.json; modelpack/modctl pkg/backend/build/builder.go",
  specs = { "OCI image-spec 1.1.1", "ModelPack model-spec d78bf32 (2026-06-08)", "modctl c8e484d (2026-08-05)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "required",
  artifact_type = "application/vnd.cncf.model.manifest.v1+json",
  identify_by = "artifactType",
  config = {
    media_type = "application/vnd.cncf.model.config.v1+json",
    required = true,
    content = "{descriptor{}*, config{architecture,format,paramSize,precision,quantization,capabilities}*, " ..
      "modelfs{type:\"layers\",diffIds[>=1]}*}; no other keys",
    schema = {
      type = "object",
      required = { "descriptor", "config", "modelfs" },
      properties = {
        config = {
          type = "object",
          properties = {
            architecture = { type = "string" },
            capabilities = { type = "object" },
            format = { type = "string" },
            paramSize = { type = "string" },
            precision = { type = "string" },
            quantization = { type = "string" },
          },
        },
        descriptor = { type = "object" },
        modelfs = {
          type = "object",
          required = { "type", "diffIds" },
          properties = {
            type = { enum = { "layers" } },
            diffIds = { type = "array", minItems = 1, items = { type = "string" } },
          },
        },
      },
      additionalProperties = false,
    },
  },
  layers = {
    {
      role = "weight",
      media_types = {
        "application/vnd.cncf.model.weight.v1.raw",
        "application/vnd.cncf.model.weight.v1.tar",
        "application/vnd.cncf.model.weight.v1.tar+gzip",
        "application/vnd.cncf.model.weight.v1.tar+zstd",
      },
      min = 0,
      annotations = {
        required = {},
        recommended = {
          "org.cncf.model.filepath",
          "org.cncf.model.file.metadata+json",
          "org.cncf.model.file.mediatype.untested",
        },
      },
    },
    {
      role = "weight.config",
      media_types = {
        "application/vnd.cncf.model.weight.config.v1.raw",
        "application/vnd.cncf.model.weight.config.v1.tar",
        "application/vnd.cncf.model.weight.config.v1.tar+gzip",
        "application/vnd.cncf.model.weight.config.v1.tar+zstd",
      },
      min = 0,
      annotations = {
        required = {},
        recommended = {
          "org.cncf.model.filepath",
          "org.cncf.model.file.metadata+json",
          "org.cncf.model.file.mediatype.untested",
        },
      },
    },
    {
      role = "doc",
      media_types = {
        "application/vnd.cncf.model.doc.v1.raw",
        "application/vnd.cncf.model.doc.v1.tar",
        "application/vnd.cncf.model.doc.v1.tar+gzip",
        "application/vnd.cncf.model.doc.v1.tar+zstd",
      },
      min = 0,
      annotations = {
        required = {},
        recommended = {
          "org.cncf.model.filepath",
          "org.cncf.model.file.metadata+json",
          "org.cncf.model.file.mediatype.untested",
        },
      },
    },
    {
      role = "code",
      media_types = {
        "application/vnd.cncf.model.code.v1.raw",
        "application/vnd.cncf.model.code.v1.tar",
        "application/vnd.cncf.model.code.v1.tar+gzip",
        "application/vnd.cncf.model.code.v1.tar+zstd",
      },
      min = 0,
      annotations = {
        required = {},
        recommended = {
          "org.cncf.model.filepath",
          "org.cncf.model.file.metadata+json",
          "org.cncf.model.file.mediatype.untested",
        },
      },
    },
    {
      role = "dataset",
      media_types = {
        "application/vnd.cncf.model.dataset.v1.raw",
        "application/vnd.cncf.model.dataset.v1.tar",
        "application/vnd.cncf.model.dataset.v1.tar+gzip",
        "application/vnd.cncf.model.dataset.v1.tar+zstd",
      },
      min = 0,
      annotations = {
        required = {},
        recommended = {
          "org.cncf.model.filepath",
          "org.cncf.model.file.metadata+json",
          "org.cncf.model.file.mediatype.untested",
        },
      },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  min_layers = 1,
  annotations = { required = {}, recommended = {} },
  subject = "none",
  notes = "Files are named by org.cncf.model.filepath, not by title. Weights are best left uncompressed.",
}
