/* hash.c - content that is only hashed: a sink, and a whole file as one job (content_kinds.h). */
#include "base/limits.h"
#include "base/mem.h"
#include "content/block.h"
#include "content/content_kinds.h"
#include "sys/file.h"

/* ---- sink ---------------------------------------------------------------------------------- */

struct hash_sink {
    struct oci_sink base;
    struct oci_hash *hash; /* made at the first byte or the end, since then errors have a place to go */
    char algorithm[16];
    struct oci_desc *ret_desc;
};

static struct hash_sink *hash_sink(struct oci_sink *s)
{
    return (struct hash_sink *)(void *)s;
}

static int ready(struct hash_sink *h, struct oci_err *reterr)
{
    return h->hash ? OCI_OK : oci_hash_new(oci_str_of(h->algorithm), &h->hash, reterr);
}

static int sink_write(struct oci_sink *s, const void *p, size_t len, struct oci_err *reterr)
{
    struct hash_sink *h = hash_sink(s);
    int rc = ready(h, reterr);
    if (rc != OCI_OK)
        return rc;
    if (len > OCI_MAX_SIZE - s->written)
        return oci_err_set(reterr, OCI_LIMIT, "the content is larger than 2^53-1 bytes");
    if (oci_hash_add(h->hash, p, len) != OCI_OK)
        return oci_err_no_memory(reterr);
    s->written += len;
    return OCI_OK;
}

static int sink_restart(struct oci_sink *s, struct oci_err *reterr)
{
    struct hash_sink *h = hash_sink(s);
    s->written = 0;
    return h->hash && oci_hash_restart(h->hash) != OCI_OK ? oci_err_no_memory(reterr) : OCI_OK;
}

static int sink_end(struct oci_sink *s, int rc, struct oci_err *reterr)
{
    struct hash_sink *h = hash_sink(s);
    struct oci_digest digest;
    if (rc == OCI_OK)
        rc = ready(h, reterr);
    if (rc != OCI_OK)
        return rc;
    if (oci_hash_end(h->hash, &digest) != OCI_OK)
        return oci_err_no_memory(reterr);
    h->ret_desc->digest = digest;
    h->ret_desc->size = s->written;
    return OCI_OK;
}

static void sink_free(struct oci_sink *s)
{
    oci_hash_free(hash_sink(s)->hash);
    oci_free(s);
}

static const struct oci_sink_type hash_sink_type = {
    .name = "hash",
    .write = sink_write,
    .restart = sink_restart,
    .end = sink_end,
    .free = sink_free,
};

struct oci_sink *oci_sink_hash(struct oci_str algorithm, struct oci_desc *ret_desc)
{
    struct hash_sink *h = oci_calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->base.type = &hash_sink_type;
    /* One that does not fit is none that we know: "" fails as well. */
    oci_str_copy(h->algorithm, sizeof h->algorithm, algorithm);
    h->ret_desc = ret_desc;
    return &h->base;
}

/* ---- a whole file -------------------------------------------------------------------------- */

/* Between two slices a cancel takes effect, and other jobs have a turn: some tens of milliseconds. */
#define SLICE (64u << 20)

static struct oci_hash_file_work *hash_file(struct oci_work *w)
{
    return OCI_OWNER(w, struct oci_hash_file_work, work);
}

/* A small file is read as a whole, and kept. */
static int read_small(struct oci_hash_file_work *h, uint64_t size, struct oci_err *reterr)
{
    char *p = oci_alloc((size_t)size + 1);
    if (!p)
        return oci_err_no_memory(reterr);
    size_t len = 0;
    int rc = OCI_OK;
    for (size_t n = 1; rc == OCI_OK && n > 0 && len < size; len += rc == OCI_OK ? n : 0)
        rc = oci_file_pread(h->fd, p + len, (size_t)size - len, len, &n, reterr);
    if (rc == OCI_OK && oci_hash_add(h->hash, p, len) != OCI_OK)
        rc = oci_err_no_memory(reterr);
    if (rc != OCI_OK) {
        oci_free(p);
        return rc;
    }
    p[len] = '\0';
    h->size = len;
    h->bytes = oci_bytes_new_take(p, len);
    return h->bytes ? OCI_OK : oci_err_no_memory(reterr);
}

/* Hashes from where it is until the end or the end of the slice (AGAIN). */
static int hash_slice(struct oci_hash_file_work *h, struct oci_err *reterr)
{
    size_t size;
    char *block = oci_block_get(OCI_BLOCK_READ, OCI_BLOCK_SMALL, &size);
    if (!block)
        return oci_err_no_memory(reterr);
    uint64_t stop = h->size + SLICE;
    int rc = OCI_AGAIN;
    for (size_t n; rc == OCI_AGAIN && h->size < stop;) {
        int got = oci_file_pread(h->fd, block, size, h->size, &n, reterr);
        if (got != OCI_OK)
            rc = got;
        else if (n == 0)
            rc = OCI_OK;
        else if (n > OCI_MAX_SIZE - h->size)
            rc = oci_err_set(reterr, OCI_LIMIT, "the file is larger than 2^53-1 bytes");
        else if (oci_hash_add(h->hash, block, n) != OCI_OK)
            rc = oci_err_no_memory(reterr);
        else
            h->size += n;
    }
    oci_block_put(block, size);
    return rc;
}

static int begin(struct oci_hash_file_work *h, struct oci_err *reterr)
{
    struct oci_file_info info;
    int rc = oci_hash_new(OCI_STR(OCI_SHA256), &h->hash, reterr);
    if (rc == OCI_OK)
        rc = oci_file_open_read(OCI_CWD, h->path, true, &h->fd, &info, reterr);
    if (rc == OCI_OK && info.size <= h->keep && h->keep < SLICE)
        return read_small(h, info.size, reterr);
    return rc;
}

static int hash_file_run(struct oci_work *w, struct oci_err *reterr)
{
    struct oci_hash_file_work *h = hash_file(w);
    w->again_ms = 0;
    int rc = h->fd < 0 ? begin(h, reterr) : OCI_OK;
    if (rc == OCI_OK && !h->bytes)
        rc = hash_slice(h, reterr);
    if (rc == OCI_AGAIN)
        return rc;
    if (rc == OCI_OK && oci_hash_end(h->hash, &h->digest) != OCI_OK)
        rc = oci_err_no_memory(reterr);
    if (rc != OCI_OK)
        oci_err_wrap(reterr, "reading %s", h->path);
    oci_fd_close(h->fd);
    h->fd = -1;
    return rc;
}

void oci_hash_file_work_init(struct oci_hash_file_work *w, const char *path, size_t keep)
{
    *w = (struct oci_hash_file_work){.work.run = hash_file_run, .path = path, .keep = keep, .fd = -1};
}

void oci_hash_file_work_done(struct oci_hash_file_work *w)
{
    oci_hash_free(w->hash);
    w->hash = NULL;
    w->bytes = oci_bytes_unref(w->bytes);
    oci_fd_close(w->fd);
    w->fd = -1;
}
