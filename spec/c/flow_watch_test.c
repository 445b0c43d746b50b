/* The source around a source: hash, count, and what is told of it; and lists of names. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow/store.h"
#include "flow/watch.h"
#include "flow_host.h"
#include "test.h"


static struct flow_host host;

static struct oci_source *text(const char *s)
{
    struct oci_bytes *b = oci_bytes_new(s, strlen(s));
    struct oci_source *source = oci_source_bytes(b);
    oci_bytes_unref(b);
    return source;
}

TEST(hashes_what_is_read_and_begins_anew_when_it_is_rewound)
{
    struct oci_source *inside = text("hello");
    struct oci_source *w = oci_watch_new(inside, &(struct oci_watch_options){.hash = true, .own = true});
    struct oci_digest d;
    struct oci_err err = {0};
    uint64_t size;
    char buf[10];
    size_t n;
    CHECK_INT(w->size, 5);
    CHECK(oci_watch_inside(w) == inside && oci_watch_inside(inside) == inside);
    CHECK_INT(w->type->read(w, buf, 3, &n, &err), OCI_OK);
    CHECK_INT(oci_watch_result(w, &d, &size, &err), OCI_INVALID);
    CHECK_INT(w->type->rewind(w, NULL), OCI_OK);
    CHECK_INT(w->type->read(w, buf, 10, &n, NULL), OCI_OK);
    CHECK_INT(oci_watch_result(w, &d, &size, NULL), OCI_OK); /* the size was known: the end need not be looked for */
    CHECK_INT(size, 5);
    CHECK_STR(d.text, HELLO);
    oci_source_free(w);
}

/* Content in memory is used where it is, unless it must be read to be hashed. */
TEST(gives_the_whole_of_what_it_only_counts)
{
    struct oci_source *inside = text("hello");
    struct oci_source *counted = oci_watch_new(inside, &(struct oci_watch_options){.hash = false});
    struct oci_source *hashed = oci_watch_new(inside, &(struct oci_watch_options){.hash = true});
    struct oci_source *file = oci_source_file("there-is-none", 5);
    CHECK_STR(inside->type->whole(inside)->p, "hello");
    CHECK(counted->type->whole(counted) == inside->type->whole(inside));
    CHECK(!hashed->type->whole && !file->type->whole);
    oci_source_free(file);
    oci_source_free(hashed);
    oci_source_free(counted);
    oci_source_free(inside);
}

/* ---- what moves by itself ---- */

static struct oci_source *moved_inside;

static struct oci_flow *into(struct oci_source *s, struct oci_sink *k)
{
    (void)s;
    return oci_flow_move(&host.host, moved_inside, k);
}

static void nothing(struct oci_source *s)
{
    (void)s;
}

static const struct oci_source_type by_itself = {.name = "by itself", .into = into, .free = nothing};

static char told[200];

static void tell(void *ctx, uint64_t done)
{
    size_t len = strlen(told);
    snprintf(told + len, sizeof told - len, "%s%llu ", (const char *)ctx, (unsigned long long)done);
}

/* A sink that can be restarted, pauses once, and whose verdict is asked for twice. */
struct odd_sink {
    struct oci_sink base;
    unsigned restarts, pauses, ends;
    struct oci_call wake;
};

static void on_wake(struct oci_call *c)
{
    oci_sink_resume(&OCI_OWNER(c, struct odd_sink, wake)->base);
}

static int odd_write(struct oci_sink *k, const void *p, size_t len, struct oci_err *reterr)
{
    struct odd_sink *o = OCI_OWNER(k, struct odd_sink, base);
    (void)p;
    (void)reterr;
    if (o->pauses++ == 1) {
        host.host.call(&host.host, &o->wake);
        return OCI_PAUSED;
    }
    k->written += len;
    return OCI_OK;
}

static int odd_restart(struct oci_sink *k, struct oci_err *reterr)
{
    (void)reterr;
    OCI_OWNER(k, struct odd_sink, base)->restarts++;
    k->written = 0;
    return OCI_OK;
}

static int odd_end(struct oci_sink *k, int rc, struct oci_err *reterr)
{
    struct odd_sink *o = OCI_OWNER(k, struct odd_sink, base);
    (void)reterr;
    if (o->ends++ == 0) {
        host.host.call(&host.host, &o->wake);
        return OCI_PAUSED;
    }
    return rc;
}

static void odd_free(struct oci_sink *k)
{
    (void)k;
}

static struct odd_sink odd_sink(const struct oci_sink_type *type)
{
    struct odd_sink o = {.base = {.type = type}, .wake = {.fn = on_wake}};
    return o;
}

TEST(counts_what_moves_by_itself_through_the_sink)
{
    static const struct oci_sink_type type = {
        .name = "odd", .write = odd_write, .restart = odd_restart, .end = odd_end, .free = odd_free};
    char large[150001];
    memset(large, 'x', 150000);
    large[150000] = '\0';
    flow_host_init(&host, NULL, 0);
    moved_inside = text(large);
    told[0] = '\0';
    char prefix[] = "=";
    struct oci_source source = {.type = &by_itself, .size = 150000};
    struct odd_sink sink = odd_sink(&type);
    oci_list_init(&sink.wake.link);
    struct oci_source *w = oci_watch_new(&source, &(struct oci_watch_options){.moved = tell, .ctx = prefix});
    CHECK_INT(flow_host_run(&host, oci_flow_move(&host.host, w, &sink.base)), OCI_OK);
    CHECK_STR(told, "=65536 =131072 ");
    CHECK_INT(sink.base.written, 150000);
    CHECK_INT(sink.ends, 2);
    CHECK(sink.base.ended);
    oci_source_free(w);
    oci_source_free(moved_inside);
    flow_host_done(&host, false);
}

static struct oci_sink *given;

static struct oci_flow *keep_sink(struct oci_source *s, struct oci_sink *k)
{
    (void)s;
    given = k;
    return NULL;
}

TEST(a_restart_of_the_sink_goes_through)
{
    static const struct oci_source_type kept = {.name = "kept", .into = keep_sink, .free = nothing};
    static const struct oci_sink_type type = {
        .name = "odd", .write = odd_write, .restart = odd_restart, .end = odd_end, .free = odd_free};
    static const struct oci_sink_type stubborn = {
        .name = "stubborn", .write = odd_write, .end = odd_end, .free = odd_free};
    struct oci_source source = {.type = &kept, .size = OCI_SIZE_UNKNOWN};
    struct odd_sink sink = odd_sink(&type);
    char prefix[] = "";
    struct oci_source *w = oci_watch_new(&source, &(struct oci_watch_options){.moved = tell, .ctx = prefix});
    CHECK(!w->type->into(w, &sink.base));
    CHECK_INT(given->type->write(given, "hello", 5, NULL), OCI_OK);
    CHECK_INT(given->written, 5);
    CHECK_INT(given->type->restart(given, NULL), OCI_OK);
    CHECK_INT(sink.restarts, 1);
    CHECK_INT(given->written, 0);
    sink = odd_sink(&stubborn);
    CHECK(!w->type->into(w, &sink.base));
    CHECK_INT(given->type->restart(given, NULL), OCI_UNSUPPORTED);
    oci_sink_free(given);
    oci_source_free(w);
}

/* ---- names ---- */

TEST(lists_of_names_are_bounded)
{
    struct oci_names n;
    oci_names_init(&n);
    CHECK_INT(oci_names_add(&n, "abc", 2), OCI_OK);
    CHECK_STR(n.items[0], "ab");
    for (int i = 1; i < OCI_MAX_NAMES; i++)
        CHECK_INT(oci_names_add(&n, "x", 1), OCI_OK);
    CHECK_INT(oci_names_add(&n, "x", 1), OCI_LIMIT);
    CHECK_INT(n.count, OCI_MAX_NAMES);
    oci_names_done(&n);
    CHECK_INT(n.count, 0);
    oci_names_done(NULL);
    oci_store_free(NULL);
}
