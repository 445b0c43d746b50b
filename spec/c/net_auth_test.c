/* Authentication against the test registry: Basic, tokens in every way they are asked for, and where credentials go. */
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/net.h"
#include "net/token_fetch.h"
#include "net_kit.h"
#include "sys/pool.h"

#define SCOPE "repository:a:pull"
#define TAGS  "/v2/a/tags/list"

static char alice[] = "alice", right[] = "s3cret:pass", wrong[] = "wrong-canary", identity[] = "ref-canary";
static char direct[] = "direct-token";
static const struct oci_credential good = {.username = alice, .password = right};
static const struct oci_credential bad = {.username = alice, .password = wrong};
static const short only_200[] = {200, 0};

static struct bench set_up(const char *auth, const struct oci_net_options *options, const struct oci_credential *c)
{
    struct bench b = bench_up(options, c);
    char digest[160];
    kit_put_blob("a", "hello", 5, digest); /* so that the repository is there */
    kit_auth(auth);
    return b;
}

static struct ask get(struct oci_origin *o, const char *url, const char *scope)
{
    struct ask a = {.method = "GET", .url = url, .scope = scope, .origin = o, .want = only_200};
    ask_run(&a);
    CHECK(strstr(a.err.text, wrong) == NULL && strstr(a.err.text, right) == NULL);
    return a;
}

static void check_ok(const struct ask *a)
{
    if (a->rc != OCI_OK)
        FAIL("%s", a->err.text);
    CHECK_INT(a->status, 200);
}

/* ---- Basic ---- */

TEST(auth_basic_after_a_401_and_at_once_from_then_on)
{
    struct bench b = set_up("{'mode': 'basic'}", NULL, &good);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count("GET", TAGS, NULL, NULL), 2);
    CHECK_INT(kit_count("GET", TAGS, NULL, "!authorization"), 1);
    a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count("GET", TAGS, NULL, NULL), 3);
    bench_down(&b);
}

TEST(auth_basic_wrong_password)
{
    struct bench b = set_up("{'mode': 'basic'}", NULL, &bad);
    struct ask a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    CHECK_INT(a.err.status, 401);
    CHECK(strstr(a.err.text, "password is wrong") != NULL);
    CHECK_INT(kit_count("GET", TAGS, NULL, NULL), 2);
    bench_down(&b);
}

TEST(auth_basic_without_credentials)
{
    struct bench b = set_up("{'mode': 'basic'}", NULL, NULL);
    struct ask a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    CHECK(strstr(a.err.text, "no credentials") != NULL);
    CHECK_INT(kit_count("GET", TAGS, NULL, NULL), 1);
    bench_down(&b);
}

TEST(auth_upload_is_sent_again_with_credentials)
{
    struct bench b = set_up("{'mode': 'basic'}", NULL, &good);
    char *p = calloc(1, 300000);
    CHECK(p != NULL);
    struct oci_digest d;
    char url[300];
    CHECK_INT(oci_digest_of(OCI_STR("sha256"), p, 300000, &d, NULL), OCI_OK);
    snprintf(url, sizeof url, "/v2/a/blobs/uploads/?digest=%s", d.text);
    struct ask a = {.method = "POST", .url = url, .scope = "repository:a:pull,push", .origin = b.origin};
    ask_body(&a, p, 300000);
    ask_run(&a);
    CHECK_INT(a.rc, OCI_OK);
    CHECK_INT(a.status, 201);
    ask_done(&a);
    free(p);
    bench_down(&b);
}

/* ---- credentials from the user's files ---- */

struct finder {
    atomic_int calls;
    const struct oci_credential *gives;
    int rc;
    char registry[64], repository[64];
};

static int find(void *ctx, const char *registry, const char *repository, struct oci_credential *ret_c,
                struct oci_err *reterr)
{
    struct finder *f = ctx;
    atomic_fetch_add(&f->calls, 1);
    snprintf(f->registry, sizeof f->registry, "%s", registry);
    snprintf(f->repository, sizeof f->repository, "%s", repository);
    if (f->rc)
        return oci_err_set(reterr, f->rc, "the file is broken");
    return f->gives ? oci_credential_copy(f->gives, ret_c) : OCI_OK;
}

static struct oci_net_options with_finder(struct finder *f)
{
    return (struct oci_net_options){.retries = -1, .find_credential = find, .credential_ctx = f};
}

TEST(auth_credentials_are_found_once_when_a_401_asks)
{
    struct finder f = {.gives = &good};
    struct oci_net_options o = with_finder(&f);
    struct bench b = set_up("{}", &o, NULL);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(atomic_load(&f.calls), 0); /* nobody asked */
    kit_auth("{'mode': 'basic'}");
    for (int i = 0; i < 3; i++) {
        a = get(b.origin, TAGS, SCOPE);
        check_ok(&a);
    }
    CHECK_INT(atomic_load(&f.calls), 1);
    CHECK_STR(f.registry, b.registry);
    CHECK_STR(f.repository, "a");
    bench_down(&b);
}

TEST(auth_broken_credential_file_is_the_error)
{
    struct finder f = {.rc = OCI_INVALID};
    struct oci_net_options o = with_finder(&f);
    struct bench b = set_up("{'mode': 'basic'}", &o, NULL);
    struct ask a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_INVALID);
    CHECK(strstr(a.err.text, "the file is broken") != NULL);
    f.rc = OCI_OK; /* repaired: read again */
    f.gives = &good;
    a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    bench_down(&b);
}

/* ---- tokens ---- */

TEST(auth_token_is_fetched_once_and_kept)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    struct ask a;
    for (int i = 0; i < 3; i++) {
        a = get(b.origin, TAGS, SCOPE);
        check_ok(&a);
    }
    CHECK_INT(kit_info("token_requests"), 1);
    CHECK_INT(kit_count("GET", TAGS, NULL, NULL), 4);
    CHECK_INT(kit_count("GET",
                        "/_token?service=test-registry&scope=repository%3Aa%3Apull&client_id=lua-oci&account=alice",
                        NULL, "authorization: Basic"),
              1);
    /* The password goes to the token server only. */
    CHECK_INT(kit_count("GET", TAGS, NULL, "authorization: Basic"), 0);
    bench_down(&b);
}

TEST(auth_many_waiters_one_token)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    kit_rules("[{'path': '/_token', 'action': {'delay': 0.3}}]"); /* all of them are waiting by then */
    enum { N = 20 };
    struct ask many[N] = {{.method = NULL}};
    for (int i = 0; i < N; i++) {
        many[i] = (struct ask){.method = "GET", .url = TAGS, .scope = SCOPE, .origin = b.origin, .want = only_200};
        ask_start(&many[i]);
    }
    for (int i = 0; i < N; i++) {
        ask_wait(&many[i]);
        check_ok(&many[i]);
    }
    CHECK_INT(kit_info("token_requests"), 1);
    bench_down(&b);
}

TEST(auth_canceled_waiters_do_not_disturb_the_others)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    kit_rules("[{'path': '/_token', 'action': {'delay': 1}}]");
    struct ask one = {.method = "GET", .url = TAGS, .scope = SCOPE, .origin = b.origin, .want = only_200}, two = one;
    ask_start(&one);
    while (kit_count("GET", "/_token", NULL, NULL) == 0)
        ;
    ask_start(&two); /* waits for the same token */
    ask_cancel(&one);
    ask_wait(&one);
    CHECK_INT(one.rc, OCI_CANCELED);
    ask_wait(&two);
    check_ok(&two);
    CHECK_INT(kit_count("GET", "/_token", NULL, NULL), 1);
    bench_down(&b);
}

TEST(auth_last_waiter_ends_the_token_request)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    kit_rules("[{'path': '/_token', 'action': {'stall': -1}}]");
    struct ask a = {.method = "GET", .url = TAGS, .scope = SCOPE, .origin = b.origin, .want = only_200};
    ask_start(&a);
    while (kit_count("GET", "/_token", NULL, NULL) == 0)
        ;
    ask_cancel(&a);
    ask_wait(&a);
    CHECK_INT(a.rc, OCI_CANCELED);
    a = get(b.origin, TAGS, SCOPE); /* a new request, not the dead one */
    check_ok(&a);
    bench_down(&b);
}

TEST(auth_push_token_does_for_a_pull)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    struct ask post = {
        .method = "POST", .url = "/v2/a/blobs/uploads/", .scope = "repository:a:pull,push", .origin = b.origin};
    ask_run(&post);
    CHECK_INT(post.status, 202);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_info("token_requests"), 1);
    CHECK_INT(kit_count("GET", TAGS, NULL, NULL), 1);
    bench_down(&b);
}

TEST(auth_pull_token_is_not_used_for_a_push)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    struct ask post = {
        .method = "POST", .url = "/v2/a/blobs/uploads/", .scope = "repository:a:pull,push", .origin = b.origin};
    ask_run(&post);
    CHECK_INT(post.status, 202);
    CHECK_INT(kit_info("token_requests"), 2);
    bench_down(&b);
}

TEST(auth_identities_never_share_tokens)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    struct oci_origin *other = kit_origin(b.net, b.registry, &bad);
    struct oci_credential none = {.username = NULL};
    struct oci_origin *nobody = kit_origin(b.net, b.registry, &none);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    a = get(other, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    a = get(nobody, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    oci_origin_free(other);
    oci_origin_free(nobody);
    bench_down(&b);
}

TEST(auth_anonymous_pull)
{
    struct bench b = set_up("{'mode': 'bearer', 'anonymous': ['a']}", NULL, NULL);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count("GET", "/_token", NULL, "!authorization"), 1);
    CHECK_INT(kit_count("GET", "account=", NULL, NULL), 0);
    bench_down(&b);
}

TEST(auth_token_server_refuses_the_password)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &bad);
    struct ask a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    CHECK(strstr(a.err.text, "refused the credentials") != NULL);
    CHECK_INT(kit_info("token_requests"), 1);
    bench_down(&b);
}

TEST(auth_revoked_token_is_replaced)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    free(kit_control("POST", "/_revoke", "{}"));
    a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_info("token_requests"), 2);
    bench_down(&b);
}

TEST(auth_is_tried_twice_at_most)
{
    struct bench b = set_up("{'mode': 'bearer', 'lifetime': 0}", NULL, &good); /* tokens are dead when they come */
    struct ask a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    CHECK(kit_count("GET", TAGS, NULL, NULL) <= 3);
    CHECK(kit_info("token_requests") <= 2);
    bench_down(&b);
}

TEST(auth_denied_scope_is_reported)
{
    struct bench b = set_up("{'mode': 'bearer', 'deny': ['a']}", NULL, &good);
    struct ask a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    CHECK(strstr(a.err.text, "does not exist") != NULL); /* says both */
    bench_down(&b);
}

TEST(auth_both_names_of_the_token)
{
    static const char *const fields[] = {"token", "access_token", "both"};
    for (size_t i = 0; i < 3; i++) {
        char auth[100];
        snprintf(auth, sizeof auth, "{'mode': 'bearer', 'token_field': '%s', 'expires_in': null}", fields[i]);
        struct bench b = set_up(auth, NULL, &good);
        struct ask a = get(b.origin, TAGS, SCOPE);
        check_ok(&a);
        bench_down(&b);
    }
    struct bench b = set_up("{'mode': 'bearer', 'token_field': 'none'}", NULL, &good);
    struct ask a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    CHECK(strstr(a.err.text, "no token") != NULL);
    bench_down(&b);
}

TEST(auth_identity_token_by_post)
{
    struct oci_credential c = {.identity_token = identity};
    struct bench b = set_up("{'mode': 'bearer', 'refresh_tokens': {'ref-canary': 'alice'}}", NULL, &c);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count("POST", "/_token", NULL, "!authorization"), 1);
    CHECK_INT(kit_count("GET", "/_token", NULL, NULL), 0);
    /* It goes to the token server only. */
    CHECK_INT(kit_count(NULL, NULL, NULL, "authorization: ref-canary"), 0);
    bench_down(&b);
}

TEST(auth_post_where_get_is_refused)
{
    struct bench b = set_up("{'mode': 'bearer', 'refuse_get': 405}", NULL, &good);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count("GET", "/_token", NULL, NULL), 1);
    CHECK_INT(kit_count("POST", "/_token", NULL, NULL), 1);
    bench_down(&b);
}

TEST(auth_get_where_post_is_refused)
{
    struct oci_credential c = {.username = alice, .password = right, .identity_token = identity};
    struct bench b = set_up("{'mode': 'bearer', 'refuse_post': 404}", NULL, &c);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count("POST", "/_token", NULL, NULL), 1);
    CHECK_INT(kit_count("GET", "/_token", NULL, NULL), 1);
    bench_down(&b);
    /* Without a password there is nothing to fall back to. */
    struct oci_credential alone = {.identity_token = identity};
    b = set_up("{'mode': 'bearer', 'refuse_post': 404}", NULL, &alone);
    a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_REGISTRY);
    CHECK_INT(kit_count("GET", "/_token", NULL, NULL), 0);
    bench_down(&b);
}

TEST(auth_given_token_is_sent_as_it_is)
{
    struct oci_credential c = {.token = direct};
    struct bench b = set_up("{'mode': 'bearer', 'static_tokens': ['direct-token']}", NULL, &c);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_info("token_requests"), 0);
    CHECK_INT(kit_count("GET", TAGS, NULL, "authorization: Bearer direct-token"), 1);
    bench_down(&b);
    b = set_up("{'mode': 'bearer'}", NULL, &c);
    a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    CHECK_INT(kit_info("token_requests"), 0);
    bench_down(&b);
}

/* ---- mounts ---- */

TEST(auth_refused_scope_of_a_mount_is_a_403)
{
    static const int statuses[] = {400, 401, 403};
    for (size_t i = 0; i < 3; i++) {
        char rule[120];
        struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
        snprintf(rule, sizeof rule, "[{'path': '/_token.*other', 'times': -1, 'action': {'status': %d}}]", statuses[i]);
        kit_rules(rule);
        static const short want[] = {201, 202, 400, 401, 403, 404, 405, 0};
        struct ask a = {.method = "POST",
                        .url = "/v2/a/blobs/uploads/?mount=sha256:00&from=other",
                        .scope = "repository:a:pull,push",
                        .extra_scope = "repository:other:pull",
                        .origin = b.origin,
                        .want = want};
        ask_run(&a);
        CHECK_INT(a.rc, OCI_OK);
        CHECK_INT(a.status, 403);
        struct ask plain = {
            .method = "POST", .url = "/v2/a/blobs/uploads/", .scope = "repository:a:pull,push", .origin = b.origin};
        ask_run(&plain);
        CHECK_INT(plain.status, 202);
        bench_down(&b);
    }
}

TEST(auth_widened_token_is_for_the_mount_only)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    struct ask a = {.method = "POST",
                    .url = "/v2/a/blobs/uploads/?mount=sha256:00&from=other",
                    .scope = "repository:a:pull,push",
                    .extra_scope = "repository:other:pull",
                    .origin = b.origin};
    ask_run(&a);
    CHECK_INT(a.status, 202);
    CHECK_INT(kit_count("GET", "scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Aother%3Apull", NULL, NULL), 1);
    struct ask plain = get(b.origin, TAGS, "repository:a:pull,push");
    check_ok(&plain);
    CHECK_INT(kit_info("token_requests"), 2);
    bench_down(&b);
}

/* ---- where credentials go ---- */

TEST(auth_realm_elsewhere_gets_nothing)
{
    static const char *const realms[] = {
        "https://evil.example/token", "http://169.254.169.254/token", "http://user:pw@{self}/_token",
        "ftp://{self}/_token",        "null://{self}/_token",
    };
    for (size_t i = 0; i < sizeof realms / sizeof *realms; i++) {
        char auth[160];
        snprintf(auth, sizeof auth, "{'mode': 'bearer', 'realm': '%s'}", realms[i]);
        struct bench b = set_up(auth, NULL, &good);
        struct ask a = get(b.origin, TAGS, SCOPE);
        if (a.rc != OCI_UNAUTHORIZED)
            FAIL("%s: %s", realms[i], a.err.text);
        CHECK_INT(kit_info("token_requests"), 0);
        CHECK_INT(kit_count(NULL, NULL, NULL, "authorization:"), 0);
        bench_down(&b);
    }
}

TEST(auth_realm_on_another_port_of_the_host)
{
    kit_second();
    struct bench b = set_up("{'mode': 'bearer', 'realm': '{scheme}://{other}/_token?extra=1'}", NULL, &good);
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count("GET", "/_token?extra=1&service=", "second", NULL), 1);
    bench_down(&b);
}

TEST(auth_token_server_may_not_send_credentials_on)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    kit_second();
    kit_rules("[{'path': '/_token', 'origin': 'main', 'times': -1, 'action': {'redirect': {'location': "
              "'{scheme}://{other}{path}'}}}]");
    struct ask a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_REGISTRY);
    CHECK_INT(kit_count(NULL, NULL, "second", NULL), 0);
    kit_rules("[{'path': '/_token[?]', 'action': {'redirect': {'location': "
              "'/_token?service=test-registry&scope=repository:a:pull'}}}]");
    a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    bench_down(&b);
}

TEST(auth_token_server_is_asked_again)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    kit_rules("[{'path': '/_token', 'action': {'status': 503}}, {'path': '/_token', 'action': {'reset': true}}]");
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count("GET", "/_token", NULL, NULL), 3);
    bench_down(&b);
}

TEST(auth_token_answer_is_bounded)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    kit_rules("[{'path': '/_token', 'action': {'status': 200, 'body': '{}', 'body_size': 30000000}}]");
    struct ask a = get(b.origin, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_LIMIT);
    bench_down(&b);
}

/* gcr.io did so: a 401 without a challenge, which is at /v2/ only. */
TEST(auth_challenge_at_the_base)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    kit_rules("[{'path': '/tags/', 'action': {'status': 401}}]");
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count("GET", TAGS, NULL, NULL), 2);
    kit_auth("{}");
    kit_rules("[{'path': '/tags/', 'times': -1, 'action': {'status': 401}}]");
    struct oci_origin *fresh = kit_origin(b.net, b.registry, &bad);
    a = get(fresh, TAGS, SCOPE);
    CHECK_INT(a.rc, OCI_UNAUTHORIZED);
    oci_origin_free(fresh);
    bench_down(&b);
}

/* Basic and Bearer together, in two lines: Bearer is taken. */
TEST(auth_chooses_the_strongest_challenge)
{
    struct bench b = set_up("{'mode': 'bearer'}", NULL, &good);
    kit_rules("[{'path': '/tags/', 'action': {'set_headers': {'WWW-Authenticate': ['Basic realm=x', 'Negotiate',"
              " 'bEARER REALM=\\'{scheme}://{self}/_token\\',service=test-registry']}}}]");
    struct ask a = get(b.origin, TAGS, SCOPE);
    check_ok(&a);
    CHECK_INT(kit_count(NULL, "/tags/", NULL, "authorization: Basic"), 0);
    bench_down(&b);
}

/* ---- credentials that cannot be sent ---- */

TEST(auth_credentials_are_checked)
{
    char colon[] = "a:b", control[] = "a\r\nX: y";
    struct oci_credential bad_user = {.username = colon, .password = right};
    struct oci_credential bad_password = {.username = alice, .password = control};
    struct oci_credential bad_token = {.token = control};
    struct oci_net *n = kit_net(NULL);
    struct oci_origin *o = NULL;
    struct oci_err err = {0};
    CHECK_INT(oci_origin_new(n, "localhost", &bad_user, NULL, &o, &err), OCI_INVALID);
    CHECK_INT(oci_origin_new(n, "localhost", &bad_password, NULL, &o, NULL), OCI_INVALID);
    CHECK_INT(oci_origin_new(n, "localhost", &bad_token, NULL, &o, NULL), OCI_INVALID);
    CHECK(o == NULL);
    oci_net_free(n);
    kit_stop();
}

/* ---- what is sent to a token server ---- */

static void check_request(struct oci_token_fetch *f, const char *query, const char *form)
{
    struct oci_buf b;
    oci_buf_init(&b, 4096);
    CHECK_INT(oci_token_query(f, &b), OCI_OK);
    CHECK_STR(b.p, query);
    oci_buf_clear(&b);
    CHECK_INT(oci_token_form(f, &b), OCI_OK);
    CHECK_STR(b.p, form);
    oci_buf_done(&b);
}

TEST(auth_token_request_is_encoded)
{
    char realm[] = "https://a.example/t?x=1", user[] = "a&b", password[] = "p w+", service[] = "s/v", refresh[] = "r=t";
    struct oci_registry_state r = {.base = {.host = "a.example"}};
    struct oci_token_fetch f = {.registry = &r, .realm = {.text = realm}, .service = service};
    CHECK_INT(oci_scopes_add(&f.scopes, "repository:b:push repository:a/c:pull"), OCI_OK);
    f.credential.username = user;
    f.credential.password = password;
    check_request(&f,
                  "https://a.example/t?x=1&service=s%2Fv&scope=repository%3Ab%3Apush&scope=repository%3Aa%2Fc%3Apull"
                  "&client_id=lua-oci&account=a%26b",
                  "grant_type=password&service=s%2Fv&client_id=lua-oci"
                  "&scope=repository%3Ab%3Apush%20repository%3Aa%2Fc%3Apull&username=a%26b&password=p%20w%2B");
    f.refresh_token = refresh;
    f.service = NULL;
    f.credential.username = NULL;
    realm[19] = '\0';
    oci_scopes_done(&f.scopes);
    check_request(&f, "https://a.example/t?client_id=lua-oci",
                  "grant_type=refresh_token&service=a.example&client_id=lua-oci&refresh_token=r%3Dt");
}
