/* yaml_tree.h - private to json/: the tree that a YAML document becomes, and what is done with whole branches of it:
 * copies for aliases, merges, repeated keys. */
#ifndef OCI_JSON_YAML_TREE_H
#define OCI_JSON_YAML_TREE_H

#include "base/err.h"
#include "base/map.h"
#include "json/node.h"
#include "json/yaml_scalar.h"

OCI_BEGIN

/* The value of the key <<, until its mapping ends. A bit of our own, as OCI_JSON_INTEGER. */
#define OCI_YAML_MERGES (1 << 17)

struct oci_yaml_tree {
    const char *p; /* the document */
    size_t len;
    cJSON *root;
    cJSON *kept;            /* an array of what is not in the tree, but may be the target of an alias */
    struct oci_map anchors; /* name to node */
    size_t nodes;           /* keys too, but not what aliases added */
    size_t aliased, aliased_text;
    struct oci_err *err;
};

/* Copies a branch, to be put below `depth` collections; counts it as added by an alias. OCI_LIMIT without a text. */
int oci_yaml_copy(struct oci_yaml_tree *t, const cJSON *branch, size_t depth, cJSON **ret_copy);

/* At a mapping's end: refuses repeated keys, and merges. */
int oci_yaml_end_mapping(struct oci_yaml_tree *t, cJSON *object);

/* OCI_INVALID with line and column of the byte. */
int oci_yaml_bad_at_byte(struct oci_yaml_tree *t, size_t offset, const char *what);

OCI_END

#endif
