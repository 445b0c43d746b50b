/* Pushing an artifact: local content and the manifest made of it.
 *
 * Each piece of content goes its own way: it is hashed, put, and done; the parent keeps several under way
 * at a time, so that one is hashed while another is sent. Content that can be read once only, or that the
 * caller says is new, is sent in one pass, and its digest comes back from there. The manifest is built and
 * put when all are done. */
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow/moving.h"

/* Pieces that are hashed and not put yet; the small ones are held in memory. */
enum { HASHED_AHEAD_MAX = 16 };

enum piece_state { NEW, HASHING, READY, PUTTING, DONE };

struct piece {
    struct oci_link link;          /* in push.ready */
    struct oci_push_item *item;
    const char *what;
    enum piece_state state;
    bool stream;                   /* its digest comes from putting it */
    struct oci_moving transfer;
    struct oci_digest found;       /* by hashing */
    uint64_t found_size;
    struct oci_desc out;           /* by putting, or by the hash of a MOVE */
    struct oci_bytes *kept;        /* a small file's content, read when it was hashed */
    struct oci_sink *hash;
};

struct push {
    struct oci_flow flow;
    struct oci_store *to;
    struct oci_push_items items;
    char *artifact_type;
    struct oci_json *annotations;
    struct oci_names tags;
    struct oci_graph_options options;
    struct oci_desc *ret_desc;
    struct oci_bytes **ret_bytes;
    struct oci_push_item empty;    /* the empty object, for a config or layer that is not given */
    struct piece *pieces;
    size_t count, next, done;
    struct oci_map seen;           /* digests that are put already, or being put */
    struct oci_link ready;
    unsigned ready_count, hashing;
    struct oci_slots slots;
    bool asked;                    /* what the tag names is not known yet */
    struct oci_desc tagged;
    bool is_new;                   /* the destination does not know the tag: small blobs are sent without asking */
    struct oci_manifest *m;
    struct oci_moving last;      /* the manifest's */
};

static int on_child(struct oci_flow *f);

static struct push *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct push, flow);
}

void oci_push_item_done(struct oci_push_item *i)
{
    if (!i)
        return;
    oci_desc_done(&i->desc);
    oci_source_free(i->source);
    *i = (struct oci_push_item){0};
}

static void spawn(struct oci_flow *f, void *tag, struct oci_flow *take_child)
{
    if (take_child) {
        take_child->tag = tag;
        take_child->tolerate = true; /* on_child() tells of its failure first */
    }
    oci_spawn(f, take_child);
}

/* ---- one piece ---- */

/* Content in memory: what is embedded, or the empty object. NULL: out of memory. */
static struct oci_bytes *bytes_of(const struct oci_push_item *item)
{
    return item->desc.data ? oci_bytes_ref(item->desc.data) : oci_bytes_new("{}", 2);
}

static void ready(struct push *p, struct piece *x)
{
    x->state = READY;
    oci_list_append(&p->ready, &x->link);
    p->ready_count++;
}

static void piece_done(struct push *p, struct piece *x)
{
    x->state = DONE;
    x->kept = oci_bytes_unref(x->kept);
    p->done++;
}

/* Its digest and size are known. */
static int known(struct oci_flow *f, struct piece *x, const struct oci_digest *digest, uint64_t size)
{
    struct oci_desc *d = &x->item->desc;
    if (d->size != OCI_SIZE_UNKNOWN && size != OCI_SIZE_UNKNOWN && d->size != size)
        return oci_flow_fail(f, OCI_SIZE_MISMATCH, "%s has %llu bytes instead of %llu", x->what,
                             (unsigned long long)size, (unsigned long long)d->size);
    d->digest = *digest;
    if (size != OCI_SIZE_UNKNOWN)
        d->size = size;
    x->transfer.total = d->size;
    struct oci_err err = {0};
    if (x->item->hashed && x->item->hashed(x->item, &err) < 0)
        return oci_err_copy(&f->err, &err);
    return OCI_OK;
}

/* The same content is sent once, whatever names it has. */
static int put_once(struct oci_flow *f, struct piece *x)
{
    struct push *p = of(f);
    const char *digest = x->item->desc.digest.text;
    if (oci_map_get(&p->seen, digest)) {
        x->transfer.state = OCI_PUT_EXISTS;
        oci_moving_tell_end(&x->transfer, false);
        piece_done(p, x);
        return OCI_OK;
    }
    if (oci_map_set(&p->seen, digest, x, NULL) < 0)
        return oci_flow_no_memory(f);
    ready(p, x);
    return OCI_OK;
}

static int hash_in_memory(struct oci_flow *f, struct piece *x)
{
    struct oci_bytes *bytes = bytes_of(x->item);
    struct oci_desc *d = &x->item->desc;
    struct oci_digest digest;
    if (!bytes)
        return oci_flow_no_memory(f);
    struct oci_str algorithm = oci_digest_is(&d->digest) ? oci_digest_algorithm(&d->digest) : OCI_STR(OCI_SHA256);
    int rc = oci_digest_of(algorithm, bytes->p, bytes->len, &digest, &f->err);
    if (rc == OCI_OK && oci_digest_is(&d->digest) && !oci_digest_equal(&d->digest, &digest))
        rc = oci_flow_fail(f, OCI_DIGEST_MISMATCH, "the %s has the digest %s, not %s", x->what, digest.text,
                           d->digest.text);
    if (rc == OCI_OK)
        rc = known(f, x, &digest, bytes->len);
    oci_bytes_unref(bytes);
    return rc == OCI_OK ? put_once(f, x) : rc;
}

static int start_hash(struct oci_flow *f, struct piece *x)
{
    struct push *p = of(f);
    struct oci_source *s = x->item->source;
    const char *path = oci_source_file_path(s);
    x->state = HASHING;
    x->transfer.weight = oci_slots_weight(0);
    oci_slots_take(&p->slots, x->transfer.weight);
    p->hashing++;
    if (path) {
        spawn(f, x, oci_flow_hash_file(f->host, path, OCI_SMALL, &x->found, &x->found_size, &x->kept));
        return OCI_OK;
    }
    x->hash = oci_sink_hash(OCI_STR(OCI_SHA256), &x->out);
    if (!x->hash)
        return oci_flow_no_memory(f);
    spawn(f, x, oci_flow_move(f->host, s, x->hash));
    return OCI_OK;
}

/* Sent and hashed in one pass: two questions more than for content that fits in memory, so not for small
 * files. On this machine a packed directory is written at once: packing it twice would cost more than looking first saves. */
static bool goes_as_stream(const struct push *p, const struct piece *x)
{
    const struct oci_source *s = x->item->source;
    uint64_t size = x->item->desc.size;
    if (s->type->one_shot || (s->size == OCI_SIZE_UNKNOWN && !p->to->type->remote))
        return true;
    return p->options.is_new && (size == OCI_SIZE_UNKNOWN || size >= OCI_SMALL);
}

/* Sends it on its way. */
static int begin(struct oci_flow *f, struct piece *x)
{
    struct push *p = of(f);
    if (!x->item->source)
        return hash_in_memory(f, x);
    if (oci_digest_is(&x->item->desc.digest))
        return known(f, x, &x->item->desc.digest, OCI_SIZE_UNKNOWN) < 0 ? f->err.code : put_once(f, x);
    if (!goes_as_stream(p, x))
        return start_hash(f, x);
    x->stream = true;
    ready(p, x);
    return OCI_OK;
}

static int put(struct oci_flow *f, struct piece *x)
{
    struct push *p = of(f);
    struct oci_bytes *bytes = x->kept ? oci_bytes_ref(x->kept) : !x->item->source ? bytes_of(x->item) : NULL;
    /* The piece keeps its source: item->hashed() may look at it afterwards. */
    struct oci_source *s = bytes ? oci_source_bytes(bytes) : x->item->source;
    s = oci_moving_watch(&x->transfer, s, bytes != NULL);
    oci_bytes_unref(bytes);
    if (!s)
        return oci_flow_no_memory(f);
    struct oci_put hint = {
        .is_new = p->options.is_new || (p->is_new && x->item->desc.size < OCI_SMALL),
        .verify = p->options.verify,
        .title = x->transfer.title,
    };
    x->state = PUTTING;
    oci_moving_tell(&x->transfer, 0, OCI_STARTED);
    spawn(f, x, p->to->type->put(p->to, &x->item->desc, s, &hint, &x->out, &x->transfer.state));
    return OCI_OK;
}

/* ---- the manifest ---- */

static int build(struct oci_flow *f)
{
    struct push *p = of(f);
    struct oci_desc *layers = oci_calloc(p->items.count, sizeof *layers);
    if (!layers)
        return oci_flow_no_memory(f);
    for (size_t i = 0; i < p->items.count; i++)
        layers[i] = p->items.layers[i].desc; /* only looked at */
    struct oci_manifest_spec spec = {
        .artifact_type = p->artifact_type,
        .config = p->items.config ? &p->items.config->desc : NULL,
        .layers = layers,
        .layer_count = p->items.count,
        .annotations = p->annotations,
    };
    int rc = oci_manifest_build(&spec, &p->m, &f->err);
    oci_free(layers);
    const struct oci_digest *expect = &p->items.expect;
    if (rc == OCI_OK && oci_digest_is(expect) && !oci_digest_equal(expect, &p->m->self.digest))
        rc = oci_flow_fail(f, OCI_DIGEST_MISMATCH, "what is pushed has the digest %s, not %s", p->m->self.digest.text,
                           expect->text);
    return rc;
}

static int finish(struct oci_flow *f)
{
    struct push *p = of(f);
    oci_moving_tell_end(&p->last, false);
    if (p->ret_desc && oci_desc_copy(&p->m->self, p->ret_desc) < 0)
        return oci_flow_no_memory(f);
    if (p->ret_bytes)
        *p->ret_bytes = oci_bytes_ref(p->m->bytes);
    return OCI_OK;
}

static int put_manifest(struct oci_flow *f)
{
    struct push *p = of(f);
    if (build(f) < 0)
        return f->err.code;
    oci_moving_init(&p->last, &p->options.progress, "manifest", &p->m->self);
    /* What the tag names already need not be put. */
    size_t done = oci_digest_equal(&p->tagged.digest, &p->m->self.digest) ? 1 : 0;
    size_t count = p->tags.count - done;
    if (done && count == 0) {
        p->last.state = OCI_PUT_EXISTS;
        return finish(f);
    }
    const char *const *tags = count > 0 ? (const char *const *)p->tags.items + done : NULL;
    oci_moving_tell(&p->last, 0, OCI_STARTED);
    spawn(f, &p->last, oci_flow_push_manifest(p->to, &p->m->self, p->m->bytes, tags ? tags[0] : NULL,
                                              tags ? tags + 1 : NULL, tags ? count - 1 : 0));
    return oci_ask_children(f, on_child);
}

/* ---- all of it ---- */

/* Starts what there is room for: first what can be put, then what is to be hashed, not too far ahead. */
static int schedule(struct oci_flow *f)
{
    struct push *p = of(f);
    for (;;) {
        struct piece *x = oci_list_empty(&p->ready) ? NULL : OCI_OWNER(p->ready.next, struct piece, link);
        unsigned weight = x ? oci_slots_weight(x->item->desc.size) : oci_slots_weight(0);
        if (x && !p->asked && oci_slots_take(&p->slots, weight)) {
            oci_list_remove(&x->link);
            p->ready_count--;
            x->transfer.weight = weight;
            if (put(f, x) < 0)
                return f->err.code;
        } else if (p->next < p->count && p->ready_count + p->hashing < HASHED_AHEAD_MAX &&
                   p->slots.used < p->slots.total) {
            if (begin(f, &p->pieces[p->next++]) < 0)
                return f->err.code;
        } else {
            break;
        }
    }
    if (p->done == p->count && !p->asked)
        return put_manifest(f);
    return oci_ask_children(f, on_child);
}

static int on_hashed(struct oci_flow *f, struct piece *x)
{
    struct push *p = of(f);
    p->hashing--;
    const struct oci_digest *digest = x->hash ? &x->out.digest : &x->found;
    uint64_t size = x->hash ? x->out.size : x->found_size;
    oci_sink_free(x->hash);
    x->hash = NULL;
    if (known(f, x, digest, size) < 0 || put_once(f, x) < 0)
        return f->err.code;
    return schedule(f);
}

static int on_put(struct oci_flow *f, struct piece *x)
{
    struct push *p = of(f);
    if (x->stream && known(f, x, &x->out.digest, x->out.size) < 0)
        return f->err.code;
    oci_moving_tell_end(&x->transfer, false);
    piece_done(p, x);
    return schedule(f);
}

static int on_tagged(struct oci_flow *f)
{
    struct push *p = of(f);
    const struct oci_err *err = &f->ans.child->err;
    p->asked = false;
    p->is_new = err->code == OCI_NOT_FOUND;
    if (err->code)
        oci_desc_done(&p->tagged);
    return schedule(f);
}

static int on_child(struct oci_flow *f)
{
    struct push *p = of(f);
    void *tag = f->ans.child->tag;
    bool failed = f->ans.child->err.code != OCI_OK;
    if (tag == &p->tagged)
        return on_tagged(f);
    if (failed) {
        struct piece *x = tag;
        const struct oci_moving *t = tag == &p->last ? &p->last : &x->transfer;
        oci_moving_tell_end(t, true);
        return oci_flow_fail_child(f);
    }
    if (tag == &p->last)
        return finish(f);
    struct piece *x = tag;
    oci_slots_give(&p->slots, x->transfer.weight);
    return x->state == HASHING ? on_hashed(f, x) : on_put(f, x);
}

static int start(struct oci_flow *f)
{
    struct push *p = of(f);
    if (p->to->type->remote && p->tags.count > 0 && !p->options.is_new) {
        p->asked = true;
        spawn(f, &p->tagged, p->to->type->head_manifest(p->to, p->tags.items[0], &p->tagged));
    }
    return schedule(f);
}

static void free_items(struct oci_push_items *items)
{
    oci_push_item_done(items->config);
    oci_free(items->config);
    for (size_t i = 0; i < items->count; i++)
        oci_push_item_done(&items->layers[i]);
    oci_free(items->layers);
}

static void push_free(struct oci_flow *f)
{
    struct push *p = of(f);
    for (size_t i = 0; i < p->count; i++) {
        oci_sink_free(p->pieces[i].hash);
        oci_bytes_unref(p->pieces[i].kept);
        oci_desc_done(&p->pieces[i].out);
    }
    oci_free(p->pieces);
    free_items(&p->items);
    oci_push_item_done(&p->empty);
    oci_free(p->artifact_type);
    oci_json_free(p->annotations);
    oci_names_done(&p->tags);
    oci_map_done(&p->seen, NULL);
    oci_desc_done(&p->tagged);
    oci_manifest_free(p->m);
}

static const struct oci_flow_type push_type = {.name = "push", .free = push_free};

static void add_piece(struct push *p, struct oci_push_item *item, const char *what)
{
    struct piece *x = &p->pieces[p->count++];
    oci_list_init(&x->link);
    x->item = item;
    x->what = what;
    oci_moving_init(&x->transfer, &p->options.progress, what, &item->desc);
}

/* The pieces, and copies of what is borrowed. */
static int set_up(struct push *p, const char *tag, const char *const *more_tags, size_t more_count)
{
    const struct oci_push_items *items = &p->items;
    p->pieces = oci_calloc(items->count + 2, sizeof *p->pieces);
    p->artifact_type = oci_strdup(items->artifact_type);
    p->annotations = items->annotations ? oci_json_clone(items->annotations) : NULL;
    if (!p->pieces || (items->artifact_type && !p->artifact_type) || (items->annotations && !p->annotations))
        return OCI_NO_MEMORY;
    if (items->config)
        add_piece(p, items->config, "config");
    for (size_t i = 0; i < items->count; i++)
        add_piece(p, &items->layers[i], "blob");
    if (!items->config || items->count == 0) {
        if (oci_desc_empty(&p->empty.desc, true) < 0)
            return OCI_NO_MEMORY;
        add_piece(p, &p->empty, items->config ? "blob" : "config");
    }
    return oci_tags_set(&p->tags, tag, more_tags, more_count);
}

struct oci_flow *oci_flow_push_artifact(struct oci_store *to, struct oci_push_items *take_items, const char *tag,
                                        const char *const *more_tags, size_t more_count,
                                        const struct oci_graph_options *options, struct oci_desc *ret_desc,
                                        struct oci_bytes **ret_bytes)
{
    struct push *p = oci_flow_new(sizeof *p, &push_type, to->host, start);
    if (!p) {
        free_items(take_items);
        return NULL;
    }
    p->to = to;
    p->items = *take_items;
    p->ret_desc = ret_desc;
    p->ret_bytes = ret_bytes;
    if (options)
        p->options = *options;
    p->options.mount_from = NULL; /* nothing is said about where new content might be */
    oci_list_init(&p->ready);
    oci_map_init(&p->seen, p->items.count + 2);
    oci_slots_init(&p->slots, p->options.concurrency);
    if (set_up(p, tag, more_tags, more_count) < 0) {
        oci_flow_free(&p->flow);
        return NULL;
    }
    return &p->flow;
}
