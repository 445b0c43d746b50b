/* ignore.h - inside pack/: what is left out of an archive, by patterns (pack.h says how they are read). */
#ifndef OCI_PACK_IGNORE_H
#define OCI_PACK_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

OCI_BEGIN

struct oci_ignore;

/* Copies. OCI_INVALID for an empty pattern, OCI_LIMIT for too many or too long ones. */
int oci_ignore_new(const char *const *patterns, size_t count, struct oci_ignore **ret_ignore, struct oci_err *reterr);
void oci_ignore_free(struct oci_ignore *g); /* NULL does nothing */
/* Is the entry with this clean relative path left out? What is in a directory that is left out is not asked about.
 * NULL leaves nothing out. Any thread. */
bool oci_ignored(const struct oci_ignore *g, const char *path, bool directory);

OCI_END

#endif
