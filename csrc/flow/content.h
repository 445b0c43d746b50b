/* content.h - the ports for content: where bytes come from (source) and where they go (sink).
 *
 * A flow never sees bytes of content: it hands a source or a sink to a question, and reads counts and
 * verdicts from the answer. All calls are made on the engine's thread, except where POOL is said. A source
 * or sink belongs to one question at a time; only the one who answers the question (exchange, or the
 * driver for MOVE) calls it, and only oci_driver_settle() ends it. Content wakes the one who moves it
 * through `resume` alone. */
#ifndef OCI_FLOW_CONTENT_H
#define OCI_FLOW_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/descriptor.h"

OCI_BEGIN

struct oci_flow;
struct oci_sink;

/* Called (engine thread, never inside a call of the content) when what answered PAUSED may be tried again.
 * fn NULL: nobody is bound. */
struct oci_resume {
    void (*fn)(void *ctx);
    void *ctx;
};

struct oci_source;
struct oci_source_type {
    const char *name;
    /* POOL. Prepares reading from the beginning; fills source->size when it was unknown and can be known.
     * Called before the first read of each question; NULL: nothing to do. */
    int (*open)(struct oci_source *s, struct oci_err *reterr);
    /* Up to `max` bytes: OCI_OK (*ret_n > 0), OCI_END_OF_CONTENT, OCI_PAUSED, or an error. NULL: only
     * `into` works. */
    int (*read)(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr);
    /* Back to the beginning. NULL or OCI_UNSUPPORTED: a one-shot source. Not called while a read runs on
     * the pool. */
    int (*rewind)(struct oci_source *s, struct oci_err *reterr);
    /* A flow that moves the content into `sink` by itself (a remote blob). The flow is the caller's; both
     * the source and the sink are borrowed until it has ended. NULL: read it. */
    struct oci_flow *(*into)(struct oci_source *s, struct oci_sink *sink);
    /* The question is answered. NULL: nothing to do. */
    void (*close)(struct oci_source *s);
    void (*free)(struct oci_source *s);
    /* MOVE only: `n` more of the bytes that `read` gave were taken by the sink. NULL: nobody wants to
     * know. */
    void (*moved)(struct oci_source *s, size_t n);
    /* All of it, where it is in memory: to be used instead of reading it. Borrowed. NULL, or gives NULL: it is not. */
    struct oci_bytes *(*whole)(struct oci_source *s);
    bool on_pool;  /* `read` blocks or burns CPU: it is called as a job on the POOL, one call at a time */
    bool one_shot; /* cannot be rewound: nothing of it is ever sent twice */
};
struct oci_source {
    const struct oci_source_type *type;
    uint64_t size; /* bytes, or OCI_SIZE_UNKNOWN */
    struct oci_resume resume;
    bool used;     /* the driver's: it was in a question, and is rewound before the next */
};

struct oci_sink_type {
    const char *name;
    /* All or none of it: OCI_OK, OCI_PAUSED (nothing taken), or an error that ends the transfer. */
    int (*write)(struct oci_sink *s, const void *p, size_t len, struct oci_err *reterr);
    /* Forgets everything written. Only while no PAUSED is open. NULL or OCI_UNSUPPORTED: it cannot. */
    int (*restart)(struct oci_sink *s, struct oci_err *reterr);
    /* The end: rc OCI_OK asks for the verdict (size, digest), anything else discards (*reterr may then
     * tell why, on entry). OCI_PAUSED: not quiet yet; it resumes, and is called again with the same rc.
     * After any other result nothing of it runs any more. A sink whose question was never asked is freed
     * without it. */
    int (*end)(struct oci_sink *s, int rc, struct oci_err *reterr);
    void (*free)(struct oci_sink *s);
};
struct oci_sink {
    const struct oci_sink_type *type;
    uint64_t written; /* bytes taken since the beginning or the last restart; the sink's to keep */
    struct oci_resume resume;
    bool ended;       /* the driver's: end() has given its verdict. A sink is used in one question only */
};

/* NULL does nothing. */
void oci_source_free(struct oci_source *s);
void oci_sink_free(struct oci_sink *s);
/* Calls resume.fn if somebody is bound. Engine thread. */
void oci_source_resume(struct oci_source *s);
void oci_sink_resume(struct oci_sink *s);

OCI_END

#endif
