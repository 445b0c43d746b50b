#include "json/json.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "json/node.h"

cJSON *oci_json_node_new(int type)
{
    cJSON *n = cJSON_CreateNull();
    if (n)
        n->type = type;
    return n;
}

cJSON *oci_json_node_number(double d)
{
    cJSON *n = oci_json_node_new(cJSON_Number);
    if (!n)
        return NULL;
    /* valueint is deprecated and saturates; nothing here reads it. */
    n->valuedouble = d;
    if (oci_json_is_whole(d))
        n->type |= OCI_JSON_INTEGER;
    return n;
}

bool oci_json_is_whole(double d)
{
    double most = (double)OCI_MAX_SIZE;
    /* A NaN fails the first; the conversion is defined within it, and floor() would need libm. */
    return d >= -most && d <= most && !((double)(int64_t)d < d) && !((double)(int64_t)d > d);
}

void oci_json_link(cJSON *parent, cJSON *take_item)
{
    cJSON *first = parent->child;
    take_item->next = NULL;
    if (!first) {
        parent->child = take_item;
        take_item->prev = take_item;
        return;
    }
    take_item->prev = first->prev;
    first->prev->next = take_item;
    first->prev = take_item;
}

void oci_json_free(struct oci_json *root)
{
    cJSON_Delete(oci_json_node(root));
}

/* ---- looking ------------------------------------------------------------------------------- */

enum oci_json_kind oci_json_kind(const struct oci_json *v)
{
    switch (v ? oci_json_type(oci_json_cnode(v)) : cJSON_NULL) {
    case cJSON_False:
    case cJSON_True:
        return OCI_JSON_BOOL;
    case cJSON_Number:
        return OCI_JSON_NUMBER;
    case cJSON_String:
        return OCI_JSON_STRING;
    case cJSON_Array:
        return OCI_JSON_ARRAY;
    case cJSON_Object:
        return OCI_JSON_OBJECT;
    default:
        return OCI_JSON_NULL;
    }
}

static bool is_container(const struct oci_json *v)
{
    enum oci_json_kind kind = oci_json_kind(v);
    return kind == OCI_JSON_ARRAY || kind == OCI_JSON_OBJECT;
}

/* Not cJSON's: it compares without case unless asked, and walks the list in the same way. */
static cJSON *find(const struct oci_json *object, const char *key)
{
    if (oci_json_kind(object) != OCI_JSON_OBJECT)
        return NULL;
    for (cJSON *m = oci_json_cnode(object)->child; m; m = m->next) {
        if (strcmp(m->string, key) == 0)
            return m;
    }
    return NULL;
}

const struct oci_json *oci_json_get(const struct oci_json *object, const char *key)
{
    return oci_json_cvalue(find(object, key));
}

struct oci_json *oci_json_edit(struct oci_json *object, const char *key)
{
    return oci_json_value(find(object, key));
}

const struct oci_json *oci_json_first(const struct oci_json *array_or_object)
{
    return is_container(array_or_object) ? oci_json_cvalue(oci_json_cnode(array_or_object)->child) : NULL;
}

const struct oci_json *oci_json_next(const struct oci_json *item)
{
    return item ? oci_json_cvalue(oci_json_cnode(item)->next) : NULL;
}

const char *oci_json_key(const struct oci_json *item)
{
    return item ? oci_json_cnode(item)->string : NULL;
}

size_t oci_json_count(const struct oci_json *array_or_object)
{
    size_t count = 0;
    for (const struct oci_json *v = oci_json_first(array_or_object); v; v = oci_json_next(v))
        count++;
    return count;
}

const char *oci_json_string(const struct oci_json *v)
{
    return oci_json_kind(v) == OCI_JSON_STRING ? oci_json_cnode(v)->valuestring : NULL;
}

bool oci_json_bool(const struct oci_json *v, bool *ret_b)
{
    if (oci_json_kind(v) != OCI_JSON_BOOL)
        return false;
    *ret_b = oci_json_type(oci_json_cnode(v)) == cJSON_True;
    return true;
}

bool oci_json_number(const struct oci_json *v, double *ret_n)
{
    if (oci_json_kind(v) != OCI_JSON_NUMBER)
        return false;
    *ret_n = oci_json_cnode(v)->valuedouble;
    return true;
}

bool oci_json_integer(const struct oci_json *v, int64_t *ret_n)
{
    if (oci_json_kind(v) != OCI_JSON_NUMBER || !(oci_json_cnode(v)->type & OCI_JSON_INTEGER))
        return false;
    *ret_n = (int64_t)oci_json_cnode(v)->valuedouble;
    return true;
}

bool oci_json_size(const struct oci_json *v, uint64_t *ret_n)
{
    int64_t n = 0;
    if (!oci_json_integer(v, &n) || n < 0)
        return false;
    *ret_n = (uint64_t)n;
    return true;
}

/* ---- building ------------------------------------------------------------------------------ */

struct oci_json *oci_json_new_object(void)
{
    return oci_json_value(oci_json_node_new(cJSON_Object));
}

struct oci_json *oci_json_new_array(void)
{
    return oci_json_value(oci_json_node_new(cJSON_Array));
}

struct oci_json *oci_json_new_string(const char *s)
{
    return oci_json_value(cJSON_CreateString(s));
}

struct oci_json *oci_json_new_size(uint64_t n)
{
    return oci_json_value(oci_json_node_number((double)n));
}

struct oci_json *oci_json_new_number(double n)
{
    return oci_json_value(oci_json_node_number(n));
}

struct oci_json *oci_json_new_bool(bool b)
{
    return oci_json_value(oci_json_node_new(b ? cJSON_True : cJSON_False));
}

struct oci_json *oci_json_new_null(void)
{
    return oci_json_value(oci_json_node_new(cJSON_NULL));
}

struct oci_json *oci_json_clone(const struct oci_json *v)
{
    return oci_json_value(cJSON_Duplicate(oci_json_cnode(v), true));
}

static char *copy_key(const char *key)
{
    size_t size = strlen(key) + 1;
    char *copy = cJSON_malloc(size);
    return copy ? memcpy(copy, key, size) : NULL;
}

int oci_json_add(struct oci_json *object, const char *key, struct oci_json *take_v)
{
    if (!take_v)
        return OCI_NO_MEMORY;
    char *copy = copy_key(key);
    if (!copy) {
        oci_json_free(take_v);
        return OCI_NO_MEMORY;
    }
    cJSON *item = oci_json_node(take_v);
    cJSON_free(item->string);
    item->string = copy;
    oci_json_link(oci_json_node(object), item);
    return OCI_OK;
}

int oci_json_set(struct oci_json *object, const char *key, struct oci_json *take_v)
{
    cJSON *old = find(object, key);
    if (!old || !take_v)
        return oci_json_add(object, key, take_v);
    cJSON *item = oci_json_node(take_v);
    cJSON_free(item->string);
    item->string = old->string;
    old->string = NULL;
    cJSON_ReplaceItemViaPointer(oci_json_node(object), old, item);
    return OCI_OK;
}

int oci_json_append(struct oci_json *array, struct oci_json *take_v)
{
    if (!take_v)
        return OCI_NO_MEMORY;
    oci_json_link(oci_json_node(array), oci_json_node(take_v));
    return OCI_OK;
}

struct oci_json *oci_json_detach(struct oci_json *object, const char *key)
{
    cJSON *item = find(object, key);
    if (!item)
        return NULL;
    cJSON_DetachItemViaPointer(oci_json_node(object), item);
    cJSON_free(item->string);
    item->string = NULL;
    return oci_json_value(item);
}

struct oci_json *oci_json_detach_item(struct oci_json *array, size_t index)
{
    if (oci_json_kind(array) != OCI_JSON_ARRAY)
        return NULL;
    cJSON *item = oci_json_node(array)->child;
    while (item && index-- > 0)
        item = item->next;
    return item ? oci_json_value(cJSON_DetachItemViaPointer(oci_json_node(array), item)) : NULL;
}

/* ---- sorting: a merge of lists, which allocates nothing and so cannot fail ------------------ */

/* Merges two lists linked by next alone. Stable, though keys are unique. */
static cJSON *merge(cJSON *a, cJSON *b)
{
    cJSON *first = NULL;
    cJSON **end = &first;
    while (a && b) {
        cJSON **least = strcmp(a->string, b->string) <= 0 ? &a : &b;
        *end = *least;
        end = &(*end)->next;
        *least = *end;
    }
    *end = a ? a : b;
    return first;
}

void oci_json_sort(struct oci_json *object)
{
    if (oci_json_kind(object) != OCI_JSON_OBJECT)
        return;
    cJSON *runs[64] = {NULL}; /* runs[i]: NULL or a sorted list of 2^i members */
    cJSON *rest = oci_json_node(object)->child;
    while (rest) {
        cJSON *run = rest;
        rest = rest->next;
        run->next = NULL;
        size_t i = 0;
        for (; runs[i]; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    cJSON *sorted = NULL;
    for (size_t i = 0; i < 64; i++) {
        if (runs[i])
            sorted = sorted ? merge(runs[i], sorted) : runs[i];
    }
    oci_json_node(object)->child = NULL;
    while (sorted) {
        cJSON *next = sorted->next;
        oci_json_link(oci_json_node(object), sorted);
        sorted = next;
    }
}

const char *oci_json_library_version(void) { return cJSON_Version(); }
