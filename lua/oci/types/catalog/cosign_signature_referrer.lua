--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "cosign-signature-referrer",
  title = "cosign signature, OCI 1.1 experimental",
  description = "The experimental form of cosign's signatures that refers to the image as its subject " ..
    "instead of by a tag.",
  source = "sigstore/cosign pkg/oci/remote/write.go (WriteSignaturesExperimentalOCI)",
  specs = { "OCI image-spec 1.1.1", "cosign d6d86c2 (2026-07-24)" },
  status = "experimental",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.dev.cosign.artifact.sig.v1+json",
  identify_by = "artifactType",
  identify_fallback = "config.mediaType",
  config = {
    media_type = "application/vnd.dev.cosign.artifact.sig.v1+json",
    required = true,
    content = "image config bytes",
    default = "image-config",
  },
  layers = parts.cosign_signature_layers,
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "required",
  notes = "The config has the artifact type as its media type and the bytes of an image config. Readers " ..
    "want exactly one layer and take the last referrer.",
}
