/* Every allocation of packing, of reading an archive, of looking for credentials and of the file calls fails once: an
 * ordinary error, nothing leaked. zlib's, cJSON's and OpenSSL's allocations count too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "failmalloc.h"
#include "pack/pack.h"
#include "pack/untar_stream.h"
#include "pool_host.h"
#include "sys/file.h"
#include "tar_box.h"
#include "test.h"
#include "tree.h"

static int (*running)(struct oci_err *err);

/* Whatever fails says so. */
static int run(struct oci_err *err)
{
    int rc = running(err);
    CHECK_INT(err->code, rc);
    return rc;
}

static void sweep(int (*scenario)(struct oci_err *err))
{
    running = scenario;
    failmalloc_sweep(run, OCI_OK);
}

static char dir[TREE_PATH];

static struct pool_host host;
static enum oci_compression how;
static const char *const left_out[] = {"*.o", "!keep.o"};

static int pack(struct oci_err *err)
{
    static char piece[65536];
    struct oci_pack_options o = {.compression = how, .ignore = left_out, .ignore_count = 2, .host = &host.host};
    struct oci_source *s = oci_source_packed(dir, "title", &o);
    if (!s)
        return oci_err_no_memory(err);
    int rc = OCI_OK;
    size_t n;
    while (rc == OCI_OK || rc == OCI_PAUSED) {
        if (rc == OCI_PAUSED)
            pool_host_poll(&host);
        rc = s->type->read(s, piece, sizeof piece, &n, err);
    }
    oci_source_free(s);
    while (host.posted > 0)
        pool_host_poll(&host);
    return rc == OCI_END_OF_CONTENT ? OCI_OK : rc;
}

TEST(packing_without_memory)
{
    char name[220];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    tree_temporary(dir);
    tree_put(dir, "a/f", "hello", 0644);
    tree_put(dir, "a/f.o", "left out", 0644);
    tree_put(dir, name, "a name for pax", 0644);
    tree_link(dir, "l", "a/f");
    pool_host_init(&host);
    host.alone = true;
    for (how = 0; how <= OCI_COMPRESS_NONE; how++)
        sweep(pack);
    pool_host_done(&host);
    tree_remove(dir);
}

static int archive_fd = -1, to_fd = -1;

/* Only the stream: libarchive 3.6.2 itself ends the process when it gets no memory. */
static int read_stream(struct oci_err *err)
{
    struct oci_untar_stream u = {.fd = archive_fd, .max_bytes = 1u << 20};
    const struct oci_str algorithm = OCI_STR(OCI_SHA256);
    const void *p;
    size_t n;
    int rc = oci_untar_stream_open(&u, &algorithm, err);
    while (rc == OCI_OK)
        rc = oci_untar_stream_read(&u, &p, &n, err);
    oci_untar_stream_close(&u);
    return rc == OCI_END_OF_CONTENT ? OCI_OK : rc;
}

TEST(reading_an_archive_without_memory)
{
    char path[TREE_PATH + 16];
    box_make();
    tar_begin();
    TAR_FILE("t/d/f", "hello");
    tar_end();
    struct oci_buf z = tar_gzip(tar_made.p, tar_made.len);
    tree_put_bytes(box_dir, "archive", z.p, z.len, 0600);
    snprintf(path, sizeof path, "%s/archive", box_dir);
    CHECK_INT(oci_file_open_read(OCI_CWD, path, false, &archive_fd, NULL, NULL), OCI_OK);
    sweep(read_stream);
    oci_buf_done(&z);
    tree_remove(box_dir);
}

static char zipped[TREE_PATH + 16];

static int tar_digest(struct oci_err *err)
{
    struct oci_tar_digest_work t;
    oci_tar_digest_work_init(&t, zipped, OCI_SHA256);
    int rc;
    do
        rc = t.work.run(&t.work, err);
    while (rc == OCI_AGAIN);
    oci_tar_digest_work_done(&t);
    return rc;
}

TEST(the_digest_of_what_is_in_an_archive_without_memory)
{
    box_make();
    struct oci_buf z = tar_gzip("hello", 5);
    tree_put_bytes(box_dir, "archive", z.p, z.len, 0600);
    snprintf(zipped, sizeof zipped, "%s/archive", box_dir);
    sweep(tar_digest);
    oci_buf_done(&z);
    tree_remove(box_dir);
}

static int find(struct oci_err *err)
{
    struct oci_credential c, copy = {0};
    int rc = oci_auth_find("r.io", "ns/a", &c, err);
    if (rc == OCI_OK && oci_credential_copy(&c, &copy) != OCI_OK)
        rc = oci_err_no_memory(err);
    if (rc == OCI_OK)
        CHECK_STR(copy.password, "hunter2"); /* never anonymous instead */
    oci_credential_done(&copy);
    oci_credential_done(&c);
    return rc;
}

TEST(looking_for_credentials_without_memory)
{
    tree_temporary(dir);
    tree_put(dir, "config.json",
             "{\"auths\":{\"r.io\":{},\"r.io/ns\":{\"auth\":\"dXNlcjpodW50ZXIy\"},\"s.io\":{\"auth\":\"x\"}}}", 0600);
    setenv("DOCKER_CONFIG", dir, 1);
    sweep(find);
    tree_remove(dir);
}

static int files(struct oci_err *err)
{
    char **names;
    size_t count;
    struct oci_bytes *b = NULL;
    int rc = oci_dir_list(to_fd, &names, &count, err);
    if (rc == OCI_OK)
        oci_names_free(names);
    if (rc == OCI_OK)
        rc = oci_file_write_atomic(to_fd, "f", "text", 4, 0600, true, err);
    if (rc == OCI_OK)
        rc = oci_file_read_all(to_fd, "f", 100, &b, err);
    if (b)
        oci_bytes_unref(b);
    return rc;
}

TEST(files_without_memory)
{
    tree_put(tree_temporary(dir), "f", "x", 0600);
    for (int i = 0; i < 20; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        tree_put(dir, name, "", 0600);
    }
    CHECK_INT(oci_dir_open(OCI_CWD, dir, false, &to_fd, NULL), OCI_OK);
    sweep(files);
    CHECK_INT(tree_count(dir), 21);
    tree_remove(dir);
}
