#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/str.h"
#include "sys/beneath.h"
#include "sys/fault.h"

_Static_assert(OCI_CWD == AT_FDCWD, "OCI_CWD");
#define RWF_NOWAIT_ 8 /* linux/fs.h; older headers lack it */

static void fill_info(const struct stat *st, struct oci_file_info *ret_info)
{
    *ret_info = (struct oci_file_info){
        .kind = S_ISREG(st->st_mode)   ? OCI_FILE_REGULAR
                : S_ISDIR(st->st_mode) ? OCI_FILE_DIRECTORY
                : S_ISLNK(st->st_mode) ? OCI_FILE_SYMLINK
                                       : OCI_FILE_OTHER,
        .size = (uint64_t)st->st_size,
        .dev = (uint64_t)st->st_dev,
        .ino = (uint64_t)st->st_ino,
        .mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
        .mode = st->st_mode & 07777u,
    };
}

/* Takes the descriptor of what was opened for reading; -1: the open failed with errno. O_NONBLOCK kept a FIFO
 * from blocking the open; for a regular file it means nothing. */
static int take_regular(int fd, const char *path, bool no_links, int *ret_fd, struct oci_file_info *ret_info,
                        struct oci_err *reterr)
{
    if (fd < 0) /* ENOTDIR: below a file there is nothing */
        return oci_sys_fail(reterr, errno, errno == ENOTDIR ? OCI_NOT_FOUND : oci_sys_code(errno, no_links),
                            "cannot open", path);
    struct oci_file_info info;
    int rc = oci_file_info_fd(fd, &info, reterr);
    if (rc == OCI_OK && info.kind != OCI_FILE_REGULAR) {
        const char *what = info.kind == OCI_FILE_DIRECTORY ? "a directory" : "not a regular file";
        bool first = reterr && reterr->code == OCI_OK;
        rc = oci_err_set(reterr, OCI_INVALID, "cannot read %s: it is %s", path, what);
        if (first)
            oci_str_copy(reterr->path, sizeof reterr->path, oci_str_of(path));
    }
    if (rc != OCI_OK) {
        oci_fd_close(fd);
        return rc;
    }
    *ret_fd = fd;
    if (ret_info)
        *ret_info = info;
    return OCI_OK;
}

#define READING (O_RDONLY | O_NONBLOCK | O_NOCTTY)

int oci_file_open_read(int dirfd, const char *path, bool follow, int *ret_fd, struct oci_file_info *ret_info,
                       struct oci_err *reterr)
{
    int fd = oci_sys_openat(dirfd, path, READING | (follow ? 0 : O_NOFOLLOW), 0);
    return take_regular(fd, path, !follow, ret_fd, ret_info, reterr);
}

int oci_file_open_read_beneath(int dirfd, const char *rel, int *ret_fd, struct oci_file_info *ret_info,
                               struct oci_err *reterr)
{
    return take_regular(oci_sys_open_beneath(dirfd, rel, READING), rel, true, ret_fd, ret_info, reterr);
}

int oci_file_create(int dirfd, const char *name, unsigned mode, int *ret_fd, struct oci_err *reterr)
{
    /* Readable too: a hash may follow what is written. */
    int fd = oci_sys_openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (fd < 0)
        return oci_sys_fail(reterr, errno, oci_sys_code(errno, true), "cannot create", name);
    *ret_fd = fd;
    return OCI_OK;
}

int oci_file_info(int dirfd, const char *path, bool follow, struct oci_file_info *ret_info,
                  struct oci_err *reterr)
{
    struct stat st;
    if (fstatat(dirfd, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        return oci_sys_fail(reterr, errno, errno == ENOTDIR ? OCI_NOT_FOUND : oci_sys_code(errno, false),
                            "cannot look at", path);
    fill_info(&st, ret_info);
    return OCI_OK;
}

int oci_file_info_fd(int fd, struct oci_file_info *ret_info, struct oci_err *reterr)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return oci_err_errno(reterr, errno, "cannot look at an open file", NULL);
    fill_info(&st, ret_info);
    return OCI_OK;
}

int oci_file_pread(int fd, void *p, size_t max, uint64_t off, size_t *ret_n, struct oci_err *reterr)
{
    if (off > INT64_MAX - (uint64_t)SSIZE_MAX / 2)
        return oci_err_errno(reterr, EFBIG, "cannot read", NULL);
    ssize_t n;
    do
        n = oci_fault_errno(OCI_FAULT_READ) ? -1 : pread(fd, p, max, (off_t)off);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return oci_err_errno(reterr, errno, "cannot read", NULL);
    *ret_n = (size_t)n;
    return OCI_OK;
}

int oci_file_pread_cached(int fd, void *p, size_t len, uint64_t off)
{
    struct iovec to = {p, len};
    ssize_t n = -1;
    if (oci_sys_fallbacks())
        errno = EOPNOTSUPP;
    else if (!oci_fault_errno(OCI_FAULT_READ))
        n = preadv2(fd, &to, 1, (off_t)off, RWF_NOWAIT_);
    if (n == (ssize_t)len)
        return OCI_OK;
    /* ENOSYS: before Linux 4.6. EINVAL: before 4.14. EOPNOTSUPP: the file system. EPERM: a sandbox. */
    bool never = n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == EPERM);
    return never ? OCI_UNSUPPORTED : OCI_AGAIN;
}

/* One write; a fault without a reason makes it a short one. */
static ssize_t write_some(int fd, const char *p, size_t len, uint64_t off)
{
    int errnum = 0;
    if (oci_fault_hit(OCI_FAULT_WRITE, &errnum)) {
        if (errnum != 0) {
            errno = errnum;
            return -1;
        }
        len = (len + 1) / 2;
    }
    return pwrite(fd, p, len, (off_t)off);
}

int oci_file_pwrite(int fd, const void *p, size_t len, uint64_t off, struct oci_err *reterr)
{
    const char *at = p;
    while (len > 0) {
        if (off > INT64_MAX - len)
            return oci_err_errno(reterr, EFBIG, "cannot write", NULL);
        ssize_t n = write_some(fd, at, len, off);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) /* nothing written, no reason: taken for a full disk, or this would never end */
            return oci_err_errno(reterr, n < 0 ? errno : ENOSPC, "cannot write", NULL);
        at += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return OCI_OK;
}

int oci_file_truncate(int fd, uint64_t size, struct oci_err *reterr)
{
    int rc;
    do
        rc = size > INT64_MAX ? (errno = EFBIG, -1) : ftruncate(fd, (off_t)size);
    while (rc != 0 && errno == EINTR);
    return rc == 0 ? OCI_OK : oci_err_errno(reterr, errno, "cannot set the size of a file", NULL);
}

int oci_file_reserve(int fd, uint64_t size, struct oci_err *reterr)
{
    if (size == 0)
        return OCI_OK;
    if (size > INT64_MAX)
        return oci_err_errno(reterr, EFBIG, "cannot reserve space", NULL);
    /* The size of the file stays what was written. posix_fallocate() would write zeros where unsupported. */
    int rc;
    do
        rc = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size);
    while (rc != 0 && errno == EINTR);
    bool hopeless = rc != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO);
    if (!hopeless) /* EOPNOTSUPP, EINVAL and the like: the writes will tell */
        return OCI_OK;
    return oci_err_errno(reterr, errno, "cannot reserve space", NULL);
}

void oci_file_start_writeback(int fd, uint64_t off, uint64_t len)
{
    if (off <= INT64_MAX && len <= INT64_MAX)
        (void)sync_file_range(fd, (off_t)off, (off_t)len, SYNC_FILE_RANGE_WRITE);
}

int oci_file_sync(int fd, struct oci_err *reterr)
{
    struct stat st;
    bool directory = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
    int rc;
    do
        rc = oci_fault_errno(OCI_FAULT_SYNC) ? -1 : directory ? fsync(fd) : fdatasync(fd);
    while (rc != 0 && errno == EINTR);
    /* EINVAL: a file system that cannot sync a directory, and needs not. */
    if (rc == 0 || (directory && errno == EINVAL))
        return OCI_OK;
    return oci_err_errno(reterr, errno, "cannot make durable", NULL);
}

int oci_file_sync_all(int fd, struct oci_err *reterr)
{
    if (!oci_fault_errno(OCI_FAULT_SYNC) && syncfs(fd) == 0)
        return OCI_OK;
    return oci_err_errno(reterr, errno, "cannot make durable", NULL);
}

int oci_file_set_mode(int fd, unsigned mode, struct oci_err *reterr)
{
    if (fchmod(fd, (mode_t)mode) == 0 || errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)
        return OCI_OK;
    return oci_err_errno(reterr, errno, "cannot set the mode of a file", NULL);
}

int oci_file_close(int fd, struct oci_err *reterr)
{
    int rc = close(fd); /* the descriptor is gone whatever it says; EINTR says nothing about the data */
    if (oci_fault_errno(OCI_FAULT_CLOSE))
        rc = -1;
    return rc == 0 || errno == EINTR ? OCI_OK : oci_err_errno(reterr, errno, "cannot close", NULL);
}

void oci_fd_close(int fd)
{
    if (fd >= 0)
        close(fd);
}
