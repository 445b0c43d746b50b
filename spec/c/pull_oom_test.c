/* Allocation failures of what a pull is made of: selections, the choice of a manifest, a file out of an archive. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "failmalloc.h"
#include "flow/children.h"
#include "flow/graph.h"
#include "flow_host.h"
#include "flow_store.h"
#include "model/select.h"
#include "pack/untar_file.h"
#include "pack/pack.h"
#include "pool_host.h"
#include "scratch.h"
#include "store/stores.h"
#include "tar_box.h"
#include "test.h"

static void sweep(int (*scenario)(struct oci_err *err))
{
    struct oci_err err = {0};
    if (!failmalloc_available())
        SKIP("malloc cannot be replaced here");
    if (scenario(&err) != OCI_OK) /* what libraries keep, they make now */
        FAIL("%s", err.text);
    for (int sticky = 0; sticky < 2; sticky++) {
        for (long k = 1;; k++) {
            err = (struct oci_err){0};
            failmalloc_arm(k, sticky);
            int rc = scenario(&err);
            long live = failmalloc_live(), seen = failmalloc_disarm();
            if (live != 0)
                FAIL("allocation %ld: %ld blocks are left: %s", k, live, err.text);
            if (rc != OCI_OK && rc != OCI_NO_MEMORY)
                FAIL("allocation %ld: %s: %s", k, oci_err_name(rc), err.text);
            if (seen < k) {
                CHECK_INT(rc, OCI_OK);
                break;
            }
        }
    }
}

/* ---- selections ---- */

static struct oci_desc layers[3];

static int select_layers(struct oci_err *err)
{
    static const char *const names[] = {"*", "x"};
    static const size_t positions[] = {0, 1, 2};
    struct oci_manifest m = {.items = layers, .count = 3};
    struct oci_json *platform = NULL;
    struct oci_selection copy = {0}, what = {.include = names, .include_count = 2, .exclude = names + 1, .exclude_count = 1,
                                             .positions = positions, .position_count = 3, .by_position = true};
    struct oci_layer *found = NULL;
    size_t count = 0;
    int rc = oci_platform_parse("linux/arm64/v8", &platform, err);
    what.platform = platform;
    if (rc == OCI_OK)
        rc = oci_selection_copy(&what, &copy);
    if (rc == OCI_OK)
        rc = oci_select_layers(&copy, &m, &found, &count, err);
    CHECK(rc != OCI_OK || count == 3);
    oci_free(found);
    oci_selection_done(&copy);
    oci_json_free(platform);
    return rc;
}

TEST(selections)
{
    struct oci_digest digest;
    CHECK_INT(oci_digest_of(OCI_STR(OCI_SHA256), "", 0, &digest, NULL), OCI_OK);
    for (size_t i = 0; i < 3; i++)
        oci_desc_set(&layers[i], "a/b+json", &digest, 0);
    CHECK_INT(oci_desc_annotate(&layers[1], OCI_ANNOTATION_TITLE, "title"), OCI_OK);
    sweep(select_layers);
    oci_desc_done(&layers[1]);
}

/* ---- the choice ---- */

static struct flow_host flows;
static struct fake_store from;

static int choose(struct oci_err *err)
{
    struct oci_desc desc = {0};
    struct oci_bytes *bytes = NULL;
    struct oci_manifest *m = NULL;
    struct oci_flow *f = oci_flow_choose_manifest(&from.base, "v1", NULL, &desc, &bytes, &m);
    int rc = f ? flow_host_run(&flows, f) : oci_err_no_memory(err);
    oci_err_copy(err, &flows.err);
    CHECK(rc != OCI_OK || (m && !m->is_index && bytes));
    oci_desc_done(&desc);
    oci_bytes_unref(bytes);
    oci_manifest_free(m);
    return rc;
}

TEST(the_choice_in_nested_indexes)
{
    struct oci_desc layer, manifest, nested[2];
    flow_host_init(&flows, NULL, 0);
    fake_store_init(&from, &flows.host);
    fake_add_blob(&from, "one", "a/b", &layer);
    fake_add_manifest(&from, &layer, 1, NULL, &manifest);
    fake_add_index(&from, &manifest, 1, NULL, &nested[0]);
    CHECK_INT(oci_platform_parse(oci_platform_host(), &manifest.platform, NULL), OCI_OK);
    fake_add_index(&from, &manifest, 1, NULL, &nested[1]);
    fake_add_index(&from, nested, 2, "v1", NULL);
    sweep(choose);
    oci_desc_done(&manifest);
    fake_store_done(&from);
    flow_host_done(&flows, false);
}

/* ---- a file out of an archive ---- */

static struct pool_host pool;
static struct oci_buf archive;

static void on_found(void *ctx, uint64_t size)
{
    (void)ctx;
    CHECK_INT(size, 5);
}

static int run(struct oci_window *w, struct oci_source *in, struct oci_sink *into, struct oci_source *file,
               struct oci_sink *out, struct oci_err *err)
{
    struct pool_result a = {0}, b = {0};
    struct oci_flow *first = w && in && into ? oci_flow_move(&pool.host, in, into) : NULL;
    struct oci_flow *second = first && file && out ? oci_flow_move(&pool.host, file, out) : NULL;
    if (!second) {
        oci_flow_free(first);
        return oci_err_no_memory(err);
    }
    pool_host_start(&pool, first, &a);
    pool_host_start(&pool, second, &b);
    int rc = pool_host_wait(&pool, &b);
    pool_host_wait(&pool, &a);
    return rc == OCI_CANCELED ? oci_err_copy(err, &a.err) : oci_err_copy(err, &b.err);
}

static int untar(struct oci_err *err)
{
    struct oci_bytes *text = oci_bytes_new(archive.p, archive.len), *got = NULL;
    struct oci_window *w = text ? oci_window_new(&pool.host, 0) : NULL;
    struct oci_untar_file_options o = {
        .host = &pool.host, .archive = w, .path = "file", .strip = "t", .on_found = on_found};
    struct oci_source *in = w ? oci_source_bytes(text) : NULL, *file = w ? oci_source_untar_file(&o) : NULL;
    struct oci_sink *into = w ? oci_window_sink(w, NULL) : NULL, *out = oci_sink_bytes(1000, NULL, &got);
    int rc = run(w, in, into, file, out, err);
    CHECK(rc != OCI_OK || got->len == 5);
    oci_source_free(file);
    oci_source_free(in);
    oci_sink_free(into);
    oci_sink_free(out);
    oci_window_unref(w);
    oci_bytes_unref(text);
    oci_bytes_unref(got);
    return rc;
}

TEST(a_file_out_of_an_archive)
{
    tar_begin();
    tar_pax("path", "t/a/long/name");
    TAR_FILE("x", "");
    TAR_FILE("t/file", "12345");
    tar_end();
    archive = tar_gzip(tar_made.p, tar_made.len);
    pool_host_init(&pool);
    pool.alone = true;
    sweep(untar);
    pool_host_done(&pool);
    oci_buf_done(&archive);
    oci_buf_done(&tar_made);
}

/* ---- a directory that is there already ---- */

static struct oci_desc packed_layer;

static int run_flow(struct oci_flow *f, struct oci_err *err)
{
    return f ? pool_host_run(&pool, f, err) : oci_err_no_memory(err);
}

static int look(struct oci_err *err)
{
    const struct oci_layer layer = {&packed_layer, 0};
    const struct oci_files_options o = {.to = scratch_dir(), .unpack = -1};
    struct oci_pull_target *t = oci_files_new(&pool.host, &o);
    if (!t)
        return oci_err_no_memory(err);
    int rc = t->type->plan(t, &layer, 1, err);
    if (rc == OCI_OK)
        rc = run_flow(t->type->prepare(t), err);
    CHECK(rc != OCI_OK || !t->type->wanted(t, 0));
    if (rc != OCI_OK)
        run_flow(t->type->discard(t), &(struct oci_err){0});
    oci_files_free(t);
    return rc;
}

TEST(a_directory_that_is_there_already)
{
    CHECK_INT(mkdir(scratch_path("d"), 0755), 0);
    scratch_text(scratch_path("d/a"), "text");
    pool_host_init(&pool);
    struct oci_source *s =
        oci_source_packed(scratch_path("d"), "d", &(struct oci_pack_options){.host = &pool.host});
    struct oci_sink *k = oci_sink_hash(OCI_STR(OCI_SHA256), &packed_layer);
    CHECK_INT(pool_host_run(&pool, pool_host_move(&pool, s, k), NULL), OCI_OK);
    strcpy(packed_layer.media_type, OCI_TYPE_LAYER_TAR_GZIP);
    CHECK_INT(oci_desc_annotate(&packed_layer, OCI_ANNOTATION_TITLE, "d"), OCI_OK);
    CHECK_INT(oci_desc_annotate(&packed_layer, OCI_ANNOTATION_UNPACK, "true"), OCI_OK);
    CHECK_INT(oci_desc_annotate(&packed_layer, OCI_ANNOTATION_CONTENT_DIGEST, oci_source_packed_tar_digest(s)->text),
              OCI_OK);
    oci_source_free(s);
    oci_sink_free(k);
    pool.alone = true;
    sweep(look);
    oci_desc_done(&packed_layer);
    pool_host_done(&pool);
}
