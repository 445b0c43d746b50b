/* beneath.h - inside sys/: opening below a directory without following links, and how errno becomes an error. */
#ifndef OCI_SYS_BENEATH_H
#define OCI_SYS_BENEATH_H

#include <stdbool.h>

#include "base/err.h"

OCI_BEGIN

/* Records "<what> <path>: <reason>" as oci_err_errno() does, under `code`. Returns the code. */
int oci_sys_fail(struct oci_err *err, int errnum, int code, const char *what, const char *path);
/* ENOENT is NOT_FOUND, EEXIST and ENOTEMPTY are EXISTS, ELOOP is UNSAFE_PATH when no link was to be followed. */
int oci_sys_code(int errnum, bool no_links);

/* openat() that retries EINTR, adds O_CLOEXEC and asks the fault point. -1: errno. */
int oci_sys_openat(int dirfd, const char *path, int flags, unsigned mode);
/* Opens `rel` below `dirfd` without following a link anywhere; "." and "" are the directory itself. -1: errno, where
 * ELOOP means a link or a way out. */
int oci_sys_open_beneath(int dirfd, const char *rel, int flags);
/* True when a test wants the ways for old kernels. */
bool oci_sys_fallbacks(void);

OCI_END

#endif
