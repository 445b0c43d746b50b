/* Errors: value, or nil, message, code, detail (DESIGN section 5). */
#include "base/limits.h"
#include "lua/binding.h"

/* The registry's own errors, a JSON array: detail.errors. */
static void set_errors(lua_State *L, const char *text)
{
    if (!*text)
        return;
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_JSON);
    if (oci_json_parse(text, strlen(text), OCI_MAX_ERROR_BODY, &box->u.json, NULL) != OCI_OK) {
        lua_pop(L, 1);
        return;
    }
    oci_lua_push_json(L, box->u.json);
    oci_lua_box_release(box);
    lua_setfield(L, -3, "errors");
    lua_pop(L, 1);
}

/* "linux/amd64, linux/arm64": detail.platforms. */
static void set_platforms(lua_State *L, const char *text)
{
    if (!*text)
        return;
    lua_newtable(L);
    for (int n = 1; *text; n++) {
        size_t len = strcspn(text, ",");
        lua_pushlstring(L, text, len);
        lua_rawseti(L, -2, n);
        text += len;
        text += strspn(text, ", ");
    }
    luaL_getmetatable(L, OCI_LUA_ARRAY);
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "platforms");
}

int oci_lua_fail(lua_State *L, const struct oci_err *err)
{
    lua_pushnil(L);
    lua_pushstring(L, *err->text ? err->text : oci_err_meaning(err->code));
    lua_pushstring(L, oci_err_name(err->code));
    lua_newtable(L);
    if (err->status) {
        lx_pushwhole(L, err->status);
        lua_setfield(L, -2, "status");
    }
    if (err->retryable) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "retryable");
    }
    oci_lua_set_string(L, "url", err->url);
    oci_lua_set_string(L, "path", err->path);
    set_errors(L, err->registry);
    set_platforms(L, err->platforms);
    return 4;
}
