/* The strict reader: one pass over the bytes, no recursion, and the tree is built from what it checked itself, so
 * that no second parser can see another document. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "json/node.h"

#define NUMBER_MAX 512 /* characters: far more than a double can tell apart */

struct reader {
    const char *p;
    size_t len, at;
    size_t nodes;
    cJSON *root;
    cJSON *open[OCI_MAX_JSON_DEPTH]; /* the containers around what comes next */
    size_t depth;
    char *key; /* of the member that comes next; cJSON's memory */
    struct oci_err *err;
};

static int bad(struct reader *r, const char *what)
{
    oci_err_set(r->err, OCI_INVALID, "malformed JSON at byte %zu: %s", r->at + 1, what);
    return OCI_INVALID;
}

static int out_of_memory(struct reader *r)
{
    oci_err_no_memory(r->err);
    return OCI_NO_MEMORY;
}

static int over(struct reader *r, const char *what, unsigned limit)
{
    oci_err_set(r->err, OCI_LIMIT, "JSON with more than %u %s", limit, what);
    return OCI_LIMIT;
}

static void skip_space(struct reader *r)
{
    while (r->at < r->len) {
        char c = r->p[r->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        r->at++;
    }
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

/* ---- strings ------------------------------------------------------------------------------- */

static int read_hex4(struct reader *r, unsigned *ret_unit)
{
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(r);
        if (is_digit(c))
            unit = unit << 4 | (unsigned)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            unit = unit << 4 | (unsigned)(oci_lower(c) - 'a' + 10);
        else
            return bad(r, "\\u needs four hex digits");
        r->at++;
    }
    *ret_unit = unit;
    return OCI_OK;
}

/* After "\u". Six characters give at most three bytes, twelve give four. */
static int read_unicode(struct reader *r, char **to)
{
    unsigned c = 0;
    int rc = read_hex4(r, &c);
    if (rc)
        return rc;
    if (c == 0)
        return bad(r, "\\u0000 is not allowed");
    if (c >= 0xD800 && c <= 0xDFFF) {
        unsigned low = 0;
        if (c >= 0xDC00 || peek(r) != '\\' || r->len - r->at < 2 || r->p[r->at + 1] != 'u')
            return bad(r, "lone surrogate");
        r->at += 2;
        rc = read_hex4(r, &low);
        if (rc)
            return rc;
        if (low < 0xDC00 || low > 0xDFFF)
            return bad(r, "lone surrogate");
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    if ((c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF))
        return bad(r, "not a Unicode character");
    char *o = *to;
    if (c < 0x80) {
        *o++ = (char)c;
    } else if (c < 0x800) {
        *o++ = (char)(0xC0 | c >> 6);
        *o++ = (char)(0x80 | (c & 63));
    } else {
        if (c < 0x10000) {
            *o++ = (char)(0xE0 | c >> 12);
        } else {
            *o++ = (char)(0xF0 | c >> 18);
            *o++ = (char)(0x80 | (c >> 12 & 63));
        }
        *o++ = (char)(0x80 | (c >> 6 & 63));
        *o++ = (char)(0x80 | (c & 63));
    }
    *to = o;
    return OCI_OK;
}

static int read_escape(struct reader *r, char **to)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    r->at++;
    char c = peek(r);
    if (c == 'u') {
        r->at++;
        return read_unicode(r, to);
    }
    const char *found = c ? strchr(names, c) : NULL;
    if (!found)
        return bad(r, "unknown escape");
    *(*to)++ = values[found - names];
    r->at++;
    return OCI_OK;
}

/* At the opening quote. UTF-8 was checked for the whole document before. *ret_s is cJSON's memory. */
static int read_string(struct reader *r, char **ret_s)
{
    size_t start = ++r->at;
    size_t end = start;
    while (end < r->len && r->p[end] != '"')
        end += r->p[end] == '\\' && end + 1 < r->len ? 2 : 1;
    if (end >= r->len) {
        r->at = r->len;
        return bad(r, "string without an end");
    }
    char *s = cJSON_malloc(end - start + 1);
    if (!s)
        return out_of_memory(r);
    char *to = s;
    int rc = OCI_OK;
    while (rc == OCI_OK && r->at < end) {
        const char *from = r->p + r->at, *p = from;
        while (p < r->p + end && *p != '\\' && (unsigned char)*p >= 0x20)
            p++;
        memcpy(to, from, (size_t)(p - from));
        to += p - from;
        r->at += (size_t)(p - from);
        if (r->at < end)
            rc = *p == '\\' ? read_escape(r, &to) : bad(r, "control character in a string");
    }
    if (rc) {
        cJSON_free(s);
        return rc;
    }
    r->at++;
    *to = '\0';
    *ret_s = s;
    return OCI_OK;
}

/* ---- numbers ------------------------------------------------------------------------------- */

static int read_digits(struct reader *r)
{
    if (!is_digit(peek(r)))
        return bad(r, "digit expected");
    while (is_digit(peek(r)))
        r->at++;
    return OCI_OK;
}

/* RFC 8259 section 6. *ret_integer: without fraction and exponent. */
static int scan_number(struct reader *r, bool *ret_integer)
{
    if (peek(r) == '-')
        r->at++;
    if (peek(r) == '0') {
        r->at++;
        if (is_digit(peek(r)))
            return bad(r, "number with a leading zero");
    } else {
        int rc = read_digits(r);
        if (rc)
            return rc;
    }
    *ret_integer = true;
    if (peek(r) == '.') {
        *ret_integer = false;
        r->at++;
        int rc = read_digits(r);
        if (rc)
            return rc;
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        *ret_integer = false;
        r->at++;
        if (peek(r) == '+' || peek(r) == '-')
            r->at++;
        return read_digits(r);
    }
    return OCI_OK;
}

/* strtod() in the C locale: a host program may have chosen one with a decimal comma. */
double oci_json_to_double(const char *s)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = c ? uselocale(c) : (locale_t)0;
    double d = strtod(s, NULL);
    if (c) {
        uselocale(before);
        freelocale(c);
    }
    return d;
}

static int read_number(struct reader *r, cJSON **ret_node)
{
    size_t start = r->at;
    bool integer = false;
    int rc = scan_number(r, &integer);
    if (rc)
        return rc;
    struct oci_str text = {r->p + start, r->at - start};
    bool negative = text.p[0] == '-';
    double d;
    if (integer) {
        uint64_t n = 0;
        struct oci_str digits = {text.p + negative, text.len - negative};
        if (oci_str_to_u64(digits, OCI_MAX_SIZE, &n) != OCI_OK)
            return bad(r, "integer beyond 2^53-1");
        d = negative && n > 0 ? -(double)n : (double)n;
    } else {
        char copy[NUMBER_MAX];
        if (oci_str_copy(copy, sizeof copy, text) != OCI_OK)
            return bad(r, "number with too many digits");
        d = oci_json_to_double(copy);
        if (!isfinite(d))
            return bad(r, "number too large");
    }
    cJSON *n = oci_json_node_number(d);
    if (!n)
        return out_of_memory(r);
    if (!integer)
        n->type = cJSON_Number; /* 7.0 and 7e0 are no sizes (manifest-validity D07) */
    *ret_node = n;
    return OCI_OK;
}

/* ---- values -------------------------------------------------------------------------------- */

static int read_word(struct reader *r, const char *word, int type, cJSON **ret_node)
{
    size_t n = strlen(word);
    if (r->len - r->at < n || memcmp(r->p + r->at, word, n) != 0)
        return bad(r, "value expected");
    r->at += n;
    *ret_node = oci_json_node_new(type);
    return *ret_node ? OCI_OK : out_of_memory(r);
}

static int read_text(struct reader *r, cJSON **ret_node)
{
    char *s = NULL;
    int rc = read_string(r, &s);
    if (rc)
        return rc;
    cJSON *n = oci_json_node_new(cJSON_String);
    if (!n) {
        cJSON_free(s);
        return out_of_memory(r);
    }
    n->valuestring = s;
    *ret_node = n;
    return OCI_OK;
}

/* A scalar, or a container's opening bracket. */
static int read_value(struct reader *r, cJSON **ret_node)
{
    if (++r->nodes > OCI_MAX_JSON_NODES)
        return over(r, "values", OCI_MAX_JSON_NODES);
    switch (peek(r)) {
    case '{':
        return read_word(r, "{", cJSON_Object, ret_node);
    case '[':
        return read_word(r, "[", cJSON_Array, ret_node);
    case '"':
        return read_text(r, ret_node);
    case 't':
        return read_word(r, "true", cJSON_True, ret_node);
    case 'f':
        return read_word(r, "false", cJSON_False, ret_node);
    case 'n':
        return read_word(r, "null", cJSON_NULL, ret_node);
    default:
        if (peek(r) == '-' || is_digit(peek(r)))
            return read_number(r, ret_node);
        return bad(r, r->at < r->len ? "value expected" : "ends too early");
    }
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* Few members are compared with each other; many are sorted, since a document of 8 MiB can hold a million. */
int oci_json_find_repeated(const cJSON *object, const cJSON **ret_a, const cJSON **ret_b)
{
    *ret_a = NULL;
    size_t count = 0;
    for (const cJSON *m = object->child; m; m = m->next) {
        for (const cJSON *o = object->child; count < 16 && o != m; o = o->next) {
            if (strcmp(o->string, m->string) == 0) {
                *ret_a = o;
                *ret_b = m;
                return OCI_OK;
            }
        }
        count++;
    }
    if (count <= 16)
        return OCI_OK;
    const cJSON **sorted = cJSON_malloc(count * sizeof *sorted);
    if (!sorted)
        return OCI_NO_MEMORY;
    size_t i = 0;
    for (const cJSON *m = object->child; m; m = m->next)
        sorted[i++] = m;
    qsort(sorted, count, sizeof *sorted, by_key);
    for (i = 1; i < count && !*ret_a; i++) {
        if (strcmp(sorted[i - 1]->string, sorted[i]->string) == 0) {
            *ret_a = sorted[i - 1];
            *ret_b = sorted[i];
        }
    }
    cJSON_free(sorted);
    return OCI_OK;
}

static int check_keys(struct reader *r, const cJSON *object)
{
    const cJSON *a = NULL, *b = NULL;
    if (oci_json_find_repeated(object, &a, &b) != OCI_OK)
        return out_of_memory(r);
    if (!a)
        return OCI_OK;
    return oci_err_set(r->err, OCI_INVALID,
                       "malformed JSON: the key \"%.100s\" is there twice in the object that ends at byte %zu",
                       a->string, r->at);
}

static int read_key(struct reader *r)
{
    skip_space(r);
    if (peek(r) != '"')
        return bad(r, "key expected");
    int rc = read_string(r, &r->key);
    if (rc)
        return rc;
    skip_space(r);
    if (peek(r) != ':')
        return bad(r, "colon expected");
    r->at++;
    return OCI_OK;
}

static void attach(struct reader *r, cJSON *take_node)
{
    if (r->depth == 0) {
        r->root = take_node;
        return;
    }
    take_node->string = r->key;
    r->key = NULL;
    oci_json_link(r->open[r->depth - 1], take_node);
}

/* After a value: closes what ends here, up to the next value or the end of the document. */
static int read_on(struct reader *r)
{
    while (r->depth > 0) {
        cJSON *in = r->open[r->depth - 1];
        bool object = oci_json_type(in) == cJSON_Object;
        skip_space(r);
        char c = peek(r);
        if (c == ',') {
            r->at++;
            return object ? read_key(r) : OCI_OK;
        }
        if (c != (object ? '}' : ']'))
            return bad(r, r->at >= r->len ? "ends too early"
                          : object       ? "',' or '}' expected"
                                         : "',' or ']' expected");
        r->at++;
        int rc = object ? check_keys(r, in) : OCI_OK;
        if (rc)
            return rc;
        r->depth--;
    }
    skip_space(r);
    return r->at == r->len ? OCI_OK : bad(r, "something follows the value");
}

/* Into a container, if `node` is one. *ret_empty: it has no first value to read. */
static int enter(struct reader *r, cJSON *node, bool *ret_empty)
{
    int type = oci_json_type(node);
    *ret_empty = true;
    if (type != cJSON_Object && type != cJSON_Array)
        return OCI_OK;
    if (r->depth == OCI_MAX_JSON_DEPTH)
        return over(r, "levels", OCI_MAX_JSON_DEPTH);
    r->open[r->depth++] = node;
    skip_space(r);
    if (peek(r) == (type == cJSON_Object ? '}' : ']'))
        return OCI_OK;
    *ret_empty = false;
    return type == cJSON_Object ? read_key(r) : OCI_OK;
}

static int read_document(struct reader *r)
{
    do {
        skip_space(r);
        cJSON *node = NULL;
        int rc = read_value(r, &node);
        if (rc)
            return rc;
        attach(r, node);
        bool done = true;
        rc = enter(r, node, &done);
        if (rc == OCI_OK && done)
            rc = read_on(r);
        if (rc)
            return rc;
    } while (r->depth > 0);
    return OCI_OK;
}

int oci_json_parse(const char *p, size_t len, size_t max, struct oci_json **ret_root, struct oci_err *reterr)
{
    if (len > max)
        return oci_err_set(reterr, OCI_LIMIT, "JSON of %zu bytes, more than %zu", len, max);
    struct reader r = {.p = p, .len = len, .err = reterr};
    if (len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        return bad(&r, "byte order mark");
    if (!oci_json_text_valid(p, len, &r.at))
        return bad(&r, "not UTF-8");
    r.at = 0;
    int rc = read_document(&r);
    cJSON_free(r.key);
    if (rc) {
        cJSON_Delete(r.root);
        return rc;
    }
    *ret_root = oci_json_value(r.root);
    return OCI_OK;
}
