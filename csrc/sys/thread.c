#include "sys/thread.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "sys/fault.h"

/* The pthread calls below fail only for misuse; going on with a lock that is none would be worse. */
static void must(int rc)
{
    assert(rc == 0);
    (void)rc;
}

void oci_mutex_init(struct oci_mutex *m) { must(pthread_mutex_init(&m->m, NULL)); }
void oci_mutex_done(struct oci_mutex *m) { must(pthread_mutex_destroy(&m->m)); }
void oci_mutex_lock(struct oci_mutex *m) { must(pthread_mutex_lock(&m->m)); }
void oci_mutex_unlock(struct oci_mutex *m) { must(pthread_mutex_unlock(&m->m)); }

void oci_cond_init(struct oci_cond *c)
{
    pthread_condattr_t attr;
    must(pthread_condattr_init(&attr));
    must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
    must(pthread_cond_init(&c->c, &attr));
    must(pthread_condattr_destroy(&attr));
}

void oci_cond_done(struct oci_cond *c) { must(pthread_cond_destroy(&c->c)); }
void oci_cond_signal(struct oci_cond *c) { must(pthread_cond_signal(&c->c)); }
void oci_cond_broadcast(struct oci_cond *c) { must(pthread_cond_broadcast(&c->c)); }
void oci_cond_wait(struct oci_cond *c, struct oci_mutex *m) { must(pthread_cond_wait(&c->c, &m->m)); }

bool oci_cond_wait_ms(struct oci_cond *c, struct oci_mutex *m, uint64_t timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    const uint64_t most = 1000ull * 60 * 60 * 24 * 365; /* keeps the sum far from overflow */
    if (timeout_ms > most)
        timeout_ms = most;
    at.tv_sec += (time_t)(timeout_ms / 1000);
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    int rc = pthread_cond_timedwait(&c->c, &m->m, &at);
    must(rc == ETIMEDOUT ? 0 : rc);
    return rc == 0;
}

struct start {
    void (*run)(void *);
    void *ctx;
    char name[16];
};

static void *begin(void *p)
{
    struct start s = *(struct start *)p;
    oci_free(p);
    pthread_setname_np(pthread_self(), s.name);
    s.run(s.ctx);
    return NULL;
}

int oci_thread_start(struct oci_thread *t, const char *name, void (*run)(void *), void *ctx,
                     struct oci_err *reterr)
{
    struct start *s = oci_calloc(1, sizeof *s);
    if (!s)
        return oci_err_no_memory(reterr);
    s->run = run;
    s->ctx = ctx;
    strncpy(s->name, name, sizeof s->name - 1);
    /* The host program's signals are delivered to its own threads. With SIGXFSZ and SIGPIPE blocked, EFBIG
     * and EPIPE are ordinary errors of a call. The new thread inherits the mask: it never runs without it. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = oci_fault_errno(OCI_FAULT_THREAD) ? errno : pthread_create(&t->t, NULL, begin, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        oci_free(s);
        return oci_err_errno(reterr, rc, "cannot start a thread", NULL);
    }
    return OCI_OK;
}

void oci_thread_join(struct oci_thread *t) { must(pthread_join(t->t, NULL)); }

void oci_thread_yield(void) { sched_yield(); }

bool oci_thread_is_current(const struct oci_thread *t) { return pthread_equal(t->t, pthread_self()); }

static atomic_uint generation;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forked(void) { atomic_fetch_add(&generation, 1); }

static void watch_forks(void)
{
    /* Fails only without memory; then a child is taken for its parent, as if nobody had looked. */
    pthread_atfork(NULL, NULL, forked);
}

unsigned oci_fork_generation(void)
{
    pthread_once(&once, watch_forks);
    return atomic_load(&generation);
}

int oci_fork_in_child(void (*fn)(void), struct oci_err *reterr)
{
    int rc = pthread_atfork(NULL, NULL, fn);
    return rc == 0 ? OCI_OK : oci_err_errno(reterr, rc, "cannot watch for forks", NULL);
}
