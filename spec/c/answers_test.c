/* What registries answer: model/challenge, model/http_fields, model/registry_error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "json/json.h"
#include "model/challenge.h"
#include "model/descriptor.h"
#include "model/http_fields.h"
#include "model/registry_error.h"
#include "test.h"

/* ---- challenges ----------------------------------------------------------------------------- */

/* All challenges of some lines as one text: "Bearer realm=... service=...; Basic". */
static void show_lines(const char *const *lines, size_t count, char *text, size_t size)
{
    static const char *const schemes[] = {"Other", "Basic", "Bearer"};
    struct oci_challenges c = {.count = 0};
    struct oci_buf b;
    oci_buf_init(&b, size - 1);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(lines[i]);
        char *copy = malloc(len ? len : 1); /* not NUL-terminated: the length counts */
        memcpy(copy, lines[i], len);
        CHECK_INT(oci_challenges_add(&c, copy, len), OCI_OK);
        free(copy);
    }
    CHECK_INT(oci_buf_reserve(&b, 1), OCI_OK);
    for (size_t i = 0; i < c.count; i++) {
        const struct oci_challenge *item = &c.items[i];
        CHECK_INT(oci_buf_addf(&b, "%s%s", i ? "; " : "", schemes[item->scheme]), OCI_OK);
        CHECK_INT(item->realm ? oci_buf_addf(&b, " realm=%s", item->realm) : OCI_OK, OCI_OK);
        CHECK_INT(item->service ? oci_buf_addf(&b, " service=%s", item->service) : OCI_OK, OCI_OK);
        CHECK_INT(item->scope ? oci_buf_addf(&b, " scope=%s", item->scope) : OCI_OK, OCI_OK);
        CHECK_INT(item->error ? oci_buf_addf(&b, " error=%s", item->error) : OCI_OK, OCI_OK);
    }
    CHECK_INT(oci_str_copy(text, size, oci_str_of(b.p)), OCI_OK);
    oci_buf_done(&b);
    oci_challenges_done(&c);
    CHECK_INT(c.count, 0);
}

TEST(challenge_forms)
{
    static const char *const t[][2] = {
        {"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:x:pull,push\"",
         "Bearer realm=https://a/t service=s scope=repository:x:pull,push"},
        {"Bearer realm=\"https://a/t\" , service=s", "Bearer realm=https://a/t service=s"},
        {"Basic realm=\"x\", Bearer realm=\"https://a/t?x=1,2\",service=\"a\\\"b\"",
         "Basic realm=x; Bearer realm=https://a/t?x=1,2 service=a\"b"},
        {"Negotiate, Basic realm=x", "Other; Basic realm=x"},
        {"Bearer realm=\"https://a/t\",error=\"insufficient_scope\",scope=\"repository:a:pull repository:b:pull\"",
         "Bearer realm=https://a/t scope=repository:a:pull repository:b:pull error=insufficient_scope"},
        {"", ""},
        {" , ,\t, ", ""},
        {"Basic", "Basic"},
        {"BASIC realm=\"Sonatype Nexus Repository Manager\"", "Basic realm=Sonatype Nexus Repository Manager"},
        {"bearer Realm=\"r\",SERVICE=\"s\"", "Bearer realm=r service=s"},
        {"Negotiate abc==", "Other"},
        {"Negotiate abc==, Basic realm=x", "Other; Basic realm=x"},
        {"Negotiate a/b+c=, Basic realm=x", "Other; Basic realm=x"},
        {"Negotiate abc , Basic realm=x", "Other; Basic realm=x"},
        {"Basic realm = \"x\" ,\t charset = \"UTF-8\"", "Basic realm=x"},
        {"Basic , realm=\"x\"", "Basic realm=x"},
        {",, Basic realm=x,, ,Bearer realm=y,", "Basic realm=x; Bearer realm=y"},
        {"Bearer realm=https://a/t,service=reg:5000", "Bearer realm=https://a/t service=reg:5000"},
        {"Bearer realm=\"r\",error=invalid_token", "Bearer realm=r error=invalid_token"},
        {"Bearer realm=\"r\",realm=\"r\",service=a,service=b", "Bearer realm=r service=a"},
        {"Bearer realm=\"\"", "Bearer realm="},
        {"Digest realm=\"a, b=c\", nonce=\"x\", Basic realm=y", "Other realm=a, b=c; Basic realm=y"},
        {"Bearer realm=\"r\\\\s\\\"\"", "Bearer realm=r\\s\""},
        {"Bearer realm=\"\xC3\xA9\"", "Bearer realm=\xC3\xA9"},
    };
    char text[1000];
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        show_lines(&t[i][0], 1, text, sizeof text);
        if (strcmp(text, t[i][1]) != 0)
            FAIL("%s gives %s", t[i][0], text);
    }
}

/* security-quirks 1.2, real challenge forms. */
TEST(challenges_of_real_registries)
{
    static const char *const t[][2] = {
        {"Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\"",
         "Bearer realm=https://auth.docker.io/token service=registry.docker.io"},
        {"Basic realm=\"https://1.dkr.ecr.us-east-1.amazonaws.com/\",service=\"ecr.amazonaws.com\"",
         "Basic realm=https://1.dkr.ecr.us-east-1.amazonaws.com/ service=ecr.amazonaws.com"},
        {"Bearer realm=\"https://public.ecr.aws/token/\",service=\"public.ecr.aws\",scope=\"aws\"",
         "Bearer realm=https://public.ecr.aws/token/ service=public.ecr.aws scope=aws"},
        {"Basic realm=\"harbor\"", "Basic realm=harbor"},
        {"Bearer realm=\"null://host:8081/v2/token\",service=\"null://host:8081/v2/token\"",
         "Bearer realm=null://host:8081/v2/token service=null://host:8081/v2/token"},
        {"Bearer realm=\"https://quay.io/v2/auth\",service=\"quay.io\"",
         "Bearer realm=https://quay.io/v2/auth service=quay.io"},
        {"Bearer realm=\"https://r.azurecr.io/oauth2/token\",service=\"r.azurecr.io\",error=\"invalid_token\"",
         "Bearer realm=https://r.azurecr.io/oauth2/token service=r.azurecr.io error=invalid_token"},
        {"Bearer realm=\"/v2/token\",service=\"x\"", "Bearer realm=/v2/token service=x"},
    };
    static const char *const gitea[] = {"Bearer realm=\"https://g/v2/token\"", "Basic"};
    char text[1000];
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        show_lines(&t[i][0], 1, text, sizeof text);
        CHECK_STR(text, t[i][1]);
    }
    show_lines(gitea, 2, text, sizeof text);
    CHECK_STR(text, "Bearer realm=https://g/v2/token; Basic");
}

TEST(malformed_challenges_are_dropped)
{
    static const char *const t[][2] = {
        {"Basic realm=x, Bearer realm=\"unterminated", "Basic realm=x"},
        {"Basic realm=x, Bearer realm=\"a\"b, Basic realm=y", "Basic realm=x"},
        {"Bearer realm=\"a\" service=\"b\"", ""},
        {"Bearer realm=\"a\",realm=\"b\", Basic realm=c", "Basic realm=c"},
        {"Bearer realm=\"a\nb\", Basic realm=c", "Basic realm=c"},
        {"Bearer realm=\"a\x1b[31m\", Basic realm=c", "Basic realm=c"},
        {"Bearer realm=a,scope=\"x\ry\"", ""},
        {"Bearer realm=\"\xFF\"", ""},
        {"Bearer realm=a\x01", ""},
        {"Basic\"x\"", ""},
        {"\"Basic\" realm=x", ""},
        {"=x", ""},
        {"Bearer realm=", "Bearer"},
        {"Bearer realm==", "Bearer"},
        {"Bearer realm=,Basic realm=x", "Bearer; Basic realm=x"},
        {"Bearer realm=\"\\", ""},
        {"Bearer realm=\"\\\"", ""},
        {"\x80 realm=x", ""},
        {"Bearer \x80", ""},
    };
    char text[1000];
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        show_lines(&t[i][0], 1, text, sizeof text);
        if (strcmp(text, t[i][1]) != 0)
            FAIL("row %zu (%s) gives %s", i, t[i][0], text);
    }
    struct oci_challenges c = {.count = 0};
    CHECK_INT(oci_challenges_add(&c, "Bearer realm=\"a\0b\"", 18), OCI_OK);
    CHECK_INT(oci_challenges_add(&c, "Bearer realm=a\0b", 16), OCI_OK);
    CHECK_INT(oci_challenges_add(&c, "\0", 1), OCI_OK);
    CHECK_INT(c.count, 0);
    oci_challenges_done(NULL);
}

TEST(challenges_are_bounded)
{
    struct oci_challenges c = {.count = 0};
    struct oci_buf b;
    oci_buf_init(&b, 200000);
    /* A line of 100 KB. */
    CHECK_INT(oci_buf_add_str(&b, "Bearer realm=\""), OCI_OK);
    for (int i = 0; i < 100000; i++)
        CHECK_INT(oci_buf_add_char(&b, 'x'), OCI_OK);
    CHECK_INT(oci_buf_add_char(&b, '"'), OCI_OK);
    CHECK_INT(oci_challenges_add(&c, b.p, b.len), OCI_OK);
    CHECK_INT(c.count, 0);
    /* Too many challenges, on one line and on several. */
    oci_buf_clear(&b);
    for (int i = 0; i < 15; i++)
        CHECK_INT(oci_buf_addf(&b, "Basic realm=%d,", i), OCI_OK);
    CHECK_INT(oci_challenges_add(&c, b.p, b.len), OCI_OK);
    CHECK_INT(c.count, 15);
    CHECK_INT(oci_challenges_add(&c, b.p, b.len), OCI_OK);
    CHECK_INT(c.count, OCI_CHALLENGES_MAX);
    oci_challenges_done(&c);
    /* Too many parameters. */
    for (int params = 32; params <= 33; params++) {
        oci_buf_clear(&b);
        CHECK_INT(oci_buf_add_str(&b, "Basic p0=1"), OCI_OK);
        for (int i = 1; i < params; i++)
            CHECK_INT(oci_buf_addf(&b, ",p%d=1", i), OCI_OK);
        CHECK_INT(oci_challenges_add(&c, b.p, b.len), OCI_OK);
        CHECK_INT(c.count, params == 32);
        oci_challenges_done(&c);
    }
    oci_buf_done(&b);
}

TEST(challenge_choice)
{
    static const struct {
        const char *line;
        const char *realm; /* NULL: nothing to choose */
        enum oci_scheme scheme;
    } t[] = {
        {"Basic realm=b, Bearer realm=t", "t", OCI_SCHEME_BEARER},
        {"Bearer realm=t, Bearer realm=u, Basic realm=b", "t", OCI_SCHEME_BEARER},
        {"Basic realm=b, Basic realm=c", "b", OCI_SCHEME_BASIC},
        {"Bearer service=s, Basic realm=b", "b", OCI_SCHEME_BASIC},
        {"Bearer realm=\"\", Basic realm=b", "b", OCI_SCHEME_BASIC},
        {"Basic realm=b,service=\"ecr.amazonaws.com\"", "b", OCI_SCHEME_BASIC},
        {"Negotiate, Digest realm=x", NULL, OCI_SCHEME_OTHER},
        {"Bearer", NULL, OCI_SCHEME_OTHER},
        {"", NULL, OCI_SCHEME_OTHER},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_challenges c = {.count = 0};
        CHECK_INT(oci_challenges_add(&c, t[i].line, strlen(t[i].line)), OCI_OK);
        const struct oci_challenge *chosen = oci_challenges_choose(&c);
        CHECK((chosen == NULL) == (t[i].realm == NULL));
        if (chosen) {
            CHECK_STR(chosen->realm, t[i].realm);
            CHECK_INT(chosen->scheme, t[i].scheme);
        }
        oci_challenges_done(&c);
    }
}

/* ---- header grammars ------------------------------------------------------------------------ */

TEST(link_next)
{
    static const struct {
        const char *header, *target; /* NULL: none */
    } t[] = {
        {"</v2/a/tags/list?n=2&last=b>; rel=\"next\"", "/v2/a/tags/list?n=2&last=b"},
        {"</x>; rel=next", "/x"},
        {"</x>;rel=next", "/x"},
        {"</x> ; Rel = \"NEXT\"", "/x"},
        {"</x>; REL=Next; title=\"a, b; c\"", "/x"},
        {"</x>; title=\"rel=next\"; rel=prev, </y>; rel=next", "/y"},
        {"</first>; rel=\"first\", </x>; rel=\"prev next\"", "/x"},
        {"</x>; rel=\"next\", </y>; rel=\"next\"", "/x"},
        {"<https://h/v2/_catalog?last=a,b;c>; rel=next", "https://h/v2/_catalog?last=a,b;c"},
        {"https://h/p?a=b; rel=next", "https://h/p?a=b"},
        {"https://h/p?a=b,c; rel=\"next\"", "https://h/p?a=b,c"},
        {"/v2/x?next_page=abc%3D%3D; rel=next", "/v2/x?next_page=abc%3D%3D"},
        {"https://h/a; rel=prev, https://h/b; rel=next", "https://h/b"},
        {" , </x>; rel=next", "/x"},
        {"< /x >; rel=next", "/x"},
        {"</x>; rel=prev; rel=next", NULL},
        {"</x>; rel=next; rel=prev", "/x"},
        {"</x>; rel=nextpage", NULL},
        {"</x>; rel", NULL},
        {"</x>; rel=", NULL},
        {"</x>", NULL},
        {"</x", NULL},
        {"<>; rel=next", NULL},
        {"; rel=next", NULL},
        {"rel=next", NULL},
        {"", NULL},
        {NULL, NULL},
        {",,,,", NULL},
        {"</a b>; rel=next", NULL},
        {"</a\x01>; rel=next", NULL},
        {"</\xC3\xA9>; rel=next", NULL},
        {"</x>; rel=\"next", "/x"},
        {"</x>; title=\"\\", NULL},
        {"</x>; a=b; ; ;rel=next", "/x"},
        {"</x> junk, </y>; rel=next", "/y"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_str target;
        bool found = oci_link_next(t[i].header, &target);
        if (found != (t[i].target != NULL) || (found && !oci_str_eq(target, t[i].target)))
            FAIL("row %zu: %s", i, t[i].header);
    }
}

TEST(upload_range)
{
    static const struct {
        const char *header;
        int64_t count; /* -1: not such a header */
        bool sure;
    } t[] = {
        {"0-499", 500, true},      {"bytes=0-499", 500, true}, {"bytes 0-499", 500, true}, {"Bytes=0-1", 2, true},
        {" 0-499 ", 500, true},    {"0--1", 0, true},          {"bytes=0--1", 0, true},    {"0-0", 0, false},
        {"bytes=0-0", 0, false},   {"0-9007199254740990", 9007199254740991, true},
        {"0-9007199254740991", -1, false}, {"0-18446744073709551615", -1, false},
        {"1-499", -1, false},      {"0", -1, false},           {"0-", -1, false},          {"-5", -1, false},
        {"0-x", -1, false},        {"0-1/2", -1, false},       {"0--2", -1, false},        {"", -1, false},
        {NULL, -1, false},         {"bytes", -1, false},       {"bytes=", -1, false},      {"items=0-1", -1, false},
        {"bytes0-1", -1, false},   {"0-+1", -1, false},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint64_t count = 7;
        bool sure = false;
        bool ok = oci_upload_range(t[i].header, &count, &sure);
        if (ok != (t[i].count >= 0) || (ok && ((int64_t)count != t[i].count || sure != t[i].sure)))
            FAIL("row %zu: %s gives %d %llu", i, t[i].header, ok, (unsigned long long)count);
    }
}

TEST(content_range)
{
    static const char *const bad[] = {"bytes */10",  "bytes 5-4/10", "bytes 0-10/10", "0-4/10",  "bytes 0-4",
                                      "bytes -4/10", "bytes 0-/10",  "bytes 0-4/",    "lines 0-4/10", "bytes 0-4/x",
                                      "bytes 0-18446744073709551615/*", "", NULL};
    uint64_t from = 0, to = 0, total = 0;
    CHECK(oci_content_range("bytes 0-4/10", &from, &to, &total));
    CHECK(from == 0 && to == 4 && total == 10);
    CHECK(oci_content_range("Bytes 9-9/10", &from, &to, &total));
    CHECK(from == 9 && to == 9 && total == 10);
    CHECK(oci_content_range("bytes 3-4/*", &from, &to, &total));
    CHECK(from == 3 && to == 4 && total == OCI_SIZE_UNKNOWN);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (oci_content_range(bad[i], &from, &to, &total))
            FAIL("%s", bad[i]);
    }
    CHECK(from == 3 && to == 4);
}

TEST(retry_after)
{
    static const struct {
        const char *header;
        int64_t now, seconds; /* -1: not to be used */
    } t[] = {
        {"120", 0, 120},
        {" 0 ", 0, 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777 - 60, 60},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777 - 60, 60},
        {"Sun Nov  6 08:49:37 1994", 784111777 - 60, 60},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0, 0},
        {"Thu, 29 Feb 2024 23:59:60 GMT", 1709251199, 1},
        {"Wed, 25 Nov 2026 12:00:00 GMT", 1795608000, 0},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 - 5, 5},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111778, -1},
        {"-1", 0, -1},
        {"1.5", 0, -1},
        {"soon", 0, -1},
        {"", 0, -1},
        {NULL, 0, -1},
        {"99999999999999999999", 0, -1},
        {"Sun, 06 Foo 1994 08:49:37 GMT", 0, -1},
        {"Sun, 06 Nov 1994 24:49:37 GMT", 0, -1},
        {"Sun, 32 Nov 1994 08:49:37 GMT", 0, -1},
        {"Sun, 06 Nov 1994 08:49", 0, -1},
        {"Sun, 06 Nov 1994 08:49:37:11 GMT", 0, -1},
        {"Sun, 06 Nov 99999 08:49:37 GMT", 0, -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT Sun, 06 Nov 1994 08:49:37 GMT Sun, 06 Nov", 0, -1},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint64_t seconds = 7;
        bool ok = oci_retry_after(t[i].header, t[i].now, &seconds);
        if (ok != (t[i].seconds >= 0) || (ok && (int64_t)seconds != t[i].seconds))
            FAIL("row %zu: %s gives %d %llu", i, t[i].header, ok, (unsigned long long)seconds);
    }
}

/* ---- registry errors ------------------------------------------------------------------------ */

static int registry_error(struct oci_err *e, int status, const char *body, enum oci_asked_for asked)
{
    oci_err_clear(e);
    return oci_registry_error(e, status, body, body ? strlen(body) : 0, asked, "getting R");
}

#define ERR(code) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"m\",\"detail\":null}]}"

TEST(error_codes_count_before_the_status)
{
    static const struct {
        int status;
        const char *body;
        enum oci_asked_for asked;
        int code;
    } t[] = {
        {404, ERR("MANIFEST_UNKNOWN"), OCI_ASKED_OTHER, OCI_NOT_FOUND},
        {400, ERR("NAME_UNKNOWN"), OCI_ASKED_OTHER, OCI_NOT_FOUND},
        {401, ERR("BLOB_UNKNOWN"), OCI_ASKED_OTHER, OCI_NOT_FOUND},
        {500, ERR("BLOB_UPLOAD_UNKNOWN"), OCI_ASKED_OTHER, OCI_NOT_FOUND},
        {400, ERR("MANIFEST_BLOB_UNKNOWN"), OCI_ASKED_OTHER, OCI_NOT_FOUND},
        {404, ERR("UNKNOWN"), OCI_ASKED_OTHER, OCI_NOT_FOUND},
        {400, ERR("UNKNOWN"), OCI_ASKED_OTHER, OCI_REGISTRY},
        {404, ERR("UNAUTHORIZED"), OCI_ASKED_OTHER, OCI_UNAUTHORIZED},
        {403, ERR("UNAUTHORIZED"), OCI_ASKED_OTHER, OCI_UNAUTHORIZED},
        {401, ERR("DENIED"), OCI_ASKED_OTHER, OCI_DENIED},
        {400, ERR("UNSUPPORTED"), OCI_ASKED_OTHER, OCI_UNSUPPORTED},
        {403, ERR("toomanyrequests"), OCI_ASKED_OTHER, OCI_RATE_LIMITED},
        {400, ERR("DIGEST_INVALID"), OCI_ASKED_UPLOAD, OCI_DIGEST_MISMATCH},
        {400, ERR("DIGEST_INVALID"), OCI_ASKED_OTHER, OCI_REGISTRY},
        {400, ERR("DIGEST_INVALID"), OCI_ASKED_UNTAG, OCI_UNSUPPORTED},
        {404, ERR("DIGEST_INVALID"), OCI_ASKED_OTHER, OCI_NOT_FOUND},
        {400, ERR("MANIFEST_INVALID"), OCI_ASKED_OTHER, OCI_REGISTRY},
        {400, NULL, OCI_ASKED_OTHER, OCI_REGISTRY},
        {400, NULL, OCI_ASKED_UNTAG, OCI_UNSUPPORTED},
        {401, NULL, OCI_ASKED_OTHER, OCI_UNAUTHORIZED},
        {403, NULL, OCI_ASKED_OTHER, OCI_DENIED},
        {404, NULL, OCI_ASKED_OTHER, OCI_NOT_FOUND},
        {405, NULL, OCI_ASKED_OTHER, OCI_UNSUPPORTED},
        {406, NULL, OCI_ASKED_OTHER, OCI_REGISTRY},
        {409, NULL, OCI_ASKED_OTHER, OCI_CONFLICT},
        {412, NULL, OCI_ASKED_OTHER, OCI_CONFLICT},
        {413, NULL, OCI_ASKED_OTHER, OCI_LIMIT},
        {416, NULL, OCI_ASKED_OTHER, OCI_REGISTRY},
        {429, NULL, OCI_ASKED_OTHER, OCI_RATE_LIMITED},
        {500, NULL, OCI_ASKED_OTHER, OCI_REGISTRY},
        {503, NULL, OCI_ASKED_OTHER, OCI_REGISTRY},
        {307, NULL, OCI_ASKED_OTHER, OCI_REGISTRY},
    };
    struct oci_err e;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        int rc = registry_error(&e, t[i].status, t[i].body, t[i].asked);
        if (rc != t[i].code || e.code != rc || e.status != t[i].status)
            FAIL("row %zu: %d %s gives %s", i, t[i].status, t[i].body, oci_err_name(rc));
    }
}

TEST(error_says_what_may_be_tried_again)
{
    static const int yes[] = {408, 425, 429, 500, 502, 503, 504};
    static const int no[] = {307, 400, 401, 403, 404, 405, 409, 413, 416, 501, 505};
    struct oci_err e;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        registry_error(&e, yes[i], NULL, OCI_ASKED_OTHER);
        CHECK(e.retryable);
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        registry_error(&e, no[i], NULL, OCI_ASKED_OTHER);
        CHECK(!e.retryable);
    }
    registry_error(&e, 403, ERR("TOOMANYREQUESTS"), OCI_ASKED_OTHER);
    CHECK(e.retryable);
}

TEST(error_texts)
{
    static const struct {
        int status;
        const char *body, *text, *registry;
    } t[] = {
        {404,
         "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\",\"detail\":{\"Tag\":\"x\"}}]}\n",
         "getting R: 404 MANIFEST_UNKNOWN: manifest unknown",
         "[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\",\"detail\":{\"Tag\":\"x\"}}]"},
        {404, NULL, "getting R: 404 Not Found", ""},
        {418, NULL, "getting R: 418 error", ""},
        {304, NULL, "getting R: 304 unexpected answer", ""},
        {403, "{\"errors\":[{\"status\":403,\"message\":\"Forbidden by policy\"}]}",
         "getting R: 403 Forbidden: Forbidden by policy", "[{\"message\":\"Forbidden by policy\"}]"},
        {500, "{\"errors\":[]}", "getting R: 500 Internal Server Error", ""},
        {500, "{\"errors\":null}", "getting R: 500 Internal Server Error", ""},
        {500, "{\"errors\":[1,\"x\",null]}", "getting R: 500 Internal Server Error", ""},
        {500, "{\"errors\":[{\"code\":7,\"message\":[]}]}", "getting R: 500 Internal Server Error",
         "[{\"code\":7,\"message\":[]}]"},
        {404,
         "{\"errors\":[{\"code\":\"X\",\"message\":\"first\"},{\"code\":\"NAME_UNKNOWN\",\"message\":\"second\"}]}",
         "getting R: 404 NAME_UNKNOWN: second",
         "[{\"code\":\"X\",\"message\":\"first\"},{\"code\":\"NAME_UNKNOWN\",\"message\":\"second\"}]"},
        {401, "{\"details\":\"incorrect username or password\"}",
         "getting R: 401 Unauthorized: incorrect username or password", ""},
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}",
         "getting R: 400 Bad Request: expired", ""},
        {502, "<html><head><title>502 Bad Gateway</title></head></html>", "getting R: 502 Bad Gateway", ""},
        {502, "<!DOCTYPE html>\n<p>x", "getting R: 502 Bad Gateway", ""},
        {404, "404 page not found\n", "getting R: 404 Not Found: 404 page not found", ""},
        {404, "two\nlines", "getting R: 404 Not Found", ""},
        {404, "esc\x1b[31m", "getting R: 404 Not Found", ""},
        {404, "{\"errors\":[{\"code\":\"A", "getting R: 404 Not Found", ""},
        {404, "[]", "getting R: 404 Not Found", ""},
        {404, "\"text\"", "getting R: 404 Not Found", ""},
        {404, "  \r\n", "getting R: 404 Not Found", ""},
        {400, "{\"errors\":[{\"code\":\"E\\u001b[1m\",\"message\":\"line\\nbreak \\u0007 end\\n\"}]}",
         "getting R: 400 E?[1m: line break ? end", "[{\"code\":\"E?[1m\",\"message\":\"line?break ? end?\"}]"},
        {400, "{\"errors\":[{\"code\":\"E\",\"message\":\"see https://u:p@h/x?token=SECRET for Bearer SECRET\"}]}",
         "getting R: 400 E: see https://h/x for Bearer ***",
         "[{\"code\":\"E\",\"message\":\"see https://h/x for Bearer ***\"}]"},
        {400,
         "{\"errors\":[{\"code\":\"E\",\"message\":\"m\","
         "\"detail\":[{\"t\":\"eyJhbGciOiJSUzI1NiJ9.e30.x\"},1.5,true]}]}",
         "getting R: 400 E: m", "[{\"code\":\"E\",\"message\":\"m\",\"detail\":[{\"t\":\"***\"},1.5,true]}]"},
    };
    struct oci_err e;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        registry_error(&e, t[i].status, t[i].body, OCI_ASKED_OTHER);
        CHECK_STR(e.text, t[i].text);
        CHECK_STR(e.registry, t[i].registry);
        CHECK_STR(e.url, "");
    }
    CHECK_INT(oci_registry_error(NULL, 404, NULL, 0, OCI_ASKED_OTHER, "x"), OCI_NOT_FOUND);
    oci_err_clear(&e);
    oci_err_set(&e, OCI_IO, "first");
    CHECK_INT(oci_registry_error(&e, 404, NULL, 0, OCI_ASKED_OTHER, "x"), OCI_NOT_FOUND);
    CHECK_STR(e.text, "first");
    CHECK_INT(e.status, 0);
}

/* However much there is: one line that fits, and JSON that parses. */
TEST(errors_fit)
{
    struct oci_buf b;
    struct oci_err e = {0};
    oci_buf_init(&b, OCI_MAX_ERROR_BODY * 2);
    for (size_t message = 1; message < 30000; message = message * 3 + 1) {
        oci_buf_clear(&b);
        CHECK_INT(oci_buf_add_str(&b, "{\"errors\":["), OCI_OK);
        for (int i = 0; i < 20 && b.len + message * 2 < OCI_MAX_ERROR_BODY - 1000; i++) {
            CHECK_INT(oci_buf_addf(&b, "%s{\"code\":\"CODE_%d\",\"message\":\"", i ? "," : "", i), OCI_OK);
            for (size_t k = 0; k < message; k++)
                CHECK_INT(oci_buf_add_str(&b, k % 5 ? "m" : "\xC3\xA9"), OCI_OK);
            CHECK_INT(oci_buf_add_str(&b, "\",\"detail\":\"0123456789\"}"), OCI_OK);
        }
        CHECK_INT(oci_buf_add_str(&b, "]}"), OCI_OK);
        CHECK_INT(registry_error(&e, 400, b.p, OCI_ASKED_OTHER), OCI_REGISTRY);
        CHECK(oci_starts_with(e.text, "getting R: 400 CODE_0: \xC3\xA9"));
        CHECK(oci_utf8_valid(e.text, strlen(e.text)) && !strchr(e.text, '?'));
        struct oci_json *v = NULL;
        if (e.registry[0]) {
            CHECK_INT(oci_json_parse(e.registry, strlen(e.registry), 1000, &v, NULL), OCI_OK);
            CHECK_STR(oci_json_string(oci_json_get(oci_json_first(v), "code")), "CODE_0");
        }
        oci_json_free(v);
        CHECK(e.registry[0] || message > 300);
    }
    /* More than we look at. */
    oci_buf_clear(&b);
    while (b.len <= OCI_MAX_ERROR_BODY)
        CHECK_INT(oci_buf_add_str(&b, "[\"x\"],"), OCI_OK);
    CHECK_INT(registry_error(&e, 500, b.p, OCI_ASKED_OTHER), OCI_REGISTRY);
    CHECK_STR(e.text, "getting R: 500 Internal Server Error");
    oci_buf_done(&b);
    char doing[600];
    memset(doing, 'd', sizeof doing - 1);
    doing[sizeof doing - 1] = '\0';
    oci_err_clear(&e);
    oci_registry_error(&e, 404, ERR("MANIFEST_UNKNOWN"), strlen(ERR("MANIFEST_UNKNOWN")), OCI_ASKED_OTHER, doing);
    CHECK(oci_ends_with(e.text, "ddd...: 404 MANIFEST_UNKNOWN: m"));
}
