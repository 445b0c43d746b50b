/* Whole artifacts pushed: built, and put with what they name; and manifests and tags alone. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "graph_kit.h"
#include "push_kit.h"
#include "test.h"

/* ---- push ---- */

static struct oci_pushed result;

static int push(struct oci_push_document *p, const char *tag, const struct oci_graph_options *options)
{
    oci_pushed_done(&result);
    return flow_host_run(&graph_host, push_one(&to.base, p, tag, options, &result));
}

static struct oci_manifest *pushed(void)
{
    struct oci_manifest *m;
    CHECK_INT(oci_manifest_parse(result.bytes, OCI_TYPE_MANIFEST, NULL, &m, NULL), OCI_OK);
    CHECK(oci_digest_equal(&m->self.digest, &result.desc.digest));
    return m;
}

TEST(pushes_layers_in_their_order_and_equal_ones_once)
{
    graph_begin();
    struct oci_push_document p = push_manifest(3);
    p.layers[0] = push_item("one");
    p.layers[1] = push_item("two");
    p.layers[2] = push_item("one");
    oci_desc_annotate(&p.layers[1].desc, OCI_ANNOTATION_TITLE, "two.txt");
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    CHECK_STR(fake_tag(&to, "v1"), result.desc.digest.text);
    CHECK_STR(result.desc.artifact_type, "application/vnd.test");
    CHECK_INT(fake_count(&to, "put blob"), 3);
    struct oci_manifest *m = pushed();
    CHECK_INT(m->count, 3);
    CHECK_INT(m->items[0].size, 3);
    CHECK(oci_digest_equal(&m->items[0].digest, &m->items[2].digest));
    CHECK_STR(oci_desc_title(&m->items[1]), "two.txt");
    CHECK_STR(m->config.media_type, OCI_TYPE_EMPTY);
    oci_manifest_free(m);
    oci_pushed_done(&result);
    graph_end();
}

TEST(pushes_nothing_as_the_empty_object)
{
    graph_begin();
    struct oci_push_document p = push_manifest(0);
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "put blob"), 1);
    struct oci_manifest *m = pushed();
    CHECK_INT(m->count, 1);
    CHECK_STR(m->items[0].media_type, OCI_TYPE_EMPTY);
    oci_manifest_free(m);
    /* A config, and still one empty layer. */
    p = push_manifest(0);
    p.config = oci_calloc(1, sizeof *p.config);
    *p.config = push_item("{\"a\":1}");
    CHECK_INT(push(&p, "v2", NULL), OCI_OK);
    m = pushed();
    CHECK_STR(m->config.media_type, "a/b");
    CHECK_INT(m->config.size, 7);
    CHECK_INT(m->count, 1);
    oci_manifest_free(m);
    oci_pushed_done(&result);
    graph_end();
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
        graph_begin();
        hooks[0] = '\0';
        struct oci_push_document p = push_manifest(2);
        p.layers[0] = push_item("one");
        p.layers[1] = push_item("two");
        p.layers[0].hashed = on_known;
        p.layers[1].hashed = on_known;
        struct oci_graph_options options = {.is_new = is_new};
        CHECK_INT(push(&p, "v1", &options), OCI_OK);
        CHECK_STR(hooks, "..");
        struct oci_manifest *m = pushed();
        CHECK_STR(oci_desc_annotation(&m->items[0], "known"), m->items[0].digest.text);
        oci_manifest_free(m);
        p = push_manifest(1);
        p.layers[0] = push_item("three");
        p.layers[0].hashed = on_known_fails;
        CHECK_INT(push(&p, "v2", &options), OCI_UNSUPPORTED);
        CHECK_STR(fake_tag(&to, "v2"), "");
        oci_pushed_done(&result);
    graph_end();
    }
}

TEST(files_are_hashed_first_and_small_ones_read_once)
{
    char path[] = "/tmp/flow_graph_XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, "hello", 5) == 5);
    close(fd);
    for (int kind = 0; kind < 3; kind++) {
        graph_begin();
        struct oci_push_document p = push_manifest(1);
        struct oci_digest none = {""};
        oci_desc_set(&p.layers[0].desc, "a/b", &none, kind == 2 ? 6 : OCI_SIZE_UNKNOWN);
        p.layers[0].source = oci_source_file(path, OCI_SIZE_UNKNOWN);
        struct oci_graph_options options = {.is_new = kind == 1};
        CHECK_INT(push(&p, "v1", &options), kind == 2 ? OCI_SIZE_MISMATCH : OCI_OK);
        CHECK_INT(fake_count(&to, "new stream"), kind == 1);
        if (kind < 2) {
            struct oci_manifest *m = pushed();
            CHECK_INT(m->items[0].size, 5);
            oci_manifest_free(m);
        }
        oci_pushed_done(&result);
    graph_end();
    }
    unlink(path);
}

TEST(what_can_be_read_once_is_put_as_a_stream)
{
    graph_begin();
    struct oci_window *w = oci_window_new(&graph_host.host, 0);
    struct oci_push_document p = push_manifest(1);
    struct oci_digest none = {""};
    size_t taken;
    oci_desc_set(&p.layers[0].desc, "a/b", &none, OCI_SIZE_UNKNOWN);
    p.layers[0].source = oci_window_source(w, OCI_SIZE_UNKNOWN);
    CHECK_INT(oci_window_give(w, "hello", 5, &taken), OCI_OK);
    oci_window_give_end(w, NULL);
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    struct oci_manifest *m = pushed();
    CHECK_STR(m->items[0].digest.text, "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    oci_manifest_free(m);
    oci_window_unref(w);
    oci_pushed_done(&result);
    graph_end();
}

TEST(content_whose_digest_is_known_is_put_as_it_is)
{
    graph_begin();
    struct oci_desc d;
    fake_add_blob(&to, "there", "a/b", &d);
    struct oci_push_document p = push_manifest(2);
    p.layers[0] = push_item("there");
    p.layers[0].desc = d;
    oci_desc_set(&p.layers[1].desc, "a/b", &(struct oci_digest){""}, OCI_SIZE_UNKNOWN);
    p.layers[1].desc.data = oci_bytes_new("in memory", 9);
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "has blob"), 1);
    struct oci_manifest *m = pushed();
    CHECK_INT(m->items[1].size, 9);
    CHECK_STR(m->items[1].data->p, "in memory");
    oci_manifest_free(m);
    p = push_manifest(1);
    oci_desc_set(&p.layers[0].desc, "a/b", &d.digest, OCI_SIZE_UNKNOWN);
    p.layers[0].desc.data = oci_bytes_new("something else", 14);
    CHECK_INT(push(&p, "v2", NULL), OCI_DIGEST_MISMATCH);
    oci_pushed_done(&result);
    graph_end();
}

TEST(a_manifest_that_the_tag_names_already_is_not_put_again)
{
    graph_begin();
    to.type.remote = true;
    for (int i = 0; i < 2; i++) {
        struct oci_push_document p = push_manifest(1);
        p.layers[0] = push_item("one");
        oci_buf_clear(&to.log);
        CHECK_INT(push(&p, "v1", NULL), OCI_OK);
        CHECK_INT(fake_count(&to, "put manifest"), i == 0);
        CHECK_INT(fake_count(&to, "new"), i == 0 ? 2 : 0);
    }
    oci_pushed_done(&result);
    graph_end();
}

TEST(a_digest_that_is_expected_must_come_out)
{
    graph_begin();
    struct oci_push_document p = push_manifest(1);
    p.layers[0] = push_item("one");
    CHECK_INT(push(&p, "v1", NULL), OCI_OK);
    struct oci_digest right = result.desc.digest;
    p = push_manifest(1);
    p.layers[0] = push_item("one");
    p.expect = right;
    CHECK_INT(push(&p, "v2", NULL), OCI_OK);
    p = push_manifest(1);
    p.layers[0] = push_item("two");
    p.expect = right;
    CHECK_INT(push(&p, "v3", NULL), OCI_DIGEST_MISMATCH);
    CHECK_STR(fake_tag(&to, "v3"), "");
    oci_pushed_done(&result);
    graph_end();
}

TEST(many_pieces)
{
    enum { COUNT = 500 };
    for (int kind = 0; kind < 3; kind++) {
        graph_begin();
        struct oci_push_document p = push_manifest(COUNT);
        char *large = malloc(70001);
        memset(large, 'x', 70000);
        large[70000] = '\0';
        for (int i = 0; i < COUNT; i++) {
            large[0] = (char)('0' + i / 100);
            large[1] = (char)('0' + i / 10 % 10);
            large[2] = (char)('0' + i % 10);
            large[10] = i % 3 == 0 ? '\0' : 'x';
            p.layers[i] = push_item(large);
        }
        graph_host.random = kind == 2 ? 99 : 0;
        to.type.remote = kind == 1;
        struct oci_graph_options options = {.concurrency = kind == 1 ? 1 : 0};
        CHECK_INT(push(&p, "v1", &options), OCI_OK);
        CHECK_INT(fake_count(&to, "put blob"), COUNT + 1);
        CHECK(to.most_putting <= (kind == 1 ? 4 : 32));
        oci_pushed_done(&result);
    graph_end();
        free(large);
    }
}

TEST(a_push_may_fail_or_be_canceled_anywhere)
{
    for (unsigned n = 1;; n++) {
        graph_begin();
        struct oci_push_document p = push_manifest(3);
        p.layers[0] = push_item("one");
        p.layers[1] = push_item("two");
        p.layers[2] = push_item("three");
        to.fail_at = n;
        to.fail_code = OCI_DENIED;
        graph_host.random = n * 7;
        int rc = push(&p, "v1", NULL);
        bool failed = to.operations >= n;
        CHECK_INT(rc, failed ? OCI_DENIED : OCI_OK);
        CHECK(failed == !fake_tag(&to, "v1")[0]);
        oci_pushed_done(&result);
    graph_end();
        if (!failed)
            break;
    }
    for (unsigned turn = 1;; turn++) {
        graph_begin();
        struct oci_push_document p = push_manifest(2);
        p.layers[0] = push_item("one");
        p.layers[1] = push_item("two");
        graph_host.cancel_at_turn = turn;
        to.type.remote = true;
        int rc = push(&p, "v1", NULL);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        unsigned turns = graph_host.turns;
        oci_pushed_done(&result);
    graph_end();
        if (turn > turns)
            break;
    }
}

TEST(a_push_that_was_never_started)
{
    graph_begin();
    struct oci_push_document p = push_manifest(1);
    p.layers[0] = push_item("one");
    oci_flow_free(push_one(&to.base, &p, "v1", NULL, &result));
    oci_pushed_done(&result);
    graph_end();
}

/* ---- manifests and tags ---- */

TEST(tags_what_is_there)
{
    static const char *const tags[] = {"b", "c"};
    struct oci_desc root;
    graph_begin();
    graph_simple("v1", &root);
    CHECK_INT(flow_host_run(&graph_host, oci_flow_tag(&from.base, "v1", tags, 2, &found)), OCI_OK);
    CHECK_STR(fake_tag(&from, "b"), root.digest.text);
    CHECK_STR(fake_tag(&from, "c"), root.digest.text);
    CHECK_STR(found.digest.text, root.digest.text);
    CHECK_INT(flow_host_run(&graph_host, oci_flow_tag(&from.base, "nothing", tags, 2, &found)), OCI_NOT_FOUND);
    struct oci_bytes *m = oci_map_get(&from.manifests, root.digest.text);
    to.lenient = true;
    CHECK_INT(flow_host_run(&graph_host, oci_flow_push_manifest(&to.base, &root, m, "x", tags, 2)), OCI_OK);
    CHECK_STR(to.log.p, "put manifest x\nput manifest b\nput manifest c\n");
    oci_buf_clear(&to.log);
    CHECK_INT(flow_host_run(&graph_host, oci_flow_push_manifest(&to.base, &root, m, NULL, NULL, 0)), OCI_OK);
    CHECK_INT(fake_count(&to, "put manifest"), 1);
    graph_end();
}
