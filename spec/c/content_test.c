/* Bytes, files and hashes as sources and sinks. The file sink's jobs run on the real pool. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "content/block.h"
#include "content/content_kinds.h"
#include "pool_host.h"
#include "scratch.h"
#include "sys/file.h"
#include "test.h"

#define KIB 1024u
#define MIB (1024u * 1024u)

static struct pool_host host;

static void begin(void)
{
    pool_host_init(&host);
}

static void end(void)
{
    pool_host_done(&host);
    CHECK_INT(oci_blocks_in_use(), 0);
}

static void flip(struct oci_bytes *b, size_t at)
{
    char *p;
    memcpy(&p, &b->p, sizeof p); /* the test's own bytes */
    p[at] ^= 1;
}

/* ---- bytes --------------------------------------------------------------------------------- */

static int move_bytes(struct oci_bytes *data, struct oci_sink *sink, struct oci_err *err)
{
    struct oci_source *source = oci_source_bytes(data);
    int rc = pool_host_run(&host, pool_host_move(&host, source, sink), err);
    oci_source_free(source);
    oci_sink_free(sink);
    return rc;
}

TEST(bytes_come_through_and_are_verified)
{
    begin();
    const size_t sizes[] = {0, 1, 65536, 300000, 3 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i], 1), *got = NULL;
        struct oci_desc want = scratch_desc(data, i % 2 ? "sha512" : "sha256");
        CHECK_INT(move_bytes(data, oci_sink_bytes(4 * MIB, &want, &got), NULL), OCI_OK);
        CHECK(got && got->len == data->len && memcmp(got->p, data->p, data->len) == 0);
        CHECK_INT(got->p[got->len], 0);
        oci_bytes_unref(got);
        oci_bytes_unref(data);
    }
    end();
}

TEST(a_flipped_byte_in_memory_is_a_digest_mismatch)
{
    begin();
    struct oci_bytes *data = scratch_bytes(100000, 2), *got = NULL;
    struct oci_desc want = scratch_desc(data, "sha256");
    flip(data, 99999);
    struct oci_err err;
    CHECK_INT(move_bytes(data, oci_sink_bytes(MIB, &want, &got), &err), OCI_DIGEST_MISMATCH);
    CHECK(strstr(err.text, want.digest.text));
    CHECK(!got);
    oci_bytes_unref(data);
    end();
}

TEST(short_and_long_content_in_memory_is_a_size_mismatch)
{
    begin();
    struct oci_bytes *data = scratch_bytes(100000, 2), *got = NULL;
    struct oci_desc want = scratch_desc(data, "sha256");
    want.size = 100001;
    CHECK_INT(move_bytes(data, oci_sink_bytes(MIB, &want, &got), NULL), OCI_SIZE_MISMATCH);
    want.size = 99999;
    CHECK_INT(move_bytes(data, oci_sink_bytes(MIB, &want, &got), NULL), OCI_SIZE_MISMATCH);
    CHECK(!got);
    oci_bytes_unref(data);
    end();
}

TEST(content_in_memory_has_a_limit)
{
    begin();
    struct oci_bytes *data = scratch_bytes(100001, 2), *got = NULL;
    CHECK_INT(move_bytes(data, oci_sink_bytes(100001, NULL, &got), NULL), OCI_OK);
    got = oci_bytes_unref(got);
    CHECK_INT(move_bytes(data, oci_sink_bytes(100000, NULL, &got), NULL), OCI_LIMIT);
    CHECK(!got);
    /* What claims to be larger is refused at its first byte. */
    struct oci_desc want = scratch_desc(data, "sha256");
    struct oci_sink *sink = oci_sink_bytes(100000, &want, &got);
    CHECK_INT(sink->type->write(sink, "x", 1, NULL), OCI_LIMIT);
    oci_sink_free(sink);
    oci_bytes_unref(data);
    end();
}

TEST(a_digest_of_an_unknown_algorithm_is_never_verified)
{
    begin();
    struct oci_bytes *data = scratch_bytes(10, 2), *got = NULL;
    struct oci_desc want = {.size = 10};
    CHECK_INT(oci_digest_parse(OCI_STR("md5:900150983cd24fb0d6963f7d28e17f72"), &want.digest, NULL), OCI_OK);
    CHECK_INT(move_bytes(data, oci_sink_bytes(MIB, &want, &got), NULL), OCI_UNSUPPORTED);
    CHECK(!got);
    oci_bytes_unref(data);
    data = scratch_bytes(0, 2);
    want.size = 0;
    CHECK_INT(move_bytes(data, oci_sink_bytes(MIB, &want, &got), NULL), OCI_UNSUPPORTED);
    oci_bytes_unref(data);
    end();
}

TEST(bytes_can_be_read_again)
{
    struct oci_bytes *data = scratch_bytes(10, 3);
    struct oci_source *s = oci_source_bytes(data);
    char p[20];
    size_t n;
    CHECK_INT(s->type->read(s, p, 7, &n, NULL), OCI_OK);
    CHECK_INT(n, 7);
    CHECK_INT(s->type->rewind(s, NULL), OCI_OK);
    CHECK_INT(s->type->read(s, p, 20, &n, NULL), OCI_OK);
    CHECK_INT(n, 10);
    CHECK_INT(s->type->read(s, p, 20, &n, NULL), OCI_END_OF_CONTENT);
    s->type->close(s);
    CHECK_INT(s->type->read(s, p, 20, &n, NULL), OCI_OK);
    CHECK_MEM(p, data->p, 10);
    oci_source_free(s);
    oci_bytes_unref(data);
}

/* ---- hashing ------------------------------------------------------------------------------- */

TEST(the_hash_sink_gives_digest_and_size)
{
    begin();
    struct oci_bytes *data = scratch_bytes(200001, 4);
    for (int i = 0; i < 2; i++) {
        const char *algorithm = i ? "sha512" : "sha256";
        struct oci_desc want = scratch_desc(data, algorithm), got = {0};
        CHECK_INT(move_bytes(data, oci_sink_hash(oci_str_of(algorithm), &got), NULL), OCI_OK);
        CHECK_STR(got.digest.text, want.digest.text);
        CHECK_INT(got.size, 200001);
    }
    struct oci_desc got = {0};
    CHECK_INT(move_bytes(data, oci_sink_hash(OCI_STR("md5"), &got), NULL), OCI_UNSUPPORTED);
    oci_bytes_unref(data);
    end();
}

struct hash_flow {
    struct oci_flow f;
    struct oci_hash_file_work work;
};

static int hashed(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

static int hash(struct oci_flow *f)
{
    return oci_ask_work(f, &((struct hash_flow *)(void *)f)->work.work, hashed);
}

static struct oci_desc hash_found;
static struct oci_bytes *hash_kept;

static void hash_free(struct oci_flow *f)
{
    struct oci_hash_file_work *w = &((struct hash_flow *)(void *)f)->work;
    hash_found.digest = w->digest;
    hash_found.size = w->size;
    hash_kept = oci_bytes_ref(w->bytes);
    oci_hash_file_work_done(w);
}

static struct oci_flow *hash_file(const char *path, size_t keep)
{
    static const struct oci_flow_type type = {.name = "hash", .free = hash_free};
    struct hash_flow *h = oci_flow_new(sizeof *h, &type, &host.host, hash);
    oci_hash_file_work_init(&h->work, path, keep);
    return &h->f;
}

TEST(a_file_is_hashed_and_a_small_one_kept)
{
    begin();
    const size_t sizes[] = {0, 1, 1000, 1001, 700000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i], 5);
        struct oci_desc want = scratch_desc(data, "sha256");
        const char *path = scratch_path("f");
        scratch_write(path, data->p, data->len);
        CHECK_INT(pool_host_run(&host, hash_file(path, 1000), NULL), OCI_OK);
        CHECK_STR(hash_found.digest.text, want.digest.text);
        CHECK_INT(hash_found.size, sizes[i]);
        CHECK_INT(hash_kept != NULL, sizes[i] <= 1000);
        if (hash_kept)
            CHECK_MEM(hash_kept->p, data->p, data->len);
        hash_kept = oci_bytes_unref(hash_kept);
        oci_bytes_unref(data);
    }
    struct oci_err err;
    CHECK_INT(pool_host_run(&host, hash_file("/nowhere/at/all", 0), &err), OCI_NOT_FOUND);
    CHECK(strstr(err.text, "/nowhere/at/all"));
    CHECK_INT(mkfifo(scratch_path("fifo"), 0600), 0);
    CHECK_INT(pool_host_run(&host, hash_file(scratch_path("fifo"), 0), &err), OCI_INVALID);
    end();
}

TEST(a_large_file_is_hashed_in_slices_and_can_be_canceled_between_them)
{
    begin();
    const char *path = scratch_path("sparse");
    scratch_text(path, "");
    CHECK_INT(truncate(path, 200 * MIB), 0);
    struct pool_result r;
    pool_host_start(&host, hash_file(path, 0), &r);
    pool_host_turn(&host); /* it is posted */
    oci_driver_cancel(host.driver, r.flow);
    CHECK_INT(pool_host_wait(&host, &r), OCI_CANCELED);
    CHECK(hash_found.size < 200 * MIB);
    CHECK_INT(pool_host_run(&host, hash_file(path, 0), NULL), OCI_OK);
    CHECK_INT(hash_found.size, 200 * MIB);
    end();
}

/* ---- file source --------------------------------------------------------------------------- */

static int move_to_memory(struct oci_source *source, struct oci_bytes **ret_bytes, struct oci_err *err)
{
    struct oci_sink *sink = oci_sink_bytes(64 * MIB, NULL, ret_bytes);
    int rc = pool_host_run(&host, pool_host_move(&host, source, sink), err);
    oci_sink_free(sink);
    oci_source_free(source);
    return rc;
}

TEST(a_file_is_read)
{
    begin();
    struct oci_bytes *data = scratch_bytes(300001, 6), *got = NULL;
    const char *path = scratch_path("f");
    scratch_write(path, data->p, data->len);
    CHECK_INT(symlink("f", scratch_path("link")), 0);
    const char *names[] = {path, scratch_path("link")};
    for (int i = 0; i < 4; i++) {
        struct oci_source *s = oci_source_file(names[i % 2], i / 2 ? 300001 : OCI_SIZE_UNKNOWN);
        CHECK_STR(oci_source_file_path(s), names[i % 2]);
        CHECK_INT(move_to_memory(s, &got, NULL), OCI_OK);
        CHECK(got->len == data->len && memcmp(got->p, data->p, data->len) == 0);
        got = oci_bytes_unref(got);
    }
    struct oci_err err;
    CHECK_INT(move_to_memory(oci_source_file(path, 300000), &got, &err), OCI_SIZE_MISMATCH);
    CHECK(strstr(err.text, path));
    CHECK_INT(move_to_memory(oci_source_file(path, 300002), &got, NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(move_to_memory(oci_source_file(scratch_path("no"), 1), &got, NULL), OCI_NOT_FOUND);
    oci_bytes_unref(data);
    end();
}

TEST(a_file_that_changes_its_size_is_noticed)
{
    scratch_text(scratch_path("f"), "0123456789");
    struct oci_source *s = oci_source_file(scratch_path("f"), OCI_SIZE_UNKNOWN);
    char p[100];
    size_t n;
    CHECK_INT(s->type->open(s, NULL), OCI_OK);
    CHECK_INT(s->size, 10);
    CHECK_INT(s->type->read(s, p, 4, &n, NULL), OCI_OK);
    scratch_text(scratch_path("f"), "0123456789a");
    CHECK_INT(s->type->read(s, p, 100, &n, NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(s->type->rewind(s, NULL), OCI_OK);
    scratch_text(scratch_path("f"), "0123");
    CHECK_INT(s->type->read(s, p, 100, &n, NULL), OCI_OK);
    CHECK_INT(s->type->read(s, p, 100, &n, NULL), OCI_SIZE_MISMATCH);
    s->type->close(s);
    CHECK_INT(s->type->open(s, NULL), OCI_SIZE_MISMATCH);
    oci_source_free(s);
}

TEST(a_blob_that_is_no_regular_file_is_refused)
{
    begin();
    struct oci_bytes *got = NULL;
    int dirfd;
    scratch_text(scratch_path("f"), "0123456789");
    CHECK_INT(mkdir(scratch_path("d"), 0700), 0);
    CHECK_INT(symlink("../f", scratch_path("d/link")), 0);
    CHECK_INT(symlink("d", scratch_path("dirlink")), 0);
    CHECK_INT(mkfifo(scratch_path("d/fifo"), 0600), 0);
    scratch_text(scratch_path("d/real"), "0123456789");
    CHECK_INT(oci_dir_open(OCI_CWD, scratch_dir(), false, &dirfd, NULL), OCI_OK);
    CHECK_INT(move_to_memory(oci_source_file_at(dirfd, "d/link", 10), &got, NULL), OCI_UNSAFE_PATH);
    CHECK_INT(move_to_memory(oci_source_file_at(dirfd, "d/fifo", 10), &got, NULL), OCI_UNSAFE_PATH);
    CHECK_INT(move_to_memory(oci_source_file_at(dirfd, "d", 10), &got, NULL), OCI_UNSAFE_PATH);
    CHECK_INT(move_to_memory(oci_source_file_at(dirfd, "dirlink/real", 10), &got, NULL), OCI_UNSAFE_PATH);
    CHECK_INT(move_to_memory(oci_source_file_at(dirfd, "d/../../etc/passwd", OCI_SIZE_UNKNOWN), &got, NULL),
              OCI_UNSAFE_PATH);
    CHECK(!got);
    CHECK_INT(move_to_memory(oci_source_file_at(dirfd, "d/real", 10), &got, NULL), OCI_OK);
    oci_bytes_unref(got);
    oci_fd_close(dirfd);
    end();
}

static int scratch_fd;

static int open_scratch(void *ctx, int *ret_dirfd, struct oci_err *reterr)
{
    (void)ctx;
    (void)reterr;
    *ret_dirfd = scratch_fd;
    return OCI_OK;
}

TEST(a_part_of_a_file)
{
    begin();
    CHECK_INT(oci_dir_open(OCI_CWD, scratch_dir(), false, &scratch_fd, NULL), OCI_OK);
    scratch_text(scratch_path("f"), "0123456789");
    static const struct { uint64_t offset, length; const char *text; } parts[] = {
        {0, OCI_SIZE_UNKNOWN, "0123456789"}, {0, 3, "012"}, {4, 3, "456"}, {8, OCI_SIZE_UNKNOWN, "89"},
        {8, 100, "89"}, {10, 1, ""}, {11, OCI_SIZE_UNKNOWN, NULL}, {UINT64_MAX, 5, NULL}, {3, 0, ""}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct oci_bytes *got = NULL;
        struct oci_source_file_options o = {open_scratch, NULL, "f", NULL, i % 2 ? 10 : OCI_SIZE_UNKNOWN,
                                            parts[i].offset, parts[i].length};
        CHECK_INT(move_to_memory(oci_source_file_in(&o), &got, NULL), parts[i].text ? OCI_OK : OCI_INVALID);
        CHECK_STR(got ? got->p : NULL, parts[i].text);
        oci_bytes_unref(got);
    }
    oci_fd_close(scratch_fd);
    end();
}

TEST(a_read_error_names_the_file)
{
    begin();
    struct oci_bytes *got = NULL;
    struct oci_err err;
    scratch_text(scratch_path("f"), "0123456789");
    oci_fault_arm(OCI_FAULT_READ, 0, 1, EIO);
    CHECK_INT(move_to_memory(oci_source_file(scratch_path("f"), 10), &got, &err), OCI_IO);
    oci_fault_clear();
    CHECK(strstr(err.text, scratch_path("f")) && strstr(err.text, strerror(EIO)));
    end();
}

/* ---- file sink ----------------------------------------------------------------------------- */

static int dirfd_;

static void begin_files(void)
{
    begin();
    CHECK_INT(oci_dir_open(OCI_CWD, scratch_dir(), false, &dirfd_, NULL), OCI_OK);
}

static void end_files(void)
{
    oci_fd_close(dirfd_);
    end();
}

static struct oci_file_sink_options options(const struct oci_desc *want)
{
    return (struct oci_file_sink_options){
        .dirfd = dirfd_, .temporary = ".tmp", .final = "final", .mode = 0666, .want = want, .host = &host.host};
}

static const size_t sizes[] = {0,        1,       16 * KIB - 1, 16 * KIB,    64 * KIB,     64 * KIB + 1, 256 * KIB,
                               300 * KIB, MIB + 7, 4 * MIB,      4 * MIB + 1, 9 * MIB + 13};
#define SIZES (sizeof sizes / sizeof sizes[0])

TEST(files_of_all_sizes_are_written_and_verified)
{
    begin_files();
    for (size_t i = 0; i < SIZES * 3; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i / 3], (unsigned)i);
        struct oci_desc known = scratch_desc(data, "sha256"), want = known, found = {0};
        if (i % 3 == 1)
            want.size = OCI_SIZE_UNKNOWN;
        struct oci_file_sink_options o = options(i % 3 == 2 ? NULL : &want);
        o.ret_desc = &found;
        o.writeback = i % 2;
        CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_OK);
        CHECK(scratch_has(scratch_path("final"), data->p, data->len));
        CHECK_STR(scratch_tree(scratch_dir()), "final\n");
        CHECK_STR(found.digest.text, known.digest.text);
        CHECK_INT(found.size, data->len);
        CHECK_INT(unlink(scratch_path("final")), 0);
        oci_bytes_unref(data);
    }
    end_files();
}

TEST(small_content_takes_one_job)
{
    begin_files();
    struct oci_bytes *data = scratch_bytes(4096, 1);
    struct oci_desc want = scratch_desc(data, "sha256");
    struct oci_file_sink_options o = options(&want);
    unsigned before = host.jobs;
    CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_OK);
    CHECK_INT(host.jobs - before, 1);
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
        CHECK_INT(move_bytes(data, oci_sink_file(&o), &err), OCI_DIGEST_MISMATCH);
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
        struct oci_bytes *data = scratch_bytes(sizes[i], (unsigned)i);
        struct oci_desc want = scratch_desc(data, "sha256");
        struct oci_file_sink_options o = options(&want);
        want.size++;
        CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_SIZE_MISMATCH);
        want.size -= 2;
        CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_SIZE_MISMATCH);
        CHECK_STR(scratch_tree(scratch_dir()), "");
        oci_bytes_unref(data);
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
        CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_OK);
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
    CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_OK);
    CHECK(scratch_has(path, data->p, data->len));
    /* Another has put it there: it is left alone. */
    struct stat before, after;
    CHECK_INT(stat(path, &before), 0);
    CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_OK);
    CHECK_INT(stat(path, &after), 0);
    CHECK_INT(before.st_ino, after.st_ino);
    /* A broken one is healed. */
    scratch_text(path, "broken");
    o.want = NULL;
    CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_OK);
    CHECK(scratch_has(path, data->p, data->len));
    /* A link is in the way, wherever it points. */
    CHECK_INT(rename(path, scratch_path("other")), 0);
    CHECK_INT(symlink("other", path), 0);
    CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_UNSAFE_PATH);
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
    CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_EXISTS);
    CHECK(scratch_has(scratch_path("final"), "kept", 4));
    CHECK_STR(scratch_tree(scratch_dir()), "final\n");
    /* With `replace` a link is replaced, never followed. */
    CHECK_INT(rename(scratch_path("final"), scratch_path("other")), 0);
    CHECK_INT(symlink("other", scratch_path("final")), 0);
    o.replace = true;
    CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_OK);
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
            struct oci_bytes *data = scratch_bytes(sizes[i], (unsigned)i);
            struct oci_desc want = scratch_desc(data, "sha256");
            struct oci_file_sink_options o = options(&want);
            int rc = OCI_IO;
            unsigned after = 0;
            for (; rc != OCI_OK; after++) {
                struct oci_err err;
                CHECK(after < 200);
                oci_fault_arm(kinds[k], after, 1, ENOSPC);
                rc = move_bytes(data, oci_sink_file(&o), &err);
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
            CHECK_INT(unlink(scratch_path("final")), 0);
            oci_bytes_unref(data);
        }
    }
    end_files();
}

TEST(short_writes_are_carried_on)
{
    begin_files();
    for (size_t i = 0; i < SIZES; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i], (unsigned)i);
        struct oci_desc want = scratch_desc(data, "sha256");
        struct oci_file_sink_options o = options(&want);
        oci_fault_arm(OCI_FAULT_WRITE, 0, 5, 0);
        CHECK_INT(move_bytes(data, oci_sink_file(&o), NULL), OCI_OK);
        oci_fault_clear();
        CHECK(scratch_has(scratch_path("final"), data->p, data->len));
        CHECK_INT(unlink(scratch_path("final")), 0);
        oci_bytes_unref(data);
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
        struct oci_bytes *data = scratch_bytes(sizes[i], (unsigned)i);
        struct oci_desc want = scratch_desc(data, "sha256");
        if (i % 2)
            want.size = OCI_SIZE_UNKNOWN;
        struct oci_file_sink_options o = options(&want);
        struct oci_err err;
        int rc = move_bytes(data, oci_sink_file(&o), &err);
        CHECK_INT(rc, sizes[i] <= 700 * KIB ? OCI_OK : OCI_IO);
        CHECK_STR(scratch_tree(scratch_dir()), rc == OCI_OK ? "final\n" : "");
        CHECK(rc == OCI_OK || strstr(err.text, strerror(EFBIG)));
        unlink(scratch_path("final"));
        oci_bytes_unref(data);
    }
    end_files();
}

/* The flow is canceled after each number of turns, until it is over before that. */
TEST(a_cancel_at_any_moment_leaves_nothing)
{
    begin_files();
    for (size_t i = 0; i < SIZES; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i], (unsigned)i);
        struct oci_desc want = scratch_desc(data, "sha256");
        for (unsigned turns = 0;; turns++) {
            struct oci_file_sink_options o = options(&want);
            struct oci_sink *sink = oci_sink_file(&o);
            struct oci_source *source = oci_source_bytes(data);
            struct pool_result r;
            pool_host_start(&host, pool_host_move(&host, source, sink), &r);
            for (unsigned t = 0; t < turns && !r.over; t++)
                pool_host_turn(&host);
            bool over = r.over;
            if (!over)
                oci_driver_cancel(host.driver, r.flow);
            int rc = pool_host_wait(&host, &r);
            oci_sink_free(sink);
            oci_source_free(source);
            CHECK(rc == OCI_CANCELED || rc == OCI_OK);
            bool there = strcmp(scratch_tree(scratch_dir()), "final\n") == 0;
            /* Canceled while the last job ran, it may be there: whole, and verified. */
            CHECK(there || strcmp(scratch_tree(scratch_dir()), "") == 0);
            CHECK(there || rc == OCI_CANCELED);
            if (there) {
                CHECK(scratch_has(scratch_path("final"), data->p, data->len));
                CHECK_INT(unlink(scratch_path("final")), 0);
            }
            if (over)
                break;
        }
        oci_bytes_unref(data);
    }
    end_files();
}

TEST(a_sink_that_nobody_ended_leaves_nothing)
{
    begin_files();
    for (size_t i = 0; i < SIZES; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i], (unsigned)i);
        struct oci_desc want = scratch_desc(data, "sha256");
        struct oci_file_sink_options o = options(&want);
        struct oci_sink *sink = oci_sink_file(&o);
        for (size_t at = 0; at < data->len;) {
            size_t n = data->len - at < 50000 ? data->len - at : 50000;
            int rc = sink->type->write(sink, data->p + at, n, NULL);
            CHECK(rc == OCI_OK || rc == OCI_PAUSED);
            if (rc == OCI_PAUSED)
                break;
            at += n;
        }
        oci_sink_free(sink); /* while its job is with the pool */
        while (host.posted > 0)
            pool_host_turn(&host);
        CHECK_STR(scratch_tree(scratch_dir()), "");
        oci_bytes_unref(data);
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
        pool_host_turn(&host);
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

static int finish(struct oci_sink *sink, int rc, struct oci_err *err)
{
    int got;
    while ((got = sink->type->end(sink, rc, err)) == OCI_PAUSED)
        wait_resumed();
    return got;
}

TEST(a_restart_forgets_what_was_written)
{
    begin_files();
    for (size_t i = 0; i < SIZES * 2; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i / 2], (unsigned)i), *wrong = scratch_bytes(sizes[i / 2], 99);
        struct oci_desc want = scratch_desc(data, "sha256"), found = {0};
        if (i % 2)
            want.size = OCI_SIZE_UNKNOWN;
        struct oci_file_sink_options o = options(&want);
        o.ret_desc = &found;
        struct oci_sink *sink = oci_sink_file(&o);
        sink->resume = (struct oci_resume){on_resume, NULL};
        for (size_t part = 0; part < 4; part++) {
            feed(sink, wrong->p, wrong->len / 4 * part);
            CHECK_INT(sink->type->restart(sink, NULL), OCI_OK);
            CHECK_INT(sink->written, 0);
        }
        feed(sink, wrong->p, wrong->len);
        CHECK_INT(sink->type->restart(sink, NULL), OCI_OK);
        feed(sink, data->p, data->len);
        CHECK_INT(finish(sink, OCI_OK, NULL), OCI_OK);
        oci_sink_free(sink);
        CHECK(scratch_has(scratch_path("final"), data->p, data->len));
        CHECK_INT(unlink(scratch_path("final")), 0);
        oci_bytes_unref(data);
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
        struct oci_sink *sink = oci_sink_file(&o);
        sink->resume = (struct oci_resume){on_resume, NULL};
        feed(sink, longer->p, longer->len);
        CHECK_INT(sink->type->restart(sink, NULL), OCI_OK);
        feed(sink, data->p, data->len);
        CHECK_INT(finish(sink, OCI_OK, NULL), OCI_OK);
        oci_sink_free(sink);
        CHECK(scratch_has(scratch_path("final"), data->p, data->len));
        CHECK_INT(unlink(scratch_path("final")), 0);
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
        pool_host_start(&host, pool_host_move(&host, sources[i], sinks[i]), &results[i]);
    }
    size_t most = 0;
    for (int i = 0; i < MANY; i++) {
        while (!results[i].over) {
            pool_host_turn(&host);
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
