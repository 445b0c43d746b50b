/* name.c - what happens to names: rename, unlink, links, locks, and whole small files (file.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/beneath.h"
#include "sys/fault.h"
#include "sys/file.h"

/* By number: the system's sys/file.h, which declares flock(), has the name of our own. */
#ifndef LOCK_EX
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8
#endif
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1u
#endif

/* Exclusive renaming where renameat2 is missing. A file's second name cannot be made over something; a
 * directory replaces an empty one, which only one of two can have made. -1: errno. */
static int rename_exclusive_fallback(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    if (linkat(from_dirfd, from, to_dirfd, to, 0) == 0)
        return unlinkat(from_dirfd, from, 0);
    if (errno != EPERM)
        return -1;
    struct stat st;
    if (fstatat(from_dirfd, from, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    if (!S_ISDIR(st.st_mode)) { /* a file system without hard links: the best that is left */
        struct stat other;
        if (fstatat(to_dirfd, to, &other, AT_SYMLINK_NOFOLLOW) == 0) {
            errno = EEXIST;
            return -1;
        }
        return renameat(from_dirfd, from, to_dirfd, to);
    }
    if (mkdirat(to_dirfd, to, 0700) != 0)
        return -1;
    if (renameat(from_dirfd, from, to_dirfd, to) == 0)
        return 0;
    int errnum = errno;
    unlinkat(to_dirfd, to, AT_REMOVEDIR);
    errno = errnum;
    return -1;
}

static int rename_exclusive(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    if (!oci_sys_fallbacks()) {
        if (syscall(SYS_renameat2, from_dirfd, from, to_dirfd, to, RENAME_NOREPLACE) == 0)
            return 0;
        if (errno != ENOSYS && errno != EINVAL && errno != EPERM)
            return -1;
    }
    return rename_exclusive_fallback(from_dirfd, from, to_dirfd, to);
}

int oci_file_rename(int from_dirfd, const char *from, int to_dirfd, const char *to, bool replace,
                    struct oci_err *reterr)
{
    int rc;
    do {
        if (oci_fault_errno(OCI_FAULT_RENAME))
            rc = -1;
        else
            rc = replace ? renameat(from_dirfd, from, to_dirfd, to)
                         : rename_exclusive(from_dirfd, from, to_dirfd, to);
    } while (rc != 0 && errno == EINTR);
    if (rc == 0)
        return OCI_OK;
    /* EISDIR, ENOTDIR: a directory where a file should go, or the other way round. */
    int code = errno == EISDIR || errno == ENOTDIR ? OCI_EXISTS : oci_sys_code(errno, false);
    return oci_sys_fail(reterr, errno, code, "cannot rename to", to);
}

int oci_file_unlink(int dirfd, const char *name, struct oci_err *reterr)
{
    if (unlinkat(dirfd, name, 0) == 0)
        return OCI_OK;
    return oci_sys_fail(reterr, errno, oci_sys_code(errno, false), "cannot remove", name);
}

int oci_file_symlink(int dirfd, const char *target, const char *name, struct oci_err *reterr)
{
    if (symlinkat(target, dirfd, name) == 0)
        return OCI_OK;
    return oci_sys_fail(reterr, errno, oci_sys_code(errno, true), "cannot make the link", name);
}

int oci_file_readlink(int dirfd, const char *name, char *buf, size_t size, struct oci_err *reterr)
{
    ssize_t n = readlinkat(dirfd, name, buf, size);
    if (n < 0)
        return oci_sys_fail(reterr, errno, oci_sys_code(errno, true), "cannot read the link", name);
    if ((size_t)n >= size)
        return oci_sys_fail(reterr, ENAMETOOLONG, OCI_LIMIT, "cannot read the link", name);
    buf[n] = '\0';
    return OCI_OK;
}

int oci_file_try_lock(int fd, bool *ret_locked, struct oci_err *reterr)
{
    int rc;
    do
        rc = (int)syscall(SYS_flock, fd, LOCK_EX | LOCK_NB);
    while (rc != 0 && errno == EINTR);
    if (rc != 0 && errno != EWOULDBLOCK)
        return oci_err_errno(reterr, errno, "cannot lock", NULL);
    *ret_locked = rc == 0;
    return OCI_OK;
}

void oci_file_unlock(int fd) { syscall(SYS_flock, fd, LOCK_UN); }

/* Reads to the end: what the file says of its size is only a hint. */
static int read_to_end(int fd, const char *path, size_t max, uint64_t size_hint, struct oci_bytes **ret_bytes,
                       struct oci_err *reterr)
{
    struct oci_buf b;
    oci_buf_init(&b, max);
    int rc = oci_buf_reserve(&b, size_hint < max ? (size_t)size_hint : max);
    char block[4096];
    for (size_t n = 1; rc == OCI_OK && n > 0;) {
        rc = oci_file_pread(fd, block, sizeof block, b.len, &n, reterr);
        if (rc == OCI_OK && n > 0)
            rc = oci_buf_add(&b, block, n);
    }
    oci_cleanse(block, sizeof block); /* it may have been a file with credentials */
    if (rc == OCI_LIMIT)
        oci_err_set(reterr, rc, "%s is larger than %zu bytes", path, max);
    size_t len = b.len;
    char *p = rc == OCI_OK ? oci_buf_take(&b) : NULL;
    struct oci_bytes *bytes = p ? oci_bytes_new_take(p, len) : NULL;
    if (b.p)
        oci_cleanse(b.p, b.len);
    oci_buf_done(&b);
    if (rc != OCI_OK && rc != OCI_NO_MEMORY)
        return rc;
    if (!bytes)
        return oci_err_no_memory(reterr);
    *ret_bytes = bytes;
    return OCI_OK;
}

int oci_file_read_all(int dirfd, const char *path, size_t max, struct oci_bytes **ret_bytes,
                      struct oci_err *reterr)
{
    int fd;
    struct oci_file_info info;
    int rc = oci_file_open_read(dirfd, path, true, &fd, &info, reterr);
    if (rc != OCI_OK)
        return rc;
    if (info.size > max)
        rc = oci_err_set(reterr, OCI_LIMIT, "%s is larger than %zu bytes", path, max);
    else
        rc = read_to_end(fd, path, max, info.size, ret_bytes, reterr);
    oci_fd_close(fd);
    return rc;
}

/* Writes the temporary file and moves it; it is gone after a failure. */
static int write_and_rename(int dirfd, const char *name, const void *p, size_t len, unsigned mode, bool sync,
                            struct oci_err *reterr)
{
    char temporary[OCI_TEMPORARY_MAX];
    oci_file_temporary(temporary);
    int fd;
    int rc = oci_file_create(dirfd, temporary, mode, &fd, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_file_pwrite(fd, p, len, 0, reterr);
    if (rc == OCI_OK && sync)
        rc = oci_file_sync(fd, reterr);
    int closed = oci_file_close(fd, rc == OCI_OK ? reterr : NULL);
    if (rc == OCI_OK)
        rc = closed;
    if (rc == OCI_OK)
        rc = oci_file_rename(dirfd, temporary, dirfd, name, true, reterr);
    if (rc != OCI_OK) {
        unlinkat(dirfd, temporary, 0);
        oci_err_wrap(reterr, "writing %s", name);
        return rc;
    }
    return sync ? oci_file_sync(dirfd, reterr) : OCI_OK;
}

int oci_file_write_atomic(int dirfd, const char *name, const void *p, size_t len, unsigned mode, bool sync,
                          struct oci_err *reterr)
{
    /* The name's directory: the temporary file must be on its file system, and it is what gets synced. */
    const char *slash = strrchr(name, '/');
    char parent[OCI_MAX_PATH] = ".";
    if (slash) {
        size_t upto = slash == name ? 1 : (size_t)(slash - name);
        if (oci_str_copy(parent, sizeof parent, (struct oci_str){name, upto}) != OCI_OK)
            return oci_sys_fail(reterr, ENAMETOOLONG, OCI_IO, "cannot write", name);
    }
    int fd;
    int rc = oci_dir_open(dirfd, parent, false, &fd, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = write_and_rename(fd, slash ? slash + 1 : name, p, len, mode, sync, reterr);
    oci_fd_close(fd);
    return rc;
}
