/* tar_header.h - inside pack/: one entry's header blocks, ustar with pax records where ustar cannot say it. */
#ifndef OCI_PACK_TAR_HEADER_H
#define OCI_PACK_TAR_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sys/file.h"

OCI_BEGIN

#define OCI_TAR_BLOCK 512

struct oci_tar_entry {
    enum oci_file_kind kind; /* regular, directory or symbolic link */
    const char *name;        /* a directory's without the slash at its end: it is added */
    const char *link;        /* a symbolic link's target */
    bool executable;
    uint64_t size;           /* of a regular file */
    int64_t mtime;           /* seconds, not negative */
};

/* Appends the header, nothing of the content: owner 0 without a name, mode 0755 or 0644. Equal entries give equal
 * bytes. OCI_OK, OCI_LIMIT or OCI_NO_MEMORY. */
int oci_tar_add_header(struct oci_buf *b, const struct oci_tar_entry *e);

OCI_END

#endif
