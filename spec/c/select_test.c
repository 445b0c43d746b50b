/* What of an artifact is pulled (model/select.h): layers, names, media types. */
#include "model/select.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "test.h"

#define MANIFEST_MAX 20

static struct oci_desc descs[MANIFEST_MAX];
static struct oci_manifest m = {.items = descs};
static struct oci_err err;

static void add(const char *title, const char *media_type)
{
    struct oci_desc *d = &descs[m.count++];
    struct oci_digest digest;
    char text[20];
    snprintf(text, sizeof text, "%zu", m.count);
    CHECK_INT(oci_digest_of(OCI_STR(OCI_SHA256), text, strlen(text), &digest, NULL), OCI_OK);
    oci_desc_set(d, media_type, &digest, 1);
    if (title)
        CHECK_INT(oci_desc_annotate(d, OCI_ANNOTATION_TITLE, title), OCI_OK);
}

static void forget(void)
{
    while (m.count > 0)
        oci_desc_done(&descs[--m.count]);
}

static void usual(void)
{
    forget();
    err = (struct oci_err){0};
    add(NULL, OCI_TYPE_EMPTY);
    add("a.txt", "text/plain");
    add(NULL, OCI_TYPE_LAYER_TAR_GZIP);
    add("d/b.json", "application/json;version=0.3");
    add("empty", OCI_TYPE_EMPTY);
}

/* The positions that are selected: "1,3", or the error's name. */
static const char *selected(const struct oci_selection *what)
{
    static char text[200];
    struct oci_layer *layers;
    size_t count, len = 0;
    err = (struct oci_err){0};
    int rc = oci_select_layers(what, &m, &layers, &count, &err);
    if (rc != OCI_OK)
        return oci_err_name(rc);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        CHECK(layers[i].desc == &descs[layers[i].position]);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%zu", i ? "," : "", layers[i].position);
    }
    oci_free(layers);
    return text;
}

#define LIST(member, ...) .member = (const char *const[]){__VA_ARGS__}
#define WHAT(...) selected(&(struct oci_selection){__VA_ARGS__})

TEST(everything_but_the_empty_layer)
{
    usual();
    CHECK_STR(selected(NULL), "1,2,3,4");
    CHECK_STR(WHAT(.platform = NULL), "1,2,3,4");
    forget();
    CHECK_STR(selected(NULL), "");
}

TEST(by_name)
{
    usual();
    CHECK_STR(WHAT(LIST(include, "*.txt", "**/*.json"), .include_count = 2), "1,3");
    CHECK_STR(WHAT(LIST(include, "sha256-*.tar.gz"), .include_count = 1), "2");
    CHECK_STR(WHAT(LIST(include, "*"), .include_count = 1, LIST(exclude, "[ae]*"), .exclude_count = 1), "2");
    CHECK_STR(WHAT(LIST(exclude, "*", "d/*"), .exclude_count = 2), "");
}

TEST(by_media_type)
{
    static const char *const cases[][2] = {
        {"text/plain", "1"},      {"TEXT/Plain", "1"}, {"text/plai", "NOT_FOUND"}, {"text/plainer", "NOT_FOUND"},
        {"text/*", "1"},          {"*", "1,2,3,4"},    {"*json", "3,4"},           {"application/json", "3"},
        {"*+*", "2,4"},           {"**/json", "3"},    {"", "NOT_FOUND"},          {"application/json;version=0.3", "3"},
        {"*tar*gz*ip*", "2"},     {"*tar*gz*ap*", "NOT_FOUND"},
    };
    usual();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = WHAT(.media_types = &cases[i][0], .media_type_count = 1);
        if (strcmp(got, cases[i][1]) != 0)
            FAIL("%s: %s instead of %s", cases[i][0], got, cases[i][1]);
    }
}

TEST(by_position)
{
    static const size_t positions[] = {0, 2, 4, 9};
    usual();
    CHECK_STR(WHAT(.by_position = true, .positions = positions, .position_count = 4), "2,4"); /* 0 is no file */
    CHECK_STR(WHAT(.by_position = true, .positions = positions, .position_count = 2, LIST(include, "*"),
                   .include_count = 1),
              "2");
    CHECK_STR(WHAT(.by_position = true), "NOT_FOUND");
}

TEST(what_there_is_is_told)
{
    usual();
    CHECK_STR(WHAT(LIST(include, "nothing"), .include_count = 1), "NOT_FOUND");
    CHECK(strstr(err.text, "a.txt, " OCI_TYPE_LAYER_TAR_GZIP ", d/b.json, empty"));
    forget();
    CHECK_STR(WHAT(LIST(include, "nothing"), .include_count = 1), "NOT_FOUND");
    CHECK(strstr(err.text, "it has no files"));
    for (int i = 0; i < 10; i++)
        add("a title of thirty characters..", "a/b");
    CHECK_STR(WHAT(LIST(include, "nothing"), .include_count = 1), "NOT_FOUND");
    CHECK(strstr(err.text, ".., ..."));
}

static void check_name(size_t i, bool as_directory, const char *want)
{
    char *name = oci_layer_name(&descs[i], as_directory);
    CHECK(name);
    CHECK_STR(name, want);
    oci_free(name);
}

TEST(names)
{
    char hex[200];
    usual();
    add("docs/", OCI_TYPE_OCTETS);
    snprintf(hex, sizeof hex, "sha256-%s.tar.gz", oci_digest_encoded(&descs[2].digest).p);
    check_name(2, false, hex);
    hex[strlen(hex) - strlen(".tar.gz")] = '\0';
    check_name(2, true, hex);
    check_name(3, false, "d/b.json");
    check_name(3, true, "d/b.json");
    check_name(5, true, "docs");
    CHECK(oci_layer_is_directory(&descs[5]) && !oci_layer_is_directory(&descs[2]) && oci_layer_is_tar(&descs[2]));
    CHECK_INT(oci_desc_annotate(&descs[3], OCI_ANNOTATION_UNPACK, "true"), OCI_OK);
    CHECK(oci_layer_is_directory(&descs[3]) && !oci_layer_is_tar(&descs[3]));
    CHECK_INT(oci_desc_annotate(&descs[3], OCI_ANNOTATION_UNPACK, "True"), OCI_OK);
    CHECK(!oci_layer_is_directory(&descs[3]));
}

TEST(a_copy_is_its_own)
{
    char pattern[] = "*.txt";
    const char *list[] = {pattern};
    size_t positions[] = {1, 3};
    struct oci_json *platform = NULL;
    CHECK_INT(oci_platform_parse("linux/arm64", &platform, NULL), OCI_OK);
    struct oci_selection copy, what = {.platform = platform, .include = list, .include_count = 1,
                                       .positions = positions, .position_count = 2, .by_position = true};
    CHECK_INT(oci_selection_copy(&what, &copy), OCI_OK);
    pattern[0] = '!';
    positions[0] = 7;
    oci_json_free(platform);
    usual();
    CHECK_STR(selected(&copy), "1");
    CHECK_STR(oci_json_string(oci_json_get(copy.platform, "architecture")), "arm64");
    oci_selection_done(&copy);
    oci_selection_done(&copy);
}

/* {"os": "windows", "architecture": "amd64", "os.version": "10", "os.features": ["a", "b"]} */
static bool fits(const char *platform, const char *wanted)
{
    struct oci_json *p, *w;
    CHECK_INT(oci_json_parse(platform, strlen(platform), 1000, &p, NULL), OCI_OK);
    CHECK_INT(oci_json_parse(wanted, strlen(wanted), 1000, &w, NULL), OCI_OK);
    bool result = oci_platform_fits(p, w);
    oci_json_free(p);
    oci_json_free(w);
    return result;
}

#define WINDOWS "\"os\":\"windows\",\"architecture\":\"amd64\""

TEST(platforms)
{
    const char *full = "{" WINDOWS ",\"os.version\":\"10.1\",\"os.features\":[\"a\",\"b\"]}";
    CHECK(fits(full, "{" WINDOWS "}"));
    CHECK(fits(full, full));
    CHECK(fits(full, "{" WINDOWS ",\"os.features\":[\"b\"]}"));
    CHECK(!fits(full, "{" WINDOWS ",\"os.features\":[\"b\",\"c\"]}"));
    CHECK(!fits(full, "{" WINDOWS ",\"os.version\":\"10\"}"));
    CHECK(!fits("{" WINDOWS "}", full));
    CHECK(!fits(full, "{\"os\":\"windows\"}"));
    CHECK(!fits("{}", "{}"));
}
