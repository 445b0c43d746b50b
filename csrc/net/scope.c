#include "net/scope.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

static void scope_done(struct oci_scope *s)
{
    oci_free(s->resource);
    for (size_t i = 0; i < s->count; i++)
        oci_free(s->actions[i]);
    memset(s, 0, sizeof *s);
}

void oci_scopes_done(struct oci_scopes *s)
{
    for (size_t i = 0; i < s->count; i++)
        scope_done(&s->items[i]);
    s->count = 0;
}

static struct oci_scope *find(struct oci_scopes *s, struct oci_str resource)
{
    for (size_t i = 0; i < s->count; i++) {
        if (oci_str_eq(resource, s->items[i].resource))
            return &s->items[i];
    }
    return NULL;
}

static int add_resource(struct oci_scopes *s, struct oci_str resource, struct oci_scope **ret_scope)
{
    *ret_scope = find(s, resource);
    if (*ret_scope)
        return OCI_OK;
    if (s->count == OCI_SCOPES_MAX)
        return OCI_LIMIT;
    char *copy = oci_strndup(resource.p, resource.len);
    if (!copy)
        return OCI_NO_MEMORY;
    *ret_scope = &s->items[s->count++];
    memset(*ret_scope, 0, sizeof **ret_scope);
    (*ret_scope)->resource = copy;
    return OCI_OK;
}

static bool is_all(const struct oci_scope *s)
{
    return s->count == 1 && strcmp(s->actions[0], "*") == 0;
}

static int add_action(struct oci_scope *s, struct oci_str action)
{
    size_t at = 0;
    if (action.len == 0 || is_all(s))
        return OCI_OK;
    if (oci_str_eq(action, "*")) {
        for (size_t i = 0; i < s->count; i++)
            oci_free(s->actions[i]);
        s->count = 0;
    }
    for (; at < s->count; at++) {
        size_t len = strlen(s->actions[at]);
        int cmp = memcmp(s->actions[at], action.p, len < action.len ? len : action.len);
        if (cmp == 0 && len == action.len)
            return OCI_OK;
        if (cmp > 0 || (cmp == 0 && len > action.len))
            break;
    }
    if (s->count == OCI_SCOPE_ACTIONS_MAX)
        return OCI_LIMIT;
    char *copy = oci_strndup(action.p, action.len);
    if (!copy)
        return OCI_NO_MEMORY;
    memmove(&s->actions[at + 1], &s->actions[at], (s->count - at) * sizeof *s->actions);
    s->actions[at] = copy;
    s->count++;
    return OCI_OK;
}

/* type[(class)]:name:actions, where the name may have a colon of its own: the last colon counts. */
static int add_one(struct oci_scopes *s, struct oci_str text)
{
    struct oci_str resource = text, actions = {text.p + text.len, 0};
    const char *last = memrchr(text.p, ':', text.len);
    if (last && memchr(text.p, ':', text.len) != last) {
        resource.len = (size_t)(last - text.p);
        actions = (struct oci_str){last + 1, text.len - resource.len - 1};
    }
    struct oci_scope *scope = NULL;
    int rc = add_resource(s, resource, &scope);
    struct oci_str action;
    while (rc == OCI_OK && oci_str_cut(actions, ',', &action, &actions))
        rc = add_action(scope, action);
    return rc == OCI_OK ? add_action(scope, actions) : rc;
}

int oci_scopes_add(struct oci_scopes *s, const char *text)
{
    struct oci_str rest = oci_str_of(text);
    if (!oci_str_is_printable(rest))
        return OCI_INVALID;
    while (rest.len > 0) {
        struct oci_str word = rest;
        if (!oci_str_cut(rest, ' ', &word, &rest))
            rest.len = 0;
        if (word.len == 0)
            continue;
        int rc = add_one(s, word);
        if (rc != OCI_OK)
            return rc;
    }
    return OCI_OK;
}

int oci_scopes_copy(const struct oci_scopes *from, struct oci_scopes *ret_scopes)
{
    struct oci_scopes s = {.count = 0};
    for (size_t i = 0; i < from->count; i++) {
        struct oci_scope *to = NULL;
        int rc = add_resource(&s, oci_str_of(from->items[i].resource), &to);
        for (size_t k = 0; rc == OCI_OK && k < from->items[i].count; k++)
            rc = add_action(to, oci_str_of(from->items[i].actions[k]));
        if (rc != OCI_OK) {
            oci_scopes_done(&s);
            return rc;
        }
    }
    *ret_scopes = s;
    return OCI_OK;
}

int oci_scope_print(const struct oci_scope *s, struct oci_buf *b)
{
    int rc = oci_buf_add_str(b, s->resource);
    for (size_t i = 0; rc == OCI_OK && i < s->count; i++)
        rc = oci_buf_addf(b, "%c%s", i == 0 ? ':' : ',', s->actions[i]);
    return rc;
}

int oci_scopes_print(const struct oci_scopes *s, bool sorted, struct oci_buf *b)
{
    const struct oci_scope *order[OCI_SCOPES_MAX];
    for (size_t i = 0; i < s->count; i++) {
        size_t at = i;
        while (sorted && at > 0 && strcmp(order[at - 1]->resource, s->items[i].resource) > 0) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = &s->items[i];
    }
    int rc = OCI_OK;
    for (size_t i = 0; rc == OCI_OK && i < s->count; i++) {
        if (i > 0)
            rc = oci_buf_add_char(b, ' ');
        if (rc == OCI_OK)
            rc = oci_scope_print(order[i], b);
    }
    return rc;
}

static bool has_action(const struct oci_scope *s, const char *action)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->actions[i], action) == 0)
            return true;
    }
    return is_all(s);
}

bool oci_scopes_cover(const struct oci_scopes *have, const struct oci_scopes *need)
{
    if (have->count != need->count)
        return false;
    for (size_t i = 0; i < need->count; i++) {
        const struct oci_scope *n = &need->items[i], *h = NULL;
        for (size_t k = 0; k < have->count && !h; k++) {
            if (strcmp(have->items[k].resource, n->resource) == 0)
                h = &have->items[k];
        }
        if (!h)
            return false;
        for (size_t k = 0; k < n->count; k++) {
            if (!has_action(h, n->actions[k]))
                return false;
        }
    }
    return true;
}

char *oci_scope_repository(const char *text, bool *ret_oom)
{
    static const char type[] = "repository:";
    *ret_oom = false;
    if (!text || !oci_starts_with(text, type))
        return NULL;
    const char *name = text + sizeof type - 1;
    size_t len = strcspn(name, " ");
    const char *last = memrchr(name, ':', len);
    if (!last)
        return NULL;
    char *copy = oci_strndup(name, (size_t)(last - name));
    *ret_oom = !copy;
    return copy;
}
