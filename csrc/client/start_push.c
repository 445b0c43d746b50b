/* push and build: the same flow, with a place or without. */
#include <string.h>

#include "base/mem.h"
#include "client/documents.h"
#include "client/tags.h"
#include "flow/children.h"

struct push {
    struct oci_task task; /* `to` is the place, of push alone; `from`, of build, that of the subject */
    struct oci_documents documents;
    bool is_new, fallback, immutable;
    struct oci_tags tags;
    char *subject; /* what it is called in its place: to be resolved; or NULL */
    struct oci_desc found;
    struct oci_pushed pushed;
};

static struct push *push_of(struct oci_flow *f)
{
    return (struct push *)(void *)f;
}

static void push_free(struct oci_flow *f)
{
    struct push *p = push_of(f);
    oci_documents_done(&p->documents);
    oci_tags_done(&p->tags);
    oci_free(p->subject);
    oci_desc_done(&p->found);
    oci_pushed_done(&p->pushed);
    oci_task_done(&p->task);
}

static const struct oci_flow_type push_type = {.name = "push", .free = push_free};

/* ---- steps ---- */

static int on_pushed(struct oci_flow *f)
{
    struct push *p = push_of(f);
    struct oci_op *op = p->task.op;
    oci_result_take_bytes(op, p->pushed.bytes);
    p->pushed.bytes = NULL;
    op->result.fallback = p->pushed.fallback;
    const struct oci_opened_place *place = op->subject ? &p->task.to : NULL;
    int rc = oci_result_set_desc(op, &p->pushed.desc, place, p->tags.first, oci_tags_more(&p->tags),
                                 p->tags.more_count);
    return rc == OCI_OK ? rc : oci_flow_no_memory(f);
}

static int on_looked(struct oci_flow *f)
{
    struct push *p = push_of(f);
    struct oci_push_graph graph;
    if (oci_documents_graph(&p->documents, &graph) != OCI_OK)
        return oci_flow_no_memory(f);
    graph.tag = p->tags.first;
    graph.more_tags = oci_tags_more(&p->tags);
    graph.more_count = p->tags.more_count;
    graph.fallback = p->fallback;
    graph.immutable = p->immutable;
    struct oci_graph_options options = oci_op_graph_options(p->task.op);
    options.is_new = p->is_new;
    struct oci_store *to = p->task.to.store;
    oci_spawn(f, to ? oci_flow_push_graph(to, &graph, &options, &p->pushed)
                    : oci_flow_build_graph(f->host, &graph, &options, &p->pushed));
    return oci_ask_children(f, on_pushed);
}

static int look(struct oci_flow *f)
{
    return oci_ask_work(f, oci_contents_look(&push_of(f)->documents.contents), on_looked);
}

/* What else is known of the subject is not written: it depends on the place that was asked. */
static int on_subject(struct oci_flow *f)
{
    struct push *p = push_of(f);
    if (f->ans.child->err.code) {
        oci_flow_fail_child(f);
        return oci_err_wrap(&f->err, "the subject");
    }
    oci_desc_set(&oci_documents_root(&p->documents)->subject, p->found.media_type, &p->found.digest, p->found.size);
    return look(f);
}

static int push_first(struct oci_flow *f)
{
    struct push *p = push_of(f);
    if (!p->subject)
        return look(f);
    struct oci_store *s = p->task.from.store ? p->task.from.store : p->task.to.store;
    struct oci_flow *ask = s->type->head_manifest(s, p->subject, &p->found);
    if (ask)
        ask->tolerate = true;
    oci_spawn(f, ask);
    return oci_ask_children(f, on_subject);
}

/* ---- starting ---- */

static bool same_place(const struct oci_reference *a, const struct oci_reference *b)
{
    if (a->place != b->place)
        return false;
    if (a->place == OCI_PLACE_REGISTRY)
        return strcmp(a->registry, b->registry) == 0 && strcmp(a->repository, b->repository) == 0;
    return strcmp(a->path, b->path) == 0;
}

/* A registry lists referrers by repository (distribution-spec, Listing Referrers): elsewhere nobody would find it. */
static int find_subject(struct push *p, const struct oci_push_spec *spec, const struct oci_call_options *o,
                        struct oci_err *reterr)
{
    struct oci_task *t = &p->task;
    const struct oci_reference *at = spec->subject;
    if (!at)
        return OCI_OK;
    if (t->op->subject && !same_place(at, &t->to.ref))
        return oci_err_set(reterr, OCI_INVALID,
                           "the subject is elsewhere: push to the place where it is, since only there its referrers are "
                           "listed");
    int rc = t->op->subject ? OCI_OK : oci_place_open(t->op->client, t->op->engine, at, false, o, &t->from, reterr);
    if (rc != OCI_OK)
        return rc;
    const struct oci_opened_place named = {.ref = *at}; /* only looked at */
    p->subject = oci_strdup(oci_place_name(&named));
    return p->subject ? OCI_OK : oci_err_no_memory(reterr);
}

static int fill_in(struct push *p, const struct oci_push_spec *spec, struct oci_err *reterr)
{
    p->is_new = spec->is_new;
    p->fallback = spec->fallback;
    int rc = oci_documents_copy(p->task.op, spec, &p->documents, reterr);
    if (rc == OCI_OK && spec->subject && oci_documents_root(&p->documents)->version_1_0)
        rc = oci_err_set(reterr, OCI_INVALID, "image-spec 1.0 knows no subject: leave it out, or write version 1.1");
    return rc == OCI_OK ? find_subject(p, spec, &p->task.op->call, reterr) : rc;
}

static int protect(struct push *p, const struct oci_reference *to, const struct oci_push_spec *spec,
                   struct oci_err *reterr)
{
    p->immutable = spec->immutable && to->tag[0];
    if (spec->immutable && !to->tag[0] && spec->tag_count > 0)
        return oci_err_set(reterr, OCI_INVALID, "immutable is about the tag of the reference, which has none");
    return OCI_OK;
}

static int fill_place(struct push *p, const struct oci_reference *to, const struct oci_push_spec *spec,
                      struct oci_err *reterr)
{
    struct oci_op *op = p->task.op;
    int rc = oci_place_open(op->client, op->engine, to, true, &op->call, &p->task.to, reterr);
    if (rc == OCI_OK)
        rc = oci_tags_copy(to->tag, spec->tags, spec->tag_count, &p->tags, reterr);
    if (rc == OCI_OK)
        rc = protect(p, to, spec, reterr);
    struct oci_push_spec named = *spec;
    if (oci_digest_is(&to->digest))
        named.root.expect = &to->digest;
    return rc == OCI_OK ? fill_in(p, &named, reterr) : rc;
}

int oci_start_push(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *to,
                   const struct oci_push_spec *spec, const struct oci_call_options *o, struct oci_op **ret_op,
                   struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "push", to, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct push *p = oci_task_new(sizeof *p, &push_type, op, push_first);
    rc = p ? fill_place(p, to, spec, reterr) : oci_err_no_memory(reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}

int oci_start_build(struct oci_client *c, struct oci_mailbox *m, const struct oci_push_spec *spec,
                    const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "build", NULL, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct push *p = oci_task_new(sizeof *p, &push_type, op, push_first);
    rc = p ? fill_in(p, spec, reterr) : oci_err_no_memory(reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}
