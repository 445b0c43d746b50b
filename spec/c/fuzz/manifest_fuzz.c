/* A manifest that parses is consistent, and what is written of its descriptors reads back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct oci_desc *d)
{
    struct oci_desc again = {.size = 0};
    if (!d->media_type[0] || !oci_digest_is(&d->digest) || d->size > OCI_MAX_SIZE)
        abort();
    struct oci_json *v = oci_desc_write(d);
    if (oci_desc_read(v, "x", &again, NULL) != OCI_OK || !oci_digest_equal(&again.digest, &d->digest))
        abort();
    oci_json_free(v);
    oci_desc_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oci_err e = {0};
    struct oci_manifest *m = NULL;
    struct oci_bytes *b = oci_bytes_new(data, size);
    int rc = oci_manifest_parse(b, NULL, NULL, &m, &e);
    oci_bytes_unref(b);
    if (rc) {
        if (e.code != rc || !oci_str_is_printable(oci_str_of(e.text)))
            abort();
        return 0;
    }
    if (m->self.size != size || m->bytes->len != size || memcmp(m->bytes->p, data, size) != 0)
        abort();
    if (m->is_index != oci_media_type_is_index(m->self.media_type))
        abort();
    for (size_t i = 0; i < m->count; i++)
        check(&m->items[i]);
    if (m->has_subject)
        check(&m->subject);
    if (!m->is_index)
        check(&m->config);
    oci_manifest_free(m);
    return 0;
}
