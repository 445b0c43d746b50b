/* pool_host.h - a host for flows whose jobs run on the real pool: the test's thread is the engine. It answers no HTTP
 * question (they fail with UNSUPPORTED), so it is for stores, sources and sinks. */
#ifndef POOL_HOST_H
#define POOL_HOST_H

#include <stdbool.h>

#include "flow/driver.h"
#include "flow/flow.h"
#include "sys/thread.h"

struct pool_host {
    struct oci_host host;
    struct oci_driver *driver;
    struct oci_mutex mutex;
    struct oci_cond cond;
    struct oci_link works, calls; /* jobs that are done, calls that are due */
    unsigned posted;              /* jobs with the pool */
    unsigned jobs, turns;         /* so far */
    bool alone;                   /* set by the test: jobs run on its own thread (failmalloc.h counts one thread) */
    struct oci_link waiting;      /* ... and wait here for the next turn */
};

/* How a root flow ended. */
struct pool_result {
    struct oci_flow *flow;
    bool over;
    struct oci_err err;
};

void pool_host_init(struct pool_host *h);
/* Nothing may be left over. Stops the pool. */
void pool_host_done(struct pool_host *h);
void pool_host_start(struct pool_host *h, struct oci_flow *take, struct pool_result *r);
/* Waits for something to happen, and does it. */
void pool_host_turn(struct pool_host *h);
/* Does what has happened, without waiting. */
void pool_host_poll(struct pool_host *h);
/* Turns until it is over; gives the error's code. */
int pool_host_wait(struct pool_host *h, struct pool_result *r);
/* Starts and waits. `reterr` may be NULL. */
int pool_host_run(struct pool_host *h, struct oci_flow *take, struct oci_err *reterr);
/* A flow that moves `from` into `to`, both borrowed. */
struct oci_flow *pool_host_move(struct pool_host *h, struct oci_source *from, struct oci_sink *to);

#endif
