/* Descriptors, manifests and results as Lua tables, in the one shape of DESIGN section 4: structural names in
 * snake_case, annotations as they are. */
#include <stdio.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"
#include "lua/binding.h"

static void set_json(lua_State *L, const char *name, const struct oci_json *v)
{
    if (v) {
        oci_lua_push_json(L, v);
        lua_setfield(L, -2, name);
    }
}

static void set_bytes(lua_State *L, const char *name, const struct oci_bytes *bytes)
{
    if (bytes) {
        lua_pushlstring(L, bytes->p, bytes->len);
        lua_setfield(L, -2, name);
    }
}

static void set_array(lua_State *L, const char *name)
{
    luaL_getmetatable(L, OCI_LUA_ARRAY);
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, name);
}

/* ---- platforms: the specification's names have dots where ours have underscores ---- */

static const char *const platform_names[][2] = {{"os.version", "os_version"}, {"os.features", "os_features"}};

static void push_platform(lua_State *L, const struct oci_json *platform)
{
    oci_lua_push_json(L, platform);
    if (!lua_istable(L, -1))
        return;
    for (size_t i = 0; i < sizeof platform_names / sizeof *platform_names; i++) {
        lua_getfield(L, -1, platform_names[i][0]);
        lua_setfield(L, -2, platform_names[i][1]);
        lua_pushnil(L);
        lua_setfield(L, -2, platform_names[i][0]);
    }
}

/* The platform at the top of the stack, a table, with the specification's names; raises unless it is one. */
static void respell_platform(lua_State *L)
{
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, -3);) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "bad 'platform' (a string like linux/amd64, or a table of names expected)");
        const char *name = lua_tostring(L, -2);
        for (size_t i = 0; i < sizeof platform_names / sizeof *platform_names; i++)
            if (strcmp(name, platform_names[i][1]) == 0)
                name = platform_names[i][0];
        lua_setfield(L, -3, name);
    }
    lua_replace(L, -2);
}

/* ---- descriptors ---- */

void oci_lua_push_desc(lua_State *L, const struct oci_desc *d)
{
    luaL_checkstack(L, 8, NULL);
    lua_createtable(L, 0, 6);
    oci_lua_set_string(L, "media_type", d->media_type);
    oci_lua_set_string(L, "digest", d->digest.text);
    oci_lua_set_string(L, "artifact_type", d->artifact_type);
    if (d->size != OCI_SIZE_UNKNOWN) {
        lx_pushwhole(L, (double)d->size);
        lua_setfield(L, -2, "size");
    }
    set_json(L, "annotations", d->annotations);
    set_json(L, "urls", d->urls);
    set_bytes(L, "data", d->data);
    if (d->platform) {
        push_platform(L, d->platform);
        lua_setfield(L, -2, "platform");
    }
}

static void push_result_desc(lua_State *L, const struct oci_result_desc *d)
{
    oci_lua_push_desc(L, &d->desc);
    oci_lua_set_string(L, "reference", d->reference);
    if (d->tags && d->tags[0]) {
        lua_newtable(L);
        for (int i = 0; d->tags[i]; i++) {
            lua_pushstring(L, d->tags[i]);
            lua_rawseti(L, -2, i + 1);
        }
        set_array(L, "tags");
    }
}

/* Hangs the Lua value on top of the stack on `object` as `key`, and pops it. */
static int add_member(lua_State *L, struct oci_json *object, const char *key, struct oci_err *reterr)
{
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_JSON);
    int rc = oci_lua_to_json(L, -2, box, reterr);
    if (rc == OCI_OK) {
        struct oci_json *v = box->u.json;
        box->u.json = NULL;
        rc = oci_json_add(object, key, v) ? oci_err_no_memory(reterr) : OCI_OK;
    }
    lua_pop(L, 2);
    return rc;
}

/* "linux/arm64/v8" or a table, on top of the stack. */
static int add_platform(lua_State *L, struct oci_json *object, struct oci_err *reterr)
{
    if (lua_type(L, -1) == LUA_TSTRING) {
        struct oci_json *platform = NULL;
        int rc = oci_platform_parse(lua_tostring(L, -1), &platform, reterr);
        if (rc == OCI_OK && oci_json_add(object, "platform", platform) != OCI_OK)
            rc = oci_err_no_memory(reterr);
        lua_pop(L, 1);
        return rc;
    }
    luaL_checktype(L, -1, LUA_TTABLE);
    respell_platform(L);
    return add_member(L, object, "platform", reterr);
}

int oci_lua_read_platform(lua_State *L, int i, int holder, const struct oci_json **ret_platform, struct oci_err *reterr)
{
    i = lx_absindex(L, i);
    *ret_platform = NULL;
    lua_getfield(L, i, "platform");
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return OCI_OK;
    }
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_JSON);
    oci_lua_hold(L, holder);
    box->u.json = oci_json_new_object();
    if (!box->u.json)
        return oci_err_no_memory(reterr);
    int rc = add_platform(L, box->u.json, reterr);
    *ret_platform = oci_json_get(box->u.json, "platform");
    return rc;
}

/* Bytes on top of the stack, which JSON has in base64. */
static int add_data(lua_State *L, struct oci_json *object, struct oci_err *reterr)
{
    size_t len = 0;
    const char *p = luaL_checklstring(L, -1, &len);
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_BUF);
    oci_buf_init(&box->u.buf, OCI_MAX_MANIFEST);
    int rc = oci_base64_add(&box->u.buf, p, len);
    if (rc == OCI_OK)
        rc = oci_json_add(object, "data", oci_json_new_string(len ? box->u.buf.p : ""));
    lua_pop(L, 2);
    return rc ? oci_err_set(reterr, rc, "embedded data: %s", oci_err_meaning(rc)) : OCI_OK;
}

/* What is still to be found of the descriptor of a document, so that it can be read as one. */
static int add_unknown(struct oci_json *object, struct oci_err *reterr)
{
    static const char *const made_up[][2] = {
        {"mediaType", OCI_TYPE_MANIFEST},
        {"digest", "sha256:0000000000000000000000000000000000000000000000000000000000000000"}};
    for (size_t i = 0; i < sizeof made_up / sizeof *made_up; i++) {
        if (oci_json_add(object, made_up[i][0], oci_json_new_string(made_up[i][1])) != OCI_OK)
            return oci_err_no_memory(reterr);
    }
    return oci_json_add(object, "size", oci_json_new_size(0)) ? oci_err_no_memory(reterr) : OCI_OK;
}

int oci_lua_read_desc(lua_State *L, int i, const char *where, bool unknown, struct oci_desc *d, struct oci_err *reterr)
{
    static const char *const names[][2] = {{"media_type", "mediaType"},
                                           {"digest", "digest"},
                                           {"size", "size"},
                                           {"artifact_type", "artifactType"},
                                           {"annotations", "annotations"},
                                           {"urls", "urls"},
                                           {"data", "data"},
                                           {"platform", "platform"}};
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_JSON);
    int rc = (box->u.json = oci_json_new_object()) ? OCI_OK : oci_err_no_memory(reterr);
    if (rc == OCI_OK && unknown)
        rc = add_unknown(box->u.json, reterr);
    for (size_t k = 0; rc == OCI_OK && k < sizeof names / sizeof *names; k++) {
        lua_getfield(L, i, names[k][0]);
        if (lua_isnil(L, -1))
            lua_pop(L, 1);
        else if (strcmp(names[k][0], "platform") == 0)
            rc = add_platform(L, box->u.json, reterr);
        else if (strcmp(names[k][0], "data") == 0)
            rc = add_data(L, box->u.json, reterr);
        else
            rc = add_member(L, box->u.json, names[k][1], reterr);
        if (rc != OCI_OK)
            oci_err_wrap(reterr, "%s", where);
    }
    if (rc == OCI_OK)
        rc = oci_desc_read(box->u.json, where, d, reterr);
    if (rc == OCI_OK && unknown)
        d->digest = (struct oci_digest){""};
    oci_lua_box_release(box);
    lua_pop(L, 1);
    return rc;
}

/* ---- manifests ---- */

static void set_descs(lua_State *L, const char *name, const struct oci_desc *items, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        oci_lua_push_desc(L, &items[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    set_array(L, name);
}

static void push_manifest(lua_State *L, const struct oci_manifest *m)
{
    lua_createtable(L, 0, 10);
    set_bytes(L, "bytes", m->bytes);
    oci_lua_set_string(L, "digest", m->self.digest.text);
    oci_lua_set_string(L, "media_type", m->self.media_type);
    oci_lua_set_string(L, "artifact_type", m->self.artifact_type);
    lx_pushwhole(L, (double)m->self.size);
    lua_setfield(L, -2, "size");
    set_descs(L, m->is_index ? "manifests" : "layers", m->items, m->count);
    if (!m->is_index) {
        oci_lua_push_desc(L, &m->config);
        lua_setfield(L, -2, "config");
    }
    if (m->has_subject) {
        oci_lua_push_desc(L, &m->subject);
        lua_setfield(L, -2, "subject");
    }
    set_json(L, "annotations", m->annotations);
}

/* manifest(bytes, media_type | nil) -> fields | nil, message, code, detail */
int oci_lua_parse_manifest(lua_State *L)
{
    luaL_checkstring(L, 1);
    const char *media_type = lua_isnoneornil(L, 2) ? NULL : oci_lua_plain_string(L, 2, "media_type");
    struct oci_err err = {0};
    struct oci_bytes *bytes = NULL;
    oci_lua_holder_push(L);
    int holder = lua_gettop(L);
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_MANIFEST);
    int rc = oci_lua_to_bytes(L, 1, holder, &bytes, &err);
    if (rc == OCI_OK)
        rc = oci_manifest_parse(bytes, media_type, NULL, &box->u.manifest, &err);
    oci_lua_holder_release(L, holder);
    if (rc != OCI_OK)
        return oci_lua_fail(L, &err);
    push_manifest(L, box->u.manifest);
    oci_lua_box_release(box);
    return 1;
}

/* ---- results ---- */

/* Lua keeps long strings once for each time that they are made: what a file has from its layer is the layer's. */
static void share(lua_State *L, int layer, const char *name)
{
    lua_getfield(L, layer, name);
    lua_setfield(L, -2, name);
}

/* Of the manifest on top of the stack. */
static void push_files(lua_State *L, const struct oci_result *r)
{
    static const char *const shared[] = {"digest", "media_type", "size"};
    lua_getfield(L, -1, "layers");
    const int layers = lua_gettop(L);
    lua_createtable(L, (int)r->file_count, 0);
    for (size_t i = 0; i < r->file_count; i++) {
        const struct oci_result_file *f = &r->files[i];
        lua_rawgeti(L, layers, (int)f->position + 1);
        lua_createtable(L, 0, 8);
        for (size_t k = 0; k < sizeof shared / sizeof *shared; k++)
            share(L, layers + 2, shared[k]);
        set_json(L, "annotations", f->desc->annotations);
        oci_lua_set_string(L, "path", f->path);
        oci_lua_set_string(L, "title", f->title);
        oci_lua_set_string(L, "state", f->state);
        lx_pushwhole(L, (double)f->position + 1);
        lua_setfield(L, -2, "layer");
        lua_rawseti(L, layers + 1, (int)i + 1);
        lua_pop(L, 1);
    }
    lua_remove(L, layers);
}

/* `entries`, with false where nothing was found. */
static void push_entries(lua_State *L, const struct oci_result *r)
{
    if (!r->entries)
        return;
    lua_createtable(L, (int)r->entry_count, 0);
    for (size_t i = 0; i < r->entry_count; i++) {
        if (r->entries[i])
            lua_pushlstring(L, r->entries[i]->p, r->entries[i]->len);
        else
            lua_pushboolean(L, 0);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "entries");
}

void oci_lua_push_result(lua_State *L, const struct oci_result *r)
{
    lua_newtable(L);
    if (r->has_desc) {
        push_result_desc(L, &r->desc);
        if (r->fallback) {
            lua_pushboolean(L, 1);
            lua_setfield(L, -2, "fallback");
        }
        lua_setfield(L, -2, "descriptor");
    }
    if (!r->manifest) /* it has them */
        set_bytes(L, "bytes", r->bytes);
    lua_createtable(L, (int)r->name_count, 0);
    for (size_t i = 0; i < r->name_count; i++) {
        lua_pushstring(L, r->names[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    set_array(L, "names");
    if (r->manifest) {
        push_manifest(L, r->manifest);
        push_files(L, r);
        lua_insert(L, -2);
        lua_setfield(L, -3, "manifest");
        set_array(L, "files");
    }
    push_entries(L, r);
    lx_pushwhole(L, (double)r->stream_size);
    lua_setfield(L, -2, "size");
}
