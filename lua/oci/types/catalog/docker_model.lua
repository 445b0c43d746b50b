--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "docker-model",
  title = "Docker model",
  description = "A machine learning model for Docker Model Runner: its weights as raw files, with licences " ..
    "and templates beside them.",
  source = "docker/model-spec; docker/model-runner pkg/distribution/**",
  specs = { "OCI image-spec 1.0.2", "docker/model-spec 6c08602 (2025-09-25)", "model-runner 642c721 (2026-07-22)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.docker.ai.model.config.v0.1+json",
    required = true,
    also_media_types = { "application/vnd.docker.ai.model.config.v0.2+json" },
    content = "{config{format,quantization,parameters,architecture,size,gguf{},safetensors{},context_size}, " ..
      "descriptor{created}, rootfs{type,diff_ids}}",
    schema = {
      type = "object",
      properties = { config = { type = "object" }, descriptor = { type = "object" }, rootfs = { type = "object" } },
    },
  },
  layers = {
    {
      role = "weights",
      media_types = {
        "application/vnd.docker.ai.gguf.v3",
        "application/vnd.docker.ai.safetensors",
        "application/vnd.docker.ai.dduf",
      },
      min = 1,
      extension = ".gguf|.safetensors|.dduf",
    },
    { role = "adapter", media_types = { "application/vnd.docker.ai.gguf.v3.lora" }, min = 0 },
    {
      role = "projector",
      media_types = { "application/vnd.docker.ai.mmproj", "application/vnd.docker.ai.gguf.v3.mmproj" },
      min = 0,
      max = 1,
    },
    { role = "license", media_types = { "application/vnd.docker.ai.license" }, min = 0, extension = ".txt" },
    {
      role = "chat-template",
      media_types = { "application/vnd.docker.ai.chat.template.jinja" },
      min = 0,
      max = 1,
      extension = ".jinja",
    },
    {
      role = "vllm-config",
      media_types = { "application/vnd.docker.ai.vllm.config.tar" },
      min = 0,
      max = 1,
      extension = ".tar",
    },
    { role = "directory", media_types = { "application/vnd.docker.ai.dir.tar" }, min = 0, extension = ".tar" },
    {
      role = "file",
      media_types = { "application/vnd.docker.ai.model.file" },
      min = 0,
      annotations = { required = {}, recommended = { "org.cncf.model.filepath" } },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "ignore",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  notes = "Raw single files, uncompressed. v0.2 uses org.cncf.model.filepath. CNCF output mode writes " ..
    "modelpack instead. The names under gguf.v3. (lora, mmproj) come from the spec text, the plain mmproj " ..
    "name from model-runner.",
}
