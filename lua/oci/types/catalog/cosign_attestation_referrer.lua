--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "cosign-attestation-referrer",
  title = "cosign attestation, referrer",
  description = "The form of cosign's attestations that refers to the image as its subject: DSSE envelopes " ..
    "as layers.",
  source = "sigstore/cosign pkg/oci/remote/write.go (WriteAttestationsReferrer)",
  specs = { "OCI image-spec 1.1.1", "cosign d6d86c2 (2026-07-24)" },
  status = "experimental",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.in-toto+json",
  identify_by = "artifactType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = true, content = "{} (2 bytes)" },
  layers = {
    {
      role = "envelope",
      media_types = { "application/vnd.dsse.envelope.v1+json" },
      min = 1,
      extension = ".json",
      inspect = "dsse",
      annotations = { required = {}, recommended = { "dev.cosignproject.cosign/signature", "predicateType" } },
    },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = { "org.opencontainers.image.created" } },
  subject = "required",
  notes = "The layers keep the annotations that they have in the form by tag.",
}
