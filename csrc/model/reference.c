#include "model/reference.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

#define DOCKER_HUB "docker.io"
#define SHOWN_MAX 160 /* bytes of a bad reference in an error's text */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool oci_tag_valid(struct oci_str tag)
{
    if (tag.len == 0 || tag.len >= OCI_TAG_MAX)
        return false;
    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.p[i];
        if (!is_alnum(c) && c != '_' && (i == 0 || (c != '.' && c != '-')))
            return false;
    }
    return true;
}

/* [a-z0-9]+ ( ( '.' | '_' | '__' | '-'+ ) [a-z0-9]+ )* */
static bool valid_component(struct oci_str s)
{
    size_t i = 0;
    while (i < s.len) {
        size_t start = i;
        while (i < s.len && is_alnum(s.p[i]) && oci_lower(s.p[i]) == s.p[i])
            i++;
        if (i == start)
            return false;
        if (i == s.len)
            return true;
        if (s.p[i] == '-') {
            while (i < s.len && s.p[i] == '-')
                i++;
        } else if (s.p[i] == '_') {
            i += s.len - i > 1 && s.p[i + 1] == '_' ? 2 : 1;
        } else if (s.p[i] == '.') {
            i++;
        } else {
            return false;
        }
    }
    return false; /* nothing, or a separator at the end */
}

bool oci_repository_valid(struct oci_str name)
{
    struct oci_str first, rest = name;
    if (name.len >= OCI_REPOSITORY_MAX)
        return false;
    while (oci_str_cut(rest, '/', &first, &rest)) {
        if (!valid_component(first))
            return false;
    }
    return valid_component(rest);
}

/* ---- parsing ------------------------------------------------------------------------------- */

/* What is being read, for messages. */
struct parser {
    const char *what;         /* "reference" */
    struct oci_str whole;
    struct oci_reference *ref;
    struct oci_err *err;
};

/* What may be a password: between the first ':' (but that of "://") and the last '@', unless a digest follows. Of length 0:
 * nothing. */
static struct oci_str password_in(struct oci_str s)
{
    struct oci_str none = {s.p, 0};
    const char *end = memrchr(s.p, '@', s.len), *from = s.p;
    if (!end)
        return none;
    size_t after = s.len - (size_t)(end + 1 - s.p);
    if (after >= 3 && memcmp(end + 1, "sha", 3) == 0 && !memchr(end, '.', after + 1) && !memchr(end, '/', after + 1))
        return none;
    while ((from = memchr(from, ':', (size_t)(end - from))) && end - from >= 3 && memcmp(from, "://", 3) == 0)
        from += 3;
    return from ? (struct oci_str){from + 1, (size_t)(end - from - 1)} : none;
}

static size_t show(char *to, size_t room, struct oci_str s)
{
    size_t len = s.len < room ? s.len : room;
    memcpy(to, s.p, len);
    for (size_t i = 0; i < len; i++) {
        if (to[i] == '\0')
            to[i] = '?'; /* the rest is made fit to be shown by oci_err_set() */
    }
    to[len] = '\0';
    if (len == s.len)
        return len;
    memcpy(to + len, "...", 4);
    return len + 3;
}

static int bad(struct parser *p, const char *why)
{
    char shown[SHOWN_MAX + 16];
    struct oci_str secret = password_in(p->whole);
    if (secret.len == 0) {
        show(shown, SHOWN_MAX, p->whole);
    } else {
        const char *end = p->whole.p + p->whole.len, *behind = secret.p + secret.len;
        size_t len = show(shown, SHOWN_MAX / 2, (struct oci_str){p->whole.p, (size_t)(secret.p - p->whole.p)});
        memcpy(shown + len, "...", 3);
        show(shown + len + 3, SHOWN_MAX / 2, (struct oci_str){behind, (size_t)(end - behind)});
    }
    return oci_err_set(p->err, OCI_INVALID, "the %s \"%s\" is not valid: %s", p->what, shown, why);
}

static int parse_digest(struct parser *p, struct oci_str s)
{
    struct oci_err why = {0};
    if (oci_digest_parse(s, &p->ref->digest, &why) != OCI_OK)
        return bad(p, why.text);
    return OCI_OK;
}

static int parse_tag(struct parser *p, struct oci_str s)
{
    if (s.len == 0)
        return bad(p, "nothing follows the ':' of the tag");
    if (!oci_tag_valid(s))
        return bad(p, "a tag is at most 128 letters, digits, '_', '.' and '-', and begins with none of the last two");
    return oci_str_copy(p->ref->tag, sizeof p->ref->tag, s);
}

static size_t last_index(struct oci_str s, char c)
{
    const char *at = s.len > 0 ? memrchr(s.p, c, s.len) : NULL;
    return at ? (size_t)(at - s.p) : s.len;
}

/* Cuts the tag off: it begins at the last ':' that no '/' follows. */
static int cut_tag(struct parser *p, struct oci_str *s)
{
    size_t colon = last_index(*s, ':');
    if (colon == s->len || memchr(s->p + colon, '/', s->len - colon))
        return OCI_OK;
    struct oci_str tag = {s->p + colon + 1, s->len - colon - 1};
    s->len = colon;
    return parse_tag(p, tag);
}

/* In a path '@' is an ordinary character: it starts a digest only if one follows, of a known algorithm or as long as
 * the shortest digest that is worth its name ("oci:pkg@1.0:latest" has none). */
static bool looks_like_digest(struct oci_str s)
{
    struct oci_str algorithm, encoded;
    if (!oci_str_cut(s, ':', &algorithm, &encoded) || (s.len > 0 && memchr(s.p, '/', s.len)))
        return false;
    struct oci_digest d;
    bool known = oci_str_eq(algorithm, OCI_SHA256) || oci_str_eq(algorithm, OCI_SHA512);
    return known || (encoded.len >= 32 && oci_digest_parse(s, &d, NULL) == OCI_OK);
}

/* DIR[:tag][@digest] */
static int parse_path(struct parser *p, enum oci_place place, struct oci_str s)
{
    int rc = OCI_OK;
    p->ref->place = place;
    size_t at = last_index(s, '@');
    struct oci_str digest = at == s.len ? OCI_STR("") : (struct oci_str){s.p + at + 1, s.len - at - 1};
    if (looks_like_digest(digest)) {
        s.len = at;
        rc = parse_digest(p, digest);
    }
    if (rc == OCI_OK)
        rc = cut_tag(p, &s);
    if (rc)
        return rc;
    if (s.len == 0)
        return bad(p, place == OCI_PLACE_MEMORY ? "it names nothing" : "it has no path");
    if (s.len >= OCI_MAX_PATH)
        return bad(p, "its path is too long");
    if (place == OCI_PLACE_MEMORY && memchr(s.p, ':', s.len))
        return bad(p, "a name in memory has no ':'");
    p->ref->path = oci_strndup(s.p, s.len);
    return p->ref->path ? OCI_OK : oci_err_no_memory(p->err);
}

static bool is_docker_hub(const char *host)
{
    return oci_str_equal(host, DOCKER_HUB) || oci_str_equal(host, "index.docker.io") ||
           oci_str_equal(host, "registry-1.docker.io") || oci_str_equal(host, "registry.hub.docker.com");
}

static int parse_host(struct parser *p, struct oci_str host)
{
    const char *why = NULL;
    if (oci_host_parse(host, p->ref->registry, &why) != OCI_OK)
        return bad(p, why);
    if (is_docker_hub(p->ref->registry))
        oci_str_copy(p->ref->registry, sizeof p->ref->registry, OCI_STR(DOCKER_HUB));
    return OCI_OK;
}

static int parse_repository(struct parser *p, struct oci_str name)
{
    const char *prefix = "";
    if (oci_str_equal(p->ref->registry, DOCKER_HUB) && name.len > 0 && !memchr(name.p, '/', name.len))
        prefix = "library/"; /* Docker Hub's official images */
    size_t before = strlen(prefix);
    if (name.len == 0)
        return bad(p, "it names no repository");
    if (before + name.len >= OCI_REPOSITORY_MAX)
        return bad(p, "a repository's name has at most 255 characters");
    if (!oci_repository_valid(name))
        return bad(p, "a repository's name is lower-case letters and digits, with '.', '_', '__' or '-' only between "
                      "them, and '/' between its parts");
    memcpy(p->ref->repository, prefix, before);
    memcpy(p->ref->repository + before, name.p, name.len);
    p->ref->repository[before + name.len] = '\0';
    return OCI_OK;
}

/* docker's rule: the part before the first '/' is a host if it has a '.', a ':' or an upper-case letter, or is
 * "localhost" (distribution/reference, splitDockerDomain). A bracket begins an IPv6 address. */
static bool is_host(struct oci_str first)
{
    if (oci_str_eq(first, "localhost"))
        return true;
    for (size_t i = 0; i < first.len; i++) {
        char c = first.p[i];
        if (c == '.' || c == ':' || c == '[' || (c >= 'A' && c <= 'Z'))
            return true;
    }
    return false;
}

/* [registry[:port]/]repository[:tag][@digest]; `host`: the first part is the host whatever it looks like. */
static int parse_name(struct parser *p, struct oci_str s, bool host)
{
    struct oci_str name, digest;
    if (!oci_str_cut(s, '@', &name, &digest)) {
        name = s;
    } else {
        if (memchr(digest.p, '/', digest.len))
            return bad(p, "a user name or password does not belong into it");
        if (memchr(digest.p, '@', digest.len))
            return bad(p, "what follows the '@' is not a digest");
        int rc = parse_digest(p, digest);
        if (rc)
            return rc;
    }
    struct oci_str first, rest;
    bool parts = oci_str_cut(name, '/', &first, &rest);
    if (!parts && host)
        return bad(p, "it names no repository");
    int rc = OCI_OK;
    if (parts && (host || is_host(first))) {
        rc = parse_host(p, first);
        name = rest;
    } else {
        oci_str_copy(p->ref->registry, sizeof p->ref->registry, OCI_STR(DOCKER_HUB));
    }
    if (rc == OCI_OK)
        rc = cut_tag(p, &name);
    return rc ? rc : parse_repository(p, name);
}

static bool cut_prefix(struct oci_str *s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (s->len < n || memcmp(s->p, prefix, n) != 0)
        return false;
    s->p += n;
    s->len -= n;
    return true;
}

static int parse_any(struct parser *p)
{
    struct oci_str s = p->whole;
    if (cut_prefix(&s, "oci://"))
        return parse_name(p, s, true);
    if (cut_prefix(&s, "oci:"))
        return parse_path(p, OCI_PLACE_LAYOUT, s);
    if (cut_prefix(&s, "oci-archive:"))
        return parse_path(p, OCI_PLACE_ARCHIVE, s);
    if (cut_prefix(&s, "memory:"))
        return parse_path(p, OCI_PLACE_MEMORY, s);
    if (s.len > 0 && memmem(s.p, s.len, "://", 3))
        return bad(p, "it begins with a host's name, not with a scheme like \"https://\"");
    return parse_name(p, s, false);
}

static int check_text(struct parser *p)
{
    if (p->whole.len == 0)
        return oci_err_set(p->err, OCI_INVALID, "the %s is empty", p->what);
    if (!oci_str_is_printable(p->whole))
        return bad(p, "it has control characters or is not UTF-8");
    return OCI_OK;
}

int oci_reference_parse(const char *p, size_t len, struct oci_reference *ret_ref, struct oci_err *reterr)
{
    struct oci_reference ref = {0};
    struct parser parser = {.what = "reference", .whole = {p, len}, .ref = &ref, .err = reterr};
    int rc = check_text(&parser);
    if (rc == OCI_OK)
        rc = parse_any(&parser);
    if (rc) {
        oci_reference_done(&ref);
        return rc;
    }
    *ret_ref = ref;
    return OCI_OK;
}

int oci_reference_parse_registry(const char *p, size_t len, struct oci_reference *ret_ref, struct oci_err *reterr)
{
    struct oci_reference ref = {0};
    struct parser parser = {.what = "registry", .whole = {p, len}, .ref = &ref, .err = reterr};
    int rc = check_text(&parser);
    struct oci_str s = parser.whole;
    cut_prefix(&s, "oci://");
    if (s.len > 1 && s.p[s.len - 1] == '/')
        s.len--;
    if (rc == OCI_OK)
        rc = parse_host(&parser, s);
    if (rc)
        return rc;
    *ret_ref = ref;
    return OCI_OK;
}

void oci_reference_done(struct oci_reference *r)
{
    if (!r)
        return;
    oci_free(r->path);
    *r = (struct oci_reference){0};
}

int oci_reference_copy(const struct oci_reference *from, struct oci_reference *ret_ref)
{
    char *path = oci_strdup(from->path);
    if (from->path && !path)
        return OCI_NO_MEMORY;
    *ret_ref = *from;
    ret_ref->path = path;
    return OCI_OK;
}

/* ---- printing ------------------------------------------------------------------------------ */

static int print_place(const struct oci_reference *r, bool with_tag, struct oci_buf *b)
{
    switch (r->place) {
    case OCI_PLACE_LAYOUT: {
        /* What is printed reads back: a ':' in the last part would be taken for a tag's. */
        const char *slash = strrchr(r->path, '/');
        bool colon = strpbrk(slash ? slash : r->path, ":@") != NULL;
        return oci_buf_addf(b, "oci:%s%s", r->path, colon && !with_tag ? "/" : "");
    }
    case OCI_PLACE_ARCHIVE:
        return oci_buf_addf(b, "oci-archive:%s", r->path);
    case OCI_PLACE_MEMORY:
        return oci_buf_addf(b, "memory:%s", r->path);
    case OCI_PLACE_REGISTRY:
        break;
    }
    if (!r->repository[0])
        return oci_buf_add_str(b, r->registry);
    /* A host that docker's rule would take for a part of the repository was written with oci://, and is again. */
    const char *scheme = is_host(oci_str_of(r->registry)) ? "" : "oci://";
    return oci_buf_addf(b, "%s%s/%s", scheme, r->registry, r->repository);
}

int oci_reference_print(const struct oci_reference *r, int parts, struct oci_buf *b)
{
    bool tag = (parts & OCI_REF_TAG) && r->tag[0];
    int rc = print_place(r, tag, b);
    if (rc == OCI_OK && tag)
        rc = oci_buf_addf(b, ":%s", r->tag);
    if (rc == OCI_OK && (parts & OCI_REF_DIGEST) && oci_digest_is(&r->digest))
        rc = oci_buf_addf(b, "@%s", r->digest.text);
    return rc;
}

/* ---- registries ---------------------------------------------------------------------------- */

const char *oci_registry_api_host(const char *registry)
{
    return oci_str_equal(registry, DOCKER_HUB) ? "registry-1.docker.io" : registry;
}

bool oci_registry_is_loopback(const char *registry)
{
    return oci_host_is_loopback(registry);
}
