#include "base/pcre2_api.h"

#include "base/library.h"

int oci_pcre2_api(const struct oci_pcre2_api **ret_api, struct oci_err *reterr)
{
#define X(name) #name,
    static const char *const names[] = {OCI_PCRE2_CALLS(X)};
#undef X
    static struct oci_library library = OCI_LIBRARY("libpcre2-8.so.0", "regular expressions need PCRE2", names);
    const void *table = NULL;
    int rc = oci_library_load(&library, &table, reterr);
    *ret_api = table;
    return rc;
}
