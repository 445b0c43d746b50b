/* Out of memory at every allocation of stores, sources and sinks: NO_MEMORY, nothing leaked, nothing half done. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/block.h"
#include "content/content_kinds.h"
#include "failmalloc.h"
#include "flow/graph.h"
#include "scratch.h"
#include "store_kit.h"
#include "sys/file.h"
#include "test.h"

static struct pool_host host;

static struct oci_bytes *layer[3];
static struct oci_desc layer_desc[3];
static struct oci_manifest *manifest;

/* An artifact: a small layer, one larger than a block, and the first again. */
static void make_artifact(void)
{
    static const char *const titles[] = {"a", "d/b", "e"};
    layer[0] = scratch_bytes(3000, 1);
    layer[1] = scratch_bytes(600000, 2);
    layer[2] = oci_bytes_ref(layer[0]);
    for (int i = 0; i < 3; i++) {
        layer_desc[i] = scratch_desc(layer[i], "sha256");
        CHECK_INT(oci_desc_annotate(&layer_desc[i], OCI_ANNOTATION_TITLE, titles[i]), OCI_OK);
    }
    struct oci_manifest_spec spec = {.artifact_type = "application/x.test", .layers = layer_desc, .layer_count = 3};
    CHECK_INT(oci_manifest_build(&spec, &manifest, NULL), OCI_OK);
}

/* A flow's end; a flow that could not be made is out of memory, too. */
static int run(struct oci_flow *f)
{
    struct oci_err err = {0};
    if (!f)
        return OCI_NO_MEMORY;
    int rc = pool_host_run(&host, f, &err);
    if (rc != OCI_OK && rc != OCI_NO_MEMORY)
        FAIL("%s", err.text);
    return rc;
}

static int put(struct oci_store *s, int i)
{
    struct oci_source *source = oci_source_bytes(layer[i]);
    return source ? run(s->type->put(s, &layer_desc[i], source, NULL, NULL, NULL)) : OCI_NO_MEMORY;
}

static int push(struct oci_store *s)
{
    struct oci_desc desc;
    oci_desc_set(&desc, OCI_TYPE_MANIFEST, &manifest->self.digest, manifest->self.size);
    int rc = put(s, 0);
    if (rc == OCI_OK)
        rc = put(s, 1);
    if (rc == OCI_OK)
        rc = run(s->type->put_manifest(s, &desc, manifest->bytes, "v1"));
    return rc;
}

static int look(struct oci_store *s)
{
    struct oci_names names = {0};
    struct oci_bytes *got = NULL;
    struct oci_desc desc = {0};
    int rc = run(s->type->tags(s, &names));
    if (rc == OCI_OK)
        rc = run(s->type->get_manifest(s, "v1", 0, &desc, &got));
    if (rc == OCI_OK)
        rc = run(s->type->stat(s, &layer_desc[0].digest, NULL));
    oci_names_done(&names);
    oci_desc_done(&desc);
    oci_bytes_unref(got);
    return rc;
}

static int take_off(struct oci_store *s)
{
    int rc = run(s->type->untag(s, "v1"));
    return rc == OCI_OK ? run(s->type->remove(s, &manifest->self.digest)) : rc;
}

static int pull(struct oci_store *s)
{
    struct oci_files_options o = {.to = scratch_path("to"), .unpack = -1, .sync = true, .overwrite = true};
    struct oci_graph_options graph = {.concurrency = 2};
    struct oci_pull_target *t = oci_files_new(&host.host, &o);
    if (!t)
        return OCI_NO_MEMORY;
    int rc = run(oci_flow_pull_artifact(s, "v1", NULL, t, &graph, NULL, NULL));
    oci_files_free(t);
    return rc;
}

/* ---- the sweep ----------------------------------------------------------------------------- */

static struct oci_memory_places *places;

static struct oci_store *open_layout(void)
{
    return oci_store_layout(&host.host, scratch_path("layout"), true);
}

static struct oci_store *open_memory(void)
{
    return oci_store_memory(&host.host, places, "x");
}

static void sweep_one_way(struct oci_store *(*open)(void), int (*what)(struct oci_store *), void (*prepare)(void),
                          void (*check)(void), bool sticky)
{
    for (long k = 0;; k++) {
        if (prepare)
            prepare();
        failmalloc_arm(k, sticky); /* 0: once without a failure, so that libraries have made what they keep */
        struct oci_store *s = open();
        int rc = s ? what(s) : OCI_NO_MEMORY;
        oci_store_free(s);
        long live = failmalloc_live();
        long seen = failmalloc_disarm();
        CHECK(rc == OCI_OK || k > 0);
        if (k > 0 && open == open_layout && live != 0)
            FAIL("allocation %ld: %ld blocks are left", k, live);
        CHECK_INT(oci_blocks_in_use(), 0);
        if (rc != OCI_OK && check)
            check();
        if (k > 0 && seen < k) {
            CHECK_INT(rc, OCI_OK);
            return;
        }
    }
}

/* Runs `what` with the k-th allocation failing, and with all from it on, for each k, until it needs fewer.
 * `prepare` puts the places in order before, `check` looks at them after a failure; both with all memory there. */
static void sweep(struct oci_store *(*open)(void), int (*what)(struct oci_store *), void (*prepare)(void),
                  void (*check)(void))
{
    if (!failmalloc_available())
        SKIP("a sanitizer has its own malloc");
    sweep_one_way(open, what, prepare, check, false);
    sweep_one_way(open, what, prepare, check, true);
}

static void begin(void)
{
    pool_host_init(&host);
    host.alone = true;
    make_artifact();
    places = oci_memory_places_new();
}

static void end(void)
{
    for (int i = 0; i < 3; i++) {
        oci_bytes_unref(layer[i]);
        oci_desc_done(&layer_desc[i]);
    }
    oci_manifest_free(manifest);
    oci_memory_places_free(places);
    pool_host_done(&host);
}

static void remove_layout(void)
{
    if (scratch_exists(scratch_path("layout")))
        CHECK_INT(oci_dir_remove_all(OCI_CWD, scratch_path("layout"), NULL), OCI_OK);
}

static void check_layout(void)
{
    if (!scratch_exists(scratch_path("layout")))
        return;
    CHECK(!strstr(scratch_tree(scratch_path("layout")), ".oci-"));
    /* What is left can be gone on with. */
    struct oci_store *s = open_layout();
    CHECK_INT(push(s), OCI_OK);
    CHECK_INT(look(s), OCI_OK);
    oci_store_free(s);
}

static void fill_layout(void)
{
    struct oci_store *s = open_layout();
    CHECK_INT(push(s), OCI_OK);
    oci_store_free(s);
}

static void fill_memory(void)
{
    struct oci_store *s = open_memory();
    CHECK_INT(push(s), OCI_OK);
    oci_store_free(s);
}

static void new_places(void)
{
    oci_memory_places_free(places);
    places = oci_memory_places_new();
}

static void clean_target(void)
{
    if (scratch_exists(scratch_path("to")))
        CHECK_INT(oci_dir_remove_all(OCI_CWD, scratch_path("to"), NULL), OCI_OK);
}

static void check_target(void)
{
    /* A staging directory that could not be removed for want of memory may be left; files may not. */
    CHECK(!scratch_exists(scratch_path("to/a")) && !scratch_exists(scratch_path("to/d")) &&
          !scratch_exists(scratch_path("to/e")));
}

static void target_to_overwrite(void)
{
    clean_target();
    int fd;
    CHECK_INT(oci_dir_open(OCI_CWD, scratch_path("to/d"), true, &fd, NULL), OCI_OK);
    oci_fd_close(fd);
    scratch_text(scratch_path("to/a"), "old a");
    scratch_text(scratch_path("to/d/b"), "old b");
}

static void check_overwritten(void)
{
    CHECK(scratch_has(scratch_path("to/a"), "old a", 5) && scratch_has(scratch_path("to/d/b"), "old b", 5));
    CHECK(!scratch_exists(scratch_path("to/e")));
}

TEST(pushing_to_a_layout)
{
    begin();
    sweep(open_layout, push, remove_layout, check_layout);
    end();
}

TEST(looking_into_a_layout)
{
    begin();
    fill_layout();
    sweep(open_layout, look, NULL, NULL);
    end();
}

TEST(taking_off_a_layout)
{
    begin();
    sweep(open_layout, take_off, fill_layout, check_layout);
    end();
}

TEST(memory)
{
    begin();
    sweep(open_memory, push, new_places, NULL);
    fill_memory();
    sweep(open_memory, look, NULL, NULL);
    sweep(open_memory, take_off, fill_memory, NULL);
    end();
}

TEST(pulling_files)
{
    begin();
    fill_layout();
    sweep(open_layout, pull, clean_target, check_target);
    end();
}

TEST(pulling_files_over_others)
{
    begin();
    fill_layout();
    sweep(open_layout, pull, target_to_overwrite, check_overwritten);
    end();
}
