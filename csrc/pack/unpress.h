/* unpress.h - inside pack/: bytes of gzip or zstd (or of neither) as they come, decompressed. For a whole file
 * untar_stream.h does it, in larger pieces and faster where it can. */
#ifndef OCI_PACK_UNPRESS_H
#define OCI_PACK_UNPRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "base/err.h"
#include "pack/zstd_api.h"

OCI_BEGIN

#define OCI_UNPRESS_MAGIC 4 /* so many bytes tell what it is */

struct oci_unpress {
    uint64_t ratio_after;  /* set by the caller; 0: OCI_PACK_RATIO_AFTER */
    enum { OCI_UNPRESS_UNKNOWN, OCI_UNPRESS_PLAIN, OCI_UNPRESS_GZIP, OCI_UNPRESS_ZSTD } kind;
    z_stream z;
    const struct oci_zstd_api *zstd;
    void *frames;
    bool inside;           /* a member or a frame has begun and not ended */
    uint64_t taken, given; /* compressed bytes, and what they gave */
};

/* Zeroed it is ready; ends with _done, always. */
void oci_unpress_done(struct oci_unpress *u);
/* Finds out by the first bytes, OCI_UNPRESS_MAGIC or all that there are, what it is. The first oci_unpress() does it, too. */
int oci_unpress_begin(struct oci_unpress *u, const void *p, size_t len, struct oci_err *reterr);
/* OCI_LIMIT when more came out than may come of so little (T57). */
int oci_unpress_check(const struct oci_unpress *u, struct oci_err *reterr);
/* Decompresses some of `len` bytes into `out`; the first call needs OCI_UNPRESS_MAGIC of them, or all that there are. OCI_OK, or
 * OCI_INVALID for what is damaged, OCI_LIMIT for a bomb (T57), OCI_UNSUPPORTED, OCI_NO_MEMORY. *ret_n 0 and *ret_used == len: it
 * needs more. Texts call the archive "it". */
int oci_unpress(struct oci_unpress *u, const void *p, size_t len, size_t *ret_used, void *out, size_t max, size_t *ret_n,
                struct oci_err *reterr);
/* There are no more bytes: is that all right? */
int oci_unpress_end(const struct oci_unpress *u, struct oci_err *reterr);

OCI_END

#endif
