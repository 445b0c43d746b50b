/* layout.c - an OCI image layout as a store: blobs in and out (layout.h; store.h). */
#include "store/layout.h"

#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "store/stores.h"
#include "sys/clock.h"

static struct oci_layout *layout(struct oci_store *s)
{
    return OCI_OWNER(s, struct oci_layout, base);
}

/* ---- reading ------------------------------------------------------------------------------- */

static int source_dir(void *ctx, int *ret_dirfd, struct oci_err *reterr)
{
    return oci_layout_open(ctx, false, ret_dirfd, reterr);
}

static struct oci_source *layout_source_range(struct oci_store *s, const struct oci_desc *desc, uint64_t offset,
                                              uint64_t length)
{
    struct oci_layout *l = layout(s);
    char path[OCI_LAYOUT_PATH_MAX];
    oci_layout_path(&desc->digest, path);
    struct oci_source_file_options o = {
        .dir = source_dir,
        .ctx = l,
        .rel = path,
        .where = l->dir,
        .size = desc->size,
        .offset = offset,
        .length = length,
    };
    return oci_source_file_in(&o);
}

static struct oci_source *layout_source(struct oci_store *s, const struct oci_desc *desc)
{
    return layout_source_range(s, desc, 0, OCI_SIZE_UNKNOWN);
}

struct look_up {
    struct oci_flow flow;
    struct oci_work work;
    struct oci_layout *layout;
    struct oci_digest digest;
    struct oci_file_info info;
    struct oci_desc *ret_desc;
};

static int run_stat(struct oci_work *w, struct oci_err *reterr)
{
    struct look_up *t = OCI_OWNER(w, struct look_up, work);
    return oci_layout_stat(t->layout, &t->digest, &t->info, reterr);
}

static int on_stat(struct oci_flow *f)
{
    struct look_up *t = OCI_OWNER(f, struct look_up, flow);
    if (t->ret_desc)
        oci_desc_set(t->ret_desc, OCI_TYPE_OCTETS, &t->digest, t->info.size);
    return OCI_OK;
}

static int start_stat(struct oci_flow *f)
{
    struct look_up *t = OCI_OWNER(f, struct look_up, flow);
    t->work.run = run_stat;
    return oci_ask_work(f, &t->work, on_stat);
}

static struct oci_flow *layout_stat(struct oci_store *s, const struct oci_digest *digest, struct oci_desc *ret_desc)
{
    static const struct oci_flow_type type = {.name = "layout stat"};
    struct look_up *t = oci_flow_new(sizeof *t, &type, s->host, start_stat);
    if (!t)
        return NULL;
    t->layout = layout(s);
    t->digest = *digest;
    t->ret_desc = ret_desc;
    return &t->flow;
}

/* ---- putting ------------------------------------------------------------------------------- */

#define MAYBE_DIRTY_S 60 /* what is older is on the disk without our doing */

struct put {
    struct oci_flow flow;
    struct oci_work work;         /* looks whether it is there, and opens what is needed */
    struct oci_layout *layout;
    struct oci_desc want;         /* media type, digest, size */
    bool is_new;
    int blobs;                    /* out of the job */
    bool exists, dirty;           /* out of the job */
    uint64_t size;                /* out of the job */
    struct oci_source *source;
    struct oci_sink *sink;
    struct oci_desc found;
    struct oci_desc *ret_desc;
    enum oci_put_state *ret_state;
};

static struct put *put_of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct put, flow);
}

/* A blob of the right size was verified when it got its name; one of another size is written anew. */
static int look(struct put *p, struct oci_err *reterr)
{
    struct oci_file_info info;
    struct oci_err err = {0};
    int rc = oci_layout_stat(p->layout, &p->want.digest, &info, &err);
    if (rc == OCI_NOT_FOUND)
        return OCI_OK;
    if (rc != OCI_OK)
        return oci_err_copy(reterr, &err);
    p->exists = p->want.size == OCI_SIZE_UNKNOWN || p->want.size == info.size;
    p->dirty = info.ctime_ns / 1000000000 > oci_clock_unix() - MAYBE_DIRTY_S;
    p->size = info.size;
    return OCI_OK;
}

static int run_look(struct oci_work *w, struct oci_err *reterr)
{
    struct put *p = OCI_OWNER(w, struct put, work);
    bool known = oci_digest_is(&p->want.digest);
    struct oci_str algorithm = known ? oci_digest_algorithm(&p->want.digest) : OCI_STR(OCI_SHA256);
    int rc = oci_layout_open_blobs(p->layout, algorithm, &p->blobs, reterr);
    return rc == OCI_OK && known && !p->is_new ? look(p, reterr) : rc;
}

static int put_over(struct put *p, const struct oci_digest *digest, uint64_t size, enum oci_put_state state)
{
    if (p->ret_desc)
        oci_desc_set(p->ret_desc, p->want.media_type, digest, size);
    if (p->ret_state)
        *p->ret_state = state;
    return OCI_OK;
}

static int on_moved(struct oci_flow *f)
{
    struct put *p = put_of(f);
    oci_layout_note(p->layout, &p->found.digest);
    return put_over(p, &p->found.digest, p->found.size, OCI_PUT_DONE);
}

static int on_looked(struct oci_flow *f)
{
    struct put *p = put_of(f);
    if (p->exists) {
        if (p->dirty)
            oci_layout_note(p->layout, &p->want.digest);
        return put_over(p, &p->want.digest, p->size, OCI_PUT_EXISTS);
    }
    char temporary[OCI_TEMPORARY_MAX];
    oci_file_temporary(temporary);
    struct oci_file_sink_options o = {
        .dirfd = p->blobs,
        .temporary = temporary,
        .by_digest = true,
        .name = p->layout->dir,
        .mode = 0644,
        /* Tiny writes would only get in the way: all are made durable together. */
        .writeback = p->want.size == OCI_SIZE_UNKNOWN || p->want.size > 256 * 1024,
        .want = &p->want,
        .ret_desc = &p->found,
        .host = f->host,
    };
    p->sink = oci_sink_file(&o);
    return p->sink ? oci_ask_move(f, p->source, p->sink, on_moved) : oci_flow_no_memory(f);
}

static int start_put(struct oci_flow *f)
{
    struct put *p = put_of(f);
    p->work.run = run_look;
    return oci_ask_work(f, &p->work, on_looked);
}

static void put_free(struct oci_flow *f)
{
    struct put *p = put_of(f);
    oci_sink_free(p->sink);
    oci_source_free(p->source);
}

static const struct oci_flow_type put_type = {.name = "layout put", .free = put_free};

static struct oci_flow *layout_put(struct oci_store *s, const struct oci_desc *desc, struct oci_source *take_source,
                                   const struct oci_put *hint, struct oci_desc *ret_desc,
                                   enum oci_put_state *ret_state)
{
    struct put *p = oci_flow_new(sizeof *p, &put_type, s->host, start_put);
    if (!p) {
        oci_source_free(take_source);
        return NULL;
    }
    p->layout = layout(s);
    oci_desc_set(&p->want, desc->media_type, &desc->digest, desc->size);
    p->is_new = hint && hint->is_new;
    p->source = take_source;
    p->ret_desc = ret_desc;
    p->ret_state = ret_state;
    return &p->flow;
}

/* ---- the store ----------------------------------------------------------------------------- */

static void layout_free(struct oci_store *s)
{
    struct oci_layout *l = layout(s);
    oci_fd_close(l->dirfd);
    for (size_t i = 0; i < OCI_LAYOUT_ALGORITHMS; i++)
        oci_fd_close(l->blobs[i]);
    oci_mutex_done(&l->mutex);
    oci_free(l->dir);
    oci_free(l);
}

static const struct oci_store_type layout_type = {
    .name = "image layout",
    .source = layout_source,
    .source_range = layout_source_range,
    .stat = layout_stat,
    .put = layout_put,
    .get_manifest = oci_layout_get_manifest,
    .head_manifest = oci_layout_head_manifest,
    .put_manifest = oci_layout_put_manifest,
    .tags = oci_layout_tags,
    .untag = oci_layout_untag,
    .remove = oci_layout_remove,
    .free = layout_free,
    .checks_digest = true,
    .one_space = true,
};

struct oci_store *oci_store_layout(struct oci_host *host, const char *dir, bool create)
{
    struct oci_layout *l = oci_calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->dir = oci_strdup(dir);
    if (!l->dir) {
        oci_free(l);
        return NULL;
    }
    l->base.type = &layout_type;
    l->base.host = host;
    l->create = create;
    l->dirfd = -1;
    for (size_t i = 0; i < OCI_LAYOUT_ALGORITHMS; i++)
        l->blobs[i] = -1;
    oci_mutex_init(&l->mutex);
    return &l->base;
}
