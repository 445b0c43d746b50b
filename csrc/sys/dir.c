#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/beneath.h"
#include "sys/clock.h"
#include "sys/fault.h"
#include "sys/file.h"

#define DIRECTORY (O_RDONLY | O_DIRECTORY)
#define MAX_ENTRIES 1000000 /* in one directory, held in memory */
#define MAX_REMOVE_DEPTH 256 /* each level holds a descriptor */

static int fail_open(struct oci_err *reterr, bool no_links, bool create, const char *path)
{
    int code = errno == ENOTDIR && create ? OCI_EXISTS : oci_sys_code(errno, no_links);
    return oci_sys_fail(reterr, errno, code, "cannot open the directory", path);
}

static int make_dir(int dirfd, const char *path, unsigned mode)
{
    return oci_fault_errno(OCI_FAULT_MKDIR) ? -1 : mkdirat(dirfd, path, (mode_t)mode);
}

/* Makes `path` up to a slash. Somebody else may be faster: opening will tell what is there. */
static bool make_prefix(int dirfd, char *path, size_t len, bool *ret_made)
{
    char cut = path[len];
    path[len] = '\0';
    *ret_made = make_dir(dirfd, path, 0777) == 0;
    bool there = *ret_made || errno == EEXIST;
    path[len] = cut;
    return there;
}

/* Without the last name and the slashes before it; 0: there is nothing before it. */
static size_t without_last(const char *path, size_t len)
{
    while (len > 0 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    while (len > 0 && path[len - 1] == '/')
        len--;
    return len;
}

/* mkdir -p: mostly only the last is missing, so it is tried first. -1: errno. */
static int make_parents(int dirfd, const char *path, bool *ret_made)
{
    char copy[OCI_MAX_PATH];
    const size_t len = strlen(path);
    if (len >= sizeof copy) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(copy, path, len + 1);
    size_t at = len;
    while (at > 0 && !make_prefix(dirfd, copy, at, ret_made)) {
        at = errno == ENOENT ? without_last(copy, at) : 0;
        if (at == 0)
            return -1;
    }
    while (at < len) {
        at += strspn(copy + at, "/");
        at += strcspn(copy + at, "/");
        if (!make_prefix(dirfd, copy, at, ret_made))
            return -1;
    }
    return 0;
}

int oci_dir_make(int dirfd, const char *path, bool *ret_made, struct oci_err *reterr)
{
    *ret_made = false;
    if (make_parents(dirfd, path, ret_made) == 0)
        return OCI_OK;
    return oci_sys_fail(reterr, errno, oci_sys_code(errno, false), "cannot make the directory", path);
}

int oci_dir_open(int dirfd, const char *path, bool create, int *ret_fd, struct oci_err *reterr)
{
    const char *name = *path ? path : ".";
    int fd = oci_sys_openat(dirfd, name, DIRECTORY, 0);
    if (fd < 0 && errno == ENOENT && create) {
        bool made;
        int rc = oci_dir_make(dirfd, name, &made, reterr);
        if (rc != OCI_OK)
            return rc;
        fd = oci_sys_openat(dirfd, name, DIRECTORY, 0);
    }
    if (fd < 0)
        return fail_open(reterr, false, create, path);
    *ret_fd = fd;
    return OCI_OK;
}

/* Opens, or makes and opens, one name after the other. */
static int make_beneath(int dirfd, const char *rel, int *ret_fd, struct oci_err *reterr)
{
    int at = dirfd;
    int rc = OCI_OK;
    for (const char *p = rel; *p && rc == OCI_OK; p += strspn(p, "/")) {
        size_t len = strcspn(p, "/");
        char name[256];
        if (oci_str_copy(name, sizeof name, (struct oci_str){p, len}) != OCI_OK) {
            rc = oci_sys_fail(reterr, ENAMETOOLONG, OCI_IO, "cannot make the directory", rel);
            break;
        }
        int fd = oci_sys_open_beneath(at, name, DIRECTORY);
        if (fd < 0 && errno == ENOENT) {
            /* EEXIST: somebody else was faster, or put a link there; opening will tell. */
            if (make_dir(at, name, 0777) != 0 && errno != EEXIST)
                rc = oci_sys_fail(reterr, errno, oci_sys_code(errno, true), "cannot make the directory", rel);
            else
                fd = oci_sys_open_beneath(at, name, DIRECTORY);
        }
        if (rc == OCI_OK && fd < 0)
            rc = fail_open(reterr, true, true, rel);
        if (at != dirfd)
            oci_fd_close(at);
        at = fd;
        p += len;
    }
    if (rc == OCI_OK)
        *ret_fd = at;
    return rc;
}

int oci_dir_open_beneath(int dirfd, const char *rel, bool create, int *ret_fd, struct oci_err *reterr)
{
    int fd = oci_sys_open_beneath(dirfd, rel, DIRECTORY);
    if (fd < 0 && errno == ENOENT && create)
        return make_beneath(dirfd, rel, ret_fd, reterr);
    if (fd < 0)
        return fail_open(reterr, true, create, rel);
    *ret_fd = fd;
    return OCI_OK;
}

int oci_dir_make_temporary(int dirfd, const char *prefix, char name[64], int *ret_fd, struct oci_err *reterr)
{
    if (strlen(prefix) > 40)
        return oci_err_set(reterr, OCI_INVALID, "the prefix of a temporary directory is too long");
    char made[64];
    int rc = -1;
    for (unsigned tries = 0; tries < 100 && rc != 0; tries++) {
        snprintf(made, sizeof made, "%s%016llx", prefix, (unsigned long long)oci_random_u64());
        rc = make_dir(dirfd, made, 0700);
        if (rc != 0 && errno != EEXIST)
            break;
    }
    if (rc != 0)
        return oci_sys_fail(reterr, errno, oci_sys_code(errno, true), "cannot make the directory", made);
    int fd = oci_sys_openat(dirfd, made, DIRECTORY | O_NOFOLLOW, 0);
    if (fd < 0) {
        rc = fail_open(reterr, true, false, made);
        unlinkat(dirfd, made, AT_REMOVEDIR);
        return rc;
    }
    memcpy(name, made, sizeof made);
    *ret_fd = fd;
    return OCI_OK;
}

static bool is_dot(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* A stream of its own: the position of `dirfd` is shared by all who hold it. */
static DIR *open_stream(int dirfd, const char *name, int flags)
{
    int fd = oci_sys_openat(dirfd, name, DIRECTORY | flags, 0);
    if (fd < 0)
        return NULL;
    DIR *d = fdopendir(fd);
    if (!d) {
        int errnum = errno;
        oci_fd_close(fd);
        errno = errnum;
    }
    return d;
}

/* Sets errno to 0 at the end. */
static struct dirent *next_entry(DIR *d)
{
    if (oci_fault_errno(OCI_FAULT_READ))
        return NULL;
    errno = 0;
    return readdir(d);
}

struct listing {
    struct oci_dir_entry *all;
    size_t count, cap;
};

/* Where things are in what getdents64(2) writes: two numbers of 64 bits, the record's length (16), type (8), name. Not every
 * C library declares it. */
enum { RECORD_LEN = 16, RECORD_TYPE = 18, RECORD_NAME = 19 };

static int add_entry(struct listing *l, const char *record, struct oci_err *reterr)
{
    if (l->count == MAX_ENTRIES)
        return oci_err_set(reterr, OCI_LIMIT, "a directory has more than %d entries", MAX_ENTRIES);
    struct oci_dir_entry *grown = oci_grow(l->all, &l->cap, l->count + 1, sizeof *grown, MAX_ENTRIES);
    if (!grown)
        return oci_err_no_memory(reterr);
    l->all = grown;
    struct oci_dir_entry *e = &grown[l->count];
    const unsigned char type = (unsigned char)record[RECORD_TYPE];
    e->kind = type == DT_REG   ? OCI_FILE_REGULAR
              : type == DT_DIR ? OCI_FILE_DIRECTORY
              : type == DT_LNK ? OCI_FILE_SYMLINK
                               : OCI_FILE_OTHER;
    e->sure = type != DT_UNKNOWN;
    e->name = oci_strdup(record + RECORD_NAME);
    if (!e->name)
        return oci_err_no_memory(reterr);
    l->count++;
    return OCI_OK;
}

/* readdir() would want a stream, and with it a buffer and four more system calls for each directory. */
static int list(int fd, struct listing *l, struct oci_err *reterr)
{
    _Alignas(uint64_t) char buf[32 << 10];
    int rc = OCI_OK;
    long n = 1;
    while (rc == OCI_OK && n > 0) {
        n = syscall(SYS_getdents64, fd, buf, sizeof buf);
        for (long at = 0; at < n && rc == OCI_OK;) {
            const char *record = buf + at;
            uint16_t len;
            memcpy(&len, record + RECORD_LEN, sizeof len);
            at += len;
            if (oci_fault_errno(OCI_FAULT_READ))
                n = -1;
            else if (!is_dot(record + RECORD_NAME))
                rc = add_entry(l, record, reterr);
        }
    }
    return n < 0 ? oci_err_errno(reterr, errno, "cannot list a directory", NULL) : rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct oci_dir_entry *)a)->name, ((const struct oci_dir_entry *)b)->name);
}

int oci_dir_entries(int fd, struct oci_dir_entry **ret_entries, size_t *ret_count, struct oci_err *reterr)
{
    struct listing l = {0};
    int rc = list(fd, &l, reterr);
    if (rc != OCI_OK) {
        oci_dir_entries_free(l.all, l.count);
        return rc;
    }
    if (l.count > 1)
        qsort(l.all, l.count, sizeof *l.all, by_name);
    *ret_entries = l.all;
    *ret_count = l.count;
    return OCI_OK;
}

void oci_dir_entries_free(struct oci_dir_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        oci_free(entries[i].name);
    oci_free(entries);
}

int oci_dir_list(int dirfd, char ***ret_names, size_t *ret_count, struct oci_err *reterr)
{
    /* Opened anew: the position of `dirfd` is shared by all who hold it. */
    int fd = oci_sys_openat(dirfd, ".", DIRECTORY, 0);
    if (fd < 0)
        return oci_sys_fail(reterr, errno, oci_sys_code(errno, false), "cannot list a directory", NULL);
    struct oci_dir_entry *all = NULL;
    size_t count = 0;
    int rc = oci_dir_entries(fd, &all, &count, reterr);
    oci_fd_close(fd);
    if (rc != OCI_OK)
        return rc;
    char **names = oci_calloc(count + 1, sizeof *names);
    if (!names) {
        oci_dir_entries_free(all, count);
        return oci_err_no_memory(reterr);
    }
    for (size_t i = 0; i < count; i++)
        names[i] = all[i].name;
    oci_free(all);
    *ret_names = names;
    *ret_count = count;
    return OCI_OK;
}

void oci_names_free(char **names)
{
    for (char **n = names; n && *n; n++)
        oci_free(*n);
    oci_free(names);
}

int oci_dir_remove(int dirfd, const char *name, struct oci_err *reterr)
{
    if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
        return OCI_OK;
    return oci_sys_fail(reterr, errno, oci_sys_code(errno, true), "cannot remove", name);
}

static int remove_at(int dirfd, const char *name, unsigned depth, struct oci_err *reterr);

static int remove_entries(DIR *d, unsigned depth, struct oci_err *reterr)
{
    for (;;) {
        struct dirent *e = next_entry(d);
        if (!e)
            return errno == 0 ? OCI_OK : oci_err_errno(reterr, errno, "cannot list a directory", NULL);
        if (is_dot(e->d_name))
            continue;
        int rc = remove_at(dirfd(d), e->d_name, depth + 1, reterr);
        if (rc != OCI_OK && rc != OCI_NOT_FOUND)
            return rc;
        if (rc == OCI_NOT_FOUND)
            oci_err_clear(reterr); /* somebody else removed it */
    }
}

static int remove_at(int dirfd, const char *name, unsigned depth, struct oci_err *reterr)
{
    /* EISDIR, or EPERM on some file systems: a directory. */
    if (unlinkat(dirfd, name, 0) == 0)
        return OCI_OK;
    if (errno != EISDIR && errno != EPERM)
        return oci_sys_fail(reterr, errno, oci_sys_code(errno, true), "cannot remove", name);
    if (depth > MAX_REMOVE_DEPTH)
        return oci_err_set(reterr, OCI_LIMIT, "cannot remove %s: too many directories inside each other",
                           name);
    DIR *d = open_stream(dirfd, name, O_NOFOLLOW);
    if (!d)
        return oci_sys_fail(reterr, errno, oci_sys_code(errno, true), "cannot remove", name);
    /* Entries that somebody adds meanwhile, or that the listing skipped, need another round. */
    int rc = OCI_OK;
    for (unsigned round = 0; round < 3; round++) {
        rc = remove_entries(d, depth, reterr);
        if (rc != OCI_OK)
            break;
        if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
            break;
        rc = oci_sys_code(errno, true);
        if (rc != OCI_EXISTS || round == 2) {
            oci_sys_fail(reterr, errno, rc, "cannot remove", name);
            break;
        }
        rewinddir(d);
    }
    closedir(d);
    return rc;
}

int oci_dir_remove_all(int dirfd, const char *name, struct oci_err *reterr)
{
    return remove_at(dirfd, name, 0, reterr);
}
