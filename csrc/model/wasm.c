#include "model/wasm.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define MAX_NAMES 100000

/* Bytes that are read one after the other. Past their end, and where something may not be, it is `bad` for good, and gives
 * zeros. */
struct cursor {
    const unsigned char *p, *end;
    bool bad;
};

static unsigned byte(struct cursor *c)
{
    if (c->p == c->end)
        c->bad = true;
    return c->bad ? 0 : *c->p++;
}

/* One of the values below `count`. */
static unsigned choice(struct cursor *c, unsigned count)
{
    unsigned value = byte(c);
    c->bad = c->bad || value >= count;
    return c->bad ? 0 : value;
}

/* LEB128 of five bytes at most: 35 bits. */
static uint64_t leb128(struct cursor *c)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        unsigned b = byte(c);
        n |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            return n;
    }
    c->bad = true;
    return 0;
}

static uint32_t number(struct cursor *c)
{
    uint64_t n = leb128(c);
    c->bad = c->bad || n > UINT32_MAX;
    return c->bad ? 0 : (uint32_t)n;
}

static struct oci_str text(struct cursor *c)
{
    uint32_t len = number(c);
    if (c->bad || len > (size_t)(c->end - c->p)) {
        c->bad = true;
        return OCI_STR("");
    }
    const struct oci_str s = {(const char *)c->p, len};
    c->p += len;
    return s;
}

/* importname', exportname' */
static struct oci_str name(struct cursor *c)
{
    enum { PLAIN, OLD_PLAIN, WITH_VERSION, FORMS };
    unsigned form = choice(c, FORMS);
    const struct oci_str s = text(c);
    if (form == WITH_VERSION)
        text(c);
    c->bad = c->bad || memchr(s.p, '\0', s.len) || !oci_utf8_valid(s.p, s.len);
    return s;
}

/* externdesc: what an import or export is. */
static void description(struct cursor *c)
{
    enum { CORE_MODULE, FUNCTION, VALUE, TYPE, COMPONENT, INSTANCE, SORTS };
    unsigned sort = choice(c, SORTS);
    if (sort == CORE_MODULE)
        byte(c);
    /* A bound: equal to one with an index; else a value's type, or a resource, of which nothing is said. */
    bool other = (sort == VALUE || sort == TYPE) && choice(c, 2) == 1;
    if (other && sort == VALUE)
        leb128(c); /* a signed number, whose value nobody needs */
    else if (!other)
        number(c);
}

static void after_export(struct cursor *c)
{
    enum { CORE, SORTS = 6 };
    if (choice(c, SORTS) == CORE)
        byte(c); /* which of the core's sorts */
    number(c);
    if (choice(c, 2) == 1)
        description(c);
}

static int append(struct oci_json *names, struct oci_str s)
{
    char *copy = oci_strndup(s.p, s.len);
    struct oci_json *v = copy ? oci_json_new_string(copy) : NULL;
    oci_free(copy);
    return v ? oci_json_append(names, v) : OCI_NO_MEMORY;
}

static int read_names(struct cursor *c, unsigned id, struct oci_json *names, struct oci_err *reterr)
{
    uint32_t count = number(c);
    if (!c->bad && count > MAX_NAMES)
        return oci_err_set(reterr, OCI_LIMIT, "it has more than %d imports or exports", MAX_NAMES);
    for (; count > 0 && !c->bad; count--) {
        const struct oci_str s = name(c);
        if (id == OCI_WASM_IMPORTS)
            description(c);
        else
            after_export(c);
        if (!c->bad && append(names, s) != OCI_OK)
            return oci_err_no_memory(reterr);
    }
    if (c->bad || c->p != c->end)
        return oci_err_set(reterr, OCI_INVALID, "its section of %s is damaged",
                           id == OCI_WASM_IMPORTS ? "imports" : "exports");
    return OCI_OK;
}

int oci_wasm_section(const void *p, size_t len, unsigned *ret_id, uint32_t *ret_size, size_t *ret_used,
                     struct oci_err *reterr)
{
    struct cursor c = {.p = p, .end = (const unsigned char *)p + len};
    unsigned id = byte(&c);
    uint32_t size = number(&c);
    if (c.bad)
        return oci_err_set(reterr, OCI_INVALID, "the head of a section is damaged");
    *ret_id = id;
    *ret_size = size;
    *ret_used = (size_t)(c.p - (const unsigned char *)p);
    return OCI_OK;
}

int oci_wasm_names(unsigned id, const void *p, size_t len, struct oci_json **ret_names, struct oci_err *reterr)
{
    struct cursor c = {.p = p, .end = (const unsigned char *)p + len};
    struct oci_json *names = oci_json_new_array();
    int rc = names ? read_names(&c, id, names, reterr) : oci_err_no_memory(reterr);
    if (rc == OCI_OK)
        *ret_names = names;
    else
        oci_json_free(names);
    return rc;
}
