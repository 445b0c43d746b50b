/* push_inside.h - what the files of the push share. Not for others.
 *
 * A push has parts: pieces of content, and documents. A part is known (its digest), waits in `ready` until there is
 * room, is put, and done. A document is built when all parts that it names are done. */
#ifndef OCI_FLOW_PUSH_INSIDE_H
#define OCI_FLOW_PUSH_INSIDE_H

#include "base/list.h"
#include "base/map.h"
#include "flow/graph.h"
#include "flow/moving.h"

OCI_BEGIN

enum oci_push_state { OCI_PUSH_NEW, OCI_PUSH_HASHING, OCI_PUSH_READY, OCI_PUSH_PUTTING, OCI_PUSH_DONE };

struct oci_push_part {
    struct oci_link link;           /* in push.ready */
    struct oci_push_node *owner;    /* the document that names it; NULL: it is the root */
    struct oci_push_part *waiting;  /* the first of those that are done when this one is: their content is the same */
    bool is_node;
    enum oci_push_state state;
    struct oci_moving transfer;
};

struct oci_push_piece {
    struct oci_push_part part;
    struct oci_push_item *item;
    bool stream;                    /* its digest comes from putting it */
    struct oci_desc *out;           /* while it is hashed or put: the digest and size that come of it */
    struct oci_bytes *kept;         /* what was read when it was hashed, because it is small or to be embedded */
    struct oci_sink *sink;          /* of the MOVE that hashes or collects it */
};

struct oci_push_node {
    struct oci_push_part part;
    struct oci_push_document *from;
    struct oci_push_entry *entry;   /* of the index that names it, or NULL */
    struct oci_manifest *m;         /* once it is built */
    size_t left;                    /* parts that it names and that are not done */
    struct oci_err *refused;        /* why the registry did not take it as it was built first, or NULL */
};

struct oci_push {
    struct oci_flow flow;
    struct oci_store *to;           /* NULL: nothing is put, only built */
    struct oci_push_graph graph;    /* its tags are not looked at: `tags` are copies */
    struct oci_names tags;
    struct oci_graph_options options;
    struct oci_pushed *ret_pushed;
    struct oci_push_item empty;     /* the empty object, for configs and layers that are not given */
    struct oci_push_node *nodes;    /* as graph.documents */
    struct oci_push_piece *pieces;
    size_t piece_count, next;
    struct oci_map seen, seen_nodes; /* digests that are put already, or being put */
    struct oci_link ready;
    unsigned ready_pieces, hashing;
    struct oci_slots slots;
    bool root_complete;             /* all that it names is there */
    bool version_1_0;               /* the registry refuses the shape of 1.1 */
    bool only_hash;                 /* nothing is put: there is no `to`, or the tag is immutable, and there */
    bool asked;                     /* what the tag names is being asked: nothing is put before that is known */
    bool asked_again;               /* the same shortly before the root is put */
    bool is_new;                    /* the destination does not know the tag: small blobs are sent without asking */
    struct oci_desc tagged;         /* what the tag names, or digest "" */
};

static inline struct oci_push *oci_push_of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct oci_push, flow);
}
static inline struct oci_push_node *oci_push_root(struct oci_push *p)
{
    return &p->nodes[p->graph.count - 1];
}

/* ---- push.c ---- */

/* Spawns a child whose failure is only told. */
void oci_push_spawn(struct oci_flow *f, void *tag, struct oci_flow *take_child);
/* Puts `part` into the queue, or lets it wait for the one in `seen` that has the same digest. */
int oci_push_enqueue(struct oci_flow *f, struct oci_push_part *part, struct oci_map *seen, const char *digest);
/* It is where it is to be; so are those that waited for it. Builds the documents that are complete with it. */
int oci_push_done(struct oci_flow *f, struct oci_push_part *part);

/* ---- push_pieces.c ---- */

/* Sends a new piece on its way: hashes it, or finds that nothing need be hashed. */
int oci_push_begin(struct oci_flow *f, struct oci_push_piece *x);
int oci_push_hash(struct oci_flow *f, struct oci_push_piece *x);
int oci_push_on_hashed(struct oci_flow *f, struct oci_push_piece *x);
int oci_push_put_piece(struct oci_flow *f, struct oci_push_piece *x);
int oci_push_on_put(struct oci_flow *f, struct oci_push_piece *x);
void oci_push_piece_done(struct oci_push_piece *x);
/* Content that is too large to be embedded, found out before anything is sent. */
int oci_push_check_sizes(struct oci_flow *f);

/* ---- push_documents.c ---- */

/* Builds every document with made up digests: OCI_INVALID now, for what would be it at the end. */
int oci_push_rehearse(struct oci_flow *f);
/* All that it names is done: builds it, and queues it unless it is the root. */
int oci_push_complete(struct oci_flow *f, struct oci_push_node *n);
int oci_push_put_node(struct oci_flow *f, struct oci_push_node *n);
/* Putting `n` has failed. True: it was built again, in the shape of 1.0, and is to be put. False: it may not be, or f has
 * failed with that. */
bool oci_push_fall_back(struct oci_flow *f, struct oci_push_node *n, const struct oci_err *err);
/* Which error to report when it has failed for good: the first refusal, if the shape of 1.0 was refused as well. */
const struct oci_err *oci_push_why(const struct oci_push_node *n, const struct oci_err *err);
/* Builds all documents again in the shape of 1.0, for a comparison. False: that may not be done, or has failed. */
bool oci_push_all_fall_back(struct oci_flow *f);
void oci_push_node_done(struct oci_push_node *n);

OCI_END

#endif
