#include "pack/zstd_api.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"

static _Atomic(struct oci_zstd_api *) loaded;

static int fail(struct oci_err *reterr)
{
    const char *why = dlerror();
    return oci_err_set(reterr, OCI_UNSUPPORTED, "zstd needs libzstd (libzstd.so.1): %s",
                       why ? why : "it cannot be loaded");
}

static int fill(void *library, struct oci_zstd_api *api, struct oci_err *reterr)
{
    void *call;
#define X(result, name, arguments)              \
    call = dlsym(library, "ZSTD_" #name);       \
    if (!call)                                  \
        return fail(reterr);                    \
    memcpy(&api->name, &call, sizeof call);
    OCI_ZSTD_CALLS(X)
#undef X
    return OCI_OK;
}

int oci_zstd_api(const struct oci_zstd_api **ret_api, struct oci_err *reterr)
{
    struct oci_zstd_api *api = atomic_load(&loaded);
    if (!api) {
        /* Two threads may both come here: each loads (the library counts), the first table stays. */
        void *library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
        if (!library)
            return fail(reterr);
        api = oci_calloc(1, sizeof *api);
        int rc = api ? fill(library, api, reterr) : oci_err_no_memory(reterr);
        if (rc != OCI_OK) {
            oci_free(api);
            dlclose(library);
            return rc;
        }
        struct oci_zstd_api *other = NULL;
        if (!atomic_compare_exchange_strong(&loaded, &other, api)) {
            oci_free(api);
            api = other;
        }
    }
    *ret_api = api;
    return OCI_OK;
}
