#include "model/host.h"

#include <string.h>

#include "base/err.h"

static const char not_a_host[] = "its host is no name or address";

static bool valid_port(struct oci_str s)
{
    uint64_t port = 0;
    return s.len > 0 && s.p[0] != '0' && oci_str_to_u64(s, 65535, &port) == OCI_OK;
}

/* RFC 1123 section 2.1, with the lengths of RFC 1035 section 2.3.4. */
static bool valid_label(struct oci_str s)
{
    if (s.len == 0 || s.len > 63 || s.p[0] == '-' || s.p[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = oci_lower(s.p[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

static bool is_hex_number(struct oci_str s)
{
    if (s.len < 2 || s.p[0] != '0' || oci_lower(s.p[1]) != 'x')
        return false;
    for (size_t i = 2; i < s.len; i++) {
        char c = oci_lower(s.p[i]);
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return true;
}

static bool is_number(struct oci_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return is_hex_number(s);
    }
    return s.len > 0;
}

static bool is_byte(struct oci_str s)
{
    uint64_t n = 0;
    return oci_str_to_u64(s, 255, &n) == OCI_OK && (s.len == 1 || s.p[0] != '0');
}

static bool is_dotted_quad(struct oci_str s)
{
    struct oci_str label, rest = s;
    int dots = 0;
    while (oci_str_cut(rest, '.', &label, &rest)) {
        if (!is_byte(label))
            return false;
        dots++;
    }
    return dots == 3 && is_byte(rest);
}

/* *ret_why is set when it is not. */
static bool valid_name(struct oci_str s, const char **ret_why)
{
    struct oci_str label, rest = s;
    *ret_why = not_a_host;
    if (s.len > 253)
        return false;
    while (oci_str_cut(rest, '.', &label, &rest)) {
        if (!valid_label(label))
            return false;
    }
    if (!valid_label(rest))
        return false;
    if (is_number(rest) && !is_dotted_quad(s)) {
        *ret_why = "an IPv4 address is four decimal numbers up to 255";
        return false;
    }
    return true;
}

/* One group of an IPv6 address: one to four hex digits. */
static bool parse_group(struct oci_str s, uint16_t *ret_group)
{
    unsigned v = 0;
    if (s.len == 0 || s.len > 4)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = oci_lower(s.p[i]);
        if (c >= '0' && c <= '9')
            v = v << 4 | (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = v << 4 | (unsigned)(c - 'a' + 10);
        else
            return false;
    }
    *ret_group = (uint16_t)v;
    return true;
}

/* Groups parted by ':'; the last may be a dotted-quad when `quad`, which is two. *ret_last: the last group. */
static bool count_groups(struct oci_str s, bool quad, size_t *ret_count, uint16_t *ret_last, bool *ret_zero)
{
    struct oci_str group, rest = s;
    *ret_count = 0;
    *ret_zero = true; /* all but the last */
    if (s.len == 0)
        return true;
    while (oci_str_cut(rest, ':', &group, &rest)) {
        uint16_t v = 0;
        if (!parse_group(group, &v))
            return false;
        *ret_zero = *ret_zero && v == 0;
        ++*ret_count;
    }
    if (quad && is_dotted_quad(rest)) {
        *ret_count += 2;
        *ret_zero = false; /* not worth telling whether ::0.0.0.1 is meant */
        return true;
    }
    ++*ret_count;
    return parse_group(rest, ret_last);
}

/* RFC 4291 section 2.2, without a zone. */
static bool parse_ipv6(struct oci_str s, bool *ret_loopback)
{
    size_t before = 0, after = 0;
    uint16_t last = 0;
    bool zero_before = true, zero_after = true;
    struct oci_str head = s;
    const char *gap = s.len > 1 ? memmem(s.p, s.len, "::", 2) : NULL;
    if (gap) {
        head.len = (size_t)(gap - s.p);
        struct oci_str tail = {gap + 2, s.len - head.len - 2};
        uint16_t last_before = 0;
        if (!count_groups(head, false, &before, &last_before, &zero_before) ||
            !count_groups(tail, true, &after, &last, &zero_after) || before + after > 7)
            return false;
        *ret_loopback = zero_before && last_before == 0 && after > 0 && zero_after && last == 1;
        return true;
    }
    if (!count_groups(head, true, &before, &last, &zero_before) || before != 8)
        return false;
    *ret_loopback = zero_before && last == 1;
    return true;
}

int oci_host_parse(struct oci_str s, char ret_host[OCI_HOST_MAX], const char **ret_why)
{
    struct oci_str host = s;
    struct oci_str after = OCI_STR("");
    bool valid;
    *ret_why = not_a_host;
    if (s.len > 0 && s.p[0] == '[') {
        struct oci_str inside;
        if (!oci_str_cut((struct oci_str){s.p + 1, s.len - 1}, ']', &inside, &after))
            return OCI_INVALID;
        bool loopback = false;
        valid = parse_ipv6(inside, &loopback);
    } else {
        const char *colon = s.len > 0 ? memchr(s.p, ':', s.len) : NULL;
        if (colon) {
            host.len = (size_t)(colon - s.p);
            after = (struct oci_str){colon, s.len - host.len};
        }
        valid = valid_name(host, ret_why);
    }
    if (!valid)
        return OCI_INVALID;
    if (after.len > 0 && (after.p[0] != ':' || !valid_port((struct oci_str){after.p + 1, after.len - 1}))) {
        *ret_why = "a port is a number from 1 to 65535";
        return OCI_INVALID;
    }
    if (oci_str_copy(ret_host, OCI_HOST_MAX, s) != OCI_OK)
        return OCI_INVALID;
    for (char *c = ret_host; *c; c++)
        *c = oci_lower(*c);
    return OCI_OK;
}

bool oci_host_is_loopback(const char *host)
{
    struct oci_str name = oci_str_of(host);
    struct oci_str before, after;
    if (name.len > 0 && name.p[0] == '[') {
        bool loopback = false;
        return oci_str_cut((struct oci_str){name.p + 1, name.len - 1}, ']', &before, &after) &&
               parse_ipv6(before, &loopback) && loopback;
    }
    if (oci_str_cut(name, ':', &before, &after))
        name = before;
    if (oci_str_eq_nocase(name, "localhost"))
        return true;
    return oci_starts_with(host, "127.") && is_dotted_quad(name);
}
