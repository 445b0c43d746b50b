#include "base/regex_ecma.h"

#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

#define LAST_CHAR 0x10FFFFu
#define NO_CHAR   UINT32_MAX
#define COUNT_MAX 65535u /* PCRE2's; it refuses what is more */

/* White space and ends of lines, which PCRE2 has in ASCII only; what remains; and the ends of lines. */
#define SPACES                                                                                                         \
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define NO_SPACES                                                                                                      \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}"                \
    "\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"
#define LINE_ENDS "\\x{a}\\x{d}\\x{2028}\\x{2029}"

struct reader {
    const char *p;
    size_t len, at;
    bool repeatable; /* what was read last may have a count */
    struct oci_regex_form *to;
    struct oci_err *err;
};

static size_t character(const struct reader *c)
{
    size_t n = 1;
    for (size_t i = 0; i < c->at && i < c->len; i++)
        n += ((unsigned char)c->p[i] & 0xC0) != 0x80;
    return n;
}

static int fail(struct reader *c, int code, const char *what)
{
    return oci_err_set(c->err, code, "regular expression, character %zu: %s", character(c), what);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The code point at p (len > 0) and its length; U+FFFD and 1 for what is not UTF-8. */
static uint32_t decode(const char *p, size_t len, size_t *ret_len)
{
    size_t n = oci_utf8_length(p, len);
    const unsigned char *u = (const unsigned char *)p;
    *ret_len = n ? n : 1;
    if (n == 0)
        return 0xFFFD;
    uint32_t point = n == 1 ? u[0] : u[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++)
        point = point << 6 | (u[i] & 0x3Fu);
    return point;
}

/* The next character, NO_CHAR at the end. */
static uint32_t peek(const struct reader *c)
{
    size_t n = 0;
    return c->at < c->len ? decode(c->p + c->at, c->len - c->at, &n) : NO_CHAR;
}

static uint32_t next(struct reader *c)
{
    size_t n = 0;
    if (c->at >= c->len)
        return NO_CHAR;
    uint32_t point = decode(c->p + c->at, c->len - c->at, &n);
    c->at += n;
    return point;
}

static bool skip(struct reader *c, const char *what)
{
    size_t n = strlen(what);
    if (c->len - c->at < n || memcmp(c->p + c->at, what, n) != 0)
        return false;
    c->at += n;
    return true;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- writing -------------------------------------------------------------------------------- */

static int check_put(struct reader *c, int rc)
{
    return rc == OCI_LIMIT ? fail(c, rc, "the expression is too large") : rc ? oci_err_no_memory(c->err) : OCI_OK;
}

static int put(struct reader *c, const char *s)
{
    return check_put(c, oci_buf_add_str(&c->to->text, s));
}

/* What was read since `from`, as it stands there. */
static int put_since(struct reader *c, size_t from)
{
    return check_put(c, oci_buf_add(&c->to->text, c->p + from, c->at - from));
}

static int put_char(struct reader *c, uint32_t point)
{
    if (is_digit(point) || is_letter(point))
        return check_put(c, oci_buf_add_char(&c->to->text, (char)point));
    return check_put(c, oci_buf_addf(&c->to->text, "\\x{%x}", point));
}

/* ---- escapes -------------------------------------------------------------------------------- */

static int hex_digit(uint32_t c)
{
    if (is_digit(c))
        return (int)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (int)(c - 'a' + 10);
    return c >= 'A' && c <= 'F' ? (int)(c - 'A' + 10) : -1;
}

static int read_hex(struct reader *c, size_t least, size_t most, uint32_t *ret_point)
{
    size_t n = 0;
    uint32_t point = 0;
    for (; n < most && hex_digit(peek(c)) >= 0; n++)
        point = point << 4 | (uint32_t)hex_digit(next(c));
    if (n < least || point > LAST_CHAR)
        return fail(c, OCI_INVALID, "an escape without its hexadecimal digits");
    *ret_point = point;
    return OCI_OK;
}

/* After \u. A pair of surrogates is one character. */
static int read_unicode(struct reader *c, uint32_t *ret_point)
{
    if (skip(c, "{")) {
        int rc = read_hex(c, 1, 6, ret_point);
        return rc ? rc : skip(c, "}") ? OCI_OK : fail(c, OCI_INVALID, "} expected");
    }
    int rc = read_hex(c, 4, 4, ret_point);
    size_t back = c->at;
    if (rc || *ret_point < 0xD800 || *ret_point > 0xDBFF || !skip(c, "\\u"))
        return rc;
    uint32_t low = 0;
    if (hex_digit(peek(c)) >= 0)
        rc = read_hex(c, 4, 4, &low);
    if (rc == OCI_OK && low >= 0xDC00 && low <= 0xDFFF)
        *ret_point = 0x10000 + ((*ret_point - 0xD800) << 10) + (low - 0xDC00);
    else
        c->at = back;
    return rc;
}

/* What stands behind a backslash and is one character. */
static int read_escape(struct reader *c, uint32_t *ret_point)
{
    static const char names[] = "tnvfr0";
    static const char values[] = "\t\n\v\f\r";
    size_t back = c->at;
    uint32_t e = next(c);
    if (e == 'x')
        return read_hex(c, 2, 2, ret_point);
    if (e == 'u')
        return read_unicode(c, ret_point);
    if (e == 'c' && is_letter(peek(c))) {
        *ret_point = next(c) & 0x1F;
        return OCI_OK;
    }
    const char *found = e < 0x80 && e ? strchr(names, (int)e) : NULL;
    if (found && !(e == '0' && is_digit(peek(c)))) {
        *ret_point = (uint32_t)values[found - names];
        return OCI_OK;
    }
    if (e > ' ' && e < 0x7F && !is_letter(e) && !is_digit(e)) {
        *ret_point = e;
        return OCI_OK;
    }
    c->at = back;
    return fail(c, OCI_INVALID, e == NO_CHAR ? "a backslash at the end" : "unknown escape");
}

/* \p{L}, \P{Script=Greek}: PCRE2 knows which there are. */
static int read_property(struct reader *c)
{
    size_t from = c->at;
    next(c);
    bool named = skip(c, "{");
    while (named && (is_letter(peek(c)) || is_digit(peek(c)) || peek(c) == '_' || peek(c) == '='))
        next(c);
    if (!named || !skip(c, "}"))
        return fail(c, OCI_INVALID, "\\p without its {name}");
    int rc = put(c, "\\");
    return rc ? rc : put_since(c, from);
}

/* \d \w \s \p{...} and their opposites, in a set or outside. False: it is none of them, and nothing was read. */
static bool read_named_set(struct reader *c, bool in_set, int *ret_rc)
{
    uint32_t name = peek(c);
    if (name == 'p' || name == 'P') {
        *ret_rc = read_property(c);
        return true;
    }
    static const char *const others[] = {"\\d", "\\D", "\\w", "\\W"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (skip(c, others[i] + 1)) {
            *ret_rc = put(c, others[i]);
            return true;
        }
    }
    if (name != 's' && name != 'S')
        return false;
    next(c);
    bool spaces = name == 's';
    *ret_rc = put(c, in_set ? (spaces ? SPACES : NO_SPACES) : spaces ? "[" SPACES "]" : "[^" SPACES "]");
    return true;
}

/* ---- sets ----------------------------------------------------------------------------------- */

/* One character of a set, or a named set, which is written (*ret_point is then NO_CHAR). */
static int read_set_item(struct reader *c, uint32_t *ret_point)
{
    int rc = OCI_OK;
    *ret_point = next(c);
    if (*ret_point == NO_CHAR)
        return fail(c, OCI_INVALID, "a [ without its ]");
    if (*ret_point != '\\')
        return OCI_OK;
    if (read_named_set(c, true, &rc)) {
        *ret_point = NO_CHAR;
        return rc;
    }
    if (skip(c, "b")) {
        *ret_point = '\b';
        return OCI_OK;
    }
    return read_escape(c, ret_point);
}

static int read_set_part(struct reader *c)
{
    uint32_t low = 0, high = 0;
    int rc = read_set_item(c, &low);
    if (rc || low == NO_CHAR)
        return rc;
    if (peek(c) != '-' || c->at + 1 >= c->len || c->p[c->at + 1] == ']')
        return put_char(c, low);
    next(c);
    rc = read_set_item(c, &high);
    if (rc == OCI_OK && (high == NO_CHAR || low > high))
        rc = fail(c, OCI_INVALID, "a range that ends before it begins");
    if (rc == OCI_OK)
        rc = put_char(c, low);
    if (rc == OCI_OK)
        rc = put(c, "-");
    return rc ? rc : put_char(c, high);
}

static int read_set(struct reader *c)
{
    size_t parts = 1;
    int rc = put(c, skip(c, "^") ? "[^" : "[");
    for (; rc == OCI_OK && !skip(c, "]"); parts++)
        rc = read_set_part(c);
    if (parts > c->to->ranges)
        c->to->ranges = parts;
    return rc ? rc : put(c, "]");
}

/* ---- groups, references, counts ------------------------------------------------------------- */

/* The rest of <name>. PCRE2 says which names are good. */
static int read_name(struct reader *c)
{
    int rc = put(c, "<");
    while (rc == OCI_OK && !skip(c, ">")) {
        size_t from = c->at;
        uint32_t point = next(c);
        if (point == NO_CHAR ||
            (point < 0x80 && !is_letter(point) && !is_digit(point) && point != '_' && point != '$')) {
            c->at = from;
            return fail(c, OCI_INVALID, "a name without its >");
        }
        rc = put_since(c, from);
    }
    return rc ? rc : put(c, ">");
}

static int read_group(struct reader *c)
{
    static const char *const kinds[] = {"?:", "?=", "?!", "?<=", "?<!"};
    int rc = put(c, "(");
    c->repeatable = false;
    if (rc || peek(c) != '?')
        return rc;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (skip(c, kinds[i]))
            return put(c, kinds[i]);
    }
    if (!skip(c, "?<"))
        return fail(c, OCI_UNSUPPORTED, "groups begin with (, (?:, (?<name>, (?=, (?!, (?<= or (?<!");
    rc = put(c, "?");
    return rc ? rc : read_name(c);
}

/* \1, \k<name>. False: it is neither. */
static bool read_reference(struct reader *c, int *ret_rc)
{
    size_t from = c->at;
    if (skip(c, "k<")) {
        *ret_rc = put(c, "\\k");
        if (*ret_rc == OCI_OK)
            *ret_rc = read_name(c);
    } else if (is_digit(peek(c)) && peek(c) != '0') {
        while (is_digit(peek(c)))
            next(c);
        *ret_rc = put(c, "\\g{");
        if (*ret_rc == OCI_OK)
            *ret_rc = put_since(c, from);
        if (*ret_rc == OCI_OK)
            *ret_rc = put(c, "}");
    } else {
        return false;
    }
    c->to->refers = true;
    return true;
}

static bool read_number(struct reader *c, size_t *ret_n)
{
    size_t n = 0, before = c->at;
    while (is_digit(peek(c))) {
        n = n * 10 + (next(c) - '0');
        n = n > COUNT_MAX ? COUNT_MAX + 1 : n;
    }
    *ret_n = n;
    return c->at > before;
}

/* * + ? {n} {n,} {n,m}, and a ? behind it. A { that begins none of them is a character. */
static bool skip_count(struct reader *c)
{
    size_t back = c->at, least = 0, most = 0;
    if (!skip(c, "*") && !skip(c, "+") && !skip(c, "?")) {
        bool counted = skip(c, "{") && read_number(c, &least);
        if (counted && skip(c, ","))
            read_number(c, &most);
        if (!counted || !skip(c, "}")) {
            c->at = back;
            return false;
        }
    }
    skip(c, "?");
    if (least > c->to->count)
        c->to->count = least;
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int read_backslash(struct reader *c)
{
    int rc = OCI_OK;
    uint32_t point = 0;
    if (peek(c) == 'b' || peek(c) == 'B') {
        c->repeatable = false;
        return put(c, next(c) == 'b' ? "\\b" : "\\B");
    }
    if (read_named_set(c, false, &rc) || read_reference(c, &rc))
        return rc;
    rc = read_escape(c, &point);
    return rc ? rc : put_char(c, point);
}

static int read_item(struct reader *c)
{
    size_t from = c->at;
    if (skip_count(c)) {
        if (!c->repeatable) {
            c->at = from;
            return fail(c, OCI_INVALID, "nothing to repeat");
        }
        c->repeatable = false;
        return put_since(c, from);
    }
    uint32_t point = next(c);
    c->repeatable = point != '^' && point != '$' && point != '|';
    switch (point) {
    case '(':
        return read_group(c);
    case '[':
        return read_set(c);
    case '\\':
        return read_backslash(c);
    case '.':
        return put(c, "[^" LINE_ENDS "]");
    case ')':
    case '^':
    case '$':
    case '|':
        return put_since(c, from);
    default:
        return put_char(c, point);
    }
}

int oci_regex_translate(const char *pattern, size_t len, struct oci_regex_form *ret_form, struct oci_err *reterr)
{
    struct reader c = {.p = pattern, .len = len, .to = ret_form, .err = reterr};
    int rc = OCI_OK;
    ret_form->ranges = 1;
    while (rc == OCI_OK && c.at < len)
        rc = read_item(&c);
    return rc;
}

size_t oci_regex_character(const char *pattern, size_t len, size_t offset)
{
    struct oci_regex_form form = {0};
    struct reader c = {.p = pattern, .len = len, .to = &form};
    oci_buf_init(&form.text, OCI_MAX_REGEX_TRANSLATED);
    while (c.at < len && form.text.len < offset && read_item(&c) == OCI_OK)
        continue;
    oci_buf_done(&form.text);
    return character(&c);
}
