/* untar_file.h - one file out of an archive that comes through a window: nothing is unpacked, nothing is on disk. */
#ifndef OCI_PACK_UNTAR_FILE_H
#define OCI_PACK_UNTAR_FILE_H

#include "base/limits.h"
#include "content/content_kinds.h"

OCI_BEGIN

/* A path below a packed directory as its entries are compared: without "." and doubled slashes; "" is the directory itself.
 * OCI_UNSAFE_PATH, OCI_INVALID or OCI_LIMIT as for an entry's name. */
int oci_untar_clean_path(const char *path, char ret_path[OCI_MAX_PATH], struct oci_err *reterr);

struct oci_untar_file_options {
    struct oci_host *host;
    struct oci_window *archive;  /* its writer verifies it. A reference is taken; nobody else reads it */
    const char *path;            /* of the file: as oci_untar_clean_path() gives it. Copied */
    const char *called;          /* what it is called in messages; NULL: `path`. Copied */
    const char *strip;           /* as in oci_unpack(). Copied */
    /* Engine thread: the file is found, and has so many bytes. Before the first of them is given. */
    void (*on_found)(void *ctx, uint64_t size);
    void *ctx;
};

/* Gives the file's bytes, and its end when all of the archive has come and was right. The archive's names are checked as when it
 * is unpacked (oci_pack_clean_name). OCI_NOT_FOUND when it is not there, OCI_INVALID when it is no file, or there twice; what
 * oci_tar_reader_next() and oci_unpress() say. NULL: out of memory. */
struct oci_source *oci_source_untar_file(const struct oci_untar_file_options *o);

OCI_END

#endif
