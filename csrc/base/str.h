/* str.h - string views and the small parsers' tools. A view is not NUL-terminated. */
#ifndef OCI_BASE_STR_H
#define OCI_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/hidden.h"

OCI_BEGIN

struct oci_str {
    const char *p;
    size_t len;
};

#define OCI_STR(literal) ((struct oci_str){(literal), sizeof(literal) - 1})

struct oci_str oci_str_of(const char *s);                                  /* NULL gives an empty view */
bool oci_str_eq(struct oci_str s, const char *z);
bool oci_str_eq_nocase(struct oci_str s, const char *z);                   /* ASCII */
bool oci_starts_with(const char *s, const char *prefix);
bool oci_ends_with(const char *s, const char *suffix);
bool oci_str_equal(const char *a, const char *b);                          /* NULL equals NULL only */
char oci_lower(char c);                                                    /* ASCII, whatever the locale */
struct oci_str oci_str_trim(struct oci_str s);                             /* without outer spaces and tabs */
/* Splits at the first `c`. False when there is none, and nothing is set. */
bool oci_str_cut(struct oci_str s, char c, struct oci_str *ret_before, struct oci_str *ret_after);

/* Copies into buf[size]; OCI_LIMIT if it does not fit (buf is then ""). */
int oci_str_copy(char *buf, size_t size, struct oci_str s);

/* Digits only, no sign, no white space, at most `max`. OCI_OK, or OCI_INVALID and *ret_n untouched. */
int oci_str_to_u64(struct oci_str s, uint64_t max, uint64_t *ret_n);

/* True when `s` holds no control character (C0, DEL) and is valid UTF-8. */
bool oci_str_is_printable(struct oci_str s);
/* Length of the well-formed UTF-8 sequence at s (len > 0), or 0. */
size_t oci_utf8_length(const char *s, size_t len);
/* How many bytes at the beginning are ASCII. */
size_t oci_ascii_run(const char *p, size_t len);
bool oci_utf8_valid(const char *p, size_t len);
/* Replaces in place, each by one '?': control characters (C0, DEL, C1, bidirectional and line controls, zero-width
 * marks) and bytes that are not UTF-8. For text that a person will see in a terminal. Never grows. */
void oci_sanitise(char *s);

/* a + b, false on overflow. */
bool oci_add_u64(uint64_t a, uint64_t b, uint64_t *ret_sum);

OCI_END

#endif
