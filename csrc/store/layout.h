/* layout.h - inside store/: an OCI image layout as its own files see it (image-spec image-layout.md).
 *
 * The directory is opened by the first job that needs it. Jobs on the pool use the descriptors; what they share is
 * under the mutex. Before index.json names a blob, the blob is durable: its name waits in `fresh` until the next
 * commit. */
#ifndef OCI_STORE_LAYOUT_H
#define OCI_STORE_LAYOUT_H

#include "flow/store.h"
#include "json/json.h"
#include "sys/file.h"
#include "sys/thread.h"

OCI_BEGIN

#define OCI_LAYOUT_SYNC_EACH 16 /* more new blobs than this are made durable by one sync of the file system */

enum oci_layout_algorithm { OCI_LAYOUT_SHA256, OCI_LAYOUT_SHA512, OCI_LAYOUT_ALGORITHMS };

struct oci_layout {
    struct oci_store base;
    /* set once */
    char *dir;
    bool create;
    struct oci_mutex mutex;
    /* locked; a descriptor that is there stays */
    int dirfd;                              /* -1: not opened yet */
    int blobs[OCI_LAYOUT_ALGORITHMS];       /* directories, for writing; -1: not opened yet */
    bool made;                              /* the layout is new: all of it is to be made durable */
    bool committing;                        /* a job makes blobs durable and writes index.json; others wait */
    struct oci_digest fresh[OCI_LAYOUT_SYNC_EACH];
    size_t fresh_count;                     /* beyond the array only counted */
};

/* ---- layout_open.c: POOL ---- */

/* The layout's directory, checked; made when missing, if `make` and the layout's `create` say so. The descriptor
 * stays the layout's. */
int oci_layout_open(struct oci_layout *l, bool make, int *ret_dirfd, struct oci_err *reterr);
/* The directory of blobs by `algorithm`, made when missing. OCI_UNSUPPORTED for one that cannot be verified. */
int oci_layout_open_blobs(struct oci_layout *l, struct oci_str algorithm, int *ret_fd, struct oci_err *reterr);
/* "blobs/ALGORITHM/ENCODED". */
#define OCI_LAYOUT_PATH_MAX (OCI_DIGEST_MAX + 8)
void oci_layout_path(const struct oci_digest *digest, char path[OCI_LAYOUT_PATH_MAX]);
/* OCI_NOT_FOUND; OCI_UNSAFE_PATH when it is no regular file (T44). */
int oci_layout_stat(struct oci_layout *l, const struct oci_digest *digest, struct oci_file_info *ret_info,
                    struct oci_err *reterr);
/* A file of the layout with at most `max` bytes; a link is not followed, since a layout may come from anywhere. */
int oci_layout_read_file(int dirfd, const char *path, size_t max, struct oci_bytes **ret_bytes, struct oci_err *reterr);
/* At most `max` bytes, verified. `size` (or OCI_SIZE_UNKNOWN) is compared. */
int oci_layout_read(struct oci_layout *l, const struct oci_digest *digest, uint64_t size, size_t max,
                    struct oci_bytes **ret_bytes, struct oci_err *reterr);
/* A small blob, verified, under its name unless it is there; noted as fresh. */
int oci_layout_write(struct oci_layout *l, const struct oci_digest *digest, const struct oci_bytes *bytes,
                     struct oci_err *reterr);
/* The next commit makes it durable. Any thread. */
void oci_layout_note(struct oci_layout *l, const struct oci_digest *digest);
/* Makes what was noted durable; on failure it stays noted. Only while committing. */
int oci_layout_sync(struct oci_layout *l, struct oci_err *reterr);

/* ---- layout_index.c: POOL, or values only ---- */

/* index.json, checked as far as we must rely on it: an object with an array `manifests`. A missing one is empty. */
int oci_layout_index_read(int dirfd, const char *dir, struct oci_json **ret_root, struct oci_err *reterr);
int oci_layout_index_write(int dirfd, const struct oci_json *root, struct oci_err *reterr);
/* An entry, or NULL. Of several with the same name the last counts. */
const struct oci_json *oci_layout_index_by_tag(const struct oci_json *root, const char *tag);
const struct oci_json *oci_layout_index_by_digest(const struct oci_json *root, const struct oci_digest *digest);
/* The names, sorted, each once. */
int oci_layout_index_tags(const struct oci_json *root, struct oci_names *ret_names, struct oci_err *reterr);
/* Changes; OCI_NO_MEMORY leaves a root that must not be written. Entries and members that are not meant stay as
 * they are, where they are. */
/* `tag` NULL: only listed. */
int oci_layout_index_set(struct oci_json *root, const struct oci_desc *desc, const char *tag);
int oci_layout_index_untag(struct oci_json *root, const char *tag, bool *ret_found);
int oci_layout_index_remove(struct oci_json *root, const struct oci_digest *digest, bool *ret_found);

/* ---- layout_manifest.c: POOL ---- */

/* The manifest that a tag or digest names, verified; at most `max` bytes (0: OCI_MAX_MANIFEST). */
int oci_layout_get(struct oci_layout *l, const char *name, size_t max, struct oci_desc *ret_desc,
                   struct oci_bytes **ret_bytes, struct oci_err *reterr);
/* Is `digest` named by an entry, or by an index below one? True too where that cannot be found out. */
int oci_layout_reaches(struct oci_layout *l, const struct oci_json *root, const struct oci_digest *digest,
                       bool *ret_reaches, struct oci_err *reterr);

/* ---- layout_commit.c, layout_manifest.c: flows ---- */

struct oci_flow *oci_layout_put_manifest(struct oci_store *s, const struct oci_desc *desc, struct oci_bytes *bytes,
                                         const char *tag);
struct oci_flow *oci_layout_untag(struct oci_store *s, const char *tag);
struct oci_flow *oci_layout_remove(struct oci_store *s, const struct oci_digest *digest);
struct oci_flow *oci_layout_get_manifest(struct oci_store *s, const char *name, size_t max, struct oci_desc *ret_desc,
                                         struct oci_bytes **ret_bytes);
struct oci_flow *oci_layout_head_manifest(struct oci_store *s, const char *name, struct oci_desc *ret_desc);
struct oci_flow *oci_layout_tags(struct oci_store *s, struct oci_names *ret_names);

OCI_END

#endif
