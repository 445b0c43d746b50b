/* HTTP questions against the test registry: answers, repetition, time limits. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"
#include "net/state.h"
#include "net_kit.h"

/* ---- plain ---- */

TEST(exchange_get)
{
    struct bench b = bench_up(NULL, NULL);
    char digest[160];
    struct ask a = {.accept = "application/x-one"};
    char *p = kit_pattern(300000);
    kit_put_blob("a", p, 300000, digest);
    bench_pull(&b, &a, digest, p, 300000);
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
    bench_down(&b);
}

TEST(exchange_put_sends_small_and_large_bodies_right)
{
    struct bench b = bench_up(NULL, NULL);
    static const size_t sizes[] = {0, 2, 65535, 65536, 1000000};
    for (size_t i = 0; i < 5; i++) {
        char *p = kit_pattern(sizes[i]);
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
        bench_pull(&b, &get, d.text, p, sizes[i]);
        ask_done(&get);
        free(p);
    }
    CHECK_INT(kit_count("POST", "/uploads/", NULL, "content-length: 0"), 5);
    CHECK_INT(kit_count("POST", "/uploads/", NULL, "!content-type"), 5);
    CHECK_INT(kit_count("PUT", NULL, NULL, "content-type: application/octet-stream"), 5);
    CHECK_INT(kit_count("PUT", NULL, NULL, "!expect"), 5);
    CHECK_INT(kit_count("PUT", NULL, NULL, "!transfer-encoding"), 5);
    bench_down(&b);
}

TEST(exchange_head_and_statuses)
{
    struct bench b = bench_up(NULL, NULL);
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
    bench_down(&b);
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
    struct bench b = bench_up(NULL, NULL);
    char digest[160];
    kit_put_blob("a", "hello", 5, digest);
    kit_rules("[{'times': 2, 'action': {'status': 503, 'headers': {'Retry-After': '0'}}}]");
    struct ask a = {.method = NULL};
    bench_pull(&b, &a, digest, "hello", 5);
    CHECK(a.resent);
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 3);
    ask_done(&a);
    bench_down(&b);
}

TEST(exchange_gives_up_after_its_retries)
{
    struct oci_net_options o = {.retries = 1};
    struct bench b = bench_up(&o, NULL);
    kit_rules("[{'times': -1, 'action': {'status': 503}}]");
    static const short only_200[] = {200, 0};
    struct ask a = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin, .want = only_200};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_REGISTRY);
    CHECK_INT(a.err.status, 503);
    CHECK(a.err.retryable);
    CHECK_INT(kit_count("GET", "/tags/list", NULL, NULL), 2);
    bench_down(&b);
}

TEST(exchange_does_not_wait_longer_than_a_minute)
{
    struct bench b = bench_up(NULL, NULL);
    kit_rules("[{'times': -1, 'action': {'status': 429, 'headers': {'Retry-After': '3600'}}}]");
    static const short only_200[] = {200, 0};
    struct ask a = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.origin, .want = only_200};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_RATE_LIMITED);
    CHECK(a.err.retryable);
    CHECK(strstr(a.err.text, "3600 s") != NULL);
    CHECK_INT(kit_count("GET", "/tags/list", NULL, NULL), 1);
    bench_down(&b);
}

/* "Too many requests" is meant for all who ask there: the second question waits, and is not the one that was told. */
TEST(exchange_pause_is_shared)
{
    struct bench b = bench_up(NULL, NULL);
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
    bench_down(&b);
}

TEST(exchange_repeats_broken_connections)
{
    struct bench b = bench_up(NULL, NULL);
    char digest[160];
    kit_put_blob("a", "hello", 5, digest);
    kit_rules("[{'action': {'reset': true}}, {'action': {'close': true}}]");
    struct ask a = {.method = NULL};
    bench_pull(&b, &a, digest, "hello", 5);
    CHECK_INT(kit_count("GET", digest, NULL, NULL), 3);
    ask_done(&a);
    bench_down(&b);
}

TEST(exchange_repeats_an_upload_from_its_beginning)
{
    struct bench b = bench_up(NULL, NULL);
    char *p = kit_pattern(500000);
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
    bench_down(&b);
}

/* security-quirks 4.1: libcurl sends a received PATCH again by itself, and nobody learns of it. */
TEST(exchange_never_sends_a_patch_twice)
{
    struct bench b = bench_up(NULL, NULL);
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
    bench_down(&b);
}

TEST(exchange_refused_connection_is_an_error)
{
    struct oci_net_options o = {.retries = 0};
    struct bench b = bench_up(&o, NULL);
    struct oci_origin *nobody = kit_origin(b.net, "127.0.0.1:1", NULL);
    struct ask a = {.method = "GET", .url = "/v2/", .origin = nobody};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_NETWORK);
    CHECK(a.err.retryable);
    CHECK_STR(a.err.text, "testing: cannot connect to 127.0.0.1:1: Connection refused");
    oci_origin_free(nobody);
    bench_down(&b);
}

TEST(exchange_unknown_name_is_an_error)
{
    struct oci_net_options o = {.retries = 0};
    struct bench b = bench_up(&o, NULL);
    struct oci_origin *nobody = kit_origin(b.net, "no-such-host.invalid", NULL);
    struct ask a = {.method = "GET", .url = "/v2/", .origin = nobody};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_NETWORK);
    CHECK(strstr(a.err.text, "no-such-host.invalid cannot be resolved") != NULL);
    oci_origin_free(nobody);
    bench_down(&b);
}

/* ---- time ---- */

TEST(exchange_stall_is_a_timeout)
{
    struct oci_net_options o = {.retries = 0, .stall_timeout_ms = 200};
    struct bench b = bench_up(&o, NULL);
    char digest[160], url[300];
    char *p = kit_pattern(100000);
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
    bench_down(&b);
}

TEST(exchange_stalled_download_is_resumed_once)
{
    struct oci_net_options o = {.retries = 5, .stall_timeout_ms = 2000};
    struct bench b = bench_up(&o, NULL);
    char digest[160];
    char *p = kit_pattern(100000);
    kit_put_blob("a", p, 100000, digest);
    kit_rules("[{'action': {'stall': 50000}}]");
    struct ask a = {.method = NULL};
    bench_pull(&b, &a, digest, p, 100000);
    CHECK_INT(kit_count("GET", digest, NULL, "range: bytes=50000-"), 1);
    ask_done(&a);
    free(p);
    bench_down(&b);
}

TEST(exchange_total_timeout)
{
    struct oci_net_options o = {.retries = -1, .timeout_ms = 200};
    struct bench b = bench_up(&o, NULL);
    kit_rules("[{'times': -1, 'action': {'stall': -1}}]");
    struct ask a = {.method = "GET", .url = "/v2/", .origin = b.origin};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_TIMEOUT);
    CHECK_STR(a.err.text, "testing: it took longer than 0.2 s");
    bench_down(&b);
}

TEST(exchange_cancel_ends_a_stall_and_a_backoff)
{
    struct bench b = bench_up(NULL, NULL);
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
    bench_down(&b);
}
