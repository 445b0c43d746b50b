/* model/manifest: what is read, what is refused, what is built. Letters and numbers are the rules of image-spec that
 * a row keeps or breaks, as in model_test.c. */
#include "model/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "test.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define E2_SHA256 "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define D "{\"mediaType\":\"application/octet-stream\",\"digest\":\"sha256:" HEX64 "\",\"size\":7}"
#define E2 "{\"mediaType\":\"" OCI_TYPE_EMPTY "\",\"digest\":\"" E2_SHA256 "\",\"size\":2}"
#define MT(type) "\"mediaType\":\"" type "\","
#define V2 "{\"schemaVersion\":2,"
#define ARTIFACT "\"artifactType\":\"application/vnd.example.a.v1\""
#define C "\"config\":" E2
#define L "\"layers\":[" D "]"
#define MAN V2 MT(OCI_TYPE_MANIFEST) ARTIFACT "," C "," L "}"
#define IDX V2 MT(OCI_TYPE_INDEX) "\"manifests\":[]}"

static int parse(const char *s, size_t len, const char *media_type, struct oci_manifest **ret, struct oci_err *e)
{
    struct oci_bytes *b = oci_bytes_new(s, len);
    int rc = oci_manifest_parse(b, media_type, NULL, ret, e);
    oci_bytes_unref(b);
    return rc;
}

TEST(documents_that_read)
{
    static const struct {
        const char *s, *sender, *type, *artifact_type;
        size_t count;
    } t[] = {
        {MAN, NULL, OCI_TYPE_MANIFEST, "application/vnd.example.a.v1", 1},
        {MAN, OCI_TYPE_MANIFEST, OCI_TYPE_MANIFEST, "application/vnd.example.a.v1", 1},
        {MAN, "text/plain", OCI_TYPE_MANIFEST, "application/vnd.example.a.v1", 1},                 /* Q24 */
        {MAN, "application/octet-stream", OCI_TYPE_MANIFEST, "application/vnd.example.a.v1", 1},
        {MAN, "application/json", OCI_TYPE_MANIFEST, "application/vnd.example.a.v1", 1},
        {MAN, "", OCI_TYPE_MANIFEST, "application/vnd.example.a.v1", 1},
        {" " MAN "\n", NULL, OCI_TYPE_MANIFEST, "application/vnd.example.a.v1", 1},                /* X09 */
        {V2 C "," L "}", NULL, OCI_TYPE_MANIFEST, OCI_TYPE_EMPTY, 1},                              /* M02, M04 */
        {V2 C "," L "}", OCI_TYPE_DOCKER_MANIFEST, OCI_TYPE_DOCKER_MANIFEST, OCI_TYPE_EMPTY, 1},
        {V2 MT(OCI_TYPE_DOCKER_MANIFEST) C "," L "}", NULL, OCI_TYPE_DOCKER_MANIFEST, OCI_TYPE_EMPTY, 1},
        {V2 C ",\"layers\":[]}", NULL, OCI_TYPE_MANIFEST, OCI_TYPE_EMPTY, 0},                      /* M14, S01 */
        {V2 C ",\"layers\":null}", NULL, OCI_TYPE_MANIFEST, OCI_TYPE_EMPTY, 0},                    /* CNAB */
        {"{" L "," C ",\"x\":[{}],\"schemaVersion\":2}", NULL, OCI_TYPE_MANIFEST, OCI_TYPE_EMPTY, 1}, /* X02, X08 */
        {V2 "\"artifactType\":\"\"," C "," L "}", NULL, OCI_TYPE_MANIFEST, OCI_TYPE_EMPTY, 1},
        {V2 "\"subject\":null,\"annotations\":null," C "," L "}", NULL, OCI_TYPE_MANIFEST, OCI_TYPE_EMPTY, 1},
        {V2 "\"Manifests\":[]," C "," L "}", NULL, OCI_TYPE_MANIFEST, OCI_TYPE_EMPTY, 1},          /* T35 */
        {IDX, NULL, OCI_TYPE_INDEX, NULL, 0},
        {V2 "\"manifests\":[" D "," D "]}", NULL, OCI_TYPE_INDEX, NULL, 2},                        /* I03, I11 */
        {V2 "\"manifests\":null}", NULL, OCI_TYPE_INDEX, NULL, 0},                                 /* I06 */
        {V2 "\"manifests\":[]}", OCI_TYPE_DOCKER_LIST, OCI_TYPE_DOCKER_LIST, NULL, 0},
        {V2 "\"artifactType\":\"application/vnd.opentofu.provider\",\"manifests\":[]}", NULL, OCI_TYPE_INDEX,
         "application/vnd.opentofu.provider", 0},                                                  /* I05 */
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_manifest *m = NULL;
        struct oci_err e = {0};
        if (parse(t[i].s, strlen(t[i].s), t[i].sender, &m, &e) != OCI_OK)
            FAIL("%s: %s", t[i].s, e.text);
        CHECK_STR(m->self.media_type, t[i].type);
        CHECK_STR(oci_manifest_artifact_type(m), t[i].artifact_type);
        CHECK_INT(m->count, t[i].count);
        CHECK_INT(m->self.size, strlen(t[i].s));
        CHECK_INT(oci_digest_check(&m->self.digest, t[i].s, strlen(t[i].s), NULL), OCI_OK);
        CHECK(m->is_index == oci_media_type_is_index(t[i].type));
        CHECK(!m->has_subject);
        CHECK_MEM(m->bytes->p, t[i].s, m->bytes->len);
        oci_manifest_free(m);
    }
    oci_manifest_free(NULL);
}

TEST(documents_that_do_not_read)
{
    static const struct {
        const char *s, *sender, *why;
    } t[] = {
        {"", NULL, "malformed JSON"},
        {"[]", NULL, "not a JSON object"},
        {"{}", NULL, "schemaVersion is missing"},                                       /* M01 */
        {"{\"schemaVersion\":1," C "," L "}", NULL, "schemaVersion is not 2"},
        {"{\"schemaVersion\":3," C "," L "}", NULL, "schemaVersion is not 2"},
        {"{\"schemaVersion\":\"2\"," C "," L "}", NULL, "schemaVersion is not 2"},
        {"{\"schemaVersion\":2.5," C "," L "}", NULL, "schemaVersion is not 2"},
        {"{\"schemaVersion\":2.0," C "," L "}", NULL, "schemaVersion is not 2"},
        {"{\"schemaVersion\":null," C "," L "}", NULL, "schemaVersion is not 2"},
        {V2 C "," L "," C "}", NULL, "is there twice"},                                 /* X04, T34 */
        {V2 C "," L ",\"annotations\":{\"a\":\"1\",\"\\u0061\":\"2\"}}", NULL, "is there twice"}, /* A03 */
        {V2 C "," L "}x", NULL, "something follows the value"},                         /* X09 */
        {"\xEF\xBB\xBF" V2 C "," L "}", NULL, "byte order mark"},                       /* X03 */
        {V2 C "," L ",\"annotations\":{\"a\":\"\\u0000\"}}", NULL, "\\u0000"},          /* T36 */
        {V2 MT(OCI_TYPE_INDEX) C "," L "}", NULL, "but it has the members of a manifest"}, /* M03 */
        {V2 MT(OCI_TYPE_MANIFEST) "\"manifests\":[]}", NULL, "but it has the members of an index"}, /* I04 */
        {V2 MT(OCI_TYPE_DOCKER_LIST) C "," L "}", NULL, "members of a manifest"},
        {V2 "\"mediaType\":\"\"," C "," L "}", NULL, "is not the media type of a manifest"},
        {V2 "\"mediaType\":7," C "," L "}", NULL, "mediaType is not a string"},
        {V2 "\"mediaType\":null," C "," L "}", NULL, "mediaType is not a string"},
        {V2 MT("application/vnd.oci.artifact.manifest.v1+json") C "," L "}", NULL,
         "is not the media type of a manifest"},
        {MAN, OCI_TYPE_DOCKER_MANIFEST, "it was sent as " OCI_TYPE_DOCKER_MANIFEST},    /* R05, T23 */
        {MAN, OCI_TYPE_INDEX, "it was sent as " OCI_TYPE_INDEX},
        {IDX, OCI_TYPE_MANIFEST, "it was sent as " OCI_TYPE_MANIFEST},
        {V2 C "," L "}", OCI_TYPE_INDEX, "but it has the members of a manifest"},
        {V2 "\"manifests\":[]}", OCI_TYPE_MANIFEST, "but it has the members of an index"},
        {MAN, "text/html", "\"text/html\" is not the media type of a manifest"},
        {V2 C "," L ",\"manifests\":[]}", NULL, "both an index"},                       /* X11 */
        {V2 C "," L ",\"manifests\":null}", NULL, "both an index"},
        {V2 "\"manifests\":[]," L "}", NULL, "both an index"},
        {V2 "\"manifests\":[],\"config\":null}", NULL, "both an index"},
        {V2 "\"fsLayers\":[]," C "," L "}", NULL, "fsLayers"},
        {V2 "\"fsLayers\":[],\"manifests\":[]}", NULL, "fsLayers"},
        {V2 "\"x\":1}", NULL, "neither a manifest"},
        {V2 L "}", NULL, "config is missing"},                                          /* M07 */
        {V2 "\"config\":null," L "}", NULL, "config is not a descriptor"},
        {V2 "\"config\":[]," L "}", NULL, "config is not a descriptor"},
        {V2 "\"config\":\"" E2_SHA256 "\"," L "}", NULL, "config is not a descriptor"},
        {V2 "\"config\":{}," L "}", NULL, "config.mediaType is missing"},
        {V2 C "}", NULL, "layers is missing"},                                          /* M13 */
        {V2 C ",\"layers\":{}}", NULL, "layers is not an array"},
        {V2 C ",\"layers\":[null]}", NULL, "layers[0] is not a descriptor"},
        {V2 C ",\"layers\":[" D ",{\"mediaType\":\"a/b\",\"size\":1}]}", NULL, "layers[1].digest is missing"},
        {V2 "\"manifests\":{}}", NULL, "manifests is not an array"},                    /* I06 */
        {V2 "\"manifests\":[{}]}", NULL, "manifests[0].mediaType is missing"},          /* I07 */
        {V2 "\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"sha256:" HEX64 "\",\"size\":\"7\"}]}", NULL,
         "manifests[0].size"},
        {V2 C "," L ",\"subject\":\".nope\"}", NULL, "subject is not a descriptor"},    /* M23 */
        {V2 C "," L ",\"subject\":{}}", NULL, "subject.mediaType is missing"},
        {V2 "\"manifests\":[],\"subject\":[]}", NULL, "subject is not a descriptor"},   /* I14 */
        {V2 C "," L ",\"annotations\":[]}", NULL, "annotations is not an object"},      /* M26 */
        {V2 C "," L ",\"annotations\":{\"k\":7}}", NULL, "the value of \"k\" is not a string"},
        {V2 "\"manifests\":[],\"annotations\":\"x\"}", NULL, "annotations is not an object"}, /* I15 */
        {V2 C "," L ",\"artifactType\":\"example\"}", NULL, "artifactType is not a media type"}, /* M05 */
        {V2 C "," L ",\"artifactType\":7}", NULL, "artifactType is not a media type"},
        {V2 "\"manifests\":[],\"artifactType\":\"x\"}", NULL, "artifactType is not a media type"}, /* I05 */
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_manifest *m = NULL;
        struct oci_err e = {0};
        if (parse(t[i].s, strlen(t[i].s), t[i].sender, &m, &e) != OCI_INVALID || m)
            FAIL("%s was read", t[i].s);
        if (!strstr(e.text, t[i].why) || !oci_starts_with(e.text, "the manifest is not valid: "))
            FAIL("%s says: %s", t[i].s, e.text);
    }
}

TEST(limits)
{
    struct oci_manifest *m = NULL;
    struct oci_err e = {0};
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_MANIFEST + 1);
    CHECK_INT(oci_buf_add_str(&b, MAN), OCI_OK);
    while (oci_buf_add_char(&b, ' ') == OCI_OK)
        continue;
    CHECK_INT(parse(b.p, b.len, NULL, &m, &e), OCI_LIMIT);
    CHECK_INT(parse(b.p, b.len - 1, NULL, &m, &e), OCI_OK); /* R08 */
    oci_manifest_free(m);
    oci_buf_done(&b);
    struct oci_bytes *bytes = oci_bytes_new(MAN, strlen(MAN));
    oci_err_clear(&e);
    CHECK_INT(oci_manifest_parse(bytes, NULL, "sha512", &m, &e), OCI_OK); /* T25 */
    CHECK(oci_starts_with(m->self.digest.text, "sha512:"));
    oci_manifest_free(m);
    CHECK_INT(oci_manifest_parse(bytes, NULL, "blake3", &m, &e), OCI_UNSUPPORTED);
    oci_bytes_unref(bytes);
}

/* ---- documents of real programs ------------------------------------------------------------- */

static struct oci_manifest *read_fixture(const char *name)
{
    char path[200], text[4096];
    snprintf(path, sizeof path, "spec/fixtures/%s.manifest.json", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        FAIL("%s is not there: run this in the root of the tree", path);
    size_t len = fread(text, 1, sizeof text, f);
    fclose(f);
    struct oci_manifest *m = NULL;
    struct oci_err e = {0};
    if (parse(text, len, NULL, &m, &e) != OCI_OK)
        FAIL("%s: %s", path, e.text);
    return m;
}

TEST(manifests_of_real_programs)
{
    static const char *const t[][4] = {
        {"helm-chart", "sha256:d7bfb32f1ac49b9d89738fcfc5c85b48d823c2ffe642013f70ee458b8a108f02",
         "application/vnd.cncf.helm.config.v1+json", NULL},
        {"conftest-bundle", "sha256:40bb964fca36c312926f409d76ccd62b0719199fc70a33f79bd0dc3edb3a52b8",
         "application/vnd.unknown.config.v1+json", "policy/p.rego"},
        {"oras-files", "sha256:248c8533331aa32f022e59674a5fcb886d222bcdbe63cce29ee9071fe9bf85bf",
         "application/vnd.example.thing.v1", "hi.txt"},
        {"singularity-sif", "sha256:eedbecbd99185e38aadb5d5198e7dc990e38a11a5a071e7a66bae4041f340968",
         "application/vnd.sylabs.sif.config.v1+json", "x.sif"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_manifest *m = read_fixture(t[i][0]);
        CHECK_STR(m->self.digest.text, t[i][1]);
        CHECK_STR(oci_manifest_artifact_type(m), t[i][2]); /* Z05 */
        CHECK_STR(oci_desc_title(&m->items[0]), t[i][3]);
        oci_manifest_free(m);
    }
}

/* What oras wrote, built by us from its parts, is the same bytes. */
TEST(oras_and_we_write_the_same)
{
    struct oci_manifest *m = read_fixture("oras-files");
    struct oci_manifest *built = NULL;
    struct oci_err e = {0};
    struct oci_manifest_spec spec = {.artifact_type = m->self.artifact_type,
                                     .config = &m->config,
                                     .layers = m->items,
                                     .layer_count = m->count,
                                     .annotations = m->annotations};
    CHECK_INT(oci_manifest_build(&spec, &built, &e), OCI_OK);
    CHECK_STR(built->bytes->p, m->bytes->p);
    CHECK(oci_digest_equal(&built->self.digest, &m->self.digest));
    oci_manifest_free(built);
    oci_manifest_free(m);
}

/* ---- building ------------------------------------------------------------------------------- */

static const struct oci_desc layer = {
    .media_type = "text/plain", .digest = {"sha256:" HEX64}, .size = 7};

/* What is built has the fields that it is known by, and the reader takes it. */
static void check_reads_back(const struct oci_manifest *m, size_t count)
{
    struct oci_manifest *read = NULL;
    struct oci_err e = {0};
    if (oci_manifest_parse(m->bytes, m->self.media_type, NULL, &read, &e) != OCI_OK)
        FAIL("%s", e.text);
    CHECK_INT(read->count, count);
    CHECK(read->has_subject && read->is_index == m->is_index);
    CHECK_STR(m->self.digest.text, read->self.digest.text);
    CHECK_INT(m->self.size, read->self.size);
    CHECK_STR(m->self.artifact_type ? m->self.artifact_type : "", read->self.artifact_type ? read->self.artifact_type : "");
    oci_manifest_free(read);
}

TEST(builds_the_least)
{
    struct oci_manifest *m = NULL;
    struct oci_manifest_spec spec = {.artifact_type = "application/vnd.example.a.v1"};
    CHECK_INT(oci_manifest_build(&spec, &m, NULL), OCI_OK);
    CHECK_STR(m->bytes->p, V2 MT(OCI_TYPE_MANIFEST) ARTIFACT "," C ",\"layers\":[" E2 "]}");
    CHECK_INT(m->self.size, m->bytes->len);
    oci_manifest_free(m);
    struct oci_index_spec index = {.count = 0};
    CHECK_INT(oci_index_build(&index, &m, NULL), OCI_OK);
    CHECK_STR(m->bytes->p, IDX);
    CHECK(m->is_index);
    oci_manifest_free(m);
}

TEST(builds_everything)
{
    struct oci_manifest *m = NULL;
    struct oci_desc parts[2] = {layer, {.size = 0}};
    struct oci_desc subject = {.media_type = OCI_TYPE_MANIFEST, .digest = {E2_SHA256}, .size = 2};
    struct oci_json *annotations = oci_json_new_object();
    CHECK_INT(oci_json_set(annotations, "b", oci_json_new_string("2")), OCI_OK);
    CHECK_INT(oci_json_set(annotations, "a", oci_json_new_string("\xE2\x82\xAC<\n")), OCI_OK);
    CHECK_INT(oci_desc_empty(&parts[1], true), OCI_OK);
    CHECK_INT(oci_desc_annotate(&parts[1], "z", "1"), OCI_OK);
    CHECK_INT(oci_desc_annotate(&parts[1], "y", "2"), OCI_OK);
    CHECK_INT(oci_platform_parse("linux/arm/v7", &parts[1].platform, NULL), OCI_OK);
    struct oci_manifest_spec spec = {
        .config = &layer, .layers = parts, .layer_count = 2, .subject = &subject, .annotations = annotations};
    static const char full[] =
        "{\"mediaType\":\"" OCI_TYPE_EMPTY "\",\"digest\":\"" E2_SHA256 "\",\"size\":2,\"annotations\":{\"y\":\"2\","
        "\"z\":\"1\"},\"data\":\"e30=\",\"platform\":{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}}";
    static const char text[] = "{\"mediaType\":\"text/plain\",\"digest\":\"sha256:" HEX64 "\",\"size\":7}";
    static const char subject_text[] =
        "{\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"digest\":\"" E2_SHA256 "\",\"size\":2}";
    static const char end[] = "\"annotations\":{\"a\":\"\xE2\x82\xAC<\\n\",\"b\":\"2\"}}";
    struct oci_buf b;
    oci_buf_init(&b, 10000);
    CHECK_INT(oci_buf_addf(&b, V2 MT(OCI_TYPE_MANIFEST) "\"config\":%s,\"layers\":[%s,%s],\"subject\":%s,%s", text,
                           text, full, subject_text, end), OCI_OK);
    struct oci_err e = {0};
    if (oci_manifest_build(&spec, &m, &e) != OCI_OK)
        FAIL("%s", e.text);
    CHECK_STR(m->bytes->p, b.p);
    check_reads_back(m, 2);
    oci_manifest_free(m);
    struct oci_index_spec index = {.artifact_type = "a/b", .manifests = parts, .count = 2, .subject = &subject,
                                   .annotations = annotations};
    oci_buf_clear(&b);
    CHECK_INT(oci_buf_addf(&b, V2 MT(OCI_TYPE_INDEX) "\"artifactType\":\"a/b\",\"manifests\":[%s,%s],\"subject\":%s,%s",
                           text, full, subject_text, end), OCI_OK);
    CHECK_INT(oci_index_build(&index, &m, NULL), OCI_OK);
    CHECK_STR(m->bytes->p, b.p);
    check_reads_back(m, 2);
    oci_manifest_free(m);
    /* The caller's own objects are as they were: not sorted. */
    CHECK_STR(oci_json_key(oci_json_first(annotations)), "b");
    oci_json_free(annotations);
    oci_desc_done(&parts[1]);
    oci_buf_done(&b);
}

static void check_refused(const struct oci_manifest_spec *spec, const char *why)
{
    struct oci_manifest *m = NULL;
    struct oci_err e = {0};
    CHECK_INT(oci_manifest_build(spec, &m, &e), OCI_INVALID);
    if (m || !strstr(e.text, why))
        FAIL("says: %s", e.text);
}

TEST(does_not_build_what_breaks_a_must)
{
    struct oci_desc d = layer;
    struct oci_manifest_spec spec = {.artifact_type = "a/b", .layers = &d, .layer_count = 1};
    struct oci_manifest_spec bare = {.layers = &d, .layer_count = 1};
    check_refused(&bare, "needs an artifact type"); /* M04 */
    static const char *const types[] = {"", "example", "a/b; v=1", "a/b\n"};
    for (size_t i = 0; i < 4; i++) {
        struct oci_manifest_spec bad = {.artifact_type = types[i]};
        check_refused(&bad, "is not a media type"); /* M05 */
    }
    oci_desc_set(&d, "a/b;c=d", &layer.digest, 7);
    check_refused(&spec, "layers[0]: \"a/b;c=d\" is not a media type"); /* D04, M22 */
    oci_desc_set(&d, "a/b", NULL, 7);
    check_refused(&spec, "layers[0] has no digest");
    oci_desc_set(&d, "a/b", &layer.digest, OCI_SIZE_UNKNOWN);
    check_refused(&spec, "layers[0] has no size");
    oci_desc_set(&d, "a/b", &layer.digest, OCI_MAX_SIZE + 1);
    check_refused(&spec, "layers[0] has no size"); /* X05 */
    d = layer;
    CHECK_INT(oci_desc_annotate(&d, "", "x"), OCI_OK);
    check_refused(&spec, "an annotation has an empty key"); /* S08 */
    oci_desc_done(&d);
    d = layer;
    CHECK_INT(oci_desc_annotate(&d, "k", "\xFF"), OCI_OK);
    check_refused(&spec, "not UTF-8"); /* X03 */
    oci_desc_done(&d);
    d = layer;
    d.data = oci_bytes_new("{}", 2);
    check_refused(&spec, "layers[0].data: the 2 bytes embedded here are not the content"); /* D14 */
    oci_desc_done(&d);
    d = layer;
    d.platform = oci_json_new_object();
    check_refused(&spec, "needs an os and an architecture"); /* P01, P03 */
    oci_desc_done(&d);
    d = layer;
    struct oci_json *annotations = oci_json_new_object();
    CHECK_INT(oci_json_set(annotations, "k", oci_json_new_size(1)), OCI_OK);
    struct oci_manifest_spec numbers = {.artifact_type = "a/b", .annotations = annotations};
    check_refused(&numbers, "the value of an annotation is a string"); /* A01 */
    oci_json_free(annotations);
    struct oci_manifest_spec config = {.config = &d};
    oci_desc_set(&d, "invalid", &layer.digest, 7);
    check_refused(&config, "config: \"invalid\""); /* M12 */
}

TEST(builds_manifests_of_docker)
{
    struct oci_manifest *m = NULL;
    struct oci_desc config = layer;
    oci_desc_set(&config, "application/vnd.docker.container.image.v1+json", &layer.digest, 7);
    struct oci_manifest_spec spec = {.docker = true, .config = &config, .layers = &layer, .layer_count = 1};
    CHECK_INT(oci_manifest_build(&spec, &m, NULL), OCI_OK);
    CHECK_STR(m->self.media_type, OCI_TYPE_DOCKER_MANIFEST);
    CHECK(strstr(m->bytes->p, V2 MT(OCI_TYPE_DOCKER_MANIFEST) "\"config\":{"));
    oci_manifest_free(m);
    spec.artifact_type = "a/b";
    check_refused(&spec, "neither an artifact type nor a subject");
    spec = (struct oci_manifest_spec){.docker = true, .config = &config, .subject = &layer};
    check_refused(&spec, "neither an artifact type nor a subject");
    spec = (struct oci_manifest_spec){.docker = true};
    check_refused(&spec, "needs a config");
}

TEST(builds_at_most_what_registries_take)
{
    struct oci_manifest *m = NULL;
    struct oci_err e = {0};
    char *text = malloc(OCI_MAX_MANIFEST_PUSH + 1);
    memset(text, 'x', OCI_MAX_MANIFEST_PUSH);
    text[OCI_MAX_MANIFEST_PUSH] = '\0';
    struct oci_json *annotations = oci_json_new_object();
    CHECK_INT(oci_json_set(annotations, "k", oci_json_new_string(text)), OCI_OK);
    struct oci_manifest_spec spec = {.artifact_type = "a/b", .annotations = annotations};
    CHECK_INT(oci_manifest_build(&spec, &m, &e), OCI_LIMIT);
    text[OCI_MAX_MANIFEST_PUSH - 1000] = '\0';
    CHECK_INT(oci_json_set(annotations, "k", oci_json_new_string(text)), OCI_OK);
    oci_err_clear(&e);
    CHECK_INT(oci_manifest_build(&spec, &m, &e), OCI_OK);
    oci_manifest_free(m);
    oci_json_free(annotations);
    free(text);
}

/* Each at the beginning of something larger. */
TEST(a_thousand_layers)
{
    enum { MANY = 1000 };
    struct larger {
        struct oci_desc desc;
        int more;
    } *layers = calloc(MANY, sizeof *layers);
    for (int i = 0; i < MANY; i++) {
        layers[i].desc = layer;
        layers[i].desc.size = (uint64_t)i;
    }
    struct oci_manifest *m = NULL, *read = NULL;
    struct oci_manifest_spec spec = {
        .artifact_type = "a/b", .layers = &layers->desc, .layer_count = MANY, .layer_step = sizeof *layers};
    CHECK_INT(oci_manifest_build(&spec, &m, NULL), OCI_OK);
    CHECK_INT(oci_manifest_parse(m->bytes, NULL, NULL, &read, NULL), OCI_OK);
    CHECK_INT(read->count, MANY);
    CHECK_INT(read->items[MANY - 1].size, MANY - 1);
    oci_manifest_free(read);
    oci_manifest_free(m);
    free(layers);
}
