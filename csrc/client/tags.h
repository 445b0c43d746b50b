/* tags.h - the tags that a manifest gets: the reference's own, then more. */
#ifndef OCI_CLIENT_TAGS_H
#define OCI_CLIENT_TAGS_H

#include <stddef.h>

#include "base/err.h"

OCI_BEGIN

struct oci_tags {
    char *first; /* NULL: by digest alone */
    char **more;
    size_t more_count;
};

/* Checks and copies. Without `first` ("" or NULL) the first of `more` takes its place; one that is there
 * twice counts once. OCI_INVALID names the tag that is none. */
int oci_tags_copy(const char *first, const char *const *more, size_t count, struct oci_tags *ret_tags,
                  struct oci_err *reterr);
void oci_tags_done(struct oci_tags *t);
/* As the flows want them. */
const char *const *oci_tags_more(const struct oci_tags *t);

OCI_END

#endif
