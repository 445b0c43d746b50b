--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "imgpkg-bundle",
  title = "Carvel imgpkg bundle",
  description = "Configuration of Carvel's tools with the digests of all images it refers to. A label of " ..
    "the config is what makes it one.",
  source = "carvel-dev/imgpkg pkg/imgpkg/{bundle,plainimage,image,lockconfig}",
  specs = { "OCI image-spec 1.0.2", "imgpkg 240e878 (2024-10-14)", "imgpkg.carvel.dev/v1alpha1" },
  status = "current",
  manifest_media_type = "application/vnd.docker.distribution.manifest.v2+json",
  also_manifest_media_types = { "application/vnd.oci.image.manifest.v1+json" },
  manifest_body_media_type = "present",
  identify_by = "config.label",
  identify_fallback = "tag",
  tag_pattern = "sha256-<hex>.imgpkg",
  config = {
    media_type = "application/vnd.docker.container.image.v1+json",
    required = true,
    also_media_types = { "application/vnd.oci.image.config.v1+json" },
    content = "image config with label dev.carvel.imgpkg.bundle = \"true\"",
    labels = { ["dev.carvel.imgpkg.bundle"] = "true" },
  },
  layers = {
    {
      role = "bundle",
      media_types = {
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.oci.image.layer.v1.tar+gzip",
      },
      min = 1,
      max = 1,
      extension = ".tar.gz",
      content_check = { ".imgpkg/images.yml" },
      inspect = "imgpkg-bundle",
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  tag_rule = "also tagged sha256-<hex>.imgpkg",
  client_rejects = { "index (\"Expected an Image\")", "label missing", "no .imgpkg/images.yml" },
  notes = "images.yml: apiVersion imgpkg.carvel.dev/v1alpha1, kind ImagesLock, images[].image by digest.",
}
