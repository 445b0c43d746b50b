/* A few plain files are staged beside their names: still all of them or none, and nothing is left. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "flow/graph.h"
#include "scratch.h"
#include "store_kit.h"
#include "sys/fault.h"
#include "test.h"

static struct pool_host host;
static struct oci_store *store;
static struct oci_files_options options = {.unpack = -1};
static struct oci_pull_target *target;
static struct oci_err err;

static void add_layer(struct oci_desc *d, const char *title, const char *text)
{
    struct oci_bytes *data = oci_bytes_new(text, strlen(text));
    *d = scratch_desc(data, "sha256");
    CHECK_INT(oci_desc_annotate(d, OCI_ANNOTATION_TITLE, title), OCI_OK);
    CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
    oci_bytes_unref(data);
}

/* Three files, of which two have the same content, one of these in directories. */
static void begin(void)
{
    static char to[4096];
    pool_host_init(&host);
    store = oci_store_layout(&host.host, scratch_path("layout"), true);
    CHECK_INT(oci_str_copy(to, sizeof to, oci_str_of(scratch_path("to"))), OCI_OK);
    options.to = to;
    struct oci_desc layers[3], desc;
    add_layer(&layers[0], "a", "aaa");
    add_layer(&layers[1], "dir/new/b", "bb");
    add_layer(&layers[2], "c", "aaa");
    struct oci_manifest_spec spec = {.artifact_type = "application/x.test", .layers = layers, .layer_count = 3};
    struct oci_manifest *m;
    CHECK_INT(oci_manifest_build(&spec, &m, NULL), OCI_OK);
    oci_desc_set(&desc, OCI_TYPE_MANIFEST, &m->self.digest, m->self.size);
    CHECK_INT(kit_put_manifest(&host, store, &desc, m->bytes, "v1", NULL), OCI_OK);
    oci_manifest_free(m);
    for (size_t i = 0; i < 3; i++)
        oci_desc_done(&layers[i]);
}

static void end(void)
{
    oci_store_free(store);
    pool_host_done(&host);
}

static struct oci_flow *new_pull(void)
{
    target = oci_files_new(&host.host, &options);
    CHECK(target);
    return oci_flow_pull_artifact(store, "v1", NULL, target, NULL, NULL, NULL);
}

static int pull(void)
{
    struct oci_flow *f = new_pull();
    err = (struct oci_err){0};
    int rc = pool_host_run(&host, f, &err);
    oci_files_free(target);
    return rc;
}

static const char *to_tree(void)
{
    return scratch_exists(options.to) ? scratch_tree(options.to) : "(none)";
}

static void check(bool done, bool there)
{
    if (!done)
        CHECK_STR(to_tree(), there ? "old\n" : "(none)");
    else
        CHECK_STR(to_tree(), there ? "a\nc\ndir/\ndir/new/\ndir/new/b\nold\n" : "a\nc\ndir/\ndir/new/\ndir/new/b\n");
    if (done)
        CHECK(scratch_has(scratch_path("to/c"), "aaa", 3) && scratch_has(scratch_path("to/dir/new/b"), "bb", 2));
}

static void make_target(bool there)
{
    oci_dir_remove_all(OCI_CWD, options.to, NULL);
    if (!there)
        return;
    CHECK_INT(mkdir(options.to, 0755), 0);
    scratch_text(scratch_path("to/old"), "old");
}

static bool has_staging_directory(void)
{
    for (const char *at = to_tree(); (at = strstr(at, ".oci-pull-")) != NULL; at++) {
        if (at[strcspn(at, "/\n")] == '/')
            return true;
    }
    return false;
}

TEST(there_is_no_staging_directory_and_a_file_comes_into_being_beside_its_name)
{
    begin();
    struct pool_result r;
    struct stat st;
    bool seen = false;
    umask(027);
    pool_host_start(&host, new_pull(), &r);
    while (!r.over) {
        const char *tree = to_tree();
        CHECK(!has_staging_directory());
        seen = seen || (strstr(tree, ".f0\n") != NULL && !strstr(tree, "a\n"));
        pool_host_turn(&host);
    }
    CHECK(seen);
    CHECK_INT(r.err.code, OCI_OK);
    oci_files_free(target);
    check(true, false);
    static const char *const names[] = {"to/a", "to/c", "to/dir/new/b"};
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(stat(scratch_path("%s", names[i]), &st), 0);
        CHECK_INT(st.st_mode & 07777, 0640);
    }
    end();
}

static void fail_anywhere(bool there)
{
    static const enum oci_fault kinds[] = {OCI_FAULT_OPEN, OCI_FAULT_WRITE, OCI_FAULT_RENAME, OCI_FAULT_CLOSE,
                                           OCI_FAULT_MKDIR, OCI_FAULT_SYNC, OCI_FAULT_READ};
    begin();
    options.sync = true;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        int rc = -1;
        for (unsigned after = 0; rc != OCI_OK; after++) {
            CHECK(after < 200);
            make_target(there);
            oci_fault_arm(kinds[k], after, 1, ENOSPC);
            rc = pull();
            oci_fault_clear();
            check(rc == OCI_OK, there);
        }
    }
    end();
}

TEST(any_operation_may_fail_and_everything_is_as_before)
{
    fail_anywhere(true);
}

TEST(any_operation_may_fail_and_no_directory_is_left)
{
    fail_anywhere(false);
}

static void cancel_anywhere(bool there)
{
    begin();
    unsigned canceled = 0;
    bool over = false;
    for (unsigned turns = 0; !over; turns++) {
        make_target(there);
        struct pool_result r;
        pool_host_start(&host, new_pull(), &r);
        for (unsigned t = 0; t < turns && !r.over; t++)
            pool_host_turn(&host);
        over = r.over;
        if (!over)
            oci_driver_cancel(host.driver, r.flow);
        int rc = pool_host_wait(&host, &r);
        oci_files_free(target);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        check(rc == OCI_OK, there);
        canceled += rc == OCI_CANCELED;
    }
    CHECK(canceled > 5);
    end();
}

TEST(a_cancel_at_any_moment_leaves_all_or_nothing)
{
    cancel_anywhere(true);
}

TEST(a_cancel_at_any_moment_leaves_all_or_no_directory)
{
    cancel_anywhere(false);
}

/* Whoever has made it may fail, and removes it then unless something is in it. */
TEST(a_target_that_was_there_has_a_staging_directory_in_it)
{
    begin();
    struct pool_result r;
    bool seen = false;
    CHECK_INT(mkdir(options.to, 0755), 0);
    pool_host_start(&host, new_pull(), &r);
    while (!r.over) {
        const char *tree = to_tree();
        CHECK(seen || !*tree || has_staging_directory()); /* nothing before it */
        seen = seen || has_staging_directory();
        pool_host_turn(&host);
    }
    CHECK(seen);
    CHECK_INT(r.err.code, OCI_OK);
    oci_files_free(target);
    check(true, false);
    end();
}

TEST(what_is_wrong_gets_no_name)
{
    begin();
    struct oci_digest d;
    CHECK_INT(oci_digest_of(OCI_STR("sha256"), "bb", 2, &d, NULL), OCI_OK);
    scratch_text(scratch_path("layout/blobs/sha256/%s", oci_digest_encoded(&d).p), "bx");
    make_target(true);
    CHECK_INT(pull(), OCI_DIGEST_MISMATCH);
    check(false, true);
    end();
}
