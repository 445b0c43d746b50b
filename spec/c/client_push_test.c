/* What push takes at the boundary: documents in their order, the packing of directories, subjects. What comes of it is
 * told in spec/lua. */
#include <string.h>

#include "ops.h"
#include "scratch.h"
#include "test.h"

static struct oci_desc there;
static struct oci_document others[40];
static struct oci_entry entries[40];
static struct oci_push_spec spec;

static void begin(void)
{
    static const struct oci_content nothing[1] = {{.kind = OCI_CONTENT_READER}};
    ops_begin();
    oci_desc_empty(&there, false);
    for (size_t i = 0; i < 40; i++) {
        others[i] = (struct oci_document){.artifact_type = "a/b", .contents = nothing};
        entries[i] = (struct oci_entry){.desc = &there};
    }
    spec = (struct oci_push_spec){.root = {.is_index = true, .entries = entries}, .others = others};
}

/* How starting a push of it ends; the error's text contains `words`. */
static int start(const char *words)
{
    struct oci_op *op = NULL;
    struct oci_err err = {0};
    int rc = oci_start_push(ops_client, ops_mailbox, ops_ref("memory:x:1"), &spec, NULL, &op, &err);
    if (rc == OCI_OK) {
        ops_result(op);
        oci_op_free(op);
    } else if (!strstr(err.text, words)) {
        FAIL("\"%s\" has no \"%s\"", err.text, words);
    }
    return rc;
}

TEST(each_document_is_named_once_by_an_index_after_it)
{
    begin();
    spec.other_count = 2;
    spec.root.entry_count = 1;
    entries[0].document = 1;
    CHECK_INT(start("no index names the document 2"), OCI_INVALID);
    spec.root.entry_count = 2;
    entries[1].document = 1;
    CHECK_INT(start("named twice"), OCI_INVALID);
    entries[1].document = 3; /* the root itself */
    CHECK_INT(start("one before it"), OCI_INVALID);
    entries[1].document = 2;
    CHECK_INT(start(""), OCI_OK);
    const struct oci_entry forward = {.desc = &there, .document = 2};
    others[0] = (struct oci_document){.is_index = true, .entries = &forward, .entry_count = 1};
    entries[0].document = 1;
    spec.root.entry_count = 1;
    CHECK_INT(start("no index names the document 2"), OCI_INVALID);
    ops_end();
}

TEST(indexes_within_each_other_are_counted)
{
    begin();
    for (size_t depth = 14; depth < 18; depth++) {
        static struct oci_entry each[40];
        for (size_t i = 1; i < depth; i++) {
            each[i] = (struct oci_entry){.desc = &there, .document = i};
            others[i] = (struct oci_document){.is_index = true, .entries = &each[i], .entry_count = 1};
        }
        entries[0].document = depth;
        spec.other_count = depth;
        spec.root.entry_count = 1;
        CHECK_INT(start("16 indexes"), depth + 1 > 16 ? OCI_LIMIT : OCI_OK);
    }
    ops_end();
}

TEST(an_unknown_compression_is_refused)
{
    begin();
    const struct oci_content content = {.kind = OCI_CONTENT_DIR, .path = scratch_dir(), .compression = "bzip2"};
    spec = (struct oci_push_spec){.root = {.artifact_type = "a/b", .contents = &content, .count = 1}};
    CHECK_INT(start("bzip2"), OCI_INVALID);
    ops_end();
}

TEST(ready_bytes_must_be_a_manifest)
{
    begin();
    struct oci_bytes *b = oci_bytes_new("{}", 2);
    spec.root = (struct oci_document){.bytes = b};
    CHECK_INT(start(""), OCI_INVALID);
    spec.root.media_type = OCI_TYPE_MANIFEST;
    CHECK_INT(start(""), OCI_INVALID);
    oci_bytes_unref(b);
    ops_end();
}

TEST(a_subject_is_found_where_it_is_pushed_to)
{
    begin();
    spec = (struct oci_push_spec){.root = others[0]};
    CHECK_INT(start(""), OCI_OK);
    spec.subject = ops_ref("memory:x:1");
    CHECK_INT(start(""), OCI_OK);
    spec.subject = ops_ref("memory:y:1");
    CHECK_INT(start("elsewhere"), OCI_INVALID);
    spec.subject = ops_ref("127.0.0.1:1/x:1");
    CHECK_INT(start("elsewhere"), OCI_INVALID);
    spec.subject = ops_ref("memory:x:1");
    spec.root.version_1_0 = true;
    CHECK_INT(start("image-spec 1.0"), OCI_INVALID);
    ops_end();
}
