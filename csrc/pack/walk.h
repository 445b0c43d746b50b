/* walk.h - inside pack/: a directory's tree in one fixed order, held by descriptors: no link is followed unless that is asked
 * for, and somebody who moves directories meanwhile leads nobody outside. */
#ifndef OCI_PACK_WALK_H
#define OCI_PACK_WALK_H

#include "base/limits.h"
#include "pack/ignore.h"
#include "sys/file.h"

OCI_BEGIN

struct oci_dir_walk;

struct oci_dir_walk_entry {
    const char *path;           /* below the root; "" is the root. Until the next step */
    struct oci_file_info info;  /* of a regular file; of others its kind */
    int fd;                     /* a regular file, open; the walk's, until the next step. -1: it is not opened */
    const char *link;           /* a symbolic link's target. Until the next step */
};

/* `dir` is the caller's name for it: links in it are followed. `ignore` (may be NULL) is borrowed: what it leaves out
 * is not even looked into. With `follow` a link in it is what it leads to, wherever that is. */
int oci_dir_walk_open(const char *dir, const struct oci_ignore *ignore, bool follow, struct oci_dir_walk **ret_walk,
                      struct oci_err *reterr);
void oci_dir_walk_close(struct oci_dir_walk *w); /* NULL does nothing */
/* The root's descriptor, until the walk is closed. */
int oci_dir_walk_root(const struct oci_dir_walk *w);
/* From now on files are looked at only: nobody reads them as they come. */
void oci_dir_walk_open_no_more(struct oci_dir_walk *w);

/* The root first; a directory comes before what is in it, the names in a directory in bytewise order. OCI_OK,
 * OCI_END_OF_CONTENT, or an error that names the path: OCI_INVALID for a FIFO, device or socket and for names that
 * cannot travel, OCI_UNSAFE_PATH for a link that leads out, OCI_LIMIT past 64 levels. */
int oci_dir_walk_next(struct oci_dir_walk *w, struct oci_dir_walk_entry *ret_entry, struct oci_err *reterr);

OCI_END

#endif
