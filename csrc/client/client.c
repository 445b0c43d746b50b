/* A client: options, memory places, warnings, and what it knows of the network. */
#include "client/client.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "flow/seen.h"

/* ---- the options, copied ---- */

/* False: out of memory. */
static bool copy_string(const char *from, const char **ret_to)
{
    *ret_to = oci_strdup(from);
    return !from || *ret_to;
}

/* The options' strings are const for those who fill them in; the client's copies are its own to free. */
static void free_string(const char *s)
{
    char *own = (char *)(uintptr_t)s;
    if (own)
        oci_cleanse(own, strlen(own)); /* cheap, and some of them are secrets */
    oci_free(own);
}

static void free_credentials(struct oci_credential_option *list, size_t count)
{
    for (size_t i = 0; list && i < count; i++) {
        free_string(list[i].registry);
        free_string(list[i].username);
        free_string(list[i].password);
        free_string(list[i].token);
        free_string(list[i].identity_token);
    }
    oci_free(list);
}

static struct oci_credential_option *copy_credentials(const struct oci_credential_option *from, size_t count)
{
    struct oci_credential_option *to = oci_calloc(count, sizeof *to);
    bool ok = to != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        ok = copy_string(from[i].registry, &to[i].registry) &&
             copy_string(from[i].username, &to[i].username) &&
             copy_string(from[i].password, &to[i].password) && copy_string(from[i].token, &to[i].token) &&
             copy_string(from[i].identity_token, &to[i].identity_token);
    }
    if (ok)
        return to;
    free_credentials(to, count);
    return NULL;
}

static void free_registries(struct oci_registry_option *list, size_t count)
{
    for (size_t i = 0; list && i < count; i++) {
        free_string(list[i].host);
        free_string(list[i].ca_file);
    }
    oci_free(list);
}

static struct oci_registry_option *copy_registries(const struct oci_registry_option *from, size_t count)
{
    struct oci_registry_option *to = oci_calloc(count, sizeof *to);
    bool ok = to != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        to[i].plain_http = from[i].plain_http;
        ok = copy_string(from[i].host, &to[i].host) && copy_string(from[i].ca_file, &to[i].ca_file);
    }
    if (ok)
        return to;
    free_registries(to, count);
    return NULL;
}

static void free_options(struct oci_client_options *o)
{
    free_registries((struct oci_registry_option *)(uintptr_t)o->registries, o->registry_count);
    free_credentials((struct oci_credential_option *)(uintptr_t)o->credentials, o->credential_count);
    free_string(o->user_agent);
}

static int copy_options(const struct oci_client_options *from, struct oci_client_options *to)
{
    *to = *from;
    to->registries = NULL;
    to->credentials = NULL;
    to->user_agent = NULL;
    if (from->registry_count > 0)
        to->registries = copy_registries(from->registries, from->registry_count);
    if (from->credential_count > 0)
        to->credentials = copy_credentials(from->credentials, from->credential_count);
    bool ok = copy_string(from->user_agent, &to->user_agent) &&
              (to->registries || from->registry_count == 0) &&
              (to->credentials || from->credential_count == 0);
    return ok ? OCI_OK : OCI_NO_MEMORY;
}

/* ---- the client ---- */

static void destroy(struct oci_client *c)
{
    while (c->locked.count > 0)
        oci_free(c->locked.warnings[(c->locked.first + --c->locked.count) % OCI_WARNINGS_MAX]);
    oci_mutex_done(&c->lock);
    oci_memory_places_free(c->places);
    oci_seen_free(c->seen);
    free_options(&c->options);
    oci_free(c);
}

int oci_client_new(const struct oci_client_options *options, struct oci_client **ret_client,
                   struct oci_err *reterr)
{
    const struct oci_client_options defaults = OCI_CLIENT_OPTIONS_INIT;
    struct oci_client *c = oci_calloc(1, sizeof *c);
    if (!c)
        return oci_err_no_memory(reterr);
    c->generation = oci_fork_generation();
    atomic_init(&c->refs, 1);
    oci_mutex_init(&c->lock);
    oci_list_init(&c->link);
    c->places = oci_memory_places_new();
    c->seen = oci_seen_new();
    if (copy_options(options ? options : &defaults, &c->options) != OCI_OK || !c->places || !c->seen) {
        destroy(c);
        return oci_err_no_memory(reterr);
    }
    int rc = oci_process_client_made(c, reterr);
    if (rc != OCI_OK) {
        destroy(c);
        return rc;
    }
    *ret_client = c;
    return OCI_OK;
}

struct oci_client *oci_client_ref(struct oci_client *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

void oci_client_unref(struct oci_client *c)
{
    if (atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    oci_net_free(oci_process_client_gone(c));
    destroy(c);
}

void oci_client_free(struct oci_client *c)
{
    /* In the child of a fork what the parent made is abandoned: its locks and lists may be half-way through
     * something. */
    if (c && c->generation == oci_fork_generation())
        oci_client_unref(c);
}

int oci_client_check(const struct oci_client *c, struct oci_err *reterr)
{
    if (c->generation == oci_fork_generation())
        return OCI_OK;
    return oci_err_set(reterr, OCI_INVALID, "the client was made before fork()");
}

/* ---- the network ---- */

static void take_warning(void *ctx, const char *text)
{
    oci_client_warn(ctx, text);
}

static int find_credential(void *ctx, const char *registry, const char *repository,
                           struct oci_credential *ret_c, struct oci_err *reterr)
{
    (void)ctx;
    return oci_auth_find(registry, repository, ret_c, reterr);
}

uint64_t oci_client_ms(double seconds)
{
    if (!(seconds > 0))
        return 0;            /* the default */
    const double most = 1e9; /* 30 years */
    double ms = (seconds < most ? seconds : most) * 1000;
    return ms < 1 ? 1 : (uint64_t)ms;
}

static int make_net(struct oci_client *c, struct oci_engine *e, struct oci_net **ret_net,
                    struct oci_err *reterr)
{
    const struct oci_client_options *o = &c->options;
    struct oci_registry_options *registries = oci_calloc(o->registry_count + 1, sizeof *registries);
    if (!registries)
        return oci_err_no_memory(reterr);
    for (size_t i = 0; i < o->registry_count; i++) {
        registries[i] = (struct oci_registry_options){
            .host = o->registries[i].host,
            .plain_http = o->registries[i].plain_http,
            .ca_file = o->registries[i].ca_file,
        };
    }
    const struct oci_net_options options = {
        .registries = registries,
        .registry_count = o->registry_count,
        .timeout_ms = oci_client_ms(o->timeout),
        .connect_timeout_ms = oci_client_ms(o->connect_timeout),
        .stall_timeout_ms = oci_client_ms(o->stall_timeout),
        .retries = o->retries,
        .user_agent = o->user_agent ? o->user_agent : "lua-oci/" OCI_VERSION,
        .on_warning = take_warning,
        .warning_ctx = c,
        .find_credential = find_credential,
    };
    int rc = oci_net_new(e, &options, ret_net, reterr);
    oci_free(registries);
    return rc;
}

int oci_client_net(struct oci_client *c, struct oci_engine *e, struct oci_net **ret_net,
                   struct oci_err *reterr)
{
    struct oci_net *net = oci_process_client_net(c, NULL);
    if (!net) {
        struct oci_net *made = NULL;
        int rc = make_net(c, e, &made, reterr);
        if (rc != OCI_OK)
            return rc;
        net = oci_process_client_net(c, made);
        if (net != made)
            oci_net_free(made); /* another thread was faster */
    }
    *ret_net = net;
    return OCI_OK;
}

/* ---- warnings ---- */

void oci_client_warn(struct oci_client *c, const char *text)
{
    char *copy = oci_strdup(text);
    if (!copy)
        return;
    char *oldest = NULL;
    oci_mutex_lock(&c->lock);
    if (c->locked.count == OCI_WARNINGS_MAX) {
        oldest = c->locked.warnings[c->locked.first];
        c->locked.first = (c->locked.first + 1) % OCI_WARNINGS_MAX;
        c->locked.count--;
    }
    c->locked.warnings[(c->locked.first + c->locked.count++) % OCI_WARNINGS_MAX] = copy;
    oci_mutex_unlock(&c->lock);
    oci_free(oldest);
}

bool oci_client_warning(struct oci_client *c, char *buf, size_t size)
{
    if (c->generation != oci_fork_generation())
        return false;
    char *text = NULL;
    oci_mutex_lock(&c->lock);
    if (c->locked.count > 0) {
        text = c->locked.warnings[c->locked.first];
        c->locked.first = (c->locked.first + 1) % OCI_WARNINGS_MAX;
        c->locked.count--;
    }
    oci_mutex_unlock(&c->lock);
    if (!text)
        return false;
    snprintf(buf, size, "%s", text);
    oci_free(text);
    return true;
}

/* ---- credentials ---- */

/* Docker Hub goes by several names; references call it docker.io. */
static bool is_docker_hub(const char *host)
{
    static const char *const names[] = {"docker.io", "index.docker.io", "registry-1.docker.io",
                                        "https://index.docker.io/v1/"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (oci_str_eq_nocase(oci_str_of(host), names[i]))
            return true;
    }
    return false;
}

static const struct oci_credential_option *match(const struct oci_credential_option *list, size_t count,
                                                 const char *registry)
{
    for (size_t i = 0; i < count; i++) {
        const char *host = list[i].registry;
        if (!host || oci_str_eq_nocase(oci_str_of(host), registry) ||
            (is_docker_hub(host) && is_docker_hub(registry)))
            return &list[i];
    }
    return NULL;
}

const struct oci_credential_option *
oci_client_credential(const struct oci_client *c, const struct oci_call_options *call, const char *registry)
{
    const struct oci_credential_option *found = match(call->credentials, call->credential_count, registry);
    return found ? found : match(c->options.credentials, c->options.credential_count, registry);
}

void oci_versions(char *buf, size_t size)
{
    char net[200];
    oci_net_versions(net, sizeof net);
    snprintf(buf, size, "lua-oci/%s %s cJSON/%s", OCI_VERSION, net, oci_json_library_version());
}
