/* Manifests, lists and deletes of a registry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "flow/registry_flows.h"
#include "flow_host.h"
#include "model/manifest.h"
#include "test.h"

#define OTHER "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define EMPTY_CONFIG "\"config\":{\"mediaType\":\"" OCI_TYPE_EMPTY "\",\"digest\":\"" OTHER "\",\"size\":2}"
#define BODY                                                                                           \
    "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"artifactType\":\"a/b\"," EMPTY_CONFIG   \
    ",\"layers\":[]}"
#define UNTYPED "{\"schemaVersion\":2," EMPTY_CONFIG ",\"layers\":[]}"
#define INDEX "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_INDEX "\",\"manifests\":[]}"
#define ARTIFACT "{\"mediaType\":\"application/vnd.oci.artifact.manifest.v1+json\",\"blobs\":[]}"
#define TAG "/v2/a/b/manifests/v1"
#define PULL_SCOPE "repository:a/b:pull"
#define PUSH_SCOPE "repository:a/b:pull,push"

static struct flow_host host;
static struct oci_desc found;
static struct oci_bytes *bytes;
static struct oci_names names;
static char sha256[OCI_DIGEST_MAX], sha512[OCI_DIGEST_MAX]; /* of BODY */

static struct oci_repository repo(void)
{
    return (struct oci_repository){.host = &host.host, .origin = flow_origin(), .registry = "r.io", .name = "a/b"};
}

static const char *digest_of(const char *algorithm, const char *text, char *buf)
{
    struct oci_digest d;
    CHECK_INT(oci_digest_of(oci_str_of(algorithm), text, strlen(text), &d, NULL), OCI_OK);
    memcpy(buf, d.text, sizeof d.text);
    return buf;
}

static void begin(const struct flow_row *rows, size_t count)
{
    flow_host_init(&host, rows, count);
    digest_of("sha256", BODY, sha256);
    digest_of("sha512", BODY, sha512);
    found = (struct oci_desc){0};
    bytes = NULL;
    oci_names_init(&names);
}

static void forget(void)
{
    oci_desc_done(&found);
    bytes = oci_bytes_unref(bytes);
    oci_names_done(&names);
}

static void end(void)
{
    forget();
    flow_host_done(&host, false);
}

static int get(const char *name, size_t max)
{
    struct oci_repository r = repo();
    forget();
    return flow_host_run(&host, oci_flow_get_manifest(&r, name, max, &found, &bytes));
}

static int head(const char *name)
{
    struct oci_repository r = repo();
    forget();
    return flow_host_run(&host, oci_flow_head_manifest(&r, name, &found));
}

static int put(const char *text, const char *type, const char *tag)
{
    struct oci_repository r = repo();
    struct oci_bytes *b = oci_bytes_new(text, strlen(text));
    struct oci_desc d;
    struct oci_digest g;
    oci_digest_of(OCI_STR("sha256"), text, strlen(text), &g, NULL);
    oci_desc_set(&d, type, &g, b->len);
    int rc = flow_host_run(&host, oci_flow_put_manifest(&r, &d, b, tag));
    oci_bytes_unref(b);
    return rc;
}

static int tags(void)
{
    struct oci_repository r = repo();
    forget();
    return flow_host_run(&host, oci_flow_list_tags(&r, &names));
}

static int repositories(void)
{
    struct oci_repository r = repo();
    forget();
    return flow_host_run(&host, oci_flow_list_repositories(&r, &names));
}

/* ---- get ---- */

TEST(gets_a_manifest_by_its_tag)
{
    const struct flow_row rows[] = {{
        .ask = "GET " TAG,
        .status = 200,
        .body = BODY,
        .type = OCI_TYPE_MANIFEST "; charset=utf-8",
        .scope = PULL_SCOPE,
        .accept = OCI_TYPE_MANIFEST ", " OCI_TYPE_INDEX ", " OCI_TYPE_DOCKER_MANIFEST ", " OCI_TYPE_DOCKER_LIST,
    }};
    begin(FLOW_ROWS(rows));
    CHECK_INT(get("v1", 0), OCI_OK);
    CHECK_STR(bytes->p, BODY);
    CHECK_STR(found.digest.text, sha256);
    CHECK_STR(found.media_type, OCI_TYPE_MANIFEST);
    CHECK_STR(found.artifact_type, "a/b");
    CHECK_INT(found.size, strlen(BODY));
    end();
}

/* Q20, T22, T25 */
TEST(a_digest_asked_for_is_verified_with_its_own_algorithm)
{
    begin(NULL, 0);
    char by256[200], by512[300];
    snprintf(by256, sizeof by256, "GET /v2/a/b/manifests/%s", sha256);
    snprintf(by512, sizeof by512, "GET /v2/a/b/manifests/%s", sha512);
    flow_host_done(&host, false);
    const struct flow_row rows[] = {
        {.ask = by256, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST, .digest = sha256},
        {.ask = by512, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST, .digest = sha256},
        {.ask = by256, .status = 200, .body = INDEX, .type = OCI_TYPE_INDEX, .digest = sha256},
        {.ask = by256, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST, .digest = OTHER},
        {.ask = by512, .status = 200, .body = INDEX, .type = OCI_TYPE_INDEX},
        {.ask = by256, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST},
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(get(sha256, 0), OCI_OK);
    CHECK_INT(get(sha512, 0), OCI_OK);
    CHECK_STR(found.digest.text, sha512);
    CHECK_INT(get(sha256, 0), OCI_DIGEST_MISMATCH);
    CHECK(!bytes);
    CHECK_INT(get(sha256, 0), OCI_DIGEST_MISMATCH);
    CHECK_INT(get(sha512, 0), OCI_DIGEST_MISMATCH);
    CHECK_INT(get(sha256, 0), OCI_OK);
    CHECK_INT(get("sha384:00", 0), OCI_UNSUPPORTED);
    CHECK_INT(get("sha256:00", 0), OCI_INVALID);
    end();
}

TEST(the_answers_digest_must_be_true_for_a_tag_too)
{
    char other512[OCI_DIGEST_MAX];
    digest_of("sha512", "something else", other512);
    begin(NULL, 0);
    flow_host_done(&host, false);
    const struct flow_row rows[] = {
        {.ask = "GET " TAG, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST, .digest = sha256},
        {.ask = "GET " TAG, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST, .digest = sha512},
        {.ask = "GET " TAG, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST, .digest = "md5:12345"},
        {.ask = "GET " TAG, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST, .digest = OTHER},
        {.ask = "GET " TAG, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST, .digest = other512},
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(get("v1", 0), OCI_OK);
    CHECK_INT(get("v1", 0), OCI_OK);
    CHECK_STR(found.digest.text, sha512);
    CHECK_INT(get("v1", 0), OCI_OK);
    CHECK_STR(found.digest.text, sha256);
    CHECK_INT(get("v1", 0), OCI_DIGEST_MISMATCH);
    CHECK_INT(get("v1", 0), OCI_DIGEST_MISMATCH);
    end();
}

/* T01 to T05, T23, Q24 */
TEST(the_type_of_a_manifest)
{
    static const struct {
        const char *sent, *body;
        int by_tag, by_digest;
        const char *type;
    } cases[] = {
        {OCI_TYPE_MANIFEST, BODY, OCI_OK, OCI_OK, OCI_TYPE_MANIFEST},
        {OCI_TYPE_MANIFEST, UNTYPED, OCI_OK, OCI_OK, OCI_TYPE_MANIFEST},
        {OCI_TYPE_DOCKER_MANIFEST, UNTYPED, OCI_OK, OCI_OK, OCI_TYPE_DOCKER_MANIFEST},
        {OCI_TYPE_INDEX, INDEX, OCI_OK, OCI_OK, OCI_TYPE_INDEX},
        {"text/plain", BODY, OCI_OK, OCI_OK, OCI_TYPE_MANIFEST},
        {"application/octet-stream", INDEX, OCI_OK, OCI_OK, OCI_TYPE_INDEX},
        {NULL, BODY, OCI_OK, OCI_OK, OCI_TYPE_MANIFEST},
        {"application/json", UNTYPED, OCI_OK, OCI_OK, OCI_TYPE_MANIFEST},
        {OCI_TYPE_INDEX, BODY, OCI_INVALID, OCI_INVALID, NULL},
        {OCI_TYPE_MANIFEST, INDEX, OCI_INVALID, OCI_INVALID, NULL},
        {OCI_TYPE_MANIFEST, "{}", OCI_INVALID, OCI_INVALID, NULL},
        {OCI_TYPE_MANIFEST, "", OCI_INVALID, OCI_INVALID, NULL},
        {"text/html", BODY, OCI_INVALID, OCI_OK, OCI_TYPE_MANIFEST},
        {"text/html", "<html>", OCI_INVALID, OCI_OK, "text/html"},
        {"application/vnd.oci.artifact.manifest.v1+json", ARTIFACT, OCI_INVALID, OCI_OK,
         "application/vnd.oci.artifact.manifest.v1+json"},
        {NULL, "<html>", OCI_INVALID, OCI_OK, OCI_TYPE_OCTETS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[OCI_DIGEST_MAX];
        const struct flow_row rows[] = {
            {.status = 200, .body = cases[i].body, .type = cases[i].sent},
            {.status = 200, .body = cases[i].body, .type = cases[i].sent},
        };
        begin(FLOW_ROWS(rows));
        digest_of("sha256", cases[i].body, name);
        CHECK_INT(get("v1", 0), cases[i].by_tag);
        if (cases[i].by_tag == OCI_OK)
            CHECK_STR(found.media_type, cases[i].type);
        CHECK_INT(get(name, 0), cases[i].by_digest);
        if (cases[i].by_digest == OCI_OK) {
            CHECK_STR(found.media_type, cases[i].type);
            CHECK_STR(bytes->p, cases[i].body);
        }
        end();
    }
}

TEST(a_manifest_over_its_limit)
{
    const struct flow_row rows[] = {
        {.status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST},
        {.status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST},
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(get("v1", strlen(BODY) - 1), OCI_LIMIT);
    CHECK_INT(get("v1", strlen(BODY)), OCI_OK);
    end();
}

/* ---- head ---- */

TEST(head_is_enough_when_it_tells_all)
{
    begin(NULL, 0);
    flow_host_done(&host, false);
    const struct flow_row rows[] = {
        {.ask = "HEAD " TAG, .status = 200, .length = 99, .digest = sha256, .type = OCI_TYPE_INDEX,
         .scope = PULL_SCOPE},
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(head("v1"), OCI_OK);
    CHECK_STR(found.digest.text, sha256);
    CHECK_STR(found.media_type, OCI_TYPE_INDEX);
    CHECK_INT(found.size, 99);
    end();
}

TEST(head_falls_back_to_get)
{
    begin(NULL, 0);
    flow_host_done(&host, false);
    const struct flow_row heads[] = {
        {.ask = "HEAD " TAG, .status = 200, .length = 99, .type = OCI_TYPE_MANIFEST},
        {.ask = "HEAD " TAG, .status = 200, .length = 99, .digest = sha256, .type = "text/html"},
        {.ask = "HEAD " TAG, .status = 200, .digest = sha256, .type = OCI_TYPE_MANIFEST},
        {.ask = "HEAD " TAG, .status = 405},
        {.ask = "HEAD " TAG, .status = 403},
        {.ask = "HEAD " TAG, .status = 501},
    };
    for (size_t i = 0; i < 6; i++) {
        const struct flow_row rows[] = {
            heads[i], {.ask = "GET " TAG, .status = 200, .body = BODY, .type = OCI_TYPE_MANIFEST}};
        begin(FLOW_ROWS(rows));
        CHECK_INT(head("v1"), OCI_OK);
        CHECK_STR(found.digest.text, sha256);
        CHECK_INT(found.size, strlen(BODY));
        end();
    }
}

TEST(head_by_digest)
{
    begin(NULL, 0);
    flow_host_done(&host, false);
    const struct flow_row rows[] = {
        {.status = 200, .length = 9, .digest = sha256, .type = OCI_TYPE_MANIFEST},
        {.status = 200, .length = 9, .digest = sha256, .type = OCI_TYPE_MANIFEST}, /* asked: sha512 */
        {.status = 200, .length = 9, .digest = OTHER, .type = OCI_TYPE_MANIFEST},
        {.status = 404},
        {.status = 200, .length = INT64_MAX, .digest = sha256, .type = OCI_TYPE_MANIFEST},
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(head(sha256), OCI_OK);
    CHECK_INT(head(sha512), OCI_OK);
    CHECK_STR(found.digest.text, sha512);
    CHECK_INT(head(sha256), OCI_DIGEST_MISMATCH);
    CHECK_INT(head(sha256), OCI_NOT_FOUND);
    CHECK_INT(head(sha256), OCI_INVALID);
    end();
}

/* ---- put ---- */

TEST(puts_exactly_the_bytes_under_the_type)
{
    begin(NULL, 0);
    char by256[200];
    snprintf(by256, sizeof by256, "PUT /v2/a/b/manifests/%s", sha256);
    flow_host_done(&host, false);
    const struct flow_row rows[] = {
        {.ask = "PUT " TAG, .status = 201, .digest = sha256, .sent = BODY, .sent_type = OCI_TYPE_MANIFEST,
         .scope = PUSH_SCOPE},
        {.ask = by256, .status = 201, .sent = BODY},
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(put(BODY, OCI_TYPE_MANIFEST, "v1"), OCI_OK);
    CHECK_INT(put(BODY, OCI_TYPE_MANIFEST, NULL), OCI_OK);
    end();
}

TEST(what_the_registry_says_it_stored_is_compared)
{
    const struct flow_row rows[] = {{.status = 201, .digest = OTHER}, {.status = 201, .digest = sha512}};
    begin(FLOW_ROWS(rows));
    CHECK_INT(put(BODY, OCI_TYPE_MANIFEST, "v1"), OCI_DIGEST_MISMATCH);
    CHECK_INT(put(BODY, OCI_TYPE_MANIFEST, "v1"), OCI_OK);
    end();
}

TEST(an_unclear_answer_to_a_put_is_settled_by_head)
{
    begin(NULL, 0);
    flow_host_done(&host, false);
    const struct flow_row puts[] = {
        {.ask = "PUT " TAG, .status = 202},
        {.ask = "PUT " TAG, .lost = OCI_NETWORK, .after = 3},
    };
    const struct flow_row heads[] = {
        {.ask = "HEAD " TAG, .status = 200, .digest = sha256},
        {.ask = "HEAD " TAG, .status = 200, .length = sizeof BODY - 1},
        {.ask = "HEAD " TAG, .status = 200, .digest = OTHER},
        {.ask = "HEAD " TAG, .status = 404},
        {.ask = "HEAD " TAG, .lost = OCI_TIMEOUT},
    };
    static const int codes[2][5] = {
        {OCI_OK, OCI_OK, OCI_REGISTRY, OCI_REGISTRY, OCI_TIMEOUT},
        {OCI_OK, OCI_OK, OCI_NETWORK, OCI_NETWORK, OCI_NETWORK},
    };
    for (size_t i = 0; i < 10; i++) {
        const struct flow_row rows[] = {puts[i / 5], heads[i % 5]};
        begin(FLOW_ROWS(rows));
        CHECK_INT(put(BODY, OCI_TYPE_MANIFEST, "v1"), codes[i / 5][i % 5]);
        end();
    }
    const struct flow_row sure[] = {{.ask = "PUT " TAG, .status = 200, .digest = sha256}};
    begin(FLOW_ROWS(sure));
    CHECK_INT(put(BODY, OCI_TYPE_MANIFEST, "v1"), OCI_OK);
    end();
}

TEST(a_put_refused_as_digest_invalid_is_sent_again)
{
    const struct flow_row no = {.ask = "PUT " TAG, .status = 400, .sent = BODY,
                                .body = "{\"errors\":[{\"code\":\"DIGEST_INVALID\"}]}"};
    const struct flow_row other = {.ask = "PUT " TAG, .status = 400,
                                   .body = "{\"errors\":[{\"code\":\"MANIFEST_INVALID\"}]}"};
    const struct flow_row yes = {.ask = "PUT " TAG, .status = 201, .sent = BODY};
    const struct flow_row accepted[] = {no, no, yes}, refused[] = {no, no, no, no, no, no}, once[] = {other};
    begin(FLOW_ROWS(accepted));
    CHECK_INT(put(BODY, OCI_TYPE_MANIFEST, "v1"), OCI_OK);
    end();
    begin(FLOW_ROWS(refused));
    CHECK_INT(put(BODY, OCI_TYPE_MANIFEST, "v1"), OCI_DIGEST_MISMATCH);
    end();
    begin(FLOW_ROWS(once));
    CHECK_INT(put(BODY, OCI_TYPE_MANIFEST, "v1"), OCI_REGISTRY);
    end();
}

/* ---- lists ---- */

#define LIST "GET /v2/a/b/tags/list"

static const char *joined(void)
{
    static char buf[500];
    buf[0] = '\0';
    for (size_t i = 0; i < names.count; i++)
        snprintf(buf + strlen(buf), sizeof buf - strlen(buf), "%s%s", i ? " " : "", names.items[i]);
    return buf;
}

TEST(lists_all_pages)
{
    const struct flow_row rows[] = {
        {.ask = LIST, .status = 200, .body = "{\"name\":\"a/b\",\"tags\":[\"1\",\"2\"],\"more\":{}}",
         .link = "https://r.io/v2/a/b/tags/list?last=2", .scope = PULL_SCOPE},
        {.ask = "GET https://r.io/v2/a/b/tags/list?last=2", .status = 200, .body = "{\"tags\":[]}",
         .link = "https://r.io/v2/a/b/tags/list?last=3&x=%2B"},
        {.ask = "GET https://r.io/v2/a/b/tags/list?last=3&x=%2B", .status = 200, .body = "{\"tags\":[\"0\"]}"},
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(tags(), OCI_OK);
    CHECK_STR(joined(), "1 2 0");
    end();
    const struct flow_row catalog[] = {
        {.ask = "GET /v2/_catalog", .status = 200, .body = "{\"repositories\":[\"x\",\"y/z\"]}",
         .scope = "registry:catalog:*"},
    };
    begin(FLOW_ROWS(catalog));
    CHECK_INT(repositories(), OCI_OK);
    CHECK_STR(joined(), "x y/z");
    end();
}

/* Q34 */
TEST(no_tags_is_an_empty_list)
{
    const struct flow_row rows[] = {
        {.ask = LIST, .status = 200, .body = "{\"tags\":null}"}, {.ask = LIST, .status = 200, .body = "{\"tags\":[]}"}};
    begin(FLOW_ROWS(rows));
    CHECK_INT(tags(), OCI_OK);
    CHECK_INT(names.count, 0);
    CHECK_INT(tags(), OCI_OK);
    end();
}

TEST(what_is_no_list)
{
    static const char *const bodies[] = {
        "", "[]", "{}", "{\"Tags\":[]}", "{\"tags\":{}}", "{\"tags\":[1]}", "{\"tags\":[\"\"]}",
        "{\"tags\":[\"a\\u001b[2J\"]}", "{\"tags\":[],\"tags\":[]}", "<html>", "{\"repositories\":[]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct flow_row rows[] = {{.ask = LIST, .status = 200, .body = bodies[i]}};
        begin(FLOW_ROWS(rows));
        CHECK_INT(tags(), OCI_INVALID);
        CHECK(strncmp(host.err.text, "listing the tags of r.io/a/b: ", 30) == 0);
        end();
    }
}

/* Q31 */
TEST(a_link_that_fails_is_replaced_by_our_own)
{
    const struct flow_row rows[] = {
        {.ask = LIST, .status = 200, .body = "{\"tags\":[\"1\",\"a+b\"]}", .link = "https://r.io/wrong"},
        {.ask = "GET https://r.io/wrong", .status = 404},
        {.ask = LIST "?n=2&last=a%2Bb", .status = 200, .body = "{\"tags\":[\"c\"]}"},
        {.ask = LIST, .status = 200, .body = "{\"tags\":[\"1\"]}", .link = "https://r.io/wrong"},
        {.ask = "GET https://r.io/wrong", .status = 400},
        {.ask = LIST "?n=1&last=1", .status = 404},
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(tags(), OCI_OK);
    CHECK_STR(joined(), "1 a+b c");
    CHECK_INT(tags(), OCI_NOT_FOUND);
    end();
}

static void endless(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
{
    (void)q;
    static char link[100];
    static char body[100];
    int kind = *(int *)h->ctx;
    snprintf(link, sizeof link, "https://r.io/page%u", kind == 1 ? 1 : h->asked);
    static const char *const bodies[] = {"{\"tags\":[]}", NULL, "{\"tags\":[\"same\"]}", NULL};
    snprintf(body, sizeof body, "{\"tags\":[\"t%u\"]}", h->asked);
    *ret_row = (struct flow_row){.status = 200, .body = bodies[kind] ? bodies[kind] : body, .link = link};
}

/* T55, Q32 */
TEST(an_endless_list_ends)
{
    static const int codes[] = {OCI_REGISTRY, OCI_REGISTRY, OCI_REGISTRY, OCI_LIMIT};
    static const unsigned asked[] = {101, 2, 2, OCI_MAX_PAGES};
    for (int kind = 0; kind < 4; kind++) {
        begin(NULL, 0);
        host.answer = endless;
        host.ctx = &kind;
        host.piece = 4000;
        CHECK_INT(tags(), codes[kind]);
        CHECK_INT(host.asked, asked[kind]);
        end();
    }
}

static void too_many(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
{
    (void)q;
    *ret_row = (struct flow_row){.status = 200, .body = h->ctx};
}

TEST(too_many_names)
{
    char *body = malloc(OCI_MAX_NAMES * 4 + 100);
    strcpy(body, "{\"tags\":[\"a\"");
    char *p = body + strlen(body);
    for (int i = 0; i < OCI_MAX_NAMES; i++)
        p = stpcpy(p, ",\"a\"");
    strcpy(p, "]}");
    begin(NULL, 0);
    host.answer = too_many;
    host.ctx = body;
    host.piece = 4000;
    CHECK_INT(tags(), OCI_LIMIT);
    end();
    free(body);
}

/* ---- deletes ---- */

static int untag(void)
{
    struct oci_repository r = repo();
    return flow_host_run(&host, oci_flow_delete_tag(&r, "v1"));
}

static int delete(void)
{
    struct oci_repository r = repo();
    struct oci_digest d;
    oci_digest_parse(OCI_STR(OTHER), &d, NULL);
    return flow_host_run(&host, oci_flow_delete_manifest(&r, &d));
}

TEST(deletes)
{
    const struct flow_row rows[] = {
        {.ask = "DELETE " TAG, .status = 202, .scope = "repository:a/b:pull,push,delete"},
        {.ask = "DELETE /v2/a/b/manifests/" OTHER, .status = 202},
        {.status = 404}, {.status = 404},
        {.status = 404, .resent = true}, {.status = 404, .resent = true},
        {.status = 400}, {.status = 400},
        {.status = 405}, {.status = 405},
    };
    static const int codes[] = {OCI_OK, OCI_OK, OCI_NOT_FOUND, OCI_NOT_FOUND, OCI_OK, OCI_OK,
                                OCI_UNSUPPORTED, OCI_REGISTRY, OCI_UNSUPPORTED, OCI_UNSUPPORTED};
    begin(FLOW_ROWS(rows));
    for (int i = 0; i < 10; i++)
        CHECK_INT(i % 2 ? delete() : untag(), codes[i]);
    end();
}
