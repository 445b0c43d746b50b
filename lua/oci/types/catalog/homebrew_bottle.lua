--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "homebrew-bottle",
  title = "Homebrew bottle",
  description = "A compiled package of Homebrew: an index with a bottle for each platform, found by the " ..
    "digest and version in its annotations.",
  source = "Homebrew/brew Library/Homebrew/github_packages.rb, resource.rb",
  specs = { "OCI image-spec 1.0.2", "Homebrew aad366f (2026-08-22)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.index.v1+json",
  manifest_body_media_type = "absent",
  identify_by = "annotation",
  layers = {},
  layer_order = "insignificant",
  unknown_layers = "allow",
  entries = {
    {
      role = "bottle",
      media_types = { "application/vnd.oci.image.manifest.v1+json" },
      min = 1,
      platform = "architecture, os, os.version; absent for \"all\"",
      annotations = {
        required = { "org.opencontainers.image.ref.name", "sh.brew.bottle.digest", "sh.brew.tab" },
        recommended = {
          "sh.brew.bottle.size",
          "sh.brew.bottle.installed_size",
          "sh.brew.bottle.cpu.variant",
          "sh.brew.bottle.glibc.version",
          "sh.brew.license",
          "sh.brew.path_exec_files",
          "sh.brew.sbom.supplement",
        },
      },
    },
  },
  child = {
    annotations = {
      required = {
        "org.opencontainers.image.created",
        "org.opencontainers.image.title",
        "org.opencontainers.image.ref.name",
        "sh.brew.bottle.digest",
      },
      recommended = { "org.opencontainers.image.documentation", "sh.brew.tab" },
    },
    manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
    manifest_body_media_type = "absent",
    identify_by = "annotation",
    config = {
      media_type = "application/vnd.oci.image.config.v1+json",
      required = true,
      content = "{architecture, os, os.version, rootfs}",
    },
    layers = {
      {
        role = "bottle",
        media_types = { "application/vnd.oci.image.layer.v1.tar+gzip" },
        min = 1,
        max = 1,
        extension = ".bottle.tar.gz",
        title_required = true,
        annotations = { required = { "org.opencontainers.image.title" }, recommended = {} },
      },
    },
  },
  annotations = {
    required = {
      "com.github.package.type",
      "org.opencontainers.image.created",
      "org.opencontainers.image.ref.name",
      "org.opencontainers.image.title",
      "org.opencontainers.image.version",
    },
    recommended = {
      "org.opencontainers.image.description",
      "org.opencontainers.image.documentation",
      "org.opencontainers.image.licenses",
      "org.opencontainers.image.revision",
      "org.opencontainers.image.source",
      "org.opencontainers.image.url",
      "org.opencontainers.image.vendor",
    },
    values = { ["com.github.package.type"] = "homebrew_bottle" },
  },
  subject = "none",
  tag_rule = "<version>[-<rebuild>]; repository: \"@\" -> \"/\", \"+\" -> \"x\"; entry " ..
    "org.opencontainers.image.ref.name = <version>.<bottle tag>[.<rebuild>]",
  limits = { manifest_bytes = 4194304 },
  severities = { annotation = "warning" },
  client_rejects = { "no entry whose sh.brew.bottle.digest and org.opencontainers.image.ref.name match" },
  notes = "com.github.package.type = homebrew_bottle. Neither index nor child manifests carry mediaType. " ..
    "JSON is pretty printed. sh.brew.bottle.digest is bare hex of the tar.gz.",
}
