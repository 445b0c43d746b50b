/* moving.h - what copy, push and pull have in common: how many transfers run at once, and what is told of
 * them. */
#ifndef OCI_FLOW_MOVING_H
#define OCI_FLOW_MOVING_H

#include "flow/graph.h"

OCI_BEGIN

/* Room for transfers. A blob under 64 KiB, or a manifest, takes a quarter of what a larger one takes: what
 * it costs is the round trip (transfer-speed 2.5). */
struct oci_slots {
    unsigned total, used;
};
#define OCI_SMALL (64u * 1024)
void oci_slots_init(struct oci_slots *s, unsigned concurrency); /* 0: 8 */
unsigned oci_slots_weight(uint64_t size);
/* Takes them if there is room; whoever is alone always has. */
bool oci_slots_take(struct oci_slots *s, unsigned weight);
void oci_slots_give(struct oci_slots *s, unsigned weight);

/* One piece of content on its way. Everything is borrowed, and outlives it. */
struct oci_moving {
    const struct oci_progress *progress;
    const char *what;
    const struct oci_digest *digest;
    const char *title;
    uint64_t total;
    unsigned weight;             /* of its slots */
    enum oci_put_state state;    /* written by put() */
};
void oci_moving_init(struct oci_moving *t, const struct oci_progress *progress, const char *what,
                       const struct oci_desc *desc);
void oci_moving_tell(const struct oci_moving *t, uint64_t done, enum oci_progress_state state);
/* Tells how it ended: done, exists or mounted as `state` says, or failed. */
void oci_moving_tell_end(const struct oci_moving *t, bool failed);
/* `source`, watched if somebody listens; `own`: it is freed with what is given here, and on failure. NULL:
 * out of memory, or `source` was NULL. */
struct oci_source *oci_moving_watch(struct oci_moving *t, struct oci_source *source, bool own);

/* A list of tags: `tag` (may be NULL) first, then the others. Copies. OCI_NO_MEMORY. */
int oci_tags_set(struct oci_names *ret_tags, const char *tag, const char *const *more, size_t more_count);

/* Puts a manifest that an index names: where manifests are blobs (a layout), as one. */
struct oci_flow *oci_put_nested(struct oci_store *to, const struct oci_desc *desc, struct oci_bytes *bytes,
                                enum oci_put_state *ret_state);

OCI_END

#endif
