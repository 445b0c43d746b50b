/* names.h - inside pack/: which names and links an archive may hold, and how much of it, for packing and unpacking
 * alike: what would be refused on the way back is not packed. */
#ifndef OCI_PACK_NAMES_H
#define OCI_PACK_NAMES_H

#include "base/err.h"
#include "base/limits.h"

OCI_BEGIN

#define OCI_PACK_MAX_DEPTH 64        /* names inside each other; each level of a walk holds a descriptor */
#define OCI_PACK_MAX_ENTRIES 1000000
/* A bomb: a tar of more than RATIO times its compressed size (T57), once that matters. gzip can do 1032, zstd twenty
 * thousand, and logs and disk images honestly come near it; 1 GiB is what anybody could send as it is. */
#define OCI_PACK_RATIO 200
#define OCI_PACK_RATIO_AFTER (1ull << 30)

/* Turns an entry's name into a clean relative path: "./" and "//" and the slash at the end are gone; "" is the
 * directory itself. A leading `strip` (may be NULL) is taken off. OCI_UNSAFE_PATH for absolute names and "..", OCI_INVALID for
 * control characters, what is not UTF-8, a part over 255 bytes; OCI_LIMIT for length and depth. */
int oci_pack_clean_name(const char *name, const char *strip, char ret_path[OCI_MAX_PATH], struct oci_err *reterr);

/* May the clean relative path `path` be a symbolic link to `target`? Only to a relative one that stays inside. ".." is
 * taken at the beginning alone: behind another name it would lead wherever that name, itself a link, leads. So no chain
 * of links leaves the directory. */
int oci_pack_check_link(const char *path, const char *target, struct oci_err *reterr);

/* Reports `code` about `path` as "<path> <what>", with the path recorded. */
int oci_pack_refuse(struct oci_err *reterr, int code, const char *path, const char *what);

OCI_END

#endif
