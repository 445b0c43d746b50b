/* Files as sinks: written beside, verified, renamed. Their jobs run on the real pool. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content_kit.h"
#include "sys/file.h"
#include "test.h"

static void flip(struct oci_bytes *b, size_t at)
{
    char *p;
    memcpy(&p, &b->p, sizeof p); /* the test's own bytes */
    p[at] ^= 1;
}

static int dirfd_;

static void begin_files(void)
{
    content_begin();
    CHECK_INT(oci_dir_open(OCI_CWD, scratch_dir(), false, &dirfd_, NULL), OCI_OK);
}

static void end_files(void)
{
    oci_fd_close(dirfd_);
    content_end();
}

static struct oci_file_sink_options options(const struct oci_desc *want)
{
    return (struct oci_file_sink_options){
        .dirfd = dirfd_, .temporary = ".tmp", .final = "final", .mode = 0666, .want = want, .host = &content_host.host};
}

static const size_t sizes[] = {0,        1,       16 * KIB - 1, 16 * KIB,    64 * KIB,     64 * KIB + 1, 256 * KIB,
                               300 * KIB, MIB + 7, 4 * MIB,      4 * MIB + 1, 5 * MIB + 13};
#define SIZES (sizeof sizes / sizeof sizes[0])

/* Content, and the file that is to be made of it. */
struct trial {
    struct oci_bytes *data;
    struct oci_desc want;
    struct oci_file_sink_options o;
};

/* Of the i-th size, all of it different. */
static void trial_begin(struct trial *t, size_t i)
{
    t->data = scratch_bytes(sizes[i], (unsigned)i);
    t->want = scratch_desc(t->data, "sha256");
    t->o = options(&t->want);
}

static int trial_put(struct trial *t, struct oci_err *err)
{
    return content_put(t->data, oci_sink_file(&t->o), err);
}

/* The file under its name is all that there is; away with it. */
static void check_made(const struct oci_bytes *data)
{
    CHECK_STR(scratch_tree(scratch_dir()), "final\n");
    CHECK(scratch_has(scratch_path("final"), data->p, data->len));
    CHECK_INT(unlink(scratch_path("final")), 0);
}

TEST(files_of_all_sizes_are_written_and_verified)
{
    begin_files();
    for (size_t i = 0; i < SIZES * 3; i++) {
        struct trial t;
        struct oci_desc found = {0};
        trial_begin(&t, i / 3);
        if (i % 3 == 1)
            t.want.size = OCI_SIZE_UNKNOWN;
        t.o.want = i % 3 == 2 ? NULL : &t.want;
        t.o.ret_desc = &found;
        t.o.writeback = i % 2;
        CHECK_INT(trial_put(&t, NULL), OCI_OK);
        check_made(t.data);
        CHECK_STR(found.digest.text, t.want.digest.text);
        CHECK_INT(found.size, t.data->len);
        oci_bytes_unref(t.data);
    }
    end_files();
}

TEST(small_content_takes_one_job)
{
    begin_files();
    struct oci_bytes *data = scratch_bytes(4096, 1);
    struct oci_desc want = scratch_desc(data, "sha256");
    struct oci_file_sink_options o = options(&want);
    unsigned before = content_host.jobs;
    CHECK_INT(content_put(data, oci_sink_file(&o), NULL), OCI_OK);
    CHECK_INT(content_host.jobs - before, 1);
    oci_bytes_unref(data);
    end_files();
}

TEST(a_flipped_byte_never_gets_a_name)
{
    begin_files();
    for (size_t i = 1; i < SIZES; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i], (unsigned)i);
        struct oci_desc want = scratch_desc(data, i % 2 ? "sha512" : "sha256");
        struct oci_err err;
        flip(data, i % 3 ? 0 : data->len - 1);
        if (i % 4 == 0)
            want.size = OCI_SIZE_UNKNOWN;
        struct oci_file_sink_options o = options(&want);
        o.name = "some.txt";
        CHECK_INT(content_put(data, oci_sink_file(&o), &err), OCI_DIGEST_MISMATCH);
        CHECK(strstr(err.text, "some.txt"));
        CHECK_STR(scratch_tree(scratch_dir()), "");
        oci_bytes_unref(data);
    }
    end_files();
}

TEST(short_and_long_files_are_refused)
{
    begin_files();
    for (size_t i = 1; i < SIZES; i++) {
        struct trial t;
        trial_begin(&t, i);
        t.want.size++;
        CHECK_INT(trial_put(&t, NULL), OCI_SIZE_MISMATCH);
        t.want.size -= 2;
        CHECK_INT(trial_put(&t, NULL), OCI_SIZE_MISMATCH);
        CHECK_STR(scratch_tree(scratch_dir()), "");
        oci_bytes_unref(t.data);
    }
    end_files();
}

TEST(a_file_may_stay_under_its_temporary_name_and_has_its_mode)
{
    begin_files();
    umask(027);
    for (size_t i = 0; i < SIZES; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i], 3);
        struct oci_file_sink_options o = options(NULL);
        o.final = NULL;
        CHECK_INT(content_put(data, oci_sink_file(&o), NULL), OCI_OK);
        CHECK(scratch_has(scratch_path(".tmp"), data->p, data->len));
        struct stat st;
        CHECK_INT(stat(scratch_path(".tmp"), &st), 0);
        CHECK_INT(st.st_mode & 0777, 0640);
        CHECK_INT(unlink(scratch_path(".tmp")), 0);
        oci_bytes_unref(data);
    }
    end_files();
}

TEST(what_is_there_under_a_name_by_digest)
{
    begin_files();
    struct oci_bytes *data = scratch_bytes(5 * MIB, 7);
    struct oci_desc want = scratch_desc(data, "sha256");
    const char *name = oci_digest_encoded(&want.digest).p, *path = scratch_path("%s", name);
    struct oci_file_sink_options o = options(&want);
    o.final = NULL;
    o.by_digest = true;
    CHECK_INT(content_put(data, oci_sink_file(&o), NULL), OCI_OK);
    CHECK(scratch_has(path, data->p, data->len));
    /* Another has put it there: it is left alone. */
    struct stat before, after;
    CHECK_INT(stat(path, &before), 0);
    CHECK_INT(content_put(data, oci_sink_file(&o), NULL), OCI_OK);
    CHECK_INT(stat(path, &after), 0);
    CHECK_INT(before.st_ino, after.st_ino);
    /* A broken one is healed. */
    scratch_text(path, "broken");
    o.want = NULL;
    CHECK_INT(content_put(data, oci_sink_file(&o), NULL), OCI_OK);
    CHECK(scratch_has(path, data->p, data->len));
    /* A link is in the way, wherever it points. */
    CHECK_INT(rename(path, scratch_path("other")), 0);
    CHECK_INT(symlink("other", path), 0);
    CHECK_INT(content_put(data, oci_sink_file(&o), NULL), OCI_UNSAFE_PATH);
    CHECK_INT(unlink(path), 0);
    CHECK_STR(scratch_tree(scratch_dir()), "other\n");
    oci_bytes_unref(data);
    end_files();
}

TEST(what_is_there_under_another_name)
{
    begin_files();
    struct oci_bytes *data = scratch_bytes(1000, 7);
    struct oci_file_sink_options o = options(NULL);
    scratch_text(scratch_path("final"), "kept");
    CHECK_INT(content_put(data, oci_sink_file(&o), NULL), OCI_EXISTS);
    CHECK(scratch_has(scratch_path("final"), "kept", 4));
    CHECK_STR(scratch_tree(scratch_dir()), "final\n");
    /* With `replace` a link is replaced, never followed. */
    CHECK_INT(rename(scratch_path("final"), scratch_path("other")), 0);
    CHECK_INT(symlink("other", scratch_path("final")), 0);
    o.replace = true;
    CHECK_INT(content_put(data, oci_sink_file(&o), NULL), OCI_OK);
    struct stat st;
    CHECK_INT(lstat(scratch_path("final"), &st), 0);
    CHECK(S_ISREG(st.st_mode));
    CHECK(scratch_has(scratch_path("other"), "kept", 4));
    oci_bytes_unref(data);
    end_files();
}

static const enum oci_fault kinds[] = {OCI_FAULT_OPEN, OCI_FAULT_READ, OCI_FAULT_WRITE, OCI_FAULT_RENAME,
                                       OCI_FAULT_CLOSE};

TEST(every_file_operation_may_fail_once)
{
    begin_files();
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (size_t i = 0; i < SIZES; i++) {
            struct trial t;
            trial_begin(&t, i);
            int rc = OCI_IO;
            unsigned after = 0;
            for (; rc != OCI_OK; after++) {
                struct oci_err err;
                CHECK(after < 400);
                oci_fault_arm(kinds[k], after, 1, ENOSPC);
                rc = trial_put(&t, &err);
                oci_fault_clear();
                CHECK_STR(scratch_tree(scratch_dir()), rc == OCI_OK ? "final\n" : "");
                if (rc != OCI_OK) {
                    CHECK_INT(rc, OCI_IO);
                    if (!(strstr(err.text, strerror(ENOSPC)) && strstr(err.text, "final")))
                        FAIL("%s", err.text);
                }
            }
            bool hit = kinds[k] == OCI_FAULT_READ    ? sizes[i] > 4 * MIB
                       : kinds[k] == OCI_FAULT_WRITE ? sizes[i] > 0
                                                     : true;
            CHECK_INT(after > 1, hit);
            check_made(t.data);
            oci_bytes_unref(t.data);
        }
    }
    end_files();
}

TEST(short_writes_are_carried_on)
{
    begin_files();
    for (size_t i = 0; i < SIZES; i++) {
        struct trial t;
        trial_begin(&t, i);
        oci_fault_arm(OCI_FAULT_WRITE, 0, 5, 0);
        CHECK_INT(trial_put(&t, NULL), OCI_OK);
        oci_fault_clear();
        check_made(t.data);
        oci_bytes_unref(t.data);
    }
    end_files();
}

TEST(a_file_size_limit_is_an_error_and_leaves_nothing)
{
    begin_files();
    signal(SIGXFSZ, SIG_IGN); /* the engine has it blocked */
    struct rlimit l;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = 700 * KIB;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &l), 0);
    for (size_t i = 0; i < SIZES; i++) {
        struct trial t;
        struct oci_err err;
        trial_begin(&t, i);
        if (i % 2)
            t.want.size = OCI_SIZE_UNKNOWN;
        int rc = trial_put(&t, &err);
        CHECK_INT(rc, sizes[i] <= 700 * KIB ? OCI_OK : OCI_IO);
        CHECK_STR(scratch_tree(scratch_dir()), rc == OCI_OK ? "final\n" : "");
        CHECK(rc == OCI_OK || strstr(err.text, strerror(EFBIG)));
        unlink(scratch_path("final"));
        oci_bytes_unref(t.data);
    }
    end_files();
}

/* Canceled after so many turns; true: it was over before. */
static bool cancel_after(struct trial *t, unsigned turns)
{
    struct oci_sink *sink = oci_sink_file(&t->o);
    struct oci_source *source = oci_source_bytes(t->data);
    struct pool_result r;
    pool_host_start(&content_host, pool_host_move(&content_host, source, sink), &r);
    for (unsigned i = 0; i < turns && !r.over; i++)
        pool_host_turn(&content_host);
    bool over = r.over;
    if (!over)
        oci_driver_cancel(content_host.driver, r.flow);
    int rc = pool_host_wait(&content_host, &r);
    oci_sink_free(sink);
    oci_source_free(source);
    CHECK(rc == OCI_CANCELED || rc == OCI_OK);
    /* Canceled while the last job ran, it may be there: whole, and verified. */
    if (rc == OCI_OK || scratch_exists(scratch_path("final")))
        check_made(t->data);
    else
        CHECK_STR(scratch_tree(scratch_dir()), "");
    return over;
}

TEST(a_cancel_at_any_moment_leaves_nothing)
{
    begin_files();
    for (size_t i = 0; i < SIZES; i++) {
        struct trial t;
        trial_begin(&t, i);
        for (unsigned turns = 0; !cancel_after(&t, turns); turns++)
            continue;
        oci_bytes_unref(t.data);
    }
    end_files();
}

TEST(a_sink_that_nobody_ended_leaves_nothing)
{
    begin_files();
    for (size_t i = 0; i < SIZES; i++) {
        struct trial t;
        trial_begin(&t, i);
        struct oci_sink *sink = oci_sink_file(&t.o);
        for (size_t at = 0; at < t.data->len;) {
            size_t n = t.data->len - at < 50000 ? t.data->len - at : 50000;
            int rc = sink->type->write(sink, t.data->p + at, n, NULL);
            CHECK(rc == OCI_OK || rc == OCI_PAUSED);
            if (rc == OCI_PAUSED)
                break;
            at += n;
        }
        oci_sink_free(sink); /* while its job is with the pool */
        while (content_host.posted > 0)
            pool_host_turn(&content_host);
        CHECK_STR(scratch_tree(scratch_dir()), "");
        oci_bytes_unref(t.data);
    }
    end_files();
}

/* ---- the same by hand: restarts, and more than one at a time ---- */

static bool resumed;

static void on_resume(void *ctx)
{
    (void)ctx;
    resumed = true;
}

static void wait_resumed(void)
{
    while (!resumed)
        pool_host_turn(&content_host);
    resumed = false;
}

static void feed(struct oci_sink *sink, const char *p, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t n = len - at < 16 * KIB ? len - at : 16 * KIB;
        int rc = sink->type->write(sink, p + at, n, NULL);
        if (rc == OCI_PAUSED) {
            wait_resumed();
            continue;
        }
        CHECK_INT(rc, OCI_OK);
        at += n;
    }
}

static struct oci_sink *new_sink(const struct oci_file_sink_options *o)
{
    struct oci_sink *sink = oci_sink_file(o);
    sink->resume = (struct oci_resume){on_resume, NULL};
    return sink;
}

/* Begins anew with `data`, which then becomes the file. */
static void restart_with(struct oci_sink *sink, const struct oci_bytes *data)
{
    CHECK_INT(sink->type->restart(sink, NULL), OCI_OK);
    CHECK_INT(sink->written, 0);
    feed(sink, data->p, data->len);
    int rc;
    while ((rc = sink->type->end(sink, OCI_OK, NULL)) == OCI_PAUSED)
        wait_resumed();
    CHECK_INT(rc, OCI_OK);
    oci_sink_free(sink);
    check_made(data);
}

TEST(a_restart_forgets_what_was_written)
{
    begin_files();
    for (size_t i = 0; i < SIZES * 2; i++) {
        struct trial t;
        trial_begin(&t, i / 2);
        struct oci_bytes *wrong = scratch_bytes(sizes[i / 2], 99);
        struct oci_desc found = {0};
        if (i % 2)
            t.want.size = OCI_SIZE_UNKNOWN;
        t.o.ret_desc = &found;
        struct oci_sink *sink = new_sink(&t.o);
        for (size_t part = 0; part < 4; part++) {
            feed(sink, wrong->p, wrong->len / 4 * part);
            CHECK_INT(sink->type->restart(sink, NULL), OCI_OK);
            CHECK_INT(sink->written, 0);
        }
        feed(sink, wrong->p, wrong->len);
        restart_with(sink, t.data);
        CHECK_INT(found.size, t.data->len);
        oci_bytes_unref(t.data);
        oci_bytes_unref(wrong);
    }
    end_files();
}

TEST(a_restart_with_shorter_content_leaves_no_tail)
{
    begin_files();
    for (size_t i = 1; i < SIZES; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i] - 1, 1), *longer = scratch_bytes(sizes[i], 2);
        struct oci_file_sink_options o = options(NULL);
        struct oci_sink *sink = new_sink(&o);
        feed(sink, longer->p, longer->len);
        restart_with(sink, data);
        oci_bytes_unref(data);
        oci_bytes_unref(longer);
    }
    end_files();
}

TEST(many_at_once_stay_within_the_budget)
{
    begin_files();
    enum { MANY = 60 };
    struct oci_bytes *data = scratch_bytes(600 * KIB, 1);
    struct oci_desc want = scratch_desc(data, "sha256");
    struct oci_sink *sinks[MANY];
    struct oci_source *sources[MANY];
    struct pool_result results[MANY];
    for (int i = 0; i < MANY; i++) {
        struct oci_file_sink_options o = options(&want);
        char temporary[20], final[20];
        snprintf(temporary, sizeof temporary, ".tmp%d", i);
        snprintf(final, sizeof final, "final%d", i);
        o.temporary = temporary;
        o.final = final;
        sinks[i] = oci_sink_file(&o);
        sources[i] = oci_source_bytes(data);
        pool_host_start(&content_host, pool_host_move(&content_host, sources[i], sinks[i]), &results[i]);
    }
    size_t most = 0;
    for (int i = 0; i < MANY; i++) {
        while (!results[i].over) {
            pool_host_turn(&content_host);
            if (most < oci_blocks_in_use())
                most = oci_blocks_in_use();
        }
        CHECK_INT(results[i].err.code, OCI_OK);
        CHECK(scratch_has(scratch_path("final%d", i), data->p, data->len));
        oci_sink_free(sinks[i]);
        oci_source_free(sources[i]);
    }
    CHECK(most > OCI_BLOCK_BUDGET / 2);
    CHECK(most <= OCI_BLOCK_BUDGET + MANY * OCI_BLOCK_SMALL);
    oci_bytes_unref(data);
    end_files();
}
