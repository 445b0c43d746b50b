/* Clients: options in, a handle out. What starts an operation is in lua_start.c. */
#include "base/mem.h"
#include "lua/binding.h"

struct client_box {
    struct oci_client *client; /* NULL: closed */
};

struct oci_client *oci_lua_check_client(lua_State *L)
{
    struct client_box *box = lx_testudata(L, 1, OCI_LUA_CLIENT);
    luaL_argcheck(L, box, 1, "client expected");
    luaL_argcheck(L, box->client, 1, "the client is closed");
    return box->client;
}

/* Pushes a list of `size`-byte options read from the list in field `name` of the table at `i`, or nil. */
static void *read_list(lua_State *L, int i, const char *name, size_t size, size_t *ret_count)
{
    i = lx_absindex(L, i);
    *ret_count = 0;
    lua_getfield(L, i, name);
    if (lua_isnil(L, -1))
        return NULL;
    luaL_checktype(L, -1, LUA_TTABLE);
    *ret_count = lx_rawlen(L, -1);
    void *items = lx_newudata(L, (*ret_count + 1) * size, NULL);
    lua_insert(L, -2);
    return items; /* below the list, which stays on top */
}

/* Pushes userdata that holds the credentials of the list in field "credentials" of the table at `i`, or
 * nil. */
void oci_lua_read_credentials(lua_State *L, int i, const struct oci_credential_option **ret_items,
                              size_t *ret_count)
{
    static const struct oci_lua_field fields[] = {
        OCI_LUA_FIELD(struct oci_credential_option, registry, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_credential_option, username, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_credential_option, password, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_credential_option, token, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_credential_option, identity_token, OCI_LUA_STRING),
        OCI_LUA_FIELDS_END};
    struct oci_credential_option *items = read_list(L, i, "credentials", sizeof *items, ret_count);
    *ret_items = items;
    if (!items)
        return;
    for (size_t k = 0; k < *ret_count; k++) {
        lua_rawgeti(L, -1, (int)k + 1);
        oci_lua_read(L, -1, fields, &items[k]);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void read_registries(lua_State *L, struct oci_client_options *o)
{
    static const struct oci_lua_field fields[] = {
        OCI_LUA_FIELD(struct oci_registry_option, host, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_registry_option, plain_http, OCI_LUA_TRISTATE),
        OCI_LUA_FIELD(struct oci_registry_option, ca_file, OCI_LUA_STRING), OCI_LUA_FIELDS_END};
    struct oci_registry_option *items = read_list(L, 1, "registries", sizeof *items, &o->registry_count);
    o->registries = items;
    if (!items)
        return;
    for (size_t k = 0; k < o->registry_count; k++) {
        items[k].plain_http = -1;
        lua_rawgeti(L, -1, (int)k + 1);
        oci_lua_read(L, -1, fields, &items[k]);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* client(options) -> client | nil, message, code, detail. Of the Lua layer's making: `registries` and
 * `credentials` are lists, with the names of hosts inside. */
int oci_lua_client(lua_State *L)
{
    static const struct oci_lua_field fields[] = {
        OCI_LUA_FIELD(struct oci_client_options, concurrency, OCI_LUA_UNSIGNED),
        OCI_LUA_FIELD(struct oci_client_options, timeout, OCI_LUA_SECONDS),
        OCI_LUA_FIELD(struct oci_client_options, connect_timeout, OCI_LUA_SECONDS),
        OCI_LUA_FIELD(struct oci_client_options, stall_timeout, OCI_LUA_SECONDS),
        OCI_LUA_FIELD(struct oci_client_options, retries, OCI_LUA_INT),
        OCI_LUA_FIELD(struct oci_client_options, user_agent, OCI_LUA_STRING),
        OCI_LUA_FIELDS_END};
    struct oci_client_options options = OCI_CLIENT_OPTIONS_INIT;
    luaL_checktype(L, 1, LUA_TTABLE);
    oci_lua_read(L, 1, fields, &options);
    read_registries(L, &options);
    oci_lua_read_credentials(L, 1, &options.credentials, &options.credential_count);
    struct client_box *box = lx_newudata(L, sizeof *box, OCI_LUA_CLIENT);
    struct oci_err err = {0};
    if (oci_client_new(&options, &box->client, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    return 1;
}

/* client:close(), __gc, __close; operations that run go on. May be called again. */
static int client_close(lua_State *L)
{
    struct client_box *box = lx_testudata(L, 1, OCI_LUA_CLIENT);
    luaL_argcheck(L, box, 1, "client expected");
    struct oci_client *client = box->client;
    box->client = NULL;
    oci_client_free(client);
    return 0;
}

/* client:warning() -> the next warning | nil */
static int client_warning(lua_State *L)
{
    char text[512];
    if (!oci_client_warning(oci_lua_check_client(L), text, sizeof text))
        return 0;
    lua_pushstring(L, text);
    return 1;
}

void oci_lua_client_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"close", client_close}, {"warning", client_warning}, {NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", client_close}, {"__close", client_close}, {NULL, NULL}};
    luaL_newmetatable(L, OCI_LUA_CLIENT);
    lx_setfuncs(L, meta);
    lua_newtable(L);
    lx_setfuncs(L, methods);
    lx_setfuncs(L, oci_lua_start_methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
