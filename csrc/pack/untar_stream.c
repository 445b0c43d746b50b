#include "pack/untar_stream.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sys/file.h"

#define IN (64u << 10)
#define OUT (128u << 10)

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

static int read_file(struct oci_untar_stream *u, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    int rc = oci_file_pread(u->fd, p, max, u->taken, ret_n, reterr);
    if (rc == OCI_OK)
        u->taken += *ret_n;
    return rc;
}

int oci_untar_stream_open(struct oci_untar_stream *u, const struct oci_str *algorithm, struct oci_err *reterr)
{
    unsigned char magic[4] = {0};
    size_t n = 0;
    int rc = oci_file_pread(u->fd, magic, sizeof magic, 0, &n, reterr);
    if (rc != OCI_OK)
        return rc;
    u->gzip = memcmp(magic, "\x1f\x8b", 2) == 0;            /* RFC 1952 section 2.3.1 */
    u->zstd = memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0;    /* RFC 8878 section 3.1.1 */
    u->out = oci_alloc(OUT);
    u->in = u->gzip ? oci_alloc(IN) : NULL;
    if (!u->out || (u->gzip && !u->in))
        return oci_err_no_memory(reterr);
    u->z.zalloc = z_alloc;
    u->z.zfree = z_free;
    if (u->gzip && inflateInit2(&u->z, 16 + MAX_WBITS) != Z_OK)
        return oci_err_no_memory(reterr);
    u->inflating = u->gzip;
    return algorithm && !u->zstd ? oci_hash_new(*algorithm, &u->hash, reterr) : OCI_OK;
}

void oci_untar_stream_close(struct oci_untar_stream *u)
{
    if (u->inflating)
        inflateEnd(&u->z);
    u->inflating = false;
    oci_hash_free(u->hash);
    u->hash = NULL;
    oci_free(u->in);
    oci_free(u->out);
    u->in = u->out = NULL;
}

int oci_untar_check_ratio(const struct oci_untar_stream *u, uint64_t tar_bytes, struct oci_err *reterr)
{
    if (tar_bytes <= OCI_UNPACK_RATIO_AFTER || tar_bytes / OCI_UNPACK_RATIO <= u->taken)
        return OCI_OK;
    return oci_err_set(reterr, OCI_LIMIT, "it unpacks to more than %d times its size", OCI_UNPACK_RATIO);
}

static int broken(const char *what, struct oci_err *reterr)
{
    return oci_err_set(reterr, OCI_INVALID, "it is not a proper gzip file: %s", what);
}

/* More of the file for inflate. *ret_more is false at its end, which is right only after a member's end. */
static int refill(struct oci_untar_stream *u, bool *ret_more, struct oci_err *reterr)
{
    size_t n = 0;
    *ret_more = true;
    if (u->z.avail_in > 0)
        return OCI_OK;
    int rc = read_file(u, u->in, IN, &n, reterr);
    if (rc != OCI_OK)
        return rc;
    u->z.next_in = u->in;
    u->z.avail_in = (uInt)n;
    *ret_more = n > 0;
    return n > 0 || u->member_over ? OCI_OK : broken("it ends too early", reterr);
}

static int inflate_some(struct oci_untar_stream *u, size_t *ret_n, struct oci_err *reterr)
{
    u->z.next_out = u->out;
    u->z.avail_out = OUT;
    while (u->z.avail_out > 0) {
        bool more;
        int rc = refill(u, &more, reterr);
        if (rc != OCI_OK)
            return rc;
        if (!more)
            break;
        if (u->member_over) { /* several members are one stream (RFC 1952 section 2.2) */
            inflateReset(&u->z);
            u->member_over = false;
        }
        int zrc = inflate(&u->z, Z_NO_FLUSH);
        if (zrc == Z_MEM_ERROR)
            return oci_err_no_memory(reterr);
        if (zrc != Z_OK && zrc != Z_STREAM_END && zrc != Z_BUF_ERROR)
            return broken(u->z.msg ? u->z.msg : "its data are damaged", reterr);
        u->member_over = zrc == Z_STREAM_END;
    }
    *ret_n = OUT - u->z.avail_out;
    return OCI_OK;
}

int oci_untar_stream_read(struct oci_untar_stream *u, const void **ret_p, size_t *ret_n, struct oci_err *reterr)
{
    size_t n = 0;
    int rc = OCI_OK;
    if (!u->over)
        rc = u->gzip ? inflate_some(u, &n, reterr) : read_file(u, u->out, OUT, &n, reterr);
    if (rc != OCI_OK)
        return rc;
    if (n == 0) {
        u->over = true;
        return OCI_END_OF_CONTENT;
    }
    u->given += n;
    if (u->given > u->max_bytes)
        return oci_err_set(reterr, OCI_LIMIT, "it unpacks to more than it may");
    rc = oci_untar_check_ratio(u, u->given, reterr);
    if (rc != OCI_OK)
        return rc;
    if (u->hash && oci_hash_add(u->hash, u->out, n) != OCI_OK)
        return oci_err_no_memory(reterr);
    *ret_p = u->out;
    *ret_n = n;
    return OCI_OK;
}
