#include "pack/archive_api.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

static _Atomic(struct oci_archive_api *) loaded;

static const struct {
    const char *name;
    size_t offset;
} calls[] = {
#define X(name) {#name, offsetof(struct oci_archive_api, name)},
    OCI_ARCHIVE_CALLS(X)
#undef X
};

static int fail(struct oci_err *reterr)
{
    const char *why = dlerror();
    return oci_err_set(reterr, OCI_UNSUPPORTED, "unpacking needs libarchive (libarchive.so.13): %s",
                       why ? why : "it cannot be loaded");
}

static int fill(void *library, struct oci_archive_api *api, struct oci_err *reterr)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        void *call = dlsym(library, calls[i].name);
        if (!call)
            return fail(reterr);
        memcpy((char *)api + calls[i].offset, &call, sizeof call);
    }
    return OCI_OK;
}

int oci_archive_api(const struct oci_archive_api **ret_api, struct oci_err *reterr)
{
    struct oci_archive_api *api = atomic_load(&loaded);
    if (!api) {
        /* Two threads may both come here: each loads (the library counts), the first table stays. */
        void *library = dlopen("libarchive.so.13", RTLD_LAZY | RTLD_LOCAL);
        if (!library)
            return fail(reterr);
        api = oci_calloc(1, sizeof *api);
        int rc = api ? fill(library, api, reterr) : oci_err_no_memory(reterr);
        if (rc != OCI_OK) {
            oci_free(api);
            dlclose(library);
            return rc;
        }
        struct oci_archive_api *other = NULL;
        if (!atomic_compare_exchange_strong(&loaded, &other, api)) {
            oci_free(api);
            api = other;
        }
    }
    *ret_api = api;
    return OCI_OK;
}
