/* The driver: steps flows, and ends the content of their questions.
 *
 * Whatever happens to a flow only puts it into the ready queue; turn() looks what is to be done. So
 * nothing here is ever entered twice, and a flow ends in one function, over(). seam.md, section 4, tells
 * what went wrong otherwise. */
#include "flow/driver.h"

#include <assert.h>

#include "base/mem.h"
#include "flow/driver_inside.h"

enum {
    /* Turns in one go before the host gets its own; a flow that asks for nothing but steps cannot starve
     * it. */
    TURNS_MAX = 1000
};

enum phase {
    PHASE_STEP,     /* its next step is due */
    PHASE_ASKED,    /* somebody else has its question */
    PHASE_SETTLING, /* answered; the question's content is being ended */
    PHASE_CHILDREN, /* waits for a child to end */
    PHASE_LEAVING,  /* has failed or finished; waits for the children left, which were canceled */
    PHASE_OVER
};

struct oci_driver {
    struct oci_host *host;
    struct oci_link ready, later;
    struct oci_call pump;
    unsigned running;
    bool pumping;
};

static void turn(struct oci_flow *f);
static void leave(struct oci_flow *f);

/* ---- the ready queue ---- */

static void pump(struct oci_call *c)
{
    struct oci_driver *d = OCI_OWNER(c, struct oci_driver, pump);
    d->pumping = true;
    struct oci_link *l;
    for (int n = 0; n < TURNS_MAX && (l = oci_list_pop(&d->ready)); n++)
        turn(OCI_OWNER(l, struct oci_flow, drv.ready));
    d->pumping = false;
    oci_list_splice(&d->ready, &d->later);
    if (!oci_list_empty(&d->ready))
        d->host->call(d->host, &d->pump);
}

void oci_driver_ready(struct oci_flow *f)
{
    struct oci_driver *d = f->drv.driver;
    if (oci_list_empty(&f->drv.ready))
        oci_list_append(&d->ready, &f->drv.ready);
    if (!d->pumping)
        d->host->call(d->host, &d->pump);
}

void oci_driver_later(struct oci_flow *f)
{
    assert(f->drv.driver->pumping);
    if (oci_list_empty(&f->drv.ready))
        oci_list_append(&f->drv.driver->later, &f->drv.ready);
}

static void wake(void *ctx)
{
    oci_driver_ready(ctx);
}

struct oci_driver *oci_driver_new(struct oci_host *host)
{
    struct oci_driver *d = oci_calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->host = host;
    oci_list_init(&d->ready);
    oci_list_init(&d->later);
    oci_list_init(&d->pump.link);
    d->pump.fn = pump;
    return d;
}

void oci_driver_free(struct oci_driver *d)
{
    if (!d)
        return;
    assert(d->running == 0 && !d->pumping);
    d->host->uncall(d->host, &d->pump);
    oci_free(d);
}

unsigned oci_driver_running(const struct oci_driver *d)
{
    return d->running;
}

/* ---- starting and canceling ---- */

static void start(struct oci_driver *d, struct oci_flow *f)
{
    f->drv.driver = d;
    f->drv.phase = PHASE_STEP;
    oci_driver_ready(f);
}

void oci_driver_start(struct oci_driver *d, struct oci_flow *take, void (*over)(struct oci_flow *f, void *ctx),
                      void *ctx)
{
    take->drv.over = over;
    take->drv.over_ctx = ctx;
    d->running++;
    start(d, take);
}

void oci_spawn(struct oci_flow *f, struct oci_flow *take_child)
{
    if (!take_child) {
        f->drv.oom = true;
        return;
    }
    take_child->drv.parent = f;
    oci_list_append(&f->drv.children, &take_child->drv.sibling);
    f->drv.live_children++;
    start(f->drv.driver, take_child);
}

void oci_driver_start_hidden(struct oci_flow *parent, struct oci_flow *take_child)
{
    take_child->drv.parent = parent;
    take_child->drv.hidden = true;
    start(parent->drv.driver, take_child);
}

/* Marks and queues only. What is leaving has its children canceled already; a last question is not taken
 * back. */
void oci_driver_cancel_flow(struct oci_flow *f)
{
    if (f->drv.deaf || f->drv.abandoning || f->drv.phase == PHASE_LEAVING || f->drv.phase == PHASE_OVER)
        return;
    f->drv.cancel = true;
    oci_driver_ready(f);
    for (struct oci_link *l = f->drv.children.next; l != &f->drv.children; l = l->next)
        oci_driver_cancel_flow(OCI_OWNER(l, struct oci_flow, drv.sibling));
}

void oci_flow_ignore_cancel(struct oci_flow *f)
{
    for (; f; f = f->drv.parent)
        f->drv.deaf = true;
}

void oci_driver_cancel(struct oci_driver *d, struct oci_flow *f)
{
    assert(f->drv.driver == d);
    (void)d;
    oci_driver_cancel_flow(f);
}

bool oci_driver_stopping(const struct oci_flow *f)
{
    return (f->drv.cancel || f->err.code) && !f->drv.abandoning;
}

/* ---- content of a question ---- */

void oci_driver_bind(struct oci_source *s, struct oci_sink *k, void (*resume)(void *ctx), void *ctx)
{
    if (s)
        s->resume = (struct oci_resume){resume, ctx};
    if (k)
        k->resume = (struct oci_resume){resume, ctx};
}

int oci_source_prepare(struct oci_source *s, struct oci_err *reterr)
{
    /* What only moves by itself begins anew each time. */
    bool again = s->used && s->type->read;
    s->used = true;
    if (!again)
        return OCI_OK;
    if (s->type->one_shot || (!s->type->rewind && !s->type->open))
        return oci_err_set(reterr, OCI_UNSUPPORTED, "this content can be read only once");
    return s->type->rewind ? s->type->rewind(s, reterr) : OCI_OK;
}

static bool wants(const struct oci_flow *f, int status)
{
    for (size_t i = 0; i < OCI_WANT_MAX && f->ask.http.want[i]; i++) {
        int want = f->ask.http.want[i];
        if (want == status || (want == OCI_WANT_5XX && status >= 500))
            return true;
    }
    return false;
}

static void settling(struct oci_flow *f, int rc, const struct oci_err *err)
{
    /* A canceled flow wants no verdict any more: what came is thrown away. */
    if (rc == OCI_OK && oci_driver_stopping(f))
        rc = OCI_CANCELED;
    f->drv.rc = rc;
    if (rc < 0 && err)
        f->ans.err = *err;
    f->drv.phase = PHASE_SETTLING;
    oci_driver_ready(f);
}

void oci_driver_settle(struct oci_driver *d, struct oci_flow *f, int rc, const struct oci_err *err)
{
    assert(f->drv.driver == d && f->drv.phase == PHASE_ASKED && f->question == OCI_Q_HTTP && rc <= 0);
    (void)d;
    /* From here on the content does not reach the host's state any more, which may go. */
    oci_driver_bind(f->ask.http.body, f->ask.http.into, NULL, NULL);
    settling(f, rc, err);
}

void oci_driver_moved(struct oci_flow *f, int rc, const struct oci_err *err)
{
    settling(f, rc, err);
}

static void work_done(struct oci_work *w)
{
    struct oci_flow *f = w->flow;
    int rc = w->rc == OCI_AGAIN ? OCI_CANCELED : w->rc;
    settling(f, rc < 0 ? rc : OCI_OK, &w->err);
}

/* False: the sink is not quiet yet, and will wake the flow. */
static bool end_sink(struct oci_flow *f, struct oci_sink *to)
{
    int rc = f->drv.rc;
    /* Only the body of an answer that was hoped for is content. */
    bool http = f->question == OCI_Q_HTTP;
    if (rc == OCI_OK && http && (f->ans.status / 100 != 2 || !wants(f, f->ans.status)))
        rc = OCI_REGISTRY;
    oci_driver_bind(NULL, to, wake, f);
    struct oci_err err = f->ans.err; /* a pipe hands on why it ends early */
    int verdict = to->type->end(to, rc, &err);
    if (verdict == OCI_PAUSED)
        return false;
    to->ended = true;
    if (rc == OCI_OK && verdict < 0) {
        f->drv.rc = verdict;
        f->ans.err = err;
    }
    return true;
}

/* ---- one flow ---- */

/* Why it is over for a flow that did not fail by itself. */
static void fail_with(struct oci_flow *f, int rc)
{
    if (f->ans.err.code)
        oci_err_copy(&f->err, &f->ans.err);
    else
        oci_err_set(&f->err, rc, "%s", oci_err_meaning(rc));
}

static void ask(struct oci_flow *f)
{
    struct oci_err err = {0};
    f->drv.phase = PHASE_ASKED;
    f->drv.interrupted = false;
    switch (f->question) {
    case OCI_Q_HTTP:
        f->ask.http.last = f->drv.abandoning;
        if (f->ask.http.body && oci_source_prepare(f->ask.http.body, &err) < 0)
            settling(f, err.code, &err);
        else
            f->host->http(f->host, f);
        break;
    case OCI_Q_WORK:
        f->ask.work->asker = f->ask.work->flow = f;
        f->ask.work->done = work_done;
        f->ask.work->rc = OCI_OK;
        oci_err_clear(&f->ask.work->err);
        f->host->work(f->host, f->ask.work);
        break;
    case OCI_Q_MOVE:
        oci_move_begin(f);
        break;
    case OCI_Q_CHILDREN:
        f->drv.phase = PHASE_CHILDREN;
        oci_driver_ready(f);
        break;
    case OCI_Q_NONE:
        assert(f->question != OCI_Q_NONE); /* the step said that it asked, and did not */
        break;
    }
}

static void step(struct oci_flow *f)
{
    oci_step_fn fn = f->drv.next;
    struct oci_flow *told = f->ans.child;
    f->drv.next = NULL;
    oci_question_forget(f);
    int rc = fn(f);
    oci_flow_free(told);
    oci_answer_clear(&f->ans);
    if (rc == OCI_ASKED) {
        ask(f);
        return;
    }
    if (rc < 0 && !f->err.code)
        oci_err_set(&f->err, rc, "%s", oci_err_meaning(rc));
    leave(f);
}

static void stop(struct oci_flow *f)
{
    if (f->drv.cancel)
        oci_err_set(&f->err, OCI_CANCELED, "the operation was canceled");
    leave(f);
}

/* The question is answered and its content is quiet. */
static void judge(struct oci_flow *f)
{
    bool http = f->question == OCI_Q_HTTP;
    int rc = f->drv.rc;
    if (f->drv.abandoning) {
        leave(f);
    } else if (oci_driver_stopping(f)) {
        stop(f);
    } else if (rc < 0 && http && wants(f, OCI_WANT_LOST) && (rc == OCI_NETWORK || rc == OCI_TIMEOUT)) {
        f->ans.status = 0;
        step(f);
    } else if (rc < 0) {
        fail_with(f, rc);
        leave(f);
    } else if (http && !wants(f, f->ans.status)) {
        if (f->ans.status == 200 && f->ask.http.range_length > 0)
            oci_flow_fail(f, OCI_UNSUPPORTED, "%s: the registry cannot send a part of it", f->ask.http.doing);
        oci_flow_fail_answer(f);
        leave(f);
    } else {
        step(f);
    }
}

static void settle(struct oci_flow *f)
{
    struct oci_source *from = NULL;
    struct oci_sink *to = NULL;
    if (f->question == OCI_Q_HTTP) {
        from = f->ask.http.body;
        to = f->ask.http.into;
    } else if (f->question == OCI_Q_MOVE) {
        from = f->ask.move.from;
        to = f->ask.move.to;
    }
    if (to && !to->ended && !end_sink(f, to))
        return;
    if (from && from->type->close)
        from->type->close(from);
    oci_driver_bind(from, to, NULL, NULL);
    judge(f);
}

/* A child has ended, or the flow is to stop. */
static void tell_child(struct oci_flow *f)
{
    if (f->drv.abandoning) {
        if (f->drv.live_children == 0)
            leave(f);
        return;
    }
    if (oci_driver_stopping(f)) {
        stop(f);
        return;
    }
    struct oci_link *l = oci_list_pop(&f->drv.ended);
    if (!l)
        return;
    f->drv.ended_children--;
    f->ans.child = OCI_OWNER(l, struct oci_flow, drv.sibling);
    step(f);
}

static void interrupt(struct oci_flow *f)
{
    if (f->drv.interrupted)
        return;
    f->drv.interrupted = true;
    if (f->question == OCI_Q_HTTP)
        f->host->http_cancel(f->host, f);
    else if (f->question == OCI_Q_WORK)
        f->ask.work->asker = NULL;
}

/* ---- the end ---- */

static void child_over(struct oci_flow *parent, struct oci_flow *child)
{
    oci_list_remove(&child->drv.sibling);
    parent->drv.live_children--;
    oci_driver_ready(parent);
    if (parent->drv.phase == PHASE_LEAVING || parent->drv.abandoning) {
        oci_flow_free(child);
        return;
    }
    if (child->err.code && !child->tolerate)
        oci_err_copy(&parent->err, &child->err);
    oci_list_append(&parent->drv.ended, &child->drv.sibling);
    parent->drv.ended_children++;
}

static void over(struct oci_flow *f)
{
    struct oci_flow *parent = f->drv.parent;
    f->drv.phase = PHASE_OVER;
    oci_list_remove(&f->drv.ready);
    if (parent && !f->drv.hidden) {
        child_over(parent, f);
        return;
    }
    if (parent) {
        oci_move_child_over(parent, f);
    } else {
        f->drv.driver->running--;
        f->drv.over(f, f->drv.over_ctx);
    }
    oci_flow_free(f);
}

/* The children are gone: the last question, then the end. */
static void depart(struct oci_flow *f)
{
    if (f->drv.live_children > 0)
        return;
    bool ask_last = f->err.code && f->type->abandon && !f->drv.abandoning;
    if (!ask_last) {
        over(f);
        return;
    }
    f->drv.abandoning = true;
    f->drv.oom = false;
    oci_answer_clear(&f->ans);
    if (f->type->abandon(f) == OCI_ASKED)
        ask(f);
    else
        leave(f);
}

/* It has failed or finished: what is left below it is canceled and waited for. */
static void leave(struct oci_flow *f)
{
    f->drv.phase = PHASE_LEAVING;
    oci_question_forget(f);
    struct oci_link *l;
    while ((l = oci_list_pop(&f->drv.ended)))
        oci_flow_free(OCI_OWNER(l, struct oci_flow, drv.sibling));
    f->drv.ended_children = 0;
    for (l = f->drv.children.next; l != &f->drv.children; l = l->next)
        oci_driver_cancel_flow(OCI_OWNER(l, struct oci_flow, drv.sibling));
    depart(f);
}

static void turn(struct oci_flow *f)
{
    switch ((enum phase)f->drv.phase) {
    case PHASE_STEP:
        if (oci_driver_stopping(f))
            stop(f);
        else
            step(f);
        break;
    case PHASE_ASKED:
        if (f->question == OCI_Q_MOVE)
            oci_move_turn(f);
        else if (oci_driver_stopping(f))
            interrupt(f);
        break;
    case PHASE_SETTLING:
        settle(f);
        break;
    case PHASE_CHILDREN:
        tell_child(f);
        break;
    case PHASE_LEAVING:
        depart(f);
        break;
    case PHASE_OVER:
        break;
    }
}
