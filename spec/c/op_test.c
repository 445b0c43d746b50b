/* Operations through oci.h: readers, bytes, progress, cancel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops.h"
#include "scratch.h"
#include "test.h"

#define ARTIFACT_TYPE "application/vnd.example.thing"

/* ---- readers ---- */

TEST(a_reader_is_asked_for_its_bytes)
{
    ops_begin();
    struct oci_bytes *b = scratch_bytes((1u << 20) + 77, 5);
    struct oci_desc want = scratch_desc(b, OCI_SHA256);
    const size_t pieces[] = {1000, 65536, 1u << 20};
    for (size_t i = 0; i < 3; i++) {
        struct oci_op *op = ops_start_reader();
        ops_serve(op, b, pieces[i]);
        CHECK_STR(ops_result(op)->desc.desc.digest.text, want.digest.text);
        CHECK_INT(ops_result(op)->desc.desc.size, b->len);
        oci_op_free(op);
    }
    oci_bytes_unref(b);
    ops_end();
}

TEST(a_reader_is_pushed_as_a_stream)
{
    ops_begin();
    struct oci_bytes *b = scratch_bytes(700000, 6);
    struct oci_desc want = scratch_desc(b, OCI_SHA256);
    const struct oci_push_spec spec = {
        .root.artifact_type = ARTIFACT_TYPE, .root.contents = &ops_reader_content, .root.count = 1};
    const struct oci_reference *const places[] = {ops_ref("memory:x:1"),
                                                  ops_ref("oci:%s/layout:1", scratch_dir())};
    for (size_t i = 0; i < 2; i++) {
        struct oci_op *op = NULL;
        CHECK_INT(oci_start_push(ops_client, ops_mailbox, places[i], &spec, NULL, &op, NULL), OCI_OK);
        ops_serve(op, b, 65536);
        struct oci_manifest *m = NULL;
        CHECK_INT(oci_manifest_parse(ops_result(op)->bytes, NULL, NULL, &m, NULL), OCI_OK);
        CHECK_STR(m->items[0].digest.text, want.digest.text);
        CHECK_INT(m->items[0].size, b->len);
        CHECK_STR(oci_desc_title(&m->items[0]), "stream");
        oci_manifest_free(m);
        oci_op_free(op);
    }
    oci_bytes_unref(b);
    ops_end();
}

TEST(a_reader_that_fails_fails_the_call)
{
    ops_begin();
    struct oci_op *op = ops_start_reader();
    ops_wait_for_wish(op);
    size_t taken;
    CHECK_INT(oci_op_give(op, 1, "abc", 3, &taken), OCI_OK);
    oci_op_give_end(op, 1, "the tape is torn");
    CHECK_INT(ops_error(op)->code, OCI_IO);
    CHECK_STR(ops_error(op)->text, "digest: the reader failed: the tape is torn");
    CHECK_INT(oci_op_give(op, 1, "abc", 3, &taken), OCI_CANCELED);
    oci_op_free(op);
    ops_end();
}

/* ---- reading ---- */

static const struct oci_reference *put_blob(const struct oci_bytes *b, const char *place)
{
    struct oci_desc want = scratch_desc(b, OCI_SHA256);
    struct oci_bytes *copy = oci_bytes_new(b->p, b->len);
    const struct oci_content content = {.kind = OCI_CONTENT_BYTES, .bytes = copy};
    const struct oci_reference *at = ops_ref("%s@%s", place, want.digest.text);
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_push_blob(ops_client, ops_mailbox, at, &content, false, NULL, &op, NULL), OCI_OK);
    ops_result(op);
    oci_op_free(op);
    oci_bytes_unref(copy);
    return at;
}

static struct oci_op *open_blob(const struct oci_reference *at)
{
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_open_blob(ops_client, ops_mailbox, at, 0, OCI_SIZE_UNKNOWN, NULL, &op, NULL), OCI_OK);
    return op;
}

/* Reads to the end in pieces of at most `max`; gives the last word. *ret_same: every byte was that of `want`.
 */
static int read_all(struct oci_op *op, size_t max, const struct oci_bytes *want, size_t *ret_len,
                    struct oci_err *err)
{
    char buf[100000];
    *ret_len = 0;
    for (;;) {
        size_t at, n;
        CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
        int rc = oci_op_take(op, buf, max, &n, err);
        if (rc != OCI_OK && rc != OCI_PAUSED)
            return rc;
        if (rc == OCI_OK) {
            const struct oci_result *r = NULL;
            CHECK_INT(oci_op_result(op, &r, NULL), OCI_OK); /* the descriptor is there with the first bytes */
            CHECK_INT(r->desc.desc.size, want->len);
            CHECK(*ret_len + n <= want->len);
            CHECK_MEM(buf, want->p + *ret_len, n);
        }
        *ret_len += n;
    }
}

TEST(an_open_blob_is_read_to_its_verified_end)
{
    ops_begin();
    struct oci_bytes *b = scratch_bytes((2u << 20) + 5, 8);
    char *layout = strdup(ops_text("oci:%s/layout", scratch_dir()));
    const char *const places[] = {"memory:x", layout};
    const size_t pieces[] = {100000, 777};
    for (size_t i = 0; i < 2; i++) {
        size_t len;
        struct oci_op *op = open_blob(put_blob(b, places[i]));
        CHECK_INT(read_all(op, pieces[i], b, &len, NULL), OCI_END_OF_CONTENT);
        CHECK_INT(len, b->len);
        ops_result(op);
        oci_op_free(op);
    }
    free(layout);
    oci_bytes_unref(b);
    ops_end();
}

TEST(a_blob_that_was_changed_has_no_verified_end)
{
    ops_begin();
    struct oci_bytes *b = scratch_bytes(400000, 9);
    struct oci_desc want = scratch_desc(b, OCI_SHA256);
    char *layout = strdup(ops_text("oci:%s/layout", scratch_dir()));
    const struct oci_reference *at = put_blob(b, layout);
    char *path = strdup(scratch_path("layout/blobs/sha256/%s", want.digest.text + 7));
    char *bad = malloc(b->len);
    memcpy(bad, b->p, b->len);
    bad[b->len - 1] ^= 1;
    chmod(path, 0644);
    scratch_write(path, bad, b->len);
    struct oci_op *op = open_blob(at);
    char buf[5000];
    int rc = OCI_OK;
    struct oci_err err = {0};
    while (rc == OCI_OK || rc == OCI_PAUSED) {
        size_t n, index;
        CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &index), 1);
        rc = oci_op_take(op, buf, sizeof buf, &n, &err);
    }
    CHECK_INT(rc, OCI_DIGEST_MISMATCH);
    CHECK(strncmp(err.text, "open_blob ", 10) == 0);
    printf("# %s\n", err.text);
    oci_op_free(op);
    free(bad);
    free(path);
    free(layout);
    oci_bytes_unref(b);
    ops_end();
}

TEST(a_blob_left_half_read_is_let_go)
{
    ops_begin();
    struct oci_bytes *b = scratch_bytes(8u << 20, 10);
    const struct oci_reference *at = put_blob(b, "memory:x");
    struct oci_op *op = open_blob(at);
    size_t index, n;
    char buf[10];
    CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &index), 1);
    CHECK_INT(oci_op_take(op, buf, sizeof buf, &n, NULL), OCI_OK);
    oci_op_free(op);
    op = open_blob(at);
    oci_op_cancel(op);
    struct oci_err err = {0};
    int rc;
    while ((rc = oci_op_take(op, buf, sizeof buf, &n, &err)) >= 0)
        CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &index), 1);
    CHECK_INT(rc, OCI_CANCELED);
    oci_bytes_unref(b);
    ops_end();       /* waits for the engine: nothing hangs in it */
    oci_op_free(op); /* after the mailbox, as a garbage collector may do it */
}

/* ---- progress ---- */

TEST(progress_tells_of_every_blob)
{
    ops_begin();
    struct oci_bytes *b = scratch_bytes(3u << 20, 11);
    const struct oci_content content = {.kind = OCI_CONTENT_BYTES, .bytes = b, .title = "b"};
    const struct oci_push_spec spec = {.root.artifact_type = ARTIFACT_TYPE, .root.contents = &content, .root.count = 1};
    struct oci_call_options o = OCI_CALL_OPTIONS_INIT;
    o.progress = true;
    for (int round = 0; round < 2; round++) {
        struct oci_op *op = NULL;
        char told[200] = "";
        const char *want = round == 0 ? "started done " : "started exists ";
        CHECK_INT(oci_start_push(ops_client, ops_mailbox, ops_ref("oci:%s/l:1", scratch_dir()), &spec, &o,
                                 &op, NULL),
                  OCI_OK);
        struct oci_event e;
        bool more = true;
        while (!oci_op_over(op) || more) {
            size_t at;
            CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
            while ((more = oci_op_event(op, &e))) {
                CHECK_INT(e.kind, OCI_EVENT_PROGRESS);
                if (strcmp(e.title, "b") == 0 && strcmp(e.state, "moving") != 0)
                    snprintf(told + strlen(told), sizeof told - strlen(told), "%s ", e.state);
                if (strcmp(e.title, "b") == 0 && strcmp(e.state, "done") == 0)
                    CHECK_INT(e.done, b->len);
            }
        }
        CHECK_STR(told, want);
        struct oci_totals t;
        oci_op_totals(op, &t);
        CHECK_INT(t.blobs_done, t.blobs);
        CHECK_INT(t.done, t.total);
        CHECK(t.total >= (round == 0 ? b->len : 0) && t.total < (round == 0 ? b->len + 100000 : 100000));
        oci_op_free(op);
    }
    oci_bytes_unref(b);
    ops_end();
}

/* ---- cancel ---- */

TEST(a_canceled_pull_leaves_no_file)
{
    ops_begin();
    struct oci_content list[8];
    struct oci_bytes *b[8];
    char titles[8][8];
    for (unsigned i = 0; i < 8; i++) {
        b[i] = scratch_bytes(i % 2 ? 5000 : 6u << 20, 20 + i);
        snprintf(titles[i], sizeof titles[i], "f%u", i);
        list[i] = (struct oci_content){.kind = OCI_CONTENT_BYTES, .bytes = b[i], .title = titles[i]};
    }
    const struct oci_push_spec spec = {.root.artifact_type = ARTIFACT_TYPE, .root.contents = list, .root.count = 8};
    ops_push(ops_ref("oci:%s/l:1", scratch_dir()), &spec);
    unsigned canceled = 0;
    for (unsigned round = 0; round < 60; round++) {
        char *to = strdup(scratch_path("to%u", round));
        struct oci_op *op = ops_pull(ops_ref("oci:%s/l:1", scratch_dir()), to);
        usleep(round * round * 20); /* not to wait for something: at whatever moment it is then */
        oci_op_cancel(op);
        ops_wait(op);
        const struct oci_result *r = NULL;
        struct oci_err err = {0};
        int rc = oci_op_result(op, &r, &err);
        if (rc != OCI_OK) {
            CHECK_INT(rc, OCI_CANCELED);
            CHECK_STR(scratch_exists(to) ? scratch_tree(to) : "", "");
            canceled++;
        } else {
            CHECK_STR(scratch_tree(to), "f0\nf1\nf2\nf3\nf4\nf5\nf6\nf7\n");
        }
        oci_op_free(op);
        free(to);
    }
    CHECK(canceled > 0);
    for (unsigned i = 0; i < 8; i++)
        oci_bytes_unref(b[i]);
    ops_end();
}

TEST(a_mailbox_that_goes_cancels_what_runs)
{
    ops_begin();
    struct oci_op *op = ops_start_reader();
    ops_wait_for_wish(op);
    oci_mailbox_free(ops_mailbox); /* the last one: waits for the end of it, and ends the engine */
    CHECK_INT(ops_threads(), 0);
    CHECK(oci_op_over(op) && oci_op_ready(op));
    const struct oci_result *r = NULL;
    struct oci_err err = {0};
    CHECK_INT(oci_op_result(op, &r, &err), OCI_CANCELED);
    CHECK(strncmp(err.text, "digest: ", 8) == 0);
    oci_op_free(op);
    /* The client of before goes on with a new engine. */
    CHECK_INT(oci_mailbox_new(&ops_mailbox, NULL), OCI_OK);
    op = ops_start_reader();
    struct oci_bytes *b = oci_bytes_new("abc", 3);
    ops_serve(op, b, 10);
    ops_result(op);
    oci_op_free(op);
    oci_bytes_unref(b);
    ops_end();
    CHECK_INT(ops_threads(), 0);
}
