/* wake.h - a descriptor that is readable while set: eventfd, a pipe where there is none. */
#ifndef OCI_SYS_WAKE_H
#define OCI_SYS_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

OCI_BEGIN

struct oci_wake {
    int read_fd, write_fd; /* the same for eventfd; -1: not made */
};

#define OCI_WAKE_NONE { -1, -1 }

int oci_wake_open(struct oci_wake *w, struct oci_err *reterr);
void oci_wake_close(struct oci_wake *w);
void oci_wake_set(struct oci_wake *w);   /* any thread; setting twice is setting once */
void oci_wake_clear(struct oci_wake *w);

/* Waits until w is set: 1; the time is over: 0; a signal came: -1. timeout_ms < 0: no end. Does not clear. */
int oci_wake_wait(struct oci_wake *w, int64_t timeout_ms);

OCI_END

#endif
