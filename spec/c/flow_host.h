/* flow_host.h - a host for flows that has neither threads nor sockets: the tests' table answers.
 *
 * HTTP questions are looked up in rows of {expected question, answer}. Bodies are read and written as an
 * exchange does it: in small pieces, pausing and resuming. Jobs run later, in the same thread. Everything
 * happens in flow_host_turn(), one thing at a time, in an order that may be made random; so what the
 * driver must not do is seen: a question begun, a job posted or a step taken inside a call that only
 * queues, two questions of one flow, something left over at the end. */
#ifndef FLOW_HOST_H
#define FLOW_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "flow/driver.h"
#include "flow/flow.h"
#include "flow/registry_flows.h"

#define HOST_LENGTH_0 (-1) /* a Content-Length of 0 */

struct flow_row {
    /* What is asked: "METHOD url", exactly; NULL: anything. */
    const char *ask;
    /* The answer. */
    int status;
    const char *body;         /* of the answer; what is sent of it is in small pieces */
    const char *location, *link, *type, *digest;
    int64_t length;           /* Content-Length; 0: not said */
    bool resent;
    bool early;               /* answers without having read the body */
    int lost;                 /* instead of an answer: this error ... */
    size_t after;             /* ... once so many bytes of the body were read (and not before) */
    /* What else is expected of the question; NULL: not looked at. */
    const char *scope, *extra_scope, *sent, *sent_type, *accept;
};

struct ask;
struct flow_host {
    struct oci_host host;
    struct oci_driver *driver;
    const struct flow_row *rows;
    size_t row_count, next_row;
    bool any_order;           /* rows answer whichever question matches, each once */
    bool *used;
    /* Instead of rows: fills *ret_row for a question. */
    void (*answer)(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row);
    void *ctx;
    /* Kinds of disorder. */
    uint64_t random;          /* not 0: the order of what happens is random, from this seed */
    size_t piece;             /* bytes of a body at once; 0: 5 */
    unsigned cancel_at;       /* cancels the root when this question (1: the first) is asked; 0: never */
    unsigned cancel_at_turn;  /* ... or at this turn */
    /* What was seen. */
    struct oci_buf log;       /* "METHOD url\n" of each question */
    struct oci_buf sent;      /* the body of the last question that had one */
    unsigned asked, turns, jobs, lasts;
    /* The host's own. */
    struct oci_link asks, posted, ran, calls;
    struct ask *ask_pool;     /* made early: an out-of-memory sweep must not meet it */
    struct oci_flow *root;
    bool forbidden;           /* a call of the driver that may only queue is running */
    bool over;
    struct oci_err err;
};

void flow_host_init(struct flow_host *h, const struct flow_row *rows, size_t count);
#define FLOW_ROWS(rows) (rows), sizeof(rows) / sizeof *(rows)

/* Starts `take` and turns until it is over and nothing is left to do. Gives the error's code; h->err is
 * the error. Fails the test when it does not end. May be called again for another flow. */
int flow_host_run(struct flow_host *h, struct oci_flow *take);
/* The same in two parts. */
void flow_host_start(struct flow_host *h, struct oci_flow *take);
bool flow_host_turn(struct flow_host *h); /* does one thing; false: there is nothing to do */
int flow_host_finish(struct flow_host *h);
/* Every row was used (unless `rows_may_be_left`), and nothing is left over. */
void flow_host_done(struct flow_host *h, bool rows_may_be_left);

/* "METHOD METHOD ..." of what was asked, for a short look at the order. */
const char *flow_host_methods(struct flow_host *h, char *buf, size_t size);

uint64_t flow_random(uint64_t *state); /* a small generator with a fixed sequence */

/* An origin that is nobody's, and a repository there: r.io/a/b. */
struct oci_origin *flow_origin(void);
struct oci_repository flow_repository(struct flow_host *h);

#define HELLO "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" /* of "hello" */
struct oci_digest flow_hello_digest(void);

#endif
