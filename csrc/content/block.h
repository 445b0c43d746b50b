/* block.h - inside content/ and store/: memory for content on its way, from one budget for the whole process.
 *
 * A few transfers get large blocks; when many run at once, later ones get small blocks and are slower, instead of the
 * process growing with their number (DESIGN, Threads). Any thread. */
#ifndef OCI_CONTENT_BLOCK_H
#define OCI_CONTENT_BLOCK_H

#include <stddef.h>

#include "base/hidden.h"

OCI_BEGIN

#define OCI_BLOCK_BUDGET (512u << 10)
#define OCI_BLOCK_LARGE (64u << 10) /* one of 256 KiB costs no less CPU, 1 MiB twice as much (transfer-speed 2, 8) */
#define OCI_BLOCK_READ (32u << 10)  /* the hash of a block that stays in the cache costs least */
#define OCI_BLOCK_SMALL (16u << 10)

/* `want` bytes, or `least` when that is over the budget. *ret_size: which of the two. NULL: out of memory. */
void *oci_block_get(size_t want, size_t least, size_t *ret_size);
void oci_block_put(void *p, size_t size); /* NULL does nothing */
size_t oci_blocks_in_use(void);           /* bytes */

OCI_END

#endif
