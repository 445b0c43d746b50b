/* Changes of an image layout: durable, whole when something fails, and merged with those of others. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "content/content_kinds.h"
#include "layout_kit.h"
#include "model/manifest.h"
#include "store/layout.h"
#include "test.h"

#define MIB (1024u * 1024u)

/* ---- durability ---------------------------------------------------------------------------- */

static unsigned syncs_of_push(unsigned blobs)
{
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 7, &desc);
    for (unsigned i = 0; i < blobs; i++) {
        struct oci_bytes *data = scratch_bytes(20, i);
        CHECK_INT(kit_put(&layout_host, layout_store, data, "sha256", NULL, NULL), OCI_OK);
        oci_bytes_unref(data);
    }
    /* Each sync in its turn fails, until there are no more: then the tag is there. */
    unsigned syncs = 0;
    for (;; syncs++) {
        struct oci_err err;
        CHECK(syncs < 100);
        oci_fault_arm(OCI_FAULT_SYNC, syncs, 1, EIO);
        int rc = kit_put_manifest(&layout_host, layout_store, &desc, m, "v1", &err);
        oci_fault_clear();
        if (rc == OCI_OK)
            break;
        CHECK_INT(rc, OCI_IO);
        CHECK(strstr(err.text, strerror(EIO)));
        layout_check_clean();
        /* What could not be made durable was thrown away: put it again. */
        oci_bytes_unref(kit_manifest(&layout_host, layout_store, 7, &desc));
        for (unsigned i = 0; i < blobs; i++) {
            struct oci_bytes *data = scratch_bytes(20, i);
            CHECK_INT(kit_put(&layout_host, layout_store, data, "sha256", NULL, NULL), OCI_OK);
            oci_bytes_unref(data);
        }
    }
    oci_bytes_unref(m);
    return syncs;
}

TEST(index_json_names_nothing_that_is_not_durable)
{
    layout_begin();
    /* layer, config, manifest; directory of blobs; oci-layout, blobs, parent; index.json, its directory */
    unsigned few = syncs_of_push(0);
    CHECK(few >= 6);
    layout_end();
}

TEST(many_blobs_are_made_durable_at_once)
{
    layout_begin();
    unsigned many = syncs_of_push(100);
    CHECK(many >= 3 && many < 10);
    CHECK_STR(kit_tags(&layout_host, layout_store), "v1");
    layout_end();
}

TEST(what_is_known_to_be_durable_is_not_synced_again)
{
    layout_begin();
    struct oci_layout *l = OCI_OWNER(layout_store, struct oci_layout, base);
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc);
    CHECK_INT(l->fresh_count, 2);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v1", NULL), OCI_OK);
    CHECK_INT(l->fresh_count, 0);
    CHECK(!l->made);
    oci_bytes_unref(m);
    layout_end();
}

/* ---- failures ------------------------------------------------------------------------------ */

TEST(any_operation_may_fail_and_the_old_index_stays)
{
    layout_begin();
    static const enum oci_fault kinds[] = {OCI_FAULT_OPEN, OCI_FAULT_WRITE, OCI_FAULT_RENAME, OCI_FAULT_CLOSE,
                                           OCI_FAULT_MKDIR, OCI_FAULT_READ};
    struct oci_desc a, b;
    struct oci_bytes *ma = kit_manifest(&layout_host, layout_store, 1, &a),
                     *mb = kit_manifest(&layout_host, layout_store, 2, &b);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "v1", NULL), OCI_OK);
    char before[4096];
    snprintf(before, sizeof before, "%s", layout_index());
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned after = 0;; after++) {
            struct oci_err err;
            CHECK(after < 100);
            struct oci_store *s = layout_open(true);
            oci_fault_arm(kinds[k], after, 1, ENOSPC);
            int rc = kit_put_manifest(&layout_host, s, &b, mb, "v1", &err);
            oci_fault_clear();
            oci_store_free(s);
            layout_check_clean();
            if (rc == OCI_OK)
                break;
            CHECK_INT(rc, OCI_IO);
            if (!strstr(err.text, strerror(ENOSPC)))
                FAIL("%s", err.text);
            CHECK_STR(layout_index(), before);
        }
        CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "v1", NULL), OCI_OK);
        CHECK_STR(layout_index(), before);
        CHECK_INT(unlink(layout_blob(&b.digest)), 0);
    }
    oci_bytes_unref(ma);
    oci_bytes_unref(mb);
    layout_end();
}

TEST(making_a_layout_may_fail)
{
    layout_begin();
    static const enum oci_fault kinds[] = {OCI_FAULT_OPEN, OCI_FAULT_WRITE, OCI_FAULT_RENAME, OCI_FAULT_CLOSE,
                                           OCI_FAULT_MKDIR};
    struct oci_bytes *data = scratch_bytes(100, 1);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned after = 0;; after++) {
            CHECK(after < 100);
            struct oci_store *s = layout_open(true);
            oci_fault_arm(kinds[k], after, 1, ENOSPC);
            int rc = kit_put(&layout_host, s, data, "sha256", NULL, NULL);
            oci_fault_clear();
            oci_store_free(s);
            if (scratch_exists(layout_dir))
                layout_check_clean();
            if (rc == OCI_OK)
                break;
            /* The next one finds what is there, and completes it. */
            s = layout_open(true);
            CHECK_INT(kit_put(&layout_host, s, data, "sha256", NULL, NULL), OCI_OK);
            oci_store_free(s);
            oci_dir_remove_all(OCI_CWD, layout_dir, NULL);
        }
        oci_dir_remove_all(OCI_CWD, layout_dir, NULL);
    }
    oci_bytes_unref(data);
    layout_end();
}

TEST(a_file_size_limit_leaves_nothing)
{
    layout_begin();
    signal(SIGXFSZ, SIG_IGN); /* the engine has it blocked */
    struct oci_bytes *data = scratch_bytes(2 * MIB, 1);
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = MIB;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct oci_err err;
    CHECK_INT(kit_put(&layout_host, layout_store, data, "sha256", NULL, &err), OCI_IO);
    CHECK(strstr(err.text, strerror(EFBIG)));
    CHECK_STR(scratch_tree(layout_dir), "blobs/\nblobs/sha256/\nindex.json\noci-layout\n");
    oci_bytes_unref(data);
    layout_end();
}

TEST(a_canceled_put_leaves_nothing)
{
    layout_begin();
    struct oci_bytes *data = scratch_bytes(5 * MIB, 1);
    struct oci_desc desc = scratch_desc(data, "sha256");
    for (unsigned turns = 0;; turns++) {
        struct pool_result r;
        pool_host_start(&layout_host,
                        layout_store->type->put(layout_store, &desc, oci_source_bytes(data), NULL, NULL, NULL), &r);
        for (unsigned t = 0; t < turns && !r.over; t++)
            pool_host_turn(&layout_host);
        bool over = r.over;
        if (!over)
            oci_driver_cancel(layout_host.driver, r.flow);
        CHECK(pool_host_wait(&layout_host, &r) == (over ? OCI_OK : r.err.code));
        if (scratch_exists(layout_dir))
            layout_check_clean();
        if (scratch_exists(layout_blob(&desc.digest)))
            CHECK(scratch_has(layout_blob(&desc.digest), data->p, data->len));
        else
            CHECK_INT(r.err.code, OCI_CANCELED);
        unlink(layout_blob(&desc.digest));
        if (over)
            break;
    }
    oci_bytes_unref(data);
    layout_end();
}

/* ---- more than one at a time --------------------------------------------------------------- */

TEST(a_locked_layout_is_waited_for_and_the_wait_can_be_canceled)
{
    layout_begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v1", NULL), OCI_OK);
    int fd;
    bool locked;
    CHECK_INT(oci_file_open_read(OCI_CWD, scratch_path("layout/index.json.lock"), false, &fd, NULL, NULL), OCI_OK);
    CHECK_INT(oci_file_try_lock(fd, &locked, NULL), OCI_OK);
    CHECK(locked);
    struct pool_result r, waiting;
    pool_host_start(&layout_host, layout_store->type->put_manifest(layout_store, &desc, m, "v2"), &r);
    for (int i = 0; i < 10; i++)
        pool_host_turn(&layout_host);
    pool_host_start(&layout_host, layout_store->type->put_manifest(layout_store, &desc, m, "v3"), &waiting);
    for (int i = 0; i < 10; i++)
        pool_host_turn(&layout_host);
    CHECK(!r.over && !waiting.over);
    oci_driver_cancel(layout_host.driver, r.flow);
    CHECK_INT(pool_host_wait(&layout_host, &r), OCI_CANCELED);
    oci_file_unlock(fd);
    oci_fd_close(fd);
    CHECK_INT(pool_host_wait(&layout_host, &waiting), OCI_OK);
    CHECK_STR(kit_tags(&layout_host, layout_store), "v1 v3");
    oci_bytes_unref(m);
    layout_end();
}

TEST(many_manifests_put_at_once_by_two_stores)
{
    layout_begin();
    enum { MANY = 20 };
    struct oci_store *other = layout_open(true);
    struct oci_desc desc[MANY];
    struct oci_bytes *m[MANY];
    struct pool_result r[MANY];
    for (int i = 0; i < MANY; i++)
        m[i] = kit_manifest(&layout_host, layout_store, (unsigned)i, &desc[i]);
    for (int i = 0; i < MANY; i++) {
        char tag[20];
        snprintf(tag, sizeof tag, "t%02d", i);
        struct oci_store *s = i % 2 ? other : layout_store;
        pool_host_start(&layout_host, s->type->put_manifest(s, &desc[i], m[i], tag), &r[i]);
    }
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(pool_host_wait(&layout_host, &r[i]), OCI_OK);
        oci_bytes_unref(m[i]);
    }
    CHECK_STR(kit_tags(&layout_host, layout_store),
              "t00 t01 t02 t03 t04 t05 t06 t07 t08 t09 t10 t11 t12 t13 t14 t15 t16 t17 t18 t19");
    oci_store_free(other);
    layout_end();
}

/* One process of several: pushes `count` manifests of its own, each with a tag of its own. */
static void push_some(unsigned who, unsigned count)
{
    pool_host_init(&layout_host);
    layout_store = layout_open(true);
    for (unsigned i = 0; i < count; i++) {
        struct oci_desc desc;
        struct oci_err err;
        char tag[20];
        snprintf(tag, sizeof tag, "p%u-%02u", who, i);
        struct oci_bytes *m = kit_manifest(&layout_host, layout_store, who * 100 + i, &desc);
        if (kit_put_manifest(&layout_host, layout_store, &desc, m, tag, &err) != OCI_OK)
            FAIL("%s", err.text);
        oci_bytes_unref(m);
    }
    oci_store_free(layout_store);
    pool_host_done(&layout_host);
}

/* The pool is not running yet when it is called. */
static pid_t fork_pusher(unsigned who, unsigned count)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        push_some(who, count);
        _exit(0);
    }
    return pid;
}

TEST(processes_that_push_at_the_same_time_lose_no_tag)
{
    enum { PROCESSES = 4, EACH = 10 };
    snprintf(layout_dir, sizeof layout_dir, "%s/layout", scratch_dir());
    pid_t pids[PROCESSES];
    for (unsigned i = 0; i < PROCESSES; i++)
        pids[i] = fork_pusher(i, EACH);
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status;
        CHECK_INT(waitpid(pids[i], &status, 0), pids[i]);
        CHECK_INT(status, 0);
    }
    layout_begin();
    char want[4096] = "";
    for (unsigned p = 0; p < PROCESSES; p++) {
        for (unsigned i = 0; i < EACH; i++)
            snprintf(want + strlen(want), sizeof want - strlen(want), "%sp%u-%02u", p + i ? " " : "", p, i);
    }
    CHECK_STR(kit_tags(&layout_host, layout_store), want);
    for (unsigned p = 0; p < PROCESSES; p++) {
        char tag[20];
        snprintf(tag, sizeof tag, "p%u-09", p);
        CHECK_INT(kit_get_manifest(&layout_host, layout_store, tag, NULL, NULL, NULL), OCI_OK);
    }
    layout_check_clean();
    layout_end();
}

/* Is there a temporary file? */
static bool busy(const char *path)
{
    bool found = false;
    DIR *d = opendir(path);
    for (struct dirent *e = NULL; d && !found && (e = readdir(d));)
        found = strncmp(e->d_name, ".oci-", 5) == 0;
    if (d)
        closedir(d);
    return found;
}

static void remove_temporaries(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e = NULL; d && (e = readdir(d));) {
        if (strncmp(e->d_name, ".oci-", 5) == 0)
            unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
}

/* A file that somebody wrote to so long ago. */
static void old_file(const char *path, int days)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - days * 24 * 3600 - 60}};
    if (!scratch_exists(path))
        scratch_text(path, "x");
    CHECK_INT(utimensat(AT_FDCWD, path, times, 0), 0);
}

#define LEFT(x) ".oci-00000000000000" x

TEST(what_killed_writers_left_is_removed_once_a_day)
{
    layout_begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v1", NULL), OCI_OK);
    CHECK_INT(mkdir(scratch_path("layout/blobs/sha512"), 0755), 0);
    static const char *const stale[] = {LEFT("01"), "blobs/sha256/" LEFT("02"), "blobs/sha512/" LEFT("03")};
    /* Fresh; not called so; of another kind. */
    static const char *const kept[] = {"blobs/sha256/" LEFT("04"), "blobs/sha256/.oci-mine", "blobs/sha256/" LEFT("0g"),
                                       "blobs/sha256/.oci-000000000000000000"};
    const char *dir = scratch_path("layout/%s", LEFT("07")), *link = scratch_path("layout/%s", LEFT("08"));
    CHECK_INT(mkdir(dir, 0755), 0);
    old_file(dir, 9);
    CHECK_INT(symlink("index.json", link), 0);
    for (size_t i = 0; i < 3; i++)
        old_file(scratch_path("layout/%s", stale[i]), 1);
    for (size_t i = 0; i < 4; i++)
        old_file(scratch_path("layout/%s", kept[i]), i == 0 ? 0 : 9);
    /* The lock is younger than a day: today it was done already. */
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v2", NULL), OCI_OK);
    CHECK(scratch_exists(scratch_path("layout/%s", stale[0])));
    old_file(scratch_path("layout/index.json.lock"), 1);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v3", NULL), OCI_OK);
    for (size_t i = 0; i < 3; i++)
        CHECK(!scratch_exists(scratch_path("layout/%s", stale[i])));
    for (size_t i = 0; i < 4; i++)
        CHECK(scratch_exists(scratch_path("layout/%s", kept[i])));
    CHECK(scratch_exists(dir) && scratch_exists(link));
    old_file(scratch_path("layout/%s", stale[0]), 1);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v4", NULL), OCI_OK);
    CHECK(scratch_exists(scratch_path("layout/%s", stale[0])));
    CHECK_STR(kit_tags(&layout_host, layout_store), "v1 v2 v3 v4");
    oci_bytes_unref(m);
    layout_end();
}

/* Killed while it writes: index.json is an old one or a new one, and what it names is there. */
TEST(a_killed_writer_leaves_a_valid_layout)
{
    snprintf(layout_dir, sizeof layout_dir, "%s/layout", scratch_dir());
    unsigned killed = 0;
    for (unsigned round = 0; round < 30; round++) {
        const char *path = round % 3 ? layout_dir : scratch_path("layout/blobs/sha256");
        pid_t pid = fork_pusher(round, 50);
        bool over = false;
        while (!over && !busy(path))
            over = waitpid(pid, NULL, WNOHANG) == pid;
        if (over)
            continue;
        CHECK_INT(kill(pid, SIGKILL), 0);
        CHECK_INT(waitpid(pid, NULL, 0), pid);
        killed++;
        remove_temporaries(layout_dir); /* so that the next round sees its own */
        remove_temporaries(scratch_path("layout/blobs/sha256"));
    }
    CHECK(killed > 10);
    layout_begin();
    struct oci_names names = {0};
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc); /* the layout is there in any case */
    CHECK_INT(pool_host_run(&layout_host, layout_store->type->tags(layout_store, &names), NULL), OCI_OK);
    for (size_t i = 0; i < names.count; i++) {
        struct oci_bytes *bytes = NULL, *layer = NULL;
        struct oci_manifest *parsed;
        CHECK_INT(kit_get_manifest(&layout_host, layout_store, names.items[i], NULL, &bytes, NULL), OCI_OK);
        CHECK_INT(oci_manifest_parse(bytes, OCI_TYPE_MANIFEST, NULL, &parsed, NULL), OCI_OK);
        CHECK_INT(kit_get(&layout_host, layout_store, &parsed->items[0], &layer, NULL), OCI_OK);
        oci_manifest_free(parsed);
        oci_bytes_unref(layer);
        oci_bytes_unref(bytes);
    }
    oci_names_done(&names);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "after", NULL), OCI_OK);
    oci_bytes_unref(m);
    layout_end();
}
