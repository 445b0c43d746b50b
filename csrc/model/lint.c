/* lint.c - findings: the table of rules, paths, and what the other files of the lint report with. */
#include "model/lint.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/lint_inside.h"

#define MESSAGE_MAX 600
#define KEY_SHOWN   100 /* bytes of a key in a path */

static const struct {
    const char *name;
    enum oci_severity severity;
} rules[] = {
#define X(id, severity, name) {name, OCI_SEVERITY_##severity},
    OCI_LINT_RULES(X)
#undef X
};

const char *oci_severity_name(enum oci_severity severity)
{
    static const char *const names[] = {"error", "warning", "hint"};
    return names[severity];
}

void oci_findings_done(struct oci_findings *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++) {
        oci_free(f->items[i].path);
        oci_free(f->items[i].message);
    }
    oci_free(f->items);
    *f = (struct oci_findings){0};
}

void oci_lint_no_memory(struct oci_lint *l)
{
    if (l->rc == OCI_OK)
        l->rc = oci_err_no_memory(l->err);
}

/* ---- paths ---------------------------------------------------------------------------------- */

static bool plain_key(const char *key)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return *key && strchr(letters, *key) && key[strspn(key, all)] == '\0' && strlen(key) <= KEY_SHOWN;
}

/* .key, key at the start, or ["any other"]. */
static int add_key(struct oci_buf *b, const char *key)
{
    if (plain_key(key))
        return oci_buf_addf(b, "%s%s", b->len ? "." : "", key);
    char shown[KEY_SHOWN + 1];
    size_t len = strlen(key);
    bool cut = len > KEY_SHOWN;
    if (cut) {
        /* Not within a character. */
        for (len = KEY_SHOWN; len > 0 && ((unsigned char)key[len] & 0xC0) == 0x80;)
            len--;
    }
    memcpy(shown, key, len);
    shown[len] = '\0';
    oci_sanitise(shown);
    return oci_buf_addf(b, "[\"%s%s\"]", shown, cut ? "..." : "");
}

static int print_path(const struct oci_lint_node *at, const char *member, struct oci_buf *b)
{
    const struct oci_lint_node *up[OCI_MAX_JSON_DEPTH + 1];
    size_t n = 0;
    for (; at && at->parent; at = at->parent)
        up[n++] = at;
    int rc = oci_buf_reserve(b, 1); /* also a path of nothing is a string */
    while (rc == OCI_OK && n-- > 0)
        rc = up[n]->key ? add_key(b, up[n]->key) : oci_buf_addf(b, "[%u]", (unsigned)up[n]->index);
    return rc == OCI_OK && member ? add_key(b, member) : rc;
}

/* ---- findings ------------------------------------------------------------------------------- */

static void add_finding(struct oci_lint *l, enum oci_rule rule, char *take_path, char *take_message)
{
    struct oci_findings *f = &l->found;
    struct oci_finding *items =
        take_path && take_message ? oci_grow(f->items, &f->cap, f->count + 1, sizeof *items, OCI_MAX_FINDINGS) : NULL;
    if (!items) {
        oci_free(take_path);
        oci_free(take_message);
        oci_lint_no_memory(l);
        return;
    }
    f->items = items;
    items[f->count++] = (struct oci_finding){
        .rule = rules[rule].name, .severity = rules[rule].severity, .path = take_path, .message = take_message};
}

void oci_lint_say(struct oci_lint *l, enum oci_rule rule, const struct oci_lint_node *at, const char *member,
                  const char *fmt, ...)
{
    if (l->rc || l->found.count == OCI_MAX_FINDINGS)
        return;
    char message[MESSAGE_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    oci_sanitise(message);
    oci_auto(oci_buf) struct oci_buf b;
    oci_buf_init(&b, (KEY_SHOWN + 16) * (OCI_MAX_JSON_DEPTH + 2));
    char *path = print_path(at, member, &b) == OCI_OK ? oci_buf_take(&b) : NULL;
    add_finding(l, rule, path, path ? oci_strdup(message) : NULL);
}

/* ---- members -------------------------------------------------------------------------------- */

static void look_at_key(struct oci_lint *l, const struct oci_lint_node *m, const char *const *keys,
                        enum oci_rule unknown)
{
    for (; *keys; keys++) {
        if (!oci_str_eq_nocase(oci_str_of(m->key), *keys))
            continue;
        oci_lint_say(l, OCI_RULE_X10, m, NULL,
                     "programs in Go take this for %s, others ignore it: spell the key \"%s\", or choose another one",
                     *keys, *keys);
        return;
    }
    if (unknown != OCI_RULE_NONE)
        oci_lint_say(l, unknown, m, NULL,
                     "a descriptor has no member \"%.100s\": put what is your own into annotations, so that no later "
                     "specification gives the key another meaning",
                     m->key);
}

void oci_lint_members(struct oci_lint *l, const struct oci_lint_node *object, const char *const *keys,
                      const struct oci_lint_node **slots, enum oci_rule unknown)
{
    for (size_t i = 0; keys[i]; i++)
        slots[i] = NULL;
    if (!oci_lint_is(object, OCI_LINT_OBJECT))
        return;
    for (const struct oci_lint_node *m = object->first; m; m = m->next) {
        size_t i = 0;
        while (keys[i] && strcmp(keys[i], m->key) != 0)
            i++;
        if (!keys[i])
            look_at_key(l, m, keys, unknown);
        else if (!slots[i])
            slots[i] = m;
    }
}

/* ---- the lint ------------------------------------------------------------------------------- */

int oci_lint(const char *p, size_t len, const char *media_type, struct oci_findings *ret_findings,
             struct oci_err *reterr)
{
    struct oci_lint l = {.err = reterr};
    if (len > OCI_MAX_MANIFEST)
        return oci_err_set(reterr, OCI_LIMIT, "a document of %zu bytes, more than %u", len, OCI_MAX_MANIFEST);
    oci_map_init(&l.seen, OCI_MAX_LAYERS);
    if (len > OCI_MAX_MANIFEST_PUSH)
        oci_lint_say(&l, OCI_RULE_R08, NULL, NULL,
                     "registries need not take manifests over %u bytes, and this has %zu: split it, or move data and "
                     "annotations into blobs",
                     OCI_MAX_MANIFEST_PUSH, len);
    oci_lint_read(&l, p, len);
    if (l.rc == OCI_OK && l.root)
        oci_lint_document(&l, media_type);
    oci_lint_read_done(&l);
    oci_map_done(&l.seen, NULL);
    if (l.rc) {
        oci_findings_done(&l.found);
        return l.rc;
    }
    *ret_findings = l.found;
    return OCI_OK;
}

/* The one key with the reserved prefix that a type has which is in use: cnab-to-oci writes it, and its readers want it. */
static bool is_of_cnab(const struct oci_finding *x)
{
    return strcmp(x->rule, "A05") == 0 && strcmp(x->path, "annotations[\"org.opencontainers.artifactType\"]") == 0;
}

int oci_lint_refuse(const char *p, size_t len, const char *media_type, struct oci_err *reterr)
{
    struct oci_findings f = {0};
    int rc = oci_lint(p, len, media_type, &f, reterr);
    for (size_t i = 0; rc == OCI_OK && i < f.count; i++) {
        const struct oci_finding *x = &f.items[i];
        if (x->severity == OCI_SEVERITY_ERROR && !is_of_cnab(x))
            rc = oci_err_set(reterr, OCI_INVALID, "%s%s%s (rule %s)", x->path, *x->path ? ": " : "", x->message,
                             x->rule);
    }
    oci_findings_done(&f);
    return rc;
}
