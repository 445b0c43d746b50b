/* hidden.h - keeps every symbol of the core out of the shared object's export table.
 *
 * Each header brackets its declarations with OCI_BEGIN and OCI_END, after its includes. This is done in the
 * source since LuaRocks' builtin build passes no compiler flags. Only luaopen_oci_core is exported. */
#ifndef OCI_BASE_HIDDEN_H
#define OCI_BASE_HIDDEN_H

#define OCI_BEGIN _Pragma("GCC visibility push(hidden)")
#define OCI_END _Pragma("GCC visibility pop")

#define OCI_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* Scope-local ownership: `oci_auto(oci_buf) struct oci_buf b;` calls oci_buf_done(&b) at the end of the scope.
 * Never across a step boundary and never under a lua_State (c-style 4.2, rule 6). */
#define oci_auto(module) __attribute__((cleanup(module##_done)))

#endif
