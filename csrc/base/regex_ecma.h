/* regex_ecma.h - private to base/regex*.c: an expression of ECMA-262 in PCRE2's syntax.
 *
 * The two agree in most, and differ where it hurts: PCRE2 has more (verbs, recursion, possessive counts, \K, \Q,
 * classes like [[:alpha:]]), and \s, \v, \0, \u and the point mean something else. So every item is read here and only
 * what ECMA-262 knows is written, in a form that has one meaning. Groups are left to PCRE2, which counts them. */
#ifndef OCI_BASE_REGEX_ECMA_H
#define OCI_BASE_REGEX_ECMA_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

OCI_BEGIN

struct oci_regex_form {
    struct oci_buf text; /* for PCRE2; the caller initialises and ends it */
    size_t ranges;       /* of the largest set, 1 or more */
    size_t count;        /* the largest count that must be there */
    bool refers;         /* has back references */
};

/* OCI_INVALID, OCI_UNSUPPORTED, OCI_LIMIT or OCI_NO_MEMORY; the text says what is wrong and at which character. */
int oci_regex_translate(const char *pattern, size_t len, struct oci_regex_form *ret_form, struct oci_err *reterr);

/* Which character of a pattern (from 1) stands where `offset` bytes of its translation are written. */
size_t oci_regex_character(const char *pattern, size_t len, size_t offset);

OCI_END

#endif
