/* Pushing pieces of content (push_inside.h): hashed, put. Content that can be read once only, or that the caller says is
 * new, is sent in one pass, and its digest comes back from there. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow/push_inside.h"

/* Content in memory: what is embedded, or the empty object. NULL: out of memory. */
static struct oci_bytes *bytes_of(const struct oci_push_item *item)
{
    return item->desc.data ? oci_bytes_ref(item->desc.data) : oci_bytes_new("{}", 2);
}

static bool make_out(struct oci_push_piece *x)
{
    if (!x->out)
        x->out = oci_calloc(1, sizeof *x->out);
    return x->out != NULL;
}

static void drop_out(struct oci_push_piece *x)
{
    if (x->out)
        oci_desc_done(x->out);
    oci_free(x->out);
    x->out = NULL;
}

void oci_push_piece_done(struct oci_push_piece *x)
{
    oci_sink_free(x->sink);
    x->kept = oci_bytes_unref(x->kept);
    drop_out(x);
}

/* What it is called in messages. */
static const char *name_of(const struct oci_push_piece *x)
{
    const char *title = oci_desc_title(&x->item->desc);
    return title ? title : x->part.transfer.what;
}

/* Its digest and size are known. */
static int known(struct oci_flow *f, struct oci_push_piece *x, const struct oci_digest *digest, uint64_t size)
{
    struct oci_desc *d = &x->item->desc;
    if (d->size != OCI_SIZE_UNKNOWN && size != OCI_SIZE_UNKNOWN && d->size != size)
        return oci_flow_fail(f, OCI_SIZE_MISMATCH, "%s has changed meanwhile: it has %llu bytes instead of %llu",
                             name_of(x), (unsigned long long)size, (unsigned long long)d->size);
    d->digest = *digest;
    if (size != OCI_SIZE_UNKNOWN)
        d->size = size;
    x->part.transfer.total = d->size;
    struct oci_err err = {0};
    if (x->item->hashed && x->item->hashed(x->item, &err) < 0)
        return oci_err_copy(&f->err, &err);
    return OCI_OK;
}

static int enqueue(struct oci_flow *f, struct oci_push_piece *x)
{
    return oci_push_enqueue(f, &x->part, &oci_push_of(f)->seen, x->item->desc.digest.text);
}

static int hash_in_memory(struct oci_flow *f, struct oci_push_piece *x)
{
    struct oci_bytes *bytes = bytes_of(x->item);
    struct oci_desc *d = &x->item->desc;
    struct oci_digest digest;
    if (!bytes)
        return oci_flow_no_memory(f);
    struct oci_str algorithm = oci_digest_is(&d->digest) ? oci_digest_algorithm(&d->digest) : OCI_STR(OCI_SHA256);
    int rc = oci_digest_of(algorithm, bytes->p, bytes->len, &digest, &f->err);
    if (rc == OCI_OK && oci_digest_is(&d->digest) && !oci_digest_equal(&d->digest, &digest))
        rc = oci_flow_fail(f, OCI_DIGEST_MISMATCH, "the %s has the digest %s, not %s", x->part.transfer.what,
                           digest.text, d->digest.text);
    if (rc == OCI_OK)
        rc = known(f, x, &digest, bytes->len);
    oci_bytes_unref(bytes);
    return rc == OCI_OK ? enqueue(f, x) : rc;
}

int oci_push_hash(struct oci_flow *f, struct oci_push_piece *x)
{
    struct oci_push *p = oci_push_of(f);
    struct oci_source *s = x->item->source;
    const char *path = oci_source_file_path(s);
    x->part.state = OCI_PUSH_HASHING;
    x->part.transfer.weight = oci_slots_weight(0);
    oci_slots_take(&p->slots, x->part.transfer.weight);
    p->hashing++;
    if (!make_out(x))
        return oci_flow_no_memory(f);
    if (path && !x->item->embed) {
        oci_push_spawn(f, &x->part,
                       oci_flow_hash_file(f->host, path, OCI_SMALL, &x->out->digest, &x->out->size, &x->kept));
        return OCI_OK;
    }
    x->sink = x->item->embed ? oci_sink_bytes(OCI_MAX_EMBEDDED, NULL, &x->kept)
                             : oci_sink_hash(OCI_STR(OCI_SHA256), x->out);
    if (!x->sink)
        return oci_flow_no_memory(f);
    oci_push_spawn(f, &x->part, oci_flow_move(f->host, s, x->sink));
    return OCI_OK;
}

int oci_push_on_hashed(struct oci_flow *f, struct oci_push_piece *x)
{
    oci_push_of(f)->hashing--;
    if (x->item->embed) {
        x->item->desc.data = oci_bytes_ref(x->kept);
        return hash_in_memory(f, x);
    }
    oci_sink_free(x->sink);
    x->sink = NULL;
    int rc = known(f, x, &x->out->digest, x->out->size);
    drop_out(x);
    return rc < 0 ? f->err.code : enqueue(f, x);
}

/* Sent and hashed in one pass: two questions more than for content that fits in memory, so not for small
 * files. On this machine a packed directory is written at once: packing it twice would cost more than looking first saves. */
static bool goes_as_stream(const struct oci_push *p, const struct oci_push_piece *x)
{
    const struct oci_source *s = x->item->source;
    uint64_t size = x->item->desc.size;
    if (x->item->embed || p->only_hash)
        return false;
    if (s->type->one_shot || (s->size == OCI_SIZE_UNKNOWN && !p->to->type->remote))
        return true;
    return p->options.is_new && (size == OCI_SIZE_UNKNOWN || size >= OCI_SMALL);
}

int oci_push_begin(struct oci_flow *f, struct oci_push_piece *x)
{
    const struct oci_digest *digest = &x->item->desc.digest;
    if (!x->item->source)
        return hash_in_memory(f, x);
    if (oci_digest_is(digest) && !x->item->embed)
        return known(f, x, digest, OCI_SIZE_UNKNOWN) < 0 ? f->err.code : enqueue(f, x);
    if (!goes_as_stream(oci_push_of(f), x))
        return oci_push_hash(f, x);
    x->stream = true;
    return oci_push_enqueue(f, &x->part, NULL, NULL);
}

int oci_push_put_piece(struct oci_flow *f, struct oci_push_piece *x)
{
    struct oci_push *p = oci_push_of(f);
    if (!make_out(x))
        return oci_flow_no_memory(f);
    struct oci_bytes *bytes = x->kept ? oci_bytes_ref(x->kept) : !x->item->source ? bytes_of(x->item) : NULL;
    /* The piece keeps its source: item->hashed() may look at it afterwards. */
    struct oci_source *s = bytes ? oci_source_bytes(bytes) : x->item->source;
    s = oci_moving_watch(&x->part.transfer, s, bytes != NULL);
    oci_bytes_unref(bytes);
    if (!s)
        return oci_flow_no_memory(f);
    struct oci_put hint = {
        .is_new = p->options.is_new || (p->is_new && x->item->desc.size < OCI_SMALL),
        .verify = p->options.verify,
        .title = x->part.transfer.title,
    };
    oci_moving_tell(&x->part.transfer, 0, OCI_STARTED);
    oci_push_spawn(f, &x->part,
                   p->to->type->put(p->to, &x->item->desc, s, &hint, x->out, &x->part.transfer.state));
    return OCI_OK;
}

int oci_push_on_put(struct oci_flow *f, struct oci_push_piece *x)
{
    x->kept = oci_bytes_unref(x->kept);
    int rc = x->stream ? known(f, x, &x->out->digest, x->out->size) : OCI_OK;
    drop_out(x);
    return rc;
}

int oci_push_check_sizes(struct oci_flow *f)
{
    const struct oci_push *p = oci_push_of(f);
    for (size_t i = 0; i < p->piece_count; i++) {
        const struct oci_push_item *item = p->pieces[i].item;
        uint64_t size = item->desc.data ? item->desc.data->len : item->embed ? item->desc.size : 0;
        if (size == OCI_SIZE_UNKNOWN || size <= OCI_MAX_EMBEDDED)
            continue;
        return oci_flow_fail(f, OCI_LIMIT, "%s has %llu bytes, and at most %u are embedded: push it without 'embed'",
                             name_of(&p->pieces[i]), (unsigned long long)size, OCI_MAX_EMBEDDED);
    }
    return OCI_OK;
}
