/* bytes.c - content in memory: a source of shared bytes, and a sink that collects them (content_kinds.h). */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "content/check.h"
#include "content/content_kinds.h"

/* ---- source -------------------------------------------------------------------------------- */

struct bytes_source {
    struct oci_source base;
    struct oci_bytes *bytes;
    size_t at;
};

static struct bytes_source *bytes_source(struct oci_source *s)
{
    return (struct bytes_source *)(void *)s;
}

static int source_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    (void)reterr;
    struct bytes_source *b = bytes_source(s);
    size_t n = b->bytes->len - b->at;
    if (n == 0)
        return OCI_END_OF_CONTENT;
    if (n > max)
        n = max;
    memcpy(p, b->bytes->p + b->at, n);
    b->at += n;
    *ret_n = n;
    return OCI_OK;
}

static int source_rewind(struct oci_source *s, struct oci_err *reterr)
{
    (void)reterr;
    bytes_source(s)->at = 0;
    return OCI_OK;
}

static void source_close(struct oci_source *s)
{
    bytes_source(s)->at = 0;
}

static struct oci_bytes *source_whole(struct oci_source *s)
{
    return bytes_source(s)->bytes;
}

static void source_free(struct oci_source *s)
{
    oci_bytes_unref(bytes_source(s)->bytes);
    oci_free(s);
}

static const struct oci_source_type bytes_source_type = {
    .name = "bytes",
    .read = source_read,
    .rewind = source_rewind,
    .close = source_close,
    .whole = source_whole,
    .free = source_free,
};

struct oci_source *oci_source_bytes(struct oci_bytes *bytes)
{
    struct bytes_source *b = oci_calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->base.type = &bytes_source_type;
    b->base.size = bytes->len;
    b->bytes = oci_bytes_ref(bytes);
    return &b->base;
}

/* ---- sink ---------------------------------------------------------------------------------- */

#define FIRST_RESERVE (1u << 20) /* a size that somebody claims makes no larger allocation */

struct bytes_sink {
    struct oci_sink base;
    struct oci_buf buf;
    struct oci_check check;
    bool verify;
    struct oci_bytes **ret_bytes;
};

static struct bytes_sink *bytes_sink(struct oci_sink *s)
{
    return (struct bytes_sink *)(void *)s;
}

/* Room at once for content of known size. */
static int reserve(struct bytes_sink *b)
{
    uint64_t size = b->check.want_size;
    if (b->buf.p || size == OCI_SIZE_UNKNOWN)
        return OCI_OK; /* sink_write() has compared the size with the maximum */
    return oci_buf_reserve(&b->buf, size < FIRST_RESERVE ? (size_t)size : FIRST_RESERVE);
}

static int sink_write(struct oci_sink *s, const void *p, size_t len, struct oci_err *reterr)
{
    struct bytes_sink *b = bytes_sink(s);
    int rc = oci_check_fits(&b->check, s->written, len, reterr);
    if (rc != OCI_OK)
        return rc;
    bool claims_more = b->check.want_size != OCI_SIZE_UNKNOWN && b->check.want_size > b->buf.max;
    if (claims_more || len > b->buf.max - b->buf.len)
        return oci_err_set(reterr, OCI_LIMIT, "the content is larger than %zu bytes", b->buf.max);
    if (b->verify && (rc = oci_check_add(&b->check, p, len, reterr)) != OCI_OK)
        return rc;
    if (reserve(b) != OCI_OK || oci_buf_add(&b->buf, p, len) != OCI_OK)
        return oci_err_no_memory(reterr);
    s->written += len;
    return OCI_OK;
}

static int sink_restart(struct oci_sink *s, struct oci_err *reterr)
{
    struct bytes_sink *b = bytes_sink(s);
    oci_buf_clear(&b->buf);
    s->written = 0;
    return oci_check_restart(&b->check, reterr);
}

static int sink_end(struct oci_sink *s, int rc, struct oci_err *reterr)
{
    struct bytes_sink *b = bytes_sink(s);
    if (rc == OCI_OK && b->verify)
        rc = oci_check_end(&b->check, NULL, reterr);
    if (rc == OCI_OK) {
        size_t len = b->buf.len;
        char *p = oci_buf_take(&b->buf);
        struct oci_bytes *bytes = p ? oci_bytes_new_take(p, len) : NULL;
        if (!bytes)
            return oci_err_no_memory(reterr);
        *b->ret_bytes = bytes;
    }
    oci_buf_done(&b->buf);
    return rc;
}

static void sink_free(struct oci_sink *s)
{
    struct bytes_sink *b = bytes_sink(s);
    oci_buf_done(&b->buf);
    oci_check_done(&b->check);
    oci_free(b);
}

static const struct oci_sink_type bytes_sink_type = {
    .name = "bytes",
    .write = sink_write,
    .restart = sink_restart,
    .end = sink_end,
    .free = sink_free,
};

struct oci_sink *oci_sink_bytes(size_t max, const struct oci_desc *want, struct oci_bytes **ret_bytes)
{
    struct bytes_sink *b = oci_calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->base.type = &bytes_sink_type;
    oci_buf_init(&b->buf, max);
    oci_check_init(&b->check, want);
    b->verify = oci_digest_is(&b->check.want);
    b->ret_bytes = ret_bytes;
    return &b->base;
}
