-- Every example in the text of image-spec v1.1.1, and what lint finds in it: some break the rules that they stand beside.
-- The documents are in spec/fixtures/image-spec, without white space; three of them end in the page's own ellipsis.
local oci = require "oci"

local ROOT = os.getenv "OCI_TEST_ROOT" or "."
local MANIFEST = "application/vnd.oci.image.manifest.v1+json"
local INDEX = "application/vnd.oci.image.index.v1+json"
local DESCRIPTOR = "application/vnd.oci.descriptor.v1+json"
local CONFIG = "application/vnd.oci.image.config.v1+json"

-- file, the page, what it is an example of, what lint finds
local examples = {
  { "manifest", "manifest.md", MANIFEST },
  { "empty-descriptor", "manifest.md", DESCRIPTOR },
  -- oci.opencontainers.image.created is a slip of the pen for org.opencontainers..., but a key like any other.
  { "minimal-artifact", "manifest.md", MANIFEST },
  { "artifact-without-config", "manifest.md", MANIFEST, "seed-A11 layers[0].mediaType", "seed-A12 layers[0].mediaType" },
  { "artifact-with-config", "manifest.md", MANIFEST, "seed-A4 config.mediaType", "seed-A12 layers[0].mediaType" },
  { "index", "image-index.md", INDEX },
  { "index-of-several-types", "image-index.md", INDEX },
  { "descriptor", "descriptor.md", DESCRIPTOR },
  { "descriptor-with-urls", "descriptor.md", DESCRIPTOR },
  { "descriptor-of-an-artifact", "descriptor.md", DESCRIPTOR },
  { "oci-layout", "image-layout.md", "application/vnd.oci.layout.header.v1+json" },
  { "layout-index", "image-layout.md", INDEX, "I10 manifests[2].mediaType" },
  { "layout-blob-index", "image-layout.md", INDEX, "X09 manifests" },
  { "layout-blob-manifest", "image-layout.md", MANIFEST, "X09 layers" },
  { "layout-blob-config", "image-layout.md", CONFIG, "X09 config" },
  { "config", "config.md", CONFIG },
}

-- Digests in the text, and the rule that they break.
local digests = {
  { "sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b" },
  { "sha512:401b09eab3c013d4ca54922bb802bec8fd5318192b0a75f201d8b372742...", "G01" },
  { "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8" },
  { "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564" },
  { "sha256:da39a3ee5e6b4b0d3255bfef95601890afd80709", "G05" }, -- image-layout.md, as blobs/sha256/da39...
}

local function read(name)
  local file = assert(io.open(ROOT .. "/spec/fixtures/image-spec/" .. name .. ".json", "rb"))
  local bytes = file:read "*a"
  file:close()
  return bytes
end

local function findings(bytes, media_type)
  local found = {}
  for i, finding in ipairs(assert(oci.lint(bytes, media_type))) do
    found[i] = finding.rule .. " " .. finding.path
  end
  return found
end

describe("the examples of the image specification", function()
  for _, example in ipairs(examples) do
    local name, page, media_type = example[1], example[2], example[3]
    local expected = { (table.unpack or unpack)(example, 4) }

    it(name .. " in " .. page .. " breaks " .. #expected .. " rules", function()
      assert.same(expected, findings(read(name), media_type))
    end)

    if media_type ~= CONFIG then
      it(name .. " is known by its shape", function()
        assert.same(expected, findings(read(name)))
      end)
    end

    it(name .. " is parsed if it is a manifest or an index, and whole", function()
      local parsed, _, code = oci.parse(read(name))
      local right = (media_type == MANIFEST or media_type == INDEX) and not (expected[1] or ""):find "^X09"
      assert.equal(right, parsed ~= nil)
      assert.equal(not right and "INVALID" or nil, code)
    end)
  end

  for _, case in ipairs(digests) do
    it("the digest " .. case[1] .. (case[2] and " breaks " .. case[2] or " is one"), function()
      local found = findings(('{"mediaType":"a/b","digest":"%s","size":1}'):format(case[1]), DESCRIPTOR)
      assert.same({ case[2] and case[2] .. " digest" }, found)
    end)
  end
end)
