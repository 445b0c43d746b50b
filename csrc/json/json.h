/* json.h - strict JSON in, canonical JSON out, over cJSON (this folder is the only user of cJSON.h).
 *
 * Reading: one value, UTF-8, no byte order mark, no duplicate keys (after unescaping), no \u0000, no lone
 * surrogates or noncharacters (RFC 7493), depth, nodes and size bounded, numbers by the grammar of RFC 8259. The
 * reader is ours and gives cJSON nodes what it has checked; cJSON's own parser never sees a byte.
 * Integers are exact to 2^53-1; integers beyond are OCI_INVALID. A number remembers whether it was written as an
 * integer (7) or not (7.0, 7e0), also when cloned. Keys compare case-sensitively.
 *
 * A value is a cJSON item behind an opaque name; it is a tree owned by its root. */
#ifndef OCI_JSON_JSON_H
#define OCI_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

OCI_BEGIN

struct oci_json;

enum oci_json_kind { OCI_JSON_NULL, OCI_JSON_BOOL, OCI_JSON_NUMBER, OCI_JSON_STRING, OCI_JSON_ARRAY, OCI_JSON_OBJECT };

/* Parses `len` bytes, at most `max`. *ret_root is the caller's: oci_json_free(). OCI_INVALID, OCI_LIMIT or
 * OCI_NO_MEMORY; the text says what is wrong and at which byte. */
int oci_json_parse(const char *p, size_t len, size_t max, struct oci_json **ret_root, struct oci_err *reterr);
void oci_json_free(struct oci_json *root); /* NULL does nothing */

enum oci_json_kind oci_json_kind(const struct oci_json *v); /* NULL: OCI_JSON_NULL */

/* Members and items; NULL when not there or not that kind. Borrowed from the tree. */
const struct oci_json *oci_json_get(const struct oci_json *object, const char *key);
struct oci_json *oci_json_edit(struct oci_json *object, const char *key); /* oci_json_get() of a tree of one's own */
const struct oci_json *oci_json_first(const struct oci_json *array_or_object);
const struct oci_json *oci_json_next(const struct oci_json *item);
const char *oci_json_key(const struct oci_json *item); /* of an object's member */
size_t oci_json_count(const struct oci_json *array_or_object);

const char *oci_json_string(const struct oci_json *v);              /* NULL: not a string */
bool oci_json_bool(const struct oci_json *v, bool *ret_b);          /* false: not a boolean */
bool oci_json_number(const struct oci_json *v, double *ret_n);
/* True for an integer written without fraction and exponent, 0 .. 2^53-1. */
bool oci_json_size(const struct oci_json *v, uint64_t *ret_n);
bool oci_json_integer(const struct oci_json *v, int64_t *ret_n);    /* as above, negative too */

/* Building: each gives a new root (NULL: out of memory). oci_json_set/add/append take `take_v` also on failure; a NULL
 * `take_v` is reported as OCI_NO_MEMORY, so that building can be chained. Members print in the order they were set;
 * setting one that is there replaces it in its place. A built number is an integer when it is whole and within 2^53-1.
 * The builder bounds the depth (OCI_MAX_JSON_DEPTH): clone and free are recursive. */
struct oci_json *oci_json_new_object(void);
struct oci_json *oci_json_new_array(void);
struct oci_json *oci_json_new_string(const char *s);
struct oci_json *oci_json_new_size(uint64_t n);
struct oci_json *oci_json_new_number(double n);
struct oci_json *oci_json_new_bool(bool b);
struct oci_json *oci_json_new_null(void);
struct oci_json *oci_json_clone(const struct oci_json *v);
int oci_json_set(struct oci_json *object, const char *key, struct oci_json *take_v);
/* As oci_json_set() where the key is known to be new: O(1). */
int oci_json_add(struct oci_json *object, const char *key, struct oci_json *take_v);
int oci_json_append(struct oci_json *array, struct oci_json *take_v);
/* Takes a member out of its object; NULL: not there. The caller owns it. */
struct oci_json *oci_json_detach(struct oci_json *object, const char *key);
struct oci_json *oci_json_detach_item(struct oci_json *array, size_t index);

/* Sorts the members of `object` by key, bytewise (annotations are written so). */
void oci_json_sort(struct oci_json *object);

/* Appends the canonical form: no white space, members in the order set, "/" unescaped, control characters as
 * \u00XX or the short forms, other characters as UTF-8; whole numbers without fraction. OCI_LIMIT over b's maximum
 * or deeper than OCI_MAX_JSON_DEPTH; OCI_INVALID for a number that is not finite and for text that the reader would
 * refuse (not UTF-8). */
int oci_json_print(const struct oci_json *v, struct oci_buf *b);

/* Of the library below: "1.7.15". Static. */
const char *oci_json_library_version(void);

OCI_END

#endif
