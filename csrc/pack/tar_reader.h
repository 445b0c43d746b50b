/* tar_reader.h - inside pack/: a tar read as it comes, in pieces of any size: ustar, pax and GNU's long names (POSIX pax,
 * "ustar Interchange Format" and "pax Extended Header"). libarchive, which reads whole files for us, cannot stop in the middle
 * and wait.
 *
 * Both must see the same files. So this one refuses what programs are known to read differently: two extensions that say the
 * same, sizes of what has no content, odd magic, holes of all kinds (spec/c/tar_agree_test.c has each of them). */
#ifndef OCI_PACK_TAR_READER_H
#define OCI_PACK_TAR_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "pack/tar_header.h"

OCI_BEGIN

enum oci_tar_word {
    OCI_TAR_NOTHING, /* go on with what is left */
    OCI_TAR_ENTRY,   /* an entry begins */
    OCI_TAR_DATA,    /* what was used is content of it */
    OCI_TAR_OVER     /* the archive has ended; nothing is used any more */
};

enum oci_tar_kind { OCI_TAR_FILE, OCI_TAR_DIRECTORY, OCI_TAR_SYMLINK, OCI_TAR_HARDLINK, OCI_TAR_OTHER };

struct oci_tar_reader {
    /* of the entry that began last, until the next one */
    struct oci_buf name;
    enum oci_tar_kind kind;
    uint64_t size; /* of its content */
    /* inside */
    enum { OCI_TAR_AT_HEADER, OCI_TAR_IN_EXTENSION, OCI_TAR_IN_CONTENT, OCI_TAR_IN_PADDING, OCI_TAR_AT_END } state;
    unsigned char block[OCI_TAR_BLOCK];
    size_t have;            /* of the block */
    uint64_t left, padding; /* of what the state is about, and behind it */
    struct oci_buf extension;
    char extension_type;
    struct oci_buf path;    /* what an extension says of the next entry */
    bool has_path, has_size, has_records;
    bool extended;          /* an extension was read, and its entry is to come */
    uint64_t next_size;
};

void oci_tar_reader_init(struct oci_tar_reader *r);
void oci_tar_reader_done(struct oci_tar_reader *r);
/* Reads some of `len` bytes (more than 0): one of the words above, or OCI_INVALID for what is no tar, OCI_UNSUPPORTED for files
 * with holes, OCI_LIMIT for headers that are too long, OCI_NO_MEMORY. Texts call the archive "it". */
int oci_tar_reader_next(struct oci_tar_reader *r, const void *p, size_t len, size_t *ret_used, struct oci_err *reterr);
/* There are no more bytes: is that all right? */
int oci_tar_reader_end(const struct oci_tar_reader *r, struct oci_err *reterr);

OCI_END

#endif
