/* Bombs and broken archives (pack.h, oci_unpack; security-quirks 3.4, T57). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/file.h"
#include "tar_box.h"
#include "test.h"

/* ---- T57: bombs ----------------------------------------------------------------------------- */

static uint64_t used_blocks(void)
{
    char out[64];
    tree_output(out, sizeof out, "du -sk %s | cut -f1", box_to);
    return strtoull(out, NULL, 10);
}

TEST(a_decompression_bomb_is_stopped_by_its_ratio)
{
    const struct oci_unpack_options o = {.strip = "t", .ratio_after = 16u << 20};
    box_make();
    tar_begin();
    const size_t len = 100u << 20;
    char *zeros = oci_calloc(1, len);
    CHECK(zeros != NULL);
    tar_add_bytes(&(struct tar_entry){.name = "t/zeros"}, zeros, len);
    tar_end();
    struct oci_buf z = tar_gzip(tar_made.p, tar_made.len);
    CHECK(z.len * 900 < tar_made.len);
    CHECK_INT(box_unpack_bytes(z.p, z.len, o), OCI_LIMIT);
    CHECK(strstr(box_err.text, "200 times") != NULL);
    CHECK(used_blocks() < 25u << 10); /* 16 MiB, 200 times the file, and a block */
    oci_buf_done(&z);
    /* The same bytes behind the end of the archive */
    tar_begin();
    TAR_FILE("t/f", "x");
    tar_end();
    CHECK_INT(oci_buf_add(&tar_made, zeros, len), OCI_OK);
    z = tar_gzip(tar_made.p, tar_made.len);
    CHECK_INT(box_unpack_bytes(z.p, z.len, o), OCI_LIMIT);
    oci_buf_done(&z);
    oci_free(zeros);
    tree_remove(box_dir);
}

/* Twenty bytes each: what is read ahead must not be moved and filled up again for every one of them. */
TEST(members_of_nothing_cost_little)
{
    box_make();
    tar_begin();
    TAR_FILE("t/f", "x");
    tar_end();
    struct oci_buf z, nothing = tar_gzip("", 0), end = tar_gzip(tar_made.p, tar_made.len);
    oci_buf_init(&z, 4u << 20);
    for (size_t i = 0; i < 50000; i++)
        CHECK_INT(oci_buf_add(&z, nothing.p, nothing.len), OCI_OK);
    CHECK_INT(oci_buf_add(&z, end.p, end.len), OCI_OK);
    oci_fault_arm(OCI_FAULT_READ, (unsigned)(z.len / 4096), 1, EIO);
    CHECK_INT(box_unpack_bytes(z.p, z.len, (struct oci_unpack_options){.strip = "t"}), OCI_OK);
    oci_fault_clear();
    CHECK(tree_exists(box_to, "f"));
    oci_buf_done(&z);
    oci_buf_done(&nothing);
    oci_buf_done(&end);
    tree_remove(box_dir);
}

TEST(what_compresses_well_is_taken_up_to_a_gigabyte)
{
    box_make();
    tar_begin();
    const size_t len = 100u << 20;
    char *zeros = oci_calloc(1, len);
    CHECK(zeros != NULL);
    tar_add_bytes(&(struct tar_entry){.name = "t/zeros"}, zeros, len);
    tar_end();
    struct oci_buf z = tar_gzip(tar_made.p, tar_made.len);
    if (box_unpack_bytes(z.p, z.len, (struct oci_unpack_options){.strip = "t"}) != OCI_OK)
        FAIL("%s", box_err.text);
    oci_buf_done(&z);
    oci_free(zeros);
    tree_remove(box_dir);
}

TEST(bytes_and_entries_are_bounded)
{
    box_make();
    tar_begin();
    TAR_FILE("t/a", "0123456789");
    TAR_FILE("t/b", "0123456789");
    CHECK_INT(box_unpack_with((struct oci_unpack_options){.strip = "t", .max_bytes = 19}), OCI_LIMIT);
    CHECK(strstr(box_err.text, "more than 19 bytes") != NULL);
    CHECK(tree_exists(box_to, "a") && !tree_exists(box_to, "b"));
    tree_remove(box_dir);
    box_make();
    CHECK_INT(box_unpack_with((struct oci_unpack_options){.strip = "t", .max_bytes = 20}), OCI_OK);
    tree_remove(box_dir);
    box_make();
    CHECK_INT(box_unpack_with((struct oci_unpack_options){.strip = "t", .max_entries = 1}), OCI_LIMIT);
    CHECK(strstr(box_err.text, "more than 1 entries") != NULL);
    tree_remove(box_dir);
}

TEST(a_size_that_nobody_has_is_refused_before_anything_is_made)
{
    box_check_entry((struct tar_entry){.name = "t/huge", .claim = 1ull << 62}, OCI_LIMIT, "its files have more than");
    box_check_entry((struct tar_entry){.name = "t/negative", .claim = UINT64_MAX}, OCI_INVALID, "");
    box_make();
    tar_begin();
    tar_add((struct tar_entry){.name = "t/huge", .claim = 1ull << 40, .content = "x"});
    CHECK_INT(box_unpack(), OCI_LIMIT);
    CHECK_INT(tree_count(box_to), 0);
    tree_remove(box_dir);
}

static void craft_huge_pax(void)
{
    const size_t len = 8u << 20;
    char *text = oci_alloc(len);
    CHECK(text != NULL);
    memset(text, 'x', len);
    memcpy(text, "8388608 path=", 13);
    text[len - 1] = '\n';
    tar_add_bytes(&(struct tar_entry){.name = "PaxHeaders/x", .type = 'x'}, text, len);
    oci_free(text);
    TAR_FILE("t/x", "x");
}

TEST(huge_headers_are_refused)
{
    box_check_refused(craft_huge_pax, OCI_INVALID, "");
}

/* ---- broken archives ------------------------------------------------------------------------ */

TEST(what_is_no_tar_is_refused)
{
    static const char *const texts[] = {"", "hello", "PK\003\004 a zip", "#mtree\n./x contents=/etc/passwd\n"};
    box_make();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK_INT(box_unpack_bytes(texts[i], strlen(texts[i]), (struct oci_unpack_options){0}), OCI_INVALID);
        struct oci_buf z = tar_gzip(texts[i], strlen(texts[i]));
        CHECK_INT(box_unpack_bytes(z.p, z.len, (struct oci_unpack_options){0}), OCI_INVALID);
        oci_buf_done(&z);
    }
    tar_begin();
    TAR_FILE("t/f", "x");
    tar_end();
    struct oci_buf z = tar_gzip(tar_made.p, tar_made.len), zz = tar_gzip(z.p, z.len);
    CHECK_INT(box_unpack_bytes(zz.p, zz.len, (struct oci_unpack_options){0}), OCI_INVALID); /* one filter layer only */
    oci_buf_done(&z);
    oci_buf_done(&zz);
    CHECK_INT(tree_count(box_to), 0);
    tree_remove(box_dir);
}

TEST(a_truncated_archive_is_an_error_wherever_it_ends)
{
    tar_begin();
    TAR_FILE("t/f", "0123456789");
    TAR_FILE("t/g", "0123456789");
    tar_end();
    struct oci_buf z = tar_gzip(tar_made.p, tar_made.len);
    for (size_t len = 2; len < z.len; len += 3) { /* the gzip checksum included */
        box_make();
        CHECK_INT(box_unpack_bytes(z.p, len, (struct oci_unpack_options){.strip = "t"}), OCI_INVALID);
        tree_remove(box_dir);
    }
    static const size_t ends[] = {511, 513, 521, 1000, 1024 + 511, 1024 + 515};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        box_make();
        CHECK_INT(box_unpack_bytes(tar_made.p, ends[i], (struct oci_unpack_options){.strip = "t"}), OCI_INVALID);
        tree_remove(box_dir);
    }
    oci_buf_done(&z);
}

TEST(a_damaged_gzip_is_an_error)
{
    box_make();
    tar_begin();
    TAR_FILE("t/f", "0123456789");
    tar_end();
    struct oci_buf z = tar_gzip(tar_made.p, tar_made.len);
    z.p[z.len - 8] ^= 1; /* the checksum, behind everything */
    CHECK_INT(box_unpack_bytes(z.p, z.len, (struct oci_unpack_options){.strip = "t"}), OCI_INVALID);
    CHECK(strstr(box_err.text, "not a proper gzip file") != NULL);
    z.p[z.len - 8] ^= 1;
    tree_remove(box_dir);
    box_make();
    CHECK_INT(oci_buf_add(&z, "garbage", 7), OCI_OK);
    CHECK_INT(box_unpack_bytes(z.p, z.len, (struct oci_unpack_options){.strip = "t"}), OCI_INVALID);
    oci_buf_done(&z);
    tree_remove(box_dir);
}

TEST(several_gzip_members_are_one_stream)
{
    box_make();
    tar_begin();
    TAR_FILE("t/f", "0123456789");
    TAR_FILE("t/g", "abc");
    tar_end();
    struct oci_buf a = tar_gzip(tar_made.p, 700), b = tar_gzip(tar_made.p + 700, tar_made.len - 700);
    CHECK_INT(oci_buf_add(&a, b.p, b.len), OCI_OK);
    CHECK_INT(box_unpack_bytes(a.p, a.len, (struct oci_unpack_options){.strip = "t"}), OCI_OK);
    CHECK_STR(tree_get(box_to, "f"), "0123456789");
    CHECK_STR(tree_get(box_to, "g"), "abc");
    oci_buf_done(&a);
    oci_buf_done(&b);
    tree_remove(box_dir);
}

TEST(the_digest_of_the_tar_is_verified_to_its_last_byte)
{
    static const char *const algorithms[] = {OCI_SHA256, OCI_SHA512};
    tar_begin();
    TAR_FILE("t/f", "0123456789");
    TAR_LINK("t/l", "f");
    tar_end();
    for (int i = 0; i < 8; i++) /* GNU tar's padding counts */
        tar_end();
    for (int i = 0; i < 2; i++) {
        struct oci_digest d;
        CHECK_INT(oci_digest_of(oci_str_of(algorithms[i]), tar_made.p, tar_made.len, &d, NULL), OCI_OK);
        struct oci_unpack_options o = {.strip = "t", .want_tar_digest = d.text};
        box_make();
        CHECK_INT(box_unpack_bytes(tar_made.p, tar_made.len, o), OCI_OK);
        tree_remove(box_dir);
        box_make();
        struct oci_buf z = tar_gzip(tar_made.p, tar_made.len);
        CHECK_INT(box_unpack_bytes(z.p, z.len, o), OCI_OK);
        oci_buf_done(&z);
        tree_remove(box_dir);
        box_make();
        CHECK_INT(box_unpack_bytes(tar_made.p, tar_made.len - 512, o), OCI_DIGEST_MISMATCH);
        CHECK(strstr(box_err.text, d.text) != NULL);
        CHECK(!tree_exists(box_to, "l")); /* no link before it is verified */
        tree_remove(box_dir);
    }
    box_make();
    CHECK_INT(box_unpack_with((struct oci_unpack_options){.want_tar_digest = "sha256:short"}), OCI_INVALID);
    CHECK_INT(box_unpack_with((struct oci_unpack_options){.want_tar_digest = "md5:d41d8cd98f00b204e9800998ecf8427e"}),
              OCI_UNSUPPORTED);
    CHECK_INT(tree_count(box_to), 0);
    tree_remove(box_dir);
}

TEST(zstd_is_read_and_bounded)
{
    if (tree_shell("zstd --version > /dev/null 2>&1") != 0)
        SKIP("zstd is not installed");
    static char bytes[1u << 20];
    for (int bomb = 0; bomb < 2; bomb++) {
        box_make();
        CHECK_INT(tree_shell("cd %s && mkdir t && echo x > t/f && truncate -s %s t/zeros && "
                             "tar cf - t | zstd -q > z && rm -r t",
                             box_dir, bomb ? "100M" : "1M"),
                  0);
        char path[TREE_PATH + 16];
        snprintf(path, sizeof path, "%s/z", box_dir);
        FILE *f = fopen(path, "r");
        CHECK(f != NULL);
        size_t len = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        int rc = box_unpack_bytes(bytes, len, (struct oci_unpack_options){.strip = "t", .ratio_after = 16u << 20});
        if (rc != (bomb ? OCI_LIMIT : OCI_OK))
            FAIL("%s", box_err.text);
        CHECK(used_blocks() < 25u << 10);
        tree_remove(box_dir);
    }
}

TEST(a_zstd_window_is_bounded)
{
    if (tree_shell("zstd --version > /dev/null 2>&1") != 0)
        SKIP("zstd is not installed");
    static char bytes[1u << 20];
    static const struct {
        unsigned log;
        int code;
    } windows[] = {{27, OCI_OK}, {28, OCI_INVALID}, {31, OCI_INVALID}};
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        box_make();
        /* Of unknown length, so that the window is what is asked for. */
        CHECK_INT(tree_shell("cd %s && mkdir t && echo x > t/f && tar cf - t | zstd -q --ultra --long=%u | cat > z && "
                             "rm -r t",
                             box_dir, windows[i].log),
                  0);
        char path[TREE_PATH + 16];
        snprintf(path, sizeof path, "%s/z", box_dir);
        FILE *f = fopen(path, "r");
        CHECK(f != NULL);
        size_t len = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        int rc = box_unpack_bytes(bytes, len, (struct oci_unpack_options){.strip = "t"});
        if (rc != windows[i].code)
            FAIL("%u: %d %s", windows[i].log, rc, box_err.text);
        tree_remove(box_dir);
    }
}

TEST(a_million_empty_entries_are_too_many)
{
    struct oci_buf tar, z;
    box_make();
    tar_begin();
    TAR_FILE("t/f", "");
    tar = tar_made;
    oci_buf_init(&z, 64u << 20);
    char *many = oci_alloc(512u * 1000);
    for (int i = 0; i < 1000; i++)
        memcpy(many + 512u * (unsigned)i, tar.p, 512);
    struct oci_buf part = tar_gzip(many, 512u * 1000);
    for (int i = 0; i < 1001; i++)
        CHECK_INT(oci_buf_add(&z, part.p, part.len), OCI_OK);
    CHECK_INT(box_unpack_bytes(z.p, z.len, (struct oci_unpack_options){.strip = "t"}), OCI_INVALID);
    /* Directories may come again and again; but not for ever. */
    tar_begin();
    TAR_DIR("t/d/");
    for (int i = 0; i < 1000; i++)
        memcpy(many + 512u * (unsigned)i, tar_made.p, 512);
    oci_buf_done(&part);
    part = tar_gzip(many, 512u * 1000);
    oci_buf_clear(&z);
    for (int i = 0; i < 1001; i++)
        CHECK_INT(oci_buf_add(&z, part.p, part.len), OCI_OK);
    CHECK_INT(box_unpack_bytes(z.p, z.len, (struct oci_unpack_options){.strip = "t"}), OCI_LIMIT);
    CHECK(strstr(box_err.text, "more than 1000000 entries") != NULL);
    oci_free(many);
    oci_buf_done(&part);
    oci_buf_done(&z);
    tree_remove(box_dir);
}

TEST(a_full_disk_is_an_error_that_names_the_file)
{
    box_make();
    tar_begin();
    TAR_FILE("t/d/f", "0123456789");
    tar_end();
    oci_fault_arm(OCI_FAULT_WRITE, 0, 1, ENOSPC);
    CHECK_INT(box_unpack_bytes(tar_made.p, tar_made.len, (struct oci_unpack_options){.strip = "t"}), OCI_IO);
    oci_fault_clear();
    CHECK(strstr(box_err.text, "d/f: cannot write: No space left on device") != NULL);
    tree_remove(box_dir);
    box_make();
    oci_fault_arm(OCI_FAULT_CLOSE, 0, 1, EDQUOT);
    CHECK_INT(box_unpack_bytes(tar_made.p, tar_made.len, (struct oci_unpack_options){.strip = "t"}), OCI_IO);
    oci_fault_clear();
    tree_remove(box_dir);
    box_make();
    oci_fault_arm(OCI_FAULT_WRITE, 0, 0, 0); /* short writes all the way */
    CHECK_INT(box_unpack_bytes(tar_made.p, tar_made.len, (struct oci_unpack_options){.strip = "t"}), OCI_OK);
    oci_fault_clear();
    CHECK_STR(tree_get(box_to, "d/f"), "0123456789");
    tree_remove(box_dir);
}

TEST(no_descriptor_is_left_open)
{
    size_t before = tree_count("/proc/self/fd");
    for (int i = 0; i < 3; i++) {
        box_make();
        tar_begin();
        TAR_FILE("t/d/f", "x");
        TAR_LINK("t/l", "d/f");
        if (i > 0)
            TAR_FILE("../x", "x");
        CHECK_INT(box_unpack(), i ? OCI_UNSAFE_PATH : OCI_OK);
        tree_remove(box_dir);
    }
    CHECK_INT(tree_count("/proc/self/fd"), before);
}

TEST(unpacking_can_stop_between_two_slices)
{
    const size_t len = 40u << 20;
    char *zeros = oci_calloc(1, len), path[TREE_PATH + 16];
    box_make();
    tar_begin();
    tar_add_bytes(&(struct tar_entry){.name = "t/large"}, zeros, len);
    TAR_FILE("t/last", "x");
    tar_end();
    tree_put_bytes(box_dir, "archive", tar_made.p, tar_made.len, 0600);
    snprintf(path, sizeof path, "%s/archive", box_dir);
    size_t before = tree_count("/proc/self/fd");
    for (int whole = 0; whole < 2; whole++) {
        struct oci_unpack_options o = {.archive = "a", .strip = "t"};
        struct oci_unpacking *x = NULL;
        unsigned slices = 1;
        int rc;
        CHECK_INT(oci_file_open_read(OCI_CWD, path, false, &o.file_fd, NULL, NULL), OCI_OK);
        CHECK_INT(oci_dir_open(OCI_CWD, box_to, false, &o.dirfd, NULL), OCI_OK);
        CHECK_INT(oci_unpacking_new(&o, &x, &box_err), OCI_OK);
        while ((rc = oci_unpacking_some(x, &box_err)) == OCI_AGAIN && whole)
            slices++;
        CHECK_INT(rc, whole ? OCI_OK : OCI_AGAIN);
        CHECK_INT(slices, whole ? 3 : 1);
        CHECK_INT(tree_exists(box_to, "last"), whole);
        oci_unpacking_free(x);
        oci_fd_close(o.file_fd);
        oci_fd_close(o.dirfd);
        CHECK_INT(tree_count("/proc/self/fd"), before);
        CHECK_INT(tree_shell("rm -rf %s/*", box_to), 0);
    }
    oci_free(zeros);
    tree_remove(box_dir);
}
