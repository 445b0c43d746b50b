/* The YAML reader: libyaml's events, one at a time, become the tree. No recursion: the open collections are a stack of
 * bounded height.
 *
 * While reading, a node's valueint (of which json.h makes no use) is the place of its key: the number of characters
 * before it. */
#include "json/yaml.h"

#include <limits.h>
#include <stdio.h>

#include "base/limits.h"
#include "json/yaml_api.h"
#include "json/yaml_tree.h"

#define CORE_TAG "tag:yaml.org,2002:"

struct reader {
    const struct oci_yaml_api *api;
    yaml_parser_t parser;
    struct oci_yaml_tree tree;
    cJSON *open[OCI_MAX_JSON_DEPTH]; /* the collections around what comes next */
    size_t depth;
    char *key;     /* of the value that comes next; cJSON's memory. NULL in a mapping: a key comes next */
    size_t key_at; /* where it stands, in characters */
    bool merges;   /* it is << */
    size_t documents;
};

static int bad(struct reader *r, const yaml_event_t *e, int code, const char *what)
{
    return oci_err_set(r->tree.err, code, "YAML at line %zu, column %zu: %s", e->start_mark.line + 1,
                       e->start_mark.column + 1, what);
}

static int out_of_memory(struct reader *r)
{
    return oci_err_no_memory(r->tree.err);
}

static cJSON *around(const struct reader *r)
{
    return r->depth ? r->open[r->depth - 1] : NULL;
}

/* ---- scalars ------------------------------------------------------------------------------- */

static int text_node(struct reader *r, const yaml_event_t *e, cJSON **ret_node)
{
    const char *s = (const char *)e->data.scalar.value;
    size_t len = e->data.scalar.length, at = 0;
    if (memchr(s, '\0', len) || !oci_json_text_valid(s, len, &at))
        return bad(r, e, OCI_INVALID, "text with a zero byte or something that is not a Unicode character");
    char *copy = cJSON_malloc(len + 1);
    cJSON *n = copy ? oci_json_node_new(cJSON_String) : NULL;
    if (!n) {
        cJSON_free(copy);
        return out_of_memory(r);
    }
    memcpy(copy, s, len);
    copy[len] = '\0';
    n->valuestring = copy;
    *ret_node = n;
    return OCI_OK;
}

static int plain_node(struct reader *r, const yaml_event_t *e, struct oci_yaml_scalar v, cJSON **ret_node)
{
    switch (v.kind) {
    case OCI_YAML_TEXT:
        return text_node(r, e, ret_node);
    case OCI_YAML_NOT_FINITE:
        return bad(r, e, OCI_INVALID, "JSON has no infinity and no NaN");
    case OCI_YAML_BEYOND:
        return bad(r, e, OCI_INVALID, "integer beyond 2^53-1; text stands in quotes");
    case OCI_YAML_NULL:
        *ret_node = oci_json_node_new(cJSON_NULL);
        break;
    case OCI_YAML_BOOL:
        *ret_node = oci_json_node_new(v.number > 0 ? cJSON_True : cJSON_False);
        break;
    case OCI_YAML_INTEGER:
    case OCI_YAML_FLOAT:
        *ret_node = oci_json_node_number(v.number);
        break;
    }
    return *ret_node ? OCI_OK : out_of_memory(r);
}

/* With an explicit tag, quoted or not. */
static int tagged_node(struct reader *r, const yaml_event_t *e, const char *tag, cJSON **ret_node)
{
    const char *name = oci_starts_with(tag, CORE_TAG) ? tag + sizeof CORE_TAG - 1 : "";
    if (strcmp(tag, "!") == 0 || strcmp(name, "str") == 0 || strcmp(name, "timestamp") == 0)
        return text_node(r, e, ret_node);
    struct oci_str s = {(const char *)e->data.scalar.value, e->data.scalar.length};
    struct oci_yaml_scalar v = oci_yaml_resolve(s);
    bool integer = v.kind == OCI_YAML_INTEGER || v.kind == OCI_YAML_BEYOND, fits;
    if (strcmp(name, "int") == 0)
        fits = integer;
    else if (strcmp(name, "float") == 0)
        fits = integer || v.kind == OCI_YAML_FLOAT || v.kind == OCI_YAML_NOT_FINITE;
    else if (strcmp(name, "bool") == 0)
        fits = v.kind == OCI_YAML_BOOL;
    else if (strcmp(name, "null") == 0)
        fits = v.kind == OCI_YAML_NULL;
    else
        return bad(r, e, OCI_UNSUPPORTED, "a tag other than those of YAML's own text, numbers, booleans and null");
    return fits ? plain_node(r, e, v, ret_node) : bad(r, e, OCI_INVALID, "the scalar is not what its tag says");
}

static int scalar_node(struct reader *r, const yaml_event_t *e, cJSON **ret_node)
{
    if (e->data.scalar.tag)
        return tagged_node(r, e, (const char *)e->data.scalar.tag, ret_node);
    if (!e->data.scalar.plain_implicit)
        return text_node(r, e, ret_node);
    struct oci_str s = {(const char *)e->data.scalar.value, e->data.scalar.length};
    return plain_node(r, e, oci_yaml_resolve(s), ret_node);
}

static bool is_merge(const yaml_event_t *e)
{
    if (e->type != YAML_SCALAR_EVENT || strcmp((const char *)e->data.scalar.value, "<<") != 0)
        return false;
    return e->data.scalar.plain_implicit && !e->data.scalar.tag;
}

/* ---- into the tree ------------------------------------------------------------------------- */

/* The text of a key, in cJSON's memory. NULL: out of memory. */
static char *key_text(const cJSON *n)
{
    char number[32];
    const char *s = number;
    if (oci_json_type(n) == cJSON_String)
        s = n->valuestring;
    else if (oci_json_type(n) == cJSON_Number)
        snprintf(number, sizeof number, "%lld", (long long)n->valuedouble);
    else
        s = oci_json_type(n) == cJSON_True ? "true" : "false";
    size_t size = strlen(s) + 1;
    char *copy = cJSON_malloc(size);
    return copy ? memcpy(copy, s, size) : NULL;
}

static int read_key(struct reader *r, const yaml_event_t *e, const cJSON *n)
{
    int type = oci_json_type(n);
    bool whole = type == cJSON_Number && (n->type & OCI_JSON_INTEGER);
    if (!whole && type != cJSON_String && type != cJSON_True && type != cJSON_False)
        return bad(r, e, OCI_INVALID, "a key that is not text, a whole number or a boolean");
    r->key = key_text(n);
    r->key_at = e->start_mark.index;
    r->merges = is_merge(e);
    return r->key ? OCI_OK : out_of_memory(r);
}

static void attach(struct reader *r, cJSON *in, cJSON *take_node)
{
    take_node->type &= ~OCI_YAML_MERGES;
    if (r->key) {
        cJSON_free(take_node->string);
        take_node->string = r->key;
        take_node->valueint = (int)r->key_at;
        take_node->type |= r->merges ? OCI_YAML_MERGES : 0;
        r->key = NULL;
    }
    if (in)
        oci_json_link(in, take_node);
    else
        r->tree.root = take_node;
}

/* Into the collection around it, or as the key of what comes next. `anchored`: an alias may want it later. */
static int put(struct reader *r, const yaml_event_t *e, bool anchored, cJSON *take_node)
{
    cJSON *in = around(r);
    int rc = OCI_OK;
    if (in && oci_json_type(in) == cJSON_Object && !r->key) {
        rc = read_key(r, e, take_node);
    } else if (!in && r->documents > 1) {
        if (oci_json_type(take_node) != cJSON_NULL)
            rc = bad(r, e, OCI_INVALID, "a second document");
    } else {
        attach(r, in, take_node);
        return OCI_OK;
    }
    if (anchored)
        oci_json_link(r->tree.kept, take_node);
    else
        cJSON_Delete(take_node);
    return rc;
}

static int put_anchored(struct reader *r, const yaml_event_t *e, const yaml_char_t *anchor, cJSON *take_node)
{
    int rc = ++r->tree.nodes > OCI_MAX_JSON_NODES ? bad(r, e, OCI_LIMIT, "too many values") : OCI_OK;
    if (rc == OCI_OK && anchor) {
        rc = oci_map_set(&r->tree.anchors, (const char *)anchor, take_node, NULL);
        if (rc == OCI_LIMIT)
            bad(r, e, OCI_LIMIT, "too many anchors");
        else if (rc)
            out_of_memory(r);
    }
    if (rc) {
        cJSON_Delete(take_node);
        return rc;
    }
    return put(r, e, anchor != NULL, take_node);
}

static int read_scalar(struct reader *r, const yaml_event_t *e)
{
    cJSON *n = NULL;
    int rc = scalar_node(r, e, &n);
    return rc ? rc : put_anchored(r, e, e->data.scalar.anchor, n);
}

static int read_alias(struct reader *r, const yaml_event_t *e)
{
    const cJSON *target = oci_map_get(&r->tree.anchors, (const char *)e->data.alias.anchor);
    if (!target)
        return bad(r, e, OCI_INVALID, "an alias without its anchor before it");
    for (size_t i = 0; i < r->depth; i++) {
        if (r->open[i] == target)
            return bad(r, e, OCI_INVALID, "an alias to what it stands in");
    }
    cJSON *copy = NULL;
    int rc = oci_yaml_copy(&r->tree, target, r->depth, &copy);
    if (rc == OCI_LIMIT)
        return bad(r, e, OCI_LIMIT, "its aliases make the document too large");
    return rc ? rc : put(r, e, false, copy);
}

static int read_start(struct reader *r, const yaml_event_t *e, const yaml_char_t *tag, const yaml_char_t *anchor)
{
    bool is_mapping = e->type == YAML_MAPPING_START_EVENT;
    const char *t = (const char *)tag;
    if (t && strcmp(t, "!") != 0 && strcmp(t, is_mapping ? CORE_TAG "map" : CORE_TAG "seq") != 0)
        return bad(r, e, OCI_UNSUPPORTED, "a collection with a tag of its own");
    if (r->depth == OCI_MAX_JSON_DEPTH)
        return bad(r, e, OCI_LIMIT, "nested too deep");
    cJSON *in = around(r);
    if (in && oci_json_type(in) == cJSON_Object && !r->key)
        return bad(r, e, OCI_INVALID, "a key that is a collection");
    cJSON *n = oci_json_node_new(is_mapping ? cJSON_Object : cJSON_Array);
    if (!n)
        return out_of_memory(r);
    int rc = put_anchored(r, e, anchor, n);
    if (rc == OCI_OK)
        r->open[r->depth++] = n;
    return rc;
}

static int read_event(struct reader *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        r->documents++;
        oci_map_done(&r->tree.anchors, NULL);
        return OCI_OK;
    case YAML_SCALAR_EVENT:
        return read_scalar(r, e);
    case YAML_ALIAS_EVENT:
        return read_alias(r, e);
    case YAML_SEQUENCE_START_EVENT:
        return read_start(r, e, e->data.sequence_start.tag, e->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return read_start(r, e, e->data.mapping_start.tag, e->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
        r->depth--;
        return OCI_OK;
    case YAML_MAPPING_END_EVENT:
        r->depth--;
        return oci_yaml_end_mapping(&r->tree, r->open[r->depth]);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return OCI_OK;
}

/* ---- the stream ---------------------------------------------------------------------------- */

/* What libyaml says, in its own words and place. */
static int parser_failed(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return out_of_memory(r);
    const char *problem = p->problem ? p->problem : "not YAML";
    if (p->error == YAML_READER_ERROR)
        return oci_yaml_bad_at_byte(&r->tree, p->problem_offset, problem);
    return oci_err_set(r->tree.err, OCI_INVALID, "YAML at line %zu, column %zu: %s",
                       p->problem_mark.line + 1, p->problem_mark.column + 1, problem);
}

static int read_stream(struct reader *r)
{
    int rc = OCI_OK;
    bool end = false;
    while (rc == OCI_OK && !end) {
        yaml_event_t e;
        if (!r->api->yaml_parser_parse(&r->parser, &e))
            return parser_failed(r);
        end = e.type == YAML_STREAM_END_EVENT;
        rc = read_event(r, &e);
        r->api->yaml_event_delete(&e);
    }
    return rc;
}

/* libyaml compares each directive with all before it, and each tag with all of them; both before it tells of them. */
static bool has_many_directives(const struct oci_yaml_tree *t)
{
    size_t count = 0;
    const char *end = t->p + t->len;
    for (const char *p = t->p; (p = memmem(p, (size_t)(end - p), "%TAG", 4)); p += 4)
        count++;
    return count > OCI_MAX_YAML_DIRECTIVES;
}

static int read_all(struct reader *r)
{
    size_t at = 0;
    if (!oci_json_text_valid(r->tree.p, r->tree.len, &at))
        return oci_yaml_bad_at_byte(&r->tree, at, "not UTF-8");
    if (has_many_directives(&r->tree))
        return oci_err_set(r->tree.err, OCI_LIMIT, "YAML with more than %d directives", OCI_MAX_YAML_DIRECTIVES);
    r->tree.kept = oci_json_node_new(cJSON_Array);
    if (!r->tree.kept || !r->api->yaml_parser_initialize(&r->parser))
        return out_of_memory(r);
    r->api->yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    r->api->yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->tree.p, r->tree.len);
    int rc = read_stream(r);
    r->api->yaml_parser_delete(&r->parser);
    if (rc == OCI_OK && !r->tree.root) {
        r->tree.root = oci_json_node_new(cJSON_NULL);
        rc = r->tree.root ? OCI_OK : out_of_memory(r);
    }
    return rc;
}

int oci_yaml_parse(const char *p, size_t len, size_t max, struct oci_json **ret_root, struct oci_err *reterr)
{
    if (len > max || len > INT_MAX)
        return oci_err_set(reterr, OCI_LIMIT, "YAML of %zu bytes, more than %zu", len, max);
    size_t mark = len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0; /* of the byte order: for libyaml a column */
    struct reader r = {.tree = {.p = p + mark, .len = len - mark, .err = reterr}};
    int rc = oci_yaml_api(&r.api, reterr);
    if (rc)
        return rc;
    oci_map_init(&r.tree.anchors, OCI_MAX_YAML_ANCHORS);
    rc = read_all(&r);
    oci_map_done(&r.tree.anchors, NULL);
    cJSON_Delete(r.tree.kept);
    cJSON_free(r.key);
    if (rc) {
        cJSON_Delete(r.tree.root);
        return rc;
    }
    *ret_root = oci_json_value(r.tree.root);
    return OCI_OK;
}
