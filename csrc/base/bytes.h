/* bytes.h - shared, immutable bytes (a manifest, a config, a small blob). The count is atomic: any thread may hold
 * and release them. */
#ifndef OCI_BASE_BYTES_H
#define OCI_BASE_BYTES_H

#include <stddef.h>

#include "base/hidden.h"

OCI_BEGIN

struct oci_bytes {
    size_t len;
    const char *p; /* NUL-terminated; the NUL is not counted */
};

struct oci_bytes *oci_bytes_new(const void *p, size_t len);       /* copies; NULL: out of memory */
struct oci_bytes *oci_bytes_new_take(char *take_p, size_t len);   /* p[len] must be NUL; p is freed on failure also */
struct oci_bytes *oci_bytes_ref(struct oci_bytes *b);
struct oci_bytes *oci_bytes_unref(struct oci_bytes *b);           /* returns NULL; NULL does nothing */

OCI_END

#endif
