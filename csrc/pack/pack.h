/* pack.h - directories to deterministic tar+gzip, and the safe way back. libarchive only reads.
 *
 * Packing: entries sorted bytewise, no owner names, ids 0, time 0 (or SOURCE_DATE_EPOCH), modes 0755 or 0644, symbolic links
 * kept when they stay inside, everything else (hard links to the same file are files; FIFOs, devices, sockets) refused; names
 * all begin with the title; the archive ends after two zero blocks without padding; gzip without name and time, fixed level.
 *
 * Unpacking: names relative to a directory descriptor, no link ever followed, files and directories and links that stay
 * inside; hard links, devices and the rest are UNSAFE_PATH; setuid, ownership and the like never; bounded in bytes, ratio,
 * entries and depth. */
#ifndef OCI_PACK_PACK_H
#define OCI_PACK_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "flow/content.h"
#include "flow/flow.h"
#include "model/digest.h"

OCI_BEGIN

enum oci_compression { OCI_COMPRESS_GZIP, OCI_COMPRESS_ZSTD, OCI_COMPRESS_NONE };

struct oci_pack_options {
    enum oci_compression compression; /* zeroed: gzip */
    const char *const *ignore;        /* patterns of what is left out; copied */
    size_t ignore_count;
    struct oci_host *host;            /* for its jobs */
};
/* A directory as a source: packed again at each use. The size is unknown before it was read to its end once. `prefix`
 * begins every entry's name (the layer's title). Strings are copied; `options` may not be NULL. */
struct oci_source *oci_source_packed(const char *dir, const char *prefix, const struct oci_pack_options *options);
/* After it was read to the end: the digest of the uncompressed tar (io.deis.oras.content.digest). */
const struct oci_digest *oci_source_packed_tar_digest(const struct oci_source *s);

struct oci_unpack_options {
    int file_fd;            /* the archive: tar or tar+gzip (or +zstd where libarchive reads it), by its own bytes */
    const char *archive;    /* its name for messages */
    int dirfd;              /* entries are created below this directory */
    const char *strip;      /* a leading "STRIP/" is taken off names; names without it are used as they are; NULL: none */
    const char *want_tar_digest; /* digest of the uncompressed tar to be verified, or NULL */
    uint64_t max_bytes;     /* 0: 64 GiB */
    uint64_t max_entries;   /* 0: 1 000 000 */
};
/* POOL: blocks. Creates new files only (into a fresh directory). */
int oci_unpack(const struct oci_unpack_options *o, struct oci_err *reterr);

/* POOL: blocks. The content of the first regular file in a tar or tar+gzip whose clean name, without a slash before it,
 * matches `pattern` (base/glob.h). NOT_FOUND when none does, LIMIT when it has more than `limit` bytes. */
int oci_pack_read_entry(const char *archive, const char *pattern, size_t limit, struct oci_bytes **ret_bytes,
                        struct oci_err *reterr);

OCI_END

#endif
