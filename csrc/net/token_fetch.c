#include "net/token_fetch.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/http_fields.h"
#include "net/policy.h"
#include "sys/clock.h"

#define CLIENT_ID     "lua-oci"
#define RETRIES_MAX   2
#define REDIRECTS_MAX 2
#define STALL_MAX_MS  15000u /* what distribution's client waits for a token */

static bool has_password(const struct oci_token_fetch *f)
{
    return f->credential.username && f->credential.password;
}

static bool anonymous(const struct oci_token_fetch *f)
{
    return !has_password(f) && !f->refresh_token;
}

/* ---- what is sent ---- */

static int add_param(struct oci_buf *b, char join, const char *name, const char *value)
{
    int rc = oci_buf_addf(b, "%c%s=", join, name);
    return rc == OCI_OK ? oci_percent_add(b, value, strlen(value)) : rc;
}

/* Scopes are repeated, one each, since some servers read the first only. */
int oci_token_query(const struct oci_token_fetch *f, struct oci_buf *b)
{
    const char *text = f->realm.text;
    int rc = oci_buf_add_str(b, text);
    const char *query = strchr(text, '?');
    char join = !query ? '?' : '&';
    if (rc == OCI_OK && f->service && *f->service) { /* none is invented: hosted servers refuse it */
        rc = add_param(b, join, "service", f->service);
        join = '&';
    }
    struct oci_buf scope;
    oci_buf_init(&scope, OCI_MAX_URL);
    for (size_t i = 0; rc == OCI_OK && i < f->scopes.count; i++, join = '&') {
        oci_buf_clear(&scope);
        rc = oci_scope_print(&f->scopes.items[i], &scope);
        if (rc == OCI_OK)
            rc = add_param(b, join, "scope", scope.p);
    }
    oci_buf_done(&scope);
    if (rc == OCI_OK)
        rc = add_param(b, join, "client_id", CLIENT_ID);
    if (rc == OCI_OK && has_password(f))
        rc = add_param(b, '&', "account", f->credential.username);
    return rc;
}

/* OAuth2: one scope parameter, service and client_id always (distribution, oauth.md). */
int oci_token_form(const struct oci_token_fetch *f, struct oci_buf *b)
{
    int rc = oci_buf_addf(b, "grant_type=%s", f->refresh_token ? "refresh_token" : "password");
    if (rc == OCI_OK)
        rc = add_param(b, '&', "service", f->service ? f->service : f->registry->base.host);
    if (rc == OCI_OK)
        rc = add_param(b, '&', "client_id", CLIENT_ID);
    struct oci_buf scope;
    oci_buf_init(&scope, OCI_MAX_URL);
    if (rc == OCI_OK)
        rc = oci_scopes_print(&f->scopes, false, &scope);
    if (rc == OCI_OK && scope.len > 0)
        rc = add_param(b, '&', "scope", scope.p);
    oci_buf_done(&scope);
    if (rc == OCI_OK && f->refresh_token)
        return add_param(b, '&', "refresh_token", f->refresh_token);
    if (rc == OCI_OK)
        rc = add_param(b, '&', "username", f->credential.username ? f->credential.username : "");
    if (rc == OCI_OK)
        rc = add_param(b, '&', "password", f->credential.password ? f->credential.password : "");
    return rc;
}

static int make_get_url(struct oci_token_fetch *f, struct oci_err *reterr)
{
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_URL);
    int rc = oci_token_query(f, &b);
    if (rc != OCI_OK)
        oci_err_set(reterr, rc, "the URL for a token does not fit into memory or its limit");
    oci_url_done(&f->url);
    if (rc == OCI_OK)
        rc = oci_url_parse(b.p, b.len, &f->url, reterr);
    oci_buf_done(&b);
    return rc;
}

static void forget(struct oci_buf *b)
{
    if (b->p)
        oci_cleanse(b->p, b->cap);
    oci_buf_clear(b);
}

static int make_post(struct oci_token_fetch *f, struct oci_err *reterr)
{
    forget(&f->form);
    int rc = oci_token_form(f, &f->form);
    if (rc != OCI_OK)
        return oci_err_set(reterr, rc, "the request for a token does not fit into memory or its limit");
    oci_url_done(&f->url);
    return oci_url_copy(&f->realm, &f->url) == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
}

static void ask_of(const struct oci_token_fetch *f, struct oci_transfer_ask *a)
{
    const struct oci_registry_state *r = f->registry;
    bool same_origin = oci_url_same_origin(&r->base, &f->url);
    char place[OCI_HOST_MAX + 8];
    oci_url_place(&f->url, place, sizeof place);
    const struct oci_registry_options *own = oci_net_options_for(f->net, place);
    a->method = f->post ? "POST" : "GET";
    a->url = &f->url;
    a->expect = 8192; /* a token has 2 KiB, and what is larger takes more turns */
    a->direct = oci_host_is_loopback(f->url.host);
    a->ca_file = own && own->ca_file ? own->ca_file : r->ca_file;
    a->ca_system = !same_origin && !(own && own->ca_file);
    /* Hosts that the user named are exempt (security-quirks 3.6). */
    a->refuse = same_origin || own ? 0 : oci_refused_addresses(r->kind);
    a->connect_timeout_ms = f->limits.connect_timeout_ms;
    a->stall_timeout_ms = f->limits.stall_timeout_ms < STALL_MAX_MS ? f->limits.stall_timeout_ms : STALL_MAX_MS;
}

static int send_request(struct oci_token_fetch *f, struct oci_err *reterr)
{
    struct oci_transfers *ts = oci_engine_transfers(f->net->engine, reterr);
    if (!ts)
        return OCI_UNSUPPORTED;
    struct oci_transfer_ask a = {0};
    const char *headers[4] = {f->net->user_agent, "Accept: application/json"};
    char *basic = NULL;
    ask_of(f, &a);
    a.headers = headers;
    a.header_count = 2;
    if (f->post) {
        headers[a.header_count++] = "Content-Type: application/x-www-form-urlencoded";
        a.body = OCI_BODY_BYTES;
        a.bytes = f->form.p;
        a.size = f->form.len;
    } else if (has_password(f)) {
        basic = oci_login_basic(&f->credential);
        if (!basic)
            return oci_err_no_memory(reterr);
        headers[a.header_count++] = basic;
    }
    forget(&f->received);
    f->asked_ms = oci_clock_ms();
    int rc = oci_transfer_start(ts, &f->transfer, &a, reterr);
    oci_secret_free(basic);
    return rc;
}

/* From the beginning of this way: redirects are forgotten. */
static int send_anew(struct oci_token_fetch *f, struct oci_err *reterr)
{
    f->hops = 0;
    int rc = f->post ? make_post(f, reterr) : make_get_url(f, reterr);
    return rc == OCI_OK ? send_request(f, reterr) : rc;
}

/* ---- what comes back ---- */

static int take(struct oci_transfer *t, const char *p, size_t len, struct oci_err *reterr)
{
    struct oci_token_fetch *f = OCI_OWNER(t, struct oci_token_fetch, transfer);
    int rc = oci_buf_add(&f->received, p, len);
    if (rc == OCI_OK)
        return OCI_OK;
    if (t->response.status / 100 != 2)
        return OCI_END_OF_CONTENT; /* nobody reads it */
    return oci_err_set(reterr, rc, "the token server's answer is too large");
}

static void end(struct oci_token_fetch *f, int rc, int status)
{
    f->over(f, rc, status);
}

static bool retry(struct oci_token_fetch *f, enum oci_trouble trouble)
{
    uint64_t delay = 0, after = 0, now = oci_clock_ms();
    const char *header = f->transfer.response.fields[OCI_FIELD_RETRY_AFTER];
    if (header)
        oci_retry_after(header, oci_clock_unix(), &after);
    if (!oci_retry_next(&f->retry, trouble, after, now, oci_random_u64(), &delay))
        return false;
    oci_timer_start(&f->net->engine->timers, &f->backoff, now + delay);
    return true;
}

static void on_backoff(struct oci_timer *t)
{
    struct oci_token_fetch *f = OCI_OWNER(t, struct oci_token_fetch, backoff);
    oci_err_clear(&f->err);
    int rc = send_anew(f, &f->err);
    if (rc != OCI_OK)
        end(f, rc, 0);
}

/* The other way of asking, once (security-quirks 1.5, the fallback history). */
static bool fall_back(struct oci_token_fetch *f, int status)
{
    bool refused =
        f->post ? status == 404 || status == 405 || status == 401 || status == 400 : status == 404 || status == 405;
    if (!refused || f->fell_back || !has_password(f))
        return false;
    f->fell_back = true;
    f->post = !f->post;
    if (f->post) {
        oci_secret_free(f->refresh_token);
        f->refresh_token = NULL;
    }
    return true;
}

/* Same origin only, and GET only: a credential goes nowhere else. */
static bool redirected(struct oci_token_fetch *f, int status)
{
    const char *location = f->transfer.response.fields[OCI_FIELD_LOCATION];
    struct oci_url to = {0};
    if (f->post || !location || status < 301 || status > 308 || f->hops >= REDIRECTS_MAX)
        return false;
    if (oci_url_resolve(&f->url, location, &to, NULL) != OCI_OK)
        return false;
    if (!oci_url_same_origin(&f->url, &to)) {
        oci_url_done(&to);
        return false;
    }
    f->hops++;
    oci_url_done(&f->url);
    f->url = to;
    return true;
}

static int refused(struct oci_token_fetch *f, int status)
{
    char host[OCI_HOST_MAX + 8];
    oci_url_place(&f->realm, host, sizeof host);
    f->err.status = status;
    oci_url_shown(&f->realm, f->err.url, sizeof f->err.url);
    if (status == 401 && anonymous(f))
        return oci_err_set(&f->err, OCI_UNAUTHORIZED,
                           "there are no credentials for %s, and the token server %s gives nothing without", f->name,
                           host);
    if (status == 401)
        return oci_err_set(&f->err, OCI_UNAUTHORIZED, "the token server %s refused the credentials for %s", host,
                           f->name);
    if (status == 403)
        return oci_err_set(&f->err, OCI_DENIED,
                           "the token server %s denied access for %s, or the repository does not exist", host, f->name);
    f->err.retryable = oci_retry_status(status);
    if (status == 429)
        return oci_err_set(&f->err, OCI_RATE_LIMITED, "the token server %s answered 429: too many requests", host);
    return oci_err_set(&f->err, OCI_REGISTRY, "the token server %s answered %d", host, status);
}

static void answered(struct oci_token_fetch *f, int status)
{
    int rc = OCI_OK;
    if (status / 100 == 2) {
        rc = oci_token_answer_parse(f->received.p ? f->received.p : "", f->received.len, &f->answer, &f->err);
        forget(&f->received);
        end(f, rc, 0);
        return;
    }
    if (oci_retry_status(status) && retry(f, OCI_TROUBLE_STATUS))
        return;
    if (redirected(f, status))
        rc = send_request(f, &f->err);
    else if (fall_back(f, status))
        rc = send_anew(f, &f->err);
    else
        rc = refused(f, status);
    if (rc != OCI_OK)
        end(f, rc, f->err.status);
}

static void on_done(struct oci_transfer *t)
{
    struct oci_token_fetch *f = OCI_OWNER(t, struct oci_token_fetch, transfer);
    oci_err_clear(&f->err);
    if (t->rc == OCI_OK) {
        answered(f, t->response.status);
        return;
    }
    if (t->repeatable && retry(f, t->trouble))
        return;
    oci_err_copy(&f->err, &t->err);
    oci_err_wrap(&f->err, "asking for a token");
    oci_url_shown(&f->realm, f->err.url, sizeof f->err.url);
    end(f, t->rc, 0);
}

/* ---- life ---- */

static char *copy_or_null(const char *s, bool *oom)
{
    char *copy = oci_strdup(s);
    *oom = *oom || (s && !copy);
    return copy;
}

struct oci_token_fetch *oci_token_fetch_new(const struct oci_token_ask *ask, const char *refresh_token)
{
    struct oci_token_fetch *f = oci_calloc(1, sizeof *f);
    bool oom = false;
    if (!f)
        return NULL;
    oci_transfer_init(&f->transfer);
    f->transfer.body = take;
    f->transfer.done = on_done;
    oci_timer_init(&f->backoff, on_backoff);
    oci_list_init(&f->waiters);
    oci_buf_init(&f->form, OCI_MAX_TOKEN_ANSWER);
    oci_buf_init(&f->received, OCI_MAX_TOKEN_ANSWER);
    f->net = oci_net_ref(ask->origin->net);
    f->registry = ask->registry;
    f->limits = ask->origin->limits;
    f->name = copy_or_null(ask->origin->registry, &oom);
    f->service = copy_or_null(ask->service, &oom);
    f->refresh_token = copy_or_null(refresh_token, &oom);
    f->post = refresh_token != NULL;
    oom = oom || oci_url_copy(ask->realm, &f->realm) != OCI_OK;
    oom = oom || oci_credential_copy(&ask->login->credential, &f->credential) != OCI_OK;
    oom = oom || oci_scopes_copy(ask->scopes, &f->scopes) != OCI_OK;
    if (oom) {
        oci_token_fetch_free(f);
        return NULL;
    }
    unsigned retries = f->limits.retries < RETRIES_MAX ? (unsigned)f->limits.retries : RETRIES_MAX;
    oci_retry_init(&f->retry, retries, oci_clock_ms());
    return f;
}

int oci_token_fetch_start(struct oci_token_fetch *f, struct oci_err *reterr)
{
    return send_anew(f, reterr);
}

void oci_token_fetch_free(struct oci_token_fetch *f)
{
    if (!f)
        return;
    oci_transfer_cancel(&f->transfer);
    oci_transfer_done(&f->transfer);
    oci_timer_stop(&f->backoff);
    oci_token_answer_done(&f->answer);
    forget(&f->form);
    forget(&f->received);
    oci_buf_done(&f->form);
    oci_buf_done(&f->received);
    oci_credential_done(&f->credential);
    oci_secret_free(f->refresh_token);
    oci_scopes_done(&f->scopes);
    oci_url_done(&f->realm);
    oci_url_done(&f->url);
    oci_free(f->service);
    oci_free(f->name);
    oci_net_free(f->net);
    oci_free(f);
}
