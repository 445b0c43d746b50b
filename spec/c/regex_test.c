/* regex: what expressions match, what is refused and where, and that no expression takes forever. */
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
    uint64_t work = 0;
    CHECK_INT(oci_regex_find(r, oci_str_of(text), &found, &work, &e), OCI_OK);
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
         "ac|a\nc|a\rc"},
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
        {"^\\s\\S$", " x|\tx", "xx|  "},
        {"^\\D$", "a|\xF4\x8F\xBF\xBF", "1"},
        {"^[\\b]$", "\b", "b"},
        {"^\\t\\n\\f\\r$", "\t\n\f\r", NULL},
        {"^\\x41\\u0042\\u{43}\\cJ$", "ABC\n", NULL},
        {"^\\u00e9$", "\xC3\xA9", "e"},
        {"^\\u{1F600}$", "\xF0\x9F\x98\x80", NULL},
        {"^[\xC3\xA0-\xC3\xBC]$", "\xC3\xA9", "e"},
        {"^\\.\\/\\-\\\\\\^\\$\\_\\@$", "./-\\^$_@", NULL},
        {"^(?:a)(?<name>b)$", "ab", NULL},
        {"^[\\S\\s]$", "a| |\n", ""},
        {"^[a\\]\\-]$", "a|]|-", "b"},
        {"^a {1}b$", "a b", "ab"},
        {"^#\\/ x$", "#/ x", NULL},
        {"^\\d$", "1", "\xD9\xA1"},
        {"^\\w$", "a", "\xC3\xA9"},
        {"\\b\xC3\xA9", NULL, "\xC3\xA9"},
    };
    CHECK_SAMPLES(s);
}

TEST(around_and_back)
{
    static const struct sample s[] = {
        {"^(?!-)[a-z-]+(?<!-)$", "a|a-b", "-a|a-"},
        {"^(?=.*\\d)(?=.*[a-z]).{4,}$", "abc1", "abcd|1234|a1"},
        {"(?<=\\s|^)x(?=,)", "x,|a x,", "ax,|x"},
        {"^(a|b)\\1$", "aa|bb", "ab"},
        {"^(?<q>['\"]).*\\k<q>$", "'a'|\"a\"", "'a\""},
        {"^(?:(a)|b)\\1$", "aa|b", "a|ba"}, /* what a group without a part refers to is empty */
        {"^(a)\\1(?<n>b)\\2$", "aabb", "aab"},
        {"^\\p{Lu}\\P{L}$", "A1|\xC3\x89-", "a1|AB"},
        {"^[\\p{Script=Greek}]+$", "\xCE\xB1\xCE\xB2", "ab"},
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

/* PCRE2's own words and places differ between its versions. */
TEST(refused)
{
    static const struct {
        const char *pattern;
        int code;
    } t[] = {
        {"a(b", OCI_INVALID},
        {"a)", OCI_INVALID},
        {"[a", OCI_INVALID},
        {"*a", OCI_INVALID},
        {"\\", OCI_INVALID},
        {"(a)\\2", OCI_INVALID},
        {"\\C", OCI_INVALID},
        {"a{65536}", OCI_LIMIT},
        {"((a{9}b){9000})", OCI_LIMIT},
        {"\\p{No}", OCI_OK},
        {"\\p{No_such}", OCI_UNSUPPORTED},
        {"(*NO_JIT)a", OCI_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_regex *r = NULL;
        struct oci_err e = {0};
        int rc = oci_regex_new(t[i].pattern, strlen(t[i].pattern), &r, &e);
        if (rc != t[i].code || !r != (rc != OCI_OK) || (rc && strncmp(e.text, "regular expression", 18)))
            FAIL("%s: %d %s", t[i].pattern, rc, e.text);
        oci_regex_free(r);
    }
}

TEST(expressions_have_limits)
{
    static char p[OCI_MAX_REGEX + 2];
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    memset(p, '(', 101);
    memset(p + 101, ')', 101);
    CHECK_INT(oci_regex_new(p, 202, &r, &e), OCI_LIMIT);
    CHECK_INT(oci_regex_new(p + 1, 200, &r, &e), OCI_OK);
    oci_regex_free(r);
    r = NULL;
    e = (struct oci_err){0};
    memset(p, 'a', sizeof p);
    CHECK_INT(oci_regex_new(p, OCI_MAX_REGEX + 1, &r, &e), OCI_LIMIT);
    CHECK_STR(e.text, "the regular expression has 20001 bytes, 20000 are the most");
    CHECK(!r);
}

static void check_too_much(const char *pattern, const char *text)
{
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    bool found = true;
    uint64_t work = 0;
    if (oci_regex_new(pattern, strlen(pattern), &r, &e) != OCI_OK)
        FAIL("%s: %s", pattern, e.text);
    int rc = oci_regex_find(r, oci_str_of(text), &found, &work, &e);
    if (rc != OCI_LIMIT || !found || work || strncmp(e.text, "the regular expression takes too ", 33))
        FAIL("%s: %d %s", pattern, rc, e.text);
    oci_regex_free(r);
}

/* What takes exponential, cubed or squared time. Where PCRE2 counts nothing itself: many places to begin at, a short
 * way each; and long ways without a place to come back to. The test's time limit is the check. */
TEST(time_is_bounded)
{
    static const char *const t[] = {
        "^(a+)+$",
        "^(a|a)*$",
        "^(a|aa)+$",
        "(.*)*ab",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)ab",
        "(?:(?=.*)a)*ab",
        "[a-z]+c?b",
        "a*?a*?a*?ab",
        "^(?:a|(?R))*$",
    };
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    for (int i = 0; i < 65000; i++)
        CHECK_INT(oci_buf_add_char(&b, 'a'), OCI_OK);
    CHECK_INT(oci_buf_add_str(&b, "!b"), OCI_OK); /* the end that they look for is there, but not where they need it */
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        check_too_much(t[i], b.p);
    check_too_much("(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(?!)", "");
    /* And what is as long and takes one way. */
    CHECK(finds("^[ab]*!b$", b.p));
    CHECK(finds("^[a-z]*!", b.p));
    CHECK(!finds("\\w\\d", b.p));
    oci_buf_done(&b);
}

TEST(texts_are_bounded)
{
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    for (size_t i = 0; i < OCI_MAX_REGEX_TEXT; i++)
        CHECK_INT(oci_buf_add_char(&b, 'a'), OCI_OK);
    CHECK(finds("a$", b.p));
    CHECK_INT(oci_buf_add_char(&b, 'a'), OCI_OK);
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    bool found = true;
    uint64_t work = 0;
    CHECK_INT(oci_regex_new("a", 1, &r, &e), OCI_OK);
    CHECK_INT(oci_regex_find(r, oci_str_of(b.p), &found, &work, &e), OCI_LIMIT);
    CHECK_STR(e.text, "a text of 65537 bytes is too long for a regular expression");
    oci_regex_free(r);
    oci_buf_done(&b);
}

TEST(work_is_told)
{
    static const char *const texts[] = {"", "aaaa!", "aaaaaaaa!"};
    uint64_t before = 0;
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    CHECK_INT(oci_regex_new("^(a|a)*$", 8, &r, &e), OCI_OK);
    for (size_t i = 0; i < 3; i++) {
        uint64_t work = 0;
        bool found = false;
        CHECK_INT(oci_regex_find(r, oci_str_of(texts[i]), &found, &work, &e), OCI_OK);
        CHECK(found == (i == 0));
        CHECK(work > before * 8);
        before = work;
    }
    oci_regex_free(r);
}

TEST(bytes_that_are_no_text)
{
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    bool found = false;
    uint64_t work = 0;
    CHECK_INT(oci_regex_new("^.\\uFFFD\\x00$", 13, &r, &e), OCI_OK);
    CHECK_INT(oci_regex_find(r, (struct oci_str){"\xC3\xFF\0", 3}, &found, &work, &e), OCI_OK);
    CHECK(found);
    oci_regex_free(r);
    oci_regex_free(NULL);
}
