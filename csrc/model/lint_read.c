/* lint_read.c - a lenient reader for the lint: it goes on where the strict one (json/read.c) must refuse.
 *
 * Repeated keys, broken text, numbers of any size, a comma too many and what follows the document are findings, and
 * the tree is built nevertheless; other faults of syntax end the reading with one finding. Strings are decoded into a
 * copy of the document, each where it stood, since decoding never makes one longer: a node owns nothing. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/lint_inside.h"

#define CHUNK_FIRST 32  /* nodes: a small manifest's */
#define CHUNK_MOST  128 /* no larger than what else comes and goes: it finds room between */

struct chunk {
    struct chunk *before;
    size_t used, size;
    struct oci_lint_node nodes[];
};

struct open {
    struct oci_lint_node *node, *last;
    uint32_t count;
};

/* What a string may have that it must not. */
enum { ODD_UTF8 = 1, ODD_SURROGATE = 2, ODD_NONCHARACTER = 4, ODD_NUL = 8, ODD_CONTROL = 16 };

struct reader {
    struct oci_lint *l;
    const char *p;
    size_t len, at, nodes;
    struct open open[OCI_MAX_JSON_DEPTH];
    size_t depth;
    const char *key; /* of the member that comes next, or NULL */
    bool over;       /* nothing more can be read; l->root is then of no use */
};

static struct oci_lint_node *innermost(const struct reader *r)
{
    return r->depth > 0 ? r->open[r->depth - 1].node : NULL;
}

/* A fault of syntax: the end. */
static void bad(struct reader *r, const char *what)
{
    if (r->over)
        return;
    r->over = true;
    if (r->at < r->len && oci_utf8_length(r->p + r->at, r->len - r->at) == 0)
        oci_lint_say(r->l, OCI_RULE_X03, innermost(r), r->key, "byte %zu is not JSON: write the document in UTF-8",
                     r->at + 1);
    else
        oci_lint_say(r->l, OCI_RULE_X09, innermost(r), r->key,
                     "%s at byte %zu: nothing after that can be read, so repair the JSON first", what, r->at + 1);
}

static void over_limit(struct reader *r, const char *what, unsigned limit)
{
    r->over = true;
    if (r->l->rc == OCI_OK)
        r->l->rc = oci_err_set(r->l->err, OCI_LIMIT, "JSON with more than %u %s", limit, what);
}

static void no_memory(struct reader *r)
{
    r->over = true;
    oci_lint_no_memory(r->l);
}

static void skip_space(struct reader *r)
{
    while (r->at < r->len && strchr(" \n\r\t", r->p[r->at]) && r->p[r->at])
        r->at++;
}

/* The next character, or NUL at the end: NUL is no character of the grammar. */
static char peek(const struct reader *r)
{
    return r->at < r->len ? r->p[r->at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static struct oci_lint_node *new_node(struct reader *r, enum oci_lint_kind kind)
{
    struct chunk *c = r->l->chunks;
    if (++r->nodes > OCI_MAX_JSON_NODES) {
        over_limit(r, "values", OCI_MAX_JSON_NODES);
        return NULL;
    }
    if (!c || c->used == c->size) {
        size_t size = !c ? CHUNK_FIRST : c->size * 2 < CHUNK_MOST ? c->size * 2 : CHUNK_MOST;
        struct chunk *more = oci_alloc(sizeof *more + size * sizeof more->nodes[0]);
        if (!more) {
            no_memory(r);
            return NULL;
        }
        more->before = c;
        more->used = 0;
        more->size = size;
        r->l->chunks = c = more;
    }
    struct oci_lint_node *n = &c->nodes[c->used++];
    *n = (struct oci_lint_node){.kind = (uint8_t)kind};
    return n;
}

static void attach(struct reader *r, struct oci_lint_node *n)
{
    if (r->depth == 0) {
        r->l->root = n;
        return;
    }
    struct open *in = &r->open[r->depth - 1];
    n->parent = in->node;
    n->key = r->key;
    n->index = in->count++;
    if (in->last)
        in->last->next = n;
    else
        in->node->first = n;
    in->last = n;
    r->key = NULL;
}

/* ---- strings -------------------------------------------------------------------------------- */

static bool noncharacter(unsigned c)
{
    return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
}

static bool read_hex4(struct reader *r, unsigned *ret_unit)
{
    unsigned unit = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        char c = oci_lower(peek(r));
        if (is_digit(c))
            unit = unit << 4 | (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            unit = unit << 4 | (unsigned)(c - 'a' + 10);
        else
            return false;
    }
    *ret_unit = unit;
    return true;
}

static char *put(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xE0 | c >> 12);
        } else {
            *to++ = (char)(0xF0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 63));
        }
        *to++ = (char)(0x80 | (c >> 6 & 63));
    }
    *to++ = (char)(0x80 | (c & 63));
    return to;
}

/* After "\u". What is no character becomes a question mark. */
static bool read_unicode(struct reader *r, char **to, unsigned *odd)
{
    unsigned c = 0;
    unsigned low = 0;
    if (!read_hex4(r, &c))
        return false;
    size_t after = r->at;
    if (c >= 0xD800 && c <= 0xDBFF && r->len - r->at > 2 && r->p[r->at] == '\\' && r->p[r->at + 1] == 'u') {
        r->at += 2;
        if (!read_hex4(r, &low))
            return false;
        if (low >= 0xDC00 && low <= 0xDFFF)
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        else
            r->at = after; /* a character of its own */
    }
    unsigned fault = c >= 0xD800 && c <= 0xDFFF ? ODD_SURROGATE
                     : c == 0                   ? ODD_NUL
                     : noncharacter(c)          ? ODD_NONCHARACTER
                                                : 0;
    *odd |= fault;
    *to = put(*to, fault ? '?' : c);
    return true;
}

static bool read_escape(struct reader *r, char **to, unsigned *odd)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    r->at++;
    char c = peek(r);
    const char *found = c ? strchr(names, c) : NULL;
    if (!found && c != 'u')
        return false;
    r->at++;
    if (!found)
        return read_unicode(r, to, odd);
    *(*to)++ = values[found - names];
    return true;
}

/* One character that is not escaped. */
static void read_plain(struct reader *r, char **to, unsigned *odd)
{
    const char *s = r->p + r->at;
    size_t n = (unsigned char)*s < 0x80 ? 1 : oci_utf8_length(s, r->len - r->at);
    if (n == 1 && *s == '\0') {
        *odd |= ODD_NUL;
        n = 0;
    } else if ((unsigned char)*s < 0x20) {
        *odd |= ODD_CONTROL;
    } else if (n == 0) {
        *odd |= ODD_UTF8;
    } else if (n > 2) {
        unsigned c = n == 3 ? (unsigned char)*s & 15u : (unsigned char)*s & 7u;
        for (size_t i = 1; i < n; i++)
            c = c << 6 | ((unsigned char)s[i] & 63u);
        if (noncharacter(c))
            *odd |= ODD_NONCHARACTER;
    }
    if (n == 0) {
        *(*to)++ = '?';
        r->at++;
        return;
    }
    memcpy(*to, s, n);
    *to += n;
    r->at += n;
}

/* At the opening quote. NULL: there is no string. */
static const char *read_string(struct reader *r, unsigned *ret_odd)
{
    char *start = r->l->text + ++r->at;
    char *to = start;
    *ret_odd = 0;
    while (peek(r) != '"') {
        if (r->at >= r->len) {
            bad(r, "a string without an end");
            return NULL;
        }
        if (r->p[r->at] != '\\') {
            read_plain(r, &to, ret_odd);
        } else if (!read_escape(r, &to, ret_odd)) {
            bad(r, "an escape that is none");
            return NULL;
        }
    }
    r->at++;
    *to = '\0';
    return start;
}

static void say_odd(struct reader *r, unsigned odd, const struct oci_lint_node *at, const char *member)
{
    static const struct {
        unsigned odd;
        enum oci_rule rule;
        const char *message;
    } table[] = {
        {ODD_UTF8, OCI_RULE_X03, "this text is not UTF-8: write the document in UTF-8 (RFC 7493)"},
        {ODD_SURROGATE, OCI_RULE_X03,
         "this text has half of a surrogate pair: write the character itself in UTF-8, or both halves"},
        {ODD_NONCHARACTER, OCI_RULE_X03,
         "this text has a code point that is no character (RFC 7493 section 2.1): leave it out"},
        {ODD_NUL, OCI_RULE_X03, "this text has the character U+0000, where many programs end a text: leave it out"},
        {ODD_CONTROL, OCI_RULE_X09, "this text has a control character as it is: escape it (\\n, \\t, \\u001f)"},
    };
    for (size_t i = 0; odd && i < sizeof table / sizeof table[0]; i++) {
        if (odd & table[i].odd)
            oci_lint_say(r->l, table[i].rule, at, member, "%s", table[i].message);
    }
}

/* ---- scalars -------------------------------------------------------------------------------- */

static size_t skip_digits(struct reader *r)
{
    size_t start = r->at;
    while (is_digit(peek(r)))
        r->at++;
    return r->at - start;
}

/* Would it be infinite as a double? `text` is a number by the grammar. In this way no locale is asked. */
static bool too_large(const char *text)
{
    text += *text == '-';
    text += strspn(text, "0");
    size_t whole = strspn(text, "0123456789");
    const char *e = strpbrk(text, "eE");
    const char *fraction = text[whole] == '.' ? text + whole + 1 : "";
    size_t zeros = whole == 0 ? strspn(fraction, "0") : 0;
    bool nothing = whole == 0 && !is_digit(fraction[zeros]);
    if (nothing || (e && e[1] == '-'))
        return false;
    uint64_t exponent = 0;
    const char *digits = e ? e + 1 + (e[1] == '+') : "0";
    if (oci_str_to_u64(oci_str_of(digits), UINT32_MAX, &exponent) != OCI_OK)
        return strlen(digits) > 10 && digits[strspn(digits, "0")] != '\0';
    return exponent + whole > 309 + zeros;
}

static void read_number(struct reader *r)
{
    size_t start = r->at;
    bool integer = true;
    r->at += peek(r) == '-';
    bool zero = peek(r) == '0';
    size_t whole = skip_digits(r);
    if (whole == 0 || (zero && whole > 1)) {
        bad(r, whole ? "a number with a leading zero" : "a number without digits");
        return;
    }
    if (peek(r) == '.') {
        integer = false;
        r->at++;
        if (skip_digits(r) == 0)
            bad(r, "a number without digits after its point");
    }
    if (oci_lower(peek(r)) == 'e') {
        integer = false;
        r->at++;
        r->at += peek(r) == '+' || peek(r) == '-';
        if (skip_digits(r) == 0)
            bad(r, "a number without digits in its exponent");
    }
    struct oci_lint_node *n = r->over ? NULL : new_node(r, OCI_LINT_NUMBER);
    if (!n)
        return;
    char *text = memcpy(r->l->text + start, r->p + start, r->at - start);
    text[r->at - start] = '\0';
    n->text = text;
    n->integer = integer;
    attach(r, n);
    uint64_t exact = 0;
    if (integer ? oci_str_to_u64(oci_str_of(text + (*text == '-')), OCI_MAX_SIZE, &exact) != OCI_OK : too_large(text))
        oci_lint_say(r->l, OCI_RULE_X05, n, NULL,
                     "programs that read numbers as doubles get this one wrong: stay within 9007199254740991");
}

static void read_word(struct reader *r, const char *word, enum oci_lint_kind kind)
{
    size_t n = strlen(word);
    if (r->len - r->at < n || memcmp(r->p + r->at, word, n) != 0) {
        bad(r, "no value where one must be");
        return;
    }
    r->at += n;
    struct oci_lint_node *node = new_node(r, kind);
    if (node)
        attach(r, node);
}

static void read_text(struct reader *r)
{
    unsigned odd = 0;
    const char *s = read_string(r, &odd);
    struct oci_lint_node *n = s ? new_node(r, OCI_LINT_STRING) : NULL;
    if (!n)
        return;
    n->text = s;
    attach(r, n);
    say_odd(r, odd, n, NULL);
}

/* ---- containers ----------------------------------------------------------------------------- */

static void read_key(struct reader *r)
{
    unsigned odd = 0;
    skip_space(r);
    if (peek(r) != '"') {
        bad(r, "no key where one must be");
        return;
    }
    const char *key = read_string(r, &odd);
    if (!key)
        return;
    say_odd(r, odd, innermost(r), key);
    skip_space(r);
    if (peek(r) != ':') {
        bad(r, "no colon after a key");
        return;
    }
    r->at++;
    r->key = key;
}

static int by_key(const void *a, const void *b)
{
    const struct oci_lint_node *x = *(struct oci_lint_node *const *)a;
    const struct oci_lint_node *y = *(struct oci_lint_node *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : x->index < y->index ? -1 : 1;
}

static void repeated(struct reader *r, struct oci_lint_node *n)
{
    n->repeated = true;
    oci_lint_say(r->l, OCI_RULE_X04, n, NULL,
                 "this key was there before, and programs differ in which of the two they read: leave one out");
}

static void check_many_keys(struct reader *r, const struct open *in)
{
    struct oci_lint_node **sorted = oci_alloc(in->count * sizeof *sorted);
    if (!sorted) {
        no_memory(r);
        return;
    }
    size_t n = 0;
    for (struct oci_lint_node *m = in->node->first; m; m = m->next)
        sorted[n++] = m;
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
            repeated(r, sorted[i]);
    }
    oci_free(sorted);
}

/* Few members are compared with each other, many are sorted. */
static void check_keys(struct reader *r, const struct open *in)
{
    if (in->count > 16) {
        check_many_keys(r, in);
        return;
    }
    for (struct oci_lint_node *m = in->node->first; m; m = m->next) {
        for (const struct oci_lint_node *o = in->node->first; o != m; o = o->next) {
            if (strcmp(o->key, m->key) == 0) {
                repeated(r, m);
                break;
            }
        }
    }
}

static void leave(struct reader *r)
{
    const struct open *in = &r->open[r->depth - 1];
    r->at++;
    if (in->node->kind == OCI_LINT_OBJECT)
        check_keys(r, in);
    r->depth--;
}

/* After a value: closes what ends here, up to the next value or the end of the document. */
static void read_on(struct reader *r)
{
    while (r->depth > 0 && !r->over) {
        bool object = innermost(r)->kind == OCI_LINT_OBJECT;
        char end = object ? '}' : ']';
        skip_space(r);
        if (peek(r) == ',') {
            r->at++;
            skip_space(r);
            if (peek(r) != end) {
                if (object)
                    read_key(r);
                return;
            }
            oci_lint_say(r->l, OCI_RULE_X09, innermost(r), NULL,
                         "there is a comma before the '%c' at byte %zu: leave it out", end, r->at + 1);
        }
        if (peek(r) == end)
            leave(r);
        else
            bad(r, r->at >= r->len ? "the document ends too early" : object ? "no ',' or '}'" : "no ',' or ']'");
    }
    skip_space(r);
    if (r->depth == 0 && r->at < r->len)
        oci_lint_say(r->l, OCI_RULE_X09, NULL, NULL, "something follows the document at byte %zu: end the file there",
                     r->at + 1);
}

/* At an opening bracket. */
static void enter(struct reader *r, enum oci_lint_kind kind)
{
    struct oci_lint_node *n = new_node(r, kind);
    if (!n)
        return;
    attach(r, n);
    if (r->depth == OCI_MAX_JSON_DEPTH) {
        over_limit(r, "levels", OCI_MAX_JSON_DEPTH);
        return;
    }
    r->open[r->depth++] = (struct open){.node = n};
    r->at++;
    skip_space(r);
    if (peek(r) == (kind == OCI_LINT_OBJECT ? '}' : ']'))
        read_on(r);
    else if (kind == OCI_LINT_OBJECT)
        read_key(r);
}

static void read_value(struct reader *r)
{
    skip_space(r);
    char c = peek(r);
    if (c == '{' || c == '[') {
        enter(r, c == '{' ? OCI_LINT_OBJECT : OCI_LINT_ARRAY);
        return;
    }
    if (c == '"')
        read_text(r);
    else if (c == '-' || is_digit(c))
        read_number(r);
    else if (c == 't' || c == 'f')
        read_word(r, c == 't' ? "true" : "false", OCI_LINT_BOOL);
    else
        read_word(r, "null", OCI_LINT_NULL);
    if (!r->over)
        read_on(r);
}

/* ---- the document --------------------------------------------------------------------------- */

/* Byte order marks, and UTF-16, which has a zero byte in each character of JSON. */
static void read_start(struct reader *r)
{
    const unsigned char *u = (const unsigned char *)r->p;
    if (r->len >= 3 && u[0] == 0xEF && u[1] == 0xBB && u[2] == 0xBF) {
        oci_lint_say(r->l, OCI_RULE_X03, NULL, NULL, "the document begins with a byte order mark: leave it out");
        r->at = 3;
    } else if (r->len >= 2 &&
               ((u[0] == 0) != (u[1] == 0) || (u[0] == 0xFF && u[1] == 0xFE) || (u[0] == 0xFE && u[1] == 0xFF))) {
        oci_lint_say(r->l, OCI_RULE_X03, NULL, NULL, "the document is not UTF-8: write it in UTF-8");
        r->over = true;
    }
    skip_space(r);
    if (!r->over && r->at == r->len) {
        oci_lint_say(r->l, OCI_RULE_X09, NULL, NULL, "the document is empty: a JSON object must be there");
        r->over = true;
    }
}

void oci_lint_read(struct oci_lint *l, const char *p, size_t len)
{
    struct reader r = {.l = l, .p = p, .len = len};
    l->text = oci_alloc(len + 1);
    if (!l->text) {
        oci_lint_no_memory(l);
        return;
    }
    read_start(&r);
    do {
        if (!r.over)
            read_value(&r);
    } while (r.depth > 0 && !r.over);
    if (r.over)
        l->root = NULL;
}

void oci_lint_read_done(struct oci_lint *l)
{
    struct chunk *c = l->chunks;
    while (c) {
        struct chunk *before = c->before;
        oci_free(c);
        c = before;
    }
    oci_free(l->text);
    l->chunks = NULL;
    l->text = NULL;
    l->root = NULL;
}
