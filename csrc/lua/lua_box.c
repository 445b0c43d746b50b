/* Boxes: what C owns while Lua functions that may raise are still to be called. */
#include "base/mem.h"
#include "lua/binding.h"

struct oci_lua_box *oci_lua_box_new(lua_State *L, enum oci_lua_box_kind kind)
{
    struct oci_lua_box *box = lx_newudata(L, sizeof *box, OCI_LUA_BOX);
    box->kind = kind; /* all zero is empty, for every kind */
    return box;
}

void oci_lua_box_release(struct oci_lua_box *box)
{
    switch (box->kind) {
    case OCI_LUA_BOX_JSON:
        oci_json_free(box->u.json);
        break;
    case OCI_LUA_BOX_BYTES:
        oci_bytes_unref(box->u.bytes);
        break;
    case OCI_LUA_BOX_BUF:
        oci_buf_done(&box->u.buf);
        break;
    case OCI_LUA_BOX_REFERENCE:
        oci_reference_done(&box->u.ref);
        break;
    case OCI_LUA_BOX_MANIFEST:
        oci_manifest_free(box->u.manifest);
        break;
    case OCI_LUA_BOX_DESCS:
        for (size_t i = 0; i < box->u.descs.count; i++)
            oci_desc_done(&box->u.descs.items[i]);
        oci_free(box->u.descs.items);
        break;
    case OCI_LUA_BOX_NAMES:
        for (size_t i = 0; i < box->u.names.count; i++)
            oci_free(box->u.names.items[i]);
        oci_free(box->u.names.items);
        break;
    }
    memset(&box->u, 0, sizeof box->u);
}

static int box_gc(lua_State *L)
{
    struct oci_lua_box *box = lua_touserdata(L, 1);
    oci_lua_box_release(box);
    return 0;
}

void oci_lua_holder_push(lua_State *L)
{
    lua_newtable(L);
}

void oci_lua_hold(lua_State *L, int holder)
{
    lua_rawseti(L, holder, (int)lx_rawlen(L, holder) + 1);
}

void oci_lua_anchor(lua_State *L, int holder)
{
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    lua_pushboolean(L, 1);
    lua_rawset(L, holder);
}

void oci_lua_holder_release(lua_State *L, int holder)
{
    int count = (int)lx_rawlen(L, holder);
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, holder, i);
        struct oci_lua_box *box = lua_touserdata(L, -1);
        oci_lua_box_release(box);
        lua_pop(L, 1);
    }
}

void oci_lua_box_open(lua_State *L)
{
    luaL_newmetatable(L, OCI_LUA_BOX);
    lua_pushcfunction(L, box_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
