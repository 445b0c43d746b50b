#include "pack/untar_stream.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pack/plan.h"
#include "sys/file.h"

/* Of the file: a block of ours, compressed to half; what is larger goes through zlib. */
#define IN (OCI_PACK_BLOCK / 2)
#define OUT OCI_PACK_BLOCK
#define USED_UP (IN / 32) /* so much of `in` is used before what is left moves to its front */

/* ---- opening and closing -------------------------------------------------------------------- */

/* Without libdeflate zlib does all of it. */
static int open_whole(struct oci_untar_stream *u, struct oci_err *reterr)
{
    if (u->press.kind != OCI_UNPRESS_GZIP || oci_deflate_api(&u->gzip, NULL) != OCI_OK)
        return OCI_OK;
    u->whole = u->gzip->libdeflate_alloc_decompressor();
    return u->whole ? OCI_OK : oci_err_no_memory(reterr);
}

int oci_untar_stream_open(struct oci_untar_stream *u, const struct oci_str *algorithm, struct oci_err *reterr)
{
    unsigned char magic[OCI_UNPRESS_MAGIC];
    size_t n = 0;
    u->press.ratio_after = u->ratio_after;
    int rc = oci_file_pread(u->fd, magic, sizeof magic, 0, &n, reterr);
    if (rc == OCI_OK)
        rc = oci_unpress_begin(&u->press, magic, n, reterr);
    if (rc == OCI_OK)
        rc = open_whole(u, reterr);
    if (rc != OCI_OK)
        return rc;
    bool plain = u->press.kind == OCI_UNPRESS_PLAIN;
    u->out = oci_alloc(OUT);
    u->in = plain ? NULL : oci_alloc(IN);
    if (!u->out || (!plain && !u->in))
        return oci_err_no_memory(reterr);
    return algorithm ? oci_hash_new(*algorithm, &u->hash, reterr) : OCI_OK;
}

void oci_untar_stream_close(struct oci_untar_stream *u)
{
    if (u->whole)
        u->gzip->libdeflate_free_decompressor(u->whole);
    oci_unpress_done(&u->press);
    oci_hash_free(u->hash);
    oci_free(u->in);
    oci_free(u->out);
    u->whole = NULL;
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
    size_t n = 0;
    if (u->press.inside || !u->whole ||
        u->gzip->libdeflate_gzip_decompress_ex(u->whole, u->in + u->in_at, u->in_len, u->out, OUT, &n, ret_n) !=
            LIBDEFLATE_SUCCESS)
        return false;
    u->press.taken += n;
    u->press.given += *ret_n;
    used(u, n);
    return true;
}

/* *ret_n is 0 at the end of the file. */
static int decompress(struct oci_untar_stream *u, size_t *ret_n, struct oci_err *reterr)
{
    while (*ret_n == 0) {
        size_t n = 0;
        int rc = refill(u, reterr);
        if (rc != OCI_OK)
            return rc;
        if (inflate_whole(u, ret_n))
            continue;
        rc = oci_unpress(&u->press, u->in + u->in_at, u->in_len, &n, u->out, OUT, ret_n, reterr);
        if (rc != OCI_OK)
            return rc;
        used(u, n);
        if (n == 0 && *ret_n == 0) /* there is nothing left */
            return oci_unpress_end(&u->press, reterr);
    }
    return oci_unpress_check(&u->press, reterr);
}

static int read_plain(struct oci_untar_stream *u, size_t *ret_n, struct oci_err *reterr)
{
    int rc = oci_file_pread(u->fd, u->out, IN, u->taken, ret_n, reterr);
    if (rc == OCI_OK)
        u->taken += *ret_n;
    return rc;
}

int oci_untar_stream_read(struct oci_untar_stream *u, const void **ret_p, size_t *ret_n, struct oci_err *reterr)
{
    size_t n = 0;
    int rc = OCI_OK;
    if (!u->over)
        rc = u->press.kind == OCI_UNPRESS_PLAIN ? read_plain(u, &n, reterr) : decompress(u, &n, reterr);
    if (rc != OCI_OK)
        return rc;
    if (n == 0) {
        u->over = true;
        return OCI_END_OF_CONTENT;
    }
    u->given += n;
    if (u->given > u->max_bytes)
        return oci_err_set(reterr, OCI_LIMIT, "it unpacks to more than it may");
    if (u->hash && oci_hash_add(u->hash, u->out, n) != OCI_OK)
        return oci_err_no_memory(reterr);
    *ret_p = u->out;
    *ret_n = n;
    return OCI_OK;
}
