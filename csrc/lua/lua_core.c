/* oci.core: what `require "oci.core"` gives. Private to the Lua layer. Nothing is started here: no thread, no
 * library is loaded, no file opened. */
#include <dlfcn.h>
#include <lualib.h>
#include <stdio.h>

#include "base/mem.h"
#include "lua/binding.h"

/* The one name that the shared object exports. */
__attribute__((visibility("default"))) int luaopen_oci_core(lua_State *L);

/* A Lua state that closes unloads its modules, under the feet of the engine's thread and of whatever libcurl
 * has registered: so the object is never unloaded. In code, since LuaRocks passes no linker flags. */
static void pin(void)
{
    Dl_info info;
    if (dladdr((void *)(uintptr_t)&luaopen_oci_core, &info) && info.dli_fname)
        dlopen(info.dli_fname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

static int core_versions(lua_State *L)
{
    char text[400];
    oci_versions(text, sizeof text);
    lua_pushstring(L, text);
    return 1;
}

/* now() -> seconds since some moment, for measuring */
static int core_now(lua_State *L)
{
    lua_pushnumber(L, oci_now());
    return 1;
}

/* generation() -> a number that is another one in the child of a fork */
static int core_generation(lua_State *L)
{
    lx_pushwhole(L, oci_generation());
    return 1;
}

/* terminal(file) -> columns of the terminal that an io file is | nil */
static int core_terminal(lua_State *L)
{
    /* FILE * comes first in every Lua's own structure. */
    FILE **file = lx_testudata(L, 1, LUA_FILEHANDLE);
    unsigned columns = file && *file ? oci_terminal_columns(fileno(*file)) : 0;
    if (!columns)
        return 0;
    lx_pushwhole(L, columns);
    return 1;
}

int luaopen_oci_core(lua_State *L)
{
    static const luaL_Reg functions[] = {{"json_encode", oci_lua_json_encode},
                                         {"json_decode", oci_lua_json_decode},
                                         {"yaml_decode", oci_lua_yaml_decode},
                                         {"regex_find", oci_lua_regex_find},
                                         {"wasm_section", oci_lua_wasm_section},
                                         {"wasm_names", oci_lua_wasm_names},
                                         {"array", oci_lua_array},
                                         {"reference", oci_lua_reference},
                                         {"reference_registry", oci_lua_reference_registry},
                                         {"digest", oci_lua_digest},
                                         {"glob", oci_lua_glob},
                                         {"glob_match", oci_lua_glob_match},
                                         {"manifest", oci_lua_parse_manifest},
                                         {"lint", oci_lua_lint},
                                         {"client", oci_lua_client},
                                         {"warm_up", oci_lua_warm_up},
                                         {"wait", oci_lua_wait},
                                         {"mailbox_fd", oci_lua_mailbox_fd},
                                         {"mailbox_next", oci_lua_mailbox_next},
                                         {"mailbox_socket", oci_lua_mailbox_socket},
                                         {"mailbox_socket_close", oci_lua_mailbox_socket_close},
                                         {"now", core_now},
                                         {"generation", core_generation},
                                         {"terminal", core_terminal},
                                         {"versions", core_versions},
                                         {NULL, NULL}};
    pin();
    lx_mainthread(L);
    oci_lua_box_open(L);
    oci_lua_client_open(L);
    oci_lua_op_open(L);
    luaL_newmetatable(L, OCI_LUA_ARRAY);
    lua_pop(L, 1);
    lua_newtable(L);
    lx_setfuncs(L, functions);
    lua_pushliteral(L, OCI_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
