/* Operations that give files: a pull as a stream, open_file (oci.h). */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ops.h"
#include "scratch.h"
#include "test.h"

#define BIG ((1u << 20) + 77)

static struct oci_bytes *big;
static const struct oci_reference *place;

/* "big" of more than a window, "empty", "small", and "docs" packed: with "docs/a" and "docs/big". */
static void push_all(const char *where)
{
    ops_begin();
    big = scratch_bytes(BIG, 3);
    struct oci_bytes *small = oci_bytes_new("small", 5), *empty = oci_bytes_new("", 0);
    struct oci_json *unsafe = oci_json_new_object();
    CHECK_INT(oci_json_set(unsafe, OCI_ANNOTATION_TITLE, oci_json_new_string("../small")), OCI_OK);
    CHECK_INT(mkdir(scratch_path("docs"), 0755), 0);
    scratch_text(scratch_path("docs/a"), "text");
    scratch_write(scratch_path("docs/big"), big->p, big->len);
    const struct oci_content contents[] = {
        {.kind = OCI_CONTENT_BYTES, .bytes = big, .title = "big"},
        {.kind = OCI_CONTENT_BYTES, .bytes = empty, .title = "empty"},
        {.kind = OCI_CONTENT_BYTES, .bytes = small, .annotations = unsafe},
        {.kind = OCI_CONTENT_BYTES, .bytes = small, .media_type = "text/plain"},
        {.kind = OCI_CONTENT_DIR, .path = scratch_path("docs"), .title = "docs", .prefix = "docs"},
    };
    const struct oci_push_spec spec = {.root.artifact_type = "a/b", .root.contents = contents, .root.count = 5};
    place = ops_ref("%s", where);
    ops_push(place, &spec);
    oci_json_free(unsafe);
    oci_bytes_unref(small);
    oci_bytes_unref(empty);
}

static void done(void)
{
    oci_bytes_unref(big);
    ops_end();
}

static struct oci_op *stream(const struct oci_selection *what)
{
    struct oci_pull_options o = {.stream = true};
    struct oci_op *op = NULL;
    if (what)
        o.what = *what;
    CHECK_INT(oci_start_pull(ops_client, ops_mailbox, place, &o, NULL, &op, NULL), OCI_OK);
    return op;
}

/* Takes pieces of at most `max`: bytes of each file and "|" at its end, as far as they fit; the last word. */
static int take_all(struct oci_op *op, size_t max, char *text, size_t size, struct oci_err *err)
{
    char buf[100000];
    size_t len = 0, last = 0;
    for (;;) {
        size_t at, n, index;
        CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
        int rc = oci_op_take_file(op, buf, max, &n, &index, err);
        if (rc != OCI_OK && rc != OCI_PAUSED)
            return rc;
        if (rc != OCI_OK)
            continue;
        CHECK(index == last || index == last + 1);
        last = index;
        len += (size_t)snprintf(text + len, size - len, "%.*s", n ? (int)n : 1, n ? buf : "|");
        CHECK(len < size);
    }
}

TEST(files_one_after_the_other)
{
    static const char *const names[] = {"empty", "**/small", "sha256-*", "../small"};
    const struct oci_selection what = {.include = names, .include_count = 4};
    push_all("memory:x:1");
    for (size_t max = 1; max < 100000; max *= 300) {
        char text[100];
        struct oci_op *op = stream(&what);
        CHECK_INT(take_all(op, max, text, sizeof text, NULL), OCI_END_OF_CONTENT);
        CHECK_STR(text, "|small|small|");
        const struct oci_result *r = ops_result(op);
        CHECK_INT(r->file_count, 3);
        CHECK_STR(r->files[0].path, "empty");
        CHECK_INT(r->files[0].position, 1);
        CHECK(!r->files[1].path); /* no safe one */
        CHECK_STR(r->files[1].title, "../small");
        CHECK(!r->files[2].title && strncmp(r->files[2].path, "sha256-", 7) == 0);
        CHECK(r->has_desc && r->bytes);
        size_t n, index;
        CHECK_INT(oci_op_take_file(op, text, 1, &n, &index, NULL), OCI_END_OF_CONTENT);
        oci_op_free(op);
    }
    done();
}

TEST(more_than_a_window)
{
    push_all(ops_text("oci:%s/layout:1", scratch_dir()));
    char buf[65536];
    size_t len = 0;
    struct oci_op *op = stream(NULL);
    for (;;) {
        size_t at, n, index;
        CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
        int rc = oci_op_take_file(op, buf, sizeof buf, &n, &index, NULL);
        if (rc == OCI_END_OF_CONTENT)
            break;
        if (rc == OCI_PAUSED || index > 0)
            continue;
        CHECK_MEM(buf, big->p + len, n);
        len += n;
    }
    CHECK_INT(len, BIG);
    oci_op_free(op);
    done();
}

TEST(a_stream_that_is_left)
{
    push_all("memory:x:1");
    for (int i = 0; i < 20; i++) {
        char buf[1000];
        size_t n, index, at;
        struct oci_op *op = stream(NULL);
        for (int k = 0; k < i; k++) {
            CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
            CHECK(oci_op_take_file(op, buf, sizeof buf, &n, &index, NULL) >= 0);
        }
        if (i % 2)
            oci_op_cancel(op);
        oci_op_free(op);
    }
    done();
}

TEST(a_stream_that_fails)
{
    static const char *const names[] = {"nothing"};
    const struct oci_selection what = {.include = names, .include_count = 1};
    push_all("memory:x:1");
    struct oci_err err = {0};
    char text[10];
    struct oci_op *op = stream(&what);
    CHECK_INT(take_all(op, 10, text, sizeof text, &err), OCI_NOT_FOUND);
    CHECK(strstr(err.text, "pull memory:x:1"));
    size_t n;
    CHECK_INT(oci_op_take(op, text, 10, &n, NULL), OCI_INVALID); /* there are no bytes without a file */
    oci_op_free(op);
    done();
}

/* ---- open_file ---- */

static struct oci_op *open_file(const char *path)
{
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_open_file(ops_client, ops_mailbox, place, path, NULL, NULL, &op, NULL), OCI_OK);
    return op;
}

/* Reads it through; the number of bytes, all of them as `want` has them, or the error. */
static int read_file(const char *path, const char *want, size_t max, struct oci_err *err)
{
    char buf[65536];
    size_t len = 0, n, at;
    struct oci_op *op = open_file(path);
    int rc = OCI_OK;
    while (rc == OCI_OK || rc == OCI_PAUSED) {
        CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
        rc = oci_op_take(op, buf, max, &n, err);
        if (rc == OCI_OK)
            CHECK_MEM(buf, want + len, n);
        len += n;
    }
    if (rc == OCI_END_OF_CONTENT) {
        const struct oci_result *r = ops_result(op);
        CHECK_INT(r->stream_size, len);
        CHECK(oci_digest_is(&r->desc.desc.digest));
    }
    oci_op_free(op);
    return rc == OCI_END_OF_CONTENT ? (int)len : rc;
}

TEST(one_file)
{
    const char *const places[] = {"memory:x:1", ops_text("oci:%s/layout:1", scratch_dir())};
    for (size_t i = 0; i < 2; i++) {
        if (i == 0)
            push_all(places[0]);
        struct oci_err err = {0};
        place = ops_ref("%s", places[0]);
        if (i == 1)
            ops_copy(place, ops_ref("%s", places[1]));
        place = ops_ref("%s", places[i]);
        CHECK_INT(read_file("big", big->p, 65536, NULL), BIG);
        CHECK_INT(read_file("empty", "", 10, NULL), 0);
        CHECK_INT(read_file("../small", "small", 2, NULL), 5);
        CHECK_INT(read_file("docs/a", "text", 1, NULL), 4);
        CHECK_INT(read_file("docs/big", big->p, 60000, NULL), BIG);
        CHECK_INT(read_file("docs/none", "", 10, &err), OCI_NOT_FOUND);
        CHECK(strstr(err.text, "none is not in the archive"));
        CHECK_INT(read_file("none", "", 10, NULL), OCI_NOT_FOUND);
        CHECK_INT(read_file("docs/../big", "", 10, NULL), OCI_UNSAFE_PATH);
    }
    done();
}

TEST(one_file_that_is_left)
{
    push_all("memory:x:1");
    for (int i = 0; i < 20; i++) {
        char buf[1000];
        size_t n, at;
        struct oci_op *op = open_file("docs/big");
        for (int k = 0; k < i; k++) {
            CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
            CHECK(oci_op_take(op, buf, sizeof buf, &n, NULL) >= 0);
        }
        if (i % 2)
            oci_op_cancel(op);
        oci_op_free(op);
    }
    done();
}

/* ---- read_entries ---- */

static const char *const wanted[] = {"docs/a", "docs/none", "**/big"};

static uint64_t archive_size = OCI_SIZE_UNKNOWN;

static struct oci_op *read_entries(const char *path, const struct oci_reference *blob, uint64_t limit)
{
    const struct oci_archive archive = {.path = path, .blob = blob, .size = archive_size, .patterns = wanted, .count = 3,
                                        .limit = limit};
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_read_entries(ops_client, ops_mailbox, &archive, NULL, &op, NULL), OCI_OK);
    return op;
}

static void check_entries(struct oci_op *op)
{
    const struct oci_result *r = ops_result(op);
    CHECK_INT(r->entry_count, 3);
    CHECK_STR(r->entries[0]->p, "text");
    CHECK(!r->entries[1]);
    CHECK_INT(r->entries[2]->len, BIG);
    CHECK_MEM(r->entries[2]->p, big->p, BIG);
    oci_op_free(op);
}

static void check_no_entries(struct oci_op *op, int code, const char *path, const char *text)
{
    const struct oci_err *err = ops_error(op);
    CHECK_INT(err->code, code);
    CHECK_STR(err->path, path);
    if (!strstr(err->text, text))
        FAIL("\"%s\" says nothing of \"%s\"", err->text, text);
    oci_op_free(op);
}

/* The layer that "docs" is, and a file of the same bytes. */
static const struct oci_reference *docs_layer(const char **ret_path)
{
    struct oci_manifest *m = NULL;
    struct oci_op *op = ops_simple(OCI_FETCH_MANIFEST, place);
    CHECK_INT(oci_manifest_parse(ops_result(op)->bytes, NULL, NULL, &m, NULL), OCI_OK);
    const struct oci_reference *blob = ops_ref("memory:x@%s", m->items[4].digest.text);
    oci_manifest_free(m);
    oci_op_free(op);
    CHECK_INT(oci_start_fetch_blob(ops_client, ops_mailbox, blob, 0, OCI_SIZE_UNKNOWN, 0, NULL, &op, NULL), OCI_OK);
    *ret_path = ops_text("%s", scratch_path("docs.tgz"));
    scratch_write(*ret_path, ops_result(op)->bytes->p, ops_result(op)->bytes->len);
    oci_op_free(op);
    return blob;
}

TEST(entries_of_a_file_and_of_a_blob)
{
    const char *path;
    push_all("memory:x:1");
    const struct oci_reference *blob = docs_layer(&path);
    check_entries(read_entries(path, NULL, BIG));
    check_entries(read_entries(NULL, blob, BIG));
    check_no_entries(read_entries(path, NULL, BIG - 1), OCI_LIMIT, path, "docs.tgz: **/big in it has more than 1048");
    check_no_entries(read_entries(NULL, blob, BIG - 1), OCI_LIMIT, "", "**/big in it has more than");
    check_no_entries(read_entries("/nowhere/at/all", NULL, 9), OCI_NOT_FOUND, "/nowhere/at/all", "/nowhere/at/all");
    check_no_entries(read_entries("/", NULL, 9), OCI_INVALID, "/", "/");
    path = ops_text("%s", scratch_path("docs/big"));
    check_no_entries(read_entries(path, NULL, 9), OCI_INVALID, path, "docs/big: it is not a proper tar");
    const struct oci_reference *nothing = ops_ref("memory:x@sha256:%064d", 1);
    check_no_entries(read_entries(NULL, nothing, 9), OCI_NOT_FOUND, "", "has no blob sha256:0");
    archive_size = 100;
    check_no_entries(read_entries(NULL, blob, BIG), OCI_SIZE_MISMATCH, "", "bytes instead of 100");
    archive_size = OCI_SIZE_UNKNOWN;
    const struct oci_archive none = {.blob = place, .size = OCI_SIZE_UNKNOWN, .patterns = wanted, .count = 3, .limit = 9};
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_read_entries(ops_client, ops_mailbox, &none, NULL, &op, NULL), OCI_INVALID);
    done();
}

TEST(entries_are_canceled_and_others_go_on)
{
    const char *path;
    push_all("memory:x:1");
    const struct oci_reference *blob = docs_layer(&path);
    for (int i = 0; i < 20; i++) {
        struct oci_op *other = read_entries(path, NULL, BIG);
        struct oci_op *op = i % 2 ? read_entries(path, NULL, BIG) : read_entries(NULL, blob, BIG);
        if (i % 4 < 2)
            oci_op_cancel(op);
        oci_op_free(op);
        check_entries(other);
    }
    done();
}
