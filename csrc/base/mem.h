/* mem.h - all memory of the core comes from here, so that one place can be starved in tests.
 * Every function may return NULL: out of memory is an ordinary error. */
#ifndef OCI_BASE_MEM_H
#define OCI_BASE_MEM_H

#include <stddef.h>

#include "base/hidden.h"

OCI_BEGIN

void *oci_alloc(size_t size);
void *oci_calloc(size_t count, size_t size);   /* zeroed; NULL when count * size overflows */
void *oci_realloc(void *p, size_t size);
void oci_free(void *p);                        /* NULL does nothing */
char *oci_strdup(const char *s);               /* NULL for NULL */
char *oci_strndup(const char *s, size_t len);  /* exactly len bytes and a NUL */
char *oci_asprintf(const char *fmt, ...) OCI_PRINTF(1, 2);

void oci_cleanse(void *p, size_t len);         /* overwrites, never optimised away */
void oci_secret_free(char *s);                 /* cleanses the string, then frees it; NULL does nothing */

/* Grows the array `p` of `*cap` items of `size` bytes so that `need` items fit; sets *cap. NULL: out of memory or
 * more than `max` items, and `p` is untouched. */
void *oci_grow(void *p, size_t *cap, size_t need, size_t size, size_t max);

OCI_END

#endif
