/* binding.h - what the files of the binding share. Not for other folders.
 *
 * Rules (c-style 4.4): a function checks its arguments first, which may raise; then makes userdata that
 * anchors what is to come; then calls the core, which never raises and never sees L; then pushes. No cleanup
 * attributes: an error jumps. What C owns while Lua may still raise is in a box, which the collector releases
 * if nobody else did. */
#ifndef OCI_LUA_BINDING_H
#define OCI_LUA_BINDING_H

#include "base/hidden.h"
#include "include/oci.h"
#include "lua/compat.h"

OCI_BEGIN

#define OCI_LUA_ARRAY   "oci.array" /* metatable of lists */
#define OCI_LUA_BOX     "oci.box"
#define OCI_LUA_CLIENT  "oci.Client core"
#define OCI_LUA_OP      "oci.Operation core"
#define OCI_LUA_MAILBOX "oci.mailbox"

/* ---- boxes (lua_box.c) ---- */

enum oci_lua_box_kind {
    OCI_LUA_BOX_JSON,
    OCI_LUA_BOX_BYTES,
    OCI_LUA_BOX_BUF,
    OCI_LUA_BOX_REFERENCE,
    OCI_LUA_BOX_MANIFEST,
    OCI_LUA_BOX_DESCS,
    OCI_LUA_BOX_NAMES
};
struct oci_lua_box {
    enum oci_lua_box_kind kind;
    union {
        struct oci_json *json;
        struct oci_bytes *bytes;
        struct oci_buf buf;
        struct oci_reference ref;
        struct oci_manifest *manifest;
        struct {
            struct oci_desc *items;
            size_t count;
        } descs;
        struct {
            char **items;
            size_t count;
        } names;
    } u;
};
/* Pushes an empty box. */
struct oci_lua_box *oci_lua_box_new(lua_State *L, enum oci_lua_box_kind kind);
void oci_lua_box_release(struct oci_lua_box *box); /* now, instead of at some collection */
/* Pushes a table that keeps boxes, and puts the box on top into the one at `holder`. */
void oci_lua_holder_push(lua_State *L);
void oci_lua_hold(lua_State *L, int holder);
/* Pops a value that is no box, and keeps it alive as long as the holder; nil is only popped. */
void oci_lua_anchor(lua_State *L, int holder);
void oci_lua_holder_release(lua_State *L, int holder);

/* ---- errors (lua_error.c) ---- */

/* Pushes nil, message, code, detail (DESIGN section 5); returns 4. */
int oci_lua_fail(lua_State *L, const struct oci_err *err);

/* ---- tables of options (lua_table.c) ---- */

enum oci_lua_field_kind {
    OCI_LUA_STRING,   /* const char *; borrowed from the table */
    OCI_LUA_BOOL,     /* bool */
    OCI_LUA_TRISTATE, /* int: 1, 0; untouched when absent */
    OCI_LUA_SECONDS,  /* double, not negative */
    OCI_LUA_UNSIGNED, /* unsigned */
    OCI_LUA_INT,      /* int, not negative */
    OCI_LUA_SIZE      /* uint64_t, to 2^53-1 */
};
struct oci_lua_field {
    const char *name;
    enum oci_lua_field_kind kind;
    size_t offset;
};
/* clang-format off */
#define OCI_LUA_FIELD(type, name, kind) {#name, kind, offsetof(type, name)}
#define OCI_LUA_FIELDS_END {NULL, OCI_LUA_STRING, 0}
/* clang-format on */
/* Copies the fields that the table at `i` has to *out; raises on a wrong type. The Lua layer has refused
 * unknown names. `fields` ends with a NULL name. */
void oci_lua_read(lua_State *L, int i, const struct oci_lua_field *fields, void *out);
/* The string at the top of the stack, without zero bytes; raises, naming `name`. */
const char *oci_lua_plain_string(lua_State *L, int i, const char *name);
/* The list of strings in field `name` of the table at `i`: pushes userdata that holds the pointers (nil: no
 * such field). */
const char *const *oci_lua_read_strings(lua_State *L, int i, const char *name, size_t *ret_count);
/* Sets field `name` of the table on top, unless `value` is NULL or "". */
void oci_lua_set_string(lua_State *L, const char *name, const char *value);
/* Is the value at `i` what `__gc`-less Lua calls a whole number, 0 .. 2^53-1? */
bool oci_lua_to_size(lua_State *L, int i, uint64_t *ret_n);

/* ---- JSON (lua_json.c) ---- */

void oci_lua_push_json(lua_State *L, const struct oci_json *v);
/* The Lua value at `i` as JSON in *box (kind JSON). Raises for what has no JSON form; else OCI_OK or an
 * error. */
int oci_lua_to_json(lua_State *L, int i, struct oci_lua_box *box, struct oci_err *reterr);
int oci_lua_json_encode(lua_State *L);
int oci_lua_json_decode(lua_State *L);
int oci_lua_yaml_decode(lua_State *L);
int oci_lua_array(lua_State *L);
int oci_lua_regex_find(lua_State *L);   /* lua_regex.c */
int oci_lua_wasm_section(lua_State *L); /* lua_wasm.c */
int oci_lua_wasm_names(lua_State *L);

/* ---- model (lua_convert.c, lua_reference.c) ---- */

void oci_lua_push_desc(lua_State *L, const struct oci_desc *d);
void oci_lua_push_result(lua_State *L, const struct oci_result *r);
/* "os/architecture[/variant]" or a table in field "platform" of the table at `i`, as an object; NULL: no such field. What it
 * owns goes to the holder. Raises for a table that is no platform; else OCI_OK or an error. */
int oci_lua_read_platform(lua_State *L, int i, int holder, const struct oci_json **ret_platform, struct oci_err *reterr);
int oci_lua_parse_manifest(lua_State *L);
int oci_lua_lint(lua_State *L); /* lua_lint.c */
/* The descriptor in the table at `i`, called `where` in messages, into *d, which is in a box; `unknown`: media type, digest
 * and size are left to be found. Raises for what has no JSON form. */
int oci_lua_read_desc(lua_State *L, int i, const char *where, bool unknown, struct oci_desc *d, struct oci_err *reterr);
/* The reference in the string at `i` into *box (kind REFERENCE). */
int oci_lua_to_reference(lua_State *L, int i, struct oci_lua_box *box, struct oci_err *reterr);
int oci_lua_reference(lua_State *L);
int oci_lua_reference_registry(lua_State *L);

/* ---- content (lua_content.c) ---- */

/* Reads one content table; what it owns goes to the holder. OCI_OK, or an error. */
int oci_lua_read_content(lua_State *L, int i, int holder, struct oci_content *ret_content,
                         struct oci_err *reterr);
/* The object of strings in field "annotations" of the table at `i`; NULL: no such field. */
int oci_lua_read_annotations(lua_State *L, int i, int holder, const struct oci_json **ret,
                             struct oci_err *reterr);
/* The bytes of the string at `i`. */
int oci_lua_to_bytes(lua_State *L, int i, int holder, struct oci_bytes **ret_bytes, struct oci_err *reterr);
int oci_lua_glob(lua_State *L);
int oci_lua_glob_match(lua_State *L);
int oci_lua_digest(lua_State *L);

/* ---- what is pushed (lua_spec.c) ---- */

/* The specification in the table at `i`; what it shows is the holder's. */
int oci_lua_read_spec(lua_State *L, int i, int holder, struct oci_push_spec *spec, struct oci_err *reterr);

/* ---- mailbox and operations (lua_op.c) ---- */

/* One for each Lua state, made at the first use. It lives as long as the state and its last operation. */
struct oci_lua_mailbox {
    struct oci_mailbox *m;
    size_t refs;
};
struct oci_lua_mailbox *oci_lua_mailbox(lua_State *L, struct oci_err *reterr); /* NULL: reterr says why */

struct oci_lua_op {
    struct oci_op *op;               /* NULL: closed, or not started */
    struct oci_lua_mailbox *mailbox; /* a reference */
};
/* Pushes an operation that is not started yet. */
struct oci_lua_op *oci_lua_op_new(lua_State *L, struct oci_lua_mailbox *mailbox);
int oci_lua_warm_up(lua_State *L);
int oci_lua_wait(lua_State *L);
int oci_lua_mailbox_fd(lua_State *L);
int oci_lua_mailbox_next(lua_State *L);
int oci_lua_mailbox_socket(lua_State *L);
int oci_lua_mailbox_socket_close(lua_State *L);

/* ---- clients (lua_client.c, lua_start.c) ---- */

int oci_lua_client(lua_State *L);
struct oci_client *oci_lua_check_client(lua_State *L);
void oci_lua_read_credentials(lua_State *L, int i, const struct oci_credential_option **ret_items,
                              size_t *ret_count);
/* The methods that start an operation. */
extern const luaL_Reg oci_lua_start_methods[];

/* Make metatables in the registry. */
void oci_lua_box_open(lua_State *L);
void oci_lua_client_open(lua_State *L);
void oci_lua_op_open(lua_State *L);

OCI_END

#endif
