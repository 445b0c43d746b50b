/* seen.h - in which repository of a registry a blob was seen last, so that another one may mount it from there.
 *
 * A guess: what was deleted since, or may not be read, is sent as ever. Used on the engine's thread only. */
#ifndef OCI_FLOW_SEEN_H
#define OCI_FLOW_SEEN_H

#include <stdint.h>

#include "model/digest.h"

OCI_BEGIN

struct oci_seen;

struct oci_seen *oci_seen_new(void); /* NULL: out of memory */
void oci_seen_free(struct oci_seen *s);

/* All take NULL for `s`: nothing is remembered then. */

/* What is under 64 KiB is sent as fast as it is mounted, and not remembered. Nor is it when memory is short. */
void oci_seen_note(struct oci_seen *s, const char *registry, const char *repository, const struct oci_digest *digest,
                   uint64_t size);
/* Borrowed until the next call; NULL: nowhere. */
const char *oci_seen_where(const struct oci_seen *s, const char *registry, const struct oci_digest *digest);
/* It could not be mounted from there. */
void oci_seen_forget(struct oci_seen *s, const char *registry, const struct oci_digest *digest);

OCI_END

#endif
