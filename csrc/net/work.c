/* work.c - the engine's WORK questions: a job on the pool, whose end comes back as a call. */
#include <assert.h>
#include <string.h>

#include "net/engine.h"
#include "sys/clock.h"

/* What the engine keeps in oci_work.host_data. A job, or the timer until it is tried again. */
struct posted {
    struct oci_engine *engine;
    struct oci_call back;
    union {
        struct oci_job job;
        struct oci_timer again;
    } u;
} __attribute__((may_alias));

_Static_assert(sizeof(struct posted) <= sizeof((struct oci_work *)0)->host_data, "oci_work.host_data is too small");

static struct posted *posted_of(struct oci_work *w)
{
    return (struct posted *)(void *)w->host_data;
}

static struct oci_work *work_of(struct posted *p)
{
    return (struct oci_work *)(void *)((char *)p - offsetof(struct oci_work, host_data));
}

static void post(struct oci_work *w);

static void on_pool(struct oci_job *job)
{
    struct posted *p = (struct posted *)(void *)((char *)job - offsetof(struct posted, u));
    struct oci_work *w = work_of(p);
    w->rc = w->run(w, &w->err);
}

static void on_ran(struct oci_job *job)
{
    struct posted *p = (struct posted *)(void *)((char *)job - offsetof(struct posted, u));
    p->engine->host.call(&p->engine->host, &p->back); /* the last touch */
}

static void over(struct oci_work *w, int rc)
{
    posted_of(w)->engine->works--;
    w->rc = rc;
    w->done(w);
}

static void on_again(struct oci_timer *t)
{
    struct posted *p = (struct posted *)(void *)((char *)t - offsetof(struct posted, u));
    struct oci_work *w = work_of(p);
    if (w->asker)
        post(w);
    else
        over(w, OCI_CANCELED);
}

static void on_back(struct oci_call *c)
{
    struct posted *p = (struct posted *)(void *)((char *)c - offsetof(struct posted, back));
    struct oci_work *w = work_of(p);
    if (w->rc == OCI_AGAIN && w->asker) {
        oci_timer_init(&p->u.again, on_again);
        oci_timer_start(&p->engine->timers, &p->u.again, oci_clock_ms() + w->again_ms);
        return;
    }
    over(w, w->rc == OCI_AGAIN ? OCI_CANCELED : w->rc);
}

static void post(struct oci_work *w)
{
    struct posted *p = posted_of(w);
    oci_list_init(&p->u.job.link);
    p->u.job.run = on_pool;
    p->u.job.done = on_ran;
    oci_err_clear(&w->err);
    struct oci_engine *e = p->engine;
    struct oci_err err = {0};
    int rc = oci_pool_post(&p->u.job, &err);
    if (rc == OCI_OK)
        return; /* from here on w is the pool's: it may be done already */
    w->rc = rc;
    w->err = err;
    e->host.call(&e->host, &p->back);
}

void oci_engine_work(struct oci_host *h, struct oci_work *w)
{
    struct posted *p = posted_of(w);
    memset(w->host_data, 0, sizeof w->host_data);
    p->engine = oci_engine_of(h);
    oci_list_init(&p->back.link);
    p->back.fn = on_back;
    p->engine->works++;
    post(w);
}
