/* Operations, and the mailbox that each Lua state has for them. */
#include "base/mem.h"
#include "lua/binding.h"

#define TAKE_MAX (1u << 20) /* one chunk of a reader */

/* ---- the mailbox ---- */

static void mailbox_unref(struct oci_lua_mailbox *box)
{
    if (!box || --box->refs > 0)
        return;
    oci_mailbox_free(box->m);
    oci_free(box);
}

/* In the registry. `closed`: the state is being closed, and what finalizers still call must not start
 * anything. */
struct slot {
    struct oci_lua_mailbox *box;
    unsigned generation;
    bool closed;
};

static int mailbox_gc(lua_State *L)
{
    struct slot *slot = lua_touserdata(L, 1);
    struct oci_lua_mailbox *box = slot->box;
    slot->box = NULL;
    slot->closed = true;
    mailbox_unref(box);
    return 0;
}

static struct slot *mailbox_slot(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "oci.mailbox of this state");
    struct slot *slot = lua_touserdata(L, -1);
    if (!slot) {
        slot = lx_newudata(L, sizeof *slot, OCI_LUA_MAILBOX);
        lua_setfield(L, LUA_REGISTRYINDEX, "oci.mailbox of this state");
    }
    lua_pop(L, 1);
    return slot;
}

/* It is counted, since a state that closes finalizes in an order of its own. */
struct oci_lua_mailbox *oci_lua_mailbox(lua_State *L, struct oci_err *reterr)
{
    struct slot *slot = mailbox_slot(L);
    if (slot->box && slot->generation == oci_generation())
        return slot->box;
    if (slot->closed) {
        oci_err_set(reterr, OCI_INVALID, "the Lua state is being closed");
        return NULL;
    }
    struct oci_lua_mailbox *box = oci_calloc(1, sizeof *box);
    if (!box) {
        oci_err_no_memory(reterr);
        return NULL;
    }
    box->refs = 1;
    if (oci_mailbox_new(&box->m, reterr) != OCI_OK) {
        oci_free(box);
        return NULL;
    }
    slot->box = box; /* one from before a fork is abandoned */
    slot->generation = oci_generation();
    return box;
}

/* mailbox_fd() -> descriptor | nil, message, code, detail */
int oci_lua_mailbox_fd(lua_State *L)
{
    struct oci_err err = {0};
    struct oci_lua_mailbox *box = oci_lua_mailbox(L, &err);
    int fd = box ? oci_mailbox_fd(box->m, &err) : -1;
    if (fd < 0)
        return oci_lua_fail(L, &err);
    lua_pushinteger(L, fd);
    return 1;
}

/* mailbox_next() -> id of an operation that is ready | nil */
int oci_lua_mailbox_next(lua_State *L)
{
    struct oci_lua_mailbox *box = oci_lua_mailbox(L, NULL);
    uint64_t id = box ? oci_mailbox_next(box->m) : 0;
    if (!id)
        return 0;
    lx_pushwhole(L, (double)id);
    return 1;
}

/* mailbox_socket() -> path of a Unix socket to connect to | nil, message, code, detail */
int oci_lua_mailbox_socket(lua_State *L)
{
    const char *path = NULL;
    struct oci_err err = {0};
    struct oci_lua_mailbox *box = oci_lua_mailbox(L, &err);
    if (!box || oci_mailbox_socket(box->m, &path, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    lua_pushstring(L, path);
    return 1;
}

int oci_lua_mailbox_socket_close(lua_State *L)
{
    struct oci_lua_mailbox *box = oci_lua_mailbox(L, NULL);
    if (box)
        oci_mailbox_socket_close(box->m);
    return 0;
}

/* warm_up(reference): a call that is about to begin will ask a registry, which takes some getting ready. All else does
 * nothing, and nothing fails here: the call will. */
int oci_lua_warm_up(lua_State *L)
{
    struct oci_reference ref;
    size_t len = 0;
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &len) : NULL;
    if (!text || oci_reference_parse(text, len, &ref, NULL) != OCI_OK)
        return 0;
    const bool is_remote = ref.place == OCI_PLACE_REGISTRY;
    oci_reference_done(&ref); /* before what may raise */
    struct oci_lua_mailbox *box = is_remote ? oci_lua_mailbox(L, NULL) : NULL;
    if (box)
        oci_mailbox_warm_up(box->m);
    return 0;
}

/* ---- waiting ---- */

/* Has an interpreter's SIGINT handler left its hook on this coroutine? lua and luajit ask for a call of the
 * hook at once, for calls, returns and every instruction; nothing else that sets hooks does all of it. */
static bool has_stop_hook(lua_State *L)
{
    int wanted = LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT;
    return lua_gethook(L) && (lua_gethookmask(L) & wanted) == wanted && lua_gethookcount(L) == 1;
}

/* In PUC Lua the handler's hook sits on the main coroutine: another one that waits would go on till its end
 * (DESIGN, decisions). Here it stops; the main one then stops by its hook. */
static void stop_if_main_is_stopped(lua_State *L)
{
    lua_State *main = lx_mainthread(L);
    if (main && main != L && !has_stop_hook(L) && has_stop_hook(main))
        luaL_error(L, "interrupted!");
}

static struct oci_op *op_of(lua_State *L, int i)
{
    struct oci_lua_op *u = lx_testudata(L, i, OCI_LUA_OP);
    if (!u)
        luaL_error(L, "operation expected, got %s", luaL_typename(L, i));
    else if (!u->op)
        luaL_error(L, "the operation is closed");
    return u ? u->op : NULL;
}

/* wait({ op, ... }, timeout) -> index of one that is ready | nil, "timeout" | nil, "interrupted". Waits
 * `timeout` seconds at most, and returns sooner than a long one: so a signal that came just before is
 * seen. */
int oci_lua_wait(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    double timeout = luaL_checknumber(L, 2);
    size_t count = lx_rawlen(L, 1), index = 0;
    struct oci_op **ops = lx_newudata(L, (count + 1) * sizeof(void *), NULL);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 1, (int)i + 1);
        ops[i] = op_of(L, -1);
        lua_pop(L, 1);
    }
    luaL_argcheck(L, count > 0, 1, "at least one operation expected");
    struct oci_err err = {0};
    struct oci_lua_mailbox *box = oci_lua_mailbox(L, &err);
    if (!box)
        return oci_lua_fail(L, &err);
    stop_if_main_is_stopped(L);
    int rc = oci_mailbox_wait(box->m, ops, count, timeout < 0.25 ? timeout : 0.25, &index);
    if (rc > 0) {
        lua_pushinteger(L, (lua_Integer)index + 1);
        return 1;
    }
    stop_if_main_is_stopped(L);
    lua_pushnil(L);
    lua_pushstring(L, rc < 0 ? "interrupted" : "timeout");
    return 2;
}

/* ---- an operation ---- */

struct oci_lua_op *oci_lua_op_new(lua_State *L, struct oci_lua_mailbox *mailbox)
{
    struct oci_lua_op *u = lx_newudata(L, sizeof *u, OCI_LUA_OP);
    u->mailbox = mailbox;
    mailbox->refs++;
    return u;
}

static struct oci_op *check_op(lua_State *L)
{
    struct oci_lua_op *u = lx_testudata(L, 1, OCI_LUA_OP);
    luaL_argcheck(L, u, 1, "operation expected");
    luaL_argcheck(L, u->op, 1, "the operation is closed");
    return u->op;
}

/* op:close(), __gc, __close: cancels what still runs; may be called again. */
static int op_close(lua_State *L)
{
    struct oci_lua_op *u = lx_testudata(L, 1, OCI_LUA_OP);
    luaL_argcheck(L, u, 1, "operation expected");
    struct oci_op *op = u->op;
    struct oci_lua_mailbox *mailbox = u->mailbox;
    u->op = NULL;
    u->mailbox = NULL;
    oci_op_free(op);
    mailbox_unref(mailbox);
    return 0;
}

static int op_cancel(lua_State *L)
{
    oci_op_cancel(check_op(L));
    return 0;
}

static int op_id(lua_State *L)
{
    lx_pushwhole(L, (double)oci_op_id(check_op(L)));
    return 1;
}

static int op_ready(lua_State *L)
{
    lua_pushboolean(L, oci_op_ready(check_op(L)));
    return 1;
}

static int op_over(lua_State *L)
{
    lua_pushboolean(L, oci_op_over(check_op(L)));
    return 1;
}

/* op:pollfd() -> descriptor | nil, message, code, detail */
static int op_pollfd(lua_State *L)
{
    struct oci_err err = {0};
    int fd = oci_op_fd(check_op(L), &err);
    if (fd < 0)
        return oci_lua_fail(L, &err);
    lua_pushinteger(L, fd);
    return 1;
}

static int push_progress(lua_State *L, const struct oci_event *e)
{
    lua_pushliteral(L, "progress");
    lua_createtable(L, 0, 6);
    oci_lua_set_string(L, "what", e->what);
    oci_lua_set_string(L, "state", e->state);
    oci_lua_set_string(L, "digest", e->digest);
    oci_lua_set_string(L, "title", e->title);
    lx_pushwhole(L, (double)e->done);
    lua_setfield(L, -2, "done");
    if (e->total != OCI_SIZE_UNKNOWN) {
        lx_pushwhole(L, (double)e->total);
        lua_setfield(L, -2, "total");
    }
    return 2;
}

/* op:event() -> nil | "progress", event | "wants", reader, bytes at most */
static int op_event(lua_State *L)
{
    struct oci_event e;
    if (!oci_op_event(check_op(L), &e) || e.kind == OCI_EVENT_NONE)
        return 0;
    if (e.kind == OCI_EVENT_PROGRESS)
        return push_progress(L, &e);
    lua_pushliteral(L, "wants");
    lx_pushwhole(L, e.reader);
    lx_pushwhole(L, (double)e.room);
    return 3;
}

/* op:totals() -> bytes done, bytes known, blobs done, blobs known */
static int op_totals(lua_State *L)
{
    struct oci_totals t = {0};
    oci_op_totals(check_op(L), &t);
    lx_pushwhole(L, (double)t.done);
    lx_pushwhole(L, (double)t.total);
    lx_pushwhole(L, t.blobs_done);
    lx_pushwhole(L, t.blobs);
    return 4;
}

/* op:give(reader, bytes, from) -> bytes taken | nil (the operation wants no more). From the 1-based position
 * `from`. */
static int op_give(lua_State *L)
{
    struct oci_op *op = check_op(L);
    unsigned reader = (unsigned)luaL_checkinteger(L, 2);
    size_t len = 0, taken = 0;
    const char *p = luaL_checklstring(L, 3, &len);
    size_t from = (size_t)luaL_checkinteger(L, 4) - 1;
    luaL_argcheck(L, from <= len, 4, "behind the end");
    int rc = oci_op_give(op, reader, p + from, len - from, &taken);
    if (rc < 0)
        return 0;
    lx_pushwhole(L, rc == OCI_PAUSED ? 0 : (double)taken);
    return 1;
}

/* op:give_end(reader, failure | nil) */
static int op_give_end(lua_State *L)
{
    struct oci_op *op = check_op(L);
    unsigned reader = (unsigned)luaL_checkinteger(L, 2);
    oci_op_give_end(op, reader, luaL_optstring(L, 3, NULL));
    return 0;
}

/* op:take(max) -> chunk | nil (the verified end) | false (nothing now) | nil, message, code, detail */
static int op_take(lua_State *L)
{
    struct oci_op *op = check_op(L);
    lua_Number wanted = luaL_checknumber(L, 2);
    luaL_argcheck(L, wanted >= 1, 2, "at least one byte expected");
    size_t max = wanted < TAKE_MAX ? (size_t)wanted : TAKE_MAX, n = 0;
    void *p = lx_newudata(L, max, NULL);
    struct oci_err err = {0};
    int rc = oci_op_take(op, p, max, &n, &err);
    if (rc < 0)
        return oci_lua_fail(L, &err);
    if (rc == OCI_OK)
        lua_pushlstring(L, p, n);
    else if (rc == OCI_PAUSED)
        lua_pushboolean(L, 0);
    else
        lua_pushnil(L);
    return 1;
}

/* op:take_file(max) -> index, chunk | index (that one is verified) | nil (all are) | false (nothing now) | nil, message, code,
 * detail */
static int op_take_file(lua_State *L)
{
    struct oci_op *op = check_op(L);
    lua_Number wanted = luaL_checknumber(L, 2);
    luaL_argcheck(L, wanted >= 1, 2, "at least one byte expected");
    size_t max = wanted < TAKE_MAX ? (size_t)wanted : TAKE_MAX, n = 0, index = 0;
    void *p = lx_newudata(L, max, NULL);
    struct oci_err err = {0};
    int rc = oci_op_take_file(op, p, max, &n, &index, &err);
    if (rc < 0)
        return oci_lua_fail(L, &err);
    if (rc == OCI_PAUSED)
        lua_pushboolean(L, 0);
    else if (rc == OCI_OK)
        lx_pushwhole(L, (double)index + 1);
    else
        lua_pushnil(L);
    if (rc != OCI_OK || n == 0)
        return 1;
    lua_pushlstring(L, p, n);
    return 2;
}

/* op:result() -> { descriptor, bytes, manifest, names, files } | nil, message, code, detail */
static int op_result(lua_State *L)
{
    const struct oci_result *result = NULL;
    struct oci_err err = {0};
    if (oci_op_result(check_op(L), &result, &err) != OCI_OK)
        return oci_lua_fail(L, &err);
    oci_lua_push_result(L, result);
    return 1;
}

static int op_tostring(lua_State *L)
{
    struct oci_lua_op *u = lx_testudata(L, 1, OCI_LUA_OP);
    lua_pushfstring(L, "oci.Operation core (%s)", u && u->op ? "open" : "closed");
    return 1;
}

void oci_lua_op_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"ready", op_ready},   {"over", op_over},
                                       {"pollfd", op_pollfd}, {"cancel", op_cancel},
                                       {"close", op_close},   {"id", op_id},
                                       {"event", op_event},   {"totals", op_totals},
                                       {"give", op_give},     {"give_end", op_give_end},
                                       {"take", op_take},     {"take_file", op_take_file},
                                       {"result", op_result},
                                       {NULL, NULL}};
    static const luaL_Reg meta[] = {
        {"__gc", op_close}, {"__close", op_close}, {"__tostring", op_tostring}, {NULL, NULL}};
    luaL_newmetatable(L, OCI_LUA_MAILBOX);
    lua_pushcfunction(L, mailbox_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    luaL_newmetatable(L, OCI_LUA_OP);
    lx_setfuncs(L, meta);
    lua_newtable(L);
    lx_setfuncs(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
