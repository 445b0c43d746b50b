/* contents.h - the caller's contents: copied, looked at (WORK), and made into sources. */
#ifndef OCI_CLIENT_CONTENTS_H
#define OCI_CLIENT_CONTENTS_H

#include "client/op.h"
#include "pack/pack.h"

OCI_BEGIN

/* One content. Everything is owned. */
struct oci_piece {
    enum oci_content_kind kind; /* a FILE that turns out to be a directory becomes a DIR */
    char *path;
    struct oci_bytes *bytes;
    struct oci_source *reader; /* the core's end of the caller's window, until it is taken */
    char *media_type, *title;
    struct oci_json *annotations, *urls;
    bool embed;
    /* DIR */
    char *prefix;                 /* NULL: the title */
    struct oci_pack_options pack; /* what it shows is owned */
    uint64_t size; /* FILE: found by looking; BYTES: known; else OCI_SIZE_UNKNOWN */
};

struct oci_contents {
    struct oci_piece *pieces;
    size_t count;
    struct oci_work look; /* WORK: asked before sources are made */
};

/* Copies `count` contents; readers become windows of the operation. A title that no pull would take is
 * refused. Done with oci_contents_done() also after a failure. */
int oci_contents_copy(struct oci_op *op, const struct oci_content *const *list, size_t count,
                      struct oci_contents *ret_contents, struct oci_err *reterr);
void oci_contents_done(struct oci_contents *c);
/* The question that finds out what the paths name. */
struct oci_work *oci_contents_look(struct oci_contents *c);

/* The content as a source; a reader's can be had once. The caller's. NULL: out of memory. */
struct oci_source *oci_piece_source(struct oci_piece *p);
/* Its media type, or the one for what it is. Borrowed or static. */
const char *oci_piece_media_type(const struct oci_piece *p);
/* What push takes. */
int oci_piece_item(struct oci_piece *p, struct oci_push_item *ret_item);

OCI_END

#endif
