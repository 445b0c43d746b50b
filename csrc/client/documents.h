/* documents.h - what is to be pushed, as the caller gave it: copied and checked, and then made into a graph. */
#ifndef OCI_CLIENT_DOCUMENTS_H
#define OCI_CLIENT_DOCUMENTS_H

#include "client/contents.h"

OCI_BEGIN

/* One manifest or index. Everything is owned. */
struct oci_own_document {
    char *where, *artifact_type, *empty_config_type; /* or NULL */
    struct oci_json *annotations;
    struct oci_desc subject; /* digest "": none */
    bool version_1_0, docker;
    struct oci_digest expect;
    bool has_config;
    size_t content_count; /* its contents follow those of the document before; the config is the first */
    bool is_index;
    struct oci_push_entry *entries;
    size_t entry_count;
    struct oci_manifest *ready;
};

struct oci_documents {
    struct oci_own_document *items; /* the root is the last */
    size_t count;
    struct oci_contents contents; /* of all of them */
};

/* Copies what `spec` describes; a reader becomes a window of the operation. OCI_INVALID for what contradicts itself. Done
 * with oci_documents_done() also after a failure. */
int oci_documents_copy(struct oci_op *op, const struct oci_push_spec *spec, struct oci_documents *ret_documents,
                       struct oci_err *reterr);
void oci_documents_done(struct oci_documents *d);
static inline struct oci_own_document *oci_documents_root(struct oci_documents *d)
{
    return &d->items[d->count - 1];
}

/* What is pushed, once the contents were looked at: it borrows from `d`, and can be had once. OCI_NO_MEMORY. */
int oci_documents_graph(struct oci_documents *d, struct oci_push_graph *ret_graph);

OCI_END

#endif
