/* Whole artifacts copied between places. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "graph_kit.h"
#include "test.h"

static int copy(const char *name, const char *tag, const struct oci_graph_options *options)
{
    oci_desc_done(&found);
    return flow_host_run(&graph_host,
                         oci_flow_copy_graph(&from.base, name, &to.base, tag, NULL, 0, options, &found));
}

/* Everything of `from` is in `to`, byte for byte. */
static void check_all_there(void)
{
    size_t pos = 0;
    const char *digest;
    void *value;
    while (oci_map_next(&from.manifests, &pos, &digest, &value)) {
        struct oci_bytes *there = oci_map_get(&to.manifests, digest);
        if (!there && to.type.one_space)
            there = oci_map_get(&to.blobs, digest);
        CHECK(there);
        CHECK_STR(there->p, ((struct oci_bytes *)value)->p);
    }
    pos = 0;
    while (oci_map_next(&from.blobs, &pos, &digest, &value)) {
        struct oci_bytes *there = oci_map_get(&to.blobs, digest);
        CHECK(there);
        CHECK_STR(there->p, ((struct oci_bytes *)value)->p);
    }
}

/* ---- copy ---- */

TEST(copies_a_manifest_the_tag_last)
{
    for (int sources = 0; sources < 3; sources++) {
        struct oci_desc root;
        graph_begin();
        from.sources = (enum fake_source)sources;
        graph_simple("v1", &root);
        CHECK_INT(copy("v1", "v2", NULL), OCI_OK);
        check_all_there();
        CHECK_STR(fake_tag(&to, "v2"), root.digest.text);
        CHECK_STR(found.digest.text, root.digest.text);
        CHECK_STR(found.media_type, OCI_TYPE_MANIFEST);
        CHECK_INT(fake_count(&to, "put blob"), 3); /* two layers, and the config */
        CHECK_INT(fake_count(&to, "put manifest"), 1);
        CHECK(oci_ends_with(to.log.p, "put manifest v2\n"));
        graph_end();
    }
}

TEST(copies_a_nested_index_each_digest_once)
{
    for (int kind = 0; kind < 12; kind++) {
        graph_begin();
        graph_nested("v1");
        from.sources = (enum fake_source)(kind % 3);
        to.type.remote = kind & 1;
        to.type.one_space = kind >= 6;
        graph_host.random = kind > 2 ? (uint64_t)kind * 77 : 0;
        struct oci_graph_options options = {.concurrency = kind % 2 ? 1 : 0};
        CHECK_INT(copy("v1", "v1", &options), OCI_OK);
        check_all_there();
        CHECK_INT(fake_count(&to, "put blob") + fake_count(&to, "put manifest"), 4 + 4);
        CHECK_INT(fake_count(&to, "has blob"), 0);
        CHECK_INT(fake_count(&from, "get manifest"), 4);
        CHECK_INT(fake_count(&from, "get manifest v1"), 1); /* T26: resolved once */
        CHECK_INT(fake_count(&to, "put manifest"), to.type.one_space ? 1 : 4);
        CHECK(oci_ends_with(to.log.p, "put manifest v1\n"));
        graph_end();
    }
}

TEST(copies_without_a_tag_and_with_several)
{
    static const char *const more[] = {"b", "c"};
    struct oci_desc root;
    graph_begin();
    graph_simple("v1", &root);
    CHECK_INT(copy(root.digest.text, NULL, NULL), OCI_OK);
    CHECK_INT(to.tags.count, 0);
    CHECK_INT(fake_count(&to, "put manifest"), 1);
    struct oci_flow *f = oci_flow_copy_graph(&from.base, "v1", &to.base, "a", more, 2, NULL, NULL);
    CHECK_INT(flow_host_run(&graph_host, f), OCI_OK);
    CHECK(oci_ends_with(to.log.p, "put manifest a\nput manifest b\nput manifest c\n"));
    graph_end();
}

TEST(what_the_destination_has_is_not_gone_into)
{
    graph_begin();
    graph_nested("v1");
    to.type.remote = true;
    CHECK_INT(copy("v1", "v1", NULL), OCI_OK);
    oci_buf_clear(&to.log);
    oci_buf_clear(&from.log);
    CHECK_INT(copy("v1", "v1", NULL), OCI_OK); /* the tag is right, too */
    CHECK_INT(fake_count(&to, "put"), 0);
    CHECK_INT(fake_count(&from, "get manifest"), 1);
    CHECK_INT(copy("v1", "v2", NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "put"), 1);
    CHECK_STR(fake_tag(&to, "v2"), fake_tag(&from, "v1"));
    /* Another index of a manifest that is there, and one that is not. */
    struct oci_desc layer, manifests[2];
    struct oci_digest d;
    struct oci_manifest *old;
    oci_digest_parse(oci_str_of(fake_tag(&from, "v1")), &d, NULL);
    CHECK_INT(oci_manifest_parse(oci_map_get(&from.manifests, d.text), NULL, NULL, &old, NULL), OCI_OK);
    oci_desc_copy(&old->items[0], &manifests[0]);
    oci_manifest_free(old);
    fake_add_blob(&from, "third", LAYER, &layer);
    fake_add_manifest(&from, &layer, 1, NULL, &manifests[1]);
    fake_add_index(&from, manifests, 2, "v3", NULL);
    oci_buf_clear(&to.log);
    CHECK_INT(copy("v3", "v3", NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "put blob"), 1);
    CHECK_INT(fake_count(&to, "put manifest"), 2);
    check_all_there();
    oci_desc_done(&manifests[0]);
    graph_end();
}

/* A repository without the tag is asked for large blobs only (transfer-speed 2.6). */
TEST(small_blobs_go_unasked_to_a_tag_that_is_new)
{
    struct oci_desc layers[2];
    char *large = malloc(70001);
    memset(large, 'x', 70000);
    large[70000] = '\0';
    graph_begin();
    fake_add_blob(&from, large, LAYER, &layers[0]);
    fake_add_blob(&from, "small", LAYER, &layers[1]);
    fake_add_manifest(&from, layers, 2, "v1", NULL);
    to.type.remote = true;
    CHECK_INT(copy("v1", "v1", NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "new"), 2);
    fake_add_blob(&from, "other", LAYER, &layers[1]);
    fake_add_manifest(&from, layers, 2, "v1", NULL);
    oci_buf_clear(&to.log);
    CHECK_INT(copy("v1", "v1", NULL), OCI_OK); /* the tag names something else now: what it shares is there */
    CHECK_INT(fake_count(&to, "new"), 0);
    CHECK_INT(fake_count(&to, "has blob"), 2);
    graph_end();
    free(large);
}

TEST(mounts_inside_one_registry)
{
    graph_begin();
    graph_simple("v1", NULL);
    char repository[] = "other/repo";
    struct oci_graph_options options = {.mount_from = repository};
    struct oci_flow *f = oci_flow_copy_graph(&from.base, "v1", &to.base, "v1", NULL, 0, &options, NULL);
    memset(repository, 'x', 5); /* it was copied */
    CHECK_INT(flow_host_run(&graph_host, f), OCI_OK);
    CHECK_INT(fake_count(&to, "mount from other/repo"), 3);
    graph_end();
}

TEST(copies_what_it_does_not_know)
{
    struct oci_desc items[4];
    graph_begin();
    fake_add_blob(&from, "a cache", "application/vnd.buildkit.cache", &items[0]);
    fake_add_document(&from, "{\"old\":1}", "application/vnd.oci.artifact.manifest.v1+json", NULL, &items[1]);
    fake_add_document(&from, "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_DOCKER_LIST "\",\"manifests\":[]}",
                      OCI_TYPE_DOCKER_LIST, NULL, &items[2]);
    fake_add_index(&from, items, 3, "v1", NULL);
    CHECK_INT(copy("v1", "v1", NULL), OCI_OK);
    check_all_there();
    fake_add_document(&from, "anything", "application/vnd.what.ever", "v2", NULL);
    CHECK_INT(copy("v2", "v2", NULL), OCI_OK);
    CHECK_STR(fake_tag(&to, "v2"), fake_tag(&from, "v2"));
    graph_end();
}

TEST(embedded_content_is_used)
{
    struct oci_desc layer, manifest;
    graph_begin();
    fake_add_blob(&from, "inside", LAYER, &layer);
    layer.data = oci_bytes_new("inside", 6);
    fake_add_manifest(&from, &layer, 1, NULL, &manifest);
    manifest.data = oci_bytes_ref(oci_map_get(&from.manifests, manifest.digest.text));
    fake_add_index(&from, &manifest, 1, "v1", NULL);
    void *blob = oci_map_remove(&from.blobs, layer.digest.text);
    CHECK_INT(copy("v1", "v1", NULL), OCI_OK);
    CHECK(fake_has(&to, &layer) && fake_has(&to, &manifest));
    CHECK_INT(fake_count(&from, "get manifest"), 1);
    oci_bytes_unref(blob);
    oci_desc_done(&layer);
    oci_desc_done(&manifest);
    graph_end();
}

TEST(a_layer_that_is_elsewhere_may_be_missing)
{
    for (int kind = 0; kind < 4; kind++) {
        struct oci_desc layer;
        graph_begin();
        from.sources = kind & 1 ? FAKE_INTO : FAKE_READ;
        fake_add_blob(&from, "foreign", LAYER, &layer);
        if (kind & 2) {
            layer.urls = oci_json_new_array();
            oci_json_append(layer.urls, oci_json_new_string("https://elsewhere.example/layer"));
        }
        fake_add_manifest(&from, &layer, 1, "v1", NULL);
        oci_bytes_unref(oci_map_remove(&from.blobs, layer.digest.text));
        CHECK_INT(copy("v1", "v1", NULL), kind & 2 ? OCI_OK : OCI_NOT_FOUND);
        CHECK_STR(fake_tag(&to, "v1"), kind & 2 ? fake_tag(&from, "v1") : "");
        oci_desc_done(&layer);
        graph_end();
    }
}

TEST(sizes_are_checked)
{
    struct oci_desc layer, manifest;
    graph_begin();
    fake_add_blob(&from, "content", LAYER, &layer);
    fake_add_manifest(&from, &layer, 1, NULL, &manifest);
    manifest.size++;
    fake_add_index(&from, &manifest, 1, "v1", NULL);
    CHECK_INT(copy("v1", "v1", NULL), OCI_SIZE_MISMATCH);
    layer.size++;
    fake_add_manifest(&from, &layer, 1, "v2", NULL);
    CHECK_INT(copy("v2", "v2", NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(to.tags.count, 0);
    graph_end();
}

TEST(an_index_nested_too_deep)
{
    struct oci_desc d;
    graph_begin();
    graph_simple(NULL, &d);
    for (int i = 0; i < OCI_MAX_GRAPH_DEPTH; i++)
        fake_add_index(&from, &d, 1, "deep", &d);
    CHECK_INT(copy("deep", "deep", NULL), OCI_OK);
    fake_add_index(&from, &d, 1, "deeper", &d);
    CHECK_INT(copy("deeper", "deeper", NULL), OCI_LIMIT);
    graph_end();
}

TEST(a_document_that_is_not_what_the_index_says)
{
    struct oci_desc d;
    graph_begin();
    fake_add_document(&from, "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", OCI_TYPE_INDEX, NULL, &d);
    fake_add_index(&from, &d, 1, "v1", NULL);
    CHECK_INT(copy("v1", "v1", NULL), OCI_INVALID);
    CHECK(strstr(graph_host.err.text, d.digest.text));
    graph_end();
}

TEST(parallel_and_no_more_than_asked_for)
{
    enum { COUNT = 40 };
    static const unsigned concurrency[] = {0, 1, 2, 3};
    static const unsigned most_small[] = {32, 4, 8, 12};
    for (int large = 0; large < 2; large++) {
        for (int i = 0; i < 4; i++) {
            struct oci_desc layers[COUNT];
            size_t size = large ? 70000 : 100;
            char *text = malloc(size + 1);
            memset(text, 'x', size);
            text[size] = '\0';
            graph_begin();
            for (int n = 0; n < COUNT; n++) {
                text[0] = (char)('0' + n);
                fake_add_blob(&from, text, LAYER, &layers[n]);
            }
            fake_add_manifest(&from, layers, COUNT, "v1", NULL);
            struct oci_graph_options options = {.concurrency = concurrency[i]};
            CHECK_INT(copy("v1", "v1", &options), OCI_OK);
            /* The config is small, and takes the room of a large one. */
            unsigned most = large ? most_small[i] / 4 : most_small[i];
            CHECK(to.most_putting <= most);
            CHECK(to.most_putting + 1 >= most);
            check_all_there();
            graph_end();
            free(text);
        }
    }
}

TEST(a_thousand_manifests_are_not_open_at_once)
{
    enum { COUNT = 1000 };
    static struct oci_desc manifests[COUNT];
    graph_begin();
    for (int i = 0; i < COUNT; i++) {
        char text[20];
        struct oci_desc layer;
        snprintf(text, sizeof text, "layer %d", i);
        fake_add_blob(&from, text, LAYER, &layer);
        fake_add_manifest(&from, &layer, 1, NULL, &manifests[i]);
    }
    fake_add_index(&from, manifests, COUNT, "v1", NULL);
    struct oci_graph_options options = {.concurrency = 1};
    CHECK_INT(copy("v1", "v1", &options), OCI_OK);
    check_all_there();
    CHECK_INT(fake_count(&from, "get manifest"), COUNT + 1);
    graph_end();
}

/* ---- progress ---- */

TEST(tells_of_its_progress)
{
    for (int sources = 0; sources < 3; sources++) {
        struct oci_desc layer;
        char *large = malloc(150001);
        memset(large, 'x', 150000);
        large[150000] = '\0';
        graph_events[0] = '\0';
        graph_begin();
        from.sources = (enum fake_source)sources;
        fake_add_blob(&from, large, LAYER, &layer);
        oci_desc_annotate(&layer, OCI_ANNOTATION_TITLE, "big.bin");
        fake_add_manifest(&from, &layer, 1, "v1", NULL);
        struct oci_graph_options options = {.progress = {.fn = graph_on_event}, .concurrency = 1};
        CHECK_INT(copy("v1", "v1", &options), OCI_OK);
        CHECK(strstr(graph_events, "config - started 0/2\n"));
        CHECK(strstr(graph_events, "config - done 2/2\n"));
        CHECK(strstr(graph_events, "blob big.bin started 0/150000\n"));
        CHECK(strstr(graph_events, "blob big.bin moving 65536/150000\n"));
        CHECK(strstr(graph_events, "blob big.bin moving 131072/150000\n"));
        CHECK(!strstr(graph_events, "moving 150000"));
        CHECK(strstr(graph_events, "blob big.bin done 150000/150000\nmanifest - started"));
        CHECK(oci_ends_with(graph_events, "\n") && strstr(graph_events, "manifest - done"));
        graph_events[0] = '\0';
        CHECK_INT(copy("v1", "v1", &options), OCI_OK);
        CHECK(strstr(graph_events, "blob big.bin exists 150000/150000\n"));
        oci_desc_done(&layer);
        graph_end();
        free(large);
    }
}

TEST(tells_of_a_failure)
{
    graph_begin();
    graph_simple("v1", NULL);
    graph_events[0] = '\0';
    to.fail_at = 2;
    to.fail_code = OCI_IO;
    struct oci_graph_options options = {.progress = {.fn = graph_on_event}};
    CHECK_INT(copy("v1", "v1", &options), OCI_IO);
    CHECK(strstr(graph_events, " failed "));
    graph_end();
}

/* ---- whatever fails, wherever it is canceled ---- */

TEST(any_operation_may_fail)
{
    for (int side = 0; side < 2; side++) {
        for (unsigned n = 1;; n++) {
            graph_begin();
            graph_nested("v1");
            to.type.remote = n & 1;
            graph_host.random = n * 1234567;
            struct fake_store *s = side ? &from : &to;
            s->fail_at = n;
            s->fail_code = OCI_IO;
            int rc = copy("v1", "v1", NULL);
            bool failed = s->operations >= n;
            /* A HEAD that fails says only that it is not known whether it is there. */
            bool head = !side && to.type.remote && rc == OCI_OK;
            CHECK(rc == (failed && !head ? OCI_IO : OCI_OK));
            CHECK_STR(fake_tag(&to, "v1"), rc == OCI_OK ? fake_tag(&from, "v1") : "");
            graph_end();
            if (!failed)
                break;
        }
    }
}

TEST(canceled_anywhere)
{
    for (unsigned turn = 1;; turn++) {
        graph_begin();
        graph_nested("v1");
        graph_host.cancel_at_turn = turn;
        from.sources = (enum fake_source)(turn % 3);
        to.type.remote = turn & 1;
        int rc = copy("v1", "v1", NULL);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        unsigned turns = graph_host.turns;
        if (rc == OCI_OK)
            check_all_there();
        graph_end();
        if (turn > turns)
            break;
    }
}
