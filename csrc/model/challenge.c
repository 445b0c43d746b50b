#include "model/challenge.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* security-quirks 1.2, 6: no line of a sane server comes near these. */
#define LINE_MAX_BYTES 8192
#define PARAMS_MAX 32

struct parser {
    const char *p;
    size_t len, at;
};

/* One challenge while it is read; its texts are handed over when it is complete. */
struct draft {
    struct oci_challenge c;
    size_t params;
    bool dropped;
};

/* RFC 7230 section 3.2.6. */
static bool is_tchar(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

/* RFC 7235 section 2.1, without the '=' at the end. */
static bool is_token68(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~+/", c));
}

static char peek(const struct parser *p)
{
    return p->at < p->len ? p->p[p->at] : '\0';
}

static bool at_end(const struct parser *p)
{
    return p->at >= p->len;
}

static void skip_space(struct parser *p)
{
    while (peek(p) == ' ' || peek(p) == '\t')
        p->at++;
}

/* List members may be empty (RFC 7230 section 7). True when a comma was there. */
static bool skip_commas(struct parser *p)
{
    bool comma = false;
    for (skip_space(p); peek(p) == ','; skip_space(p)) {
        comma = true;
        p->at++;
    }
    return comma;
}

static struct oci_str take_while(struct parser *p, bool (*is)(char))
{
    size_t start = p->at;
    while (!at_end(p) && is(p->p[p->at]))
        p->at++;
    return (struct oci_str){p->p + start, p->at - start};
}

/* Does `token OWS "="` come next, and is it not the end of a token68 ("abc=", "abc==")? */
static bool param_follows(const struct parser *p)
{
    struct parser ahead = *p;
    if (take_while(&ahead, is_tchar).len == 0)
        return false;
    skip_space(&ahead);
    if (peek(&ahead) != '=')
        return false;
    ahead.at++;
    skip_space(&ahead);
    return !at_end(&ahead) && peek(&ahead) != '=' && peek(&ahead) != ',';
}

/* At the opening quote: the unescaped content, into memory of its own. */
static int read_quoted(struct parser *p, char **ret_value)
{
    size_t start = ++p->at;
    size_t end = start;
    while (end < p->len && p->p[end] != '"')
        end += p->p[end] == '\\' ? 2 : 1;
    if (end >= p->len)
        return OCI_INVALID;
    char *value = oci_alloc(end - start + 1);
    if (!value)
        return OCI_NO_MEMORY;
    size_t n = 0;
    for (size_t i = start; i < end; i++) {
        if (p->p[i] == '\\')
            i++;
        value[n++] = p->p[i];
    }
    value[n] = '\0';
    p->at = end + 1;
    /* A NUL would hide what follows it. */
    if (strlen(value) != n)
        value[0] = '\1';
    *ret_value = value;
    return OCI_OK;
}

/* More than a token: some servers leave the quotes out around a URL. */
static bool is_bare(char c)
{
    return c != ' ' && c != '\t' && c != ',' && c != '"';
}

static int read_value(struct parser *p, char **ret_value)
{
    if (peek(p) == '"')
        return read_quoted(p, ret_value);
    struct oci_str bare = take_while(p, is_bare);
    if (bare.len == 0)
        return OCI_INVALID;
    char *value = oci_strndup(bare.p, bare.len);
    if (!value)
        return OCI_NO_MEMORY;
    if (strlen(value) != bare.len)
        value[0] = '\1';
    *ret_value = value;
    return OCI_OK;
}

static void store(struct draft *d, struct oci_str name, char *take_value)
{
    char **to = oci_str_eq_nocase(name, "realm")     ? &d->c.realm
                : oci_str_eq_nocase(name, "service") ? &d->c.service
                : oci_str_eq_nocase(name, "scope")   ? &d->c.scope
                : oci_str_eq_nocase(name, "error")   ? &d->c.error
                                                     : NULL;
    /* These end in a URL, a header or a message; other parameters are nobody's business. */
    if (to && !oci_str_is_printable(oci_str_of(take_value)))
        d->dropped = true;
    /* The first wins; two realms are an attack on whoever takes the other one. */
    if (to == &d->c.realm && *to && strcmp(*to, take_value) != 0)
        d->dropped = true;
    if (to && !*to)
        *to = take_value;
    else
        oci_free(take_value);
}

static int read_param(struct parser *p, struct draft *d)
{
    char *value = NULL;
    struct oci_str name = take_while(p, is_tchar);
    skip_space(p);
    p->at++; /* the '=' that param_follows() saw */
    skip_space(p);
    int rc = ++d->params > PARAMS_MAX ? OCI_INVALID : read_value(p, &value);
    if (rc)
        return rc;
    store(d, name, value);
    skip_space(p);
    return at_end(p) || peek(p) == ',' ? OCI_OK : OCI_INVALID;
}

static int read_token68(struct parser *p)
{
    if (take_while(p, is_token68).len == 0)
        return OCI_INVALID;
    while (peek(p) == '=')
        p->at++;
    skip_space(p);
    return at_end(p) || peek(p) == ',' ? OCI_OK : OCI_INVALID;
}

/* scheme [ 1*SP ( token68 / #auth-param ) ]: only looking ahead tells whether what follows a comma is the next
 * parameter or the next challenge. */
static int read_challenge(struct parser *p, struct draft *d)
{
    struct oci_str scheme = take_while(p, is_tchar);
    if (scheme.len == 0 || !(at_end(p) || peek(p) == ' ' || peek(p) == '\t' || peek(p) == ','))
        return OCI_INVALID;
    d->c.scheme = oci_str_eq_nocase(scheme, "basic")    ? OCI_SCHEME_BASIC
                  : oci_str_eq_nocase(scheme, "bearer") ? OCI_SCHEME_BEARER
                                                        : OCI_SCHEME_OTHER;
    bool comma = skip_commas(p);
    if (!comma && !at_end(p) && !param_follows(p))
        return read_token68(p);
    while (param_follows(p)) {
        int rc = read_param(p, d);
        if (rc)
            return rc;
        skip_commas(p);
    }
    return OCI_OK;
}

static void challenge_done(struct oci_challenge *c)
{
    oci_free(c->realm);
    oci_free(c->service);
    oci_free(c->scope);
    oci_free(c->error);
    *c = (struct oci_challenge){0};
}

int oci_challenges_add(struct oci_challenges *c, const char *line, size_t len)
{
    struct parser p = {.p = line, .len = len};
    if (len > LINE_MAX_BYTES)
        return OCI_OK;
    for (skip_commas(&p); !at_end(&p) && c->count < OCI_CHALLENGES_MAX; skip_commas(&p)) {
        struct draft d = {0};
        int rc = read_challenge(&p, &d);
        if (rc || d.dropped)
            challenge_done(&d.c);
        else
            c->items[c->count++] = d.c;
        /* Where a malformed one ends nobody can tell: the rest of the line is lost. */
        if (rc)
            return rc == OCI_NO_MEMORY ? rc : OCI_OK;
    }
    return OCI_OK;
}

void oci_challenges_done(struct oci_challenges *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        challenge_done(&c->items[i]);
    c->count = 0;
}

const struct oci_challenge *oci_challenges_choose(const struct oci_challenges *c)
{
    const struct oci_challenge *basic = NULL;
    for (size_t i = 0; i < c->count; i++) {
        const struct oci_challenge *item = &c->items[i];
        if (item->scheme == OCI_SCHEME_BEARER && item->realm && *item->realm)
            return item;
        if (item->scheme == OCI_SCHEME_BASIC && !basic)
            basic = item;
    }
    return basic;
}
