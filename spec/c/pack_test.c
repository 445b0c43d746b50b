/* Packing directories (pack.h): the same bytes everywhere, read by others, and back again. What an archive may
 * not do is in unpack_test.c, how the work is shared out in pack_pipeline_test.c. */
#include "pack/pack.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "pack/names.h"
#include "pack/plan.h"
#include "pack/tar_header.h"
#include "pool_host.h"
#include "sys/file.h"
#include "sys/thread.h"
#include "test.h"
#include "tree.h"

static struct oci_err err;

static struct pool_host host;

static void begin(void)
{
    if (!host.driver)
        pool_host_init(&host);
}

/* A packed directory whose jobs run on the real pool; this thread is the engine. */
static struct oci_source *packed(const char *dir, const char *prefix, enum oci_compression how)
{
    begin();
    struct oci_source *s =
        oci_source_packed(dir, prefix, &(struct oci_pack_options){.compression = how, .host = &host.host});
    CHECK(s != NULL);
    CHECK(!s->type->on_pool && !s->type->one_shot && !s->type->open);
    return s;
}

/* One read, as soon as there is something. */
static int read_some(struct oci_source *s, void *p, size_t max, size_t *ret_n)
{
    int rc;
    while ((rc = s->type->read(s, p, max, ret_n, &err)) == OCI_PAUSED)
        pool_host_turn(&host);
    return rc;
}

/* Frees it and waits for the jobs that are left. */
static void drop(struct oci_source *s)
{
    oci_source_free(s);
    while (host.posted > 0)
        pool_host_turn(&host);
}

/* Reads a source to its end, at most `step` bytes at a time. The caller's: oci_buf_done(). */
static int read_all(struct oci_source *s, size_t step, struct oci_buf *b)
{
    oci_err_clear(&err);
    oci_buf_init(b, 256u << 20);
    char *piece = oci_alloc(step);
    int rc = OCI_OK;
    while (rc == OCI_OK) {
        size_t n = 0;
        rc = read_some(s, piece, step, &n);
        if (rc == OCI_OK) {
            CHECK(n > 0 && n <= step);
            CHECK_INT(oci_buf_add(b, piece, n), OCI_OK);
        }
    }
    oci_free(piece);
    s->type->close(s);
    return rc;
}

static void pack(const char *dir, const char *prefix, enum oci_compression how, struct oci_buf *b, struct oci_digest *ret_tar)
{
    struct oci_source *s = packed(dir, prefix, how);
    CHECK(s != NULL);
    CHECK_INT(s->size, OCI_SIZE_UNKNOWN);
    int rc = read_all(s, 65536, b);
    if (rc != OCI_END_OF_CONTENT)
        FAIL("%s", err.text);
    CHECK_INT(s->size, b->len);
    if (ret_tar)
        *ret_tar = *oci_source_packed_tar_digest(s);
    drop(s);
}

/* Packing `dir` must fail; the text names what is wrong. */
static void check_fails(const char *dir, int code, const char *text)
{
    struct oci_source *s = packed(dir, "t", OCI_COMPRESS_GZIP);
    struct oci_buf b;
    CHECK_INT(read_all(s, 65536, &b), code);
    CHECK_INT(err.code, code);
    if (!strstr(err.text, text))
        FAIL("%s", err.text);
    oci_buf_done(&b);
    drop(s);
}

/* Everything that a tree may have. */
static void make_rich_tree(const char *at)
{
    char long_name[256];
    tree_dir(at, "empty");
    tree_dir(at, "sub/deep");
    tree_put(at, "a.txt", "hello\n", 0644);
    tree_put(at, "a/b", "below a\n", 0644);
    tree_put(at, "zero", "", 0600);
    tree_put(at, "run.sh", "#!/bin/sh\n", 0755);
    tree_put(at, "sub/deep/\xc3\xa4\xe2\x82\xac", "not ASCII\n", 0640);
    tree_put(at, "back\\slash", "x", 0644);
    memset(long_name, 'n', 255);
    long_name[255] = '\0';
    tree_put(at, long_name, "long\n", 0644);
    for (int i = 0; i < 3; i++) {
        char path[700];
        snprintf(path, sizeof path, "sub/%.*s/%.*s/x", 40 + 60 * i, long_name, 100, long_name);
        tree_put(at, path, "deep and long\n", 0644);
    }
    tree_link(at, "link", "a.txt");
    tree_link(at, "sub/deep/up", "../../a.txt");
    tree_link(at, "sub/dangling", "nowhere/at/all");
    tree_link(at, "sub/\xc3\xb6", "deep/\xc3\xa4\xe2\x82\xac");
    char target[300];
    snprintf(target, sizeof target, "sub/%s", long_name);
    tree_link(at, "far", target);
}

static void unpack(const struct oci_buf *archive, const char *strip, const char *tar_digest, const char *to)
{
    char file[TREE_PATH];
    tree_temporary(file);
    tree_put_bytes(file, "archive", archive->p, archive->len, 0600);
    int fd, dirfd;
    char path[TREE_PATH + 16];
    snprintf(path, sizeof path, "%s/archive", file);
    CHECK_INT(oci_file_open_read(OCI_CWD, path, false, &fd, NULL, NULL), OCI_OK);
    CHECK_INT(oci_dir_open(OCI_CWD, to, true, &dirfd, NULL), OCI_OK);
    struct oci_unpack_options o = {
        .file_fd = fd, .archive = "archive", .dirfd = dirfd, .strip = strip, .want_tar_digest = tar_digest};
    oci_err_clear(&err);
    if (oci_unpack(&o, &err) != OCI_OK)
        FAIL("%s", err.text);
    oci_fd_close(fd);
    oci_fd_close(dirfd);
    tree_remove(file);
}

TEST(the_same_tree_gives_the_same_bytes_wherever_and_whenever)
{
    char one[TREE_PATH], two[TREE_PATH];
    struct oci_buf a, b, c;
    struct oci_digest da, db;
    make_rich_tree(tree_temporary(one));
    /* A copy made by another program, in another place, with other times and other modes for group and others. */
    tree_temporary(two);
    CHECK_INT(tree_shell("cp -r %s/. %s/ && cd %s && touch -h -d 2001-01-01 a.txt link zero sub && chmod go-rwx a.txt",
                         one, two, two),
              0);
    pack(one, "title", OCI_COMPRESS_GZIP, &a, &da);
    pack(one, "title", OCI_COMPRESS_GZIP, &b, NULL);
    pack(two, "title/", OCI_COMPRESS_GZIP, &c, &db);
    CHECK_INT(a.len, b.len);
    CHECK_INT(a.len, c.len);
    CHECK_MEM(a.p, b.p, a.len);
    CHECK_MEM(a.p, c.p, a.len);
    CHECK_STR(da.text, db.text);
    oci_buf_done(&a);
    oci_buf_done(&b);
    oci_buf_done(&c);
    tree_remove(one);
    tree_remove(two);
}

TEST(the_tar_is_the_same_on_every_machine)
{
    char dir[TREE_PATH];
    struct oci_buf b;
    struct oci_digest d;
    make_rich_tree(tree_temporary(dir));
    pack(dir, "title", OCI_COMPRESS_NONE, &b, &d);
    CHECK_STR(d.text, "sha256:0d60d9bdfd2b462b6657d3943a64547b7a381875bc3097c3cf1d0982f09922c6");
    struct oci_digest own;
    CHECK_INT(oci_digest_of(OCI_STR(OCI_SHA256), b.p, b.len, &own, NULL), OCI_OK);
    CHECK_STR(d.text, own.text);
    oci_buf_done(&b);
    tree_remove(dir);
}

/* Small files that lie in memory are read when they are planned, others when their block is filled. */
TEST(the_bytes_are_the_same_whichever_way_files_are_read)
{
    char dir[TREE_PATH], path[64], content[3000];
    struct oci_buf a, b;
    tree_temporary(dir);
    for (int i = 0; i < 1200; i++) {
        memset(content, 'a' + i % 26, sizeof content);
        snprintf(path, sizeof path, "d%d/f%d", i % 7, i);
        tree_put_bytes(dir, path, content, (size_t)(i * 37 % 3000), i % 3 ? 0644 : 0755);
    }
    make_rich_tree(dir);
    pack(dir, "t", OCI_COMPRESS_NONE, &a, NULL);
    oci_file_force_fallbacks(true);
    pack(dir, "t", OCI_COMPRESS_NONE, &b, NULL);
    oci_file_force_fallbacks(false);
    CHECK_INT(a.len, b.len);
    CHECK_MEM(a.p, b.p, a.len);
    oci_buf_done(&a);
    oci_buf_done(&b);
    tree_remove(dir);
}

/* Unpacking counts the same: what is packed comes back. */
TEST(an_archive_has_a_million_entries_at_most)
{
    char dir[TREE_PATH];
    struct oci_planner p;
    struct oci_plan_block b = {0};
    tree_put(tree_temporary(dir), "f", "x", 0644);
    for (size_t more = 1; more <= 2; more++) {
        oci_err_clear(&err);
        CHECK_INT(oci_planner_open(&p, dir, "t", NULL, false, &err), OCI_OK);
        p.entries = OCI_PACK_MAX_ENTRIES - 3 + more; /* the directory's own and the file's are to come */
        CHECK_INT(oci_planner_next(&p, &b, &err), more == 1 ? OCI_OK : OCI_LIMIT);
        oci_planner_close(&p);
    }
    CHECK(strstr(err.text, "more than 1000000 entries"));
    oci_plan_block_done(&b);
    tree_remove(dir);
}

TEST(the_gzip_header_says_nothing_of_the_machine)
{
    char dir[TREE_PATH];
    struct oci_buf b;
    pack(tree_temporary(dir), "t", OCI_COMPRESS_GZIP, &b, NULL);
    CHECK_MEM(b.p, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10); /* no name, no time, no level, no system */
    oci_buf_done(&b);
    tree_remove(dir);
}

TEST(source_date_epoch_is_the_time_of_every_entry)
{
    char dir[TREE_PATH], out[256];
    struct oci_buf b;
    tree_put(tree_temporary(dir), "f", "x", 0644);
    setenv("SOURCE_DATE_EPOCH", "86400", 1);
    pack(dir, "t", OCI_COMPRESS_GZIP, &b, NULL);
    tree_put_bytes(dir, "out.tgz", b.p, b.len, 0644);
    tree_output(out, sizeof out, "TZ=UTC tar tvzf %s/out.tgz --full-time | awk '{print $4,$5,$6}'", dir);
    CHECK_STR(out, "1970-01-02 00:00:00 t/\n1970-01-02 00:00:00 t/f\n");
    setenv("SOURCE_DATE_EPOCH", "soon", 1);
    check_fails(dir, OCI_INVALID, "SOURCE_DATE_EPOCH");
    unsetenv("SOURCE_DATE_EPOCH");
    oci_buf_done(&b);
    tree_remove(dir);
}

TEST(tar_reads_what_was_packed_and_every_name_begins_with_the_title)
{
    char dir[TREE_PATH], work[TREE_PATH], out[1024];
    struct oci_buf b;
    tree_temporary(dir);
    tree_put(dir, "b", "2", 0600);
    tree_put(dir, "a/x", "1", 0777);
    tree_put(dir, "a.b", "3", 0644);
    tree_link(dir, "l", "a/x");
    pack(dir, "my/title", OCI_COMPRESS_GZIP, &b, NULL);
    tree_put_bytes(tree_temporary(work), "out.tgz", b.p, b.len, 0644);
    tree_output(out, sizeof out, "TZ=UTC tar tvzf %s/out.tgz --numeric-owner | tr -s ' '", work);
    CHECK_STR(out, "drwxr-xr-x 0/0 0 1970-01-01 00:00 my/title/\n"
                   "drwxr-xr-x 0/0 0 1970-01-01 00:00 my/title/a/\n"
                   "-rwxr-xr-x 0/0 1 1970-01-01 00:00 my/title/a/x\n"
                   "-rw-r--r-- 0/0 1 1970-01-01 00:00 my/title/a.b\n"
                   "-rw-r--r-- 0/0 1 1970-01-01 00:00 my/title/b\n"
                   "lrwxrwxrwx 0/0 0 1970-01-01 00:00 my/title/l -> a/x\n");
    oci_buf_done(&b);
    tree_remove(dir);
    tree_remove(work);
}

TEST(tar_extracts_every_kind_of_name)
{
    char dir[TREE_PATH], work[TREE_PATH];
    struct oci_buf b;
    make_rich_tree(tree_temporary(dir));
    pack(dir, "title", OCI_COMPRESS_GZIP, &b, NULL);
    tree_put_bytes(tree_temporary(work), "out.tgz", b.p, b.len, 0644);
    CHECK_INT(tree_shell("cd %s && tar xzf out.tgz && diff -r --no-dereference %s title", work, dir), 0);
    oci_buf_done(&b);
    tree_remove(dir);
    tree_remove(work);
}

TEST(what_was_packed_comes_back)
{
    char dir[TREE_PATH], to[TREE_PATH];
    struct oci_buf b;
    struct oci_digest d;
    make_rich_tree(tree_temporary(dir));
    for (int how = 0; how < 3; how++) {
        pack(dir, "some/title", (enum oci_compression)how, &b, &d);
        unpack(&b, "some/title", d.text, tree_temporary(to));
        CHECK_INT(tree_shell("diff -r --no-dereference %s %s", dir, to), 0);
        CHECK_INT(tree_mode(to, "run.sh"), 0755);
        CHECK_INT(tree_mode(to, "a.txt"), 0644);
        CHECK_INT(tree_mode(to, "zero"), 0644);
        CHECK_INT(tree_mode(to, "empty"), 0755);
        oci_buf_done(&b);
        tree_remove(to);
    }
    tree_remove(dir);
}

TEST(a_large_file_is_read_in_any_steps)
{
    char dir[TREE_PATH], to[TREE_PATH];
    const size_t len = (1u << 20) + 77;
    char *p = oci_alloc(len);
    uint64_t x = 1;
    for (size_t i = 0; i < len; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        p[i] = (char)(x >> 60); /* compressible a little */
    }
    tree_put_bytes(tree_temporary(dir), "large", p, len, 0644);
    tree_put_bytes(dir, "block", p, 512, 0644); /* needs no padding */
    tree_put_bytes(dir, "more", p, 131072, 0644);
    static const size_t steps[] = {65536, 1000003, 511, 13};
    for (int how = 0; how < 3; how++) {
        struct oci_buf first, b;
        struct oci_source *s = packed(dir, "t", (enum oci_compression)how);
        CHECK_INT(read_all(s, steps[0], &first), OCI_END_OF_CONTENT);
        for (int i = 1; i < 4; i++) { /* the same source again */
            CHECK_INT(read_all(s, steps[i], &b), OCI_END_OF_CONTENT);
            CHECK_INT(b.len, first.len);
            CHECK_MEM(b.p, first.p, b.len);
            oci_buf_done(&b);
        }
        unpack(&first, "t", oci_source_packed_tar_digest(s)->text, tree_temporary(to));
        CHECK_INT(tree_shell("diff -r %s %s", dir, to), 0);
        oci_buf_done(&first);
        drop(s);
        tree_remove(to);
    }
    oci_free(p);
    tree_remove(dir);
}

TEST(a_source_rewinds_in_the_middle)
{
    char dir[TREE_PATH], piece[100];
    struct oci_buf a, b;
    make_rich_tree(tree_temporary(dir));
    struct oci_source *s = packed(dir, "t", OCI_COMPRESS_GZIP);
    CHECK_INT(read_all(s, 4096, &a), OCI_END_OF_CONTENT);
    size_t n = 0;
    CHECK_INT(read_some(s, piece, sizeof piece, &n), OCI_OK);
    CHECK_INT(s->type->rewind(s, NULL), OCI_OK);
    oci_buf_init(&b, 64u << 20);
    while (read_some(s, piece, sizeof piece, &n) == OCI_OK)
        CHECK_INT(oci_buf_add(&b, piece, n), OCI_OK);
    CHECK_INT(b.len, a.len);
    CHECK_MEM(b.p, a.p, a.len);
    drop(s); /* without a close */
    oci_buf_done(&a);
    oci_buf_done(&b);
    tree_remove(dir);
}

TEST(an_empty_directory_is_an_entry_and_no_title_is_none)
{
    char dir[TREE_PATH], to[TREE_PATH];
    struct oci_buf b;
    tree_temporary(dir);
    pack(dir, "t", OCI_COMPRESS_NONE, &b, NULL);
    CHECK_INT(b.len, 512 + 1024); /* the header, two zero blocks, no padding */
    unpack(&b, "t", NULL, tree_temporary(to));
    CHECK_INT(tree_count(to), 0);
    oci_buf_done(&b);
    pack(dir, ".", OCI_COMPRESS_NONE, &b, NULL);
    CHECK_INT(b.len, 1024);
    oci_buf_done(&b);
    tree_put(dir, "f", "x", 0644);
    pack(dir, "./", OCI_COMPRESS_NONE, &b, NULL);
    CHECK_STR(b.p, "f");
    oci_buf_done(&b);
    tree_remove(dir);
    tree_remove(to);
}

TEST(what_cannot_travel_is_refused_by_its_path)
{
    char dir[TREE_PATH];
    static const struct {
        const char *name, *target;
        int code;
    } links[] = {
        {"d/l", "/etc/passwd", OCI_UNSAFE_PATH}, {"d/l", "../../x", OCI_UNSAFE_PATH},
        {"l", "..", OCI_UNSAFE_PATH},            {"d/l", "x/../../y", OCI_UNSAFE_PATH},
        {"d/l", "a\nb", OCI_INVALID},            {"d/l", "./.././../x", OCI_UNSAFE_PATH},
        {"d/l", "x/../y", OCI_UNSAFE_PATH}, /* x may be a link itself */
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        tree_dir(tree_temporary(dir), "d");
        tree_link(dir, links[i].name, links[i].target);
        check_fails(dir, links[i].code, links[i].name);
        CHECK(tree_is_at(err.path, dir, links[i].name));
        tree_remove(dir);
    }
    tree_dir(tree_temporary(dir), "d");
    tree_shell("mkfifo %s/d/fifo", dir);
    check_fails(dir, OCI_INVALID, "d/fifo is neither a file nor a directory nor a link");
    CHECK(tree_is_at(err.path, dir, "d/fifo"));
    tree_remove(dir);
    tree_put(tree_temporary(dir), "a\nb", "", 0644);
    check_fails(dir, OCI_INVALID, "a?b has control characters");
    tree_remove(dir);
    tree_put(tree_temporary(dir), "\xff", "", 0644);
    check_fails(dir, OCI_INVALID, "is not UTF-8");
    tree_remove(dir);
    check_fails(dir, OCI_NOT_FOUND, dir);
    struct oci_source *s = packed("/tmp", "../up", OCI_COMPRESS_GZIP);
    char piece[16];
    size_t n = 0;
    CHECK_INT(read_some(s, piece, sizeof piece, &n), OCI_UNSAFE_PATH);
    drop(s);
}

/* Packed with what its links lead to: the code, and the bytes unless they are not asked for. */
static int pack_following(const char *dir, struct oci_buf *b)
{
    begin();
    struct oci_pack_options o = {.host = &host.host, .follow_links = true};
    struct oci_source *s = oci_source_packed(dir, "t", &o);
    int rc = read_all(s, 65536, b);
    drop(s);
    return rc;
}

TEST(links_are_followed_where_that_is_asked_for)
{
    char plain[TREE_PATH], linked[TREE_PATH], outside[TREE_PATH];
    struct oci_buf a, b;
    tree_put(tree_temporary(plain), "d/f", "content", 0644);
    tree_put(plain, "e/f", "content", 0644);
    tree_put(plain, "g", "content", 0644);
    tree_put(tree_temporary(outside), "f", "content", 0644);
    tree_link(tree_temporary(linked), "d", outside);
    tree_put(linked, "e/f", "content", 0644);
    tree_link(linked, "g", "d/f");
    pack(plain, "t", OCI_COMPRESS_GZIP, &a, NULL);
    CHECK_INT(pack_following(linked, &b), OCI_END_OF_CONTENT);
    CHECK_MEM(a.p, b.p, a.len);
    CHECK_INT(a.len, b.len);
    oci_buf_done(&a);
    oci_buf_done(&b);
    check_fails(linked, OCI_UNSAFE_PATH, "d");
    tree_link(linked, "nowhere", "not/there");
    CHECK_INT(pack_following(linked, &b), OCI_NOT_FOUND);
    oci_buf_done(&b);
    tree_remove(linked);
    tree_link(tree_temporary(linked), "circle", ".");
    CHECK_INT(pack_following(linked, &b), OCI_LIMIT);
    oci_buf_done(&b);
    tree_remove(linked);
    tree_remove(outside);
    tree_remove(plain);
}

TEST(the_tree_is_at_most_64_levels_deep)
{
    char dir[TREE_PATH], path[256] = "d";
    struct oci_buf b;
    for (int i = 1; i < 64; i++)
        strcat(path, "/d");
    tree_dir(tree_temporary(dir), path);
    pack(dir, "t", OCI_COMPRESS_GZIP, &b, NULL);
    oci_buf_done(&b);
    strcat(path, "/d");
    tree_dir(dir, path);
    check_fails(dir, OCI_LIMIT, "64 levels");
    tree_remove(dir);
}

/* Reads a little, changes the file, reads on: more than can be on its way comes behind it. */
static void check_change(const char *command)
{
    char dir[TREE_PATH], piece[65536];
    const size_t size = 24u << 20;
    char *zeros = oci_calloc(1, size);
    tree_put_bytes(tree_temporary(dir), "f", zeros, size, 0644);
    tree_shell("touch -d 2001-01-01 %s/f", dir);
    struct oci_source *s = packed(dir, "t", OCI_COMPRESS_NONE);
    size_t n = 0;
    oci_err_clear(&err);
    CHECK_INT(read_some(s, piece, 2048, &n), OCI_OK);
    while (host.posted > 0)
        pool_host_turn(&host);
    CHECK_INT(tree_shell("cd %s && %s", dir, command), 0);
    int rc;
    do
        rc = read_some(s, piece, sizeof piece, &n);
    while (rc == OCI_OK);
    CHECK_INT(rc, OCI_SIZE_MISMATCH);
    CHECK(strstr(err.text, "f changed while it was read") != NULL);
    CHECK(tree_is_at(err.path, dir, "f"));
    drop(s);
    oci_free(zeros);
    tree_remove(dir);
}

TEST(a_file_that_changes_while_it_is_read_is_an_error)
{
    check_change("truncate -s +1 f");
    check_change("truncate -s -1 f");
    check_change("truncate -s 0 f");
    check_change("touch f"); /* written to, maybe */
    check_change("rm f && truncate -s 24M f");
}

TEST(a_tree_that_changes_between_two_readings_is_an_error)
{
    char dir[TREE_PATH];
    struct oci_buf b;
    tree_put(tree_temporary(dir), "f", "one", 0644);
    struct oci_source *s = packed(dir, "t", OCI_COMPRESS_GZIP);
    CHECK_INT(read_all(s, 4096, &b), OCI_END_OF_CONTENT);
    oci_buf_done(&b);
    tree_put(dir, "f", "two", 0644);
    CHECK_INT(read_all(s, 4096, &b), OCI_DIGEST_MISMATCH);
    CHECK(strstr(err.text, "changed since it was packed before") != NULL);
    oci_buf_done(&b);
    drop(s);
    tree_remove(dir);
}

TEST(a_failing_disk_is_an_error_that_names_the_file)
{
    char dir[TREE_PATH];
    tree_put(tree_temporary(dir), "d/f", "x", 0644);
    oci_fault_arm(OCI_FAULT_OPEN, 2, 1, 13); /* root, d, f */
    check_fails(dir, OCI_IO, "d/f");
    oci_file_force_fallbacks(true); /* f is read from its path, by another job */
    oci_fault_arm(OCI_FAULT_OPEN, 3, 1, 13);
    check_fails(dir, OCI_IO, "d/f");
    oci_file_force_fallbacks(false);
    oci_fault_arm(OCI_FAULT_READ, 0, 0, 5);
    check_fails(dir, OCI_IO, dir);
    oci_fault_clear();
    tree_remove(dir);
}

static atomic_bool swapping_ends;
static void swap_all_the_time(void *ctx)
{
    int fd = *(int *)ctx;
    while (!atomic_load(&swapping_ends))
        renameat2(fd, "x", fd, "../link", RENAME_EXCHANGE);
}

/* T53: what is a file or directory when it is looked at is a link when it is opened. */
static void check_swapped(const char *inside, const char *target)
{
    char dir[TREE_PATH], tree[TREE_PATH + 8];
    struct oci_thread t;
    int fd;
    tree_put(tree_temporary(dir), inside, "inside", 0644);
    tree_put(dir, "outside/f", "SECRET", 0644);
    tree_link(dir, "link", target);
    snprintf(tree, sizeof tree, "%s/tree", dir);
    CHECK_INT(oci_dir_open(OCI_CWD, tree, false, &fd, NULL), OCI_OK);
    atomic_store(&swapping_ends, false);
    CHECK_INT(oci_thread_start(&t, "swapper", swap_all_the_time, &fd, NULL), OCI_OK);
    for (int i = 0; i < 10000; i++) {
        struct oci_buf b;
        struct oci_source *s = packed(tree, "t", OCI_COMPRESS_NONE);
        read_all(s, 65536, &b); /* may fail, or not */
        CHECK(b.len == 0 || !memmem(b.p, b.len, "SECRET", 6));
        oci_buf_done(&b);
        drop(s);
    }
    atomic_store(&swapping_ends, true);
    oci_thread_join(&t);
    oci_fd_close(fd);
    tree_remove(dir);
}

TEST(nothing_from_outside_is_packed_while_a_file_is_swapped_for_a_link)
{
    check_swapped("tree/x", "../outside/f");
}

TEST(nothing_from_outside_is_packed_while_a_directory_is_swapped_for_a_link)
{
    check_swapped("tree/x/f", "../outside");
}

TEST(pax_records_say_what_ustar_cannot)
{
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    struct oci_tar_entry e = {.kind = OCI_FILE_REGULAR, .name = "big", .size = 9ull << 30, .mtime = 9000000000};
    CHECK_INT(oci_tar_add_header(&b, &e), OCI_OK);
    CHECK_INT(b.len, 3 * 512);
    CHECK_INT(b.p[156], 'x');
    CHECK_MEM(b.p + 512, "19 size=9663676416\n20 mtime=9000000000\n", 39);
    oci_buf_clear(&b);
    e.size = (8ull << 30) - 1;
    e.mtime = 0;
    CHECK_INT(oci_tar_add_header(&b, &e), OCI_OK);
    CHECK_INT(b.len, 512);
    CHECK_STR(b.p + 124, "77777777777");
    /* A record's length counts its own digits: 99 is not 98 and one digit more. */
    char name[256];
    for (size_t len = 101; len < 256; len++) {
        memset(name, 'n', len);
        name[len] = '\0';
        e.name = name;
        oci_buf_clear(&b);
        CHECK_INT(oci_tar_add_header(&b, &e), OCI_OK);
        char *end;
        size_t said = strtoul(b.p + 512, &end, 10);
        CHECK_INT(b.p[512 + said - 1], '\n');
        CHECK_INT(b.p[512 + said], '\0');
        CHECK_MEM(end, " path=n", 7);
    }
    oci_buf_done(&b);
}
