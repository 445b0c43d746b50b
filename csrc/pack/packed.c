/* packed.c - a directory as a source of deterministic tar or tar+gzip. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "pack/names.h"
#include "pack/pack.h"
#include "pack/tar_header.h"
#include "pack/walk.h"
#include "sys/clock.h"

#define BLOCK (128u << 10) /* of a file read at once */
#define GZIP_LEVEL 6       /* part of the format: another level is another digest */

/* Everything between open and close is used by one job on the pool at a time. */
struct packed {
    struct oci_source base;
    char *dir, *prefix;
    enum oci_compression compression;
    bool gzip, ignoring;
    struct oci_digest tar_digest; /* of the last complete reading, or "" */

    struct oci_dir_walk *walk;        /* NULL: not begun */
    struct oci_hash *hash;
    z_stream z;
    bool deflating;
    int64_t mtime;
    char path[OCI_MAX_PATH];      /* of the file that is read */
    int file;                     /* or -1 */
    uint64_t off, size;           /* of the file: how far it was read, and what its header says */
    struct oci_buf tar;           /* made, and given away up to `given` */
    size_t given;
    bool tar_over, over;
    uint64_t total;               /* bytes given since the beginning */
};

static struct packed *packed_of(const struct oci_source *s)
{
    return (struct packed *)(void *)((char *)(uintptr_t)s - offsetof(struct packed, base));
}

/* Back to before the beginning. */
static void reset(struct packed *k)
{
    oci_dir_walk_close(k->walk);
    k->walk = NULL;
    oci_hash_free(k->hash);
    k->hash = NULL;
    if (k->deflating)
        deflateEnd(&k->z);
    k->deflating = false;
    oci_fd_close(k->file);
    k->file = -1;
    oci_buf_done(&k->tar);
    k->given = 0;
    k->tar_over = k->over = false;
    k->total = 0;
}

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

static int begin_gzip(struct packed *k, struct oci_err *reterr)
{
    memset(&k->z, 0, sizeof k->z);
    k->z.zalloc = z_alloc;
    k->z.zfree = z_free;
    if (deflateInit2(&k->z, GZIP_LEVEL, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return oci_err_no_memory(reterr);
    k->deflating = true;
    /* No name, no time, and "unknown" for the system that made it (RFC 1952 section 2.3.1). */
    static gz_header header = {.os = 255};
    return deflateSetHeader(&k->z, &header) == Z_OK ? OCI_OK : oci_err_no_memory(reterr);
}

static int begin(struct packed *k, struct oci_err *reterr)
{
    char cleaned[OCI_MAX_PATH];
    if (k->compression == OCI_COMPRESS_ZSTD)
        return oci_err_set(reterr, OCI_UNSUPPORTED, "packing with zstd is not supported");
    if (k->ignoring)
        return oci_err_set(reterr, OCI_UNSUPPORTED, "packing with patterns of what to leave out is not supported");
    int rc = oci_pack_clean_name(k->prefix, NULL, cleaned, reterr);
    if (rc != OCI_OK)
        return rc;
    memcpy(k->prefix, cleaned, strlen(cleaned) + 1); /* never longer than it was */
    k->mtime = 0;
    if (oci_clock_source_date(&k->mtime) == OCI_INVALID)
        return oci_err_set(reterr, OCI_INVALID, "SOURCE_DATE_EPOCH is not a number of seconds");
    rc = oci_hash_new(OCI_STR(OCI_SHA256), &k->hash, reterr);
    if (rc == OCI_OK && k->gzip)
        rc = begin_gzip(k, reterr);
    if (rc == OCI_OK)
        rc = oci_dir_walk_open(k->dir, &k->walk, reterr);
    return rc;
}

static int packed_open(struct oci_source *s, struct oci_err *reterr)
{
    struct packed *k = packed_of(s);
    reset(k);
    int rc = begin(k, reterr);
    if (rc != OCI_OK)
        reset(k);
    return rc;
}

static int changed(const struct packed *k, const char *path, struct oci_err *reterr)
{
    return oci_err_set(reterr, OCI_SIZE_MISMATCH, "packing %.150s: %.150s changed its size while it was read", k->dir,
                       path);
}

/* The next block of the file; at its end the padding. */
static int add_content(struct packed *k, struct oci_err *reterr)
{
    uint64_t left = k->size - k->off;
    size_t want = left < BLOCK ? (size_t)left : BLOCK, n = 0;
    int rc = oci_buf_reserve(&k->tar, want > 0 ? want : 1);
    if (rc != OCI_OK)
        return oci_err_no_memory(reterr);
    /* Past what the header says one byte is asked for: it must not be there. */
    rc = oci_file_pread(k->file, k->tar.p, want > 0 ? want : 1, k->off, &n, reterr);
    if (rc != OCI_OK)
        return oci_err_wrap(reterr, "packing %.150s: %.150s", k->dir, k->path);
    if ((n > 0) != (want > 0))
        return changed(k, k->path, reterr);
    k->tar.len = n;
    k->off += n;
    if (n > 0)
        return OCI_OK;
    oci_fd_close(k->file);
    k->file = -1;
    static const char zeros[OCI_TAR_BLOCK];
    size_t pad = (size_t)((OCI_TAR_BLOCK - k->size % OCI_TAR_BLOCK) % OCI_TAR_BLOCK);
    return oci_buf_add(&k->tar, zeros, pad) == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
}

static int add_header(struct packed *k, const struct oci_dir_walk_entry *e, struct oci_err *reterr)
{
    char name[2 * OCI_MAX_PATH + 2];
    if (!*k->prefix && !*e->path)
        return OCI_OK; /* nothing to call it by */
    snprintf(name, sizeof name, "%s%s%s", k->prefix, *k->prefix && *e->path ? "/" : "", e->path);
    struct oci_tar_entry t = {
        .kind = e->info.kind,
        .name = name,
        .link = e->link,
        .executable = (e->info.mode & 0111) != 0,
        .size = e->info.size,
        .mtime = k->mtime,
    };
    int rc = oci_tar_add_header(&k->tar, &t);
    if (rc == OCI_LIMIT)
        return oci_pack_refuse(reterr, rc, name, "is longer than a path may be");
    return rc == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
}

static int add_entry(struct packed *k, struct oci_err *reterr)
{
    struct oci_dir_walk_entry e;
    int rc = oci_dir_walk_next(k->walk, &e, reterr);
    if (rc == OCI_END_OF_CONTENT) {
        /* Two zero blocks and no more: oras hashes no further than a reader must read. */
        static const char zeros[2 * OCI_TAR_BLOCK];
        k->tar_over = true;
        return oci_buf_add(&k->tar, zeros, sizeof zeros) == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
    }
    if (rc != OCI_OK)
        return rc;
    if (e.fd >= 0) {
        k->file = e.fd;
        k->off = 0;
        k->size = e.info.size;
        memcpy(k->path, e.path, strlen(e.path) + 1);
    }
    return add_header(k, &e, reterr);
}

/* Makes the next piece of tar; it may be empty. */
static int make_tar(struct packed *k, struct oci_err *reterr)
{
    oci_buf_clear(&k->tar);
    k->given = 0;
    int rc = k->file >= 0 ? add_content(k, reterr) : add_entry(k, reterr);
    if (rc == OCI_OK && k->tar.len > 0 && oci_hash_add(k->hash, k->tar.p, k->tar.len) != OCI_OK)
        rc = oci_err_no_memory(reterr);
    return rc;
}

/* Moves tar to `p`, compressed if asked for. Counts are small: both sides are bounded. */
static int give(struct packed *k, char *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    size_t have = k->tar.len - k->given;
    if (!k->gzip) {
        size_t n = have < max ? have : max;
        memcpy(p, k->tar.p + k->given, n);
        k->given += n;
        k->over = k->tar_over && k->given == k->tar.len;
        *ret_n = n;
        return OCI_OK;
    }
    uInt room = max < (1u << 30) ? (uInt)max : 1u << 30;
    k->z.next_in = (Bytef *)k->tar.p + k->given;
    k->z.avail_in = (uInt)have;
    k->z.next_out = (Bytef *)p;
    k->z.avail_out = room;
    int rc = deflate(&k->z, k->tar_over ? Z_FINISH : Z_NO_FLUSH);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
        return oci_err_set(reterr, OCI_IO, "compressing failed: %s", k->z.msg ? k->z.msg : "zlib gives no reason");
    k->given += have - k->z.avail_in;
    k->over = rc == Z_STREAM_END;
    *ret_n = room - k->z.avail_out;
    return OCI_OK;
}

/* The end of a complete reading: what it was is known now, and must stay so. */
static int finish(struct packed *k, struct oci_err *reterr)
{
    struct oci_digest digest;
    int rc = oci_hash_end(k->hash, &digest);
    oci_hash_free(k->hash);
    k->hash = NULL;
    if (rc != OCI_OK)
        return oci_err_no_memory(reterr);
    if (oci_digest_is(&k->tar_digest) && !oci_digest_equal(&digest, &k->tar_digest))
        return oci_err_set(reterr, OCI_DIGEST_MISMATCH, "packing %.200s: it changed since it was packed before",
                           k->dir);
    k->tar_digest = digest;
    k->base.size = k->total;
    return OCI_OK;
}

static int packed_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct packed *k = packed_of(s);
    if (k->over)
        return OCI_END_OF_CONTENT;
    int rc = k->walk ? OCI_OK : packed_open(s, reterr);
    size_t filled = 0;
    while (rc == OCI_OK && filled < max && !k->over) {
        size_t n = 0;
        if (k->given == k->tar.len && !k->tar_over)
            rc = make_tar(k, reterr);
        if (rc == OCI_OK && k->tar.len > 0)
            rc = give(k, (char *)p + filled, max - filled, &n, reterr);
        filled += n;
    }
    k->total += filled;
    if (rc == OCI_OK && k->over)
        rc = finish(k, reterr);
    if (rc != OCI_OK)
        return rc;
    *ret_n = filled;
    return OCI_OK;
}

static int packed_rewind(struct oci_source *s, struct oci_err *reterr)
{
    (void)reterr;
    reset(packed_of(s)); /* the next read begins again */
    return OCI_OK;
}

static void packed_close(struct oci_source *s)
{
    reset(packed_of(s));
}

static void packed_free(struct oci_source *s)
{
    struct packed *k = packed_of(s);
    reset(k);
    oci_free(k->dir);
    oci_free(k->prefix);
    oci_free(k);
}

static const struct oci_source_type packed_type = {
    .name = "packed",
    .open = packed_open,
    .read = packed_read,
    .rewind = packed_rewind,
    .close = packed_close,
    .free = packed_free,
    .on_pool = true,
};

struct oci_source *oci_source_packed(const char *dir, const char *prefix, const struct oci_pack_options *options)
{
    struct packed *k = oci_calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->base = (struct oci_source){.type = &packed_type, .size = OCI_SIZE_UNKNOWN};
    k->compression = options->compression;
    k->gzip = k->compression == OCI_COMPRESS_GZIP;
    k->ignoring = options->ignore_count > 0;
    k->file = -1;
    /* A block of a file, or one entry's headers and records. */
    oci_buf_init(&k->tar, BLOCK + 8 * OCI_MAX_PATH);
    k->dir = oci_strdup(dir);
    k->prefix = oci_strdup(prefix ? prefix : "");
    if (!k->dir || !k->prefix) {
        packed_free(&k->base);
        return NULL;
    }
    return &k->base;
}

const struct oci_digest *oci_source_packed_tar_digest(const struct oci_source *s)
{
    return &packed_of(s)->tar_digest;
}
