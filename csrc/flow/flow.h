/* flow.h - the seam between protocol and plumbing.
 *
 * A flow is a struct (with struct oci_flow as its first member) and step functions. A step reads the
 * answer to the one question asked before it, and asks the next (returning the result of oci_ask_*,
 * OCI_ASKED) or finishes (OCI_OK, or a negative error after oci_flow_fail()). Steps do no I/O, take no
 * lock, read no clock. Whatever repeats (401, 429, 5xx, redirects, timeouts, tokens) lives below, in the
 * host. The driver (driver.h) steps flows; the host (net/engine, or the tests' table of answers) answers
 * questions. All of it happens on one thread.
 *
 * A question names the statuses that its step handles. Any other status, a broken transfer, a cancel or a
 * sink's verdict ends the flow in the driver, after its one `abandon` question. A failing child fails its
 * parent unless tolerated; the driver then cancels the other children and waits for all. */
#ifndef OCI_FLOW_FLOW_H
#define OCI_FLOW_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "flow/content.h"
#include "model/descriptor.h"
#include "model/digest.h"
#include "model/registry_error.h"

OCI_BEGIN

struct oci_flow;
struct oci_move;
struct oci_driver;
struct oci_origin; /* one registry's host as the host sees it: opaque here (net/exchange.h; a test's own) */

typedef int (*oci_step_fn)(struct oci_flow *f);

/* A bounded blocking job. From the question to its answer it is the pool's alone: it holds only its own
 * inputs and outputs. */
struct oci_work {
    int (*run)(struct oci_work *w, struct oci_err *reterr); /* POOL: OCI_OK, an error, or OCI_AGAIN (see again_ms) */
    void (*done)(struct oci_work *w);                       /* engine; set by the asker */
    struct oci_err err;                                     /* when rc is an error */
    int rc;
    unsigned again_ms;                                      /* OCI_AGAIN: run again after so long (a lock was taken) */
    void *asker;                                            /* the asker's; NULL: canceled, do not run it again */
    struct oci_flow *flow;                                  /* the driver's, of a WORK question */
    void *host_data[8];                                     /* the host's while posted */
};

/* "Run this on the engine thread soon, not inside this call." */
struct oci_call {
    struct oci_link link; /* oci_list_init() before first use */
    void (*fn)(struct oci_call *c);
};

struct oci_host {
    /* Engine thread. Begins to answer f's HTTP question; ends with oci_driver_settle(), never inside this
     * call. */
    void (*http)(struct oci_host *h, struct oci_flow *f);
    /* Engine thread. The question's answer will soon be OCI_CANCELED; never inside this call. */
    void (*http_cancel)(struct oci_host *h, struct oci_flow *f);
    /* Engine thread. w->done(w) later, never inside this call. An OCI_AGAIN is repeated by the host; a
     * canceled asker sets w->asker NULL and still waits for done. */
    void (*work)(struct oci_host *h, struct oci_work *w);
    /* ANY thread. c->fn(c) runs once on the engine thread, never inside this call; calling it again before
     * that is nothing new. */
    void (*call)(struct oci_host *h, struct oci_call *c);
    /* Engine thread, before the call's memory goes. */
    void (*uncall)(struct oci_host *h, struct oci_call *c);
};

#define OCI_WANT_MAX 8
/* Among the wanted statuses: the step also handles that no answer came (NETWORK, TIMEOUT). ans.status is
 * then 0, and ans.err tells why. */
#define OCI_WANT_LOST (-1)
/* ... and any answer from 500 on that was not repeated below (a question that goes out only once). */
#define OCI_WANT_5XX (-5)

struct oci_http {
    const char *method;            /* static: "GET", "HEAD", "POST", "PATCH", "PUT", "DELETE" */
    struct oci_origin *origin;     /* the registry that is asked and whose credentials count */
    char *url;                     /* owned: a path that begins with "/v2/", or an absolute URL out of an answer */
    char *scope;                   /* owned: "repository:a/b:pull,push", or NULL */
    char *extra_scope;             /* owned: asked for with it (mount); refused: the answer is 403, never a failure */
    short want[OCI_WANT_MAX];      /* statuses that the step handles; 0 ends the list */
    const char *accept;            /* static, or NULL */
    char content_type[OCI_MEDIA_TYPE_MAX]; /* of the body; "": application/octet-stream */
    char content_range[48];        /* "0-1023" for a chunk, or "" */
    uint64_t range_from;           /* a ranged GET: from here ... */
    uint64_t range_length;         /* ... so many bytes; OCI_SIZE_UNKNOWN: to the end; 0: no range asked for */
    struct oci_source *body;       /* borrowed until the answer; NULL: no body (Content-Length: 0 where one is due) */
    struct oci_sink *into;         /* borrowed until the answer; takes the body of a wanted 2xx; NULL: thrown away */
    uint64_t expect_size;          /* of the body that goes into `into`, or OCI_SIZE_UNKNOWN: one byte more ends it */
    bool once;                     /* never sent again once a byte of it may have arrived (PATCH); a 401 is an answer */
    bool last;                     /* an abandon question: not repeated, and answered within a second or given up */
    enum oci_asked_for asked_for;  /* what an error status means */
    char doing[200];               /* "pushing a blob to HOST/REPO": begins every error's text */
};

struct oci_answer {
    int status;
    char *location;                          /* absolute, resolved against the URL that gave it; or NULL */
    char *link;                              /* the next page's target, resolved, same origin; or NULL */
    char content_type[OCI_MEDIA_TYPE_MAX];   /* the essence, or "" */
    struct oci_digest digest;                /* Docker-Content-Digest, or "" when missing or malformed */
    uint64_t length;                         /* Content-Length, or OCI_SIZE_UNKNOWN */
    char range[64];                          /* Range of an upload's answer, or "" */
    bool resent;                             /* sent more than once: an earlier one may have had effect */
    struct oci_err err;                      /* a status >= 400: what oci_flow_fail_answer() reports */
    struct oci_flow *child;                  /* CHILDREN: the one that ended (its err.code tells how) */
};

enum oci_question { OCI_Q_NONE, OCI_Q_HTTP, OCI_Q_WORK, OCI_Q_MOVE, OCI_Q_CHILDREN };

struct oci_flow_type {
    const char *name;
    /* One last question after a failure or cancel (the error is kept); may be NULL, and may return OCI_OK:
     * nothing to ask. Its answer is ignored. */
    oci_step_fn abandon;
    /* Frees what the flow's struct owns (not the struct). Called once, after everything. NULL: nothing. */
    void (*free)(struct oci_flow *f);
};

struct oci_flow {
    const struct oci_flow_type *type;
    struct oci_host *host;
    struct oci_answer ans;     /* valid in the step that reads it */
    struct oci_err err;        /* why it failed; code 0 while it runs and after success */
    void *tag;                 /* its parent's or starter's */
    bool tolerate;             /* set by the parent: its failure is only told (ans.child), and fails nobody */
    enum oci_question question;
    union {
        struct oci_http http;
        struct oci_work *work;
        struct {
            struct oci_source *from;
            struct oci_sink *to;
        } move;
    } ask;
    struct {                   /* the driver's alone */
        struct oci_driver *driver;
        struct oci_flow *parent;
        struct oci_link ready, sibling; /* in the driver's queue; in one of the parent's two lists */
        struct oci_link children, ended;
        oci_step_fn next;
        unsigned live_children, ended_children; /* running; ended and not told to a step yet */
        int phase;             /* enum phase in driver.c */
        int rc;                /* of the question that is being settled; ans.err tells why */
        bool cancel, interrupted, abandoning, oom;
        bool deaf;             /* hears no cancel any more */
        bool hidden;           /* moves content for its parent's MOVE: not one of its children */
        struct oci_move *move; /* the state of a MOVE */
        void (*over)(struct oci_flow *f, void *ctx);
        void *over_ctx;
        void *host_data;       /* the host's state of an HTTP question */
    } drv;
};

/* Makes a flow of `size` zeroed bytes with struct oci_flow first. `first` runs when it is started or
 * spawned. NULL: out of memory. A flow that was never started is freed with oci_flow_free(). */
void *oci_flow_new(size_t size, const struct oci_flow_type *type, struct oci_host *host, oci_step_fn first);
void oci_flow_free(struct oci_flow *f); /* NULL does nothing */

/* A step has done what cannot be taken back (files have got their names): a cancel that comes later is not
 * heard, neither by f nor by those above it, so that nothing is reported as canceled that has happened. */
void oci_flow_ignore_cancel(struct oci_flow *f);

/* Fails with a text of its own; returns `code`. */
int oci_flow_fail(struct oci_flow *f, int code, const char *fmt, ...) OCI_PRINTF(3, 4);
int oci_flow_no_memory(struct oci_flow *f);
/* Fails with what the answer's status means. Returns the code. */
int oci_flow_fail_answer(struct oci_flow *f);

/* Begins an HTTP question: returns f->ask.http, cleared, with the formatted URL; running out of memory
 * here is reported by oci_ask_http(). */
struct oci_http *oci_http(struct oci_flow *f, struct oci_origin *origin, const char *method, const char *fmt, ...)
    OCI_PRINTF(4, 5);
/* Sets a string member of the question (scope, extra_scope); running out of memory as above. */
void oci_http_scope(struct oci_flow *f, const char *fmt, ...) OCI_PRINTF(2, 3);
void oci_http_extra_scope(struct oci_flow *f, const char *fmt, ...) OCI_PRINTF(2, 3);
/* The statuses after `f`, ended by 0: oci_ask_http(f, on_head, 200, 404, 0). Returns OCI_ASKED or an
 * error. */
int oci_ask_http(struct oci_flow *f, oci_step_fn next, ...);
int oci_ask_work(struct oci_flow *f, struct oci_work *w, oci_step_fn next);
/* Moves a source into a sink; the sink's verdict is part of the answer. Both are borrowed. */
int oci_ask_move(struct oci_flow *f, struct oci_source *from, struct oci_sink *to, oci_step_fn next);

/* Starts `take_child` under f at once (its first step runs soon). NULL is remembered as out of memory and
 * reported by the next ask. */
void oci_spawn(struct oci_flow *f, struct oci_flow *take_child);
unsigned oci_children(const struct oci_flow *f); /* running, or ended and not told to a step yet */
/* `each` is stepped once for every child that ended (f->ans.child, freed after the step). Every step may
 * spawn more before it asks again. Asking with no child left is a bug (asserted). A flow that fails or
 * finishes with children left has them canceled and waited for. */
int oci_ask_children(struct oci_flow *f, oci_step_fn each);

OCI_END

#endif
