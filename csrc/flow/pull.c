/* Pulling an artifact: the layers of one manifest to a target, which knows what becomes of them.
 *
 * Names are checked before anything is downloaded; all files are staged before the first gets its name.
 * Whatever happens after the staging began, the target is told to discard what is left of it. */
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow/moving.h"

struct pull {
    struct oci_flow flow;
    struct oci_store *from;
    char *name;
    const struct oci_selection *what;
    struct oci_pull_target *target;
    struct oci_graph_options options;
    struct oci_desc *ret_desc;
    struct oci_manifest **m, *own; /* the caller's, which stays until the flow has ended; or `own` */
    struct oci_layer *layers;     /* those that are selected */
    bool staged;                  /* there may be something to discard */
    struct oci_slots slots;
    struct oci_moving *transfers; /* one for each file */
    size_t next;
};

static struct pull *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct pull, flow);
}

/* ---- files ---- */

static int on_discarded(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

/* The files have their names: what could not be cleaned up is no failure any more. */
static int on_committed(struct oci_flow *f)
{
    struct pull *p = of(f);
    struct oci_flow *discard = p->target->type->discard(p->target);
    if (discard)
        discard->tolerate = true;
    oci_spawn(f, discard);
    return oci_ask_children(f, on_discarded);
}

static int start_file(struct oci_flow *f, size_t i)
{
    struct pull *p = of(f);
    const struct oci_desc *d = p->target->type->desc(p->target, i);
    struct oci_moving *t = &p->transfers[i];
    struct oci_source *s = d->data ? oci_source_bytes(d->data) : p->from->type->source(p->from, d);
    s = oci_moving_watch(t, s, true);
    if (!s)
        return oci_flow_no_memory(f);
    oci_moving_tell(t, 0, OCI_STARTED);
    struct oci_flow *child = p->target->type->put(p->target, i, s);
    if (child) {
        child->tag = t;
        child->tolerate = true; /* on_file() tells of its failure first */
    }
    oci_spawn(f, child);
    return OCI_OK;
}

static int on_file(struct oci_flow *f)
{
    struct pull *p = of(f);
    struct oci_moving *t = f->ans.child ? f->ans.child->tag : NULL; /* NULL: nothing was started yet */
    if (t && f->ans.child->err.code) {
        oci_moving_tell_end(t, true);
        return oci_flow_fail_child(f);
    }
    if (t) {
        oci_moving_tell_end(t, false);
        oci_slots_give(&p->slots, t->weight);
    }
    size_t count = p->target->type->count(p->target);
    for (; p->next < count && !(p->target->type->in_order && oci_children(f) > 0); p->next++) {
        t = &p->transfers[p->next];
        oci_moving_init(t, &p->options.progress, "blob", p->target->type->desc(p->target, p->next));
        if (!p->target->type->wanted(p->target, p->next)) {
            t->state = OCI_PUT_EXISTS;
            oci_moving_tell_end(t, false);
        } else if (!oci_slots_take(&p->slots, t->weight)) {
            break;
        } else if (start_file(f, p->next) < 0) {
            return f->err.code;
        }
    }
    if (oci_children(f) > 0)
        return oci_ask_children(f, on_file);
    if (!p->target->type->commit)
        return OCI_OK;
    oci_spawn(f, p->target->type->commit(p->target));
    return oci_ask_children(f, on_committed);
}

static int on_prepared(struct oci_flow *f)
{
    struct pull *p = of(f);
    p->transfers = oci_calloc(p->target->type->count(p->target), sizeof *p->transfers);
    if (!p->transfers)
        return oci_flow_no_memory(f);
    return on_file(f);
}

static int on_chosen(struct oci_flow *f)
{
    struct pull *p = of(f);
    const struct oci_pull_target_type *target = p->target->type;
    size_t count;
    if (oci_select_layers(p->what, *p->m, &p->layers, &count, &f->err) < 0 ||
        target->plan(p->target, p->layers, count, &f->err) < 0)
        return f->err.code;
    if (!target->prepare)
        return on_prepared(f);
    p->staged = true;
    oci_spawn(f, target->prepare(p->target));
    return oci_ask_children(f, on_prepared);
}

static int abandon(struct oci_flow *f)
{
    struct pull *p = of(f);
    if (!p->staged)
        return OCI_OK;
    oci_spawn(f, p->target->type->discard(p->target));
    return oci_ask_children(f, on_discarded);
}

/* ---- the whole ---- */

/* The caller has had it before: it must be the one that the name is of. */
static int take_known(struct oci_flow *f, struct oci_str algorithm)
{
    struct pull *p = of(f);
    char name[OCI_DIGEST_MAX];
    if (oci_str_copy(name, sizeof name, algorithm) != OCI_OK)
        return oci_flow_fail(f, OCI_UNSUPPORTED, "%s cannot be verified", p->name);
    int rc = oci_manifest_parse(p->what->manifest, p->what->manifest_type, name, p->m, &f->err);
    if (rc < 0)
        return rc;
    if ((*p->m)->is_index)
        return oci_flow_fail(f, OCI_INVALID, "%s is an index, and the manifest of what is pulled was expected", p->name);
    const struct oci_desc *self = &(*p->m)->self;
    if (strcmp(self->digest.text, p->name) != 0)
        return oci_flow_fail(f, OCI_DIGEST_MISMATCH, "the manifest is %s, not %s", self->digest.text, p->name);
    return oci_desc_copy(self, p->ret_desc) == OCI_OK ? on_chosen(f) : oci_flow_no_memory(f);
}

static int start(struct oci_flow *f)
{
    struct pull *p = of(f);
    struct oci_str algorithm, encoded;
    if (p->what && p->what->manifest && oci_str_cut(oci_str_of(p->name), ':', &algorithm, &encoded))
        return take_known(f, algorithm);
    oci_spawn(f, oci_flow_choose_manifest(p->from, p->name, p->what ? p->what->platform : NULL, p->ret_desc,
                                          NULL, p->m));
    return oci_ask_children(f, on_chosen);
}

static void pull_free(struct oci_flow *f)
{
    struct pull *p = of(f);
    oci_manifest_free(p->own);
    oci_free(p->layers);
    oci_free(p->transfers);
    oci_free(p->name);
}

static const struct oci_flow_type pull_type = {.name = "pull", .abandon = abandon, .free = pull_free};

struct oci_flow *oci_flow_pull_artifact(struct oci_store *from, const char *name, const struct oci_selection *what,
                                        struct oci_pull_target *target, const struct oci_graph_options *options,
                                        struct oci_desc *ret_desc, struct oci_manifest **ret_manifest)
{
    struct pull *p = oci_flow_new(sizeof *p, &pull_type, from->host, start);
    if (!p)
        return NULL;
    p->from = from;
    p->what = what;
    p->target = target;
    p->ret_desc = ret_desc;
    p->m = ret_manifest ? ret_manifest : &p->own;
    if (options)
        p->options = *options;
    oci_slots_init(&p->slots, p->options.concurrency);
    p->name = oci_strdup(name);
    if (!p->name) {
        oci_flow_free(&p->flow);
        return NULL;
    }
    return &p->flow;
}
