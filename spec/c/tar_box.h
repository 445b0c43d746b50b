/* tar_box.h - crafted archives, and a box to unpack them in. For the tests of oci_unpack(). */
#ifndef TAR_BOX_H
#define TAR_BOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "pack/pack.h"
#include "tree.h"

/* ---- a tar maker that checks nothing ---- */

extern struct oci_buf tar_made; /* what was made since tar_begin() */

struct tar_entry {
    const char *name;
    char type; /* 0: '0' */
    const char *content;
    const char *link;
    unsigned mode;   /* 0: 0644 */
    uint64_t claim;  /* a size that is not that of the content, in base 256; 0: none */
    size_t name_len; /* 0: strlen */
};

void tar_begin(void);
void tar_add(struct tar_entry e);
void tar_add_bytes(const struct tar_entry *e, const void *p, size_t len); /* with this content */
void tar_pax(const char *key, const char *value);                         /* a record for the next entry */
void tar_end(void);                                                       /* two zero blocks */
struct oci_buf tar_gzip(const void *p, size_t len);                       /* the caller's */

#define TAR_FILE(n, c) tar_add((struct tar_entry){.name = (n), .content = (c)})
#define TAR_DIR(n) tar_add((struct tar_entry){.name = (n), .type = '5', .mode = 0755})
#define TAR_LINK(n, t) tar_add((struct tar_entry){.name = (n), .type = '2', .link = (t)})

/* ---- one unpacking ---- */

extern struct oci_err box_err; /* of the last one */
/* The box; the directory in it that is unpacked into. Beside it lies "outside" with a sentinel. */
extern char box_dir[TREE_PATH], box_to[TREE_PATH + 8];

void box_make(void); /* tree_remove(box_dir) at the end */
int box_unpack_bytes(const void *p, size_t len, struct oci_unpack_options o);
int box_unpack_with(struct oci_unpack_options o); /* tar_made, ended */
int box_unpack(void);                             /* with strip "t" */
void box_check(void);                             /* nothing outside box_to is new, gone or changed */

/* `craft` makes an archive that must fail with `code` and a text that has `text`, nothing outside being touched; with
 * openat2 and without. */
void box_check_refused(void (*craft)(void), int code, const char *text);
void box_check_entry(struct tar_entry e, int code, const char *text); /* an archive of this entry alone */

#endif
