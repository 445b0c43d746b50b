/* walk.h - where copying a graph stands: which manifests are open, which digests were met, what waits for
 * what. No flows, no I/O. */
#ifndef OCI_FLOW_WALK_H
#define OCI_FLOW_WALK_H

#include "base/list.h"
#include "base/map.h"
#include "model/manifest.h"

OCI_BEGIN

struct oci_walk_wait;

/* A digest in its role, blob or manifest. */
struct oci_walk_item {
    bool done;
    struct oci_walk_wait *waits; /* the nodes that name it */
};

/* A manifest whose bytes are here (or are on their way), until it is put. */
struct oci_walk_node {
    struct oci_link link;       /* in walk.open or walk.complete, or in neither: then somebody else owns it */
    struct oci_walk_item *item; /* NULL for the root */
    struct oci_desc desc;       /* media type, digest, size alone */
    struct oci_bytes *bytes;
    struct oci_manifest *m;     /* NULL: of a kind that names nothing we know of */
    size_t cursor;              /* the next descriptor to be started */
    size_t pending;             /* started and not done */
    unsigned depth;
};

struct oci_walk {
    struct oci_map items;
    struct oci_link open;       /* nodes with something left to be started or waited for; the newest last */
    struct oci_link complete;   /* nodes to be put */
};

void oci_walk_init(struct oci_walk *w);
void oci_walk_done(struct oci_walk *w);
struct oci_walk_node *oci_walk_node_new(struct oci_walk_item *item, unsigned depth); /* NULL: out of memory */
void oci_walk_node_free(struct oci_walk_node *n);                                    /* NULL does nothing */

/* What an index names is a manifest, or was put there as a blob (BuildKit's caches); other kinds of
 * manifest (OCI's former artifact manifest, Docker's first schema) say so in their name. */
bool oci_walk_is_manifest(const struct oci_walk_node *n, const struct oci_desc *d);

/* n->bytes are here, as `desc` promised them: reads what they name. n becomes the walk's, also on failure.
 * OCI_SIZE_MISMATCH, OCI_INVALID, OCI_LIMIT. */
int oci_walk_open(struct oci_walk *w, struct oci_walk_node *take_n, const struct oci_desc *desc,
                  struct oci_err *reterr);
/* The newest open node that has something left to be started, or NULL; and what that is. */
struct oci_walk_node *oci_walk_next(const struct oci_walk *w);
const struct oci_desc *oci_walk_desc(const struct oci_walk_node *n);
/* Goes past it: n waits for its item unless that is done. *ret_new: it was not met before, and is the
 * caller's to move. */
int oci_walk_pass(struct oci_walk *w, struct oci_walk_node *n, struct oci_walk_item **ret_item, bool *ret_new,
                  struct oci_err *reterr);
void oci_walk_item_done(struct oci_walk *w, struct oci_walk_item *i);
/* Nothing that n names need be moved any more. */
void oci_walk_skip(struct oci_walk *w, struct oci_walk_node *n);

OCI_END

#endif
