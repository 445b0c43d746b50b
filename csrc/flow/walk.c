#include "flow/walk.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

struct oci_walk_wait {
    struct oci_walk_wait *next;
    struct oci_walk_node *node;
};

void oci_walk_init(struct oci_walk *w)
{
    oci_map_init(&w->items, OCI_MAX_GRAPH_NODES);
    oci_list_init(&w->open);
    oci_list_init(&w->complete);
}

static void item_free(void *value)
{
    struct oci_walk_item *i = value;
    while (i->waits) {
        struct oci_walk_wait *next = i->waits->next;
        oci_free(i->waits);
        i->waits = next;
    }
    oci_free(i);
}

void oci_walk_done(struct oci_walk *w)
{
    oci_list_splice(&w->open, &w->complete);
    while (!oci_list_empty(&w->open))
        oci_walk_node_free(OCI_OWNER(w->open.next, struct oci_walk_node, link));
    oci_map_done(&w->items, item_free);
}

struct oci_walk_node *oci_walk_node_new(struct oci_walk_item *item, unsigned depth)
{
    struct oci_walk_node *n = oci_calloc(1, sizeof *n);
    if (!n)
        return NULL;
    oci_list_init(&n->link);
    n->item = item;
    n->depth = depth;
    return n;
}

void oci_walk_node_free(struct oci_walk_node *n)
{
    if (!n)
        return;
    oci_list_remove(&n->link);
    oci_desc_done(&n->desc);
    oci_bytes_unref(n->bytes);
    oci_manifest_free(n->m);
    oci_free(n);
}

static bool names_something(const char *media_type)
{
    return oci_media_type_is_manifest(media_type) || oci_media_type_is_index(media_type);
}

bool oci_walk_is_manifest(const struct oci_walk_node *n, const struct oci_desc *d)
{
    return n->m->is_index && (names_something(d->media_type) || strstr(d->media_type, ".manifest."));
}

/* ---- what a node names: an image's config and layers, an index's manifests ---- */

static size_t count_of(const struct oci_walk_node *n)
{
    return !n->m ? 0 : n->m->is_index ? n->m->count : n->m->count + 1;
}

const struct oci_desc *oci_walk_desc(const struct oci_walk_node *n)
{
    if (n->m->is_index)
        return &n->m->items[n->cursor];
    return n->cursor == 0 ? &n->m->config : &n->m->items[n->cursor - 1];
}

static void if_complete(struct oci_walk *w, struct oci_walk_node *n)
{
    if (n->cursor < count_of(n) || n->pending > 0)
        return;
    oci_list_remove(&n->link);
    oci_list_append(&w->complete, &n->link);
}

static int read_node(struct oci_walk_node *n, const struct oci_desc *desc, struct oci_err *reterr)
{
    if (desc->size != OCI_SIZE_UNKNOWN && desc->size != n->bytes->len)
        return oci_err_set(reterr, OCI_SIZE_MISMATCH, "manifest %s has %zu bytes instead of %llu", desc->digest.text,
                           n->bytes->len, (unsigned long long)desc->size);
    if (n->depth > OCI_MAX_GRAPH_DEPTH)
        return oci_err_set(reterr, OCI_LIMIT, "index %s is nested more than %d deep", desc->digest.text,
                           OCI_MAX_GRAPH_DEPTH);
    if (!names_something(desc->media_type))
        return OCI_OK;
    char algorithm[OCI_DIGEST_MAX];
    struct oci_err err = {0};
    oci_str_copy(algorithm, sizeof algorithm, oci_digest_algorithm(&desc->digest));
    if (oci_manifest_parse(n->bytes, desc->media_type, algorithm, &n->m, &err) < 0) {
        oci_err_wrap(&err, "manifest %s", desc->digest.text);
        return oci_err_copy(reterr, &err);
    }
    return OCI_OK;
}

int oci_walk_open(struct oci_walk *w, struct oci_walk_node *take_n, const struct oci_desc *desc, struct oci_err *reterr)
{
    struct oci_walk_node *n = take_n;
    oci_list_append(&w->open, &n->link);
    oci_desc_set(&n->desc, desc->media_type, &desc->digest, n->bytes->len);
    int rc = read_node(n, desc, reterr);
    if (rc == OCI_OK)
        if_complete(w, n);
    return rc;
}

struct oci_walk_node *oci_walk_next(const struct oci_walk *w)
{
    for (struct oci_link *l = w->open.prev; l != &w->open; l = l->prev) {
        struct oci_walk_node *n = OCI_OWNER(l, struct oci_walk_node, link);
        if (n->cursor < count_of(n))
            return n;
    }
    return NULL;
}

/* ---- items ---- */

static int item_new(struct oci_walk *w, const char *key, struct oci_walk_item **ret_item, struct oci_err *reterr)
{
    struct oci_walk_item *i = oci_calloc(1, sizeof *i);
    if (!i)
        return oci_err_no_memory(reterr);
    int rc = oci_map_set(&w->items, key, i, NULL);
    if (rc == OCI_OK) {
        *ret_item = i;
        return OCI_OK;
    }
    oci_free(i);
    if (rc == OCI_LIMIT)
        return oci_err_set(reterr, OCI_LIMIT, "the graph has more than %d nodes", OCI_MAX_GRAPH_NODES);
    return oci_err_no_memory(reterr);
}

static int wait_for(struct oci_walk_item *i, struct oci_walk_node *n, struct oci_err *reterr)
{
    struct oci_walk_wait *wait = oci_calloc(1, sizeof *wait);
    if (!wait)
        return oci_err_no_memory(reterr);
    *wait = (struct oci_walk_wait){i->waits, n};
    i->waits = wait;
    n->pending++;
    return OCI_OK;
}

int oci_walk_pass(struct oci_walk *w, struct oci_walk_node *n, struct oci_walk_item **ret_item, bool *ret_new,
                  struct oci_err *reterr)
{
    const struct oci_desc *d = oci_walk_desc(n);
    char key[OCI_DIGEST_MAX + 1] = {oci_walk_is_manifest(n, d) ? 'm' : 'b'};
    memcpy(key + 1, d->digest.text, sizeof d->digest.text);
    struct oci_walk_item *i = oci_map_get(&w->items, key);
    bool is_new = !i;
    int rc = is_new ? item_new(w, key, &i, reterr) : OCI_OK;
    if (rc == OCI_OK && !i->done)
        rc = wait_for(i, n, reterr);
    if (rc < 0)
        return rc;
    n->cursor++;
    if_complete(w, n);
    *ret_item = i;
    *ret_new = is_new;
    return OCI_OK;
}

void oci_walk_item_done(struct oci_walk *w, struct oci_walk_item *i)
{
    i->done = true;
    while (i->waits) {
        struct oci_walk_wait *wait = i->waits;
        i->waits = wait->next;
        wait->node->pending--;
        if_complete(w, wait->node);
        oci_free(wait);
    }
}

void oci_walk_skip(struct oci_walk *w, struct oci_walk_node *n)
{
    oci_manifest_free(n->m);
    n->m = NULL;
    if_complete(w, n);
}
