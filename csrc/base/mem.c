#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *oci_alloc(size_t size)
{
    /* malloc(0) may give NULL, which would read as out of memory. */
    return malloc(size ? size : 1);
}

void *oci_calloc(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        return calloc(1, 1);
    if (count > SIZE_MAX / size)
        return NULL;
    return calloc(count, size);
}

void *oci_realloc(void *p, size_t size)
{
    return realloc(p, size ? size : 1);
}

void oci_free(void *p)
{
    free(p);
}

char *oci_strdup(const char *s)
{
    return s ? oci_strndup(s, strlen(s)) : NULL;
}

char *oci_strndup(const char *s, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = oci_alloc(len + 1);
    if (!copy)
        return NULL;
    if (len > 0)
        memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *oci_asprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *s = len < 0 ? NULL : oci_alloc((size_t)len + 1);
    if (s)
        vsnprintf(s, (size_t)len + 1, fmt, again);
    va_end(again);
    return s;
}

void oci_cleanse(void *p, size_t len)
{
    if (p && len > 0)
        explicit_bzero(p, len);
}

void oci_secret_free(char *s)
{
    if (s)
        oci_cleanse(s, strlen(s));
    oci_free(s);
}

void *oci_grow(void *p, size_t *cap, size_t need, size_t size, size_t max)
{
    if (p && need <= *cap)
        return p;
    if (need > max || size == 0)
        return NULL;
    size_t want = *cap > max / 2 ? max : *cap * 2;
    if (want < 8)
        want = max < 8 ? max : 8;
    if (want < need)
        want = need;
    if (want > SIZE_MAX / size)
        return NULL;
    void *grown = oci_realloc(p, want * size);
    if (grown)
        *cap = want;
    return grown;
}
