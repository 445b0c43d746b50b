/* Asking for blobs: HEAD, and GET of all or a part (distribution-spec, Pulling blobs). */
#include "base/limits.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/registry_ask.h"

struct blob {
    struct oci_flow flow;
    struct oci_repository repo;
    struct oci_digest digest;
    uint64_t size;             /* as the descriptor has it, or OCI_SIZE_UNKNOWN */
    /* stat */
    struct oci_desc *ret_desc;
    /* pull */
    uint64_t offset, length;   /* length OCI_SIZE_UNKNOWN: to the end */
    bool part;
    struct oci_sink *sink;
    struct oci_source *empty;
};

static struct blob *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct blob, flow);
}

static void blob_free(struct oci_flow *f)
{
    oci_source_free(of(f)->empty);
}

static const struct oci_flow_type stat_type = {.name = "stat blob", .free = blob_free};
static const struct oci_flow_type pull_type = {.name = "pull blob", .free = blob_free};

static struct blob *blob_new(const struct oci_repository *r, const struct oci_digest *digest,
                             const struct oci_flow_type *type, oci_step_fn first)
{
    struct blob *b = oci_flow_new(sizeof *b, type, r->host, first);
    if (!b)
        return NULL;
    b->repo = *r;
    b->digest = *digest;
    return b;
}

/* ---- stat ---- */

static int on_stat(struct oci_flow *f)
{
    struct blob *b = of(f);
    int rc = oci_check_answered_digest(f, &b->digest);
    if (rc < 0)
        return rc;
    uint64_t size = f->ans.length;
    if (size != OCI_SIZE_UNKNOWN && size > OCI_MAX_SIZE)
        return oci_flow_fail(f, OCI_INVALID, "%s: the registry names an impossible size", f->ask.http.doing);
    if (b->ret_desc)
        oci_desc_set(b->ret_desc, OCI_TYPE_OCTETS, &b->digest, size);
    return OCI_OK;
}

static int start_stat(struct oci_flow *f)
{
    struct blob *b = of(f);
    struct oci_http *q = oci_ask_registry(f, &b->repo, OCI_PULL, "HEAD", "/blobs/%s", b->digest.text);
    oci_http_doing(q, "asking %s/%s for blob %s", b->repo.registry, b->repo.name, b->digest.text);
    return oci_ask_http(f, on_stat, 200, 0);
}

struct oci_flow *oci_flow_stat_blob(const struct oci_repository *r, const struct oci_digest *digest,
                                    struct oci_desc *ret_desc)
{
    struct blob *b = blob_new(r, digest, &stat_type, start_stat);
    if (!b)
        return NULL;
    b->ret_desc = ret_desc;
    return &b->flow;
}

/* ---- pull ---- */

static int on_pulled(struct oci_flow *f)
{
    struct blob *b = of(f);
    if (f->ans.status == 416)
        return oci_flow_fail(f, OCI_INVALID, "%s: it ends before byte %llu", f->ask.http.doing,
                             (unsigned long long)b->offset);
    /* The sink has verified what came; a header that lies about it is still a lie (Q20, R07). */
    int rc = oci_check_answered_digest(f, &b->digest);
    if (rc >= 0)
        oci_seen_note(b->repo.seen, b->repo.registry, b->repo.name, &b->digest, b->size);
    return rc;
}

static int on_empty(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

/* The part asked for lies behind the last byte: nothing comes, and nobody need be asked. */
static int give_nothing(struct oci_flow *f)
{
    struct blob *b = of(f);
    struct oci_bytes *none = oci_bytes_new("", 0);
    b->empty = none ? oci_source_bytes(none) : NULL;
    oci_bytes_unref(none);
    return b->empty ? oci_ask_move(f, b->empty, b->sink, on_empty) : oci_flow_no_memory(f);
}

/* The part within the blob, as far as its size is known. */
static int fit_part(struct oci_flow *f)
{
    struct blob *b = of(f);
    if (b->size == OCI_SIZE_UNKNOWN)
        return OCI_OK;
    if (b->offset > b->size)
        return oci_flow_fail(f, OCI_INVALID, "blob %s has %llu bytes: there is nothing at byte %llu", b->digest.text,
                             (unsigned long long)b->size, (unsigned long long)b->offset);
    if (b->length > b->size - b->offset)
        b->length = b->size - b->offset;
    return OCI_OK;
}

static int start_pull(struct oci_flow *f)
{
    struct blob *b = of(f);
    if (b->part && fit_part(f) < 0)
        return f->err.code;
    if (b->part && b->length == 0)
        return give_nothing(f);
    struct oci_http *q = oci_ask_registry(f, &b->repo, OCI_PULL, "GET", "/blobs/%s", b->digest.text);
    oci_http_doing(q, "getting blob %s from %s/%s", b->digest.text, b->repo.registry, b->repo.name);
    q->into = b->sink;
    q->expect_size = b->part ? b->length : b->size;
    if (!b->part)
        return oci_ask_http(f, on_pulled, 200, 0);
    q->range_from = b->offset;
    q->range_length = b->length;
    return oci_ask_http(f, on_pulled, 206, 416, 0);
}

struct oci_flow *oci_flow_pull_blob(const struct oci_repository *r, const struct oci_desc *desc, uint64_t offset,
                                    uint64_t length, struct oci_sink *sink)
{
    struct blob *b = blob_new(r, &desc->digest, &pull_type, start_pull);
    if (!b)
        return NULL;
    b->size = desc->size;
    b->offset = offset;
    b->part = offset > 0 || length > 0;
    b->length = length > 0 ? length : OCI_SIZE_UNKNOWN;
    b->sink = sink;
    return &b->flow;
}
