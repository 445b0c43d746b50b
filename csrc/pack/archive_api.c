#include "pack/archive_api.h"

#include "base/library.h"

int oci_archive_api(const struct oci_archive_api **ret_api, struct oci_err *reterr)
{
#define X(name) #name,
    static const char *const names[] = {OCI_ARCHIVE_CALLS(X)};
#undef X
    static struct oci_library library = OCI_LIBRARY("libarchive.so.13", "unpacking needs libarchive", names);
    const void *table = NULL;
    int rc = oci_library_load(&library, &table, reterr);
    *ret_api = table;
    return rc;
}
