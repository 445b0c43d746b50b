#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

void oci_buf_init(struct oci_buf *b, size_t max)
{
    *b = (struct oci_buf){.max = max};
}

void oci_buf_done(struct oci_buf *b)
{
    if (!b)
        return;
    oci_free(b->p);
    oci_buf_init(b, b->max);
}

void oci_buf_clear(struct oci_buf *b)
{
    b->len = 0;
    if (b->p)
        b->p[0] = '\0';
}

int oci_buf_reserve(struct oci_buf *b, size_t more)
{
    if (b->len > b->max || more > b->max - b->len)
        return OCI_LIMIT;
    /* The NUL is not counted against the maximum. */
    size_t most = b->max == SIZE_MAX ? SIZE_MAX : b->max + 1;
    if (more >= SIZE_MAX - b->len)
        return OCI_NO_MEMORY;
    size_t need = b->len + more + 1;
    size_t cap = b->cap;
    /* A first allocation for a few bytes has room for a few more. */
    size_t least = cap == 0 && need < 64 && most >= 64 ? 64 : need;
    char *p = oci_grow(b->p, &cap, least, 1, most);
    if (!p)
        return OCI_NO_MEMORY;
    b->p = p;
    b->cap = cap;
    b->p[b->len] = '\0';
    return OCI_OK;
}

int oci_buf_add(struct oci_buf *b, const void *p, size_t len)
{
    int rc = oci_buf_reserve(b, len);
    if (rc)
        return rc;
    if (len > 0)
        memcpy(b->p + b->len, p, len);
    b->len += len;
    b->p[b->len] = '\0';
    return OCI_OK;
}

int oci_buf_add_char(struct oci_buf *b, char c)
{
    /* The way of the JSON writer: one call for each character must be cheap. */
    if (b->cap > b->len + 1 && b->len < b->max) {
        b->p[b->len++] = c;
        b->p[b->len] = '\0';
        return OCI_OK;
    }
    return oci_buf_add(b, &c, 1);
}

int oci_buf_add_str(struct oci_buf *b, const char *s)
{
    return oci_buf_add(b, s, strlen(s));
}

int oci_buf_addf(struct oci_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    int rc = len < 0 ? OCI_INVALID : oci_buf_reserve(b, (size_t)len);
    if (rc == OCI_OK) {
        vsnprintf(b->p + b->len, (size_t)len + 1, fmt, again);
        b->len += (size_t)len;
    }
    va_end(again);
    return rc;
}

char *oci_buf_take(struct oci_buf *b)
{
    if (!b->p && oci_buf_reserve(b, 0) != OCI_OK)
        return NULL;
    char *p = b->p;
    oci_buf_init(b, b->max);
    return p;
}
