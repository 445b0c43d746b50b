/* keys.h - inside auth/: which key of a credentials file is meant for a registry and repository. */
#ifndef OCI_AUTH_KEYS_H
#define OCI_AUTH_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hidden.h"

OCI_BEGIN

/* How well a key fits: fewer is better in each, in this order; then the key itself, bytewise. So that the choice does
 * not depend on the order in the file. */
struct oci_auth_rank {
    size_t uncovered; /* bytes of the repository that the key does not name */
    int form;         /* 0: the key as docker or podman writes it; 1: the same place written otherwise */
    const char *key;  /* borrowed */
};
int oci_auth_rank_compare(const struct oci_auth_rank *a, const struct oci_auth_rank *b);

/* Is `key` for registry[/repository]? Keys are host[:port], host[:port]/part/of/repository (never across a path
 * component), or a URL of which only the host counts; Docker Hub has three names and a URL. `repository` may be NULL:
 * then keys that name a part of the registry match nothing. */
bool oci_auth_match(const char *key, const char *registry, const char *repository, struct oci_auth_rank *ret_rank);

OCI_END

#endif
