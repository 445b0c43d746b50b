/* untar_stream.h - inside pack/: an archive file as the stream of its tar bytes: decompressed, hashed, bounded. */
#ifndef OCI_PACK_UNTAR_STREAM_H
#define OCI_PACK_UNTAR_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "base/err.h"
#include "model/digest.h"

OCI_BEGIN

/* A bomb: more than RATIO times its compressed size, once that matters (T57). gzip can do 1032. */
#define OCI_UNPACK_RATIO 200
#define OCI_UNPACK_RATIO_AFTER (16u << 20)

struct oci_untar_stream {
    int fd;
    uint64_t max_bytes;     /* of tar */
    bool gzip, zstd;        /* zstd: what comes out is still compressed, libarchive does the rest */
    struct oci_hash *hash;  /* of the tar; NULL: not asked for, or zstd */
    uint64_t taken, given;  /* bytes of the file; bytes that came out */
    bool over;
    z_stream z;
    bool inflating, member_over;
    unsigned char *in, *out; /* buffers */
};

/* Looks at the first bytes for the kind. `algorithm` as for oci_hash_new, or NULL. Ends with _close, always. */
int oci_untar_stream_open(struct oci_untar_stream *u, const struct oci_str *algorithm, struct oci_err *reterr);
/* The next bytes, in a buffer of the stream until the next call. OCI_OK (*ret_n > 0), OCI_END_OF_CONTENT, or an error:
 * OCI_INVALID for what is no proper gzip, OCI_LIMIT over a bound. Texts call the archive "it". */
int oci_untar_stream_read(struct oci_untar_stream *u, const void **ret_p, size_t *ret_n, struct oci_err *reterr);
void oci_untar_stream_close(struct oci_untar_stream *u);

/* OCI_LIMIT when `tar_bytes` are too many for so small a file. */
int oci_untar_check_ratio(const struct oci_untar_stream *u, uint64_t tar_bytes, struct oci_err *reterr);

OCI_END

#endif
