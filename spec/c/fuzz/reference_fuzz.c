/* A reference that parses prints as one that parses to the same, and holds nothing that a URL or path must not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct oci_reference *r)
{
    if (r->place == OCI_PLACE_REGISTRY) {
        if (!oci_repository_valid(oci_str_of(r->repository)) || r->path || !r->registry[0] ||
            strpbrk(r->registry, "/@?# %\\"))
            abort();
    } else if (!r->path || !r->path[0] || r->registry[0]) {
        abort();
    }
    if (r->tag[0] && !oci_tag_valid(oci_str_of(r->tag)))
        abort();
    if (oci_digest_is(&r->digest) && strpbrk(r->digest.text, "/?#%\\ "))
        abort();
    oci_registry_is_loopback(r->registry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oci_reference r, again;
    struct oci_err e = {0};
    struct oci_buf a, b;
    const char *p = (const char *)data;
    if (oci_reference_parse_registry(p, size, &r, NULL) == OCI_OK && (!r.registry[0] || r.repository[0]))
        abort();
    int rc = oci_reference_parse(p, size, &r, &e);
    if (rc) {
        if (e.code != rc || !oci_str_is_printable(oci_str_of(e.text)))
            abort();
        return 0;
    }
    check(&r);
    /* An archive's name with a ':' in its last part has no other form without a tag. */
    int parts = OCI_REF_TAG | OCI_REF_DIGEST;
    oci_buf_init(&a, 10000);
    oci_buf_init(&b, 10000);
    if (oci_reference_print(&r, parts, &a) != OCI_OK || oci_reference_parse(a.p, a.len, &again, NULL) != OCI_OK)
        abort();
    if (oci_reference_print(&again, parts, &b) != OCI_OK || strcmp(a.p, b.p) != 0)
        abort();
    oci_buf_done(&a);
    oci_buf_done(&b);
    oci_reference_done(&r);
    oci_reference_done(&again);
    return 0;
}
