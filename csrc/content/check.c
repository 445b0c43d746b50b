#include "content/check.h"

#include <inttypes.h>

#include "base/limits.h"
void oci_check_init(struct oci_check *c, const struct oci_desc *want)
{
    *c = (struct oci_check){.want_size = OCI_SIZE_UNKNOWN};
    if (want && oci_digest_is(&want->digest)) {
        c->want = want->digest;
        c->want_size = want->size;
    }
}

void oci_check_done(struct oci_check *c)
{
    oci_hash_free(c->hash);
    c->hash = NULL;
}

int oci_check_fits(const struct oci_check *c, uint64_t before, size_t len, struct oci_err *reterr)
{
    uint64_t all;
    if (oci_add_u64(before, len, &all) && all <= OCI_MAX_SIZE && all <= c->want_size)
        return OCI_OK;
    if (c->want_size == OCI_SIZE_UNKNOWN)
        return oci_err_set(reterr, OCI_LIMIT, "the content is larger than 2^53-1 bytes");
    return oci_err_set(reterr, OCI_SIZE_MISMATCH, "the content of %s is longer than its %" PRIu64 " bytes",
                       c->want.text, c->want_size);
}

static int ready(struct oci_check *c, struct oci_err *reterr)
{
    if (c->hash)
        return OCI_OK;
    struct oci_str algorithm = oci_digest_is(&c->want) ? oci_digest_algorithm(&c->want) : OCI_STR(OCI_SHA256);
    return oci_hash_new(algorithm, &c->hash, reterr);
}

int oci_check_add(struct oci_check *c, const void *p, size_t len, struct oci_err *reterr)
{
    int rc = ready(c, reterr);
    if (rc != OCI_OK)
        return rc;
    if (oci_hash_add(c->hash, p, len) != OCI_OK)
        return oci_err_no_memory(reterr);
    c->seen += len;
    return OCI_OK;
}

int oci_check_end(struct oci_check *c, struct oci_digest *ret_found, struct oci_err *reterr)
{
    struct oci_digest found;
    int rc = ready(c, reterr);
    if (rc != OCI_OK)
        return rc;
    if (oci_hash_end(c->hash, &found) != OCI_OK)
        return oci_err_no_memory(reterr);
    if (c->want_size != OCI_SIZE_UNKNOWN && c->seen != c->want_size)
        return oci_err_set(reterr, OCI_SIZE_MISMATCH,
                           "the content of %s is %" PRIu64 " bytes long instead of %" PRIu64, c->want.text, c->seen,
                           c->want_size);
    if (oci_digest_is(&c->want) && !oci_digest_equal(&c->want, &found))
        return oci_err_set(reterr, OCI_DIGEST_MISMATCH, "the content of %s has the digest %s", c->want.text,
                           found.text);
    if (ret_found)
        *ret_found = found;
    return OCI_OK;
}

int oci_check_restart(struct oci_check *c, struct oci_err *reterr)
{
    c->seen = 0;
    if (c->hash && oci_hash_restart(c->hash) != OCI_OK)
        return oci_err_no_memory(reterr);
    return OCI_OK;
}
