/* Bytes, hashes and files as sources, and memory as a sink. */
#include <errno.h>
#include <string.h>
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

/* ---- bytes --------------------------------------------------------------------------------- */

TEST(bytes_come_through_and_are_verified)
{
    content_begin();
    const size_t sizes[] = {0, 1, 65536, 300000, 3 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i], 1), *got = NULL;
        struct oci_desc want = scratch_desc(data, i % 2 ? "sha512" : "sha256");
        CHECK_INT(content_put(data, oci_sink_bytes(4 * MIB, &want, &got), NULL), OCI_OK);
        CHECK(got && got->len == data->len && memcmp(got->p, data->p, data->len) == 0);
        CHECK_INT(got->p[got->len], 0);
        oci_bytes_unref(got);
        oci_bytes_unref(data);
    }
    content_end();
}

TEST(a_flipped_byte_in_memory_is_a_digest_mismatch)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(100000, 2), *got = NULL;
    struct oci_desc want = scratch_desc(data, "sha256");
    flip(data, 99999);
    struct oci_err err;
    CHECK_INT(content_put(data, oci_sink_bytes(MIB, &want, &got), &err), OCI_DIGEST_MISMATCH);
    CHECK(strstr(err.text, want.digest.text));
    CHECK(!got);
    oci_bytes_unref(data);
    content_end();
}

TEST(short_and_long_content_in_memory_is_a_size_mismatch)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(100000, 2), *got = NULL;
    struct oci_desc want = scratch_desc(data, "sha256");
    want.size = 100001;
    CHECK_INT(content_put(data, oci_sink_bytes(MIB, &want, &got), NULL), OCI_SIZE_MISMATCH);
    want.size = 99999;
    CHECK_INT(content_put(data, oci_sink_bytes(MIB, &want, &got), NULL), OCI_SIZE_MISMATCH);
    CHECK(!got);
    oci_bytes_unref(data);
    content_end();
}

TEST(content_in_memory_has_a_limit)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(100001, 2), *got = NULL;
    CHECK_INT(content_put(data, oci_sink_bytes(100001, NULL, &got), NULL), OCI_OK);
    got = oci_bytes_unref(got);
    CHECK_INT(content_put(data, oci_sink_bytes(100000, NULL, &got), NULL), OCI_LIMIT);
    CHECK(!got);
    /* What claims to be larger is refused at its first byte. */
    struct oci_desc want = scratch_desc(data, "sha256");
    struct oci_sink *sink = oci_sink_bytes(100000, &want, &got);
    CHECK_INT(sink->type->write(sink, "x", 1, NULL), OCI_LIMIT);
    oci_sink_free(sink);
    oci_bytes_unref(data);
    content_end();
}

TEST(a_digest_of_an_unknown_algorithm_is_never_verified)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(10, 2), *got = NULL;
    struct oci_desc want = {.size = 10};
    CHECK_INT(oci_digest_parse(OCI_STR("md5:900150983cd24fb0d6963f7d28e17f72"), &want.digest, NULL), OCI_OK);
    CHECK_INT(content_put(data, oci_sink_bytes(MIB, &want, &got), NULL), OCI_UNSUPPORTED);
    CHECK(!got);
    oci_bytes_unref(data);
    data = scratch_bytes(0, 2);
    want.size = 0;
    CHECK_INT(content_put(data, oci_sink_bytes(MIB, &want, &got), NULL), OCI_UNSUPPORTED);
    oci_bytes_unref(data);
    content_end();
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
    content_begin();
    struct oci_bytes *data = scratch_bytes(200001, 4);
    for (int i = 0; i < 2; i++) {
        const char *algorithm = i ? "sha512" : "sha256";
        struct oci_desc want = scratch_desc(data, algorithm), got = {0};
        CHECK_INT(content_put(data, oci_sink_hash(oci_str_of(algorithm), &got), NULL), OCI_OK);
        CHECK_STR(got.digest.text, want.digest.text);
        CHECK_INT(got.size, 200001);
    }
    struct oci_desc got = {0};
    CHECK_INT(content_put(data, oci_sink_hash(OCI_STR("md5"), &got), NULL), OCI_UNSUPPORTED);
    oci_bytes_unref(data);
    content_end();
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
    struct hash_flow *h = oci_flow_new(sizeof *h, &type, &content_host.host, hash);
    oci_hash_file_work_init(&h->work, path, keep);
    return &h->f;
}

TEST(a_file_is_hashed_and_a_small_one_kept)
{
    content_begin();
    const size_t sizes[] = {0, 1, 1000, 1001, 700000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct oci_bytes *data = scratch_bytes(sizes[i], 5);
        struct oci_desc want = scratch_desc(data, "sha256");
        const char *path = scratch_path("f");
        scratch_write(path, data->p, data->len);
        CHECK_INT(pool_host_run(&content_host, hash_file(path, 1000), NULL), OCI_OK);
        CHECK_STR(hash_found.digest.text, want.digest.text);
        CHECK_INT(hash_found.size, sizes[i]);
        CHECK_INT(hash_kept != NULL, sizes[i] <= 1000);
        if (hash_kept)
            CHECK_MEM(hash_kept->p, data->p, data->len);
        hash_kept = oci_bytes_unref(hash_kept);
        oci_bytes_unref(data);
    }
    struct oci_err err;
    CHECK_INT(pool_host_run(&content_host, hash_file("/nowhere/at/all", 0), &err), OCI_NOT_FOUND);
    CHECK(strstr(err.text, "/nowhere/at/all"));
    CHECK_INT(mkfifo(scratch_path("fifo"), 0600), 0);
    CHECK_INT(pool_host_run(&content_host, hash_file(scratch_path("fifo"), 0), &err), OCI_INVALID);
    content_end();
}

TEST(a_large_file_is_hashed_in_slices_and_can_be_canceled_between_them)
{
    content_begin();
    const char *path = scratch_path("sparse");
    scratch_text(path, "");
    CHECK_INT(truncate(path, 200 * MIB), 0);
    struct pool_result r;
    pool_host_start(&content_host, hash_file(path, 0), &r);
    pool_host_turn(&content_host); /* it is posted */
    oci_driver_cancel(content_host.driver, r.flow);
    CHECK_INT(pool_host_wait(&content_host, &r), OCI_CANCELED);
    CHECK(hash_found.size < 200 * MIB);
    CHECK_INT(pool_host_run(&content_host, hash_file(path, 0), NULL), OCI_OK);
    CHECK_INT(hash_found.size, 200 * MIB);
    content_end();
}

/* ---- file source --------------------------------------------------------------------------- */

TEST(a_file_is_read)
{
    content_begin();
    struct oci_bytes *data = scratch_bytes(300001, 6), *got = NULL;
    const char *path = scratch_path("f");
    scratch_write(path, data->p, data->len);
    CHECK_INT(symlink("f", scratch_path("link")), 0);
    const char *names[] = {path, scratch_path("link")};
    for (int i = 0; i < 4; i++) {
        struct oci_source *s = oci_source_file(names[i % 2], i / 2 ? 300001 : OCI_SIZE_UNKNOWN);
        CHECK_STR(oci_source_file_path(s), names[i % 2]);
        CHECK_INT(content_get(s, &got, NULL), OCI_OK);
        CHECK(got->len == data->len && memcmp(got->p, data->p, data->len) == 0);
        got = oci_bytes_unref(got);
    }
    struct oci_err err;
    CHECK_INT(content_get(oci_source_file(path, 300000), &got, &err), OCI_SIZE_MISMATCH);
    CHECK(strstr(err.text, path));
    CHECK_INT(content_get(oci_source_file(path, 300002), &got, NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(content_get(oci_source_file(scratch_path("no"), 1), &got, NULL), OCI_NOT_FOUND);
    oci_bytes_unref(data);
    content_end();
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
    content_begin();
    struct oci_bytes *got = NULL;
    int dirfd;
    scratch_text(scratch_path("f"), "0123456789");
    CHECK_INT(mkdir(scratch_path("d"), 0700), 0);
    CHECK_INT(symlink("../f", scratch_path("d/link")), 0);
    CHECK_INT(symlink("d", scratch_path("dirlink")), 0);
    CHECK_INT(mkfifo(scratch_path("d/fifo"), 0600), 0);
    scratch_text(scratch_path("d/real"), "0123456789");
    CHECK_INT(oci_dir_open(OCI_CWD, scratch_dir(), false, &dirfd, NULL), OCI_OK);
    CHECK_INT(content_get(oci_source_file_at(dirfd, "d/link", 10), &got, NULL), OCI_UNSAFE_PATH);
    CHECK_INT(content_get(oci_source_file_at(dirfd, "d/fifo", 10), &got, NULL), OCI_UNSAFE_PATH);
    CHECK_INT(content_get(oci_source_file_at(dirfd, "d", 10), &got, NULL), OCI_UNSAFE_PATH);
    CHECK_INT(content_get(oci_source_file_at(dirfd, "dirlink/real", 10), &got, NULL), OCI_UNSAFE_PATH);
    CHECK_INT(content_get(oci_source_file_at(dirfd, "d/../../etc/passwd", OCI_SIZE_UNKNOWN), &got, NULL),
              OCI_UNSAFE_PATH);
    CHECK(!got);
    CHECK_INT(content_get(oci_source_file_at(dirfd, "d/real", 10), &got, NULL), OCI_OK);
    oci_bytes_unref(got);
    oci_fd_close(dirfd);
    content_end();
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
    content_begin();
    CHECK_INT(oci_dir_open(OCI_CWD, scratch_dir(), false, &scratch_fd, NULL), OCI_OK);
    scratch_text(scratch_path("f"), "0123456789");
    static const struct { uint64_t offset, length; const char *text; } parts[] = {
        {0, OCI_SIZE_UNKNOWN, "0123456789"}, {0, 3, "012"}, {4, 3, "456"}, {8, OCI_SIZE_UNKNOWN, "89"},
        {8, 100, "89"}, {10, 1, ""}, {11, OCI_SIZE_UNKNOWN, NULL}, {UINT64_MAX, 5, NULL}, {3, 0, ""}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct oci_bytes *got = NULL;
        struct oci_source_file_options o = {open_scratch, NULL, "f", NULL, i % 2 ? 10 : OCI_SIZE_UNKNOWN,
                                            parts[i].offset, parts[i].length};
        CHECK_INT(content_get(oci_source_file_in(&o), &got, NULL), parts[i].text ? OCI_OK : OCI_INVALID);
        CHECK_STR(got ? got->p : NULL, parts[i].text);
        oci_bytes_unref(got);
    }
    oci_fd_close(scratch_fd);
    content_end();
}

TEST(a_read_error_names_the_file)
{
    content_begin();
    struct oci_bytes *got = NULL;
    struct oci_err err;
    scratch_text(scratch_path("f"), "0123456789");
    oci_fault_arm(OCI_FAULT_READ, 0, 1, EIO);
    CHECK_INT(content_get(oci_source_file(scratch_path("f"), 10), &got, &err), OCI_IO);
    oci_fault_clear();
    CHECK(strstr(err.text, scratch_path("f")) && strstr(err.text, strerror(EIO)));
    content_end();
}
