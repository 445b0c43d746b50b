#include "net/timer.h"

void oci_timers_init(struct oci_timers *ts)
{
    oci_list_init(&ts->list);
    ts->bound_ms = UINT64_MAX;
}

void oci_timer_init(struct oci_timer *t, void (*fn)(struct oci_timer *t))
{
    oci_list_init(&t->link);
    t->due_ms = 0;
    t->fn = fn;
}

void oci_timer_start(struct oci_timers *ts, struct oci_timer *t, uint64_t due_ms)
{
    t->due_ms = due_ms;
    if (oci_list_empty(&t->link))
        oci_list_append(&ts->list, &t->link);
    if (due_ms < ts->bound_ms)
        ts->bound_ms = due_ms;
}

void oci_timer_stop(struct oci_timer *t)
{
    oci_list_remove(&t->link);
}

void oci_timers_run(struct oci_timers *ts, uint64_t now_ms)
{
    if (now_ms < ts->bound_ms)
        return;
    /* What is due goes to a list of its own first: the functions may start and stop any timer meanwhile. */
    struct oci_link due;
    oci_list_init(&due);
    ts->bound_ms = UINT64_MAX;
    for (struct oci_link *l = ts->list.next, *next; l != &ts->list; l = next) {
        struct oci_timer *t = OCI_OWNER(l, struct oci_timer, link);
        next = l->next;
        if (t->due_ms <= now_ms) {
            oci_list_remove(l);
            oci_list_append(&due, l);
        } else if (t->due_ms < ts->bound_ms) {
            ts->bound_ms = t->due_ms;
        }
    }
    struct oci_link *l;
    while ((l = oci_list_pop(&due)) != NULL) {
        struct oci_timer *t = OCI_OWNER(l, struct oci_timer, link);
        if (t->due_ms > now_ms) /* moved while it waited for its turn */
            oci_timer_start(ts, t, t->due_ms);
        else
            t->fn(t);
    }
}

uint64_t oci_timers_wait(const struct oci_timers *ts, uint64_t now_ms, uint64_t most_ms)
{
    if (ts->bound_ms <= now_ms)
        return 0;
    uint64_t wait = ts->bound_ms - now_ms;
    return wait < most_ms ? wait : most_ms;
}
