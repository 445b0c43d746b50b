/* Several documents pushed at once: manifests, the indexes that name them, tags that are not to be moved, and what a
 * registry refuses. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "graph_kit.h"
#include "push_kit.h"
#include "test.h"

static struct oci_pushed result;

/* Somebody listens, always: what is told must be there when it is told. */
static int push(struct oci_push_graph *g, const struct oci_graph_options *options)
{
    struct oci_graph_options listened = options ? *options : (struct oci_graph_options){0};
    listened.progress.fn = graph_on_event;
    graph_events[0] = '\0';
    oci_pushed_done(&result);
    return flow_host_run(&graph_host, oci_flow_push_graph(&to.base, g, &listened, &result));
}

static void end(void)
{
    oci_pushed_done(&result);
    graph_end();
}

static struct oci_push_document one(const char *text)
{
    struct oci_push_document d = push_manifest(1);
    d.layers[0] = push_item(text);
    return d;
}

/* Two manifests that share a layer, one of them in an index of its own. */
static struct oci_push_graph nested(const char *tag)
{
    struct oci_push_graph g = push_graph(4, tag);
    g.documents[0] = push_manifest(2);
    g.documents[0].layers[0] = push_item("shared");
    g.documents[0].layers[1] = push_item("first");
    g.documents[1] = one("shared");
    g.documents[2] = push_index(1);
    g.documents[2].entries[0] = push_entry(1);
    g.documents[3] = push_index(2);
    g.documents[3].artifact_type = "application/vnd.test";
    g.documents[3].entries[0] = push_entry(0);
    g.documents[3].entries[1] = push_entry(2);
    return g;
}

static struct oci_manifest *read_manifest(const struct oci_digest *digest)
{
    struct oci_bytes *b = oci_map_get(&to.manifests, digest->text);
    struct oci_manifest *m = NULL;
    CHECK(b != NULL);
    CHECK_INT(oci_manifest_parse(b, NULL, NULL, &m, NULL), OCI_OK);
    return m;
}

TEST(an_index_follows_what_it_names_and_equal_content_is_put_once)
{
    for (int kind = 0; kind < 8; kind++) {
        graph_begin();
        to.type.remote = kind & 1;
        graph_host.random = kind & 2 ? 7 : 0;
        struct oci_graph_options options = {.concurrency = kind & 4 ? 1 : 0};
        struct oci_push_graph g = nested("v1");
        CHECK_INT(push(&g, &options), OCI_OK); /* the store fails the test when a manifest comes too early */
        CHECK_STR(fake_tag(&to, "v1"), result.desc.digest.text);
        CHECK_INT(fake_count(&to, "put blob"), 3); /* {}, shared, first */
        CHECK_INT(fake_count(&to, "put manifest"), 4);
        CHECK(strstr(to.log.p, "put manifest v1\n")[strlen("put manifest v1\n")] == '\0');
        struct oci_manifest *m = read_manifest(&result.desc.digest);
        CHECK(m->is_index);
        CHECK_INT(m->count, 2);
        CHECK_STR(m->items[0].artifact_type, "application/vnd.test"); /* of the manifest it stands for */
        CHECK_STR(m->items[0].media_type, OCI_TYPE_MANIFEST);
        CHECK_STR(m->items[1].media_type, OCI_TYPE_INDEX);
        CHECK(!m->items[1].artifact_type);
        oci_manifest_free(m);
        end();
    }
}

/* In a layout a manifest that an index names is a blob: index.json names the root alone. */
TEST(where_manifests_are_blobs_only_the_root_is_put_as_one)
{
    graph_begin();
    to.type.one_space = true;
    struct oci_push_graph g = nested("v1");
    CHECK_INT(push(&g, NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "put manifest"), 1);
    CHECK_INT(fake_count(&to, "put blob"), 3 + 3);
    end();
}

TEST(equal_documents_are_put_once)
{
    graph_begin();
    struct oci_push_graph g = push_graph(4, "v1");
    g.documents[3] = push_index(3);
    for (size_t i = 0; i < 3; i++) {
        g.documents[i] = one("same");
        g.documents[3].entries[i] = push_entry(i);
    }
    CHECK_INT(push(&g, NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "put manifest"), 2);
    struct oci_manifest *m = read_manifest(&result.desc.digest);
    CHECK(m->count == 3 && oci_digest_equal(&m->items[0].digest, &m->items[2].digest));
    oci_manifest_free(m);
    end();
}

static struct oci_manifest *ready(const char *text)
{
    struct oci_bytes *b = oci_bytes_new(text, strlen(text));
    struct oci_manifest *m = NULL;
    CHECK_INT(oci_manifest_parse(b, OCI_TYPE_INDEX, NULL, &m, NULL), OCI_OK);
    oci_bytes_unref(b);
    return m;
}

TEST(a_ready_document_is_put_as_it_is)
{
    static const char text[] = "{ \"schemaVersion\": 2,\n \"manifests\": [ ] }\n";
    graph_begin();
    struct oci_push_graph g = push_graph(2, "v1");
    g.documents[0].ready = ready(text);
    g.documents[1] = push_index(1);
    g.documents[1].entries[0] = push_entry(0);
    struct oci_digest digest = g.documents[0].ready->self.digest;
    CHECK_INT(push(&g, NULL), OCI_OK);
    struct oci_bytes *b = oci_map_get(&to.manifests, digest.text);
    CHECK(b && b->len == strlen(text) && memcmp(b->p, text, b->len) == 0);
    g = push_graph(1, "v2");
    g.documents[0].ready = ready(text);
    CHECK_INT(push(&g, NULL), OCI_OK);
    CHECK_STR(result.desc.digest.text, digest.text);
    g = push_graph(1, "v3");
    g.documents[0].ready = ready(text);
    g.documents[0].expect = (struct oci_digest){"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"};
    CHECK_INT(push(&g, NULL), OCI_DIGEST_MISMATCH);
    end();
}

TEST(what_is_wrong_is_found_before_anything_is_asked)
{
    struct oci_json *wrong = oci_json_new_object();
    oci_json_add(wrong, "org.opencontainers.nothing", oci_json_new_string("x"));
    for (size_t i = 0; i < 4; i++) {
        graph_begin();
        to.type.remote = true;
        struct oci_push_graph g = nested("v1");
        g.documents[i].annotations = wrong;
        g.documents[i].where = "here";
        CHECK_INT(push(&g, NULL), OCI_INVALID);
        CHECK(strncmp(graph_host.err.text, "here: ", 6) == 0);
        CHECK(strstr(graph_host.err.text, "A05"));
        CHECK_INT(to.operations, 0);
        end();
    }
    oci_json_free(wrong);
}

/* ---- tags that are not to be moved ---- */

static int push_immutable(const char *text, const char *tag)
{
    struct oci_push_graph g = push_graph(1, tag);
    g.documents[0] = one(text);
    g.immutable = true;
    return push(&g, NULL);
}

TEST(an_immutable_tag_is_looked_at_before_and_after_the_content)
{
    graph_begin();
    CHECK_INT(push_immutable("one", "v1"), OCI_OK);
    CHECK_INT(fake_count(&to, "head manifest v1"), 2);
    CHECK_INT(fake_count(&to, "put manifest v1"), 1);
    struct oci_digest first = result.desc.digest;
    oci_buf_clear(&to.log);
    CHECK_INT(push_immutable("one", "v1"), OCI_OK);
    CHECK_STR(result.desc.digest.text, first.text);
    CHECK_INT(push_immutable("two", "v1"), OCI_EXISTS);
    CHECK(strstr(graph_host.err.text, first.text));
    CHECK_INT(fake_count(&to, "put"), 0);
    CHECK_STR(fake_tag(&to, "v1"), first.text);
    end();
}

TEST(what_can_be_read_once_is_only_hashed_where_the_tag_is_there)
{
    graph_begin();
    CHECK_INT(push_immutable("hello", "v1"), OCI_OK);
    for (int same = 0; same < 2; same++) {
        struct oci_window *w = oci_window_new(&graph_host.host, 0);
        size_t taken;
        struct oci_push_graph g = push_graph(1, "v1");
        g.documents[0] = one("-");
        oci_source_free(g.documents[0].layers[0].source);
        g.documents[0].layers[0].source = oci_window_source(w, OCI_SIZE_UNKNOWN);
        g.immutable = true;
        oci_buf_clear(&to.log);
        CHECK_INT(oci_window_give(w, same ? "hello" : "other", 5, &taken), OCI_OK);
        oci_window_give_end(w, NULL);
        CHECK_INT(push(&g, NULL), same ? OCI_OK : OCI_EXISTS);
        CHECK_INT(fake_count(&to, "put"), 0);
        oci_window_unref(w);
    }
    end();
}

/* ---- what a registry refuses ---- */

static const char *shape_of(const struct oci_digest *digest)
{
    struct oci_manifest *m = read_manifest(digest);
    const char *shape = m->self.artifact_type ? "1.1" : "1.0";
    for (size_t i = 0; i < m->count && m->is_index; i++) {
        if (strcmp(shape_of(&m->items[i].digest), "1.1") == 0)
            shape = "1.1";
    }
    oci_manifest_free(m);
    return shape;
}

TEST(what_is_refused_is_put_in_the_shape_of_1_0)
{
    for (int kind = 0; kind < 4; kind++) {
        graph_begin();
        to.refuses = kind & 1 ? 400 : 0;
        graph_host.random = kind & 2 ? 5 : 0;
        struct oci_push_graph g = nested("v1");
        g.fallback = true;
        CHECK_INT(push(&g, NULL), OCI_OK);
        CHECK_INT(result.fallback, to.refuses != 0);
        CHECK_STR(shape_of(&result.desc.digest), to.refuses ? "1.0" : "1.1");
        CHECK_STR(fake_tag(&to, "v1"), result.desc.digest.text);
        end();
    }
}

/* Documents that wait for an equal one follow it. */
TEST(equal_documents_fall_back_together)
{
    graph_begin();
    to.refuses = 415;
    struct oci_push_graph g = push_graph(4, "v1");
    g.fallback = true;
    g.documents[3] = push_index(3);
    for (size_t i = 0; i < 3; i++) {
        g.documents[i] = one("same");
        g.documents[3].entries[i] = push_entry(i);
    }
    CHECK_INT(push(&g, NULL), OCI_OK);
    CHECK_STR(shape_of(&result.desc.digest), "1.0");
    /* The refused one has failed; each has its end. */
    CHECK_INT(fake_count(&to, "refuse manifest"), 1);
    const char *failed = strstr(graph_events, "manifest - failed");
    CHECK(failed && strstr(failed, "manifest - started") && !strstr(failed + strlen("manifest - failed"), "failed"));
    end();
}

TEST(without_leave_or_for_another_reason_nothing_falls_back)
{
    struct oci_desc subject;
    oci_desc_empty(&subject, false);
    for (int kind = 0; kind < 6; kind++) {
        graph_begin();
        to.refuses = kind == 1 ? 403 : kind == 2 ? 413 : kind == 3 ? 500 : 400;
        struct oci_push_graph g = push_graph(1, "v1");
        g.documents[0] = one("text");
        g.fallback = kind != 0;
        if (kind == 4)
            g.documents[0].subject = &subject;
        if (kind == 5)
            g.documents[0].version_1_0 = true; /* is taken as it is */
        CHECK_INT(push(&g, NULL), kind == 5 ? OCI_OK : OCI_REGISTRY);
        CHECK_INT(fake_count(&to, "put manifest"), kind == 5);
        CHECK_INT(fake_count(&to, "refuse manifest"), kind != 5);
        CHECK(!result.fallback);
        end();
    }
}

TEST(an_immutable_tag_may_name_what_was_fallen_back_to)
{
    graph_begin();
    to.refuses = 400;
    struct oci_digest first = {""};
    for (int i = 0; i < 3; i++) {
        struct oci_push_graph g = nested("v1");
        g.fallback = i < 2;
        g.immutable = true;
        CHECK_INT(push(&g, NULL), i < 2 ? OCI_OK : OCI_EXISTS);
        if (i == 0)
            first = result.desc.digest;
        else if (i == 1)
            CHECK(result.fallback && oci_digest_equal(&first, &result.desc.digest));
    }
    end();
}

/* ---- anything may happen ---- */

TEST(any_operation_may_fail_and_any_turn_be_the_last)
{
    for (int kind = 0; kind < 4; kind++) {
        for (unsigned n = 1;; n++) {
            graph_begin();
            to.fail_at = kind < 2 ? n : 0;
            to.fail_code = OCI_DENIED;
            graph_host.cancel_at_turn = kind < 2 ? 0 : n;
            to.refuses = kind & 1 ? 400 : 0;
            to.type.remote = n & 1;
            graph_host.random = n;
            struct oci_push_graph g = nested("v1");
            g.fallback = true;
            g.immutable = n % 3 == 0;
            int rc = push(&g, NULL);
            bool over = kind < 2 ? to.operations < n : graph_host.turns < n;
            CHECK(rc == OCI_OK || rc == (kind < 2 ? OCI_DENIED : OCI_CANCELED));
            CHECK(!over || rc == OCI_OK);
            CHECK(rc != OCI_OK || strcmp(fake_tag(&to, "v1"), result.desc.digest.text) == 0);
            end();
            if (over)
                break;
        }
    }
}

TEST(a_thousand_manifests)
{
    enum { COUNT = 1000 };
    graph_begin();
    struct oci_push_graph g = push_graph(COUNT + 1, "v1");
    g.documents[COUNT] = push_index(COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        char text[20];
        snprintf(text, sizeof text, "%zu", i);
        g.documents[i] = one(text);
        g.documents[COUNT].entries[i] = push_entry(i);
    }
    to.type.remote = true;
    CHECK_INT(push(&g, NULL), OCI_OK);
    CHECK_INT(fake_count(&to, "put manifest"), COUNT + 1);
    CHECK(to.most_putting <= 32);
    end();
}
