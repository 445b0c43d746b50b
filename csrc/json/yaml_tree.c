#include "json/yaml_tree.h"

#include <limits.h>

#include "base/limits.h"

/* ---- places -------------------------------------------------------------------------------- */

struct place {
    size_t line, column; /* from 1, in characters */
};

static bool ends_line(const char *p, size_t at, size_t len)
{
    return p[at] == '\n' || (p[at] == '\r' && (at + 1 == len || p[at + 1] != '\n'));
}

/* Of the byte at `bytes`, or of the character `characters`, whichever comes first. */
static struct place place_of(const struct oci_yaml_tree *t, size_t bytes, size_t characters)
{
    struct place at = {1, 1};
    for (size_t i = 0; i < t->len && i < bytes && characters > 0;) {
        size_t n = oci_utf8_length(t->p + i, t->len - i);
        bool ends = ends_line(t->p, i, t->len);
        at.line += ends;
        at.column = ends ? 1 : at.column + 1;
        characters--;
        i += n ? n : 1;
    }
    return at;
}

int oci_yaml_bad_at_byte(struct oci_yaml_tree *t, size_t offset, const char *what)
{
    struct place at = place_of(t, offset, SIZE_MAX);
    return oci_err_set(t->err, OCI_INVALID, "YAML at line %zu, column %zu: %s", at.line, at.column, what);
}

static int bad_key(struct oci_yaml_tree *t, const cJSON *member, const char *what)
{
    struct place at = place_of(t, SIZE_MAX, (size_t)member->valueint);
    return oci_err_set(t->err, OCI_INVALID, "YAML at line %zu, column %zu: the key \"%.100s\" %s", at.line,
                       at.column, member->string, what);
}

/* ---- copies -------------------------------------------------------------------------------- */

/* Adds the branch to what aliases added. Recursive: the depth of what is in the tree is bounded. */
static int count_branch(struct oci_yaml_tree *t, const cJSON *n, size_t depth)
{
    int type = oci_json_type(n);
    if (type == cJSON_Array || type == cJSON_Object)
        depth++;
    t->aliased_text += (n->valuestring ? strlen(n->valuestring) : 0) + (n->string ? strlen(n->string) : 0);
    if (++t->aliased > OCI_MAX_YAML_ALIASED || t->aliased_text > OCI_MAX_YAML_ALIASED_TEXT ||
        depth > OCI_MAX_JSON_DEPTH)
        return OCI_LIMIT;
    for (const cJSON *m = n->child; m; m = m->next) {
        int rc = count_branch(t, m, depth);
        if (rc)
            return rc;
    }
    return OCI_OK;
}

int oci_yaml_copy(struct oci_yaml_tree *t, const cJSON *branch, size_t depth, cJSON **ret_copy)
{
    int rc = count_branch(t, branch, depth);
    if (rc)
        return rc;
    *ret_copy = cJSON_Duplicate(branch, true);
    return *ret_copy ? OCI_OK : oci_err_no_memory(t->err);
}

/* ---- merges -------------------------------------------------------------------------------- */

struct merge {
    struct oci_yaml_tree *t;
    cJSON *into;
    const cJSON *value;  /* of <<; no longer a member */
    struct oci_map keys; /* of `into`: name to member */
};

/* Only the member itself: cJSON_Duplicate() does not follow siblings. */
static int merge_member(struct merge *m, const cJSON *member)
{
    const cJSON *there = oci_map_get(&m->keys, member->string);
    if (there && there->valueint < m->value->valueint)
        return bad_key(m->t, m->value, "would change what stands before it; it comes first");
    if (there)
        return OCI_OK;
    cJSON *copy = NULL;
    int rc = oci_yaml_copy(m->t, member, 0, &copy);
    if (rc == OCI_LIMIT)
        return oci_err_set(m->t->err, OCI_LIMIT, "YAML: its merges make the document too large");
    if (rc)
        return rc;
    copy->valueint = INT_MAX; /* behind: what is merged next does not count */
    oci_json_link(m->into, copy);
    return oci_map_set(&m->keys, copy->string, copy, NULL) ? oci_err_no_memory(m->t->err) : OCI_OK;
}

static int merge_mapping(struct merge *m, const cJSON *from)
{
    if (oci_json_type(from) != cJSON_Object)
        return bad_key(m->t, m->value, "merges a mapping, or a list of mappings");
    int rc = OCI_OK;
    for (const cJSON *member = from->child; member && rc == OCI_OK; member = member->next)
        rc = merge_member(m, member);
    return rc;
}

static int merge_all(struct merge *m)
{
    for (cJSON *member = m->into->child; member; member = member->next) {
        if (oci_map_set(&m->keys, member->string, member, NULL))
            return oci_err_no_memory(m->t->err);
    }
    if (oci_json_type(m->value) != cJSON_Array)
        return merge_mapping(m, m->value);
    int rc = OCI_OK;
    for (const cJSON *from = m->value->child; from && rc == OCI_OK; from = from->next)
        rc = merge_mapping(m, from);
    return rc;
}

int oci_yaml_end_mapping(struct oci_yaml_tree *t, cJSON *object)
{
    const cJSON *a = NULL, *b = NULL;
    if (oci_json_find_repeated(object, &a, &b) != OCI_OK)
        return oci_err_no_memory(t->err);
    if (a)
        return bad_key(t, a->valueint > b->valueint ? a : b, "is there twice");
    cJSON *value = object->child;
    while (value && !(value->type & OCI_YAML_MERGES))
        value = value->next;
    if (!value)
        return OCI_OK;
    /* Kept: an anchor may stand in it. */
    oci_json_link(t->kept, cJSON_DetachItemViaPointer(object, value));
    struct merge m = {.t = t, .into = object, .value = value};
    oci_map_init(&m.keys, OCI_MAX_JSON_NODES);
    int rc = merge_all(&m);
    oci_map_done(&m.keys, NULL);
    return rc;
}
