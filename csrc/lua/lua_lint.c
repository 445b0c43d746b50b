/* Lint: findings as Lua tables. */
#include "lua/binding.h"

/* The findings as JSON, which a box can keep while Lua tables are made of them. NULL: out of memory. */
static struct oci_json *to_json(const struct oci_findings *f)
{
    struct oci_json *list = oci_json_new_array();
    for (size_t i = 0; list && i < f->count; i++) {
        const struct oci_finding *x = &f->items[i];
        struct oci_json *o = oci_json_new_object();
        int rc = oci_json_append(list, o);
        if (rc == OCI_OK)
            rc = oci_json_add(o, "rule", oci_json_new_string(x->rule));
        if (rc == OCI_OK)
            rc = oci_json_add(o, "severity", oci_json_new_string(oci_severity_name(x->severity)));
        if (rc == OCI_OK)
            rc = oci_json_add(o, "path", oci_json_new_string(x->path));
        if (rc == OCI_OK)
            rc = oci_json_add(o, "message", oci_json_new_string(x->message));
        if (rc) {
            oci_json_free(list);
            return NULL;
        }
    }
    return list;
}

/* lint(bytes, media_type | nil) -> array of { rule, severity, path, message } | nil, message, code, detail */
int oci_lua_lint(lua_State *L)
{
    size_t len = 0;
    const char *p = luaL_checklstring(L, 1, &len);
    const char *media_type = lua_isnoneornil(L, 2) ? NULL : oci_lua_plain_string(L, 2, "media_type");
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_JSON);
    struct oci_err err = {0};
    struct oci_findings found = {0};
    int rc = oci_lint(p, len, media_type, &found, &err);
    if (rc == OCI_OK && !(box->u.json = to_json(&found)))
        rc = oci_err_no_memory(&err);
    oci_findings_done(&found);
    if (rc)
        return oci_lua_fail(L, &err);
    oci_lua_push_json(L, box->u.json);
    oci_lua_box_release(box);
    return 1;
}
