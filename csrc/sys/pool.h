/* pool.h - the process's worker pool: a few threads for jobs that block or burn CPU (hash, open, sync, rename, pack).
 * A job never waits for another job, a lock held for long, or the network. Started on first use; abandoned after a fork. */
#ifndef OCI_SYS_POOL_H
#define OCI_SYS_POOL_H

#include "base/err.h"
#include "base/list.h"

OCI_BEGIN

struct oci_job {
    struct oci_link link;              /* the pool's while posted */
    void (*run)(struct oci_job *job);  /* on a pool thread; the job may be freed inside */
};

/* Any thread. OCI_OK, or NO_MEMORY/IO when no thread can be started. */
int oci_pool_post(struct oci_job *job, struct oci_err *reterr);
/* So many jobs run at a time at most. */
unsigned oci_pool_width(void);
/* Waits for the posted jobs, then ends the threads; used when the last Lua state closes and by tests. */
void oci_pool_stop(void);

OCI_END

#endif
