/* memory.h - inside store/: places in memory (stores.h).
 *
 * Only steps and reads touch a place, so only the engine's thread does; a store itself may be made and freed anywhere.
 * All places of a client together hold at most OCI_MAX_CONTENT_IN_MEMORY. */
#ifndef OCI_STORE_MEMORY_H
#define OCI_STORE_MEMORY_H

#include "base/map.h"
#include "flow/store.h"
#include "store/stores.h"

OCI_BEGIN

struct oci_memory_manifest {
    struct oci_desc desc;
    struct oci_bytes *bytes;
};

struct oci_memory_place {
    struct oci_map blobs;     /* by digest: struct oci_bytes */
    struct oci_map manifests; /* by digest: struct oci_memory_manifest */
    struct oci_map tags;      /* by tag: a digest's text */
};

struct oci_memory_places {
    struct oci_map places; /* by name */
    uint64_t used;         /* bytes in all of them, and those on their way of known size */
};

struct oci_memory {
    struct oci_store base;
    struct oci_memory_places *places;
    char *name;
};

void oci_memory_manifest_free(struct oci_memory_manifest *m);
/* NULL: nothing was ever put there. */
struct oci_memory_place *oci_memory_find(const struct oci_memory *m);
struct oci_memory_place *oci_memory_find_or_make(struct oci_memory *m, struct oci_err *reterr); /* NULL: see reterr */
struct oci_bytes *oci_memory_find_blob(const struct oci_memory *m, const struct oci_digest *digest);
int oci_memory_no_blob(const struct oci_memory *m, const struct oci_digest *digest, struct oci_err *reterr);
int oci_memory_full(const struct oci_memory *m, struct oci_err *reterr);
int oci_memory_set(struct oci_map *map, const char *key, void *value, void **ret_old, struct oci_err *reterr);

/* memory_steps.c: what needs one step only. */
struct oci_flow *oci_memory_stat(struct oci_store *s, const struct oci_digest *digest, struct oci_desc *ret_desc);
struct oci_flow *oci_memory_get_manifest(struct oci_store *s, const char *name, size_t max, struct oci_desc *ret_desc,
                                         struct oci_bytes **ret_bytes);
struct oci_flow *oci_memory_head_manifest(struct oci_store *s, const char *name, struct oci_desc *ret_desc);
struct oci_flow *oci_memory_put_manifest(struct oci_store *s, const struct oci_desc *desc, struct oci_bytes *bytes,
                                         const char *tag);
struct oci_flow *oci_memory_tags(struct oci_store *s, struct oci_names *ret_names);
struct oci_flow *oci_memory_untag(struct oci_store *s, const char *tag);
struct oci_flow *oci_memory_remove(struct oci_store *s, const struct oci_digest *digest);

OCI_END

#endif
