#include <string.h>

#include "base/mem.h"
#include "client/op.h"
#include "client/tags.h"

struct copy {
    struct oci_task task;
    struct oci_tags tags;
    char name[OCI_DIGEST_MAX]; /* of the root in the source: a tag or digest */
    struct oci_desc desc;
};

static struct copy *copy_of(struct oci_flow *f)
{
    return (struct copy *)(void *)f;
}

static void copy_free(struct oci_flow *f)
{
    struct copy *p = copy_of(f);
    oci_tags_done(&p->tags);
    oci_desc_done(&p->desc);
    oci_task_done(&p->task);
}

static const struct oci_flow_type copy_type = {.name = "copy", .free = copy_free};

static int on_copied(struct oci_flow *f)
{
    struct copy *p = copy_of(f);
    int rc = oci_result_set_desc(p->task.op, &p->desc, &p->task.to, p->tags.first, oci_tags_more(&p->tags),
                                 p->tags.more_count);
    return rc == OCI_OK ? rc : oci_flow_no_memory(f);
}

static int copy_graph(struct oci_flow *f)
{
    struct copy *p = copy_of(f);
    struct oci_task *t = &p->task;
    struct oci_graph_options options = oci_op_graph_options(t->op);
    if (oci_place_same_registry(&t->from, &t->to) &&
        strcmp(t->from.ref.repository, t->to.ref.repository) != 0)
        options.mount_from = t->from.ref.repository;
    oci_spawn(f, oci_flow_copy_graph(t->from.store, p->name, t->to.store, p->tags.first,
                                     oci_tags_more(&p->tags), p->tags.more_count, &options, &p->desc));
    return oci_ask_children(f, on_copied);
}

/* Where the destination names a digest, it is the source's or nothing is copied. */
static int on_resolved(struct oci_flow *f)
{
    struct copy *p = copy_of(f);
    const struct oci_digest *want = &p->task.to.ref.digest;
    if (!oci_digest_equal(&p->desc.digest, want))
        return oci_flow_fail(f, OCI_DIGEST_MISMATCH, "the destination names %s, but the source is %s",
                             want->text, p->desc.digest.text);
    oci_desc_done(&p->desc);
    p->desc = (struct oci_desc){0};
    memcpy(p->name, want->text, sizeof p->name); /* and it stays that, whatever happens to the source's tag */
    return copy_graph(f);
}

static int copy_first(struct oci_flow *f)
{
    struct copy *p = copy_of(f);
    struct oci_store *from = p->task.from.store;
    if (!oci_digest_is(&p->task.to.ref.digest))
        return copy_graph(f);
    oci_spawn(f, from->type->head_manifest(from, p->name, &p->desc));
    return oci_ask_children(f, on_resolved);
}

/* The source's tag goes with it unless the destination says what it is called. */
static const char *first_tag(const struct oci_reference *from, const struct oci_reference *to)
{
    return to->tag[0] || oci_digest_is(&to->digest) ? to->tag : from->tag;
}

int oci_start_copy(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *from,
                   const struct oci_reference *to, const char *const *tags, size_t tag_count,
                   const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "copy", from, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct copy *p = oci_task_new(sizeof *p, &copy_type, op, copy_first);
    if (!p)
        return oci_op_launch(op, oci_err_no_memory(reterr), ret_op, reterr);
    rc = oci_place_open(c, op->engine, from, false, &op->call, &p->task.from, reterr);
    if (rc == OCI_OK)
        rc = oci_place_open(c, op->engine, to, true, &op->call, &p->task.to, reterr);
    if (rc == OCI_OK)
        rc = oci_tags_copy(first_tag(from, to), tags, tag_count, &p->tags, reterr);
    if (rc == OCI_OK)
        rc = oci_str_copy(p->name, sizeof p->name, oci_str_of(oci_place_name(&p->task.from)));
    return oci_op_launch(op, rc, ret_op, reterr);
}
