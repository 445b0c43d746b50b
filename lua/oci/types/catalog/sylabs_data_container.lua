--- Data only; what the fields mean is said in lua/oci/types/type.lua.
return {
  name = "sylabs-data-container",
  title = "OCI-SIF data container",
  description = "A data container of SingularityCE: one squashfs file system that is bound into containers.",
  source = "sylabs/singularity internal/pkg/ocisif/datacontainer.go",
  specs = { "OCI image-spec 1.1.1", "SingularityCE ec04331 (2026-08-20)" },
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  artifact_type = "application/vnd.sylabs.data-container.v1",
  identify_by = "artifactType",
  config = { media_type = "application/vnd.oci.empty.v1+json", required = true, content = "{} (2 bytes)" },
  layers = {
    {
      role = "data",
      media_types = { "application/vnd.sylabs.image.layer.v1.squashfs" },
      min = 1,
      max = 1,
      extension = ".squashfs",
    },
  },
  layer_order = "insignificant",
  unknown_layers = "reject",
  annotations = { required = {}, recommended = {} },
  subject = "none",
  client_rejects = { "layer count != 1", "layer type differs" },
}
