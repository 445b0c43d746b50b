/* How packing shares out its work (packed.c): the bytes do not depend on it, memory is bounded, and it can be given up at
 * any time. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "pack/pack.h"
#include "pool_host.h"
#include "test.h"
#include "tree.h"

static struct oci_err err;
static struct pool_host host;
static char dir[TREE_PATH];

static struct oci_source *packed_with(struct oci_pack_options o)
{
    o.host = &host.host;
    struct oci_source *s = oci_source_packed(dir, "t", &o);
    CHECK(s != NULL);
    return s;
}

static struct oci_source *packed(enum oci_compression how)
{
    return packed_with((struct oci_pack_options){.compression = how});
}

static void turn(void)
{
    if (host.alone)
        pool_host_poll(&host);
    else
        pool_host_turn(&host);
}

static int read_some(struct oci_source *s, void *p, size_t max, size_t *ret_n)
{
    int rc;
    while ((rc = s->type->read(s, p, max, ret_n, &err)) == OCI_PAUSED)
        turn();
    return rc;
}

static int read_on(struct oci_source *s, struct oci_buf *b)
{
    static char piece[65536];
    size_t n;
    int rc;
    while ((rc = read_some(s, piece, sizeof piece, &n)) == OCI_OK)
        CHECK_INT(oci_buf_add(b, piece, n), OCI_OK);
    return rc;
}

static struct oci_buf read_all(struct oci_source *s)
{
    struct oci_buf b;
    oci_buf_init(&b, 256u << 20);
    if (read_on(s, &b) != OCI_END_OF_CONTENT)
        FAIL("%s", err.text);
    return b;
}

static void drain(void)
{
    while (host.posted > 0)
        turn();
}

static void drop(struct oci_source *s)
{
    oci_source_free(s);
    drain();
}

/* Numbers that compress a little, in files of all sizes: some end with a block, some a byte before or behind. */
static void make_tree(void)
{
    static const size_t sizes[] = {0, 1, 511, 512, 513, 70000, 1048576 - 2048, 1048576 - 512, 1048576, 1048577, 3000000};
    char *p = oci_alloc(3000064), name[64];
    uint64_t x = 1;
    for (size_t i = 0; i < 3000064; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        p[i] = (char)(x >> 61);
    }
    tree_temporary(dir);
    for (size_t i = 0; i < 22; i++) {
        snprintf(name, sizeof name, "%zu/f%zu", i % 7, i);
        tree_put_bytes(dir, name, p + i, sizes[i % 11] > i ? sizes[i % 11] - i / 11 : sizes[i % 11], 0644);
    }
    for (size_t i = 0; i < 1200; i++) { /* most of their blocks are headers */
        snprintf(name, sizeof name, "small/%zu/%zu", i % 10, i);
        tree_put(dir, name, name, 0644);
    }
    oci_free(p);
}

TEST(the_bytes_do_not_depend_on_the_number_of_threads)
{
    make_tree();
    for (int how = 0; how < 3; how++) {
        pool_host_init(&host);
        struct oci_source *s = packed((enum oci_compression)how);
        struct oci_buf many = read_all(s);
        struct oci_digest tar = *oci_source_packed_tar_digest(s);
        drop(s);
        pool_host_done(&host);
        pool_host_init(&host);
        host.alone = true;
        s = packed((enum oci_compression)how);
        struct oci_buf one = read_all(s);
        CHECK_INT(one.len, many.len);
        CHECK_MEM(one.p, many.p, many.len);
        CHECK_STR(oci_source_packed_tar_digest(s)->text, tar.text);
        drop(s);
        pool_host_done(&host);
        oci_buf_done(&one);
        oci_buf_done(&many);
    }
    tree_remove(dir);
}

/* What other programs make of several members, and of several frames. */
TEST(other_programs_read_all_of_it)
{
    static const struct {
        enum oci_compression how;
        const char *command;
    } readers[] = {{OCI_COMPRESS_GZIP, "gzip -dc"},
                   {OCI_COMPRESS_GZIP, "python3 -c 'import gzip,shutil,sys; "
                                       "shutil.copyfileobj(gzip.open(sys.stdin.buffer), sys.stdout.buffer)' <"},
                   {OCI_COMPRESS_GZIP, "pigz -dc"},
                   {OCI_COMPRESS_ZSTD, "zstd -dc"}};
    char work[TREE_PATH], sum[100];
    make_tree();
    pool_host_init(&host);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        char program[16];
        snprintf(program, sizeof program, "%.*s", (int)strcspn(readers[i].command, " "), readers[i].command);
        if (tree_shell("command -v %s > /dev/null", program) != 0)
            continue;
        struct oci_source *s = packed(readers[i].how);
        struct oci_buf b = read_all(s);
        tree_put_bytes(tree_temporary(work), "a", b.p, b.len, 0644);
        tree_output(sum, sizeof sum, "%s %s/a | sha256sum | cut -d' ' -f1 | tr -d '\\n'", readers[i].command, work);
        CHECK_STR(sum, oci_source_packed_tar_digest(s)->text + strlen("sha256:"));
        oci_buf_done(&b);
        drop(s);
        tree_remove(work);
    }
    struct oci_source *s = packed(OCI_COMPRESS_GZIP);
    struct oci_buf b = read_all(s);
    tree_put_bytes(tree_temporary(work), "a", b.p, b.len, 0644);
    CHECK_INT(tree_shell("cd %s && tar xzf a && diff -r t %s", work, dir), 0);
    oci_buf_done(&b);
    drop(s);
    tree_remove(work);
    pool_host_done(&host);
    tree_remove(dir);
}

TEST(when_nobody_reads_it_stops)
{
    make_tree();
    pool_host_init(&host);
    struct oci_source *s = packed(OCI_COMPRESS_NONE);
    char byte;
    size_t n = 0;
    CHECK_INT(read_some(s, &byte, 1, &n), OCI_OK);
    drain();
    /* At most seven blocks on their way, of more than a dozen: each was planned, filled and hashed. */
    CHECK(host.jobs <= 3 * 7);
    unsigned before = host.jobs;
    for (int i = 0; i < 1000; i++)
        CHECK_INT(read_some(s, &byte, 1, &n), OCI_OK);
    CHECK_INT(host.jobs, before);
    drop(s);
    CHECK_INT(host.jobs, before);
    pool_host_done(&host);
    tree_remove(dir);
}

TEST(it_can_be_given_up_at_any_time)
{
    make_tree();
    static char piece[65536];
    size_t fds = tree_count("/proc/self/fd"), n;
    for (unsigned turns = 0; turns < 20; turns++) {
        pool_host_init(&host);
        host.alone = turns % 2;
        struct oci_source *s = packed(turns % 3);
        for (unsigned i = 0; i < turns; i++) {
            int rc = s->type->read(s, piece, sizeof piece, &n, &err);
            CHECK(rc == OCI_OK || rc == OCI_PAUSED);
            if (rc == OCI_PAUSED)
                turn();
        }
        if (turns % 4 == 1) { /* begun anew while the jobs of the first run are on their way */
            CHECK_INT(s->type->rewind(s, &err), OCI_OK);
            CHECK_INT(read_some(s, piece, sizeof piece, &n), OCI_OK);
        } else if (turns % 4 == 2) {
            s->type->close(s);
        }
        drop(s);
        pool_host_done(&host);
        CHECK_INT(tree_count("/proc/self/fd"), fds);
    }
    tree_remove(dir);
}

/* A block that fails is told of in its turn, not before. */
TEST(what_comes_before_an_error_is_given_first)
{
    make_tree();
    pool_host_init(&host);
    struct oci_source *s = packed(OCI_COMPRESS_NONE);
    struct oci_buf whole = read_all(s), part;
    drop(s);
    CHECK_INT(tree_shell("mkfifo %s/5/z", dir), 0);
    s = packed(OCI_COMPRESS_NONE);
    oci_buf_init(&part, 256u << 20);
    CHECK_INT(read_on(s, &part), OCI_INVALID);
    CHECK(tree_is_at(err.path, dir, "5/z"));
    CHECK(part.len > 5u << 20 && part.len % (1u << 20) == 0);
    CHECK_MEM(part.p, whole.p, part.len);
    char byte;
    size_t n;
    oci_err_clear(&err);
    CHECK_INT(s->type->read(s, &byte, 1, &n, &err), OCI_INVALID); /* and stays so */
    drop(s);
    oci_buf_done(&whole);
    oci_buf_done(&part);
    pool_host_done(&host);
    tree_remove(dir);
}

TEST(many_at_once_share_the_blocks)
{
    enum { MANY = 12 };
    static char piece[65536];
    struct oci_source *all[MANY];
    struct oci_buf got[MANY], first;
    bool over[MANY] = {false};
    make_tree();
    pool_host_init(&host);
    all[0] = packed(OCI_COMPRESS_ZSTD);
    first = read_all(all[0]);
    drop(all[0]);
    for (int i = 0; i < MANY; i++) {
        all[i] = packed(OCI_COMPRESS_ZSTD);
        oci_buf_init(&got[i], 256u << 20);
    }
    for (int left = MANY; left > 0;) {
        bool idle = true;
        for (int i = 0; i < MANY; i++) {
            size_t n = 0;
            int rc = over[i] ? OCI_PAUSED : all[i]->type->read(all[i], piece, sizeof piece, &n, &err);
            if (rc == OCI_OK)
                CHECK_INT(oci_buf_add(&got[i], piece, n), OCI_OK);
            else if (rc == OCI_END_OF_CONTENT)
                over[i] = true, left--;
            else if (rc != OCI_PAUSED)
                FAIL("%s", err.text);
            idle = idle && rc == OCI_PAUSED;
        }
        if (idle && left > 0)
            turn();
    }
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(got[i].len, first.len);
        CHECK_MEM(got[i].p, first.p, first.len);
        oci_buf_done(&got[i]);
        drop(all[i]);
    }
    oci_buf_done(&first);
    pool_host_done(&host);
    tree_remove(dir);
}

/* What the parent has in use is not missing in the child. */
TEST(a_child_of_a_fork_has_all_the_blocks)
{
    enum { MANY = 9 };
    struct oci_source *all[MANY], *s;
    char byte;
    size_t n;
    int status = -1;
    make_tree();
    pool_host_init(&host);
    host.alone = true;
    for (int i = 0; i < MANY; i++) {
        all[i] = packed(OCI_COMPRESS_NONE);
        CHECK_INT(read_some(all[i], &byte, 1, &n), OCI_OK);
    }
    drain();
    s = packed(OCI_COMPRESS_NONE);
    pid_t child = fork();
    if (child == 0) {
        unsigned before = host.jobs;
        bool ok = read_some(s, &byte, 1, &n) == OCI_OK;
        drain();
        _exit(ok && host.jobs - before > 3 ? 0 : 1); /* three for each block */
    }
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    unsigned before = host.jobs;
    CHECK_INT(read_some(s, &byte, 1, &n), OCI_OK);
    drain();
    CHECK_INT(host.jobs - before, 3); /* here they are in use */
    drop(s);
    for (int i = 0; i < MANY; i++)
        drop(all[i]);
    pool_host_done(&host);
    tree_remove(dir);
}

TEST(what_is_left_out_is_not_even_looked_into)
{
    char out[512], work[TREE_PATH];
    static const char *const patterns[] = {"*.o", "/build/", "!keep.o", ".git", "sub/**/tmp"};
    tree_temporary(dir);
    tree_put(dir, "a.o", "", 0644);
    tree_put(dir, "a.c", "", 0644);
    tree_put(dir, "keep.o", "", 0644);
    tree_put(dir, "build/x", "", 0644);
    tree_put(dir, "sub/build", "", 0644);
    tree_put(dir, "sub/x/tmp/y", "", 0644);
    tree_put(dir, ".git/config", "", 0644);
    CHECK_INT(tree_shell("mkfifo %s/fifo.o %s/build/fifo && ln -s /etc %s/link.o", dir, dir, dir), 0);
    pool_host_init(&host);
    struct oci_source *s = packed_with((struct oci_pack_options){.ignore = patterns, .ignore_count = 5});
    struct oci_buf b = read_all(s);
    tree_put_bytes(tree_temporary(work), "a", b.p, b.len, 0644);
    tree_output(out, sizeof out, "tar tzf %s/a", work);
    CHECK_STR(out, "t/\nt/a.c\nt/keep.o\nt/sub/\nt/sub/build\nt/sub/x/\n");
    oci_buf_done(&b);
    drop(s);
    static const char *const bad[] = {"x", ""};
    s = packed_with((struct oci_pack_options){.ignore = bad, .ignore_count = 2});
    size_t n;
    CHECK_INT(read_some(s, out, sizeof out, &n), OCI_INVALID);
    drop(s);
    pool_host_done(&host);
    tree_remove(work);
    tree_remove(dir);
}

/* A gigabyte of nothing is what a bomb looks like. */
TEST(what_would_be_refused_as_a_bomb_is_not_packed)
{
    static char piece[65536];
    size_t n;
    uint64_t tar = 0;
    int rc;
    tree_temporary(dir);
    CHECK_INT(tree_shell("truncate -s 1100M %s/zeros", dir), 0);
    pool_host_init(&host);
    struct oci_source *s = packed(OCI_COMPRESS_ZSTD);
    while ((rc = read_some(s, piece, sizeof piece, &n)) == OCI_OK)
        ;
    CHECK_INT(rc, OCI_LIMIT);
    CHECK(strstr(err.text, "pack it without compression") != NULL);
    drop(s);
    s = packed(OCI_COMPRESS_NONE);
    while ((rc = read_some(s, piece, sizeof piece, &n)) == OCI_OK)
        tar += n;
    CHECK_INT(rc, OCI_END_OF_CONTENT);
    CHECK_INT(tar, (1100u << 20) + 2 * 512 + 1024);
    drop(s);
    pool_host_done(&host);
    tree_remove(dir);
}

TEST(what_is_too_long_with_its_title_to_be_unpacked_is_not_packed)
{
    char path[3900] = "", title[251] = "", piece[1024];
    size_t n;
    memset(title, 't', sizeof title - 1);
    for (size_t i = 0; i < 16; i++) {
        memset(path + 241 * i, 'd', 240);
        path[241 * i + 240] = '/';
    }
    tree_dir(tree_temporary(dir), path);
    pool_host_init(&host);
    struct oci_source *s = oci_source_packed(dir, title, &(struct oci_pack_options){.host = &host.host});
    CHECK(s != NULL);
    CHECK_INT(read_some(s, piece, sizeof piece, &n), OCI_LIMIT);
    CHECK(strstr(err.text, "longer than a path may be") != NULL);
    drop(s);
    pool_host_done(&host);
    tree_remove(dir);
}
