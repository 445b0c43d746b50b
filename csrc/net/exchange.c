#include "net/exchange.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/policy.h"
#include "sys/clock.h"

#define LAST_MS 1000u /* what an abandon question may take */

static void turn(struct oci_call *c);

static void call_turn(struct oci_exchange *x)
{
    x->engine->host.call(&x->engine->host, &x->turn);
}

/* ---- the end ---- */

static void free_exchange(struct oci_exchange *x)
{
    struct oci_net *n = x->net;
    oci_transfer_done(&x->transfer);
    oci_buf_done(&x->error_body);
    oci_scopes_done(&x->scopes);
    oci_url_done(&x->first);
    oci_url_done(&x->url);
    oci_secret_free(x->authorization);
    oci_secret_free(x->token);
    oci_free(x->repository);
    oci_bytes_unref(x->small);
    x->engine->exchanges--;
    oci_free(x);
    oci_net_free(n);
}

/* "pushing a blob to HOST/REPO: the connection to HOST was closed": whatever went wrong below, the person learns what
 * was being done. */
static void complete_error(struct oci_exchange *x, int rc)
{
    if (!x->err.code)
        oci_err_set(&x->err, rc, "%s", oci_err_meaning(rc));
    if (x->ask->doing[0])
        oci_err_wrap(&x->err, "%s", x->ask->doing);
    const struct oci_url *u = x->url.text ? &x->url : &x->first;
    if (!x->err.url[0])
        oci_url_shown(u, x->err.url, sizeof x->err.url);
}

void oci_exchange_end(struct oci_exchange *x, int rc)
{
    struct oci_engine *e = x->engine;
    struct oci_flow *f = x->flow;
    assert(!x->opening);
    oci_transfer_cancel(&x->transfer);
    oci_timer_stop(&x->wait);
    oci_timer_stop(&x->deadline);
    oci_list_remove(&x->queued);
    oci_list_remove(&x->login_wait.link);
    oci_token_unwait(&x->token_wait);
    oci_exchange_leave_place(x);
    e->host.uncall(&e->host, &x->turn);
    if (rc == OCI_OK)
        rc = oci_exchange_fill(x, &x->err);
    if (rc != OCI_OK)
        complete_error(x, rc);
    f->drv.host_data = NULL;
    oci_driver_settle(e->driver, f, rc, rc == OCI_OK ? NULL : &x->err);
    free_exchange(x);
}

static void stop_now(struct oci_exchange *x)
{
    if (x->opening)
        return; /* the source is the pool's; opened() comes back here */
    oci_err_clear(&x->err);
    if (x->stop == OCI_TIMEOUT) {
        uint64_t ms = x->ask->last ? LAST_MS : x->origin->limits.timeout_ms;
        oci_err_set(&x->err, OCI_TIMEOUT, "it took longer than %llu.%llu s", (unsigned long long)(ms / 1000),
                    (unsigned long long)(ms % 1000 / 100));
        x->err.retryable = true;
    }
    oci_exchange_end(x, x->stop);
}

static void on_deadline(struct oci_timer *t)
{
    struct oci_exchange *x = OCI_OWNER(t, struct oci_exchange, deadline);
    x->stop = OCI_TIMEOUT;
    stop_now(x);
}

void oci_exchange_cancel(struct oci_exchange *x)
{
    x->stop = OCI_CANCELED;
    call_turn(x);
}

/* ---- a place, and a slot in it ---- */

void oci_exchange_leave_slot(struct oci_exchange *x)
{
    if (!x->has_slot)
        return;
    struct oci_place_state *p = x->place;
    x->has_slot = x->granted = false;
    p->busy--;
    struct oci_link *l = p->busy < OCI_PLACE_SLOTS ? oci_list_pop(&p->waiting) : NULL;
    if (!l)
        return;
    struct oci_exchange *next = OCI_OWNER(l, struct oci_exchange, queued);
    p->busy++;
    next->has_slot = next->granted = true;
    call_turn(next);
}

void oci_exchange_leave_place(struct oci_exchange *x)
{
    if (!x->place)
        return;
    oci_exchange_leave_slot(x);
    x->place->holders--;
    x->place = NULL;
}

static void send_now(struct oci_exchange *x)
{
    int rc = oci_exchange_send(x, &x->err);
    if (rc == OCI_OK)
        return;
    oci_exchange_leave_place(x);
    if (rc != OCI_PAUSED)
        oci_exchange_end(x, rc);
}

static void on_wait(struct oci_timer *t)
{
    oci_exchange_attempt(OCI_OWNER(t, struct oci_exchange, wait));
}

void oci_exchange_attempt_later(struct oci_exchange *x, uint64_t delay_ms)
{
    oci_timer_start(&x->engine->timers, &x->wait, oci_clock_ms() + delay_ms);
}

/* Waits, in this order, for the end of a pause, for a token, for a slot. */
void oci_exchange_attempt(struct oci_exchange *x)
{
    const uint64_t now = oci_clock_ms();
    assert(!x->place && !oci_transfer_running(&x->transfer));
    struct oci_place_state *p = oci_net_place(x->net, &x->url);
    if (!p) {
        oci_exchange_end(x, oci_err_no_memory(&x->err));
        return;
    }
    if (now < p->pause_until_ms) { /* not all at the same moment */
        oci_exchange_attempt_later(x, p->pause_until_ms - now + oci_random_u64() % OCI_RETRY_BASE_MS);
        return;
    }
    int rc = oci_exchange_authorize(x, &x->err);
    if (rc == OCI_PAUSED)
        return;
    if (rc != OCI_OK) {
        oci_exchange_end(x, rc);
        return;
    }
    x->place = p;
    p->holders++;
    if (p->busy >= OCI_PLACE_SLOTS) {
        oci_list_append(&p->waiting, &x->queued);
        return;
    }
    p->busy++;
    x->has_slot = true;
    send_now(x);
}

/* ---- the beginning ---- */

bool oci_exchange_wants(const struct oci_exchange *x, int status)
{
    for (size_t i = 0; i < OCI_WANT_MAX && x->ask->want[i]; i++) {
        int want = x->ask->want[i];
        if (want == status || (want == OCI_WANT_5XX && status >= 500))
            return true;
    }
    return false;
}

/* Content says that it can go on. */
static void resume(void *ctx)
{
    struct oci_exchange *x = ctx;
    x->sink_paused = false;
    if (x->awaits_sink) {
        x->awaits_sink = false;
        oci_exchange_attempt_later(x, 0);
        return;
    }
    if (!oci_transfer_running(&x->transfer))
        return;
    if (x->place && !x->has_slot) { /* it gave its slot away while it stood still */
        x->place->busy++;
        x->has_slot = true;
    }
    oci_transfer_resume(&x->transfer);
}

/* The source is being opened. */
struct opening {
    struct oci_work work;
    struct oci_exchange *x;
};

static void opened(struct oci_work *w)
{
    struct opening *o = OCI_OWNER(w, struct opening, work);
    struct oci_exchange *x = o->x;
    const int rc = w->rc;
    if (rc != OCI_OK)
        oci_err_copy(&x->err, &w->err);
    oci_free(o);
    x->opening = false;
    x->opened = true;
    if (x->stop) {
        stop_now(x);
    } else if (rc != OCI_OK) {
        oci_exchange_end(x, rc);
    } else {
        oci_exchange_attempt(x);
    }
}

/* POOL. */
static int open_source(struct oci_work *w, struct oci_err *reterr)
{
    struct oci_source *s = OCI_OWNER(w, struct opening, work)->x->ask->body;
    return s->type->open(s, reterr);
}

static int find_url(struct oci_exchange *x, struct oci_err *reterr)
{
    const char *text = x->ask->url;
    const struct oci_url *base = &x->registry->base;
    if (text[0] == '/')
        return oci_url_resolve(base, text, &x->first, reterr);
    /* Out of an answer, so it was not the user who chose the host. */
    bool upgraded = false;
    int rc = oci_url_parse(text, strlen(text), &x->first, reterr);
    return rc == OCI_OK ? oci_target_check(base, &x->first, &upgraded, reterr) : rc;
}

static int prepare(struct oci_exchange *x, struct oci_err *reterr)
{
    const struct oci_http *q = x->ask;
    bool oom = false;
    x->registry = oci_net_registry(x->net, x->origin->registry, reterr);
    if (!x->registry)
        return reterr->code;
    if (q->body && (!q->body->type->read || q->body->type->on_pool))
        return oci_err_set(reterr, OCI_UNSUPPORTED, "this kind of content cannot be sent directly");
    int rc = find_url(x, reterr);
    if (rc != OCI_OK)
        return rc;
    x->foreign = !oci_url_same_origin(&x->registry->base, &x->first);
    x->repository = oci_scope_repository(q->scope, &oom);
    if (!x->repository && !oom)
        x->repository = oci_strdup("");
    rc = oci_scopes_add(&x->scopes, q->scope);
    if (rc == OCI_OK)
        rc = oci_scopes_add(&x->scopes, q->extra_scope);
    if (rc == OCI_OK && (!x->repository || oci_url_copy(&x->first, &x->url) != OCI_OK))
        rc = OCI_NO_MEMORY;
    return rc == OCI_OK ? OCI_OK : oci_err_set(reterr, rc, "%s", oci_err_meaning(rc));
}

static void start(struct oci_exchange *x)
{
    const struct oci_http *q = x->ask;
    const uint64_t now = oci_clock_ms(), timeout = q->last ? LAST_MS : x->origin->limits.timeout_ms;
    x->started = true;
    oci_retry_init(&x->retry, q->last ? 0 : (unsigned)x->origin->limits.retries, now);
    if (timeout > 0)
        oci_timer_start(&x->engine->timers, &x->deadline, now + timeout);
    int rc = prepare(x, &x->err);
    if (rc != OCI_OK) {
        oci_exchange_end(x, rc);
        return;
    }
    oci_driver_bind(q->body, q->into, resume, x);
    if (!q->body || !q->body->type->open) {
        oci_exchange_attempt(x);
        return;
    }
    struct opening *o = oci_calloc(1, sizeof *o);
    if (!o) {
        oci_err_no_memory(&x->err);
        oci_exchange_end(x, OCI_NO_MEMORY);
        return;
    }
    *o = (struct opening){.work = {.run = open_source, .done = opened, .asker = x}, .x = x};
    x->opening = true;
    x->engine->host.work(&x->engine->host, &o->work);
}

static void turn(struct oci_call *c)
{
    struct oci_exchange *x = OCI_OWNER(c, struct oci_exchange, turn);
    if (x->stop) {
        stop_now(x);
    } else if (!x->started) {
        start(x);
    } else if (x->granted) {
        x->granted = false;
        send_now(x);
    }
}

int oci_exchange_begin(struct oci_engine *e, struct oci_flow *f)
{
    struct oci_exchange *x = oci_calloc(1, sizeof *x);
    if (!x)
        return OCI_NO_MEMORY;
    e->exchanges++;
    x->engine = e;
    x->flow = f;
    x->ask = &f->ask.http;
    x->origin = f->ask.http.origin;
    x->net = oci_net_ref(x->origin->net);
    oci_list_init(&x->turn.link);
    x->turn.fn = turn;
    oci_timer_init(&x->wait, on_wait);
    oci_timer_init(&x->deadline, on_deadline);
    oci_list_init(&x->queued);
    oci_list_init(&x->login_wait.link);
    x->login_wait.ready = oci_exchange_login_ready;
    oci_list_init(&x->token_wait.link);
    x->token_wait.ready = oci_exchange_token_ready;
    oci_buf_init(&x->error_body, OCI_MAX_ERROR_BODY);
    oci_transfer_init(&x->transfer);
    x->transfer.body = oci_exchange_take;
    x->transfer.read = oci_exchange_read;
    x->transfer.rewind = oci_exchange_rewind;
    x->transfer.done = oci_exchange_done;
    f->drv.host_data = x;
    call_turn(x);
    return OCI_OK;
}
