/* The k-th allocation of the engine's thread fails, in libcurl too: every question ends, with an error or an answer,
 * and the engine goes on. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "failmalloc.h"
#include "net_kit.h"
#include "sys/pool.h"

static void arm(void *ctx)
{
    failmalloc_arm(*(long *)ctx, false);
}

static void disarm(void *ctx)
{
    *(long *)ctx = failmalloc_disarm();
}

/* A new client each time, so that nothing is known yet: a 401, a token, the answer. */
static void ask_with_failure(const char *registry, struct ask *a, long k, long *ret_seen)
{
    char user[] = "alice", password[] = "s3cret:pass";
    struct oci_credential c = {.username = user, .password = password};
    struct oci_net_options options = {.retries = 0};
    struct oci_net *n = kit_net(&options);
    a->origin = kit_origin(n, registry, &c);
    kit_on_engine(arm, &k);
    ask_run(a);
    kit_on_engine(disarm, ret_seen);
    oci_origin_free(a->origin);
    oci_net_free(n);
}

/* Not each library says what it lacked. */
static void check_error(const struct ask *a, long k)
{
    static const int fair[] = {OCI_NO_MEMORY, OCI_NETWORK, OCI_LIMIT, OCI_TLS, OCI_UNAUTHORIZED, OCI_UNSUPPORTED};
    for (size_t i = 0; i < sizeof fair / sizeof *fair; i++) {
        if (a->rc == fair[i])
            return;
    }
    FAIL("allocation %ld: %s: %s", k, oci_err_name(a->rc), a->err.text);
}

static void sweep(void (*prepare)(struct ask *a, const char *registry))
{
    if (!failmalloc_available())
        SKIP("the sanitizer has a malloc of its own");
    const char *registry = kit_registry();
    char digest[160];
    kit_put_blob("a", "0123456789", 10, digest);
    kit_auth("{'mode': 'bearer'}");
    struct ask warm = {.method = NULL};
    long seen = 0;
    prepare(&warm, registry);
    ask_with_failure(registry, &warm, 0, &seen);
    CHECK_STR(warm.err.text, "");
    ask_done(&warm);
    int failures = 0;
    for (long k = 1;; k++) {
        struct ask a = {.method = NULL};
        prepare(&a, registry);
        ask_with_failure(registry, &a, k, &seen);
        int rc = a.rc;
        if (rc != OCI_OK)
            check_error(&a, k);
        failures += rc != OCI_OK;
        ask_done(&a);
        if (seen < k) {
            CHECK_INT(rc, OCI_OK);
            break;
        }
    }
    CHECK(failures > 20);
    kit_stop();
    oci_pool_stop();
}

static void get(struct ask *a, const char *registry)
{
    static char url[300];
    (void)registry;
    snprintf(url, sizeof url, "/v2/a/blobs/sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882");
    a->method = "GET";
    a->url = url;
    a->scope = "repository:a:pull";
    a->expect_size = 10;
    ask_bytes(a, 10);
}

TEST(oom_get)
{
    sweep(get);
}

static void post(struct ask *a, const char *registry)
{
    static char url[300];
    (void)registry;
    snprintf(url, sizeof url,
             "/v2/a/blobs/uploads/"
             "?digest=sha256:84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882");
    a->method = "POST";
    a->url = url;
    a->scope = "repository:a:pull,push";
    ask_body(a, "0123456789", 10);
}

TEST(oom_post)
{
    sweep(post);
}
