/* Starting a call without memory: it fails with NO_MEMORY, or it runs; nothing is left over. */
#include <stdio.h>
#include <string.h>

#include "failmalloc.h"
#include "ops.h"
#include "scratch.h"
#include "test.h"

static struct oci_bytes *bytes;
static struct oci_bytes *index_bytes;
static struct oci_json *annotations;
static const struct oci_reference *remote, *blob, *memory, *memory_1,
    *layout; /* made before memory runs out */

/* An index of a manifest, of bytes that are ready, and of something that is there; with everything that contents have. */
static int start_index(bool build, const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *err)
{
    static const char *const texts[] = {"https://example.com/1", "https://example.com/2"};
    const struct oci_content directory = {.kind = OCI_CONTENT_DIR,
                                          .path = "/nowhere",
                                          .title = "d",
                                          .prefix = "p",
                                          .compression = "zstd",
                                          .ignore = texts,
                                          .ignore_count = 2,
                                          .urls = texts,
                                          .url_count = 2,
                                          .embed = true};
    struct oci_desc there;
    oci_desc_empty(&there, false);
    const struct oci_document others[] = {{.where = "entry 1", .artifact_type = "a/b", .contents = &directory, .count = 1},
                                          {.where = "entry 2", .bytes = index_bytes}};
    const struct oci_entry entries[] = {
        {.desc = &there, .document = 1}, {.desc = &there, .document = 2}, {.desc = &there}};
    const struct oci_push_spec spec = {.root = {.is_index = true,
                                                .entries = entries,
                                                .entry_count = 3,
                                                .artifact_type = "a/b",
                                                .annotations = annotations,
                                                .subject = &there},
                                       .others = others,
                                       .other_count = 2,
                                       .subject = build ? memory_1 : remote,
                                       .immutable = true};
    return build ? oci_start_build(ops_client, ops_mailbox, &spec, o, ret_op, err)
                 : oci_start_push(ops_client, ops_mailbox, remote, &spec, o, ret_op, err);
}

/* Each gives what its start gave. A registry that nobody asks anything: the operation is canceled at once. */
static int start(unsigned which, struct oci_op **ret_op, struct oci_err *err)
{
    const struct oci_content contents[] = {
        {.kind = OCI_CONTENT_BYTES,
         .bytes = bytes,
         .title = "b",
         .media_type = "a/b",
         .annotations = annotations},
        {.kind = OCI_CONTENT_READER, .reader = 1, .title = "r"},
        {.kind = OCI_CONTENT_FILE, .path = "/nowhere", .title = "f"},
    };
    static const char *const tags[] = {"2", "3"};
    const struct oci_push_spec spec = {.root.artifact_type = "a/b",
                                       .root.config = &contents[0],
                                       .root.contents = contents,
                                       .root.count = 3,
                                       .root.annotations = annotations,
                                       .tags = tags,
                                       .tag_count = 2};
    const struct oci_pull_options pull = {.to = "/nowhere", .unpack = -1};
    const struct oci_pull_options stream = {.stream = true,
                                            .what = {.include = tags,
                                                     .include_count = 2,
                                                     .media_types = tags,
                                                     .media_type_count = 1,
                                                     .manifest = bytes,
                                                     .manifest_type = "a/b",
                                                     .platform = annotations}};
    const struct oci_archive file_archive = {.path = "/nowhere", .patterns = tags, .count = 2, .limit = 10};
    const struct oci_archive blob_archive = {.blob = blob, .size = OCI_SIZE_UNKNOWN, .patterns = tags, .count = 2,
                                             .limit = 10};
    const struct oci_credential_option credential = {.username = "u", .password = "p"};
    struct oci_call_options o = OCI_CALL_OPTIONS_INIT;
    o.credentials = &credential;
    o.credential_count = 1;
    struct oci_client *c = ops_client;
    struct oci_mailbox *m = ops_mailbox;
    switch (which) {
    case 0:
        return oci_start_push(c, m, remote, &spec, &o, ret_op, err);
    case 1:
        return oci_start_build(c, m, &spec, &o, ret_op, err);
    case 2:
        return oci_start_pull(c, m, layout, &pull, &o, ret_op, err);
    case 3:
        return oci_start_copy(c, m, memory_1, remote, tags, 2, &o, ret_op, err);
    case 4:
        return oci_start_simple(c, m, OCI_RESOLVE, remote, &o, ret_op, err);
    case 5:
        return oci_start_tag(c, m, remote, tags, 2, &o, ret_op, err);
    case 6:
        return oci_start_push_manifest(c, m, remote, bytes, "a/b", tags, 2, &o, ret_op, err);
    case 7:
        return oci_start_fetch_blob(c, m, blob, 0, OCI_SIZE_UNKNOWN, 0, &o, ret_op, err);
    case 8:
        return oci_start_open_blob(c, m, blob, 0, OCI_SIZE_UNKNOWN, &o, ret_op, err);
    case 9:
        return start_index(true, &o, ret_op, err);
    case 10:
        return start_index(false, &o, ret_op, err);
    case 11:
        return oci_start_push_blob(c, m, memory, &contents[1], false, &o, ret_op, err);
    case 12:
        return oci_start_pull(c, m, memory_1, &stream, &o, ret_op, err);
    case 13:
        return oci_start_choose(c, m, memory_1, annotations, &o, ret_op, err);
    case 14:
        return oci_start_open_file(c, m, memory_1, "a/b", annotations, &o, ret_op, err);
    case 15:
        return oci_start_read_entries(c, m, &file_archive, &o, ret_op, err);
    case 16:
        return oci_start_read_entries(c, m, &blob_archive, &o, ret_op, err);
    default:
        return oci_start_digest(c, m, &contents[2], NULL, &o, ret_op, err);
    }
}
enum { STARTS = 18 };

/* True: it started with fewer than `k` allocations. */
static bool try_start(unsigned which, long k, bool sticky)
{
    struct oci_op *op = NULL;
    struct oci_err err = {0};
    failmalloc_arm(k, sticky);
    int rc = start(which, &op, &err);
    long live = failmalloc_live();
    long seen = failmalloc_disarm();
    if (rc == OCI_OK) {
        oci_op_cancel(op);
        ops_wait(op);
        oci_op_free(op);
        return seen < k;
    }
    if (rc != OCI_NO_MEMORY || err.code != OCI_NO_MEMORY || live != 0)
        FAIL("start %u, allocation %ld: %s (%s), %ld blocks left", which, k, oci_err_name(rc), err.text,
             live);
    CHECK(op == NULL);
    return false;
}

TEST(a_start_without_memory_leaves_nothing)
{
    if (!failmalloc_available())
        SKIP("a sanitizer or valgrind has its own malloc");
    static const char empty_index[] = "{\"schemaVersion\":2,\"manifests\":[]}";
    bytes = oci_bytes_new("{}", 2);
    index_bytes = oci_bytes_new(empty_index, strlen(empty_index));
    annotations = oci_json_new_object();
    CHECK_INT(oci_json_set(annotations, "k", oci_json_new_string("v")), OCI_OK);
    remote = ops_ref("127.0.0.1:1/a/b:1");
    blob = ops_ref("memory:x@sha256:%064d", 1);
    memory = ops_ref("memory:x");
    memory_1 = ops_ref("memory:x:1");
    layout = ops_ref("oci:/nowhere:1");
    ops_begin();
    for (unsigned which = 0; which < STARTS; which++) {
        try_start(which, 1000000, false); /* makes what is kept for later calls */
        for (long k = 1; !try_start(which, k, false); k++)
            CHECK(k < 1000);
        for (long k = 1; !try_start(which, k, true); k++)
            CHECK(k < 1000);
    }
    ops_end();
    oci_json_free(annotations);
    oci_bytes_unref(index_bytes);
    oci_bytes_unref(bytes);
}

/* A client and a mailbox, and the network that the first call to a registry makes. */
static int make_all(struct oci_client **client, struct oci_mailbox **mailbox, struct oci_op **op,
                    struct oci_err *err)
{
    const struct oci_registry_option registry = {.host = "127.0.0.1:1", .plain_http = 1, .ca_file = "/x"};
    const struct oci_credential_option credential = {.registry = "x", .username = "u", .password = "p"};
    struct oci_client_options options = OCI_CLIENT_OPTIONS_INIT;
    options.registries = &registry;
    options.registry_count = 1;
    options.credentials = &credential;
    options.credential_count = 1;
    options.user_agent = "test";
    int rc = oci_client_new(&options, client, err);
    if (rc == OCI_OK)
        rc = oci_mailbox_new(mailbox, err);
    if (rc == OCI_OK)
        rc = oci_start_simple(*client, *mailbox, OCI_TAGS, remote, NULL, op, err);
    return rc;
}

TEST(a_client_without_memory_leaves_nothing)
{
    if (!failmalloc_available())
        SKIP("a sanitizer or valgrind has its own malloc");
    remote = ops_ref("127.0.0.1:1/a/b:1");
    ops_begin(); /* keeps the engine */
    struct oci_op *first = ops_start_reader();
    oci_op_cancel(first);
    ops_wait(first);
    oci_op_free(first);
    for (long k = 1;; k++) {
        struct oci_client *client = NULL;
        struct oci_mailbox *mailbox = NULL;
        struct oci_op *op = NULL;
        struct oci_err err = {0};
        failmalloc_arm(k, false);
        int rc = make_all(&client, &mailbox, &op, &err);
        long seen = failmalloc_disarm();
        CHECK(rc == OCI_OK || (rc == OCI_NO_MEMORY && err.code == OCI_NO_MEMORY));
        oci_op_free(op);
        oci_mailbox_free(mailbox);
        oci_client_free(client);
        if (seen < k) {
            CHECK_INT(rc, OCI_OK);
            break;
        }
    }
    ops_end();
    CHECK_INT(ops_threads(), 0);
}
