#include "pack/deflate_api.h"

#include "base/library.h"

int oci_deflate_api(const struct oci_deflate_api **ret_api, struct oci_err *reterr)
{
#define X(name) #name,
    static const char *const names[] = {OCI_DEFLATE_CALLS(X)};
#undef X
    static struct oci_library library = OCI_LIBRARY("libdeflate.so.0", "gzip needs libdeflate", names);
    const void *table = NULL;
    int rc = oci_library_load(&library, &table, reterr);
    *ret_api = table;
    return rc;
}
