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
        /* What PCRE2 would understand otherwise. */
        {"^[[:alpha:]]$", "[]|:]|a]", "a|x"},
        {"^[\\s-z]$", "-|z| ", "a|\xEF\xBC\x80"}, /* no range */
        {"^[\\S]$", "a|\xE2\x80\x8B", " |\xE3\x80\x80"},
        {"^[\\S\\s]$", "a| |\n", ""},
        {"^[a\\]\\-]$", "a|]|-", "b"},
        {"^\\v$", "\v", "\n|\f"},
        {"^\\0[\\0]?a$", NULL, "a"},
        {"^a {1}b$", "a b", "ab"},
        {"^#\\/ x$", "#/ x", NULL},
        {"^[^\\ud800-\\udfff]$", "a|\xF0\x9F\x98\x80", NULL},
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

TEST(refused)
{
    static const struct {
        const char *pattern;
        int code;
        const char *text;
    } t[] = {
        {"a(b", OCI_INVALID, "regular expression, character 4: missing closing parenthesis"},
        {"\xC3\xA9)", OCI_INVALID, "regular expression, character 2: unmatched closing parenthesis"},
        {"[a", OCI_INVALID, "regular expression, character 3: a [ without its ]"},
        {"[b-a]", OCI_INVALID, "regular expression, character 5: a range that ends before it begins"},
        {"[a-\\d]", OCI_INVALID, "regular expression, character 6: a range that ends before it begins"},
        {"*a", OCI_INVALID, "regular expression, character 1: nothing to repeat"},
        {"a**", OCI_INVALID, "regular expression, character 3: nothing to repeat"},
        {"^+", OCI_INVALID, "regular expression, character 2: nothing to repeat"},
        {"a|{2}", OCI_INVALID, "regular expression, character 3: nothing to repeat"},
        {"a{3,2}", OCI_INVALID, "regular expression, character 7: numbers out of order in {} quantifier"},
        {"\u00E9{65536}", OCI_LIMIT, "regular expression, character 9: number too big in {} quantifier"},
        {"a\\", OCI_INVALID, "regular expression, character 3: a backslash at the end"},
        {"\\y", OCI_INVALID, "regular expression, character 2: unknown escape"},
        {"\\01", OCI_INVALID, "regular expression, character 2: unknown escape"},
        {"\\x4", OCI_INVALID, "regular expression, character 4: an escape without its hexadecimal digits"},
        {"\\u{110000}", OCI_INVALID, "regular expression, character 10: an escape without its hexadecimal digits"},
        {"(a)\\2", OCI_INVALID, "regular expression, character 6: reference to non-existent subpattern"},
        {"\\p{No_such}", OCI_UNSUPPORTED, "regular expression, character 12: unknown property after \\P or \\p"},
        {"\\pL", OCI_INVALID, "regular expression, character 3: \\p without its {name}"},
        {"(?<=a+)b", OCI_UNSUPPORTED, "regular expression, character 1: lookbehind assertion is not fixed length"},
        {"(?<a", OCI_INVALID, "regular expression, character 5: a name without its >"},
        {"((a{9}b){9000})", OCI_LIMIT, "regular expression, character 16: regular expression is too large"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_regex *r = NULL;
        struct oci_err e = {0};
        CHECK_INT(oci_regex_new(t[i].pattern, strlen(t[i].pattern), &r, &e), t[i].code);
        CHECK_STR(e.text, t[i].text);
        CHECK(!r);
    }
}

TEST(what_only_pcre_has)
{
    static const char groups[] =
        "regular expression, character 2: groups begin with (, (?:, (?<name>, (?=, (?!, (?<= or (?<!";
    static const char escape[] = "regular expression, character 2: unknown escape";
    static const char repeat[] = "nothing to repeat";
    static const struct {
        const char *pattern, *text;
    } t[] = {
        {"(?R)", groups},    {"(?1)a", groups},      {"(?C1)a", groups},   {"(?>a)", groups},   {"(?i)a", groups},
        {"(?|a)", groups},   {"(?#a)", groups},      {"(?P<n>a)", groups}, {"(?'n'a)", groups}, {"(?&n)", groups},
        {"\\Ka", escape},    {"\\Qa\\E", escape},    {"\\Aa", escape},     {"\\Za", escape},    {"\\Ga", escape},
        {"\\C", escape},     {"\\R", escape},        {"\\X", escape},      {"\\N", escape},     {"\\h", escape},
        {"\\g{1}", escape},  {"\\a", escape},        {"\\o{1}", escape},   {"\\k'n'", escape},  {"\\lx", escape},
        {"(*UTF)a", repeat}, {"a(*ACCEPT)", repeat}, {"(*pla:a)", repeat}, {"a++", repeat},     {"a{1}+", repeat},
        {"a?+", repeat},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_regex *r = NULL;
        struct oci_err e = {0};
        int rc = oci_regex_new(t[i].pattern, strlen(t[i].pattern), &r, &e);
        if (rc != (t[i].text == groups ? OCI_UNSUPPORTED : OCI_INVALID) || !strstr(e.text, t[i].text))
            FAIL("%s: %d %s", t[i].pattern, rc, e.text);
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

static void check_too_much(const char *pattern, const char *text, const char *what)
{
    struct oci_regex *r = NULL;
    struct oci_err e = {0};
    bool found = true;
    uint64_t work = 0;
    char wanted[100];
    snprintf(wanted, sizeof wanted, "the regular expression takes too %s on a text of %zu bytes", what, strlen(text));
    if (oci_regex_new(pattern, strlen(pattern), &r, &e) != OCI_OK)
        FAIL("%s: %s", pattern, e.text);
    int rc = oci_regex_find(r, oci_str_of(text), &found, &work, &e);
    if (rc != OCI_LIMIT || !found || work)
        FAIL("%s: %d", pattern, rc);
    CHECK_STR(e.text, wanted);
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
        "a{65000}c?b",
        "(?:(?!a{60000}c)a)*b",
        "(?<=a{60000}c)b?",
        "(?=(a*))\\1c?b",
        "(?:(?<!a{60000}c)a)*ab",
        "a*?a*?a*?ab",
    };
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    for (int i = 0; i < 100000; i++)
        CHECK_INT(oci_buf_add_char(&b, 'a'), OCI_OK);
    CHECK_INT(oci_buf_add_str(&b, "!b"), OCI_OK); /* the end that they look for is there, but not where they need it */
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        check_too_much(t[i], b.p, "long");
    check_too_much("(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(?!)", "", "long");
    /* And what is as long and takes one way. */
    CHECK(finds("^(a|b)*!b$", b.p));
    CHECK(finds("^[a-z]*!", b.p));
    CHECK(!finds("\\w\\d", b.p));
    oci_buf_done(&b);
}

/* A set of many ranges is looked through for each character. */
TEST(large_sets_are_counted)
{
    struct oci_buf p, text;
    oci_buf_init(&p, OCI_MAX_REGEX);
    oci_buf_init(&text, 1u << 20);
    CHECK_INT(oci_buf_add_str(&p, "^(?:(?=[^"), OCI_OK);
    for (unsigned i = 0; i < 2000; i++)
        CHECK_INT(oci_buf_addf(&p, "%c%c", (int)(0xD0 + i / 32 % 16), (int)(0x80 + i % 32 * 2)), OCI_OK);
    CHECK_INT(oci_buf_add_str(&p, "]+)\xF0\xA0\x80\x80)+$"), OCI_OK);
    for (int i = 0; i < 2000; i++)
        CHECK_INT(oci_buf_add_str(&text, "\xF0\xA0\x80\x80"), OCI_OK);
    check_too_much(p.p, text.p, "long");
    oci_buf_done(&p);
    oci_buf_done(&text);
}

TEST(memory_is_bounded)
{
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    for (int i = 0; i < 500000; i++)
        CHECK_INT(oci_buf_add_char(&b, 'a'), OCI_OK);
    check_too_much("^(a|b)*$", b.p, "much memory");
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
    CHECK_INT(oci_regex_new("^.\\uFFFD\\0$", 11, &r, &e), OCI_OK);
    CHECK_INT(oci_regex_find(r, (struct oci_str){"\xC3\xFF\0", 3}, &found, &work, &e), OCI_OK);
    CHECK(found);
    oci_regex_free(r);
    oci_regex_free(NULL);
}
