/* regex.h - does a regular expression match somewhere in a text?
 *
 * The expressions are those of ECMA-262 that JSON Schema recommends, on code points: characters, ., ^ and $ (of the
 * whole text), [classes], \d \w \s \D \W \S, \b \B, the escapes \t \n \v \f \r \0 \cX \xHH \uHHHH \u{H}, a
 * backslash before punctuation, ( ), (?: ), (?<name> ), |, and * + ? {n} {n,} {n,m}, also lazy. A { that begins no count,
 * ] and } stand for themselves. Not there, and OCI_UNSUPPORTED: looking ahead and behind, back references, \p.
 *
 * Time is linear in the text: all threads of the match go on together, none is tried again. So neither expression nor
 * text can be chosen to hang it; the work of one match is bounded besides. */
#ifndef OCI_BASE_REGEX_H
#define OCI_BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

OCI_BEGIN

struct oci_regex;

/* *ret_regex is the caller's: oci_regex_free(). OCI_INVALID, OCI_UNSUPPORTED, OCI_LIMIT (more than OCI_MAX_REGEX
 * steps when counts are written out) or OCI_NO_MEMORY; the text says what is wrong and at which character. */
int oci_regex_new(const char *pattern, size_t len, struct oci_regex **ret_regex, struct oci_err *reterr);
void oci_regex_free(struct oci_regex *r); /* NULL does nothing */

/* OCI_OK, OCI_LIMIT (too much work) or OCI_NO_MEMORY. Bytes that are not UTF-8 are each U+FFFD. */
int oci_regex_find(const struct oci_regex *r, const char *text, size_t len, bool *ret_found, struct oci_err *reterr);

OCI_END

#endif
