/* An expression and a text, separated by the first zero byte: no answer but found, not found, and an error in words. */
#include "base/regex.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data;
    const char *end = memchr(p, '\0', size);
    size_t len = end ? (size_t)(end - p) : size;
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    int rc = oci_regex_new(p, len, &r, &e);
    if (rc) {
        if (e.code != rc || !e.text[0] || r)
            abort();
        return 0;
    }
    bool found = false;
    uint64_t work = 0;
    struct oci_str text = end ? (struct oci_str){end + 1, size - len - 1} : OCI_STR("");
    rc = oci_regex_find(r, text, &found, &work, &e);
    if (rc != OCI_OK && rc != OCI_LIMIT)
        abort();
    oci_regex_free(r);
    return 0;
}
