#include "net/url.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

void oci_url_done(struct oci_url *u)
{
    oci_free(u->text);
    memset(u, 0, sizeof *u);
}

int oci_url_copy(const struct oci_url *from, struct oci_url *ret_url)
{
    char *text = oci_strdup(from->text);
    if (from->text && !text)
        return OCI_NO_MEMORY;
    *ret_url = *from;
    ret_url->text = text;
    return OCI_OK;
}

/* RFC 3986 forbids these everywhere; a backslash is a slash to some readers and not to others. Bytes above 0x7f
 * are left to the server that sent them. */
static bool forbidden(struct oci_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= 0x20 || c == 0x7f || c == '\\')
            return true;
    }
    return false;
}

/* The length of "scheme:" at the beginning of a reference (RFC 3986 section 3.1), or 0. */
static size_t scheme_length(struct oci_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = oci_lower(s.p[i]);
        if (c == ':')
            return i > 0 ? i + 1 : 0;
        bool letter = c >= 'a' && c <= 'z';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return 0;
    }
    return 0;
}

static struct oci_str tail(struct oci_str s, size_t from)
{
    return (struct oci_str){s.p + from, s.len - from};
}

static struct oci_str without_fragment(struct oci_str s)
{
    const char *hash = s.len ? memchr(s.p, '#', s.len) : NULL;
    return hash ? (struct oci_str){s.p, (size_t)(hash - s.p)} : s;
}

/* Splits "host:port" that oci_host_parse() has accepted. */
static void split_port(char *host, bool https, unsigned *ret_port)
{
    char *colon = strrchr(host, ':');
    *ret_port = https ? 443 : 80;
    if (!colon || strchr(colon, ']'))
        return;
    uint64_t port = 0;
    oci_str_to_u64(oci_str_of(colon + 1), 65535, &port);
    *ret_port = (unsigned)port;
    *colon = '\0';
}

static int parse_authority(struct oci_str a, struct oci_url *u, struct oci_err *reterr)
{
    if (a.len && memchr(a.p, '@', a.len))
        return oci_err_set(reterr, OCI_INVALID, "a URL with user information is not taken");
    if (a.len && a.p[a.len - 1] == ':') /* RFC 3986 section 3.2.3: an empty port is the scheme's own */
        a.len--;
    const char *why = NULL;
    if (oci_host_parse(a, u->host, &why) != OCI_OK)
        return oci_err_set(reterr, OCI_INVALID, "a URL is not valid: %s", why);
    split_port(u->host, u->https, &u->port);
    return OCI_OK;
}

static int set_text(struct oci_url *u, struct oci_str rest, struct oci_err *reterr)
{
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_URL);
    int rc = oci_buf_addf(&b, "http%s://%s", u->https ? "s" : "", u->host);
    if (rc == OCI_OK && u->port != (u->https ? 443u : 80u))
        rc = oci_buf_addf(&b, ":%u", u->port);
    u->path = b.len;
    if (rc == OCI_OK && (rest.len == 0 || rest.p[0] != '/')) /* "https://host?query" */
        rc = oci_buf_add_char(&b, '/');
    if (rc == OCI_OK)
        rc = oci_buf_add(&b, rest.p, rest.len);
    if (rc == OCI_OK && !(u->text = oci_buf_take(&b)))
        rc = OCI_NO_MEMORY;
    oci_buf_done(&b);
    if (rc == OCI_LIMIT)
        return oci_err_set(reterr, rc, "a URL is longer than %u bytes", OCI_MAX_URL);
    return rc == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
}

/* What comes after "scheme:" is `s`, and begins with "//". */
static int parse_after_scheme(bool https, struct oci_str s, struct oci_url *ret_url, struct oci_err *reterr)
{
    struct oci_url u = {.https = https};
    s = tail(s, 2);
    size_t end = 0;
    while (end < s.len && s.p[end] != '/' && s.p[end] != '?')
        end++;
    int rc = parse_authority((struct oci_str){s.p, end}, &u, reterr);
    if (rc == OCI_OK)
        rc = set_text(&u, tail(s, end), reterr);
    if (rc == OCI_OK)
        *ret_url = u;
    return rc;
}

int oci_url_parse(const char *p, size_t len, struct oci_url *ret_url, struct oci_err *reterr)
{
    struct oci_str s = without_fragment((struct oci_str){p, len});
    if (s.len > OCI_MAX_URL)
        return oci_err_set(reterr, OCI_LIMIT, "a URL is longer than %u bytes", OCI_MAX_URL);
    if (forbidden(s))
        return oci_err_set(reterr, OCI_INVALID, "a URL with control characters, spaces or backslashes is not taken");
    size_t scheme = scheme_length(s);
    struct oci_str name = {s.p, scheme ? scheme - 1 : 0};
    bool https = oci_str_eq_nocase(name, "https");
    if (!https && !oci_str_eq_nocase(name, "http"))
        return oci_err_set(reterr, OCI_INVALID, "a URL that is neither http nor https is not taken");
    s = tail(s, scheme);
    if (s.len < 2 || s.p[0] != '/' || s.p[1] != '/')
        return oci_err_set(reterr, OCI_INVALID, "a URL has no host");
    return parse_after_scheme(https, s, ret_url, reterr);
}

/* RFC 3986 section 5.2.4, over a path without query. */
static int add_without_dots(struct oci_buf *b, struct oci_str path)
{
    size_t begin = b->len;
    while (path.len > 0) {
        size_t n = 1; /* a "/" and the segment after it */
        while (n < path.len && path.p[n] != '/')
            n++;
        struct oci_str seg = {path.p, n};
        bool last = n == path.len;
        path = tail(path, n);
        if (oci_str_eq(seg, "/.") || oci_str_eq(seg, "/..")) {
            if (seg.len == 3) {
                while (b->len > begin && b->p[b->len - 1] != '/')
                    b->len--;
                if (b->len > begin)
                    b->len--;
            }
            if (last && oci_buf_add_char(b, '/') != OCI_OK)
                return OCI_LIMIT;
            continue;
        }
        int rc = oci_buf_add(b, seg.p, seg.len);
        if (rc != OCI_OK)
            return rc;
    }
    return OCI_OK;
}

/* The path and query of `ref`, which has no authority, against base's path (RFC 3986 sections 5.2.2, 5.2.3). */
static int add_target(struct oci_buf *b, struct oci_str base, struct oci_str ref)
{
    struct oci_str base_path = base, base_query = {0}, path = ref, query = {0}, cut;
    bool has_query = oci_str_cut(ref, '?', &path, &query);
    if (oci_str_cut(base, '?', &cut, &base_query))
        base_path = cut;
    struct oci_buf merged;
    oci_buf_init(&merged, 2 * OCI_MAX_URL);
    int rc = OCI_OK;
    if (path.len == 0) {
        rc = oci_buf_add(b, base_path.p, base_path.len);
        if (rc == OCI_OK && !has_query && base_query.p)
            rc = oci_buf_addf(b, "?%.*s", (int)base_query.len, base_query.p);
    } else if (path.p[0] == '/') {
        rc = add_without_dots(b, path);
    } else {
        while (base_path.len > 0 && base_path.p[base_path.len - 1] != '/')
            base_path.len--;
        rc = oci_buf_add(&merged, base_path.p, base_path.len);
        if (rc == OCI_OK)
            rc = oci_buf_add(&merged, path.p, path.len);
        if (rc == OCI_OK)
            rc = add_without_dots(b, (struct oci_str){merged.p, merged.len});
    }
    oci_buf_done(&merged);
    if (rc == OCI_OK && has_query) {
        rc = oci_buf_add_char(b, '?');
        if (rc == OCI_OK)
            rc = oci_buf_add(b, query.p, query.len);
    }
    return rc;
}

int oci_url_resolve(const struct oci_url *base, const char *ref, struct oci_url *ret_url, struct oci_err *reterr)
{
    struct oci_str s = without_fragment(oci_str_trim(oci_str_of(ref)));
    if (s.len == 0)
        return oci_err_set(reterr, OCI_INVALID, "a URL is empty");
    if (scheme_length(s) > 0)
        return oci_url_parse(s.p, s.len, ret_url, reterr);
    if (s.len > OCI_MAX_URL)
        return oci_err_set(reterr, OCI_LIMIT, "a URL is longer than %u bytes", OCI_MAX_URL);
    if (forbidden(s))
        return oci_err_set(reterr, OCI_INVALID, "a URL with control characters, spaces or backslashes is not taken");
    if (s.len >= 2 && s.p[0] == '/' && s.p[1] == '/')
        return parse_after_scheme(base->https, s, ret_url, reterr);
    struct oci_buf b;
    oci_buf_init(&b, 2 * OCI_MAX_URL);
    int rc = add_target(&b, oci_str_of(base->text + base->path), s);
    struct oci_url u = {.https = base->https, .port = base->port};
    memcpy(u.host, base->host, sizeof u.host);
    if (rc == OCI_OK)
        rc = set_text(&u, (struct oci_str){b.p, b.len}, reterr);
    else
        rc = oci_err_set(reterr, rc, "a URL does not fit into memory or its limit");
    oci_buf_done(&b);
    if (rc == OCI_OK)
        *ret_url = u;
    return rc;
}

int oci_url_make(bool https, const char *hostport, const char *path_and_query, struct oci_url *ret_url,
                 struct oci_err *reterr)
{
    char *text = oci_asprintf("http%s://%s%s", https ? "s" : "", hostport, path_and_query);
    if (!text)
        return oci_err_no_memory(reterr);
    int rc = oci_url_parse(text, strlen(text), ret_url, reterr);
    oci_free(text);
    return rc;
}

bool oci_url_same_origin(const struct oci_url *a, const struct oci_url *b)
{
    return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

void oci_url_origin(const struct oci_url *u, char *buf, size_t size)
{
    snprintf(buf, size, "http%s://%s:%u", u->https ? "s" : "", u->host, u->port);
}

void oci_url_place(const struct oci_url *u, char *buf, size_t size)
{
    if (u->port == (u->https ? 443u : 80u))
        snprintf(buf, size, "%s", u->host);
    else
        snprintf(buf, size, "%s:%u", u->host, u->port);
}

void oci_url_shown(const struct oci_url *u, char *buf, size_t size)
{
    if (size == 0)
        return;
    size_t len = u->text ? strcspn(u->text, "?") : 0;
    if (len >= size)
        len = size - 1;
    if (len)
        memcpy(buf, u->text, len);
    buf[len] = '\0';
    oci_sanitise(buf);
}

int oci_url_upgrade(const struct oci_url *ours, struct oci_url *u, bool *ret_done)
{
    *ret_done = false;
    if (!ours->https || u->https || strcmp(ours->host, u->host) != 0 || (u->port != 80 && u->port != ours->port))
        return OCI_OK;
    struct oci_url better = {.https = true, .port = ours->port};
    memcpy(better.host, u->host, sizeof better.host);
    int rc = set_text(&better, oci_str_of(u->text + u->path), NULL);
    if (rc != OCI_OK)
        return rc;
    oci_url_done(u);
    *u = better;
    *ret_done = true;
    return OCI_OK;
}
