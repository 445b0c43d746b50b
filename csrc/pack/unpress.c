#include "pack/unpress.h"

#include <string.h>

#include "base/mem.h"
#include "pack/names.h"

static voidpf z_alloc(voidpf ctx, uInt count, uInt size)
{
    (void)ctx;
    return oci_calloc(count, size);
}

static void z_free(voidpf ctx, voidpf p)
{
    (void)ctx;
    oci_free(p);
}

static int broken(const struct oci_unpress *u, const char *what, struct oci_err *reterr)
{
    return oci_err_set(reterr, OCI_INVALID, "it is not a proper %s file: %s",
                       u->kind == OCI_UNPRESS_GZIP ? "gzip" : "zstd", what);
}

int oci_unpress_begin(struct oci_unpress *u, const void *p, size_t len, struct oci_err *reterr)
{
    u->kind = OCI_UNPRESS_PLAIN;
    if (u->ratio_after == 0)
        u->ratio_after = OCI_PACK_RATIO_AFTER;
    if (len >= 2 && memcmp(p, "\x1f\x8b", 2) == 0) { /* RFC 1952 section 2.3.1 */
        u->z.zalloc = z_alloc;
        u->z.zfree = z_free;
        if (inflateInit2(&u->z, 16 + MAX_WBITS) != Z_OK)
            return oci_err_no_memory(reterr);
        u->kind = OCI_UNPRESS_GZIP;
    } else if (len >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0) { /* RFC 8878 section 3.1.1 */
        int rc = oci_zstd_api(&u->zstd, reterr);
        if (rc != OCI_OK)
            return rc;
        u->frames = u->zstd->createDStream();
        if (!u->frames)
            return oci_err_no_memory(reterr);
        u->kind = OCI_UNPRESS_ZSTD;
    }
    return OCI_OK;
}

void oci_unpress_done(struct oci_unpress *u)
{
    if (u->kind == OCI_UNPRESS_GZIP)
        inflateEnd(&u->z);
    if (u->frames)
        u->zstd->freeDStream(u->frames);
    *u = (struct oci_unpress){0};
}

static int copy(const void *p, size_t len, size_t *ret_used, void *out, size_t max, size_t *ret_n)
{
    *ret_n = *ret_used = len < max ? len : max;
    memcpy(out, p, *ret_n);
    return OCI_OK;
}

/* Several members are one stream (RFC 1952 section 2.2). */
static int gunzip(struct oci_unpress *u, const void *p, size_t len, size_t *ret_used, void *out, size_t max,
                  size_t *ret_n, struct oci_err *reterr)
{
    u->z.next_in = (Bytef *)(uintptr_t)p;
    u->z.avail_in = (uInt)len;
    u->z.next_out = out;
    u->z.avail_out = (uInt)max;
    int rc = inflate(&u->z, Z_NO_FLUSH);
    if (rc == Z_MEM_ERROR)
        return oci_err_no_memory(reterr);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
        return broken(u, u->z.msg ? u->z.msg : "its data are damaged", reterr);
    *ret_used = len - u->z.avail_in;
    *ret_n = max - u->z.avail_out;
    if (rc == Z_STREAM_END)
        inflateReset(&u->z);
    if (*ret_used > 0 || *ret_n > 0)
        u->inside = rc != Z_STREAM_END;
    return OCI_OK;
}

/* Frames, one after the other (RFC 8878 section 3.1); libzstd refuses windows of more than 128 MiB. */
static int unzstd(struct oci_unpress *u, const void *p, size_t len, size_t *ret_used, void *out, size_t max,
                  size_t *ret_n, struct oci_err *reterr)
{
    struct oci_zstd_in from = {p, len, 0};
    struct oci_zstd_out to = {out, max, 0};
    size_t rc = u->zstd->decompressStream(u->frames, &to, &from);
    if (u->zstd->isError(rc) && u->zstd->getErrorCode(rc) == OCI_ZSTD_NO_MEMORY)
        return oci_err_no_memory(reterr);
    if (u->zstd->isError(rc))
        return broken(u, u->zstd->getErrorName(rc), reterr);
    *ret_used = from.at;
    *ret_n = to.at;
    if (*ret_used > 0 || *ret_n > 0)
        u->inside = rc != 0;
    return OCI_OK;
}

int oci_unpress_check(const struct oci_unpress *u, struct oci_err *reterr)
{
    if (u->given <= u->ratio_after || u->given / OCI_PACK_RATIO <= u->taken)
        return OCI_OK;
    return oci_err_set(reterr, OCI_LIMIT, "it unpacks to more than %d times its size", OCI_PACK_RATIO);
}

int oci_unpress(struct oci_unpress *u, const void *p, size_t len, size_t *ret_used, void *out, size_t max, size_t *ret_n,
                struct oci_err *reterr)
{
    int rc = u->kind == OCI_UNPRESS_UNKNOWN ? oci_unpress_begin(u, p, len, reterr) : OCI_OK;
    *ret_used = *ret_n = 0;
    if (rc != OCI_OK)
        return rc;
    if (u->kind == OCI_UNPRESS_PLAIN)
        rc = copy(p, len, ret_used, out, max, ret_n);
    else if (u->kind == OCI_UNPRESS_GZIP)
        rc = gunzip(u, p, len, ret_used, out, max, ret_n, reterr);
    else
        rc = unzstd(u, p, len, ret_used, out, max, ret_n, reterr);
    u->taken += *ret_used;
    u->given += *ret_n;
    return rc == OCI_OK ? oci_unpress_check(u, reterr) : rc;
}

int oci_unpress_end(const struct oci_unpress *u, struct oci_err *reterr)
{
    return u->inside ? broken(u, "it ends too early", reterr) : OCI_OK;
}
