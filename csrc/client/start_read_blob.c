/* fetch_blob and open_blob: a blob, or a part of one, into memory or through the caller's window. */
#include "base/limits.h"
#include "base/mem.h"
#include "client/op.h"

#define FETCH_LIMIT (64u << 20) /* unless the caller says otherwise */

struct read_blob {
    struct oci_task task;
    uint64_t offset, length;
    uint64_t limit; /* fetch_blob */
    struct oci_desc desc;
    struct oci_source *source;
    struct oci_sink *sink;
    struct oci_bytes *bytes;
};

static struct read_blob *read_of(struct oci_flow *f)
{
    return (struct read_blob *)(void *)f;
}

static void read_free(struct oci_flow *f)
{
    struct read_blob *p = read_of(f);
    oci_source_free(p->source);
    oci_sink_free(p->sink);
    oci_desc_done(&p->desc);
    oci_bytes_unref(p->bytes);
    oci_task_done(&p->task);
}

static const struct oci_flow_type read_type = {.name = "read blob", .free = read_free};

static bool is_whole(const struct read_blob *p)
{
    return p->offset == 0 && p->length == OCI_SIZE_UNKNOWN;
}

static int open_source(struct read_blob *p)
{
    struct oci_store *s = p->task.from.store;
    if (p->length == 0) { /* no range request can say that */
        struct oci_bytes *nothing = oci_bytes_new("", 0);
        p->source = nothing ? oci_source_bytes(nothing) : NULL;
        oci_bytes_unref(nothing);
    } else if (is_whole(p))
        p->source = s->type->source(s, &p->desc);
    else
        p->source = s->type->source_range(s, &p->desc, p->offset, p->length);
    return p->source ? OCI_OK : OCI_NO_MEMORY;
}

static int give_desc(struct oci_flow *f)
{
    struct read_blob *p = read_of(f);
    int rc = oci_result_set_desc(p->task.op, &p->desc, &p->task.from, NULL, NULL, 0);
    return rc == OCI_OK ? rc : oci_flow_no_memory(f);
}

/* ---- fetch_blob ---- */

static int on_fetched(struct oci_flow *f)
{
    struct read_blob *p = read_of(f);
    if (is_whole(p))
        p->desc.size = p->bytes->len;
    oci_result_take_bytes(p->task.op, p->bytes);
    p->bytes = NULL;
    return give_desc(f);
}

static int fetch_first(struct oci_flow *f)
{
    struct read_blob *p = read_of(f);
    p->sink = oci_sink_bytes((size_t)p->limit, is_whole(p) ? &p->desc : NULL, &p->bytes);
    if (!p->sink || open_source(p) != OCI_OK)
        return oci_flow_no_memory(f);
    return oci_ask_move(f, p->source, p->sink, on_fetched);
}

/* ---- open_blob ---- */

static int on_moved(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

static int on_stat(struct oci_flow *f)
{
    struct read_blob *p = read_of(f);
    p->sink = oci_window_sink(p->task.op->window, is_whole(p) ? &p->desc : NULL);
    if (!p->sink || open_source(p) != OCI_OK)
        return oci_flow_no_memory(f);
    int rc = give_desc(f);
    if (rc != OCI_OK)
        return rc;
    oci_op_publish(p->task.op); /* the caller may look at it while the bytes come */
    return oci_ask_move(f, p->source, p->sink, on_moved);
}

static int open_first(struct oci_flow *f)
{
    struct read_blob *p = read_of(f);
    struct oci_store *s = p->task.from.store;
    oci_spawn(f, s->type->stat(s, &p->task.from.ref.digest, &p->desc));
    return oci_ask_children(f, on_stat);
}

/* ---- starting ---- */

static int begin(struct oci_op *op, const struct oci_reference *r, uint64_t offset, uint64_t length,
                 oci_step_fn first, struct read_blob **ret_task, struct oci_err *reterr)
{
    struct read_blob *p = oci_task_new(sizeof *p, &read_type, op, first);
    if (!p)
        return oci_err_no_memory(reterr);
    *ret_task = p;
    if (!oci_digest_is(&r->digest))
        return oci_err_set(reterr, OCI_INVALID, "the reference names no digest");
    if (offset > OCI_MAX_SIZE || (length > OCI_MAX_SIZE && length != OCI_SIZE_UNKNOWN))
        return oci_err_set(reterr, OCI_INVALID, "the range is beyond every blob");
    p->offset = offset;
    p->length = length;
    oci_desc_set(&p->desc, OCI_TYPE_OCTETS, &r->digest, OCI_SIZE_UNKNOWN);
    return oci_place_open(op->client, op->engine, r, false, &op->call, &p->task.from, reterr);
}

int oci_start_fetch_blob(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *r,
                         uint64_t offset, uint64_t length, uint64_t limit, const struct oci_call_options *o,
                         struct oci_op **ret_op, struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "fetch_blob", r, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct read_blob *p = NULL;
    rc = begin(op, r, offset, length, fetch_first, &p, reterr);
    if (rc == OCI_OK) {
        p->limit = limit ? limit : FETCH_LIMIT;
        if (p->limit > OCI_MAX_CONTENT_IN_MEMORY)
            p->limit = OCI_MAX_CONTENT_IN_MEMORY;
        if (length != OCI_SIZE_UNKNOWN && length > p->limit)
            rc = oci_err_set(reterr, OCI_LIMIT, "%llu bytes are more than the limit of %llu",
                             (unsigned long long)length, (unsigned long long)p->limit);
    }
    return oci_op_launch(op, rc, ret_op, reterr);
}

int oci_start_open_blob(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *r,
                        uint64_t offset, uint64_t length, const struct oci_call_options *o,
                        struct oci_op **ret_op, struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "open_blob", r, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct read_blob *p = NULL;
    rc = begin(op, r, offset, length, open_first, &p, reterr);
    if (rc == OCI_OK)
        rc = oci_op_make_window(op, reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}
