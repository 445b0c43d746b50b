/* The driver moves content: pauses, errors, verdicts, the bodies of questions. */
#include <string.h>

#include "probe_kit.h"
#include "test.h"

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
        probe_begin(NULL, 0);
        moody(&from, 3 * MIB + 7);
        moody(&to, 0);
        from.source_type.on_pool = kind & 1;
        from.source_type.open = kind & 2 ? moody_open : NULL;
        CHECK_INT(probe_run(probe_mover(&from, &to)), OCI_OK);
        check_moved(&from, &to);
        CHECK_INT(to.ends, 1);
        CHECK_INT(from.opens, kind / 2);
        probe_end(1);
    }
}

TEST(moves_nothing)
{
    struct moody from, to;
    probe_begin(NULL, 0);
    moody(&from, 0);
    moody(&to, 0);
    CHECK_INT(probe_run(probe_mover(&from, &to)), OCI_OK);
    check_moved(&from, &to);
    probe_end(1);
}

TEST(content_that_pauses_goes_on_when_it_resumes)
{
    struct moody from, to;
    for (unsigned kind = 0; kind < 8; kind++) {
        probe_begin(NULL, 0);
        moody(&from, 2 * MIB);
        moody(&to, 0);
        from.source_type.on_pool = kind & 1;
        from.pause_each = kind & 2 ? 2 : 0;
        to.pause_each = kind & 4 ? 3 : 0;
        to.end_pauses = kind;
        CHECK_INT(probe_run(probe_mover(&from, &to)), OCI_OK);
        check_moved(&from, &to);
        CHECK_INT(to.ends, kind + 1);
        CHECK((from.pauses > 0) == (from.pause_each > 0) && (to.pauses > 0) == (to.pause_each > 0));
        probe_end(1);
    }
}

/* Reads on the engine are budgeted: another flow gets turns in between, and the host too. */
TEST(a_long_move_does_not_starve_the_host)
{
    struct moody from, to;
    probe_begin(NULL, 0);
    moody(&from, 64 * MIB);
    moody(&to, 0);
    flow_host_start(&probe_host, &probe_mover(&from, &to)->flow);
    unsigned turns = 0;
    uint64_t before = 0;
    while (flow_host_turn(&probe_host)) {
        turns++;
        CHECK(to.sink.written - before <= 128 * 1024);
        before = to.sink.written;
    }
    CHECK(probe_host.over);
    CHECK(turns >= 64 * MIB / (128 * 1024));
    probe_end(1);
}

TEST(an_error_of_the_source_discards_what_the_sink_has)
{
    struct moody from, to;
    for (int kind = 0; kind < 2; kind++) {
        probe_begin(NULL, 0);
        moody(&from, 2 * MIB);
        moody(&to, 0);
        from.source_type.on_pool = kind;
        from.read_fails = OCI_IO;
        from.fails_at = 100000;
        to.end_pauses = 2;
        CHECK_INT(probe_run(probe_mover(&from, &to)), OCI_IO);
        CHECK_STR(probe_host.err.text, "cannot read it");
        CHECK_INT(to.ended_with, OCI_IO);
        CHECK_INT(to.ends, 3);
        CHECK_INT(from.closes, 1);
        probe_end(1);
    }
}

TEST(an_error_of_the_sink_and_its_verdict_end_the_flow)
{
    struct moody from, to;
    probe_begin(NULL, 0);
    moody(&from, 2 * MIB);
    moody(&to, 0);
    to.write_fails = OCI_LIMIT;
    to.fails_at = 70000;
    CHECK_INT(probe_run(probe_mover(&from, &to)), OCI_LIMIT);
    CHECK_INT(to.ended_with, OCI_LIMIT);
    moody(&from, 1000);
    moody(&to, 0);
    to.verdict = OCI_DIGEST_MISMATCH;
    to.end_pauses = 1;
    CHECK_INT(probe_run(probe_mover(&from, &to)), OCI_DIGEST_MISMATCH);
    CHECK_STR(probe_host.err.text, "it is wrong");
    CHECK_INT(to.ended_with, OCI_OK);
    CHECK_STR(probe_order, "");
    probe_end(2);
}

TEST(a_source_that_cannot_be_opened)
{
    struct moody from, to;
    probe_begin(NULL, 0);
    moody(&from, 5);
    moody(&to, 0);
    from.source_type.open = moody_open;
    from.open_fails = OCI_NOT_FOUND;
    CHECK_INT(probe_run(probe_mover(&from, &to)), OCI_NOT_FOUND);
    CHECK_INT(to.ended_with, OCI_NOT_FOUND);
    CHECK_INT(from.closes, 1);
    probe_end(1);
}

TEST(content_that_moves_by_itself)
{
    struct moody outer, from, to;
    for (int fails = 0; fails < 3; fails++) {
        probe_begin(NULL, 0);
        moody(&outer, 0);
        moody(&from, 300000);
        moody(&to, 0);
        outer.source_type.read = NULL;
        outer.source_type.into = fails == 2 ? NULL : moody_into;
        outer.into_from = &from.source;
        from.read_fails = fails == 1 ? OCI_NETWORK : 0;
        from.fails_at = 90000;
        static const int codes[] = {OCI_OK, OCI_NETWORK, OCI_UNSUPPORTED};
        CHECK_INT(probe_run(probe_mover(&outer, &to)), codes[fails]);
        CHECK_INT(to.ended_with, codes[fails]);
        CHECK_INT(to.ends, 1);
        CHECK_INT(outer.closes, 1);
        probe_end(1);
    }
}

static int move_again(struct oci_flow *f)
{
    struct moody *to = OCI_OWNER(probe_of(f)->sink, struct moody, sink);
    CHECK_INT(to->sink.written, 1000);
    moody(to, 0);
    return probe_move(f);
}

TEST(content_used_before_is_rewound)
{
    struct moody from, to;
    for (int one_shot = 0; one_shot < 2; one_shot++) {
        probe_begin(NULL, 0);
        moody(&from, 1000);
        moody(&to, 0);
        from.source_type.one_shot = one_shot;
        struct probe *p = probe(&probe_plain, probe_move, move_again, probe_finish);
        p->source = &from.source;
        p->sink = &to.sink;
        CHECK_INT(probe_run(p), one_shot ? OCI_UNSUPPORTED : OCI_OK);
        CHECK_INT(from.rewinds, !one_shot);
        CHECK_INT(to.sink.written, one_shot ? 0 : 1000);
        CHECK_INT(to.ended_with, one_shot ? OCI_UNSUPPORTED : OCI_OK);
        probe_end(1);
    }
}

static int ask_put_from(struct oci_flow *f)
{
    probe_question(f, "PUT", "/v2/a")->body = probe_of(f)->source;
    return oci_ask_http(f, probe_step, 201, 0);
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
    probe_begin(FLOW_ROWS(rows));
    for (int i = 0; i < 4; i++) {
        struct moody to;
        moody(&to, 0);
        to.end_pauses = 1;
        to.pause_each = 2;
        struct probe *p = probe(&probe_plain, probe_get_into, probe_finish, NULL);
        p->sink = &to.sink;
        CHECK_INT(probe_run(p), codes[i]);
        CHECK_INT(to.ended_with, ends[i]);
        CHECK_INT(to.sink.written, i == 0 ? 17 : 0);
    }
    probe_end(4);
}

TEST(the_body_of_a_question)
{
    const struct flow_row rows[] = {
        {.status = 201, .sent = "xxxxxxxxxxxxx"},
        {.status = 201, .early = true},
        {.status = 201},
        {.status = 201},
    };
    probe_begin(FLOW_ROWS(rows));
    for (int i = 0; i < 4; i++) {
        struct moody from;
        moody(&from, 13);
        from.source_type.open = i == 0 ? NULL : moody_open;
        from.pause_each = 2;
        from.open_fails = i == 3 ? OCI_IO : 0;
        from.read_fails = i == 2 ? OCI_SIZE_MISMATCH : 0;
        struct probe *p = probe(&probe_plain, ask_put_from, probe_finish, NULL);
        p->source = &from.source;
        CHECK_INT(probe_run(p), i == 3 ? OCI_IO : i == 2 ? OCI_SIZE_MISMATCH : OCI_OK);
        CHECK_INT(from.closes, 1);
    }
    probe_end(4);
}
