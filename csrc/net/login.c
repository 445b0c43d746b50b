/* login.c - credentials of a registry and repository: given with the operation, or found once in the user's files. */
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "net/state.h"

#define ANONYMOUS "anonymous"

bool oci_login_anonymous(const struct oci_login *l)
{
    const struct oci_credential *c = &l->credential;
    return !c->username && !c->password && !c->token && !c->identity_token;
}

/* Two identities never share a token (statement 27). A hash, so that no key holds a secret. */
static int make_identity(struct oci_login *l, struct oci_err *reterr)
{
    const struct oci_credential *c = &l->credential;
    const char *parts[] = {c->username, c->password, c->token, c->identity_token};
    struct oci_buf b;
    struct oci_digest d;
    if (oci_login_anonymous(l)) {
        memcpy(l->identity, ANONYMOUS, sizeof ANONYMOUS);
        return OCI_OK;
    }
    oci_buf_init(&b, 1u << 20);
    int rc = OCI_OK;
    for (size_t i = 0; rc == OCI_OK && i < sizeof parts / sizeof *parts; i++) {
        rc = oci_buf_add_char(&b, parts[i] ? '+' : '-');
        if (rc == OCI_OK && parts[i])
            rc = oci_buf_add(&b, parts[i], strlen(parts[i]) + 1);
    }
    if (rc == OCI_OK)
        rc = oci_digest_of(OCI_STR(OCI_SHA256), b.p, b.len, &d, reterr);
    else
        rc = oci_err_set(reterr, rc, "a credential does not fit into memory or its limit");
    if (b.p)
        oci_cleanse(b.p, b.len);
    oci_buf_done(&b);
    if (rc == OCI_OK)
        memcpy(l->identity, d.text, sizeof l->identity);
    return rc;
}

/* RFC 7617: a user with a colon would shift the border; controls would end the header (T84). */
static int check(const struct oci_credential *c, struct oci_err *reterr)
{
    const char *parts[] = {c->username, c->password, c->token, c->identity_token};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (const char *p = parts[i]; p && *p; p++) {
            if ((unsigned char)*p < 0x20 || *p == 0x7f)
                return oci_err_set(reterr, OCI_INVALID, "a credential has control characters");
        }
    }
    if (c->username && strchr(c->username, ':'))
        return oci_err_set(reterr, OCI_INVALID, "a user name has a colon");
    return OCI_OK;
}

int oci_login_set(struct oci_login *l, const struct oci_credential *c, struct oci_err *reterr)
{
    int rc = check(c, reterr);
    if (rc == OCI_OK && oci_credential_copy(c, &l->credential) != OCI_OK)
        rc = oci_err_no_memory(reterr);
    if (rc == OCI_OK)
        rc = make_identity(l, reterr);
    l->found = rc == OCI_OK;
    return rc;
}

char *oci_login_basic(const struct oci_credential *c)
{
    char *pair = oci_asprintf("%s:%s", c->username ? c->username : "", c->password ? c->password : "");
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    int rc = pair ? oci_buf_add_str(&b, "Authorization: Basic ") : OCI_NO_MEMORY;
    if (rc == OCI_OK)
        rc = oci_base64_add(&b, pair, strlen(pair));
    oci_secret_free(pair);
    char *line = rc == OCI_OK ? oci_buf_take(&b) : NULL;
    if (b.p)
        oci_cleanse(b.p, b.len);
    oci_buf_done(&b);
    return line;
}

void oci_login_done(struct oci_login *l)
{
    oci_credential_done(&l->credential);
    oci_free(l->registry);
    oci_free(l->repository);
    l->registry = l->repository = NULL;
}

void oci_login_free(void *p)
{
    struct oci_login *l = p;
    oci_login_done(l);
    oci_free(l);
}

static char *key_of(const struct oci_origin *o, const char *repository)
{
    return oci_asprintf("%s/%s", o->registry, repository);
}

static void drop(struct oci_net *n, struct oci_login *l)
{
    char *key = oci_asprintf("%s/%s", l->registry, l->repository);
    if (!key)
        return; /* it stays, marked stale */
    if (oci_map_get(&n->logins, key) == l) {
        oci_map_remove(&n->logins, key);
        oci_login_free(l);
    }
    oci_free(key);
}

struct oci_login *oci_login_known(struct oci_origin *o, const char *repository)
{
    if (o->has_credential)
        return &o->given;
    char *key = key_of(o, repository);
    struct oci_login *l = key ? oci_map_get(&o->net->logins, key) : NULL;
    oci_free(key);
    return l && l->found && !l->stale ? l : NULL;
}

/* POOL. */
static int search(struct oci_work *w, struct oci_err *reterr)
{
    struct oci_login *l = OCI_OWNER(w, struct oci_login, work);
    struct oci_net *n = l->net;
    struct oci_credential c = {0};
    int rc = OCI_OK;
    if (n->find_credential)
        rc = n->find_credential(n->credential_ctx, l->registry, l->repository, &c, reterr);
    if (rc == OCI_OK)
        rc = oci_login_set(l, &c, reterr);
    oci_credential_done(&c);
    return rc;
}

static void searched(struct oci_work *w)
{
    struct oci_login *l = OCI_OWNER(w, struct oci_login, work);
    struct oci_net *n = l->net;
    struct oci_link waiters, *p;
    struct oci_err err = w->err;
    int rc = w->rc;
    l->searching = false;
    l->net = NULL;
    oci_list_init(&waiters);
    oci_list_splice(&waiters, &l->waiters);
    if (rc != OCI_OK)
        drop(n, l); /* a file that was repaired is read again */
    while ((p = oci_list_pop(&waiters)) != NULL) {
        struct oci_login_waiter *waiter = OCI_OWNER(p, struct oci_login_waiter, link);
        if (rc == OCI_OK)
            l->stale = false; /* the waiter before may have been refused with it: each is to hear so itself */
        waiter->ready(waiter, rc, &err);
    }
    oci_net_free(n);
}

/* Makes room: nobody holds a login across a wait. */
static void evict(struct oci_net *n)
{
    size_t pos = 0;
    const char *key;
    void *value;
    while (n->logins.count >= OCI_STATE_ENTRIES && oci_map_next(&n->logins, &pos, &key, &value)) {
        struct oci_login *l = value;
        if (l->searching)
            continue;
        oci_map_remove(&n->logins, key);
        oci_login_free(l);
    }
}

static struct oci_login *add(struct oci_origin *o, const char *repository)
{
    struct oci_login *l = oci_calloc(1, sizeof *l);
    char *key = key_of(o, repository);
    if (l) {
        oci_list_init(&l->waiters);
        l->registry = oci_strdup(o->registry);
        l->repository = oci_strdup(repository);
    }
    evict(o->net);
    if (!l || !key || !l->registry || !l->repository || oci_map_set(&o->net->logins, key, l, NULL) != OCI_OK) {
        if (l)
            oci_login_free(l);
        l = NULL;
    }
    oci_free(key);
    return l;
}

int oci_login_get(struct oci_origin *o, const char *repository, struct oci_login_waiter *w,
                  struct oci_login **ret_login, struct oci_err *reterr)
{
    if (o->has_credential) {
        *ret_login = &o->given;
        return OCI_OK;
    }
    char *key = key_of(o, repository);
    if (!key)
        return oci_err_no_memory(reterr);
    struct oci_login *l = oci_map_get(&o->net->logins, key);
    oci_free(key);
    if (!l && (l = add(o, repository)) == NULL)
        return oci_err_no_memory(reterr);
    if (l->found && !l->stale) {
        *ret_login = l;
        return OCI_OK;
    }
    oci_list_append(&l->waiters, &w->link);
    if (!l->searching) {
        oci_credential_done(&l->credential);
        l->found = l->stale = false;
        l->searching = true;
        l->net = oci_net_ref(o->net);
        l->work = (struct oci_work){.run = search, .done = searched, .asker = l};
        o->net->engine->host.work(&o->net->engine->host, &l->work);
    }
    return OCI_PAUSED;
}

void oci_login_refused(struct oci_origin *o, struct oci_login *l)
{
    if (l != &o->given)
        l->stale = true;
}
