/* The calls that take a reference and nothing else. */
#include "base/limits.h"
#include "base/mem.h"
#include "client/op.h"
#include "flow/registry_flows.h"

struct simple {
    struct oci_task task;
    struct oci_desc desc;
    struct oci_bytes *bytes;
    struct oci_names names;
    struct oci_repository registry; /* OCI_REPOSITORIES */
    struct oci_source *source;      /* OCI_FETCH_CONFIG */
    struct oci_sink *sink;
};

static struct simple *simple_of(struct oci_flow *f)
{
    return (struct simple *)(void *)f;
}

static void simple_free(struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    oci_source_free(p->source);
    oci_sink_free(p->sink);
    oci_desc_done(&p->desc);
    oci_bytes_unref(p->bytes);
    oci_names_done(&p->names);
    oci_task_done(&p->task);
}

static const struct oci_flow_type simple_type = {.name = "simple", .free = simple_free};

/* ---- how they end ---- */

static int give_desc(struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    oci_result_take_bytes(p->task.op, p->bytes);
    p->bytes = NULL;
    int rc = oci_result_set_desc(p->task.op, &p->desc, &p->task.from, NULL, NULL, 0);
    return rc == OCI_OK ? rc : oci_flow_no_memory(f);
}

static int give_names(struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    oci_result_take_names(p->task.op, &p->names);
    return OCI_OK;
}

static int give_nothing(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

/* ---- how they begin ---- */

static int resolve(struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    struct oci_store *s = p->task.from.store;
    oci_spawn(f, s->type->head_manifest(s, oci_place_name(&p->task.from), &p->desc));
    return oci_ask_children(f, give_desc);
}

static int tags(struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    struct oci_store *s = p->task.from.store;
    oci_spawn(f, s->type->tags(s, &p->names));
    return oci_ask_children(f, give_names);
}

static int repositories(struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    p->registry = (struct oci_repository){
        .host = f->host, .origin = p->task.from.origin, .registry = p->task.from.ref.registry, .name = ""};
    oci_spawn(f, oci_flow_list_repositories(&p->registry, &p->names));
    return oci_ask_children(f, give_names);
}

static int untag(struct oci_flow *f)
{
    struct oci_opened_place *at = &simple_of(f)->task.from;
    if (!at->ref.tag[0])
        return oci_flow_fail(f, OCI_INVALID, "the reference names no tag");
    oci_spawn(f, at->store->type->untag(at->store, at->ref.tag));
    return oci_ask_children(f, give_nothing);
}

static int remove_found(struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    struct oci_store *s = p->task.from.store;
    oci_spawn(f, s->type->remove(s, &p->desc.digest));
    return oci_ask_children(f, give_nothing);
}

static int delete (struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    struct oci_opened_place *at = &p->task.from;
    if (oci_digest_is(&at->ref.digest)) {
        p->desc.digest = at->ref.digest;
        return remove_found(f);
    }
    if (!at->ref.tag[0]) /* what is read as "latest" is not deleted so */
        return oci_flow_fail(f, OCI_INVALID, "the reference names neither a tag nor a digest");
    oci_spawn(f, at->store->type->head_manifest(at->store, at->ref.tag, &p->desc));
    return oci_ask_children(f, remove_found);
}

static int get_manifest(struct oci_flow *f, oci_step_fn next)
{
    struct simple *p = simple_of(f);
    struct oci_store *s = p->task.from.store;
    oci_spawn(f, s->type->get_manifest(s, oci_place_name(&p->task.from), 0, &p->desc, &p->bytes));
    return oci_ask_children(f, next);
}

static int fetch_manifest(struct oci_flow *f)
{
    return get_manifest(f, give_desc);
}

/* The config takes the manifest's place in the result. */
static int take_config(struct oci_flow *f, struct oci_desc *config)
{
    struct simple *p = simple_of(f);
    oci_desc_done(&p->desc);
    p->desc = *config;
    *config = (struct oci_desc){0};
    p->bytes = oci_bytes_unref(p->bytes);
    if (p->desc.data) { /* reading the manifest has verified it */
        p->bytes = oci_bytes_ref(p->desc.data);
        return give_desc(f);
    }
    struct oci_store *s = p->task.from.store;
    p->source = s->type->source(s, &p->desc);
    p->sink = oci_sink_bytes(OCI_MAX_CONTENT_IN_MEMORY, &p->desc, &p->bytes);
    if (!p->source || !p->sink)
        return oci_flow_no_memory(f);
    return oci_ask_move(f, p->source, p->sink, give_desc);
}

static int on_manifest(struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    struct oci_manifest *m;
    int rc = oci_manifest_parse(p->bytes, p->desc.media_type, NULL, &m, &f->err);
    if (rc != OCI_OK)
        return rc;
    if (m->is_index)
        rc = oci_flow_fail(f, OCI_INVALID, "it is an index, which has no config");
    else
        rc = take_config(f, &m->config);
    oci_manifest_free(m);
    return rc;
}

static int fetch_config(struct oci_flow *f)
{
    return get_manifest(f, on_manifest);
}

static int stat_blob(struct oci_flow *f)
{
    struct simple *p = simple_of(f);
    struct oci_store *s = p->task.from.store;
    if (!oci_digest_is(&p->task.from.ref.digest))
        return oci_flow_fail(f, OCI_INVALID, "the reference names no digest");
    oci_spawn(f, s->type->stat(s, &p->task.from.ref.digest, &p->desc));
    return oci_ask_children(f, give_desc);
}

/* ---- starting ---- */

static const struct {
    const char *what;
    oci_step_fn first;
} calls[] = {
    [OCI_RESOLVE] = {"resolve", resolve},
    [OCI_TAGS] = {"tags", tags},
    [OCI_REPOSITORIES] = {"repositories", repositories},
    [OCI_UNTAG] = {"untag", untag},
    [OCI_DELETE] = {"delete", delete},
    [OCI_FETCH_MANIFEST] = {"fetch_manifest", fetch_manifest},
    [OCI_FETCH_CONFIG] = {"fetch_config", fetch_config},
    [OCI_STAT_BLOB] = {"stat_blob", stat_blob},
};

static int open_place(struct oci_op *op, enum oci_simple what, const struct oci_reference *r,
                      struct simple *p, struct oci_err *reterr)
{
    if (what != OCI_REPOSITORIES)
        return oci_place_open(op->client, op->engine, r, false, &op->call, &p->task.from, reterr);
    if (r->place != OCI_PLACE_REGISTRY)
        return oci_err_set(reterr, OCI_INVALID, "only a registry has repositories");
    return oci_place_open_registry(op->client, op->engine, r, &op->call, &p->task.from, reterr);
}

int oci_start_simple(struct oci_client *c, struct oci_mailbox *m, enum oci_simple what,
                     const struct oci_reference *r, const struct oci_call_options *o, struct oci_op **ret_op,
                     struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, calls[what].what, r, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct simple *p = oci_task_new(sizeof *p, &simple_type, op, calls[what].first);
    rc = p ? open_place(op, what, r, p, reterr) : oci_err_no_memory(reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}
