/* Every allocation of every flow fails once, and then from some point on: the flow ends with NO_MEMORY or
 * succeeds all the same, nothing leaks, nothing is left over. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "failmalloc.h"
#include "flow/children.h"
#include "flow/graph.h"
#include "flow/registry_flows.h"
#include "flow_host.h"
#include "flow_store.h"
#include "push_kit.h"
#include "test.h"

#define AT "https://r.io/up/1?s=x"
#define MANIFEST                                                                                                   \
    "{\"schemaVersion\":2,\"artifactType\":\"x/y\",\"config\":{\"mediaType\":\"a/b\",\"digest\":\"" HELLO          \
    "\",\"size\":2},\"layers\":[]}"

static struct flow_host host;
static struct fake_store from, to;
static struct oci_digest manifest;

static void good(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
{
    bool is_manifest = strstr(q->url, "/manifests/") != NULL;
    bool list = strstr(q->url, "list") != NULL;
    int upload = strcmp(q->method, "PUT") == 0 ? 201 : 202;
    *ret_row = (struct flow_row){.status = upload, .location = AT, .type = OCI_TYPE_MANIFEST};
    if (strcmp(q->method, "HEAD") == 0) {
        ret_row->status = is_manifest ? 405 : 404;
    } else if (strcmp(q->method, "GET") == 0) {
        ret_row->status = 200;
        ret_row->body = is_manifest ? MANIFEST : list ? "{\"tags\":[\"a\",\"b\"]}" : "hello";
        ret_row->link = list && h->asked == 1 ? "https://r.io/list/2" : NULL;
        if (list && h->asked == 2)
            ret_row->body = "{\"tags\":[\"c\"]}";
    }
}

/* ---- the scenarios: each gives a code, and frees what it has ---- */

static int run(struct oci_flow *f)
{
    return f ? flow_host_run(&host, f) : OCI_NO_MEMORY;
}

static struct oci_source *hello(void)
{
    struct oci_bytes *b = oci_bytes_new("hello", 5);
    struct oci_source *s = b ? oci_source_bytes(b) : NULL;
    oci_bytes_unref(b);
    return s;
}

/* Joined by a pipe. */
struct by_itself {
    struct oci_source base;
    struct oci_source *inside;
};

static struct oci_flow *into(struct oci_source *s, struct oci_sink *k)
{
    return oci_flow_move(&host.host, OCI_OWNER(s, struct by_itself, base)->inside, k);
}

static void by_itself_free(struct oci_source *s)
{
    oci_source_free(OCI_OWNER(s, struct by_itself, base)->inside);
    oci_free(OCI_OWNER(s, struct by_itself, base));
}

static const struct oci_source_type by_itself_type = {.name = "by itself", .into = into, .free = by_itself_free};

static struct oci_source *piped(void)
{
    struct by_itself *b = oci_calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->base = (struct oci_source){.type = &by_itself_type, .size = 5};
    b->inside = hello();
    if (b->inside)
        return &b->base;
    oci_free(b);
    return NULL;
}

static int push_with(struct oci_source *take, bool known, const struct oci_put *hint)
{
    struct oci_repository r = flow_repository(&host);
    struct oci_digest d = known ? flow_hello_digest() : (struct oci_digest){""};
    struct oci_desc desc;
    oci_desc_set(&desc, "a/b", &d, 5);
    return run(oci_flow_push_blob(&r, &desc, take, hint, NULL, NULL));
}

static int push(void) { return push_with(hello(), true, NULL); }
static int push_mount(void) { return push_with(hello(), true, &(struct oci_put){.mount_from = "c/d"}); }
static int push_verify(void) { return push_with(hello(), true, &(struct oci_put){.verify = true}); }
static int push_piped(void) { return push_with(piped(), true, NULL); }
static int push_stream(void) { return push_with(hello(), false, NULL); }
static int push_piped_stream(void) { return push_with(piped(), false, NULL); }

static int pull_blob(void)
{
    struct oci_repository r = flow_repository(&host);
    struct oci_digest d = flow_hello_digest();
    struct oci_desc desc;
    struct oci_bytes *bytes = NULL;
    oci_desc_set(&desc, "a/b", &d, 5);
    struct oci_sink *sink = oci_sink_bytes(100, &desc, &bytes);
    int rc = sink ? run(oci_flow_pull_blob(&r, &desc, 0, 0, sink)) : OCI_NO_MEMORY;
    if (rc == OCI_OK)
        CHECK_STR(bytes->p, "hello");
    oci_sink_free(sink);
    oci_bytes_unref(bytes);
    return rc;
}

static int get(void)
{
    struct oci_repository r = flow_repository(&host);
    struct oci_desc desc = {0};
    struct oci_bytes *bytes = NULL;
    int rc = run(oci_flow_get_manifest(&r, manifest.text, 0, &desc, &bytes));
    if (rc == OCI_OK)
        CHECK(bytes && oci_digest_equal(&desc.digest, &manifest) && oci_str_equal(desc.artifact_type, "x/y"));
    oci_desc_done(&desc);
    oci_bytes_unref(bytes);
    return rc;
}

static int head(void)
{
    struct oci_repository r = flow_repository(&host);
    struct oci_desc desc = {0};
    int rc = run(oci_flow_head_manifest(&r, "v1", &desc));
    oci_desc_done(&desc);
    return rc;
}

static int put(void)
{
    struct oci_repository r = flow_repository(&host);
    struct oci_bytes *b = oci_bytes_new(MANIFEST, strlen(MANIFEST));
    struct oci_desc desc;
    if (!b)
        return OCI_NO_MEMORY;
    oci_desc_set(&desc, OCI_TYPE_MANIFEST, &manifest, b->len);
    int rc = run(oci_flow_put_manifest(&r, &desc, b, "v1"));
    oci_bytes_unref(b);
    return rc;
}

static int tags(void)
{
    struct oci_repository r = flow_repository(&host);
    struct oci_names names = {0};
    int rc = run(oci_flow_list_tags(&r, &names));
    if (rc == OCI_OK)
        CHECK_INT(names.count, 3);
    oci_names_done(&names);
    return rc;
}

static int untag(void)
{
    struct oci_repository r = flow_repository(&host);
    return run(oci_flow_delete_tag(&r, "v1"));
}

static int copy(void)
{
    static const char *const more[] = {"v2"};
    struct oci_desc desc = {0};
    int rc = run(oci_flow_copy_graph(&from.base, "v1", &to.base, "v1", more, 1,
                                     &(struct oci_graph_options){.mount_from = "c/d"}, &desc));
    if (rc == OCI_OK)
        CHECK_STR(fake_tag(&to, "v2"), fake_tag(&from, "v1"));
    oci_desc_done(&desc);
    return rc;
}

static int copy_remote(void)
{
    to.type.remote = true;
    from.sources = FAKE_INTO;
    return copy();
}

static bool make_document(struct oci_push_document *p)
{
    *p = push_manifest(3);
    for (size_t i = 0; p->layers && i < 3; i++) {
        p->layers[i] = push_item("hello");
        if (i == 1) {
            oci_source_free(p->layers[i].source);
            p->layers[i].source = piped();
        }
        p->layers[i].embed = i == 2;
        if (!p->layers[i].source)
            break;
    }
    if (p->layers && p->layers[2].source)
        return true;
    p->count = p->layers ? p->count : 0;
    oci_push_document_done(p);
    return false;
}

static int push_artifact_with(const struct oci_graph_options *options)
{
    struct oci_push_document p;
    struct oci_pushed pushed = {0};
    if (!make_document(&p))
        return OCI_NO_MEMORY;
    int rc = run(push_one(&to.base, &p, "v1", options, &pushed));
    if (rc == OCI_OK)
        CHECK_STR(fake_tag(&to, "v1"), pushed.desc.digest.text);
    oci_pushed_done(&pushed);
    return rc;
}

/* An index of two equal manifests, refused at first, under a tag that is not to be moved. */
static int push_index_graph(void)
{
    struct oci_push_graph g = push_graph(3, "v1");
    bool made = g.documents != NULL;
    for (size_t i = 0; made && i < 2; i++) {
        g.documents[i] = push_manifest(1);
        made = g.documents[i].layers != NULL;
        g.documents[i].count = made;
        if (made) {
            g.documents[i].layers[0] = push_item("hello");
            made = g.documents[i].layers[0].source != NULL;
        }
    }
    if (made) {
        g.documents[2] = push_index(2);
        made = g.documents[2].entries != NULL;
        g.documents[2].entry_count = made ? 2 : 0;
    }
    if (!made) {
        oci_push_graph_done(&g);
        return OCI_NO_MEMORY;
    }
    g.documents[2].entries[0] = push_entry(0);
    g.documents[2].entries[1] = push_entry(1);
    g.fallback = g.immutable = true;
    to.refuses = 400;
    struct oci_pushed pushed = {0};
    int rc = run(oci_flow_push_graph(&to.base, &g, NULL, &pushed));
    if (rc == OCI_OK)
        CHECK(pushed.fallback && strcmp(fake_tag(&to, "v1"), pushed.desc.digest.text) == 0);
    oci_pushed_done(&pushed);
    return rc;
}

static int push_artifact(void)
{
    to.type.remote = true;
    return push_artifact_with(NULL);
}

static int push_new_artifact(void) { return push_artifact_with(&(struct oci_graph_options){.is_new = true}); }

static int tag(void)
{
    static const char *const names[] = {"a", "b"};
    struct oci_desc desc = {0};
    int rc = run(oci_flow_tag(&from.base, "v1", names, 2, &desc));
    oci_desc_done(&desc);
    return rc;
}

/* ---- a target for pulls ---- */

static const struct oci_layer *planned;
static size_t planned_count;
static int discards;

static int plan(struct oci_pull_target *t, const struct oci_layer *layers, size_t layer_count, struct oci_err *reterr)
{
    (void)t;
    (void)reterr;
    planned = layers;
    planned_count = layer_count;
    return OCI_OK;
}

static int finish(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

static struct oci_flow *nothing_to_do(struct oci_pull_target *t)
{
    static const struct oci_flow_type type = {.name = "nothing"};
    (void)t;
    return oci_flow_new(sizeof(struct oci_flow), &type, &host.host, finish);
}

static struct oci_flow *discard(struct oci_pull_target *t)
{
    discards++;
    return nothing_to_do(t);
}

static size_t count(struct oci_pull_target *t)
{
    (void)t;
    return planned_count;
}

static const struct oci_desc *desc_of(struct oci_pull_target *t, size_t i)
{
    (void)t;
    return planned[i].desc;
}

static bool wanted(struct oci_pull_target *t, size_t i)
{
    (void)t;
    (void)i;
    return true;
}

static struct oci_flow *stage(struct oci_pull_target *t, size_t i, struct oci_source *take_source)
{
    struct oci_put hint = {0};
    return to.type.put(&to.base, desc_of(t, i), take_source, &hint, NULL, NULL);
}

static int pull_artifact(void)
{
    static const struct oci_pull_target_type type = {
        .plan = plan, .prepare = nothing_to_do, .count = count, .desc = desc_of, .wanted = wanted, .put = stage,
        .commit = nothing_to_do, .discard = discard,
    };
    struct oci_pull_target target = {&type};
    struct oci_desc desc = {0};
    struct oci_manifest *m = NULL;
    planned = NULL;
    discards = 0;
    int rc = run(oci_flow_pull_artifact(&from.base, "image", NULL, &target, NULL, &desc, &m));
    CHECK(rc != OCI_OK || to.blobs.count == 2);
    CHECK(!planned || discards > 0);
    oci_desc_done(&desc);
    oci_manifest_free(m);
    return rc;
}

/* ---- the sweep ---- */

static void set_up(void)
{
    struct oci_desc layers[2], manifests[2];
    flow_host_init(&host, NULL, 0);
    host.answer = good;
    fake_store_init(&from, &host.host);
    fake_store_init(&to, &host.host);
    fake_add_blob(&from, "one", "a/b", &layers[0]);
    fake_add_blob(&from, "two", "a/b", &layers[1]);
    fake_add_manifest(&from, layers, 2, "image", &manifests[0]);
    fake_add_manifest(&from, layers, 1, NULL, &manifests[1]);
    fake_add_index(&from, manifests, 2, "v1", NULL);
    oci_digest_of(OCI_STR(OCI_SHA256), MANIFEST, strlen(MANIFEST), &manifest, NULL);
}

static void tear_down(void)
{
    fake_store_done(&from);
    fake_store_done(&to);
    flow_host_done(&host, false);
}

/* `keeps`: the scenario puts something where it stays, so what lives is not counted. */
static void sweep(int (*scenario)(void), bool keeps)
{
    if (!failmalloc_available())
        SKIP("malloc cannot be replaced here");
    set_up();
    CHECK_INT(scenario(), OCI_OK); /* whatever a library keeps is made now */
    tear_down();
    for (int sticky = 0; sticky < 2; sticky++) {
        for (long k = 1;; k++) {
            set_up();
            failmalloc_arm(k, sticky);
            int rc = scenario();
            fake_store_empty(&to); /* what it stored is no leak */
            long live = failmalloc_live();
            long seen = failmalloc_disarm();
            if (rc != OCI_OK && rc != OCI_NO_MEMORY)
                FAIL("allocation %ld: %s, %s", k, oci_err_name(rc), host.err.text);
            if (!keeps && live != 0)
                FAIL("allocation %ld: %ld blocks are left", k, live);
            tear_down();
            if (seen < k) {
                CHECK_INT(rc, OCI_OK);
                break;
            }
        }
    }
}

TEST(push) { sweep(push, false); }
TEST(push_mount) { sweep(push_mount, false); }
TEST(push_verify) { sweep(push_verify, false); }
TEST(push_piped) { sweep(push_piped, false); }
TEST(push_stream) { sweep(push_stream, false); }
TEST(push_piped_stream) { sweep(push_piped_stream, false); }
TEST(pull_blob) { sweep(pull_blob, false); }
TEST(get) { sweep(get, false); }
TEST(head) { sweep(head, false); }
TEST(put) { sweep(put, false); }
TEST(tags) { sweep(tags, false); }
TEST(untag) { sweep(untag, false); }
TEST(copy) { sweep(copy, false); }
TEST(copy_remote) { sweep(copy_remote, false); }
TEST(push_index_graph) { sweep(push_index_graph, false); }
TEST(push_artifact) { sweep(push_artifact, false); }
TEST(push_new_artifact) { sweep(push_new_artifact, false); }
TEST(tag) { sweep(tag, true); }
TEST(pull_artifact) { sweep(pull_artifact, false); }
