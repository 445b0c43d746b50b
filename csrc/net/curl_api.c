#include "net/curl_api.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <string.h>

#include "base/library.h"
#include "base/mem.h"

static _Atomic(struct oci_curl *) loaded;

/* Both have the same interface; the second is what a machine has where only the GnuTLS flavour is installed. */
static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

static void *open_library(struct oci_err *reterr)
{
    char first[200] = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        /* Not RTLD_GLOBAL, not RTLD_DEEPBIND (event-loops, pitfall 9). Lazily: of the 30 libraries behind it most
         * are never called, and looking up all that they might call is a quarter of what loading them costs. */
        void *lib = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
        if (lib)
            return lib;
        const char *why = dlerror();
        if (i == 0 && why)
            strncpy(first, why, sizeof first - 1);
    }
    oci_err_set(reterr, OCI_UNSUPPORTED, "libcurl cannot be loaded: %s", first[0] ? first : "it is not installed");
    return NULL;
}

static int fill(struct oci_curl *c, void *lib, struct oci_err *reterr)
{
    const char *missing = NULL;
    /* ISO C has no cast from an object pointer to a function pointer; POSIX promises that the bytes fit. */
#define X(name)                                                                                                        \
    {                                                                                                                  \
        void *found = dlsym(lib, "curl_" #name);                                                                       \
        if (found)                                                                                                     \
            memcpy(&c->name, &found, sizeof found);                                                                    \
        else                                                                                                           \
            missing = "curl_" #name;                                                                                   \
    }
    OCI_CURL_FUNCTIONS(X)
#undef X
    if (missing)
        return oci_err_set(reterr, OCI_UNSUPPORTED, "libcurl cannot be used: it has no %s, so it is older than 7.66",
                           missing);
    return OCI_OK;
}

static const struct oci_curl *load(struct oci_err *reterr)
{
    void *lib = open_library(reterr);
    if (!lib)
        return NULL;
    struct oci_curl *c = oci_calloc(1, sizeof *c);
    int rc = c ? fill(c, lib, reterr) : oci_err_no_memory(reterr);
    if (rc == OCI_OK) {
        atomic_store(&loaded, c);
        return c;
    }
    oci_free(c);
    dlclose(lib);
    return NULL;
}

const struct oci_curl *oci_curl_load(struct oci_err *reterr)
{
    const struct oci_curl *c = atomic_load(&loaded);
    if (c)
        return c;
    oci_library_begin();
    c = atomic_load(&loaded); /* another thread may have been faster */
    if (!c)
        c = load(reterr);
    oci_library_end();
    return c;
}
