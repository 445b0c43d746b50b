/* file.h - files and directories. Every call retries EINTR, sets close-on-exec, and can be made to fail in tests.
 *
 * Names are relative to a directory descriptor wherever somebody else could change the tree; functions that say
 * "beneath" follow no symbolic link and never leave the directory (openat2, or a walk where that is missing).
 * Errors, all with the path recorded: OCI_NOT_FOUND, OCI_EXISTS, OCI_UNSAFE_PATH (a link in the way), OCI_INVALID (not a
 * regular file where one is needed), OCI_IO. A write over RLIMIT_FSIZE is OCI_IO (EFBIG) on our own threads, where SIGXFSZ
 * is blocked; on the caller's threads the signal comes first. */
#ifndef OCI_SYS_FILE_H
#define OCI_SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

OCI_BEGIN

#define OCI_CWD (-100) /* AT_FDCWD */

enum oci_file_kind { OCI_FILE_REGULAR, OCI_FILE_DIRECTORY, OCI_FILE_SYMLINK, OCI_FILE_OTHER };

struct oci_file_info {
    enum oci_file_kind kind;
    uint64_t size;
    uint64_t dev, ino;
    int64_t mtime_ns, ctime_ns;
    unsigned mode; /* permission bits */
};

/* Directories. `create` makes missing ones (parents too), mode 0777 & ~umask. */
int oci_dir_open(int dirfd, const char *path, bool create, int *ret_fd, struct oci_err *reterr); /* follows links */
/* mkdir -p: it may be there already, or somebody else makes it at the same time; *ret_made: we have made it. */
int oci_dir_make(int dirfd, const char *path, bool *ret_made, struct oci_err *reterr);
int oci_dir_open_beneath(int dirfd, const char *rel, bool create, int *ret_fd, struct oci_err *reterr);
/* Makes a new directory (0700) called prefix + random letters; its name is copied to name[64]. */
int oci_dir_make_temporary(int dirfd, const char *prefix, char name[64], int *ret_fd, struct oci_err *reterr);
int oci_dir_remove(int dirfd, const char *name, struct oci_err *reterr);     /* an empty one */
int oci_dir_remove_all(int dirfd, const char *name, struct oci_err *reterr); /* recursive, follows no link */
/* The entries' names except . and .., sorted bytewise. *ret_names is a NULL-terminated array: oci_names_free(). */
int oci_dir_list(int dirfd, char ***ret_names, size_t *ret_count, struct oci_err *reterr);
void oci_names_free(char **names);
/* The same with what they are, as far as the file system says so unasked; `sure` false: it does not. Reads on from where
 * the descriptor is: for one that was just opened, and that nobody else reads. The caller's: oci_dir_entries_free(). */
struct oci_dir_entry {
    char *name;
    enum oci_file_kind kind;
    bool sure;
};
int oci_dir_entries(int fd, struct oci_dir_entry **ret_entries, size_t *ret_count, struct oci_err *reterr);
void oci_dir_entries_free(struct oci_dir_entry *entries, size_t count); /* NULL does nothing */

/* Files. Opening for reading takes regular files only (no FIFO, no device: O_NONBLOCK and fstat). */
int oci_file_open_read(int dirfd, const char *path, bool follow, int *ret_fd, struct oci_file_info *ret_info,
                       struct oci_err *reterr);
int oci_file_open_read_beneath(int dirfd, const char *rel, int *ret_fd, struct oci_file_info *ret_info,
                               struct oci_err *reterr);
int oci_file_create(int dirfd, const char *name, unsigned mode, int *ret_fd, struct oci_err *reterr); /* O_EXCL, no link */
int oci_file_info(int dirfd, const char *path, bool follow, struct oci_file_info *ret_info, struct oci_err *reterr);
int oci_file_info_fd(int fd, struct oci_file_info *ret_info, struct oci_err *reterr);
/* Reads up to `max` bytes at `off`; *ret_n is 0 at the end. */
int oci_file_pread(int fd, void *p, size_t max, uint64_t off, size_t *ret_n, struct oci_err *reterr);
/* Reads `len` bytes at `off` if they lie in the system's memory. OCI_OK: all of them; OCI_AGAIN: not, and an ordinary read will
 * tell why; OCI_UNSUPPORTED: this system, or file system, never says. */
int oci_file_pread_cached(int fd, void *p, size_t len, uint64_t off);
int oci_file_pwrite(int fd, const void *p, size_t len, uint64_t off, struct oci_err *reterr); /* all of it */
int oci_file_truncate(int fd, uint64_t size, struct oci_err *reterr);
/* Asks for the space early; unsupported is OCI_OK. */
int oci_file_reserve(int fd, uint64_t size, struct oci_err *reterr);
void oci_file_start_writeback(int fd, uint64_t off, uint64_t len); /* a hint */
int oci_file_sync(int fd, struct oci_err *reterr);                 /* fdatasync; for directories fsync */
/* Everything on the file system of `fd`: for a thousand files a twentieth of the time that syncing each takes. */
int oci_file_sync_all(int fd, struct oci_err *reterr);
/* A file system that has no modes (vfat, CIFS) refuses, and that is no failure. */
int oci_file_set_mode(int fd, unsigned mode, struct oci_err *reterr);
int oci_file_close(int fd, struct oci_err *reterr);                /* reports what close reports */
void oci_fd_close(int fd);                                         /* -1 does nothing; errors do not matter */
/* `replace` false: OCI_EXISTS when the target is there. */
int oci_file_rename(int from_dirfd, const char *from, int to_dirfd, const char *to, bool replace,
                    struct oci_err *reterr);
int oci_file_unlink(int dirfd, const char *name, struct oci_err *reterr);
int oci_file_symlink(int dirfd, const char *target, const char *name, struct oci_err *reterr);
int oci_file_readlink(int dirfd, const char *name, char *buf, size_t size, struct oci_err *reterr);

/* flock, tried: *ret_locked is false when somebody else has it. Released by name (LOCK_UN) since a child of fork
 * shares it. */
int oci_file_try_lock(int fd, bool *ret_locked, struct oci_err *reterr);
void oci_file_unlock(int fd);

/* Temporary names: ".oci-" and sixteen random digits. Whoever is killed leaves his; they are swept: the regular files
 * of a directory that have such a name and were not written to since `before_ns`. */
#define OCI_TEMPORARY_MAX 32
void oci_file_temporary(char name[OCI_TEMPORARY_MAX]);
void oci_dir_sweep(int dirfd, int64_t before_ns);
/* The time of its last change becomes now; false where that is not ours to do. */
bool oci_file_touch(int fd);
/* The mode that a file made in `dirfd` with `mode` would get, for one that is made with less and gets it later. False where
 * that cannot be known: the directory has its own rule (an ACL), or the system does not tell the umask. */
bool oci_file_mode_in(int dirfd, unsigned mode, unsigned *ret_mode);

/* A whole small file. OCI_LIMIT when larger than `max`. */
int oci_file_read_all(int dirfd, const char *path, size_t max, struct oci_bytes **ret_bytes, struct oci_err *reterr);
/* Replaces `name` by temporary file, sync (when asked), rename; the directory is synced too. */
int oci_file_write_atomic(int dirfd, const char *name, const void *p, size_t len, unsigned mode, bool sync,
                          struct oci_err *reterr);

/* Fault points for tests: from the `after`-th call of that kind on (0: the next), `times` calls fail with errnum
 * (times 0: all). A short write is a fault of kind WRITE with errnum 0. */
enum oci_fault { OCI_FAULT_OPEN, OCI_FAULT_READ, OCI_FAULT_WRITE, OCI_FAULT_SYNC, OCI_FAULT_RENAME, OCI_FAULT_CLOSE,
                 OCI_FAULT_MKDIR, OCI_FAULT_THREAD, OCI_FAULT_COUNT };
void oci_fault_arm(enum oci_fault kind, unsigned after, unsigned times, int errnum);
void oci_fault_clear(void);
/* Tests: as if the kernel had neither openat2 nor renameat2 nor reads that do not wait (or a sandbox forbade them). */
void oci_file_force_fallbacks(bool on);

OCI_END

#endif
