--- Data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = require "oci.types.parts"

return {
  name = "cosign-signature-tag",
  title = "cosign signature, tag scheme",
  description = "Signatures that cosign before version 3 makes of an image, each as a layer, under a tag " ..
    "made of the image's digest.",
  source = "sigstore/cosign specs/SIGNATURE_SPEC.md, pkg/oci/{remote,mutate,static,empty}, pkg/types/media.go",
  specs = { "OCI image-spec 1.0.2", "cosign d6d86c2 (2026-07-24), specs/SIGNATURE_SPEC.md" },
  status = "legacy",
  legacy = true,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  also_manifest_media_types = { "application/vnd.docker.distribution.manifest.v2+json" },
  manifest_body_media_type = "present",
  identify_by = "tag",
  identify_fallback = "layer.mediaType",
  tag_pattern = "<prefix and algorithm>-<hex>.sig",
  config = {
    media_type = "application/vnd.oci.image.config.v1+json",
    required = false,
    content = "real image config; rootfs.diff_ids = payload digests",
  },
  layers = parts.cosign_signature_layers,
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  tag_rule = "<alg>-<hex>.sig in the same repository (COSIGN_REPOSITORY overrides; optional prefix)",
  limits = { layers = 1000, layer_bytes = 134217728 },
  client_rejects = {
    "payload critical.image.docker-manifest-digest != subject digest",
    "more than 1000 layers",
    "layer over 128 MiB",
  },
  notes = "Same digest may be listed several times with different annotations. Appending re-pushes the tag " ..
    "(lost-update race). Payload critical.type is \"cosign container image signature\". Spec prose says " ..
    "dev.cosignproject.cosign/certificate; code writes dev.sigstore.cosign/.",
}
