/* memory.c - places in memory as stores: the places, and blobs in and out (memory.h). */
#include "store/memory.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "content/content_kinds.h"

static struct oci_memory *memory(struct oci_store *s)
{
    return OCI_OWNER(s, struct oci_memory, base);
}

/* ---- places -------------------------------------------------------------------------------- */

static void bytes_free(void *value)
{
    oci_bytes_unref(value);
}

void oci_memory_manifest_free(struct oci_memory_manifest *m)
{
    if (!m)
        return;
    oci_desc_done(&m->desc);
    oci_bytes_unref(m->bytes);
    oci_free(m);
}

static void any_manifest_free(void *value)
{
    oci_memory_manifest_free(value);
}

static void place_free(void *value)
{
    struct oci_memory_place *p = value;
    oci_map_done(&p->blobs, bytes_free);
    oci_map_done(&p->manifests, any_manifest_free);
    oci_map_done(&p->tags, oci_free);
    oci_free(p);
}

struct oci_memory_places *oci_memory_places_new(void)
{
    struct oci_memory_places *p = oci_calloc(1, sizeof *p);
    if (p)
        oci_map_init(&p->places, OCI_MAX_NAMES);
    return p;
}

void oci_memory_places_free(struct oci_memory_places *p)
{
    if (!p)
        return;
    oci_map_done(&p->places, place_free);
    oci_free(p);
}

struct oci_memory_place *oci_memory_find(const struct oci_memory *m)
{
    return oci_map_get(&m->places->places, m->name);
}

struct oci_memory_place *oci_memory_find_or_make(struct oci_memory *m, struct oci_err *reterr)
{
    struct oci_memory_place *p = oci_memory_find(m);
    if (p)
        return p;
    p = oci_calloc(1, sizeof *p);
    if (!p) {
        oci_err_no_memory(reterr);
        return NULL;
    }
    oci_map_init(&p->blobs, OCI_MAX_GRAPH_NODES);
    oci_map_init(&p->manifests, OCI_MAX_GRAPH_NODES);
    oci_map_init(&p->tags, OCI_MAX_NAMES);
    int rc = oci_map_set(&m->places->places, m->name, p, NULL);
    if (rc == OCI_OK)
        return p;
    oci_free(p);
    oci_err_set(reterr, rc, "%s", rc == OCI_LIMIT ? "there are too many places in memory" : oci_err_meaning(rc));
    return NULL;
}

struct oci_bytes *oci_memory_find_blob(const struct oci_memory *m, const struct oci_digest *digest)
{
    const struct oci_memory_place *p = oci_memory_find(m);
    return p ? oci_map_get(&p->blobs, digest->text) : NULL;
}

int oci_memory_no_blob(const struct oci_memory *m, const struct oci_digest *digest, struct oci_err *reterr)
{
    return oci_err_set(reterr, OCI_NOT_FOUND, "memory:%s has no blob %s", m->name, digest->text);
}

int oci_memory_full(const struct oci_memory *m, struct oci_err *reterr)
{
    return oci_err_set(reterr, OCI_LIMIT, "memory:%s: places in memory hold at most %u bytes together", m->name,
                       OCI_MAX_CONTENT_IN_MEMORY);
}

int oci_memory_set(struct oci_map *map, const char *key, void *value, void **ret_old, struct oci_err *reterr)
{
    int rc = oci_map_set(map, key, value, ret_old);
    if (rc == OCI_OK)
        return rc;
    return oci_err_set(reterr, rc, "%s", rc == OCI_LIMIT ? "a place in memory is full" : oci_err_meaning(rc));
}

/* ---- reading blobs ------------------------------------------------------------------------- */

struct memory_source {
    struct oci_source base;
    struct oci_memory *memory;
    struct oci_digest digest;
    uint64_t want_size, offset, length;
    struct oci_bytes *bytes; /* NULL until the first read */
    size_t at, end;
};

static struct memory_source *source_of(struct oci_source *s)
{
    return OCI_OWNER(s, struct memory_source, base);
}

static int begin(struct memory_source *m, struct oci_err *reterr)
{
    struct oci_bytes *b = oci_memory_find_blob(m->memory, &m->digest);
    if (!b)
        return oci_memory_no_blob(m->memory, &m->digest, reterr);
    if (m->want_size != OCI_SIZE_UNKNOWN && m->want_size != b->len)
        return oci_err_set(reterr, OCI_SIZE_MISMATCH, "blob %s has %zu bytes instead of %" PRIu64, m->digest.text,
                           b->len, m->want_size);
    if (m->offset > b->len)
        return oci_err_set(reterr, OCI_INVALID, "blob %s has %zu bytes: there is nothing at byte %" PRIu64,
                           m->digest.text, b->len, m->offset);
    m->bytes = oci_bytes_ref(b);
    m->at = (size_t)m->offset;
    m->end = m->length < b->len - m->at ? m->at + (size_t)m->length : b->len;
    return OCI_OK;
}

static int source_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct memory_source *m = source_of(s);
    int rc = m->bytes ? OCI_OK : begin(m, reterr);
    if (rc != OCI_OK)
        return rc;
    size_t n = m->end - m->at < max ? m->end - m->at : max;
    if (n == 0)
        return OCI_END_OF_CONTENT;
    memcpy(p, m->bytes->p + m->at, n);
    m->at += n;
    *ret_n = n;
    return OCI_OK;
}

static void source_close(struct oci_source *s)
{
    source_of(s)->bytes = oci_bytes_unref(source_of(s)->bytes);
}

static int source_rewind(struct oci_source *s, struct oci_err *reterr)
{
    (void)reterr;
    source_close(s);
    return OCI_OK;
}

static void source_free(struct oci_source *s)
{
    source_close(s);
    oci_free(source_of(s));
}

static const struct oci_source_type source_type = {
    .name = "memory blob",
    .read = source_read,
    .rewind = source_rewind,
    .close = source_close,
    .free = source_free,
};

static struct oci_source *memory_source_range(struct oci_store *s, const struct oci_desc *desc, uint64_t offset,
                                              uint64_t length)
{
    struct memory_source *m = oci_calloc(1, sizeof *m);
    if (!m)
        return NULL;
    uint64_t rest = desc->size == OCI_SIZE_UNKNOWN ? OCI_SIZE_UNKNOWN : offset < desc->size ? desc->size - offset : 0;
    m->base.type = &source_type;
    m->base.size = length < rest ? length : rest;
    if (desc->size == OCI_SIZE_UNKNOWN)
        m->base.size = OCI_SIZE_UNKNOWN;
    m->memory = memory(s);
    m->digest = desc->digest;
    m->want_size = desc->size;
    m->offset = offset;
    m->length = length;
    return &m->base;
}

static struct oci_source *memory_source(struct oci_store *s, const struct oci_desc *desc)
{
    return memory_source_range(s, desc, 0, OCI_SIZE_UNKNOWN);
}

/* ---- putting blobs ------------------------------------------------------------------------- */

struct put {
    struct oci_flow flow;
    struct oci_work work;         /* hashes what nobody knew the digest of */
    struct oci_memory *memory;
    struct oci_desc desc;         /* media type, digest, size */
    struct oci_source *source;
    struct oci_sink *sink;
    struct oci_bytes *bytes;
    uint64_t reserved;            /* of what the places may hold */
    struct oci_desc *ret_desc;
    enum oci_put_state *ret_state;
};

static struct put *put_of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct put, flow);
}

static int put_over(struct put *p, uint64_t size, enum oci_put_state state)
{
    if (p->ret_desc)
        oci_desc_set(p->ret_desc, p->desc.media_type, &p->desc.digest, size);
    if (p->ret_state)
        *p->ret_state = state;
    return OCI_OK;
}

static int keep(struct oci_flow *f)
{
    struct put *p = put_of(f);
    struct oci_memory_place *place = oci_memory_find_or_make(p->memory, &f->err);
    size_t len = p->bytes->len;
    if (!place)
        return f->err.code;
    if (oci_map_get(&place->blobs, p->desc.digest.text)) /* another was faster */
        return put_over(p, len, OCI_PUT_DONE);
    uint64_t *used = &p->memory->places->used;
    if (len > p->reserved && len - p->reserved > OCI_MAX_CONTENT_IN_MEMORY - *used)
        return oci_memory_full(p->memory, &f->err);
    if (oci_memory_set(&place->blobs, p->desc.digest.text, p->bytes, NULL, &f->err) != OCI_OK)
        return f->err.code;
    p->bytes = NULL; /* the place's now */
    *used = *used - p->reserved + len;
    p->reserved = 0;
    return put_over(p, len, OCI_PUT_DONE);
}

static int run_hash(struct oci_work *w, struct oci_err *reterr)
{
    struct put *p = OCI_OWNER(w, struct put, work);
    return oci_digest_of(OCI_STR(OCI_SHA256), p->bytes->p, p->bytes->len, &p->desc.digest, reterr);
}

static int on_moved(struct oci_flow *f)
{
    struct put *p = put_of(f);
    if (oci_digest_is(&p->desc.digest))
        return keep(f);
    p->work.run = run_hash;
    return oci_ask_work(f, &p->work, keep);
}

static int start_put(struct oci_flow *f)
{
    struct put *p = put_of(f);
    struct oci_bytes *there = oci_memory_find_blob(p->memory, &p->desc.digest);
    uint64_t *used = &p->memory->places->used;
    uint64_t room = OCI_MAX_CONTENT_IN_MEMORY - *used;
    if (there && (p->desc.size == OCI_SIZE_UNKNOWN || p->desc.size == there->len))
        return put_over(p, there->len, OCI_PUT_EXISTS);
    if (p->desc.size != OCI_SIZE_UNKNOWN) {
        if (p->desc.size > room)
            return oci_memory_full(p->memory, &f->err);
        p->reserved = room = p->desc.size;
        *used += p->reserved;
    }
    /* One byte more than there is room for, so that too long is told from too much. */
    p->sink = oci_sink_bytes((size_t)room + 1, &p->desc, &p->bytes);
    return p->sink ? oci_ask_move(f, p->source, p->sink, on_moved) : oci_flow_no_memory(f);
}

static void put_free(struct oci_flow *f)
{
    struct put *p = put_of(f);
    p->memory->places->used -= p->reserved;
    oci_sink_free(p->sink);
    oci_source_free(p->source);
    oci_bytes_unref(p->bytes);
}

static struct oci_flow *memory_put(struct oci_store *s, const struct oci_desc *desc, struct oci_source *take_source,
                                   const struct oci_put *hint, struct oci_desc *ret_desc,
                                   enum oci_put_state *ret_state)
{
    static const struct oci_flow_type type = {.name = "memory put", .free = put_free};
    (void)hint;
    struct put *p = oci_flow_new(sizeof *p, &type, s->host, start_put);
    if (!p) {
        oci_source_free(take_source);
        return NULL;
    }
    p->memory = memory(s);
    oci_desc_set(&p->desc, desc->media_type, &desc->digest, desc->size);
    p->source = take_source;
    p->ret_desc = ret_desc;
    p->ret_state = ret_state;
    return &p->flow;
}

/* ---- the store ----------------------------------------------------------------------------- */

static void memory_free(struct oci_store *s)
{
    oci_free(memory(s)->name);
    oci_free(memory(s));
}

static const struct oci_store_type memory_type = {
    .name = "memory",
    .source = memory_source,
    .source_range = memory_source_range,
    .stat = oci_memory_stat,
    .put = memory_put,
    .get_manifest = oci_memory_get_manifest,
    .head_manifest = oci_memory_head_manifest,
    .put_manifest = oci_memory_put_manifest,
    .tags = oci_memory_tags,
    .untag = oci_memory_untag,
    .remove = oci_memory_remove,
    .free = memory_free,
    .checks_digest = true,
};

struct oci_store *oci_store_memory(struct oci_host *host, struct oci_memory_places *places, const char *name)
{
    struct oci_memory *m = oci_calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->name = oci_strdup(name);
    if (!m->name) {
        oci_free(m);
        return NULL;
    }
    m->base.type = &memory_type;
    m->base.host = host;
    m->places = places;
    return &m->base;
}
