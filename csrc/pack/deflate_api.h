/* deflate_api.h - inside pack/: libdeflate, loaded at first use. */
#ifndef OCI_PACK_DEFLATE_API_H
#define OCI_PACK_DEFLATE_API_H

#include <libdeflate.h>

#include "base/err.h"

OCI_BEGIN

#define OCI_DEFLATE_CALLS(X)           \
    X(libdeflate_alloc_compressor)     \
    X(libdeflate_free_compressor)      \
    X(libdeflate_gzip_compress)        \
    X(libdeflate_gzip_compress_bound)  \
    X(libdeflate_alloc_decompressor)   \
    X(libdeflate_free_decompressor)    \
    X(libdeflate_gzip_decompress_ex)

struct oci_deflate_api {
#define X(name) __typeof__(name) *name;
    OCI_DEFLATE_CALLS(X)
#undef X
};

/* Any thread, blocks. OCI_UNSUPPORTED with the reason when it cannot be loaded. Never unloaded. */
int oci_deflate_api(const struct oci_deflate_api **ret_api, struct oci_err *reterr);

OCI_END

#endif
