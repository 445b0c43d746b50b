/* token_fetch.h - one request for a token, with its fallback, redirects and retries. token.c's. */
#ifndef OCI_NET_TOKEN_FETCH_H
#define OCI_NET_TOKEN_FETCH_H

#include "base/buf.h"
#include "net/token.h"
#include "net/token_answer.h"

OCI_BEGIN

struct oci_token_fetch {
    struct oci_net *net;                 /* held */
    struct oci_registry_state *registry; /* lives as long as net */
    char *name;                          /* the registry, for texts */
    struct oci_call_limits limits;
    struct oci_url realm, url; /* url: what is asked now; a redirect may have changed it */
    char *service;             /* or NULL */
    struct oci_credential credential;
    char *refresh_token; /* the newest, or NULL */
    struct oci_scopes scopes;
    /* Called once, never inside _start; the fetch may be freed in it. rc OCI_OK: `answer`. Else err and status. */
    void (*over)(struct oci_token_fetch *f, int rc, int status);
    void *owner;
    struct oci_link waiters; /* the owner's */

    struct oci_token_answer answer;
    struct oci_err err;
    uint64_t asked_ms;
    /* token_fetch.c's */
    struct oci_transfer transfer;
    struct oci_timer backoff;
    struct oci_retry retry;
    struct oci_buf form, received;
    unsigned hops;
    bool post, fell_back;
};

/* Everything is copied. NULL: out of memory. */
struct oci_token_fetch *oci_token_fetch_new(const struct oci_token_ask *ask, const char *refresh_token);
int oci_token_fetch_start(struct oci_token_fetch *f, struct oci_err *reterr);
void oci_token_fetch_free(struct oci_token_fetch *f); /* also one that runs; NULL does nothing */

/* The query of a GET appended to what the realm has; the form of a POST. For tests. */
int oci_token_query(const struct oci_token_fetch *f, struct oci_buf *b);
int oci_token_form(const struct oci_token_fetch *f, struct oci_buf *b);

OCI_END

#endif
