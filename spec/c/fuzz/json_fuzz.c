/* What the reader takes, the writer prints, and that reads back as the same text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const char *p, size_t len, size_t *ret_len)
{
    struct oci_json *v = NULL;
    struct oci_err e = {0};
    struct oci_buf b;
    int rc = oci_json_parse(p, len, 1u << 20, &v, &e);
    if (rc) {
        if (e.code != rc || !e.text[0] || v)
            abort();
        return NULL;
    }
    oci_buf_init(&b, 64u << 20);
    struct oci_json *copy = oci_json_clone(v);
    if (oci_json_print(copy, &b) != OCI_OK)
        abort();
    oci_json_sort(copy);
    if (oci_json_count(copy) != oci_json_count(v))
        abort();
    oci_json_free(copy);
    oci_json_free(v);
    *ret_len = b.len;
    return oci_buf_take(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = 0, again_len = 0;
    char *text = print((const char *)data, size, &len);
    if (!text)
        return 0;
    char *again = print(text, len, &again_len);
    if (!again || again_len != len || memcmp(text, again, len) != 0)
        abort();
    free(text);
    free(again);
    return 0;
}
