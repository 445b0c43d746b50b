#include "pack/untar_stream.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pack/names.h"
#include "pack/plan.h"
#include "pack/unpress.h"
#include "sys/file.h"

/* Of the file: a block of ours, compressed to half; what is larger goes through zlib. */
#define IN (OCI_PACK_BLOCK / 2)
#define OUT OCI_PACK_BLOCK
#define USED_UP (IN / 32) /* so much of `in` is used before what is left moves to its front */

static int broken(const struct oci_untar_stream *u, const char *what, struct oci_err *reterr)
{
    return oci_err_set(reterr, OCI_INVALID, "it is not a proper %s file: %s",
                       u->kind == OCI_UNTAR_GZIP ? "gzip" : "zstd", what);
}

/* ---- opening and closing -------------------------------------------------------------------- */

static int open_gzip(struct oci_untar_stream *u, struct oci_err *reterr)
{
    u->inflating = oci_unpress_inflate(&u->z);
    if (!u->inflating)
        return oci_err_no_memory(reterr);
    if (oci_deflate_api(&u->gzip, NULL) != OCI_OK) {
        u->gzip = NULL; /* zlib can do all of it */
        return OCI_OK;
    }
    u->whole = u->gzip->libdeflate_alloc_decompressor();
    return u->whole ? OCI_OK : oci_err_no_memory(reterr);
}

static int open_zstd(struct oci_untar_stream *u, struct oci_err *reterr)
{
    int rc = oci_zstd_api(&u->zstd, reterr);
    if (rc != OCI_OK)
        return rc;
    u->frames = u->zstd->createDStream();
    return u->frames ? OCI_OK : oci_err_no_memory(reterr);
}

int oci_untar_stream_open(struct oci_untar_stream *u, const struct oci_str *algorithm, struct oci_err *reterr)
{
    unsigned char magic[4] = {0};
    size_t n = 0;
    int rc = oci_file_pread(u->fd, magic, sizeof magic, 0, &n, reterr);
    if (rc != OCI_OK)
        return rc;
    if (u->ratio_after == 0)
        u->ratio_after = OCI_PACK_RATIO_AFTER;
    if (memcmp(magic, "\x1f\x8b", 2) == 0) /* RFC 1952 section 2.3.1 */
        u->kind = OCI_UNTAR_GZIP;
    else if (memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0) /* RFC 8878 section 3.1.1 */
        u->kind = OCI_UNTAR_ZSTD;
    u->out = oci_alloc(OUT);
    u->in = u->kind == OCI_UNTAR_PLAIN ? NULL : oci_alloc(IN);
    if (!u->out || (u->kind != OCI_UNTAR_PLAIN && !u->in))
        return oci_err_no_memory(reterr);
    if (u->kind == OCI_UNTAR_GZIP)
        rc = open_gzip(u, reterr);
    else if (u->kind == OCI_UNTAR_ZSTD)
        rc = open_zstd(u, reterr);
    return rc == OCI_OK && algorithm ? oci_hash_new(*algorithm, &u->hash, reterr) : rc;
}

void oci_untar_stream_close(struct oci_untar_stream *u)
{
    if (u->inflating)
        inflateEnd(&u->z);
    u->inflating = false;
    if (u->whole)
        u->gzip->libdeflate_free_decompressor(u->whole);
    if (u->frames)
        u->zstd->freeDStream(u->frames);
    oci_hash_free(u->hash);
    oci_free(u->in);
    oci_free(u->out);
    u->whole = NULL;
    u->frames = NULL;
    u->hash = NULL;
    u->in = u->out = NULL;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Fills `in` behind what is left in it, as far as the file goes; not after each of a thousand tiny members. */
static int refill(struct oci_untar_stream *u, struct oci_err *reterr)
{
    if (u->in_at < USED_UP && u->in_len > 0)
        return OCI_OK;
    memmove(u->in, u->in + u->in_at, u->in_len);
    u->in_at = 0;
    for (size_t n = 1; n > 0 && u->in_len < IN;) {
        int rc = oci_file_pread(u->fd, u->in + u->in_len, IN - u->in_len, u->taken, &n, reterr);
        if (rc != OCI_OK)
            return rc;
        u->taken += n;
        u->in_len += n;
    }
    return OCI_OK;
}

static void used(struct oci_untar_stream *u, size_t n)
{
    u->in_at += n;
    u->in_len -= n;
}

/* A whole member at once. False: it is too large, or broken; nothing was used, and zlib may say what it is. */
static bool inflate_whole(struct oci_untar_stream *u, size_t *ret_n)
{
    size_t in = 0;
    if (u->gzip->libdeflate_gzip_decompress_ex(u->whole, u->in + u->in_at, u->in_len, u->out, OUT, &in, ret_n) !=
        LIBDEFLATE_SUCCESS)
        return false;
    used(u, in);
    return true;
}

/* Some of a member. */
static int inflate_part(struct oci_untar_stream *u, size_t *ret_n, struct oci_err *reterr)
{
    u->z.next_in = u->in + u->in_at;
    u->z.avail_in = (uInt)u->in_len;
    u->z.next_out = u->out;
    u->z.avail_out = OUT;
    int zrc = inflate(&u->z, Z_NO_FLUSH);
    if (zrc == Z_MEM_ERROR)
        return oci_err_no_memory(reterr);
    if (zrc != Z_OK && zrc != Z_STREAM_END && zrc != Z_BUF_ERROR)
        return broken(u, u->z.msg ? u->z.msg : "its data are damaged", reterr);
    used(u, u->in_len - u->z.avail_in);
    u->inside = zrc != Z_STREAM_END;
    if (!u->inside)
        inflateReset(&u->z); /* several members are one stream (RFC 1952 section 2.2) */
    *ret_n = OUT - u->z.avail_out;
    return OCI_OK;
}

static int gunzip(struct oci_untar_stream *u, size_t *ret_n, struct oci_err *reterr)
{
    if (!u->inside && u->whole && inflate_whole(u, ret_n))
        return OCI_OK;
    return inflate_part(u, ret_n, reterr);
}

/* Frames, one after the other (RFC 8878 section 3.1). */
static int unzstd(struct oci_untar_stream *u, size_t *ret_n, struct oci_err *reterr)
{
    struct oci_zstd_in in = {u->in + u->in_at, u->in_len, 0};
    struct oci_zstd_out out = {u->out, OUT, 0};
    size_t rc = u->zstd->decompressStream(u->frames, &out, &in);
    if (u->zstd->isError(rc) && u->zstd->getErrorCode(rc) == OCI_ZSTD_NO_MEMORY)
        return oci_err_no_memory(reterr);
    if (u->zstd->isError(rc))
        return broken(u, u->zstd->getErrorName(rc), reterr);
    used(u, in.at);
    u->inside = rc != 0;
    *ret_n = out.at;
    return OCI_OK;
}

/* *ret_n is 0 at the end of the file. */
static int decompress(struct oci_untar_stream *u, size_t *ret_n, struct oci_err *reterr)
{
    uint64_t before = UINT64_MAX;
    while (*ret_n == 0) {
        int rc = refill(u, reterr);
        if (rc != OCI_OK)
            return rc;
        if (u->in_len == 0 && !u->inside)
            return OCI_OK;
        /* What nothing comes of and nothing is taken from would be tried for ever. */
        if (u->taken - u->in_len == before)
            return broken(u, "it ends too early", reterr);
        before = u->taken - u->in_len;
        rc = u->kind == OCI_UNTAR_GZIP ? gunzip(u, ret_n, reterr) : unzstd(u, ret_n, reterr);
        if (rc != OCI_OK)
            return rc;
    }
    return OCI_OK;
}

static int read_plain(struct oci_untar_stream *u, size_t *ret_n, struct oci_err *reterr)
{
    int rc = oci_file_pread(u->fd, u->out, IN, u->taken, ret_n, reterr);
    if (rc == OCI_OK)
        u->taken += *ret_n;
    return rc;
}

static int check_bounds(const struct oci_untar_stream *u, struct oci_err *reterr)
{
    if (u->given > u->max_bytes)
        return oci_err_set(reterr, OCI_LIMIT, "it unpacks to more than it may");
    if (u->given > u->ratio_after && u->given / OCI_PACK_RATIO > u->taken)
        return oci_err_set(reterr, OCI_LIMIT, "it unpacks to more than %d times its size", OCI_PACK_RATIO);
    return OCI_OK;
}

int oci_untar_stream_read(struct oci_untar_stream *u, const void **ret_p, size_t *ret_n, struct oci_err *reterr)
{
    size_t n = 0;
    int rc = OCI_OK;
    if (!u->over)
        rc = u->kind == OCI_UNTAR_PLAIN ? read_plain(u, &n, reterr) : decompress(u, &n, reterr);
    if (rc != OCI_OK)
        return rc;
    if (n == 0) {
        u->over = true;
        return OCI_END_OF_CONTENT;
    }
    u->given += n;
    rc = check_bounds(u, reterr);
    if (rc != OCI_OK)
        return rc;
    if (u->hash && oci_hash_add(u->hash, u->out, n) != OCI_OK)
        return oci_err_no_memory(reterr);
    *ret_p = u->out;
    *ret_n = n;
    return OCI_OK;
}
