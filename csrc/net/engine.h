/* engine.h - the process's one engine thread, as net/ sees it: it implements struct oci_host (flow.h).
 *
 * A turn of its loop: run what was called (also from other threads), timers, libcurl, then sleep. Flows, transfers and
 * all that hangs on them live on this thread alone. libcurl is loaded with the first HTTP question. */
#ifndef OCI_NET_ENGINE_H
#define OCI_NET_ENGINE_H

#include <stdatomic.h>

#include "net/net.h"
#include "net/timer.h"
#include "net/transfer.h"
#include "sys/pool.h"
#include "sys/thread.h"

OCI_BEGIN

/* Where the thread sleeps, so that a caller knows how to wake it. */
enum oci_sleep { OCI_AWAKE, OCI_SLEEPS_ON_COND, OCI_SLEEPS_IN_POLL };

struct oci_engine {
    struct oci_host host; /* first: the host is the engine */
    /* Set once. */
    unsigned generation; /* of fork */
    struct oci_thread thread;
    struct oci_driver *driver;
    struct oci_engine *abandoned; /* those of the processes that this one was forked from */
    atomic_uint refs;             /* the thread's starter, and each oci_net */
    atomic_uint callers;          /* inside host.call: the thread is not torn down under them */
    struct {                      /* under `lock` */
        struct oci_mutex lock;
        struct oci_cond cond;
        struct oci_link inbox, taken; /* calls: to come, and of the turn that runs */
        enum oci_sleep sleep;
        bool stop, over;
    } shared;
    /* The engine thread's. */
    struct oci_timers timers;
    struct oci_transfers *transfers; /* NULL until the first HTTP question */
    struct oci_flow *starved;        /* HTTP questions that got no memory, chained by drv.host_data */
    struct oci_call starved_call;
    unsigned works, exchanges;
};

struct oci_engine *oci_engine_ref(struct oci_engine *e);
void oci_engine_unref(struct oci_engine *e); /* NULL does nothing */
static inline struct oci_engine *oci_engine_of(struct oci_host *h)
{
    return (struct oci_engine *)(void *)h;
}
/* Engine thread: libcurl, loaded now if need be. NULL: *reterr says why. */
struct oci_transfers *oci_engine_transfers(struct oci_engine *e, struct oci_err *reterr);

/* work.c */
void oci_engine_work(struct oci_host *h, struct oci_work *w);

OCI_END

#endif
