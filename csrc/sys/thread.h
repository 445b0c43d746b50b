/* thread.h - threads, locks, once. Locks cover pointer moves only: never a callback, a system call or a copy of content;
 * at most one lock is held at a time. */
#ifndef OCI_SYS_THREAD_H
#define OCI_SYS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

OCI_BEGIN

struct oci_mutex { pthread_mutex_t m; };
struct oci_cond { pthread_cond_t c; };

#define OCI_MUTEX_INIT { PTHREAD_MUTEX_INITIALIZER }

void oci_mutex_init(struct oci_mutex *m);
void oci_mutex_done(struct oci_mutex *m);
void oci_mutex_lock(struct oci_mutex *m);
void oci_mutex_unlock(struct oci_mutex *m);
void oci_cond_init(struct oci_cond *c); /* monotonic clock */
void oci_cond_done(struct oci_cond *c);
void oci_cond_signal(struct oci_cond *c);
void oci_cond_broadcast(struct oci_cond *c);
void oci_cond_wait(struct oci_cond *c, struct oci_mutex *m);
/* False when `timeout_ms` is over. */
bool oci_cond_wait_ms(struct oci_cond *c, struct oci_mutex *m, uint64_t timeout_ms);

struct oci_thread { pthread_t t; };
/* Starts `run(ctx)` with all signals blocked and the name set (at most 15 characters). */
int oci_thread_start(struct oci_thread *t, const char *name, void (*run)(void *), void *ctx, struct oci_err *reterr);
void oci_thread_join(struct oci_thread *t);
bool oci_thread_is_current(const struct oci_thread *t);
/* Lets other threads run: for waiting until another one has left a few instructions. */
void oci_thread_yield(void);

/* Grows by one with every fork seen by this process: what was made under another generation is abandoned, never
 * freed or joined (DESIGN, Threads). */
unsigned oci_fork_generation(void);
/* Calls `fn` in every child of a fork, before fork() returns there: the only thread of the child. `fn` gives statics
 * their first values again (fresh locks); it frees and joins nothing. Cannot be undone. */
int oci_fork_in_child(void (*fn)(void), struct oci_err *reterr);

OCI_END

#endif
