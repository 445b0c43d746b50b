#include "base/bytes.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

/* The public part comes first, so that a pointer to it is a pointer to the whole. */
struct shared_bytes {
    struct oci_bytes pub;
    atomic_size_t refs;
    char *owned; /* the memory that pub.p shows when it was handed in, or NULL when it follows this struct */
    char inside[];
};

static struct shared_bytes *whole(struct oci_bytes *b)
{
    return (struct shared_bytes *)(void *)b;
}

struct oci_bytes *oci_bytes_new(const void *p, size_t len)
{
    if (len >= SIZE_MAX - sizeof(struct shared_bytes))
        return NULL;
    struct shared_bytes *s = oci_alloc(sizeof *s + len + 1);
    if (!s)
        return NULL;
    if (len > 0)
        memcpy(s->inside, p, len);
    s->inside[len] = '\0';
    s->pub = (struct oci_bytes){.len = len, .p = s->inside};
    s->owned = NULL;
    atomic_init(&s->refs, 1);
    return &s->pub;
}

struct oci_bytes *oci_bytes_new_take(char *take_p, size_t len)
{
    struct shared_bytes *s = take_p ? oci_alloc(sizeof *s) : NULL;
    if (!s) {
        oci_free(take_p);
        return NULL;
    }
    s->pub = (struct oci_bytes){.len = len, .p = take_p};
    s->owned = take_p;
    atomic_init(&s->refs, 1);
    return &s->pub;
}

struct oci_bytes *oci_bytes_ref(struct oci_bytes *b)
{
    if (b)
        atomic_fetch_add_explicit(&whole(b)->refs, 1, memory_order_relaxed);
    return b;
}

struct oci_bytes *oci_bytes_unref(struct oci_bytes *b)
{
    if (!b)
        return NULL;
    /* acq_rel: what other holders did with the bytes happens before they are freed. */
    if (atomic_fetch_sub_explicit(&whole(b)->refs, 1, memory_order_acq_rel) == 1) {
        oci_free(whole(b)->owned);
        oci_free(whole(b));
    }
    return NULL;
}
