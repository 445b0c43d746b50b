/* Name lookups that do not end: the resolver of this program is one of its own. */
#include "test.h"

#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

#include "net_kit.h"
#include "sys/pool.h"
#include "sys/thread.h"

static struct oci_mutex lock = OCI_MUTEX_INIT;
static struct oci_cond changed;
static int waiting;
static bool released;

typedef int (*getaddrinfo_fn)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* Takes the place of libc's for libcurl too. "slow.test" is looked up until the test says otherwise. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
    if (node && strcmp(node, "slow.test") == 0) {
        oci_mutex_lock(&lock);
        waiting++;
        oci_cond_broadcast(&changed);
        while (!released)
            oci_cond_wait(&changed, &lock);
        waiting--;
        oci_cond_broadcast(&changed);
        oci_mutex_unlock(&lock);
        return EAI_AGAIN;
    }
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");
    getaddrinfo_fn real;
    memcpy(&real, &found, sizeof real);
    return real(node, service, hints, res);
}

static void wait_until(int n)
{
    oci_mutex_lock(&lock);
    while (waiting != n)
        oci_cond_wait(&changed, &lock);
    oci_mutex_unlock(&lock);
}

static void release(void)
{
    oci_mutex_lock(&lock);
    released = true;
    oci_cond_broadcast(&changed);
    oci_mutex_unlock(&lock);
    wait_until(0); /* so that no thread of the resolver outlives the test */
}

/* Without CURLOPT_QUICK_EXIT the engine would wait for the lookup, and this test for ever. */
TEST(dns_lookup_can_be_canceled)
{
    oci_cond_init(&changed);
    struct oci_net *n = kit_net(NULL);
    struct oci_origin *o = kit_origin(n, "slow.test", NULL);
    struct ask a = {.method = "GET", .url = "/v2/", .origin = o};
    ask_start(&a);
    wait_until(1);
    ask_cancel(&a);
    ask_wait(&a);
    CHECK_INT(a.rc, OCI_CANCELED);
    oci_origin_free(o);
    oci_net_free(n);
    kit_stop(); /* nor does the engine's end wait */
    release();
    oci_pool_stop();
}

TEST(dns_lookup_has_a_time_limit)
{
    oci_cond_init(&changed);
    struct oci_net_options options = {.retries = 0, .connect_timeout_ms = 100};
    struct oci_net *n = kit_net(&options);
    struct oci_origin *o = kit_origin(n, "slow.test", NULL);
    struct ask a = {.method = "GET", .url = "/v2/", .origin = o};
    ask_run(&a);
    CHECK_INT(a.rc, OCI_TIMEOUT);
    CHECK(strstr(a.err.text, "connecting to slow.test took longer than 0.1 s") != NULL);
    oci_origin_free(o);
    oci_net_free(n);
    kit_stop();
    release();
    oci_pool_stop();
}

/* Others are not held up by it. */
TEST(dns_lookup_leaves_the_engine_free)
{
    oci_cond_init(&changed);
    const char *registry = kit_registry();
    struct oci_net *n = kit_net(NULL);
    struct oci_origin *slow = kit_origin(n, "slow.test", NULL), *quick = kit_origin(n, registry, NULL);
    struct ask a = {.method = "GET", .url = "/v2/", .origin = slow},
               b = {.method = "GET", .url = "/v2/", .origin = quick};
    ask_start(&a);
    wait_until(1);
    ask_run(&b);
    CHECK_INT(b.status, 200);
    ask_cancel(&a);
    ask_wait(&a);
    oci_origin_free(slow);
    oci_origin_free(quick);
    oci_net_free(n);
    kit_stop();
    release();
    oci_pool_stop();
}
