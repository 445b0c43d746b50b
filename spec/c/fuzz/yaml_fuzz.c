/* What the YAML reader takes is a value that the JSON writer prints, and that both readers take again. */
#include "json/yaml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int rc)
{
    if (rc != OCI_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oci_json *v = NULL, *again = NULL;
    struct oci_err e = {0};
    int rc = oci_yaml_parse((const char *)data, size, 1u << 20, &v, &e);
    if (rc) {
        if (e.code != rc || !e.text[0] || v)
            abort();
        return 0;
    }
    struct oci_buf b, c;
    oci_buf_init(&b, 64u << 20);
    oci_buf_init(&c, 64u << 20);
    must(oci_json_print(v, &b));
    must(oci_json_parse(b.p, b.len, b.max, &again, &e));
    must(oci_json_print(again, &c));
    if (b.len != c.len || memcmp(b.p, c.p, b.len) != 0)
        abort();
    oci_json_free(v);
    oci_json_free(again);
    oci_buf_done(&b);
    oci_buf_done(&c);
    return 0;
}
