/* A section of a component: its names, or an error in words. */
#include "model/wasm.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oci_json *names = NULL;
    struct oci_err e = {0};
    unsigned id;
    uint32_t len;
    size_t used;
    if (oci_wasm_section(data, size, &id, &len, &used, &e) != OCI_OK)
        return e.text[0] ? 0 : (abort(), 0);
    if (used > size || used > OCI_WASM_HEAD)
        abort();
    int rc = oci_wasm_names(id, data + used, size - used, &names, &e);
    if (rc == OCI_OK ? !names : !e.text[0] || names)
        abort();
    oci_json_free(names);
    return 0;
}
