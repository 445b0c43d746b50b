/* json: what the strict reader takes and refuses, what the canonical writer prints. */
#include "json/json.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "test.h"

static struct oci_json *parse(const char *s, size_t len)
{
    struct oci_json *v = NULL;
    struct oci_err e = {0};
    if (oci_json_parse(s, len, OCI_MAX_MANIFEST, &v, &e) != OCI_OK)
        FAIL("%s: %s", s, e.text);
    return v;
}

/* What is parsed and printed again. */
static void check_print(const char *in, const char *out)
{
    struct oci_json *v = parse(in, strlen(in));
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    CHECK_INT(oci_json_print(v, &b), OCI_OK);
    CHECK_STR(b.p, out);
    oci_json_free(v);
    oci_buf_done(&b);
}

TEST(reads_and_prints)
{
    static const char *const t[][2] = {
        {"null", "null"},
        {" true ", "true"},
        {"\t\r\nfalse\n", "false"},
        {"{}", "{}"},
        {"[ ]", "[]"},
        {"[1,[2,[3]],{\"a\":{}}]", "[1,[2,[3]],{\"a\":{}}]"},
        {" { \"b\" : 1 , \"a\" : [ ] } ", "{\"b\":1,\"a\":[]}"},
        {"\"\\u00e9\\u20AC\\ud83d\\ude00\"", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
        {"\"\\b\\f\\n\\r\\t\\\"\\\\\\/\\u0001\\u001f\\u000b\"", "\"\\b\\f\\n\\r\\t\\\"\\\\/\\u0001\\u001f\\u000b\""},
        {"\"\x7F<>&'\"", "\"\x7F<>&'\""},
        {"\"\\u2028\"", "\"\xE2\x80\xA8\""},
        {"\"\\udbff\\udffd\"", "\"\xF4\x8F\xBF\xBD\""},
        {"{\"\":1}", "{\"\":1}"},
        {"{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"},
        {"0", "0"},
        {"-0", "0"},
        {"-0.0", "0"},
        {"7.0", "7"},
        {"7e0", "7"},
        {"1E2", "100"},
        {"1e+2", "100"},
        {"-12", "-12"},
        {"0.1", "0.1"},
        {"1.5e-7", "1.5e-7"},
        {"-2.5E-10", "-2.5e-10"},
        {"9007199254740991", "9007199254740991"},
        {"-9007199254740991", "-9007199254740991"},
        {"1e300", "1e+300"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"1e-999", "0"},
        {"123456.789", "123456.789"},
        {"9007199254740993.0", "9007199254740992.0"},
        {"21931111111111930.17", "21931111111111932.0"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        check_print(t[i][0], t[i][1]);
}

/* The text is part of what people see: where, and what. */
static const struct {
    const char *s;
    size_t len; /* 0: strlen */
    const char *why;
} malformed[] = {
    {"", 0, "byte 1: ends too early"},
    {"  ", 0, "byte 3: ends too early"},
    {"[", 0, "ends too early"},
    {"[1", 0, "ends too early"},
    {"[1,", 0, "ends too early"},
    {"{", 0, "key expected"},
    {"{\"a\"", 0, "colon expected"},
    {"{\"a\":", 0, "ends too early"},
    {"{\"a\":1", 0, "ends too early"},
    {"{\"a\":1,", 0, "key expected"},
    {"[1,]", 0, "byte 4: value expected"},
    {"[,1]", 0, "value expected"},
    {"{\"a\":1,}", 0, "byte 8: key expected"},
    {"{a:1}", 0, "key expected"},
    {"{1:1}", 0, "key expected"},
    {"{\"a\" 1}", 0, "colon expected"},
    {"{\"a\":1 \"b\":2}", 0, "',' or '}' expected"},
    {"[1 2]", 0, "byte 4: ',' or ']' expected"},
    {"[1}", 0, "',' or ']' expected"},
    {"{\"a\":1]", 0, "',' or '}' expected"},
    {"]", 0, "value expected"},
    {"nul", 0, "value expected"},
    {"nullx", 0, "something follows the value"},
    {"True", 0, "value expected"},
    {"'a'", 0, "value expected"},
    {"NaN", 0, "value expected"},
    {"Infinity", 0, "value expected"},
    {"-Infinity", 0, "digit expected"},
    {"{}{}", 0, "byte 3: something follows the value"},
    {"{} x", 0, "byte 4: something follows the value"},
    {"{}\0", 3, "byte 3: something follows the value"},
    {"\0", 1, "value expected"},
    {"// c\n1", 0, "value expected"},
    {"[1 /* c */]", 0, "expected"},
    {"\xEF\xBB\xBF{}", 0, "byte order mark"},
    {"\xFF\xFE{\0}\0", 6, "not UTF-8"},
    {"\"\xFF\"", 0, "byte 2: not UTF-8"},
    {"\"\xC0\xAF\"", 0, "not UTF-8"},
    {"\"\xED\xA0\x80\"", 0, "not UTF-8"},
    {"\"\xEF\xBF\xBF\"", 0, "not UTF-8"},
    {"\"\xEF\xB7\x90\"", 0, "not UTF-8"},
    {"\"\xF0\x9F\xBF\xBE\"", 0, "not UTF-8"},
    {"\"\\uffff\"", 0, "not a Unicode character"},
    {"\"\\ufdd0\"", 0, "not a Unicode character"},
    {"\"\\ud83f\\udffe\"", 0, "not a Unicode character"},
    {"\"\\ud800\"", 0, "lone surrogate"},
    {"\"\\udc00\"", 0, "lone surrogate"},
    {"\"\\ud800\\ud800\"", 0, "lone surrogate"},
    {"\"\\ud800x\"", 0, "lone surrogate"},
    {"\"\\ud800\\n\"", 0, "lone surrogate"},
    {"\"\\ud800\\", 0, "string without an end"},
    {"\"a\\u0000b\"", 0, "byte 9: \\u0000 is not allowed"},
    {"{\"a\\u0000\":1}", 0, "\\u0000 is not allowed"},
    {"\"\\u12\"", 0, "four hex digits"},
    {"\"\\u12G4\"", 0, "four hex digits"},
    {"\"\\x41\"", 0, "unknown escape"},
    {"\"\\\0\"", 4, "unknown escape"},
    {"\"a", 0, "string without an end"},
    {"\"a\\\"", 0, "string without an end"},
    {"\"\\", 0, "string without an end"},
    {"\"a\nb\"", 0, "byte 3: control character in a string"},
    {"\"a\tb\"", 0, "control character in a string"},
    {"\"a\0b\"", 5, "control character in a string"},
    {"01", 0, "leading zero"},
    {"-01", 0, "leading zero"},
    {"+1", 0, "value expected"},
    {".5", 0, "value expected"},
    {"1.", 0, "digit expected"},
    {"1.e5", 0, "digit expected"},
    {"1e", 0, "digit expected"},
    {"1e+", 0, "digit expected"},
    {"-", 0, "digit expected"},
    {"0x10", 0, "something follows the value"},
    {"1e999", 0, "number too large"},
    {"-1e999", 0, "number too large"},
    {"9007199254740992", 0, "integer beyond 2^53-1"},
    {"-9007199254740992", 0, "integer beyond 2^53-1"},
    {"9223372036854775807", 0, "integer beyond 2^53-1"},
    {"100000000000000000000000000000000000", 0, "integer beyond 2^53-1"},
    {"\f1", 0, "value expected"},
    {"\xC2\xA0" "1", 0, "value expected"},
};

TEST(refuses_malformed)
{
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        struct oci_json *v = NULL;
        struct oci_err e = {0};
        size_t len = malformed[i].len ? malformed[i].len : strlen(malformed[i].s);
        /* In memory of its exact size, so that a sanitizer sees a read beyond it. */
        char *copy = malloc(len ? len : 1);
        memcpy(copy, malformed[i].s, len);
        int rc = oci_json_parse(copy, len, 1000, &v, &e);
        free(copy);
        if (rc != OCI_INVALID || v)
            FAIL("row %zu (%s) gives %d", i, malformed[i].s, rc);
        if (!strstr(e.text, malformed[i].why) || !oci_starts_with(e.text, "malformed JSON"))
            FAIL("row %zu (%s) says: %s", i, malformed[i].s, e.text);
    }
}

TEST(refuses_duplicate_keys)
{
    static const char *const t[] = {
        "{\"a\":1,\"a\":1}",
        "{\"mediaType\":\"A\",\"medi\\u0061Type\":\"B\"}",
        "{\"x\":{\"y\":[{\"k\":1,\"l\":2,\"k\":3}]}}",
        "{\"\":1,\"\":2}",
        "{\"\xC3\xA9\":1,\"\\u00e9\":2}",
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_json *v = NULL;
        struct oci_err e = {0};
        CHECK_INT(oci_json_parse(t[i], strlen(t[i]), 1000, &v, &e), OCI_INVALID);
        CHECK(strstr(e.text, "is there twice"));
    }
}

/* Above sixteen members they are sorted: at each place, and without a duplicate. */
TEST(finds_duplicates_among_many)
{
    for (int at = -1; at < 40; at++) {
        struct oci_buf b;
        oci_buf_init(&b, 10000);
        for (int i = 0; i < 40; i++)
            CHECK_INT(oci_buf_addf(&b, "%s\"k%d\":%d", i ? "," : "{", i == at ? (at + 17) % 40 : i, i), OCI_OK);
        CHECK_INT(oci_buf_add_char(&b, '}'), OCI_OK);
        struct oci_json *v = NULL;
        CHECK_INT(oci_json_parse(b.p, b.len, b.max, &v, NULL), at < 0 ? OCI_OK : OCI_INVALID);
        oci_json_free(v);
        oci_buf_done(&b);
    }
}

/* Quadratic work on what fits in a manifest would take minutes: the harness's time limit is the check. */
TEST(is_fast_on_hostile_documents)
{
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_MANIFEST);
    CHECK_INT(oci_buf_add_char(&b, '{'), OCI_OK);
    for (int i = 0; i < 500000; i++)
        CHECK_INT(oci_buf_addf(&b, "%s\"%x\":0", i ? "," : "", (unsigned)i * 2654435761u), OCI_OK);
    CHECK_INT(oci_buf_add_char(&b, '}'), OCI_OK);
    struct oci_json *v = NULL;
    CHECK_INT(oci_json_parse(b.p, b.len, b.max, &v, NULL), OCI_OK);
    oci_json_sort(v);
    oci_json_free(v);
    /* Quotes without an end, back-slashes without an end, brackets without an end. */
    static const char *const fill[] = {"\"", "\\", "[", "{\"a\":", "\"\\ud800", "1", "-", " ", "[]", "\"a\","};
    for (size_t i = 0; i < sizeof fill / sizeof fill[0]; i++) {
        oci_buf_clear(&b);
        CHECK_INT(oci_buf_add_char(&b, i == 1 ? '"' : ' '), OCI_OK);
        while (oci_buf_add_str(&b, fill[i]) == OCI_OK)
            continue;
        CHECK(oci_json_parse(b.p, b.len, b.max, &v, NULL) < 0);
    }
    oci_buf_done(&b);
}

TEST(bounds_depth)
{
    char s[200];
    for (size_t depth = 64; depth <= 65; depth++) {
        memset(s, '[', depth);
        memset(s + depth, ']', depth);
        struct oci_json *v = NULL;
        struct oci_err e = {0};
        CHECK_INT(oci_json_parse(s, depth * 2, sizeof s, &v, &e), depth == 64 ? OCI_OK : OCI_LIMIT);
        CHECK_STR(e.text, depth == 64 ? "" : "JSON with more than 64 levels");
        struct oci_buf b;
        oci_buf_init(&b, sizeof s);
        if (depth == 64)
            CHECK_INT(oci_json_print(v, &b), OCI_OK);
        oci_buf_done(&b);
        oci_json_free(v);
    }
    /* And what was built deeper is not printed. */
    struct oci_json *v = oci_json_new_array();
    for (int i = 0; i < 64; i++) {
        struct oci_json *outer = oci_json_new_array();
        CHECK_INT(oci_json_append(outer, v), OCI_OK);
        v = outer;
    }
    struct oci_buf b;
    oci_buf_init(&b, 1000);
    CHECK_INT(oci_json_print(v, &b), OCI_LIMIT);
    oci_buf_done(&b);
    oci_json_free(v);
}

TEST(bounds_size_and_count)
{
    struct oci_json *v = NULL;
    struct oci_err e = {0};
    CHECK_INT(oci_json_parse("[1,2]", 5, 4, &v, &e), OCI_LIMIT);
    CHECK_STR(e.text, "JSON of 5 bytes, more than 4");
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_MANIFEST);
    CHECK_INT(oci_buf_add_char(&b, '['), OCI_OK);
    for (unsigned i = 0; i < OCI_MAX_JSON_NODES; i++)
        CHECK_INT(oci_buf_add_str(&b, i ? ",0" : "0"), OCI_OK);
    CHECK_INT(oci_buf_add_char(&b, ']'), OCI_OK);
    oci_err_clear(&e);
    CHECK_INT(oci_json_parse(b.p, b.len, b.max, &v, &e), OCI_LIMIT);
    CHECK_STR(e.text, "JSON with more than 2000000 values");
    oci_buf_done(&b);
}

TEST(sizes_are_written_as_integers)
{
    static const struct {
        const char *s;
        bool size, integer;
        int64_t n;
    } t[] = {
        {"0", true, true, 0},        {"-0", true, true, 0},
        {"7682", true, true, 7682},  {"9007199254740991", true, true, 9007199254740991},
        {"-1", false, true, -1},     {"7.0", false, false, 0},
        {"7e0", false, false, 0},    {"7.5", false, false, 0},
        {"\"7\"", false, false, 0},  {"null", false, false, 0},
        {"true", false, false, 0},   {"[7]", false, false, 0},
        {"1E1", false, false, 0},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_json *v = parse(t[i].s, strlen(t[i].s));
        struct oci_json *copy = oci_json_clone(v);
        uint64_t size = 77;
        int64_t n = 77;
        if (oci_json_size(copy, &size) != t[i].size || oci_json_integer(v, &n) != t[i].integer)
            FAIL("%s", t[i].s);
        CHECK_INT(size, t[i].size ? t[i].n : 77);
        CHECK_INT(n, t[i].integer ? t[i].n : 77);
        oci_json_free(v);
        oci_json_free(copy);
    }
    uint64_t size = 0;
    CHECK(!oci_json_size(NULL, &size));
}

TEST(built_numbers)
{
    struct oci_json *a = oci_json_new_array();
    CHECK_INT(oci_json_append(a, oci_json_new_size(OCI_MAX_SIZE)), OCI_OK);
    CHECK_INT(oci_json_append(a, oci_json_new_number(7.0)), OCI_OK);
    CHECK_INT(oci_json_append(a, oci_json_new_number(-7.5)), OCI_OK);
    struct oci_buf b;
    oci_buf_init(&b, 1000);
    CHECK_INT(oci_json_print(a, &b), OCI_OK);
    CHECK_STR(b.p, "[9007199254740991,7,-7.5]");
    uint64_t n = 0;
    CHECK(oci_json_size(oci_json_next(oci_json_first(a)), &n) && n == 7);
    CHECK_INT(oci_json_append(a, oci_json_new_number((double)NAN)), OCI_OK);
    CHECK_INT(oci_json_print(a, &b), OCI_INVALID);
    oci_json_free(a);
    a = oci_json_new_number((double)INFINITY);
    CHECK_INT(oci_json_print(a, &b), OCI_INVALID);
    oci_json_free(a);
    oci_buf_done(&b);
}

TEST(looks_around)
{
    static const char s[] = "{\"s\":\"x\",\"n\":1.5,\"b\":true,\"z\":null,\"a\":[1,2,3],\"o\":{\"k\":\"v\"},\"S\":1}";
    struct oci_json *v = parse(s, strlen(s));
    double d = 0;
    bool b = false;
    CHECK_INT(oci_json_kind(v), OCI_JSON_OBJECT);
    CHECK_INT(oci_json_count(v), 7);
    CHECK_STR(oci_json_string(oci_json_get(v, "s")), "x");
    CHECK(oci_json_string(oci_json_get(v, "S")) == NULL);
    CHECK(oci_json_number(oci_json_get(v, "n"), &d) && d > 1.4 && d < 1.6);
    CHECK(oci_json_bool(oci_json_get(v, "b"), &b) && b);
    CHECK(!oci_json_bool(oci_json_get(v, "n"), &b));
    CHECK_INT(oci_json_kind(oci_json_get(v, "z")), OCI_JSON_NULL);
    CHECK_INT(oci_json_kind(NULL), OCI_JSON_NULL);
    CHECK_INT(oci_json_count(oci_json_get(v, "a")), 3);
    CHECK(oci_json_get(oci_json_get(v, "a"), "k") == NULL);
    CHECK(oci_json_get(NULL, "k") == NULL);
    CHECK(oci_json_first(oci_json_get(v, "s")) == NULL);
    CHECK(oci_json_next(NULL) == NULL);
    CHECK(oci_json_key(NULL) == NULL);
    CHECK_STR(oci_json_key(oci_json_first(v)), "s");
    CHECK_STR(oci_json_string(oci_json_get(oci_json_get(v, "o"), "k")), "v");
    oci_json_free(v);
    oci_json_free(NULL);
}

static void check_value(const struct oci_json *v, const char *text)
{
    struct oci_buf b;
    oci_buf_init(&b, 10000);
    CHECK_INT(oci_json_print(v, &b), OCI_OK);
    CHECK_STR(b.p, text);
    oci_buf_done(&b);
}

TEST(builds)
{
    struct oci_json *o = oci_json_new_object();
    CHECK_INT(oci_json_set(o, "b", oci_json_new_bool(true)), OCI_OK);
    CHECK_INT(oci_json_set(o, "a", oci_json_new_null()), OCI_OK);
    CHECK_INT(oci_json_set(o, "c", oci_json_new_string("x")), OCI_OK);
    CHECK_INT(oci_json_set(o, "d", NULL), OCI_NO_MEMORY);
    check_value(o, "{\"b\":true,\"a\":null,\"c\":\"x\"}");
    /* In its place: first, middle, last; and the list stays sound for what is added afterwards. */
    CHECK_INT(oci_json_set(o, "a", oci_json_new_size(1)), OCI_OK);
    CHECK_INT(oci_json_set(o, "b", oci_json_new_size(2)), OCI_OK);
    CHECK_INT(oci_json_set(o, "c", oci_json_new_size(3)), OCI_OK);
    CHECK_INT(oci_json_add(o, "e", oci_json_new_size(4)), OCI_OK);
    check_value(o, "{\"b\":2,\"a\":1,\"c\":3,\"e\":4}");
    oci_json_sort(o);
    CHECK_INT(oci_json_add(o, "0", oci_json_new_size(5)), OCI_OK);
    check_value(o, "{\"a\":1,\"b\":2,\"c\":3,\"e\":4,\"0\":5}");
    struct oci_json *copy = oci_json_clone(o);
    CHECK_INT(oci_json_add(copy, "z", oci_json_new_array()), OCI_OK);
    check_value(copy, "{\"a\":1,\"b\":2,\"c\":3,\"e\":4,\"0\":5,\"z\":[]}");
    struct oci_json *z = oci_json_edit(copy, "z");
    CHECK_INT(oci_json_append(z, oci_json_new_size(1)), OCI_OK);
    CHECK(oci_json_edit(copy, "nope") == NULL);
    oci_json_free(oci_json_detach(copy, "a"));
    oci_json_free(oci_json_detach(copy, "0"));
    CHECK(oci_json_detach(copy, "0") == NULL);
    check_value(copy, "{\"b\":2,\"c\":3,\"e\":4,\"z\":[1]}");
    z = oci_json_detach(copy, "z");
    CHECK(oci_json_key(z) == NULL);
    CHECK_INT(oci_json_add(copy, "y", z), OCI_OK);
    check_value(copy, "{\"b\":2,\"c\":3,\"e\":4,\"y\":[1]}");
    oci_json_free(copy);
    oci_json_free(o);
}

TEST(arrays_lose_items)
{
    struct oci_json *a = parse("[0,1,2,3]", 9);
    oci_json_free(oci_json_detach_item(a, 3));
    CHECK_INT(oci_json_append(a, oci_json_new_size(4)), OCI_OK);
    oci_json_free(oci_json_detach_item(a, 0));
    oci_json_free(oci_json_detach_item(a, 1));
    CHECK(oci_json_detach_item(a, 2) == NULL);
    check_value(a, "[1,4]");
    oci_json_free(oci_json_detach_item(a, 0));
    oci_json_free(oci_json_detach_item(a, 0));
    CHECK(oci_json_detach_item(a, 0) == NULL);
    check_value(a, "[]");
    CHECK(oci_json_detach(a, "k") == NULL);
    oci_json_free(a);
}

TEST(sorts_bytewise)
{
    static const char s[] = "{\"b\":1,\"a\":2,\"\xC3\xA9\":3,\"B\":4,\"\":5,\"ab\":6,\"a.b\":7}";
    struct oci_json *v = parse(s, strlen(s));
    oci_json_sort(v);
    check_value(v, "{\"\":5,\"B\":4,\"a\":2,\"a.b\":7,\"ab\":6,\"b\":1,\"\xC3\xA9\":3}");
    oci_json_free(v);
    v = parse("[2,1]", 5);
    oci_json_sort(v); /* only objects */
    check_value(v, "[2,1]");
    oci_json_free(v);
    /* Every length up to some, in falling order. */
    for (int n = 0; n < 70; n++) {
        struct oci_json *o = oci_json_new_object();
        char key[16];
        for (int i = n; i-- > 0;) {
            snprintf(key, sizeof key, "%03d", i);
            CHECK_INT(oci_json_add(o, key, oci_json_new_null()), OCI_OK);
        }
        oci_json_sort(o);
        int i = 0;
        for (const struct oci_json *m = oci_json_first(o); m; m = oci_json_next(m)) {
            snprintf(key, sizeof key, "%03d", i++);
            CHECK_STR(oci_json_key(m), key);
        }
        CHECK_INT(i, n);
        oci_json_free(o);
    }
}

TEST(does_not_print_what_it_would_not_read)
{
    static const char *const t[] = {"\xFF", "\xED\xA0\x80", "a\xC3", "\xEF\xBF\xBE"};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct oci_buf b;
        oci_buf_init(&b, 100);
        struct oci_json *v = oci_json_new_string(t[i]);
        CHECK_INT(oci_json_print(v, &b), OCI_INVALID);
        oci_json_free(v);
        v = oci_json_new_object();
        CHECK_INT(oci_json_set(v, t[i], oci_json_new_null()), OCI_OK);
        CHECK_INT(oci_json_print(v, &b), OCI_INVALID);
        oci_json_free(v);
        oci_buf_done(&b);
    }
}

TEST(print_stops_at_the_maximum)
{
    static const char s[] = "{\"a\":[\"x\\n\",1.5,true],\"b\":{}}";
    struct oci_json *v = parse(s, strlen(s));
    for (size_t max = 0; max <= strlen(s); max++) {
        struct oci_buf b;
        oci_buf_init(&b, max);
        CHECK_INT(oci_json_print(v, &b), max < strlen(s) ? OCI_LIMIT : OCI_OK);
        oci_buf_done(&b);
    }
    oci_json_free(v);
}

/* A host program may have chosen a locale with a decimal comma. Where the machine has none, this tests little. */
TEST(numbers_know_no_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    check_print("[1.5,-0.25,1e-7]", "[1.5,-0.25,1e-7]");
}
