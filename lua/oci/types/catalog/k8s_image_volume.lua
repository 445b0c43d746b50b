--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "k8s-image-volume",
  title = "Kubernetes image volume (consumer profile)",
  description = "What Kubernetes mounts as an image volume: a directory made of tar layers or of titled " ..
    "files. Not a type, but what a runtime makes of an image or artifact.",
  source = "kubernetes/enhancements KEP-4639; cri-o internal/ociartifact/**",
  specs = { "OCI image-spec 1.1.1", "KEP-4639" },
  status = "profile",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  also_manifest_media_types = { "application/vnd.docker.distribution.manifest.v2+json" },
  also_root_media_types = { "application/vnd.oci.image.index.v1+json" },
  manifest_body_media_type = "present",
  identify_by = "none",
  config = { media_type = "*", required = false, content = "any" },
  layers = {
    {
      role = "content",
      media_types = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "*",
      },
      min = 1,
      annotations = { required = {}, recommended = { "org.opencontainers.image.title" } },
    },
  },
  layer_order = "significant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "optional",
  notes = "Not a type: what a runtime mounts. Tar layers merged, later wins; plain files need a title. " ..
    "Indexes only by platform. CRI-O treats as artifact when artifactType is set or the config type is " ..
    "neither empty, OCI nor docker image config.",
}
