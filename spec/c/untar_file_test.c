/* One file out of an archive that comes through a window (pack/untar_file.h). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "pack/untar_file.h"
#include "pool_host.h"
#include "tar_box.h"
#include "test.h"

/* ---- bytes in pieces ---- */

struct pieces {
    struct oci_source base;
    const char *p;
    size_t len, at, piece;
};

static int pieces_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct pieces *x = OCI_OWNER(s, struct pieces, base);
    (void)reterr;
    size_t n = x->len - x->at < x->piece ? x->len - x->at : x->piece;
    *ret_n = n < max ? n : max;
    memcpy(p, x->p + x->at, *ret_n);
    x->at += *ret_n;
    return *ret_n > 0 ? OCI_OK : OCI_END_OF_CONTENT;
}

static void pieces_free(struct oci_source *s)
{
    (void)s;
}

static const struct oci_source_type pieces_type = {.name = "pieces", .read = pieces_read, .free = pieces_free};

/* ---- one reading ---- */

static struct pool_host host;
static struct oci_err err;
static struct oci_bytes *got;
static uint64_t found;
static bool wrong_digest;

static void on_found(void *ctx, uint64_t size)
{
    (void)ctx;
    found = size;
}

/* What a reading holds. */
struct reading {
    struct pieces from;
    struct oci_window *window;
    struct oci_source *file;
    struct oci_sink *in, *out;
    struct pool_result ended_in, ended_out;
};

static bool set_up(struct reading *r, const struct oci_buf *archive, const char *path, const char *strip, size_t piece)
{
    struct oci_desc want;
    struct oci_digest digest;
    CHECK_INT(oci_digest_of(OCI_STR(OCI_SHA256), archive->p, archive->len - (wrong_digest ? 1 : 0), &digest, NULL), OCI_OK);
    oci_desc_set(&want, OCI_TYPE_OCTETS, &digest, archive->len);
    *r = (struct reading){.from = {{.type = &pieces_type, .size = OCI_SIZE_UNKNOWN}, archive->p, archive->len, 0, piece}};
    r->window = oci_window_new(&host.host, 64u << 10);
    if (!r->window)
        return false;
    struct oci_untar_file_options o = {
        .host = &host.host, .archive = r->window, .path = path, .strip = strip, .on_found = on_found};
    r->in = oci_window_sink(r->window, &want);
    r->file = oci_source_untar_file(&o);
    r->out = oci_sink_bytes(256u << 20, NULL, &got);
    return r->in && r->file && r->out;
}

static void tear_down(struct reading *r)
{
    oci_source_free(r->file);
    oci_sink_free(r->in);
    oci_sink_free(r->out);
    oci_window_unref(r->window);
}

static int read_archive(const struct oci_buf *archive, const char *path, const char *strip, size_t piece)
{
    struct reading r;
    got = oci_bytes_unref(got);
    found = UINT64_MAX;
    err = (struct oci_err){0};
    bool ok = set_up(&r, archive, path, strip, piece);
    struct oci_flow *in = ok ? pool_host_move(&host, &r.from.base, r.in) : NULL;
    struct oci_flow *out = in ? pool_host_move(&host, r.file, r.out) : NULL;
    int rc = out ? OCI_OK : oci_err_no_memory(&err);
    if (out) {
        pool_host_start(&host, in, &r.ended_in);
        pool_host_start(&host, out, &r.ended_out);
        rc = pool_host_wait(&host, &r.ended_out);
        int rc_in = pool_host_wait(&host, &r.ended_in);
        /* Who reads no more fails the writer: that is no reason of its own. */
        bool first = rc_in != OCI_OK && rc_in != OCI_CANCELED;
        oci_err_copy(&err, first ? &r.ended_in.err : &r.ended_out.err);
        rc = first ? rc_in : rc;
    } else {
        oci_flow_free(in);
    }
    tear_down(&r);
    return rc;
}

static void begin(void)
{
    pool_host_init(&host);
    tar_begin();
}

static void finish(void)
{
    got = oci_bytes_unref(got);
    oci_buf_done(&tar_made);
    pool_host_done(&host);
}

/* In pieces of several sizes, plain and compressed. */
static void check_file(const char *path, const char *strip, const char *want, size_t len)
{
    static const size_t pieces[] = {1, 1000, 65536};
    struct oci_buf gz = tar_gzip(tar_made.p, tar_made.len);
    for (size_t i = tar_made.len > 1000000 ? 1 : 0; i < 6; i++) {
        if (read_archive(i % 2 ? &gz : &tar_made, path, strip, pieces[i / 2]) != OCI_OK)
            FAIL("%s: %s", path, err.text);
        CHECK_INT(got->len, len);
        CHECK(memcmp(got->p, want, len) == 0);
        CHECK_INT(found, len);
    }
    oci_buf_done(&gz);
}

static void check_error(const char *path, int code, const char *text)
{
    struct oci_buf gz = tar_gzip(tar_made.p, tar_made.len);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(read_archive(i ? &gz : &tar_made, path, "t", 1000), code);
        if (!strstr(err.text, text))
            FAIL("\"%s\" says nothing of \"%s\"", err.text, text);
        CHECK(!got);
    }
    oci_buf_done(&gz);
}

/* ---- */

TEST(files_wherever_they_are)
{
    begin();
    TAR_DIR("t/");
    TAR_FILE("t/first", "1");
    TAR_DIR("t/d/");
    TAR_FILE("./t//d/./deep", "22");
    TAR_FILE("t/empty", "");
    TAR_FILE("bare", "without the prefix");
    TAR_FILE("t/last", "333");
    tar_end();
    check_file("first", "t", "1", 1);
    check_file("d/deep", "t", "22", 2);
    check_file("empty", "t", "", 0);
    check_file("bare", "t", "without the prefix", 18);
    check_file("last", "t", "333", 3);
    check_file("t/last", NULL, "333", 3);
    finish();
}

TEST(a_large_file_behind_a_large_file)
{
    const size_t len = 9000001;
    begin();
    char *text = oci_alloc(len);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(i * 7919 >> 7);
    tar_add_bytes(&(struct tar_entry){.name = "t/one"}, text, len);
    tar_add_bytes(&(struct tar_entry){.name = "t/two"}, text + 1, len - 1);
    tar_end();
    check_file("one", "t", text, len);
    check_file("two", "t", text + 1, len - 1);
    oci_free(text);
    finish();
}

TEST(what_is_no_file)
{
    begin();
    TAR_DIR("t/d");
    TAR_FILE("t/implied/x", "1");
    TAR_LINK("t/l", "d");
    tar_add((struct tar_entry){.name = "t/h", .type = '1', .link = "t/implied/x"});
    tar_add((struct tar_entry){.name = "t/dev", .type = '3'});
    tar_end();
    check_error("d", OCI_INVALID, "d is a directory");
    check_error("implied", OCI_INVALID, "implied is a directory");
    check_error("l", OCI_INVALID, "a symbolic link");
    check_error("h", OCI_INVALID, "a hard link");
    check_error("dev", OCI_INVALID, "a device");
    check_error("impl", OCI_NOT_FOUND, "is not in the archive");
    check_error("implied/x/y", OCI_NOT_FOUND, "is not in the archive");
    finish();
}

/* It is known at the end only, so what was given before is not verified. */
static void check_twice(void)
{
    tar_end();
    for (size_t piece = 100; piece < 100000; piece *= 300)
        CHECK_INT(read_archive(&tar_made, "x", "t", piece), OCI_INVALID);
    CHECK(strstr(err.text, "is in it twice"));
}

TEST(what_is_there_twice)
{
    begin();
    TAR_FILE("t/x", "1");
    TAR_FILE("t/x", "2");
    check_twice();
    tar_begin();
    TAR_FILE("t/x", "1");
    TAR_FILE("x", "2"); /* lands in the same place */
    check_twice();
    tar_begin();
    TAR_FILE("t/x", "1");
    TAR_FILE("t/x/y", "2");
    check_twice();
    tar_begin();
    TAR_FILE("t/x/y", "1");
    TAR_FILE("t/x", "2");
    check_twice();
    tar_begin();
    TAR_LINK("t/x", "d");
    TAR_FILE("t/x", "2");
    check_twice();
    finish();
}

TEST(archives_that_are_refused)
{
    begin();
    TAR_FILE("t/x", "1");
    TAR_FILE("../y", "2");
    tar_end();
    check_error("x", OCI_UNSAFE_PATH, "would leave its directory");
    tar_begin();
    TAR_FILE("t/x", "1");
    TAR_FILE("/y", "2");
    tar_end();
    check_error("x", OCI_UNSAFE_PATH, "is an absolute path");
    tar_begin();
    TAR_FILE("t/x", "1234567");
    tar_made.len -= 512;
    check_error("x", OCI_INVALID, "ends too early");
    tar_begin();
    CHECK_INT(oci_buf_add(&tar_made, "no tar at all", 13), OCI_OK);
    check_error("x", OCI_INVALID, "not a proper tar");
    tar_made.len = 1;
    check_error("x", OCI_INVALID, "not a proper tar");
    finish();
}

TEST(the_end_comes_when_the_archive_was_right)
{
    begin();
    TAR_FILE("t/x", "1");
    tar_end();
    wrong_digest = true;
    CHECK_INT(read_archive(&tar_made, "x", "t", 100), OCI_DIGEST_MISMATCH);
    CHECK(!got);
    CHECK_INT(read_archive(&tar_made, "y", "t", 100), OCI_DIGEST_MISMATCH); /* rather than NOT_FOUND */
    wrong_digest = false;
    finish();
}

/* A bomb before the file: 1.1 GiB of zeros in 1.1 MiB. */
TEST(a_bomb)
{
    begin();
    char *zeros = oci_calloc(1, 64u << 20);
    tar_add_bytes(&(struct tar_entry){.name = "t/bomb"}, zeros, 64u << 20);
    oci_free(zeros);
    struct oci_buf once = tar_gzip(tar_made.p, tar_made.len), all;
    oci_buf_init(&all, 64u << 20);
    for (int i = 0; i < 20; i++)
        CHECK_INT(oci_buf_add(&all, once.p, once.len), OCI_OK);
    CHECK_INT(read_archive(&all, "x", "t", 65536), OCI_LIMIT);
    CHECK(strstr(err.text, "times its size"));
    oci_buf_done(&once);
    oci_buf_done(&all);
    finish();
}

TEST(canceled_anywhere)
{
    begin();
    for (int i = 0; i < 2000; i++) {
        char name[40];
        snprintf(name, sizeof name, "t/file%d", i);
        TAR_FILE(name, "a little content");
    }
    tar_end();
    for (unsigned turns = 1; turns < 60; turns++) {
        struct reading r;
        CHECK(set_up(&r, &tar_made, "file1900", "t", 3000));
        pool_host_start(&host, pool_host_move(&host, &r.from.base, r.in), &r.ended_in);
        pool_host_start(&host, pool_host_move(&host, r.file, r.out), &r.ended_out);
        for (unsigned i = 0; i < turns && !r.ended_out.over; i++)
            pool_host_turn(&host);
        if (!r.ended_out.over)
            oci_driver_cancel(host.driver, r.ended_out.flow);
        if (!r.ended_in.over && turns % 2) /* else it ends since nobody reads any more */
            oci_driver_cancel(host.driver, r.ended_in.flow);
        int rc = pool_host_wait(&host, &r.ended_out);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        rc = pool_host_wait(&host, &r.ended_in);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        tear_down(&r);
        pool_host_poll(&host); /* a wake-up of the window may be on its way still */
        pool_host_poll(&host);
        got = oci_bytes_unref(got);
    }
    finish();
}

TEST(paths)
{
    char path[OCI_MAX_PATH];
    CHECK_INT(oci_untar_clean_path("./a//b/", path, NULL), OCI_OK);
    CHECK_STR(path, "a/b");
    CHECK_INT(oci_untar_clean_path("", path, NULL), OCI_OK);
    CHECK_STR(path, "");
    CHECK_INT(oci_untar_clean_path("a/../b", path, NULL), OCI_UNSAFE_PATH);
}
