#include "push_kit.h"

#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"

struct oci_push_item push_item(const char *text)
{
    struct oci_push_item i = {0};
    struct oci_bytes *b = oci_bytes_new(text, strlen(text));
    oci_desc_set(&i.desc, "a/b", &(struct oci_digest){""}, OCI_SIZE_UNKNOWN);
    i.source = b ? oci_source_bytes(b) : NULL;
    oci_bytes_unref(b);
    return i;
}

struct oci_push_document push_manifest(size_t count)
{
    return (struct oci_push_document){.artifact_type = "application/vnd.test",
                                      .layers = oci_calloc(count + 1, sizeof(struct oci_push_item)),
                                      .count = count};
}

struct oci_push_document push_index(size_t count)
{
    return (struct oci_push_document){.is_index = true,
                                      .entries = oci_calloc(count + 1, sizeof(struct oci_push_entry)),
                                      .entry_count = count};
}

struct oci_push_entry push_entry(size_t document)
{
    return (struct oci_push_entry){.is_document = true, .document = document};
}

struct oci_push_graph push_graph(size_t count, const char *tag)
{
    struct oci_push_graph g = {.documents = oci_calloc(count, sizeof *g.documents), .tag = tag};
    g.count = g.documents ? count : 0;
    return g;
}

struct oci_flow *push_one(struct oci_store *to, struct oci_push_document *take_document, const char *tag,
                          const struct oci_graph_options *options, struct oci_pushed *ret_pushed)
{
    struct oci_push_graph g = push_graph(1, tag);
    if (!g.documents) {
        oci_push_document_done(take_document);
        return NULL;
    }
    g.documents[0] = *take_document;
    *take_document = (struct oci_push_document){0};
    return oci_flow_push_graph(to, &g, options, ret_pushed);
}
