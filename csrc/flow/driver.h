/* driver.h - steps flows. Knows no thread and no libcurl; everything here is called on the engine's
 * thread. */
#ifndef OCI_FLOW_DRIVER_H
#define OCI_FLOW_DRIVER_H

#include "flow/flow.h"

OCI_BEGIN

struct oci_driver;
struct oci_driver *oci_driver_new(struct oci_host *host); /* NULL: out of memory */
void oci_driver_free(struct oci_driver *d);               /* nothing may run */

/* Starts a root flow. `over` is called once when it has ended (f->err.code tells how), never inside this
 * call; the flow is freed after it. */
void oci_driver_start(struct oci_driver *d, struct oci_flow *take, void (*over)(struct oci_flow *f, void *ctx),
                      void *ctx);
/* Marks the flow and everything below it; only queues. The end comes through `over`, with OCI_CANCELED
 * unless an error was first. */
void oci_driver_cancel(struct oci_driver *d, struct oci_flow *f);

/* The host's answer to an HTTP question: f->ans is filled (status and the rest) when rc is OCI_OK; else
 * `err` tells why (copied). Ends the sink with rc (a status that is not wanted discards), closes the
 * source, unbinds both, checks the status against want, and queues the step. Only queues: never steps
 * inside. */
void oci_driver_settle(struct oci_driver *d, struct oci_flow *f, int rc, const struct oci_err *err);

/* Binds content to the one who moves it; unbound by settle. */
void oci_driver_bind(struct oci_source *s, struct oci_sink *k, void (*resume)(void *ctx), void *ctx);

unsigned oci_driver_running(const struct oci_driver *d); /* root flows not over yet */

OCI_END

#endif
