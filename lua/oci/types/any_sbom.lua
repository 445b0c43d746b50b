--- "sbom": a bill of materials whose type is seen in the document. It is there to build with; what was pushed is of the type
-- sbom-spdx or sbom-cyclonedx.
return require("oci.types.type").new {
  name = "sbom",
  title = "Bill of materials, SPDX or CycloneDX",
  source = "the types sbom-spdx and sbom-cyclonedx",
  status = "current",
  manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
  manifest_body_media_type = "present",
  identify_by = "none",
  layers = { { role = "sbom", media_types = { "*" }, min = 1, max = 1 } },
  layer_order = "insignificant",
  unknown_layers = "allow",
  annotations = { required = {}, recommended = {} },
  subject = "required",
}
