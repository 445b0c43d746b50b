#include "net/engine.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "net/exchange.h"
#include "sys/clock.h"

#define LONGEST_SLEEP_MS 60000u

/* The engine of this process. */
static struct {
    struct oci_mutex lock;
    struct oci_engine *engine;
    struct oci_engine *abandoned; /* kept reachable: what was inherited by fork is never freed */
    bool watching;
} process = {.lock = OCI_MUTEX_INIT};

/* In the child of a fork: the thread is not there, and its locks may have been anybody's. */
static void forget(void)
{
    oci_mutex_init(&process.lock);
    if (process.engine) {
        process.engine->abandoned = process.abandoned;
        process.abandoned = process.engine;
    }
    process.engine = NULL;
}

bool oci_engine_alive(const struct oci_engine *e)
{
    return e->generation == oci_fork_generation();
}

/* ---- calls ---- */

/* Counted in `callers`: `transfers` is there as long as somebody may be in here. */
static void wake(struct oci_engine *e, enum oci_sleep sleep)
{
    if (sleep == OCI_SLEEPS_ON_COND)
        oci_cond_signal(&e->shared.cond);
    else if (sleep == OCI_SLEEPS_IN_POLL)
        oci_transfers_wake(e->transfers);
}

static void host_call(struct oci_host *h, struct oci_call *c)
{
    struct oci_engine *e = oci_engine_of(h);
    if (!oci_engine_alive(e))
        return;
    atomic_fetch_add(&e->callers, 1);
    enum oci_sleep sleep = OCI_AWAKE;
    oci_mutex_lock(&e->shared.lock);
    if (oci_list_empty(&c->link) && !e->shared.over) {
        oci_list_append(&e->shared.inbox, &c->link);
        sleep = e->shared.sleep;
        e->shared.sleep = OCI_AWAKE; /* one waker is enough */
    }
    oci_mutex_unlock(&e->shared.lock);
    wake(e, sleep);
    atomic_fetch_sub(&e->callers, 1);
}

static void host_uncall(struct oci_host *h, struct oci_call *c)
{
    struct oci_engine *e = oci_engine_of(h);
    oci_mutex_lock(&e->shared.lock);
    oci_list_remove(&c->link);
    oci_mutex_unlock(&e->shared.lock);
}

/* What was there when it began; what is called meanwhile waits for the next turn. One at a time out of the list, so
 * that a call can take another one back. */
static void run_calls(struct oci_engine *e)
{
    oci_mutex_lock(&e->shared.lock);
    oci_list_splice(&e->shared.taken, &e->shared.inbox);
    for (;;) {
        struct oci_link *l = oci_list_pop(&e->shared.taken);
        if (!l)
            break;
        oci_mutex_unlock(&e->shared.lock);
        struct oci_call *c = OCI_OWNER(l, struct oci_call, link);
        c->fn(c);
        oci_mutex_lock(&e->shared.lock);
    }
    oci_mutex_unlock(&e->shared.lock);
}

/* ---- HTTP questions ---- */

static void on_starved(struct oci_call *c)
{
    struct oci_engine *e = OCI_OWNER(c, struct oci_engine, starved_call);
    struct oci_flow *f;
    struct oci_err err = {0};
    oci_err_no_memory(&err);
    while ((f = e->starved) != NULL) {
        e->starved = f->drv.host_data;
        f->drv.host_data = NULL;
        oci_driver_settle(e->driver, f, OCI_NO_MEMORY, &err);
    }
}

static void host_http(struct oci_host *h, struct oci_flow *f)
{
    struct oci_engine *e = oci_engine_of(h);
    if (oci_exchange_begin(e, f) == OCI_OK)
        return;
    f->drv.host_data = e->starved;
    e->starved = f;
    host_call(h, &e->starved_call);
}

static void host_http_cancel(struct oci_host *h, struct oci_flow *f)
{
    struct oci_engine *e = oci_engine_of(h);
    for (struct oci_flow *s = e->starved; s; s = s->drv.host_data) {
        if (s == f)
            return; /* its answer comes anyway */
    }
    if (f->drv.host_data)
        oci_exchange_cancel(f->drv.host_data);
}

struct oci_transfers *oci_engine_transfers(struct oci_engine *e, struct oci_err *reterr)
{
    if (!e->transfers)
        e->transfers = oci_transfers_new(&e->timers, reterr);
    return e->transfers;
}

/* ---- the thread ---- */

static bool idle(const struct oci_engine *e)
{
    return e->works == 0 && e->exchanges == 0 && !e->starved && oci_driver_running(e->driver) == 0;
}

/* False: it shall end. */
static bool sleep_until_needed(struct oci_engine *e)
{
    uint64_t wait = oci_timers_wait(&e->timers, oci_clock_ms(), LONGEST_SLEEP_MS);
    bool goes_on = true, poll = false;
    oci_mutex_lock(&e->shared.lock);
    if (!oci_list_empty(&e->shared.inbox)) {
        wait = 0;
    } else if (e->shared.stop && idle(e)) {
        e->shared.over = true;
        goes_on = false;
    } else if (e->transfers) {
        e->shared.sleep = OCI_SLEEPS_IN_POLL;
        poll = true;
    } else if (wait > 0) {
        e->shared.sleep = OCI_SLEEPS_ON_COND;
        oci_cond_wait_ms(&e->shared.cond, &e->shared.lock, wait);
        e->shared.sleep = OCI_AWAKE;
    }
    oci_mutex_unlock(&e->shared.lock);
    if (poll) {
        oci_transfers_poll(e->transfers, wait);
        oci_mutex_lock(&e->shared.lock);
        e->shared.sleep = OCI_AWAKE;
        oci_mutex_unlock(&e->shared.lock);
    }
    return goes_on;
}

static void run(void *ctx)
{
    struct oci_engine *e = ctx;
    bool more = false;
    do {
        run_calls(e);
        oci_timers_run(&e->timers, oci_clock_ms());
        more = e->transfers && oci_transfers_turn(e->transfers);
    } while (more || sleep_until_needed(e));
    /* A caller that was let in before `over` may still be on its way out. */
    while (atomic_load(&e->callers) > 0)
        oci_thread_yield();
    oci_transfers_free(e->transfers);
    e->transfers = NULL;
    oci_driver_free(e->driver);
    e->driver = NULL;
}

struct oci_host *oci_engine_host(struct oci_engine *e)
{
    return &e->host;
}

struct oci_driver *oci_engine_driver(struct oci_engine *e)
{
    return e->driver;
}

struct oci_engine *oci_engine_ref(struct oci_engine *e)
{
    atomic_fetch_add(&e->refs, 1);
    return e;
}

void oci_engine_unref(struct oci_engine *e)
{
    if (!e || atomic_fetch_sub(&e->refs, 1) != 1)
        return;
    oci_mutex_done(&e->shared.lock);
    oci_cond_done(&e->shared.cond);
    oci_free(e);
}

static struct oci_engine *engine_new(struct oci_err *reterr)
{
    struct oci_engine *e = oci_calloc(1, sizeof *e);
    if (!e) {
        oci_err_no_memory(reterr);
        return NULL;
    }
    e->host = (struct oci_host){.http = host_http,
                                .http_cancel = host_http_cancel,
                                .work = oci_engine_work,
                                .call = host_call,
                                .uncall = host_uncall};
    e->generation = oci_fork_generation();
    atomic_init(&e->refs, 1);
    oci_mutex_init(&e->shared.lock);
    oci_cond_init(&e->shared.cond);
    oci_list_init(&e->shared.inbox);
    oci_list_init(&e->shared.taken);
    oci_timers_init(&e->timers);
    oci_list_init(&e->starved_call.link);
    e->starved_call.fn = on_starved;
    e->driver = oci_driver_new(&e->host);
    if (!e->driver) {
        oci_err_no_memory(reterr);
    } else if (oci_thread_start(&e->thread, "oci-engine", run, e, reterr) == OCI_OK) {
        return e;
    }
    oci_driver_free(e->driver);
    oci_engine_unref(e);
    return NULL;
}

struct oci_engine *oci_engine_get(struct oci_err *reterr)
{
    /* Starting the thread under the lock is the one system call made so: two engines must not start. */
    oci_mutex_lock(&process.lock);
    int rc = process.watching ? OCI_OK : oci_fork_in_child(forget, reterr);
    process.watching = rc == OCI_OK;
    if (rc == OCI_OK && !process.engine)
        process.engine = engine_new(reterr);
    struct oci_engine *e = rc == OCI_OK ? process.engine : NULL;
    oci_mutex_unlock(&process.lock);
    return e;
}

void oci_engine_stop(void)
{
    oci_mutex_lock(&process.lock);
    struct oci_engine *e = process.engine;
    process.engine = NULL;
    oci_mutex_unlock(&process.lock);
    if (!e)
        return;
    atomic_fetch_add(&e->callers, 1);
    oci_mutex_lock(&e->shared.lock);
    e->shared.stop = true;
    enum oci_sleep sleep = e->shared.sleep;
    e->shared.sleep = OCI_AWAKE;
    oci_mutex_unlock(&e->shared.lock);
    wake(e, sleep);
    atomic_fetch_sub(&e->callers, 1);
    oci_thread_join(&e->thread);
    oci_engine_unref(e);
}
