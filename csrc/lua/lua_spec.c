/* What push and build take: documents with their contents and entries, as C options. Arrays of them are userdata that
 * the holder keeps. */
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "lua/binding.h"

struct reader {
    lua_State *L;
    int holder;
    struct oci_err *err;
};

/* A zeroed array that lives as long as the holder. */
static void *new_array(struct reader *r, size_t count, size_t size)
{
    void *p = lx_newudata(r->L, (count + 1) * size, NULL);
    memset(p, 0, (count + 1) * size);
    oci_lua_anchor(r->L, r->holder);
    return p;
}

/* Descriptors to be read, in a box. */
static struct oci_desc *new_descs(struct reader *r, size_t count)
{
    struct oci_lua_box *box = oci_lua_box_new(r->L, OCI_LUA_BOX_DESCS);
    struct oci_desc *items = oci_calloc(count + 1, sizeof *items);
    box->u.descs.items = items;
    box->u.descs.count = items ? count : 0;
    oci_lua_hold(r->L, r->holder);
    if (!items)
        oci_err_no_memory(r->err);
    return items;
}

/* Pushes the list in field `name` of the table at `i`, and gives its length; pushes nothing where there is none. */
static size_t push_list(lua_State *L, int i, const char *name)
{
    lua_getfield(L, i, name);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return 0;
    }
    luaL_checktype(L, -1, LUA_TTABLE);
    return lx_rawlen(L, -1);
}

static int read_contents(struct reader *r, int i, struct oci_document *d)
{
    lua_State *L = r->L;
    int top = lua_gettop(L), rc = OCI_OK;
    size_t count = push_list(L, i, "contents");
    struct oci_content *items = new_array(r, count, sizeof *items);
    for (size_t k = 0; k < count && !rc; k++) {
        lua_rawgeti(L, top + 1, (int)k + 1);
        rc = oci_lua_read_content(L, -1, r->holder, &items[k], r->err);
        lua_pop(L, 1);
    }
    d->contents = items;
    d->count = count;
    lua_settop(L, top);
    return rc;
}

static int read_config(struct reader *r, int i, struct oci_document *d)
{
    lua_State *L = r->L;
    int rc = OCI_OK;
    lua_getfield(L, i, "config");
    if (!lua_isnil(L, -1)) {
        struct oci_content *config = new_array(r, 1, sizeof *config);
        rc = oci_lua_read_content(L, -1, r->holder, config, r->err);
        d->config = config;
    }
    lua_pop(L, 1);
    return rc;
}

/* The entries of an index: a descriptor, or the number of a document with what else its descriptor says. */
static int read_entries(struct reader *r, int i, struct oci_document *d)
{
    lua_State *L = r->L;
    int top = lua_gettop(L), rc = OCI_OK;
    size_t count = push_list(L, i, "entries");
    if (count > OCI_MAX_LAYERS)
        return oci_err_set(r->err, OCI_LIMIT, "more than %d manifests", OCI_MAX_LAYERS);
    struct oci_entry *entries = new_array(r, count, sizeof *entries);
    struct oci_desc *descs = new_descs(r, count);
    if (!descs)
        return OCI_NO_MEMORY;
    for (size_t k = 0; k < count && !rc; k++) {
        static const struct oci_lua_field fields[] = {
            OCI_LUA_FIELD(struct oci_entry, document, OCI_LUA_SIZE), OCI_LUA_FIELDS_END};
        char where[40];
        snprintf(where, sizeof where, "manifests[%zu]", k + 1);
        lua_rawgeti(L, top + 1, (int)k + 1);
        luaL_checktype(L, -1, LUA_TTABLE);
        oci_lua_read(L, -1, fields, &entries[k]);
        rc = oci_lua_read_desc(L, lua_gettop(L), where, entries[k].document > 0, &descs[k], r->err);
        entries[k].desc = &descs[k];
        lua_pop(L, 1);
    }
    d->entries = entries;
    d->entry_count = count;
    lua_settop(L, top);
    return rc;
}

static int read_subject(struct reader *r, int i, struct oci_document *d)
{
    lua_State *L = r->L;
    int rc = OCI_OK;
    lua_getfield(L, i, "subject");
    if (!lua_isnil(L, -1)) {
        luaL_checktype(L, -1, LUA_TTABLE);
        struct oci_desc *subject = new_descs(r, 1);
        rc = subject ? oci_lua_read_desc(L, lua_gettop(L), "subject", false, subject, r->err) : OCI_NO_MEMORY;
        d->subject = subject;
    }
    lua_pop(L, 1);
    return rc;
}

static int read_expect(struct reader *r, const char *text, struct oci_document *d)
{
    if (!text)
        return OCI_OK;
    struct oci_digest *digest = new_array(r, 1, sizeof *digest);
    d->expect = digest;
    return oci_digest_parse(oci_str_of(text), digest, r->err);
}

static int read_bytes(struct reader *r, int i, struct oci_document *d)
{
    lua_State *L = r->L;
    int rc = OCI_OK;
    lua_getfield(L, i, "bytes");
    if (!lua_isnil(L, -1))
        rc = oci_lua_to_bytes(L, lua_gettop(L), r->holder, &d->bytes, r->err);
    lua_pop(L, 1);
    return rc;
}

/* The document in the table at the top of the stack. */
static int read_document(struct reader *r, struct oci_document *d)
{
    struct texts {
        const char *expect;
    } texts = {NULL};
    static const struct oci_lua_field fields[] = {OCI_LUA_FIELD(struct oci_document, where, OCI_LUA_STRING),
                                                  OCI_LUA_FIELD(struct oci_document, artifact_type, OCI_LUA_STRING),
                                                  OCI_LUA_FIELD(struct oci_document, empty_config_type, OCI_LUA_STRING),
                                                  OCI_LUA_FIELD(struct oci_document, version_1_0, OCI_LUA_BOOL),
                                                  OCI_LUA_FIELD(struct oci_document, docker, OCI_LUA_BOOL),
                                                  OCI_LUA_FIELD(struct oci_document, is_index, OCI_LUA_BOOL),
                                                  OCI_LUA_FIELD(struct oci_document, media_type, OCI_LUA_STRING),
                                                  OCI_LUA_FIELDS_END};
    static const struct oci_lua_field text_fields[] = {OCI_LUA_FIELD(struct texts, expect, OCI_LUA_STRING),
                                                       OCI_LUA_FIELDS_END};
    static int (*const parts[])(struct reader *, int, struct oci_document *) = {
        read_bytes, read_config, read_contents, read_entries, read_subject};
    luaL_checktype(r->L, -1, LUA_TTABLE);
    int i = lua_gettop(r->L);
    oci_lua_read(r->L, i, fields, d);
    oci_lua_read(r->L, i, text_fields, &texts);
    int rc = read_expect(r, texts.expect, d);
    if (!rc)
        rc = oci_lua_read_annotations(r->L, i, r->holder, &d->annotations, r->err);
    for (size_t k = 0; !rc && k < sizeof parts / sizeof *parts; k++)
        rc = parts[k](r, i, d);
    if (rc && d->where)
        oci_err_wrap(r->err, "%s", d->where);
    return rc;
}

static int read_subject_reference(struct reader *r, int i, struct oci_push_spec *spec)
{
    lua_State *L = r->L;
    int rc = OCI_OK;
    lua_getfield(L, i, "subject");
    if (!lua_isnil(L, -1)) {
        struct oci_lua_box *box = oci_lua_box_new(L, OCI_LUA_BOX_REFERENCE);
        rc = oci_lua_to_reference(L, lua_gettop(L) - 1, box, r->err);
        spec->subject = &box->u.ref;
        oci_lua_hold(L, r->holder);
    }
    lua_pop(L, 1);
    return rc;
}

int oci_lua_read_spec(lua_State *L, int i, int holder, struct oci_push_spec *spec, struct oci_err *reterr)
{
    static const struct oci_lua_field fields[] = {
        OCI_LUA_FIELD(struct oci_push_spec, fallback, OCI_LUA_BOOL),
        OCI_LUA_FIELD(struct oci_push_spec, immutable, OCI_LUA_BOOL),
        {"new", OCI_LUA_BOOL, offsetof(struct oci_push_spec, is_new)},
        OCI_LUA_FIELDS_END};
    struct reader r = {.L = L, .holder = holder, .err = reterr};
    luaL_checkstack(L, 20, NULL);
    oci_lua_read(L, i, fields, spec);
    spec->tags = oci_lua_read_strings(L, i, "tags", &spec->tag_count);
    oci_lua_anchor(L, holder);
    int rc = read_subject_reference(&r, i, spec);
    lua_getfield(L, i, "documents");
    luaL_checktype(L, -1, LUA_TTABLE);
    size_t count = lx_rawlen(L, -1);
    luaL_argcheck(L, count > 0, i, "a document expected");
    struct oci_document *others = new_array(&r, count, sizeof *others);
    for (size_t k = 0; k < count && !rc; k++) {
        lua_rawgeti(L, -1, (int)k + 1);
        rc = read_document(&r, k + 1 < count ? &others[k] : &spec->root);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    spec->others = others;
    spec->other_count = count - 1;
    return rc;
}
