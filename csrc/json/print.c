/* The canonical writer. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "json/node.h"

bool oci_json_text_valid(const char *p, size_t len, size_t *ret_bad)
{
    for (size_t i = 0; i < len;) {
        i += oci_ascii_run(p + i, len - i);
        if (i == len)
            break;
        size_t n = oci_utf8_length(p + i, len - i);
        const unsigned char *u = (const unsigned char *)p + i;
        /* RFC 7493 section 2.1: U+FDD0 to U+FDEF, and the last two of each plane, are no characters. */
        bool nonchar = (n == 3 && u[0] == 0xEF && ((u[1] == 0xB7 && u[2] >= 0x90 && u[2] <= 0xAF) ||
                                                   (u[1] == 0xBF && u[2] >= 0xBE))) ||
                       (n == 4 && (u[1] & 0x0F) == 0x0F && u[2] == 0xBF && u[3] >= 0xBE);
        if (n == 0 || nonchar) {
            *ret_bad = i;
            return false;
        }
        i += n;
    }
    return true;
}

static bool plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static int print_escape(unsigned char c, struct oci_buf *b)
{
    static const char names[] = "btnufr"; /* of \b to \r, where \v has none */
    char two[2] = {'\\', (char)c};
    if (c >= '\b' && c <= '\r' && c != '\v')
        two[1] = names[c - '\b'];
    else if (c < 0x20)
        return oci_buf_addf(b, "\\u%04x", c);
    return oci_buf_add(b, two, 2);
}

static int print_string(const char *s, struct oci_buf *b)
{
    size_t len = strlen(s);
    size_t where = 0;
    if (!oci_json_text_valid(s, len, &where))
        return OCI_INVALID;
    int rc = oci_buf_add_char(b, '"');
    for (size_t i = 0, run; rc == OCI_OK && i < len; i += run + 1) {
        for (run = 0; i + run < len && plain((unsigned char)s[i + run]); run++)
            continue;
        rc = oci_buf_add(b, s + i, run);
        if (rc == OCI_OK && i + run < len)
            rc = print_escape((unsigned char)s[i + run], b);
    }
    return rc ? rc : oci_buf_add_char(b, '"');
}

/* 1e-07 becomes 1e-7, as in RFC 8785. */
static void shorten_exponent(char *text)
{
    char *digits = strchr(text, 'e');
    if (!digits)
        return;
    digits += digits[1] == '-' || digits[1] == '+' ? 2 : 1;
    size_t zeros = strspn(digits, "0");
    memmove(digits, digits + zeros, strlen(digits + zeros) + 1);
}

/* The shortest of the digits that read back as the same number; in the C locale, as the reader does. */
static void format_double(double d, char *text, size_t size)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = c ? uselocale(c) : (locale_t)0;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, d);
        double again = strtod(text, NULL);
        if (!(again < d) && !(again > d))
            break;
    }
    if (c) {
        uselocale(before);
        freelocale(c);
    }
}

static int print_number(double d, struct oci_buf *b)
{
    if (!isfinite(d))
        return OCI_INVALID;
    if (oci_json_is_whole(d))
        return oci_buf_addf(b, "%lld", (long long)d); /* -0 becomes 0, as in RFC 8785 section 3.2.2.3 */
    char text[40];
    format_double(d, text, sizeof text);
    shorten_exponent(text);
    /* Beyond 2^53 it must not look like an integer: the reader would refuse it. */
    return oci_buf_addf(b, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static int print_value(const cJSON *n, struct oci_buf *b, unsigned depth);

static int print_container(const cJSON *n, struct oci_buf *b, unsigned depth)
{
    bool object = oci_json_type(n) == cJSON_Object;
    if (depth == 0)
        return OCI_LIMIT;
    int rc = oci_buf_add_char(b, object ? '{' : '[');
    for (const cJSON *m = n->child; rc == OCI_OK && m; m = m->next) {
        if (object)
            rc = print_string(m->string, b);
        if (rc == OCI_OK && object)
            rc = oci_buf_add_char(b, ':');
        if (rc == OCI_OK)
            rc = print_value(m, b, depth - 1);
        if (rc == OCI_OK && m->next)
            rc = oci_buf_add_char(b, ',');
    }
    return rc ? rc : oci_buf_add_char(b, object ? '}' : ']');
}

static int print_value(const cJSON *n, struct oci_buf *b, unsigned depth)
{
    switch (oci_json_type(n)) {
    case cJSON_False:
        return oci_buf_add_str(b, "false");
    case cJSON_True:
        return oci_buf_add_str(b, "true");
    case cJSON_Number:
        return print_number(n->valuedouble, b);
    case cJSON_String:
        return print_string(n->valuestring, b);
    case cJSON_Array:
    case cJSON_Object:
        return print_container(n, b, depth);
    default:
        return oci_buf_add_str(b, "null");
    }
}

int oci_json_print(const struct oci_json *v, struct oci_buf *b)
{
    return print_value(oci_json_cnode(v), b, OCI_MAX_JSON_DEPTH);
}
