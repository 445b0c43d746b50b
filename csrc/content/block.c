#include "content/block.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "sys/thread.h"

static atomic_size_t in_use;
static atomic_uint generation;

/* What the parent of a fork had in use is never given back in the child. */
static void forget_the_parents(void)
{
    unsigned now = oci_fork_generation();
    if (atomic_load_explicit(&generation, memory_order_relaxed) == now)
        return;
    atomic_store(&generation, now);
    atomic_store(&in_use, 0);
}

void *oci_block_get(size_t want, size_t least, size_t *ret_size)
{
    forget_the_parents();
    size_t size = want;
    size_t before = atomic_fetch_add(&in_use, want);
    if (least < want && (want > OCI_BLOCK_BUDGET || before > OCI_BLOCK_BUDGET - want)) {
        atomic_fetch_sub(&in_use, want - least);
        size = least;
    }
    void *p = oci_alloc(size);
    if (!p) {
        atomic_fetch_sub(&in_use, size);
        return NULL;
    }
    *ret_size = size;
    return p;
}

void oci_block_put(void *p, size_t size)
{
    if (!p)
        return;
    oci_free(p);
    atomic_fetch_sub(&in_use, size);
}

size_t oci_blocks_in_use(void)
{
    return atomic_load(&in_use);
}
