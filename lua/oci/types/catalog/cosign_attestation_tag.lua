--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "cosign-attestation-tag",
  title = "cosign attestation, tag scheme",
  description = "Attestations that cosign before version 3 makes of an image, each a DSSE envelope as a " ..
    "layer, under a tag made of the image's digest.",
  source = "sigstore/cosign pkg/oci/{remote,mutate,static}; specs/ATTESTATION_SPEC.md",
  specs = {
    "OCI image-spec 1.0.2",
    "cosign d6d86c2 (2026-07-24), specs/ATTESTATION_SPEC.md",
    "in-toto Statement v0.1 and v1",
  },
  status = "legacy",
  legacy = true,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "tag",
  identify_fallback = "layer.mediaType",
  tag_pattern = "<prefix and algorithm>-<hex>.att",
  config = {
    media_type = "application/vnd.oci.image.config.v1+json",
    required = false,
    content = "real image config",
  },
  layers = {
    {
      role = "envelope",
      media_types = { "application/vnd.dsse.envelope.v1+json" },
      min = 1,
      max = 1000,
      extension = ".json",
      inspect = "dsse",
      annotations = {
        required = { "dev.cosignproject.cosign/signature" },
        recommended = {
          "predicateType",
          "dev.sigstore.cosign/certificate",
          "dev.sigstore.cosign/chain",
          "dev.sigstore.cosign/bundle",
          "dev.sigstore.cosign/rfc3161timestamp",
        },
      },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  tag_rule = "<alg>-<hex>.att",
  notes = "signature annotation is present with an empty value. DSSE payloadType application/vnd.in-toto+json.",
}
