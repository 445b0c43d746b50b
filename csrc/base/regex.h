/* regex.h - does a regular expression match somewhere in a text?
 *
 * The expressions are those of ECMA-262 with its flag u, on code points, matched by PCRE2: characters, ., ^ and $ (of
 * the whole text), [classes], \d \w \s \D \W \S, \b \B, the escapes \t \n \v \f \r \0 \cX \xHH \uHHHH \u{H}, a
 * backslash before punctuation, ( ), (?: ), (?<name> ), |, and * + ? {n} {n,} {n,m}, also lazy; (?= ) (?! ) (?<= ) (?<!
 * ), \1 and \k<name>, \p{L} and \P{L}. A { that begins no count, ] and } stand for themselves. What only PCRE2 has is
 * refused.
 *
 * Other than in ECMA-262: each alternative of what stands in (?<= ) must have one length, else OCI_UNSUPPORTED; \p
 * takes the names that PCRE2 knows, of categories the short ones; a group that is repeated keeps what it held in the
 * round before.
 *
 * PCRE2 tries again, so an expression can be chosen to take forever: the steps and the memory of one match are bounded,
 * and how many steps there are does not depend on the machine. */
#ifndef OCI_BASE_REGEX_H
#define OCI_BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

OCI_BEGIN

struct oci_regex;

/* Blocks: loads PCRE2 when it is first called. *ret_regex is the caller's: oci_regex_free(). OCI_INVALID,
 * OCI_UNSUPPORTED (also when PCRE2 cannot be loaded), OCI_LIMIT (more than OCI_MAX_REGEX bytes, or 64 KiB compiled) or
 * OCI_NO_MEMORY; the text says what is wrong and at which character. */
int oci_regex_new(const char *pattern, size_t len, struct oci_regex **ret_regex, struct oci_err *reterr);
void oci_regex_free(struct oci_regex *r); /* NULL does nothing */

/* Any thread. OCI_OK, OCI_LIMIT (more work than OCI_MAX_REGEX_WORK or more memory than OCI_MAX_REGEX_HEAP) or
 * OCI_NO_MEMORY. Bytes that are not UTF-8 are each U+FFFD. *ret_work: steps that were taken, for who counts many
 * matches. */
int oci_regex_find(const struct oci_regex *r, struct oci_str text, bool *ret_found, uint64_t *ret_work,
                   struct oci_err *reterr);

OCI_END

#endif
