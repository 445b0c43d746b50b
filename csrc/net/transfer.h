/* transfer.h - one HTTP request on the wire, over libcurl's multi interface; knows nothing of registries.
 *
 * Engine thread only, but for oci_transfers_wake(). Requests run under the profile of security-quirks 3.6: no
 * redirects, no cookies, no netrc, only http and https, HTTP/1.1. Content comes and goes through the owner's functions,
 * which may say OCI_PAUSED. One fast download cannot starve the others: each has a budget of bytes for one turn
 * (event-loops 2.6). */
#ifndef OCI_NET_TRANSFER_H
#define OCI_NET_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "net/response.h"
#include "net/retry.h"
#include "net/timer.h"
#include "net/url.h"
#include "sys/address.h"

OCI_BEGIN

struct oci_transfers; /* the multi handle, its share and idle easy handles */
struct oci_slot;

/* Loads libcurl. NULL: *reterr says why. */
struct oci_transfers *oci_transfers_new(struct oci_timers *timers, struct oci_err *reterr);
void oci_transfers_free(struct oci_transfers *ts); /* nothing may run. NULL does nothing */
/* Moves bytes and reports what has ended. True: there is more to do at once. */
bool oci_transfers_turn(struct oci_transfers *ts);
/* Waits for a socket, for oci_transfers_wake() or for the time. */
void oci_transfers_poll(struct oci_transfers *ts, uint64_t timeout_ms);
void oci_transfers_wake(struct oci_transfers *ts); /* any thread */

enum oci_body_kind {
    OCI_BODY_NONE,  /* a POST, PUT or PATCH then says Content-Length: 0 (Q12) */
    OCI_BODY_BYTES, /* small: leaves together with the header; stays valid until the end */
    OCI_BODY_STREAM /* read() */
};

/* Borrowed for the call of oci_transfer_start(), but for `bytes`. */
struct oci_transfer_ask {
    const char *method;
    const struct oci_url *url;
    const char *const *headers; /* "Name: value"; without control characters, or the start fails */
    size_t header_count;
    enum oci_body_kind body;
    const void *bytes;
    uint64_t size;       /* of the body; OCI_SIZE_UNKNOWN for a stream: sent in chunks */
    bool once;           /* on a new connection, so that libcurl cannot send it again by itself */
    uint64_t expect;     /* bytes of the answer's body that are wanted, or OCI_SIZE_UNKNOWN: how large the buffer is */
    bool direct;         /* never through a proxy of the environment (loopback) */
    const char *ca_file; /* authorities for this host instead of the system's, or NULL */
    bool ca_system;      /* with ca_file: the system's too */
    unsigned refuse;     /* bits of enum oci_address_kind that it must not connect to */
    uint64_t connect_timeout_ms, stall_timeout_ms;
};

struct oci_transfer {
    /* The owner's. `body` takes all or none: OCI_OK, OCI_PAUSED, OCI_END_OF_CONTENT (enough: it ends well), or an
     * error. `read` as in content.h. `rewind` NULL: it cannot. `done` is called once unless canceled, outside of all
     * calls; the transfer may be started again inside. */
    int (*body)(struct oci_transfer *t, const char *p, size_t len, struct oci_err *reterr);
    int (*read)(struct oci_transfer *t, void *p, size_t max, size_t *ret_n, struct oci_err *reterr);
    int (*rewind)(struct oci_transfer *t, struct oci_err *reterr);
    void (*done)(struct oci_transfer *t);

    /* How it ended; valid in `done` and until the next start. */
    struct oci_response response;
    int rc; /* OCI_OK, or why there is no (whole) answer: see err */
    struct oci_err err;
    bool ours;       /* rc came from body, read or rewind, or from a limit of ours */
    bool repeatable; /* a network failure of kind `trouble` */
    enum oci_trouble trouble;
    bool arrived;               /* bytes of the request may have reached the server */
    bool resent;                /* libcurl sent it more than once (a kept connection was dead) */
    enum oci_address_kind peer; /* where it was connected to */

    /* transfer.c's */
    struct oci_transfers *all;
    struct oci_slot *slot;   /* NULL: not running */
    struct oci_link resumed; /* in the list of those to be unpaused */
    struct oci_timer stall;
    char host[OCI_HOST_MAX];
    bool https, opened, connected, enough, proxied;
    bool parked;                   /* its budget is spent */
    bool recv_paused, send_paused; /* its content said so */
    bool woken, paused;            /* its content can go on; libcurl has been told to pause */
    unsigned refuse, sends;
    enum oci_address_kind refused;
    uint64_t turn, spent, size, sent, received, stall_ms, connect_ms, last_ms, window_ms, window_bytes;
};

void oci_transfer_init(struct oci_transfer *t);
void oci_transfer_done(struct oci_transfer *t); /* not running; frees what the answer left */
/* OCI_OK, and `done` will come; or an error, and it will not. */
int oci_transfer_start(struct oci_transfers *ts, struct oci_transfer *t, const struct oci_transfer_ask *ask,
                       struct oci_err *reterr);
bool oci_transfer_running(const struct oci_transfer *t);
/* Content that said PAUSED may be tried again. Any call of the engine thread, also inside `body` and `read`. */
void oci_transfer_resume(struct oci_transfer *t);
/* Ends it without `done`. Not inside `body` or `read`. Not running: does nothing. */
void oci_transfer_cancel(struct oci_transfer *t);

OCI_END

#endif
