--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "notation-signature-legacy",
  title = "Notary Project signature, 1.0 registry form",
  description = "A signature of the Notary Project for registries that refuse artifactType: the config's " ..
    "media type says what it is.",
  source = "notaryproject/specifications specs/signature-specification.md; notaryproject/notation-go " ..
    "registry/repository.go",
  specs = { "OCI image-spec 1.0.2", "Notary Project signature specification 1.1.0" },
  status = "legacy",
  legacy = true,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "config.mediaType",
  config = { media_type = "application/vnd.cncf.notary.signature", required = true, content = "{} (2 bytes)" },
  layers = {
    { role = "envelope", media_types = { "application/jose+json", "application/cose" }, min = 1, max = 1 },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = { required = { "io.cncf.notary.x509chain.thumbprint#S256" }, recommended = {} },
  subject = "required",
  rules = { "notation-thumbprints", "no-artifact-type" },
  notes = "Readers take it only if artifactType is absent.",
}
