/* zstd_api.h - inside pack/: libzstd, loaded at first use. Its header is not needed: these calls are stable since 1.3
 * (zstd.h, "Explicit context" and "Streaming decompression"), and the types behind them opaque. */
#ifndef OCI_PACK_ZSTD_API_H
#define OCI_PACK_ZSTD_API_H

#include <stddef.h>

#include "base/err.h"

OCI_BEGIN

struct oci_zstd_in {
    const void *p;
    size_t size, at;
};
struct oci_zstd_out {
    void *p;
    size_t size, at;
};

#define OCI_ZSTD_CALLS(X)                                                                               \
    X(void *, createCCtx, (void))                                                                       \
    X(size_t, freeCCtx, (void *c))                                                                      \
    X(size_t, compressCCtx, (void *c, void *out, size_t max, const void *p, size_t len, int level))     \
    X(size_t, compressBound, (size_t len))                                                              \
    X(void *, createDStream, (void))                                                                    \
    X(size_t, freeDStream, (void *d))                                                                   \
    X(size_t, decompressStream, (void *d, struct oci_zstd_out *out, struct oci_zstd_in *in))            \
    X(unsigned, isError, (size_t code))                                                                 \
    X(int, getErrorCode, (size_t code))                                                                 \
    X(const char *, getErrorName, (size_t code))

#define OCI_ZSTD_NO_MEMORY 64 /* of getErrorCode (zstd_errors.h) */

struct oci_zstd_api {
#define X(result, name, arguments) result(*name) arguments;
    OCI_ZSTD_CALLS(X)
#undef X
};

/* Any thread, blocks. OCI_UNSUPPORTED with the reason when it cannot be loaded. Never unloaded. */
int oci_zstd_api(const struct oci_zstd_api **ret_api, struct oci_err *reterr);

OCI_END

#endif
