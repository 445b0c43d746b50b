/* The driver: questions, content, children, cancel, the last question. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow_host.h"
#include "test.h"

/* ---- a flow whose steps the tests choose ---- */

struct probe {
    struct oci_flow flow;
    oci_step_fn script[8]; /* the steps, in order; the last one again and again */
    unsigned at;
    unsigned *freed;       /* counts frees */
    unsigned abandoned;
    struct oci_source *source;
    struct oci_sink *sink;
    struct oci_work work;
    int number;
    struct probe *peer;
};

static unsigned freed;
static char order[64]; /* what happened, a letter each */

static void note(char c)
{
    size_t n = strlen(order);
    if (n + 1 < sizeof order)
        order[n] = c;
}

static struct probe *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct probe, flow);
}

static int step(struct oci_flow *f)
{
    struct probe *p = of(f);
    oci_step_fn fn = p->script[p->at];
    if (p->at < 7 && p->script[p->at + 1])
        p->at++;
    return fn(f);
}

static void probe_free(struct oci_flow *f)
{
    (void)f;
    freed++;
}

static struct oci_http *question(struct oci_flow *f, const char *method, const char *path)
{
    struct oci_http *q = oci_http(f, flow_origin(), method, "%s", path);
    snprintf(q->doing, sizeof q->doing, "trying %s", path);
    return q;
}

static int abandon_http(struct oci_flow *f)
{
    of(f)->abandoned++;
    note('a');
    question(f, "DELETE", "/v2/last");
    return oci_ask_http(f, NULL, 204, 0);
}

static int abandon_nothing(struct oci_flow *f)
{
    of(f)->abandoned++;
    note('a');
    return OCI_OK;
}

static const struct oci_flow_type plain = {.name = "probe", .free = probe_free};
static const struct oci_flow_type leaving = {.name = "leaving", .free = probe_free, .abandon = abandon_http};
static const struct oci_flow_type silent = {.name = "silent", .free = probe_free, .abandon = abandon_nothing};

static struct flow_host host;

static struct probe *probe(const struct oci_flow_type *type, oci_step_fn a, oci_step_fn b, oci_step_fn c)
{
    struct probe *p = oci_flow_new(sizeof *p, type, &host.host, step);
    CHECK(p);
    p->script[0] = a;
    p->script[1] = b;
    p->script[2] = c;
    return p;
}

static void begin(const struct flow_row *rows, size_t count)
{
    freed = 0;
    memset(order, 0, sizeof order);
    flow_host_init(&host, rows, count);
}

/* Runs it, and everything must be gone afterwards. */
static int run(struct probe *p)
{
    int rc = flow_host_run(&host, &p->flow);
    return rc;
}

static void end(unsigned flows)
{
    CHECK_INT(freed, flows);
    flow_host_done(&host, false);
}

/* ---- steps ---- */

static int finish(struct oci_flow *f)
{
    (void)f;
    note('f');
    return OCI_OK;
}

static int fail(struct oci_flow *f)
{
    note('x');
    return oci_flow_fail(f, OCI_CONFLICT, "it failed");
}

static int fail_without_words(struct oci_flow *f)
{
    (void)f;
    return OCI_IO;
}

static int ask_get(struct oci_flow *f)
{
    question(f, "GET", "/v2/a");
    return oci_ask_http(f, step, 200, 404, 0);
}

static int see_status(struct oci_flow *f)
{
    of(f)->number = f->ans.status;
    CHECK(f->question == OCI_Q_NONE);
    return OCI_OK;
}

TEST(a_flow_may_finish_or_fail_at_once)
{
    begin(NULL, 0);
    CHECK_INT(run(probe(&plain, finish, NULL, NULL)), OCI_OK);
    CHECK_INT(run(probe(&plain, fail, NULL, NULL)), OCI_CONFLICT);
    CHECK_STR(host.err.text, "it failed");
    CHECK_INT(run(probe(&plain, fail_without_words, NULL, NULL)), OCI_IO);
    CHECK_STR(host.err.text, oci_err_meaning(OCI_IO));
    end(3);
}

TEST(a_flow_that_was_never_started_is_freed)
{
    begin(NULL, 0);
    oci_flow_free(&probe(&plain, finish, NULL, NULL)->flow);
    oci_flow_free(NULL);
    end(1);
}

TEST(a_wanted_status_reaches_the_step)
{
    const struct flow_row rows[] = {{.ask = "GET /v2/a", .status = 404, .location = "x", .link = "y"}};
    begin(FLOW_ROWS(rows));
    CHECK_INT(run(probe(&plain, ask_get, see_status, NULL)), OCI_OK);
    end(1);
}

TEST(any_other_status_ends_the_flow_with_its_meaning)
{
    const struct flow_row rows[] = {
        {.status = 403}, {.status = 429}, {.status = 201}, {.status = 304}, {.status = 500},
    };
    static const int codes[] = {OCI_DENIED, OCI_RATE_LIMITED, OCI_REGISTRY, OCI_REGISTRY, OCI_REGISTRY};
    begin(FLOW_ROWS(rows));
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(run(probe(&plain, ask_get, finish, NULL)), codes[i]);
        CHECK(strncmp(host.err.text, "trying /v2/a", 12) == 0);
    }
    CHECK_STR(order, "");
    end(5);
}

TEST(a_broken_transfer_ends_the_flow)
{
    const struct flow_row rows[] = {{.lost = OCI_NETWORK}, {.lost = OCI_TLS}};
    begin(FLOW_ROWS(rows));
    CHECK_INT(run(probe(&plain, ask_get, finish, NULL)), OCI_NETWORK);
    CHECK_STR(host.err.text, "trying /v2/a: the connection broke");
    CHECK_INT(run(probe(&plain, ask_get, finish, NULL)), OCI_TLS);
    end(2);
}

static int ask_lost(struct oci_flow *f)
{
    question(f, "GET", "/v2/a");
    return oci_ask_http(f, step, 200, OCI_WANT_LOST, OCI_WANT_5XX, 0);
}

static int see_lost(struct oci_flow *f)
{
    of(f)->number = f->ans.err.code;
    note(f->ans.status == 0 ? '0' : '5');
    return OCI_OK;
}

TEST(a_step_may_want_to_know_that_the_answer_was_lost)
{
    const struct flow_row rows[] = {
        {.lost = OCI_NETWORK}, {.lost = OCI_TIMEOUT}, {.status = 503}, {.lost = OCI_TLS}, {.status = 400},
    };
    begin(FLOW_ROWS(rows));
    for (int i = 0; i < 3; i++)
        CHECK_INT(run(probe(&plain, ask_lost, see_lost, NULL)), OCI_OK);
    CHECK_INT(run(probe(&plain, ask_lost, see_lost, NULL)), OCI_TLS);
    CHECK_INT(run(probe(&plain, ask_lost, see_lost, NULL)), OCI_REGISTRY);
    CHECK_STR(order, "005");
    end(5);
}

static int ask_too_long(struct oci_flow *f)
{
    struct oci_http *q = oci_http(f, flow_origin(), "GET", "/v2/%09000d", 1);
    snprintf(q->doing, sizeof q->doing, "trying");
    return oci_ask_http(f, step, 200, 0);
}

TEST(an_address_that_is_too_long_is_not_asked)
{
    begin(NULL, 0);
    CHECK_INT(run(probe(&plain, ask_too_long, finish, NULL)), OCI_LIMIT);
    end(1);
}

/* ---- work ---- */

static int job_ok(struct oci_work *w, struct oci_err *reterr)
{
    (void)w;
    (void)reterr;
    note('j');
    return OCI_OK;
}

static int job_fails(struct oci_work *w, struct oci_err *reterr)
{
    (void)w;
    return oci_err_set(reterr, OCI_IO, "the disk is full");
}

static int job_again(struct oci_work *w, struct oci_err *reterr)
{
    (void)reterr;
    note('j');
    return strlen(order) < 3 || !w->flow ? OCI_AGAIN : OCI_OK;
}

static int job_for_ever(struct oci_work *w, struct oci_err *reterr)
{
    (void)w;
    (void)reterr;
    return OCI_AGAIN;
}

static int ask_job(struct oci_flow *f)
{
    return oci_ask_work(f, &of(f)->work, step);
}

static struct probe *working(int (*job)(struct oci_work *, struct oci_err *))
{
    struct probe *p = probe(&plain, ask_job, finish, NULL);
    p->work.run = job;
    return p;
}

TEST(work_is_done_later_and_its_error_ends_the_flow)
{
    begin(NULL, 0);
    CHECK_INT(run(working(job_ok)), OCI_OK);
    CHECK_STR(order, "jf");
    CHECK_INT(run(working(job_fails)), OCI_IO);
    CHECK_STR(host.err.text, "the disk is full");
    memset(order, 0, sizeof order);
    CHECK_INT(run(working(job_again)), OCI_OK);
    CHECK_STR(order, "jjjf");
    end(3);
}

TEST(a_canceled_job_is_not_repeated_and_is_waited_for)
{
    begin(NULL, 0);
    flow_host_start(&host, &working(job_for_ever)->flow);
    for (int i = 0; i < 10; i++)
        CHECK(flow_host_turn(&host));
    oci_driver_cancel(host.driver, host.root);
    CHECK(!host.over);
    CHECK_INT(flow_host_finish(&host), OCI_CANCELED);
    end(1);
}

/* ---- content ---- */

/* A source of `total` bytes 'x' and a sink, each with moods. */
struct moody {
    struct oci_source source;
    struct oci_sink sink;
    struct oci_source_type source_type;
    struct oci_sink_type sink_type;
    uint64_t total, at;
    unsigned pause_each;      /* answers PAUSED before each so many-th call */
    unsigned calls, source_calls, pauses;
    int read_fails, write_fails, open_fails, verdict;
    uint64_t fails_at;
    unsigned end_pauses;      /* how often end() says PAUSED */
    int ended_with;           /* the rc of end(), 1: never */
    unsigned ends, opens, closes, rewinds, freed;
    struct oci_call wake_source, wake_sink;
    struct oci_source *into_from; /* what `into` moves */
    size_t biggest;
};

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

static int moody_open(struct oci_source *s, struct oci_err *reterr)
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
        host.host.call(&host.host, &m->wake_source);
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

static struct oci_flow *moody_into(struct oci_source *s, struct oci_sink *k)
{
    return oci_flow_move(&host.host, of_source(s)->into_from, k);
}

static int moody_write(struct oci_sink *k, const void *p, size_t len, struct oci_err *reterr)
{
    struct moody *m = of_sink(k);
    (void)p;
    CHECK_INT(m->ends, 0);
    if (m->pause_each && ++m->calls % m->pause_each == 0) {
        m->pauses++;
        host.host.call(&host.host, &m->wake_sink);
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
        host.host.call(&host.host, &m->wake_sink);
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

static void moody(struct moody *m, uint64_t total)
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

static int ask_move(struct oci_flow *f)
{
    return oci_ask_move(f, of(f)->source, of(f)->sink, step);
}

static struct probe *mover(struct moody *from, struct moody *to)
{
    struct probe *p = probe(&plain, ask_move, finish, NULL);
    p->source = &from->source;
    p->sink = &to->sink;
    return p;
}

enum { MIB = 1024 * 1024 };

static void check_moved(struct moody *from, struct moody *to)
{
    CHECK_INT(to->sink.written, from->total);
    CHECK_INT(to->ended_with, OCI_OK);
    CHECK(to->sink.ended);
    CHECK_INT(from->closes, 1);
    CHECK(!from->source.resume.fn && !to->sink.resume.fn);
    CHECK(to->biggest <= 64 * 1024);
}

TEST(moves_a_source_into_a_sink)
{
    struct moody from, to;
    for (int kind = 0; kind < 4; kind++) {
        begin(NULL, 0);
        moody(&from, 3 * MIB + 7);
        moody(&to, 0);
        from.source_type.on_pool = kind & 1;
        from.source_type.open = kind & 2 ? moody_open : NULL;
        CHECK_INT(run(mover(&from, &to)), OCI_OK);
        check_moved(&from, &to);
        CHECK_INT(to.ends, 1);
        CHECK_INT(from.opens, kind / 2);
        end(1);
    }
}

TEST(moves_nothing)
{
    struct moody from, to;
    begin(NULL, 0);
    moody(&from, 0);
    moody(&to, 0);
    CHECK_INT(run(mover(&from, &to)), OCI_OK);
    check_moved(&from, &to);
    end(1);
}

TEST(content_that_pauses_goes_on_when_it_resumes)
{
    struct moody from, to;
    for (unsigned kind = 0; kind < 8; kind++) {
        begin(NULL, 0);
        moody(&from, 2 * MIB);
        moody(&to, 0);
        from.source_type.on_pool = kind & 1;
        from.pause_each = kind & 2 ? 2 : 0;
        to.pause_each = kind & 4 ? 3 : 0;
        to.end_pauses = kind;
        CHECK_INT(run(mover(&from, &to)), OCI_OK);
        check_moved(&from, &to);
        CHECK_INT(to.ends, kind + 1);
        CHECK((from.pauses > 0) == (from.pause_each > 0) && (to.pauses > 0) == (to.pause_each > 0));
        end(1);
    }
}

/* Reads on the engine are budgeted: another flow gets turns in between, and the host too. */
TEST(a_long_move_does_not_starve_the_host)
{
    struct moody from, to;
    begin(NULL, 0);
    moody(&from, 64 * MIB);
    moody(&to, 0);
    flow_host_start(&host, &mover(&from, &to)->flow);
    unsigned turns = 0;
    uint64_t before = 0;
    while (flow_host_turn(&host)) {
        turns++;
        CHECK(to.sink.written - before <= 128 * 1024);
        before = to.sink.written;
    }
    CHECK(host.over);
    CHECK(turns >= 64 * MIB / (128 * 1024));
    end(1);
}

TEST(an_error_of_the_source_discards_what_the_sink_has)
{
    struct moody from, to;
    for (int kind = 0; kind < 2; kind++) {
        begin(NULL, 0);
        moody(&from, 2 * MIB);
        moody(&to, 0);
        from.source_type.on_pool = kind;
        from.read_fails = OCI_IO;
        from.fails_at = 100000;
        to.end_pauses = 2;
        CHECK_INT(run(mover(&from, &to)), OCI_IO);
        CHECK_STR(host.err.text, "cannot read it");
        CHECK_INT(to.ended_with, OCI_IO);
        CHECK_INT(to.ends, 3);
        CHECK_INT(from.closes, 1);
        end(1);
    }
}

TEST(an_error_of_the_sink_and_its_verdict_end_the_flow)
{
    struct moody from, to;
    begin(NULL, 0);
    moody(&from, 2 * MIB);
    moody(&to, 0);
    to.write_fails = OCI_LIMIT;
    to.fails_at = 70000;
    CHECK_INT(run(mover(&from, &to)), OCI_LIMIT);
    CHECK_INT(to.ended_with, OCI_LIMIT);
    moody(&from, 1000);
    moody(&to, 0);
    to.verdict = OCI_DIGEST_MISMATCH;
    to.end_pauses = 1;
    CHECK_INT(run(mover(&from, &to)), OCI_DIGEST_MISMATCH);
    CHECK_STR(host.err.text, "it is wrong");
    CHECK_INT(to.ended_with, OCI_OK);
    CHECK_STR(order, "");
    end(2);
}

TEST(a_source_that_cannot_be_opened)
{
    struct moody from, to;
    begin(NULL, 0);
    moody(&from, 5);
    moody(&to, 0);
    from.source_type.open = moody_open;
    from.open_fails = OCI_NOT_FOUND;
    CHECK_INT(run(mover(&from, &to)), OCI_NOT_FOUND);
    CHECK_INT(to.ended_with, OCI_NOT_FOUND);
    CHECK_INT(from.closes, 1);
    end(1);
}

TEST(content_that_moves_by_itself)
{
    struct moody outer, from, to;
    for (int fails = 0; fails < 3; fails++) {
        begin(NULL, 0);
        moody(&outer, 0);
        moody(&from, 300000);
        moody(&to, 0);
        outer.source_type.read = NULL;
        outer.source_type.into = fails == 2 ? NULL : moody_into;
        outer.into_from = &from.source;
        from.read_fails = fails == 1 ? OCI_NETWORK : 0;
        from.fails_at = 90000;
        static const int codes[] = {OCI_OK, OCI_NETWORK, OCI_UNSUPPORTED};
        CHECK_INT(run(mover(&outer, &to)), codes[fails]);
        CHECK_INT(to.ended_with, codes[fails]);
        CHECK_INT(to.ends, 1);
        CHECK_INT(outer.closes, 1);
        end(1);
    }
}

static int move_again(struct oci_flow *f)
{
    struct moody *to = of_sink(of(f)->sink);
    CHECK_INT(to->sink.written, 1000);
    moody(to, 0);
    return ask_move(f);
}

TEST(content_used_before_is_rewound)
{
    struct moody from, to;
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        begin(NULL, 0);
        moody(&from, 1000);
        moody(&to, 0);
        from.source_type.one_shot = one_shot;
        struct probe *p = probe(&plain, ask_move, move_again, finish);
        p->source = &from.source;
        p->sink = &to.sink;
        CHECK_INT(run(p), one_shot ? OCI_UNSUPPORTED : OCI_OK);
        CHECK_INT(from.rewinds, !one_shot);
        CHECK_INT(to.sink.written, one_shot ? 0 : 1000);
        CHECK_INT(to.ended_with, one_shot ? OCI_UNSUPPORTED : OCI_OK);
        end(1);
    }
}

static int ask_get_into(struct oci_flow *f)
{
    question(f, "GET", "/v2/a")->into = of(f)->sink;
    return oci_ask_http(f, step, 200, 404, 0);
}

static int ask_put_from(struct oci_flow *f)
{
    question(f, "PUT", "/v2/a")->body = of(f)->source;
    return oci_ask_http(f, step, 201, 0);
}

TEST(only_the_body_of_a_wanted_answer_is_content)
{
    const struct flow_row rows[] = {
        {.status = 200, .body = "hello hello hello"},
        {.status = 404, .body = "not here"},
        {.status = 206, .body = "a part"},
        {.lost = OCI_NETWORK},
    };
    static const int codes[] = {OCI_OK, OCI_OK, OCI_REGISTRY, OCI_NETWORK};
    static const int ends[] = {OCI_OK, OCI_REGISTRY, OCI_REGISTRY, OCI_NETWORK};
    begin(FLOW_ROWS(rows));
    for (int i = 0; i < 4; i++) {
        struct moody to;
        moody(&to, 0);
        to.end_pauses = 1;
        to.pause_each = 2;
        struct probe *p = probe(&plain, ask_get_into, finish, NULL);
        p->sink = &to.sink;
        CHECK_INT(run(p), codes[i]);
        CHECK_INT(to.ended_with, ends[i]);
        CHECK_INT(to.sink.written, i == 0 ? 17 : 0);
    }
    end(4);
}

TEST(the_body_of_a_question)
{
    const struct flow_row rows[] = {
        {.status = 201, .sent = "xxxxxxxxxxxxx"},
        {.status = 201, .early = true},
        {.status = 201},
        {.status = 201},
    };
    begin(FLOW_ROWS(rows));
    for (int i = 0; i < 4; i++) {
        struct moody from;
        moody(&from, 13);
        from.source_type.open = i == 0 ? NULL : moody_open;
        from.pause_each = 2;
        from.open_fails = i == 3 ? OCI_IO : 0;
        from.read_fails = i == 2 ? OCI_SIZE_MISMATCH : 0;
        struct probe *p = probe(&plain, ask_put_from, finish, NULL);
        p->source = &from.source;
        CHECK_INT(run(p), i == 3 ? OCI_IO : i == 2 ? OCI_SIZE_MISMATCH : OCI_OK);
        CHECK_INT(from.closes, 1);
    }
    end(4);
}

/* ---- children ---- */

static int spawn_three(struct oci_flow *f)
{
    struct probe *p = of(f);
    for (int i = 0; i < 3; i++) {
        struct probe *c = probe(&silent, i == p->number ? fail : ask_job, finish, NULL);
        c->work.run = job_ok;
        c->number = i;
        c->flow.tolerate = p->peer != NULL; /* any pointer: children are tolerated */
        oci_spawn(f, &c->flow);
    }
    CHECK_INT(oci_children(f), 3);
    return oci_ask_children(f, step);
}

static int told(struct oci_flow *f)
{
    struct probe *c = of(f->ans.child);
    note(c->flow.err.code ? 'E' : 'C');
    if (oci_children(f) > 0)
        return oci_ask_children(f, step);
    return OCI_OK;
}

TEST(the_parent_is_stepped_once_for_each_child)
{
    begin(NULL, 0);
    struct probe *p = probe(&plain, spawn_three, told, NULL);
    p->number = 99;
    CHECK_INT(run(p), OCI_OK);
    CHECK_INT(strlen(order), 9);
    size_t count = 0;
    for (const char *c = order; *c; c++)
        count += *c == 'C';
    CHECK_INT(count, 3);
    end(4);
}

TEST(a_failing_child_fails_its_parent_and_cancels_the_others)
{
    begin(NULL, 0);
    struct probe *p = probe(&silent, spawn_three, told, NULL);
    p->number = 1;
    CHECK_INT(run(p), OCI_CONFLICT);
    CHECK_STR(host.err.text, "it failed");
    CHECK(!strchr(order, 'C') && !strchr(order, 'E') && !strchr(order, 'f'));
    /* The failed one, the canceled ones and the parent: each had its last word, the parent the last of
     * all. */
    CHECK_STR(order + strlen(order) - 1, "a");
    size_t count = 0;
    for (const char *c = order; *c; c++)
        count += *c == 'a';
    CHECK_INT(count, 4);
    end(4);
}

TEST(a_tolerated_childs_failure_is_only_told)
{
    begin(NULL, 0);
    struct probe *p = probe(&plain, spawn_three, told, NULL);
    p->number = 1;
    p->peer = p;
    CHECK_INT(run(p), OCI_OK);
    CHECK(strchr(order, 'E'));
    end(4);
}

static int leave_early(struct oci_flow *f)
{
    (void)f;
    note('L');
    return OCI_OK;
}

TEST(who_finishes_with_children_left_cancels_and_waits_for_them)
{
    begin(NULL, 0);
    struct probe *p = probe(&silent, spawn_three, leave_early, NULL);
    p->number = 99;
    CHECK_INT(run(p), OCI_OK);
    CHECK(strchr(order, 'L'));
    end(4);
}

static int spawn_nothing(struct oci_flow *f)
{
    oci_spawn(f, &probe(&plain, ask_job, finish, NULL)->flow);
    oci_spawn(f, NULL);
    return oci_ask_children(f, step);
}

TEST(a_child_that_could_not_be_made_is_out_of_memory)
{
    begin(NULL, 0);
    CHECK_INT(run(probe(&plain, spawn_nothing, told, NULL)), OCI_NO_MEMORY);
    end(2);
}

static int spawn_failing_then_ask(struct oci_flow *f)
{
    oci_spawn(f, &probe(&plain, fail, NULL, NULL)->flow);
    return ask_get(f);
}

TEST(a_child_may_fail_while_the_parent_asks_something_else)
{
    const struct flow_row rows[] = {{.status = 200}, {.ask = "DELETE /v2/last", .status = 500}};
    begin(FLOW_ROWS(rows));
    CHECK_INT(run(probe(&leaving, spawn_failing_then_ask, finish, NULL)), OCI_CONFLICT);
    CHECK_STR(order, "xa");
    end(2);
}

/* Deep chains are freed from below, whatever level fails. */
static int spawn_chain(struct oci_flow *f)
{
    struct probe *p = of(f);
    if (p->number == 0)
        return ask_get(f);
    struct probe *c = probe(&silent, spawn_chain, finish, NULL);
    c->number = p->number - 1;
    oci_spawn(f, &c->flow);
    return oci_ask_children(f, step);
}

TEST(a_chain_of_flows_ends_from_below)
{
    const struct flow_row rows[] = {{.status = 200}, {.status = 500}};
    begin(FLOW_ROWS(rows));
    struct probe *p = probe(&silent, spawn_chain, finish, NULL);
    p->number = 5;
    CHECK_INT(run(p), OCI_OK);
    p = probe(&silent, spawn_chain, finish, NULL);
    p->number = 5;
    memset(order, 0, sizeof order);
    CHECK_INT(run(p), OCI_REGISTRY);
    CHECK_STR(order, "aaaaaa");
    end(12);
}

/* ---- cancel and the last question ---- */

TEST(canceled_before_it_began)
{
    begin(NULL, 0);
    struct probe *p = probe(&silent, finish, NULL, NULL);
    flow_host_start(&host, &p->flow);
    oci_driver_cancel(host.driver, &p->flow);
    oci_driver_cancel(host.driver, &p->flow);
    CHECK(!host.over);
    CHECK_INT(flow_host_finish(&host), OCI_CANCELED);
    CHECK_STR(order, "a");
    end(1);
}

TEST(canceled_at_any_turn_of_anything)
{
    const struct flow_row rows[] = {{.status = 200, .body = "some content"}};
    for (int kind = 0; kind < 6; kind++) {
        for (unsigned turn = 1;; turn++) {
            struct moody from, outer, to;
            moody(&from, 3 * MIB);
            moody(&to, 0);
            moody(&outer, 0);
            to.end_pauses = 2;
            to.pause_each = 3;
            from.pause_each = 4;
            outer.source_type.read = NULL;
            outer.source_type.into = moody_into;
            outer.into_from = &from.source;
            begin(rows, kind == 3 ? 1 : 0);
            host.cancel_at_turn = turn;
            struct probe *p;
            if (kind == 0) {
                p = working(job_ok);
            } else if (kind == 3) {
                p = probe(&plain, ask_get_into, finish, NULL);
                p->sink = &to.sink;
            } else if (kind == 4) {
                p = probe(&plain, spawn_three, told, NULL);
                p->number = 99;
            } else {
                p = mover(kind == 5 ? &outer : &from, &to);
                from.source_type.on_pool = kind == 2;
            }
            int rc = run(p);
            unsigned turns = host.turns;
            CHECK(rc == OCI_OK || rc == OCI_CANCELED);
            CHECK(to.ends == 0 || to.end_pauses == 0);
            CHECK(!from.source.resume.fn && !to.sink.resume.fn);
            flow_host_done(&host, true);
            if (turn > turns)
                break;
        }
    }
}

TEST(the_last_question_keeps_the_error_whatever_its_answer)
{
    const struct flow_row rows[] = {
        {.status = 500}, {.ask = "DELETE /v2/last", .status = 204},
        {.status = 500}, {.ask = "DELETE /v2/last", .status = 500},
        {.status = 500}, {.ask = "DELETE /v2/last", .lost = OCI_NETWORK},
        {.status = 200},
    };
    begin(FLOW_ROWS(rows));
    for (int i = 0; i < 3; i++)
        CHECK_INT(run(probe(&leaving, ask_get, finish, NULL)), OCI_REGISTRY);
    CHECK_INT(host.lasts, 3);
    CHECK_STR(order, "aaa");
    CHECK_INT(run(probe(&leaving, ask_get, finish, NULL)), OCI_OK);
    CHECK_STR(order, "aaaf");
    end(4);
}

TEST(a_cancel_does_not_take_the_last_question_back)
{
    const struct flow_row rows[] = {{.status = 200}, {.ask = "DELETE /v2/last", .status = 204}};
    begin(FLOW_ROWS(rows));
    struct probe *p = probe(&leaving, ask_get, finish, NULL);
    host.cancel_at = 1;
    flow_host_start(&host, &p->flow);
    while (host.asked < 2)
        CHECK(flow_host_turn(&host));
    oci_driver_cancel(host.driver, &p->flow);
    CHECK_INT(flow_host_finish(&host), OCI_CANCELED);
    CHECK_STR(order, "a");
    end(1);
}

static int take_effect(struct oci_flow *f)
{
    note('!');
    oci_flow_ignore_cancel(f);
    return OCI_OK;
}

static int spawn_effect(struct oci_flow *f)
{
    struct probe *c = probe(&plain, ask_job, take_effect, NULL);
    c->work.run = job_ok;
    oci_spawn(f, &c->flow);
    return oci_ask_children(f, step);
}

/* At whatever turn the cancel comes: canceled is what has not happened, and what has happened is not
 * canceled. */
TEST(what_has_taken_effect_is_not_canceled)
{
    unsigned canceled = 0, done = 0;
    for (unsigned turn = 1;; turn++) {
        begin(NULL, 0);
        host.cancel_at_turn = turn;
        struct probe *p = probe(&plain, spawn_effect, ask_job, finish); /* a job more, as to clean up */
        p->work.run = job_ok;
        int rc = run(p);
        CHECK_INT(rc, strchr(order, '!') ? OCI_OK : OCI_CANCELED);
        canceled += rc != OCI_OK;
        done += rc == OCI_OK && turn <= host.turns;
        bool over = turn > host.turns;
        flow_host_done(&host, true);
        if (over)
            break;
    }
    CHECK(canceled > 0 && done > 0);
}

static int abandon_with_child(struct oci_flow *f)
{
    note('a');
    struct probe *c = probe(&plain, of(f)->number ? fail : ask_job, finish, NULL);
    c->work.run = job_ok;
    oci_spawn(f, &c->flow);
    return oci_ask_children(f, NULL);
}

static const struct oci_flow_type cleaning = {.name = "cleaning", .free = probe_free, .abandon = abandon_with_child};

TEST(a_child_may_clean_up_behind_its_parent)
{
    begin(NULL, 0);
    for (int fails = 0; fails < 2; fails++) {
        struct probe *p = probe(&cleaning, fail_without_words, NULL, NULL);
        p->number = fails;
        CHECK_INT(run(p), OCI_IO);
    }
    CHECK_STR(order, "ajfax");
    end(4);
}

static struct probe *second;
static bool second_over;

static void on_second(struct oci_flow *f, void *ctx)
{
    (void)ctx;
    second_over = true;
    CHECK_INT(f->err.code, OCI_CONFLICT);
}

static int start_second(struct oci_flow *f)
{
    oci_driver_start(host.driver, &second->flow, on_second, NULL);
    CHECK_INT(oci_driver_running(host.driver), 2);
    return ask_get(f);
}

TEST(one_root_may_start_another_and_does_not_know_of_its_failure)
{
    const struct flow_row rows[] = {{.status = 200}};
    begin(FLOW_ROWS(rows));
    second = probe(&plain, fail, NULL, NULL);
    second_over = false;
    CHECK_INT(run(probe(&plain, start_second, finish, NULL)), OCI_OK);
    CHECK(second_over);
    end(2);
}
