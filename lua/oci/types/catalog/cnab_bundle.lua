--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "cnab-bundle",
  title = "CNAB bundle (cnab-to-oci)",
  description = "A cloud native application bundle: an index of the bundle's description, its invocation " ..
    "image and the images it installs.",
  source = "cnabio/cnab-to-oci converter/*.go, remotes/push.go",
  specs = { "OCI image-spec 1.0.2", "CNAB Core 1", "cnab-to-oci 93e927e (2026-07-17)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.index.v1+json",
  also_root_media_types = { "application/vnd.docker.distribution.manifest.list.v2+json" },
  manifest_body_media_type = "absent",
  identify_by = "annotation",
  layers = {},
  layer_order = "significant",
  unknown_layers = "reject",
  entries = {
    {
      role = "config",
      media_types = {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
      },
      min = 1,
      max = 1,
      position = "first",
      annotations = { required = { "io.cnab.manifest.type" }, values = { ["io.cnab.manifest.type"] = "config" } },
    },
    {
      role = "invocation",
      media_types = {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
      },
      min = 1,
      max = 1,
      annotations = {
        required = { "io.cnab.manifest.type" },
        values = { ["io.cnab.manifest.type"] = "invocation" },
      },
    },
    {
      role = "component",
      media_types = {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
      },
      min = 0,
      annotations = {
        required = { "io.cnab.manifest.type", "io.cnab.component.name" },
        values = { ["io.cnab.manifest.type"] = "component" },
      },
    },
  },
  child = {
    role = "config",
    manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
    manifest_body_media_type = "absent",
    identify_by = "config.mediaType",
    config = {
      media_type = "application/vnd.cnab.config.v1+json",
      required = true,
      also_media_types = { "application/vnd.oci.image.config.v1+json" },
      content = "bundle.json",
      schema = { type = "object" },
    },
    layers = {},
  },
  annotations = {
    required = {
      "io.cnab.runtime_version",
      "org.opencontainers.artifactType",
      "org.opencontainers.image.title",
      "org.opencontainers.image.version",
    },
    recommended = {
      "org.opencontainers.image.description",
      "org.opencontainers.image.authors",
      "io.cnab.keywords",
    },
    values = { ["org.opencontainers.artifactType"] = "application/vnd.cnab.manifest.v1" },
  },
  subject = "none",
  client_rejects = { "entry without io.cnab.manifest.type", "invocation image count != 1", "other media types" },
  fallback = "1: config type OCI image config; 2: docker schema 2 manifest with layers=[config]; index " ..
    "falls back to docker manifest list",
  notes = "org.opencontainers.artifactType = application/vnd.cnab.manifest.v1 (an annotation, in the " ..
    "reserved prefix). Config manifest has \"layers\": null. authors and keywords are JSON in strings. " ..
    "Components sorted by name.",
}
