#include "pack/ignore.h"

#include <string.h>

#include "base/glob.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

#define MAX_PATTERNS 4096

struct rule {
    char *pattern;
    bool negated;    /* takes back in what an earlier one left out */
    bool directories;
    bool anywhere;   /* is compared with the last part of the path */
};

struct oci_ignore {
    size_t count;
    struct rule rules[];
};

/* Reads `p` into a rule. The pattern is "" when nothing is left of it. */
static int read_rule(const char *p, struct rule *r)
{
    r->negated = *p == '!';
    p += r->negated ? 1 : 0;
    if (p[0] == '\\' && (p[1] == '!' || p[1] == '#'))
        p++;
    size_t len = strlen(p);
    r->directories = len > 0 && p[len - 1] == '/';
    while (len > 0 && p[len - 1] == '/')
        len--;
    r->anywhere = !memchr(p, '/', len);
    while (len > 0 && *p == '/') {
        p++;
        len--;
    }
    r->pattern = oci_strndup(p, len);
    return r->pattern ? OCI_OK : OCI_NO_MEMORY;
}

static int add(struct oci_ignore *g, const char *pattern, struct oci_err *reterr)
{
    if (strlen(pattern) >= OCI_MAX_PATH)
        return oci_err_set(reterr, OCI_LIMIT, "a pattern of what is left out is longer than a path may be");
    struct rule *r = &g->rules[g->count];
    if (read_rule(pattern, r) != OCI_OK)
        return oci_err_no_memory(reterr);
    g->count++;
    if (!*r->pattern)
        return oci_err_set(reterr, OCI_INVALID, "\"%s\" is no pattern of what is left out", pattern);
    return OCI_OK;
}

int oci_ignore_new(const char *const *patterns, size_t count, struct oci_ignore **ret_ignore, struct oci_err *reterr)
{
    if (count > MAX_PATTERNS)
        return oci_err_set(reterr, OCI_LIMIT, "there are more than %d patterns of what is left out", MAX_PATTERNS);
    struct oci_ignore *g = oci_calloc(1, sizeof *g + count * sizeof *g->rules);
    if (!g)
        return oci_err_no_memory(reterr);
    int rc = OCI_OK;
    for (size_t i = 0; i < count && rc == OCI_OK; i++)
        rc = add(g, patterns[i], reterr);
    if (rc != OCI_OK) {
        oci_ignore_free(g);
        return rc;
    }
    *ret_ignore = g;
    return OCI_OK;
}

void oci_ignore_free(struct oci_ignore *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->count; i++)
        oci_free(g->rules[i].pattern);
    oci_free(g);
}

bool oci_ignored(const struct oci_ignore *g, const char *path, bool directory)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = g ? g->count : 0; i-- > 0;) { /* the last one that matches counts */
        const struct rule *r = &g->rules[i];
        if ((directory || !r->directories) && oci_glob_match_hidden(r->pattern, r->anywhere ? name : path))
            return !r->negated;
    }
    return false;
}
