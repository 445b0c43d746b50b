/* node.h - private to json/: a value is a cJSON node.
 *
 * cJSON gives the node, its allocator and its destructor; its parser and printer are not used: they accept what must
 * be refused (duplicate keys, \u0000, 1e999), cut numbers at 63 characters and ask the locale for the decimal point.
 * Its invariant is kept: the first child's prev is the last child, so that appending is O(1). */
#ifndef OCI_JSON_NODE_H
#define OCI_JSON_NODE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/hidden.h"
#include "json/json.h"

OCI_BEGIN

/* A number that was written as an integer and is exact. cJSON looks at the low eight bits of a type and copies the
 * others, so that a bit of our own travels with the node. */
#define OCI_JSON_INTEGER (1 << 16)

static inline cJSON *oci_json_node(struct oci_json *v) { return (cJSON *)(void *)v; }
static inline const cJSON *oci_json_cnode(const struct oci_json *v) { return (const cJSON *)(const void *)v; }
static inline struct oci_json *oci_json_value(cJSON *n) { return (struct oci_json *)(void *)n; }
static inline const struct oci_json *oci_json_cvalue(const cJSON *n)
{
    return (const struct oci_json *)(const void *)n;
}
static inline int oci_json_type(const cJSON *n) { return n->type & 0xFF; }

/* A node of a cJSON type, or NULL: out of memory. */
cJSON *oci_json_node_new(int type);
/* A number; marked as an integer when it is whole and exact. */
cJSON *oci_json_node_number(double d);
/* Has no fraction, and every integer up to it is exact. */
bool oci_json_is_whole(double d);
/* Links `take_item` behind the last child. */
void oci_json_link(cJSON *parent, cJSON *take_item);

/* Two members of `object` with the same key, or *ret_a = NULL. OCI_OK or OCI_NO_MEMORY. */
int oci_json_find_repeated(const cJSON *object, const cJSON **ret_a, const cJSON **ret_b);

/* strtod() that knows no locale. */
double oci_json_to_double(const char *s);

/* Is this UTF-8 without noncharacters (RFC 7493 section 2.1)? If not, *ret_bad is where. */
bool oci_json_text_valid(const char *p, size_t len, size_t *ret_bad);

OCI_END

#endif
