/* HTTP questions against the test registry: answers, content, repetition, resumed downloads, redirects, time limits. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "net/state.h"
#include "net_kit.h"
#include "sys/pool.h"
#include "json/json.h"

struct bench {
    const char *registry;
    struct oci_net *net;
    struct oci_origin *origin;
};

static struct bench set_up(const struct oci_net_options *options)
{
    struct bench b = {.registry = kit_registry()};
    b.net = kit_net(options);
    b.origin = kit_origin(b.net, b.registry, NULL);
    return b;
}

static void tear_down(struct bench *b)
{
    oci_origin_free(b->origin);
    oci_net_free(b->net);
    kit_stop();
    oci_pool_stop();
}

static char *pattern(size_t len)
{
    char *p = malloc(len + 1);
    CHECK(p != NULL);
    for (size_t i = 0; i < len; i++)
        p[i] = (char)(i * 31 + (i >> 8) * 7);
    p[len] = '\0';
    return p;
}

/* Gets the blob; the bytes must be right. */
static void check_pull(struct bench *b, struct ask *a, const char *digest, const char *p, size_t len)
{
    char url[300];
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    a->method = "GET";
    a->url = url;
    a->origin = b->origin;
    a->expect_size = a->expect_size ? a->expect_size : len;
    ask_bytes(a, len + 100);
    ask_run(a);
    if (a->rc != OCI_OK)
        FAIL("%s", a->err.text);
    CHECK_INT(a->status, 200);
    CHECK_INT(a->bytes->len, len);
    CHECK_MEM(a->bytes->p, p, len);
}

/* ---- plain ---- */

TEST(exchange_get)
{
    struct bench b = set_up(NULL);
    char digest[160];
    struct ask a = {.accept = "application/x-one"};
    char *p = pattern(300000);
    kit_put_blob("a", p, 300000, digest);
    check_pull(&b, &a, digest, p, 300000);
    CHECK_STR(a.content_type, "application/octet-stream");
    CHECK_STR(a.digest, digest);
    CHECK_INT(a.length, 300000);
    CHECK(!a.resent);
    CHECK_INT(kit_count("GET", digest, "main", "accept-encoding: identity"), 1);
    CHECK_INT(kit_count("GET", digest, "main", "accept: application/x-one"), 1);
    CHECK_INT(kit_count("GET", digest, "main", "user-agent: lua-oci"), 1);
    CHECK_INT(kit_count("GET", digest, "main", "!authorization"), 1);
    ask_done(&a);
    free(p);
    tear_down(&b);
}

TEST(exchange_put_sends_small_and_large_bodies_right)
{
    struct bench b = set_up(NULL);
    static const size_t sizes[] = {0, 2, 65535, 65536, 1000000};
    for (size_t i = 0; i < 5; i++) {
        char *p = pattern(sizes[i]);
        struct oci_digest d;
        char url[1024];
        struct ask post = {.method = "POST", .url = "/v2/a/blobs/uploads/", .origin = b.origin};
        ask_run(&post);
        CHECK_INT(post.status, 202);
        CHECK(strncmp(post.location, "http://", 7) == 0);
        CHECK_INT(oci_digest_of(OCI_STR("sha256"), p, sizes[i], &d, NULL), OCI_OK);
        snprintf(url, sizeof url, "%s&digest=%s", post.location, d.text);
        struct ask put = {.method = "PUT", .url = url, .origin = b.origin};
        ask_body(&put, p, sizes[i]);
        ask_run(&put);
        CHECK_INT(put.rc, OCI_OK);
        CHECK_INT(put.status, 201);
        CHECK_STR(put.digest, d.text);
        ask_done(&put);
        struct ask get = {.expect_size = sizes[i]};
        check_pull(&b, &get, d.text, p, sizes[i]);
        ask_done(&get);
        free(p);
    }
    CHECK_INT(kit_count("POST", "/uploads/", NULL, "content-length: 0"), 5);
    CHECK_INT(kit_count("POST", "/uploads/", NULL, "!content-type"), 5);
    CHECK_INT(kit_count("PUT", NULL, NULL, "content-type: application/octet-stream"), 5);
    CHECK_INT(kit_count("PUT", NULL, NULL, "!expect"), 5);
    CHECK_INT(kit_count("PUT", NULL, NULL, "!transfer-encoding"), 5);
    tear_down(&b);
}

TEST(exchange_head_and_statuses)
{
    struct bench b = set_up(NULL);
    char digest[160], url[300];
    kit_put_blob("a", "hello", 5, digest);
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    struct ask head = {.method = "HEAD", .url = url, .origin = b.origin};
    ask_run(&head);
    CHECK_INT(head.status, 200);
    CHECK_INT(head.length, 5);
    static const short only_200[] = {200, 0};
    struct ask missing = {.method = "GET", .url = "/v2/a/manifests/none", .origin = b.origin, .want = only_200};
    ask_run(&missing);
    CHECK_INT(missing.rc, OCI_NOT_FOUND);
    CHECK_INT(missing.err.status, 404);
    CHECK(strncmp(missing.err.text, "testing: ", 9) == 0);
    CHECK(strstr(missing.err.url, "/v2/a/manifests/none") != NULL);
    struct ask wanted = {.method = "GET", .url = "/v2/a/manifests/none", .origin = b.origin};
    ask_run(&wanted);
    CHECK_INT(wanted.rc, OCI_OK);
    CHECK_INT(wanted.status, 404);
    CHECK_INT(wanted.answer_err.code, OCI_NOT_FOUND);
    tear_down(&b);
}

/* ---- repetition ---- */

struct look {
    struct oci_net *net;
    const char *registry;
    bool pausing;
};

static void look(void *ctx)
{
    struct look *l = ctx;
    struct oci_url u = {0};
    CHECK_INT(oci_url_make(false, l->registry, "/", &u, NULL), OCI_OK);
    l->pausing = oci_net_place(l->net, &u)->pause_until_ms > 0;
    oci_url_done(&u);
}

static bool pausing(const struct bench *b)
{
    struct look l = {.net = b->net, .registry = b->registry};
    kit_on_engine(look, &l);
    return l.pausing;
}

static double time_of(const struct oci_json *log, const char *path_part)
{
    double t = 0;
    for (const struct oci_json *e = oci_json_first(log); e; e = oci_json_next(e)) {
        if (strstr(oci_json_string(oci_json_get(e, "path")), path_part))
            return oci_json_number(oci_json_get(e, "time"), &t) ? t : 0;
    }
    FAIL("no request for %s", path_part);
}

/* From the first request with one path to the first with the other. */
static double seconds_between(const char *first, const char *second)
{
    char *text = kit_control("GET", "/_log", "");
    struct oci_json *log = NULL;
    CHECK_INT(oci_json_parse(text, strlen(text), 1 << 20, &log, NULL), OCI_OK);
    double t = time_of(log, second) - time_of(log, first);
    oci_json_free(log);
    free(text);
    return t;
}

TEST(exchange_repeats_after_503)
{
    struct bench b = set_up(NULL);
    char digest[160];
    kit_put_blob("a", "hello", 5, digest);
    kit_rules("[{'times': 2, 'action': {'status': 503, 'headers': {'Retry-After': '0'}}}]");
    struct ask a = {.method = NULL};
    check_pull(&b, &a, digest, "hello", 5);
    CHECK(a.resent);
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 3);
    ask_done(&a);
    tear_down(&b);
}

TEST(exchange_gives_up_after_its_retries)
{
    struct oci_net_options o = {.retries = 1};
    struct bench b = set_up(&o);
    kit_rules("[{'times': -1, 'action': {'status': 503}}]");
    static const short only_200[] = {200, 0};
    struct ask a = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin, .want = only_200};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_REGISTRY);
    CHECK_INT(a.err.status, 503);
    CHECK(a.err.retryable);
    CHECK_INT(kit_count("GET", "/tags/list", NULL, NULL), 2);
    tear_down(&b);
}

TEST(exchange_does_not_wait_longer_than_a_minute)
{
    struct bench b = set_up(NULL);
    kit_rules("[{'times': -1, 'action': {'status': 429, 'headers': {'Retry-After': '3600'}}}]");
    static const short only_200[] = {200, 0};
    struct ask a = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin, .want = only_200};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_RATE_LIMITED);
    CHECK(a.err.retryable);
    CHECK(strstr(a.err.text, "3600 s") != NULL);
    CHECK_INT(kit_count("GET", "/tags/list", NULL, NULL), 1);
    tear_down(&b);
}

/* "Too many requests" is meant for all who ask there: the second question waits, and is not the one that was told. */
TEST(exchange_pause_is_shared)
{
    struct bench b = set_up(NULL);
    kit_rules("[{'path': '/one/', 'action': {'status': 429, 'headers': {'Retry-After': '1'}}}]");
    struct ask one = {.method = "GET", .url = "/v2/one/tags/list", .origin = b.origin};
    struct ask two = {.method = "GET", .url = "/v2/two/tags/list", .origin = b.origin};
    ask_start(&one);
    while (kit_count("GET", "/one/", NULL, NULL) == 0)
        ;
    while (!pausing(&b)) /* the answer has come */
        ;
    ask_run(&two);
    ask_wait(&one);
    CHECK_INT(one.status, 404);
    CHECK_INT(two.status, 404);
    CHECK_INT(kit_count("GET", "/one/", NULL, NULL), 2);
    CHECK_INT(kit_count("GET", "/two/", NULL, NULL), 1);
    CHECK(seconds_between("/one/", "/two/") >= 1);
    tear_down(&b);
}

TEST(exchange_repeats_broken_connections)
{
    struct bench b = set_up(NULL);
    char digest[160];
    kit_put_blob("a", "hello", 5, digest);
    kit_rules("[{'action': {'reset': true}}, {'action': {'close': true}}]");
    struct ask a = {.method = NULL};
    check_pull(&b, &a, digest, "hello", 5);
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 3);
    ask_done(&a);
    tear_down(&b);
}

TEST(exchange_repeats_an_upload_from_its_beginning)
{
    struct bench b = set_up(NULL);
    char *p = pattern(500000);
    struct ask post = {.method = "POST", .url = "/v2/a/blobs/uploads/", .origin = b.origin};
    ask_run(&post);
    kit_rules("[{'method': 'PUT', 'action': {'read_body_bytes': 200000, 'reset': true}}]");
    struct oci_digest d;
    char url[1024];
    CHECK_INT(oci_digest_of(OCI_STR("sha256"), p, 500000, &d, NULL), OCI_OK);
    snprintf(url, sizeof url, "%s&digest=%s", post.location, d.text);
    struct ask put = {.method = "PUT", .url = url, .origin = b.origin};
    ask_body(&put, p, 500000);
    ask_run(&put);
    CHECK_INT(put.rc, OCI_OK);
    CHECK_INT(put.status, 201); /* the registry has checked the digest */
    CHECK(put.resent);
    CHECK_INT(kit_count("PUT", NULL, NULL, NULL), 2);
    ask_done(&put);
    free(p);
    tear_down(&b);
}

/* security-quirks 4.1: libcurl sends a received PATCH again by itself, and nobody learns of it. */
TEST(exchange_never_sends_a_patch_twice)
{
    struct bench b = set_up(NULL);
    struct ask post = {.method = "POST", .url = "/v2/a/blobs/uploads/", .origin = b.origin};
    ask_run(&post); /* leaves a connection that could be used again */
    kit_rules("[{'method': 'PATCH', 'action': {'close': true}}]");
    struct ask patch = {.method = "PATCH", .url = post.location, .origin = b.origin, .once = true};
    ask_body(&patch, "0123456789", 10);
    ask_run(&patch);
    CHECK_INT(patch.rc, OCI_NETWORK);
    CHECK(patch.err.retryable);
    CHECK_INT(kit_count("PATCH", NULL, NULL, NULL), 1);
    ask_done(&patch);
    kit_rules("[{'method': 'PATCH', 'action': {'status': 503}}]");
    struct ask busy = {.method = "PATCH", .url = post.location, .origin = b.origin, .once = true};
    ask_body(&busy, "0123456789", 10);
    ask_run(&busy);
    CHECK_INT(busy.status, 503);
    CHECK_INT(kit_count("PATCH", NULL, NULL, NULL), 2);
    ask_done(&busy);
    tear_down(&b);
}

TEST(exchange_refused_connection_is_an_error)
{
    struct oci_net_options o = {.retries = 0};
    struct bench b = set_up(&o);
    struct oci_origin *nobody = kit_origin(b.net, "127.0.0.1:1", NULL);
    struct ask a = {.method = "GET", .url = "/v2/", .origin = nobody};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_NETWORK);
    CHECK(a.err.retryable);
    CHECK_STR(a.err.text, "testing: cannot connect to 127.0.0.1:1: Connection refused");
    oci_origin_free(nobody);
    tear_down(&b);
}

TEST(exchange_unknown_name_is_an_error)
{
    struct oci_net_options o = {.retries = 0};
    struct bench b = set_up(&o);
    struct oci_origin *nobody = kit_origin(b.net, "no-such-host.invalid", NULL);
    struct ask a = {.method = "GET", .url = "/v2/", .origin = nobody};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_NETWORK);
    CHECK(strstr(a.err.text, "no-such-host.invalid cannot be resolved") != NULL);
    oci_origin_free(nobody);
    tear_down(&b);
}

/* ---- resumed downloads ---- */

TEST(exchange_resumes_a_cut_download)
{
    struct bench b = set_up(NULL);
    char digest[160];
    char *p = pattern(1000000);
    kit_put_blob("a", p, 1000000, digest);
    kit_rules("[{'method': 'GET', 'action': {'cut': 300000}}, {'method': 'GET', 'action': {'cut': 200000}}]");
    struct ask a = {.method = NULL};
    check_pull(&b, &a, digest, p, 1000000);
    CHECK_INT(a.length, 1000000);
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 3);
    CHECK_INT(kit_count("GET", digest, NULL, "!range"), 1);
    CHECK_INT(kit_count("GET", digest, NULL, "range: bytes=300000-"), 1);
    CHECK_INT(kit_count("GET", digest, NULL, "range: bytes=500000-"), 1);
    ask_done(&a);
    free(p);
    tear_down(&b);
}

TEST(exchange_begins_anew_where_ranges_are_ignored)
{
    struct bench b = set_up(NULL);
    char digest[160];
    char *p = pattern(400000);
    kit_put_blob("a", p, 400000, digest);
    kit_config("{'ranges': false}");
    kit_rules("[{'method': 'GET', 'action': {'cut': 300000}}]");
    struct ask a = {.method = NULL};
    check_pull(&b, &a, digest, p, 400000);
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 2);
    ask_done(&a);
    free(p);
    tear_down(&b);
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
    struct bench b = set_up(NULL);
    char digest[160], url[300];
    char *p = pattern(400000);
    kit_put_blob("a", p, 400000, digest);
    kit_config("{'ranges': false}");
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    for (int known = 0; known < 2; known++) { /* where the size is not, no part is asked for */
        static struct plain_sink k;
        k = (struct plain_sink){.sink.type = &plain_type};
        kit_rules("[{'method': 'GET', 'action': {'cut': 300000}}, {'method': 'GET', 'action': {'cut': 100000}}]");
        struct ask a = {.method = "GET", .url = url, .origin = b.origin, .expect_size = known ? 400000 : 0};
        a.into = &k.sink;
        ask_run(&a);
        CHECK_STR(a.err.text, "");
        CHECK_INT(k.sink.written, 400000);
        CHECK_MEM(k.bytes, p, 400000);
    }
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 6);
    free(p);
    tear_down(&b);
}

TEST(exchange_takes_no_other_part_than_it_asked_for)
{
    struct bench b = set_up(NULL);
    char digest[160];
    char *p = pattern(400000);
    kit_put_blob("a", p, 400000, digest);
    kit_rules("[{'method': 'GET', 'action': {'cut': 300000}},"
              " {'method': 'GET', 'action': {'set_headers': {'Content-Range': 'bytes 299999-399998/400000'}}}]");
    struct ask a = {.method = NULL};
    check_pull(&b, &a, digest, p, 400000);
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 3);
    CHECK_INT(kit_count("GET", digest, NULL, "!range"), 2);
    ask_done(&a);
    free(p);
    tear_down(&b);
}

TEST(exchange_begins_anew_after_416)
{
    struct bench b = set_up(NULL);
    char digest[160];
    char *p = pattern(400000);
    kit_put_blob("a", p, 400000, digest);
    kit_rules("[{'method': 'GET', 'action': {'cut': 300000}}, {'method': 'GET', 'action': {'status': 416}}]");
    struct ask a = {.method = NULL};
    check_pull(&b, &a, digest, p, 400000);
    CHECK_INT(kit_count("GET", digest, NULL, "!range"), 2);
    ask_done(&a);
    free(p);
    tear_down(&b);
}

/* A server that sends a byte for each connection holds nobody for ever. */
TEST(exchange_gives_up_without_progress)
{
    struct oci_net_options o = {.retries = 3};
    struct bench b = set_up(&o);
    char digest[160], url[300];
    kit_put_blob("a", "0123456789", 10, digest);
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    kit_rules("[{'method': 'GET', 'times': -1, 'action': {'cut': 1}}]");
    struct ask a = {.method = "GET", .url = url, .origin = b.origin, .expect_size = 10};
    ask_bytes(&a, 10);
    ask_run(&a);
    CHECK_INT(a.rc, OCI_NETWORK);
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 4);
    ask_done(&a);
    tear_down(&b);
}

TEST(exchange_ends_a_body_that_is_too_long)
{
    struct bench b = set_up(NULL);
    char digest[160], url[300];
    kit_put_blob("a", "0123456789", 10, digest);
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    kit_rules("[{'method': 'GET', 'action': {'extend': 1}}]");
    struct ask a = {.method = "GET", .url = url, .origin = b.origin, .expect_size = 10};
    ask_bytes(&a, 1000);
    ask_run(&a);
    CHECK_INT(a.rc, OCI_SIZE_MISMATCH);
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 1); /* not repeated */
    ask_done(&a);
    tear_down(&b);
}

TEST(exchange_range_question)
{
    struct bench b = set_up(NULL);
    char digest[160], url[300];
    kit_put_blob("a", "0123456789", 10, digest);
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    struct ask a = {
        .method = "GET", .url = url, .origin = b.origin, .range_from = 3, .range_length = 4, .expect_size = 4};
    ask_bytes(&a, 10);
    ask_run(&a);
    CHECK_INT(a.status, 206);
    CHECK_INT(a.bytes->len, 4);
    CHECK_MEM(a.bytes->p, "3456", 4);
    CHECK_INT(kit_count("GET", digest, NULL, "range: bytes=3-6"), 1);
    ask_done(&a);
    kit_rules("[{'action': {'set_headers': {'Content-Range': 'bytes 4-7/10'}}}]");
    struct ask lie = {
        .method = "GET", .url = url, .origin = b.origin, .range_from = 3, .range_length = 4, .expect_size = 4};
    ask_bytes(&lie, 10);
    ask_run(&lie);
    CHECK_INT(lie.rc, OCI_REGISTRY);
    ask_done(&lie);
    tear_down(&b);
}

TEST(exchange_bounds_bodies_that_nobody_wants)
{
    struct bench b = set_up(NULL);
    kit_rules("[{'action': {'status': 404, 'body': 'x', 'body_size': 30000000}},"
              " {'action': {'status': 200, 'body': 'x', 'body_size': 30000000}}]");
    struct ask error = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin};
    ask_run(&error);
    CHECK_INT(error.status, 404);
    struct ask thrown = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin};
    ask_run(&thrown);
    CHECK_INT(thrown.status, 200);
    CHECK_INT(kit_count("GET", "/tags/list", NULL, NULL), 2);
    tear_down(&b);
}

TEST(exchange_status_counts_although_its_body_breaks_off)
{
    struct bench b = set_up(NULL);
    kit_rules("[{'action': {'status': 416, 'body': 'short', 'set_headers': {'Content-Length': '1000'}, 'cut': 5}}]");
    static const short want[] = {416, 0};
    struct ask a = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin, .want = want};
    ask_run(&a);
    CHECK_INT(a.status, 416); /* Q23 */
    CHECK_INT(kit_count("GET", "/tags/list", NULL, NULL), 1);
    tear_down(&b);
}

TEST(exchange_bounds_the_header)
{
    struct oci_net_options o = {.retries = 0};
    struct bench b = set_up(&o);
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
    tear_down(&b);
}

/* ---- redirects ---- */

TEST(exchange_follows_redirects_without_credentials)
{
    struct bench b = set_up(NULL);
    char digest[160];
    kit_second();
    kit_put_blob("a", "hello", 5, digest);
    kit_auth("{'mode': 'basic'}");
    char user[] = "alice", password[] = "s3cret:pass";
    struct oci_credential c = {.username = user, .password = password};
    struct oci_origin *o = kit_origin(b.net, b.registry, &c);
    static const int statuses[] = {301, 302, 303, 307, 308};
    for (size_t i = 0; i < 5; i++) {
        char rule[300];
        snprintf(rule, sizeof rule,
                 "[{'origin': 'main', 'header': {'authorization': 'Basic'}, 'action': {'redirect': {'status': %d, "
                 "'location':"
                 " '{scheme}://{other}{path}'}}}]",
                 statuses[i]);
        kit_rules(rule);
        struct ask a = {.method = NULL};
        struct bench with = {.origin = o};
        check_pull(&with, &a, digest, "hello", 5);
        ask_done(&a);
    }
    CHECK_INT(kit_count("GET", digest, "main", "authorization: Basic"), 5);
    CHECK_INT(kit_count("GET", digest, "second", NULL), 5);
    CHECK_INT(kit_count("GET", digest, "second", "!authorization"), 5);
    oci_origin_free(o);
    tear_down(&b);
}

/* Also when the way leads back (ggcr #2349): then the registry asks, and gets no answer. */
TEST(exchange_stays_unauthorized_once_it_was_sent_away)
{
    struct bench b = set_up(NULL);
    char digest[160], url[300];
    kit_second();
    kit_put_blob("a", "hello", 5, digest);
    kit_auth("{'mode': 'basic'}");
    char user[] = "alice", password[] = "s3cret:pass";
    struct oci_credential c = {.username = user, .password = password};
    struct oci_origin *o = kit_origin(b.net, b.registry, &c);
    kit_rules("[{'origin': 'main', 'header': {'authorization': 'Basic'}, 'times': -1, 'action': {'redirect': "
              "{'location': '{scheme}://{other}/x'}}},"
              " {'origin': 'second', 'times': -1, 'action': {'redirect': {'location': "
              "'{scheme}://{other}/v2/a/blobs/back'}}}]");
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    struct ask a = {.method = "GET", .url = url, .origin = o};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    CHECK_INT(kit_count("GET", "/blobs/back", "main", "authorization:"), 0);
    CHECK(kit_count("GET", "/blobs/back", "main", NULL) > 0);
    oci_origin_free(o);
    tear_down(&b);
}

TEST(exchange_bounds_redirects)
{
    struct bench b = set_up(NULL);
    kit_second();
    kit_rules("[{'times': -1, 'action': {'redirect': {'location': '{scheme}://{other}{path}'}}}]");
    struct ask a = {.method = "GET", .url = "/v2/", .origin = b.origin};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_REGISTRY);
    CHECK(strstr(a.err.text, "redirected more than 5 times") != NULL);
    CHECK_INT(kit_count("GET", NULL, NULL, NULL), 6);
    tear_down(&b);
}

TEST(exchange_redirects_uploads_on_the_same_origin_only)
{
    struct bench b = set_up(NULL);
    kit_second();
    char url[1024];
    struct oci_digest d;
    char *p = pattern(200000);
    struct ask post = {.method = "POST", .url = "/v2/a/blobs/uploads/", .origin = b.origin};
    ask_run(&post);
    CHECK_INT(oci_digest_of(OCI_STR("sha256"), p, 200000, &d, NULL), OCI_OK);
    snprintf(url, sizeof url, "%s&digest=%s", post.location, d.text);
    kit_rules("[{'method': 'PUT', 'action': {'redirect': {'location': '{path}'}}}]");
    struct ask put = {.method = "PUT", .url = url, .origin = b.origin};
    ask_body(&put, p, 200000);
    ask_run(&put);
    CHECK_INT(put.status, 201);
    ask_done(&put);
    kit_rules("[{'method': 'PUT', 'action': {'redirect': {'location': '{scheme}://{other}{path}'}}}]");
    struct ask away = {.method = "PUT", .url = url, .origin = b.origin};
    ask_body(&away, p, 200000);
    ask_run(&away);
    CHECK(away.rc != OCI_OK);
    CHECK_INT(kit_count(NULL, NULL, "second", NULL), 0);
    ask_done(&away);
    free(p);
    tear_down(&b);
}

TEST(exchange_refuses_unusable_redirects)
{
    struct bench b = set_up(NULL);
    static const char *const bad[] = {"ftp://h/",          "file:///etc/passwd",
                                      "http://user@h/",    "http://169.254.169.254/latest/",
                                      "http://0.0.0.0:1/", "http://h:0/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char rule[200];
        snprintf(rule, sizeof rule, "[{'action': {'redirect': {'location': '%s'}}}]", bad[i]);
        kit_rules(rule);
        struct ask a = {.method = "GET", .url = "/v2/", .origin = b.origin};
        ask_run(&a);
        if (a.rc != OCI_REGISTRY)
            FAIL("%s: %s", bad[i], a.err.text);
    }
    CHECK_INT(kit_count("GET", NULL, NULL, NULL), 6);
    tear_down(&b);
}

/* Q21: the signature has ended: the registry is asked for another one, once. */
TEST(exchange_gets_a_fresh_redirect_when_storage_refuses)
{
    struct bench b = set_up(NULL);
    char digest[160];
    kit_second();
    kit_put_blob("a", "hello", 5, digest);
    kit_rules("[{'origin': 'main', 'times': 2, 'action': {'redirect': {'location': '{scheme}://{other}{path}'}}},"
              " {'origin': 'second', 'action': {'status': 403}}]");
    struct ask a = {.method = NULL};
    check_pull(&b, &a, digest, "hello", 5);
    CHECK_INT(kit_count("GET", digest, "main", NULL), 2);
    CHECK_INT(kit_count("GET", digest, "second", NULL), 2);
    ask_done(&a);
    kit_rules("[{'origin': 'main', 'times': -1, 'action': {'redirect': {'location': '{scheme}://{other}{path}'}}},"
              " {'origin': 'second', 'times': -1, 'action': {'status': 401, 'headers': {'WWW-Authenticate': 'Basic "
              "realm=x'}}}]");
    char url[300];
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    struct ask never = {.method = "GET", .url = url, .origin = b.origin};
    ask_run(&never);
    CHECK_INT(never.rc, OCI_UNAUTHORIZED);
    CHECK_INT(kit_count("GET", digest, "second", NULL), 4);
    CHECK_INT(kit_count(NULL, NULL, "second", "authorization:"), 0);
    tear_down(&b);
}

/* A URL that is signed for GET answers HEAD with 403. */
TEST(exchange_asks_storage_by_get_for_a_head)
{
    struct bench b = set_up(NULL);
    char digest[160], url[300];
    kit_second();
    kit_put_blob("a", "hello", 5, digest);
    kit_rules("[{'origin': 'main', 'times': -1, 'action': {'redirect': {'location': '{scheme}://{other}{path}'}}},"
              " {'origin': 'second', 'method': 'HEAD', 'times': -1, 'action': {'status': 403}}]");
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    struct ask a = {.method = "HEAD", .url = url, .origin = b.origin};
    ask_run(&a);
    CHECK_INT(a.status, 200);
    CHECK_INT(a.length, 5);
    tear_down(&b);
}

TEST(exchange_link_must_stay)
{
    struct bench b = set_up(NULL);
    kit_second();
    kit_rules("[{'action': {'status': 200, 'headers': {'Link': '</v2/x?n=1&last=a%2Fb>; rel=next'}}},"
              " {'action': {'status': 200, 'headers': {'Link': '<{scheme}://{other}/v2/x>; rel=next'}}},"
              " {'action': {'status': 200, 'headers': {'Link': '<http://user@h/x>; rel=next'}}},"
              " {'action': {'status': 200}}]");
    struct ask good = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin};
    ask_run(&good);
    CHECK(strstr(good.link, "/v2/x?n=1&last=a%2Fb") != NULL);
    struct ask away = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin};
    ask_run(&away);
    CHECK_INT(away.rc, OCI_REGISTRY);
    struct ask bad = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin};
    ask_run(&bad);
    CHECK_INT(bad.rc, OCI_REGISTRY);
    struct ask last = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin};
    ask_run(&last);
    CHECK_STR(last.link, "");
    tear_down(&b);
}

/* T2: an upload location elsewhere gets no credentials; from loopback over plain HTTP it may be used at all. */
TEST(exchange_location_elsewhere_gets_no_credentials)
{
    struct bench b = set_up(NULL);
    char url[300], user[] = "alice", password[] = "s3cret:pass";
    struct oci_credential c = {.username = user, .password = password};
    struct oci_origin *o = kit_origin(b.net, b.registry, &c);
    kit_auth("{'mode': 'basic', 'second': true}");
    struct ask first = {.method = "GET", .url = "/v2/", .origin = o};
    ask_run(&first);
    CHECK_INT(first.status, 200); /* now it is known that Basic is wanted */
    snprintf(url, sizeof url, "http://%s/v2/a/blobs/uploads/", kit_second());
    struct ask a = {.method = "POST", .url = url, .origin = o};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    CHECK_INT(kit_count("POST", NULL, "second", NULL), 1);
    CHECK_INT(kit_count(NULL, NULL, "second", "authorization:"), 0);
    oci_origin_free(o);
    tear_down(&b);
}

/* ---- time ---- */

TEST(exchange_stall_is_a_timeout)
{
    struct oci_net_options o = {.retries = 0, .stall_timeout_ms = 200};
    struct bench b = set_up(&o);
    char digest[160], url[300];
    char *p = pattern(100000);
    kit_put_blob("a", p, 100000, digest);
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    kit_rules("[{'action': {'stall': 50000}}, {'action': {'stall': -1}}]");
    for (int i = 0; i < 2; i++) {
        struct ask a = {.method = "GET", .url = url, .origin = b.origin, .expect_size = 100000};
        ask_bytes(&a, 100000);
        ask_run(&a);
        CHECK_INT(a.rc, OCI_TIMEOUT);
        CHECK(a.err.retryable);
        ask_done(&a);
    }
    free(p);
    tear_down(&b);
}

TEST(exchange_stalled_download_is_resumed_once)
{
    struct oci_net_options o = {.retries = 5, .stall_timeout_ms = 2000};
    struct bench b = set_up(&o);
    char digest[160];
    char *p = pattern(100000);
    kit_put_blob("a", p, 100000, digest);
    kit_rules("[{'action': {'stall': 50000}}]");
    struct ask a = {.method = NULL};
    check_pull(&b, &a, digest, p, 100000);
    CHECK_INT(kit_count("GET", digest, NULL, "range: bytes=50000-"), 1);
    ask_done(&a);
    free(p);
    tear_down(&b);
}

TEST(exchange_total_timeout)
{
    struct oci_net_options o = {.retries = -1, .timeout_ms = 200};
    struct bench b = set_up(&o);
    kit_rules("[{'times': -1, 'action': {'stall': -1}}]");
    struct ask a = {.method = "GET", .url = "/v2/", .origin = b.origin};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_TIMEOUT);
    CHECK_STR(a.err.text, "testing: it took longer than 0.2 s");
    tear_down(&b);
}

TEST(exchange_cancel_ends_a_stall_and_a_backoff)
{
    struct bench b = set_up(NULL);
    kit_rules(
        "[{'action': {'stall': -1}}, {'times': -1, 'action': {'status': 503, 'headers': {'Retry-After': '50'}}}]");
    for (int i = 0; i < 2; i++) {
        struct ask a = {.method = "GET", .url = "/v2/", .origin = b.origin};
        ask_start(&a);
        while (kit_count("GET", "/v2/", NULL, NULL) < i + 1) /* it is under way */
            ;
        ask_cancel(&a);
        ask_wait(&a); /* the harness's limit of 60 s is longer than either would take: see the counts */
        CHECK_INT(a.rc, OCI_CANCELED);
    }
    CHECK_INT(kit_count("GET", "/v2/", NULL, NULL), 2);
    tear_down(&b);
}
