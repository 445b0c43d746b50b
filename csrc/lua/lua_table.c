/* Lua tables of options to C structures, by tables of fields. */
#include "base/limits.h"
#include "lua/binding.h"

static int wrong(lua_State *L, const char *name, const char *wanted)
{
    return luaL_error(L, "bad option '%s' (%s expected, got %s)", name, wanted, luaL_typename(L, -1));
}

void oci_lua_set_string(lua_State *L, const char *name, const char *value)
{
    if (value && *value) {
        lua_pushstring(L, value);
        lua_setfield(L, -2, name);
    }
}

bool oci_lua_to_size(lua_State *L, int i, uint64_t *ret_n)
{
    if (lua_type(L, i) != LUA_TNUMBER || lx_is_inexact(L, i))
        return false;
    double n = lua_tonumber(L, i);
    if (!(n >= 0) || n > (double)OCI_MAX_SIZE || (double)(uint64_t)n < n)
        return false;
    *ret_n = (uint64_t)n;
    return true;
}

const char *oci_lua_plain_string(lua_State *L, int i, const char *name)
{
    size_t len = 0;
    const char *s = lua_type(L, i) == LUA_TSTRING ? lua_tolstring(L, i, &len) : NULL;
    if (!s)
        luaL_error(L, "bad '%s' (string expected, got %s)", name, luaL_typename(L, i));
    else if (strlen(s) != len)
        luaL_error(L, "bad '%s' (it contains a zero byte)", name);
    return s;
}

static void read_number(lua_State *L, const struct oci_lua_field *f, void *to)
{
    uint64_t n = 0;
    if (f->kind == OCI_LUA_SECONDS) {
        double seconds = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
        if (!(seconds >= 0))
            wrong(L, f->name, "a number of seconds, not negative");
        memcpy(to, &seconds, sizeof seconds);
        return;
    }
    if (!oci_lua_to_size(L, -1, &n) || (f->kind != OCI_LUA_SIZE && n > INT32_MAX))
        wrong(L, f->name, "a whole number, not negative");
    unsigned u = (unsigned)n;
    int s = (int)n;
    if (f->kind == OCI_LUA_SIZE)
        memcpy(to, &n, sizeof n);
    else if (f->kind == OCI_LUA_INT)
        memcpy(to, &s, sizeof s);
    else
        memcpy(to, &u, sizeof u);
}

static void read_field(lua_State *L, const struct oci_lua_field *f, void *to)
{
    if (f->kind == OCI_LUA_STRING) {
        const char *s = oci_lua_plain_string(L, -1, f->name);
        memcpy(to, &s, sizeof s);
    } else if (f->kind == OCI_LUA_BOOL || f->kind == OCI_LUA_TRISTATE) {
        if (!lua_isboolean(L, -1))
            wrong(L, f->name, "boolean");
        bool b = lua_toboolean(L, -1) != 0;
        int n = b;
        if (f->kind == OCI_LUA_BOOL)
            memcpy(to, &b, sizeof b);
        else
            memcpy(to, &n, sizeof n);
    } else {
        read_number(L, f, to);
    }
}

void oci_lua_read(lua_State *L, int i, const struct oci_lua_field *fields, void *out)
{
    i = lx_absindex(L, i);
    for (const struct oci_lua_field *f = fields; f->name; f++) {
        lua_getfield(L, i, f->name);
        if (!lua_isnil(L, -1))
            read_field(L, f, (char *)out + f->offset);
        lua_pop(L, 1); /* strings stay alive in the table */
    }
}

const char *const *oci_lua_read_strings(lua_State *L, int i, const char *name, size_t *ret_count)
{
    i = lx_absindex(L, i);
    *ret_count = 0;
    lua_getfield(L, i, name);
    if (lua_isnil(L, -1))
        return NULL;
    if (!lua_istable(L, -1))
        wrong(L, name, "list of strings");
    size_t count = lx_rawlen(L, -1);
    const char **items = lx_newudata(L, (count + 1) * sizeof *items, NULL);
    for (size_t k = 0; k < count; k++) {
        lua_rawgeti(L, -2, (int)k + 1);
        items[k] = oci_lua_plain_string(L, -1, name);
        lua_pop(L, 1);
    }
    lua_remove(L, -2);
    *ret_count = count;
    return items;
}
