/* exchange_auth.c - 401 (security-quirks 1.1): which challenge, with whose credentials, for which scopes; at most two
 * rounds. What a registry asked for is kept, so that later questions come authorized at once. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/challenge.h"
#include "net/exchange.h"
#include "net/policy.h"

static void give_up(struct oci_exchange *x, const char *note)
{
    x->auth_note = note;
    oci_exchange_end(x, OCI_OK); /* the 401 is the answer */
}

static void give_up_for(struct oci_exchange *x, int rc)
{
    oci_exchange_end(x, rc);
}

/* ---- the header ---- */

static void set_authorization(struct oci_exchange *x, enum oci_authorized how, char *take_line, char *take_token)
{
    oci_secret_free(x->authorization);
    oci_secret_free(x->token);
    x->authorized = how;
    x->authorization = take_line;
    x->token = take_token;
}

static int authorize_bearer(struct oci_exchange *x, enum oci_authorized how, const char *token, struct oci_err *reterr)
{
    char *line = oci_asprintf("Authorization: Bearer %s", token);
    char *copy = oci_strdup(token);
    if (!line || !copy) {
        oci_secret_free(line);
        oci_secret_free(copy);
        return oci_err_no_memory(reterr);
    }
    set_authorization(x, how, line, copy);
    return OCI_OK;
}

static int authorize_basic(struct oci_exchange *x, const struct oci_login *l, struct oci_err *reterr)
{
    char *line = oci_login_basic(&l->credential);
    if (!line)
        return oci_err_no_memory(reterr);
    set_authorization(x, OCI_AUTH_BASIC, line, NULL);
    return OCI_OK;
}

static bool has_password(const struct oci_login *l)
{
    return l->credential.username && l->credential.password;
}

/* ---- tokens ---- */

static int make_ask(struct oci_exchange *x, const struct oci_login *l, struct oci_url *realm, struct oci_token_ask *a,
                    struct oci_err *reterr)
{
    struct oci_registry_state *r = x->registry;
    const struct oci_source *s = x->ask->body;
    int rc = oci_url_resolve(&r->base, r->realm, realm, reterr);
    if (rc != OCI_OK)
        return rc == OCI_NO_MEMORY ? rc : (reterr->code = OCI_UNAUTHORIZED);
    rc = oci_realm_check(&r->base, realm, !oci_login_anonymous(l), reterr);
    if (rc != OCI_OK)
        return rc;
    *a = (struct oci_token_ask){.origin = x->origin,
                                .registry = r,
                                .realm = realm,
                                .service = r->service,
                                .login = l,
                                .scopes = &x->scopes,
                                /* One that ends while the content is under way was no help (security-quirks 1.10). */
                                .life_ms = s && !x->small && s->size >= (64u << 10) ? 60000 : 0};
    return OCI_OK;
}

/* OCI_OK: authorized. OCI_PAUSED: token_ready() comes. */
static int get_token(struct oci_exchange *x, const struct oci_login *l, struct oci_err *reterr)
{
    struct oci_url realm = {0};
    struct oci_token_ask a;
    const char *token = NULL;
    int rc = make_ask(x, l, &realm, &a, reterr);
    if (rc == OCI_OK)
        rc = oci_token_get(&a, &x->token_wait, &token, reterr);
    if (rc == OCI_OK)
        rc = authorize_bearer(x, OCI_AUTH_TOKEN, token, reterr);
    oci_url_done(&realm);
    return rc;
}

/* Before the first request: what is known already, and a new token for one that has ended. Else the request goes out
 * as it is, and the registry says what it wants. */
static int known_token(struct oci_exchange *x, const struct oci_login *l, struct oci_err *reterr)
{
    struct oci_url realm = {0};
    struct oci_token_ask a;
    struct oci_err err = {0};
    bool stale = false;
    const char *token = NULL;
    int rc = make_ask(x, l, &realm, &a, &err);
    if (rc == OCI_OK)
        token = oci_token_known(&a, &stale);
    oci_url_done(&realm);
    if (token)
        return authorize_bearer(x, OCI_AUTH_TOKEN, token, reterr);
    return stale ? get_token(x, l, reterr) : OCI_OK;
}

int oci_exchange_authorize(struct oci_exchange *x, struct oci_err *reterr)
{
    if (x->foreign || x->authorization || x->probing || x->registry->scheme == OCI_SCHEME_OTHER)
        return OCI_OK;
    struct oci_login *l = oci_login_known(x->origin, x->repository);
    if (!l)
        return OCI_OK;
    if (l->credential.token)
        return authorize_bearer(x, OCI_AUTH_DIRECT, l->credential.token, reterr);
    if (x->registry->scheme == OCI_SCHEME_BASIC)
        return has_password(l) ? authorize_basic(x, l, reterr) : OCI_OK;
    return known_token(x, l, reterr);
}

/* ---- with a challenge and a login ---- */

static void attempt_after(struct oci_exchange *x, int rc)
{
    if (rc == OCI_OK)
        oci_exchange_attempt(x);
    else if (rc != OCI_PAUSED)
        give_up_for(x, rc);
}

static void with_login(struct oci_exchange *x, struct oci_login *l)
{
    oci_err_clear(&x->err);
    if (l->credential.token) {
        if (x->authorized == OCI_AUTH_DIRECT) {
            oci_login_refused(x->origin, l);
            give_up(x, "the token given for this registry was refused");
            return;
        }
        attempt_after(x, authorize_bearer(x, OCI_AUTH_DIRECT, l->credential.token, &x->err));
        return;
    }
    if (x->registry->scheme == OCI_SCHEME_BEARER) {
        attempt_after(x, get_token(x, l, &x->err));
        return;
    }
    if (!has_password(l)) {
        oci_login_refused(x->origin, l); /* somebody may log in meanwhile */
        give_up(x, "there are no credentials for this registry: log in with docker or podman, or give 'credentials'");
        return;
    }
    if (x->authorized == OCI_AUTH_BASIC) {
        oci_login_refused(x->origin, l);
        give_up(x, "the user name or password is wrong");
        return;
    }
    attempt_after(x, authorize_basic(x, l, &x->err));
}

void oci_exchange_login_ready(struct oci_login_waiter *w, int rc, const struct oci_err *err)
{
    struct oci_exchange *x = OCI_OWNER(w, struct oci_exchange, login_wait);
    struct oci_login *l = rc == OCI_OK ? oci_login_known(x->origin, x->repository) : NULL;
    if (l) {
        with_login(x, l);
        return;
    }
    oci_err_clear(&x->err);
    oci_err_copy(&x->err, err);
    oci_exchange_end(x, rc == OCI_OK ? oci_err_no_memory(&x->err) : rc);
}

/* The widened scope of a mount is refused by some token servers with 400, 401 or 403: then the mount is (Q15). */
static void refuse_extra(struct oci_exchange *x)
{
    oci_err_clear(&x->err);
    oci_buf_clear(&x->error_body);
    oci_transfer_done(&x->transfer); /* nothing of the 401 before is part of the answer */
    x->status = 403;
    oci_exchange_end(x, OCI_OK);
}

void oci_exchange_token_ready(struct oci_token_waiter *w, const char *token, int rc, int status,
                              const struct oci_err *err)
{
    struct oci_exchange *x = OCI_OWNER(w, struct oci_exchange, token_wait);
    oci_err_clear(&x->err);
    if (rc == OCI_OK) {
        x->token_fresh = true;
        attempt_after(x, authorize_bearer(x, OCI_AUTH_TOKEN, token, &x->err));
        return;
    }
    if (x->ask->extra_scope && (status == 400 || status == 401 || status == 403)) {
        refuse_extra(x);
        return;
    }
    struct oci_login *l = status == 401 ? oci_login_known(x->origin, x->repository) : NULL;
    if (l)
        oci_login_refused(x->origin, l);
    oci_err_copy(&x->err, err);
    oci_exchange_end(x, rc);
}

/* ---- the challenge ---- */

static int keep(char **field, const char *value)
{
    char *copy = oci_strdup(value);
    if (value && !copy)
        return OCI_NO_MEMORY;
    oci_free(*field);
    *field = copy;
    return OCI_OK;
}

/* False: nothing that we understand. */
static bool adopt(struct oci_exchange *x, const struct oci_challenge *c, int *ret_rc)
{
    struct oci_registry_state *r = x->registry;
    *ret_rc = OCI_OK;
    if (!c)
        return false;
    r->scheme = c->scheme;
    if (c->scheme != OCI_SCHEME_BEARER)
        return true;
    if (keep(&r->realm, c->realm) != OCI_OK || keep(&r->service, c->service) != OCI_OK)
        *ret_rc = oci_err_no_memory(&x->err);
    /* Ours and theirs together, so that a push does not need a token for each step. What is no scope is left out. */
    if (c->scope && oci_scopes_add(&x->scopes, c->scope) == OCI_NO_MEMORY)
        *ret_rc = oci_err_no_memory(&x->err);
    return true;
}

/* Again after a token that was fetched for this very request only if the registry says that its scope was too small. */
static bool pointless(const struct oci_exchange *x, const struct oci_challenge *c)
{
    return x->authorized == OCI_AUTH_TOKEN && x->token_fresh && c && c->scheme == OCI_SCHEME_BEARER &&
           !(c->error && strcmp(c->error, "insufficient_scope") == 0);
}

static void go_on(struct oci_exchange *x, const struct oci_challenge *c)
{
    struct oci_login *l = NULL;
    int rc = OCI_OK;
    oci_err_clear(&x->err);
    adopt(x, c, &rc);
    if (rc == OCI_OK)
        rc = oci_login_get(x->origin, x->repository, &x->login_wait, &l, &x->err);
    if (rc == OCI_OK)
        with_login(x, l);
    else if (rc != OCI_PAUSED)
        give_up_for(x, rc);
}

bool oci_exchange_unauthorized(struct oci_exchange *x)
{
    const struct oci_challenge *c = oci_challenges_choose(&x->transfer.response.challenges);
    if (x->token)
        oci_token_refused(x->net, x->token);
    if (x->auth_rounds >= OCI_MAX_AUTH_ROUNDS || pointless(x, c)) {
        x->auth_note = "no access, or it does not exist";
        return false;
    }
    if (!oci_exchange_can_rewind(x))
        return false;
    x->auth_rounds++;
    if (!c && !x->probed) { /* gcr.io did so: the challenge is at /v2/ only */
        x->probing = x->probed = true;
        oci_exchange_attempt(x);
        return true;
    }
    if (!c)
        return false;
    go_on(x, c);
    return true;
}

void oci_exchange_probe_done(struct oci_exchange *x)
{
    const struct oci_response *r = &x->transfer.response;
    const struct oci_challenge *c = r->status == 401 ? oci_challenges_choose(&r->challenges) : NULL;
    x->probing = false;
    if (c)
        go_on(x, c);
    else
        oci_exchange_end(x, OCI_OK);
}
