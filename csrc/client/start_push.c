/* push and build: the same flow, against a place or against one that keeps nothing. */
#include "base/mem.h"
#include "client/contents.h"
#include "client/null_store.h"
#include "client/tags.h"

struct push {
    struct oci_task task;
    struct oci_contents contents; /* the config first, if there is one */
    bool has_config;
    bool is_new;
    char *artifact_type;
    struct oci_json *annotations;
    struct oci_tags tags;
    struct oci_digest expect; /* of the reference: what is pushed must get it */
    struct oci_desc desc;     /* the manifest's */
    struct oci_bytes *bytes;
};

static struct push *push_of(struct oci_flow *f)
{
    return (struct push *)(void *)f;
}

static void push_free(struct oci_flow *f)
{
    struct push *p = push_of(f);
    oci_contents_done(&p->contents);
    oci_free(p->artifact_type);
    oci_json_free(p->annotations);
    oci_tags_done(&p->tags);
    oci_desc_done(&p->desc);
    oci_bytes_unref(p->bytes);
    oci_task_done(&p->task);
}

static const struct oci_flow_type push_type = {.name = "push", .free = push_free};

/* ---- steps ---- */

static void free_items(struct oci_push_items *items)
{
    if (items->config)
        oci_push_item_done(items->config);
    oci_free(items->config);
    for (size_t i = 0; i < items->count; i++)
        oci_push_item_done(&items->layers[i]);
    oci_free(items->layers);
}

static int make_items(struct push *p, struct oci_push_items *ret_items)
{
    struct oci_piece *piece = p->contents.pieces;
    size_t left = p->contents.count;
    struct oci_push_items items = {
        .artifact_type = p->artifact_type, .annotations = p->annotations, .expect = p->expect};
    int rc = OCI_OK;
    if (p->has_config) {
        items.config = oci_calloc(1, sizeof *items.config);
        rc = items.config ? oci_piece_item(piece, items.config) : OCI_NO_MEMORY;
        piece++;
        left--;
    }
    items.layers = oci_calloc(left + 1, sizeof *items.layers);
    if (!items.layers)
        rc = OCI_NO_MEMORY;
    for (; left > 0 && rc == OCI_OK; piece++, left--)
        rc = oci_piece_item(piece, &items.layers[items.count++]);
    if (rc == OCI_OK)
        *ret_items = items;
    else
        free_items(&items);
    return rc;
}

static int on_pushed(struct oci_flow *f)
{
    struct push *p = push_of(f);
    struct oci_op *op = p->task.op;
    oci_result_take_bytes(op, p->bytes);
    p->bytes = NULL;
    const struct oci_opened_place *place = op->subject ? &p->task.to : NULL;
    int rc =
        oci_result_set_desc(op, &p->desc, place, p->tags.first, oci_tags_more(&p->tags), p->tags.more_count);
    return rc == OCI_OK ? rc : oci_flow_no_memory(f);
}

static int on_looked(struct oci_flow *f)
{
    struct push *p = push_of(f);
    struct oci_push_items items;
    if (make_items(p, &items) != OCI_OK)
        return oci_flow_no_memory(f);
    struct oci_graph_options options = oci_op_graph_options(p->task.op);
    options.is_new = p->is_new;
    oci_spawn(f, oci_flow_push_artifact(p->task.to.store, &items, p->tags.first, oci_tags_more(&p->tags),
                                        p->tags.more_count, &options, &p->desc, &p->bytes));
    return oci_ask_children(f, on_pushed);
}

static int push_first(struct oci_flow *f)
{
    return oci_ask_work(f, oci_contents_look(&push_of(f)->contents), on_looked);
}

/* ---- starting ---- */

/* An artifact has a type: its own, or its config's (image-spec manifest.md, artifactType). */
static int choose_type(struct push *p, const struct oci_push_spec *spec, struct oci_err *reterr)
{
    const char *type = spec->artifact_type;
    if (type && !oci_media_type_valid(oci_str_of(type)))
        return oci_err_set(reterr, OCI_INVALID, "the artifact type \"%s\" is not a media type", type);
    if (!type && (!spec->config || !spec->config->media_type)) {
        type = OCI_TYPE_UNKNOWN_ARTIFACT;
        oci_client_warn(p->task.op->client,
                        "no artifact type is given: " OCI_TYPE_UNKNOWN_ARTIFACT " is written");
    }
    p->artifact_type = oci_strdup(type);
    return !type || p->artifact_type ? OCI_OK : oci_err_no_memory(reterr);
}

static int copy_contents(struct push *p, const struct oci_push_spec *spec, struct oci_err *reterr)
{
    const struct oci_content **list = oci_calloc(spec->count + 1, sizeof *list);
    if (!list)
        return oci_err_no_memory(reterr);
    size_t n = 0;
    p->has_config = spec->config != NULL;
    if (spec->config)
        list[n++] = spec->config;
    for (size_t i = 0; i < spec->count; i++)
        list[n++] = &spec->contents[i];
    int rc = oci_contents_copy(p->task.op, list, n, &p->contents, reterr);
    oci_free(list);
    return rc;
}

static int fill_in(struct push *p, const struct oci_push_spec *spec, struct oci_err *reterr)
{
    int rc = copy_contents(p, spec, reterr);
    if (rc == OCI_OK)
        rc = choose_type(p, spec, reterr);
    p->is_new = spec->is_new;
    p->annotations = spec->annotations ? oci_json_clone(spec->annotations) : NULL;
    if (rc == OCI_OK && spec->annotations && !p->annotations)
        rc = oci_err_no_memory(reterr);
    return rc;
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
    if (!p)
        rc = oci_err_no_memory(reterr);
    else
        p->expect = to->digest;
    if (rc == OCI_OK)
        rc = oci_place_open(c, op->engine, to, true, &op->call, &p->task.to, reterr);
    if (rc == OCI_OK)
        rc = oci_tags_copy(to->tag, spec->tags, spec->tag_count, &p->tags, reterr);
    if (rc == OCI_OK)
        rc = fill_in(p, spec, reterr);
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
    if (!p || !(p->task.to.store = oci_store_null(op->host)))
        rc = oci_err_no_memory(reterr);
    if (rc == OCI_OK)
        rc = fill_in(p, spec, reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}
