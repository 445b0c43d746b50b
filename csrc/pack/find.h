/* find.h - inside pack/ and for client/: some small files out of an archive that is moved into a sink. Nothing is unpacked,
 * nothing is on disk, and all of them are found in one pass. */
#ifndef OCI_PACK_FIND_H
#define OCI_PACK_FIND_H

#include <stdbool.h>

#include "base/bytes.h"
#include "flow/content.h"
#include "flow/flow.h"

OCI_BEGIN

struct oci_find_options {
    struct oci_host *host;         /* for its jobs */
    const struct oci_desc *want;   /* what the archive is verified against (copied); NULL: it is not */
    const char *const *patterns;   /* base/glob.h. Copied */
    size_t count;
    size_t limit;                  /* bytes of each file, else OCI_LIMIT */
    bool cut;                      /* no more than these are kept, and a larger file is none too many */
};

/* Takes a tar, tar+gzip or tar+zstd by its own bytes, and keeps the first regular file whose clean name, without a slash before
 * it, matches a pattern; that for each of them. The pool reads it, in slices. The verdict: OCI_INVALID for what is no proper
 * archive, or has another entry with the path of what was found (up to where the last file was found; to the end where it is
 * verified), OCI_LIMIT past 1 GiB of tar, a million entries, or 200 times its size once
 * that is more than 16 MiB, OCI_UNSUPPORTED, and before all of these OCI_DIGEST_MISMATCH and OCI_SIZE_MISMATCH. Texts call the
 * archive "it". NULL: out of memory. */
struct oci_sink *oci_sink_find(const struct oci_find_options *o);
/* It has refused to take more (OCI_CANCELED), since all was found and nothing is to be verified. */
bool oci_sink_find_had_enough(const struct oci_sink *s);
/* After the end: what the pattern has found, or NULL. The caller's. */
struct oci_bytes *oci_sink_find_take(struct oci_sink *s, size_t i);

OCI_END

#endif
