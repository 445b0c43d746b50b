#include "sys/pool.h"

#include <sched.h>
#include <stdint.h>

#include "sys/thread.h"

/* Two at least, even on one core: one may be hashing a large file while another has something to open. */
#define LEAST_THREADS 2
#define MOST_THREADS 4

/* All of it under `lock`. The threads of an epoch end when a later one has begun and no job is left, so that
 * a job posted while oci_pool_stop() waits is run by somebody: an old thread, or one of the next epoch. */
static struct {
    bool ready; /* cond, jobs, most are set up */
    struct oci_mutex lock;
    struct oci_cond wake;
    struct oci_link jobs;
    size_t queued;
    struct oci_thread threads[MOST_THREADS];
    unsigned count, most; /* of this epoch, as the next two: */
    unsigned idle, ending; /* waiting for a job; telling of a job's end, and free at once */
    uintptr_t epoch;
} pool = {.lock = OCI_MUTEX_INIT};

/* In the child of a fork no thread of the pool is there, and the lock may have been anybody's: begin again.
 * The jobs belong to the parent. */
static void forget(void)
{
    oci_mutex_init(&pool.lock);
    oci_cond_init(&pool.wake);
    oci_list_init(&pool.jobs);
    pool.queued = 0;
    pool.count = pool.idle = pool.ending = 0;
    pool.epoch++;
}

unsigned oci_pool_width(void)
{
    cpu_set_t set;
    unsigned cores = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    return cores < LEAST_THREADS ? LEAST_THREADS : cores > MOST_THREADS ? MOST_THREADS : cores;
}

static int set_up_locked(struct oci_err *reterr)
{
    if (pool.ready)
        return OCI_OK;
    int rc = oci_fork_in_child(forget, reterr);
    if (rc != OCI_OK)
        return rc;
    oci_cond_init(&pool.wake);
    oci_list_init(&pool.jobs);
    pool.most = oci_pool_width();
    pool.ready = true;
    return OCI_OK;
}

static void run_locked(struct oci_job *job, uintptr_t epoch)
{
    void (*done)(struct oci_job *) = job->done;
    oci_mutex_unlock(&pool.lock);
    job->run(job);
    oci_mutex_lock(&pool.lock);
    if (!done)
        return;
    pool.ending += epoch == pool.epoch ? 1 : 0;
    oci_mutex_unlock(&pool.lock);
    done(job);
    oci_mutex_lock(&pool.lock);
    if (epoch == pool.epoch)
        pool.ending--;
}

static void work(void *ctx)
{
    const uintptr_t epoch = (uintptr_t)ctx;
    oci_mutex_lock(&pool.lock);
    for (;;) {
        struct oci_link *l = oci_list_pop(&pool.jobs);
        if (l) {
            pool.queued--;
            run_locked(OCI_OWNER(l, struct oci_job, link), epoch);
            continue;
        }
        if (epoch != pool.epoch)
            break;
        pool.idle++;
        oci_cond_wait(&pool.wake, &pool.lock);
        if (epoch == pool.epoch)
            pool.idle--;
    }
    oci_mutex_unlock(&pool.lock);
}

/* Starting happens at most MOST_THREADS times in an epoch and is the one system call made under a lock: so a
 * job is never left behind by a thread that another caller could not start. */
static int add_thread_locked(struct oci_err *reterr)
{
    int rc = oci_thread_start(&pool.threads[pool.count], "oci-pool", work, (void *)pool.epoch, reterr);
    if (rc == OCI_OK)
        pool.count++;
    return rc;
}

int oci_pool_post(struct oci_job *job, struct oci_err *reterr)
{
    oci_mutex_lock(&pool.lock);
    int rc = set_up_locked(reterr);
    if (rc == OCI_OK && pool.count == 0)
        rc = add_thread_locked(reterr);
    else if (rc == OCI_OK && pool.queued >= pool.idle + pool.ending && pool.count < pool.most)
        add_thread_locked(NULL); /* there is one at least */
    if (rc == OCI_OK) {
        oci_list_append(&pool.jobs, &job->link);
        pool.queued++;
    }
    bool wake = rc == OCI_OK && pool.queued > pool.ending;
    oci_mutex_unlock(&pool.lock);
    if (wake)
        oci_cond_signal(&pool.wake); /* not under the lock, which the woken one wants */
    return rc;
}

void oci_pool_stop(void)
{
    struct oci_thread ended[MOST_THREADS];
    oci_mutex_lock(&pool.lock);
    unsigned count = pool.count;
    for (unsigned i = 0; i < count; i++)
        ended[i] = pool.threads[i];
    pool.count = pool.idle = pool.ending = 0;
    pool.epoch++;
    if (pool.ready)
        oci_cond_broadcast(&pool.wake);
    oci_mutex_unlock(&pool.lock);
    for (unsigned i = 0; i < count; i++)
        oci_thread_join(&ended[i]);
}
