/* archive_api.h - inside pack/: libarchive, loaded at first use (it brings 2.7 MiB and a dozen libraries; most programs
 * never unpack). It parses; it never writes. */
#ifndef OCI_PACK_ARCHIVE_API_H
#define OCI_PACK_ARCHIVE_API_H

#include <archive.h>
#include <archive_entry.h>

#include "base/err.h"

OCI_BEGIN

#define OCI_ARCHIVE_CALLS(X)         \
    X(archive_read_new)              \
    X(archive_read_free)             \
    X(archive_read_support_format_tar) \
    X(archive_read_open)             \
    X(archive_read_next_header2)     \
    X(archive_read_data_block)       \
    X(archive_error_string)          \
    X(archive_errno)                 \
    X(archive_entry_new2)            \
    X(archive_entry_free)            \
    X(archive_entry_pathname)        \
    X(archive_entry_symlink)         \
    X(archive_entry_hardlink)        \
    X(archive_entry_filetype)        \
    X(archive_entry_perm)            \
    X(archive_entry_size)            \
    X(archive_entry_sparse_count)

struct oci_archive_api {
#define X(name) __typeof__(name) *name;
    OCI_ARCHIVE_CALLS(X)
#undef X
};

/* Any thread, blocks. OCI_UNSUPPORTED with the reason when it cannot be loaded. Never unloaded. */
int oci_archive_api(const struct oci_archive_api **ret_api, struct oci_err *reterr);

OCI_END

#endif
