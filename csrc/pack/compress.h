/* compress.h - inside pack/: blocks of a tar, each compressed by itself. What comes of them, one after the other, is
 * one archive: gzip members (RFC 1952 section 2.2), zstd frames (RFC 8878 section 3.1). pack.h says why so.
 *
 * libdeflate and libzstd are loaded when somebody wants them. Both allocate with malloc: they are shared with the
 * rest of the process, and their hooks are not ours to set. */
#ifndef OCI_PACK_COMPRESS_H
#define OCI_PACK_COMPRESS_H

#include <stddef.h>

#include "pack/pack.h"

OCI_BEGIN

/* The state of one job at a time: below 1 MiB for gzip, 1.3 MiB for zstd. */
struct oci_compressor;

/* POOL. OCI_UNSUPPORTED when the library is not there. Not for OCI_COMPRESS_NONE. */
int oci_compressor_new(enum oci_compression how, struct oci_compressor **ret_compressor, struct oci_err *reterr);
void oci_compressor_free(struct oci_compressor *c); /* NULL does nothing */

/* Bytes that suffice for a block of `len`, whatever is in it. */
size_t oci_compress_bound(const struct oci_compressor *c, size_t len);
/* Equal blocks give equal bytes, with the same version of the library. */
int oci_compress(struct oci_compressor *c, const void *p, size_t len, void *out, size_t max, size_t *ret_n,
                 struct oci_err *reterr);

OCI_END

#endif
