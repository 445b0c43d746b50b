/* Whole artifacts between places: copy, push, tag, pull. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/graph.h"
#include "flow_host.h"
#include "flow_store.h"
#include "test.h"

#define LAYER "application/vnd.test.layer"

static struct flow_host host;
static struct fake_store from, to;
static struct oci_desc found;
static struct oci_bytes *bytes;

static void begin(void)
{
    flow_host_init(&host, NULL, 0);
    host.piece = 1000;
    fake_store_init(&from, &host.host);
    fake_store_init(&to, &host.host);
    found = (struct oci_desc){0};
    bytes = NULL;
}

static void end(void)
{
    oci_desc_done(&found);
    bytes = oci_bytes_unref(bytes);
    fake_store_done(&from);
    fake_store_done(&to);
    flow_host_done(&host, false);
}

static int copy(const char *name, const char *tag, const struct oci_graph_options *options)
{
    oci_desc_done(&found);
    return flow_host_run(&host,
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

/* One manifest of three layers, two of them the same. */
static void simple(const char *tag, struct oci_desc *ret_desc)
{
    struct oci_desc layers[3];
    fake_add_blob(&from, "one", LAYER, &layers[0]);
    fake_add_blob(&from, "two", LAYER, &layers[1]);
    layers[2] = layers[0];
    fake_add_manifest(&from, layers, 3, tag, ret_desc);
}

/* An index of two manifests that share a layer, and of another index that names one of them again. */
static void nested(const char *tag)
{
    struct oci_desc layers[3], manifests[3], inner;
    fake_add_blob(&from, "shared", LAYER, &layers[0]);
    fake_add_blob(&from, "first", LAYER, &layers[1]);
    fake_add_blob(&from, "second", LAYER, &layers[2]);
    fake_add_manifest(&from, layers, 2, NULL, &manifests[0]);
    struct oci_desc others[2] = {layers[2], layers[0]};
    fake_add_manifest(&from, others, 2, NULL, &manifests[1]);
    fake_add_index(&from, &manifests[1], 1, NULL, &inner);
    manifests[2] = inner;
    fake_add_index(&from, manifests, 3, tag, NULL);
}

/* ---- copy ---- */

TEST(copies_a_manifest_the_tag_last)
{
    for (int sources = 0; sources < 3; sources++) {
        struct oci_desc root;
        begin();
        from.sources = (enum fake_source)sources;
        simple("v1", &root);
        CHECK_INT(copy("v1", "v2", NULL), OCI_OK);
        check_all_there();
        CHECK_STR(fake_tag(&to, "v2"), root.digest.text);
        CHECK_STR(found.digest.text, root.digest.text);
        CHECK_STR(found.media_type, OCI_TYPE_MANIFEST);
        CHECK_INT(fake_count(&to, "put blob"), 3); /* two layers, and the config */
        CHECK_INT(fake_count(&to, "put manifest"), 1);
        CHECK(oci_ends_with(to.log.p, "put manifest v2\n"));
        end();
    }
}

TEST(copies_a_nested_index_each_digest_once)
{
    for (int kind = 0; kind < 12; kind++) {
        begin();
        nested("v1");
        from.sources = (enum fake_source)(kind % 3);
        to.type.remote = kind & 1;
        to.type.one_space = kind >= 6;
        host.random = kind > 2 ? (uint64_t)kind * 77 : 0;
        struct oci_graph_options options = {.concurrency = kind % 2 ? 1 : 0};
        CHECK_INT(copy("v1", "v1", &options), OCI_OK);
        check_all_there();
        CHECK_INT(fake_count(&to, "put blob") + fake_count(&to, "put manifest"), 4 + 4);
        CHECK_INT(fake_count(&to, "has blob"), 0);
        CHECK_INT(fake_count(&from, "get manifest"), 4);
        CHECK_INT(fake_count(&from, "get manifest v1"), 1); /* T26: resolved once */
        CHECK_INT(fake_count(&to, "put manifest"), to.type.one_space ? 1 : 4);
        CHECK(oci_ends_with(to.log.p, "put manifest v1\n"));
        end();
    }
}

TEST(copies_without_a_tag_and_with_several)
{
    static const char *const more[] = {"b", "c"};
    struct oci_desc root;
    begin();
    simple("v1", &root);
    CHECK_INT(copy(root.digest.text, NULL, NULL), OCI_OK);
    CHECK_INT(to.tags.count, 0);
    CHECK_INT(fake_count(&to, "put manifest"), 1);
    CHECK_INT(flow_host_run(&host, oci_flow_copy_graph(&from.base, "v1", &to.base, "a", more, 2, NULL, NULL)), OCI_OK);
    CHECK(oci_ends_with(to.log.p, "put manifest a\nput manifest b\nput manifest c\n"));
    end();
}

TEST(what_the_destination_has_is_not_gone_into)
{
    begin();
    nested("v1");
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
    end();
}

/* A repository without the tag is asked for large blobs only (transfer-speed 2.6). */
TEST(small_blobs_go_unasked_to_a_tag_that_is_new)
{
    struct oci_desc layers[2];
    char *large = malloc(70001);
    memset(large, 'x', 70000);
    large[70000] = '\0';
    begin();
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
    end();
    free(large);
}

TEST(mounts_inside_one_registry)
{
    begin();
    simple("v1", NULL);
    char repository[] = "other/repo";
    struct oci_graph_options options = {.mount_from = repository};
    struct oci_flow *f = oci_flow_copy_graph(&from.base, "v1", &to.base, "v1", NULL, 0, &options, NULL);
    memset(repository, 'x', 5); /* it was copied */
    CHECK_INT(flow_host_run(&host, f), OCI_OK);
    CHECK_INT(fake_count(&to, "mount from other/repo"), 3);
    end();
}

TEST(copies_what_it_does_not_know)
{
    struct oci_desc items[4];
    begin();
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
    end();
}

TEST(embedded_content_is_used)
{
    struct oci_desc layer, manifest;
    begin();
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
    end();
}

TEST(a_layer_that_is_elsewhere_may_be_missing)
{
    for (int kind = 0; kind < 4; kind++) {
        struct oci_desc layer;
        begin();
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
        end();
    }
}

TEST(sizes_are_checked)
{
    struct oci_desc layer, manifest;
    begin();
    fake_add_blob(&from, "content", LAYER, &layer);
    fake_add_manifest(&from, &layer, 1, NULL, &manifest);
    manifest.size++;
    fake_add_index(&from, &manifest, 1, "v1", NULL);
    CHECK_INT(copy("v1", "v1", NULL), OCI_SIZE_MISMATCH);
    layer.size++;
    fake_add_manifest(&from, &layer, 1, "v2", NULL);
    CHECK_INT(copy("v2", "v2", NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(to.tags.count, 0);
    end();
}

TEST(an_index_nested_too_deep)
{
    struct oci_desc d;
    begin();
    simple(NULL, &d);
    for (int i = 0; i < OCI_MAX_GRAPH_DEPTH; i++)
        fake_add_index(&from, &d, 1, "deep", &d);
    CHECK_INT(copy("deep", "deep", NULL), OCI_OK);
    fake_add_index(&from, &d, 1, "deeper", &d);
    CHECK_INT(copy("deeper", "deeper", NULL), OCI_LIMIT);
    end();
}

TEST(a_document_that_is_not_what_the_index_says)
{
    struct oci_desc d;
    begin();
    fake_add_document(&from, "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", OCI_TYPE_INDEX, NULL, &d);
    fake_add_index(&from, &d, 1, "v1", NULL);
    CHECK_INT(copy("v1", "v1", NULL), OCI_INVALID);
    CHECK(strstr(host.err.text, d.digest.text));
    end();
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
            begin();
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
            end();
            free(text);
        }
    }
}

TEST(a_thousand_manifests_are_not_open_at_once)
{
    enum { COUNT = 1000 };
    static struct oci_desc manifests[COUNT];
    begin();
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
    end();
}

/* ---- progress ---- */

static char events[4000];

static void on_event(void *ctx, const struct oci_progress_event *e)
{
    static const char *const words[] = {"started", "moving", "exists", "mounted", "done", "failed"};
    (void)ctx;
    size_t len = strlen(events);
    snprintf(events + len, sizeof events - len, "%s %s %s %llu/%llu\n", e->what, e->title ? e->title : "-",
             words[e->state], (unsigned long long)e->done,
             e->total == OCI_SIZE_UNKNOWN ? 0 : (unsigned long long)e->total);
}

TEST(tells_of_its_progress)
{
    for (int sources = 0; sources < 3; sources++) {
        struct oci_desc layer;
        char *large = malloc(150001);
        memset(large, 'x', 150000);
        large[150000] = '\0';
        events[0] = '\0';
        begin();
        from.sources = (enum fake_source)sources;
        fake_add_blob(&from, large, LAYER, &layer);
        oci_desc_annotate(&layer, OCI_ANNOTATION_TITLE, "big.bin");
        fake_add_manifest(&from, &layer, 1, "v1", NULL);
        struct oci_graph_options options = {.progress = {.fn = on_event}, .concurrency = 1};
        CHECK_INT(copy("v1", "v1", &options), OCI_OK);
        CHECK(strstr(events, "config - started 0/2\n"));
        CHECK(strstr(events, "config - done 2/2\n"));
        CHECK(strstr(events, "blob big.bin started 0/150000\n"));
        CHECK(strstr(events, "blob big.bin moving 65536/150000\n"));
        CHECK(strstr(events, "blob big.bin moving 131072/150000\n"));
        CHECK(!strstr(events, "moving 150000"));
        CHECK(strstr(events, "blob big.bin done 150000/150000\nmanifest - started"));
        CHECK(oci_ends_with(events, "\n") && strstr(events, "manifest - done"));
        events[0] = '\0';
        CHECK_INT(copy("v1", "v1", &options), OCI_OK);
        CHECK(strstr(events, "blob big.bin exists 150000/150000\n"));
        oci_desc_done(&layer);
        end();
        free(large);
    }
}

TEST(tells_of_a_failure)
{
    begin();
    simple("v1", NULL);
    events[0] = '\0';
    to.fail_at = 2;
    to.fail_code = OCI_IO;
    struct oci_graph_options options = {.progress = {.fn = on_event}};
    CHECK_INT(copy("v1", "v1", &options), OCI_IO);
    CHECK(strstr(events, " failed "));
    end();
}

/* ---- whatever fails, wherever it is canceled ---- */

TEST(any_operation_may_fail)
{
    for (int side = 0; side < 2; side++) {
        for (unsigned n = 1;; n++) {
            begin();
            nested("v1");
            to.type.remote = n & 1;
            host.random = n * 1234567;
            struct fake_store *s = side ? &from : &to;
            s->fail_at = n;
            s->fail_code = OCI_IO;
            int rc = copy("v1", "v1", NULL);
            bool failed = s->operations >= n;
            /* A HEAD that fails says only that it is not known whether it is there. */
            bool head = !side && to.type.remote && rc == OCI_OK;
            CHECK(rc == (failed && !head ? OCI_IO : OCI_OK));
            CHECK_STR(fake_tag(&to, "v1"), rc == OCI_OK ? fake_tag(&from, "v1") : "");
            end();
            if (!failed)
                break;
        }
    }
}

TEST(canceled_anywhere)
{
    for (unsigned turn = 1;; turn++) {
        begin();
        nested("v1");
        host.cancel_at_turn = turn;
        from.sources = (enum fake_source)(turn % 3);
        to.type.remote = turn & 1;
        int rc = copy("v1", "v1", NULL);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        unsigned turns = host.turns;
        if (rc == OCI_OK)
            check_all_there();
        end();
        if (turn > turns)
            break;
    }
}

/* ---- push ---- */

static struct oci_push_item item(const char *text)
{
    struct oci_push_item i = {0};
    struct oci_bytes *b = oci_bytes_new(text, strlen(text));
    struct oci_digest none = {""};
    oci_desc_set(&i.desc, LAYER, &none, OCI_SIZE_UNKNOWN);
    i.source = oci_source_bytes(b);
    oci_bytes_unref(b);
    return i;
}

static struct oci_push_items items(size_t count)
{
    struct oci_push_items p = {.artifact_type = "application/vnd.test", .count = count};
    p.layers = oci_calloc(count, sizeof *p.layers);
    return p;
}

static int push(struct oci_push_items *p, const char *tag, const struct oci_graph_options *options)
{
    oci_desc_done(&found);
    bytes = oci_bytes_unref(bytes);
    return flow_host_run(&host,
                         oci_flow_push_artifact(&to.base, p, tag, NULL, 0, options, &found, &bytes));
}

static struct oci_manifest *pushed(void)
{
    struct oci_manifest *m;
    CHECK_INT(oci_manifest_parse(bytes, OCI_TYPE_MANIFEST, NULL, &m, NULL), OCI_OK);
    CHECK(oci_digest_equal(&m->self.digest, &found.digest));
    return m;
}

TEST(pushes_layers_in_their_order_and_equal_ones_once)
{
    begin();
    struct oci_push_items p = items(3);
    p.layers[0] = item("one");
    p.layers[1] = item("two");
    p.layers[2] = item("one");
    oci_desc_annotate(&p.layers[1].desc, OCI_ANNOTATION_TITLE, "two.txt");
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    CHECK_STR(fake_tag(&to, "v1"), found.digest.text);
    CHECK_STR(found.artifact_type, "application/vnd.test");
    CHECK_INT(fake_count(&to, "put blob"), 3);
    struct oci_manifest *m = pushed();
    CHECK_INT(m->count, 3);
    CHECK_INT(m->items[0].size, 3);
    CHECK(oci_digest_equal(&m->items[0].digest, &m->items[2].digest));
    CHECK_STR(oci_desc_title(&m->items[1]), "two.txt");
    CHECK_STR(m->config.media_type, OCI_TYPE_EMPTY);
    oci_manifest_free(m);
    end();
}

TEST(pushes_nothing_as_the_empty_object)
{
    begin();
    struct oci_push_items p = items(0);
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "put blob"), 1);
    struct oci_manifest *m = pushed();
    CHECK_INT(m->count, 1);
    CHECK_STR(m->items[0].media_type, OCI_TYPE_EMPTY);
    oci_manifest_free(m);
    /* A config, and still one empty layer. */
    p = items(0);
    p.config = oci_calloc(1, sizeof *p.config);
    *p.config = item("{\"a\":1}");
    CHECK_INT(push(&p, "v2", NULL), OCI_OK);
    m = pushed();
    CHECK_STR(m->config.media_type, LAYER);
    CHECK_INT(m->config.size, 7);
    CHECK_INT(m->count, 1);
    oci_manifest_free(m);
    end();
}

static char hooks[100];

static int on_known(struct oci_push_item *i, struct oci_err *reterr)
{
    (void)reterr;
    CHECK(oci_digest_is(&i->desc.digest) && i->desc.size != OCI_SIZE_UNKNOWN);
    CHECK(i->source); /* still there, to be looked at */
    strcat(hooks, ".");
    return oci_desc_annotate(&i->desc, "known", i->desc.digest.text);
}

static int on_known_fails(struct oci_push_item *i, struct oci_err *reterr)
{
    (void)i;
    return oci_err_set(reterr, OCI_UNSUPPORTED, "not this one");
}

TEST(an_item_may_annotate_itself_once_it_is_known)
{
    for (int is_new = 0; is_new < 2; is_new++) {
        begin();
        hooks[0] = '\0';
        struct oci_push_items p = items(2);
        p.layers[0] = item("one");
        p.layers[1] = item("two");
        p.layers[0].hashed = on_known;
        p.layers[1].hashed = on_known;
        struct oci_graph_options options = {.is_new = is_new};
        CHECK_INT(push(&p, "v1", &options), OCI_OK);
        CHECK_STR(hooks, "..");
        struct oci_manifest *m = pushed();
        CHECK_STR(oci_desc_annotation(&m->items[0], "known"), m->items[0].digest.text);
        oci_manifest_free(m);
        p = items(1);
        p.layers[0] = item("three");
        p.layers[0].hashed = on_known_fails;
        CHECK_INT(push(&p, "v2", &options), OCI_UNSUPPORTED);
        CHECK_STR(fake_tag(&to, "v2"), "");
        end();
    }
}

TEST(files_are_hashed_first_and_small_ones_read_once)
{
    char path[] = "/tmp/flow_graph_XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, "hello", 5) == 5);
    close(fd);
    for (int kind = 0; kind < 3; kind++) {
        begin();
        struct oci_push_items p = items(1);
        struct oci_digest none = {""};
        oci_desc_set(&p.layers[0].desc, LAYER, &none, kind == 2 ? 6 : OCI_SIZE_UNKNOWN);
        p.layers[0].source = oci_source_file(path, OCI_SIZE_UNKNOWN);
        struct oci_graph_options options = {.is_new = kind == 1};
        CHECK_INT(push(&p, "v1", &options), kind == 2 ? OCI_SIZE_MISMATCH : OCI_OK);
        CHECK_INT(fake_count(&to, "new stream"), kind == 1);
        if (kind < 2) {
            struct oci_manifest *m = pushed();
            CHECK_INT(m->items[0].size, 5);
            oci_manifest_free(m);
        }
        end();
    }
    unlink(path);
}

TEST(what_can_be_read_once_is_put_as_a_stream)
{
    begin();
    struct oci_window *w = oci_window_new(&host.host, 0);
    struct oci_push_items p = items(1);
    struct oci_digest none = {""};
    size_t taken;
    oci_desc_set(&p.layers[0].desc, LAYER, &none, OCI_SIZE_UNKNOWN);
    p.layers[0].source = oci_window_source(w, OCI_SIZE_UNKNOWN);
    CHECK_INT(oci_window_give(w, "hello", 5, &taken), OCI_OK);
    oci_window_give_end(w, NULL);
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    struct oci_manifest *m = pushed();
    CHECK_STR(m->items[0].digest.text, "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    oci_manifest_free(m);
    oci_window_unref(w);
    end();
}

TEST(content_whose_digest_is_known_is_put_as_it_is)
{
    begin();
    struct oci_desc d;
    fake_add_blob(&to, "there", LAYER, &d);
    struct oci_push_items p = items(2);
    p.layers[0] = item("there");
    p.layers[0].desc = d;
    oci_desc_set(&p.layers[1].desc, LAYER, &(struct oci_digest){""}, OCI_SIZE_UNKNOWN);
    p.layers[1].desc.data = oci_bytes_new("in memory", 9);
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "has blob"), 1);
    struct oci_manifest *m = pushed();
    CHECK_INT(m->items[1].size, 9);
    CHECK_STR(m->items[1].data->p, "in memory");
    oci_manifest_free(m);
    p = items(1);
    oci_desc_set(&p.layers[0].desc, LAYER, &d.digest, OCI_SIZE_UNKNOWN);
    p.layers[0].desc.data = oci_bytes_new("something else", 14);
    CHECK_INT(push(&p, "v2", NULL), OCI_DIGEST_MISMATCH);
    end();
}

TEST(a_manifest_that_the_tag_names_already_is_not_put_again)
{
    begin();
    to.type.remote = true;
    for (int i = 0; i < 2; i++) {
        struct oci_push_items p = items(1);
        p.layers[0] = item("one");
        oci_buf_clear(&to.log);
        CHECK_INT(push(&p, "v1", NULL), OCI_OK);
        CHECK_INT(fake_count(&to, "put manifest"), i == 0);
        CHECK_INT(fake_count(&to, "new"), i == 0 ? 2 : 0);
    }
    end();
}

TEST(a_digest_that_is_expected_must_come_out)
{
    begin();
    struct oci_push_items p = items(1);
    p.layers[0] = item("one");
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    struct oci_digest right = found.digest;
    p = items(1);
    p.layers[0] = item("one");
    p.expect = right;
    CHECK_INT(push(&p, "v2", NULL), OCI_OK);
    p = items(1);
    p.layers[0] = item("two");
    p.expect = right;
    CHECK_INT(push(&p, "v3", NULL), OCI_DIGEST_MISMATCH);
    CHECK_STR(fake_tag(&to, "v3"), "");
    end();
}

TEST(many_pieces)
{
    enum { COUNT = 500 };
    for (int kind = 0; kind < 3; kind++) {
        begin();
        struct oci_push_items p = items(COUNT);
        char *large = malloc(70001);
        memset(large, 'x', 70000);
        large[70000] = '\0';
        for (int i = 0; i < COUNT; i++) {
            large[0] = (char)('0' + i / 100);
            large[1] = (char)('0' + i / 10 % 10);
            large[2] = (char)('0' + i % 10);
            large[10] = i % 3 == 0 ? '\0' : 'x';
            p.layers[i] = item(large);
        }
        host.random = kind == 2 ? 99 : 0;
        to.type.remote = kind == 1;
        struct oci_graph_options options = {.concurrency = kind == 1 ? 1 : 0};
        CHECK_INT(push(&p, "v1", &options), OCI_OK);
        CHECK_INT(fake_count(&to, "put blob"), COUNT + 1);
        CHECK(to.most_putting <= (kind == 1 ? 4 : 32));
        end();
        free(large);
    }
}

TEST(a_push_may_fail_or_be_canceled_anywhere)
{
    for (unsigned n = 1;; n++) {
        begin();
        struct oci_push_items p = items(3);
        p.layers[0] = item("one");
        p.layers[1] = item("two");
        p.layers[2] = item("three");
        to.fail_at = n;
        to.fail_code = OCI_DENIED;
        host.random = n * 7;
        int rc = push(&p, "v1", NULL);
        bool failed = to.operations >= n;
        CHECK_INT(rc, failed ? OCI_DENIED : OCI_OK);
        CHECK(failed == !fake_tag(&to, "v1")[0]);
        end();
        if (!failed)
            break;
    }
    for (unsigned turn = 1;; turn++) {
        begin();
        struct oci_push_items p = items(2);
        p.layers[0] = item("one");
        p.layers[1] = item("two");
        host.cancel_at_turn = turn;
        to.type.remote = true;
        int rc = push(&p, "v1", NULL);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        unsigned turns = host.turns;
        end();
        if (turn > turns)
            break;
    }
}

TEST(a_push_that_was_never_started)
{
    begin();
    struct oci_push_items p = items(1);
    p.layers[0] = item("one");
    oci_flow_free(oci_flow_push_artifact(&to.base, &p, "v1", NULL, 0, NULL, &found, &bytes));
    end();
}

/* ---- manifests and tags ---- */

TEST(tags_what_is_there)
{
    static const char *const tags[] = {"b", "c"};
    struct oci_desc root;
    begin();
    simple("v1", &root);
    CHECK_INT(flow_host_run(&host, oci_flow_tag(&from.base, "v1", tags, 2, &found)), OCI_OK);
    CHECK_STR(fake_tag(&from, "b"), root.digest.text);
    CHECK_STR(fake_tag(&from, "c"), root.digest.text);
    CHECK_STR(found.digest.text, root.digest.text);
    CHECK_INT(flow_host_run(&host, oci_flow_tag(&from.base, "nothing", tags, 2, &found)), OCI_NOT_FOUND);
    struct oci_bytes *m = oci_map_get(&from.manifests, root.digest.text);
    to.lenient = true;
    CHECK_INT(flow_host_run(&host, oci_flow_push_manifest(&to.base, &root, m, "x", tags, 2)), OCI_OK);
    CHECK_STR(to.log.p, "put manifest x\nput manifest b\nput manifest c\n");
    oci_buf_clear(&to.log);
    CHECK_INT(flow_host_run(&host, oci_flow_push_manifest(&to.base, &root, m, NULL, NULL, 0)), OCI_OK);
    CHECK_INT(fake_count(&to, "put manifest"), 1);
    end();
}

/* ---- pull ---- */

struct target {
    struct oci_pull_target base;
    struct fake_store files;   /* where they go */
    const struct oci_manifest *m;
    int plan_fails;
    size_t unwanted;           /* this one is there */
    unsigned prepared, committed, discarded;
    unsigned steps, fail_at;
    struct oci_desc *descs;
    size_t count;
};

struct target_flow {
    struct oci_flow flow;
    struct target *t;
    unsigned *counter;
    struct oci_work job;
};

static struct target *target_of(struct oci_pull_target *t)
{
    return OCI_OWNER(t, struct target, base);
}

static int target_job(struct oci_work *w, struct oci_err *reterr)
{
    (void)w;
    (void)reterr;
    return OCI_OK;
}

static int target_done(struct oci_flow *f)
{
    struct target_flow *o = OCI_OWNER(f, struct target_flow, flow);
    if (++o->t->steps == o->t->fail_at)
        return oci_flow_fail(f, OCI_EXISTS, "it is in the way");
    ++*o->counter;
    return OCI_OK;
}

static int target_first(struct oci_flow *f)
{
    struct target_flow *o = OCI_OWNER(f, struct target_flow, flow);
    o->job.run = target_job;
    return oci_ask_work(f, &o->job, target_done);
}

static const struct oci_flow_type target_flow_type = {.name = "target"};

static struct oci_flow *target_step(struct target *t, unsigned *counter)
{
    struct target_flow *o = oci_flow_new(sizeof *o, &target_flow_type, &host.host, target_first);
    o->t = t;
    o->counter = counter;
    return &o->flow;
}

static int target_plan(struct oci_pull_target *base, const struct oci_manifest *m, struct oci_err *reterr)
{
    struct target *t = target_of(base);
    if (t->plan_fails)
        return oci_err_set(reterr, t->plan_fails, "a title leaves its place");
    t->m = m;
    return OCI_OK;
}

static struct oci_flow *target_prepare(struct oci_pull_target *t)
{
    return target_step(target_of(t), &target_of(t)->prepared);
}

static size_t target_count(struct oci_pull_target *t)
{
    return target_of(t)->m->count;
}

static const struct oci_desc *target_desc(struct oci_pull_target *t, size_t i)
{
    return &target_of(t)->m->items[i];
}

static bool target_wanted(struct oci_pull_target *t, size_t i)
{
    return target_of(t)->unwanted != i;
}

static struct oci_flow *target_put(struct oci_pull_target *base, size_t i, struct oci_source *take_source)
{
    struct target *t = target_of(base);
    CHECK(t->prepared);
    struct oci_put hint = {0};
    return t->files.type.put(&t->files.base, target_desc(base, i), take_source, &hint, NULL, NULL);
}

static struct oci_flow *target_commit(struct oci_pull_target *t)
{
    return target_step(target_of(t), &target_of(t)->committed);
}

static struct oci_flow *target_discard(struct oci_pull_target *t)
{
    return target_step(target_of(t), &target_of(t)->discarded);
}

static const struct oci_pull_target_type target_type = {
    .plan = target_plan,
    .prepare = target_prepare,
    .count = target_count,
    .desc = target_desc,
    .wanted = target_wanted,
    .put = target_put,
    .commit = target_commit,
    .discard = target_discard,
};

static struct target target;

static void begin_pull(void)
{
    begin();
    target = (struct target){.base = {&target_type}, .unwanted = 99};
    fake_store_init(&target.files, &host.host);
}

static void end_pull(void)
{
    fake_store_done(&target.files);
    end();
}

static int pull(const char *name, const char *platform, const struct oci_graph_options *options)
{
    oci_desc_done(&found);
    bytes = oci_bytes_unref(bytes);
    return flow_host_run(&host,
                         oci_flow_pull_artifact(&from.base, name, platform, &target.base, options, &found, &bytes));
}

TEST(pulls_the_layers)
{
    for (int sources = 0; sources < 3; sources++) {
        struct oci_desc root;
        begin_pull();
        simple("v1", &root);
        from.sources = (enum fake_source)sources;
        CHECK_INT(pull("v1", NULL, NULL), OCI_OK);
        CHECK_STR(found.digest.text, root.digest.text);
        CHECK_INT(bytes->len, root.size);
        CHECK(target.prepared == 1 && target.committed == 1 && target.discarded == 1);
        CHECK_INT(target.files.blobs.count, 2);
        end_pull();
    }
}

TEST(what_is_unchanged_is_not_fetched)
{
    begin_pull();
    simple("v1", NULL);
    target.unwanted = 1;
    events[0] = '\0';
    struct oci_graph_options options = {.progress = {.fn = on_event}};
    CHECK_INT(pull("v1", NULL, &options), OCI_OK);
    CHECK_INT(target.files.blobs.count, 1);
    CHECK(strstr(events, "blob - exists 3/3\n"));
    end_pull();
}

TEST(names_are_checked_before_anything_is_fetched)
{
    begin_pull();
    simple("v1", NULL);
    target.plan_fails = OCI_UNSAFE_PATH;
    CHECK_INT(pull("v1", NULL, NULL), OCI_UNSAFE_PATH);
    CHECK(target.prepared == 0 && target.discarded == 0);
    CHECK_INT(target.files.operations, 0);
    end_pull();
}

TEST(a_failed_pull_is_discarded)
{
    for (unsigned n = 1; n <= 2; n++) { /* prepare, commit */
        begin_pull();
        simple("v1", NULL);
        target.fail_at = n;
        CHECK_INT(pull("v1", NULL, NULL), OCI_EXISTS);
        CHECK_INT(target.committed, 0);
        CHECK_INT(target.discarded, 1);
        end_pull();
    }
    begin_pull();
    simple("v1", NULL);
    target.fail_at = 3; /* the discard itself */
    CHECK_INT(pull("v1", NULL, NULL), OCI_OK);
    end_pull();
    for (unsigned n = 1; n <= 2; n++) {
        begin_pull();
        simple("v1", NULL);
        target.files.fail_at = n;
        target.files.fail_code = OCI_IO;
        CHECK_INT(pull("v1", NULL, NULL), OCI_IO);
        CHECK_INT(target.committed, 0);
        CHECK_INT(target.discarded, 1);
        end_pull();
    }
}

TEST(a_pull_canceled_anywhere_is_discarded)
{
    for (unsigned turn = 1;; turn++) {
        begin_pull();
        simple("v1", NULL);
        host.cancel_at_turn = turn;
        int rc = pull("v1", NULL, NULL);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        if (target.prepared)
            CHECK_INT(target.discarded, 1);
        unsigned turns = host.turns;
        end_pull();
        if (turn > turns)
            break;
    }
}

static void platforms(const char *const *names, size_t count, const char *tag, struct oci_desc *ret_manifests)
{
    for (size_t i = 0; i < count; i++) {
        struct oci_desc layer;
        fake_add_blob(&from, names[i], LAYER, &layer);
        fake_add_manifest(&from, &layer, 1, NULL, &ret_manifests[i]);
        CHECK_INT(oci_platform_parse(names[i], &ret_manifests[i].platform, NULL), OCI_OK);
    }
    fake_add_index(&from, ret_manifests, count, tag, NULL);
}

TEST(an_index_is_pulled_for_a_platform)
{
    const char *const names[] = {"plan9/mips", oci_platform_host(), "linux/s390x"};
    struct oci_desc manifests[3];
    begin_pull();
    platforms(names, 3, "v1", manifests);
    CHECK_INT(pull("v1", NULL, NULL), OCI_OK);
    CHECK_STR(found.digest.text, manifests[1].digest.text);
    CHECK_INT(pull("v1", "linux/s390x", NULL), OCI_OK);
    CHECK_STR(found.digest.text, manifests[2].digest.text);
    CHECK_INT(pull("v1", "linux/vax", NULL), OCI_NOT_FOUND);
    char list[100];
    snprintf(list, sizeof list, "plan9/mips, %s, linux/s390x", oci_platform_host());
    CHECK_STR(host.err.platforms, list);
    for (int i = 0; i < 3; i++)
        oci_desc_done(&manifests[i]);
    end_pull();
}

TEST(an_index_without_platforms_is_not_pulled)
{
    begin_pull();
    nested("v1");
    CHECK_INT(pull("v1", NULL, NULL), OCI_INVALID);
    CHECK(strstr(host.err.text, "pull one of its manifests by digest: sha256:"));
    CHECK_INT(pull("v1", "linux/amd64", NULL), OCI_NOT_FOUND);
    fake_add_document(&from, "anything", "application/vnd.what.ever", "v2", NULL);
    CHECK_INT(pull("v2", NULL, NULL), OCI_UNSUPPORTED);
    CHECK_INT(pull("v3", NULL, NULL), OCI_NOT_FOUND);
    end_pull();
}
