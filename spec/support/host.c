/* A Lua interpreter for `make test SANITIZE=address`: the sanitizer's runtime must be loaded before
 * the module, and preloading it into the stock interpreter would hand it on to every program that
 * a spec starts (curl hangs with it). Called like lua5.4: -v, -e CODE, SCRIPT ARGS..., and Ctrl-C raises
 * "interrupted!". */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lua_State *interrupted_state;

static void stop(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "interrupted!");
}

static void on_interrupt(int sig)
{
    signal(sig, SIG_DFL);
    lua_sethook(interrupted_state, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

static int traceback(lua_State *L)
{
    lua_getglobal(L, "debug");
    lua_getfield(L, -1, "traceback");
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 2);
    lua_call(L, 2, 1);
    return 1;
}

/* Runs what luaL_load... left on the stack, with `nargs` strings of argv as arguments. */
static int run(lua_State *L, int load_status, char **argv, int nargs)
{
    int status = load_status;
    if (status == 0) {
        lua_pushcfunction(L, traceback);
        lua_insert(L, -2);
        for (int i = 0; i < nargs; i++)
            lua_pushstring(L, argv[i]);
        signal(SIGINT, on_interrupt);
        status = lua_pcall(L, nargs, 0, -2 - nargs);
        signal(SIGINT, SIG_DFL);
    }
    if (status != 0 && !lua_isnil(L, -1)) {     /* busted ends with error() after its report */
        const char *text = lua_tostring(L, -1);
        fprintf(stderr, "lua: %s\n", text ? text : "(error object is not a string)");
    }
    return status;
}

/* The global `arg`: the script is 0, what is before it has negative indices. */
static void set_arg(lua_State *L, int argc, char **argv, int script)
{
    lua_newtable(L);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i - script);
    }
    lua_setglobal(L, "arg");
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    if (!L)
        return EXIT_FAILURE;
    interrupted_state = L;
    luaL_openlibs(L);

    int status = 0;
    int i = 1;
    if (i < argc && strcmp(argv[i], "-v") == 0) {
        printf("%s\n", LUA_VERSION);
        i++;
    }
    for (; status == 0 && i + 1 < argc && strcmp(argv[i], "-e") == 0; i += 2)
        status = run(L, luaL_loadstring(L, argv[i + 1]), NULL, 0);
    if (status == 0 && i < argc) {
        const char *script = strcmp(argv[i], "-") == 0 ? NULL : argv[i];
        set_arg(L, argc, argv, i);
        status = run(L, luaL_loadfile(L, script), argv + i + 1, argc - i - 1);
    }
    lua_close(L);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
