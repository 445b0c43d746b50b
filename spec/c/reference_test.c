/* model/reference, model/host: every form of a reference, and what is refused. */
#include "model/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "test.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX64

static void print(const struct oci_reference *r, int parts, char *buf, size_t size)
{
    struct oci_buf b;
    oci_buf_init(&b, size - 1);
    CHECK_INT(oci_reference_print(r, parts, &b), OCI_OK);
    CHECK_INT(oci_str_copy(buf, size, oci_str_of(b.p)), OCI_OK);
    oci_buf_done(&b);
}

/* Parsed, and printed whole; that reads back as the same. */
static void check_form(const char *in, const char *out)
{
    char text[1000], again[1000];
    struct oci_reference r;
    struct oci_err e = {0};
    for (int round = 0; round < 2; round++) {
        const char *s = round == 0 ? in : text;
        if (oci_reference_parse(s, strlen(s), &r, &e) != OCI_OK)
            FAIL("%s: %s", s, e.text);
        print(&r, OCI_REF_TAG | OCI_REF_DIGEST, round == 0 ? text : again, sizeof text);
        oci_reference_done(&r);
    }
    if (strcmp(text, out) != 0)
        FAIL("%s gives %s", in, text);
    CHECK_STR(again, text);
}

TEST(registry_forms)
{
    static const char *const t[][2] = {
        {"reg.example/a", "reg.example/a"},
        {"reg.example/a/b:1.0", "reg.example/a/b:1.0"},
        {"reg.example:5000/a@" DIGEST, "reg.example:5000/a@" DIGEST},
        {"reg.example:5000/a:v1@" DIGEST, "reg.example:5000/a:v1@" DIGEST},
        {"localhost/a", "localhost/a"},
        {"localhost:5000/a", "localhost:5000/a"},
        {"LOCALHOST:5000/a", "localhost:5000/a"},
        {"Reg.Example/a", "reg.example/a"},
        {"Foo/bar", "oci://foo/bar"},
        {"127.0.0.1:5000/a:x", "127.0.0.1:5000/a:x"},
        {"[::1]:5000/a:x", "[::1]:5000/a:x"},
        {"[2001:DB8::1]/a", "[2001:db8::1]/a"},
        {"host:1/a", "host:1/a"},
        {"host:65535/a", "host:65535/a"},
        {"a.b/c", "a.b/c"},
        {"xn--bcher-kva.example/a", "xn--bcher-kva.example/a"},
        {"r.io/a-b__c.d_e---f/g:_1", "r.io/a-b__c.d_e---f/g:_1"},
        {"r.io/a@foo+b.c:AZaz09=_-", "r.io/a@foo+b.c:AZaz09=_-"},
        {"oci://reg.example/charts/x", "reg.example/charts/x"},
        {"oci://registry/charts/x:1", "oci://registry/charts/x:1"},
        {"oci://localhost:5000/x@" DIGEST, "localhost:5000/x@" DIGEST},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        check_form(t[i][0], t[i][1]);
}

TEST(docker_hub_names)
{
    static const char *const t[][2] = {
        {"alpine", "docker.io/library/alpine"},
        {"alpine:3.20", "docker.io/library/alpine:3.20"},
        {"alpine@" DIGEST, "docker.io/library/alpine@" DIGEST},
        {"library/alpine", "docker.io/library/alpine"},
        {"grafana/grafana", "docker.io/grafana/grafana"},
        {"docker.io/alpine", "docker.io/library/alpine"},
        {"docker.io/grafana/grafana:1", "docker.io/grafana/grafana:1"},
        {"index.docker.io/alpine", "docker.io/library/alpine"},
        {"registry-1.docker.io/library/alpine", "docker.io/library/alpine"},
        {"registry.hub.docker.com/alpine", "docker.io/library/alpine"},
        {"Docker.IO/alpine", "docker.io/library/alpine"},
        {"oci://docker.io/alpine", "docker.io/library/alpine"},
        {"2130706433/x", "docker.io/2130706433/x"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        check_form(t[i][0], t[i][1]);
    CHECK_STR(oci_registry_api_host("docker.io"), "registry-1.docker.io");
    CHECK_STR(oci_registry_api_host("ghcr.io"), "ghcr.io");
}

TEST(path_forms)
{
    static const struct {
        const char *in;
        enum oci_place place;
        const char *path, *tag, *digest;
    } t[] = {
        {"oci:dir", OCI_PLACE_LAYOUT, "dir", "", ""},
        {"oci:./a/b:v1", OCI_PLACE_LAYOUT, "./a/b", "v1", ""},
        {"oci:/abs/dir:v1@" DIGEST, OCI_PLACE_LAYOUT, "/abs/dir", "v1", DIGEST},
        {"oci:dir@" DIGEST, OCI_PLACE_LAYOUT, "dir", "", DIGEST},
        {"oci:a:b/c", OCI_PLACE_LAYOUT, "a:b/c", "", ""},
        {"oci:a:b/c:d", OCI_PLACE_LAYOUT, "a:b/c", "d", ""},
        {"oci:a:b:c", OCI_PLACE_LAYOUT, "a:b", "c", ""},
        {"oci:dir/", OCI_PLACE_LAYOUT, "dir/", "", ""},
        {"oci:pkg@1.0:latest", OCI_PLACE_LAYOUT, "pkg@1.0", "latest", ""},
        {"oci:me@home/dir", OCI_PLACE_LAYOUT, "me@home/dir", "", ""},
        {"oci:dir@blake3:" HEX64, OCI_PLACE_LAYOUT, "dir", "", "blake3:" HEX64},
        {"oci:with space/\xC3\xA9:t", OCI_PLACE_LAYOUT, "with space/\xC3\xA9", "t", ""},
        {"oci:/", OCI_PLACE_LAYOUT, "/", "", ""},
        {"oci-archive:x.tar", OCI_PLACE_ARCHIVE, "x.tar", "", ""},
        {"oci-archive:/tmp/x.tar:v2", OCI_PLACE_ARCHIVE, "/tmp/x.tar", "v2", ""},
        {"memory:pipe", OCI_PLACE_MEMORY, "pipe", "", ""},
        {"memory:pipe:t@" DIGEST, OCI_PLACE_MEMORY, "pipe", "t", DIGEST},
        {"memory:a/b:t", OCI_PLACE_MEMORY, "a/b", "t", ""},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_reference r;
        struct oci_err e = {0};
        if (oci_reference_parse(t[i].in, strlen(t[i].in), &r, &e) != OCI_OK)
            FAIL("%s: %s", t[i].in, e.text);
        CHECK_INT(r.place, t[i].place);
        CHECK_STR(r.path, t[i].path);
        CHECK_STR(r.tag, t[i].tag);
        CHECK_STR(r.digest.text, t[i].digest);
        CHECK_STR(r.registry, "");
        char text[500];
        print(&r, OCI_REF_TAG | OCI_REF_DIGEST, text, sizeof text);
        CHECK_STR(text, t[i].in);
        oci_reference_done(&r);
    }
}

/* A printed layout reads back as the same directory, though its name has a ':'. */
TEST(place_of_a_layout_reads_back)
{
    static const char *const t[][2] = {{"oci:a:b:c", "oci:a:b/"}, {"oci:d:t", "oci:d"}, {"oci:x@y:t", "oci:x@y/"}};
    for (size_t i = 0; i < 3; i++) {
        struct oci_reference r;
        char text[100];
        CHECK_INT(oci_reference_parse(t[i][0], strlen(t[i][0]), &r, NULL), OCI_OK);
        print(&r, OCI_REF_PLACE, text, sizeof text);
        CHECK_STR(text, t[i][1]);
        oci_reference_done(&r);
        CHECK_INT(oci_reference_parse(text, strlen(text), &r, NULL), OCI_OK);
        CHECK_STR(r.tag, "");
        oci_reference_done(&r);
    }
}

TEST(prints_the_parts_asked_for)
{
    static const char s[] = "r.io/a:t@" DIGEST;
    struct oci_reference r, copy;
    char text[200];
    CHECK_INT(oci_reference_parse(s, strlen(s), &r, NULL), OCI_OK);
    print(&r, OCI_REF_PLACE, text, sizeof text);
    CHECK_STR(text, "r.io/a");
    print(&r, OCI_REF_TAG, text, sizeof text);
    CHECK_STR(text, "r.io/a:t");
    print(&r, OCI_REF_DIGEST, text, sizeof text);
    CHECK_STR(text, "r.io/a@" DIGEST);
    CHECK_INT(oci_reference_copy(&r, &copy), OCI_OK);
    oci_reference_done(&r);
    print(&copy, OCI_REF_TAG | OCI_REF_DIGEST, text, sizeof text);
    CHECK_STR(text, s);
    oci_reference_done(&copy);
    oci_reference_done(NULL);
    CHECK_INT(oci_reference_parse("oci:d", 5, &r, NULL), OCI_OK);
    CHECK_INT(oci_reference_copy(&r, &copy), OCI_OK);
    CHECK(copy.path != r.path);
    CHECK_STR(copy.path, "d");
    oci_reference_done(&r);
    oci_reference_done(&copy);
}

static const struct {
    const char *s;
    size_t len; /* 0: strlen */
    const char *why;
} refused[] = {
    {"", 0, "the reference is empty"},
    {"a\nb", 0, "control characters"},
    {"good.example/x\0.evil", 20, "control characters"},
    {"r.io/\x1b[31m", 0, "control characters"},
    {"r.io/\xFF", 0, "control characters or is not UTF-8"},
    {"r.io/\xC3\xA9", 0, "lower-case letters"},
    {"https://r.io/a", 0, "not with a scheme"},
    {"docker://alpine", 0, "not with a scheme"},
    {"http://r.io", 0, "not with a scheme"},
    {"user@evil.example/x", 0, "user name or password"},
    {"user:pass@evil.example/x", 0, "\"user:...@evil.example/x\" is not valid: a user name or password"},
    {"https://user:pa:s/s@evil.example", 0, "\"https://user:...@evil.example\" is not"},
    {"user:pa@ss@evil.example:5000", 0, "\"user:...@evil.example:5000\" is not valid: what follows the '@' is not a digest"},
    {"user:pass@sha256.example", 0, "\"user:...@sha256.example\" is not"},
    {"r.io:5000/a:1@sha256:abc", 0, "\"r.io:5000/a:1@sha256:abc\" is not"},
    {"r.io/a@sha256:../../x", 0, "user name or password"},
    {"r.io/a@", 0, "not a digest"},
    {"r.io/a@latest", 0, "not a digest"},
    {"r.io/a@sha256:", 0, "not a digest"},
    {"r.io/a@sha256:abc", 0, "64 lower-case hex digits"},
    {"r.io/a@" DIGEST "@" DIGEST, 0, "not a digest"},
    {"r.io/a:", 0, "nothing follows the ':'"},
    {"r.io/a:-x", 0, "a tag is"},
    {"r.io/a:.x", 0, "a tag is"},
    {"r.io/a:x?y", 0, "a tag is"},
    {"r.io/a:1+2", 0, "a tag is"},
    {"r.io/a:x y", 0, "a tag is"},
    {"r.io/a::x", 0, "lower-case letters"},
    {"r.io/A", 0, "lower-case letters"},
    {"Alpine", 0, "lower-case letters"},
    {"r.io//a", 0, "lower-case letters"},
    {"r.io/a//b", 0, "lower-case letters"},
    {"r.io/a/", 0, "lower-case letters"},
    {"r.io/", 0, "names no repository"},
    {"r.io/:t", 0, "names no repository"},
    {":t", 0, "names no repository"},
    {"@" DIGEST, 0, "names no repository"},
    {"r.io/a/../b", 0, "lower-case letters"},
    {"r.io/.a", 0, "lower-case letters"},
    {"r.io/a..b", 0, "lower-case letters"},
    {"r.io/a___b", 0, "lower-case letters"},
    {"r.io/-a", 0, "lower-case letters"},
    {"r.io/a-", 0, "lower-case letters"},
    {"r.io/a._b", 0, "lower-case letters"},
    {"r.io/%2e%2e/a", 0, "lower-case letters"},
    {"r.io/a#b", 0, "lower-case letters"},
    {"r.io/a\\b", 0, "lower-case letters"},
    {"r.io/a b", 0, "lower-case letters"},
    {"/a/b", 0, "lower-case letters"},
    {"./dir", 0, "no name or address"},
    {"../dir", 0, "no name or address"},
    {"oci://", 0, "names no repository"},
    {"oci:///a/b", 0, "no name or address"},
    {"oci://host", 0, "names no repository"},
    {"oci:", 0, "no path"},
    {"oci::t", 0, "no path"},
    {"oci:@" DIGEST, 0, "no path"},
    {"oci:d:", 0, "nothing follows the ':'"},
    {"oci:d:a b", 0, "a tag is"},
    {"oci:C:\\dir", 0, "a tag is"},
    {"oci:d@sha256:abc", 0, "64 lower-case hex digits"},
    {"oci:d@sha512:" HEX64, 0, "128 lower-case hex digits"},
    {"oci-archive:", 0, "no path"},
    {"memory:", 0, "names nothing"},
    {"memory::t", 0, "names nothing"},
    {"memory:a:b:c", 0, "has no ':'"},
};

TEST(refuses)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct oci_reference r = {.tag = "untouched"};
        struct oci_err e = {0};
        size_t len = refused[i].len ? refused[i].len : strlen(refused[i].s);
        char *copy = malloc(len ? len : 1);
        memcpy(copy, refused[i].s, len);
        int rc = oci_reference_parse(copy, len, &r, &e);
        free(copy);
        if (rc != OCI_INVALID || e.code != OCI_INVALID)
            FAIL("%s gives %d", refused[i].s, rc);
        if (!strstr(e.text, refused[i].why))
            FAIL("%s says: %s", refused[i].s, e.text);
        CHECK_STR(r.tag, "untouched");
    }
}

TEST(refuses_hosts)
{
    static const struct {
        const char *s, *why;
    } t[] = {
        {"r.io:0/a", "port"},       {"r.io:65536/a", "port"},  {"r.io:123456/a", "port"},
        {"r.io:/a", "port"},        {"r.io:080/a", "port"},    {"r.io:+80/a", "port"},
        {"r.io:8o/a", "port"},      {"r.io:80:80/a", "port"},  {"[::1]5000/a", "port"},
        {"[::1]:/a", "port"},       {"-r.io/a", "host"},       {"r-.io/a", "host"},
        {"r..io/a", "host"},        {".io/a", "host"},         {"r.io./a", "host"},
        {"r_x.io/a", "host"},       {"r!.io/a", "host"},       {":5000/a", "host"},
        {"b\xC3\xBC" "cher.de/a", "host"},
        {"[::1/a", "host"},         {"[]/a", "host"},          {"[:::]/a", "host"},
        {"[::1%25eth0]/a", "host"}, {"[1:2:3]/a", "host"},     {"[1:2:3:4:5:6:7:8:9]/a", "host"},
        {"[1::2::3]/a", "host"},    {"[12345::]/a", "host"},   {"[g::]/a", "host"},
        {"[1:2:3:4:5:6:7::8]/a", "host"},
        {"[::256.1.1.1]/a", "host"},
        {"2130706433:80/a", "IPv4"}, {"0x7f.1/a", "IPv4"},     {"127.1/a", "IPv4"},
        {"127.0.0.1.1/a", "IPv4"},  {"127.0.0.256/a", "IPv4"}, {"127.0.0.01/a", "IPv4"},
        {"0177.0.0.1/a", "IPv4"},   {"0x7f000001:1/a", "IPv4"}, {"1.2.3.0x4/a", "IPv4"},
        {"a.5/a", "IPv4"},          {"1.2.3.4./a", "host"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_reference r;
        struct oci_err e = {0};
        if (oci_reference_parse(t[i].s, strlen(t[i].s), &r, &e) != OCI_INVALID || !strstr(e.text, t[i].why))
            FAIL("%s says: %s", t[i].s, e.text);
    }
}

TEST(ipv6_forms)
{
    static const char *const good[] = {"[::]",       "[::1]",          "[1::]",           "[1:2:3:4:5:6:7:8]",
                                       "[1::8]",     "[1:2:3::7:8]",   "[::1.2.3.4]",     "[::ffff:127.0.0.1]",
                                       "[fe80::1]:1", "[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:7::]"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char host[OCI_HOST_MAX];
        const char *why = NULL;
        if (oci_host_parse(oci_str_of(good[i]), host, &why) != OCI_OK)
            FAIL("%s: %s", good[i], why);
        CHECK_STR(host, good[i]);
    }
}

TEST(lengths)
{
    char s[1000];
    struct oci_reference r;
    /* A tag of 128 and 129 characters. */
    for (size_t n = 128; n <= 129; n++) {
        size_t at = (size_t)snprintf(s, sizeof s, "r.io/a:");
        memset(s + at, 't', n);
        int rc = oci_reference_parse(s, at + n, &r, NULL);
        CHECK_INT(rc, n == 128 ? OCI_OK : OCI_INVALID);
    }
    /* A repository of 255 and 256; with library/ before it. */
    for (size_t n = 255; n <= 256; n++) {
        size_t at = (size_t)snprintf(s, sizeof s, "r.io/");
        memset(s + at, 'a', n);
        CHECK_INT(oci_reference_parse(s, at + n, &r, NULL), n == 255 ? OCI_OK : OCI_INVALID);
        CHECK_INT(oci_reference_parse(s + at, n - 8, &r, NULL), n == 255 ? OCI_OK : OCI_INVALID);
    }
    /* A label of 63 and 64, a host of 253 and more. */
    for (size_t n = 63; n <= 64; n++) {
        memset(s, 'h', n);
        snprintf(s + n, sizeof s - n, ".io/a");
        CHECK_INT(oci_reference_parse(s, strlen(s), &r, NULL), n == 63 ? OCI_OK : OCI_INVALID);
    }
    for (size_t n = 253; n <= 254; n++) {
        for (size_t i = 0; i < n; i++)
            s[i] = i % 50 == 49 && i + 1 < n ? '.' : 'h';
        snprintf(s + n, sizeof s - n, ":65535/a");
        CHECK_INT(oci_reference_parse(s, strlen(s), &r, NULL), n == 253 ? OCI_OK : OCI_INVALID);
    }
    /* A path within and beyond what the system takes. */
    char *path = malloc(OCI_MAX_PATH + 100);
    memset(path, 'p', OCI_MAX_PATH + 100);
    memcpy(path, "oci:", 4);
    CHECK_INT(oci_reference_parse(path, 4 + OCI_MAX_PATH - 1, &r, NULL), OCI_OK);
    oci_reference_done(&r);
    CHECK_INT(oci_reference_parse(path, 4 + OCI_MAX_PATH, &r, NULL), OCI_INVALID);
    free(path);
}

TEST(errors_show_what_was_given)
{
    struct oci_reference r;
    struct oci_err e = {0};
    CHECK_INT(oci_reference_parse("a\0\x1b b", 5, &r, &e), OCI_INVALID);
    CHECK_STR(e.text, "the reference \"a?? b\" is not valid: it has control characters or is not UTF-8");
    char s[2000];
    memset(s, 'A', sizeof s);
    oci_err_clear(&e);
    CHECK_INT(oci_reference_parse(s, sizeof s, &r, &e), OCI_INVALID);
    CHECK(strstr(e.text, "AAA...\" is not valid: a repository's name"));
    oci_err_clear(&e);
    CHECK_INT(oci_reference_parse("r.io/a@sha256:ABC", 17, &r, &e), OCI_INVALID);
    CHECK_STR(e.text, "the reference \"r.io/a@sha256:ABC\" is not valid: the digest \"sha256:ABC\" needs exactly 64 "
                      "lower-case hex digits");
}

TEST(registries)
{
    static const char *const good[][2] = {
        {"ghcr.io", "ghcr.io"},         {"localhost:5000", "localhost:5000"}, {"REG.example/", "reg.example"},
        {"oci://reg.example", "reg.example"}, {"registry", "registry"},       {"[::1]:5000", "[::1]:5000"},
        {"index.docker.io", "docker.io"}, {"docker.io", "docker.io"},
    };
    static const char *const bad[] = {"", "a/b", "https://x", "x:", "u@h", "a b", "/", "oci://", "h\n", "h//"};
    struct oci_reference r;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct oci_err e = {0};
        if (oci_reference_parse_registry(good[i][0], strlen(good[i][0]), &r, &e) != OCI_OK)
            FAIL("%s: %s", good[i][0], e.text);
        CHECK_STR(r.registry, good[i][1]);
        CHECK_STR(r.repository, "");
        char text[100];
        print(&r, OCI_REF_TAG, text, sizeof text);
        CHECK_STR(text, good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct oci_err e = {0};
        if (oci_reference_parse_registry(bad[i], strlen(bad[i]), &r, &e) != OCI_INVALID ||
            !oci_starts_with(e.text, "the registry "))
            FAIL("%s: %s", bad[i], e.text);
    }
}

TEST(loopback)
{
    static const char *const yes[] = {"localhost",     "localhost:5000",       "LocalHost",  "127.0.0.1:80",
                                      "127.255.1.2",   "[::1]",                "[::1]:5000", "[0:0:0:0:0:0:0:1]",
                                      "[0::0:1]:5000"};
    static const char *const no[] = {"",           "127.example.com", "localhost.example.com", "127.0.0.1.evil.io",
                                     "128.0.0.1",  "[::2]",           "[1::1]",                "[::]",
                                     "10.0.0.1",   "mylocalhost",     "[::1",                  "127.1",
                                     "[1:0:0:0:0:0:0:1]", "[::1:1]",  "127.0.0.1x"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (!oci_registry_is_loopback(yes[i]))
            FAIL("%s", yes[i]);
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        if (oci_registry_is_loopback(no[i]))
            FAIL("%s", no[i]);
    }
}

TEST(tags_and_repositories)
{
    static const char *const tags[] = {"a", "_1", "A.b-c_D", "1"};
    static const char *const no_tags[] = {"", ".a", "-a", "1+2", "a/b", "a:b", "a\n", "\xC3\xA9"};
    static const char *const repos[] = {"a", "a/b-c__d", "0", "a.b", "a--b", "a---b/c"};
    static const char *const no_repos[] = {"", "A/b", "a//b", "a/-b", "a___b", "/a", "a/", "a.", "a..b", "a_-b", "a\n"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        CHECK(oci_tag_valid(oci_str_of(tags[i])));
    for (size_t i = 0; i < sizeof no_tags / sizeof no_tags[0]; i++)
        CHECK(!oci_tag_valid(oci_str_of(no_tags[i])));
    for (size_t i = 0; i < sizeof repos / sizeof repos[0]; i++)
        CHECK(oci_repository_valid(oci_str_of(repos[i])));
    for (size_t i = 0; i < sizeof no_repos / sizeof no_repos[0]; i++)
        CHECK(!oci_repository_valid(oci_str_of(no_repos[i])));
}
