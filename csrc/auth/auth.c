#include "auth/auth.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "auth/keys.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "json/json.h"
#include "sys/clock.h"
#include "sys/file.h"

#define MAX_SECRET (64u << 10)
#define MAX_HELPER 64 /* a suffix longer than this is no program's name */

void oci_credential_done(struct oci_credential *c)
{
    oci_secret_free(c->username);
    oci_secret_free(c->password);
    oci_secret_free(c->token);
    oci_secret_free(c->identity_token);
    *c = (struct oci_credential){0};
}

int oci_credential_copy(const struct oci_credential *from, struct oci_credential *ret_c)
{
    struct oci_credential c = {
        .username = oci_strdup(from->username),
        .password = oci_strdup(from->password),
        .token = oci_strdup(from->token),
        .identity_token = oci_strdup(from->identity_token),
    };
    if (!c.username != !from->username || !c.password != !from->password || !c.token != !from->token ||
        !c.identity_token != !from->identity_token) {
        oci_credential_done(&c);
        return OCI_NO_MEMORY;
    }
    *ret_c = c;
    return OCI_OK;
}

/* One look-up: what is asked for, in which file. */
struct lookup {
    const char *registry, *repository;
    const char *path;
    struct oci_err *err;
};

/* Says what is wrong with an entry, never what it holds. */
static int bad_entry(const struct lookup *l, const char *key, const char *what)
{
    return oci_err_set(l->err, OCI_INVALID, "the entry for %.200s in %.100s %s", key, l->path, what);
}

/* "user:password" in base64, as docker writes it: some writers padded the decoded text with NULs, others left the
 * padding of the encoded out. A password may contain ':'. */
static int decode_auth(const struct lookup *l, const char *key, const char *auth, struct oci_credential *ret_c)
{
    struct oci_buf b;
    oci_buf_init(&b, MAX_SECRET);
    int rc = oci_base64_decode(&b, auth, strlen(auth), 0);
    if (rc == OCI_NO_MEMORY) {
        oci_err_no_memory(l->err);
    } else if (rc != OCI_OK) {
        rc = bad_entry(l, key, "has an auth that is not base64");
    } else {
        while (b.len > 0 && b.p[b.len - 1] == '\0')
            b.len--;
        struct oci_str user, password;
        if (memchr(b.p, '\0', b.len))
            rc = bad_entry(l, key, "has an auth with a NUL in it");
        else if (!oci_str_cut((struct oci_str){b.p, b.len}, ':', &user, &password) || user.len == 0)
            rc = bad_entry(l, key, "has an auth that is not user:password in base64");
        if (rc == OCI_OK) {
            ret_c->username = oci_strndup(user.p, user.len);
            ret_c->password = oci_strndup(password.p, password.len);
            if (!ret_c->username || !ret_c->password)
                rc = oci_err_no_memory(l->err);
        }
    }
    if (b.p)
        oci_cleanse(b.p, b.cap);
    oci_buf_done(&b);
    return rc;
}

/* A member that is a string with something in it; NULL when missing or "". */
static int text(const struct lookup *l, const char *key, const struct oci_json *entry, const char *name,
                const char **ret_s)
{
    const struct oci_json *v = oci_json_get(entry, name);
    const char *s = oci_json_string(v);
    if (v && !s && oci_json_kind(v) != OCI_JSON_NULL) {
        char what[64];
        snprintf(what, sizeof what, "has a member that is not a string: %s", name);
        return bad_entry(l, key, what);
    }
    *ret_s = s && *s ? s : NULL;
    return OCI_OK;
}

struct entry {
    const char *auth, *username, *password, *identity, *token;
};

static int read_entry(const struct lookup *l, const char *key, const struct oci_json *v, struct entry *ret_e)
{
    if (oci_json_kind(v) != OCI_JSON_OBJECT)
        return bad_entry(l, key, "is not an object");
    int rc = text(l, key, v, "auth", &ret_e->auth);
    if (rc == OCI_OK)
        rc = text(l, key, v, "username", &ret_e->username);
    if (rc == OCI_OK)
        rc = text(l, key, v, "password", &ret_e->password);
    if (rc == OCI_OK)
        rc = text(l, key, v, "identitytoken", &ret_e->identity);
    if (rc == OCI_OK)
        rc = text(l, key, v, "registrytoken", &ret_e->token);
    return rc;
}

/* What docker sends first comes first: a registry token as it is, an identity token to the token server, then the
 * name and password. An entry without any of them is docker's mark of a login kept by a helper: no credential. */
static int use_entry(const struct lookup *l, const char *key, const struct oci_json *v, struct oci_credential *ret_c)
{
    struct entry e;
    int rc = read_entry(l, key, v, &e);
    if (rc != OCI_OK)
        return rc;
    bool full = true;
    if (e.token) {
        full = (ret_c->token = oci_strdup(e.token)) != NULL;
    } else if (e.identity) {
        full = (ret_c->identity_token = oci_strdup(e.identity)) != NULL;
    } else if (e.auth) {
        return decode_auth(l, key, e.auth, ret_c);
    } else if (e.username && e.password) {
        ret_c->username = oci_strdup(e.username);
        ret_c->password = oci_strdup(e.password);
        full = ret_c->username && ret_c->password;
    } else {
        return OCI_NOT_FOUND;
    }
    return full ? OCI_OK : oci_err_no_memory(l->err);
}

/* ---- which entry ---------------------------------------------------------------------------- */

/* The entry for this look-up with a credential in it, the best key first. OCI_NOT_FOUND: there is none. */
static int search_auths(const struct lookup *l, const struct oci_json *auths, struct oci_credential *ret_c)
{
    struct oci_auth_rank worse = {0};
    for (;;) {
        const struct oci_json *best = NULL;
        struct oci_auth_rank best_rank = {0};
        for (const struct oci_json *m = oci_json_first(auths); m; m = oci_json_next(m)) {
            struct oci_auth_rank rank;
            if (!oci_auth_match(oci_json_key(m), l->registry, l->repository, &rank))
                continue;
            if (worse.key && oci_auth_rank_compare(&rank, &worse) <= 0)
                continue; /* looked at in a round before */
            if (!best || oci_auth_rank_compare(&rank, &best_rank) < 0) {
                best = m;
                best_rank = rank;
            }
        }
        if (!best)
            return OCI_NOT_FOUND;
        int rc = use_entry(l, oci_json_key(best), best, ret_c);
        if (rc != OCI_NOT_FOUND)
            return rc;
        worse = best_rank;
    }
}

/* The suffix of the helper that keeps this registry's credentials, or NULL: credHelpers wins over credsStore, and an
 * empty name in it means the file, for docker too. Helpers are named for hosts only. */
static int find_helper(const struct lookup *l, const struct oci_json *root, const char **ret_suffix)
{
    const struct oci_json *helpers = oci_json_get(root, "credHelpers"), *v = NULL;
    struct oci_auth_rank best = {0};
    for (const struct oci_json *m = oci_json_first(helpers); m; m = oci_json_next(m)) {
        struct oci_auth_rank rank;
        if (!oci_auth_match(oci_json_key(m), l->registry, NULL, &rank))
            continue;
        if (!v || oci_auth_rank_compare(&rank, &best) < 0) {
            v = m;
            best = rank;
        }
    }
    const char *where = v ? "credHelpers" : "credsStore";
    if (!v)
        v = oci_json_get(root, "credsStore");
    const char *suffix = oci_json_string(v);
    if (v && !suffix && oci_json_kind(v) != OCI_JSON_NULL)
        return oci_err_set(l->err, OCI_INVALID, "in %.200s, %s does not name a helper by a string", l->path, where);
    *ret_suffix = suffix && *suffix ? suffix : NULL;
    return OCI_OK;
}

static bool is_helper_name(const char *s)
{
    size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return s[len] == '\0' && len <= MAX_HELPER && !strchr("._-", s[0]);
}

static int search_root(const struct lookup *l, const struct oci_json *root, struct oci_credential *ret_c)
{
    const struct oci_json *auths = oci_json_get(root, "auths"), *helpers = oci_json_get(root, "credHelpers");
    if (oci_json_kind(root) != OCI_JSON_OBJECT)
        return oci_err_set(l->err, OCI_INVALID, "%.300s is not a JSON object", l->path);
    for (int i = 0; i < 2; i++) {
        const struct oci_json *v = i == 0 ? auths : helpers;
        if (v && oci_json_kind(v) != OCI_JSON_OBJECT && oci_json_kind(v) != OCI_JSON_NULL)
            return oci_err_set(l->err, OCI_INVALID, "in %.200s, %s is not an object", l->path,
                               i == 0 ? "auths" : "credHelpers");
    }
    const char *suffix = NULL;
    int rc = find_helper(l, root, &suffix);
    if (rc != OCI_OK)
        return rc;
    if (suffix && !is_helper_name(suffix))
        return oci_err_set(l->err, OCI_INVALID, "in %.200s, the credential helper for %.100s has an impossible name",
                           l->path, l->registry);
    if (suffix)
        return oci_err_set(l->err, OCI_UNSUPPORTED,
                           "credentials for %.100s are kept by the helper docker-credential-%s (named in %.100s), "
                           "which is not supported yet; give credentials explicitly",
                           l->registry, suffix, l->path);
    rc = search_auths(l, auths, ret_c);
    return rc == OCI_NOT_FOUND ? OCI_OK : rc; /* nothing for it: anonymous */
}

/* ---- the file ------------------------------------------------------------------------------- */

/* Overwrites every string of the tree; the tree is about to be freed and is ours. */
static void cleanse(const struct oci_json *v)
{
    const char *s = oci_json_string(v);
    if (s)
        oci_cleanse((void *)(uintptr_t)s, strlen(s));
    for (const struct oci_json *m = oci_json_first(v); m; m = oci_json_next(m))
        cleanse(m);
}

/* The JSON reader's own text may show a key: only the place is taken over. */
static int not_json(const struct lookup *l, int rc, const struct oci_err *why)
{
    if (rc == OCI_NO_MEMORY)
        return oci_err_no_memory(l->err);
    const char *at = strstr(why->text, "at byte ");
    size_t len = at ? strlen("at byte ") + strspn(at + strlen("at byte "), "0123456789") : 0;
    return oci_err_set(l->err, OCI_INVALID, "%.300s is not valid JSON%s%.*s", l->path, len ? ", wrong " : "", (int)len,
                       at ? at : "");
}

static int search_file(const struct lookup *l, struct oci_credential *ret_c)
{
    struct oci_bytes *bytes = NULL;
    struct oci_err err = {0};
    int rc = oci_file_read_all(OCI_CWD, l->path, OCI_MAX_CONFIG_FILE, &bytes, &err);
    if (rc == OCI_NOT_FOUND)
        return OCI_OK;
    if (rc != OCI_OK) {
        oci_err_wrap(&err, "looking for credentials");
        return oci_err_copy(l->err, &err);
    }
    struct oci_json *root = NULL;
    rc = oci_json_parse(bytes->p, bytes->len, OCI_MAX_CONFIG_FILE, &root, &err);
    if (rc == OCI_OK) {
        struct oci_credential found = {0};
        rc = search_root(l, root, &found);
        if (rc == OCI_OK)
            *ret_c = found;
        else
            oci_credential_done(&found);
        cleanse(root);
        oci_json_free(root);
    } else {
        rc = not_json(l, rc, &err);
    }
    oci_cleanse((void *)(uintptr_t)bytes->p, bytes->len);
    oci_bytes_unref(bytes);
    return rc;
}

int oci_auth_find(const char *registry, const char *repository, struct oci_credential *ret_c, struct oci_err *reterr)
{
    const char *dir = oci_env("DOCKER_CONFIG"), *home = oci_env("HOME");
    *ret_c = (struct oci_credential){0};
    if (!dir && !home)
        return OCI_OK;
    char *path = dir ? oci_asprintf("%s/config.json", dir) : oci_asprintf("%s/.docker/config.json", home);
    if (!path)
        return oci_err_no_memory(reterr);
    struct lookup l = {.registry = registry, .repository = repository, .path = path, .err = reterr};
    int rc = search_file(&l, ret_c);
    oci_free(path);
    return rc;
}
