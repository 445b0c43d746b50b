/* net.h - the engine and the registries it talks to. The only part that knows libcurl (curl_api.c loads it at first
 * use).
 *
 * One engine thread per process runs one curl_multi; it answers flows' questions (host), and steps them (driver). It
 * starts on first use, blocks all signals, and is abandoned after a fork: calls in the child start a new one. */
#ifndef OCI_NET_NET_H
#define OCI_NET_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/auth.h"
#include "base/err.h"
#include "flow/driver.h"
#include "flow/flow.h"

OCI_BEGIN

/* The process's engine, started if need be. Borrowed; lives until the process ends or oci_engine_stop(). */
struct oci_engine;
struct oci_engine *oci_engine_get(struct oci_err *reterr);
struct oci_host *oci_engine_host(struct oci_engine *e);
struct oci_driver *oci_engine_driver(struct oci_engine *e); /* engine thread only */
bool oci_engine_alive(const struct oci_engine *e);          /* false in the child of a fork */
/* Ends the engine's thread when nothing runs; called when the last Lua state closes. Waits for it. */
void oci_engine_stop(void);

/* ---- what a client knows of the network ---- */

struct oci_registry_options {
    const char *host;    /* host[:port], as in references */
    int plain_http;      /* 1, 0, -1: by default (loopback only) */
    const char *ca_file; /* or NULL */
};
struct oci_net_options {
    const struct oci_registry_options *registries;
    size_t registry_count;
    uint64_t timeout_ms;         /* a whole exchange; 0: none */
    uint64_t connect_timeout_ms; /* 0: 10 s */
    uint64_t stall_timeout_ms;   /* no byte for so long; 0: 60 s */
    int retries;                 /* -1: 5 */
    const char *user_agent;      /* NULL: "lua-oci" */
    /* Any thread but the caller's: a sentence for a person, without secrets; may be NULL. */
    void (*on_warning)(void *ctx, const char *text);
    void *warning_ctx;
    /* POOL. Finds a credential for registry/repository in the user's files (auth/): OCI_OK (maybe anonymous) or an
     * error. NULL: none. Called once per registry and repository when a 401 asks for it. */
    int (*find_credential)(void *ctx, const char *registry, const char *repository, struct oci_credential *ret_c,
                           struct oci_err *reterr);
    void *credential_ctx;
};

/* Origins, token cache, rate limits and verdicts about registries: belongs to a client. Everything is copied. Any
 * thread; refcounted, freed on the engine's thread when the last flow has let go. */
struct oci_net;
int oci_net_new(struct oci_engine *e, const struct oci_net_options *options, struct oci_net **ret_net,
                struct oci_err *reterr);
void oci_net_free(struct oci_net *n); /* NULL does nothing; flows that run keep it alive through their origins */

/* One operation's view of a registry: the origin, the credential given for this operation (copied; NULL: find it), and
 * per-call limits (0, -1: the client's). Any thread. The caller's: oci_origin_free() when its flows are over. */
struct oci_call_limits {
    uint64_t timeout_ms, connect_timeout_ms, stall_timeout_ms;
    int retries; /* -1: the client's */
};
int oci_origin_new(struct oci_net *n, const char *registry, const struct oci_credential *credential,
                   const struct oci_call_limits *limits, struct oci_origin **ret_origin, struct oci_err *reterr);
void oci_origin_free(struct oci_origin *o); /* NULL does nothing */

/* Once in a process: loads libcurl on the pool while all else goes on. If that fails, the question that needs it tells. */
void oci_net_warm_up(void);

/* "libcurl/7.88.1 OpenSSL/3.0.22", or the reason why it cannot be loaded. */
void oci_net_versions(char *buf, size_t size);

OCI_END

#endif
