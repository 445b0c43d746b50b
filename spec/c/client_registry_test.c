/* A real registry through oci.h (OCI_TEST_REGISTRY=HOST:PORT, and its flavours): streams, parts, cancels on
 * the way, credentials, many calls at once, and what errors say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops.h"
#include "scratch.h"
#include "test.h"

#define ARTIFACT_TYPE "application/vnd.example.thing"

static const char *registry(const char *variable)
{
    const char *r = getenv(variable);
    if (!r)
        SKIP("no test registry is given (make test starts one)");
    return r;
}

/* A repository of this test's own: HOST:PORT/NAME. */
static const char *repository(const char *name)
{
    return ops_text("%s/op-test/%s-%d", registry("OCI_TEST_REGISTRY"), name, (int)getpid());
}

static const char *push_bytes(const struct oci_reference *to, struct oci_bytes *b, const char *title)
{
    const struct oci_content content = {.kind = OCI_CONTENT_BYTES, .bytes = b, .title = title};
    const struct oci_push_spec spec = {.root.artifact_type = ARTIFACT_TYPE, .root.contents = &content, .root.count = 1};
    return ops_push(to, &spec);
}

TEST(a_stream_goes_to_a_registry)
{
    const char *name = strdup(repository("stream"));
    ops_begin();
    struct oci_bytes *b = scratch_bytes((3u << 20) + 1, 31);
    struct oci_desc want = scratch_desc(b, OCI_SHA256);
    const struct oci_push_spec spec = {
        .root.artifact_type = ARTIFACT_TYPE, .root.contents = &ops_reader_content, .root.count = 1};
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_push(ops_client, ops_mailbox, ops_ref("%s:1", name), &spec, NULL, &op, NULL), OCI_OK);
    ops_serve(op, b, 100000);
    ops_result(op);
    oci_op_free(op);

    char *to = strdup(scratch_path("to"));
    op = ops_pull(ops_ref("%s:1", name), to);
    CHECK_STR(ops_result(op)->files[0].desc->digest.text, want.digest.text);
    oci_op_free(op);
    CHECK(scratch_has(ops_text("%s/stream", to), b->p, b->len));

    /* And a part of it. */
    const struct oci_reference *blob = ops_ref("%s@%s", name, want.digest.text);
    CHECK_INT(oci_start_fetch_blob(ops_client, ops_mailbox, blob, 1000000, 777, 0, NULL, &op, NULL), OCI_OK);
    CHECK_INT(ops_result(op)->bytes->len, 777);
    CHECK_MEM(ops_result(op)->bytes->p, b->p + 1000000, 777);
    oci_op_free(op);
    CHECK_INT(oci_start_fetch_blob(ops_client, ops_mailbox, blob, 5, 0, 0, NULL, &op, NULL), OCI_OK);
    CHECK_INT(ops_result(op)->bytes->len, 0);
    oci_op_free(op);
    oci_bytes_unref(b);
    free(to);
    free((char *)(uintptr_t)name);
    ops_end();
}

TEST(a_reader_given_up_ends_its_upload)
{
    const char *name = strdup(repository("given-up"));
    ops_begin();
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_push_blob(ops_client, ops_mailbox, ops_ref("%s", name), &ops_reader_content, false,
                                  NULL, &op, NULL),
              OCI_OK);
    ops_wait_for_wish(op);
    size_t taken;
    CHECK_INT(oci_op_give(op, 1, "abc", 3, &taken), OCI_OK);
    oci_op_give_end(op, 1, "the tape is torn");
    CHECK(strstr(ops_error(op)->text, "the tape is torn"));
    printf("# %s\n", ops_error(op)->text);
    oci_op_free(op);
    free((char *)(uintptr_t)name);
    ops_end();
}

TEST(a_blob_of_a_registry_is_read_as_it_comes)
{
    const char *name = strdup(repository("open"));
    ops_begin();
    struct oci_bytes *b = scratch_bytes((5u << 20) + 3, 33);
    struct oci_desc want = scratch_desc(b, OCI_SHA256);
    push_bytes(ops_ref("%s:1", name), b, "b");
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_open_blob(ops_client, ops_mailbox, ops_ref("%s@%s", name, want.digest.text), 0,
                                  OCI_SIZE_UNKNOWN, NULL, &op, NULL),
              OCI_OK);
    char buf[70000];
    size_t n, at, len = 0;
    int rc;
    while ((rc = oci_op_take(op, buf, sizeof buf, &n, NULL)) == OCI_OK || rc == OCI_PAUSED) {
        CHECK(len + n <= b->len);
        CHECK_MEM(buf, b->p + len, n);
        len += n;
        if (rc == OCI_PAUSED)
            CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
    }
    CHECK_INT(rc, OCI_END_OF_CONTENT);
    CHECK_INT(len, b->len);
    oci_op_free(op);
    /* One that is left half read holds nothing up. */
    CHECK_INT(oci_start_open_blob(ops_client, ops_mailbox, ops_ref("%s@%s", name, want.digest.text), 0,
                                  OCI_SIZE_UNKNOWN, NULL, &op, NULL),
              OCI_OK);
    CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
    CHECK_INT(oci_op_take(op, buf, 10, &n, NULL), OCI_OK);
    oci_op_free(op);
    oci_bytes_unref(b);
    free((char *)(uintptr_t)name);
    ops_end();
}

TEST(canceled_on_the_way_leaves_no_file)
{
    const char *name = strdup(repository("cancel"));
    ops_begin();
    struct oci_bytes *b = scratch_bytes(30u << 20, 34);
    push_bytes(ops_ref("%s:1", name), b, "big");
    unsigned canceled = 0;
    for (unsigned round = 0; round < 30; round++) {
        char *to = strdup(scratch_path("to%u", round));
        struct oci_op *op = ops_pull(ops_ref("%s:1", name), to);
        usleep(round * round * 100); /* not to wait for something: at whatever moment it is then */
        oci_op_cancel(op);
        ops_wait(op);
        const struct oci_result *r = NULL;
        struct oci_err err = {0};
        int rc = oci_op_result(op, &r, &err);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        canceled += rc == OCI_CANCELED;
        CHECK_STR(scratch_exists(to) ? scratch_tree(to) : "", rc == OCI_OK ? "big\n" : "");
        oci_op_free(op);
        free(to);
    }
    CHECK(canceled > 0);
    oci_bytes_unref(b);
    free((char *)(uintptr_t)name);
    ops_end();
}

TEST(a_mailbox_that_goes_ends_transfers)
{
    const char *name = strdup(repository("gone"));
    ops_begin();
    struct oci_bytes *b = scratch_bytes(30u << 20, 35);
    push_bytes(ops_ref("%s:1", name), b, "big");
    struct oci_op *ops[8];
    for (unsigned i = 0; i < 8; i++)
        ops[i] = ops_pull(ops_ref("%s:1", name), scratch_path("to%u", i));
    size_t at;
    CHECK_INT(oci_mailbox_wait(ops_mailbox, ops, 8, 0.05, &at) >= 0, 1);
    oci_mailbox_free(ops_mailbox);
    CHECK_INT(ops_threads(), 0);
    for (unsigned i = 0; i < 8; i++) {
        CHECK(oci_op_over(ops[i]));
        oci_op_free(ops[i]);
    }
    /* The client has let go of the network, and finds it again. */
    CHECK_INT(oci_mailbox_new(&ops_mailbox, NULL), OCI_OK);
    struct oci_op *op = ops_pull(ops_ref("%s:1", name), scratch_path("again"));
    CHECK_STR(ops_result(op)->files[0].state, "fetched");
    oci_op_free(op);
    oci_bytes_unref(b);
    free((char *)(uintptr_t)name);
    ops_end();
    CHECK_INT(ops_threads(), 0);
}

TEST(many_calls_run_at_once)
{
    enum { MANY = 200 };
    const char *name = strdup(repository("many"));
    ops_begin();
    struct oci_bytes *b = oci_bytes_new("many", 4);
    const char *digest = strdup(push_bytes(ops_ref("%s:1", name), b, "b"));
    struct oci_op *ops[MANY];
    for (unsigned i = 0; i < MANY; i++)
        ops[i] = ops_simple(i % 2 ? OCI_RESOLVE : OCI_FETCH_MANIFEST, ops_ref("%s:1", name));
    for (unsigned left = MANY; left > 0; left--) {
        size_t at;
        CHECK_INT(oci_mailbox_wait(ops_mailbox, ops, left, -1, &at), 1);
        CHECK_STR(ops_result(ops[at])->desc.desc.digest.text, digest);
        oci_op_free(ops[at]);
        ops[at] = ops[left - 1];
    }
    free((char *)(uintptr_t)digest);
    oci_bytes_unref(b);
    free((char *)(uintptr_t)name);
    ops_end();
}

TEST(repositories_tags_and_deletes)
{
    const char *name = strdup(repository("small"));
    const char *path = strchr(name, '/') + 1;
    ops_begin();
    struct oci_bytes *b = oci_bytes_new("small", 5);
    push_bytes(ops_ref("%s:1", name), b, "b");
    struct oci_reference host;
    const char *r = registry("OCI_TEST_REGISTRY");
    CHECK_INT(oci_reference_parse_registry(r, strlen(r), &host, NULL), OCI_OK);
    struct oci_op *op = ops_simple(OCI_REPOSITORIES, &host);
    bool found = false;
    for (size_t i = 0; i < ops_result(op)->name_count; i++)
        found = found || strcmp(ops_result(op)->names[i], path) == 0;
    CHECK(found);
    oci_op_free(op);
    const char *const tags[] = {"2"};
    CHECK_INT(oci_start_tag(ops_client, ops_mailbox, ops_ref("%s:1", name), tags, 1, NULL, &op, NULL),
              OCI_OK);
    ops_result(op);
    oci_op_free(op);
    op = ops_simple(OCI_TAGS, ops_ref("%s", name));
    CHECK_INT(ops_result(op)->name_count, 2);
    oci_op_free(op);
    op = ops_simple(OCI_DELETE, ops_ref("%s:2", name));
    ops_result(op);
    oci_op_free(op);
    op = ops_simple(OCI_RESOLVE, ops_ref("%s:1", name));
    CHECK_INT(ops_error(op)->code, OCI_NOT_FOUND);
    oci_op_free(op);
    oci_reference_done(&host);
    oci_bytes_unref(b);
    free((char *)(uintptr_t)name);
    ops_end();
}

/* ---- credentials ---- */

/* Resolves something that is not there: what the registry says depends on who asks. */
static int ask(const struct oci_reference *r, const struct oci_credential_option *credential)
{
    struct oci_call_options o = OCI_CALL_OPTIONS_INIT;
    o.credentials = credential;
    o.credential_count = credential ? 1 : 0;
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_simple(ops_client, ops_mailbox, OCI_RESOLVE, r, &o, &op, NULL), OCI_OK);
    int code = ops_error(op)->code;
    printf("# %s\n", ops_error(op)->text);
    CHECK(!strstr(ops_error(op)->text, "s3cret"));
    oci_op_free(op);
    return code;
}

TEST(a_calls_credential_wins_over_the_clients)
{
    const char *r = registry("OCI_TEST_REGISTRY_HTPASSWD");
    const struct oci_credential_option right = {
        .registry = r, .username = "alice", .password = "s3cret:pass"};
    const struct oci_credential_option wrong = {
        .registry = r, .username = "alice", .password = "s3cret:wrong"};
    const struct oci_credential_option elsewhere = {
        .registry = "example.com", .username = "x", .password = "y"};
    const struct oci_credential_option anonymous = {.registry = r};
    ops_begin();
    oci_client_free(ops_client);
    struct oci_client_options options = OCI_CLIENT_OPTIONS_INIT;
    options.credentials = &right;
    options.credential_count = 1;
    CHECK_INT(oci_client_new(&options, &ops_client, NULL), OCI_OK);
    const struct oci_reference *at = ops_ref("%s/x/none:1", r);
    CHECK_INT(ask(at, NULL), OCI_NOT_FOUND);
    CHECK_INT(ask(at, &elsewhere), OCI_NOT_FOUND);
    CHECK_INT(ask(at, &wrong), OCI_UNAUTHORIZED);
    CHECK_INT(ask(at, &anonymous), OCI_UNAUTHORIZED);
    CHECK_INT(ask(at, NULL), OCI_NOT_FOUND);
    ops_end();
}

/* ---- errors, read aloud ---- */

static void say(struct oci_op *op, int code)
{
    const struct oci_err *err = ops_error(op);
    printf("# %s\n", err->text);
    CHECK_STR(oci_err_name(err->code), oci_err_name(code));
    /* Nothing is said twice. */
    const char *colon = strstr(err->text, ": ");
    CHECK(colon && !strstr(colon + 2, ops_text("%.*s: ", (int)(colon - err->text), err->text)));
    oci_op_free(op);
}

TEST(errors_of_a_registry_read_well)
{
    const char *name = strdup(repository("none"));
    ops_begin();
    say(ops_pull(ops_ref("%s:1", name), scratch_path("to")), OCI_NOT_FOUND);
    say(ops_simple(OCI_FETCH_MANIFEST, ops_ref("%s", name)), OCI_NOT_FOUND);
    say(ops_simple(OCI_TAGS, ops_ref("%s", name)), OCI_NOT_FOUND);
    say(ops_simple(OCI_STAT_BLOB, ops_ref("%s@sha256:%064d", name, 1)), OCI_NOT_FOUND);
    say(ops_simple(OCI_DELETE, ops_ref("%s:1", name)), OCI_NOT_FOUND);
    say(ops_simple(OCI_UNTAG, ops_ref("%s:1", name)), OCI_UNSUPPORTED);
    struct oci_op *op = NULL;
    struct oci_call_options o = OCI_CALL_OPTIONS_INIT;
    o.retries = 0;
    CHECK_INT(
        oci_start_simple(ops_client, ops_mailbox, OCI_RESOLVE, ops_ref("127.0.0.1:1/a/b:1"), &o, &op, NULL),
        OCI_OK);
    say(op, OCI_NETWORK);
    CHECK_INT(oci_start_copy(ops_client, ops_mailbox, ops_ref("%s:1", name), ops_ref("memory:x"), NULL, 0,
                             NULL, &op, NULL),
              OCI_OK);
    say(op, OCI_NOT_FOUND);
    free((char *)(uintptr_t)name);
    ops_end();
}
