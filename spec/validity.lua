--- The 187 rules of validity, and what covers each; spec/lua/lint_spec.lua checks all of it.
--
-- Sections: D descriptor, G digest, M image manifest, Z empty descriptor and artifact use, I index, P platform, L layout,
-- T media types in conflict, A annotations, X whole documents, Y layers and configs, R distribution, S where schema and
-- prose differ; from opencontainers/image-spec v1.1.1 and main, and distribution-spec v1.1.1.
--
-- A rule has
--   level     what the text says: M MUST, N MUST NOT, S SHOULD, SN SHOULD NOT, g guidance, o something to be tolerated
--   lint      { valid = documents, invalid = documents }: an invalid one has the rule among its findings, a valid one has not
--   parse     the same: an invalid one is refused; a rule that only a reader can break has no invalid ones
--   both      documents for both of them
--   severity  what lint says, where that is not what the level means: parse refuses it (M14: image-spec's schema does)
--   refused   documents that parse refuses, and lint calls an error, though the level means less
--   as        the number under which lint reports it, where that is another rule's
--   transfer  tests of the behaviour, "file: name"
--   nothing   why nothing covers it
-- A document is bytes, or { bytes, the media type that it was sent as }.
local OCI_M = "application/vnd.oci.image.manifest.v1+json"
local OCI_I = "application/vnd.oci.image.index.v1+json"
local OCI_C = "application/vnd.oci.image.config.v1+json"
local LAYER = "application/vnd.oci.image.layer.v1.tar"
local EMPTY = "application/vnd.oci.empty.v1+json"
local DK_M = "application/vnd.docker.distribution.manifest.v2+json"
local DK_I = "application/vnd.docker.distribution.manifest.list.v2+json"
local DK_C = "application/vnd.docker.container.image.v1+json"
local DESCRIPTOR = "application/vnd.oci.descriptor.v1+json"
local LAYOUT = "application/vnd.oci.layout.header.v1+json"
local H64, H128 = ("a"):rep(64), ("b"):rep(128)
local E2 = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
local E2_512 = "sha512:27c74670adb75075fad058d5ceaf7b20c4e7786c83bae8a32f626f9782af34c9"
  .. "a33c2046ef60fd2a7878d378e29fec851806bbd9a67878f3a9f1cda4830763fd"
local E0 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

-- ---- documents, as text: values are JSON, false leaves a member out

local function quote(text)
  return text and '"' .. text .. '"'
end

local function object(order, given, defaults)
  local members = {}
  for _, key in ipairs(order) do
    local value = given[key]
    if value == nil then
      value = defaults[key]
    end
    if value then
      members[#members + 1] = ('"%s":%s'):format(key, value)
    end
  end
  members[#members + 1] = given.more
  return "{" .. table.concat(members, ",") .. "}"
end

local function desc(given)
  return object({ "mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform" }, given or {},
    { mediaType = '"application/octet-stream"', digest = quote("sha256:" .. H64), size = "7" })
end

local function typed(media_type, given)
  given = given or {}
  given.mediaType = quote(media_type)
  return desc(given)
end

local function empty(given)
  given = given or {}
  given.digest, given.size = given.digest or quote(E2), given.size or "2"
  return typed(EMPTY, given)
end

local MANIFEST = { "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject",
  "annotations" }
local EXAMPLE = '"application/vnd.example.a.v1"'

local function man(given)
  return object(MANIFEST, given or {}, { schemaVersion = "2", mediaType = quote(OCI_M), artifactType = EXAMPLE,
    config = empty(), layers = "[" .. desc() .. "]" })
end

local function idx(given)
  return object(MANIFEST, given or {}, { schemaVersion = "2", mediaType = quote(OCI_I), manifests = "[]" })
end

local function layers(...)
  return man { layers = "[" .. table.concat({ ... }, ",") .. "]" }
end

local function entries(...)
  return idx { manifests = "[" .. table.concat({ ... }, ",") .. "]" }
end

local function entry(given)
  return typed(given.type or OCI_M, given)
end

local function platform(json)
  return entries(entry { platform = json })
end

local function config(d)
  return man { config = d, artifactType = false }
end

local function image(...)
  return man { artifactType = false, config = typed(OCI_C), layers = "[" .. table.concat({ ... }, ",") .. "]" }
end

-- A list of documents out of a function and the values to be given to it.
local function each(make, ...)
  local list = {}
  for i, value in ipairs { ... } do
    list[i] = make(value)
  end
  return list
end

local function join(...)
  local all = {}
  for _, list in ipairs { ... } do
    for _, item in ipairs(type(list) == "table" and list or { list }) do
      all[#all + 1] = item
    end
  end
  return all
end

local function notes(json)
  return man { annotations = json }
end

local function note(key, value)
  return notes(('{"%s":%s}'):format(key, value))
end

local function image_note(key)
  return function(value)
    return note("org.opencontainers.image." .. key, quote(value))
  end
end

local function ref_name(value)
  return entries(entry { annotations = ('{"org.opencontainers.image.ref.name":"%s"}'):format(value) })
end

local function manifest_types(...)
  return each(function(text) return man { artifactType = quote(text) } end, ...)
end

local function digests(...)
  return each(function(digest) return layers(desc { digest = quote(digest) }) end, ...)
end

local function sizes(...)
  return each(function(size) return layers(desc { size = size }) end, ...)
end

local function media_types(make, ...)
  return each(function(media_type) return make(typed(media_type)) end, ...)
end

local function subject(d)
  return man { subject = d }
end

local GOOD, INDEX = man(), idx()
local rules, order = {}, {}

local function rule(name, level, what)
  assert(not rules[name], name)
  for _, by in ipairs { "lint", "parse" } do
    local own, shared = what[by], what.both or {}
    if own or what.both then
      own = own or {}
      what[by] = { valid = join(shared.valid or {}, own.valid or {}), invalid = join(shared.invalid or {},
        own.invalid or {}) }
    end
  end
  what.level, what.both = level, nil
  rules[name] = what
  order[#order + 1] = name
end

-- ---- 1. descriptors

rule("D01", "S", { lint = { valid = GOOD, invalid = man { config = quote(E2) } } })
rule("D02", "o", { parse = { valid = layers(desc { digest = quote("sha512:" .. H128) }, desc()) } })
rule("D03", "M", { both = { valid = GOOD,
  invalid = { layers(desc { mediaType = false }), subject(desc { mediaType = "5" }),
    entries(desc { mediaType = "null" }) } } })
rule("D04", "M", {
  both = {
    valid = media_types(subject, "a/b", ("a"):rep(127) .. "/" .. ("b"):rep(127), "x1/y!#$&-^_.+"),
    invalid = media_types(subject, "", "application", ".foo/bar", "foo/.bar", "a/b/c", ("a"):rep(128) .. "/b",
      "a/" .. ("b"):rep(128)),
  },
  lint = { invalid = media_types(subject, "a/b;c=d") },
  parse = { valid = media_types(subject, "a/b;c=d") }, -- sigstore writes such
})
rule("D05", "M", { both = { valid = GOOD, invalid = { layers(desc { digest = false }),
  subject(desc { digest = "5" }) } } })
rule("D06", "S", { transfer = { "spec/interop/hostile_spec.lua: a flipped byte",
  "spec/c/file_sink_test.c: a_flipped_byte_never_gets_a_name" } })
rule("D07", "M", {
  both = { valid = sizes("0", "9007199254740991"),
    invalid = join(layers(desc { size = false }), sizes('"7682"', "7.5", "7.0", "7e0", "9223372036854775808", "1e400",
      "null")) },
  lint = { valid = sizes("9223372036854775807") }, -- X05: parse takes no more than a double says exactly
})
rule("D08", "S", { transfer = { "spec/interop/hostile_spec.lua: a short body",
  "spec/interop/hostile_spec.lua: a long body" } })
rule("D09", "N", { both = { valid = sizes("0"), invalid = sizes("-1", "-7682") } })
rule("D10", "M", {
  both = { valid = layers(desc { urls = '["https://example.com/foo","urn:x:y"]' }),
    invalid = each(function(urls) return layers(desc { urls = urls }) end, "[5]", '"https://example.com"', "{}") },
  lint = { invalid = each(function(url) return layers(desc { urls = '["' .. url .. '"]' }) end,
    "value", "http://a b", "http:", "https://%zz/", "") },
})
rule("D11", "S", { lint = { valid = layers(desc { urls = '["https://a/","HTTP://b"]' }),
  invalid = layers(desc { urls = '["ftp://example.com/x"]' }) } })
rule("D12", "M", { both = { valid = layers(desc { annotations = "{}" }),
  invalid = { layers(desc { annotations = "[]" }), layers(desc { annotations = '"x"' }) } } })
rule("D13", "M", { both = {
  valid = { layers(empty { data = '"e30="' }), layers(desc { digest = quote(E0), size = "0", data = '""' }) },
  invalid = each(function(data) return layers(typed("a/b", { digest = quote(E2), size = "2", data = data })) end,
    '"e30"', '"-_=="', '"e3\\n0="', "5") } })
rule("D14", "M", { both = { valid = layers(empty { data = '"e30="' }),
  invalid = { layers(typed("a/b", { digest = quote(E2), size = "2", data = '"e1t9"' })),
    layers(typed("a/b", { digest = quote(E2), size = "3", data = '"e30="' })) } } })
rule("D15", "S", { parse = { valid = layers(empty { data = '"e30="' }),
  invalid = layers(typed("a/b", { digest = quote(E2), size = "3", data = '"e30="' })) } })
rule("D16", "M", {
  both = { valid = entries(entry { artifactType = '"application/vnd.example.sbom.v1"' }),
    invalid = { entries(entry { artifactType = '"foo/.bar"' }), entries(entry { artifactType = "5" }) } },
  lint = { invalid = entries(entry { artifactType = '""' }) },
  parse = { valid = entries(entry { artifactType = '""' }) },
})
rule("D17", "g", { nothing = "needs the manifest that the descriptor names" })
rule("D18", "S", { lint = {
  valid = { entries(entry { platform = '{"os":"linux","architecture":"amd64"}' }, entry { artifactType = EXAMPLE }),
    entries(entry {}) },
  invalid = entries(entry { platform = '{"os":"linux","architecture":"amd64"}' }, entry {}) } })
rule("D19", "S", {
  lint = { valid = GOOD, invalid = layers(desc { more = '"from":"/x","name":"y"' }) },
  parse = { valid = layers(desc { more = '"from":"/x","name":"y"' }) }, -- as Ollama writes
})
rule("D20", "N", { transfer = { "spec/lua/push_pull_layout_spec.lua: copies to another layout, byte for byte" } })
rule("D21", "S", { lint = { valid = layers(empty { data = '"e30="' }),
  invalid = layers(desc { digest = '"x:y"', size = "66000", data = quote(("AAAA"):rep(22000)) }) } })

-- ---- 2. digests

rule("G01", "M", { both = {
  valid = digests("sha256:" .. H64, "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
    "sha256+b64u.unknownlength:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564="),
  invalid = digests(":" .. H64, "sha256", "sha256:", "SHA256:" .. H64, "sha256+foo+-b:x", "-a:x", "a-:x", "a:b:c",
    "a:b/c",
    " a:b", "a:b ", "", "sha256:../../etc/passwd") },
  lint = { valid = digests("foo:" .. ("x"):rep(300)) } })
rule("G02", "S", { parse = { valid = digests("foo:abc") } })
rule("G03", "S", { transfer = { "spec/lua/manifest_spec.lua: is the bytes that push would send, the same each time" } })
rule("G04", "M", { transfer = { "spec/c/model_test.c: hashes" } })
rule("G05", "M/N", { both = { valid = digests("sha256:" .. H64),
  invalid = digests("sha256:" .. H64:upper(), "sha256:" .. H64:sub(2), "sha256:" .. H64 .. "a",
    "sha256:da39a3ee5e6b4b0d3255bfef95601890afd80709") } })
rule("G06", "M/N", { both = { valid = digests("sha512:" .. H128),
  invalid = digests("sha512:" .. H64, "sha512:" .. H128:upper()) } })
rule("G07", "M/N", { both = { valid = digests("blake3:" .. H64), invalid = digests("blake3:" .. H128) } })
rule("G08", "S", { transfer = { "spec/c/flow_copy_test.c: sizes_are_checked",
  "spec/c/file_sink_test.c: short_and_long_files_are_refused" } })
rule("G09", "S", { transfer = { "spec/c/store_files_test.c: bad_content_leaves_no_file_at_all" } })
rule("G10", "S", { nothing = "for whoever invents an algorithm" })
rule("G11", "M", { transfer = { "spec/c/content_test.c: a_digest_of_an_unknown_algorithm_is_never_verified",
  "spec/c/store_files_test.c: a_digest_that_cannot_be_verified_is_refused_before_the_download" } })

-- ---- 3. manifests

rule("M01", "M", { both = { valid = GOOD,
  invalid = join("[]", each(function(version) return man { schemaVersion = version } end, false, "1", "3", '"2"',
    "2.5", "2.0", "null")) } })
rule("M02", "S", { lint = { valid = GOOD, invalid = man { mediaType = false } },
  parse = { valid = man { mediaType = false } } })
rule("M03", "M", { both = { valid = { GOOD, { man { mediaType = quote(DK_M) }, DK_M } },
  invalid = { man { mediaType = quote(OCI_I) }, { man { mediaType = quote(DK_M) }, OCI_M }, man { mediaType = '""' },
    man { mediaType = "null" }, man { mediaType = quote(DK_I) } } } })
rule("M04", "M", {
  lint = { valid = { GOOD, config(typed("application/vnd.example.x.config.v1+json")) },
    invalid = { man { artifactType = false }, man { artifactType = '""' } } },
  parse = { valid = { man { artifactType = false }, man { artifactType = '""' } } },
})
rule("M05", "M", {
  both = { valid = manifest_types("application/vnd.example+type"), invalid = manifest_types("example") },
  lint = { invalid = manifest_types("a/b; v=1") },
})
rule("M06", "N", { parse = { valid = manifest_types("application/vnd.nobody.knows") },
  transfer = { "spec/lua/lint_spec.lua: copies and pulls what it does not know" } })
rule("M07", "M", { both = { valid = GOOD,
  invalid = each(function(value) return man { config = value } end, false, "null", "[]", '"x"') } })
rule("M08", "N", { transfer = { "spec/lua/lint_spec.lua: copies and pulls what it does not know" } })
rule("M09", "N", { parse = { valid = config(typed("application/vnd.cncf.helm.config.v1+json")) },
  transfer = { "spec/lua/lint_spec.lua: copies and pulls what it does not know" } })
rule("M10", "M", { parse = { valid = image(typed(LAYER)) } })
rule("M11", "S", { lint = { valid = { GOOD, image(typed(LAYER)) },
  invalid = { man { config = typed(OCI_C) }, image(typed("application/vnd.dev.cosign.simplesigning.v1+json")) } } })
rule("M12", "M", {
  both = { valid = config(typed("application/vnd.cncf.helm.config.v1+json")), invalid = config(typed("invalid")) },
  lint = { invalid = config(typed("a/b;c=d")) },
})
rule("M13", "M", {
  both = { valid = GOOD, invalid = { man { layers = false }, man { layers = "{}" }, layers("null"), layers("[]") } },
  parse = { invalid = layers(desc { digest = false }) },
})
rule("M14", "S", {
  severity = "error",
  lint = { valid = layers(empty()), invalid = { man { layers = "[]" }, man { layers = "null" } } },
  parse = { valid = { man { layers = "[]" }, man { layers = "null" } } }, -- CNAB writes null
})
rule("M15", "M", { nothing = "which layer is the base is not to be seen in the document" })
rule("M16", "M", { nothing = "the order in which layers were made is not to be seen in the document" })
rule("M17", "M", { nothing = "images are copied here, never applied" })
rule("M18", "M", {
  parse = { valid = image(typed(LAYER), typed(LAYER .. "+gzip"),
    typed("application/vnd.oci.image.layer.nondistributable.v1.tar"),
    typed("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")) },
  transfer = { "spec/c/store_files_test.c: tar_layers_are_unpacked_only_when_told_so" },
})
rule("M19", "S", { transfer = { "spec/c/unpack_limits_test.c: zstd_is_read_and_bounded" } })
rule("M20", "S", { lint = { valid = { image(typed(LAYER .. "+gzip")), GOOD },
  invalid = image(typed(LAYER), typed("application/x")) } })
rule("M21", "N", { parse = { valid = layers(typed("application/vnd.x")) },
  transfer = { "spec/lua/lint_spec.lua: copies and pulls what it does not know" } })
rule("M22", "M", {
  both = { valid = layers(typed("application/wasm")), invalid = layers(typed("wasm")) },
  lint = { invalid = layers(typed("application/vnd.dev.sigstore.bundle+json;version=0.3")) },
})
rule("M23", "M", {
  both = { valid = subject(typed(OCI_M)), invalid = { subject '".nope"', subject "[]" } },
  lint = { invalid = subject "null" },
  parse = { valid = subject "null" },
})
rule("M24", "g", { lint = { valid = { subject(typed(OCI_I)), subject(typed(DK_M)) }, invalid = subject(typed(LAYER)) },
  parse = { valid = subject(typed(LAYER)) } })
rule("M25", "o", { parse = { valid = subject(typed(OCI_M)) },
  transfer = { "spec/lua/lint_spec.lua: copies and pulls what it does not know" } })
rule("M26", "M", { both = { valid = { notes "{}", GOOD }, invalid = { notes "[]", notes '"x"' } } })
rule("M27", "g", { lint = { valid = { image(typed(LAYER)), GOOD },
  invalid = { man { artifactType = false, layers = "[" .. typed(LAYER) .. "]" },
    man { artifactType = false, config = typed(OCI_C, { digest = quote(E2), size = "2" }),
      layers = "[" .. typed(LAYER) .. "]" } } } })

-- ---- 3a. the empty descriptor, artifacts

rule("Z01", "M", { parse = { valid = { GOOD, config(typed("application/vnd.example.x.config.v1+json")) } } })
rule("Z02", "g", {
  lint = { valid = { GOOD, image(typed(LAYER)) }, invalid = { man { config = typed(OCI_C) },
    man { config = typed(DK_C) } } },
  parse = { valid = man { config = typed(OCI_C) } },
})
rule("Z03", "S", { lint = { valid = layers(empty()),
  invalid = { man { layers = "[]" }, layers(typed("a/b", { digest = quote(E0), size = "0" })) } } })
rule("Z04", "g", { lint = {
  valid = { layers(empty()), layers(empty { data = '"e30="' }), layers(empty { digest = quote(E2_512) }) },
  invalid = { layers(empty { digest = quote(E0), size = "0" }), layers(empty { digest = quote("sha256:" .. H64) }),
    layers(empty { data = '"e1t9"' }) } } })
rule("Z05", "g", { transfer = { "spec/c/manifest_test.c: manifests_of_real_programs" } })
rule("Z06", "g", { transfer = { "spec/c/flow_push_test.c: pushes_nothing_as_the_empty_object",
  "spec/lua/content_spec.lua: has the empty config, when none is given" } })
rule("Z07", "g", { transfer = { "spec/c/flow_push_test.c: pushes_nothing_as_the_empty_object" } })

-- ---- 4. indexes

rule("I01", "S", { transfer = { "spec/c/flow_pull_test.c: an_index_is_pulled_for_a_platform",
  "spec/interop/peers_spec.lua: writes a layout with several platforms that we copy" } })
rule("I02", "M", { both = { valid = INDEX,
  invalid = join({ { "[]", OCI_I } }, each(function(version) return idx { schemaVersion = version } end, false, "1",
    '"2"')) } })
rule("I03", "S", { lint = { valid = INDEX, invalid = idx { mediaType = false } },
  parse = { valid = idx { mediaType = false } } })
rule("I04", "M", { both = { valid = { INDEX, { idx { mediaType = quote(DK_I) }, DK_I } },
  invalid = { idx { mediaType = quote(OCI_M) }, { idx { mediaType = quote(DK_I) }, OCI_I }, idx { mediaType = "5" } } } })
rule("I05", "M", { both = { valid = idx { artifactType = '"application/vnd.opentofu.provider"' },
  invalid = idx { artifactType = '"x"' } } })
rule("I06", "M", {
  both = { valid = INDEX, invalid = { { idx { manifests = false }, OCI_I }, idx { manifests = "{}" } } },
  lint = { invalid = idx { manifests = "null" } },
  parse = { valid = idx { manifests = "null" } }, -- as Go writes an empty list
})
rule("I07", "M", {
  both = { valid = entries(entry {}), invalid = { entries "5", entries "null", entries '"x"' } },
  parse = { invalid = { entries(entry { digest = false }), entries(entry { size = '"7"' }), entries(entry { type = "" }),
    entries(entry { type = "invalid" }) } },
})
rule("I08", "M", { parse = { valid = entries(entry {}) } })
rule("I09", "S", { parse = { valid = entries(entry { type = OCI_I }) },
  transfer = { "spec/c/flow_copy_test.c: copies_a_nested_index_each_digest_once",
    "spec/c/flow_copy_test.c: an_index_nested_too_deep" } })
rule("I10", "S", { lint = {
  valid = { entries(entry {}), entries(entry { type = OCI_I }),
    idx { mediaType = quote(DK_I), manifests = "[" .. entry { type = DK_M } .. "]" } },
  invalid = { entries(entry { type = "application/xml" }), entries(entry { type = DK_M }) } } })
rule("I11", "N", { parse = { valid = entries(entry { type = "application/xml" }) },
  transfer = { "spec/c/flow_copy_test.c: copies_what_it_does_not_know" } })
rule("I12", "S", { lint = {
  valid = { entries(entry { platform = '{"os":"linux","architecture":"amd64"}' }), entries(entry {}),
    entries(entry { artifactType = EXAMPLE }, entry { artifactType = EXAMPLE }),
    entries(entry { annotations = '{"org.opencontainers.image.ref.name":"a"}' },
      entry { annotations = '{"org.opencontainers.image.ref.name":"b"}' }) },
  invalid = entries(entry {}, entry { digest = quote("sha512:" .. H128) }) } })
rule("I13", "S", { transfer = { "spec/lua/lint_spec.lua: takes the first of two manifests for one platform" } })
rule("I14", "M", {
  both = { valid = idx { subject = typed(OCI_M) }, invalid = idx { subject = '".nope"' } },
  lint = { invalid = idx { subject = "null" } },
})
rule("I15", "M", { both = { valid = idx { annotations = "{}" }, invalid = idx { annotations = "[]" } } })
rule("I16", "g", { nothing = "referrers are neither listed nor written yet" })

-- ---- 4a. platforms

local function platforms(...)
  return each(platform, ...)
end
local PLATFORM = platform '{"os":"linux","architecture":"amd64"}'

rule("P01", "M", {
  both = { valid = PLATFORM, invalid = platforms('{"os":"linux","architecture":5}', '"linux/amd64"') },
  lint = { invalid = platforms '{"os":"linux"}' },
  parse = { valid = platforms '{"os":"linux"}' }, -- it matches nothing
})
rule("P02", "S", { lint = { valid = platforms('{"os":"linux","architecture":"arm64"}',
  '{"os":"unknown","architecture":"unknown"}'),
  invalid = platforms('{"os":"linux","architecture":"aarch64"}', '{"os":"linux","architecture":"x86_64"}') } })
rule("P03", "M", {
  both = { valid = PLATFORM, invalid = platforms '{"os":5,"architecture":"amd64"}' },
  lint = { invalid = platforms '{"architecture":"amd64"}' },
})
rule("P04", "S", { lint = { valid = platforms('{"os":"windows","architecture":"amd64"}',
  '{"os":"wasip1","architecture":"wasm"}'),
  invalid = platforms('{"os":"Linux","architecture":"amd64"}', '{"os":"macos","architecture":"arm64"}') } })
rule("P05", "o", {
  both = { valid = platforms '{"os":"windows","architecture":"amd64","os.version":"10.0.14393.1066"}' },
  lint = { invalid = platforms '{"os":"windows","architecture":"amd64","os.version":null}' },
  parse = { valid = platforms '{"os":"windows","architecture":"amd64","os.version":null}' },
  refused = platforms '{"os":"windows","architecture":"amd64","os.version":10}',
})
rule("P06", "S", { lint = { valid = platforms '{"os":"windows","architecture":"amd64","os.features":["win32k"]}',
  invalid = platforms('{"os":"windows","architecture":"amd64","os.features":"win32k"}',
    '{"os":"windows","architecture":"amd64","os.features":[5]}') } })
rule("P07", "S", {
  both = { valid = platforms('{"os":"linux","architecture":"arm","variant":"v7"}',
    '{"os":"linux","architecture":"arm64","variant":"v8.1"}',
      '{"os":"linux","architecture":"ppc64le","variant":"power9"}',
        '{"os":"linux","architecture":"riscv64","variant":"rva20u64"}',
      '{"os":"linux","architecture":"amd64","variant":"v3"}', '{"os":"linux","architecture":"mips","variant":"any"}') },
  lint = { invalid = platforms('{"os":"linux","architecture":"arm","variant":"7"}',
    '{"os":"linux","architecture":"amd64","variant":"v10"}', '{"os":"linux","architecture":"arm","variant":null}') },
  refused = platforms '{"os":"linux","architecture":"arm","variant":7}',
})
rule("P08", "S", { nothing = "for whoever invents a variant; P07 looks at those in the table" })
rule("P09", "g", { lint = { valid = PLATFORM,
  invalid = platforms '{"os":"linux","architecture":"amd64","features":["sse4"]}' } })

-- ---- 5. layouts

local LAYOUTS = "spec/c/store_layout_test.c: "
local LAYOUT_INDEX = "spec/c/store_layout_index_test.c: "
local LAYOUT_COMMIT = "spec/c/store_layout_commit_test.c: "
local STRICT = LAYOUTS .. "a_layout_is_read_strictly_and_extra_files_are_none_of_our_business"

rule("L01", "M", { transfer = { LAYOUTS .. "a_new_layout_has_all_that_one_must_have" } })
rule("L02", "S", { transfer = { "spec/lua/push_pull_layout_spec.lua: takes single blobs and manifests" } })
rule("L03", "M", { transfer = { "spec/lua/push_pull_layout_spec.lua: that is not there is NOT_FOUND", STRICT } })
rule("L04", "M", { lint = { valid = { { '{"imageLayoutVersion":"1.0.0"}', LAYOUT } },
  invalid = { { "[]", LAYOUT }, { '"1.0.0"', LAYOUT } } },
  transfer = { STRICT } })
rule("L05", "M", { lint = { valid = { '{"imageLayoutVersion":"1.0.0"}', { '{"imageLayoutVersion":"1.0.0"}', LAYOUT } },
  invalid = { { "{}", LAYOUT }, '{"imageLayoutVersion":"2.0.0"}', '{"imageLayoutVersion":1}' } }, transfer = { STRICT } })
rule("L06", "o", { transfer = { STRICT } })
rule("L07", "M", { transfer = { STRICT } })
rule("L08", "M", { transfer = { STRICT } })
rule("L09", "g", { transfer = { STRICT } })
rule("L10", "M", { transfer = { LAYOUTS .. "wrong_content_gets_no_name",
  LAYOUTS .. "a_blob_of_the_wrong_size_is_healed_and_a_flipped_byte_is_found_when_it_is_read" } })
rule("L11", "M", { parse = { valid = digests("sha256:" .. H64), invalid = digests("sha256:../../x", "../x:" .. H64) } })
rule("L12", "o", { transfer = { STRICT } })
rule("L13", "S", { transfer = { "spec/c/flow_copy_test.c: a_layer_that_is_elsewhere_may_be_missing" } })
rule("L14", "N", { transfer = { LAYOUT_INDEX .. "what_others_wrote_into_index_json_stays_where_it_is" } })
rule("L15", "o", { transfer = { LAYOUT_INDEX .. "of_the_same_name_twice_the_last_counts" } })
rule("L16", "S", { transfer = { "spec/lua/lint_spec.lua: finds no tag in an index that another one names" } })
rule("L17", "g", { lint = { valid = '{"imageLayoutVersion":"1.0.0"}', invalid = '{"imageLayoutVersion":"1.1.0"}' } })
rule("L18", "g", { transfer = { LAYOUT_COMMIT .. "any_operation_may_fail_and_the_old_index_stays",
  LAYOUT_COMMIT .. "a_killed_writer_leaves_a_valid_layout" } })

-- ---- 6. media types in conflict

local TYPES = "spec/c/flow_manifest_test.c: the_type_of_a_manifest"

rule("T01", "S", { transfer = { TYPES }, parse = { valid = { { man { mediaType = false }, DK_M } } } })
rule("T02", "S", { transfer = { TYPES }, parse = { valid = { { GOOD, OCI_M } } } })
rule("T03", "S", { transfer = { TYPES }, parse = { valid = { { GOOD, "application/octet-stream" } } } })
rule("T04", "S", { transfer = { "spec/interop/hostile_spec.lua: other content under a digest" } })
rule("T05", "S", { transfer = { "spec/interop/hostile_spec.lua: a wrong Content-Type without a known digest" },
  parse = { valid = { { GOOD, OCI_M } }, invalid = { { GOOD, "image/png" } } } })
rule("T06", "g", { transfer = { "spec/lua/push_pull_layout_spec.lua: copies to another layout, byte for byte" } })
rule("T07", "g", { lint = { valid = image(typed(LAYER)),
  invalid = image(typed("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")) } })

-- ---- 7. annotations

rule("A01", "M", { both = { valid = note("a.b", '"c"'), invalid = { note("a.b", "1"), note("a.b", "{}"),
  note("a.b", "true") } } })
rule("A02", "M", { both = { valid = note("a.b", '""'), invalid = note("a.b", "null") } })
rule("A03", "M", { both = { valid = notes '{"a.b":"1","a.c":"1"}', invalid = { notes '{"a.b":"1","a.b":"2"}',
  notes '{"a.b":"1","\\u0061.b":"1"}' } } })
rule("A04", "S", { lint = { valid = { note("com.example.myKey", '""'),
  note("io.cncf.notary.x509chain.thumbprint#S256", '""') },
  invalid = { note("mykey", '""'), note(".x", '""') } } })
rule("A05", "N", { lint = { valid = { note("org.opencontainers.image.title", '"x"'),
  note("org.opencontainersx.y", '""') },
  invalid = { note("org.opencontainers.artifactType", '"x"'), note("org.opencontainers", '""') } } })
rule("A06", "N", { lint = { valid = { note("org.opencontainers.image.title", '"x"'),
  note("org.opencontainers.image.os.features", '""') },
  invalid = note("org.opencontainers.image.foo", '"x"') } })
rule("A07", "M", {
  lint = { valid = { GOOD, notes "{}" }, invalid = { notes "null", layers(desc { annotations = "null" }),
    idx { annotations = "null" } } },
  parse = { valid = notes "null" },
})
rule("A08", "N", { parse = { valid = note("x.y.z", '""') } })
rule("A09", "g", { lint = {
  valid = each(image_note "created", "2023-01-02T03:04:05Z", "2023-01-02T03:04:05.123+02:00", "2024-02-29t23:59:60z"),
  invalid = each(image_note "created", "2023-01-02", "2023-13-01T00:00:00Z", "2023-01-02T03:04:05",
    "2023-02-29T00:00:00Z",
    "2023-01-02 03:04:05Z", "2023-01-02T24:00:00Z", "2023-01-02T03:04:05.Z", "") } })
rule("A10", "g", { lint = {
  valid = join(each(image_note "licenses", "Apache-2.0 OR MIT", "MIT",
    "(MIT AND (Zlib OR GPL-2.0+)) OR GPL-3.0-only WITH GCC-exception-3.1",
    "LicenseRef-mine", "DocumentRef-d:LicenseRef-l"), each(image_note "url", "https://example.com"),
      each(image_note "source", "git+ssh://x/y")),
  invalid = join(each(image_note "licenses", "Apache 2", "MIT OR", "(MIT", "MIT)", "MIT, Zlib", "", "d:LicenseRef-l",
    "MIT OR OR Zlib"),
    each(image_note "url", "example.com"), each(image_note "documentation", "see README"),
      each(image_note "source", "")) } })
rule("A11", "S", { lint = { valid = ref_name "v1",
  invalid = { note("org.opencontainers.image.ref.name", '"v1"'),
    idx { annotations = '{"org.opencontainers.image.ref.name":"v1"}' } } } })
rule("A12", "S", { lint = {
  valid = each(ref_name, "v1.0.0-vendor.0", "a--b", "ghcr.io/a/b:1@sha256:00", "A"),
  invalid = each(ref_name, "a..b", "-a", "a/", "a---b", "a b", "a_", "", "/a") } })
rule("A13", "S", { nothing = "what an image was made from is not to be seen in the document" })
local DIGEST = ',"org.opencontainers.image.base.digest":"' .. E2 .. '"}'
rule("A14", "S", { lint = {
  valid = { notes('{"org.opencontainers.image.base.name":"registry.example.com/my-org/my-image:tag"' .. DIGEST),
    notes('{"org.opencontainers.image.base.name":"localhost/a@' .. E2 .. '"' .. DIGEST) },
  invalid = { notes('{"org.opencontainers.image.base.name":"my-org/my-image:tag"' .. DIGEST),
    notes('{"org.opencontainers.image.base.name":"alpine"' .. DIGEST),
      notes('{"org.opencontainers.image.base.name":"oci:dir/x"' .. DIGEST),
    notes('{"org.opencontainers.image.base.name":"registry.example.com/A"' .. DIGEST) } } })
rule("A15", "S", { lint = { valid = notes('{"org.opencontainers.image.base.name":"a.example/b:c"' .. DIGEST),
  invalid = { note("org.opencontainers.image.base.name", '"a.example/b:c"'),
    note("org.opencontainers.image.base.digest", '"sha256:1"') } } })
rule("A16", "o", { nothing = "labels of another schema are not read" })

-- ---- 8. whole documents

rule("X01", "N", { transfer = { "spec/lua/memory_spec.lua: is between layouts, byte for byte",
  "spec/lua/lint_spec.lua: copies and pulls what it does not know" } })
rule("X02", "SN", { parse = { valid = man { more = '"x":{}' } } })
rule("X03", "M", { both = { valid = { note("a.b", '"\\u00e9"'), note("a.b", '"\195\169"'),
  note("a.b", '"\\ud83d\\ude00"') },
  invalid = { note("a.b", '"\255"'), "\239\187\191" .. GOOD, note("a.b", '"\\ud800"'), note("a.b", '"\\uffff"'),
    note("a.b", '"\239\191\191"'),
    "\255" .. GOOD, (GOOD:gsub(".", "%0\0")), note("a.\255", '""') } } })
rule("X04", "N", { both = { valid = GOOD,
  invalid = { man { more = '"mediaType":"x/y"' }, man { more = '"medi\\u0061Type":' .. quote(OCI_M) },
    man { more = '"x":{"a":1,"b":{},"a":1}' } } } })
rule("X05", "S", {
  severity = "error",
  both = { valid = sizes("9007199254740991"), invalid = { sizes("9007199254740993")[1], man { more = '"x":1e309' },
    man { more = '"x":-9007199254740993' } } }, -- rather than reading another number
})
rule("X06", "S", { transfer = { "spec/lua/push_pull_layout_spec.lua: is the same bytes each time" } })
rule("X07", "o", { parse = { valid = '{"schemaVersion":2,"manifests":[],"mediaType":' .. quote(OCI_I) .. "}" } })
rule("X08", "g", { parse = { valid = '{"manifests":[],"mediaType":' .. quote(OCI_I) .. ',"schemaVersion":2}' } })
rule("X09", "M", { both = { valid = { GOOD .. "\n", " \t\r\n" .. GOOD },
  invalid = { "{}{}", GOOD .. " x", "", "{", '{"a":01}', GOOD .. "\0", GOOD:gsub("}$", ",}"), "/* x */" .. GOOD,
    "nul", '{"a":"\1"}',
    '{"a" 1}', '{"a":1 "b":2}', "[1,2,]", '{"a":.5}', '{"a":"\\x"}', '{"a":"b', "{'a':1}" } } })
rule("X10", "g", { lint = { valid = GOOD,
  invalid = { man { more = '"MEDIATYPE":' .. quote(OCI_I) }, layers(desc { more = '"Size":7' }),
    platform '{"os":"linux","architecture":"amd64","OS":"x"}' } } })
rule("X11", "g", { severity = "error", both = { valid = { GOOD, INDEX },
  invalid = { man { manifests = "[]" }, idx { more = '"config":' .. empty() }, idx { more = '"layers":[]' },
    man { more = '"fsLayers":[]' },
    idx { mediaType = quote(OCI_M) }, { man { mediaType = false }, OCI_I } } } })

-- ---- 9. layers and configs

rule("Y01", "M", { transfer = { "spec/interop/peers_spec.lua: pulls what we push, directories unpacked",
  "spec/c/store_files_test.c: tar_layers_are_unpacked_only_when_told_so" } })
rule("Y02", "N", { transfer = { "spec/c/unpack_test.c: a_path_twice_is_refused" } })
rule("Y03", "M", { transfer = { "spec/c/unpack_test.c: nothing_is_written_through_a_link" } })
rule("Y04", "M", { nothing = "images are copied here, never applied" })
rule("Y05", "S", { nothing = "images are copied here, never applied" })
rule("Y06", "S", { nothing = "changes between images are not packed" })
rule("Y07", "SN", { lint = { valid = image(typed(LAYER)),
  invalid = image(typed("application/vnd.oci.image.layer.nondistributable.v1.tar")) } })
rule("Y08", "SN", { transfer = { "spec/c/unpack_test.c: files_with_holes_are_refused" } })
rule("Y09", "M", { lint = { valid = { { '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"x":1}', OCI_C } },
  invalid = { { "{}", OCI_C }, { '{"rootfs":{"type":"foo"}}', OCI_C }, { '{"rootfs":[]}', OCI_C } } } })
rule("Y10", "N", { nothing = "configs are not read; lint looks at their rootfs alone" })
rule("Y11", "S", { transfer = { "spec/lua/lint_spec.lua: keeps a file whose name looks like a whiteout" } })

-- ---- 10. distribution

rule("R01", "M", { transfer = { "spec/c/reference_test.c: tags_and_repositories" } })
rule("R02", "M", { transfer = { "spec/c/reference_test.c: tags_and_repositories" } })
rule("R03", "M", { transfer = { "spec/lua/lint_spec.lua: reads by the digest where there is a tag as well" } })
rule("R04", "S", { transfer = { "spec/c/flow_manifest_test.c: gets_a_manifest_by_its_tag" } })
rule("R05", "S", { severity = "error", both = { valid = { { GOOD, OCI_M }, { man { mediaType = false }, OCI_M }, GOOD },
  invalid = { { INDEX, OCI_M }, { GOOD, OCI_I }, { GOOD, "image/png" } } } })
rule("R06", "M", { transfer = { "spec/c/flow_manifest_test.c: puts_exactly_the_bytes_under_the_type" } })
rule("R07", "M/S", { transfer = { "spec/c/flow_manifest_test.c: the_answers_digest_must_be_true_for_a_tag_too",
  "spec/interop/hostile_spec.lua: a missing digest header is no harm" } })
rule("R08", "S", {
  lint = { valid = GOOD, invalid = man { more = '"x":"' .. ("x"):rep(4 * 1024 * 1024) .. '"' } },
  parse = { valid = man { more = '"x":"' .. ("x"):rep(4 * 1024 * 1024) .. '"' } },
})
rule("R09", "M", { transfer = { "spec/c/flow_manifest_test.c: what_the_registry_says_it_stored_is_compared" } })
rule("R10", "M", { nothing = "for registries" })
for _, name in ipairs { "R11", "R12", "R13", "R14", "R15", "R17" } do
  local levels = { R15 = "M", R17 = "S" }
  rule(name, levels[name] or "M", { nothing = "referrers are neither listed nor written yet" })
end
rule("R16", "M", { transfer = { "spec/c/flow_manifest_test.c: lists_all_pages" } })
rule("R18", "N", { transfer = { "spec/c/net_redirect_test.c: exchange_follows_redirects_without_credentials" } })
rule("R19", "N", { nothing = "warnings are only shown, so that nothing is done for them" })

-- ---- 11. where schema and prose differ

rule("S01", "-", { as = "M14", lint = rules.M14.lint })
rule("S02", "-", { as = "M03", lint = rules.M03.lint, parse = rules.M03.parse })
rule("S03", "-", { as = "M04", lint = rules.M04.lint, parse = rules.M04.parse })
rule("S04", "-", { as = "D09", both = { valid = entries(entry {}), invalid = entries(entry { size = "-1" }) } })
rule("S05", "-", { as = "D07", both = { valid = sizes("9007199254740991"), invalid = sizes("9223372036854775808") } })
rule("S06", "-", { as = "G05", both = { valid = GOOD, invalid = { layers(desc { digest = '"sha256:abc"' }),
  config(desc { digest = '"sha256:abc"' }),
  subject(desc { digest = '"sha256:abc"' }), entries(entry { digest = '"sha256:abc"' }) } } })
rule("S07", "-", { as = "P03", lint = { valid = GOOD, invalid = { subject(typed(OCI_M,
  { platform = '{"architecture":"amd64"}' })),
  { desc { platform = '{"architecture":"amd64"}' }, DESCRIPTOR } } } })
rule("S08", "-", { lint = { valid = note("a.b", '""'), invalid = note("", '"5"') } })
rule("S09", "-", { as = "D10", lint = { valid = GOOD, invalid = layers(desc { urls = '["value"]' }) } })
rule("S10", "-", { as = "D13", both = { valid = layers(empty { data = '"e30="' }),
  invalid = layers(typed("a/b", { digest = quote(E2), size = "2", data = '"e3\\r\\n0="' })) } })
rule("S11", "-", {
  lint = { valid = GOOD, invalid = { layers(desc { urls = "null" }), layers(desc { data = "null" }), platform "null",
    man { artifactType = "null" }, entries(entry { artifactType = "null" }) } },
  parse = { valid = { layers(desc { urls = "null" }), layers(desc { data = "null" }), platform "null",
    man { artifactType = "null" } } },
})
rule("S12", "-", { parse = { valid = digests("blake3:" .. H64) } })
rule("S13", "-", { transfer = { "spec/lua/lint_examples_spec.lua: the examples of the image specification" } })
rule("S14", "-", { nothing = "R12 wins" })

-- ---- the seed's advice, by the numbers of opencontainers/artifacts

local function own_config(media_type, size)
  return config(typed(media_type, { size = size }))
end
local function own_layer(media_type, title)
  return layers(typed(media_type, { annotations = title and ('{"org.opencontainers.image.title":"%s"}'):format(title) }))
end
local TITLED = '{"org.opencontainers.image.title":"bundle.tar.gz"}'

local seed = {
  ["seed-A2"] = {
    valid = { GOOD, image(typed(LAYER)) },
    invalid = { man { config = typed(OCI_C) }, image(typed("application/x")),
      image(typed(LAYER, { annotations = TITLED })) },
  },
  ["seed-A3"] = {
    valid = { GOOD, own_layer "application/vnd.my-org.my-thing.layer.v1.tar" },
    invalid = { man { artifactType = '"application/vnd.Example.a"' }, own_layer "application/vnd.my_org.x.layer.v1.tar",
      own_config "application/vnd.example.Thing.config.v1+json" },
  },
  ["seed-A4"] = {
    valid = { GOOD, own_config "application/vnd.cncf.helm.config.v1+json",
      own_config "application/vnd.sylabs.sif.config.v1+json",
      own_config "application/vnd.a.b.c.config.v0.2+yaml" },
    invalid = { own_config "application/vnd.devcontainers", own_config "application/json",
      own_config "application/vnd.unknown.config.v1+json",
      own_config "application/vnd.cncf.helm.v1+json",
        own_config("application/vnd.a." .. ("b"):rep(64) .. ".config.v1+json") },
  },
  ["seed-A5"] = {
    valid = { own_config("application/vnd.a.b.config.v1", "0"), own_config("application/vnd.a.b.config.v1+json", "2") },
    invalid = own_config("application/vnd.a.b.config.v1+json", "0"),
  },
  ["seed-A6"] = {
    valid = { own_config "application/vnd.a.b.config.v1+json", own_config "application/vnd.a.b.config.v1+yaml",
      own_config("application/vnd.a.b.config.v1", "0"), GOOD },
    invalid = { own_config "application/vnd.a.b.config.v1", own_config "application/vnd.a.b.config.v1+toml" },
  },
  ["seed-A9"] = {
    valid = { own_layer "application/vnd.a.b.layer.v1.tar+gzip", own_layer "application/vnd.a.b.layer.v1.sif",
      own_layer "application/vnd.a.b.layer.v1+json",
      own_layer(LAYER, "x.tar"), own_layer(LAYER .. "+gzip", "directory"), own_layer "application/octet-stream",
      layers(typed(LAYER .. "+gzip",
        { annotations = '{"org.opencontainers.image.title":"a.d","io.deis.oras.content.unpack":"true"}' })) },
    invalid = { own_layer "application/vnd.a.b.layer.v1", own_layer "application/vnd.a.envfile",
      own_layer(LAYER, "README.md") },
  },
  ["seed-A11"] = {
    valid = { own_layer "application/vnd.a.b.layer.v1.tar", own_layer "application/wasm", own_layer "text/plain" },
    invalid = { own_layer "application/vnd.docker-x.compose.file+yaml", own_layer "application/vnd.example+type" },
  },
  ["seed-A12"] = {
    valid = { own_layer "application/vnd.a.b.layer.v1.tar", own_layer "application/vnd.a.b.c.layer.v1+rego",
      own_layer "application/spdx+json",
      own_layer "application/vnd.cyclonedx+json", layers(empty()), own_layer(LAYER) },
    invalid = { own_layer "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
      own_layer "application/vnd.devcontainers.layer.v1+tar",
      own_layer "text/vnd.a.b.layer.v1.txt" },
  },
}
for _, documents in pairs(seed) do
  documents.valid, documents.invalid = join(documents.valid), join(documents.invalid)
end

return {
  -- How many rules each section has.
  sections = { { "D", 21 }, { "G", 11 }, { "M", 27 }, { "Z", 7 }, { "I", 16 }, { "P", 9 }, { "L", 18 }, { "T", 7 },
    { "A", 16 },
    { "X", 11 }, { "Y", 11 }, { "R", 19 }, { "S", 14 } },
  order = order,
  rules = rules,
  seed = seed,
}
