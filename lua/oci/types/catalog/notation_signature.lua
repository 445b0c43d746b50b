--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "notation-signature",
  title = "Notary Project signature",
  description = "A signature of the Notary Project over the descriptor of its subject, in a JWS or COSE envelope.",
  source = "notaryproject/specifications specs/signature-specification.md; notaryproject/notation-go " ..
    "registry/repository.go",
  specs = {
    "OCI image-spec 1.1.1",
    "Notary Project signature specification d4b62b9 (2025-05-20)",
    "notation-go a48f228 (2025-11-07)",
  },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.cncf.notary.signature",
  identify_by = "artifactType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = true, content = "{} (2 bytes)" },
  layers = {
    { role = "envelope", media_types = { "application/jose+json", "application/cose" }, min = 1, max = 1 },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = {
    required = { "io.cncf.notary.x509chain.thumbprint#S256" },
    recommended = { "org.opencontainers.image.created" },
  },
  subject = "required",
  limits = { layer_bytes = 33554432, manifest_bytes = 4194304 },
  rules = { "notation-thumbprints" },
  client_rejects = { "artifactType set but config not the empty type", "layer count != 1", "blob over 32 MiB" },
  notes = "Thumbprint value = JSON array (as a string) of hex SHA-256. Prefix io.cncf.notary reserved. " ..
    "Readers also take application/vnd.oci.artifact.manifest.v1+json (image-spec 1.1 rc2).",
}
