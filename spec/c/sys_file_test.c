/* Files and directories (csrc/sys/file.h): nothing follows a link that should not, nothing is half done. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/file.h"
#include "sys/pool.h"
#include "test.h"
#include "tree.h"

static struct oci_err err;
static char dir[TREE_PATH];
static int at; /* its descriptor */

static void set_up(void)
{
    tree_temporary(dir);
    oci_err_clear(&err);
    CHECK_INT(oci_dir_open(OCI_CWD, dir, false, &at, &err), OCI_OK);
}

static void tear_down(void)
{
    oci_fd_close(at);
    tree_remove(dir);
}

/* The result of a call that must fail so, with the path recorded and a text. */
#define CHECK_FAILS(call, code_)           \
    do {                                   \
        oci_err_clear(&err);               \
        CHECK_INT((call), (code_));        \
        CHECK_INT(err.code, (code_));      \
        CHECK(err.text[0] != '\0');        \
    } while (0)

static void check_link_refused(const char *rel)
{
    int fd;
    CHECK_FAILS(oci_file_open_read_beneath(at, rel, &fd, NULL, &err), OCI_UNSAFE_PATH);
    CHECK_STR(err.path, rel);
    CHECK_FAILS(oci_dir_open_beneath(at, rel, false, &fd, &err), OCI_UNSAFE_PATH);
    CHECK_FAILS(oci_dir_open_beneath(at, rel, true, &fd, &err), OCI_UNSAFE_PATH);
}

/* ---- beneath ---- */

static void check_beneath(void)
{
    int fd;
    struct oci_file_info info;
    set_up();
    tree_put(dir, "in/a/f", "12345", 0640);
    tree_put(dir, "out/f", "secret", 0600);
    tree_link(dir, "in/file", "a/f");
    tree_link(dir, "in/dir", "a");
    tree_link(dir, "in/up", "../out");
    tree_link(dir, "in/a/up", "../../out");
    tree_link(dir, "in/abs", "/etc");
    tree_link(dir, "in/dangling", "nowhere");
    tree_link(dir, "in/self", "self");
    tree_link(dir, "in/proc", "/proc/self/cwd");
    oci_fd_close(at);
    char in[TREE_PATH + 4];
    snprintf(in, sizeof in, "%s/in", dir);
    CHECK_INT(oci_dir_open(OCI_CWD, in, false, &at, NULL), OCI_OK);
    static const char *const bad[] = {
        "file", "dir",         "up",       "a/up", "abs",      "dangling", "self",   "proc",    "dir/f",
        "up/f", "a/up/f",      "..",       "/",    "../out",   "self/x",   "a/..",   "../in/a", "abs/passwd",
        "/etc", "a/../../out", "proc/etc", "a//../x", "./../out", "a/../a", "dangling/x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_link_refused(bad[i]);
    static const char *const good[] = {"a/f", "./a/f", "a//f", "a/./f"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_INT(oci_file_open_read_beneath(at, good[i], &fd, &info, &err), OCI_OK);
        CHECK(info.kind == OCI_FILE_REGULAR && info.size == 5 && info.mode == 0640);
        CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        oci_fd_close(fd);
    }
    static const char *const dirs[] = {"a", "a/", "a//", "./a", ".", "", "a/."};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        CHECK_INT(oci_dir_open_beneath(at, dirs[i], false, &fd, &err), OCI_OK);
        CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        oci_fd_close(fd);
    }
    CHECK_FAILS(oci_file_open_read_beneath(at, "a/x", &fd, NULL, &err), OCI_NOT_FOUND);
    CHECK_FAILS(oci_file_open_read_beneath(at, "x/f", &fd, NULL, &err), OCI_NOT_FOUND);
    CHECK_FAILS(oci_file_open_read_beneath(at, "a/f/g", &fd, NULL, &err), OCI_NOT_FOUND);
    CHECK_FAILS(oci_file_open_read_beneath(at, "a", &fd, NULL, &err), OCI_INVALID);
    CHECK_FAILS(oci_dir_open_beneath(at, "x/y", false, &fd, &err), OCI_NOT_FOUND);
    CHECK_FAILS(oci_dir_open_beneath(at, "a/f", false, &fd, &err), OCI_IO);
    CHECK_FAILS(oci_dir_open_beneath(at, "a/f", true, &fd, &err), OCI_EXISTS);
    CHECK_FAILS(oci_dir_open_beneath(at, "a/f/g", true, &fd, &err), OCI_EXISTS);
    CHECK_INT(oci_dir_open_beneath(at, "new/one//two/", true, &fd, &err), OCI_OK);
    oci_fd_close(fd);
    CHECK_INT(tree_mode(in, "new/one/two"), 0755);
    CHECK_STR(tree_get(dir, "out/f"), "secret");
    CHECK_INT(tree_count(in), 9);
    tear_down();
}

TEST(beneath_follows_no_link_and_never_leaves)
{
    check_beneath();
}

TEST(beneath_holds_where_openat2_is_missing)
{
    oci_file_force_fallbacks(true);
    check_beneath();
    oci_file_force_fallbacks(false);
}

TEST(beneath_walks_when_the_kernel_or_a_sandbox_refuses)
{
    static const int reasons[] = {EPERM, EINVAL, ENOSYS};
    int fd;
    set_up();
    tree_put(dir, "a/f", "x", 0644);
    for (size_t i = 0; i < 3; i++) {
        oci_fault_arm(OCI_FAULT_OPEN, 0, 1, reasons[i]);
        CHECK_INT(oci_file_open_read_beneath(at, "a/f", &fd, NULL, &err), OCI_OK);
        oci_fd_close(fd);
    }
    /* ENOSYS is remembered: the next call is no openat2, which a fault would hit before the walk's two. */
    oci_fault_arm(OCI_FAULT_OPEN, 2, 1, EIO);
    CHECK_INT(oci_file_open_read_beneath(at, "a/f", &fd, NULL, &err), OCI_OK);
    oci_fd_close(fd);
    oci_fault_clear();
    tear_down();
    check_beneath();
}

TEST(a_long_part_of_a_name_is_an_error_and_no_overflow)
{
    char name[600];
    int fd;
    set_up();
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (int fallback = 0; fallback < 2; fallback++) {
        oci_file_force_fallbacks(fallback);
        CHECK_FAILS(oci_file_open_read_beneath(at, name, &fd, NULL, &err), OCI_IO);
        CHECK_FAILS(oci_dir_open_beneath(at, name, true, &fd, &err), OCI_IO);
    }
    oci_file_force_fallbacks(false);
    tear_down();
}

/* ---- opening ---- */

TEST(only_regular_files_are_read_and_a_fifo_does_not_block)
{
    int fd;
    set_up();
    tree_put(dir, "f", "x", 0644);
    tree_link(dir, "l", "f");
    tree_dir(dir, "d");
    tree_shell("mkfifo %s/fifo", dir);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s/socket", dir);
    CHECK_INT(bind(s, (struct sockaddr *)&a, sizeof a), 0);
    close(s);
    CHECK_FAILS(oci_file_open_read(at, "fifo", true, &fd, NULL, &err), OCI_INVALID);
    CHECK_STR(err.text, "cannot read fifo: it is not a regular file");
    CHECK_STR(err.path, "fifo");
    CHECK_FAILS(oci_file_open_read_beneath(at, "fifo", &fd, NULL, &err), OCI_INVALID);
    CHECK_FAILS(oci_file_open_read(at, "d", true, &fd, NULL, &err), OCI_INVALID);
    CHECK_FAILS(oci_file_open_read(OCI_CWD, "/dev/null", true, &fd, NULL, &err), OCI_INVALID);
    CHECK_FAILS(oci_file_open_read(at, "socket", true, &fd, NULL, &err), OCI_IO);
    CHECK_FAILS(oci_file_open_read(at, "l", false, &fd, NULL, &err), OCI_UNSAFE_PATH);
    CHECK_FAILS(oci_file_open_read(at, "none", true, &fd, NULL, &err), OCI_NOT_FOUND);
    CHECK_STR(err.text, "cannot open none: No such file or directory");
    CHECK_INT(oci_file_open_read(at, "l", true, &fd, NULL, &err), OCI_OK);
    oci_fd_close(fd);
    tear_down();
}

TEST(creating_never_reuses_a_name)
{
    int fd;
    char b[8];
    size_t n;
    set_up();
    tree_put(dir, "f", "old", 0644);
    tree_link(dir, "dangling", "elsewhere");
    tree_link(dir, "l", "f");
    CHECK_FAILS(oci_file_create(at, "f", 0644, &fd, &err), OCI_EXISTS);
    CHECK_FAILS(oci_file_create(at, "l", 0644, &fd, &err), OCI_EXISTS);
    CHECK_FAILS(oci_file_create(at, "dangling", 0644, &fd, &err), OCI_EXISTS);
    CHECK(!tree_exists(dir, "elsewhere"));
    CHECK_STR(tree_get(dir, "f"), "old");
    mode_t before = umask(027);
    CHECK_INT(oci_file_create(at, "new", 0666, &fd, &err), OCI_OK);
    umask(before);
    CHECK_INT(tree_mode(dir, "new"), 0640);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    CHECK_INT(oci_file_pwrite(fd, "abc", 3, 0, &err), OCI_OK); /* and it can be read by the same descriptor */
    CHECK_INT(oci_file_pread(fd, b, sizeof b, 1, &n, &err), OCI_OK);
    CHECK_INT(n, 2);
    CHECK_MEM(b, "bc", 2);
    CHECK_INT(oci_file_set_mode(fd, 0755, &err), OCI_OK);
    CHECK_INT(tree_mode(dir, "new"), 0755);
    CHECK_INT(oci_file_close(fd, &err), OCI_OK);
    tear_down();
}

TEST(what_a_name_is_can_be_told)
{
    struct oci_file_info info, other;
    set_up();
    tree_put(dir, "f", "12345", 0604);
    tree_dir(dir, "d");
    tree_link(dir, "l", "d");
    CHECK_INT(oci_file_info(at, "f", false, &info, &err), OCI_OK);
    CHECK(info.kind == OCI_FILE_REGULAR && info.size == 5 && info.mode == 0604);
    CHECK_INT(oci_file_info(at, "d", false, &other, &err), OCI_OK);
    CHECK(other.kind == OCI_FILE_DIRECTORY && other.dev == info.dev && other.ino != info.ino);
    CHECK_INT(oci_file_info(at, "l", false, &info, &err), OCI_OK);
    CHECK_INT(info.kind, OCI_FILE_SYMLINK);
    CHECK_INT(oci_file_info(at, "l", true, &info, &err), OCI_OK);
    CHECK(info.kind == OCI_FILE_DIRECTORY && info.ino == other.ino);
    CHECK_INT(oci_file_info(OCI_CWD, "/dev/null", false, &info, &err), OCI_OK);
    CHECK_INT(info.kind, OCI_FILE_OTHER);
    CHECK_FAILS(oci_file_info(at, "f/x", false, &info, &err), OCI_NOT_FOUND);
    tree_shell("touch -d @1000000000.5 %s/f", dir);
    CHECK_INT(oci_file_info(at, "f", false, &info, &err), OCI_OK);
    CHECK_INT(info.mtime_ns, 1000000000500000000);
    CHECK(info.ctime_ns > info.mtime_ns);
    tear_down();
}

/* ---- reading and writing ---- */

TEST(reading_ends_and_writing_writes_all_of_it)
{
    int fd;
    char b[16];
    size_t n = 9;
    set_up();
    CHECK_INT(oci_file_create(at, "f", 0644, &fd, &err), OCI_OK);
    CHECK_INT(oci_file_pread(fd, b, sizeof b, 0, &n, &err), OCI_OK);
    CHECK_INT(n, 0);
    oci_fault_arm(OCI_FAULT_WRITE, 0, 4, 0); /* short writes */
    CHECK_INT(oci_file_pwrite(fd, "0123456789", 10, 2, &err), OCI_OK);
    oci_fault_arm(OCI_FAULT_WRITE, 0, 3, EINTR);
    CHECK_INT(oci_file_pwrite(fd, "ab", 2, 0, &err), OCI_OK);
    oci_fault_arm(OCI_FAULT_READ, 0, 3, EINTR);
    CHECK_INT(oci_file_pread(fd, b, sizeof b, 0, &n, &err), OCI_OK);
    CHECK_INT(n, 12);
    CHECK_MEM(b, "ab0123456789", 12);
    CHECK_INT(oci_file_pread(fd, b, sizeof b, 1ull << 40, &n, &err), OCI_OK);
    CHECK_INT(n, 0);
    CHECK_INT(oci_file_truncate(fd, 3, &err), OCI_OK);
    CHECK_STR(tree_get(dir, "f"), "ab0");
    CHECK_FAILS(oci_file_pread(fd, b, sizeof b, UINT64_MAX, &n, &err), OCI_IO);
    CHECK_FAILS(oci_file_pwrite(fd, b, 1, UINT64_MAX, &err), OCI_IO);
    CHECK_FAILS(oci_file_truncate(fd, UINT64_MAX, &err), OCI_IO);
    oci_fault_arm(OCI_FAULT_WRITE, 0, 1, ENOSPC);
    CHECK_FAILS(oci_file_pwrite(fd, "x", 1, 0, &err), OCI_IO);
    CHECK_STR(err.text, "cannot write: No space left on device");
    oci_fault_arm(OCI_FAULT_READ, 0, 1, EIO);
    CHECK_FAILS(oci_file_pread(fd, b, 1, 0, &n, &err), OCI_IO);
    oci_fault_arm(OCI_FAULT_SYNC, 0, 1, EIO);
    CHECK_FAILS(oci_file_sync(fd, &err), OCI_IO);
    CHECK_INT(oci_file_sync(fd, &err), OCI_OK);
    CHECK_INT(oci_file_sync(at, &err), OCI_OK); /* a directory */
    oci_file_start_writeback(fd, 0, 3);
    oci_fault_arm(OCI_FAULT_CLOSE, 0, 1, EDQUOT);
    CHECK_FAILS(oci_file_close(fd, &err), OCI_IO);
    CHECK_INT(fcntl(fd, F_GETFD), -1); /* closed all the same */
    oci_fault_clear();
    tear_down();
}

TEST(reserving_changes_no_size_and_tells_what_can_never_fit)
{
    int fd, fds[2];
    struct oci_file_info info;
    set_up();
    CHECK_INT(oci_file_create(at, "f", 0644, &fd, &err), OCI_OK);
    CHECK_INT(oci_file_reserve(fd, 1u << 20, &err), OCI_OK);
    CHECK_INT(oci_file_reserve(fd, 0, &err), OCI_OK);
    CHECK_INT(oci_file_info_fd(fd, &info, &err), OCI_OK);
    CHECK_INT(info.size, 0);
    CHECK_FAILS(oci_file_reserve(fd, 1ull << 62, &err), OCI_IO);
    CHECK_FAILS(oci_file_reserve(fd, UINT64_MAX, &err), OCI_IO);
    oci_fd_close(fd);
    CHECK_INT(pipe(fds), 0);
    CHECK_INT(oci_file_reserve(fds[1], 4096, &err), OCI_OK); /* it cannot; the writes will tell */
    close(fds[0]);
    close(fds[1]);
    tear_down();
}

struct write_job {
    struct oci_job base;
    int fd, rc;
    struct oci_err err;
};

static void write_much(struct oci_job *base)
{
    struct write_job *j = (struct write_job *)(void *)base;
    static char zeros[64 << 10];
    j->rc = oci_file_pwrite(j->fd, zeros, sizeof zeros, 0, &j->err);
}

TEST(over_the_file_size_limit_a_write_on_our_threads_is_an_ordinary_error)
{
    set_up();
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct write_job j = {.base.run = write_much};
        const struct rlimit limit = {10000, 10000};
        struct oci_file_info info;
        signal(SIGXFSZ, SIG_DFL); /* would end the process */
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || oci_file_create(at, "f", 0644, &j.fd, NULL) != OCI_OK)
            _exit(2);
        if (oci_pool_post(&j.base, NULL) != OCI_OK)
            _exit(3);
        oci_pool_stop();
        oci_file_info_fd(j.fd, &info, NULL);
        _exit(j.rc == OCI_IO && strstr(j.err.text, "File too large") && info.size == 10000 ? 0 : 1);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
    tear_down();
}

/* ---- names ---- */

static void check_rename(void)
{
    set_up();
    tree_put(dir, "a", "a", 0644);
    tree_put(dir, "b", "b", 0644);
    tree_put(dir, "d/x", "x", 0644);
    tree_dir(dir, "empty");
    tree_link(dir, "l", "a");
    tree_link(dir, "dangling", "nowhere");
    static const char *const taken[] = {"b", "d", "empty", "l", "dangling"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        CHECK_FAILS(oci_file_rename(at, "a", at, taken[i], false, &err), OCI_EXISTS);
        CHECK_STR(err.path, taken[i]);
        if (strcmp(taken[i], "d") != 0)
            CHECK_FAILS(oci_file_rename(at, "d", at, taken[i], false, &err), OCI_EXISTS);
    }
    CHECK_STR(tree_get(dir, "a"), "a");
    CHECK_STR(tree_get(dir, "b"), "b");
    CHECK_INT(tree_count(dir), 6);
    CHECK_INT(oci_file_rename(at, "a", at, "a2", false, &err), OCI_OK);
    CHECK_INT(oci_file_rename(at, "d", at, "d2", false, &err), OCI_OK);
    CHECK_INT(oci_file_rename(at, "l", at, "l2", false, &err), OCI_OK);
    CHECK(!tree_exists(dir, "a") && !tree_exists(dir, "d") && !tree_exists(dir, "l"));
    CHECK_STR(tree_get(dir, "a2"), "a");
    CHECK_STR(tree_get(dir, "d2/x"), "x");
    CHECK_FAILS(oci_file_rename(at, "none", at, "n", false, &err), OCI_NOT_FOUND);
    CHECK_INT(oci_file_rename(at, "a2", at, "b", true, &err), OCI_OK);
    CHECK_STR(tree_get(dir, "b"), "a");
    CHECK_FAILS(oci_file_rename(at, "b", at, "d2", true, &err), OCI_EXISTS);
    CHECK_FAILS(oci_file_rename(at, "d2", at, "b", true, &err), OCI_EXISTS);
    tree_put(dir, "full/y", "y", 0644);
    CHECK_FAILS(oci_file_rename(at, "d2", at, "full", true, &err), OCI_EXISTS);
    oci_fault_arm(OCI_FAULT_RENAME, 0, 1, EINTR);
    CHECK_INT(oci_file_rename(at, "b", at, "c", false, &err), OCI_OK);
    oci_fault_arm(OCI_FAULT_RENAME, 0, 1, EIO);
    CHECK_FAILS(oci_file_rename(at, "c", at, "b", false, &err), OCI_IO);
    oci_fault_clear();
    tear_down();
}

TEST(renaming_replaces_only_when_told)
{
    check_rename();
}

TEST(renaming_replaces_only_when_told_where_renameat2_is_missing)
{
    oci_file_force_fallbacks(true);
    check_rename();
    oci_file_force_fallbacks(false);
}

TEST(links_are_made_and_read)
{
    char b[16];
    set_up();
    CHECK_INT(oci_file_symlink(at, "target", "l", &err), OCI_OK);
    CHECK_FAILS(oci_file_symlink(at, "other", "l", &err), OCI_EXISTS);
    CHECK_INT(oci_file_readlink(at, "l", b, 7, &err), OCI_OK);
    CHECK_STR(b, "target");
    CHECK_FAILS(oci_file_readlink(at, "l", b, 6, &err), OCI_LIMIT);
    CHECK_FAILS(oci_file_readlink(at, "none", b, sizeof b, &err), OCI_NOT_FOUND);
    CHECK_INT(oci_file_unlink(at, "l", &err), OCI_OK);
    CHECK_FAILS(oci_file_unlink(at, "l", &err), OCI_NOT_FOUND);
    tear_down();
}

TEST(a_lock_is_tried_and_released_by_name)
{
    int a, b;
    bool locked;
    set_up();
    tree_put(dir, "lock", "", 0644);
    CHECK_INT(oci_file_open_read(at, "lock", false, &a, NULL, &err), OCI_OK);
    CHECK_INT(oci_file_open_read(at, "lock", false, &b, NULL, &err), OCI_OK);
    CHECK_INT(oci_file_try_lock(a, &locked, &err), OCI_OK);
    CHECK(locked);
    CHECK_INT(oci_file_try_lock(b, &locked, &err), OCI_OK);
    CHECK(!locked);
    int fds[2], status;
    CHECK_INT(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) { /* holds the descriptor, and with it the lock, until the pipe is closed */
        char c;
        close(fds[1]);
        _exit(read(fds[0], &c, 1) == 0 ? 0 : 1);
    }
    oci_file_unlock(a);
    oci_fd_close(a);
    CHECK_INT(oci_file_try_lock(b, &locked, &err), OCI_OK);
    CHECK(locked);
    close(fds[0]);
    close(fds[1]);
    waitpid(pid, &status, 0);
    CHECK_INT(status, 0);
    oci_fd_close(b);
    tear_down();
}

/* ---- directories ---- */

TEST(directories_are_made_with_their_parents)
{
    int fd;
    set_up();
    tree_put(dir, "file", "", 0644);
    tree_dir(dir, "real");
    tree_link(dir, "link", "real");
    CHECK_FAILS(oci_dir_open(at, "x/y/z", false, &fd, &err), OCI_NOT_FOUND);
    static const char *const paths[] = {"x/y/z", "x/y/z", "x//y/", "link/below", "./x/w"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        CHECK_INT(oci_dir_open(at, paths[i], true, &fd, &err), OCI_OK);
        oci_fd_close(fd);
    }
    CHECK(tree_exists(dir, "real/below") && tree_exists(dir, "x/w")); /* the caller's own links are followed */
    CHECK_FAILS(oci_dir_open(at, "file", true, &fd, &err), OCI_EXISTS);
    CHECK_FAILS(oci_dir_open(at, "file/x", true, &fd, &err), OCI_EXISTS);
    CHECK_FAILS(oci_dir_open(at, "file", false, &fd, &err), OCI_IO);
    oci_fault_arm(OCI_FAULT_MKDIR, 1, 1, ENOSPC);
    CHECK_FAILS(oci_dir_open(at, "p/q/r", true, &fd, &err), OCI_IO);
    CHECK_STR(err.text, "cannot make the directory p/q/r: No space left on device");
    oci_fault_arm(OCI_FAULT_MKDIR, 1, 1, ENOSPC);
    CHECK_FAILS(oci_dir_open_beneath(at, "s/t/u", true, &fd, &err), OCI_IO);
    oci_fault_clear();
    char *path = oci_asprintf("%s/absolute/one", dir);
    CHECK_INT(oci_dir_open(OCI_CWD, path, true, &fd, &err), OCI_OK);
    oci_fd_close(fd);
    oci_free(path);
    tear_down();
}

TEST(the_mode_that_a_file_would_get_is_known_without_changing_the_umask)
{
    unsigned mode = 1;
    int fd;
    set_up();
    umask(027);
    CHECK(oci_file_mode_in(at, 0666, &mode));
    CHECK_INT(mode, 0640);
    CHECK_INT(oci_file_create(at, "f", 0666, &fd, &err), OCI_OK);
    oci_fd_close(fd);
    CHECK_INT(tree_mode(dir, "f"), mode);
    CHECK_INT(umask(027), 027);
    oci_fault_arm(OCI_FAULT_OPEN, 0, 1, EACCES);
    CHECK(!oci_file_mode_in(at, 0666, &mode));
    oci_fault_clear();
    tear_down();
}

TEST(temporary_directories_are_private_and_differ)
{
    int fd;
    char one[64], two[64];
    set_up();
    mode_t before = umask(0);
    CHECK_INT(oci_dir_make_temporary(at, ".oci-", one, &fd, &err), OCI_OK);
    umask(before);
    oci_fd_close(fd);
    CHECK_INT(oci_dir_make_temporary(at, ".oci-", two, &fd, &err), OCI_OK);
    oci_fd_close(fd);
    CHECK(strncmp(one, ".oci-", 5) == 0 && strcmp(one, two) != 0 && strlen(one) >= 15);
    CHECK_INT(tree_mode(dir, one), 0700);
    CHECK_FAILS(oci_dir_make_temporary(at, "a-prefix-that-is-much-too-long-for-a-temporary-name", one, &fd, &err),
                OCI_INVALID);
    oci_fault_arm(OCI_FAULT_MKDIR, 0, 1, EROFS);
    CHECK_FAILS(oci_dir_make_temporary(at, "x", one, &fd, &err), OCI_IO);
    oci_fault_arm(OCI_FAULT_MKDIR, 0, 1, EEXIST); /* taken: another name */
    CHECK_INT(oci_dir_make_temporary(at, "x", one, &fd, &err), OCI_OK);
    oci_fd_close(fd);
    oci_fault_arm(OCI_FAULT_OPEN, 0, 1, EMFILE);
    CHECK_FAILS(oci_dir_make_temporary(at, "x", one, &fd, &err), OCI_IO);
    oci_fault_clear();
    CHECK_INT(tree_count(dir), 3); /* the one that could not be opened is gone */
    tear_down();
}

TEST(names_are_listed_in_order_of_their_bytes)
{
    static const char *const sorted[] = {".hidden", "A", "Z", "a", "a b", "a.b", "ab", "\xc3\xa4", "\xff"};
    char **names;
    size_t count;
    set_up();
    CHECK_INT(oci_dir_list(at, &names, &count, &err), OCI_OK);
    CHECK(count == 0 && names[0] == NULL);
    oci_names_free(names);
    for (size_t i = 9; i-- > 0;)
        tree_put(dir, sorted[i], "", 0644);
    for (int round = 0; round < 2; round++) { /* the descriptor's position is nobody's */
        CHECK_INT(oci_dir_list(at, &names, &count, &err), OCI_OK);
        CHECK_INT(count, 9);
        for (size_t i = 0; i < 9; i++)
            CHECK_STR(names[i], sorted[i]);
        CHECK(names[9] == NULL);
        oci_names_free(names);
    }
    oci_fault_arm(OCI_FAULT_READ, 3, 1, EIO);
    CHECK_FAILS(oci_dir_list(at, &names, &count, &err), OCI_IO);
    oci_fault_clear();
    oci_names_free(NULL);
    tear_down();
}

TEST(a_listing_says_what_the_entries_are)
{
    struct oci_dir_entry *all;
    size_t count;
    set_up();
    tree_dir(dir, "d");
    tree_put(dir, "f", "", 0644);
    tree_link(dir, "l", "f");
    tree_shell("mkfifo %s/p", dir);
    CHECK_INT(oci_dir_entries(at, &all, &count, &err), OCI_OK);
    CHECK_INT(count, 4);
    static const enum oci_file_kind kinds[] = {OCI_FILE_DIRECTORY, OCI_FILE_REGULAR, OCI_FILE_SYMLINK, OCI_FILE_OTHER};
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(all[i].name[0], "dflp"[i]);
        CHECK(!all[i].sure || all[i].kind == kinds[i]);
    }
    oci_dir_entries_free(all, count);
    CHECK_INT(oci_dir_entries(at, &all, &count, &err), OCI_OK); /* it was read to its end */
    CHECK_INT(count, 0);
    oci_dir_entries_free(all, count);
    CHECK_FAILS(oci_dir_entries(-1, &all, &count, &err), OCI_IO);
    tear_down();
}

/* More than one buffer full. */
TEST(a_long_listing_is_complete)
{
    char name[32], **names;
    size_t count;
    set_up();
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "a-name-of-some-length-%04d", i);
        tree_put(dir, name, "", 0644);
    }
    CHECK_INT(oci_dir_list(at, &names, &count, &err), OCI_OK);
    CHECK_INT(count, 2000);
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "a-name-of-some-length-%04d", i);
        CHECK_STR(names[i], name);
    }
    oci_names_free(names);
    tear_down();
}

TEST(what_lies_in_memory_is_read_without_waiting)
{
    char got[8] = "";
    int fd;
    set_up();
    tree_put(dir, "f", "content", 0644);
    CHECK_INT(oci_file_open_read(at, "f", false, &fd, NULL, &err), OCI_OK);
    int rc = oci_file_pread_cached(fd, got, 7, 0);
    CHECK(rc == OCI_OK || rc == OCI_UNSUPPORTED);
    if (rc == OCI_OK) {
        CHECK_STR(got, "content");
        CHECK_INT(oci_file_pread_cached(fd, got, 4, 3), OCI_OK);
        CHECK_STR(got, "tentent");
        CHECK_INT(oci_file_pread_cached(fd, got, 8, 0), OCI_AGAIN); /* it is shorter */
        oci_fault_arm(OCI_FAULT_READ, 0, 1, EIO);
        CHECK_INT(oci_file_pread_cached(fd, got, 7, 0), OCI_AGAIN); /* whoever waits for it will hear why */
        oci_fault_clear();
    }
    oci_file_force_fallbacks(true);
    CHECK_INT(oci_file_pread_cached(fd, got, 7, 0), OCI_UNSUPPORTED);
    oci_file_force_fallbacks(false);
    oci_fd_close(fd);
    tear_down();
}

TEST(removing_a_tree_follows_no_link)
{
    set_up();
    tree_put(dir, "outside/f", "kept", 0644);
    tree_put(dir, "t/a/b/c", "x", 0400);
    tree_link(dir, "t/out", "../outside");
    tree_link(dir, "t/a/out", "../../outside/f");
    tree_link(dir, "l", "outside");
    for (int i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof name, "t/many/%d", i);
        tree_put(dir, name, "", 0644);
    }
    CHECK_INT(oci_dir_remove_all(at, "t", &err), OCI_OK);
    CHECK_INT(oci_dir_remove_all(at, "l", &err), OCI_OK);
    CHECK(!tree_exists(dir, "t") && !tree_exists(dir, "l"));
    CHECK_STR(tree_get(dir, "outside/f"), "kept");
    CHECK_FAILS(oci_dir_remove_all(at, "t", &err), OCI_NOT_FOUND);
    tear_down();
}

TEST(removing_goes_only_so_deep)
{
    set_up();
    CHECK_INT(tree_shell("cd %s && for i in $(seq 300); do mkdir d && cd d || exit 1; done", dir), 0);
    CHECK_FAILS(oci_dir_remove_all(at, "d", &err), OCI_LIMIT);
    tear_down();
}

/* ---- whole files ---- */

TEST(a_whole_file_is_read_whatever_it_says_of_its_size)
{
    struct oci_bytes *b = NULL;
    set_up();
    tree_put(dir, "f", "12345", 0644);
    tree_put(dir, "empty", "", 0644);
    CHECK_INT(oci_file_read_all(at, "f", 5, &b, &err), OCI_OK);
    CHECK_INT(b->len, 5);
    CHECK_STR(b->p, "12345");
    b = oci_bytes_unref(b);
    CHECK_FAILS(oci_file_read_all(at, "f", 4, &b, &err), OCI_LIMIT);
    CHECK_INT(oci_file_read_all(at, "empty", 0, &b, &err), OCI_OK);
    CHECK_INT(b->len, 0);
    b = oci_bytes_unref(b);
    CHECK_INT(oci_file_read_all(OCI_CWD, "/proc/self/status", 65536, &b, &err), OCI_OK); /* says 0 */
    CHECK(b->len > 100);
    b = oci_bytes_unref(b);
    CHECK_FAILS(oci_file_read_all(OCI_CWD, "/proc/self/status", 100, &b, &err), OCI_LIMIT);
    CHECK_FAILS(oci_file_read_all(at, "none", 100, &b, &err), OCI_NOT_FOUND);
    oci_fault_arm(OCI_FAULT_READ, 0, 1, EIO);
    CHECK_FAILS(oci_file_read_all(at, "f", 100, &b, &err), OCI_IO);
    oci_fault_clear();
    CHECK(b == NULL);
    tear_down();
}

TEST(an_atomic_write_is_whole_or_not_at_all)
{
    static const struct {
        enum oci_fault kind;
        unsigned after;
    } faults[] = {{OCI_FAULT_OPEN, 1}, {OCI_FAULT_WRITE, 0},  {OCI_FAULT_SYNC, 0},
                  {OCI_FAULT_CLOSE, 0}, {OCI_FAULT_RENAME, 0}, {OCI_FAULT_OPEN, 0}};
    set_up();
    tree_put(dir, "f", "old", 0644);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        oci_fault_arm(faults[i].kind, faults[i].after, 1, ENOSPC);
        CHECK_FAILS(oci_file_write_atomic(at, "f", "newer", 5, 0600, true, &err), OCI_IO);
        oci_fault_clear();
        CHECK_STR(tree_get(dir, "f"), "old");
        CHECK_INT(tree_count(dir), 1); /* and nothing temporary is left */
    }
    CHECK_INT(oci_file_write_atomic(at, "f", "newer", 5, 0600, true, &err), OCI_OK);
    CHECK_STR(tree_get(dir, "f"), "newer");
    CHECK_INT(tree_mode(dir, "f"), 0600);
    tree_put(dir, "sub/g", "kept", 0644);
    tree_link(dir, "sub/l", "g");
    CHECK_INT(oci_file_write_atomic(at, "sub/l", "", 0, 0644, false, &err), OCI_OK); /* the link, not its target */
    CHECK_STR(tree_get(dir, "sub/g"), "kept");
    CHECK_STR(tree_get(dir, "sub/l"), "");
    CHECK_INT(tree_count(dir), 2);
    CHECK_FAILS(oci_file_write_atomic(at, "none/f", "x", 1, 0644, false, &err), OCI_NOT_FOUND);
    tear_down();
}
