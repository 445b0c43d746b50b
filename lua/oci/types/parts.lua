--- Parts that several types of the catalog have: data only; what the fields mean is said in lua/oci/types/type.lua.
local parts = {}

-- What Falco's configs say of a thing and of those that may stand in for it.
local name_and_version = {
  type = "object",
  properties = { name = { type = "string" }, version = { type = "string" } },
}

parts.falco_config_schema = {
  type = "object",
  properties = {
    dependencies = {
      type = "array",
      items = {
        type = "object",
        properties = {
          alternatives = { type = "array", items = name_and_version },
          name = { type = "string" },
          version = { type = "string" },
        },
      },
    },
    name = { type = "string" },
    requirements = { type = "array", items = name_and_version },
    version = { type = "string" },
  },
}

-- Of features and templates.
parts.devcontainer_config = {
  media_type = "application/vnd.devcontainers",
  required = true,
  content = "{} (2 bytes) (spec page shows 0 bytes)",
  default = "{}",
}

parts.buildkit_layers = {
  {
    role = "statement",
    media_types = { "application/vnd.in-toto+json" },
    min = 1,
    extension = ".json",
    inspect = "in-toto",
    annotations = { required = { "in-toto.io/predicate-type" }, recommended = {} },
  },
}

parts.buildkit_index_descriptor = {
  platform = { architecture = "unknown", os = "unknown" },
  annotations = {
    required = { "vnd.docker.reference.type", "vnd.docker.reference.digest" },
    values = { ["vnd.docker.reference.type"] = "attestation-manifest" },
  },
}

parts.cosign_signature_layers = {
  {
    role = "payload",
    media_types = { "application/vnd.dev.cosign.simplesigning.v1+json" },
    min = 1,
    max = 1000,
    extension = ".json",
    inspect = "simplesigning",
    annotations = {
      required = { "dev.cosignproject.cosign/signature" },
      recommended = {
        "dev.sigstore.cosign/certificate",
        "dev.sigstore.cosign/chain",
        "dev.sigstore.cosign/bundle",
        "dev.sigstore.cosign/rfc3161timestamp",
      },
    },
  },
}

parts.soci_layers = {
  {
    role = "ztoc",
    media_types = { "application/octet-stream" },
    min = 0,
    annotations = {
      required = { "com.amazon.soci.image-layer-digest", "com.amazon.soci.image-layer-mediaType" },
      recommended = { "com.amazon.soci.span-size", "com.amazon.soci.disable-xattrs" },
    },
  },
  {
    role = "prefetch",
    media_types = { "application/vnd.amazon.soci.prefetch.v1+json" },
    min = 0,
    extension = ".json",
  },
}

return parts
