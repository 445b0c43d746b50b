/* compat.h - one source for Lua 5.1 to 5.4 and LuaJIT: the only place that asks for LUA_VERSION_NUM.
 *
 * What plain 5.1 has not is written with what it has, under names of our own: a module built with 5.1's
 * headers then loads in LuaJIT, nginx and Neovim too, and LuaJIT's own copies of some of these functions do
 * not get in the way. */
#ifndef OCI_LUA_COMPAT_H
#define OCI_LUA_COMPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "base/hidden.h"

OCI_BEGIN

static inline int lx_absindex(lua_State *L, int i)
{
    return i > 0 || i <= LUA_REGISTRYINDEX ? i : lua_gettop(L) + i + 1;
}

static inline size_t lx_rawlen(lua_State *L, int i)
{
#if LUA_VERSION_NUM >= 502
    return lua_rawlen(L, i);
#else
    return lua_objlen(L, i);
#endif
}

/* Sets the functions of `list` in the table on top. */
static inline void lx_setfuncs(lua_State *L, const luaL_Reg *list)
{
    for (; list->name; list++) {
        lua_pushcfunction(L, list->func);
        lua_setfield(L, -2, list->name);
    }
}

/* The userdata at `i` if its metatable is the registry's `name`, else NULL. */
static inline void *lx_testudata(lua_State *L, int i, const char *name)
{
    void *p = lua_touserdata(L, i);
    if (!p || !lua_getmetatable(L, i))
        return NULL;
    lua_getfield(L, LUA_REGISTRYINDEX, name);
    bool same = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    return same ? p : NULL;
}

/* A new userdata of `size` zeroed bytes with the registry's metatable `name`: its __gc may run from now
 * on. */
static inline void *lx_newudata(lua_State *L, size_t size, const char *name)
{
#if LUA_VERSION_NUM >= 504
    void *p = lua_newuserdatauv(L, size, 0);
#else
    void *p = lua_newuserdata(L, size);
#endif
    memset(p, 0, size);
    if (name) {
        lua_getfield(L, LUA_REGISTRYINDEX, name);
        lua_setmetatable(L, -2);
    }
    return p;
}

/* A whole number up to 2^53: an integer where Lua has them, so that it prints without a fraction. */
static inline void lx_pushwhole(lua_State *L, double n)
{
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(L, (lua_Integer)n);
#else
    lua_pushnumber(L, n);
#endif
}

/* True when the number at `i` is an integer too large to be exact in a double. */
static inline bool lx_is_inexact(lua_State *L, int i)
{
#if LUA_VERSION_NUM >= 503
    if (!lua_isinteger(L, i))
        return false;
    lua_Integer n = lua_tointeger(L, i);
    return n > 9007199254740991LL || n < -9007199254740991LL;
#else
    (void)L;
    (void)i;
    return false;
#endif
}

/* The state's main coroutine. In 5.1 it has no place in the registry: it is then whatever was the main one
 * when a function of ours was last called there, or NULL. */
static inline lua_State *lx_mainthread(lua_State *L)
{
#if LUA_VERSION_NUM >= 502
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
#else
    if (lua_pushthread(L)) {
        lua_pushvalue(L, -1);
        lua_setfield(L, LUA_REGISTRYINDEX, "oci.main");
    }
    lua_pop(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "oci.main");
#endif
    lua_State *main = lua_tothread(L, -1);
    lua_pop(L, 1);
    return main;
}

OCI_END

#endif
