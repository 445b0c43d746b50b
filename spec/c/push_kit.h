/* push_kit.h - graphs to push, for the tests of the flow. */
#ifndef PUSH_KIT_H
#define PUSH_KIT_H

#include "flow/graph.h"

/* A source of this text, of an unknown digest and the media type "a/b". */
struct oci_push_item push_item(const char *text);
/* A manifest with room for `count` layers. NULL layers: out of memory. */
struct oci_push_document push_manifest(size_t count);
/* An index with room for `count` entries. */
struct oci_push_document push_index(size_t count);
struct oci_push_entry push_entry(size_t document);
/* A graph with room for `count` documents; an empty one: out of memory. */
struct oci_push_graph push_graph(size_t count, const char *tag);
/* The flow of one document, which is taken; NULL: out of memory. */
struct oci_flow *push_one(struct oci_store *to, struct oci_push_document *take_document, const char *tag,
                          const struct oci_graph_options *options, struct oci_pushed *ret_pushed);

#endif
