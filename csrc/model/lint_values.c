/* lint_values.c - what predefined annotations hold (image-spec annotations.md, Pre-Defined Annotation Keys). */
#include "model/lint_inside.h"
#include "model/reference.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

/* ---- RFC 3339 section 5.6 ------------------------------------------------------------------- */

/* Exactly `digits` digits at *s, from `least` to `most`; moves *s behind them. */
static bool take_number(const char **s, size_t digits, unsigned least, unsigned most, unsigned *ret_n)
{
    unsigned n = 0;
    for (size_t i = 0; i < digits; i++, ++*s) {
        if (**s < '0' || **s > '9')
            return false;
        n = n * 10 + (unsigned)(**s - '0');
    }
    *ret_n = n;
    return n >= least && n <= most;
}

static bool take_char(const char **s, const char *any_of)
{
    if (!**s || !strchr(any_of, **s))
        return false;
    ++*s;
    return true;
}

static unsigned days_in(unsigned year, unsigned month)
{
    if (month == 2)
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static bool take_date(const char **s)
{
    unsigned year = 0, month = 0, day = 0;
    return take_number(s, 4, 0, 9999, &year) && take_char(s, "-") && take_number(s, 2, 1, 12, &month) &&
           take_char(s, "-") && take_number(s, 2, 1, days_in(year, month), &day);
}

bool oci_lint_date_time(const char *s)
{
    unsigned n = 0;
    if (!take_date(&s) || !take_char(&s, "Tt") || !take_number(&s, 2, 0, 23, &n) || !take_char(&s, ":") ||
        !take_number(&s, 2, 0, 59, &n) || !take_char(&s, ":") || !take_number(&s, 2, 0, 60, &n))
        return false;
    if (take_char(&s, ".")) {
        size_t fraction = strspn(s, DIGITS);
        if (fraction == 0)
            return false;
        s += fraction;
    }
    if (take_char(&s, "Zz"))
        return *s == '\0';
    return take_char(&s, "+-") && take_number(&s, 2, 0, 23, &n) && take_char(&s, ":") &&
           take_number(&s, 2, 0, 59, &n) && *s == '\0';
}

/* ---- SPDX expressions ----------------------------------------------------------------------- */

/* The next word at *s: a parenthesis, or what stands between blanks and parentheses. */
static struct oci_str take_word(const char **s)
{
    *s += strspn(*s, " ");
    struct oci_str word = {*s, strcspn(*s, " ()")};
    if (word.len == 0 && **s)
        word.len = 1;
    *s += word.len;
    return word;
}

/* A license's or an exception's identifier; or one of the author's own, LicenseRef-x or DocumentRef-y:LicenseRef-x. */
static bool license(struct oci_str w)
{
    struct oci_str document, own;
    bool colon = oci_str_cut(w, ':', &document, &own);
    if (colon && (!oci_starts_with(w.p, "DocumentRef-") || own.len < 11 || strncmp(own.p, "LicenseRef-", 11) != 0))
        return false;
    size_t n = 0;
    while (n < w.len && strchr(LETTERS DIGITS "-.", w.p[n]))
        n++;
    if (colon && n == document.len)
        for (n++; n < w.len && strchr(LETTERS DIGITS "-.", w.p[n]);)
            n++;
    bool later = !colon && n > 0 && n + 1 == w.len && w.p[n] == '+';
    return n > 0 && (n == w.len || later);
}

static bool operator(struct oci_str w)
{
    return oci_str_eq_nocase(w, "AND") || oci_str_eq_nocase(w, "OR") || oci_str_eq_nocase(w, "WITH");
}

/* Syntax alone: which identifiers there are changes with each edition of the list. */
bool oci_lint_licenses(const char *s)
{
    size_t depth = 0;
    bool operand = true; /* a license or '(' comes next, else an operator or ')' */
    for (;;) {
        struct oci_str w = take_word(&s);
        if (w.len == 0)
            return depth == 0 && !operand;
        if (operand && oci_str_eq(w, "(")) {
            depth++;
        } else if (!operand && oci_str_eq(w, ")") && depth > 0) {
            depth--;
        } else if (operand ? !operator(w) && license(w) : operator(w)) {
            operand = !operand;
        } else {
            return false;
        }
    }
}

/* ---- names ---------------------------------------------------------------------------------- */

/* component ("/" component)*, a component being alphanumerics joined by one of -._:@+ or by "--". */
bool oci_lint_ref_name(const char *s)
{
    for (;;) {
        size_t n = strspn(s, LETTERS DIGITS);
        s += n;
        if (n == 0)
            return false;
        if (*s == '\0')
            return true;
        if (strncmp(s, "--", 2) == 0)
            s += 2;
        else if (strchr("/-._:@+", *s))
            s++;
        else
            return false;
    }
}

/* With a registry that nobody has to guess, and parsed as every reference is. What our references mean besides
 * registries is left to others; with these out, parsing allocates nothing. */
bool oci_lint_full_name(const char *s)
{
    static const char *const places[] = {"oci:", "oci-archive:", "memory:"};
    struct oci_reference r;
    size_t n = strcspn(s, "/");
    struct oci_str host = {s, n};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (oci_starts_with(s, places[i]))
            return false;
    }
    bool named = oci_str_eq(host, "localhost") || memchr(s, '.', n) || memchr(s, ':', n);
    return s[n] == '/' && named && oci_reference_parse(s, strlen(s), &r, NULL) == OCI_OK;
}
