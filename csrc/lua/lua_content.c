/* Content: the tables that the Lua layer makes of a path, bytes, a directory or a reader, as C options;
 * digests of bytes; the files that a pattern matches; a file out of an archive. */
#include "base/glob.h"
#include "base/limits.h"
#include "base/mem.h"
#include "lua/binding.h"

int oci_lua_to_bytes(lua_State *L, int i, int holder, struct oci_bytes **ret_bytes, struct oci_err *reterr)
{
    size_t len = 0;
    const char *p = luaL_checklstring(L, i, &len);
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_BYTES);
    box->u.bytes = oci_bytes_new(p, len);
    struct oci_bytes *bytes = box->u.bytes;
    oci_lua_hold(L, holder);
    if (!bytes)
        return oci_err_no_memory(reterr);
    *ret_bytes = bytes;
    return OCI_OK;
}

int oci_lua_read_annotations(lua_State *L, int i, int holder, const struct oci_json **ret,
                             struct oci_err *reterr)
{
    lua_getfield(L, i, "annotations");
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return OCI_OK;
    }
    luaL_checktype(L, -1, LUA_TTABLE);
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_JSON);
    int rc = oci_lua_to_json(L, -2, box, reterr);
    if (rc)
        oci_err_wrap(reterr, "annotations");
    oci_lua_hold(L, holder);
    lua_pop(L, 1);
    if (rc == OCI_OK)
        *ret = box->u.json;
    return rc;
}

int oci_lua_read_content(lua_State *L, int i, int holder, struct oci_content *ret_content,
                         struct oci_err *reterr)
{
    static const struct oci_lua_field fields[] = {
        OCI_LUA_FIELD(struct oci_content, path, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_content, reader, OCI_LUA_UNSIGNED),
        OCI_LUA_FIELD(struct oci_content, media_type, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_content, title, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_content, embed, OCI_LUA_BOOL),
        OCI_LUA_FIELD(struct oci_content, prefix, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_content, follow_links, OCI_LUA_BOOL),
        OCI_LUA_FIELD(struct oci_content, unpacked, OCI_LUA_BOOL),
        OCI_LUA_FIELD(struct oci_content, compression, OCI_LUA_STRING), OCI_LUA_FIELDS_END};
    luaL_checktype(L, i, LUA_TTABLE);
    i = lx_absindex(L, i);
    struct oci_content c = {.kind = OCI_CONTENT_FILE};
    oci_lua_read(L, i, fields, &c);
    lua_getfield(L, i, "is_dir");
    lua_getfield(L, i, "data");
    int rc = OCI_OK;
    if (!lua_isnil(L, -1)) {
        c.kind = OCI_CONTENT_BYTES;
        rc = oci_lua_to_bytes(L, lua_gettop(L), holder, &c.bytes, reterr);
    } else if (c.reader) {
        c.kind = OCI_CONTENT_READER;
    } else if (!c.path) {
        return luaL_error(L, "content without path, data and reader");
    } else if (lua_toboolean(L, -2)) {
        c.kind = OCI_CONTENT_DIR;
    }
    lua_pop(L, 2);
    c.urls = oci_lua_read_strings(L, i, "urls", &c.url_count);
    oci_lua_anchor(L, holder);
    c.ignore = oci_lua_read_strings(L, i, "ignore", &c.ignore_count);
    oci_lua_anchor(L, holder);
    if (rc == OCI_OK)
        rc = oci_lua_read_annotations(L, i, holder, &c.annotations, reterr);
    if (rc == OCI_OK)
        *ret_content = c;
    return rc;
}

/* digest(bytes, algorithm | nil) -> "sha256:..." | nil, message, code, detail */
int oci_lua_digest(lua_State *L)
{
    size_t len = 0;
    const char *p = luaL_checklstring(L, 1, &len);
    const char *algorithm = luaL_optstring(L, 2, OCI_SHA256);
    struct oci_err err = {0};
    struct oci_digest digest;
    if (oci_digest_of(oci_str_of(algorithm), p, len, &digest, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    lua_pushstring(L, digest.text);
    return 1;
}

/* glob(root, pattern) -> { path relative to root, ... } | nil, message, code, detail */
int oci_lua_glob(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    const char *root = oci_lua_plain_string(L, 1, "root");
    const char *pattern = oci_lua_plain_string(L, 2, "glob");
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_NAMES);
    struct oci_err err = {0};
    if (oci_glob(root, pattern, &box->u.names.items, &box->u.names.count, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    lua_createtable(L, (int)box->u.names.count, 0);
    for (size_t i = 0; i < box->u.names.count; i++) {
        lua_pushstring(L, box->u.names.items[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    oci_lua_box_release(box);
    return 1;
}

/* glob_match(pattern, path) -> boolean */
int oci_lua_glob_match(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    const char *pattern = oci_lua_plain_string(L, 1, "pattern");
    lua_pushboolean(L, oci_glob_match(pattern, oci_lua_plain_string(L, 2, "path")));
    return 1;
}
