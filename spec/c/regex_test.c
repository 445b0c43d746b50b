/* regex: what expressions match, what is refused and where, and that no expression takes more than linear time. */
#include "base/regex.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "test.h"

static bool finds(const char *pattern, const char *text)
{
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    bool found = false;
    if (oci_regex_new(pattern, strlen(pattern), &r, &e) != OCI_OK)
        FAIL("%s: %s", pattern, e.text);
    CHECK_INT(oci_regex_find(r, text, strlen(text), &found, &e), OCI_OK);
    oci_regex_free(r);
    return found;
}

struct sample {
    const char *pattern, *yes, *no; /* texts, separated by | ; NULL: none */
};

static void check_each(const char *pattern, const char *texts, bool wanted)
{
    char copy[200];
    snprintf(copy, sizeof copy, "%s", texts);
    for (char *t = copy, *end; t; t = end ? end + 1 : NULL) {
        end = strchr(t, '|');
        if (end)
            *end = '\0';
        if (finds(pattern, t) != wanted)
            FAIL("/%s/ %s \"%s\"", pattern, wanted ? "does not find" : "finds", t);
    }
}

static void check_samples(const struct sample *s, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (s[i].yes)
            check_each(s[i].pattern, s[i].yes, true);
        if (s[i].no)
            check_each(s[i].pattern, s[i].no, false);
    }
}

#define CHECK_SAMPLES(s) check_samples(s, sizeof(s) / sizeof(s)[0])

TEST(finds_anywhere_and_at_places)
{
    static const struct sample s[] = {
        {"", "|abc", NULL},
        {"b", "b|abc|bb", "|ac|B"},
        {"^b", "b|bc", "ab|"},
        {"b$", "b|ab", "ba|b\n"},
        {"^$", "", "a|\n"},
        {"^a|b$", "ab|ac|cb", "ca|bc"},
        {"^(a|b)$", "a|b", "ab|c"},
        {"\\bcat\\b", "cat|a cat.|cat-x", "cats|concat|cat_"},
        {"\\Bx", "ax", "x| x"},
        {"a.c",
         "abc|a c|a\xC3\xA9"
         "c|a\xF0\x9F\x98\x80"
         "c",
         "ac|a\nc|a\xE2\x80\xA8"
         "c"},
    };
    CHECK_SAMPLES(s);
}

TEST(counts)
{
    static const struct sample s[] = {
        {"^a*$", "|a|aaaa", "b|ab"},
        {"^a+$", "a|aa", "|b"},
        {"^a?$", "|a", "aa"},
        {"^ab{2}c$", "abbc", "abc|abbbc"},
        {"^a{2,}$", "aa|aaa", "a|"},
        {"^a{0}b$", "b", "ab"},
        {"^a{0,2}$", "|a|aa", "aaa"},
        {"^a{2,4}$", "aa|aaa|aaaa", "a|aaaaa"},
        {"^(ab){1,2}$", "ab|abab", "|a|ababab"},
        {"^(a|bc){2,3}$", "abc|aa|bcabc", "a|aaaa"},
        {"^(a{1,2}){2}$", "aa|aaaa", "a|aaaaa"},
        {"^(a*)*$", "|aaa", "b"},
        {"^(a?){3}b$", "b|aaab", "aaaab"},
        {"^a+?b*?c??$", "aabbc|a", "b"},
        {"^a{,2}$", "a{,2}", "aa"}, /* no count */
        {"^{x}]$", "{x}]", NULL},
        {"^[0-9a-f]{64}$", NULL, "0123|"},
    };
    CHECK_SAMPLES(s);
}

TEST(sets_and_escapes)
{
    static const struct sample s[] = {
        {"^[a-c_x-]$", "a|b|c|_|x|-", "d|ab|"},
        {"^[^a-c]$", "d|\n|\xC3\xA9", "a|"},
        {"^[]$", NULL, "a|"},
        {"^[^]$", "a|\n", ""},
        {"^[\\d.]+$", "1.2.3", "1.a"},
        {"^[^\\W_]$", "a|9", "_|-"},
        {"^\\d\\D\\w\\W$", "1a_-", "aa_-|11_-"},
        {"^\\s\\S$", " x|\xC2\xA0x|\xEF\xBB\xBFx", "xx|  "},
        {"^\\D$", "a|\xF4\x8F\xBF\xBF", "1"},
        {"^[\\b]$", "\b", "b"},
        {"^\\t\\n\\v\\f\\r$", "\t\n\v\f\r", NULL},
        {"^\\x41\\u0042\\u{43}\\cJ$", "ABC\n", NULL},
        {"^\\u00e9$", "\xC3\xA9", "e"},
        {"^\\ud83d\\ude00$", "\xF0\x9F\x98\x80", NULL},
        {"^\\u{1F600}$", "\xF0\x9F\x98\x80", NULL},
        {"^[\xC3\xA0-\xC3\xBC]$", "\xC3\xA9", "e"},
        {"^\\.\\/\\-\\\\\\^\\$\\_\\@$", "./-\\^$_@", NULL},
        {"^(?:a)(?<name>b)$", "ab", NULL},
    };
    CHECK_SAMPLES(s);
}

TEST(what_config_schemas_say)
{
    static const struct sample s[] = {
        {"^sha256:[a-f0-9]{4}$", "sha256:00ff", "sha256:00f|sha256:00FF"},
        {"^v?(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$",
         "1.2.3|v0.0.1-rc.1+x", "1.2|01.2.3"},
        {"^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$", "a@b.org", "a@b|a b@c.org"},
        {"^(linux|darwin)/(amd64|arm64(/v\\d)?)$", "linux/amd64|linux/arm64/v8", "linux/arm"},
        {"\\.ya?ml$", "a.yml|a.yaml", "a.yamlx"},
    };
    CHECK_SAMPLES(s);
}

TEST(refused)
{
    static const struct {
        const char *pattern;
        int code;
        const char *text;
    } t[] = {
        {"a(b", OCI_INVALID, "regular expression, character 4: a ( without its )"},
        {"\xC3\xA9)", OCI_INVALID, "regular expression, character 2: a ) without its ("},
        {"[a", OCI_INVALID, "regular expression, character 3: a [ without its ]"},
        {"[b-a]", OCI_INVALID, "regular expression, character 5: a range that ends before it begins"},
        {"*a", OCI_INVALID, "regular expression, character 1: nothing to repeat"},
        {"a**", OCI_INVALID, "regular expression, character 3: nothing to repeat"},
        {"^+", OCI_INVALID, "regular expression, character 2: nothing to repeat"},
        {"a|{2}", OCI_INVALID, "regular expression, character 3: nothing to repeat"},
        {"a{3,2}", OCI_INVALID, "regular expression, character 7: a count that ends before it begins"},
        {"a{1001}", OCI_LIMIT, "regular expression, character 8: a count that is too large"},
        {"a\\", OCI_INVALID, "regular expression, character 3: a backslash at the end"},
        {"\\y", OCI_INVALID, "regular expression, character 2: unknown escape"},
        {"\\x4", OCI_INVALID, "regular expression, character 4: an escape without its hexadecimal digits"},
        {"\\u{110000}", OCI_INVALID, "regular expression, character 10: an escape without its hexadecimal digits"},
        {"(a)\\1", OCI_UNSUPPORTED, "regular expression, character 5: back references and \\p are not supported"},
        {"\\p{L}", OCI_UNSUPPORTED, "regular expression, character 2: back references and \\p are not supported"},
        {"(?=a)", OCI_UNSUPPORTED,
         "regular expression, character 2: groups that look ahead or behind are not supported"},
        {"(?<!a)b", OCI_UNSUPPORTED,
         "regular expression, character 4: groups that look ahead or behind are not supported"},
        {"(?<a", OCI_INVALID, "regular expression, character 5: a group's name without its >"},
        {"((a{500}){500})", OCI_LIMIT, "regular expression, character 15: too large with its counts written out"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_regex *r = NULL;
        struct oci_err e = {0};
        CHECK_INT(oci_regex_new(t[i].pattern, strlen(t[i].pattern), &r, &e), t[i].code);
        CHECK_STR(e.text, t[i].text);
        CHECK(!r);
    }
}

TEST(groups_nest_to_a_limit)
{
    char p[200] = "";
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    memset(p, '(', 51);
    CHECK_INT(oci_regex_new(p, 51, &r, &e), OCI_LIMIT);
}

/* Expressions that others take exponential or squared time for: the test's time limit is the check. */
TEST(time_is_linear)
{
    static const char *const t[] = {"^(a+)+$",
                                    "^(a|a)*$",
                                    "^(a|aa)+$",
                                    "(.*)*x",
                                    "^(([a-z])+.)+[A-Z]([a-z])+$",
                                    "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaab"};
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    for (int i = 0; i < 100000; i++)
        CHECK_INT(oci_buf_add_char(&b, 'a'), OCI_OK);
    CHECK_INT(oci_buf_add_char(&b, '!'), OCI_OK);
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        CHECK(!finds(t[i], b.p));
    /* And what would still be too much is refused. */
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    bool found = true;
    CHECK_INT(oci_regex_new("(a{1,1000}){1,9}b", 17, &r, &e), OCI_OK);
    CHECK_INT(oci_regex_find(r, b.p, b.len, &found, &e), OCI_LIMIT);
    CHECK_STR(e.text, "the regular expression takes too long on a text of 100001 bytes");
    CHECK(found);
    oci_regex_free(r);
    oci_buf_done(&b);
}

TEST(bytes_that_are_no_text)
{
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    bool found = false;
    CHECK_INT(oci_regex_new("^.\\uFFFD\\0$", 11, &r, &e), OCI_OK);
    CHECK_INT(oci_regex_find(r, "\xC3\xFF\0", 3, &found, &e), OCI_OK);
    CHECK(found);
    oci_regex_free(r);
    oci_regex_free(NULL);
}
