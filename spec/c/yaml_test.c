/* yaml: what a document becomes, what is refused and where, what hostile documents cost. The values are those that
 * Go's sigs.k8s.io/yaml 1.6.0 gives for the same text. */
#include "json/yaml.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "test.h"

static void check_yaml(const char *in, const char *out)
{
    struct oci_json *v = NULL;
    struct oci_err e = {0};
    if (oci_yaml_parse(in, strlen(in), OCI_MAX_YAML, &v, &e) != OCI_OK)
        FAIL("%s: %s", in, e.text);
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    CHECK_INT(oci_json_print(v, &b), OCI_OK);
    if (strcmp(b.p, out) != 0)
        FAIL("%s: %s, not %s", in, b.p, out);
    oci_json_free(v);
    oci_buf_done(&b);
}

static void check_all(const char *const (*t)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_yaml(t[i][0], t[i][1]);
}

#define CHECK_ALL(table) check_all(table, sizeof(table) / sizeof(table)[0])

TEST(scalars)
{
    static const char *const t[][2] = {
        {"", "null"},
        {"\n# only a comment\n", "null"},
        {"---\n...\n", "null"},
        {"[~, null, Null, NULL, nUll]", "[null,null,null,null,\"nUll\"]"},
        {"[true, True, TRUE, tRue]", "[true,true,true,\"tRue\"]"},
        {"[yes, Yes, YES, on, On, ON, y, Y]", "[true,true,true,true,true,true,true,true]"},
        {"[no, No, NO, off, Off, OFF, n, N]", "[false,false,false,false,false,false,false,false]"},
        {"[false, False, FALSE, oN]", "[false,false,false,\"oN\"]"},
        {"[12, +12, -12, 0, -0, 00]", "[12,12,-12,0,0,0]"},
        {"[0x1f, 0X1F, +0x10, 0o17, 0O17, 017, 007, -010]", "[31,31,16,15,15,15,7,-8]"},
        {"[0b11, 0B11, -0b11, 1_000, 1__0, 1_, -_1, 0_7]", "[3,3,-3,1000,10,1,-1,7]"},
        {"[0x, 0o, 0b, 0b12, 0xfg, 0o8, _1, +, -1-]",
         "[\"0x\",\"0o\",\"0b\",\"0b12\",\"0xfg\",\"0o8\",\"_1\",\"+\",\"-1-\"]"},
        {"[08, 09, -09, 018]", "[8,9,-9,18]"}, /* no octals, so floats */
        {"[1.5, -1.5, +1.5, .5, -.5, 1., .5e3, 1e3, 1E+3, 1.0, 1.10]", "[1.5,-1.5,1.5,0.5,-0.5,1,500,1000,1000,1,1.1]"},
        {"[., .., 1e, 1e+, .e1, 1.5.2, 1.2.3-rc.1, v1, 1a]",
         "[\".\",\"..\",\"1e\",\"1e+\",\".e1\",\"1.5.2\",\"1.2.3-rc.1\",\"v1\",\"1a\"]"},
        {"[1e999, -1e999, 1e-999]", "[\"1e999\",\"-1e999\",0]"},
        {"[9007199254740991, -9007199254740991]", "[9007199254740991,-9007199254740991]"},
        {"[2001-01-01, 2001-12-14t21:59:43.10-05:00]", "[\"2001-01-01\",\"2001-12-14t21:59:43.10-05:00\"]"},
        {"[1:30, 190:20:30]", "[\"1:30\",\"190:20:30\"]"},
        {"['yes', \"no\", '12', \"1.0\", '', \"~\", '<<']", "[\"yes\",\"no\",\"12\",\"1.0\",\"\",\"~\",\"<<\"]"},
        {"<<", "\"<<\""},
    };
    CHECK_ALL(t);
}

TEST(tags)
{
    static const char *const t[][2] = {
        {"[!!str 12, !!str ~, !!str yes, ! 12, ! \"12\"]", "[\"12\",\"~\",\"yes\",\"12\",\"12\"]"},
        {"[!!int \"3\", !!float 3, !!float 1.5, !!bool \"yes\", !!null \"\"]", "[3,3,1.5,true,null]"},
        {"[!!timestamp 2001-01-01]", "[\"2001-01-01\"]"},
        {"{a: !!map {}, b: !!seq [], c: ! [], d: ! {}}", "{\"a\":{},\"b\":[],\"c\":[],\"d\":{}}"},
        {"!<tag:yaml.org,2002:str> 1", "\"1\""},
        {"%TAG !c! tag:yaml.org,2002:\n--- !c!str 1", "\"1\""},
        {"a: !!str\n", "{\"a\":\"\"}"},
    };
    CHECK_ALL(t);
}

TEST(collections_and_text)
{
    static const char *const t[][2] = {
        {"a:\n- 1\n- b: 2\n  c: 3\nd: {e: [x, z,], f}",
         "{\"a\":[1,{\"b\":2,\"c\":3}],\"d\":{\"e\":[\"x\",\"z\"],\"f\":null}}"},
        {"- - 1\n  - 2\n- ~\n-\n- ''", "[[1,2],null,null,\"\"]"},
        {"? a\n: b\n? c", "{\"a\":\"b\",\"c\":null}"},
        {"1: a\nyes: b\n0x10: c\n1.0e1: d\n-1: e",
         "{\"1\":\"a\",\"true\":\"b\",\"16\":\"c\",\"10\":\"d\",\"-1\":\"e\"}"},
        {"a: |\n  x\n  y\nb: |-\n  x\nc: |+\n  x\n\nd: >\n  x\n  y\n\n  z\ne: |2\n    x\n",
         "{\"a\":\"x\\ny\\n\",\"b\":\"x\",\"c\":\"x\\n\\n\",\"d\":\"x y\\nz\\n\",\"e\":\"  x\\n\"}"},
        {"a: 'it''s'\nb: \"\\u00e9\\x41\\n\\U0001F600\"\nc: \"x\\\n  y\"\nd: x # no\ne: x#yes",
         "{\"a\":\"it's\",\"b\":\"\xC3\xA9"
         "A\\n\xF0\x9F\x98\x80\",\"c\":\"xy\",\"d\":\"x\",\"e\":\"x#yes\"}"},
        {"a: x\n y\n\n z", "{\"a\":\"x y\\nz\"}"},
        {"{\"a\":\"\\/\",\"b\":[1e2,true,null]}", "{\"a\":\"/\",\"b\":[100,true,null]}"}, /* JSON is YAML */
        {"\xEF\xBB\xBF"
         "a: 1\r\nb: 2\r\n",
         "{\"a\":1,\"b\":2}"},
        {"%YAML 1.2\n---\na: 1\n...\n", "{\"a\":1}"},
        {"a: 1\n---\n", "{\"a\":1}"},
        {"--- {a: 1}\n--- ~\n--- # nothing\n", "{\"a\":1}"},
        {"apiVersion: v2\nname: x\nversion: 1.0\nappVersion: \"1.10\"\n",
         "{\"apiVersion\":\"v2\",\"name\":\"x\",\"version\":1,\"appVersion\":\"1.10\"}"},
    };
    CHECK_ALL(t);
}

TEST(aliases_and_merges)
{
    static const char *const t[][2] = {
        {"a: &x {b: [1]}\nc: *x\nd: [*x]", "{\"a\":{\"b\":[1]},\"c\":{\"b\":[1]},\"d\":[{\"b\":[1]}]}"},
        {"a: &x 1\nb: &x 2\nc: *x", "{\"a\":1,\"b\":2,\"c\":2}"},
        {"a: &x\nb: *x", "{\"a\":null,\"b\":null}"},
        {"&k key: v\nother: *k", "{\"key\":\"v\",\"other\":\"key\"}"},
        {"a: &k k\n*k : v", "{\"a\":\"k\",\"k\":\"v\"}"},
        {"x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  b: 3", "{\"x\":{\"a\":1,\"b\":2},\"z\":{\"b\":3,\"a\":1}}"},
        {"x: &x {a: 1}\nw: &w {a: 2, c: 3}\nz:\n  <<: [*x, *w]\n  c: 4",
         "{\"x\":{\"a\":1},\"w\":{\"a\":2,\"c\":3},\"z\":{\"c\":4,\"a\":1}}"},
        {"<<: &x {a: 1}\nb: *x", "{\"b\":{\"a\":1},\"a\":1}"},
        {"<<: {<<: {a: 1, b: 2}, a: 3}", "{\"a\":3,\"b\":2}"},
        {"\"<<\": {a: 1}", "{\"<<\":{\"a\":1}}"}, /* in quotes it is a key as any other */
        {"<<: &x {a: 1}\n\"b\": {c: *x}", "{\"b\":{\"c\":{\"a\":1}},\"a\":1}"},
    };
    CHECK_ALL(t);
}

static void check_refused(const char *in, int code, const char *text)
{
    struct oci_json *v = NULL;
    struct oci_err e = {0};
    int rc = oci_yaml_parse(in, strlen(in), OCI_MAX_YAML, &v, &e);
    if (rc != code || strcmp(e.text, text) != 0)
        FAIL("%s: %s: %s", in, oci_err_name(rc), e.text);
    CHECK(!v);
}

TEST(refused_with_line_and_column)
{
    static const struct {
        const char *in;
        int code;
        const char *text;
    } t[] = {
        {"{a: 1, a: 2}", OCI_INVALID, "YAML at line 1, column 8: the key \"a\" is there twice"},
        {"# \xC3\xA9\r\n1: a\r\n \r\n\"1\": b\r\n", OCI_INVALID,
         "YAML at line 4, column 1: the key \"1\" is there twice"},
        {"{\xC3\xA9: 1, \xC3\xA9: 2}", OCI_INVALID, "YAML at line 1, column 8: the key \"\xC3\xA9\" is there twice"},
        {"<<: {a: 1}\n<<: {b: 1}", OCI_INVALID, "YAML at line 2, column 1: the key \"<<\" is there twice"},
        {"z:\n  b: 3\n  <<: {b: 2}", OCI_INVALID,
         "YAML at line 3, column 3: the key \"<<\" would change what stands before it; it comes first"},
        {"<<: 1", OCI_INVALID, "YAML at line 1, column 1: the key \"<<\" merges a mapping, or a list of mappings"},
        {"<<: [{}, [1]]", OCI_INVALID,
         "YAML at line 1, column 1: the key \"<<\" merges a mapping, or a list of mappings"},
        {"a: 1\n---\nb: 2\n", OCI_INVALID, "YAML at line 3, column 1: a second document"},
        {"a: 1\n---\n[]", OCI_INVALID, "YAML at line 3, column 1: a second document"},
        {"1.5: a", OCI_INVALID, "YAML at line 1, column 1: a key that is not text, a whole number or a boolean"},
        {"~: a", OCI_INVALID, "YAML at line 1, column 1: a key that is not text, a whole number or a boolean"},
        {"? [a]\n: b", OCI_INVALID, "YAML at line 1, column 3: a key that is a collection"},
        {"a: &x {}\n*x : b", OCI_INVALID,
         "YAML at line 2, column 1: a key that is not text, a whole number or a boolean"},
        {"[.inf]", OCI_INVALID, "YAML at line 1, column 2: JSON has no infinity and no NaN"},
        {"[-.Inf]", OCI_INVALID, "YAML at line 1, column 2: JSON has no infinity and no NaN"},
        {"[.NaN]", OCI_INVALID, "YAML at line 1, column 2: JSON has no infinity and no NaN"},
        {"!!float .inf", OCI_INVALID, "YAML at line 1, column 1: JSON has no infinity and no NaN"},
        {"9007199254740992", OCI_INVALID, "YAML at line 1, column 1: integer beyond 2^53-1; text stands in quotes"},
        {"0xffffffffffffffffff", OCI_INVALID, "YAML at line 1, column 1: integer beyond 2^53-1; text stands in quotes"},
        {"a: \"\\0\"", OCI_INVALID,
         "YAML at line 1, column 4: text with a zero byte or something that is not a Unicode character"},
        {"a: \"\\uFFFE\"", OCI_INVALID,
         "YAML at line 1, column 4: text with a zero byte or something that is not a Unicode character"},
        {"!!binary aGk=", OCI_UNSUPPORTED,
         "YAML at line 1, column 1: a tag other than those of YAML's own text, numbers, booleans and null"},
        {"!x y", OCI_UNSUPPORTED,
         "YAML at line 1, column 1: a tag other than those of YAML's own text, numbers, booleans and null"},
        {"a: !!set {x}", OCI_UNSUPPORTED, "YAML at line 1, column 4: a collection with a tag of its own"},
        {"!!seq {x}", OCI_UNSUPPORTED, "YAML at line 1, column 1: a collection with a tag of its own"},
        {"!!int x", OCI_INVALID, "YAML at line 1, column 1: the scalar is not what its tag says"},
        {"!!int 1.5", OCI_INVALID, "YAML at line 1, column 1: the scalar is not what its tag says"},
        {"!!bool 1", OCI_INVALID, "YAML at line 1, column 1: the scalar is not what its tag says"},
        {"!!null x", OCI_INVALID, "YAML at line 1, column 1: the scalar is not what its tag says"},
        {"&a [*a]", OCI_INVALID, "YAML at line 1, column 5: an alias to what it stands in"},
        {"&a {b: {c: *a}}", OCI_INVALID, "YAML at line 1, column 12: an alias to what it stands in"},
        {"a: *x", OCI_INVALID, "YAML at line 1, column 4: an alias without its anchor before it"},
        {"--- &x\n--- *x", OCI_INVALID, "YAML at line 2, column 5: an alias without its anchor before it"},
        {"a: b: c", OCI_INVALID, "YAML at line 1, column 5: mapping values are not allowed in this context"},
        {"a: 1\nb: [", OCI_INVALID, "YAML at line 3, column 1: did not find expected node content"},
        {"a: 1\nb: \x07", OCI_INVALID, "YAML at line 2, column 4: control characters are not allowed"},
        {"a: 1\n\xC3\xA9\xFF", OCI_INVALID, "YAML at line 2, column 2: not UTF-8"},
        {"%YAML 2.0\n---\na", OCI_INVALID, "YAML at line 1, column 1: found incompatible YAML document"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        check_refused(t[i].in, t[i].code, t[i].text);
}

static int parse(const char *s, size_t len, struct oci_err *e)
{
    struct oci_json *v = NULL;
    int rc = oci_yaml_parse(s, len, OCI_MAX_YAML, &v, e);
    CHECK(rc == OCI_OK || !v);
    oci_json_free(v);
    return rc;
}

static int parse_buf(struct oci_buf *b, struct oci_err *e)
{
    oci_err_clear(e);
    int rc = parse(b->p, b->len, e);
    oci_buf_done(b);
    return rc;
}

/* A document of one byte too many, UTF-16, bytes that are no text. */
TEST(sizes_and_encodings)
{
    struct oci_err e = {0};
    struct oci_json *v = NULL;
    CHECK_INT(oci_yaml_parse("abc", 3, 2, &v, &e), OCI_LIMIT);
    CHECK_STR(e.text, "YAML of 3 bytes, more than 2");
    oci_err_clear(&e);
    CHECK_INT(parse("\xFF\xFE"
                    "a\0",
                    4, &e),
              OCI_INVALID);
    oci_err_clear(&e);
    CHECK_INT(parse("a\0b", 3, &e), OCI_INVALID);
    CHECK_STR(e.text, "YAML at line 1, column 2: control characters are not allowed");
}

static void add_many(struct oci_buf *b, const char *s, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_INT(oci_buf_add_str(b, s), OCI_OK);
}

TEST(depth_is_bounded)
{
    static const char *const openers[] = {"[", "{a: ", "- ", "? ", "a:\n "};
    for (size_t i = 0; i < sizeof openers / sizeof openers[0]; i++) {
        struct oci_err e = {0};
        struct oci_buf b;
        oci_buf_init(&b, OCI_MAX_YAML);
        add_many(&b, openers[i], 100000);
        int rc = parse_buf(&b, &e);
        CHECK(rc == OCI_LIMIT || rc == OCI_INVALID);
    }
    struct oci_err e = {0};
    struct oci_buf b;
    for (size_t depth = OCI_MAX_JSON_DEPTH; depth <= OCI_MAX_JSON_DEPTH + 1; depth++) {
        oci_buf_init(&b, OCI_MAX_YAML);
        add_many(&b, "[", depth);
        add_many(&b, "]", depth);
        CHECK_INT(parse_buf(&b, &e), depth > OCI_MAX_JSON_DEPTH ? OCI_LIMIT : OCI_OK);
        CHECK_STR(e.text, depth > OCI_MAX_JSON_DEPTH ? "YAML at line 1, column 65: nested too deep" : "");
    }
    /* An alias nests, too. */
    for (size_t depth = OCI_MAX_JSON_DEPTH - 1; depth <= OCI_MAX_JSON_DEPTH; depth++) {
        oci_buf_init(&b, OCI_MAX_YAML);
        CHECK_INT(oci_buf_add_str(&b, "a: &x [[]]\nb: "), OCI_OK);
        add_many(&b, "[", depth - 2);
        CHECK_INT(oci_buf_add_str(&b, "*x"), OCI_OK);
        add_many(&b, "]", depth - 2);
        CHECK_INT(parse_buf(&b, &e), depth == OCI_MAX_JSON_DEPTH ? OCI_LIMIT : OCI_OK);
    }
}

/* Nine aliases of nine aliases ...: refused before memory is spent. */
TEST(billion_laughs)
{
    struct oci_err e = {0};
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_YAML);
    CHECK_INT(oci_buf_add_str(&b, "a0: &a0 [lol]\n"), OCI_OK);
    for (int i = 1; i < 12; i++) {
        CHECK_INT(oci_buf_addf(&b, "a%d: &a%d [", i, i), OCI_OK);
        for (int k = 0; k < 9; k++)
            CHECK_INT(oci_buf_addf(&b, "*a%d, ", i - 1), OCI_OK);
        CHECK_INT(oci_buf_add_str(&b, "]\n"), OCI_OK);
    }
    CHECK_INT(parse_buf(&b, &e), OCI_LIMIT);
    CHECK_STR(e.text, "YAML at line 6, column 40: its aliases make the document too large");
    /* The same by merging. */
    oci_buf_init(&b, OCI_MAX_YAML);
    CHECK_INT(oci_buf_add_str(&b, "a: &a {"), OCI_OK);
    for (int i = 0; i < 1000; i++)
        CHECK_INT(oci_buf_addf(&b, "k%d: , ", i), OCI_OK);
    CHECK_INT(oci_buf_add_str(&b, "}\nb:\n"), OCI_OK);
    add_many(&b, "- <<: *a\n", 1000);
    CHECK_INT(parse_buf(&b, &e), OCI_LIMIT);
    /* And one long text many times. */
    oci_buf_init(&b, OCI_MAX_YAML);
    CHECK_INT(oci_buf_add_str(&b, "- &a "), OCI_OK);
    add_many(&b, "xxxxxxxxxxxxxxxx", 65536);
    add_many(&b, "\n- *a", 9);
    CHECK_INT(parse_buf(&b, &e), OCI_LIMIT);
}

TEST(values_and_anchors_are_bounded)
{
    struct oci_err e = {0};
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_YAML);
    CHECK_INT(oci_buf_add_char(&b, '['), OCI_OK);
    add_many(&b, "1,", OCI_MAX_JSON_NODES + 1);
    CHECK_INT(oci_buf_add_char(&b, ']'), OCI_OK);
    CHECK_INT(parse_buf(&b, &e), OCI_LIMIT);
    oci_buf_init(&b, OCI_MAX_YAML);
    for (int i = 0; i <= OCI_MAX_YAML_ANCHORS; i++)
        CHECK_INT(oci_buf_addf(&b, "- &a%d 1\n", i), OCI_OK);
    CHECK_INT(parse_buf(&b, &e), OCI_LIMIT);
    CHECK_STR(e.text, "YAML at line 10001, column 3: too many anchors");
}

TEST(directives_are_bounded)
{
    for (int count = OCI_MAX_YAML_DIRECTIVES; count <= OCI_MAX_YAML_DIRECTIVES + 1; count++) {
        struct oci_err e = {0};
        struct oci_buf b;
        oci_buf_init(&b, OCI_MAX_YAML);
        for (int i = 0; i < count; i++)
            CHECK_INT(oci_buf_addf(&b, "%%TAG !a%d! tag:yaml.org,2002:\n", i), OCI_OK);
        CHECK_INT(oci_buf_add_str(&b, "--- !a99!str 1\n"), OCI_OK);
        CHECK_INT(parse_buf(&b, &e), count > OCI_MAX_YAML_DIRECTIVES ? OCI_LIMIT : OCI_OK);
        CHECK_STR(e.text, count > OCI_MAX_YAML_DIRECTIVES ? "YAML with more than 100 directives" : "");
    }
}

/* Documents as large as they may be, in shapes that a careless reader takes squared time for: the test's time limit
 * is the check. */
TEST(large_documents_take_linear_time)
{
    struct oci_err e = {0};
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_YAML);
    for (int i = 0; i < 300000; i++)
        CHECK_INT(oci_buf_addf(&b, "key%d: %d\n", i, i), OCI_OK);
    CHECK_INT(parse_buf(&b, &e), OCI_OK);
    oci_buf_init(&b, OCI_MAX_YAML);
    CHECK_INT(oci_buf_add_str(&b, "a: &a {"), OCI_OK);
    for (int i = 0; i < 20000; i++)
        CHECK_INT(oci_buf_addf(&b, "k%d: , ", i), OCI_OK);
    CHECK_INT(oci_buf_add_str(&b, "}\nb:\n  <<: *a\n"), OCI_OK);
    for (int i = 0; i < 200000; i++)
        CHECK_INT(oci_buf_addf(&b, "  key%d: %d\n", i, i), OCI_OK);
    CHECK_INT(parse_buf(&b, &e), OCI_OK);
    oci_buf_init(&b, OCI_MAX_YAML);
    add_many(&b, "- [a, {b: c}]\n", 300000);
    CHECK_INT(parse_buf(&b, &e), OCI_OK);
    oci_buf_init(&b, OCI_MAX_YAML);
    add_many(&b, "#", OCI_MAX_YAML);
    CHECK_INT(parse_buf(&b, &e), OCI_OK);
}

/* A host program may have chosen a locale with a decimal comma. */
TEST(numbers_know_no_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    check_yaml("[1.5, -0.25]", "[1.5,-0.25]");
}
