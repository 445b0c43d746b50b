/* regex_inside.h - private to base/regex*.c: a compiled expression.
 *
 * A program of steps for a machine with many threads. Jumps are relative, so that a piece of a program can be copied
 * (x{3} is xxx) and moved. A thread that comes to MATCH has found it. */
#ifndef OCI_BASE_REGEX_INSIDE_H
#define OCI_BASE_REGEX_INSIDE_H

#include <stdint.h>

#include "base/regex.h"

OCI_BEGIN

enum oci_regex_op {
    OCI_RE_CHAR,  /* consumes the code point x */
    OCI_RE_ANY,   /* consumes any but the ends of lines */
    OCI_RE_SET,   /* consumes one of y ranges from x on */
    OCI_RE_UNSET, /* consumes one of none of them */
    OCI_RE_SPLIT, /* goes on at x and at y, both relative */
    OCI_RE_JUMP,  /* goes on at x, relative */
    OCI_RE_BEGIN,
    OCI_RE_END,
    OCI_RE_WORD,   /* is between a word's character and another */
    OCI_RE_NOWORD, /* is not */
    OCI_RE_MATCH
};

struct oci_regex_step {
    enum oci_regex_op op;
    int32_t x, y;
};

struct oci_regex_range {
    uint32_t low, high;
};

struct oci_regex {
    struct oci_regex_step *steps;
    size_t count, cap;
    struct oci_regex_range *ranges;
    size_t range_count, range_cap;
};

/* The code point at p (len > 0) and its length; U+FFFD and 1 for what is not UTF-8. */
uint32_t oci_regex_char(const char *p, size_t len, size_t *ret_len);

OCI_END

#endif
