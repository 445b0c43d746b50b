/* What spec/lua/lint_spec.lua does not show: large and hostile documents, the reader beside the strict one. The rules
 * themselves are in spec/validity.lua, with documents for each. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "json/json.h"
#include "model/lint.h"
#include "model/media_type.h"
#include "test.h"

#define E2_SHA256 "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define E2 "{\"mediaType\":\"" OCI_TYPE_EMPTY "\",\"digest\":\"" E2_SHA256 "\",\"size\":2}"
#define TYPED "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"artifactType\":\"a/b\","
#define HEAD TYPED "\"config\":" E2
#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct oci_findings found;

static int lint(const char *p, size_t len)
{
    struct oci_err e = {0};
    oci_findings_done(&found);
    int rc = oci_lint(p, len, NULL, &found, &e);
    CHECK_INT(e.code, rc);
    return rc;
}

static size_t count(const char *rule)
{
    size_t n = 0;
    for (size_t i = 0; i < found.count; i++)
        n += strcmp(found.items[i].rule, rule) == 0;
    return n;
}

/* ---- the reader ----------------------------------------------------------------------------- */

/* Faults of JSON: the strict reader refuses the text, so the lenient one reports something, and the other way round. */
TEST(says_something_of_what_the_strict_reader_refuses)
{
    static const char *const texts[] = {
        /* right */
        "{}", "[]", "null", "true", "0", "-0", "1.5e+3", "\"\\u00e9\\ud83d\\ude00\"", "[1,[2,{\"a\":[]}]]",
        " \n{ \"a\" : 1 } ", "9007199254740991", "-9007199254740991", "1e308", "0.0e999", "0e99999999999999999999",
        "1e-99999999999999999999",
        /* broken off */
        "", "{", "[", "\"", "{\"", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "[,]", "[1,]",
        "[1 2]", "{\"a\" 1}", "tru", "nulL", "{}{}", "{} x", "/**/{}", "{'a':1}", "\xC3\xA9",
        /* numbers */
        "NaN", "Infinity", "+1", "01", "-", "-a", "1.", "1.e3", "1e", "1e+", ".5", "0x10", "9007199254740992",
        "-9007199254740993", "1e309", "0.1e400", "123456e305", "1E99999999999999999999",
        /* text */
        "\"\\x\"", "\"\\u12g4\"", "\"\\u12", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"",
        "\"\\u0000\"", "\"\\uffff\"", "\"\\ufdd0\"", "\"\\ud83f\\udfff\"", "\"\xEF\xBF\xBF\"", "\"\xF0\x9F\xBF\xBF\"",
        "\"\xC3\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"a\nb\"", "\xEF\xBB\xBF{}", "\xFF\xFE{",
        /* keys */
        "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":1}",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct oci_json *v = NULL;
        int strict = oci_json_parse(texts[i], strlen(texts[i]), 1000, &v, NULL);
        oci_json_free(v);
        CHECK_INT(lint(texts[i], strlen(texts[i])), OCI_OK);
        size_t faults = count("X03") + count("X04") + count("X05") + count("X09");
        if ((strict == OCI_OK) != (faults == 0))
            FAIL("%s: the strict reader says %s, lint finds %zu faults", texts[i], oci_err_name(strict), faults);
    }
    CHECK_INT(lint("{\0}", 3), OCI_OK);
    CHECK_INT(count("X03") + count("X09"), 1);
    CHECK_INT(lint("[\"a\0b\"]", 7), OCI_OK);
    CHECK_INT(count("X03"), 1);
    oci_findings_done(&found);
}

TEST(paths)
{
    static const struct {
        const char *text, *rule, *path;
    } t[] = {
        {"{\"a\":1,\"a\":2}", "X04", "a"},
        {"{\"a\":{\"b\":[0,[{\"c\":1,\"c\":1}]]}}", "X04", "a.b[1][0].c"},
        {"{\"a b\":{\"c\":1,\"c\":1}}", "X04", "[\"a b\"].c"},
        {"{\"\":{\"1\":1,\"1\":1}}", "X04", "[\"\"][\"1\"]"},
        {"{\"a\":[\"\xFF\"]}", "X03", "a[0]"},
        {"{\"a\":[1,tru]}", "X09", "a"},
        {"{\"a\":tru}", "X09", "a"},
        {"[0,1e999]", "X05", "[1]"},
        {"{\"x\\ny\":1,\"x\\ny\":1}", "X04", "[\"x?y\"]"},
        {"{}", "M01", "schemaVersion"},
        {"5", "M01", ""},
    };
    for (size_t i = 0; i < COUNT(t); i++) {
        CHECK_INT(lint(t[i].text, strlen(t[i].text)), OCI_OK);
        size_t k = 0;
        while (k < found.count && strcmp(found.items[k].rule, t[i].rule) != 0)
            k++;
        CHECK(k < found.count);
        CHECK_STR(found.items[k].path, t[i].path);
    }
    oci_findings_done(&found);
}

/* ---- large ones ----------------------------------------------------------------------------- */

/* before, so many items, between them commas, after. A %zu of the item is its number. */
static int repeat(const char *before, const char *item, size_t n, const char *after)
{
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_MANIFEST + 100);
    CHECK_INT(oci_buf_add_str(&b, before), OCI_OK);
    const char *number = strstr(item, "%zu");
    for (size_t i = 0; i < n; i++) {
        int rc = i > 0 ? oci_buf_add_char(&b, ',') : OCI_OK;
        if (rc == OCI_OK && number)
            rc = oci_buf_addf(&b, "%.*s%zu%s", (int)(number - item), item, i, number + 3);
        else if (rc == OCI_OK)
            rc = oci_buf_add_str(&b, item);
        CHECK_INT(rc, OCI_OK);
    }
    CHECK_INT(oci_buf_add_str(&b, after), OCI_OK);
    int rc = lint(b.p, b.len);
    oci_buf_done(&b);
    return rc;
}

TEST(a_thousand_layers)
{
    CHECK_INT(repeat(HEAD ",\"layers\":[",
                     "{\"mediaType\":\"text/plain\",\"digest\":\"" E2_SHA256
                     "\",\"size\":5,\"annotations\":{\"org.opencontainers.image.title\":\"f%zu\"}}",
                     1000, "]}"),
              OCI_OK);
    CHECK_INT(found.count, 0);
    oci_findings_done(&found);
}

/* Each would take hours if it took the square of its length; the harness gives a test a minute. */
TEST(many_of_everything)
{
    static const struct {
        const char *before, *item;
        size_t n;
        const char *after, *rule;
        size_t findings;
    } t[] = {
        {HEAD ",\"layers\":[", "{}", 200000, "]}", "D03", 334},
        {HEAD ",\"layers\":[", "\"x\"", 200000, "]}", "M13", 1000},
        {"{", "\"%zu\":0", 600000, "}", "M01", 1},
        {"{", "\"same\":0", 400000, "}", "X04", 1000},
        {HEAD ",\"layers\":[" E2 "],\"annotations\":{", "\"a.b%zu\":\"\"", 400000, "}}", "A01", 0},
        {HEAD ",\"layers\":[{", "\"b%zu\":\"\"", 300000, "}]}", "D19", 1000},
        {HEAD ",\"layers\":[", "{\"mediaType\":\"application/vnd.%zu\"}", 90000, "]}", "seed-A11", 200},
        {"[", "[]", 1999998, "]", "M01", 1},
    };
    for (size_t i = 0; i < COUNT(t); i++) {
        CHECK_INT(repeat(t[i].before, t[i].item, t[i].n, t[i].after), OCI_OK);
        if (count(t[i].rule) != t[i].findings)
            FAIL("%s: %zu times %s", t[i].item, count(t[i].rule), t[i].rule);
        CHECK(found.count <= OCI_MAX_FINDINGS);
    }
    oci_findings_done(&found);
}

TEST(limits)
{
    char deep[200];
    memset(deep, '[', sizeof deep);
    CHECK_INT(lint(deep, OCI_MAX_JSON_DEPTH), OCI_OK);
    CHECK_INT(count("X09"), 1);
    CHECK_INT(lint(deep, OCI_MAX_JSON_DEPTH + 1), OCI_LIMIT);
    CHECK_INT(repeat("[", "0", OCI_MAX_JSON_NODES - 1, "]"), OCI_OK);
    CHECK_INT(repeat("[", "0", OCI_MAX_JSON_NODES, "]"), OCI_LIMIT);
    CHECK(!found.items);
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_MANIFEST + 1);
    CHECK_INT(oci_buf_reserve(&b, OCI_MAX_MANIFEST + 1), OCI_OK);
    memset(b.p, ' ', OCI_MAX_MANIFEST + 1);
    CHECK_INT(lint(b.p, OCI_MAX_MANIFEST), OCI_OK);
    CHECK_INT(lint(b.p, OCI_MAX_MANIFEST + 1), OCI_LIMIT);
    oci_buf_done(&b);
    oci_findings_done(&found);
}

/* ---- refusing ------------------------------------------------------------------------------- */

TEST(refuses_errors_alone)
{
    static const char right[] = HEAD ",\"layers\":[" E2 "]}";
    static const char unusual[] = HEAD ",\"layers\":[" E2 "],\"annotations\":{\"mykey\":\"\"}}";
    static const char wrong[] = HEAD ",\"layers\":[" E2 "],\"annotations\":{\"mykey\":\"\",\"a.b\":5}}";
    struct oci_err e = {0};
    CHECK_INT(oci_lint_refuse(right, strlen(right), NULL, &e), OCI_OK);
    CHECK_INT(oci_lint_refuse(unusual, strlen(unusual), OCI_TYPE_MANIFEST, &e), OCI_OK);
    CHECK_INT(oci_lint_refuse(wrong, strlen(wrong), NULL, &e), OCI_INVALID);
    CHECK_STR(e.text, "annotations[\"a.b\"]: the value of an annotation is a string: put it in quotes (rule A01)");
    CHECK_STR(oci_severity_name(OCI_SEVERITY_HINT), "hint");
    static const char of_cnab[] =
        HEAD ",\"layers\":[" E2 "],\"annotations\":{\"org.opencontainers.artifactType\":\"a/b\"}}";
    static const char reserved[] = HEAD ",\"layers\":[" E2 "],\"annotations\":{\"org.opencontainers.other\":\"\"}}";
    CHECK_INT(oci_lint_refuse(of_cnab, strlen(of_cnab), NULL, &e), OCI_OK);
    CHECK_INT(oci_lint_refuse(reserved, strlen(reserved), NULL, &e), OCI_INVALID);
}
