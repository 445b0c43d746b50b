#include "base/str.h"

#include "base/err.h"

struct oci_str oci_str_of(const char *s)
{
    return (struct oci_str){s ? s : "", s ? strlen(s) : 0};
}

bool oci_str_eq(struct oci_str s, const char *z)
{
    return strlen(z) == s.len && (s.len == 0 || memcmp(s.p, z, s.len) == 0);
}

/* ASCII only: tolower() asks the locale. */
char oci_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool oci_str_eq_nocase(struct oci_str s, const char *z)
{
    if (strlen(z) != s.len)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (oci_lower(s.p[i]) != oci_lower(z[i]))
            return false;
    }
    return true;
}

bool oci_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool oci_ends_with(const char *s, const char *suffix)
{
    size_t len = strlen(s);
    size_t n = strlen(suffix);
    return len >= n && memcmp(s + len - n, suffix, n) == 0;
}

bool oci_str_equal(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

int oci_str_copy(char *buf, size_t size, struct oci_str s)
{
    if (size > 0)
        buf[0] = '\0';
    if (s.len >= size)
        return OCI_LIMIT;
    if (s.len > 0)
        memcpy(buf, s.p, s.len);
    buf[s.len] = '\0';
    return OCI_OK;
}

struct oci_str oci_str_trim(struct oci_str s)
{
    while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool oci_str_cut(struct oci_str s, char c, struct oci_str *ret_before, struct oci_str *ret_after)
{
    const char *at = s.len > 0 ? memchr(s.p, c, s.len) : NULL;
    if (!at)
        return false;
    size_t before = (size_t)(at - s.p);
    *ret_before = (struct oci_str){s.p, before};
    *ret_after = (struct oci_str){at + 1, s.len - before - 1};
    return true;
}

int oci_str_to_u64(struct oci_str s, uint64_t max, uint64_t *ret_n)
{
    if (s.len == 0)
        return OCI_INVALID;
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return OCI_INVALID;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return OCI_INVALID;
        n = n * 10 + digit;
    }
    if (n > max)
        return OCI_INVALID;
    *ret_n = n;
    return OCI_OK;
}

/* Unicode 15, table 3-7. */
size_t oci_utf8_length(const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    size_t n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (len < n)
        return 0;
    /* The second byte carries the limits: no overlong forms, no surrogates, nothing past U+10FFFF. */
    unsigned low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    }
    return n;
}

size_t oci_ascii_run(const char *p, size_t len)
{
    size_t n = 0;
    uint64_t eight;
    for (; n + sizeof eight <= len; n += sizeof eight) {
        memcpy(&eight, p + n, sizeof eight);
        if (eight & 0x8080808080808080u)
            break;
    }
    while (n < len && (unsigned char)p[n] < 0x80)
        n++;
    return n;
}

bool oci_utf8_valid(const char *p, size_t len)
{
    for (size_t i = oci_ascii_run(p, len); i < len;) {
        size_t n = oci_utf8_length(p + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

bool oci_str_is_printable(struct oci_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7F)
            return false;
    }
    return oci_utf8_valid(s.p, s.len);
}

/* Moves a terminal's state or the order of what is read: C0, DEL, C1, line separators, the bidirectional controls. */
static bool is_control(const unsigned char *p, size_t n)
{
    if (n == 1)
        return p[0] < 0x20 || p[0] == 0x7F;
    if (n == 2)
        return p[0] == 0xC2 && p[1] < 0xA0;
    if (n != 3 || p[0] != 0xE2)
        return false;
    if (p[1] == 0x80)
        return (p[2] >= 0x8B && p[2] <= 0x8F) || (p[2] >= 0xA8 && p[2] <= 0xAE);
    return p[1] == 0x81 && p[2] >= 0xA0 && p[2] <= 0xAF;
}

void oci_sanitise(char *s)
{
    size_t len = strlen(s);
    size_t to = 0;
    for (size_t i = 0; i < len;) {
        const unsigned char *u = (const unsigned char *)s + i;
        size_t n = oci_utf8_length(s + i, len - i);
        if (n == 0 || is_control(u, n)) {
            s[to++] = '?';
            i += n ? n : 1;
            continue;
        }
        memmove(s + to, s + i, n);
        to += n;
        i += n;
    }
    s[to] = '\0';
}

bool oci_add_u64(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    if (a > UINT64_MAX - b)
        return false;
    *ret_sum = a + b;
    return true;
}
