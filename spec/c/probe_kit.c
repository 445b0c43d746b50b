#include "probe_kit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "test.h"

struct flow_host probe_host;
unsigned probe_freed;
char probe_order[64]; /* what happened, a letter each */

void probe_note(char c)
{
    size_t n = strlen(probe_order);
    if (n + 1 < sizeof probe_order)
        probe_order[n] = c;
}

struct probe *probe_of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct probe, flow);
}

int probe_step(struct oci_flow *f)
{
    struct probe *p = probe_of(f);
    oci_step_fn fn = p->script[p->at];
    if (p->at < 7 && p->script[p->at + 1])
        p->at++;
    return fn(f);
}

void probe_free(struct oci_flow *f)
{
    (void)f;
    probe_freed++;
}

struct oci_http *probe_question(struct oci_flow *f, const char *method, const char *path)
{
    struct oci_http *q = oci_http(f, flow_origin(), method, "%s", path);
    snprintf(q->doing, sizeof q->doing, "trying %s", path);
    return q;
}

static int abandon_http(struct oci_flow *f)
{
    probe_of(f)->abandoned++;
    probe_note('a');
    probe_question(f, "DELETE", "/v2/last");
    return oci_ask_http(f, NULL, 204, 0);
}

static int abandon_nothing(struct oci_flow *f)
{
    probe_of(f)->abandoned++;
    probe_note('a');
    return OCI_OK;
}

const struct oci_flow_type probe_plain = {.name = "probe", .free = probe_free};
const struct oci_flow_type probe_leaving = {.name = "leaving", .free = probe_free, .abandon = abandon_http};
const struct oci_flow_type probe_silent = {.name = "silent", .free = probe_free, .abandon = abandon_nothing};


struct probe *probe(const struct oci_flow_type *type, oci_step_fn a, oci_step_fn b, oci_step_fn c)
{
    struct probe *p = oci_flow_new(sizeof *p, type, &probe_host.host, probe_step);
    CHECK(p);
    p->script[0] = a;
    p->script[1] = b;
    p->script[2] = c;
    return p;
}

void probe_begin(const struct flow_row *rows, size_t count)
{
    probe_freed = 0;
    memset(probe_order, 0, sizeof probe_order);
    flow_host_init(&probe_host, rows, count);
}

int probe_run(struct probe *p)
{
    int rc = flow_host_run(&probe_host, &p->flow);
    return rc;
}

void probe_end(unsigned flows)
{
    CHECK_INT(probe_freed, flows);
    flow_host_done(&probe_host, false);
}

/* ---- steps and jobs ---- */

int probe_finish(struct oci_flow *f)
{
    (void)f;
    probe_note('f');
    return OCI_OK;
}

int probe_fail(struct oci_flow *f)
{
    probe_note('x');
    return oci_flow_fail(f, OCI_CONFLICT, "it failed");
}

int probe_get(struct oci_flow *f)
{
    probe_question(f, "GET", "/v2/a");
    return oci_ask_http(f, probe_step, 200, 404, 0);
}

int probe_job(struct oci_work *w, struct oci_err *reterr)
{
    (void)w;
    (void)reterr;
    probe_note('j');
    return OCI_OK;
}

int probe_ask_job(struct oci_flow *f)
{
    return oci_ask_work(f, &probe_of(f)->work, probe_step);
}

struct probe *probe_working(int (*job)(struct oci_work *, struct oci_err *))
{
    struct probe *p = probe(&probe_plain, probe_ask_job, probe_finish, NULL);
    p->work.run = job;
    return p;
}

/* ---- content ---- */

static struct moody *of_source(struct oci_source *s)
{
    return OCI_OWNER(s, struct moody, source);
}

static struct moody *of_sink(struct oci_sink *k)
{
    return OCI_OWNER(k, struct moody, sink);
}

static void wake_source(struct oci_call *c)
{
    oci_source_resume(&OCI_OWNER(c, struct moody, wake_source)->source);
}

static void wake_sink(struct oci_call *c)
{
    oci_sink_resume(&OCI_OWNER(c, struct moody, wake_sink)->sink);
}

int moody_open(struct oci_source *s, struct oci_err *reterr)
{
    struct moody *m = of_source(s);
    m->opens++;
    m->at = 0;
    return m->open_fails ? oci_err_set(reterr, m->open_fails, "cannot open it") : OCI_OK;
}

static int moody_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct moody *m = of_source(s);
    if (m->pause_each && ++m->source_calls % m->pause_each == 0) {
        m->pauses++;
        probe_host.host.call(&probe_host.host, &m->wake_source);
        return OCI_PAUSED;
    }
    if (m->read_fails && m->at >= m->fails_at)
        return oci_err_set(reterr, m->read_fails, "cannot read it");
    if (m->at == m->total)
        return OCI_END_OF_CONTENT;
    size_t n = m->total - m->at < max ? (size_t)(m->total - m->at) : max;
    memset(p, 'x', n);
    m->at += n;
    *ret_n = n;
    return OCI_OK;
}

static int moody_rewind(struct oci_source *s, struct oci_err *reterr)
{
    (void)reterr;
    of_source(s)->rewinds++;
    of_source(s)->at = 0;
    return OCI_OK;
}

static void moody_close(struct oci_source *s)
{
    of_source(s)->closes++;
}

static void moody_free(struct oci_source *s)
{
    of_source(s)->freed++;
}

struct oci_flow *moody_into(struct oci_source *s, struct oci_sink *k)
{
    return oci_flow_move(&probe_host.host, of_source(s)->into_from, k);
}

static int moody_write(struct oci_sink *k, const void *p, size_t len, struct oci_err *reterr)
{
    struct moody *m = of_sink(k);
    (void)p;
    CHECK_INT(m->ends, 0);
    if (m->pause_each && ++m->calls % m->pause_each == 0) {
        m->pauses++;
        probe_host.host.call(&probe_host.host, &m->wake_sink);
        return OCI_PAUSED;
    }
    if (m->write_fails && k->written >= m->fails_at)
        return oci_err_set(reterr, m->write_fails, "cannot write it");
    if (len > m->biggest)
        m->biggest = len;
    k->written += len;
    return OCI_OK;
}

static int moody_end(struct oci_sink *k, int rc, struct oci_err *reterr)
{
    struct moody *m = of_sink(k);
    if (m->ends > 0)
        CHECK_INT(m->ended_with, rc);
    m->ends++;
    m->ended_with = rc;
    if (m->end_pauses > 0) {
        m->end_pauses--;
        probe_host.host.call(&probe_host.host, &m->wake_sink);
        return OCI_PAUSED;
    }
    if (rc < 0)
        return rc;
    return m->verdict ? oci_err_set(reterr, m->verdict, "it is wrong") : OCI_OK;
}

static void moody_sink_free(struct oci_sink *k)
{
    (void)k;
}

void moody(struct moody *m, uint64_t total)
{
    *m = (struct moody){
        .source_type = {.name = "moody", .read = moody_read, .rewind = moody_rewind, .close = moody_close,
                        .free = moody_free},
        .sink_type = {.name = "moody", .write = moody_write, .end = moody_end, .free = moody_sink_free},
        .total = total,
        .ended_with = 1,
    };
    m->source = (struct oci_source){.type = &m->source_type, .size = total};
    m->sink = (struct oci_sink){.type = &m->sink_type};
    oci_list_init(&m->wake_source.link);
    oci_list_init(&m->wake_sink.link);
    m->wake_source.fn = wake_source;
    m->wake_sink.fn = wake_sink;
}

int probe_move(struct oci_flow *f)
{
    return oci_ask_move(f, probe_of(f)->source, probe_of(f)->sink, probe_step);
}

struct probe *probe_mover(struct moody *from, struct moody *to)
{
    struct probe *p = probe(&probe_plain, probe_move, probe_finish, NULL);
    p->source = &from->source;
    p->sink = &to->sink;
    return p;
}

enum { MIB = 1024 * 1024 };

int probe_get_into(struct oci_flow *f)
{
    probe_question(f, "GET", "/v2/a")->into = probe_of(f)->sink;
    return oci_ask_http(f, probe_step, 200, 404, 0);
}
