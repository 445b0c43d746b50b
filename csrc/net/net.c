/* net.c - clients' options, origins, registries and places. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/redact.h"
#include "base/str.h"
#include "model/reference.h"
#include "net/curl_api.h"
#include "net/state.h"
#include "net/token.h"

#define DEFAULT_AGENT "lua-oci" /* a client adds its version */
#define CONNECT_MS    10000u
#define STALL_MS      60000u
#define RETRIES       5

/* ---- options ---- */

static bool fit_for_header(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    }
    return true;
}

static int copy_registries(struct oci_net *n, const struct oci_net_options *options)
{
    if (options->registry_count == 0)
        return OCI_OK;
    n->registries = oci_calloc(options->registry_count, sizeof *n->registries);
    if (!n->registries)
        return OCI_NO_MEMORY;
    for (size_t i = 0; i < options->registry_count; i++) {
        const struct oci_registry_options *from = &options->registries[i];
        struct oci_registry_options *to = &n->registries[n->registry_count++];
        to->plain_http = from->plain_http;
        to->host = oci_strdup(from->host);
        to->ca_file = oci_strdup(from->ca_file);
        if (!to->host || (from->ca_file && !to->ca_file))
            return OCI_NO_MEMORY;
    }
    return OCI_OK;
}

static int copy_options(struct oci_net *n, const struct oci_net_options *options, struct oci_err *reterr)
{
    const char *agent = options->user_agent ? options->user_agent : DEFAULT_AGENT;
    if (!fit_for_header(agent))
        return oci_err_set(reterr, OCI_INVALID, "user_agent has control characters");
    n->limits.timeout_ms = options->timeout_ms;
    n->limits.connect_timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : CONNECT_MS;
    n->limits.stall_timeout_ms = options->stall_timeout_ms ? options->stall_timeout_ms : STALL_MS;
    n->limits.retries = options->retries >= 0 ? options->retries : RETRIES;
    n->on_warning = options->on_warning;
    n->warning_ctx = options->warning_ctx;
    n->find_credential = options->find_credential;
    n->credential_ctx = options->credential_ctx;
    n->user_agent = oci_asprintf("User-Agent: %s", agent);
    if (!n->user_agent || copy_registries(n, options) != OCI_OK)
        return oci_err_no_memory(reterr);
    return OCI_OK;
}

/* ---- the client ---- */

int oci_net_new(struct oci_engine *e, const struct oci_net_options *options, struct oci_net **ret_net,
                struct oci_err *reterr)
{
    static const struct oci_net_options none = {.retries = -1};
    struct oci_net *n = oci_calloc(1, sizeof *n);
    if (!n)
        return oci_err_no_memory(reterr);
    n->engine = oci_engine_ref(e);
    atomic_init(&n->refs, 1);
    oci_map_init(&n->states, OCI_STATE_ENTRIES);
    oci_map_init(&n->places, OCI_STATE_ENTRIES);
    oci_map_init(&n->logins, OCI_STATE_ENTRIES);
    oci_map_init(&n->warned, 64);
    n->tokens = oci_token_cache_new();
    int rc = n->tokens ? copy_options(n, options ? options : &none, reterr) : oci_err_no_memory(reterr);
    if (rc != OCI_OK) {
        oci_net_free(n);
        return rc;
    }
    *ret_net = n;
    return OCI_OK;
}

struct oci_net *oci_net_ref(struct oci_net *n)
{
    atomic_fetch_add(&n->refs, 1);
    return n;
}

static void registry_free(void *p)
{
    struct oci_registry_state *r = p;
    oci_url_done(&r->base);
    oci_free(r->ca_file);
    oci_free(r->realm);
    oci_free(r->service);
    oci_free(r);
}

/* free() for option strings, which are const in the public struct. */
static void drop_text(const char *s)
{
    union {
        const char *in;
        char *out;
    } u = {.in = s};
    oci_free(u.out);
}

void oci_net_free(struct oci_net *n)
{
    /* In the child of a fork nothing of it is touched: the engine's thread may have been in the middle of a change. */
    if (!n || !oci_engine_alive(n->engine) || atomic_fetch_sub(&n->refs, 1) != 1)
        return;
    oci_token_cache_free(n->tokens);
    oci_map_done(&n->states, registry_free);
    oci_map_done(&n->places, oci_free);
    oci_map_done(&n->logins, oci_login_free);
    oci_map_done(&n->warned, NULL);
    for (size_t i = 0; i < n->registry_count; i++) {
        drop_text(n->registries[i].host);
        drop_text(n->registries[i].ca_file);
    }
    oci_free(n->registries);
    oci_free(n->user_agent);
    oci_engine_unref(n->engine);
    oci_free(n);
}

/* ---- origins ---- */

int oci_origin_new(struct oci_net *n, const char *registry, const struct oci_credential *credential,
                   const struct oci_call_limits *limits, struct oci_origin **ret_origin, struct oci_err *reterr)
{
    struct oci_origin *o = oci_calloc(1, sizeof *o);
    if (!o)
        return oci_err_no_memory(reterr);
    o->net = oci_net_ref(n);
    o->limits = n->limits;
    if (limits && limits->timeout_ms)
        o->limits.timeout_ms = limits->timeout_ms;
    if (limits && limits->connect_timeout_ms)
        o->limits.connect_timeout_ms = limits->connect_timeout_ms;
    if (limits && limits->stall_timeout_ms)
        o->limits.stall_timeout_ms = limits->stall_timeout_ms;
    if (limits && limits->retries >= 0)
        o->limits.retries = limits->retries;
    o->registry = oci_strdup(registry);
    int rc = o->registry ? OCI_OK : oci_err_no_memory(reterr);
    if (rc == OCI_OK && credential) {
        o->has_credential = true;
        rc = oci_login_set(&o->given, credential, reterr);
    }
    if (rc != OCI_OK) {
        oci_origin_free(o);
        return rc;
    }
    *ret_origin = o;
    return OCI_OK;
}

void oci_origin_free(struct oci_origin *o)
{
    if (!o || !oci_engine_alive(o->net->engine))
        return;
    oci_login_done(&o->given);
    oci_free(o->registry);
    oci_net_free(o->net);
    oci_free(o);
}

/* ---- registries ---- */

const struct oci_registry_options *oci_net_options_for(const struct oci_net *n, const char *hostport)
{
    for (size_t i = 0; i < n->registry_count; i++) {
        if (oci_str_eq_nocase(oci_str_of(n->registries[i].host), hostport))
            return &n->registries[i];
    }
    return NULL;
}

static struct oci_registry_state *registry_new(struct oci_net *n, const char *registry, struct oci_err *reterr)
{
    struct oci_registry_state *r = oci_calloc(1, sizeof *r);
    if (!r) {
        oci_err_no_memory(reterr);
        return NULL;
    }
    const struct oci_registry_options *opts = oci_net_options_for(n, registry);
    /* Loopback is plain HTTP unless something was said that only makes sense with TLS (DESIGN section 4). */
    bool plain = oci_registry_is_loopback(registry);
    if (opts && opts->ca_file)
        plain = false;
    if (opts && opts->plain_http >= 0)
        plain = r->plain_given = opts->plain_http > 0;
    r->ca_file = opts ? oci_strdup(opts->ca_file) : NULL;
    if (opts && opts->ca_file && !r->ca_file) {
        oci_err_no_memory(reterr);
    } else if (oci_url_make(!plain, oci_registry_api_host(registry), "/", &r->base, reterr) == OCI_OK) {
        r->kind = oci_host_is_loopback(r->base.host) ? OCI_ADDRESS_LOOPBACK : oci_address_kind_of_text(r->base.host);
        return r;
    }
    registry_free(r);
    return NULL;
}

struct oci_registry_state *oci_net_registry(struct oci_net *n, const char *registry, struct oci_err *reterr)
{
    struct oci_registry_state *r = oci_map_get(&n->states, registry);
    if (r)
        return r;
    r = registry_new(n, registry, reterr);
    if (!r)
        return NULL;
    int rc = oci_map_set(&n->states, registry, r, NULL);
    if (rc == OCI_OK)
        return r;
    registry_free(r);
    oci_err_set(reterr, rc, rc == OCI_LIMIT ? "one client cannot know more registries than it does" : "out of memory");
    return NULL;
}

/* ---- places ---- */

struct oci_place_state *oci_net_place(struct oci_net *n, const struct oci_url *url)
{
    char key[OCI_HOST_MAX + 24];
    oci_url_origin(url, key, sizeof key);
    struct oci_place_state *p = oci_map_get(&n->places, key);
    if (p)
        return p;
    size_t pos = 0;
    const char *old;
    void *value;
    while (n->places.count >= OCI_STATE_ENTRIES && oci_map_next(&n->places, &pos, &old, &value)) {
        struct oci_place_state *idle = value;
        if (idle->holders == 0) {
            oci_map_remove(&n->places, old);
            oci_free(idle);
        }
    }
    p = oci_calloc(1, sizeof *p);
    if (!p)
        return NULL;
    oci_list_init(&p->waiting);
    if (oci_map_set(&n->places, key, p, NULL) != OCI_OK) {
        oci_free(p);
        return NULL;
    }
    return p;
}

/* ---- the rest ---- */

void oci_net_warn(struct oci_net *n, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    oci_redact(text);
    oci_sanitise(text);
    if (!n->on_warning || oci_map_get(&n->warned, text) || oci_map_set(&n->warned, text, n, NULL) != OCI_OK)
        return; /* past 64 different ones it is noise */
    n->on_warning(n->warning_ctx, text);
}

static void load_curl(struct oci_job *job)
{
    (void)job;
    oci_curl_load(NULL);
}

void oci_net_warm_up(void)
{
    static struct oci_job job = {.run = load_curl};
    static atomic_bool posted;
    if (atomic_exchange(&posted, true))
        return;
    oci_list_init(&job.link);
    oci_pool_post(&job, NULL);
}

void oci_net_versions(char *buf, size_t size)
{
    struct oci_err err = {0};
    const struct oci_curl *curl = oci_curl_load(&err);
    snprintf(buf, size, "%s", curl ? curl->version() : err.text);
}
