/* timer.h - the engine's timers: an intrusive list with a lower bound of the next one. Moving a timer later is free;
 * the list is walked only when the bound has passed, so a thousand stall timers that are pushed back with every byte
 * cost nothing. Engine thread only. */
#ifndef OCI_NET_TIMER_H
#define OCI_NET_TIMER_H

#include <stdint.h>

#include "base/hidden.h"
#include "base/list.h"

OCI_BEGIN

struct oci_timer {
    struct oci_link link;
    uint64_t due_ms;
    void (*fn)(struct oci_timer *t);
};
struct oci_timers {
    struct oci_link list;
    uint64_t bound_ms; /* no timer is due before */
};

void oci_timers_init(struct oci_timers *ts);
void oci_timer_init(struct oci_timer *t, void (*fn)(struct oci_timer *t));
/* Starts it, or moves it. */
void oci_timer_start(struct oci_timers *ts, struct oci_timer *t, uint64_t due_ms);
void oci_timer_stop(struct oci_timer *t); /* not running: does nothing */
/* Calls what is due, each stopped before. Timers may be started and stopped inside. */
void oci_timers_run(struct oci_timers *ts, uint64_t now_ms);
/* Milliseconds until the bound, at most `most_ms`. */
uint64_t oci_timers_wait(const struct oci_timers *ts, uint64_t now_ms, uint64_t most_ms);

OCI_END

#endif
