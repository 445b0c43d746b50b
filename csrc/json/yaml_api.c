#include "json/yaml_api.h"

#include "base/library.h"

int oci_yaml_api(const struct oci_yaml_api **ret_api, struct oci_err *reterr)
{
#define X(name) #name,
    static const char *const names[] = {OCI_YAML_CALLS(X)};
#undef X
    static struct oci_library library = OCI_LIBRARY("libyaml-0.so.2", "YAML needs libyaml", names);
    const void *table = NULL;
    int rc = oci_library_load(&library, &table, reterr);
    *ret_api = table;
    return rc;
}
