/* state.h - what a client remembers of the network: registries, places (scheme, host, port) with their slots and
 * pauses, credentials found, tokens. net.c and login.c; tokens are in token.h.
 *
 * The options are set once. All else belongs to the engine's thread while flows run; when the last of them has let go,
 * whoever drops the last reference frees it. */
#ifndef OCI_NET_STATE_H
#define OCI_NET_STATE_H

#include <stdatomic.h>

#include "base/map.h"
#include "model/digest.h"
#include "net/engine.h"
#include "net/scope.h"
#include "net/url.h"

OCI_BEGIN

#define OCI_PLACE_SLOTS   32   /* connections to one place at once; flows bound their parallelism below that */
#define OCI_STATE_ENTRIES 1024 /* of each kind, for each client */

/* ---- one place that is connected to ---- */
struct oci_place_state {
    struct oci_link waiting; /* exchanges that wait for a slot */
    unsigned busy;           /* slots taken */
    unsigned holders;        /* exchanges that look at it */
    uint64_t pause_until_ms; /* a 429 to one is meant for all */
};

/* ---- credentials, found once for each registry and repository ---- */
struct oci_login_waiter {
    struct oci_link link; /* oci_list_init() before first use; removing it ends the waiting */
    void (*ready)(struct oci_login_waiter *w, int rc, const struct oci_err *err);
};
struct oci_login {
    struct oci_credential credential;
    char identity[OCI_DIGEST_MAX]; /* what tokens are kept under: a hash of the credential, or "anonymous" */
    bool found, searching, stale;
    struct oci_work work;
    struct oci_net *net; /* held while searching */
    char *registry, *repository;
    struct oci_link waiters;
};

/* ---- one registry ---- */
struct oci_registry_state {
    struct oci_url base;        /* https://host/ */
    bool plain_given;           /* plain HTTP because the options say so, not because it is loopback */
    char *ca_file;              /* or NULL */
    enum oci_address_kind kind; /* where it lies; UNKNOWN until it has answered */
    /* What its last 401 asked for; kept so that it need not be asked again. */
    enum oci_scheme scheme;
    char *realm, *service;
};

struct oci_token_cache;

struct oci_net {
    /* Set once. */
    struct oci_engine *engine;
    atomic_uint refs;
    char *user_agent;
    struct oci_registry_options *registries; /* strings owned */
    size_t registry_count;
    struct oci_call_limits limits;
    void (*on_warning)(void *ctx, const char *text);
    void *warning_ctx;
    int (*find_credential)(void *ctx, const char *registry, const char *repository, struct oci_credential *ret_c,
                           struct oci_err *reterr);
    void *credential_ctx;
    /* The engine thread's. */
    struct oci_map states; /* registry -> oci_registry_state */
    struct oci_map places; /* origin -> oci_place_state */
    struct oci_map logins; /* registry and repository -> oci_login */
    struct oci_map warned; /* texts that were told already */
    struct oci_token_cache *tokens;
};

struct oci_origin {
    struct oci_net *net; /* held */
    char *registry;      /* as in references */
    struct oci_call_limits limits;
    bool has_credential;
    struct oci_login given; /* when it has one: only credential and identity are used */
};

struct oci_net *oci_net_ref(struct oci_net *n);

/* Engine thread. The registry behind an origin, made when it is first asked for. NULL: *reterr says why. */
struct oci_registry_state *oci_net_registry(struct oci_net *n, const char *registry, struct oci_err *reterr);
/* The options given for "host:port", or NULL. */
const struct oci_registry_options *oci_net_options_for(const struct oci_net *n, const char *hostport);
/* NULL: out of memory. Borrowed; without holders it may go when another one is asked for. */
struct oci_place_state *oci_net_place(struct oci_net *n, const struct oci_url *url);
/* Tells a person once. Engine thread. */
void oci_net_warn(struct oci_net *n, const char *fmt, ...) OCI_PRINTF(2, 3);

/* The login for an origin and repository ("" for none) if it is known already, else NULL. */
struct oci_login *oci_login_known(struct oci_origin *o, const char *repository);
/* As above, and looks for it when it is not known: OCI_OK and *ret_login, OCI_PAUSED and w->ready later, or an error.
 */
int oci_login_get(struct oci_origin *o, const char *repository, struct oci_login_waiter *w,
                  struct oci_login **ret_login, struct oci_err *reterr);
/* It was refused: the next one who needs it looks again. */
void oci_login_refused(struct oci_origin *o, struct oci_login *l);
bool oci_login_anonymous(const struct oci_login *l);
int oci_login_set(struct oci_login *l, const struct oci_credential *c,
                  struct oci_err *reterr); /* copies, makes identity */
/* "Authorization: Basic ..." (RFC 7617); the caller's: oci_secret_free(). NULL: out of memory. */
char *oci_login_basic(const struct oci_credential *c);
void oci_login_done(struct oci_login *l);
void oci_login_free(void *p); /* for oci_map_done */

OCI_END

#endif
