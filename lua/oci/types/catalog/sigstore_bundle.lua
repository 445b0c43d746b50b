--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "sigstore-bundle",
  title = "Sigstore bundle v0.3 (cosign 3 default, GitHub attestations)",
  description = "A signature or an attestation as a Sigstore bundle, which refers to what it is of as its " ..
    "subject. cosign 3 and GitHub write it.",
  source = "sigstore/cosign specs/BUNDLE_SPEC.md, pkg/oci/remote/{write,signatures}.go; " ..
    "sigstore/sigstore-go pkg/bundle/bundle.go",
  specs = {
    "OCI image-spec 1.1.1",
    "Sigstore bundle 0.3",
    "cosign d6d86c2 (2026-07-24), specs/BUNDLE_SPEC.md",
    "sigstore-go 4594ab4 (2026-06-09)",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.dev.sigstore.bundle.v0.3+json",
  identify_by = "artifactType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = false, content = "{} (2 bytes)" },
  layers = {
    {
      role = "bundle",
      media_types = { "application/vnd.dev.sigstore.bundle.v0.3+json" },
      legacy_media_types = { "application/vnd.dev.sigstore.bundle+json;version=0.3" },
      min = 1,
      max = 1,
      extension = ".json",
      inspect = "sigstore-bundle",
    },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = {
    required = { "dev.sigstore.bundle.content" },
    recommended = { "org.opencontainers.image.created", "dev.sigstore.bundle.predicateType" },
  },
  subject = "required",
  tag_rule = "pushed by digest, no tag; found by the referrers of the subject, listed without a type filter",
  severities = { annotation = "warning" },
  client_rejects = {
    "layer count != 1",
    "layer type lacks prefix application/vnd.dev.sigstore.bundle",
    "bundle older than v0.3 (cosign referrers) or v0.4 and newer (sigstore-go)",
  },
  notes = "bundle.content is dsse-envelope or message-signature. Plain signatures carry predicateType " ..
    "https://sigstore.dev/cosign/sign/v1. cosign writes a stray artifactType on the config descriptor. Older " ..
    "bundle types have media type parameters, which the OCI grammar forbids.",
}
