/* plan.h - inside pack/: a directory's tar in blocks of one size, each made in two steps.
 *
 * The plan walks the tree, one block after the other: it writes headers and padding where they belong, and notes which
 * part of which file goes where. It opens each file once, which is soon done; a small one that lies in the system's memory
 * it also reads: that takes no longer than finding it again. What must be waited for (large files, or a disk) needs nothing
 * of the blocks before it, and is filled in for several blocks at the same time. */
#ifndef OCI_PACK_PLAN_H
#define OCI_PACK_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "pack/walk.h"

OCI_BEGIN

#define OCI_PACK_BLOCK (1u << 20) /* of tar; part of the format */

/* A part of a file, and where it goes. */
struct oci_extent {
    size_t path;             /* in `names` */
    uint64_t off;            /* in the file */
    uint64_t size;           /* the file's, as it was planned */
    int64_t mtime_ns;
    uint32_t at, len;        /* in the block */
};

struct oci_plan_block {
    char *tar;               /* OCI_PACK_BLOCK bytes */
    size_t len;              /* of them used: all, but in the last block */
    struct oci_extent *extents;
    size_t count, cap;
    struct oci_buf names;    /* NUL-terminated paths */
    bool follow;             /* links on the way */
};

struct oci_planner {
    const char *dir;         /* set once; borrowed */
    const struct oci_ignore *ignore;
    bool follow;
    struct oci_dir_walk *walk; /* NULL: not begun */
    char *prefix;
    int64_t mtime;
    struct oci_buf pending;  /* a header, or the end, given up to `given` */
    size_t given;
    char path[OCI_MAX_PATH]; /* the file that is laid out */
    int fd;                  /* of it, open: the walk's; or -1 */
    uint64_t size, off;
    int64_t mtime_ns;
    size_t entries;          /* so far, counted as unpacking does: the directory's own, too */
    bool in_file, ended;
    bool over;               /* the last block is planned */
};

/* All POOL, one call at a time. `prefix` begins every name. Looks for SOURCE_DATE_EPOCH. */
int oci_planner_open(struct oci_planner *p, const char *dir, const char *prefix, const struct oci_ignore *ignore,
                     bool follow, struct oci_err *reterr);
void oci_planner_close(struct oci_planner *p); /* also after a failure, and if never opened */
/* Plans the next block into `b`, whose memory is used again. Not after `over`. */
int oci_planner_next(struct oci_planner *p, struct oci_plan_block *b, struct oci_err *reterr);

/* POOL, any number at a time. Reads what the plan noted from below `root`. OCI_SIZE_MISMATCH for a file that is not what
 * it was then. `dir` is for messages. */
int oci_plan_block_fill(const struct oci_plan_block *b, int root, const char *dir, struct oci_err *reterr);
void oci_plan_block_done(struct oci_plan_block *b);

OCI_END

#endif
