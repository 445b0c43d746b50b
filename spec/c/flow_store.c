#include "flow_store.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "test.h"

#define EMPTY_DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

static struct fake_store *of(struct oci_store *s)
{
    return OCI_OWNER(s, struct fake_store, base);
}

/* ---- one operation: a job, so that nothing is answered inside a call; then perhaps a MOVE ---- */

struct fake_flow {
    struct oci_flow flow;
    struct fake_store *s;
    int (*act)(struct fake_flow *o);
    struct oci_work job;
    char name[OCI_DIGEST_MAX];
    struct oci_desc desc;
    struct oci_source *source;
    struct oci_sink *sink;
    struct oci_bytes *bytes;
    struct oci_desc *ret_desc;
    struct oci_bytes **ret_bytes;
    enum oci_put_state *ret_state;
    struct oci_names *ret_names;
    bool putting, has_tag;
};

static void fake_free(struct oci_flow *f)
{
    struct fake_flow *o = OCI_OWNER(f, struct fake_flow, flow);
    if (o->putting)
        o->s->putting--;
    oci_source_free(o->source);
    oci_sink_free(o->sink);
    oci_bytes_unref(o->bytes);
}

static const struct oci_flow_type fake_type = {.name = "fake", .free = fake_free};

static int run_job(struct oci_work *w, struct oci_err *reterr)
{
    (void)w;
    (void)reterr;
    return OCI_OK;
}

static void note(struct fake_store *s, const char *what, const char *name)
{
    bool digest = strchr(name, ':') != NULL;
    oci_buf_addf(&s->log, "%s %.*s\n", what, digest ? 6 : 100, digest ? strchr(name, ':') + 1 : name);
}

static int on_job(struct oci_flow *f)
{
    struct fake_flow *o = OCI_OWNER(f, struct fake_flow, flow);
    if (++o->s->operations == o->s->fail_at)
        return oci_flow_fail(f, o->s->fail_code, "operation %u fails", o->s->operations);
    return o->act(o);
}

static int first(struct oci_flow *f)
{
    struct fake_flow *o = OCI_OWNER(f, struct fake_flow, flow);
    o->job.run = run_job;
    return oci_ask_work(f, &o->job, on_job);
}

static struct fake_flow *operation(struct oci_store *s, int (*act)(struct fake_flow *), const char *name)
{
    struct fake_flow *o = oci_flow_new(sizeof *o, &fake_type, s->host, first);
    if (!o)
        return NULL;
    o->s = of(s);
    o->act = act;
    snprintf(o->name, sizeof o->name, "%s", name);
    return o;
}

/* ---- blobs ---- */

struct fake_blob {
    struct oci_source base;
    struct oci_source_type type;
    struct fake_store *s;
    struct oci_source *inside;
    struct oci_desc desc;
};

static struct fake_blob *blob(struct oci_source *s)
{
    return OCI_OWNER(s, struct fake_blob, base);
}

/* What is not there shows when it is read. */
static int blob_open(struct oci_source *s, struct oci_err *reterr)
{
    return blob(s)->inside ? OCI_OK : oci_err_set(reterr, OCI_NOT_FOUND, "no such blob here");
}

static int blob_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    return blob(s)->inside->type->read(blob(s)->inside, p, max, ret_n, reterr);
}

static int blob_rewind(struct oci_source *s, struct oci_err *reterr)
{
    struct oci_source *inside = blob(s)->inside;
    return inside ? inside->type->rewind(inside, reterr) : OCI_OK;
}

static struct oci_flow *blob_into(struct oci_source *s, struct oci_sink *k)
{
    struct fake_blob *b = blob(s);
    if (b->inside)
        return oci_flow_move(b->s->base.host, b->inside, k);
    /* It fails as a GET would. */
    struct fake_flow *o = operation(&b->s->base, NULL, "");
    if (o) {
        b->s->fail_at = b->s->operations + 1;
        b->s->fail_code = OCI_NOT_FOUND;
    }
    return o ? &o->flow : NULL;
}

static void blob_free(struct oci_source *s)
{
    oci_source_free(blob(s)->inside);
    oci_free(blob(s));
}

static struct oci_source *fake_source(struct oci_store *store, const struct oci_desc *desc)
{
    struct fake_store *s = of(store);
    struct fake_blob *b = oci_calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->s = s;
    b->type = (struct oci_source_type){.name = "fake", .open = blob_open, .read = blob_read, .rewind = blob_rewind,
                                       .free = blob_free, .on_pool = s->sources == FAKE_JOBS};
    if (s->sources == FAKE_INTO) {
        b->type.open = NULL;
        b->type.read = NULL;
        b->type.rewind = NULL;
        b->type.into = blob_into;
    }
    b->base = (struct oci_source){.type = &b->type, .size = desc->size};
    struct oci_bytes *bytes = oci_map_get(&s->blobs, desc->digest.text);
    b->inside = bytes ? oci_source_bytes(bytes) : NULL;
    if (bytes && !b->inside) {
        oci_free(b);
        return NULL;
    }
    return &b->base;
}

static void set(struct oci_map *m, const char *key, struct oci_bytes *bytes, int *rc)
{
    void *old = NULL;
    if (*rc == OCI_OK)
        *rc = oci_map_set(m, key, bytes, &old);
    if (*rc == OCI_OK)
        oci_bytes_ref(bytes);
    oci_bytes_unref(old);
}

static int stored(struct fake_flow *o, enum oci_put_state state)
{
    if (o->ret_desc)
        oci_desc_set(o->ret_desc, o->desc.media_type, &o->desc.digest, o->desc.size);
    if (o->ret_state)
        *o->ret_state = state;
    return OCI_OK;
}

static int on_moved(struct oci_flow *f)
{
    struct fake_flow *o = OCI_OWNER(f, struct fake_flow, flow);
    int rc = OCI_OK;
    if (!oci_digest_is(&o->desc.digest)) {
        rc = oci_digest_of(OCI_STR(OCI_SHA256), o->bytes->p, o->bytes->len, &o->desc.digest, &f->err);
        o->desc.size = o->bytes->len;
    }
    set(&o->s->blobs, o->desc.digest.text, o->bytes, &rc);
    if (rc < 0)
        return oci_flow_no_memory(f);
    note(o->s, "put blob", o->desc.digest.text);
    return stored(o, OCI_PUT_DONE);
}

static int act_put(struct fake_flow *o)
{
    struct fake_store *s = o->s;
    if (oci_digest_is(&o->desc.digest) && oci_map_get(&s->blobs, o->desc.digest.text)) {
        note(s, "has blob", o->desc.digest.text);
        return stored(o, OCI_PUT_EXISTS);
    }
    o->putting = true;
    s->putting++;
    if (s->putting > s->most_putting)
        s->most_putting = s->putting;
    o->sink = oci_sink_bytes(1u << 24, &o->desc, &o->bytes);
    return o->sink ? oci_ask_move(&o->flow, o->source, o->sink, on_moved) : oci_flow_no_memory(&o->flow);
}

static struct oci_flow *fake_put(struct oci_store *s, const struct oci_desc *desc, struct oci_source *take_source,
                                 const struct oci_put *hint, struct oci_desc *ret_desc, enum oci_put_state *ret_state)
{
    struct fake_flow *o = operation(s, act_put, desc->digest.text);
    if (!o) {
        oci_source_free(take_source);
        return NULL;
    }
    oci_desc_set(&o->desc, desc->media_type, &desc->digest, desc->size);
    o->source = take_source;
    o->ret_desc = ret_desc;
    o->ret_state = ret_state;
    if (hint->is_new)
        note(of(s), "new", desc->digest.text[0] ? desc->digest.text : "stream");
    if (hint->mount_from)
        note(of(s), "mount from", hint->mount_from);
    return &o->flow;
}

/* ---- manifests ---- */

static const char *resolve(struct fake_store *s, const char *name)
{
    if (strchr(name, ':'))
        return name;
    struct oci_bytes *b = oci_map_get(&s->tags, name);
    return b ? b->p : NULL;
}

static struct oci_bytes *find(struct fake_flow *o, const char **ret_digest)
{
    *ret_digest = resolve(o->s, o->name);
    return *ret_digest ? oci_map_get(&o->s->manifests, *ret_digest) : NULL;
}

static int act_get(struct fake_flow *o)
{
    const char *digest;
    struct oci_bytes *bytes = find(o, &digest);
    note(o->s, o->ret_bytes ? "get manifest" : "head manifest", o->name);
    if (!bytes)
        return oci_flow_fail(&o->flow, OCI_NOT_FOUND, "no manifest %s here", o->name);
    struct oci_bytes *type = oci_map_get(&o->s->types, digest);
    struct oci_digest d;
    oci_digest_parse(oci_str_of(digest), &d, NULL);
    oci_desc_set(o->ret_desc, type->p, &d, bytes->len);
    if (o->ret_bytes)
        *o->ret_bytes = oci_bytes_ref(bytes);
    return OCI_OK;
}

static struct oci_flow *fake_get(struct oci_store *s, const char *name, size_t max, struct oci_desc *ret_desc,
                                 struct oci_bytes **ret_bytes)
{
    (void)max;
    struct fake_flow *o = operation(s, act_get, name);
    if (!o)
        return NULL;
    o->ret_desc = ret_desc;
    o->ret_bytes = ret_bytes;
    return &o->flow;
}

static struct oci_flow *fake_head(struct oci_store *s, const char *name, struct oci_desc *ret_desc)
{
    return fake_get(s, name, 0, ret_desc, NULL);
}

static bool is_here(struct fake_store *s, const struct oci_desc *d)
{
    return oci_map_get(&s->blobs, d->digest.text) || oci_map_get(&s->manifests, d->digest.text) ||
           (d->urls && oci_json_count(d->urls) > 0);
}

/* As a registry does: what a manifest names must have come before it. */
static void check_content(struct fake_flow *o)
{
    struct oci_manifest *m;
    if (oci_manifest_parse(o->bytes, o->desc.media_type, NULL, &m, NULL) < 0)
        return;
    if (!m->is_index && !is_here(o->s, &m->config))
        FAIL("manifest %s came before its config", o->desc.digest.text);
    for (size_t i = 0; i < m->count; i++) {
        if (!is_here(o->s, &m->items[i]))
            FAIL("manifest %s came before %s", o->desc.digest.text, m->items[i].digest.text);
    }
    oci_manifest_free(m);
}

static int store_manifest(struct fake_store *s, const struct oci_desc *d, struct oci_bytes *bytes, const char *tag)
{
    int rc = OCI_OK;
    struct oci_bytes *type = oci_bytes_new(d->media_type, strlen(d->media_type));
    struct oci_bytes *name = oci_bytes_new(d->digest.text, strlen(d->digest.text));
    if (!type || !name)
        rc = OCI_NO_MEMORY;
    set(&s->types, d->digest.text, type, &rc);
    set(&s->manifests, d->digest.text, bytes, &rc);
    if (s->type.one_space)
        set(&s->blobs, d->digest.text, bytes, &rc);
    if (tag)
        set(&s->tags, tag, name, &rc);
    oci_bytes_unref(type);
    oci_bytes_unref(name);
    return rc;
}

static int act_put_manifest(struct fake_flow *o)
{
    if (o->s->refuses && memmem(o->bytes->p, o->bytes->len, "\"artifactType\"", 14)) {
        note(o->s, "refuse manifest", o->has_tag ? o->name : o->desc.digest.text);
        struct oci_err *err = &o->flow.err;
        err->status = o->s->refuses;
        return oci_flow_fail(&o->flow, OCI_REGISTRY, "refused");
    }
    if (!o->s->lenient)
        check_content(o);
    note(o->s, "put manifest", o->has_tag ? o->name : o->desc.digest.text);
    int rc = store_manifest(o->s, &o->desc, o->bytes, o->has_tag ? o->name : NULL);
    return rc == OCI_OK ? OCI_OK : oci_flow_no_memory(&o->flow);
}

static struct oci_flow *fake_put_manifest(struct oci_store *s, const struct oci_desc *desc, struct oci_bytes *bytes,
                                          const char *tag)
{
    struct fake_flow *o = operation(s, act_put_manifest, tag ? tag : "");
    if (!o)
        return NULL;
    oci_desc_set(&o->desc, desc->media_type, &desc->digest, desc->size);
    CHECK_INT(desc->size, bytes->len);
    o->bytes = oci_bytes_ref(bytes);
    o->has_tag = tag != NULL;
    return &o->flow;
}

/* ---- life ---- */

static void fake_store_free(struct oci_store *s)
{
    (void)s;
}

void fake_store_init(struct fake_store *s, struct oci_host *host)
{
    *s = (struct fake_store){0};
    s->type = (struct oci_store_type){
        .name = "fake",
        .source = fake_source,
        .put = fake_put,
        .get_manifest = fake_get,
        .head_manifest = fake_head,
        .put_manifest = fake_put_manifest,
        .free = fake_store_free,
    };
    s->base = (struct oci_store){.type = &s->type, .host = host};
    oci_map_init(&s->blobs, 100000);
    oci_map_init(&s->manifests, 100000);
    oci_map_init(&s->types, 100000);
    oci_map_init(&s->tags, 1000);
    oci_buf_init(&s->log, 1u << 20);
    oci_buf_reserve(&s->log, 1u << 15);
}

static void unref(void *p)
{
    oci_bytes_unref(p);
}

void fake_store_empty(struct fake_store *s)
{
    oci_map_done(&s->blobs, unref);
    oci_map_done(&s->manifests, unref);
    oci_map_done(&s->types, unref);
    oci_map_done(&s->tags, unref);
}

void fake_store_done(struct fake_store *s)
{
    CHECK_INT(s->putting, 0);
    fake_store_empty(s);
    oci_buf_done(&s->log);
}

void fake_add_blob(struct fake_store *s, const char *text, const char *media_type, struct oci_desc *ret_desc)
{
    struct oci_bytes *b = oci_bytes_new(text, strlen(text));
    struct oci_digest d;
    int rc = oci_digest_of(OCI_STR(OCI_SHA256), text, strlen(text), &d, NULL);
    set(&s->blobs, d.text, b, &rc);
    CHECK_INT(rc, OCI_OK);
    if (ret_desc)
        oci_desc_set(ret_desc, media_type, &d, b->len);
    oci_bytes_unref(b);
}

void fake_add_document(struct fake_store *s, const char *text, const char *media_type, const char *tag,
                       struct oci_desc *ret_desc)
{
    struct oci_bytes *b = oci_bytes_new(text, strlen(text));
    struct oci_desc d;
    struct oci_digest g;
    CHECK_INT(oci_digest_of(OCI_STR(OCI_SHA256), text, strlen(text), &g, NULL), OCI_OK);
    oci_desc_set(&d, media_type, &g, b->len);
    CHECK_INT(store_manifest(s, &d, b, tag), OCI_OK);
    if (ret_desc)
        *ret_desc = d;
    oci_bytes_unref(b);
}

static void add_built(struct fake_store *s, struct oci_manifest *m, const char *tag, struct oci_desc *ret_desc)
{
    fake_add_document(s, m->bytes->p, m->self.media_type, tag, ret_desc);
    oci_manifest_free(m);
}

void fake_add_manifest(struct fake_store *s, const struct oci_desc *layers, size_t count, const char *tag,
                       struct oci_desc *ret_desc)
{
    struct oci_manifest_spec spec = {.artifact_type = "a/b", .layers = layers, .layer_count = count};
    struct oci_manifest *m;
    CHECK_INT(oci_manifest_build(&spec, &m, NULL), OCI_OK);
    fake_add_blob(s, "{}", OCI_TYPE_EMPTY, NULL);
    add_built(s, m, tag, ret_desc);
}

void fake_add_index(struct fake_store *s, const struct oci_desc *manifests, size_t count, const char *tag,
                    struct oci_desc *ret_desc)
{
    struct oci_index_spec spec = {.manifests = manifests, .count = count};
    struct oci_manifest *m;
    CHECK_INT(oci_index_build(&spec, &m, NULL), OCI_OK);
    add_built(s, m, tag, ret_desc);
}

const char *fake_tag(struct fake_store *s, const char *tag)
{
    struct oci_bytes *b = oci_map_get(&s->tags, tag);
    return b ? b->p : "";
}

bool fake_has(struct fake_store *s, const struct oci_desc *d)
{
    return oci_map_get(&s->blobs, d->digest.text) || oci_map_get(&s->manifests, d->digest.text);
}

size_t fake_count(const struct fake_store *s, const char *line_start)
{
    size_t n = 0;
    for (const char *p = s->log.p; p && *p; p = strchr(p, '\n') + 1)
        n += oci_starts_with(p, line_start);
    return n;
}
