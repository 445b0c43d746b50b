#include "base/redact.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

static bool ends_word(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '"' || c == '\'' || c == '\\' ||
           c == '<' || c == '>';
}

/* JSON web tokens begin with the base64 of {" - and nothing that is worth reading does. */
static bool is_token(struct oci_str word)
{
    return word.len >= 16 && memcmp(word.p, "eyJ", 3) == 0;
}

/* Writes scheme://host/path of scheme://user@host/path?query. */
static size_t write_url(char *to, struct oci_str word, size_t scheme_end)
{
    struct oci_str rest = {word.p + scheme_end, word.len - scheme_end};
    size_t host_end = 0;
    size_t host = 0;
    for (; host_end < rest.len && !strchr("/?#", rest.p[host_end]); host_end++) {
        if (rest.p[host_end] == '@')
            host = host_end + 1;
    }
    size_t end = host_end;
    while (end < rest.len && rest.p[end] != '?' && rest.p[end] != '#')
        end++;
    memmove(to, word.p, scheme_end);
    memmove(to + scheme_end, rest.p + host, end - host);
    return scheme_end + end - host;
}

static size_t write_word(char *to, struct oci_str word, bool secret)
{
    if (secret || is_token(word)) {
        size_t stars = word.len < 3 ? word.len : 3;
        memcpy(to, "***", stars);
        return stars;
    }
    const char *scheme = word.len > 3 ? memmem(word.p, word.len, "://", 3) : NULL;
    if (scheme)
        return write_url(to, word, (size_t)(scheme - word.p) + 3);
    memmove(to, word.p, word.len);
    return word.len;
}

void oci_redact(char *s)
{
    char *to = s;
    bool secret = false;
    for (const char *p = s; *p;) {
        struct oci_str word = {p, 0};
        while (!ends_word(p[word.len]))
            word.len++;
        if (word.len == 0) {
            /* A quote or the like between "Bearer" and its token changes nothing. */
            *to++ = *p++;
            continue;
        }
        bool announces = oci_str_eq_nocase(word, "bearer") || oci_str_eq_nocase(word, "basic");
        p += word.len;
        to += write_word(to, word, secret);
        secret = announces;
    }
    *to = '\0';
}
