/* client:push(...), client:pull(...) and so on: each starts one operation and gives it, or nil, message,
 * code, detail. The last argument is the call's own options; references are strings. */
#include "base/mem.h"
#include "lua/binding.h"

/* What every start has. Its userdata lies on the stack at `op_index`, what it owns meanwhile in the
 * holder. */
struct start {
    struct oci_client *client;
    struct oci_call_options call;
    struct oci_lua_op *op;
    int op_index, holder;
    struct oci_err err;
    int rc;
};

static void read_call(lua_State *L, int i, struct oci_call_options *call)
{
    static const struct oci_lua_field fields[] = {
        OCI_LUA_FIELD(struct oci_call_options, concurrency, OCI_LUA_UNSIGNED),
        OCI_LUA_FIELD(struct oci_call_options, timeout, OCI_LUA_SECONDS),
        OCI_LUA_FIELD(struct oci_call_options, connect_timeout, OCI_LUA_SECONDS),
        OCI_LUA_FIELD(struct oci_call_options, stall_timeout, OCI_LUA_SECONDS),
        OCI_LUA_FIELD(struct oci_call_options, retries, OCI_LUA_INT),
        OCI_LUA_FIELD(struct oci_call_options, progress, OCI_LUA_BOOL),
        OCI_LUA_FIELDS_END};
    luaL_checktype(L, i, LUA_TTABLE);
    oci_lua_read(L, i, fields, call);
    oci_lua_read_credentials(L, i, &call->credentials, &call->credential_count);
}

/* Checks the client and the call's options at `call_index`, and makes the operation and the holder. */
static void begin(lua_State *L, struct start *s, int call_index)
{
    *s = (struct start){.call = OCI_CALL_OPTIONS_INIT};
    s->client = oci_lua_check_client(L);
    lua_settop(L, call_index);
    read_call(L, call_index, &s->call);
    struct oci_lua_mailbox *mailbox = oci_lua_mailbox(L, &s->err);
    if (!mailbox) {
        s->rc = s->err.code;
        return;
    }
    s->op = oci_lua_op_new(L, mailbox);
    s->op_index = lua_gettop(L);
    oci_lua_holder_push(L);
    s->holder = lua_gettop(L);
}

static int end(lua_State *L, struct start *s)
{
    if (s->op)
        oci_lua_holder_release(L, s->holder);
    if (s->rc)
        return oci_lua_fail(L, &s->err);
    lua_pushvalue(L, s->op_index);
    return 1;
}

/* The reference in the string at `i`; NULL: s->rc says why. */
static const struct oci_reference *reference(lua_State *L, struct start *s, int i)
{
    if (s->rc)
        return NULL;
    struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_REFERENCE);
    s->rc = oci_lua_to_reference(L, i, box, &s->err);
    oci_lua_hold(L, s->holder);
    return s->rc ? NULL : &box->u.ref;
}

/* client:push(to, spec, call) */
static int start_push(lua_State *L)
{
    struct start s;
    struct oci_push_spec spec = {0};
    luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    begin(L, &s, 4);
    const struct oci_reference *to = reference(L, &s, 2);
    if (!s.rc)
        s.rc = oci_lua_read_spec(L, 3, s.holder, &spec, &s.err);
    if (!s.rc)
        s.rc = oci_start_push(s.client, s.op->mailbox->m, to, &spec, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:build(spec, call) */
static int start_build(lua_State *L)
{
    struct start s;
    struct oci_push_spec spec = {0};
    luaL_checktype(L, 2, LUA_TTABLE);
    begin(L, &s, 3);
    if (!s.rc)
        s.rc = oci_lua_read_spec(L, 2, s.holder, &spec, &s.err);
    if (!s.rc)
        s.rc = oci_start_build(s.client, s.op->mailbox->m, &spec, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* The positions (from 1) in field "layers" of the table at `i`, ascending; userdata holds them. */
static void read_positions(lua_State *L, int i, struct oci_selection *what)
{
    lua_getfield(L, i, "layers");
    what->by_position = lua_istable(L, -1);
    if (!what->by_position)
        return;
    size_t count = lx_rawlen(L, -1);
    size_t *items = lx_newudata(L, (count + 1) * sizeof *items, NULL);
    for (size_t k = 0; k < count; k++) {
        uint64_t n = 0;
        lua_rawgeti(L, -2, (int)k + 1);
        if (!oci_lua_to_size(L, -1, &n) || n == 0 || (k > 0 && n - 1 <= items[k - 1]))
            luaL_error(L, "bad 'layers' (ascending positions expected)");
        items[k] = (size_t)n - 1;
        lua_pop(L, 1);
    }
    what->positions = items;
    what->position_count = count;
}

/* { platform, include, exclude, media_types, layers (all lists), manifest (bytes), manifest_type } */
static void read_selection(lua_State *L, struct start *s, int i, struct oci_selection *what)
{
    static const struct oci_lua_field fields[] = {
        OCI_LUA_FIELD(struct oci_selection, manifest_type, OCI_LUA_STRING), OCI_LUA_FIELDS_END};
    oci_lua_read(L, i, fields, what);
    what->include = oci_lua_read_strings(L, i, "include", &what->include_count);
    what->exclude = oci_lua_read_strings(L, i, "exclude", &what->exclude_count);
    what->media_types = oci_lua_read_strings(L, i, "media_types", &what->media_type_count);
    read_positions(L, i, what);
    if (!s->rc)
        s->rc = oci_lua_read_platform(L, i, s->holder, &what->platform, &s->err);
    lua_getfield(L, i, "manifest");
    if (!s->rc && lua_isstring(L, -1))
        s->rc = oci_lua_to_bytes(L, lua_gettop(L), s->holder, &what->manifest, &s->err);
}

/* client:pull(from, { stream | to, overwrite, sync, unpack, and what read_selection() says }, call) */
static int start_pull(lua_State *L)
{
    static const struct oci_lua_field fields[] = {
        OCI_LUA_FIELD(struct oci_pull_options, stream, OCI_LUA_BOOL),
        OCI_LUA_FIELD(struct oci_pull_options, to, OCI_LUA_STRING),
        OCI_LUA_FIELD(struct oci_pull_options, overwrite, OCI_LUA_BOOL),
        OCI_LUA_FIELD(struct oci_pull_options, sync, OCI_LUA_BOOL),
        OCI_LUA_FIELD(struct oci_pull_options, unpack, OCI_LUA_TRISTATE), OCI_LUA_FIELDS_END};
    struct start s;
    struct oci_pull_options options = {.to = ".", .unpack = -1};
    luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    oci_lua_read(L, 3, fields, &options);
    begin(L, &s, 4);
    const struct oci_reference *from = reference(L, &s, 2);
    read_selection(L, &s, 3, &options.what);
    if (!s.rc)
        s.rc = oci_start_pull(s.client, s.op->mailbox->m, from, &options, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:choose(from, { platform }, call): the manifest that pull takes */
static int start_choose(lua_State *L)
{
    struct start s;
    const struct oci_json *platform = NULL;
    luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    begin(L, &s, 4);
    const struct oci_reference *from = reference(L, &s, 2);
    if (!s.rc)
        s.rc = oci_lua_read_platform(L, 3, s.holder, &platform, &s.err);
    if (!s.rc)
        s.rc = oci_start_choose(s.client, s.op->mailbox->m, from, platform, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:copy(from, to, { tags }, call) */
static int start_copy(lua_State *L)
{
    struct start s;
    size_t count = 0;
    luaL_checkstring(L, 2);
    luaL_checkstring(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    begin(L, &s, 5);
    const char *const *tags = oci_lua_read_strings(L, 4, "tags", &count);
    const struct oci_reference *from = reference(L, &s, 2);
    const struct oci_reference *to = reference(L, &s, 3);
    if (!s.rc)
        s.rc = oci_start_copy(s.client, s.op->mailbox->m, from, to, tags, count, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:simple(reference, what, call); for "repositories" the reference is HOST[:PORT] */
static int start_simple(lua_State *L)
{
    static const char *const names[] = {"resolve",        "tags",         "repositories", "untag", "delete",
                                        "fetch_manifest", "fetch_config", "stat_blob",    NULL};
    static const enum oci_simple whats[] = {OCI_RESOLVE, OCI_TAGS,           OCI_REPOSITORIES, OCI_UNTAG,
                                            OCI_DELETE,  OCI_FETCH_MANIFEST, OCI_FETCH_CONFIG, OCI_STAT_BLOB};
    struct start s;
    size_t len = 0;
    const char *text = luaL_checklstring(L, 2, &len);
    enum oci_simple what = whats[luaL_checkoption(L, 3, NULL, names)];
    begin(L, &s, 4);
    const struct oci_reference *r = NULL;
    if (!s.rc && what == OCI_REPOSITORIES) {
        struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_REFERENCE);
        s.rc = oci_reference_parse_registry(text, len, &box->u.ref, &s.err);
        oci_lua_hold(L, s.holder);
        r = &box->u.ref;
    } else {
        r = reference(L, &s, 2);
    }
    if (!s.rc)
        s.rc = oci_start_simple(s.client, s.op->mailbox->m, what, r, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:tag(reference, { tags }, call) */
static int start_tag(lua_State *L)
{
    struct start s;
    size_t count = 0;
    luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    begin(L, &s, 4);
    const char *const *tags = oci_lua_read_strings(L, 3, "tags", &count);
    const struct oci_reference *r = reference(L, &s, 2);
    if (!s.rc)
        s.rc = oci_start_tag(s.client, s.op->mailbox->m, r, tags, count, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:push_manifest(to, bytes, { media_type, tags }, call) */
static int start_push_manifest(lua_State *L)
{
    struct start s;
    size_t count = 0;
    luaL_checkstring(L, 2);
    luaL_checkstring(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    begin(L, &s, 5);
    lua_getfield(L, 4, "media_type");
    const char *media_type = lua_isnil(L, -1) ? NULL : oci_lua_plain_string(L, -1, "media_type");
    const char *const *tags = oci_lua_read_strings(L, 4, "tags", &count);
    const struct oci_reference *to = reference(L, &s, 2);
    struct oci_bytes *bytes = NULL;
    if (!s.rc)
        s.rc = oci_lua_to_bytes(L, 3, s.holder, &bytes, &s.err);
    if (!s.rc)
        s.rc = oci_start_push_manifest(s.client, s.op->mailbox->m, to, bytes, media_type, tags, count,
                                       &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

struct range {
    uint64_t offset, length, limit;
};

static struct range read_range(lua_State *L, int i)
{
    static const struct oci_lua_field fields[] = {
        OCI_LUA_FIELD(struct range, offset, OCI_LUA_SIZE), OCI_LUA_FIELD(struct range, length, OCI_LUA_SIZE),
        OCI_LUA_FIELD(struct range, limit, OCI_LUA_SIZE), OCI_LUA_FIELDS_END};
    struct range r = {.length = OCI_SIZE_UNKNOWN};
    luaL_checktype(L, i, LUA_TTABLE);
    oci_lua_read(L, i, fields, &r);
    return r;
}

/* client:fetch_blob(reference, { offset, length, limit }, call) */
static int start_fetch_blob(lua_State *L)
{
    struct start s;
    luaL_checkstring(L, 2);
    struct range range = read_range(L, 3);
    begin(L, &s, 4);
    const struct oci_reference *r = reference(L, &s, 2);
    if (!s.rc)
        s.rc = oci_start_fetch_blob(s.client, s.op->mailbox->m, r, range.offset, range.length, range.limit,
                                    &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:open_blob(reference, { offset, length }, call) */
static int start_open_blob(lua_State *L)
{
    struct start s;
    luaL_checkstring(L, 2);
    struct range range = read_range(L, 3);
    begin(L, &s, 4);
    const struct oci_reference *r = reference(L, &s, 2);
    if (!s.rc)
        s.rc = oci_start_open_blob(s.client, s.op->mailbox->m, r, range.offset, range.length, &s.call,
                                   &s.op->op, &s.err);
    return end(L, &s);
}

/* client:open_file(reference, path, { platform }, call) */
static int start_open_file(lua_State *L)
{
    struct start s;
    const struct oci_json *platform = NULL;
    luaL_checkstring(L, 2);
    luaL_checkstring(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    const char *path = oci_lua_plain_string(L, 3, "path");
    begin(L, &s, 5);
    const struct oci_reference *r = reference(L, &s, 2);
    if (!s.rc)
        s.rc = oci_lua_read_platform(L, 4, s.holder, &platform, &s.err);
    if (!s.rc)
        s.rc = oci_start_open_file(s.client, s.op->mailbox->m, r, path, platform, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:read_entries(path | nil, reference | nil, { size, patterns, limit, cut }, call) */
static int start_read_entries(lua_State *L)
{
    static const struct oci_lua_field fields[] = {OCI_LUA_FIELD(struct oci_archive, limit, OCI_LUA_SIZE),
                                                  OCI_LUA_FIELD(struct oci_archive, size, OCI_LUA_SIZE),
                                                  OCI_LUA_FIELD(struct oci_archive, cut, OCI_LUA_BOOL),
                                                  OCI_LUA_FIELDS_END};
    struct start s;
    struct oci_archive archive = {.size = OCI_SIZE_UNKNOWN};
    luaL_checktype(L, 4, LUA_TTABLE);
    oci_lua_read(L, 4, fields, &archive);
    if (!lua_isnil(L, 2))
        archive.path = oci_lua_plain_string(L, 2, "path");
    begin(L, &s, 5);
    archive.patterns = oci_lua_read_strings(L, 4, "patterns", &archive.count);
    if (!archive.path)
        archive.blob = reference(L, &s, 3);
    if (!s.rc)
        s.rc = oci_start_read_entries(s.client, s.op->mailbox->m, &archive, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:push_blob(to, content, is_new, call) */
static int start_push_blob(lua_State *L)
{
    struct start s;
    struct oci_content content = {0};
    luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    bool is_new = lua_toboolean(L, 4) != 0;
    begin(L, &s, 5);
    const struct oci_reference *to = reference(L, &s, 2);
    if (!s.rc)
        s.rc = oci_lua_read_content(L, 3, s.holder, &content, &s.err);
    if (!s.rc)
        s.rc =
            oci_start_push_blob(s.client, s.op->mailbox->m, to, &content, is_new, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

/* client:digest(content, algorithm, call) */
static int start_digest(lua_State *L)
{
    struct start s;
    struct oci_content content = {0};
    luaL_checktype(L, 2, LUA_TTABLE);
    const char *algorithm = luaL_checkstring(L, 3);
    begin(L, &s, 4);
    if (!s.rc)
        s.rc = oci_lua_read_content(L, 2, s.holder, &content, &s.err);
    if (!s.rc)
        s.rc = oci_start_digest(s.client, s.op->mailbox->m, &content, algorithm, &s.call, &s.op->op, &s.err);
    return end(L, &s);
}

const luaL_Reg oci_lua_start_methods[] = {{"push", start_push},
                                          {"build", start_build},
                                          {"pull", start_pull},
                                          {"choose", start_choose},
                                          {"copy", start_copy},
                                          {"simple", start_simple},
                                          {"tag", start_tag},
                                          {"push_manifest", start_push_manifest},
                                          {"fetch_blob", start_fetch_blob},
                                          {"open_blob", start_open_blob},
                                          {"open_file", start_open_file},
                                          {"read_entries", start_read_entries},
                                          {"push_blob", start_push_blob},
                                          {"digest", start_digest},
                                          {NULL, NULL}};
