/* read_entries: small files out of an archive, which is a file of the caller's or a blob. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "client/op.h"
#include "flow/children.h"
#include "pack/find.h"

struct read_entries {
    struct oci_task task;
    char *path;            /* or NULL: it is a blob of task.from */
    size_t count;
    struct oci_desc desc;  /* of a blob */
    struct oci_source *source;
    struct oci_sink *sink;
};

static struct read_entries *entries_of(struct oci_flow *f)
{
    return (struct read_entries *)(void *)f;
}

static void entries_free(struct oci_flow *f)
{
    struct read_entries *p = entries_of(f);
    oci_source_free(p->source);
    oci_sink_free(p->sink);
    oci_desc_done(&p->desc);
    oci_free(p->path);
    oci_task_done(&p->task);
}

static const struct oci_flow_type entries_type = {.name = "read entries", .free = entries_free};

static int give(struct oci_flow *f)
{
    struct read_entries *p = entries_of(f);
    struct oci_result *r = &p->task.op->result;
    r->entries = oci_calloc(p->count + 1, sizeof *r->entries);
    if (!r->entries)
        return oci_flow_no_memory(f);
    for (; r->entry_count < p->count; r->entry_count++)
        r->entries[r->entry_count] = oci_sink_find_take(p->sink, r->entry_count);
    return OCI_OK;
}

/* The sink may have stopped it: then all is there. */
static int on_moved(struct oci_flow *f)
{
    struct read_entries *p = entries_of(f);
    if (f->ans.child->err.code == OCI_OK || oci_sink_find_had_enough(p->sink))
        return give(f);
    int rc = oci_flow_fail_child(f);
    if (p->path && !*f->err.path) {
        oci_err_wrap(&f->err, "%.200s", p->path);
        oci_err_about(&f->err, "%s", p->path);
    }
    return rc;
}

static int first(struct oci_flow *f)
{
    struct read_entries *p = entries_of(f);
    struct oci_store *s = p->task.from.store;
    p->source = s ? s->type->source(s, &p->desc) : oci_source_file(p->path, OCI_SIZE_UNKNOWN);
    struct oci_flow *move = p->source ? oci_flow_move(f->host, p->source, p->sink) : NULL;
    if (move)
        move->tolerate = true;
    oci_spawn(f, move);
    return oci_ask_children(f, on_moved);
}

/* ---- starting ---- */

static int open_blob(struct oci_op *op, const struct oci_archive *a, struct read_entries *p, struct oci_err *reterr)
{
    const struct oci_reference *r = a->blob;
    if (!oci_digest_is(&r->digest))
        return oci_err_set(reterr, OCI_INVALID, "the reference names no digest");
    oci_desc_set(&p->desc, OCI_TYPE_OCTETS, &r->digest, a->size);
    return oci_place_open(op->client, op->engine, r, false, &op->call, &p->task.from, reterr);
}

static int open_archive(struct oci_op *op, const struct oci_archive *a, struct read_entries *p, struct oci_err *reterr)
{
    int rc = a->blob ? open_blob(op, a, p, reterr) : OCI_OK;
    if (rc != OCI_OK)
        return rc;
    const uint64_t most = OCI_MAX_CONTENT_IN_MEMORY;
    const struct oci_find_options o = {.host = op->host,
                                       .want = a->blob ? &p->desc : NULL,
                                       .patterns = a->patterns,
                                       .count = a->count,
                                       .cut = a->cut,
                                       .limit = (size_t)(a->limit < most ? a->limit : most)};
    p->count = a->count;
    p->path = oci_strdup(a->path);
    p->sink = oci_sink_find(&o);
    return p->sink && (a->blob || p->path) ? OCI_OK : oci_err_no_memory(reterr);
}

int oci_start_read_entries(struct oci_client *c, struct oci_mailbox *m, const struct oci_archive *archive,
                           const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "reading the archive", archive->blob, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct read_entries *p = oci_task_new(sizeof *p, &entries_type, op, first);
    rc = p ? open_archive(op, archive, p, reterr) : oci_err_no_memory(reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}
