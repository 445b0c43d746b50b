/* regex.h - does a regular expression match somewhere in a text?
 *
 * PCRE2 matches, set up in the manner of ECMA-262 with its flag u, which JSON Schema refers to: code points, \d \w \s and
 * \b of ASCII, ^ and $ the ends of the whole text, \xHH \uHHHH \u{H}, [] and [^]. Authors of schemas stay with what both
 * know, since other readers of a schema may have no PCRE2: characters, ., [classes], the escapes above, ( ), (?: ),
 * (?<name> ), |, * + ? {n} {n,} {n,m}, lazy ones, (?= ) (?! ) (?<= ) (?<! ), \1, \p{L}. What begins with (* is refused.
 *
 * PCRE2 tries again, so an expression can be chosen to take forever: text, steps and memory of one match are bounded, and
 * how many steps there are does not depend on the machine. */
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
 * OCI_NO_MEMORY; the text says what is wrong and where. */
int oci_regex_new(const char *pattern, size_t len, struct oci_regex **ret_regex, struct oci_err *reterr);
void oci_regex_free(struct oci_regex *r); /* NULL does nothing */

/* Any thread. OCI_OK, OCI_LIMIT (a longer text than OCI_MAX_REGEX_TEXT, more work than OCI_MAX_REGEX_WORK or more memory
 * than OCI_MAX_REGEX_HEAP) or OCI_NO_MEMORY. Bytes that are not UTF-8 are each U+FFFD. *ret_work: steps that were taken, for who counts many
 * matches. */
int oci_regex_find(const struct oci_regex *r, struct oci_str text, bool *ret_found, uint64_t *ret_work,
                   struct oci_err *reterr);

OCI_END

#endif
