/* The driver: questions, work, children, cancel, the last question. */
#include <stdio.h>
#include <string.h>

#include "flow/children.h"
#include "probe_kit.h"
#include "test.h"

static int fail_without_words(struct oci_flow *f)
{
    (void)f;
    return OCI_IO;
}

static int see_status(struct oci_flow *f)
{
    probe_of(f)->number = f->ans.status;
    CHECK(f->question == OCI_Q_NONE);
    return OCI_OK;
}

TEST(a_flow_may_finish_or_fail_at_once)
{
    probe_begin(NULL, 0);
    CHECK_INT(probe_run(probe(&probe_plain, probe_finish, NULL, NULL)), OCI_OK);
    CHECK_INT(probe_run(probe(&probe_plain, probe_fail, NULL, NULL)), OCI_CONFLICT);
    CHECK_STR(probe_host.err.text, "it failed");
    CHECK_INT(probe_run(probe(&probe_plain, fail_without_words, NULL, NULL)), OCI_IO);
    CHECK_STR(probe_host.err.text, oci_err_meaning(OCI_IO));
    probe_end(3);
}

TEST(a_flow_that_was_never_started_is_freed)
{
    probe_begin(NULL, 0);
    oci_flow_free(&probe(&probe_plain, probe_finish, NULL, NULL)->flow);
    oci_flow_free(NULL);
    probe_end(1);
}

TEST(a_wanted_status_reaches_the_step)
{
    const struct flow_row rows[] = {{.ask = "GET /v2/a", .status = 404, .location = "x", .link = "y"}};
    probe_begin(FLOW_ROWS(rows));
    CHECK_INT(probe_run(probe(&probe_plain, probe_get, see_status, NULL)), OCI_OK);
    probe_end(1);
}

TEST(any_other_status_ends_the_flow_with_its_meaning)
{
    const struct flow_row rows[] = {
        {.status = 403}, {.status = 429}, {.status = 201}, {.status = 304}, {.status = 500},
    };
    static const int codes[] = {OCI_DENIED, OCI_RATE_LIMITED, OCI_REGISTRY, OCI_REGISTRY, OCI_REGISTRY};
    probe_begin(FLOW_ROWS(rows));
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(probe_run(probe(&probe_plain, probe_get, probe_finish, NULL)), codes[i]);
        CHECK(strncmp(probe_host.err.text, "trying /v2/a", 12) == 0);
    }
    CHECK_STR(probe_order, "");
    probe_end(5);
}

TEST(a_broken_transfer_ends_the_flow)
{
    const struct flow_row rows[] = {{.lost = OCI_NETWORK}, {.lost = OCI_TLS}};
    probe_begin(FLOW_ROWS(rows));
    CHECK_INT(probe_run(probe(&probe_plain, probe_get, probe_finish, NULL)), OCI_NETWORK);
    CHECK_STR(probe_host.err.text, "trying /v2/a: the connection broke");
    CHECK_INT(probe_run(probe(&probe_plain, probe_get, probe_finish, NULL)), OCI_TLS);
    probe_end(2);
}

static int ask_lost(struct oci_flow *f)
{
    probe_question(f, "GET", "/v2/a");
    return oci_ask_http(f, probe_step, 200, OCI_WANT_LOST, OCI_WANT_5XX, 0);
}

static int see_lost(struct oci_flow *f)
{
    probe_of(f)->number = f->ans.err.code;
    probe_note(f->ans.status == 0 ? '0' : '5');
    return OCI_OK;
}

TEST(a_step_may_want_to_know_that_the_answer_was_lost)
{
    const struct flow_row rows[] = {
        {.lost = OCI_NETWORK}, {.lost = OCI_TIMEOUT}, {.status = 503}, {.lost = OCI_TLS}, {.status = 400},
    };
    probe_begin(FLOW_ROWS(rows));
    for (int i = 0; i < 3; i++)
        CHECK_INT(probe_run(probe(&probe_plain, ask_lost, see_lost, NULL)), OCI_OK);
    CHECK_INT(probe_run(probe(&probe_plain, ask_lost, see_lost, NULL)), OCI_TLS);
    CHECK_INT(probe_run(probe(&probe_plain, ask_lost, see_lost, NULL)), OCI_REGISTRY);
    CHECK_STR(probe_order, "005");
    probe_end(5);
}

static int ask_too_long(struct oci_flow *f)
{
    struct oci_http *q = oci_http(f, flow_origin(), "GET", "/v2/%09000d", 1);
    snprintf(q->doing, sizeof q->doing, "trying");
    return oci_ask_http(f, probe_step, 200, 0);
}

TEST(an_address_that_is_too_long_is_not_asked)
{
    probe_begin(NULL, 0);
    CHECK_INT(probe_run(probe(&probe_plain, ask_too_long, probe_finish, NULL)), OCI_LIMIT);
    probe_end(1);
}

/* ---- work ---- */

static int job_fails(struct oci_work *w, struct oci_err *reterr)
{
    (void)w;
    return oci_err_set(reterr, OCI_IO, "the disk is full");
}

static int job_again(struct oci_work *w, struct oci_err *reterr)
{
    (void)reterr;
    probe_note('j');
    return strlen(probe_order) < 3 || !w->flow ? OCI_AGAIN : OCI_OK;
}

static int job_for_ever(struct oci_work *w, struct oci_err *reterr)
{
    (void)w;
    (void)reterr;
    return OCI_AGAIN;
}

TEST(work_is_done_later_and_its_error_ends_the_flow)
{
    probe_begin(NULL, 0);
    CHECK_INT(probe_run(probe_working(probe_job)), OCI_OK);
    CHECK_STR(probe_order, "jf");
    CHECK_INT(probe_run(probe_working(job_fails)), OCI_IO);
    CHECK_STR(probe_host.err.text, "the disk is full");
    memset(probe_order, 0, sizeof probe_order);
    CHECK_INT(probe_run(probe_working(job_again)), OCI_OK);
    CHECK_STR(probe_order, "jjjf");
    probe_end(3);
}

TEST(a_canceled_job_is_not_repeated_and_is_waited_for)
{
    probe_begin(NULL, 0);
    flow_host_start(&probe_host, &probe_working(job_for_ever)->flow);
    for (int i = 0; i < 10; i++)
        CHECK(flow_host_turn(&probe_host));
    oci_driver_cancel(probe_host.driver, probe_host.root);
    CHECK(!probe_host.over);
    CHECK_INT(flow_host_finish(&probe_host), OCI_CANCELED);
    probe_end(1);
}

/* ---- children ---- */

static int spawn_three(struct oci_flow *f)
{
    struct probe *p = probe_of(f);
    for (int i = 0; i < 3; i++) {
        struct probe *c = probe(&probe_silent, i == p->number ? probe_fail : probe_ask_job, probe_finish, NULL);
        c->work.run = probe_job;
        c->number = i;
        c->flow.tolerate = p->peer != NULL; /* any pointer: children are tolerated */
        oci_spawn(f, &c->flow);
    }
    CHECK_INT(oci_children(f), 3);
    return oci_ask_children(f, probe_step);
}

static int told(struct oci_flow *f)
{
    struct probe *c = probe_of(f->ans.child);
    probe_note(c->flow.err.code ? 'E' : 'C');
    if (oci_children(f) > 0)
        return oci_ask_children(f, probe_step);
    return OCI_OK;
}

TEST(the_parent_is_stepped_once_for_each_child)
{
    probe_begin(NULL, 0);
    struct probe *p = probe(&probe_plain, spawn_three, told, NULL);
    p->number = 99;
    CHECK_INT(probe_run(p), OCI_OK);
    CHECK_INT(strlen(probe_order), 9);
    size_t count = 0;
    for (const char *c = probe_order; *c; c++)
        count += *c == 'C';
    CHECK_INT(count, 3);
    probe_end(4);
}

TEST(a_failing_child_fails_its_parent_and_cancels_the_others)
{
    probe_begin(NULL, 0);
    struct probe *p = probe(&probe_silent, spawn_three, told, NULL);
    p->number = 1;
    CHECK_INT(probe_run(p), OCI_CONFLICT);
    CHECK_STR(probe_host.err.text, "it failed");
    CHECK(!strchr(probe_order, 'C') && !strchr(probe_order, 'E') && !strchr(probe_order, 'f'));
    /* The failed one, the canceled ones and the parent: each had its last word, the parent the last of
     * all. */
    CHECK_STR(probe_order + strlen(probe_order) - 1, "a");
    size_t count = 0;
    for (const char *c = probe_order; *c; c++)
        count += *c == 'a';
    CHECK_INT(count, 4);
    probe_end(4);
}

TEST(a_tolerated_childs_failure_is_only_told)
{
    probe_begin(NULL, 0);
    struct probe *p = probe(&probe_plain, spawn_three, told, NULL);
    p->number = 1;
    p->peer = p;
    CHECK_INT(probe_run(p), OCI_OK);
    CHECK(strchr(probe_order, 'E'));
    probe_end(4);
}

static int leave_early(struct oci_flow *f)
{
    (void)f;
    probe_note('L');
    return OCI_OK;
}

TEST(who_finishes_with_children_left_cancels_and_waits_for_them)
{
    probe_begin(NULL, 0);
    struct probe *p = probe(&probe_silent, spawn_three, leave_early, NULL);
    p->number = 99;
    CHECK_INT(probe_run(p), OCI_OK);
    CHECK(strchr(probe_order, 'L'));
    probe_end(4);
}

static int spawn_nothing(struct oci_flow *f)
{
    oci_spawn(f, &probe(&probe_plain, probe_ask_job, probe_finish, NULL)->flow);
    oci_spawn(f, NULL);
    return oci_ask_children(f, probe_step);
}

TEST(a_child_that_could_not_be_made_is_out_of_memory)
{
    probe_begin(NULL, 0);
    CHECK_INT(probe_run(probe(&probe_plain, spawn_nothing, told, NULL)), OCI_NO_MEMORY);
    probe_end(2);
}

static int spawn_failing_then_ask(struct oci_flow *f)
{
    oci_spawn(f, &probe(&probe_plain, probe_fail, NULL, NULL)->flow);
    return probe_get(f);
}

TEST(a_child_may_fail_while_the_parent_asks_something_else)
{
    const struct flow_row rows[] = {{.status = 200}, {.ask = "DELETE /v2/last", .status = 500}};
    probe_begin(FLOW_ROWS(rows));
    CHECK_INT(probe_run(probe(&probe_leaving, spawn_failing_then_ask, probe_finish, NULL)), OCI_CONFLICT);
    CHECK_STR(probe_order, "xa");
    probe_end(2);
}

/* Deep chains are freed from below, whatever level fails. */
static int spawn_chain(struct oci_flow *f)
{
    struct probe *p = probe_of(f);
    if (p->number == 0)
        return probe_get(f);
    struct probe *c = probe(&probe_silent, spawn_chain, probe_finish, NULL);
    c->number = p->number - 1;
    oci_spawn(f, &c->flow);
    return oci_ask_children(f, probe_step);
}

TEST(a_chain_of_flows_ends_from_below)
{
    const struct flow_row rows[] = {{.status = 200}, {.status = 500}};
    probe_begin(FLOW_ROWS(rows));
    struct probe *p = probe(&probe_silent, spawn_chain, probe_finish, NULL);
    p->number = 5;
    CHECK_INT(probe_run(p), OCI_OK);
    p = probe(&probe_silent, spawn_chain, probe_finish, NULL);
    p->number = 5;
    memset(probe_order, 0, sizeof probe_order);
    CHECK_INT(probe_run(p), OCI_REGISTRY);
    CHECK_STR(probe_order, "aaaaaa");
    probe_end(12);
}

/* ---- cancel and the last question ---- */

TEST(canceled_before_it_began)
{
    probe_begin(NULL, 0);
    struct probe *p = probe(&probe_silent, probe_finish, NULL, NULL);
    flow_host_start(&probe_host, &p->flow);
    oci_driver_cancel(probe_host.driver, &p->flow);
    oci_driver_cancel(probe_host.driver, &p->flow);
    CHECK(!probe_host.over);
    CHECK_INT(flow_host_finish(&probe_host), OCI_CANCELED);
    CHECK_STR(probe_order, "a");
    probe_end(1);
}

TEST(canceled_at_any_turn_of_anything)
{
    const struct flow_row rows[] = {{.status = 200, .body = "some content"}};
    for (int kind = 0; kind < 6; kind++) {
        for (unsigned turn = 1;; turn++) {
            struct moody from, outer, to;
            moody(&from, 3 * 1024 * 1024);
            moody(&to, 0);
            moody(&outer, 0);
            to.end_pauses = 2;
            to.pause_each = 3;
            from.pause_each = 4;
            outer.source_type.read = NULL;
            outer.source_type.into = moody_into;
            outer.into_from = &from.source;
            probe_begin(rows, kind == 3 ? 1 : 0);
            probe_host.cancel_at_turn = turn;
            struct probe *p;
            if (kind == 0) {
                p = probe_working(probe_job);
            } else if (kind == 3) {
                p = probe(&probe_plain, probe_get_into, probe_finish, NULL);
                p->sink = &to.sink;
            } else if (kind == 4) {
                p = probe(&probe_plain, spawn_three, told, NULL);
                p->number = 99;
            } else {
                p = probe_mover(kind == 5 ? &outer : &from, &to);
                from.source_type.on_pool = kind == 2;
            }
            int rc = probe_run(p);
            unsigned turns = probe_host.turns;
            CHECK(rc == OCI_OK || rc == OCI_CANCELED);
            CHECK(to.ends == 0 || to.end_pauses == 0);
            CHECK(!from.source.resume.fn && !to.sink.resume.fn);
            flow_host_done(&probe_host, true);
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
    probe_begin(FLOW_ROWS(rows));
    for (int i = 0; i < 3; i++)
        CHECK_INT(probe_run(probe(&probe_leaving, probe_get, probe_finish, NULL)), OCI_REGISTRY);
    CHECK_INT(probe_host.lasts, 3);
    CHECK_STR(probe_order, "aaa");
    CHECK_INT(probe_run(probe(&probe_leaving, probe_get, probe_finish, NULL)), OCI_OK);
    CHECK_STR(probe_order, "aaaf");
    probe_end(4);
}

TEST(a_cancel_does_not_take_the_last_question_back)
{
    const struct flow_row rows[] = {{.status = 200}, {.ask = "DELETE /v2/last", .status = 204}};
    probe_begin(FLOW_ROWS(rows));
    struct probe *p = probe(&probe_leaving, probe_get, probe_finish, NULL);
    probe_host.cancel_at = 1;
    flow_host_start(&probe_host, &p->flow);
    while (probe_host.asked < 2)
        CHECK(flow_host_turn(&probe_host));
    oci_driver_cancel(probe_host.driver, &p->flow);
    CHECK_INT(flow_host_finish(&probe_host), OCI_CANCELED);
    CHECK_STR(probe_order, "a");
    probe_end(1);
}

static int take_effect(struct oci_flow *f)
{
    probe_note('!');
    oci_flow_ignore_cancel(f);
    return OCI_OK;
}

static int spawn_effect(struct oci_flow *f)
{
    struct probe *c = probe(&probe_plain, probe_ask_job, take_effect, NULL);
    c->work.run = probe_job;
    oci_spawn(f, &c->flow);
    return oci_ask_children(f, probe_step);
}

/* At whatever turn the cancel comes: canceled is what has not happened, and what has happened is not
 * canceled. */
TEST(what_has_taken_effect_is_not_canceled)
{
    unsigned canceled = 0, done = 0;
    for (unsigned turn = 1;; turn++) {
        probe_begin(NULL, 0);
        probe_host.cancel_at_turn = turn;
        struct probe *p =
            probe(&probe_plain, spawn_effect, probe_ask_job, probe_finish); /* a job more, as to clean up */
        p->work.run = probe_job;
        int rc = probe_run(p);
        CHECK_INT(rc, strchr(probe_order, '!') ? OCI_OK : OCI_CANCELED);
        canceled += rc != OCI_OK;
        done += rc == OCI_OK && turn <= probe_host.turns;
        bool over = turn > probe_host.turns;
        flow_host_done(&probe_host, true);
        if (over)
            break;
    }
    CHECK(canceled > 0 && done > 0);
}

static int abandon_with_child(struct oci_flow *f)
{
    probe_note('a');
    struct probe *c = probe(&probe_plain, probe_of(f)->number ? probe_fail : probe_ask_job, probe_finish, NULL);
    c->work.run = probe_job;
    oci_spawn(f, &c->flow);
    return oci_ask_children(f, NULL);
}

static const struct oci_flow_type cleaning = {.name = "cleaning", .free = probe_free, .abandon = abandon_with_child};

TEST(a_child_may_clean_up_behind_its_parent)
{
    probe_begin(NULL, 0);
    for (int fails = 0; fails < 2; fails++) {
        struct probe *p = probe(&cleaning, fail_without_words, NULL, NULL);
        p->number = fails;
        CHECK_INT(probe_run(p), OCI_IO);
    }
    CHECK_STR(probe_order, "ajfax");
    probe_end(4);
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
    oci_driver_start(probe_host.driver, &second->flow, on_second, NULL);
    CHECK_INT(oci_driver_running(probe_host.driver), 2);
    return probe_get(f);
}

TEST(one_root_may_start_another_and_does_not_know_of_its_failure)
{
    const struct flow_row rows[] = {{.status = 200}};
    probe_begin(FLOW_ROWS(rows));
    second = probe(&probe_plain, probe_fail, NULL, NULL);
    second_over = false;
    CHECK_INT(probe_run(probe(&probe_plain, start_second, probe_finish, NULL)), OCI_OK);
    CHECK(second_over);
    probe_end(2);
}
