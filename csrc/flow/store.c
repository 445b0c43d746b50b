/* What is common to all places: lists of names, and the end of a store. */
#include "flow/store.h"

#include "base/limits.h"
#include "base/mem.h"

void oci_names_init(struct oci_names *n)
{
    *n = (struct oci_names){0};
}

void oci_names_done(struct oci_names *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++)
        oci_free(n->items[i]);
    oci_free(n->items);
    oci_names_init(n);
}

int oci_names_add(struct oci_names *n, const char *name, size_t len)
{
    if (n->count >= OCI_MAX_NAMES)
        return OCI_LIMIT;
    char **items = oci_grow(n->items, &n->cap, n->count + 1, sizeof *items, OCI_MAX_NAMES);
    if (!items)
        return OCI_NO_MEMORY;
    n->items = items;
    items[n->count] = oci_strndup(name, len);
    if (!items[n->count])
        return OCI_NO_MEMORY;
    n->count++;
    return OCI_OK;
}

void oci_store_free(struct oci_store *s)
{
    if (s)
        s->type->free(s);
}
