/* The pipe (both ends in the core) and the caller's window (one end in another thread). */
#include <string.h>

#include "content_kit.h"
#include "test.h"

/* ---- the pipe ------------------------------------------------------------------------------ */

struct pipe {
    struct oci_source *from, *reader;
    struct oci_sink *writer, *to;
    struct oci_bytes *got;
    struct pool_result writing, reading;
};

/* `data` through a pipe into memory: two flows. */
static void start_pipe(struct pipe *p, struct oci_bytes *data, uint64_t size, const struct oci_desc *want)
{
    memset(p, 0, sizeof *p);
    struct oci_window *w = oci_window_new(&content_host.host, 0);
    p->from = oci_source_bytes(data);
    p->writer = oci_window_sink(w, want);
    p->reader = oci_window_source(w, size);
    p->to = oci_sink_bytes(64 * MIB, NULL, &p->got);
    oci_window_unref(w);
    pool_host_start(&content_host, pool_host_move(&content_host, p->reader, p->to), &p->reading);
    pool_host_start(&content_host, pool_host_move(&content_host, p->from, p->writer), &p->writing);
}

/* Each end goes with its flow: one that was canceled before its question was asked is only freed. */
static void end_pipe(struct pipe *p)
{
    while (p->reader || p->writer) {
        if (p->reader && p->reading.over) {
            oci_source_free(p->reader);
            p->reader = NULL;
        } else if (p->writer && p->writing.over) {
            oci_sink_free(p->writer);
            p->writer = NULL;
        } else {
            pool_host_turn(&content_host);
        }
    }
    oci_source_free(p->from);
    oci_sink_free(p->to);
}

TEST(a_pipe_hands_on_everything)
{
    content_begin();
    const size_t sizes[] = {0, 1, 65536, 262143, 262144, 262145, 5 * MIB + 3};
    for (size_t i = 0; i < 3 * sizeof sizes / sizeof sizes[0]; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i / 3], (unsigned)i);
        struct oci_desc want = scratch_desc(data, "sha256");
        struct pipe p;
        start_pipe(&p, data, i % 3 == 1 ? OCI_SIZE_UNKNOWN : data->len, i % 3 == 2 ? NULL : &want);
        end_pipe(&p);
        CHECK_INT(p.reading.err.code, OCI_OK);
        CHECK_INT(p.writing.err.code, OCI_OK);
        CHECK(p.got->len == data->len && memcmp(p.got->p, data->p, data->len) == 0);
        oci_bytes_unref(p.got);
        oci_bytes_unref(data);
    }
    content_end();
}

TEST(the_reader_of_a_pipe_hears_of_a_wrong_digest_before_the_end)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(MIB, 1), *other = scratch_bytes(MIB, 2);
    struct oci_desc want = scratch_desc(other, "sha256");
    struct pipe p;
    start_pipe(&p, data, MIB, &want);
    end_pipe(&p);
    CHECK_INT(p.reading.err.code, OCI_DIGEST_MISMATCH);
    CHECK_INT(p.writing.err.code, OCI_DIGEST_MISMATCH);
    CHECK(!p.got);
    want = scratch_desc(data, "sha256");
    want.size = MIB + 1;
    start_pipe(&p, data, OCI_SIZE_UNKNOWN, &want);
    end_pipe(&p);
    CHECK_INT(p.reading.err.code, OCI_SIZE_MISMATCH);
    want.size = MIB - 1;
    start_pipe(&p, data, OCI_SIZE_UNKNOWN, &want);
    end_pipe(&p);
    CHECK_INT(p.writing.err.code, OCI_SIZE_MISMATCH);
    CHECK(p.reading.err.code != OCI_OK && !p.got);
    oci_bytes_unref(data);
    oci_bytes_unref(other);
    content_end();
}

TEST(a_pipe_that_ends_early_is_noticed)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(1000, 1);
    struct pipe p;
    start_pipe(&p, data, 1001, NULL);
    end_pipe(&p);
    CHECK_INT(p.reading.err.code, OCI_SIZE_MISMATCH);
    CHECK(!p.got);
    oci_bytes_unref(data);
    content_end();
}

/* Whichever end goes first, after any number of turns: the other ends too, nothing hangs. */
TEST(one_end_of_a_pipe_is_canceled_at_any_moment)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(2 * MIB, 1);
    struct oci_desc want = scratch_desc(data, "sha256");
    for (unsigned turns = 0; turns < 120; turns++) {
        struct pipe p;
        start_pipe(&p, data, data->len, turns % 4 < 2 ? &want : NULL);
        struct pool_result *victim = turns % 2 ? &p.reading : &p.writing;
        for (unsigned t = 0; t < turns / 2 && !victim->over; t++)
            pool_host_turn(&content_host);
        if (!victim->over)
            oci_driver_cancel(content_host.driver, victim->flow);
        end_pipe(&p);
        int rc = p.reading.err.code;
        CHECK((rc == OCI_OK) == (p.got != NULL));
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        /* The writer may have written all when the reader was canceled, never the other way round. */
        CHECK(p.writing.err.code == OCI_CANCELED || p.writing.err.code == OCI_OK);
        CHECK(rc != OCI_OK || p.writing.err.code == OCI_OK);
        oci_bytes_unref(p.got);
    }
    oci_bytes_unref(data);
    content_end();
}

TEST(an_end_of_a_pipe_that_is_never_used_fails_the_other)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(MIB, 1), *got = NULL;
    struct oci_window *w = oci_window_new(&content_host.host, 0);
    struct oci_source *from = oci_source_bytes(data), *reader = oci_window_source(w, MIB);
    struct oci_sink *writer = oci_window_sink(w, NULL), *to = oci_sink_bytes(MIB, NULL, &got);
    struct pool_result r;
    pool_host_start(&content_host, pool_host_move(&content_host, from, writer), &r);
    for (int i = 0; i < 8; i++)
        pool_host_poll(&content_host);
    CHECK(!r.over); /* the ring is full */
    oci_source_free(reader);
    CHECK_INT(pool_host_wait(&content_host, &r), OCI_CANCELED);
    oci_sink_free(writer);
    oci_window_unref(w);

    w = oci_window_new(&content_host.host, 0);
    reader = oci_window_source(w, MIB);
    writer = oci_window_sink(w, NULL);
    pool_host_start(&content_host, pool_host_move(&content_host, reader, to), &r);
    for (int i = 0; i < 8; i++)
        pool_host_poll(&content_host);
    CHECK(!r.over);
    oci_sink_free(writer);
    CHECK_INT(pool_host_wait(&content_host, &r), OCI_CANCELED);
    CHECK(!got);
    oci_source_free(reader);
    oci_window_unref(w);
    oci_source_free(from);
    oci_sink_free(to);
    oci_bytes_unref(data);
    content_end();
}

/* A GET that is sent again: the reader has had a part of it already. */
TEST(a_restarted_writer_passes_over_what_was_handed_on)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(200 * KIB, 1), *got = NULL;
    struct oci_desc want = scratch_desc(data, "sha256");
    for (int i = 0; i < 4; i++) {
        struct oci_window *w = oci_window_new(&content_host.host, 0);
        struct oci_sink *writer = oci_window_sink(w, &want), *to = oci_sink_bytes(MIB, NULL, &got);
        struct oci_source *reader = oci_window_source(w, data->len);
        struct pool_result r;
        pool_host_start(&content_host, pool_host_move(&content_host, reader, to), &r);
        const size_t parts[] = {0, 1000, 70 * KIB, 30 * KIB};
        for (int k = 0; k < 4; k++) {
            for (size_t at = 0; at < parts[k]; at += 1000)
                CHECK_INT(writer->type->write(writer, data->p + at, 1000, NULL), OCI_OK);
            CHECK_INT(writer->type->restart(writer, NULL), OCI_OK);
        }
        size_t len = i == 1 ? 20 * KIB : data->len; /* shorter than before */
        const char *p = i == 2 ? data->p + 1 : data->p; /* something else */
        for (size_t at = 0; at < len; at += KIB)
            CHECK_INT(writer->type->write(writer, p + (i == 2 ? 0 : at), KIB, NULL), OCI_OK);
        int rc = writer->type->end(writer, i == 3 ? OCI_NETWORK : OCI_OK, NULL);
        const int verdicts[] = {OCI_OK, OCI_SIZE_MISMATCH, OCI_DIGEST_MISMATCH, OCI_NETWORK};
        CHECK_INT(rc, verdicts[i]);
        CHECK_INT(pool_host_wait(&content_host, &r), verdicts[i]);
        CHECK(i != 0 || (got->len == data->len && memcmp(got->p, data->p, data->len) == 0));
        CHECK(i == 0 || !got);
        got = oci_bytes_unref(got);
        oci_sink_free(writer);
        oci_sink_free(to);
        oci_source_free(reader);
        oci_window_unref(w);
    }
    oci_bytes_unref(data);
    content_end();
}

TEST(more_than_fits_is_an_error_and_not_a_hang)
{
    content_begin();
    struct oci_window *w = oci_window_new(&content_host.host, 1);
    CHECK_INT(oci_window_room(w), 64 * KIB);
    struct oci_sink *writer = oci_window_sink(w, NULL);
    struct oci_bytes *data = scratch_bytes(64 * KIB + 1, 1);
    CHECK_INT(writer->type->write(writer, data->p, data->len, NULL), OCI_LIMIT);
    CHECK_INT(writer->type->write(writer, data->p, 64 * KIB, NULL), OCI_OK);
    CHECK_INT(writer->type->write(writer, data->p, 1, NULL), OCI_PAUSED);
    oci_sink_free(writer);
    oci_window_unref(w);
    oci_bytes_unref(data);
    content_end();
}

TEST(rings_shrink_when_the_budget_is_used_up)
{
    content_begin();
    struct oci_window *w[40];
    size_t all = 0;
    for (int i = 0; i < 40; i++) {
        w[i] = oci_window_new(&content_host.host, 0);
        all += oci_window_room(w[i]);
    }
    CHECK_INT(oci_blocks_in_use(), all);
    CHECK(all <= OCI_BLOCK_BUDGET + 40 * 64 * KIB);
    CHECK_INT(oci_window_room(w[0]), 256 * KIB);
    CHECK_INT(oci_window_room(w[39]), 64 * KIB);
    for (int i = 0; i < 40; i++)
        oci_window_unref(w[i]);
    content_end();
}

/* ---- the caller's window ------------------------------------------------------------------- */

/* What on_change tells, as a client would pass it on. */
struct signal {
    struct oci_mutex mutex;
    struct oci_cond cond;
    unsigned count;
};

static void signal_init(struct signal *s)
{
    oci_mutex_init(&s->mutex);
    oci_cond_init(&s->cond);
    s->count = 0;
}

static void signal_done(struct signal *s)
{
    oci_cond_done(&s->cond);
    oci_mutex_done(&s->mutex);
}

static void signal_raise(void *ctx)
{
    struct signal *s = ctx;
    oci_mutex_lock(&s->mutex);
    s->count++;
    oci_cond_signal(&s->cond);
    oci_mutex_unlock(&s->mutex);
}

/* False: nothing came in half a minute, so something hangs. */
static bool signal_wait(struct signal *s, unsigned *seen)
{
    bool in_time = true;
    oci_mutex_lock(&s->mutex);
    while (s->count == *seen && in_time)
        in_time = oci_cond_wait_ms(&s->cond, &s->mutex, 30000);
    *seen = s->count;
    oci_mutex_unlock(&s->mutex);
    return in_time;
}

struct caller {
    struct oci_thread thread;
    struct oci_window *w;
    struct signal changed;
    const char *p;       /* given */
    size_t len;
    struct oci_err fail; /* give_end with this */
    struct oci_buf got;  /* taken */
    size_t stop_after;
    int rc;
    bool hung;
    struct oci_err err;
};

static void give_all(void *ctx)
{
    struct caller *c = ctx;
    unsigned seen = 0;
    size_t at = 0;
    while (at < c->len && !c->hung) {
        size_t n = 0, max = c->len - at < 100001 ? c->len - at : 100001;
        c->rc = oci_window_give(c->w, c->p + at, max, &n);
        at += n;
        if (c->rc == OCI_PAUSED) {
            c->hung = !signal_wait(&c->changed, &seen);
        } else if (c->rc != OCI_OK) {
            return;
        }
    }
    oci_window_give_end(c->w, c->fail.code ? &c->fail : NULL);
}

static void take_all(void *ctx)
{
    struct caller *c = ctx;
    char block[70001];
    unsigned seen = 0;
    while (!c->hung) {
        size_t n = 0;
        c->rc = oci_window_take(c->w, block, sizeof block, &n, &c->err);
        if (c->rc == OCI_OK) {
            c->rc = oci_buf_add(&c->got, block, n);
            if (c->got.len >= c->stop_after) {
                oci_window_stop(c->w);
                return;
            }
        } else if (c->rc == OCI_PAUSED) {
            while (!oci_window_has(c->w) && !c->hung)
                c->hung = !signal_wait(&c->changed, &seen);
        } else {
            return;
        }
    }
}

static void caller_init(struct caller *c, struct oci_window *w)
{
    memset(c, 0, sizeof *c);
    c->w = w;
    c->stop_after = SIZE_MAX;
    oci_buf_init(&c->got, 64 * MIB);
    signal_init(&c->changed);
    oci_window_on_change(w, signal_raise, &c->changed);
}

static void caller_run(struct caller *c, void (*run)(void *))
{
    CHECK_INT(oci_thread_start(&c->thread, "caller", run, c, NULL), OCI_OK);
}

static void caller_join(struct caller *c)
{
    oci_thread_join(&c->thread);
    pool_host_poll(&content_host); /* its last bytes may have woken somebody who was going */
    CHECK(!c->hung);
}

static void caller_done(struct caller *c)
{
    oci_buf_done(&c->got);
    signal_done(&c->changed);
    oci_window_unref(c->w);
}

static void caller_end(struct caller *c)
{
    caller_join(c);
    caller_done(c);
}

TEST(a_caller_gives_a_stream)
{
    content_begin();
    for (int i = 0; i < 6; i++) {
        struct oci_bytes *data = scratch_bytes((size_t)i % 3 * 3 * MIB + (i > 3), 1), *got = NULL;
        struct oci_window *w = oci_window_new(&content_host.host, 0);
        struct oci_source *reader = oci_window_source(w, i % 2 ? data->len : OCI_SIZE_UNKNOWN);
        struct oci_sink *to = oci_sink_bytes(64 * MIB, NULL, &got);
        struct caller c;
        caller_init(&c, w);
        c.p = data->p;
        c.len = data->len;
        caller_run(&c, give_all);
        CHECK_INT(pool_host_run(&content_host, pool_host_move(&content_host, reader, to), NULL), OCI_OK);
        CHECK(got->len == data->len && memcmp(got->p, data->p, data->len) == 0);
        oci_bytes_unref(got);
        oci_source_free(reader);
        oci_sink_free(to);
        caller_end(&c);
        oci_bytes_unref(data);
    }
    content_end();
}

TEST(a_caller_that_fails_fails_the_reader)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(MIB, 1), *got = NULL;
    struct oci_window *w = oci_window_new(&content_host.host, 0);
    struct oci_source *reader = oci_window_source(w, OCI_SIZE_UNKNOWN);
    struct oci_sink *to = oci_sink_bytes(64 * MIB, NULL, &got);
    struct caller c;
    caller_init(&c, w);
    c.p = data->p;
    c.len = data->len;
    oci_err_set(&c.fail, OCI_IO, "the caller's function said no");
    caller_run(&c, give_all);
    struct oci_err err;
    CHECK_INT(pool_host_run(&content_host, pool_host_move(&content_host, reader, to), &err), OCI_IO);
    CHECK_STR(err.text, "the caller's function said no");
    CHECK(!got);
    oci_source_free(reader);
    oci_sink_free(to);
    caller_end(&c);
    oci_bytes_unref(data);
    content_end();
}

TEST(a_caller_hears_that_nobody_reads_any_more)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(4 * MIB, 1), *got = NULL;
    for (int i = 0; i < 30; i++) {
        struct oci_window *w = oci_window_new(&content_host.host, 0);
        struct oci_source *reader = oci_window_source(w, OCI_SIZE_UNKNOWN);
        struct oci_sink *to = oci_sink_bytes(64 * MIB, NULL, &got);
        struct caller c;
        struct pool_result r;
        caller_init(&c, w);
        c.p = data->p;
        c.len = data->len;
        pool_host_start(&content_host, pool_host_move(&content_host, reader, to), &r);
        caller_run(&c, give_all);
        for (int t = 0; t < i && !r.over; t++)
            pool_host_turn(&content_host);
        if (!r.over)
            oci_driver_cancel(content_host.driver, r.flow);
        int rc = pool_host_wait(&content_host, &r);
        oci_source_free(reader);
        oci_sink_free(to);
        oci_thread_join(&c.thread);
        pool_host_poll(&content_host); /* its last bytes may have woken a reader that was going */
        CHECK(!c.hung);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        CHECK(rc == OCI_OK || c.rc == OCI_CANCELED || c.rc == OCI_OK);
        CHECK_INT(oci_window_room(w), 0);
        CHECK(!oci_window_wants(w));
        got = oci_bytes_unref(got);
        signal_done(&c.changed);
        oci_window_unref(w);
    }
    oci_bytes_unref(data);
    content_end();
}

/* A caller in a thread takes what comes through, verified against `want`; how the writer ended. */
static int take_verified(struct oci_bytes *data, const struct oci_desc *want, struct caller *c)
{
    struct oci_window *w = oci_window_new(&content_host.host, 0);
    struct oci_source *from = oci_source_bytes(data);
    struct oci_sink *writer = oci_window_sink(w, want);
    caller_init(c, w);
    caller_run(c, take_all);
    int rc = pool_host_run(&content_host, pool_host_move(&content_host, from, writer), NULL);
    oci_sink_free(writer);
    oci_source_free(from);
    caller_join(c);
    return rc;
}

TEST(a_caller_takes_verified_content)
{
    content_begin();
    for (int i = 0; i < 4; i++) {
        struct oci_bytes *data = scratch_bytes((size_t)i * 2 * MIB + 1, 1);
        struct oci_desc want = scratch_desc(data, "sha256");
        struct caller c;
        CHECK_INT(take_verified(data, &want, &c), OCI_OK);
        CHECK_INT(c.rc, OCI_END_OF_CONTENT);
        CHECK(c.got.len == data->len && memcmp(c.got.p, data->p, data->len) == 0);
        caller_done(&c);
        oci_bytes_unref(data);
    }
    content_end();
}

TEST(a_caller_never_takes_an_end_that_is_not_verified)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(MIB, 1), *other = scratch_bytes(MIB, 2);
    struct oci_desc want = scratch_desc(other, "sha256");
    struct caller c;
    CHECK_INT(take_verified(data, &want, &c), OCI_DIGEST_MISMATCH);
    CHECK_INT(c.rc, OCI_DIGEST_MISMATCH);
    CHECK(strstr(c.err.text, want.digest.text));
    caller_done(&c);
    oci_bytes_unref(data);
    oci_bytes_unref(other);
    content_end();
}

TEST(a_caller_that_stops_fails_the_writer)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(4 * MIB, 1);
    struct oci_window *w = oci_window_new(&content_host.host, 0);
    struct oci_source *from = oci_source_bytes(data);
    struct oci_sink *writer = oci_window_sink(w, NULL);
    struct caller c;
    caller_init(&c, w);
    c.stop_after = 300000;
    caller_run(&c, take_all);
    CHECK_INT(pool_host_run(&content_host, pool_host_move(&content_host, from, writer), NULL), OCI_CANCELED);
    oci_sink_free(writer);
    oci_source_free(from);
    caller_end(&c);
    oci_bytes_unref(data);
    content_end();
}
