#include "base/mem.h"
#include "client/op.h"
#include "client/stream_target.h"

struct pull {
    struct oci_task task;
    char *to;
    bool overwrite, sync;
    int unpack;
    struct oci_selection what;
    struct oci_pull_target *files, *stream; /* one of them */
    struct oci_desc desc;
    struct oci_manifest *chosen; /* until the result has it */
};

static struct pull *pull_of(struct oci_flow *f)
{
    return (struct pull *)(void *)f;
}

static void pull_free(struct oci_flow *f)
{
    struct pull *p = pull_of(f);
    oci_files_free(p->files);
    oci_stream_target_free(p->stream);
    oci_selection_done(&p->what);
    oci_manifest_free(p->chosen);
    oci_free(p->to);
    oci_desc_done(&p->desc);
    oci_task_done(&p->task);
}

static const struct oci_flow_type pull_type = {.name = "pull", .free = pull_free};

static int give_manifest(struct oci_flow *f)
{
    struct pull *p = pull_of(f);
    oci_result_take_manifest(p->task.op, p->chosen);
    p->chosen = NULL;
    int rc = oci_result_set_desc(p->task.op, &p->desc, &p->task.from, NULL, NULL, 0);
    return rc == OCI_OK ? rc : oci_flow_no_memory(f);
}

static int on_pulled(struct oci_flow *f)
{
    struct pull *p = pull_of(f);
    if (p->stream) /* all is told already */
        return OCI_OK;
    int rc = give_manifest(f);
    if (rc == OCI_OK && oci_result_set_files(p->task.op, p->files) != OCI_OK)
        rc = oci_flow_no_memory(f);
    return rc;
}

static int pull_first(struct oci_flow *f)
{
    struct pull *p = pull_of(f);
    struct oci_op *op = p->task.op;
    const struct oci_files_options files = {
        .to = p->to, .overwrite = p->overwrite, .sync = p->sync, .unpack = p->unpack};
    if (op->gives_files)
        p->stream = oci_stream_target_new(op, give_manifest, f);
    else
        p->files = oci_files_new(f->host, &files);
    if (!p->stream && !p->files)
        return oci_flow_no_memory(f);
    struct oci_graph_options options = oci_op_graph_options(op);
    oci_spawn(f, oci_flow_pull_artifact(p->task.from.store, oci_place_name(&p->task.from), &p->what,
                                        p->stream ? p->stream : p->files, &options, &p->desc, &p->chosen));
    return oci_ask_children(f, on_pulled);
}

int oci_start_pull(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *from,
                   const struct oci_pull_options *p, const struct oci_call_options *o, struct oci_op **ret_op,
                   struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "pull", from, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct pull *t = oci_task_new(sizeof *t, &pull_type, op, pull_first);
    if (!t)
        return oci_op_launch(op, oci_err_no_memory(reterr), ret_op, reterr);
    t->to = oci_strdup(p->to ? p->to : ".");
    t->overwrite = p->overwrite;
    t->sync = p->sync;
    t->unpack = p->unpack;
    rc = oci_selection_copy(&p->what, &t->what);
    rc = t->to && rc == OCI_OK ? oci_place_open(c, op->engine, from, false, &op->call, &t->task.from, reterr)
                               : oci_err_no_memory(reterr);
    if (rc == OCI_OK && p->stream) {
        op->gives_files = true;
        rc = oci_op_make_window(op, reterr);
    }
    return oci_op_launch(op, rc, ret_op, reterr);
}

/* ---- only the manifest ---- */

static int choose_first(struct oci_flow *f)
{
    struct pull *p = pull_of(f);
    oci_spawn(f, oci_flow_choose_manifest(p->task.from.store, oci_place_name(&p->task.from), p->what.platform,
                                          &p->desc, NULL, &p->chosen));
    return oci_ask_children(f, give_manifest);
}

int oci_start_choose(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *from,
                     const struct oci_json *platform, const struct oci_call_options *o, struct oci_op **ret_op,
                     struct oci_err *reterr)
{
    const struct oci_selection what = {.platform = platform};
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "pull", from, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct pull *t = oci_task_new(sizeof *t, &pull_type, op, choose_first);
    rc = t && oci_selection_copy(&what, &t->what) == OCI_OK
             ? oci_place_open(c, op->engine, from, false, &op->call, &t->task.from, reterr)
             : oci_err_no_memory(reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}
