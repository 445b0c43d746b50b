/* References: strings in, tables out. The Lua layer turns tables back into strings. */
#include "lua/binding.h"

int oci_lua_to_reference(lua_State *L, int i, struct oci_lua_box *box, struct oci_err *reterr)
{
    size_t len = 0;
    const char *s = lua_tolstring(L, i, &len);
    return oci_reference_parse(s, len, &box->u.ref, reterr);
}

static int push_reference(lua_State *L, struct oci_lua_box *box)
{
    static const char *const places[] = {"registry", "layout", "archive", "memory"};
    const struct oci_reference *r = &box->u.ref;
    lua_newtable(L);
    oci_lua_set_string(L, "place", places[r->place]);
    oci_lua_set_string(L, "registry", r->registry);
    oci_lua_set_string(L, "repository", r->repository);
    oci_lua_set_string(L, "path", r->path);
    oci_lua_set_string(L, "tag", r->tag);
    oci_lua_set_string(L, "digest", r->digest.text);
    oci_lua_box_release(box);
    return 1;
}

/* reference(text) -> { place, registry, repository, path, tag, digest } | nil, message, code, detail */
int oci_lua_reference(lua_State *L)
{
    luaL_checkstring(L, 1);
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_REFERENCE);
    struct oci_err err = {0};
    if (oci_lua_to_reference(L, 1, box, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    return push_reference(L, box);
}

/* reference_registry(text) -> the same for HOST[:PORT] alone */
int oci_lua_reference_registry(lua_State *L)
{
    size_t len = 0;
    const char *s = luaL_checklstring(L, 1, &len);
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_REFERENCE);
    struct oci_err err = {0};
    if (oci_reference_parse_registry(s, len, &box->u.ref, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    return push_reference(L, box);
}
