/* Single transfers: their share of a turn, and the addresses that they must not connect to. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/engine.h"
#include "net_kit.h"
#include "sys/pool.h"
#include "sys/thread.h"

struct get {
    struct oci_transfer t; /* first */
    char url[400];
    unsigned refuse;
    /* What happened. */
    int rc;
    struct oci_err err;
    uint64_t received, turn, in_turn, most_in_turn;
    bool done;
};

static struct oci_mutex lock = OCI_MUTEX_INIT;
static struct oci_cond changed;

static int take(struct oci_transfer *t, const char *p, size_t len, struct oci_err *reterr)
{
    (void)p;
    (void)reterr;
    struct get *g = (struct get *)(void *)t;
    if (g->turn != t->turn)
        g->in_turn = 0;
    g->turn = t->turn;
    g->in_turn += len;
    g->received += len;
    if (g->in_turn > g->most_in_turn)
        g->most_in_turn = g->in_turn;
    return OCI_OK;
}

static void finish(struct get *g, int rc, const struct oci_err *err)
{
    oci_mutex_lock(&lock);
    g->rc = rc;
    g->err = *err;
    g->done = true;
    oci_cond_broadcast(&changed);
    oci_mutex_unlock(&lock);
}

static void on_done(struct oci_transfer *t)
{
    struct get *g = (struct get *)(void *)t;
    int rc = t->rc;
    struct oci_err err = t->err;
    oci_transfer_done(t);
    finish(g, rc, &err);
}

static void start(void *ctx)
{
    struct get *g = ctx;
    struct oci_err err = {0};
    struct oci_url url = {0};
    struct oci_transfers *ts = oci_engine_transfers(kit_engine(), &err);
    int rc = ts ? oci_url_parse(g->url, strlen(g->url), &url, &err) : err.code;
    struct oci_transfer_ask ask = {.method = "GET",
                                   .url = &url,
                                   .direct = true,
                                   .refuse = g->refuse,
                                   .connect_timeout_ms = 10000,
                                   .stall_timeout_ms = 60000};
    if (rc == OCI_OK)
        rc = oci_transfer_start(ts, &g->t, &ask, &err);
    oci_url_done(&url);
    if (rc != OCI_OK)
        finish(g, rc, &err);
}

static void begin(struct get *g)
{
    oci_transfer_init(&g->t);
    g->t.body = take;
    g->t.done = on_done;
    oci_cond_init(&changed);
    kit_on_engine(start, g);
}

static void wait_for(struct get *g)
{
    oci_mutex_lock(&lock);
    while (!g->done)
        oci_cond_wait(&changed, &lock);
    oci_mutex_unlock(&lock);
}

static void tear_down(void)
{
    kit_stop();
    oci_pool_stop();
}

/* event-loops 2.6: without it one fast download has the engine for itself for 100 ms at a time. */
TEST(transfer_has_a_budget_for_each_turn)
{
    enum { SIZE = 6 << 20, BUDGET = 128 << 10, PIECE = 16 << 10 };
    const char *registry = kit_registry();
    char digest[160];
    char *p = calloc(1, SIZE);
    CHECK(p != NULL);
    kit_put_blob("a", p, SIZE, digest);
    free(p);
    static struct get two[2];
    for (int i = 0; i < 2; i++) {
        snprintf(two[i].url, sizeof two[i].url, "http://%s/v2/a/blobs/%s", registry, digest);
        begin(&two[i]);
    }
    for (int i = 0; i < 2; i++) {
        wait_for(&two[i]);
        CHECK_INT(two[i].rc, OCI_OK);
        CHECK_INT(two[i].received, SIZE);
    }
    /* While both ran. The last one alone may take more, so only the first to end is looked at. */
    uint64_t least = two[0].most_in_turn < two[1].most_in_turn ? two[0].most_in_turn : two[1].most_in_turn;
    CHECK(least <= BUDGET + PIECE);
    tear_down();
}

/* T8: a name is what its addresses are. */
TEST(transfer_is_refused_by_the_address_that_a_name_has)
{
    const char *colon = strrchr(kit_registry(), ':');
    static struct get g;
    snprintf(g.url, sizeof g.url, "http://localhost%s/v2/", colon);
    g.refuse = OCI_ADDRESS_LOOPBACK;
    int before = kit_info("connections");
    begin(&g);
    wait_for(&g);
    CHECK_INT(g.rc, OCI_REGISTRY);
    CHECK(strstr(g.err.text, "a loopback address, which is refused") != NULL);
    CHECK_INT(kit_info("connections"), before + 1); /* this question's own */
    tear_down();
}

TEST(transfer_is_refused_by_a_literal_address)
{
    static struct get g;
    snprintf(g.url, sizeof g.url, "http://%s/v2/", kit_registry());
    g.refuse = OCI_ADDRESS_LOOPBACK;
    begin(&g);
    wait_for(&g);
    CHECK_INT(g.rc, OCI_REGISTRY);
    CHECK_INT(kit_count(NULL, NULL, NULL, NULL), 0);
    tear_down();
}

/* A connection that somebody else opened under another policy is no way around it. */
TEST(transfer_is_refused_on_a_kept_connection)
{
    const char *colon = strrchr(kit_registry(), ':');
    static struct get open, reuse;
    snprintf(open.url, sizeof open.url, "http://localhost%s/v2/", colon);
    begin(&open);
    wait_for(&open);
    CHECK_INT(open.rc, OCI_OK);
    snprintf(reuse.url, sizeof reuse.url, "http://localhost%s/v2/", colon);
    reuse.refuse = OCI_ADDRESS_LOOPBACK;
    begin(&reuse);
    wait_for(&reuse);
    CHECK_INT(reuse.rc, OCI_REGISTRY);
    CHECK_INT(kit_count(NULL, NULL, NULL, NULL), 1);
    tear_down();
}
