/* oci.json: Lua values to JSON and back, and YAML to Lua. An empty table is an object, a table with the array metatable or
 * with items 1..n a list, oci.null (a null pointer, as in lua-cjson) null. Keys are sorted, since Lua's order
 * is arbitrary. */
#include "base/limits.h"
#include "base/str.h"
#include "lua/binding.h"

/* ---- JSON to Lua ---- */

static void push_number(lua_State *L, const struct oci_json *v)
{
    int64_t whole = 0;
    double n = 0;
    if (oci_json_integer(v, &whole)) {
        lx_pushwhole(L, (double)whole);
        return;
    }
    oci_json_number(v, &n);
    lua_pushnumber(L, n);
}

static void push_container(lua_State *L, const struct oci_json *v, bool is_array)
{
    size_t count = oci_json_count(v);
    int hint = (int)(count < 100000 ? count : 100000);
    lua_createtable(L, is_array ? hint : 0, is_array ? 0 : hint);
    int n = 0;
    for (const struct oci_json *m = oci_json_first(v); m; m = oci_json_next(m)) {
        if (!is_array)
            lua_pushstring(L, oci_json_key(m));
        oci_lua_push_json(L, m);
        if (is_array)
            lua_rawseti(L, -2, ++n);
        else
            lua_rawset(L, -3);
    }
    if (is_array) {
        luaL_getmetatable(L, OCI_LUA_ARRAY);
        lua_setmetatable(L, -2);
    }
}

void oci_lua_push_json(lua_State *L, const struct oci_json *v)
{
    bool b = false;
    luaL_checkstack(L, 6, "JSON nested too deep");
    switch (oci_json_kind(v)) {
    case OCI_JSON_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    case OCI_JSON_BOOL:
        oci_json_bool(v, &b);
        lua_pushboolean(L, b);
        break;
    case OCI_JSON_NUMBER:
        push_number(L, v);
        break;
    case OCI_JSON_STRING:
        lua_pushstring(L, oci_json_string(v));
        break;
    case OCI_JSON_ARRAY:
    case OCI_JSON_OBJECT:
        push_container(L, v, oci_json_kind(v) == OCI_JSON_ARRAY);
        break;
    }
}

/* ---- Lua to JSON ---- */

struct writer {
    lua_State *L;
    struct oci_lua_box *box; /* keeps the root: every value hangs on it before anything can raise */
    struct oci_err *err;
};

static int add_value(struct writer *w, int i, struct oci_json *parent, const char *key, unsigned depth);

static int attach(struct writer *w, struct oci_json *parent, const char *key, struct oci_json *take_v)
{
    int rc = OCI_OK;
    if (!take_v)
        return oci_err_no_memory(w->err);
    if (!parent)
        w->box->u.json = take_v;
    else if (key)
        rc = oci_json_add(parent, key, take_v);
    else
        rc = oci_json_append(parent, take_v);
    return rc ? oci_err_no_memory(w->err) : OCI_OK;
}

/* A string without zero bytes that is UTF-8: what JSON can say and our reader would read. NULL: the error is
 * set. */
static const char *checked_string(struct writer *w, int i)
{
    size_t len = 0;
    const char *s = lua_tolstring(w->L, i, &len);
    if (strlen(s) == len && oci_utf8_valid(s, len))
        return s;
    oci_err_set(w->err, OCI_INVALID, "cannot encode as JSON: a string %s",
                strlen(s) == len ? "is not UTF-8" : "contains a zero byte");
    return NULL;
}

static int add_number(struct writer *w, int i, struct oci_json *parent, const char *key)
{
    double n = lua_tonumber(w->L, i);
    if (lx_is_inexact(w->L, i))
        return oci_err_set(w->err, OCI_INVALID, "cannot encode as JSON: an integer beyond 2^53-1");
    if (!(n - n <= 0)) /* infinity or not a number */
        return oci_err_set(w->err, OCI_INVALID, "cannot encode as JSON: a number that is not finite");
    return attach(w, parent, key, oci_json_new_number(n));
}

static bool has_array_metatable(lua_State *L, int i)
{
    if (!lua_getmetatable(L, i))
        return false;
    luaL_getmetatable(L, OCI_LUA_ARRAY);
    bool same = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    return same;
}

static int fill_array(struct writer *w, int i, struct oci_json *array, unsigned depth)
{
    lua_State *L = w->L;
    size_t count = lx_rawlen(L, i), seen = 0;
    for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1)) {
        double n = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
        if (!(n >= 1) || n > (double)count || (double)(size_t)n < n)
            return luaL_error(L, "cannot encode as JSON: a table with list items and other keys");
        seen++;
    }
    if (seen != count)
        return luaL_error(L, "cannot encode as JSON: a list with holes");
    for (size_t k = 1; k <= count; k++) {
        lua_rawgeti(L, i, (int)k);
        int rc = add_value(w, lua_gettop(L), array, NULL, depth);
        if (rc == OCI_INVALID)
            oci_err_wrap(w->err, "[%zu]", k);
        if (rc)
            return rc;
        lua_pop(L, 1);
    }
    return OCI_OK;
}

static int fill_object(struct writer *w, int i, struct oci_json *object, unsigned depth)
{
    lua_State *L = w->L;
    for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            return luaL_error(L, "cannot encode as JSON: a table whose key is a %s", luaL_typename(L, -2));
        const char *key = checked_string(w, -2);
        if (!key)
            return OCI_INVALID;
        int rc = add_value(w, lua_gettop(L), object, key, depth);
        if (rc == OCI_INVALID)
            oci_err_wrap(w->err, "%.60s", key);
        if (rc)
            return rc;
    }
    oci_json_sort(object);
    return OCI_OK;
}

static int add_table(struct writer *w, int i, struct oci_json *parent, const char *key, unsigned depth)
{
    if (depth == 0)
        return oci_err_set(w->err, OCI_LIMIT, "cannot encode as JSON: nested deeper than %d",
                           OCI_MAX_JSON_DEPTH);
    luaL_checkstack(w->L, 6, "JSON nested too deep");
    bool is_array = lx_rawlen(w->L, i) > 0 || has_array_metatable(w->L, i);
    struct oci_json *v = is_array ? oci_json_new_array() : oci_json_new_object();
    int rc = attach(w, parent, key, v);
    if (rc)
        return rc;
    return is_array ? fill_array(w, i, v, depth - 1) : fill_object(w, i, v, depth - 1);
}

static int add_value(struct writer *w, int i, struct oci_json *parent, const char *key, unsigned depth)
{
    lua_State *L = w->L;
    const char *s = NULL;
    switch (lua_type(L, i)) {
    case LUA_TBOOLEAN:
        return attach(w, parent, key, oci_json_new_bool(lua_toboolean(L, i) != 0));
    case LUA_TNUMBER:
        return add_number(w, i, parent, key);
    case LUA_TSTRING:
        s = checked_string(w, i);
        return s ? attach(w, parent, key, oci_json_new_string(s)) : OCI_INVALID;
    case LUA_TTABLE:
        return add_table(w, i, parent, key, depth);
    default:
        if (lua_islightuserdata(L, i) && lua_touserdata(L, i) == NULL)
            return attach(w, parent, key, oci_json_new_null());
        return luaL_error(L, "cannot encode as JSON: a %s", luaL_typename(L, i));
    }
}

int oci_lua_to_json(lua_State *L, int i, struct oci_lua_box *box, struct oci_err *reterr)
{
    struct writer w = {L, box, reterr};
    int top = lua_gettop(L);
    int rc = add_value(&w, lx_absindex(L, i), NULL, NULL, OCI_MAX_JSON_DEPTH);
    lua_settop(L, top);
    return rc;
}

/* json.encode(value) -> string | nil, message, code, detail */
int oci_lua_json_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    struct oci_lua_box *tree = oci_lua_box_new(L, OCI_LUA_BOX_JSON);
    struct oci_lua_box *text = oci_lua_box_new(L, OCI_LUA_BOX_BUF);
    oci_buf_init(&text->u.buf, OCI_MAX_CONTENT_IN_MEMORY);
    struct oci_err err = {0};
    int rc = oci_lua_to_json(L, 1, tree, &err);
    if (rc == OCI_OK) {
        rc = oci_json_print(tree->u.json, &text->u.buf);
        oci_lua_box_release(tree);
    }
    if (rc) {
        oci_err_set(&err, rc, "cannot encode as JSON: %s", oci_err_meaning(rc));
        return oci_lua_fail(L, &err);
    }
    lua_pushlstring(L, text->u.buf.p, text->u.buf.len);
    oci_lua_box_release(text);
    return 1;
}

/* Reads the text at 1 by one of the two parsers. */
static int decode(lua_State *L, size_t max,
                  int (*parse)(const char *, size_t, size_t, struct oci_json **, struct oci_err *))
{
    size_t len = 0;
    const char *s = luaL_checklstring(L, 1, &len);
    struct oci_lua_box *tree = oci_lua_box_new(L, OCI_LUA_BOX_JSON);
    struct oci_err err = {0};
    if (parse(s, len, max, &tree->u.json, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    oci_lua_push_json(L, tree->u.json);
    oci_lua_box_release(tree);
    return 1;
}

/* json.decode(text) -> value | nil, message, code, detail */
int oci_lua_json_decode(lua_State *L)
{
    return decode(L, OCI_MAX_CONTENT_IN_MEMORY, oci_json_parse);
}

/* yaml_decode(text) -> value as json.decode gives | nil, message, code, detail; json/yaml.h says what is taken */
int oci_lua_yaml_decode(lua_State *L)
{
    return decode(L, OCI_MAX_YAML, oci_yaml_parse);
}

/* array(table) -> table: marked as a list, so that an empty one is [] */
int oci_lua_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_getmetatable(L, OCI_LUA_ARRAY);
    lua_setmetatable(L, 1);
    return 1;
}
