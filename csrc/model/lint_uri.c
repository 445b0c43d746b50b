/* lint_uri.c - absolute URIs (RFC 3986), as far as a syntax check goes. */
#include "model/lint_inside.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

/* The length of "scheme:", or 0. */
static size_t scheme_length(const char *s)
{
    if (!*s || !strchr(LETTERS, *s))
        return 0;
    size_t n = strspn(s, LETTERS DIGITS "+-.");
    return s[n] == ':' ? n + 1 : 0;
}

bool oci_lint_http(const char *uri)
{
    size_t n = scheme_length(uri);
    return oci_str_eq_nocase((struct oci_str){uri, n}, "http:") ||
           oci_str_eq_nocase((struct oci_str){uri, n}, "https:");
}

bool oci_lint_uri(const char *s)
{
    size_t n = scheme_length(s);
    if (n == 0 || s[n] == '\0')
        return false;
    for (const char *c = s + n; *c; c++) {
        if (*c == '%') {
            if (strspn(c + 1, DIGITS "ABCDEFabcdef") < 2)
                return false;
        } else if (!strchr(LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=", *c)) {
            return false;
        }
    }
    /* http and https have a host (RFC 9110 section 4.2). */
    return !oci_lint_http(s) || (strncmp(s + n, "//", 2) == 0 && s[n + 2] && !strchr("/?#:", s[n + 2]));
}
