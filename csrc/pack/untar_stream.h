/* untar_stream.h - inside pack/: an archive file as the stream of its tar bytes: decompressed, hashed, bounded.
 *
 * A gzip member that fits into the buffers, as those that we pack do, is decompressed in one piece by libdeflate, in
 * less than half of zlib's time; every other one by zlib. zstd by libzstd, with a window of at most 128 MiB (its own
 * limit). */
#ifndef OCI_PACK_UNTAR_STREAM_H
#define OCI_PACK_UNTAR_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/digest.h"
#include "pack/deflate_api.h"
#include "pack/unpress.h"

OCI_BEGIN

struct oci_untar_stream {
    /* set by the caller */
    int fd;                 /* borrowed */
    uint64_t max_bytes;     /* of tar */
    uint64_t ratio_after;   /* 0: OCI_PACK_RATIO_AFTER */
    /* its own */
    struct oci_unpress press; /* what it is; counts what comes out */
    struct oci_hash *hash;  /* of the tar; NULL: not asked for */
    uint64_t taken, given;  /* bytes of the file that were read; bytes that came out */
    bool over;
    unsigned char *in, *out;
    size_t in_at, in_len;   /* what of `in` was read and not used */
    const struct oci_deflate_api *gzip;
    struct libdeflate_decompressor *whole; /* or NULL */
};

/* Looks at the first bytes for the kind. `algorithm` as for oci_hash_new, or NULL. Ends with _close, always. */
int oci_untar_stream_open(struct oci_untar_stream *u, const struct oci_str *algorithm, struct oci_err *reterr);
/* The next bytes, in a buffer of the stream until the next call. OCI_OK (*ret_n > 0), OCI_END_OF_CONTENT, or an error:
 * OCI_INVALID for what is no proper gzip or zstd, OCI_LIMIT over a bound. Texts call the archive "it". */
int oci_untar_stream_read(struct oci_untar_stream *u, const void **ret_p, size_t *ret_n, struct oci_err *reterr);
void oci_untar_stream_close(struct oci_untar_stream *u);

OCI_END

#endif
