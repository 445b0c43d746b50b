--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "helm-chart",
  title = "Helm chart",
  description = "A chart of the Kubernetes package manager Helm: the packaged chart as it is, its " ..
    "Chart.yaml as JSON in the config, and the provenance file if there is one.",
  source = "helm/helm pkg/registry/{client,chart,constants,reference,tag,generic}.go, " ..
    "pkg/pusher/ocipusher.go, pkg/getter/ocigetter.go, pkg/chart/v2/metadata.go (main = v4, release-3.21)",
  specs = {
    "OCI image-spec 1.0.2",
    "Helm e9b85e4de (version 4, 2026-08-20)",
    "Helm release-3.21",
    "Helm chart API v1 and v2",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  also_root_media_types = { "application/vnd.oci.image.index.v1+json" },
  manifest_body_media_type = "absent",
  identify_by = "config.mediaType",
  config = {
    media_type = "application/vnd.cncf.helm.config.v1+json",
    required = true,
    stale_aliases = { "application/vnd.cncf.helm.chart.config.v1+json" },
    content = "Chart.yaml as JSON: name*, version*, apiVersion*, home, sources[], description, keywords[], " ..
      "maintainers[{name,email,url}], icon, condition, tags, appVersion, deprecated, annotations{}, " ..
      "kubeVersion, dependencies[], type (\"\"|application|library); empty fields left out",
    schema = {
      type = "object",
      required = { "apiVersion", "name", "version" },
      properties = {
        type = { enum = { "", "application", "library" } },
        annotations = { type = "object" },
        apiVersion = { type = "string", minLength = 1 },
        appVersion = { type = "string" },
        condition = { type = "string" },
        dependencies = { type = "array", items = { type = "object" } },
        deprecated = { type = "boolean" },
        description = { type = "string" },
        home = { type = "string" },
        icon = { type = "string" },
        keywords = { type = "array", items = { type = "string" } },
        kubeVersion = { type = "string" },
        maintainers = {
          type = "array",
          items = {
            type = "object",
            properties = { email = { type = "string" }, name = { type = "string" }, url = { type = "string" } },
          },
        },
        name = { type = "string", minLength = 1 },
        sources = { type = "array", items = { type = "string" } },
        tags = { type = "string" },
        version = { type = "string", minLength = 1 },
      },
    },
  },
  layers = {
    {
      role = "chart",
      media_types = { "application/vnd.cncf.helm.chart.content.v1.tar+gzip" },
      legacy_media_types = { "application/tar+gzip" },
      min = 1,
      max = 1,
      extension = ".tgz",
      inspect = "helm-chart",
    },
    {
      role = "provenance",
      media_types = { "application/vnd.cncf.helm.chart.provenance.v1.prov" },
      min = 0,
      max = 1,
      extension = ".prov",
    },
  },
  layer_order = "insignificant",
  unknown_layers = "ignore",
  annotations = {
    required = {},
    recommended = {
      "org.opencontainers.image.title",
      "org.opencontainers.image.version",
      "org.opencontainers.image.description",
      "org.opencontainers.image.url",
      "org.opencontainers.image.created",
      "org.opencontainers.image.source",
      "org.opencontainers.image.authors",
    },
  },
  subject = "none",
  tag_rule = "tag = chart version with \"+\" replaced by \"_\"; reading maps \"_\" back to \"+\"; listing keeps " ..
    "only strict semver, newest first; ref = <repo>/<name>:<version>; tag@digest given together must agree",
  limits = { file_bytes = 5242880, unpacked_bytes = 104857600 },
  severities = { ["layer-excess"] = "warning" },
  client_rejects = {
    "no descriptor with exactly the config media type",
    "no chart layer (new or legacy type)",
    "provenance asked for but absent",
    "config blob is not JSON",
    "fewer descriptors than needed",
    "strict mode: ref does not end in /<name>:<version>",
  },
  notes = "Manifest JSON has neither mediaType nor artifactType. Layers are sorted by digest, so " ..
    "provenance may come first: find by media type. If two chart layers, the last wins. Chart annotations are " ..
    "merged into manifest annotations except title and version. org.opencontainers.image.created = mtime of " ..
    "the .tgz (local offset) else now in UTC. Index roots are walked since 2026-01. Golden: 742-byte manifest " ..
    "sha256:fbbade96da6050f68f94f122881e3b80051a18f13ab5f4081868dd494538f5c2.",
}
