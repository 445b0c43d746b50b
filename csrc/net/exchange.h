/* exchange.h - answers one HTTP question of a flow (flow.h), whatever it takes: names, connections, authentication,
 * retries, redirects, resumed downloads, limits. Engine thread.
 *
 *   exchange.c        begins, waits for its turn and its slot, ends
 *   exchange_send.c   one request: content, header fields
 *   exchange_take.c   its answer: where the body goes, what the flow is told
 *   exchange_again.c  what an answer or a failure leads to: a redirect, another try, the end
 *   exchange_auth.c   401: credentials and tokens */
#ifndef OCI_NET_EXCHANGE_H
#define OCI_NET_EXCHANGE_H

#include "base/buf.h"
#include "net/state.h"
#include "net/token.h"

OCI_BEGIN

struct oci_exchange;

/* Begins to answer f's question; later calls oci_driver_settle(). OCI_NO_MEMORY: it does not. */
int oci_exchange_begin(struct oci_engine *e, struct oci_flow *f);
/* The answer will be OCI_CANCELED, soon. */
void oci_exchange_cancel(struct oci_exchange *x);

/* ---- inside ---- */

/* Where the body of an answer goes. */
enum oci_taking { OCI_TAKE_UNDECIDED, OCI_TAKE_SINK, OCI_TAKE_ERROR, OCI_TAKE_NOTHING };
/* How the last request was authorized. */
enum oci_authorized { OCI_AUTH_NONE, OCI_AUTH_BASIC, OCI_AUTH_TOKEN, OCI_AUTH_DIRECT };

struct oci_exchange {
    struct oci_engine *engine;
    struct oci_flow *flow;
    const struct oci_http *ask;          /* the flow's */
    struct oci_origin *origin;           /* the flow's */
    struct oci_net *net;                 /* held */
    struct oci_registry_state *registry; /* lives as long as net */
    int stop;                            /* CANCELED or TIMEOUT: to end as soon as it can */
    struct oci_err err;

    struct oci_call turn;
    bool started, granted; /* turn: has begun; got a slot */
    bool opening;          /* the source is being opened on the pool */
    bool awaits_sink;      /* a retry that must forget what was written, while a PAUSED is open */
    struct oci_timer wait, deadline;
    struct oci_link queued;        /* in place->waiting */
    struct oci_place_state *place; /* held while a request is made */
    bool has_slot;

    struct oci_url first, url; /* what the flow asked for; what is asked now */
    bool foreign;              /* url is not the registry's own origin, or came from one that is not */
    unsigned hops;
    bool fresh_redirect; /* storage refused once, and the registry was asked for another redirect */
    bool get_for_head;   /* a signed URL that is good for GET only */

    struct oci_retry retry;
    unsigned requests;

    enum oci_authorized authorized;
    unsigned auth_rounds;
    char *authorization;   /* the header line, or NULL. Secret */
    char *token;           /* sent in it. Secret */
    bool token_fresh;      /* it was fetched for this exchange */
    bool probing, probed;  /* GET /v2/ for a challenge that the 401 did not have */
    const char *auth_note; /* why a 401 is the end; static */
    struct oci_scopes scopes;
    char *repository; /* "" when the question is about none */
    struct oci_login_waiter login_wait;
    struct oci_token_waiter token_wait;

    bool opened;
    bool small_tried;
    struct oci_bytes *small; /* the whole body, when it is small */
    uint64_t read; /* bytes taken from the source since its beginning */

    int status; /* of the answer that counts */
    enum oci_taking taking;
    bool sink_paused;   /* it said so, and has not resumed */
    bool no_resume;     /* a part that was asked for came wrong: begin anew */
    uint64_t resume_at; /* bytes in the sink when this request was made */
    uint64_t skip;      /* of the body: the sink has them already */
    uint64_t received;
    struct oci_buf error_body;
    struct oci_transfer transfer;
};

/* exchange.c */
void oci_exchange_attempt(struct oci_exchange *x); /* makes the next request, when it may */
void oci_exchange_attempt_later(struct oci_exchange *x, uint64_t delay_ms);
void oci_exchange_leave_place(struct oci_exchange *x);
void oci_exchange_leave_slot(struct oci_exchange *x);  /* keeps the place */
void oci_exchange_end(struct oci_exchange *x, int rc); /* settles (rc: x->err, or the answer) and frees */
bool oci_exchange_wants(const struct oci_exchange *x, int status);

/* exchange_send.c */
int oci_exchange_send(struct oci_exchange *x, struct oci_err *reterr);
bool oci_exchange_can_rewind(const struct oci_exchange *x); /* the body, if any of it was read, can be read again */
int oci_exchange_read(struct oci_transfer *t, void *p, size_t max, size_t *ret_n, struct oci_err *reterr);
int oci_exchange_rewind(struct oci_transfer *t, struct oci_err *reterr);

/* exchange_take.c */
int oci_exchange_take(struct oci_transfer *t, const char *p, size_t len, struct oci_err *reterr);
int oci_exchange_decide(struct oci_exchange *x, struct oci_err *reterr); /* where the body goes, by the header */
bool oci_exchange_can_resume(const struct oci_exchange *x);
int oci_exchange_fill(struct oci_exchange *x, struct oci_err *reterr); /* the flow's answer */

/* exchange_again.c */
void oci_exchange_done(struct oci_transfer *t);

/* exchange_auth.c */
int oci_exchange_authorize(struct oci_exchange *x, struct oci_err *reterr); /* OCI_OK, OCI_PAUSED, an error */
bool oci_exchange_unauthorized(struct oci_exchange *x); /* a 401 came: true when it is being dealt with */
void oci_exchange_probe_done(struct oci_exchange *x);
void oci_exchange_login_ready(struct oci_login_waiter *w, int rc, const struct oci_err *err);
void oci_exchange_token_ready(struct oci_token_waiter *w, const char *token, int rc, int status,
                              const struct oci_err *err);

OCI_END

#endif
