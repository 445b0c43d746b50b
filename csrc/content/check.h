/* check.h - inside content/: counts and hashes what passes, and compares it with what was wanted.
 *
 * Content is right when both its size and its digest are (security-quirks, statement 10). */
#ifndef OCI_CONTENT_CHECK_H
#define OCI_CONTENT_CHECK_H

#include "base/err.h"
#include "model/descriptor.h"
#include "model/digest.h"

OCI_BEGIN

struct oci_check {
    struct oci_digest want; /* "": only hashed (sha256) */
    uint64_t want_size;     /* or OCI_SIZE_UNKNOWN */
    uint64_t seen;
    struct oci_hash *hash;  /* made by the first add */
};

/* `want` may be NULL; without a digest its size does not count either. */
void oci_check_init(struct oci_check *c, const struct oci_desc *want);
void oci_check_done(struct oci_check *c);
/* SIZE_MISMATCH when `len` bytes more than `before` are too many: nothing is read past the size. */
int oci_check_fits(const struct oci_check *c, uint64_t before, size_t len, struct oci_err *reterr);
int oci_check_add(struct oci_check *c, const void *p, size_t len, struct oci_err *reterr);
/* The verdict. *ret_found (may be NULL) is the digest, set on success. */
int oci_check_end(struct oci_check *c, struct oci_digest *ret_found, struct oci_err *reterr);
int oci_check_restart(struct oci_check *c, struct oci_err *reterr);

OCI_END

#endif
