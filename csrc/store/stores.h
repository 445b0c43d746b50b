/* stores.h - the places behind store.h, and the plain files that a pull fills. */
#ifndef OCI_STORE_STORES_H
#define OCI_STORE_STORES_H

#include "flow/graph.h"
#include "flow/store.h"

OCI_BEGIN

/* A repository of a registry. Strings are copied; `origin` and `seen` (which may be NULL) are borrowed. NULL: out of
 * memory. */
struct oci_seen;
struct oci_store *oci_store_registry(struct oci_host *host, struct oci_origin *origin, const char *registry,
                                     const char *repository, struct oci_seen *seen);

/* An OCI image layout (image-spec image-layout.md). Opened lazily by its first flow; `create` makes what is missing
 * when something is put. Blobs are written under temporary names in blobs/ALG, hashed, renamed; put_manifest with a
 * tag (and put_manifest without one) first makes everything put before it durable (one batch of syncs), then writes
 * index.json atomically under a lock, merged with what other processes wrote; unknown members of index.json are
 * kept. A blob that is a link, a FIFO or a device is UNSAFE_PATH. */
struct oci_store *oci_store_layout(struct oci_host *host, const char *dir, bool create);

/* A memory place: named, belongs to a client (struct oci_memory_places), bounded (1 GiB). */
struct oci_memory_places;
struct oci_memory_places *oci_memory_places_new(void);
void oci_memory_places_free(struct oci_memory_places *p);
struct oci_store *oci_store_memory(struct oci_host *host, struct oci_memory_places *places, const char *name);

/* Plain files. */
struct oci_files_options {
    const char *to;        /* directory; made when missing */
    bool overwrite;
    bool sync;             /* make files durable before they get their names */
    int unpack;            /* -1: what was packed from a directory comes back as one; 0: never; 1: all tar layers */
};
enum oci_file_state { OCI_FILE_FETCHED, OCI_FILE_UNCHANGED, OCI_FILE_UNPACKED };
struct oci_pull_target *oci_files_new(struct oci_host *host, const struct oci_files_options *options);
void oci_files_free(struct oci_pull_target *t);
size_t oci_files_count(struct oci_pull_target *t);
/* After the pull: path (with `to`), title (NULL for a layer without one) and state; borrowed. */
void oci_files_get(struct oci_pull_target *t, size_t index, const char **ret_path, const char **ret_title,
                   const struct oci_desc **ret_desc, enum oci_file_state *ret_state);
size_t oci_files_position(struct oci_pull_target *t, size_t index); /* of its layer in the manifest, from 0 */

/* Checks a title as a relative path (security-quirks T47, statement 18): OCI_UNSAFE_PATH with the reason. */
int oci_title_check(const char *title, struct oci_err *reterr);

OCI_END

#endif
