/* buf.h - a growing byte buffer with a maximum given at birth.
 *
 * `p` is NUL-terminated whenever something was added (the NUL is not counted), or NULL before. A failed add leaves
 * what was there. oci_buf_done() leaves it reusable with the same maximum. */
#ifndef OCI_BASE_BUF_H
#define OCI_BASE_BUF_H

#include <stddef.h>

#include "base/hidden.h"

OCI_BEGIN

struct oci_buf {
    char *p;
    size_t len, cap, max;
};

void oci_buf_init(struct oci_buf *b, size_t max);
void oci_buf_done(struct oci_buf *b);
void oci_buf_clear(struct oci_buf *b); /* len = 0, memory kept */

/* OCI_OK, OCI_LIMIT (over the maximum) or OCI_NO_MEMORY. */
int oci_buf_add(struct oci_buf *b, const void *p, size_t len);
int oci_buf_add_char(struct oci_buf *b, char c);
int oci_buf_add_str(struct oci_buf *b, const char *s);
int oci_buf_addf(struct oci_buf *b, const char *fmt, ...) OCI_PRINTF(2, 3);
int oci_buf_reserve(struct oci_buf *b, size_t more);

/* Hands the memory over (an empty string when nothing was added); NULL: out of memory. The buffer is then empty. */
char *oci_buf_take(struct oci_buf *b);

OCI_END

#endif
