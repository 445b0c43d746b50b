#include "base/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "base/mem.h"

#define LONGEST_WAIT_S 1

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool held; /* by this thread, which forks */

/* Not for ever: glibc before 2.36 runs this under a lock that libraries want when they register handlers of their own
 * while they are loaded. Then the child takes its chance. */
static void before_fork(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LONGEST_WAIT_S;
    held = pthread_mutex_timedlock(&loading, &until) == 0;
}

static void in_parent(void)
{
    if (held)
        pthread_mutex_unlock(&loading);
    held = false;
}

/* Whoever has it is not there. */
static void in_child(void)
{
    pthread_mutex_init(&loading, NULL);
    held = false;
}

/* Without memory for it nobody waits, as it is everywhere else. */
static void watch_forks(void)
{
    pthread_atfork(before_fork, in_parent, in_child);
}

void oci_library_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&loading);
}

void oci_library_end(void)
{
    pthread_mutex_unlock(&loading);
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
