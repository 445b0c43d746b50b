--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "oci-image",
  title = "Container image",
  description = "A container image: a config that a runtime can run, and file system layers to be laid " ..
    "over each other in their order.",
  source = "opencontainers/image-spec manifest.md, config.md, layer.md",
  specs = { "OCI image-spec 1.1.1", "Docker image manifest version 2, schema 2" },
  status = "current",
  generic = 6,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  also_manifest_media_types = { "application/vnd.docker.distribution.manifest.v2+json" },
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.oci.image.config.v1+json",
    required = true,
    also_media_types = { "application/vnd.docker.container.image.v1+json" },
    content = "image config: architecture, os, rootfs{type:\"layers\",diff_ids[]}, config, history",
    schema = {
      type = "object",
      required = { "architecture", "os", "rootfs" },
      properties = {
        architecture = { type = "string" },
        os = { type = "string" },
        rootfs = {
          type = "object",
          required = { "type", "diff_ids" },
          properties = {
            type = { enum = { "layers" } },
            diff_ids = { type = "array", items = { type = "string" } },
          },
        },
      },
    },
  },
  layers = {
    {
      role = "filesystem",
      media_types = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
      },
      min = 1,
      extension = ".tar[.gz|.zst]",
    },
  },
  layer_order = "significant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "optional",
  rules = { "diff-ids" },
  notes = "Reserved config type; many non-image artifacts carry it too (opa-bundle, cosign-*-tag, " ..
    "homebrew-bottle, spin-app, tekton-bundle, imgpkg-bundle), so it is not proof of an image.",
}
