#include "pack/zstd_api.h"

#include "base/library.h"

int oci_zstd_api(const struct oci_zstd_api **ret_api, struct oci_err *reterr)
{
#define X(result, name, arguments) "ZSTD_" #name,
    static const char *const names[] = {OCI_ZSTD_CALLS(X)};
#undef X
    static struct oci_library library = OCI_LIBRARY("libzstd.so.1", "zstd needs libzstd", names);
    const void *table = NULL;
    int rc = oci_library_load(&library, &table, reterr);
    *ret_api = table;
    return rc;
}
