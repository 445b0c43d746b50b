/* Blobs pushed from sources of every kind, and streams whose digest is not known. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "blob_kit.h"
#include "test.h"

TEST(a_source_is_freed_with_the_flow_whatever_happens)
{
    bool gone = false;
    struct odd *o = odd();
    o->freed = &gone;
    blob_begin(NULL, 0);
    oci_flow_free(blob_push_flow(&o->base, HELLO, 5, NULL));
    CHECK(gone);
    blob_end();
}

TEST(what_the_host_cannot_read_goes_through_a_pipe)
{
    const struct flow_row rows[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
    };
    blob_begin(FLOW_ROWS(rows));
    blob_host.piece = 3;
    CHECK_INT(blob_push(&by_jobs(0)->base, HELLO, 5, NULL), OCI_OK);
    CHECK(blob_host.jobs > 0);
    CHECK_INT(blob_push(&by_itself(0)->base, HELLO, 5, NULL), OCI_OK);
    CHECK_INT(blob_push(&by_itself(0)->base, HELLO, 5, NULL), OCI_OK); /* twice: the pipe is made anew */
    blob_end();
}

TEST(nothing_is_read_of_what_is_there)
{
    const struct flow_row rows[] = {{.ask = "HEAD " BLOB, .status = 200, .length = 5}};
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(&by_jobs(OCI_IO)->base, HELLO, 5, NULL), OCI_OK);
    CHECK_INT(blob_host.jobs, 0);
    blob_end();
}

TEST(a_source_that_breaks_is_the_error_and_not_the_registry)
{
    static const int codes[] = {OCI_IO, OCI_NETWORK, OCI_NOT_FOUND, OCI_DIGEST_MISMATCH};
    for (int i = 0; i < 12; i++) {
        const struct flow_row rows[] = {
            HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201}, DELETE_204,
        };
        blob_begin(FLOW_ROWS(rows));
        int code = codes[i % 4];
        struct odd *o = i < 4 ? by_jobs(code) : i < 8 ? by_itself(code) : odd();
        if (i >= 8)
            o->fails = code;
        if (i == 9) { /* read by the host itself, NETWORK looks like a lost answer: it is looked for */
            oci_source_free(&o->base);
            flow_host_done(&blob_host, true);
            continue;
        }
        CHECK_INT(blob_push(&o->base, HELLO, 5, NULL), code);
        CHECK_STR(blob_host.err.text, "the source broke");
        blob_end();
    }
}

/* An answer that comes before the body was read ends the pipe, and counts. */
TEST(an_early_answer_counts)
{
    for (int i = 0; i < 4; i++) {
        const struct flow_row rows[] = {
            HEAD_404, POST_202,
            {.ask = "PUT " AT "?digest=" HELLO, .status = i < 2 ? 201 : 413, .early = true},
            DELETE_204,
        };
        blob_begin(rows, i < 2 ? 3 : 4);
        struct odd *o = i % 2 ? by_jobs(0) : by_itself(0);
        CHECK_INT(blob_push(&o->base, HELLO, 5, NULL), i < 2 ? OCI_OK : OCI_LIMIT);
        blob_end();
    }
}

TEST(verify_hashes_on_the_way)
{
    const struct flow_row good[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
    };
    const struct oci_put hint = {.verify = true};
    blob_begin(FLOW_ROWS(good));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, &hint), OCI_OK);
    blob_end();
    const struct flow_row bad[] = {
        {.ask = "HEAD /v2/a/b/blobs/" OTHER, .status = 404}, POST_202,
        {.ask = "PUT " AT "?digest=" OTHER, .status = 400}, DELETE_204,
    };
    blob_begin(FLOW_ROWS(bad));
    int rc = blob_push(blob_hello(), OTHER, 5, &hint);
    CHECK(rc == OCI_DIGEST_MISMATCH || rc == OCI_REGISTRY);
    blob_end();
}

/* Once a byte of it is on the wire nothing of it is sent twice. */
TEST(a_one_shot_source_is_sent_once)
{
    const struct flow_row rows[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404}, HEAD_404, DELETE_204,
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .lost = OCI_NETWORK, .after = 2}, HEAD_404, DELETE_204,
    };
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(&one_shot()->base, HELLO, 5, NULL), OCI_NOT_FOUND);
    CHECK_INT(blob_push(&one_shot()->base, HELLO, 5, NULL), OCI_NETWORK);
    CHECK(blob_host.err.retryable);
    blob_end();
}

/* ---- streams: the digest is not known ---- */

TEST(a_stream_is_hashed_on_the_way)
{
    static const int patched[] = {202, 201, 200, 204};
    for (int i = 0; i < 4; i++) {
        const struct flow_row rows[] = {
            {.ask = POST, .status = 202, .location = AT, .scope = PUSH_SCOPE},
            {.ask = "PATCH " AT, .status = patched[i], .location = i ? AT "?s=2" : NULL, .sent = "hello"},
            {.ask = i ? "PUT " AT "?s=2&digest=" HELLO : "PUT " AT "?digest=" HELLO, .status = 201, .digest = HELLO},
        };
        blob_begin(FLOW_ROWS(rows));
        struct odd *o = i == 0 ? one_shot() : i == 1 ? by_jobs(0) : i == 2 ? by_itself(0) : odd();
        CHECK_INT(blob_push(&o->base, "", OCI_SIZE_UNKNOWN, NULL), OCI_OK);
        CHECK_STR(blob_found.digest.text, HELLO);
        CHECK_INT(blob_found.size, 5);
        CHECK_INT(blob_state, OCI_PUT_DONE);
        blob_end();
    }
}

static void write_file(char *path, const char *content, size_t times)
{
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    for (size_t i = 0; i < times; i++)
        CHECK_INT(write(fd, content, strlen(content)), strlen(content));
    close(fd);
}

TEST(a_file_is_hashed_beside_its_upload)
{
    const struct flow_row rows[] = {
        POST_202,
        {.ask = "PATCH " AT, .status = 202, .sent = "hello"},
        {.ask = "PUT " AT "?digest=" HELLO, .status = 201},
    };
    char path[] = "/tmp/flow_blob_XXXXXX";
    write_file(path, "hello", 1);
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(oci_source_file(path, OCI_SIZE_UNKNOWN), "", OCI_SIZE_UNKNOWN, NULL), OCI_OK);
    CHECK_STR(blob_found.digest.text, HELLO);
    CHECK_INT(blob_found.size, 5);
    blob_end();
    unlink(path);
    blob_begin(NULL, 0);
    const struct flow_row gone[] = {POST_202, {.ask = "PATCH " AT, .status = 202}, DELETE_204};
    flow_host_done(&blob_host, false);
    blob_begin(FLOW_ROWS(gone));
    CHECK_INT(blob_push(oci_source_file(path, OCI_SIZE_UNKNOWN), "", OCI_SIZE_UNKNOWN, NULL), OCI_NOT_FOUND);
    blob_end();
}

TEST(a_stream_of_another_size_than_promised)
{
    const struct flow_row rows[] = {POST_202, {.ask = "PATCH " AT, .status = 202}, DELETE_204};
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(&odd()->base, "", 7, NULL), OCI_SIZE_MISMATCH);
    blob_end();
}

TEST(a_broken_patch_is_repeated_only_from_the_beginning)
{
    const struct flow_row breaks[] = {
        {.ask = "PATCH " AT, .lost = OCI_NETWORK, .after = 2},
        {.ask = "PATCH " AT, .status = 404},
        {.ask = "PATCH " AT, .status = 503},
    };
    static const int codes[] = {OCI_NETWORK, OCI_NOT_FOUND, OCI_REGISTRY};
    for (int i = 0; i < 9; i++) {
        const struct flow_row rows[] = {
            POST_202,
            breaks[i % 3],
            {.ask = POST, .status = 202, .location = AT "2"},
            {.ask = "PATCH " AT "2", .status = 202, .sent = "hello"},
            {.ask = "PUT " AT "2?digest=" HELLO, .status = 201},
        };
        blob_begin(FLOW_ROWS(rows));
        struct odd *o = i < 3 ? odd() : i < 6 ? by_jobs(0) : by_itself(0);
        CHECK_INT(blob_push(&o->base, "", OCI_SIZE_UNKNOWN, NULL), OCI_OK);
        blob_end();
        const struct flow_row once[] = {POST_202, breaks[i % 3], DELETE_204};
        blob_begin(FLOW_ROWS(once));
        CHECK_INT(blob_push(&one_shot()->base, "", OCI_SIZE_UNKNOWN, NULL), codes[i % 3]);
        CHECK(blob_host.err.retryable);
        blob_end();
    }
}

TEST(a_stream_that_was_not_read_to_its_end_has_no_digest)
{
    const struct flow_row rows[] = {POST_202, {.ask = "PATCH " AT, .status = 202, .early = true}, DELETE_204};
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(&odd()->base, "", OCI_SIZE_UNKNOWN, NULL), OCI_INVALID);
    blob_end();
}

/* ---- every question canceled ---- */

TEST(a_push_canceled_anywhere_leaves_no_session)
{
    for (int kind = 0; kind < 8; kind++) {
        for (unsigned turn = 1;; turn++) {
            blob_begin(NULL, 0);
            blob_host.answer = blob_good_registry;
            blob_host.cancel_at_turn = turn;
            blob_host.piece = 2;
            struct odd *o = kind % 4 == 0   ? odd()
                            : kind % 4 == 1 ? by_jobs(0)
                            : kind % 4 == 2 ? by_itself(0)
                                            : one_shot();
            int rc = blob_push(&o->base, kind < 4 ? HELLO : "", kind < 4 ? 5 : OCI_SIZE_UNKNOWN, NULL);
            CHECK(rc == OCI_OK || rc == OCI_CANCELED);
            char methods[100];
            flow_host_methods(&blob_host, methods, sizeof methods);
            bool opened = strstr(methods, "POST ") != NULL; /* and something came after it */
            if (rc == OCI_CANCELED && opened)
                CHECK(oci_ends_with(methods, "DELETE"));
            unsigned turns = blob_host.turns;
            blob_end();
            if (turn > turns)
                break;
        }
    }
}
