#include "sys/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fault.h"
#include "sys/file.h"

/* From linux/openat2.h, which older distributions lack; the number is the same on all machines but Alpha. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
struct how {
    uint64_t flags, mode, resolve;
};
#define RESOLVE_NO_MAGICLINKS_ 0x02u
#define RESOLVE_NO_SYMLINKS_ 0x04u
#define RESOLVE_BENEATH_ 0x08u

static atomic_bool forced, missing;

void oci_file_force_fallbacks(bool on) { atomic_store(&forced, on); }
bool oci_sys_fallbacks(void) { return atomic_load_explicit(&forced, memory_order_relaxed); }

int oci_sys_fail(struct oci_err *err, int errnum, int code, const char *what, const char *path)
{
    bool first = err && err->code == OCI_OK;
    int plain = oci_err_errno(err, errnum, what, path);
    if (plain != OCI_IO)
        return plain;
    if (first)
        err->code = code;
    return code;
}

int oci_sys_code(int errnum, bool no_links)
{
    switch (errnum) {
    case ENOENT:
        return OCI_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return OCI_EXISTS;
    case ELOOP:
        return no_links ? OCI_UNSAFE_PATH : OCI_IO;
    default:
        return OCI_IO;
    }
}

int oci_sys_openat(int dirfd, const char *path, int flags, unsigned mode)
{
    int fd;
    do
        fd = oci_fault_errno(OCI_FAULT_OPEN) ? -1 : openat(dirfd, path, flags | O_CLOEXEC, (mode_t)mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* One step of the walk: a single name. O_DIRECTORY and O_NOFOLLOW together answer ENOTDIR for a link; that is
 * told apart, since a link is an attack and a file is not. */
static int open_step(int dirfd, const char *name, int flags)
{
    int fd = oci_sys_openat(dirfd, name, flags | O_NOFOLLOW, 0);
    if (fd >= 0 || errno != ENOTDIR)
        return fd;
    struct stat st;
    errno = fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
    return -1;
}

/* Closes without losing the reason. */
static void drop(int fd, int dirfd)
{
    int errnum = errno;
    if (fd != dirfd)
        oci_fd_close(fd);
    errno = errnum;
}

static int walk(int dirfd, const char *rel, int flags)
{
    int at = dirfd;
    for (;;) {
        rel += strspn(rel, "/");
        size_t len = strcspn(rel, "/");
        const char *rest = rel + len + strspn(rel + len, "/");
        char name[256] = ".";
        if (len >= sizeof name) {
            drop(at, dirfd);
            errno = ENAMETOOLONG;
            return -1;
        }
        if (len > 0) {
            memcpy(name, rel, len);
            name[len] = '\0';
        }
        int fd = open_step(at, name, *rest ? O_RDONLY | O_DIRECTORY : flags);
        drop(at, dirfd);
        if (fd < 0 || !*rest)
            return fd;
        at = fd;
        rel = rest;
    }
}

/* True for what no walk should even begin: absolute, or a ".." anywhere. */
static bool leaves(const char *rel)
{
    if (*rel == '/')
        return true;
    for (const char *p = rel; *p; p += strspn(p, "/")) {
        size_t len = strcspn(p, "/");
        if (len == 2 && p[0] == '.' && p[1] == '.')
            return true;
        p += len;
    }
    return false;
}

static int open_by_kernel(int dirfd, const char *rel, int flags)
{
    const char *name = *rel ? rel : ".";
    struct how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                      .resolve = RESOLVE_BENEATH_ | RESOLVE_NO_SYMLINKS_ | RESOLVE_NO_MAGICLINKS_};
    int fd;
    /* EAGAIN: somebody renames directories meanwhile and the kernel cannot be sure. */
    unsigned tries = 0;
    do
        fd = oci_fault_errno(OCI_FAULT_OPEN) ? -1 : (int)syscall(SYS_openat2, dirfd, name, &how, sizeof how);
    while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 32)));
    if (fd < 0 && errno == EXDEV)
        errno = ELOOP;
    return fd;
}

int oci_sys_open_beneath(int dirfd, const char *rel, int flags)
{
    if (leaves(rel)) {
        errno = ELOOP;
        return -1;
    }
    if (!oci_sys_fallbacks() && !atomic_load_explicit(&missing, memory_order_relaxed)) {
        int fd = open_by_kernel(dirfd, rel, flags);
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM && errno != EINVAL && errno != EAGAIN))
            return fd;
        /* EPERM may be a sandbox, or the file: the walk will tell. */
        if (errno == ENOSYS)
            atomic_store(&missing, true);
    }
    return walk(dirfd, rel, flags);
}
