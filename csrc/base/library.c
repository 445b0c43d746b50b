#include "base/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

static void lock(void)
{
    pthread_mutex_lock(&loading);
}

static void unlock(void)
{
    pthread_mutex_unlock(&loading);
}

/* Without memory for it nobody waits, as it is everywhere else. */
static void watch_forks(void)
{
    pthread_atfork(lock, unlock, unlock);
}

void oci_library_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    lock();
}

void oci_library_end(void)
{
    unlock();
}

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

static int load(struct oci_library *l, struct oci_err *reterr)
{
    void *library = dlopen(l->file, RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return fail(l, reterr);
    /* POSIX promises that pointers to functions have the form of those to objects. */
    void **table = oci_calloc(l->count, sizeof *table);
    int rc = table ? fill(l, library, table, reterr) : oci_err_no_memory(reterr);
    if (rc == OCI_OK) {
        atomic_store(&l->table, table);
        return OCI_OK;
    }
    oci_free(table);
    dlclose(library);
    return rc;
}

int oci_library_load(struct oci_library *l, const void **ret_table, struct oci_err *reterr)
{
    int rc = OCI_OK;
    if (!atomic_load(&l->table)) {
        oci_library_begin();
        rc = atomic_load(&l->table) ? OCI_OK : load(l, reterr); /* another thread may have been faster */
        oci_library_end();
    }
    *ret_table = atomic_load(&l->table);
    return rc;
}
