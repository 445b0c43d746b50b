/* temporary.c - the names and modes of temporary files, and the removal of those that killed writers left (file.h). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/str.h"
#include "sys/beneath.h"
#include "sys/clock.h"
#include "sys/file.h"

#define PREFIX ".oci-"
#define DIGITS 16

void oci_file_temporary(char name[OCI_TEMPORARY_MAX])
{
    snprintf(name, OCI_TEMPORARY_MAX, PREFIX "%0*" PRIx64, DIGITS, oci_random_u64());
}

static bool is_temporary(const char *name)
{
    size_t len = strlen(PREFIX);
    return strncmp(name, PREFIX, len) == 0 && strlen(name + len) == DIGITS &&
           strspn(name + len, "0123456789abcdef") == DIGITS;
}

void oci_dir_sweep(int dirfd, int64_t before_ns)
{
    int fd = oci_sys_openat(dirfd, ".", O_RDONLY | O_DIRECTORY, 0); /* the position of `dirfd` is shared */
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        oci_fd_close(fd);
        return;
    }
    for (struct dirent *e; (e = readdir(d));) {
        struct oci_file_info info;
        if (is_temporary(e->d_name) && oci_file_info(fd, e->d_name, false, &info, NULL) == OCI_OK &&
            info.kind == OCI_FILE_REGULAR && info.mtime_ns < before_ns)
            unlinkat(fd, e->d_name, 0);
    }
    closedir(d);
}

bool oci_file_touch(int fd)
{
    return futimens(fd, NULL) == 0;
}

/* Asking umask() would change it, for all threads, until it is put back. */
static bool read_umask(unsigned *ret_umask)
{
    char status[1024];
    int fd = oci_sys_openat(OCI_CWD, "/proc/self/status", O_RDONLY, 0);
    ssize_t n = fd >= 0 ? read(fd, status, sizeof status - 1) : -1;
    oci_fd_close(fd);
    if (n <= 0)
        return false;
    status[n] = '\0';
    const char *line = strstr(status, "\nUmask:");
    if (!line)
        return false;
    *ret_umask = (unsigned)strtoul(line + strlen("\nUmask:"), NULL, 8);
    return true;
}

bool oci_file_mode_in(int dirfd, unsigned mode, unsigned *ret_mode)
{
    unsigned mask;
    if (fgetxattr(dirfd, "system.posix_acl_default", NULL, 0) >= 0 || (errno != ENODATA && errno != EOPNOTSUPP))
        return false;
    if (!read_umask(&mask))
        return false;
    *ret_mode = mode & ~mask & 0777;
    return true;
}
