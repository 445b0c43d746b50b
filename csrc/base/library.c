#include "base/library.h"

#include <dlfcn.h>
#include <stdatomic.h>

#include "base/mem.h"

static int fail(const struct oci_library *l, struct oci_err *reterr)
{
    const char *why = dlerror();
    return oci_err_set(reterr, OCI_UNSUPPORTED, "%s (%s): %s", l->needed, l->file, why ? why : "it cannot be loaded");
}

static int fill(const struct oci_library *l, void *library, void **table, struct oci_err *reterr)
{
    for (size_t i = 0; i < l->count; i++) {
        table[i] = dlsym(library, l->names[i]);
        if (!table[i])
            return fail(l, reterr);
    }
    return OCI_OK;
}

int oci_library_load(struct oci_library *l, const void **ret_table, struct oci_err *reterr)
{
    void *known = atomic_load(&l->table);
    if (known) {
        *ret_table = known;
        return OCI_OK;
    }
    /* Two threads may both come here: each loads (the library counts), the first table stays. */
    void *library = dlopen(l->file, RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return fail(l, reterr);
    /* POSIX promises that pointers to functions have the form of those to objects. */
    void **table = oci_calloc(l->count, sizeof *table);
    int rc = table ? fill(l, library, table, reterr) : oci_err_no_memory(reterr);
    if (rc == OCI_OK && atomic_compare_exchange_strong(&l->table, &known, table)) {
        *ret_table = table;
        return OCI_OK;
    }
    oci_free(table);
    dlclose(library);
    *ret_table = known;
    return rc;
}
