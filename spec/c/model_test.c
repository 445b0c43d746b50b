/* model: digests, media types, platforms, descriptors, manifests and indexes. Letters and numbers in the tables are
 * the rules of image-spec that a row keeps or breaks (D: descriptor, G: digest, M: manifest, I: index, P: platform,
 * X: document). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/manifest.h"
#include "test.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX128 HEX64 HEX64
#define E2_SHA256 "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define E2_SHA512                                                                                     \
    "sha512:27c74670adb75075fad058d5ceaf7b20c4e7786c83bae8a32f626f9782af34c9a33c2046ef60fd2a7878d378e29f" \
    "ec851806bbd9a67878f3a9f1cda4830763fd"
#define E0_SHA256 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* ---- digests -------------------------------------------------------------------------------- */

TEST(digests_that_parse)
{
    static const char *const t[] = {
        "sha256:" HEX64,
        "sha512:" HEX128,
        "blake3:" HEX64, /* G07 */
        "foo:abc",       /* G02 */
        "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
        "sha256+b64u.unknownlength:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564=",
        "a.b_c-d+e1:=_-A",
        "sha384:zz",
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_digest d;
        struct oci_err e = {0};
        if (oci_digest_parse(oci_str_of(t[i]), &d, &e) != OCI_OK)
            FAIL("%s: %s", t[i], e.text);
        CHECK_STR(d.text, t[i]);
        CHECK(oci_digest_is(&d));
    }
}

TEST(digests_that_do_not_parse)
{
    static const struct {
        const char *s, *why;
    } t[] = {
        {"", "is not a digest"},
        {":" HEX64, "is not a digest"},
        {"sha256", "is not a digest"},
        {"sha256:", "is not a digest"},
        {"SHA256:" HEX64, "is not a digest"},
        {"sha256+foo+-b:x", "is not a digest"},
        {"-a:x", "is not a digest"},
        {"a-:x", "is not a digest"},
        {"a--b:x", "is not a digest"},
        {"a:b:c", "is not a digest"},
        {"a:b/c", "is not a digest"},
        {"a/b:c", "is not a digest"},
        {"sha256:../../x", "is not a digest"},
        {" sha256:" HEX64, "is not a digest"},
        {"sha256:" HEX64 " ", "is not a digest"},
        {"sha256:" HEX64 "\n", "is not a digest"},
        {"sha256:abc", "64 lower-case hex digits"},
        {"sha256:" HEX64 "0", "64 lower-case hex digits"},
        {"sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "64 lower-case hex digits"},
        {"sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "64 lower-case hex digits"},
        {"sha512:" HEX64, "128 lower-case hex digits"},
        {"sha512:" HEX128 "0", "128 lower-case hex digits"},
        {"blake3:" HEX128, "64 lower-case hex digits"},
        {"x:" HEX128 "0123456789abcd", "longer than 143 characters"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_digest d = {"untouched"};
        struct oci_err e = {0};
        if (oci_digest_parse(oci_str_of(t[i].s), &d, &e) != OCI_INVALID || !strstr(e.text, t[i].why))
            FAIL("%s: %s", t[i].s, e.text);
        CHECK_STR(d.text, "untouched");
    }
    struct oci_digest d;
    CHECK_INT(oci_digest_parse((struct oci_str){"foo:a\0b", 7}, &d, NULL), OCI_INVALID);
    CHECK_INT(oci_digest_parse(OCI_STR("x:" HEX128 "0123456789abc"), &d, NULL), OCI_OK); /* 143 */
}

TEST(digest_parts)
{
    struct oci_digest a = {E2_SHA256}, b = {E2_SHA512}, c = {"foo:abc"}, none = {""};
    CHECK(oci_str_eq(oci_digest_algorithm(&a), "sha256"));
    CHECK(oci_str_eq(oci_digest_encoded(&c), "abc"));
    CHECK(oci_digest_can_verify(&a) && oci_digest_can_verify(&b) && !oci_digest_can_verify(&c));
    CHECK(!oci_digest_can_verify(&none) && !oci_digest_is(&none));
    CHECK(oci_digest_equal(&a, &a) && !oci_digest_equal(&a, &b));
    CHECK(oci_digest_same_algorithm(&a, &(struct oci_digest){"sha256:x"}));
    CHECK(!oci_digest_same_algorithm(&a, &b));
    CHECK(oci_str_eq(oci_digest_encoded(&none), ""));
}

TEST(hashes)
{
    static const char *const t[][3] = {
        {"sha256", "", E0_SHA256},
        {"sha256", "{}", E2_SHA256},
        {"sha512", "{}", E2_SHA512},
        {"sha256", "abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"sha512", "abc", "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
                          "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_digest d, want;
        CHECK_INT(oci_digest_of(oci_str_of(t[i][0]), t[i][1], strlen(t[i][1]), &d, NULL), OCI_OK);
        CHECK_STR(d.text, t[i][2]);
        CHECK_INT(oci_digest_parse(oci_str_of(t[i][2]), &want, NULL), OCI_OK);
        CHECK_INT(oci_digest_check(&want, t[i][1], strlen(t[i][1]), NULL), OCI_OK);
        struct oci_err e = {0};
        CHECK_INT(oci_digest_check(&want, "x", 1, &e), OCI_DIGEST_MISMATCH);
        CHECK(strstr(e.text, t[i][2]));
    }
    struct oci_digest unknown = {"foo:abc"};
    struct oci_err e = {0};
    CHECK_INT(oci_digest_check(&unknown, "x", 1, &e), OCI_UNSUPPORTED); /* G11 */
    CHECK_STR(e.text, "digests of the algorithm \"foo\" cannot be computed here");
}

TEST(hash_in_pieces_and_again)
{
    struct oci_hash *h = NULL;
    struct oci_digest d;
    CHECK_INT(oci_hash_new(OCI_STR("sha256"), &h, NULL), OCI_OK);
    for (int round = 0; round < 3; round++) {
        CHECK_INT(oci_hash_add(h, "a", 1), OCI_OK);
        CHECK_INT(oci_hash_add(h, NULL, 0), OCI_OK);
        CHECK_INT(oci_hash_add(h, "bc", 2), OCI_OK);
        CHECK_INT(oci_hash_end(h, &d), OCI_OK);
        CHECK_STR(d.text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        CHECK_INT(oci_hash_end(h, &d), OCI_INVALID); /* only restarted or freed */
        CHECK_INT(oci_hash_add(h, "x", 1), OCI_INVALID);
        CHECK_INT(oci_hash_restart(h), OCI_OK);
    }
    CHECK_INT(oci_hash_add(h, "junk", 4), OCI_OK);
    CHECK_INT(oci_hash_restart(h), OCI_OK); /* in the middle */
    CHECK_INT(oci_hash_end(h, &d), OCI_OK);
    CHECK_STR(d.text, E0_SHA256);
    oci_hash_free(h);
    oci_hash_free(NULL);
    struct oci_err e = {0};
    h = NULL;
    CHECK_INT(oci_hash_new(OCI_STR("md5"), &h, &e), OCI_UNSUPPORTED);
    CHECK(h == NULL);
}

/* ---- media types ---------------------------------------------------------------------------- */

TEST(media_type_grammar)
{
    static const char *const good[] = {"a/b", "application/vnd.oci.image.manifest.v1+json", "A1/2b", "x/a!#$&-^_.+",
                                       "archive/zip", "0/0"};
    static const char *const bad[] = {"",       "application", "/",      "a/",      "/b",    "a/b/c", ".foo/bar",
                                      "foo/.bar", "a/b;c=d",   "a/b c",  " a/b",    "a/b\n", "a/b,c", "a/*",
                                      "*/*",    "a/\xC3\xA9"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(oci_media_type_valid(oci_str_of(good[i])) && oci_media_type_readable(oci_str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (oci_media_type_valid(oci_str_of(bad[i])))
            FAIL("%s", bad[i]);
    }
    CHECK(!oci_media_type_valid((struct oci_str){"a/b\0c", 5}));
    char s[300];
    memset(s, 'x', sizeof s);
    s[127] = '/';
    CHECK(oci_media_type_valid((struct oci_str){s, 255}));  /* D04: 127 and 127 */
    CHECK(!oci_media_type_valid((struct oci_str){s, 256}));
    s[127] = 'x';
    s[128] = '/';
    CHECK(!oci_media_type_valid((struct oci_str){s, 200}));
    CHECK(oci_media_type_readable(OCI_STR("application/vnd.dev.sigstore.bundle+json;version=0.3")));
    CHECK(!oci_media_type_readable(OCI_STR("a/b;\n")));
    CHECK(!oci_media_type_readable(OCI_STR(";a/b")));
    CHECK(!oci_media_type_readable(OCI_STR("a;b/c")));
    memset(s, 'x', sizeof s);
    memcpy(s, "a/b;", 4);
    CHECK(oci_media_type_readable((struct oci_str){s, 255}) && !oci_media_type_readable((struct oci_str){s, 256}));
}

TEST(media_type_names)
{
    CHECK(oci_media_type_is_manifest(OCI_TYPE_MANIFEST) && oci_media_type_is_manifest(OCI_TYPE_DOCKER_MANIFEST));
    CHECK(oci_media_type_is_index(OCI_TYPE_INDEX) && oci_media_type_is_index(OCI_TYPE_DOCKER_LIST));
    CHECK(!oci_media_type_is_manifest(OCI_TYPE_INDEX) && !oci_media_type_is_index(NULL));
    CHECK(oci_media_type_says_nothing(NULL) && oci_media_type_says_nothing("text/plain"));
    CHECK(!oci_media_type_says_nothing("text/html"));
}

TEST(media_type_essence)
{
    static const char *const t[][2] = {
        {"application/json", "application/json"},
        {"Application/JSON; charset=utf-8", "application/json"},
        {" text/plain ;x", "text/plain"},
        {"text/plain;", "text/plain"},
        {"", ""},
        {";", ""},
        {"json", ""},
        {"a/b c", ""},
        {NULL, ""},
    };
    char buf[OCI_MEDIA_TYPE_MAX];
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        oci_media_type_essence(t[i][0], buf);
        CHECK_STR(buf, t[i][1]);
    }
}

TEST(media_type_extensions)
{
    static const char *const t[][2] = {
        {OCI_TYPE_LAYER_TAR, ".tar"},
        {OCI_TYPE_LAYER_TAR_GZIP, ".tar.gz"},
        {OCI_TYPE_LAYER_TAR_ZSTD, ".tar.zst"},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", ".tar.gz"},
        {"application/vnd.cncf.helm.chart.content.v1.tar+gzip", ".tar.gz"},
        {"application/vnd.oci.image.config.v1+json", ".json"},
        {"application/json", ".json"},
        {"application/spdx+json;version=1", ".json"},
        {"application/wasm", ".wasm"},
        {"text/plain", ".txt"},
        {"image/svg+xml", ".svg"},
        {"application/octet-stream", ""},
        {"junk", ""},
        {NULL, ""},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        CHECK_STR(oci_media_type_extension(t[i][0]), t[i][1]);
}

/* ---- platforms ------------------------------------------------------------------------------ */

static struct oci_json *json(const char *s)
{
    struct oci_json *v = NULL;
    struct oci_err e = {0};
    if (oci_json_parse(s, strlen(s), OCI_MAX_MANIFEST, &v, &e) != OCI_OK)
        FAIL("%s: %s", s, e.text);
    return v;
}

static void check_json(const struct oci_json *v, const char *text)
{
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    CHECK_INT(oci_json_print(v, &b), OCI_OK);
    CHECK_STR(b.p, text);
    oci_buf_done(&b);
}

TEST(platform_matches)
{
    static const struct {
        const char *platform, *wanted;
        bool match;
    } t[] = {
        {"{\"architecture\":\"amd64\",\"os\":\"linux\"}", "linux/amd64", true},
        {"{\"architecture\":\"amd64\",\"os\":\"linux\"}", "linux/x86_64", true},
        {"{\"architecture\":\"amd64\",\"os\":\"linux\"}", "linux/arm64", false},
        {"{\"architecture\":\"amd64\",\"os\":\"windows\",\"os.version\":\"10\"}", "linux/amd64", false},
        {"{\"architecture\":\"amd64\",\"os\":\"darwin\"}", "macos/amd64", true},
        {"{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}", "linux/arm/v7", true},
        {"{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}", "linux/arm/v6", false},
        {"{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}", "linux/arm", true},
        {"{\"architecture\":\"arm\",\"os\":\"linux\"}", "linux/arm/v7", false},
        {"{\"architecture\":\"arm64\",\"os\":\"linux\"}", "linux/arm64/v8", true},
        {"{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"}", "linux/aarch64", true},
        {"{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"}", "linux/arm64/v8", true},
        {"{\"os\":\"linux\"}", "linux/amd64", false},
        {"{\"architecture\":\"amd64\",\"os\":\"linux\"}", "linux", false},
        {"{\"architecture\":\"amd64\",\"os\":\"linux\"}", "Linux/amd64", false},
        {"{}", "linux/amd64", false},
        {"null", "linux/amd64", false},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_json *p = json(t[i].platform);
        if (oci_platform_matches(p, t[i].wanted) != t[i].match)
            FAIL("%s %s", t[i].platform, t[i].wanted);
        oci_json_free(p);
    }
}

TEST(platform_text)
{
    static const char *const bad[] = {"",             "linux",            "linux/",       "/amd64",
                                      "linux/amd64/", "linux/amd64/v1/x", "li nux/amd64", "linux/am\nd64"};
    struct oci_json *p = NULL;
    char buf[100], small[6];
    CHECK_INT(oci_platform_parse("linux/arm/v7", &p, NULL), OCI_OK);
    check_json(p, "{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}");
    oci_platform_print(p, buf, sizeof buf);
    CHECK_STR(buf, "linux/arm/v7");
    oci_platform_print(p, small, sizeof small);
    CHECK_STR(small, "linux");
    oci_json_free(p);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oci_err e = {0};
        if (oci_platform_parse(bad[i], &p, &e) != OCI_INVALID)
            FAIL("%s", bad[i]);
    }
    p = json("{\"os\":\"li\\u001bnux\"}");
    oci_platform_print(p, buf, sizeof buf);
    CHECK_STR(buf, "li?nux/unknown");
    oci_json_free(p);
    CHECK_INT(oci_platform_parse(oci_platform_host(), &p, NULL), OCI_OK);
    CHECK(oci_platform_matches(p, oci_platform_host()));
    oci_json_free(p);
}

/* ---- descriptors ---------------------------------------------------------------------------- */

#define TYPE "\"mediaType\":\"application/octet-stream\""
#define DIG "\"digest\":\"sha256:" HEX64 "\""
#define SIZE "\"size\":7"
#define DESC TYPE "," DIG "," SIZE
#define E2 "\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"digest\":\"" E2_SHA256 "\",\"size\":2"

static int read_desc(const char *s, struct oci_desc *d, struct oci_err *e)
{
    struct oci_json *v = json(s);
    int rc = oci_desc_read(v, "layers[3]", d, e);
    oci_json_free(v);
    return rc;
}

/* Read, and written in the fixed order; NULL: as it was. */
TEST(descriptors_that_read)
{
    static const char *const t[][2] = {
        {"{" DESC "}", NULL},
        {"{" SIZE "," DIG "," TYPE "}", "{" DESC "}"},                                       /* X08 */
        {"{" DESC ",\"x\":{\"y\":[1]},\"from\":\"z\"}", "{" DESC "}"},                       /* D19, X02 */
        {"{" TYPE "," DIG ",\"size\":0}", NULL},                                             /* D07 */
        {"{" TYPE "," DIG ",\"size\":9007199254740991}", NULL},                              /* X05 */
        {"{" TYPE ",\"digest\":\"foo:abc\"," SIZE "}", NULL},                                /* G02 */
        {"{" TYPE ",\"digest\":\"sha512:" HEX128 "\"," SIZE "}", NULL},
        {"{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.3\"," DIG "," SIZE "}", NULL},
        {"{" DESC ",\"annotations\":{}}", NULL},                                             /* D12 */
        {"{" DESC ",\"annotations\":{\"b\":\"\",\"a\":\"x\"}}", "{" DESC ",\"annotations\":{\"a\":\"x\",\"b\":\"\"}}"},
        {"{" DESC ",\"annotations\":null,\"urls\":null,\"platform\":null,\"data\":null,\"artifactType\":null}",
         "{" DESC "}"},                                                                      /* S11 */
        {"{" DESC ",\"urls\":[\"https://example.com/foo\",\"ftp://x\"]}", NULL},             /* D10, D11 */
        {"{" DESC ",\"artifactType\":\"application/vnd.example.sbom.v1\"}", NULL},           /* D16 */
        {"{" DESC ",\"artifactType\":\"\"}", "{" DESC "}"},
        {"{" DESC ",\"platform\":{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\",\"x\":1}}", NULL},
        {"{" DESC ",\"platform\":{\"os\":\"linux\"}}", NULL},                                /* P01: for the lint */
        {"{" E2 ",\"data\":\"e30=\"}", NULL},                                                /* D14 */
        {"{" TYPE ",\"digest\":\"" E0_SHA256 "\",\"size\":0,\"data\":\"\"}", NULL},          /* D13 */
        {"{" TYPE ",\"digest\":\"" E2_SHA512 "\",\"size\":2,\"data\":\"e30=\"}", NULL},
        {"{" TYPE ",\"digest\":\"foo:abc\",\"size\":2,\"data\":\"e30=\"}",
         "{" TYPE ",\"digest\":\"foo:abc\",\"size\":2}"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_desc d, copy;
        struct oci_err e = {0};
        if (read_desc(t[i][0], &d, &e) != OCI_OK)
            FAIL("%s: %s", t[i][0], e.text);
        CHECK_INT(oci_desc_copy(&d, &copy), OCI_OK);
        oci_desc_done(&d);
        struct oci_json *v = oci_desc_write(&copy);
        check_json(v, t[i][1] ? t[i][1] : t[i][0]);
        oci_json_free(v);
        oci_desc_done(&copy);
    }
}

TEST(descriptors_that_do_not_read)
{
    static const struct {
        const char *s, *why;
    } t[] = {
        {"[]", "layers[3] is not a descriptor"},
        {"null", "layers[3] is not a descriptor"},
        {"\"sha256:" HEX64 "\"", "layers[3] is not a descriptor"},                                    /* D01 */
        {"{" DIG "," SIZE "}", "layers[3].mediaType is missing"},                                     /* D03 */
        {"{\"mediaType\":5," DIG "," SIZE "}", "layers[3].mediaType is not a string"},
        {"{\"mediaType\":null," DIG "," SIZE "}", "layers[3].mediaType is not a string"},
        {"{\"MediaType\":\"a/b\"," DIG "," SIZE "}", "layers[3].mediaType is missing"},               /* X10 */
        {"{\"mediaType\":\"\"," DIG "," SIZE "}", "layers[3].mediaType is not a media type"},         /* D04 */
        {"{\"mediaType\":\"invalid\"," DIG "," SIZE "}", "layers[3].mediaType is not a media type"},
        {"{\"mediaType\":\".foo/bar\"," DIG "," SIZE "}", "layers[3].mediaType is not a media type"},
        {"{\"mediaType\":\"a/b/c\"," DIG "," SIZE "}", "layers[3].mediaType is not a media type"},
        {"{\"mediaType\":\"a/b;\\n\"," DIG "," SIZE "}", "layers[3].mediaType is not a media type"},
        {"{" TYPE "," SIZE "}", "layers[3].digest is missing"},                                       /* D05 */
        {"{" TYPE ",\"digest\":7," SIZE "}", "layers[3].digest is not a string"},
        {"{" TYPE ",\"digest\":\"\"," SIZE "}", "layers[3].digest: \"\" is not a digest"},            /* G01 */
        {"{" TYPE ",\"digest\":\"sha256:abc\"," SIZE "}", "64 lower-case hex digits"},                /* G05, S06 */
        {"{" TYPE ",\"digest\":\"sha256:../../x\"," SIZE "}", "is not a digest"},                     /* T21 */
        {"{" TYPE "," DIG "}", "layers[3].size is missing"},                                          /* D07 */
        {"{" TYPE "," DIG ",\"size\":\"7\"}", "layers[3].size is not an integer"},
        {"{" TYPE "," DIG ",\"size\":null}", "layers[3].size is not an integer"},
        {"{" TYPE "," DIG ",\"size\":7.5}", "layers[3].size is not an integer"},
        {"{" TYPE "," DIG ",\"size\":7.0}", "layers[3].size is not an integer"},
        {"{" TYPE "," DIG ",\"size\":7e0}", "layers[3].size is not an integer"},
        {"{" TYPE "," DIG ",\"size\":1e30}", "layers[3].size is not an integer"},                     /* T24 */
        {"{" TYPE "," DIG ",\"size\":-1}", "layers[3].size is not an integer"},                       /* D09 */
        {"{" DESC ",\"annotations\":{\"a\":1}}", "layers[3].annotations: the value of \"a\" is not a string"},
        {"{" DESC ",\"annotations\":{\"a\":null}}", "layers[3].annotations: the value of \"a\""},     /* A02 */
        {"{" DESC ",\"annotations\":[]}", "layers[3].annotations is not an object"},                  /* A01 */
        {"{" DESC ",\"urls\":\"https://x\"}", "layers[3].urls is not an array"},                      /* D10 */
        {"{" DESC ",\"urls\":[1]}", "layers[3].urls holds something else than strings"},
        {"{" DESC ",\"artifactType\":\"foo/.bar\"}", "layers[3].artifactType is not a media type"},   /* D16 */
        {"{" DESC ",\"artifactType\":7}", "layers[3].artifactType is not a media type"},
        {"{" DESC ",\"platform\":\"linux\"}", "layers[3].platform is not an object"},
        {"{" DESC ",\"platform\":{\"os\":1}}", "layers[3].platform.os is not a string"},              /* P03 */
        {"{" DESC ",\"platform\":{\"os.version\":1}}", "layers[3].platform.os.version is not a string"},
        {"{" DESC ",\"platform\":{\"variant\":7}}", "layers[3].platform.variant is not a string"},    /* P07 */
        {"{" E2 ",\"data\":7}", "layers[3].data is not a string"},
        {"{" E2 ",\"data\":\"e30\"}", "layers[3].data is not base64"},                                /* D13 */
        {"{" E2 ",\"data\":\"e3 0=\"}", "layers[3].data is not base64"},
        {"{" E2 ",\"data\":\"e30=\\n\"}", "layers[3].data is not base64"},
        {"{" E2 ",\"data\":\"-_-_\"}", "layers[3].data is not base64"},
        {"{" E2 ",\"data\":\"e1t9\"}", "layers[3].data does not have the descriptor's size"},         /* D14, T30 */
        {"{" E2 ",\"data\":\"e1s=\"}", "layers[3].data does not have the descriptor's digest"},
        {"{" TYPE ",\"digest\":\"" E2_SHA256 "\",\"size\":3,\"data\":\"e30=\"}", "does not have the descriptor's size"},
        {"{" E2 ",\"data\":\"\"}", "layers[3].data does not have the descriptor's size"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_desc d = {.size = 77};
        struct oci_err e = {0};
        if (read_desc(t[i].s, &d, &e) != OCI_INVALID || !strstr(e.text, t[i].why))
            FAIL("%s says: %s", t[i].s, e.text);
        CHECK_INT(d.size, 77);
    }
}

TEST(descriptor_tools)
{
    struct oci_desc d = {0};
    oci_desc_done(&d);
    oci_desc_done(NULL);
    struct oci_digest digest = {E2_SHA256};
    oci_desc_set(&d, "a/b", &digest, 2);
    CHECK_STR(d.media_type, "a/b");
    CHECK(oci_desc_title(&d) == NULL);
    CHECK_INT(oci_desc_annotate(&d, OCI_ANNOTATION_TITLE, "x.txt"), OCI_OK);
    CHECK_INT(oci_desc_annotate(&d, OCI_ANNOTATION_TITLE, "y.txt"), OCI_OK);
    CHECK_INT(oci_desc_annotate(&d, "k", ""), OCI_OK);
    CHECK_STR(oci_desc_title(&d), "y.txt");
    CHECK_STR(oci_desc_annotation(&d, "k"), "");
    CHECK(oci_desc_annotation(&d, "K") == NULL);
    oci_desc_done(&d);
    oci_desc_set(&d, "a/b", &digest, 2);
    oci_desc_set(&d, d.media_type, &d.digest, 3);
    CHECK_STR(d.media_type, "a/b");
    CHECK_STR(d.digest.text, E2_SHA256);
    oci_desc_set(&d, NULL, NULL, OCI_SIZE_UNKNOWN);
    CHECK(!oci_digest_is(&d.digest) && d.size == OCI_SIZE_UNKNOWN && !d.media_type[0]);
    for (int with_data = 0; with_data < 2; with_data++) {
        CHECK_INT(oci_desc_empty(&d, with_data), OCI_OK);
        struct oci_json *v = oci_desc_write(&d);
        check_json(v, with_data ? "{" E2 ",\"data\":\"e30=\"}" : "{" E2 "}");
        oci_json_free(v);
        oci_desc_done(&d);
    }
}
