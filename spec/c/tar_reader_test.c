/* A tar read in pieces of any size (pack/tar_reader.h), and what is compressed, decompressed so (pack/unpress.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pack/tar_reader.h"
#include "pack/unpress.h"
#include "tar_box.h"
#include "test.h"

static struct oci_err err;
static char told[4096];

/* Reads tar_made in pieces of at most `piece` bytes: "name kind size:content\n" for each entry goes to `told`. */
static int read_all(size_t piece)
{
    static const char kinds[] = "fdsho";
    struct oci_tar_reader r;
    size_t at = 0, len = 0;
    int rc = OCI_OK;
    bool first = true;
    oci_tar_reader_init(&r);
    err = (struct oci_err){0};
    told[0] = '\0';
    while (rc >= 0 && at < tar_made.len && rc != OCI_TAR_OVER) {
        size_t n = tar_made.len - at < piece ? tar_made.len - at : piece, used;
        const char *p = tar_made.p + at;
        rc = oci_tar_reader_next(&r, p, n, &used, &err);
        at += used;
        if (rc == OCI_TAR_ENTRY) {
            len += (size_t)snprintf(told + len, sizeof told - len, "%s%s %c %llu:", first ? "" : "\n",
                                    r.name.len ? r.name.p : "", kinds[r.kind], (unsigned long long)r.size);
            first = false;
        } else if (rc == OCI_TAR_DATA) {
            len += (size_t)snprintf(told + len, sizeof told - len, "%.*s", (int)used, p);
        }
        CHECK(rc < 0 || used > 0 || rc == OCI_TAR_OVER);
    }
    if (rc >= 0)
        rc = oci_tar_reader_end(&r, &err);
    oci_tar_reader_done(&r);
    return rc;
}

/* The same whatever the pieces are. */
static void check_reads(const char *want)
{
    static const size_t pieces[] = {1, 7, 511, 512, 513, 4096, 1u << 20};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        if (read_all(pieces[i]) != OCI_OK)
            FAIL("%s", err.text);
        CHECK_STR(told, want);
    }
}

static void check_refused(int code, const char *text)
{
    for (size_t piece = 1; piece < 2000; piece += 511) {
        CHECK_INT(read_all(piece), code);
        if (!strstr(err.text, text))
            FAIL("\"%s\" says nothing of \"%s\"", err.text, text);
    }
}

TEST(files_directories_links)
{
    tar_begin();
    TAR_DIR("d/");
    TAR_FILE("d/a", "hello");
    TAR_FILE("empty", "");
    TAR_LINK("l", "d/a");
    tar_add((struct tar_entry){.name = "h", .type = '1', .link = "d/a"});
    tar_add((struct tar_entry){.name = "fifo", .type = '6'});
    tar_add((struct tar_entry){.name = "old/"});
    tar_add((struct tar_entry){.name = "contiguous", .type = '7', .content = "c"});
    tar_end();
    check_reads("d/ d 0:\nd/a f 5:hello\nempty f 0:\nl s 0:\nh h 0:\nfifo o 0:\nold/ d 0:\ncontiguous f 1:c");
}

TEST(extensions)
{
    char deep[600] = "";
    for (int i = 0; i < 50; i++)
        strcat(deep, "directory/");
    strcat(deep, "x");
    tar_begin();
    tar_add((struct tar_entry){.name = "g", .type = 'g', .content = "16 comment=none\n"});
    tar_pax("path", deep);
    TAR_FILE("short", "1");
    tar_pax("mtime", "1.5");
    TAR_FILE("plain", "2");
    tar_add((struct tar_entry){.name = "././@LongLink", .type = 'K', .content = "a long target"});
    tar_add((struct tar_entry){.name = "././@LongLink", .type = 'L', .content = deep});
    TAR_LINK("short", "t");
    TAR_FILE("after", "3");
    tar_pax("size", "3");
    tar_add((struct tar_entry){.name = "s", .content = "123"});
    tar_end();
    char want[2000];
    snprintf(want, sizeof want, "%s f 1:1\nplain f 1:2\n%s s 0:\nafter f 1:3\ns f 3:123", deep, deep);
    check_reads(want);
}

/* Changes bytes of the last header, whose content is empty, and makes its sum right again. */
static void patch(size_t at, const char *bytes, size_t len)
{
    char *h = tar_made.p + tar_made.len - OCI_TAR_BLOCK;
    memcpy(h + at, bytes, len);
    memset(h + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < OCI_TAR_BLOCK; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
}

TEST(fields)
{
    tar_begin();
    TAR_FILE("name", "");
    patch(345, "prefix/of/it", 12); /* ustar's */
    TAR_FILE("gnu", "");
    patch(257, "ustar  \0no prefix", 8);
    patch(345, "12345670", 8); /* GNU's times are there */
    TAR_FILE("blanks", "");
    patch(124, "         0 \0", 12);
    tar_add((struct tar_entry){.name = "binary", .claim = 3, .content = "abc"});
    TAR_DIR("size"); /* of what has no content */
    patch(124, "00000007777", 12);
    tar_end();
    check_reads("prefix/of/it/name f 0:\ngnu f 0:\nblanks f 0:\nbinary f 3:abc\nsize d 0:");
}

TEST(ends)
{
    tar_begin();
    TAR_FILE("a", "1");
    check_reads("a f 1:1"); /* without zero blocks, as some write it */
    tar_end();
    CHECK_INT(oci_buf_add(&tar_made, "anything at all", 15), OCI_OK);
    check_reads("a f 1:1");
    tar_begin();
    tar_end();
    check_reads("");
    tar_begin();
    TAR_FILE("a", "12345");
    for (size_t len = tar_made.len - 1; len > 0; len--) {
        tar_made.len = len;
        CHECK_INT(read_all(100), OCI_INVALID);
    }
    CHECK(strstr(err.text, "ends too early"));
}

TEST(what_is_no_tar)
{
    tar_begin();
    TAR_FILE("a", "1");
    tar_made.p[0] = 'b';
    check_refused(OCI_INVALID, "the sum of a header");
    tar_begin();
    TAR_FILE("a", "");
    patch(124, "seven\0\0\0\0\0\0\0", 12);
    check_refused(OCI_INVALID, "a size is no size");
    tar_begin();
    TAR_FILE("a", "");
    patch(124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    check_refused(OCI_INVALID, "a size is no size");
    tar_begin();
    tar_add((struct tar_entry){.name = "a", .claim = UINT64_MAX});
    check_refused(OCI_INVALID, "a size is no size");
}

static void refused_extension(char type, const char *content, int code, const char *text)
{
    tar_begin();
    tar_add((struct tar_entry){.name = "x", .type = type, .content = content});
    TAR_FILE("a", "");
    check_refused(code, text);
}

TEST(extensions_that_are_refused)
{
    refused_extension('x', "5 a=\nrest", OCI_INVALID, "pax header is damaged");
    refused_extension('x', "0 a=b\n", OCI_INVALID, "pax header is damaged");
    refused_extension('x', "99 a=b\n", OCI_INVALID, "pax header is damaged");
    refused_extension('x', "6 a=b ", OCI_INVALID, "pax header is damaged");
    refused_extension('x', "6 abc\n", OCI_INVALID, "pax header is damaged");
    refused_extension('x', "18446744073709551615 a=b\n", OCI_INVALID, "pax header is damaged");
    refused_extension('x', "9 size=x\n", OCI_INVALID, "a size is no size");
    refused_extension('x', "28 size=18446744073709551615\n", OCI_INVALID, "pax header is damaged");
    refused_extension('x', "22 GNU.sparse.major=1\n", OCI_UNSUPPORTED, "holes");
    refused_extension('x', "", OCI_INVALID, "empty");
    refused_extension('S', "", OCI_UNSUPPORTED, "holes");
    refused_extension('1', "content", OCI_UNSUPPORTED, "hard link");
    tar_begin();
    tar_add((struct tar_entry){.name = "x", .type = 'x', .claim = 2u << 20});
    check_refused(OCI_LIMIT, "too long");
    tar_begin();
    tar_add_bytes(&(struct tar_entry){.name = "x", .type = 'x'}, "12 path=a\0b\n", 12);
    TAR_FILE("a", "");
    check_refused(OCI_INVALID, "zero byte");
    tar_begin();
    char *path = malloc(6000);
    memset(path, 'p', 5999);
    path[5999] = '\0';
    tar_add((struct tar_entry){.name = "x", .type = 'L', .content = path});
    free(path);
    TAR_FILE("a", "");
    check_refused(OCI_LIMIT, "too long");
}

/* ---- compressed ---- */

/* Decompresses with pieces of input and room for output of these sizes. The caller's. */
static struct oci_buf unpress(const char *p, size_t len, size_t piece, size_t room, int *ret_rc)
{
    struct oci_unpress u = {0};
    struct oci_buf b;
    char out[4096];
    size_t at = 0, given = 0, used, n;
    oci_buf_init(&b, 64u << 20);
    err = (struct oci_err){0};
    do {
        size_t have = given - at;
        if (have < OCI_UNPRESS_MAGIC && given < len)
            given = len - given < piece + OCI_UNPRESS_MAGIC ? len : given + piece + OCI_UNPRESS_MAGIC;
        *ret_rc = oci_unpress(&u, p + at, given - at, &used, out, room, &n, &err);
        at += used;
        if (*ret_rc == OCI_OK)
            CHECK_INT(oci_buf_add(&b, out, n), OCI_OK);
        if (used == 0 && n == 0 && given < len)
            given++;
        else if (used == 0 && n == 0)
            break;
    } while (*ret_rc == OCI_OK);
    if (*ret_rc == OCI_OK)
        *ret_rc = oci_unpress_end(&u, &err);
    oci_unpress_done(&u);
    oci_unpress_done(&u);
    return b;
}

static void check_unpress(const struct oci_buf *from, const char *want, size_t len)
{
    static const size_t sizes[] = {1, 3, 100, 4096};
    for (size_t i = 0; i < 16; i++) {
        int rc;
        struct oci_buf b = unpress(from->p, from->len, sizes[i % 4], sizes[i / 4], &rc);
        if (rc != OCI_OK)
            FAIL("%s", err.text);
        CHECK_INT(b.len, len);
        CHECK(memcmp(b.len ? b.p : "", want, len) == 0);
        oci_buf_done(&b);
    }
}

TEST(gzip_and_what_is_not_compressed)
{
    char text[20000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i * i % 17 + i % 3);
    struct oci_buf one = tar_gzip(text, 9999), two = tar_gzip(text + 9999, sizeof text - 9999), plain;
    check_unpress(&one, text, 9999);
    CHECK_INT(oci_buf_add(&one, two.p, two.len), OCI_OK); /* two members */
    check_unpress(&one, text, sizeof text);
    oci_buf_init(&plain, 1u << 20);
    CHECK_INT(oci_buf_add(&plain, text, sizeof text), OCI_OK);
    check_unpress(&plain, text, sizeof text);
    plain.len = 1;
    check_unpress(&plain, text, 1);
    plain.len = 0;
    check_unpress(&plain, text, 0);
    oci_buf_done(&one);
    oci_buf_done(&two);
    oci_buf_done(&plain);
}

TEST(broken_gzip)
{
    char text[5000];
    int rc;
    memset(text, 'x', sizeof text);
    struct oci_buf gz = tar_gzip(text, sizeof text);
    for (size_t len = 2; len < gz.len; len++) {
        struct oci_buf b = unpress(gz.p, len, 10, 4096, &rc);
        CHECK_INT(rc, OCI_INVALID);
        oci_buf_done(&b);
    }
    gz.p[gz.len - 6] ^= 1; /* of the sum */
    struct oci_buf b = unpress(gz.p, gz.len, 10, 4096, &rc);
    CHECK_INT(rc, OCI_INVALID);
    CHECK(strstr(err.text, "gzip"));
    oci_buf_done(&b);
    oci_buf_done(&gz);
}

/* A frame: 20 times "z" as a run (RFC 8878 section 3.1.1.2.2), with and without its end. */
TEST(zstd)
{
    static const char frame[] = "\x28\xb5\x2f\xfd\x20\x14\xa3\x00\x00z";
    struct oci_buf two;
    int rc;
    struct oci_buf b = unpress(frame, sizeof frame - 1, 100, 100, &rc);
    oci_buf_done(&b);
    if (rc == OCI_UNSUPPORTED)
        SKIP("no libzstd");
    oci_buf_init(&two, 1000);
    CHECK_INT(oci_buf_add(&two, frame, sizeof frame - 1), OCI_OK);
    check_unpress(&two, "zzzzzzzzzzzzzzzzzzzz", 20);
    CHECK_INT(oci_buf_add(&two, frame, sizeof frame - 1), OCI_OK);
    check_unpress(&two, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", 40);
    b = unpress(two.p, two.len - 1, 100, 100, &rc);
    CHECK_INT(rc, OCI_INVALID);
    oci_buf_done(&b);
    two.p[4] = '\xff';
    b = unpress(two.p, two.len, 100, 100, &rc);
    CHECK_INT(rc, OCI_INVALID);
    CHECK(strstr(err.text, "zstd"));
    oci_buf_done(&b);
    oci_buf_done(&two);
}
