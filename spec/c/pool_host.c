#include "pool_host.h"

#include <string.h>

#include "base/mem.h"
#include "sys/pool.h"
#include "test.h"

struct hosted {
    struct oci_job job;
    struct pool_host *h;
    struct oci_work *w;
};

_Static_assert(sizeof(struct hosted) <= sizeof((struct oci_work *)0)->host_data, "room for it");

static void run_job(struct oci_job *job)
{
    struct hosted *x = OCI_OWNER(job, struct hosted, job);
    struct pool_host *h = x->h;
    x->w->rc = x->w->run(x->w, &x->w->err);
    oci_mutex_lock(&h->mutex);
    oci_list_append(&h->works, &job->link);
    oci_cond_signal(&h->cond);
    oci_mutex_unlock(&h->mutex);
}

static void post(struct pool_host *h, struct oci_job *job)
{
    if (h->alone)
        oci_list_append(&h->waiting, &job->link);
    else
        CHECK_INT(oci_pool_post(job, NULL), OCI_OK);
}

static void host_work(struct oci_host *host, struct oci_work *w)
{
    struct pool_host *h = OCI_OWNER(host, struct pool_host, host);
    struct hosted *x = (struct hosted *)(void *)w->host_data;
    *x = (struct hosted){.job.run = run_job, .h = h, .w = w};
    oci_list_init(&x->job.link);
    h->posted++;
    h->jobs++;
    post(h, &x->job);
}

static void host_call(struct oci_host *host, struct oci_call *c)
{
    struct pool_host *h = OCI_OWNER(host, struct pool_host, host);
    oci_mutex_lock(&h->mutex);
    if (oci_list_empty(&c->link))
        oci_list_append(&h->calls, &c->link);
    oci_cond_signal(&h->cond);
    oci_mutex_unlock(&h->mutex);
}

static void host_uncall(struct oci_host *host, struct oci_call *c)
{
    struct pool_host *h = OCI_OWNER(host, struct pool_host, host);
    oci_mutex_lock(&h->mutex);
    if (!oci_list_empty(&c->link))
        oci_list_remove(&c->link);
    oci_mutex_unlock(&h->mutex);
}

static void host_http(struct oci_host *host, struct oci_flow *f)
{
    struct pool_host *h = OCI_OWNER(host, struct pool_host, host);
    struct oci_err err = {0};
    oci_err_set(&err, OCI_UNSUPPORTED, "there is no network here");
    oci_driver_settle(h->driver, f, OCI_UNSUPPORTED, &err);
}

static void host_http_cancel(struct oci_host *host, struct oci_flow *f)
{
    (void)host;
    (void)f;
}

void pool_host_init(struct pool_host *h)
{
    memset(h, 0, sizeof *h);
    h->host = (struct oci_host){
        .http = host_http,
        .http_cancel = host_http_cancel,
        .work = host_work,
        .call = host_call,
        .uncall = host_uncall,
    };
    oci_mutex_init(&h->mutex);
    oci_cond_init(&h->cond);
    oci_list_init(&h->works);
    oci_list_init(&h->calls);
    oci_list_init(&h->waiting);
    h->driver = oci_driver_new(&h->host);
    CHECK(h->driver);
}

void pool_host_done(struct pool_host *h)
{
    CHECK_INT(oci_driver_running(h->driver), 0);
    CHECK_INT(h->posted, 0);
    CHECK(oci_list_empty(&h->works));
    oci_driver_free(h->driver);
    CHECK(oci_list_empty(&h->calls));
    oci_pool_stop();
    oci_cond_done(&h->cond);
    oci_mutex_done(&h->mutex);
}

static void over(struct oci_flow *f, void *ctx)
{
    struct pool_result *r = ctx;
    CHECK(!r->over);
    r->over = true;
    r->flow = NULL;
    r->err = f->err;
}

void pool_host_start(struct pool_host *h, struct oci_flow *take, struct pool_result *r)
{
    CHECK(take);
    *r = (struct pool_result){.flow = take};
    oci_driver_start(h->driver, take, over, r);
}

static void job_is_done(struct pool_host *h, struct oci_job *job)
{
    struct oci_work *w = OCI_OWNER(job, struct hosted, job)->w;
    if (w->rc == OCI_AGAIN && w->asker) { /* at once: a test waits for nothing but what it needs */
        post(h, job);
        return;
    }
    h->posted--;
    w->done(w);
}

static void turn(struct pool_host *h, bool wait)
{
    struct oci_link works;
    oci_list_init(&works);
    struct oci_link *l = oci_list_pop(&h->waiting);
    if (l) {
        struct oci_job *job = OCI_OWNER(l, struct oci_job, link);
        job->run(job);
    }
    oci_mutex_lock(&h->mutex);
    bool in_time = true;
    while (wait && in_time && oci_list_empty(&h->works) && oci_list_empty(&h->calls))
        in_time = oci_cond_wait_ms(&h->cond, &h->mutex, 30000);
    oci_list_splice(&works, &h->works);
    l = oci_list_pop(&h->calls);
    oci_mutex_unlock(&h->mutex);
    CHECK(in_time); /* else it hangs */
    h->turns++;
    if (l) {
        struct oci_call *c = OCI_OWNER(l, struct oci_call, link);
        c->fn(c);
    }
    while ((l = oci_list_pop(&works)))
        job_is_done(h, OCI_OWNER(l, struct oci_job, link));
}

void pool_host_turn(struct pool_host *h)
{
    turn(h, true);
}

void pool_host_poll(struct pool_host *h)
{
    turn(h, false);
}

int pool_host_wait(struct pool_host *h, struct pool_result *r)
{
    while (!r->over)
        pool_host_turn(h);
    return r->err.code;
}

int pool_host_run(struct pool_host *h, struct oci_flow *take, struct oci_err *reterr)
{
    struct pool_result r;
    pool_host_start(h, take, &r);
    pool_host_wait(h, &r);
    if (reterr)
        *reterr = r.err;
    return r.err.code;
}

struct mover {
    struct oci_flow f;
    struct oci_source *from;
    struct oci_sink *to;
};

static int moved(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

static int move(struct oci_flow *f)
{
    struct mover *m = (struct mover *)(void *)f;
    return oci_ask_move(f, m->from, m->to, moved);
}

struct oci_flow *pool_host_move(struct pool_host *h, struct oci_source *from, struct oci_sink *to)
{
    static const struct oci_flow_type type = {.name = "move"};
    struct mover *m = oci_flow_new(sizeof *m, &type, &h->host, move);
    CHECK(m);
    m->from = from;
    m->to = to;
    return &m->f;
}
