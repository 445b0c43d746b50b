/* Redirects and other addresses that a registry gives: where credentials go, and where they do not. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_kit.h"

/* Two origins that want a password, a blob, and alice at the first. */
static struct oci_origin *alice_up(struct bench *b, char digest[160])
{
    static char user[] = "alice", password[] = "s3cret:pass";
    const struct oci_credential c = {.username = user, .password = password};
    *b = bench_up(NULL, NULL);
    kit_second();
    kit_put_blob("a", "hello", 5, digest);
    kit_auth("{'mode': 'basic'}");
    return kit_origin(b->net, b->registry, &c);
}

TEST(exchange_follows_redirects_without_credentials)
{
    struct bench b;
    char digest[160];
    struct oci_origin *o = alice_up(&b, digest);
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
        bench_pull(&with, &a, digest, "hello", 5);
        ask_done(&a);
    }
    CHECK_INT(kit_count("GET", digest, "main", "authorization: Basic"), 5);
    CHECK_INT(kit_count("GET", digest, "second", NULL), 5);
    CHECK_INT(kit_count("GET", digest, "second", "!authorization"), 5);
    oci_origin_free(o);
    bench_down(&b);
}

/* Also when the way leads back (ggcr #2349): then the registry asks, and gets no answer. */
TEST(exchange_stays_unauthorized_once_it_was_sent_away)
{
    struct bench b;
    char digest[160], url[300];
    struct oci_origin *o = alice_up(&b, digest);
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
    bench_down(&b);
}

TEST(exchange_bounds_redirects)
{
    struct bench b = bench_up(NULL, NULL);
    kit_second();
    kit_rules("[{'times': -1, 'action': {'redirect': {'location': '{scheme}://{other}{path}'}}}]");
    struct ask a = {.method = "GET", .url = "/v2/", .origin = b.origin};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_REGISTRY);
    CHECK(strstr(a.err.text, "redirected more than 5 times") != NULL);
    CHECK_INT(kit_count("GET", NULL, NULL, NULL), 6);
    bench_down(&b);
}

TEST(exchange_redirects_uploads_on_the_same_origin_only)
{
    struct bench b = bench_up(NULL, NULL);
    kit_second();
    char url[1024];
    struct oci_digest d;
    char *p = kit_pattern(200000);
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
    bench_down(&b);
}

TEST(exchange_refuses_unusable_redirects)
{
    struct bench b = bench_up(NULL, NULL);
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
    bench_down(&b);
}

/* Q21: the signature has ended: the registry is asked for another one, once. */
TEST(exchange_gets_a_fresh_redirect_when_storage_refuses)
{
    struct bench b = bench_up(NULL, NULL);
    char digest[160];
    kit_second();
    kit_put_blob("a", "hello", 5, digest);
    kit_rules("[{'origin': 'main', 'times': 2, 'action': {'redirect': {'location': '{scheme}://{other}{path}'}}},"
              " {'origin': 'second', 'action': {'status': 403}}]");
    struct ask a = {.method = NULL};
    bench_pull(&b, &a, digest, "hello", 5);
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
    bench_down(&b);
}

/* A URL that is signed for GET answers HEAD with 403. */
TEST(exchange_asks_storage_by_get_for_a_head)
{
    struct bench b = bench_up(NULL, NULL);
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
    bench_down(&b);
}

TEST(exchange_link_must_stay)
{
    struct bench b = bench_up(NULL, NULL);
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
    bench_down(&b);
}

/* T2: an upload location elsewhere gets no credentials; from loopback over plain HTTP it may be used at all. */
TEST(exchange_location_elsewhere_gets_no_credentials)
{
    struct bench b = bench_up(NULL, NULL);
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
    bench_down(&b);
}
