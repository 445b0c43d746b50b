/* Blobs pushed to a registry whose digest is known; each answer that a registry may give. */
#include <stdio.h>

#include "blob_kit.h"
#include "test.h"

/* ---- stat ---- */

TEST(stat_tells_the_size)
{
    const struct flow_row rows[] = {
        {.ask = "HEAD " BLOB, .status = 200, .length = 5, .digest = HELLO, .scope = "repository:a/b:pull"},
        {.ask = "HEAD " BLOB, .status = 200},
    };
    struct oci_repository r = blob_repo();
    struct oci_digest d = blob_digest(HELLO);
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(flow_host_run(&blob_host, oci_flow_stat_blob(&r, &d, &blob_found)), OCI_OK);
    CHECK_INT(blob_found.size, 5);
    CHECK_STR(blob_found.digest.text, HELLO);
    CHECK_INT(flow_host_run(&blob_host, oci_flow_stat_blob(&r, &d, &blob_found)), OCI_OK);
    CHECK(blob_found.size == OCI_SIZE_UNKNOWN);
    blob_end();
}

TEST(stat_fails_for_what_is_not_there_or_lies)
{
    const struct flow_row rows[] = {
        {.status = 404},
        {.status = 200, .length = 5, .digest = OTHER},
        {.status = 200, .length = INT64_MAX},
        {.status = 206, .length = 5},
    };
    static const int codes[] = {OCI_NOT_FOUND, OCI_DIGEST_MISMATCH, OCI_INVALID, OCI_REGISTRY};
    struct oci_repository r = blob_repo();
    struct oci_digest d = blob_digest(HELLO);
    blob_begin(FLOW_ROWS(rows));
    for (int i = 0; i < 4; i++)
        CHECK_INT(flow_host_run(&blob_host, oci_flow_stat_blob(&r, &d, &blob_found)), codes[i]);
    blob_end();
}

/* ---- pushing content whose digest is known ---- */

TEST(what_is_there_is_not_sent)
{
    const struct flow_row rows[] = {
        {.ask = "HEAD " BLOB, .status = 200, .length = 5, .scope = PUSH_SCOPE},
        {.ask = "HEAD " BLOB, .status = 200, .digest = HELLO},
        {.ask = "HEAD " BLOB, .status = 200, .length = 99, .digest = HELLO}, /* a wrong length is only a hint (Q22) */
    };
    blob_begin(FLOW_ROWS(rows));
    for (int i = 0; i < 3; i++) {
        CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_OK);
        CHECK_INT(blob_state, OCI_PUT_EXISTS);
        CHECK_STR(blob_found.digest.text, HELLO);
        CHECK_STR(blob_found.media_type, "text/plain");
        CHECK_INT(blob_found.size, 5);
    }
    blob_end();
}

/* Q25: some answer 200 to everything. */
TEST(a_200_that_does_not_fit_is_not_believed)
{
    const struct flow_row heads[] = {
        {.ask = "HEAD " BLOB, .status = 200},
        {.ask = "HEAD " BLOB, .status = 200, .length = 4},
        {.ask = "HEAD " BLOB, .status = 200, .length = 5, .digest = OTHER},
        {.ask = "HEAD " BLOB, .status = 403},
        {.ask = "HEAD " BLOB, .status = 405},
        HEAD_404,
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        const struct flow_row rows[] = {
            heads[i],
            {.ask = POST, .status = 202, .location = AT, .scope = PUSH_SCOPE},
            {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello", .scope = PUSH_SCOPE, .sent_type = ""},
        };
        blob_begin(FLOW_ROWS(rows));
        CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_OK);
        CHECK_INT(blob_state, OCI_PUT_DONE);
        blob_end();
    }
}

TEST(new_content_is_not_asked_for)
{
    const struct flow_row rows[] = {POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201}};
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, &(struct oci_put){.is_new = true}), OCI_OK);
    blob_end();
}

/* Q2: the address's own query stays as it is. */
TEST(the_digest_is_appended_to_the_address)
{
    static const char *const pairs[][2] = {
        {"https://r.io/up", "https://r.io/up?digest="},
        {"https://r.io/up?_state=a%3Db%2B&x", "https://r.io/up?_state=a%3Db%2B&x&digest="},
        {"https://r.io/up?", "https://r.io/up?digest="},
        {"https://r.io/up?a=b&", "https://r.io/up?a=b&digest="},
        {"https://r.io/up?a=b#part", "https://r.io/up?a=b&digest="},
    };
    for (size_t i = 0; i < 5; i++) {
        char put[300];
        snprintf(put, sizeof put, "PUT %s" HELLO, pairs[i][1]);
        const struct flow_row rows[] = {
            HEAD_404,
            {.ask = POST, .status = 202, .location = pairs[i][0]},
            {.ask = put, .status = 201},
        };
        blob_begin(FLOW_ROWS(rows));
        CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_OK);
        blob_end();
    }
}

TEST(an_upload_without_an_address_fails)
{
    const struct flow_row rows[] = {HEAD_404, {.ask = POST, .status = 202}};
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_REGISTRY);
    CHECK_STR(blob_host.err.text, "pushing a blob to r.io/a/b: the registry opened an upload without saying where");
    blob_end();
}

TEST(mounting)
{
    const struct oci_put hint = {.mount_from = "c/d"};
    const struct flow_row mounted[] = {
        HEAD_404,
        {.ask = MOUNT, .status = 201, .digest = HELLO, .scope = PUSH_SCOPE, .extra_scope = "repository:c/d:pull"},
    };
    blob_begin(FLOW_ROWS(mounted));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, &hint), OCI_OK);
    CHECK_INT(blob_state, OCI_PUT_MOUNTED);
    blob_end();
    const struct flow_row session[] = {
        HEAD_404,
        {.ask = MOUNT, .status = 202, .location = AT},
        {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
    };
    blob_begin(FLOW_ROWS(session));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, &hint), OCI_OK);
    CHECK_INT(blob_state, OCI_PUT_DONE);
    blob_end();
    const struct flow_row lie[] = {HEAD_404, {.ask = MOUNT, .status = 201, .digest = OTHER}};
    blob_begin(FLOW_ROWS(lie));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, &hint), OCI_DIGEST_MISMATCH);
    blob_end();
}

/* Q15 */
TEST(a_refused_mount_becomes_an_upload)
{
    static const int refusals[] = {400, 401, 403, 404, 405};
    for (size_t i = 0; i < 5; i++) {
        const struct flow_row rows[] = {
            HEAD_404,
            {.ask = MOUNT, .status = refusals[i]},
            {.ask = POST, .status = 202, .location = AT, .extra_scope = ""},
            {.ask = "PUT " AT "?digest=" HELLO, .status = 201},
        };
        blob_begin(FLOW_ROWS(rows));
        CHECK_INT(blob_push(blob_hello(), HELLO, 5, &(struct oci_put){.mount_from = "c/d"}), OCI_OK);
        blob_end();
    }
}

/* ---- mounting what was seen elsewhere ---- */

#define LARGE (64u * 1024)

static int push_seen(struct oci_seen *seen, const char *digest_text, const struct oci_put *hint)
{
    struct oci_desc d = blob_desc(digest_text, 5);
    struct oci_repository r = blob_repo();
    r.seen = seen;
    return flow_host_run(&blob_host, oci_flow_push_blob(&r, &d, blob_hello(), hint, &blob_found, &blob_state));
}

TEST(what_was_seen_in_another_repository_is_mounted)
{
    struct oci_seen *seen = oci_seen_new();
    struct oci_digest hello = blob_digest(HELLO);
    const struct flow_row rows[] = {HEAD_404, {.ask = MOUNT, .status = 201, .extra_scope = "repository:c/d:pull"}};
    oci_seen_note(seen, "r.io", "c/d", &hello, LARGE);
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(push_seen(seen, HELLO, NULL), OCI_OK);
    CHECK_INT(blob_state, OCI_PUT_MOUNTED);
    blob_end();
    /* Not from itself. */
    const struct flow_row same[] = {HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201}};
    oci_seen_note(seen, "r.io", "a/b", &hello, LARGE);
    blob_begin(FLOW_ROWS(same));
    CHECK_INT(push_seen(seen, HELLO, NULL), OCI_OK);
    blob_end();
    /* The caller knows better. */
    oci_seen_note(seen, "r.io", "e/f", &hello, LARGE);
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(push_seen(seen, HELLO, &(struct oci_put){.mount_from = "c/d"}), OCI_OK);
    blob_end();
    oci_seen_free(seen);
}

TEST(what_cannot_be_mounted_from_there_is_not_tried_again)
{
    static const int answers[] = {202, 400, 401, 403, 404, 405};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct oci_seen *seen = oci_seen_new();
        struct oci_digest hello = blob_digest(HELLO);
        const struct flow_row put = {.ask = "PUT " AT "?digest=" HELLO, .status = 201};
        const struct flow_row session[] = {HEAD_404, {.ask = MOUNT, .status = 202, .location = AT}, put};
        const struct flow_row refused[] = {HEAD_404, {.ask = MOUNT, .status = answers[i]}, POST_202, put};
        const struct flow_row again[] = {HEAD_404, POST_202, put};
        oci_seen_note(seen, "r.io", "c/d", &hello, LARGE);
        blob_begin(answers[i] == 202 ? session : refused, answers[i] == 202 ? 3 : 4);
        CHECK_INT(push_seen(seen, HELLO, NULL), OCI_OK);
        CHECK_INT(blob_state, OCI_PUT_DONE);
        blob_end();
        blob_begin(FLOW_ROWS(again));
        CHECK_INT(push_seen(seen, HELLO, NULL), OCI_OK);
        blob_end();
        oci_seen_free(seen);
    }
}

TEST(what_is_remembered_of_blobs)
{
    struct oci_seen *seen = oci_seen_new();
    struct oci_digest hello = blob_digest(HELLO), other = blob_digest(OTHER);
    oci_seen_note(seen, "r.io", "a/b", &hello, LARGE - 1); /* sent as fast */
    CHECK(!oci_seen_where(seen, "r.io", &hello));
    oci_seen_note(seen, "r.io", "a/b", &hello, LARGE);
    oci_seen_note(seen, "r.io", "c/d", &hello, OCI_SIZE_UNKNOWN);
    CHECK_STR(oci_seen_where(seen, "r.io", &hello), "c/d");
    CHECK(!oci_seen_where(seen, "s.io", &hello));
    CHECK(!oci_seen_where(seen, "r.io", &other));
    for (unsigned i = 0; i < 10000; i++) {
        struct oci_digest d;
        snprintf(d.text, sizeof d.text, "sha256:%064x", i);
        oci_seen_note(seen, "r.io", "e/f", &d, LARGE);
        CHECK_STR(oci_seen_where(seen, "r.io", &d), "e/f");
    }
    CHECK(!oci_seen_where(seen, "r.io", &hello)); /* bounded */
    oci_seen_free(seen);
    oci_seen_note(NULL, "r.io", "a/b", &hello, LARGE);
    CHECK(!oci_seen_where(NULL, "r.io", &hello));
    oci_seen_forget(NULL, "r.io", &hello);
}

/* Q6 */
TEST(another_success_than_201_is_verified)
{
    static const int statuses[] = {200, 202, 204};
    for (size_t i = 0; i < 6; i++) {
        const struct flow_row rows[] = {
            HEAD_404,
            POST_202,
            {.ask = "PUT " AT "?digest=" HELLO, .status = statuses[i % 3]},
            {.ask = "HEAD " BLOB, .status = i < 3 ? 200 : 404, .length = i == 0 ? 0 : 5},
            DELETE_204,
        };
        blob_begin(rows, i < 3 ? 4 : 5);
        CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), i < 3 ? OCI_OK : OCI_REGISTRY);
        blob_end();
    }
}

TEST(the_registry_must_have_stored_what_was_sent)
{
    const struct flow_row rows[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .digest = OTHER}, DELETE_204,
    };
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_DIGEST_MISMATCH);
    blob_end();
    /* Q20: another algorithm says nothing. */
    const struct flow_row other[] = {
        HEAD_404,
        POST_202,
        {.ask = "PUT " AT "?digest=" HELLO, .status = 201,
         .digest = "sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
                   "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"},
    };
    blob_begin(FLOW_ROWS(other));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_OK);
    blob_end();
}

/* Q17: the session is gone, since an earlier PUT closed it. */
TEST(a_lost_success_is_found)
{
    const struct flow_row unknown[] = {
        HEAD_404,
        POST_202,
        {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        {.ask = "HEAD " BLOB, .status = 200, .length = 5},
    };
    blob_begin(FLOW_ROWS(unknown));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_OK);
    blob_end();
    const struct flow_row lost[] = {
        HEAD_404,
        POST_202,
        {.ask = "PUT " AT "?digest=" HELLO, .lost = OCI_NETWORK, .after = 5},
        {.ask = "HEAD " BLOB, .status = 200, .length = 5},
    };
    blob_begin(FLOW_ROWS(lost));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_OK);
    blob_end();
}

TEST(a_lost_session_is_begun_anew_twice)
{
    const struct flow_row once[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, {.ask = POST, .status = 202, .location = AT "2"},
        {.ask = "PUT " AT "2?digest=" HELLO, .status = 201, .sent = "hello"},
    };
    blob_begin(FLOW_ROWS(once));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_OK);
    blob_end();
    const struct flow_row ever[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, DELETE_204,
    };
    blob_begin(FLOW_ROWS(ever));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_NOT_FOUND);
    blob_end();
}

TEST(an_answer_that_stays_lost_is_the_error)
{
    const struct flow_row rows[] = {
        HEAD_404,
        POST_202,
        {.ask = "PUT " AT "?digest=" HELLO, .lost = OCI_TIMEOUT, .after = 3},
        {.ask = "HEAD " BLOB, .lost = OCI_NETWORK},
        DELETE_204,
    };
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_TIMEOUT);
    blob_end();
}

TEST(wrong_content_is_refused_by_the_registry)
{
    const char *body = "{\"errors\":[{\"code\":\"DIGEST_INVALID\"}]}";
    const struct flow_row rows[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 400, .body = body}, DELETE_204,
    };
    blob_begin(FLOW_ROWS(rows));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_DIGEST_MISMATCH);
    blob_end();
    /* Sent twice into one session the content may be there one and a half times: once more, into a new
     * one. */
    const struct flow_row resent[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 400, .body = body, .resent = true},
        HEAD_404, {.ask = POST, .status = 202, .location = AT "2"}, {.ask = "PUT " AT "2?digest=" HELLO, .status = 201},
    };
    blob_begin(FLOW_ROWS(resent));
    CHECK_INT(blob_push(blob_hello(), HELLO, 5, NULL), OCI_OK);
    blob_end();
}

TEST(content_of_another_size_is_not_sent)
{
    blob_begin(NULL, 0);
    CHECK_INT(blob_push(blob_hello(), HELLO, 6, NULL), OCI_SIZE_MISMATCH);
    blob_end();
}
