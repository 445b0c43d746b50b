/* token.h - bearer tokens: kept for each origin, realm, service, identity and set of scopes, and fetched once for many
 * waiters (security-quirks 1.4 to 1.9). Engine thread. */
#ifndef OCI_NET_TOKEN_H
#define OCI_NET_TOKEN_H

#include "net/scope.h"
#include "net/state.h"

OCI_BEGIN

struct oci_token_cache *oci_token_cache_new(void);
void oci_token_cache_free(struct oci_token_cache *c); /* NULL does nothing; nothing may be fetched */

struct oci_token_ask {
    struct oci_origin *origin;
    struct oci_registry_state *registry;
    const struct oci_url *realm; /* has passed oci_realm_check() */
    const char *service;         /* or NULL */
    const struct oci_login *login;
    const struct oci_scopes *scopes;
    uint64_t life_ms; /* it must live so much longer, if tokens of this server do */
};

struct oci_token_fetch;
struct oci_token_waiter {
    struct oci_link link; /* oci_list_init() before first use */
    struct oci_token_fetch *fetch;
    /* rc OCI_OK: `token` (valid inside). Else *err; `status` is the token server's when it refused, else 0. Never
     * inside oci_token_get(). */
    void (*ready)(struct oci_token_waiter *w, const char *token, int rc, int status, const struct oci_err *err);
};

/* A token that is there already, or NULL. *ret_stale: there was one, and it is not good any more. */
const char *oci_token_known(const struct oci_token_ask *ask, bool *ret_stale);
/* OCI_OK and *ret_token (borrowed until the next call), OCI_PAUSED and w->ready later, or an error. */
int oci_token_get(const struct oci_token_ask *ask, struct oci_token_waiter *w, const char **ret_token,
                  struct oci_err *reterr);
/* Does not wait any more; without waiters the fetch ends. Not waiting: does nothing. */
void oci_token_unwait(struct oci_token_waiter *w);
/* The registry refused this token: forget it. One that replaced it meanwhile stays. */
void oci_token_refused(struct oci_net *n, const char *token);

OCI_END

#endif
