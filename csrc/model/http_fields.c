#include "model/http_fields.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "model/descriptor.h"

/* ---- Link ---------------------------------------------------------------------------------- */

struct parser {
    const char *p;
};

static void skip_space(struct parser *p)
{
    p->p += strspn(p->p, " \t");
}

static struct oci_str take_until(struct parser *p, const char *stop)
{
    struct oci_str s = {p->p, strcspn(p->p, stop)};
    p->p += s.len;
    return s;
}

/* A parameter's value; a quoted one without its quotes (an escape in it stays, which no relation type needs). */
static struct oci_str take_value(struct parser *p)
{
    if (*p->p != '"')
        return oci_str_trim(take_until(p, ";,"));
    const char *start = ++p->p;
    while (*p->p && *p->p != '"')
        p->p += p->p[0] == '\\' && p->p[1] ? 2 : 1;
    struct oci_str s = {start, (size_t)(p->p - start)};
    if (*p->p)
        p->p++;
    return s;
}

/* A list of relation types, compared without case (RFC 8288 section 3.3). */
static bool names_next(struct oci_str rel)
{
    struct oci_str word, rest = rel;
    while (oci_str_cut(rest, ' ', &word, &rest)) {
        if (oci_str_eq_nocase(oci_str_trim(word), "next"))
            return true;
    }
    return oci_str_eq_nocase(oci_str_trim(rest), "next");
}

/* *( ";" name [ "=" value ] ). Of several rel only the first counts. */
static bool params_say_next(struct parser *p)
{
    bool seen = false;
    bool next = false;
    for (skip_space(p); *p->p == ';'; skip_space(p)) {
        p->p++;
        skip_space(p);
        struct oci_str name = oci_str_trim(take_until(p, "=;,"));
        struct oci_str value = OCI_STR("");
        if (*p->p == '=') {
            p->p++;
            skip_space(p);
            value = take_value(p);
        }
        if (!seen && oci_str_eq_nocase(name, "rel")) {
            seen = true;
            next = names_next(value);
        }
    }
    return next;
}

static bool no_space(struct oci_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    }
    return s.len > 0;
}

bool oci_link_next(const char *header, struct oci_str *ret_target)
{
    struct parser p = {header ? header : ""};
    for (;;) {
        p.p += strspn(p.p, " \t,");
        if (!*p.p)
            return false;
        struct oci_str target;
        if (*p.p == '<') {
            p.p++;
            target = take_until(&p, ">");
            if (*p.p)
                p.p++;
        } else {
            target = take_until(&p, ";"); /* without brackets (Q31) a comma may be part of it */
        }
        target = oci_str_trim(target);
        if (params_say_next(&p)) {
            /* A URL has neither spaces nor controls, and no character beyond ASCII. */
            if (!no_space(target))
                return false;
            *ret_target = target;
            return true;
        }
        p.p += strcspn(p.p, ","); /* what no grammar foresees */
    }
}

/* ---- ranges -------------------------------------------------------------------------------- */

/* Cuts "bytes", and the '=' or the space behind it. */
static bool cut_unit(struct oci_str *s, bool needed)
{
    if (s->len < 6 || !oci_str_eq_nocase((struct oci_str){s->p, 5}, "bytes"))
        return !needed;
    if (s->p[5] != ' ' && s->p[5] != '\t' && s->p[5] != '=')
        return false;
    *s = oci_str_trim((struct oci_str){s->p + 6, s->len - 6});
    return true;
}

bool oci_upload_range(const char *header, uint64_t *ret_count, bool *ret_sure)
{
    struct oci_str s = oci_str_trim(oci_str_of(header));
    struct oci_str from, to;
    uint64_t first = 0, last = 0;
    if (!cut_unit(&s, false) || !oci_str_cut(s, '-', &from, &to))
        return false;
    if (oci_str_to_u64(from, 0, &first) != OCI_OK)
        return false;
    if (oci_str_eq(to, "-1")) {
        *ret_count = 0;
        *ret_sure = true;
        return true;
    }
    if (oci_str_to_u64(to, OCI_MAX_SIZE - 1, &last) != OCI_OK)
        return false;
    /* distribution prints 0-0 for none and for one byte (Q10). */
    *ret_count = last > 0 ? last + 1 : 0;
    *ret_sure = last > 0;
    return true;
}

bool oci_content_range(const char *header, uint64_t *ret_from, uint64_t *ret_to, uint64_t *ret_total)
{
    struct oci_str s = oci_str_trim(oci_str_of(header));
    struct oci_str range, total, from, to;
    uint64_t first = 0, last = 0, all = OCI_SIZE_UNKNOWN;
    if (!cut_unit(&s, true) || !oci_str_cut(s, '/', &range, &total) || !oci_str_cut(range, '-', &from, &to))
        return false;
    if (oci_str_to_u64(from, OCI_MAX_SIZE, &first) != OCI_OK || oci_str_to_u64(to, OCI_MAX_SIZE, &last) != OCI_OK)
        return false;
    if (!oci_str_eq(total, "*") && oci_str_to_u64(total, OCI_MAX_SIZE, &all) != OCI_OK)
        return false;
    if (last < first || last >= all)
        return false;
    *ret_from = first;
    *ret_to = last;
    *ret_total = all;
    return true;
}

/* ---- Retry-After --------------------------------------------------------------------------- */

/* The parts of a date as numbers and a month's name, whatever stands between them: of "Sun, 06 Nov 1994 08:49:37 GMT",
 * "Sunday, 06-Nov-94 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994" (RFC 7231 section 7.1.1.1) the numbers come in two
 * orders only. strptime() asks the locale. */
struct date {
    unsigned numbers[5];
    size_t count, year_digits, month; /* month 1 to 12, 0: none */
    bool month_first;
};

static size_t month_of(struct oci_str word)
{
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    for (size_t i = 0; i < 12; i++) {
        if (oci_str_eq_nocase(word, months[i]))
            return i + 1;
    }
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return oci_lower(c) >= 'a' && oci_lower(c) <= 'z';
}

static bool scan_date(const char *p, struct date *d)
{
    while (*p) {
        size_t n = 0;
        if (is_letter(*p)) {
            while (is_letter(p[n]))
                n++;
            size_t month = month_of((struct oci_str){p, n});
            d->month_first = month ? d->count == 0 : d->month_first;
            d->month = month ? month : d->month;
        } else if (is_digit(*p)) {
            uint64_t v = 0;
            while (is_digit(p[n]))
                n++;
            if (d->count == 5 || n > 4 || oci_str_to_u64((struct oci_str){p, n}, 9999, &v) != OCI_OK)
                return false;
            d->numbers[d->count++] = (unsigned)v;
            d->year_digits = d->count == (d->month_first ? 5u : 2u) ? n : d->year_digits;
        } else if (!strchr(" ,:-\t", *p)) {
            return false;
        }
        p += n ? n : 1;
    }
    return d->count == 5 && d->month > 0;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar; years begin in March, so that the leap day is last. */
static int64_t days_since_epoch(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool parse_date(const char *s, int64_t *ret_seconds)
{
    struct date d = {0};
    if (!scan_date(s, &d))
        return false;
    const unsigned *time = d.month_first ? d.numbers + 1 : d.numbers + 2;
    int64_t day = d.numbers[0];
    int64_t year = d.month_first ? d.numbers[4] : d.numbers[1];
    if (d.year_digits == 2)
        year += year < 70 ? 2000 : 1900;
    if (year < 1970 || day < 1 || day > 31 || time[0] > 23 || time[1] > 59 || time[2] > 60)
        return false;
    *ret_seconds = days_since_epoch(year, (int64_t)d.month, day) * 86400 + (int64_t)time[0] * 3600 +
                   (int64_t)time[1] * 60 + time[2];
    return true;
}

bool oci_retry_after(const char *header, int64_t now, uint64_t *ret_seconds)
{
    struct oci_str s = oci_str_trim(oci_str_of(header));
    uint64_t seconds = 0;
    int64_t when = 0;
    if (oci_str_to_u64(s, OCI_MAX_SIZE, &seconds) == OCI_OK) {
        *ret_seconds = seconds;
        return true;
    }
    if (s.len == 0 || s.len > 64 || !parse_date(s.p, &when) || when < now)
        return false;
    *ret_seconds = (uint64_t)(when - now);
    return true;
}
