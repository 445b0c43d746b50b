/* entries.h - inside pack/: what is in an archive file, one entry after the other. libarchive parses the tar, and does
 * nothing else: it writes nothing, decompresses nothing, and its names are not trusted.
 *
 * One thread at a time; which one may change between two calls. */
#ifndef OCI_PACK_ENTRIES_H
#define OCI_PACK_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "model/digest.h"

OCI_BEGIN

enum oci_entry_kind {
    OCI_ENTRY_FILE,
    OCI_ENTRY_DIRECTORY,
    OCI_ENTRY_SYMLINK,
    OCI_ENTRY_HARD_LINK,
    OCI_ENTRY_SPARSE, /* a file with holes, which is not supported */
    OCI_ENTRY_OTHER
};

/* As the archive says: nothing is checked. Strings live until the next entry. */
struct oci_entry {
    enum oci_entry_kind kind;
    const char *name;
    const char *link;    /* SYMLINK: may be NULL */
    uint64_t size;       /* FILE */
    bool executable;
};

struct oci_entries_options {
    int fd;                            /* tar, tar+gzip or tar+zstd, by its own bytes. Borrowed */
    uint64_t max_bytes;                /* of tar */
    uint64_t ratio_after;              /* 0: OCI_PACK_RATIO_AFTER */
    const struct oci_str *algorithm;   /* of the tar's digest, as for oci_hash_new; NULL: none is wanted */
};

struct oci_entries;

/* Errors speak of the archive as "it". UNSUPPORTED: libarchive, or libzstd, is not there. */
int oci_entries_open(const struct oci_entries_options *o, struct oci_entries **ret_entries, struct oci_err *reterr);
void oci_entries_close(struct oci_entries *e); /* NULL does nothing */

/* Passes over what was not read of the entry before. OCI_OK, OCI_END_OF_CONTENT, or an error: INVALID for what is no
 * proper archive, LIMIT over a bound. */
int oci_entries_next(struct oci_entries *e, struct oci_entry *ret_entry, struct oci_err *reterr);
/* The next bytes of a FILE, until the next call. OCI_OK (*ret_n > 0), OCI_END_OF_CONTENT (all `size` of them were
 * given), or an error. */
int oci_entries_read(struct oci_entries *e, const void **ret_p, size_t *ret_n, struct oci_err *reterr);
/* After the last entry: reads what is behind it, which belongs to the digest, and where gzip's checksum is. *ret_digest
 * may be NULL when none is wanted. */
int oci_entries_finish(struct oci_entries *e, struct oci_digest *ret_digest, struct oci_err *reterr);
/* Bytes of tar that were read so far. */
uint64_t oci_entries_tar_bytes(const struct oci_entries *e);

OCI_END

#endif
