/* Copying a graph: a manifest or index with everything that it names, from one place to another.
 *
 * One flat parent. It fetches a manifest (a node), starts what the node names as far as there is room, and
 * puts the node when all of that is done: so blobs come before manifests, manifests before indexes, the
 * tag last. The newest node goes first, so that few manifests are open at a time. A digest is moved once,
 * and whoever names it again while it moves waits for it (walk.h). Only the root's name is resolved; all
 * else goes by digest (T26). A child never fails the parent by itself: on_child() tells of it first. */
#include "base/limits.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow/moving.h"
#include "flow/walk.h"

enum job_kind { HEAD_ROOT, HEAD_TAG, HEAD_MANIFEST, GET_MANIFEST, PUT_BLOB, PUT_MANIFEST };

/* A child at work; its flow's tag. */
struct job {
    struct oci_link link;         /* in copy.jobs */
    enum job_kind kind;
    const struct oci_desc *desc;  /* what it is about: in a node that stays as long */
    struct oci_walk_item *item;   /* NULL: about the root */
    struct oci_walk_node *node;   /* GET_MANIFEST: what comes; PUT_MANIFEST: what is put. Owned */
    unsigned depth;               /* of the node to come */
    struct oci_moving transfer;
    struct oci_desc found;        /* HEAD, and the root's GET */
};

struct copy {
    struct oci_flow flow;
    struct oci_store *from, *to;
    char *name, *mount_from;
    struct oci_names tags;
    struct oci_graph_options options;
    struct oci_desc *ret_desc;
    struct oci_desc root_desc;
    struct oci_walk walk;
    struct oci_link jobs;
    struct oci_slots slots;
    struct oci_walk_node *root;   /* the walk's, or a job's */
    unsigned heads;               /* questions about the root that are to be answered before it is gone into */
    bool root_exists;             /* at the destination */
    bool is_new;                  /* the destination does not know the tag: small blobs are sent without asking */
    bool tag_is_right;            /* the destination's tag names the root already */
    bool finished;
};

static int on_child(struct oci_flow *f);

static struct copy *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct copy, flow);
}

/* ---- jobs ---- */

static void job_free(struct job *j)
{
    oci_walk_node_free(j->node);
    oci_desc_done(&j->found);
    oci_list_remove(&j->link);
    oci_free(j);
}

/* It has taken its slots. NULL: out of memory. */
static struct job *job_new(struct oci_flow *f, enum job_kind kind, const char *what, const struct oci_desc *desc,
                           unsigned weight)
{
    struct copy *c = of(f);
    struct job *j = oci_calloc(1, sizeof *j);
    if (!j) {
        oci_flow_no_memory(f);
        return NULL;
    }
    oci_list_append(&c->jobs, &j->link);
    j->kind = kind;
    j->desc = desc;
    oci_moving_init(&j->transfer, &c->options.progress, what, desc);
    j->transfer.weight = weight;
    return j;
}

static void job_over(struct copy *c, struct job *j)
{
    oci_slots_give(&c->slots, j->transfer.weight);
    job_free(j);
}

static void spawn(struct oci_flow *f, struct job *j, struct oci_flow *take_child)
{
    if (take_child) {
        take_child->tag = j;
        take_child->tolerate = true;
    }
    oci_spawn(f, take_child);
}

/* ---- moving what a node names ---- */

static int put_blob(struct oci_flow *f, struct job *j)
{
    struct copy *c = of(f);
    const struct oci_desc *d = j->desc;
    struct oci_source *s = d->data ? oci_source_bytes(d->data) : c->from->type->source(c->from, d);
    s = oci_moving_watch(&j->transfer, s, true);
    if (!s)
        return oci_flow_no_memory(f);
    struct oci_put hint = {
        .mount_from = c->mount_from,
        .is_new = c->options.is_new || (c->is_new && d->size < OCI_SMALL),
        .verify = c->options.verify,
        .title = oci_desc_title(d),
    };
    oci_moving_tell(&j->transfer, 0, OCI_STARTED);
    spawn(f, j, c->to->type->put(c->to, d, s, &hint, NULL, &j->transfer.state));
    return OCI_OK;
}

static int get_manifest(struct oci_flow *f, struct job *j)
{
    struct copy *c = of(f);
    j->kind = GET_MANIFEST;
    j->node = oci_walk_node_new(j->item, j->depth);
    if (!j->node)
        return oci_flow_no_memory(f);
    spawn(f, j, c->from->type->get_manifest(c->from, j->desc->digest.text, 0, &j->found, &j->node->bytes));
    return OCI_OK;
}

/* Asking a place that is far away is cheaper than going into what it has. */
static int start_manifest(struct oci_flow *f, struct job *j)
{
    struct copy *c = of(f);
    if (!c->to->type->remote)
        return get_manifest(f, j);
    spawn(f, j, c->to->type->head_manifest(c->to, j->desc->digest.text, &j->found));
    return OCI_OK;
}

/* Embedded content need not be fetched: it was compared with its digest when it was read (T30). */
static int open_embedded(struct oci_flow *f, struct oci_walk_item *i, const struct oci_desc *desc, unsigned depth)
{
    struct oci_walk_node *n = oci_walk_node_new(i, depth);
    if (!n)
        return oci_flow_no_memory(f);
    n->bytes = oci_bytes_ref(desc->data);
    return oci_walk_open(&of(f)->walk, n, desc, &f->err);
}

static const char *word_for(const struct oci_walk_node *n, const struct oci_desc *d)
{
    if (oci_walk_is_manifest(n, d))
        return oci_media_type_is_index(d->media_type) ? "index" : "manifest";
    return d == &n->m->config ? "config" : "blob";
}

/* Starts the next descriptor of `n`. OCI_PAUSED: there is no room. */
static int start_next(struct oci_flow *f, struct oci_walk_node *n)
{
    struct copy *c = of(f);
    const struct oci_desc *d = oci_walk_desc(n);
    bool manifest = oci_walk_is_manifest(n, d);
    const char *what = word_for(n, d);
    unsigned depth = n->depth + 1;
    unsigned weight = oci_slots_weight(manifest ? 0 : d->size);
    if (!oci_slots_take(&c->slots, weight))
        return OCI_PAUSED;
    struct oci_walk_item *i;
    bool is_new;
    if (oci_walk_pass(&c->walk, n, &i, &is_new, &f->err) < 0)
        return f->err.code;
    bool embedded = manifest && d->data;
    if (!is_new || embedded)
        oci_slots_give(&c->slots, weight);
    if (!is_new)
        return OCI_OK;
    if (embedded)
        return open_embedded(f, i, d, depth);
    struct job *j = job_new(f, manifest ? HEAD_MANIFEST : PUT_BLOB, what, d, weight);
    if (!j)
        return f->err.code;
    j->item = i;
    j->depth = depth;
    return manifest ? start_manifest(f, j) : put_blob(f, j);
}

/* ---- putting nodes ---- */

/* The root goes last, with its tags. False: there is nothing to be put. */
static bool put_root(struct oci_flow *f, struct job *j)
{
    struct copy *c = of(f);
    size_t done = c->tag_is_right ? 1 : 0;
    size_t count = c->tags.count - done;
    if (c->root_exists && count == 0)
        return false;
    oci_moving_tell(&j->transfer, 0, OCI_STARTED);
    const char *const *tags = count > 0 ? (const char *const *)c->tags.items + done : NULL;
    spawn(f, j, oci_flow_push_manifest(c->to, &j->node->desc, j->node->bytes, tags ? tags[0] : NULL,
                                       tags ? tags + 1 : NULL, tags ? count - 1 : 0));
    return true;
}

static void put_nested(struct oci_flow *f, struct job *j)
{
    oci_moving_tell(&j->transfer, 0, OCI_STARTED);
    spawn(f, j, oci_put_nested(of(f)->to, &j->node->desc, j->node->bytes, &j->transfer.state));
}

static int finish(struct oci_flow *f, struct job *j)
{
    struct copy *c = of(f);
    c->finished = true;
    oci_moving_tell_end(&j->transfer, false);
    if (c->ret_desc) {
        *c->ret_desc = c->root_desc;
        c->root_desc = (struct oci_desc){0};
    }
    return OCI_OK;
}

/* OCI_PAUSED: there is no room. */
static int put_node(struct oci_flow *f, struct oci_walk_node *n)
{
    struct copy *c = of(f);
    bool root = n == c->root;
    const char *what = oci_media_type_is_index(n->desc.media_type) ? "index" : "manifest";
    unsigned weight = oci_slots_weight(0);
    if (!oci_slots_take(&c->slots, weight))
        return OCI_PAUSED;
    struct job *j = job_new(f, PUT_MANIFEST, what, &n->desc, weight);
    if (!j)
        return f->err.code;
    oci_list_remove(&n->link);
    j->item = n->item;
    j->node = n;
    if (!root) {
        put_nested(f, j);
    } else if (!put_root(f, j)) {
        j->transfer.state = OCI_PUT_EXISTS;
        finish(f, j);
    }
    return OCI_OK;
}

/* Starts what there is room for; what is to be put goes first, so that no more manifests are kept than
 * need be. */
static int schedule(struct oci_flow *f)
{
    struct copy *c = of(f);
    int rc = OCI_OK;
    while (c->heads == 0 && rc == OCI_OK) {
        struct oci_walk_node *n;
        if (!oci_list_empty(&c->walk.complete))
            rc = put_node(f, OCI_OWNER(c->walk.complete.next, struct oci_walk_node, link));
        else if ((n = oci_walk_next(&c->walk)))
            rc = start_next(f, n);
        else
            break;
    }
    if (rc < 0 || c->finished)
        return rc < 0 ? rc : OCI_OK;
    return oci_ask_children(f, on_child);
}

/* ---- children ---- */

static int ask_about_root(struct oci_flow *f, enum job_kind kind, const char *name)
{
    struct copy *c = of(f);
    struct job *j = job_new(f, kind, "manifest", &c->root->desc, 0);
    if (!j)
        return f->err.code;
    c->heads++;
    spawn(f, j, c->to->type->head_manifest(c->to, name, &j->found));
    return OCI_OK;
}

static int on_manifest(struct oci_flow *f, struct job *j)
{
    struct copy *c = of(f);
    struct oci_walk_node *n = j->node;
    bool root = n == c->root;
    j->node = NULL;
    if (root) {
        c->root_desc = j->found;
        j->found = (struct oci_desc){0};
    }
    int rc = oci_walk_open(&c->walk, n, root ? &c->root_desc : j->desc, &f->err);
    if (rc == OCI_OK && root && c->to->type->remote && !c->options.is_new) {
        rc = ask_about_root(f, HEAD_ROOT, n->desc.digest.text);
        if (rc == OCI_OK && c->tags.count > 0)
            rc = ask_about_root(f, HEAD_TAG, c->tags.items[0]);
    }
    if (rc < 0)
        return rc;
    job_over(c, j);
    return schedule(f);
}

static int on_root_question(struct oci_flow *f, struct job *j, const struct oci_err *err)
{
    struct copy *c = of(f);
    bool same = !err->code && oci_digest_equal(&j->found.digest, &c->root->desc.digest);
    c->heads--;
    c->root_exists |= same;
    if (j->kind == HEAD_TAG) {
        c->tag_is_right = same;
        c->is_new = err->code == OCI_NOT_FOUND;
    }
    job_over(c, j);
    if (c->heads == 0 && c->root_exists)
        oci_walk_skip(&c->walk, c->root); /* whatever it names was there before it */
    return schedule(f);
}

static int on_put(struct oci_flow *f, struct job *j)
{
    struct copy *c = of(f);
    if (!j->item)
        return finish(f, j);
    oci_moving_tell_end(&j->transfer, false);
    oci_walk_item_done(&c->walk, j->item);
    job_over(c, j);
    return schedule(f);
}

/* Layers that a registry need not have: they name where else they are (T07). */
static bool may_be_missing(const struct job *j, const struct oci_err *err)
{
    return j->kind == PUT_BLOB && err->code == OCI_NOT_FOUND && j->desc->urls && oci_json_count(j->desc->urls) > 0;
}

static int on_child(struct oci_flow *f)
{
    struct job *j = f->ans.child->tag;
    const struct oci_err *err = &f->ans.child->err;
    if (j->kind == HEAD_ROOT || j->kind == HEAD_TAG)
        return on_root_question(f, j, err);
    if (j->kind == HEAD_MANIFEST && err->code) {
        /* Not there; and if it is something else that is wrong, putting it will tell. */
        oci_desc_done(&j->found);
        return get_manifest(f, j) < 0 ? f->err.code : schedule(f);
    }
    if (j->kind == HEAD_MANIFEST || (err->code && may_be_missing(j, err))) {
        j->transfer.state = OCI_PUT_EXISTS;
        return on_put(f, j);
    }
    if (err->code) {
        oci_moving_tell_end(&j->transfer, true);
        return oci_flow_fail_child(f);
    }
    return j->kind == GET_MANIFEST ? on_manifest(f, j) : on_put(f, j);
}

static int start(struct oci_flow *f)
{
    struct copy *c = of(f);
    struct job *j = job_new(f, GET_MANIFEST, "manifest", &c->root_desc, 0);
    if (!j)
        return f->err.code;
    j->node = c->root = oci_walk_node_new(NULL, 0);
    if (!c->root)
        return oci_flow_no_memory(f);
    spawn(f, j, c->from->type->get_manifest(c->from, c->name, 0, &j->found, &c->root->bytes));
    return oci_ask_children(f, on_child);
}

static void copy_free(struct oci_flow *f)
{
    struct copy *c = of(f);
    while (!oci_list_empty(&c->jobs))
        job_free(OCI_OWNER(c->jobs.next, struct job, link));
    oci_walk_done(&c->walk);
    oci_desc_done(&c->root_desc);
    oci_names_done(&c->tags);
    oci_free(c->name);
    oci_free(c->mount_from);
}

static const struct oci_flow_type copy_type = {.name = "copy", .free = copy_free};

struct oci_flow *oci_flow_copy_graph(struct oci_store *from, const char *name, struct oci_store *to, const char *tag,
                                     const char *const *more_tags, size_t more_count,
                                     const struct oci_graph_options *options, struct oci_desc *ret_desc)
{
    struct copy *c = oci_flow_new(sizeof *c, &copy_type, to->host, start);
    if (!c)
        return NULL;
    oci_walk_init(&c->walk);
    oci_list_init(&c->jobs);
    c->from = from;
    c->to = to;
    c->ret_desc = ret_desc;
    if (options)
        c->options = *options;
    oci_slots_init(&c->slots, c->options.concurrency);
    const char *mount_from = c->options.mount_from;
    c->options.mount_from = NULL;
    c->name = oci_strdup(name);
    c->mount_from = oci_strdup(mount_from);
    if (!c->name || (mount_from && !c->mount_from) || oci_tags_set(&c->tags, tag, more_tags, more_count) < 0) {
        oci_flow_free(&c->flow);
        return NULL;
    }
    return &c->flow;
}
