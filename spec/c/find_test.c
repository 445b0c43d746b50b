/* Small files out of an archive (pack/find.h). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "pack/find.h"
#include "pool_host.h"
#include "tar_box.h"
#include "test.h"

static struct pool_host host;
static struct oci_err err;
static struct oci_desc want;      /* what the next archive is verified against; size 0: it is not */
static uint64_t limit = 100;
static bool cut, had_enough;
static const char *const *patterns;
static size_t count;

#define LOOK_FOR(...)                                           \
    do {                                                        \
        static const char *const list[] = {__VA_ARGS__};        \
        patterns = list;                                        \
        count = sizeof list / sizeof *list;                     \
    } while (0)

static struct oci_sink *new_sink(void)
{
    const struct oci_find_options o = {
        .host = &host.host, .want = want.size ? &want : NULL, .patterns = patterns, .count = count, .limit = limit,
        .cut = cut};
    struct oci_sink *s = oci_sink_find(&o);
    CHECK(s);
    return s;
}

/* What was found, with a comma between, "-" for nothing. Static. */
static const char *all_found(struct oci_sink *s)
{
    static char text[1000];
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        struct oci_bytes *b = oci_sink_find_take(s, i);
        CHECK(!b || strlen(text) + b->len + 2 < sizeof text);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? "," : "", b ? b->p : "-");
        oci_bytes_unref(b);
    }
    return text;
}

/* What was found, or "" with the error. */
static const char *read_bytes(const struct oci_buf *archive)
{
    struct oci_bytes *bytes = oci_bytes_new(archive->p, archive->len);
    struct oci_source *from = oci_source_bytes(bytes);
    struct oci_sink *to = new_sink();
    oci_err_clear(&err);
    int rc = pool_host_run(&host, pool_host_move(&host, from, to), &err);
    had_enough = oci_sink_find_had_enough(to);
    const char *text = rc == OCI_OK || had_enough ? all_found(to) : "";
    oci_sink_free(to);
    oci_source_free(from);
    oci_bytes_unref(bytes);
    return text;
}

/* What was made, plain and compressed. */
static const char *read_made(void)
{
    tar_end();
    struct oci_buf zipped = tar_gzip(tar_made.p, tar_made.len);
    char zipped_gave[1000]; /* read_bytes() has one text for all */
    snprintf(zipped_gave, sizeof zipped_gave, "%s", read_bytes(&zipped));
    int code = err.code;
    oci_buf_done(&zipped);
    const char *text = read_bytes(&tar_made);
    CHECK_INT(code, err.code);
    CHECK_STR(text, zipped_gave);
    tar_begin();
    return text;
}

static void begin(void)
{
    want = (struct oci_desc){.size = 0};
    pool_host_init(&host);
    tar_begin();
}

static void finish(void)
{
    oci_buf_done(&tar_made);
    pool_host_done(&host);
}

static void craft_chart(void)
{
    TAR_FILE("chart/charts/sub/Chart.yaml", "name: sub");
    TAR_DIR("chart/x");
    TAR_FILE("./chart/Chart.yaml", "name: chart");
    TAR_FILE("chart/empty", "");
    TAR_FILE("chart/values.yaml", "a: 1");
}

TEST(the_first_file_that_matches_is_found)
{
    begin();
    craft_chart();
    LOOK_FOR("*/Chart.yaml");
    CHECK_STR(read_made(), "name: chart");
    craft_chart();
    LOOK_FOR("**/Chart.yaml");
    CHECK_STR(read_made(), "name: sub");
    finish();
}

TEST(several_in_one_pass)
{
    begin();
    craft_chart();
    LOOK_FOR("*/values.yaml", "*/Chart.yaml", "*/nothing", "*/empty", "**/*.yaml", "*/values.yaml");
    CHECK_STR(read_made(), "a: 1,name: chart,-,,name: sub,a: 1");
    finish();
}

TEST(what_is_too_large_or_no_file)
{
    begin();
    craft_chart();
    LOOK_FOR("*/Chart.yaml");
    limit = 11;
    CHECK_STR(read_made(), "name: chart");
    craft_chart();
    limit = 10;
    CHECK_STR(read_made(), "");
    CHECK_INT(err.code, OCI_LIMIT);
    CHECK(strstr(err.text, "*/Chart.yaml in it has more than 10 bytes"));
    cut = true;
    craft_chart();
    CHECK_STR(read_made(), "name: char");
    limit = 0;
    craft_chart();
    CHECK_STR(read_made(), "");
    CHECK_INT(err.code, OCI_OK);
    limit = 100;
    cut = false;
    TAR_LINK("c/Chart.yaml", "/etc/passwd");
    TAR_DIR("d/Chart.yaml");
    CHECK_STR(read_made(), "-");
    finish();
}

TEST(names_that_nothing_may_have_are_passed_over)
{
    begin();
    TAR_FILE("../x", "out");
    TAR_FILE("a/../x", "up");
    TAR_FILE("/x", "absolute, as opa has it");
    LOOK_FOR("x");
    CHECK_STR(read_made(), "absolute, as opa has it");
    finish();
}

TEST(what_is_no_proper_archive_is_refused)
{
    begin();
    struct oci_buf text = {.p = (char[]){"no archive at all"}, .len = 17};
    LOOK_FOR("x");
    CHECK_STR(read_bytes(&text), "");
    CHECK_INT(err.code, OCI_INVALID);
    craft_chart();
    tar_end();
    struct oci_buf zipped = tar_gzip(tar_made.p, tar_made.len);
    zipped.len /= 2;
    CHECK_STR(read_bytes(&zipped), "");
    CHECK_INT(err.code, OCI_INVALID);
    CHECK(strstr(err.text, "ends too early"));
    memcpy(zipped.p, "\x28\xb5\x2f\xfd", 4);
    CHECK_STR(read_bytes(&zipped), "");
    CHECK_INT(err.code, OCI_INVALID);
    CHECK(strstr(err.text, "not a proper zstd file"));
    oci_buf_done(&zipped);
    tar_made.len -= 1024 + 100;
    CHECK_STR(read_bytes(&tar_made), "");
    CHECK_INT(err.code, OCI_INVALID);
    CHECK(strstr(err.text, "ends too early"));
    finish();
}

/* Bytes that only have to be there. */
static void add_large(const char *name, size_t len)
{
    char *p = oci_alloc(len);
    for (size_t i = 0; i < len; i++)
        p[i] = (char)(i * 7919 >> 7);
    tar_add_bytes(&(struct tar_entry){.name = name}, p, len);
    oci_free(p);
}

TEST(behind_what_is_large)
{
    begin();
    add_large("c/large", 9000001);
    TAR_FILE("c/Chart.yaml", "name: chart");
    add_large("c/more", 3000000);
    LOOK_FOR("*/Chart.yaml", "*/nothing");
    CHECK_STR(read_made(), "name: chart,-");
    finish();
}

TEST(a_bomb_is_not_read)
{
    static char zeros[32u << 20];
    begin();
    tar_add_bytes(&(struct tar_entry){.name = "c/zeros"}, zeros, sizeof zeros);
    TAR_FILE("c/Chart.yaml", "name: chart");
    tar_end();
    struct oci_buf zipped = tar_gzip(tar_made.p, tar_made.len);
    LOOK_FOR("*/Chart.yaml");
    CHECK_STR(read_bytes(&zipped), "");
    CHECK_INT(err.code, OCI_LIMIT);
    CHECK(strstr(err.text, "200 times"));
    oci_buf_done(&zipped);
    finish();
}

static void want_made(void)
{
    want = (struct oci_desc){.size = tar_made.len};
    CHECK_INT(oci_digest_of(OCI_STR(OCI_SHA256), tar_made.p, tar_made.len, &want.digest, NULL), OCI_OK);
}

TEST(no_more_is_taken_than_it_needs_unless_it_is_verified)
{
    begin();
    TAR_FILE("c/Chart.yaml", "name: chart");
    add_large("c/large", 3000000);
    TAR_FILE("../broken", "");
    tar_made.len -= 100;
    LOOK_FOR("*/Chart.yaml");
    CHECK_STR(read_bytes(&tar_made), "name: chart");
    CHECK(had_enough);
    want_made();
    CHECK_STR(read_bytes(&tar_made), "");
    CHECK_INT(err.code, OCI_INVALID);
    CHECK(strstr(err.text, "ends too early"));
    tar_made.len += 100;
    tar_end();
    want_made();
    CHECK_STR(read_bytes(&tar_made), "name: chart");
    CHECK(!had_enough);
    tar_made.p[tar_made.len - 1] ^= 1;
    CHECK_STR(read_bytes(&tar_made), "");
    CHECK_INT(err.code, OCI_DIGEST_MISMATCH);
    tar_made.len -= 1;
    CHECK_STR(read_bytes(&tar_made), "");
    CHECK_INT(err.code, OCI_SIZE_MISMATCH);
    memcpy(tar_made.p, "no tar", 6); /* which is told when it is the archive that was meant */
    tar_made.len += 1;
    CHECK_STR(read_bytes(&tar_made), "");
    CHECK_INT(err.code, OCI_DIGEST_MISMATCH);
    want_made();
    CHECK_STR(read_bytes(&tar_made), "");
    CHECK_INT(err.code, OCI_INVALID);
    finish();
}

/* What unpacks it takes the last one. */
TEST(what_is_found_is_in_it_once)
{
    LOOK_FOR("*/Chart.yaml", "*/values.yaml");
    for (int again = 0; again < 5; again++) {
        begin();
        TAR_FILE("c/x", "");
        TAR_LINK("chart/Chart.yaml", "x"); /* the file takes its place */
        craft_chart();
        TAR_FILE("c/x", "");
        add_large("chart/large", 3000000);
        const char *const name = again == 1 ? "./chart//Chart.yaml" : "chart/Chart.yaml";
        if (again == 2)
            TAR_DIR("chart/Chart.yaml");
        else if (again == 3)
            TAR_LINK(name, "empty");
        else if (again < 4)
            tar_add_bytes(&(struct tar_entry){.name = name}, "name: other", 11);
        tar_end();
        CHECK_STR(read_bytes(&tar_made), "name: chart,a: 1"); /* no more is read than it takes */
        want_made();
        CHECK_STR(read_bytes(&tar_made), again == 4 ? "name: chart,a: 1" : "");
        CHECK_INT(err.code, again == 4 ? OCI_OK : OCI_INVALID);
        CHECK(again == 4 || strstr(err.text, "chart/Chart.yaml is in it twice"));
        finish();
    }
}

/* A GET that is sent again. */
TEST(from_the_beginning_again)
{
    begin();
    craft_chart();
    tar_end();
    LOOK_FOR("*/values.yaml", "*/Chart.yaml");
    want = (struct oci_desc){.size = tar_made.len};
    CHECK_INT(oci_digest_of(OCI_STR(OCI_SHA256), tar_made.p, tar_made.len, &want.digest, NULL), OCI_OK);
    struct oci_sink *to = new_sink();
    CHECK_INT(to->type->write(to, tar_made.p, 700, &err), OCI_OK);
    CHECK_INT(to->type->restart(to, &err), OCI_OK);
    CHECK_INT(to->written, 0);
    struct oci_bytes *bytes = oci_bytes_new(tar_made.p, tar_made.len);
    struct oci_source *from = oci_source_bytes(bytes);
    CHECK_INT(pool_host_run(&host, pool_host_move(&host, from, to), &err), OCI_OK);
    CHECK_STR(all_found(to), "a: 1,name: chart");
    oci_sink_free(to);
    oci_source_free(from);
    oci_bytes_unref(bytes);
    finish();
}

/* Jobs have been posted or not, are over or not. */
TEST(canceled_anywhere)
{
    begin();
    add_large("c/large", 12000000);
    TAR_FILE("c/Chart.yaml", "name: chart");
    tar_end();
    LOOK_FOR("*/Chart.yaml");
    struct oci_buf zipped = tar_gzip(tar_made.p, tar_made.len);
    struct oci_bytes *bytes = oci_bytes_new(zipped.p, zipped.len);
    for (unsigned turns = 0; turns < 40; turns++) {
        struct pool_result ended = {0};
        struct oci_source *from = oci_source_bytes(bytes);
        struct oci_sink *to = new_sink();
        pool_host_start(&host, pool_host_move(&host, from, to), &ended);
        for (unsigned i = 0; i < turns && !ended.over; i++)
            pool_host_turn(&host);
        if (!ended.over)
            oci_driver_cancel(host.driver, ended.flow);
        int rc = pool_host_wait(&host, &ended);
        if (rc != OCI_CANCELED && rc != OCI_OK)
            FAIL("%u turns: %s", turns, ended.err.text);
        oci_sink_free(to);
        oci_source_free(from);
    }
    oci_bytes_unref(bytes);
    oci_buf_done(&zipped);
    finish();
}
