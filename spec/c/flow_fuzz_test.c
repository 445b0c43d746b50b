/* Random answers, random failures, random order, random cancels, from fixed seeds: every flow ends, in
 * bounded steps, with nothing left over, and what it calls a success is one. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow/graph.h"
#include "flow/registry_flows.h"
#include "flow_host.h"
#include "flow_store.h"
#include "push_kit.h"
#include "test.h"

#define MANIFEST                                                                                                   \
    "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"" HELLO "\",\"size\":2},\"layers\":[]}"

#if defined __SANITIZE_THREAD__ /* which has nothing to find in one thread, and takes its time */
enum { RUNS = 1000 };
#elif defined __SANITIZE_ADDRESS__
enum { RUNS = 5000 };
#else
enum { RUNS = 20000 };
#endif
enum { ASKED_MAX = 400 };

static struct flow_host host;
static uint64_t seed;

static unsigned pick(unsigned n)
{
    return (unsigned)(flow_random(&seed) % n);
}

/* Half of the time what is hoped for, so that flows come far. */
static int status_for(const char *method)
{
    static const int all[] = {200, 201, 202, 204, 206, 304, 307, 400, 401, 403, 404, 405, 409, 413, 416, 429, 500, 503};
    if (pick(3) == 0)
        return all[pick(18)];
    if (strcmp(method, "HEAD") == 0)
        return pick(2) ? 200 : 404;
    if (strcmp(method, "GET") == 0)
        return pick(4) ? 200 : 206;
    return strcmp(method, "PUT") == 0 ? 201 : 202;
}

static void random_answer(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
{
    static const char *const locations[] = {NULL, "https://r.io/up", "https://r.io/up?a=b", "https://r.io/up?#x", ""};
    static const char *const links[] = {NULL, NULL, NULL, "https://r.io/1", "https://r.io/2", "https://r.io/3"};
    static const char *const types[] = {NULL,           OCI_TYPE_MANIFEST, OCI_TYPE_MANIFEST,
                                        OCI_TYPE_INDEX, "text/html",       "\x01"};
    static const char *const digests[] = {NULL, NULL, HELLO, "sha256:zz", "sha512:00", "md5:1"};
    static const char *const bodies[] = {
        "", "hello", MANIFEST, "{\"tags\":[\"a\",\"b\"]}", "{\"tags\":[]}", "{\"tags\":null}", "{\"tags\":[\"c\"]}",
        "{\"repositories\":[\"x\"]}", "{\"manifests\":[]}", "{\"schemaVersion\":2,\"manifests\":[]}", "<html>",
        "{\"errors\":[{\"code\":\"DIGEST_INVALID\"}]}", "{\"errors\":[{\"code\":\"BLOB_UPLOAD_UNKNOWN\"}]}", "\xff\xfe",
    };
    CHECK(h->asked < ASKED_MAX);
    *ret_row = (struct flow_row){
        .status = status_for(q->method),
        .location = locations[pick(5)],
        .link = links[pick(6)],
        .type = types[pick(6)],
        .digest = digests[pick(6)],
        .body = bodies[pick(14)],
        .length = pick(3) ? 0 : pick(2) ? 5 : (int64_t)flow_random(&seed),
        .resent = pick(4) == 0,
        .early = pick(4) == 0,
        .lost = pick(8) ? 0 : pick(2) ? OCI_NETWORK : OCI_TIMEOUT,
        .after = q->body ? pick(7) : 0,
    };
}

/* ---- content with moods ---- */

struct random_source {
    struct oci_source base;
    struct oci_source_type type;
    struct oci_bytes *bytes;
    struct oci_source *inside;
    struct oci_call wake;
    size_t at;
    bool fails, pauses;
};

static struct random_source *of(struct oci_source *s)
{
    return OCI_OWNER(s, struct random_source, base);
}

static void on_wake(struct oci_call *c)
{
    oci_source_resume(&OCI_OWNER(c, struct random_source, wake)->base);
}

static int random_open(struct oci_source *s, struct oci_err *reterr)
{
    of(s)->at = 0;
    return of(s)->fails && pick(4) == 0 ? oci_err_set(reterr, OCI_IO, "cannot open it") : OCI_OK;
}

static int random_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct random_source *r = of(s);
    if (r->pauses && pick(3) == 0) {
        host.host.call(&host.host, &r->wake);
        return OCI_PAUSED;
    }
    if (r->fails && pick(4) == 0)
        return oci_err_set(reterr, pick(2) ? OCI_IO : OCI_NETWORK, "cannot read it");
    size_t left = r->bytes->len - r->at;
    if (left == 0)
        return OCI_END_OF_CONTENT;
    size_t n = 1 + pick(3);
    n = n < left ? n : left;
    n = n < max ? n : max;
    memcpy(p, r->bytes->p + r->at, n);
    r->at += n;
    *ret_n = n;
    return OCI_OK;
}

static int random_rewind(struct oci_source *s, struct oci_err *reterr)
{
    (void)reterr;
    of(s)->at = 0;
    return OCI_OK;
}

static struct oci_flow *random_into(struct oci_source *s, struct oci_sink *k)
{
    return oci_flow_move(&host.host, of(s)->inside, k);
}

static void random_free(struct oci_source *s)
{
    host.host.uncall(&host.host, &of(s)->wake);
    oci_bytes_unref(of(s)->bytes);
    oci_source_free(of(s)->inside);
    oci_free(of(s));
}

static struct oci_source *random_source(unsigned nesting)
{
    struct random_source *r = oci_calloc(1, sizeof *r);
    r->type = (struct oci_source_type){
        .name = "random", .read = random_read, .rewind = random_rewind, .free = random_free};
    r->base = (struct oci_source){.type = &r->type, .size = pick(2) ? 5 : OCI_SIZE_UNKNOWN};
    r->bytes = oci_bytes_new("hello", 5);
    r->fails = pick(4) == 0;
    r->pauses = pick(2) == 0;
    oci_list_init(&r->wake.link);
    r->wake.fn = on_wake;
    r->type.open = pick(2) ? random_open : NULL;
    r->type.one_shot = pick(4) == 0;
    if (r->type.one_shot)
        r->type.rewind = NULL;
    r->type.on_pool = pick(3) == 0;
    if (r->type.on_pool)
        r->pauses = false;
    if (nesting == 0 && pick(3) == 0) {
        r->type.read = NULL;
        r->type.into = random_into;
        r->inside = random_source(1);
    }
    return &r->base;
}

/* ---- the flows of a registry ---- */

static void begin(uint64_t run)
{
    seed = run * 0x9E3779B97F4A7C15ull + 1;
    flow_host_init(&host, NULL, 0);
    host.answer = random_answer;
    host.random = flow_random(&seed) | 1;
    host.piece = 1 + pick(9);
    host.cancel_at_turn = pick(4) ? 0 : 1 + pick(60);
}

static void check_end(int rc)
{
    CHECK(rc <= 0);
    CHECK(rc == OCI_OK || host.err.text[0]);
    CHECK(host.lasts <= 1);
    flow_host_done(&host, false);
}

TEST(pushes_with_random_answers)
{
    for (uint64_t run = 0; run < RUNS; run++) {
        begin(run);
        struct oci_repository r = flow_repository(&host);
        bool known = pick(2);
        struct oci_digest d = known ? flow_hello_digest() : (struct oci_digest){""};
        struct oci_desc desc, ret;
        enum oci_put_state state = 99;
        struct oci_put hint = {.is_new = pick(3) == 0, .mount_from = pick(3) ? NULL : "c/d", .verify = pick(3) == 0};
        oci_desc_set(&desc, "a/b", &d, pick(3) ? 5 : OCI_SIZE_UNKNOWN);
        int rc = flow_host_run(&host, oci_flow_push_blob(&r, &desc, random_source(0), &hint, &ret, &state));
        if (rc == OCI_OK) {
            CHECK_STR(ret.digest.text, HELLO);
            CHECK(state != 99);
            if (!known)
                CHECK_INT(ret.size, 5);
        }
        check_end(rc);
    }
}

TEST(pulls_with_random_answers)
{
    for (uint64_t run = 0; run < RUNS; run++) {
        begin(run);
        struct oci_repository r = flow_repository(&host);
        struct oci_digest d = flow_hello_digest();
        struct oci_desc desc;
        struct oci_bytes *bytes = NULL;
        oci_desc_set(&desc, "a/b", &d, pick(3) ? 5 : OCI_SIZE_UNKNOWN);
        uint64_t offset = pick(3) ? 0 : pick(8);
        uint64_t length = pick(3) ? 0 : pick(8);
        bool whole = offset == 0 && length == 0;
        struct oci_sink *sink = oci_sink_bytes(100, whole ? &desc : NULL, &bytes);
        int rc = flow_host_run(&host, oci_flow_pull_blob(&r, &desc, offset, length, sink));
        if (rc == OCI_OK && whole)
            CHECK_STR(bytes->p, "hello");
        oci_sink_free(sink);
        oci_bytes_unref(bytes);
        check_end(rc);
    }
}

TEST(manifests_with_random_answers)
{
    struct oci_digest manifest;
    oci_digest_of(OCI_STR(OCI_SHA256), MANIFEST, strlen(MANIFEST), &manifest, NULL);
    for (uint64_t run = 0; run < RUNS; run++) {
        begin(run);
        struct oci_repository r = flow_repository(&host);
        struct oci_desc desc = {0};
        struct oci_bytes *bytes = NULL;
        bool by_digest = pick(2);
        unsigned kind = pick(3);
        const char *name = by_digest ? manifest.text : "v1";
        struct oci_flow *f = NULL;
        if (kind == 0) {
            f = oci_flow_get_manifest(&r, name, 0, &desc, &bytes);
        } else if (kind == 1) {
            f = oci_flow_head_manifest(&r, name, &desc);
        } else {
            struct oci_bytes *b = oci_bytes_new(MANIFEST, strlen(MANIFEST));
            oci_desc_set(&desc, OCI_TYPE_MANIFEST, &manifest, b->len);
            f = oci_flow_put_manifest(&r, &desc, b, by_digest ? NULL : "v1");
            oci_bytes_unref(b);
        }
        int rc = flow_host_run(&host, f);
        if (rc == OCI_OK && by_digest)
            CHECK_STR(desc.digest.text, manifest.text);
        if (rc == OCI_OK && kind == 0 && by_digest)
            CHECK_STR(bytes->p, MANIFEST);
        if (rc == OCI_OK)
            CHECK(desc.media_type[0] && oci_digest_is(&desc.digest));
        oci_desc_done(&desc);
        oci_bytes_unref(bytes);
        check_end(rc);
    }
}

TEST(lists_and_deletes_with_random_answers)
{
    for (uint64_t run = 0; run < RUNS; run++) {
        begin(run);
        struct oci_repository r = flow_repository(&host);
        struct oci_names names = {0};
        struct oci_digest d = flow_hello_digest();
        struct oci_desc desc;
        struct oci_flow *f = NULL;
        switch (pick(5)) {
        case 0:
            f = oci_flow_list_tags(&r, &names);
            break;
        case 1:
            f = oci_flow_list_repositories(&r, &names);
            break;
        case 2:
            f = oci_flow_delete_tag(&r, "v1");
            break;
        case 3:
            f = oci_flow_delete_manifest(&r, &d);
            break;
        default:
            f = oci_flow_stat_blob(&r, &d, &desc);
        }
        int rc = flow_host_run(&host, f);
        oci_names_done(&names);
        check_end(rc);
    }
}

/* ---- whole artifacts ---- */

static struct fake_store from, to;

/* A random graph: layers, manifests of some of them, indexes of some of those, the last one tagged. */
static void random_graph(void)
{
    struct oci_desc layers[6], nodes[8];
    unsigned layer_count = 1 + pick(6);
    unsigned node_count = 1 + pick(8);
    for (unsigned i = 0; i < layer_count; i++) {
        char text[20];
        snprintf(text, sizeof text, "layer %u", i);
        fake_add_blob(&from, text, "a/b", &layers[i]);
    }
    for (unsigned i = 0; i < node_count; i++) {
        struct oci_desc some[5];
        unsigned count = 1 + pick(5);
        bool index = i > 0 && pick(2);
        for (unsigned n = 0; n < count; n++)
            some[n] = index ? nodes[pick(i)] : layers[pick(layer_count)];
        const char *tag = i + 1 == node_count ? "v1" : NULL;
        if (index)
            fake_add_index(&from, some, count, tag, &nodes[i]);
        else
            fake_add_manifest(&from, some, count, tag, &nodes[i]);
    }
}

static void begin_graph(uint64_t run)
{
    begin(run);
    fake_store_init(&from, &host.host);
    fake_store_init(&to, &host.host);
    random_graph();
    from.sources = (enum fake_source)pick(3);
    to.type.remote = pick(2);
    to.type.one_space = pick(3) == 0;
    struct fake_store *s = pick(2) ? &from : &to;
    s->fail_at = pick(3) ? 0 : 1 + pick(20);
    s->fail_code = OCI_IO;
}

static void end_graph(int rc)
{
    fake_store_done(&from);
    fake_store_done(&to);
    check_end(rc);
}

TEST(copies_of_random_graphs)
{
    for (uint64_t run = 0; run < RUNS / 2; run++) {
        begin_graph(run);
        struct oci_desc desc = {0};
        struct oci_graph_options options = {.concurrency = pick(4), .is_new = pick(4) == 0, .verify = pick(2)};
        int rc = flow_host_run(&host, oci_flow_copy_graph(&from.base, "v1", &to.base, "v1", NULL, 0, &options, &desc));
        if (rc == OCI_OK) {
            CHECK_STR(desc.digest.text, fake_tag(&from, "v1"));
            CHECK_STR(desc.digest.text, fake_tag(&to, "v1"));
            /* Once more there is nothing to be done, or the same again. */
            host.cancel_at_turn = 0;
            from.fail_at = to.fail_at = 0;
            size_t blobs = fake_count(&to, "put blob");
            struct oci_flow *again = oci_flow_copy_graph(&from.base, "v1", &to.base, "v1", NULL, 0, NULL, NULL);
            CHECK_INT(flow_host_run(&host, again), OCI_OK);
            CHECK_INT(fake_count(&to, "put blob"), blobs);
        }
        oci_desc_done(&desc);
        end_graph(rc);
    }
}

/* Random trees of documents: each but the last is named by a random index after it. */
static struct oci_push_graph random_documents(void)
{
    size_t count = 1 + pick(7);
    struct oci_push_graph g = push_graph(count, "v2");
    size_t owner[8], named[8] = {0}, filled[8] = {0};
    for (size_t i = 0; i + 1 < count; i++) {
        owner[i] = i + 1 + pick((unsigned)(count - i - 1));
        named[owner[i]]++;
    }
    for (size_t i = 0; i < count; i++) {
        g.documents[i] = named[i] ? push_index(named[i]) : push_manifest(pick(4));
        for (size_t k = 0; k < g.documents[i].count; k++) {
            g.documents[i].layers[k] = push_item("x");
            oci_source_free(g.documents[i].layers[k].source);
            g.documents[i].layers[k].source = random_source(0);
            g.documents[i].layers[k].embed = pick(4) == 0;
        }
    }
    for (size_t i = 0; i + 1 < count; i++)
        g.documents[owner[i]].entries[filled[owner[i]]++] = push_entry(i);
    g.fallback = pick(2);
    g.immutable = pick(2);
    return g;
}

TEST(pushes_of_random_documents)
{
    for (uint64_t n = 0; n < RUNS / 2; n++) {
        begin_graph(n);
        struct oci_push_graph g = random_documents();
        struct oci_pushed pushed = {0};
        struct oci_graph_options options = {.concurrency = pick(4), .is_new = pick(4) == 0};
        to.refuses = pick(3) == 0 ? 400 : 0;
        int rc = flow_host_run(&host, oci_flow_push_graph(&to.base, &g, &options, &pushed));
        if (rc == OCI_OK)
            CHECK_STR(fake_tag(&to, "v2"), pushed.desc.digest.text);
        oci_pushed_done(&pushed);
        end_graph(rc);
    }
}

TEST(pushes_of_random_pieces)
{
    for (uint64_t run = 0; run < RUNS / 2; run++) {
        begin_graph(run);
        struct oci_push_document p = push_manifest(pick(6));
        for (size_t i = 0; i < p.count; i++) {
            struct oci_digest d = pick(4) ? (struct oci_digest){""} : flow_hello_digest();
            oci_desc_set(&p.layers[i].desc, "a/b", &d, OCI_SIZE_UNKNOWN);
            p.layers[i].source = random_source(0);
        }
        struct oci_pushed pushed = {0};
        struct oci_graph_options options = {.concurrency = pick(4), .is_new = pick(4) == 0};
        int rc = flow_host_run(&host, push_one(&to.base, &p, "v2", &options, &pushed));
        if (rc == OCI_OK)
            CHECK_STR(fake_tag(&to, "v2"), pushed.desc.digest.text);
        oci_pushed_done(&pushed);
        end_graph(rc);
    }
}
