/* One file out of an archive (pack.h, oci_pack_read_entry). */
#include <stdio.h>
#include <string.h>

#include "pack/pack.h"
#include "tar_box.h"
#include "test.h"

static struct oci_err err;
static char dir[TREE_PATH], archive[TREE_PATH + 8];

/* The content, or "" with the error. Static. */
static const char *read_with(const struct oci_buf *b, const char *pattern, size_t limit)
{
    static char text[4096];
    struct oci_bytes *bytes = NULL;
    tree_put_bytes(tree_temporary(dir), "a", b->p, b->len, 0600);
    snprintf(archive, sizeof archive, "%s/a", dir);
    oci_err_clear(&err);
    text[0] = '\0';
    int rc = oci_pack_read_entry(archive, pattern, limit, &bytes, &err);
    CHECK_INT(err.code, rc);
    if (rc == OCI_OK) {
        CHECK(bytes->len < sizeof text);
        snprintf(text, sizeof text, "%s", bytes->p);
    }
    oci_bytes_unref(bytes);
    tree_remove(dir);
    return text;
}

static const char *read_made(const char *pattern, size_t limit)
{
    tar_end();
    const char *text = read_with(&tar_made, pattern, limit);
    tar_begin();
    return text;
}

static void craft_chart(void)
{
    tar_begin();
    TAR_FILE("chart/charts/sub/Chart.yaml", "name: sub");
    TAR_DIR("chart/x");
    TAR_FILE("./chart/Chart.yaml", "name: chart");
    TAR_FILE("chart/values.yaml", "a: 1");
}

TEST(the_first_file_that_matches_is_read)
{
    craft_chart();
    CHECK_STR(read_made("*/Chart.yaml", 100), "name: chart");
    craft_chart();
    tar_end();
    struct oci_buf zipped = tar_gzip(tar_made.p, tar_made.len);
    CHECK_STR(read_with(&zipped, "*/Chart.yaml", 11), "name: chart");
    oci_buf_done(&zipped);
    craft_chart();
    CHECK_STR(read_made("**/Chart.yaml", 100), "name: sub");
}

TEST(what_is_not_there_too_large_or_no_file_is_refused)
{
    craft_chart();
    CHECK_STR(read_made("Chart.yaml", 100), "");
    CHECK_INT(err.code, OCI_NOT_FOUND);
    craft_chart();
    CHECK_STR(read_made("*/Chart.yaml", 10), "");
    CHECK_INT(err.code, OCI_LIMIT);
    tar_begin();
    TAR_LINK("c/Chart.yaml", "/etc/passwd");
    CHECK_STR(read_made("*/Chart.yaml", 100), "");
    CHECK_INT(err.code, OCI_NOT_FOUND);
}

TEST(names_that_nothing_may_have_are_passed_over)
{
    tar_begin();
    TAR_FILE("../x", "out");
    TAR_FILE("a/../x", "up");
    TAR_FILE("/x", "absolute, as opa has it");
    CHECK_STR(read_made("x", 100), "absolute, as opa has it");
}

TEST(what_is_no_proper_archive_is_refused)
{
    struct oci_buf text = {.p = (char[]){"no archive at all"}, .len = 17};
    CHECK_STR(read_with(&text, "x", 100), "");
    CHECK_INT(err.code, OCI_INVALID);
    craft_chart();
    tar_end();
    struct oci_buf zipped = tar_gzip(tar_made.p, tar_made.len);
    zipped.len /= 2;
    CHECK_STR(read_with(&zipped, "*/nothing", 100), "");
    CHECK_INT(err.code, OCI_INVALID);
    CHECK(strstr(err.text, "ends too early"));
    zipped.p[0] = '\x28', zipped.p[1] = '\xb5', zipped.p[2] = '\x2f', zipped.p[3] = '\xfd';
    CHECK_STR(read_with(&zipped, "x", 100), "");
    CHECK_INT(err.code, OCI_INVALID);
    CHECK(strstr(err.text, "not a proper zstd file"));
    oci_buf_done(&zipped);
    CHECK_INT(oci_pack_read_entry("/nowhere/at/all", "x", 1, NULL, &err), OCI_NOT_FOUND);
    CHECK_INT(oci_pack_read_entry("/", "x", 1, NULL, &err), OCI_INVALID);
}

TEST(a_bomb_is_not_read)
{
    static char zeros[32u << 20];
    tar_begin();
    tar_add_bytes(&(struct tar_entry){.name = "c/zeros"}, zeros, sizeof zeros);
    TAR_FILE("c/Chart.yaml", "name: chart");
    tar_end();
    struct oci_buf zipped = tar_gzip(tar_made.p, tar_made.len);
    CHECK_STR(read_with(&zipped, "*/Chart.yaml", 100), "");
    CHECK_INT(err.code, OCI_LIMIT);
    oci_buf_done(&zipped);
    tar_begin();
}
