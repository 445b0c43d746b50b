/* Pushing a graph: local content, the manifests made of it, and the indexes that name those.
 *
 * One flat parent with one limit for all parts. Each piece of content goes its own way: it is hashed, put, and done;
 * several are under way at a time, so that one is hashed while another is sent. A document is built and put when all
 * that it names is done: so blobs come before manifests, manifests before indexes, the root with its tags last. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "flow/children.h"
#include "flow/push_inside.h"

/* Pieces that are hashed and not put yet; the small ones are held in memory. */
enum { HASHED_AHEAD_MAX = 16 };

static int on_child(struct oci_flow *f);

static struct oci_push_piece *piece_of(struct oci_push_part *part)
{
    return OCI_OWNER(part, struct oci_push_piece, part);
}

static struct oci_push_node *node_of(struct oci_push_part *part)
{
    return OCI_OWNER(part, struct oci_push_node, part);
}

void oci_push_spawn(struct oci_flow *f, void *tag, struct oci_flow *take_child)
{
    if (take_child) {
        take_child->tag = tag;
        take_child->tolerate = true; /* on_child() tells of its failure first */
    }
    oci_spawn(f, take_child);
}

/* ---- parts ---- */

int oci_push_enqueue(struct oci_flow *f, struct oci_push_part *part, struct oci_map *seen, const char *digest)
{
    struct oci_push *p = oci_push_of(f);
    struct oci_push_part *first = seen ? oci_map_get(seen, digest) : NULL;
    if (first) {
        part->transfer.state = OCI_PUT_EXISTS;
        if (first->state == OCI_PUSH_DONE)
            return oci_push_done(f, part);
        part->waiting = first->waiting;
        first->waiting = part;
        return OCI_OK;
    }
    if (seen && oci_map_set(seen, digest, part, NULL) < 0)
        return oci_flow_no_memory(f);
    part->state = OCI_PUSH_READY;
    oci_list_append(&p->ready, &part->link);
    p->ready_pieces += !part->is_node;
    return OCI_OK;
}

static int one_done(struct oci_flow *f, struct oci_push_part *part)
{
    part->state = OCI_PUSH_DONE;
    oci_moving_tell_end(&part->transfer, false);
    return --part->owner->left > 0 ? OCI_OK : oci_push_complete(f, part->owner);
}

int oci_push_done(struct oci_flow *f, struct oci_push_part *part)
{
    struct oci_push_part *next = part->waiting;
    part->waiting = NULL;
    int rc = one_done(f, part);
    while (next && rc >= 0) {
        struct oci_push_part *x = next;
        next = x->waiting;
        x->waiting = NULL;
        rc = one_done(f, x);
    }
    return rc;
}

/* ---- the root ---- */

static int finish(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    const struct oci_manifest *m = oci_push_root(p)->m;
    oci_moving_tell_end(&oci_push_root(p)->part.transfer, false);
    struct oci_pushed *ret = p->ret_pushed;
    if (oci_desc_copy(&m->self, &ret->desc) < 0)
        return oci_flow_no_memory(f);
    ret->bytes = oci_bytes_ref(m->bytes);
    ret->fallback = p->version_1_0;
    return OCI_OK;
}

static bool is_tagged(const struct oci_push *p)
{
    const struct oci_push_node *root = &p->nodes[p->graph.count - 1];
    return oci_digest_equal(&p->tagged.digest, &root->m->self.digest);
}

static void ask_tag(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    p->asked = true;
    oci_push_spawn(f, &p->tagged, p->to->type->head_manifest(p->to, p->tags.items[0], &p->tagged));
}

/* The tag is not to be moved, and names something: the same, or else. It may be what an earlier push fell back to. */
static int compare(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    struct oci_push_node *root = oci_push_root(p);
    struct oci_digest asked_for = root->m->self.digest;
    if (is_tagged(p) || (oci_push_all_fall_back(f) && is_tagged(p)))
        return OCI_OK;
    if (f->err.code)
        return f->err.code;
    return oci_flow_fail(f, OCI_EXISTS, "the tag %s names %s already, not %s, and is not to be moved",
                         p->tags.items[0], p->tagged.digest.text, asked_for.text);
}

static int put_root(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    struct oci_push_node *root = oci_push_root(p);
    if (!p->to) {
        root->part.transfer.state = OCI_PUT_EXISTS;
        return finish(f);
    }
    bool protected = p->graph.immutable && p->tags.count > 0;
    if (protected && oci_digest_is(&p->tagged.digest) && compare(f) < 0)
        return f->err.code;
    if (protected && !oci_digest_is(&p->tagged.digest) && !p->asked_again) {
        p->asked_again = true;
        ask_tag(f);
        return oci_ask_children(f, on_child);
    }
    /* What the tag names already need not be put. */
    size_t done = is_tagged(p) ? 1 : 0;
    size_t count = p->tags.count - done;
    if (done && count == 0) {
        root->part.transfer.state = OCI_PUT_EXISTS;
        return finish(f);
    }
    oci_moving_tell(&root->part.transfer, 0, OCI_STARTED);
    const char *const *tags = count > 0 ? (const char *const *)p->tags.items + done : NULL;
    oci_push_spawn(f, &root->part,
                   oci_flow_push_manifest(p->to, &root->m->self, root->m->bytes, tags ? tags[0] : NULL,
                                          tags ? tags + 1 : NULL, tags ? count - 1 : 0));
    return oci_ask_children(f, on_child);
}

/* ---- all of it ---- */

/* The first part of the queue, for which there is room. */
static int start_part(struct oci_flow *f, struct oci_push_part *part, unsigned weight)
{
    struct oci_push *p = oci_push_of(f);
    oci_list_remove(&part->link);
    p->ready_pieces -= !part->is_node;
    part->transfer.weight = weight;
    if (p->only_hash) {
        oci_slots_give(&p->slots, weight);
        if (!part->is_node && piece_of(part)->stream) {
            piece_of(part)->stream = false;
            return oci_push_hash(f, piece_of(part));
        }
        part->transfer.state = OCI_PUT_EXISTS;
        return oci_push_done(f, part);
    }
    part->state = OCI_PUSH_PUTTING;
    return part->is_node ? oci_push_put_node(f, node_of(part)) : oci_push_put_piece(f, piece_of(part));
}

static unsigned weight_of(struct oci_push_part *part)
{
    return oci_slots_weight(!part || part->is_node ? 0 : piece_of(part)->item->desc.size);
}

/* Starts what there is room for: first what can be put, then what is to be hashed, not too far ahead. */
static int schedule(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    for (;;) {
        struct oci_push_part *part =
            oci_list_empty(&p->ready) ? NULL : OCI_OWNER(p->ready.next, struct oci_push_part, link);
        unsigned weight = weight_of(part);
        int rc;
        if (part && !p->asked && oci_slots_take(&p->slots, weight))
            rc = start_part(f, part, weight);
        else if (p->next < p->piece_count && p->ready_pieces + p->hashing < HASHED_AHEAD_MAX &&
                 p->slots.used < p->slots.total)
            rc = oci_push_begin(f, &p->pieces[p->next++]);
        else
            break;
        if (rc < 0)
            return f->err.code;
    }
    return p->root_complete && !p->asked ? put_root(f) : oci_ask_children(f, on_child);
}

static int on_tagged(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    const struct oci_err *err = &f->ans.child->err;
    p->asked = false;
    if (err->code) {
        oci_desc_done(&p->tagged);
        p->tagged = (struct oci_desc){0};
        if (p->graph.immutable && err->code != OCI_NOT_FOUND)
            return oci_flow_fail_child(f);
    }
    p->is_new = err->code == OCI_NOT_FOUND;
    p->only_hash = p->graph.immutable && !err->code;
    return schedule(f);
}

static int on_failed(struct oci_flow *f, struct oci_push_part *part)
{
    struct oci_push *p = oci_push_of(f);
    const struct oci_err *err = &f->ans.child->err;
    if (part->is_node && oci_push_fall_back(f, node_of(part), err)) {
        struct oci_push_node *n = node_of(part);
        if (n == oci_push_root(p))
            return schedule(f);
        oci_slots_give(&p->slots, part->transfer.weight);
        return oci_push_enqueue(f, part, &p->seen_nodes, n->m->self.digest.text) < 0 ? f->err.code : schedule(f);
    }
    oci_moving_tell_end(&part->transfer, true);
    if (f->err.code)
        return f->err.code;
    if (part->is_node)
        err = oci_push_why(node_of(part), err);
    else if (err->code == OCI_LIMIT && piece_of(part)->item->embed && part->state == OCI_PUSH_HASHING)
        return oci_flow_fail(f, OCI_LIMIT, "the content of a %s is more than the %u bytes that are embedded",
                             part->transfer.what, OCI_MAX_EMBEDDED);
    oci_err_copy(&f->err, err);
    return f->err.code;
}

static int on_child(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    struct oci_push_part *part = f->ans.child->tag;
    if (f->ans.child->tag == &p->tagged)
        return on_tagged(f);
    if (f->ans.child->err.code)
        return on_failed(f, part);
    if (part == &oci_push_root(p)->part)
        return finish(f);
    oci_slots_give(&p->slots, part->transfer.weight);
    int rc = OCI_OK;
    if (part->state == OCI_PUSH_HASHING)
        return oci_push_on_hashed(f, piece_of(part)) < 0 ? f->err.code : schedule(f);
    if (!part->is_node)
        rc = oci_push_on_put(f, piece_of(part));
    if (rc == OCI_OK)
        rc = oci_push_done(f, part);
    return rc < 0 ? f->err.code : schedule(f);
}

static int start(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    if (oci_push_check_sizes(f) < 0 || (p->to && oci_push_rehearse(f) < 0))
        return f->err.code;
    p->only_hash = !p->to;
    bool ask = p->to && (p->graph.immutable || (p->to->type->remote && !p->options.is_new));
    if (p->tags.count > 0 && ask)
        ask_tag(f);
    for (size_t i = 0; i < p->graph.count; i++) {
        if (p->nodes[i].left == 0 && oci_push_complete(f, &p->nodes[i]) < 0)
            return f->err.code;
    }
    return schedule(f);
}

/* ---- making it ---- */

void oci_push_item_done(struct oci_push_item *i)
{
    if (!i)
        return;
    oci_desc_done(&i->desc);
    oci_source_free(i->source);
    *i = (struct oci_push_item){0};
}

void oci_push_document_done(struct oci_push_document *d)
{
    oci_push_item_done(d->config);
    oci_free(d->config);
    for (size_t i = 0; i < d->count; i++)
        oci_push_item_done(&d->layers[i]);
    oci_free(d->layers);
    for (size_t i = 0; i < d->entry_count; i++)
        oci_desc_done(&d->entries[i].desc);
    oci_free(d->entries);
    oci_manifest_free(d->ready);
    *d = (struct oci_push_document){0};
}

void oci_push_graph_done(struct oci_push_graph *g)
{
    for (size_t i = 0; i < g->count; i++)
        oci_push_document_done(&g->documents[i]);
    oci_free(g->documents);
    *g = (struct oci_push_graph){0};
}

void oci_pushed_done(struct oci_pushed *p)
{
    oci_desc_done(&p->desc);
    oci_bytes_unref(p->bytes);
    *p = (struct oci_pushed){0};
}

static void push_free(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    for (size_t i = 0; i < p->piece_count; i++)
        oci_push_piece_done(&p->pieces[i]);
    oci_free(p->pieces);
    for (size_t i = 0; p->nodes && i < p->graph.count; i++)
        oci_push_node_done(&p->nodes[i]);
    oci_free(p->nodes);
    oci_push_graph_done(&p->graph);
    oci_push_item_done(&p->empty);
    oci_names_done(&p->tags);
    oci_map_done(&p->seen, NULL);
    oci_map_done(&p->seen_nodes, NULL);
    oci_desc_done(&p->tagged);
}

static const struct oci_flow_type push_type = {.name = "push", .free = push_free};

static void add_piece(struct oci_push *p, struct oci_push_node *owner, struct oci_push_item *item, const char *what)
{
    struct oci_push_piece *x = &p->pieces[p->piece_count++];
    oci_list_init(&x->part.link);
    x->part.owner = owner;
    x->item = item;
    owner->left++;
    oci_moving_init(&x->part.transfer, &p->options.progress, what, &item->desc);
}

static void add_node(struct oci_push *p, struct oci_push_node *n, struct oci_push_document *from)
{
    n->from = from;
    n->m = from->ready;
    n->part.is_node = true;
    oci_list_init(&n->part.link);
    if (from->ready)
        return;
    for (size_t i = 0; i < from->entry_count; i++) {
        if (from->entries[i].is_document) {
            p->nodes[from->entries[i].document].part.owner = n;
            n->left++;
        }
    }
    if (from->is_index)
        return;
    if (from->config)
        add_piece(p, n, from->config, "config");
    for (size_t i = 0; i < from->count; i++)
        add_piece(p, n, &from->layers[i], "blob");
    if (!from->config || from->count == 0)
        add_piece(p, n, &p->empty, from->config ? "blob" : "config");
}

/* The parts, and copies of what is borrowed. */
static int set_up(struct oci_push *p)
{
    struct oci_push_graph *g = &p->graph;
    size_t pieces = 0;
    for (size_t i = 0; i < g->count; i++)
        pieces += g->documents[i].count + 2;
    p->nodes = oci_calloc(g->count, sizeof *p->nodes);
    p->pieces = oci_calloc(pieces, sizeof *p->pieces);
    if (!p->nodes || !p->pieces || oci_desc_empty(&p->empty.desc, true) < 0)
        return OCI_NO_MEMORY;
    oci_map_init(&p->seen, pieces);
    oci_map_init(&p->seen_nodes, 2 * g->count); /* in both shapes */
    for (size_t i = 0; i < g->count; i++)
        add_node(p, &p->nodes[i], &g->documents[i]);
    int rc = oci_tags_set(&p->tags, g->tag, g->more_tags, g->more_count);
    g->tag = NULL;
    g->more_tags = NULL;
    return rc;
}

static struct oci_flow *push_new(struct oci_host *host, struct oci_store *to, struct oci_push_graph *take_graph,
                                 const struct oci_graph_options *options, struct oci_pushed *ret_pushed)
{
    struct oci_push *p = oci_flow_new(sizeof *p, &push_type, host, start);
    if (!p) {
        oci_push_graph_done(take_graph);
        return NULL;
    }
    p->to = to;
    p->graph = *take_graph;
    *take_graph = (struct oci_push_graph){0};
    p->ret_pushed = ret_pushed;
    if (options)
        p->options = *options;
    p->options.mount_from = NULL; /* nothing is said about where new content might be */
    oci_list_init(&p->ready);
    oci_slots_init(&p->slots, p->options.concurrency);
    if (set_up(p) < 0) {
        oci_flow_free(&p->flow);
        return NULL;
    }
    return &p->flow;
}

struct oci_flow *oci_flow_push_graph(struct oci_store *to, struct oci_push_graph *take_graph,
                                     const struct oci_graph_options *options, struct oci_pushed *ret_pushed)
{
    return push_new(to->host, to, take_graph, options, ret_pushed);
}

struct oci_flow *oci_flow_build_graph(struct oci_host *host, struct oci_push_graph *take_graph,
                                      const struct oci_graph_options *options, struct oci_pushed *ret_pushed)
{
    return push_new(host, NULL, take_graph, options, ret_pushed);
}
