/* The compiler: one pass over the expression, recursive for its groups. */
#include "base/regex.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/regex_inside.h"
#include "base/str.h"

#define DEPTH_MAX  50   /* groups in groups */
#define COUNT_MAX  1000 /* in {n,m} */
#define LAST_CHAR  0x10FFFFu
#define NO_CHAR    UINT32_MAX
#define NO_MAXIMUM UINT32_MAX

struct compiler {
    const char *p;
    size_t len, at;
    unsigned depth;
    struct oci_regex *to;
    struct oci_err *err;
};

static int fail(struct compiler *c, int code, const char *what)
{
    size_t characters = 1;
    for (size_t i = 0; i < c->at && i < c->len; i++)
        characters += ((unsigned char)c->p[i] & 0xC0) != 0x80;
    return oci_err_set(c->err, code, "regular expression, character %zu: %s", characters, what);
}

uint32_t oci_regex_char(const char *p, size_t len, size_t *ret_len)
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
static uint32_t peek(const struct compiler *c)
{
    size_t n = 0;
    return c->at < c->len ? oci_regex_char(c->p + c->at, c->len - c->at, &n) : NO_CHAR;
}

static uint32_t next(struct compiler *c)
{
    size_t n = 0;
    if (c->at >= c->len)
        return NO_CHAR;
    uint32_t point = oci_regex_char(c->p + c->at, c->len - c->at, &n);
    c->at += n;
    return point;
}

static bool skip(struct compiler *c, const char *what)
{
    size_t n = strlen(what);
    if (c->len - c->at < n || memcmp(c->p + c->at, what, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* ---- the program --------------------------------------------------------------------------- */

static int reserve(struct compiler *c, size_t more)
{
    struct oci_regex *r = c->to;
    if (r->count + more > OCI_MAX_REGEX)
        return fail(c, OCI_LIMIT, "too large with its counts written out");
    void *p = oci_grow(r->steps, &r->cap, r->count + more, sizeof *r->steps, OCI_MAX_REGEX);
    if (!p)
        return oci_err_no_memory(c->err);
    r->steps = p;
    return OCI_OK;
}

/* Puts a step at `at`, before what is there. */
static int insert(struct compiler *c, size_t at, struct oci_regex_step s)
{
    int rc = reserve(c, 1);
    if (rc)
        return rc;
    struct oci_regex *r = c->to;
    memmove(r->steps + at + 1, r->steps + at, (r->count - at) * sizeof s);
    r->steps[at] = s;
    r->count++;
    return OCI_OK;
}

static int add(struct compiler *c, enum oci_regex_op op, size_t x, size_t y)
{
    return insert(c, c->to->count, (struct oci_regex_step){op, (int32_t)x, (int32_t)y});
}

static int add_range(struct compiler *c, uint32_t low, uint32_t high)
{
    struct oci_regex *r = c->to;
    void *p = oci_grow(r->ranges, &r->range_cap, r->range_count + 1, sizeof *r->ranges, OCI_MAX_REGEX);
    if (!p)
        return r->range_count >= OCI_MAX_REGEX ? fail(c, OCI_LIMIT, "too many ranges") : oci_err_no_memory(c->err);
    r->ranges = p;
    r->ranges[r->range_count++] = (struct oci_regex_range){low, high};
    return OCI_OK;
}

/* ---- escapes ------------------------------------------------------------------------------- */

struct named_set {
    char name;
    struct oci_regex_range ranges[12]; /* sorted; the rest is zero */
};

static const struct named_set named_sets[] = {
    {'d', {{'0', '9'}}},
    {'w', {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
    {'s',
     {{'\t', '\r'},
      {' ', ' '},
      {0xA0, 0xA0},
      {0x1680, 0x1680},
      {0x2000, 0x200A},
      {0x2028, 0x2029},
      {0x202F, 0x202F},
      {0x205F, 0x205F},
      {0x3000, 0x3000},
      {0xFEFF, 0xFEFF}}},
};

/* The ranges of \d \w \s, or of what \D \W \S leave. False: `name` is none of them. */
static bool is_named_set(struct compiler *c, uint32_t name, int *ret_rc)
{
    const struct named_set *set = NULL;
    bool others = name == 'D' || name == 'W' || name == 'S';
    for (size_t i = 0; i < sizeof named_sets / sizeof named_sets[0]; i++) {
        if ((uint32_t)named_sets[i].name == (others ? name - 'A' + 'a' : name))
            set = &named_sets[i];
    }
    if (!set)
        return false;
    uint32_t from = 0;
    *ret_rc = OCI_OK;
    for (size_t i = 0; set->ranges[i].high && *ret_rc == OCI_OK; i++) {
        const struct oci_regex_range *r = &set->ranges[i];
        *ret_rc = others ? add_range(c, from, r->low - 1) : add_range(c, r->low, r->high);
        from = r->high + 1;
    }
    if (others && *ret_rc == OCI_OK)
        *ret_rc = add_range(c, from, LAST_CHAR);
    return true;
}

static int hex_digit(uint32_t c)
{
    if (c >= '0' && c <= '9')
        return (int)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (int)(c - 'a' + 10);
    return c >= 'A' && c <= 'F' ? (int)(c - 'A' + 10) : -1;
}

static int read_hex(struct compiler *c, size_t least, size_t most, uint32_t *ret_point)
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
static int read_unicode(struct compiler *c, uint32_t *ret_point)
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
    rc = read_hex(c, 4, 4, &low);
    if (rc == OCI_OK && low >= 0xDC00 && low <= 0xDFFF)
        *ret_point = 0x10000 + ((*ret_point - 0xD800) << 10) + (low - 0xDC00);
    else
        c->at = back;
    return rc;
}

static bool is_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What stands behind a backslash and is one character. */
static int read_escape(struct compiler *c, uint32_t *ret_point)
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
    if (found) {
        *ret_point = (uint32_t)values[found - names];
        return OCI_OK;
    }
    if (e > ' ' && e < 0x7F && !is_letter(e) && !(e >= '1' && e <= '9')) {
        *ret_point = e;
        return OCI_OK;
    }
    c->at = back;
    if ((e >= '1' && e <= '9') || e == 'k' || e == 'p' || e == 'P')
        return fail(c, OCI_UNSUPPORTED, "back references and \\p are not supported");
    return fail(c, OCI_INVALID, e == NO_CHAR ? "a backslash at the end" : "unknown escape");
}

/* ---- sets ---------------------------------------------------------------------------------- */

/* One character of a set, or a named set (*ret_point is then NO_CHAR). */
static int read_set_item(struct compiler *c, uint32_t *ret_point)
{
    *ret_point = next(c);
    if (*ret_point == NO_CHAR)
        return fail(c, OCI_INVALID, "a [ without its ]");
    if (*ret_point != '\\')
        return OCI_OK;
    int rc = OCI_OK;
    if (is_named_set(c, peek(c), &rc)) {
        next(c);
        *ret_point = NO_CHAR;
        return rc;
    }
    if (skip(c, "b")) {
        *ret_point = '\b';
        return OCI_OK;
    }
    return read_escape(c, ret_point);
}

static int read_set(struct compiler *c)
{
    size_t first = c->to->range_count;
    bool others = skip(c, "^");
    while (!skip(c, "]")) {
        uint32_t low = 0, high = 0;
        int rc = read_set_item(c, &low);
        if (rc)
            return rc;
        if (low == NO_CHAR)
            continue;
        high = low;
        bool range = peek(c) == '-' && c->at + 1 < c->len && c->p[c->at + 1] != ']';
        if (range) {
            next(c);
            rc = read_set_item(c, &high);
        }
        if (rc == OCI_OK && (high == NO_CHAR || low > high))
            rc = fail(c, OCI_INVALID, "a range that ends before it begins");
        if (rc == OCI_OK)
            rc = add_range(c, low, high);
        if (rc)
            return rc;
    }
    return add(c, others ? OCI_RE_UNSET : OCI_RE_SET, first, c->to->range_count - first);
}

/* ---- counts -------------------------------------------------------------------------------- */

static bool read_number(struct compiler *c, uint32_t *ret_n)
{
    uint32_t n = 0;
    size_t before = c->at;
    while (peek(c) >= '0' && peek(c) <= '9') {
        n = n * 10 + (next(c) - '0');
        n = n > COUNT_MAX ? COUNT_MAX + 1 : n;
    }
    *ret_n = n;
    return c->at > before;
}

/* * + ? {n} {n,} {n,m}, and a ? behind it, which makes no difference here. */
static bool read_count(struct compiler *c, uint32_t *ret_least, uint32_t *ret_most)
{
    size_t back = c->at;
    *ret_least = 0;
    *ret_most = NO_MAXIMUM;
    if (skip(c, "+")) {
        *ret_least = 1;
    } else if (skip(c, "?")) {
        *ret_most = 1;
    } else if (!skip(c, "*")) {
        bool counted = skip(c, "{") && read_number(c, ret_least);
        if (counted && !skip(c, ","))
            *ret_most = *ret_least;
        else if (counted && peek(c) != '}')
            counted = read_number(c, ret_most);
        if (!counted || !skip(c, "}")) {
            c->at = back;
            return false;
        }
    }
    skip(c, "?");
    return true;
}

/* Copies the piece from `from` on, of `n` steps, to the end. */
static int copy_piece(struct compiler *c, size_t from, size_t n)
{
    int rc = reserve(c, n);
    if (rc)
        return rc;
    struct oci_regex *r = c->to;
    memcpy(r->steps + r->count, r->steps + from, n * sizeof *r->steps);
    r->count += n;
    return OCI_OK;
}

/* x to x? : the piece from `from` on may be passed over. */
static int make_optional(struct compiler *c, size_t from)
{
    size_t n = c->to->count - from;
    return insert(c, from, (struct oci_regex_step){OCI_RE_SPLIT, 1, (int32_t)(n + 1)});
}

/* The piece of n steps at the end comes again and again. */
static int make_loop(struct compiler *c, size_t n)
{
    return insert(c, c->to->count, (struct oci_regex_step){OCI_RE_SPLIT, -(int32_t)n, 1});
}

/* The piece from `from` on, so many times: x{2,4} is xxx?x?, x{2,} is xx+, x{0,2} is (xx?)?, x* is (x+)?. */
static int repeat(struct compiler *c, size_t from, uint32_t least, uint32_t most)
{
    size_t n = c->to->count - from;
    if (least > COUNT_MAX || (most > COUNT_MAX && most != NO_MAXIMUM))
        return fail(c, OCI_LIMIT, "a count that is too large");
    if (most < least)
        return fail(c, OCI_INVALID, "a count that ends before it begins");
    if (most == 0) {
        c->to->count = from;
        return OCI_OK;
    }
    uint32_t copies = most != NO_MAXIMUM ? most : least ? least : 1;
    int rc = OCI_OK;
    /* The first stays as it is while it is copied. */
    for (uint32_t i = 1; i < copies && rc == OCI_OK; i++) {
        size_t start = c->to->count;
        rc = copy_piece(c, from, n);
        if (rc == OCI_OK && i >= least)
            rc = make_optional(c, start);
    }
    if (rc == OCI_OK && most == NO_MAXIMUM)
        rc = make_loop(c, n);
    return rc == OCI_OK && least == 0 ? make_optional(c, from) : rc;
}

/* ---- the grammar --------------------------------------------------------------------------- */

static int read_choices(struct compiler *c);

static int skip_group_name(struct compiler *c)
{
    if (skip(c, "?:"))
        return OCI_OK;
    bool named = skip(c, "?<") && peek(c) != '=' && peek(c) != '!';
    if (!named)
        return fail(c, OCI_UNSUPPORTED, "groups that look ahead or behind are not supported");
    while (peek(c) != '>' && peek(c) != ')' && peek(c) != NO_CHAR)
        next(c);
    return skip(c, ">") ? OCI_OK : fail(c, OCI_INVALID, "a group's name without its >");
}

static int read_group(struct compiler *c)
{
    int rc = peek(c) == '?' ? skip_group_name(c) : OCI_OK;
    if (rc)
        return rc;
    if (++c->depth > DEPTH_MAX)
        return fail(c, OCI_LIMIT, "too many groups in groups");
    rc = read_choices(c);
    c->depth--;
    if (rc)
        return rc;
    return skip(c, ")") ? OCI_OK : fail(c, OCI_INVALID, "a ( without its )");
}

/* What may be repeated. */
static int read_atom(struct compiler *c)
{
    int rc = OCI_OK;
    uint32_t point = next(c);
    switch (point) {
    case '(':
        return read_group(c);
    case '[':
        return read_set(c);
    case '.':
        return add(c, OCI_RE_ANY, 0, 0);
    case '\\': {
        size_t first = c->to->range_count;
        if (is_named_set(c, peek(c), &rc)) {
            next(c);
            return rc ? rc : add(c, OCI_RE_SET, first, c->to->range_count - first);
        }
        rc = read_escape(c, &point);
        break;
    }
    default:
        break;
    }
    return rc ? rc : add(c, OCI_RE_CHAR, point, 0);
}

/* What takes no character. */
static bool read_place(struct compiler *c, enum oci_regex_op *ret_op)
{
    static const char *const signs[] = {"^", "$", "\\b", "\\B"};
    static const enum oci_regex_op ops[] = {OCI_RE_BEGIN, OCI_RE_END, OCI_RE_WORD, OCI_RE_NOWORD};
    for (size_t i = 0; i < 4; i++) {
        if (skip(c, signs[i])) {
            *ret_op = ops[i];
            return true;
        }
    }
    return false;
}

static int read_sequence(struct compiler *c)
{
    while (peek(c) != NO_CHAR && peek(c) != '|' && !(peek(c) == ')' && c->depth)) {
        enum oci_regex_op place;
        if (read_place(c, &place)) {
            int rc = add(c, place, 0, 0);
            if (rc)
                return rc;
            continue;
        }
        if (peek(c) == ')')
            return fail(c, OCI_INVALID, "a ) without its (");
        size_t from = c->to->count;
        uint32_t least = 0, most = 0;
        size_t back = c->at;
        if (read_count(c, &least, &most)) {
            c->at = back;
            return fail(c, OCI_INVALID, "nothing to repeat");
        }
        int rc = read_atom(c);
        if (rc == OCI_OK && read_count(c, &least, &most))
            rc = repeat(c, from, least, most);
        if (rc)
            return rc;
    }
    return OCI_OK;
}

/* x|y|z: split(x jump-to-end, split(y jump-to-end, z)). */
static int read_choices(struct compiler *c)
{
    size_t from = c->to->count;
    int rc = read_sequence(c);
    while (rc == OCI_OK && skip(c, "|")) {
        size_t n = c->to->count - from;
        rc = insert(c, from, (struct oci_regex_step){OCI_RE_SPLIT, 1, (int32_t)(n + 2)});
        size_t jump = c->to->count;
        if (rc == OCI_OK)
            rc = add(c, OCI_RE_JUMP, 0, 0);
        if (rc == OCI_OK)
            rc = read_sequence(c);
        if (rc == OCI_OK)
            c->to->steps[jump].x = (int32_t)(c->to->count - jump);
    }
    return rc;
}

int oci_regex_new(const char *pattern, size_t len, struct oci_regex **ret_regex, struct oci_err *reterr)
{
    struct oci_regex *r = oci_calloc(1, sizeof *r);
    if (!r)
        return oci_err_no_memory(reterr);
    struct compiler c = {.p = pattern, .len = len, .to = r, .err = reterr};
    int rc = read_choices(&c);
    if (rc == OCI_OK)
        rc = add(&c, OCI_RE_MATCH, 0, 0);
    if (rc) {
        oci_regex_free(r);
        return rc;
    }
    *ret_regex = r;
    return OCI_OK;
}

void oci_regex_free(struct oci_regex *r)
{
    if (!r)
        return;
    oci_free(r->steps);
    oci_free(r->ranges);
    oci_free(r);
}
