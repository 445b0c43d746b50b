/* pool.h - the process's worker pool: a few threads for jobs that block or burn CPU (hash, open, sync, rename, pack).
 * A job never waits for another job, a lock held for long, or the network. Started on first use; abandoned after a fork. */
#ifndef OCI_SYS_POOL_H
#define OCI_SYS_POOL_H

#include "base/err.h"
#include "base/list.h"

OCI_BEGIN

struct oci_job {
    struct oci_link link;              /* the pool's while posted */
    void (*run)(struct oci_job *job);  /* on a pool thread; the job may be freed inside unless there is a `done` */
    /* The same thread, afterwards: tells somebody, and takes no time. What it leads to be posted the thread does next, so
     * that no other need be woken for it. The job may be freed inside. NULL: nobody to be told. */
    void (*done)(struct oci_job *job);
};

/* Any thread. OCI_OK, or NO_MEMORY/IO when no thread can be started. */
int oci_pool_post(struct oci_job *job, struct oci_err *reterr);
/* So many jobs run at a time at most. */
unsigned oci_pool_width(void);
/* Waits for the posted jobs, then ends the threads; used when the last Lua state closes and by tests. */
void oci_pool_stop(void);

OCI_END

#endif
