/* map.h - strings to pointers, bounded; keys are copied. Not for many threads.
 *
 * A hash table keyed by where it lies in memory, so that hostile keys (digests, names from a registry) cannot be
 * chosen to collide. */
#ifndef OCI_BASE_MAP_H
#define OCI_BASE_MAP_H

#include <stddef.h>

#include "base/hidden.h"

OCI_BEGIN

struct oci_map_slot;
struct oci_map {
    struct oci_map_slot *slots;
    size_t count, cap, max;
    size_t used; /* slots that hold an entry or the mark of a removed one */
};

void oci_map_init(struct oci_map *m, size_t max);
void oci_map_done(struct oci_map *m, void (*free_value)(void *)); /* free_value may be NULL */
void *oci_map_get(const struct oci_map *m, const char *key);      /* NULL: not there */
/* Adds or replaces (the old value is returned in *ret_old when that is not NULL). OCI_OK, OCI_LIMIT, OCI_NO_MEMORY. */
int oci_map_set(struct oci_map *m, const char *key, void *value, void **ret_old);
void *oci_map_remove(struct oci_map *m, const char *key);
/* Walks all entries: start with *pos = 0; 0 at the end. Order is unspecified. The entry just given may be removed
 * during the walk (its key is then gone), nothing may be added. */
int oci_map_next(const struct oci_map *m, size_t *pos, const char **ret_key, void **ret_value);

OCI_END

#endif
