#include "base/encode.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int oci_base64_add(struct oci_buf *b, const void *p, size_t len)
{
    const unsigned char *u = p;
    if (len > SIZE_MAX / 4 * 3 - 3)
        return OCI_LIMIT;
    int rc = oci_buf_reserve(b, (len + 2) / 3 * 4);
    for (size_t i = 0; rc == OCI_OK && i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        unsigned v = (unsigned)u[i] << 16 | (n > 1 ? (unsigned)u[i + 1] << 8 : 0u) | (n > 2 ? u[i + 2] : 0u);
        char four[4] = {base64_digits[v >> 18], base64_digits[v >> 12 & 63],
                        n > 1 ? base64_digits[v >> 6 & 63] : '=', n > 2 ? base64_digits[v & 63] : '='};
        rc = oci_buf_add(b, four, 4);
    }
    return rc;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The last two to four digits of a text, padding cut off. */
static int base64_tail(struct oci_buf *b, const char *p, size_t digits, int strict)
{
    unsigned v = 0;
    for (size_t i = 0; i < 4; i++) {
        int d = i < digits ? base64_value(p[i]) : 0;
        if (d < 0)
            return OCI_INVALID;
        v = v << 6 | (unsigned)d;
    }
    unsigned unused = digits == 2 ? v & 0xFFFFu : digits == 3 ? v & 0xFFu : 0;
    if (strict && unused != 0)
        return OCI_INVALID;
    char three[3] = {(char)(v >> 16), (char)(v >> 8), (char)v};
    return oci_buf_add(b, three, digits - 1);
}

int oci_base64_decode(struct oci_buf *b, const char *p, size_t len, int strict)
{
    if (strict && len % 4 != 0)
        return OCI_INVALID;
    if (len % 4 == 0) {
        for (int i = 0; i < 2 && len > 0 && p[len - 1] == '='; i++)
            len--;
    }
    if (len % 4 == 1)
        return OCI_INVALID;
    size_t before = b->len;
    int rc = oci_buf_reserve(b, len / 4 * 3 + (len % 4 ? len % 4 - 1 : 0));
    for (size_t i = 0; rc == OCI_OK && i < len; i += 4)
        rc = base64_tail(b, p + i, len - i < 4 ? len - i : 4, strict);
    if (rc && b->p) {
        b->len = before;
        b->p[before] = '\0';
    }
    return rc;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

int oci_percent_add(struct oci_buf *b, const char *p, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    int rc = oci_buf_reserve(b, len);
    for (size_t i = 0; rc == OCI_OK && i < len; i++) {
        unsigned char c = (unsigned char)p[i];
        char three[3] = {'%', digits[c >> 4], digits[c & 15]};
        rc = is_unreserved(p[i]) ? oci_buf_add_char(b, p[i]) : oci_buf_add(b, three, 3);
    }
    return rc;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int oci_percent_decode(struct oci_buf *b, const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '%' && (len - i < 3 || hex_value(p[i + 1]) < 0 || hex_value(p[i + 2]) < 0))
            return OCI_INVALID;
    }
    int rc = oci_buf_reserve(b, len);
    for (size_t i = 0; rc == OCI_OK && i < len; i++) {
        char c = p[i];
        if (c == '%') {
            c = (char)(hex_value(p[i + 1]) << 4 | hex_value(p[i + 2]));
            i += 2;
        }
        rc = oci_buf_add_char(b, c);
    }
    return rc;
}

int oci_hex_add(struct oci_buf *b, const void *p, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *u = p;
    int rc = len > SIZE_MAX / 2 ? OCI_LIMIT : oci_buf_reserve(b, len * 2);
    for (size_t i = 0; rc == OCI_OK && i < len; i++) {
        char two[2] = {digits[u[i] >> 4], digits[u[i] & 15]};
        rc = oci_buf_add(b, two, 2);
    }
    return rc;
}
