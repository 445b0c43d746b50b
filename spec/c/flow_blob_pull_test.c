/* Blobs pulled from a registry. */
#include <string.h>

#include "blob_kit.h"
#include "test.h"

static struct oci_bytes *pulled;

static int pull(const char *digest_text, uint64_t size, uint64_t offset, uint64_t length, bool verify)
{
    struct oci_desc d = blob_desc(digest_text, size);
    struct oci_repository r = blob_repo();
    struct oci_sink *sink = oci_sink_bytes(1000, verify ? &d : NULL, &pulled);
    pulled = NULL;
    int rc = flow_host_run(&blob_host, oci_flow_pull_blob(&r, &d, offset, length, sink));
    oci_sink_free(sink);
    return rc;
}

TEST(pulls_a_blob)
{
    const struct flow_row rows[] = {
        {.ask = "GET " BLOB, .status = 200, .body = "hello", .scope = "repository:a/b:pull"},
        {.ask = "GET " BLOB, .status = 200, .body = "hello", .digest = HELLO},
    };
    blob_begin(FLOW_ROWS(rows));
    for (int i = 0; i < 2; i++) {
        CHECK_INT(pull(HELLO, 5, 0, 0, true), OCI_OK);
        CHECK_STR(pulled->p, "hello");
        oci_bytes_unref(pulled);
    }
    blob_end();
}

TEST(what_does_not_match_is_not_pulled)
{
    const struct flow_row rows[] = {
        {.status = 200, .body = "hellO"},
        {.status = 200, .body = "hell"},
        {.status = 200, .body = "hellooooo"},
        {.status = 200, .body = ""},
        {.status = 404},
        {.status = 206, .body = "hello"},
        {.lost = OCI_NETWORK},
    };
    static const int codes[] = {OCI_DIGEST_MISMATCH, OCI_NETWORK, OCI_SIZE_MISMATCH, OCI_NETWORK,
                                OCI_NOT_FOUND, OCI_REGISTRY, OCI_NETWORK};
    blob_begin(FLOW_ROWS(rows));
    for (int i = 0; i < 7; i++) {
        CHECK_INT(pull(HELLO, 5, 0, 0, true), codes[i]);
        CHECK(!pulled);
    }
    blob_end();
    const struct flow_row lie[] = {{.status = 200, .body = "hello", .digest = OTHER}};
    blob_begin(FLOW_ROWS(lie));
    CHECK_INT(pull(HELLO, 5, 0, 0, true), OCI_DIGEST_MISMATCH);
    oci_bytes_unref(pulled);
    blob_end();
}

static uint64_t range_from, range_length, expect_size;

static void see_range(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
{
    (void)h;
    range_from = q->range_from;
    range_length = q->range_length;
    expect_size = q->expect_size;
    *ret_row = (struct flow_row){.status = 206, .body = "ell"};
}

TEST(pulls_a_part)
{
    blob_begin(NULL, 0);
    blob_host.answer = see_range;
    CHECK_INT(pull(HELLO, 5, 1, 3, false), OCI_OK);
    CHECK_STR(pulled->p, "ell");
    CHECK(range_from == 1 && range_length == 3 && expect_size == 3);
    oci_bytes_unref(pulled);
    /* More than there is: as much as there is. */
    CHECK_INT(pull(HELLO, 4, 1, 100, false), OCI_OK);
    CHECK(range_from == 1 && range_length == 3 && expect_size == 3);
    oci_bytes_unref(pulled);
    CHECK_INT(pull(HELLO, OCI_SIZE_UNKNOWN, 1, OCI_SIZE_UNKNOWN, false), OCI_OK);
    CHECK(range_from == 1 && range_length == OCI_SIZE_UNKNOWN && expect_size == OCI_SIZE_UNKNOWN);
    oci_bytes_unref(pulled);
    blob_end();
}

TEST(a_part_that_is_not_there)
{
    const struct flow_row rows[] = {{.status = 416}, {.status = 200, .body = "hello"}};
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(pull(HELLO, OCI_SIZE_UNKNOWN, 9, 1, false), OCI_INVALID);
    CHECK_INT(pull(HELLO, 5, 1, 3, false), OCI_UNSUPPORTED);
    CHECK_INT(pull(HELLO, 5, 6, 1, false), OCI_INVALID);
    CHECK(!pulled);
    CHECK_INT(pull(HELLO, 5, 5, 1, false), OCI_OK);
    CHECK_INT(pulled->len, 0);
    oci_bytes_unref(pulled);
    blob_end();
}

TEST(a_pull_canceled_anywhere_ends)
{
    for (unsigned turn = 1;; turn++) {
        blob_begin(NULL, 0);
        blob_host.answer = blob_good_registry;
        blob_host.cancel_at_turn = turn;
        blob_host.piece = 2;
        int rc = pull(HELLO, 5, 0, 0, true);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        CHECK(rc == OCI_CANCELED || pulled);
        oci_bytes_unref(pulled); /* the sink may have had all of it already */
        unsigned turns = blob_host.turns;
        blob_end();
        if (turn > turns)
            break;
    }
}
