/* Components of WebAssembly, for the type's builder. */
#include "lua/binding.h"

/* wasm_section(head) -> number, size, bytes of the head | nil, message, code, detail */
int oci_lua_wasm_section(lua_State *L)
{
    size_t len = 0, used = 0;
    const char *head = luaL_checklstring(L, 1, &len);
    struct oci_err err = {0};
    unsigned id;
    uint32_t size;
    if (oci_wasm_section(head, len, &id, &size, &used, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    lx_pushwhole(L, id);
    lx_pushwhole(L, size);
    lx_pushwhole(L, (double)used);
    return 3;
}

/* wasm_names(number, section) -> { name, ... } | nil, message, code, detail */
int oci_lua_wasm_names(lua_State *L)
{
    size_t len = 0;
    unsigned id = (unsigned)luaL_checknumber(L, 1);
    const char *section = luaL_checklstring(L, 2, &len);
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_JSON);
    struct oci_err err = {0};
    if (oci_wasm_names(id, section, len, &box->u.json, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    oci_lua_push_json(L, box->u.json);
    oci_lua_box_release(box);
    return 1;
}
