#include "client/stream_target.h"

#include "base/mem.h"
#include "content/check.h"

struct stream;

/* One file into the window. The window's own sink lives as long as the pull, so what a transfer that is made again must
 * pass over is counted here. */
struct part {
    struct oci_sink base;
    struct oci_check check;
    struct stream *stream;
    uint64_t passed; /* bytes handed on, in all attempts */
};

struct stream {
    struct oci_pull_target base;
    struct oci_op *op;
    int (*planned)(struct oci_flow *f);
    struct oci_flow *asker;
    const struct oci_layer *layers;
    size_t count, done;
    struct oci_sink *window;
    struct part *part; /* the one at work, or NULL */
};

static struct stream *of(struct oci_pull_target *t)
{
    return OCI_OWNER(t, struct stream, base);
}

/* ---- one file into the window ---- */

static int part_write(struct oci_sink *s, const void *p, size_t len, struct oci_err *reterr)
{
    struct part *k = OCI_OWNER(s, struct part, base);
    struct oci_sink *window = k->stream->window;
    int rc = oci_check_fits(&k->check, s->written, len, reterr);
    if (rc != OCI_OK)
        return rc;
    uint64_t had = k->passed - s->written;
    size_t skip = had < len ? (size_t)had : len;
    if (skip < len && (rc = window->type->write(window, (const char *)p + skip, len - skip, reterr)) != OCI_OK)
        return rc;
    k->passed += len - skip;
    s->written += len;
    return oci_check_add(&k->check, p, len, reterr);
}

static int part_restart(struct oci_sink *s, struct oci_err *reterr)
{
    s->written = 0;
    return oci_check_restart(&OCI_OWNER(s, struct part, base)->check, reterr);
}

/* Right by its size and digest, it is as long as all that was handed on. */
static int part_end(struct oci_sink *s, int rc, struct oci_err *reterr)
{
    return rc == OCI_OK ? oci_check_end(&OCI_OWNER(s, struct part, base)->check, NULL, reterr) : rc;
}

static void part_free(struct oci_sink *s)
{
    struct part *k = OCI_OWNER(s, struct part, base);
    if (k->stream->part == k) /* the next one is there already */
        k->stream->part = NULL;
    oci_check_done(&k->check);
    oci_free(k);
}

static struct oci_sink *part_new(struct stream *t, const struct oci_desc *want)
{
    static const struct oci_sink_type type = {
        .name = "part of a stream", .write = part_write, .restart = part_restart, .end = part_end, .free = part_free};
    struct part *k = oci_calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->base.type = &type;
    k->stream = t;
    oci_check_init(&k->check, want);
    t->part = k;
    return &k->base;
}

static void on_room(void *ctx)
{
    struct stream *t = ctx;
    if (t->part)
        oci_sink_resume(&t->part->base);
}

/* ---- putting ---- */

struct put {
    struct oci_flow flow;
    struct stream *stream;
    struct oci_source *source;
    struct oci_sink *sink;
};

static int on_verified(struct oci_flow *f)
{
    struct stream *t = OCI_OWNER(f, struct put, flow)->stream;
    t->done++;
    oci_op_tell_verified(t->op);
    return OCI_OK;
}

static int put_first(struct oci_flow *f)
{
    struct put *p = OCI_OWNER(f, struct put, flow);
    return oci_ask_move(f, p->source, p->sink, on_verified);
}

static void put_free(struct oci_flow *f)
{
    struct put *p = OCI_OWNER(f, struct put, flow);
    oci_sink_free(p->sink);
    oci_source_free(p->source);
}

static struct oci_flow *stream_put(struct oci_pull_target *target, size_t index, struct oci_source *take_source)
{
    static const struct oci_flow_type type = {.name = "stream put", .free = put_free};
    struct stream *t = of(target);
    struct put *p = oci_flow_new(sizeof *p, &type, t->op->host, put_first);
    if (!p) {
        oci_source_free(take_source);
        return NULL;
    }
    p->stream = t;
    p->source = take_source;
    p->sink = part_new(t, t->layers[index].desc);
    if (p->sink)
        return &p->flow;
    oci_flow_free(&p->flow);
    return NULL;
}

/* ---- the target ---- */

static int stream_plan(struct oci_pull_target *target, const struct oci_layer *layers, size_t count,
                       struct oci_err *reterr)
{
    struct stream *t = of(target);
    for (size_t i = 0; i < count; i++) {
        const struct oci_digest *d = &layers[i].desc->digest;
        if (!oci_digest_can_verify(d))
            return oci_err_set(reterr, OCI_UNSUPPORTED, "content with the digest %s cannot be verified", d->text);
    }
    t->layers = layers;
    t->count = count;
    if (t->planned(t->asker) != OCI_OK || oci_result_set_layers(t->op, layers, count) != OCI_OK)
        return oci_err_no_memory(reterr);
    oci_op_publish(t->op);
    return OCI_OK;
}

static size_t stream_count(struct oci_pull_target *t)
{
    return of(t)->count;
}

static const struct oci_desc *stream_desc(struct oci_pull_target *t, size_t index)
{
    return of(t)->layers[index].desc;
}

static bool stream_wanted(struct oci_pull_target *t, size_t index)
{
    (void)t;
    (void)index;
    return true;
}

struct oci_pull_target *oci_stream_target_new(struct oci_op *op, int (*planned)(struct oci_flow *f), struct oci_flow *f)
{
    static const struct oci_pull_target_type type = {
        .plan = stream_plan,
        .count = stream_count,
        .desc = stream_desc,
        .wanted = stream_wanted,
        .put = stream_put,
        .in_order = true,
    };
    struct stream *t = oci_calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->window = oci_window_sink(op->window, NULL);
    if (!t->window) {
        oci_free(t);
        return NULL;
    }
    t->base.type = &type;
    t->op = op;
    t->planned = planned;
    t->asker = f;
    t->window->resume = (struct oci_resume){on_room, t};
    return &t->base;
}

void oci_stream_target_free(struct oci_pull_target *target)
{
    if (!target)
        return;
    struct stream *t = of(target);
    if (t->layers && t->done == t->count)
        t->window->type->end(t->window, OCI_OK, NULL);
    oci_sink_free(t->window);
    oci_free(t);
}
