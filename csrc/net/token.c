#include "net/token.h"

#include <string.h>

#include "base/mem.h"
#include "net/token_fetch.h"
#include "sys/clock.h"

struct token {
    struct oci_link used; /* in the cache, the most recently used last */
    char *key;            /* family and sorted scopes */
    size_t family_len;
    struct oci_scopes scopes;
    char *text; /* secret; NULL: none yet, or refused */
    uint64_t until_ms, life_ms;
    struct oci_token_fetch *fetch;
};

struct oci_token_cache {
    struct oci_map tokens; /* key -> struct token */
    struct oci_link used;
    struct oci_map refresh; /* family -> the newest refresh token; they may rotate */
};

struct oci_token_cache *oci_token_cache_new(void)
{
    struct oci_token_cache *c = oci_calloc(1, sizeof *c);
    if (!c)
        return NULL;
    oci_map_init(&c->tokens, OCI_STATE_ENTRIES);
    oci_map_init(&c->refresh, OCI_STATE_ENTRIES);
    oci_list_init(&c->used);
    return c;
}

static void token_free(void *p)
{
    struct token *t = p;
    oci_token_fetch_free(t->fetch);
    oci_secret_free(t->text);
    oci_scopes_done(&t->scopes);
    oci_list_remove(&t->used);
    oci_free(t->key);
    oci_free(t);
}

static void secret_free(void *p)
{
    oci_secret_free(p);
}

void oci_token_cache_free(struct oci_token_cache *c)
{
    if (!c)
        return;
    oci_map_done(&c->tokens, token_free);
    oci_map_done(&c->refresh, secret_free);
    oci_free(c);
}

/* Registry origin, realm, service and identity: what must be the same for a token to be sent (security-quirks 1.9). */
static int make_key(const struct oci_token_ask *ask, struct oci_buf *b, size_t *ret_family_len)
{
    char origin[OCI_HOST_MAX + 24];
    oci_url_origin(&ask->registry->base, origin, sizeof origin);
    int rc = oci_buf_addf(b, "%s\n%s\n%s\n%s\n", origin, ask->realm->text, ask->service ? ask->service : "",
                          ask->login->identity);
    *ret_family_len = b->len;
    return rc == OCI_OK ? oci_scopes_print(ask->scopes, true, b) : rc;
}

static bool good(const struct token *t, uint64_t life_ms)
{
    /* Of a token that lives for a minute, half a minute is enough. */
    uint64_t rest = life_ms < t->life_ms / 2 ? life_ms : t->life_ms / 2;
    return t->text && oci_clock_ms() + rest < t->until_ms;
}

static void touch(struct oci_token_cache *c, struct token *t)
{
    oci_list_remove(&t->used);
    oci_list_append(&c->used, &t->used);
}

/* One that was asked for with more actions on the same resources will do: a pull after a push. */
static struct token *wider(struct oci_token_cache *c, const struct oci_token_ask *ask, const struct oci_buf *key,
                           size_t family_len)
{
    for (struct oci_link *l = c->used.prev; l != &c->used; l = l->prev) {
        struct token *t = OCI_OWNER(l, struct token, used);
        if (t->family_len == family_len && memcmp(t->key, key->p, family_len) == 0 && good(t, ask->life_ms) &&
            oci_scopes_cover(&t->scopes, ask->scopes))
            return t;
    }
    return NULL;
}

/* *ret_exact is what is kept under the very key, good or not. */
static struct token *find(struct oci_token_cache *c, const struct oci_token_ask *ask, const struct oci_buf *key,
                          size_t family_len, struct token **ret_exact)
{
    struct token *t = oci_map_get(&c->tokens, key->p);
    *ret_exact = t;
    if (!t || !good(t, ask->life_ms))
        t = wider(c, ask, key, family_len);
    if (t)
        touch(c, t);
    return t;
}

const char *oci_token_known(const struct oci_token_ask *ask, bool *ret_stale)
{
    struct oci_token_cache *c = ask->origin->net->tokens;
    struct oci_buf key;
    size_t family_len = 0;
    struct token *t = NULL, *exact = NULL;
    oci_buf_init(&key, 1u << 20);
    if (make_key(ask, &key, &family_len) == OCI_OK)
        t = find(c, ask, &key, family_len, &exact);
    oci_buf_done(&key);
    *ret_stale = !t && exact;
    return t ? t->text : NULL;
}

static void evict(struct oci_token_cache *c)
{
    struct oci_link *l = c->used.next;
    while (c->tokens.count >= OCI_STATE_ENTRIES && l != &c->used) {
        struct token *t = OCI_OWNER(l, struct token, used);
        l = l->next;
        if (t->fetch)
            continue;
        oci_map_remove(&c->tokens, t->key);
        token_free(t);
    }
}

static struct token *add(struct oci_token_cache *c, const struct oci_token_ask *ask, const struct oci_buf *key,
                         size_t family_len)
{
    struct token *t = oci_calloc(1, sizeof *t);
    if (!t)
        return NULL;
    oci_list_init(&t->used);
    t->family_len = family_len;
    t->key = oci_strndup(key->p, key->len);
    evict(c);
    if (!t->key || oci_scopes_copy(ask->scopes, &t->scopes) != OCI_OK ||
        oci_map_set(&c->tokens, t->key, t, NULL) != OCI_OK) {
        token_free(t);
        return NULL;
    }
    touch(c, t);
    return t;
}

/* A server may give another refresh token with each answer; the old one may be dead from then on. */
static void keep_refresh(struct oci_token_cache *c, const struct token *t, struct oci_token_fetch *f)
{
    if (!f->answer.refresh_token || !f->refresh_token)
        return;
    char *family = oci_strndup(t->key, t->family_len);
    void *old = NULL;
    if (family && oci_map_set(&c->refresh, family, f->answer.refresh_token, &old) == OCI_OK)
        f->answer.refresh_token = NULL;
    oci_secret_free(old);
    oci_free(family);
}

static void over(struct oci_token_fetch *f, int rc, int status)
{
    struct token *t = f->owner;
    struct oci_token_cache *c = f->net->tokens;
    struct oci_link waiters, *l;
    t->fetch = NULL;
    if (rc == OCI_OK) {
        oci_secret_free(t->text);
        t->text = f->answer.token;
        f->answer.token = NULL;
        t->life_ms = f->answer.lifetime_s * 1000;
        t->until_ms = oci_token_until_ms(f->asked_ms, f->answer.lifetime_s);
        keep_refresh(c, t, f);
        if (f->answer.ambiguous)
            oci_net_warn(f->net, "the token server of %s answers with two different tokens", f->name);
    }
    oci_list_init(&waiters);
    oci_list_splice(&waiters, &f->waiters);
    /* The text may be replaced or evicted while a waiter goes on: each gets what is there now. */
    char *text = rc == OCI_OK ? oci_strdup(t->text) : NULL;
    if (rc == OCI_OK && !text)
        rc = oci_err_no_memory(&f->err);
    for (l = waiters.next; l != &waiters; l = l->next)
        OCI_OWNER(l, struct oci_token_waiter, link)->fetch = NULL;
    while ((l = oci_list_pop(&waiters)) != NULL) {
        struct oci_token_waiter *w = OCI_OWNER(l, struct oci_token_waiter, link);
        w->ready(w, text, rc, status, &f->err);
    }
    oci_secret_free(text);
    oci_token_fetch_free(f);
}

static int fetch(struct token *t, const struct oci_token_ask *ask, struct oci_err *reterr)
{
    struct oci_token_cache *c = ask->origin->net->tokens;
    const char *refresh = ask->login->credential.identity_token;
    if (refresh) {
        char *family = oci_strndup(t->key, t->family_len);
        const char *newest = family ? oci_map_get(&c->refresh, family) : NULL;
        refresh = newest ? newest : refresh;
        oci_free(family);
    }
    struct oci_token_fetch *f = oci_token_fetch_new(ask, refresh);
    if (!f)
        return oci_err_no_memory(reterr);
    f->over = over;
    f->owner = t;
    int rc = oci_token_fetch_start(f, reterr);
    if (rc != OCI_OK) {
        oci_token_fetch_free(f);
        return rc;
    }
    t->fetch = f;
    return OCI_OK;
}

static int get(const struct oci_token_ask *ask, const struct oci_buf *key, size_t family_len,
               struct oci_token_waiter *w, const char **ret_token, struct oci_err *reterr)
{
    struct oci_token_cache *c = ask->origin->net->tokens;
    struct token *exact = NULL, *t = find(c, ask, key, family_len, &exact);
    if (t) {
        *ret_token = t->text;
        return OCI_OK;
    }
    t = exact ? exact : add(c, ask, key, family_len);
    if (!t)
        return oci_err_no_memory(reterr);
    int rc = t->fetch ? OCI_OK : fetch(t, ask, reterr);
    if (rc != OCI_OK)
        return rc;
    w->fetch = t->fetch;
    oci_list_append(&t->fetch->waiters, &w->link);
    return OCI_PAUSED;
}

int oci_token_get(const struct oci_token_ask *ask, struct oci_token_waiter *w, const char **ret_token,
                  struct oci_err *reterr)
{
    struct oci_buf key;
    size_t family_len = 0;
    oci_buf_init(&key, 1u << 20);
    int rc = make_key(ask, &key, &family_len);
    if (rc == OCI_OK)
        rc = get(ask, &key, family_len, w, ret_token, reterr);
    else
        rc = oci_err_set(reterr, rc, "the request for a token does not fit into memory or its limit");
    oci_buf_done(&key);
    return rc;
}

void oci_token_unwait(struct oci_token_waiter *w)
{
    struct oci_token_fetch *f = w->fetch;
    w->fetch = NULL;
    oci_list_remove(&w->link);
    if (!f || !oci_list_empty(&f->waiters))
        return;
    struct token *t = f->owner;
    t->fetch = NULL;
    oci_token_fetch_free(f);
}

void oci_token_refused(struct oci_net *n, const char *token)
{
    struct oci_token_cache *c = n->tokens;
    for (struct oci_link *l = c->used.next; l != &c->used; l = l->next) {
        struct token *t = OCI_OWNER(l, struct token, used);
        if (t->text && strcmp(t->text, token) == 0) {
            oci_secret_free(t->text);
            t->text = NULL;
        }
    }
}
