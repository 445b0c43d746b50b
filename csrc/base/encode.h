/* encode.h - base64 (RFC 4648 section 4) and percent-encoding (RFC 3986). */
#ifndef OCI_BASE_ENCODE_H
#define OCI_BASE_ENCODE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/hidden.h"

OCI_BEGIN

int oci_base64_add(struct oci_buf *b, const void *p, size_t len);
/* Appends the decoded bytes. OCI_INVALID (and nothing appended) for any other alphabet, white space or (when `strict`)
 * missing padding and bits after the end that are not zero (RFC 4648 section 3.5). */
int oci_base64_decode(struct oci_buf *b, const char *p, size_t len, int strict);
/* Everything but unreserved characters is encoded; a space becomes %20. */
int oci_percent_add(struct oci_buf *b, const char *p, size_t len);
/* Appends the decoded bytes. OCI_INVALID (and nothing appended) for a '%' without two hex digits. A '+' is a '+'. */
int oci_percent_decode(struct oci_buf *b, const char *p, size_t len);
/* Lower-case hex digits. */
int oci_hex_add(struct oci_buf *b, const void *p, size_t len);

OCI_END

#endif
