/* Every flow of a registry against every kind of answer, at each of its questions: which error it gives,
 * and what is asked in which order. What an answer means is the same everywhere but for the exceptions
 * below. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/registry_flows.h"
#include "flow_host.h"
#include "model/manifest.h"
#include "test.h"

#define AT "https://r.io/up/1"
#define BODY                                                                                                       \
    "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"" HELLO "\",\"size\":2},\"layers\":[]}"

static struct flow_host host;

/* ---- the flows ---- */

static struct oci_desc desc;
static struct oci_names names;
static struct oci_bytes *bytes;
static struct oci_sink *sink;
static char manifest_digest[OCI_DIGEST_MAX];

static struct oci_source *hello(void)
{
    struct oci_bytes *b = oci_bytes_new("hello", 5);
    struct oci_source *s = oci_source_bytes(b);
    oci_bytes_unref(b);
    return s;
}

static struct oci_flow *make_push(bool stream, const char *mount_from)
{
    struct oci_repository r = flow_repository(&host);
    struct oci_digest d = stream ? (struct oci_digest){""} : flow_hello_digest();
    struct oci_desc blob;
    struct oci_put hint = {.mount_from = mount_from};
    oci_desc_set(&blob, "a/b", &d, 5);
    return oci_flow_push_blob(&r, &blob, hello(), &hint, NULL, NULL);
}

static struct oci_flow *make_pull(uint64_t offset)
{
    struct oci_repository r = flow_repository(&host);
    struct oci_digest d = flow_hello_digest();
    struct oci_desc blob;
    oci_desc_set(&blob, "a/b", &d, 5);
    sink = oci_sink_bytes(100, NULL, &bytes);
    return oci_flow_pull_blob(&r, &blob, offset, 0, sink);
}

static struct oci_flow *make(const char *name)
{
    struct oci_repository r = flow_repository(&host);
    struct oci_digest d = flow_hello_digest();
    if (strcmp(name, "stat") == 0)
        return oci_flow_stat_blob(&r, &d, &desc);
    if (strcmp(name, "push") == 0)
        return make_push(false, NULL);
    if (strcmp(name, "mount") == 0)
        return make_push(false, "c/d");
    if (strcmp(name, "stream") == 0)
        return make_push(true, NULL);
    if (strcmp(name, "pull") == 0)
        return make_pull(0);
    if (strcmp(name, "part") == 0)
        return make_pull(1);
    if (strcmp(name, "get") == 0)
        return oci_flow_get_manifest(&r, "v1", 0, &desc, &bytes);
    if (strcmp(name, "head") == 0)
        return oci_flow_head_manifest(&r, "v1", &desc);
    if (strcmp(name, "put") == 0) {
        struct oci_bytes *b = oci_bytes_new(BODY, strlen(BODY));
        struct oci_desc m;
        struct oci_digest g;
        oci_digest_parse(oci_str_of(manifest_digest), &g, NULL);
        oci_desc_set(&m, OCI_TYPE_MANIFEST, &g, b->len);
        struct oci_flow *f = oci_flow_put_manifest(&r, &m, b, "v1");
        oci_bytes_unref(b);
        return f;
    }
    if (strcmp(name, "tags") == 0)
        return oci_flow_list_tags(&r, &names);
    if (strcmp(name, "catalog") == 0)
        return oci_flow_list_repositories(&r, &names);
    if (strcmp(name, "untag") == 0)
        return oci_flow_delete_tag(&r, "v1");
    return oci_flow_delete_manifest(&r, &d);
}

/* What each asks of a registry without faults. */
static const struct kind {
    const char *name, *methods;
} kinds[] = {
    {"stat", "HEAD"},        {"push", "HEAD POST PUT"}, {"mount", "HEAD POST PUT"}, {"stream", "POST PATCH PUT"},
    {"pull", "GET"},         {"part", "GET"},           {"get", "GET"},             {"head", "HEAD"},
    {"put", "PUT"},          {"tags", "GET GET"},       {"catalog", "GET GET"},     {"untag", "DELETE"},
    {"delete", "DELETE"},
};

/* ---- the registry: one question is answered by something else ---- */

static const int statuses[] = {200, 201, 202, 204, 206, 304, 307, 400, 401, 403, 404, 405, 409,
                               413, 416, 429, 500, 501, 503, 0 /* the connection broke */};

static const char *kind_name;
static unsigned bad_question;
static int bad_status;

static void good(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
{
    bool manifest = strstr(q->url, "/manifests/") != NULL;
    struct flow_row row = {.location = AT, .type = OCI_TYPE_MANIFEST};
    if (strcmp(q->method, "HEAD") == 0) {
        row.status = manifest || strcmp(kind_name, "stat") == 0 ? 200 : 404;
        row.length = manifest ? (int64_t)strlen(BODY) : 5;
        row.digest = manifest ? manifest_digest : NULL;
    } else if (strcmp(q->method, "GET") == 0) {
        row.status = q->range_length > 0 ? 206 : 200;
        row.body = manifest ? BODY : q->range_length > 0 ? "ello" : "hello";
        if (strcmp(kind_name, "tags") == 0)
            row.body = h->asked == 1 ? "{\"tags\":[\"a\"]}" : "{\"tags\":[\"b\"]}";
        if (strcmp(kind_name, "catalog") == 0)
            row.body = h->asked == 1 ? "{\"repositories\":[\"a\"]}" : "{\"repositories\":[\"b\"]}";
        row.link = h->asked == 1 ? "https://r.io/next" : NULL;
    } else {
        row.status = strcmp(q->method, "POST") == 0 || strcmp(q->method, "PATCH") == 0 ? 202
                     : strcmp(q->method, "PUT") == 0                                   ? 201
                                                                                       : 202;
    }
    *ret_row = row;
}

static void answer(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
{
    good(h, q, ret_row);
    if (h->asked != bad_question)
        return;
    if (bad_status == 0)
        *ret_row = (struct flow_row){.lost = OCI_NETWORK, .after = q->body ? 2 : 0};
    else if (bad_status != ret_row->status)
        *ret_row = (struct flow_row){.status = bad_status, .type = "text/html", .body = "<html>"};
}

/* ---- what is expected ---- */

static const struct exception {
    const char *kind;
    unsigned question;
    int from, to;         /* statuses */
    int code;
    const char *methods;
} exceptions[] = {
    /* Not being able to ask is no reason not to push. */
    {"push", 1, 403, 405, OCI_OK, "HEAD POST PUT"},
    {"mount", 1, 403, 405, OCI_OK, "HEAD POST PUT"},
    /* A 200 without a length or a digest is not believed (Q25). */
    {"push", 1, 200, 200, OCI_OK, "HEAD POST PUT"},
    {"mount", 1, 200, 200, OCI_OK, "HEAD POST PUT"},
    {"stat", 1, 200, 200, OCI_OK, "HEAD"},
    /* A session without an address; a mount that succeeds, or is refused (Q15). */
    {"mount", 2, 201, 201, OCI_OK, "HEAD POST"},
    {"mount", 2, 400, 405, OCI_OK, "HEAD POST POST PUT"},
    /* Another success than 201 is verified, and is not true (Q6). */
    {"push", 3, 200, 204, OCI_REGISTRY, "HEAD POST PUT HEAD DELETE"},
    {"mount", 3, 200, 204, OCI_REGISTRY, "HEAD POST PUT HEAD DELETE"},
    {"stream", 3, 200, 204, OCI_REGISTRY, "POST PATCH PUT HEAD DELETE"},
    /* A lost session is begun anew; a lost answer is asked for (Q17). */
    {"push", 3, 404, 404, OCI_OK, "HEAD POST PUT HEAD POST PUT"},
    {"mount", 3, 404, 404, OCI_OK, "HEAD POST PUT HEAD POST PUT"},
    {"stream", 3, 404, 404, OCI_OK, "POST PATCH PUT HEAD POST PATCH PUT"},
    {"push", 3, 0, 0, OCI_NETWORK, "HEAD POST PUT HEAD DELETE"},
    {"mount", 3, 0, 0, OCI_NETWORK, "HEAD POST PUT HEAD DELETE"},
    {"stream", 3, 0, 0, OCI_NETWORK, "POST PATCH PUT HEAD DELETE"},
    /* A PATCH goes out once; then all of it is begun anew. */
    {"stream", 2, 200, 204, OCI_OK, "POST PATCH PUT"},
    {"stream", 2, 404, 404, OCI_OK, "POST PATCH POST PATCH PUT"},
    {"stream", 2, 500, 503, OCI_OK, "POST PATCH POST PATCH PUT"},
    {"stream", 2, 0, 0, OCI_OK, "POST PATCH POST PATCH PUT"},
    /* Parts. */
    {"part", 1, 200, 200, OCI_UNSUPPORTED, "GET"},
    {"part", 1, 416, 416, OCI_INVALID, "GET"},
    {"pull", 1, 200, 200, OCI_OK, "GET"},
    {"part", 1, 206, 206, OCI_OK, "GET"},
    {"get", 1, 200, 200, OCI_OK, "GET"},
    /* HEAD falls back to GET (Q43). */
    {"head", 1, 200, 200, OCI_OK, "HEAD"},
    {"head", 1, 400, 400, OCI_OK, "HEAD GET"},
    {"head", 1, 403, 403, OCI_OK, "HEAD GET"},
    {"head", 1, 405, 405, OCI_OK, "HEAD GET"},
    {"head", 1, 501, 501, OCI_OK, "HEAD GET"},
    /* A manifest is there, whatever was said. */
    {"put", 1, 200, 204, OCI_OK, "PUT HEAD"},
    {"put", 1, 0, 0, OCI_OK, "PUT HEAD"},
    /* A Link that fails (Q31). */
    {"tags", 1, 200, 200, OCI_OK, "GET GET"},
    {"tags", 2, 200, 200, OCI_OK, "GET GET"},
    {"tags", 2, 400, 400, OCI_OK, "GET GET GET"},
    {"tags", 2, 404, 404, OCI_OK, "GET GET GET"},
    {"catalog", 1, 200, 200, OCI_OK, "GET GET"},
    {"catalog", 2, 200, 200, OCI_OK, "GET GET"},
    {"catalog", 2, 400, 400, OCI_OK, "GET GET GET"},
    {"catalog", 2, 404, 404, OCI_OK, "GET GET GET"},
    {"untag", 1, 200, 200, OCI_OK, "DELETE"},
    {"untag", 1, 204, 204, OCI_OK, "DELETE"},
    {"delete", 1, 200, 200, OCI_OK, "DELETE"},
    {"delete", 1, 204, 204, OCI_OK, "DELETE"},
    {"untag", 1, 400, 400, OCI_UNSUPPORTED, "DELETE"},
};

static int code_of(int status)
{
    switch (status) {
    case 0:
        return OCI_NETWORK;
    case 401:
        return OCI_UNAUTHORIZED;
    case 403:
        return OCI_DENIED;
    case 404:
        return OCI_NOT_FOUND;
    case 405:
        return OCI_UNSUPPORTED;
    case 409:
        return OCI_CONFLICT;
    case 413:
        return OCI_LIMIT;
    case 429:
        return OCI_RATE_LIMITED;
    default:
        return OCI_REGISTRY;
    }
}

/* The first so many words. */
static void first_words(const char *all, unsigned count, char *buf, size_t size)
{
    size_t len = 0;
    for (unsigned i = 0; i < count; i++)
        len += strcspn(all + len, " ") + (i + 1 < count);
    snprintf(buf, size, "%.*s", (int)len, all);
}

static void expect(const struct kind *k, unsigned question, int status, int *ret_code, char *methods, size_t size)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
        const struct exception *e = &exceptions[i];
        if (strcmp(e->kind, k->name) == 0 && e->question == question && status >= e->from && status <= e->to) {
            *ret_code = e->code;
            snprintf(methods, size, "%s", e->methods);
            return;
        }
    }
    *ret_code = code_of(status);
    first_words(k->methods, question, methods, size);
    bool uploading = strstr(k->methods, "POST") != NULL;
    if (uploading && (oci_ends_with(methods, "PUT") || oci_ends_with(methods, "PATCH")))
        strcat(methods, " DELETE"); /* the session */
}

static bool is_good(const struct kind *k, unsigned question, int status)
{
    char methods[100];
    first_words(k->methods, question, methods, sizeof methods);
    const char *method = strrchr(methods, ' ') ? strrchr(methods, ' ') + 1 : methods;
    if (strcmp(method, "HEAD") == 0)
        return status == (strcmp(k->name, "stat") == 0 || strcmp(k->name, "head") == 0 ? 200 : 404);
    if (strcmp(method, "GET") == 0)
        return status == (strcmp(k->name, "part") == 0 ? 206 : 200);
    return status == (strcmp(method, "PUT") == 0 ? 201 : 202);
}

static void run_one(const struct kind *k, unsigned question, int status)
{
    int code;
    char methods[200], seen[200];
    flow_host_init(&host, NULL, 0);
    host.answer = answer;
    kind_name = k->name;
    bad_question = question;
    bad_status = status;
    int rc = flow_host_run(&host, make(k->name));
    flow_host_methods(&host, seen, sizeof seen);
    if (is_good(k, question, status)) {
        code = OCI_OK;
        snprintf(methods, sizeof methods, "%s", k->methods);
    } else {
        expect(k, question, status, &code, methods, sizeof methods);
    }
    if (rc != code || strcmp(methods, seen) != 0)
        FAIL("%s, question %u answered %d: %s \"%s\" instead of %s \"%s\"", k->name, question, status,
             oci_err_name(rc), seen, oci_err_name(code), methods);
    if (rc < 0) {
        CHECK(host.err.text[0]);
        CHECK(strstr(host.err.text, "r.io/a/b") || strstr(host.err.text, "r.io"));
    }
    oci_desc_done(&desc);
    oci_names_done(&names);
    bytes = oci_bytes_unref(bytes);
    oci_sink_free(sink);
    sink = NULL;
    flow_host_done(&host, false);
}

static void run_kind(size_t index)
{
    const struct kind *k = &kinds[index];
    struct oci_digest d;
    oci_digest_of(OCI_STR(OCI_SHA256), BODY, strlen(BODY), &d, NULL);
    memcpy(manifest_digest, d.text, sizeof d.text);
    unsigned questions = 1;
    for (const char *p = k->methods; *p; p++)
        questions += *p == ' ';
    for (unsigned q = 1; q <= questions; q++) {
        for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
            run_one(k, q, statuses[i]);
    }
}

TEST(stat) { run_kind(0); }
TEST(push) { run_kind(1); }
TEST(mount) { run_kind(2); }
TEST(stream) { run_kind(3); }
TEST(pull) { run_kind(4); }
TEST(part) { run_kind(5); }
TEST(get) { run_kind(6); }
TEST(head) { run_kind(7); }
TEST(put) { run_kind(8); }
TEST(tags) { run_kind(9); }
TEST(catalog) { run_kind(10); }
TEST(untag) { run_kind(11); }
TEST(delete) { run_kind(12); }
