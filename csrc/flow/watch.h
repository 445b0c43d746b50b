/* watch.h - a source around a source: hashes and counts what goes by.
 *
 * What is inside is read, rewound and moved through the watch only, as long as there is one. A watch that
 * does not own it lets an operation keep its source while a store takes, and frees, the watch. */
#ifndef OCI_FLOW_WATCH_H
#define OCI_FLOW_WATCH_H

#include "flow/content.h"
#include "flow/flow.h"
#include "model/digest.h"

OCI_BEGIN

struct oci_watch_options {
    bool own;                                      /* what is inside is freed with it, also on failure */
    bool hash;                                     /* sha256 of what is read (not of what moves by itself) */
    /* Engine: so many bytes in all, told every 64 KiB; NULL: nobody listens. */
    void (*moved)(void *ctx, uint64_t done);
    void *ctx;
};

/* NULL: out of memory. */
struct oci_source *oci_watch_new(struct oci_source *inside, const struct oci_watch_options *options);
/* After it was read to its end: digest and size. OCI_INVALID when it was not. */
int oci_watch_result(struct oci_source *watch, struct oci_digest *ret_digest, uint64_t *ret_size,
                     struct oci_err *reterr);
/* What is inside a watch, or `s` itself. */
struct oci_source *oci_watch_inside(struct oci_source *s);

OCI_END

#endif
