#include "flow/watch.h"

#include "base/mem.h"

enum { TELL_EVERY = 64 * 1024 };

struct watch;

/* Around the sink of what moves by itself. */
struct watch_sink {
    struct oci_sink base;
    struct oci_sink *inside;
    struct watch *watch;
};

struct watch {
    struct oci_source base;
    struct oci_source_type type; /* as what is inside, so made for each */
    struct oci_source *inside;
    struct oci_hash *hash;       /* or NULL */
    uint64_t count;              /* bytes read since the beginning */
    uint64_t passed;             /* those of them that a MOVE has handed on */
    bool at_end, own;
    uint64_t told;
    void (*moved)(void *ctx, uint64_t done);
    void *ctx;
    struct watch_sink sink;
};

static struct watch *of(struct oci_source *s)
{
    return OCI_OWNER(s, struct watch, base);
}

static void tell(struct watch *w, uint64_t done)
{
    if (!w->moved || (done >= w->told && done - w->told < TELL_EVERY))
        return;
    w->told = done;
    w->moved(w->ctx, done);
}

/* ---- the source ---- */

static int begin(struct watch *w, struct oci_err *reterr)
{
    w->count = w->passed = 0;
    w->at_end = false;
    if (w->hash && oci_hash_restart(w->hash) < 0)
        return oci_err_no_memory(reterr);
    return OCI_OK;
}

static int watch_open(struct oci_source *s, struct oci_err *reterr)
{
    struct watch *w = of(s);
    int rc = w->inside->type->open(w->inside, reterr);
    if (rc == OCI_OK)
        rc = begin(w, reterr);
    if (rc == OCI_OK)
        s->size = w->inside->size;
    return rc;
}

static int watch_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct watch *w = of(s);
    int rc = w->inside->type->read(w->inside, p, max, ret_n, reterr);
    if (rc == OCI_END_OF_CONTENT)
        w->at_end = true;
    if (rc != OCI_OK)
        return rc;
    if (w->hash && oci_hash_add(w->hash, p, *ret_n) < 0)
        return oci_err_no_memory(reterr);
    w->count += *ret_n;
    /* On the pool nothing is told: watch_moved() does. */
    if (!w->type.on_pool)
        tell(w, w->count);
    return OCI_OK;
}

static int watch_rewind(struct oci_source *s, struct oci_err *reterr)
{
    struct watch *w = of(s);
    int rc = w->inside->type->rewind(w->inside, reterr);
    return rc == OCI_OK ? begin(w, reterr) : rc;
}

static void watch_moved(struct oci_source *s, size_t n)
{
    struct watch *w = of(s);
    if (w->inside->type->moved)
        w->inside->type->moved(w->inside, n);
    w->passed += n;
    if (w->type.on_pool)
        tell(w, w->passed);
}

static void watch_close(struct oci_source *s)
{
    struct watch *w = of(s);
    if (w->inside->type->close)
        w->inside->type->close(w->inside);
}

static void watch_free(struct oci_source *s)
{
    struct watch *w = of(s);
    w->inside->resume = (struct oci_resume){0};
    if (w->own)
        oci_source_free(w->inside);
    oci_hash_free(w->hash);
    oci_free(w);
}

static void resume_watch(void *ctx)
{
    struct watch *w = ctx;
    oci_source_resume(&w->base);
}

/* ---- the sink of what moves by itself ---- */

static int sink_write(struct oci_sink *s, const void *p, size_t len, struct oci_err *reterr)
{
    struct watch_sink *k = OCI_OWNER(s, struct watch_sink, base);
    int rc = k->inside->type->write(k->inside, p, len, reterr);
    s->written = k->inside->written;
    if (rc == OCI_OK)
        tell(k->watch, s->written);
    return rc;
}

static int sink_restart(struct oci_sink *s, struct oci_err *reterr)
{
    struct watch_sink *k = OCI_OWNER(s, struct watch_sink, base);
    if (!k->inside->type->restart)
        return OCI_UNSUPPORTED;
    int rc = k->inside->type->restart(k->inside, reterr);
    s->written = k->inside->written;
    return rc;
}

static int sink_end(struct oci_sink *s, int rc, struct oci_err *reterr)
{
    struct watch_sink *k = OCI_OWNER(s, struct watch_sink, base);
    int verdict = k->inside->type->end(k->inside, rc, reterr);
    if (verdict != OCI_PAUSED) {
        k->inside->ended = true;
        k->inside->resume = (struct oci_resume){0};
    }
    s->written = k->inside->written;
    return verdict;
}

static void sink_free(struct oci_sink *s)
{
    (void)s; /* a part of its watch */
}

static void resume_sink(void *ctx)
{
    struct watch_sink *k = ctx;
    oci_sink_resume(&k->base);
}

static const struct oci_sink_type watch_sink_type = {
    .name = "watch",
    .write = sink_write,
    .restart = sink_restart,
    .end = sink_end,
    .free = sink_free,
};

static struct oci_flow *watch_into(struct oci_source *s, struct oci_sink *sink)
{
    struct watch *w = of(s);
    if (!w->moved)
        return w->inside->type->into(w->inside, sink);
    w->sink = (struct watch_sink){.base = {.type = &watch_sink_type}, .inside = sink, .watch = w};
    sink->resume = (struct oci_resume){resume_sink, &w->sink};
    return w->inside->type->into(w->inside, &w->sink.base);
}

/* Nothing is told of it on its way: the end is. */
static struct oci_bytes *watch_whole(struct oci_source *s)
{
    return of(s)->inside->type->whole(of(s)->inside);
}

/* ---- making one ---- */

struct oci_source *oci_watch_new(struct oci_source *inside, const struct oci_watch_options *options)
{
    struct watch *w = oci_calloc(1, sizeof *w);
    if (!w || (options->hash && oci_hash_new(OCI_STR(OCI_SHA256), &w->hash, NULL) < 0)) {
        if (options->own)
            oci_source_free(inside);
        oci_free(w);
        return NULL;
    }
    w->own = options->own;
    const struct oci_source_type *t = inside->type;
    w->type = (struct oci_source_type){
        .name = t->name,
        .open = t->open ? watch_open : NULL,
        .read = t->read ? watch_read : NULL,
        .rewind = t->rewind ? watch_rewind : NULL,
        .into = t->into ? watch_into : NULL,
        .close = watch_close,
        .free = watch_free,
        .moved = watch_moved,
        .whole = t->whole && !w->hash ? watch_whole : NULL,
        .on_pool = t->on_pool,
        .one_shot = t->one_shot,
    };
    w->base = (struct oci_source){.type = &w->type, .size = inside->size, .used = inside->used};
    inside->used = true;
    inside->resume = (struct oci_resume){resume_watch, w};
    w->inside = inside;
    w->moved = options->moved;
    w->ctx = options->ctx;
    return &w->base;
}

int oci_watch_result(struct oci_source *watch, struct oci_digest *ret_digest, uint64_t *ret_size,
                     struct oci_err *reterr)
{
    struct watch *w = of(watch);
    /* Who knows the size may have stopped there without looking for the end. */
    bool at_end = w->at_end || w->count == w->base.size;
    if (!at_end || !w->hash)
        return oci_err_set(reterr, OCI_INVALID, "the content was not read to its end");
    if (oci_hash_end(w->hash, ret_digest) < 0)
        return oci_err_no_memory(reterr);
    *ret_size = w->count;
    return OCI_OK;
}

struct oci_source *oci_watch_inside(struct oci_source *s)
{
    return s->type->free == watch_free ? of(s)->inside : s;
}
