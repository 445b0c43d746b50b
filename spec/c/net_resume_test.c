/* Bodies of answers: downloads that go on where they broke, parts, and bounds. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_kit.h"

/* A registry that has one blob. */
struct rig {
    struct bench b;
    char digest[160], url[300];
    char *p;
    size_t len;
};

static struct rig rig_up(const struct oci_net_options *o, size_t len)
{
    struct rig r = {.b = bench_up(o, NULL), .p = kit_pattern(len), .len = len};
    kit_put_blob("a", r.p, len, r.digest);
    snprintf(r.url, sizeof r.url, "/v2/a/blobs/%s", r.digest);
    return r;
}

static void rig_down(struct rig *r)
{
    free(r->p);
    bench_down(&r->b);
}

/* All of it comes, however often it takes. */
static void rig_pull(const struct rig *r)
{
    struct ask a = {.method = NULL};
    bench_pull(&r->b, &a, r->digest, r->p, r->len);
    CHECK_INT(a.length, r->len);
    ask_done(&a);
}

/* A GET of it. */
static struct ask rig_ask(const struct rig *r)
{
    return (struct ask){.method = "GET", .url = r->url, .origin = r->b.origin, .expect_size = r->len};
}

/* How many there were, with such a header (NULL: any). */
static int rig_count(const struct rig *r, const char *header)
{
    return kit_count("GET", r->digest, NULL, header);
}

TEST(exchange_resumes_a_cut_download)
{
    struct rig r = rig_up(NULL, 1000000);
    kit_rules("[{'method': 'GET', 'action': {'cut': 300000}}, {'method': 'GET', 'action': {'cut': 200000}}]");
    rig_pull(&r);
    CHECK_INT(rig_count(&r, NULL), 3);
    CHECK_INT(rig_count(&r, "!range"), 1);
    CHECK_INT(rig_count(&r, "range: bytes=300000-"), 1);
    CHECK_INT(rig_count(&r, "range: bytes=500000-"), 1);
    rig_down(&r);
}

TEST(exchange_begins_anew_where_ranges_are_ignored)
{
    struct rig r = rig_up(NULL, 400000);
    kit_config("{'ranges': false}");
    kit_rules("[{'method': 'GET', 'action': {'cut': 300000}}]");
    rig_pull(&r);
    CHECK_INT(rig_count(&r, NULL), 2);
    rig_down(&r);
}

struct plain_sink {
    struct oci_sink sink; /* first */
    char bytes[400000];
};

static int plain_write(struct oci_sink *k, const void *p, size_t len, struct oci_err *reterr)
{
    struct plain_sink *s = (struct plain_sink *)(void *)k;
    if (len > sizeof s->bytes - k->written)
        return oci_err_set(reterr, OCI_LIMIT, "too much");
    memcpy(s->bytes + k->written, p, len);
    k->written += len;
    return OCI_OK;
}

static int plain_end(struct oci_sink *k, int rc, struct oci_err *reterr)
{
    (void)k;
    (void)reterr;
    return rc;
}

static void plain_free(struct oci_sink *k)
{
    (void)k;
}

static const struct oci_sink_type plain_type = {
    .name = "plain", .write = plain_write, .end = plain_end, .free = plain_free};

TEST(exchange_skips_what_a_sink_has_that_cannot_begin_anew)
{
    struct rig r = rig_up(NULL, 400000);
    kit_config("{'ranges': false}");
    for (int known = 0; known < 2; known++) { /* where the size is not, no part is asked for */
        static struct plain_sink k;
        k = (struct plain_sink){.sink.type = &plain_type};
        kit_rules("[{'method': 'GET', 'action': {'cut': 300000}}, {'method': 'GET', 'action': {'cut': 100000}}]");
        struct ask a = rig_ask(&r);
        a.expect_size = known ? r.len : 0;
        a.into = &k.sink;
        ask_run(&a);
        CHECK_STR(a.err.text, "");
        CHECK_INT(k.sink.written, r.len);
        CHECK_MEM(k.bytes, r.p, r.len);
    }
    CHECK_INT(rig_count(&r, NULL), 6);
    rig_down(&r);
}

TEST(exchange_takes_no_other_part_than_it_asked_for)
{
    struct rig r = rig_up(NULL, 400000);
    kit_rules("[{'method': 'GET', 'action': {'cut': 300000}},"
              " {'method': 'GET', 'action': {'set_headers': {'Content-Range': 'bytes 299999-399998/400000'}}}]");
    rig_pull(&r);
    CHECK_INT(rig_count(&r, NULL), 3);
    CHECK_INT(rig_count(&r, "!range"), 2);
    rig_down(&r);
}

TEST(exchange_begins_anew_after_416)
{
    struct rig r = rig_up(NULL, 400000);
    kit_rules("[{'method': 'GET', 'action': {'cut': 300000}}, {'method': 'GET', 'action': {'status': 416}}]");
    rig_pull(&r);
    CHECK_INT(rig_count(&r, "!range"), 2);
    rig_down(&r);
}

/* A server that sends a byte for each connection holds nobody for ever. */
TEST(exchange_gives_up_without_progress)
{
    struct oci_net_options o = {.retries = 3};
    struct rig r = rig_up(&o, 10);
    kit_rules("[{'method': 'GET', 'times': -1, 'action': {'cut': 1}}]");
    struct ask a = rig_ask(&r);
    ask_bytes(&a, 10);
    ask_run(&a);
    CHECK_INT(a.rc, OCI_NETWORK);
    CHECK_INT(rig_count(&r, NULL), 4);
    ask_done(&a);
    rig_down(&r);
}

TEST(exchange_ends_a_body_that_is_too_long)
{
    struct rig r = rig_up(NULL, 10);
    kit_rules("[{'method': 'GET', 'action': {'extend': 1}}]");
    struct ask a = rig_ask(&r);
    ask_bytes(&a, 1000);
    ask_run(&a);
    CHECK_INT(a.rc, OCI_SIZE_MISMATCH);
    CHECK_INT(rig_count(&r, NULL), 1); /* not repeated */
    ask_done(&a);
    rig_down(&r);
}

TEST(exchange_range_question)
{
    struct rig r = rig_up(NULL, 10);
    struct ask part = rig_ask(&r), a, lie;
    part.range_from = 3;
    part.range_length = part.expect_size = 4;
    a = lie = part;
    ask_bytes(&a, 10);
    ask_run(&a);
    CHECK_INT(a.status, 206);
    CHECK_INT(a.bytes->len, 4);
    CHECK_MEM(a.bytes->p, r.p + 3, 4);
    CHECK_INT(rig_count(&r, "range: bytes=3-6"), 1);
    ask_done(&a);
    kit_rules("[{'action': {'set_headers': {'Content-Range': 'bytes 4-7/10'}}}]");
    ask_bytes(&lie, 10);
    ask_run(&lie);
    CHECK_INT(lie.rc, OCI_REGISTRY);
    ask_done(&lie);
    rig_down(&r);
}

TEST(exchange_bounds_bodies_that_nobody_wants)
{
    struct bench b = bench_up(NULL, NULL);
    kit_rules("[{'action': {'status': 404, 'body': 'x', 'body_size': 30000000}},"
              " {'action': {'status': 200, 'body': 'x', 'body_size': 30000000}}]");
    struct ask error = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin};
    ask_run(&error);
    CHECK_INT(error.status, 404);
    struct ask thrown = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin};
    ask_run(&thrown);
    CHECK_INT(thrown.status, 200);
    CHECK_INT(kit_count("GET", "/tags/list", NULL, NULL), 2);
    bench_down(&b);
}

TEST(exchange_status_counts_although_its_body_breaks_off)
{
    struct bench b = bench_up(NULL, NULL);
    kit_rules("[{'action': {'status': 416, 'body': 'short', 'set_headers': {'Content-Length': '1000'}, 'cut': 5}}]");
    static const short want[] = {416, 0};
    struct ask a = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin, .want = want};
    ask_run(&a);
    CHECK_INT(a.status, 416); /* Q23 */
    CHECK_INT(kit_count("GET", "/tags/list", NULL, NULL), 1);
    bench_down(&b);
}

TEST(exchange_bounds_the_header)
{
    struct oci_net_options o = {.retries = 0};
    struct bench b = bench_up(&o, NULL);
    char *rule = malloc(400000);
    CHECK(rule != NULL);
    char *p = rule + sprintf(rule, "[{'action': {'set_headers': {'X-Many': [");
    for (int i = 0; i < 300; i++)
        p += sprintf(p, "%s'v%d'", i ? "," : "", i);
    sprintf(p, "]}}}]");
    kit_rules(rule);
    struct ask a = {.method = "GET", .url = "/v2/", .origin = b.origin};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_LIMIT);
    free(rule);
    bench_down(&b);
}
