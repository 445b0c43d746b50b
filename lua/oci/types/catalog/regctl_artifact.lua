--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "regctl-artifact",
  title = "Artifact as pushed by regctl",
  description = "Files as regctl pushes them when no type is named. Layers have titles only on request.",
  source = "regclient/regclient cmd/regctl/artifact.go",
  specs = { "OCI image-spec 1.1.1", "regclient 725072f (2026-07-01)" },
  status = "current",
  generic = 2,
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.unknown.config+json",
  identify_by = "artifactType",
  config = {
    media_type = "application/vnd.oci.empty.v1+json",
    required = false,
    also_media_types = { "*" },
    content = "{} (2 bytes) without data",
  },
  layers = {
    {
      role = "file",
      media_types = { "application/octet-stream", "*" },
      min = 0,
      annotations = { required = {}, recommended = { "org.opencontainers.image.title" } },
    },
    { role = "empty", media_types = { "application/vnd.oci.empty.v1+json" }, min = 0, max = 1 },
  },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "optional",
  severities = { ["artifact-type"] = "hint" },
  notes = "artifact_type is the (warned-about) default. One file and no file type: layer media type = " ..
    "artifact type. Title only with --file-title; directories become a tgz whose title ends in \"/\". No " ..
    "org.opencontainers.image.created. All types are checked against the media type grammar.",
}
