/* Regular expressions: what JSON Schema's `pattern` needs. */
#include "base/regex.h"

#include "lua/binding.h"

/* regex_find(pattern, text) -> boolean, steps | nil, message, code, detail; base/regex.h says what a pattern may hold */
int oci_lua_regex_find(lua_State *L)
{
    size_t pattern_len = 0, text_len = 0;
    const char *pattern = luaL_checklstring(L, 1, &pattern_len);
    const char *text = luaL_checklstring(L, 2, &text_len);
    struct oci_err err = {0};
    struct oci_regex *regex = NULL;
    bool found = false;
    uint64_t work = 0;
    int rc = oci_regex_new(pattern, pattern_len, &regex, &err);
    if (rc == OCI_OK)
        rc = oci_regex_find(regex, (struct oci_str){text, text_len}, &found, &work, &err);
    oci_regex_free(regex);
    if (rc)
        return oci_lua_fail(L, &err);
    lua_pushboolean(L, found);
    lua_pushnumber(L, (lua_Number)work);
    return 2;
}
