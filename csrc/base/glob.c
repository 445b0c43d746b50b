#include "base/glob.h"

#include <stddef.h>
#include <string.h>

/* Where matching goes on after a mismatch: behind the last star, with it taking one character more. Going
 * back further than the last star of its kind is never needed, so the steps are bounded by the product of the
 * lengths. */
struct retry {
    const char *pattern, *path; /* pattern NULL: there is none */
};

struct matcher {
    const char *p, *s, *start; /* start: of the path */
    struct retry one, any;     /* "*", and "**" */
    bool dots;                 /* a '.' at the beginning of a name is a character like any other */
};

/* [abc], [a-z], [!abc]: true when `c` is matched; *ret_end is behind the set. NULL in *ret_end: it has no
 * end. */
static bool set_matches(const char *p, char c, const char **ret_end)
{
    bool negated = *++p == '!' || *p == '^';
    bool found = false;
    p += negated ? 1 : 0;
    const char *first = p;
    for (; *p && (*p != ']' || p == first); p++) {
        if (p[1] == '-' && p[2] && p[2] != ']') {
            found = found || (*p <= c && c <= p[2]);
            p += 2;
        } else {
            found = found || *p == c;
        }
    }
    *ret_end = *p ? p + 1 : NULL;
    return found != negated && c != '/';
}

/* Only a '.' in the pattern matches what is here. */
static bool hidden(const struct matcher *m)
{
    return !m->dots && *m->s == '.' && (m->s == m->start || m->s[-1] == '/');
}

/* "**" that is a whole component: NULL, or what is behind it and its slash. */
static const char *behind_folders(const char *pattern, const char *p)
{
    if (p[0] != '*' || p[1] != '*' || (p != pattern && p[-1] != '/'))
        return NULL;
    if (p[2] == '/')
        return p + 3;
    return p[2] ? NULL : p + 2;
}

/* One character: true and moved on, or false. */
static bool step(struct matcher *m)
{
    char c = *m->s;
    if (*m->p == '[') {
        const char *end = NULL;
        bool hit = set_matches(m->p, c, &end);
        if (end) {
            if (!hit || hidden(m))
                return false;
            m->p = end;
            m->s++;
            return true;
        }
    }
    if (*m->p == '?' ? c == '/' || hidden(m) : *m->p != c)
        return false;
    m->p++;
    m->s++;
    return true;
}

/* After a mismatch: the last star takes more. False: none can. */
static bool go_back(struct matcher *m)
{
    if (m->one.pattern && *m->one.path && *m->one.path != '/') {
        m->s = ++m->one.path;
        m->p = m->one.pattern;
        return true;
    }
    m->one.pattern = NULL;
    if (!m->any.pattern)
        return false;
    /* A whole name more; hidden ones are not entered. */
    const char *slash = *m->any.path == '.' && !m->dots ? NULL : strchr(m->any.path, '/');
    if (!slash)
        return false;
    m->s = m->any.path = slash + 1;
    m->p = m->any.pattern;
    return true;
}

static bool match(const char *pattern, const char *path, bool dots)
{
    struct matcher m = {.p = pattern, .s = path, .start = path, .dots = dots};
    for (;;) {
        const char *behind = behind_folders(pattern, m.p);
        if (behind && !*behind) {
            return *m.s && (dots || (*m.s != '.' && !strstr(m.s, "/.")));
        } else if (behind) {
            m.p = behind;
            m.any = (struct retry){behind, m.s};
            m.one.pattern = NULL;
        } else if (*m.p == '*') {
            while (*m.p == '*')
                m.p++;
            m.one = (struct retry){m.p, m.s};
            if (hidden(&m))
                m.one.pattern = NULL;
        } else if (!*m.p && !*m.s) {
            return true;
        } else if (!*m.p || !*m.s || !step(&m)) {
            if (!go_back(&m))
                return false;
        }
    }
}

bool oci_glob_match(const char *pattern, const char *path)
{
    return match(pattern, path, false);
}

bool oci_glob_match_hidden(const char *pattern, const char *path)
{
    return match(pattern, path, true);
}
