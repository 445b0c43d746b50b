/* The resolution of plain scalars, as the YAML library behind Go's sigs.k8s.io/yaml does it: YAML 1.1 booleans and
 * octals, the 1.2 octals, no base 60. */
#include "json/yaml_scalar.h"

#include <math.h>

#include "base/limits.h"

#define NUMBER_MAX 501 /* with the NUL; longer plain scalars are text */

static bool is_one_of(struct oci_str s, const char *const *words)
{
    for (; *words; words++) {
        if (oci_str_eq(s, *words))
            return true;
    }
    return false;
}

static bool is_word(struct oci_str s, struct oci_yaml_scalar *ret)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y", NULL};
    static const char *const no[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N", NULL};
    static const char *const not_finite[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF", "+.inf",
                                             "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", NULL};
    if (s.len > 5)
        return false;
    if (is_one_of(s, nulls))
        ret->kind = OCI_YAML_NULL;
    else if (is_one_of(s, yes))
        *ret = (struct oci_yaml_scalar){OCI_YAML_BOOL, 1};
    else if (is_one_of(s, no))
        ret->kind = OCI_YAML_BOOL;
    else if (is_one_of(s, not_finite))
        ret->kind = OCI_YAML_NOT_FINITE;
    else
        return false;
    return true;
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = oci_lower(c);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 99;
}

/* The base that a prefix says, which is then skipped: 0x, 0o, 0b, or 0 before another digit. */
static unsigned base_of(const char **s)
{
    const char *p = *s;
    if (p[0] != '0' || !p[1])
        return 10;
    char c = oci_lower(p[1]);
    unsigned base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
    if (base && p[2]) {
        *s += 2;
        return base;
    }
    *s += 1;
    return 8;
}

/* Without underscores, with a sign or not. */
static bool is_integer(const char *s, struct oci_yaml_scalar *ret)
{
    bool negative = *s == '-';
    if (negative || *s == '+')
        s++;
    unsigned base = base_of(&s);
    if (!*s)
        return false;
    uint64_t n = 0;
    bool beyond = false;
    for (; *s; s++) {
        unsigned d = digit_of(*s);
        if (d >= base)
            return false;
        n = n * base + d; /* at most 2^53 * 16: no overflow */
        beyond = beyond || n > OCI_MAX_SIZE;
        n = beyond ? 0 : n;
    }
    ret->kind = beyond ? OCI_YAML_BEYOND : OCI_YAML_INTEGER;
    ret->number = negative && n ? -(double)n : (double)n;
    return true;
}

static size_t digits_at(const char *s)
{
    return strspn(s, "0123456789");
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool has_form_of_float(const char *s)
{
    if (*s == '-' || *s == '+')
        s++;
    size_t whole = digits_at(s), part = 0;
    s += whole;
    if (*s == '.') {
        part = digits_at(s + 1);
        s += 1 + part;
    }
    if (whole + part == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '-' || *s == '+')
            s++;
        if (digits_at(s) == 0)
            return false;
        s += digits_at(s);
    }
    return !*s;
}

static bool is_float(const char *s, struct oci_yaml_scalar *ret)
{
    if (!has_form_of_float(s))
        return false;
    double d = oci_json_to_double(s);
    if (!isfinite(d))
        return false;
    *ret = (struct oci_yaml_scalar){OCI_YAML_FLOAT, d};
    return true;
}

/* Copies without underscores, which may stand anywhere behind the first character. */
static void copy_number(char *to, struct oci_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] != '_')
            *to++ = s.p[i];
    }
    *to = '\0';
}

struct oci_yaml_scalar oci_yaml_resolve(struct oci_str s)
{
    struct oci_yaml_scalar found = {OCI_YAML_TEXT, 0};
    if (is_word(s, &found))
        return found;
    char number[NUMBER_MAX];
    if (s.len >= sizeof number || memchr(s.p, '\0', s.len))
        return found;
    char first = s.p[0];
    if (first == '.' || first == '+' || first == '-' || digit_of(first) < 10) {
        copy_number(number, s);
        if (!is_integer(number, &found))
            is_float(number, &found);
    }
    return found;
}
