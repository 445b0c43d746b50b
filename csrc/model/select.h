/* select.h - what of an artifact is pulled: for which platform, which of its layers, under which names. */
#ifndef OCI_MODEL_SELECT_H
#define OCI_MODEL_SELECT_H

#include "model/manifest.h"

OCI_BEGIN

/* Zeroed it selects everything. All is borrowed. */
struct oci_selection {
    const struct oci_json *platform;  /* of an index: the manifest for this platform (an object); NULL: the host's */
    const char *const *include;       /* patterns (base/glob.h) of names: one of them must match; none: all do */
    const char *const *exclude;       /* ... of names that are left out */
    const char *const *media_types;   /* one must match, '*' is any characters; none: all do */
    const size_t *positions;          /* only these layers, counted from 0, ascending */
    size_t include_count, exclude_count, media_type_count, position_count;
    bool by_position;                 /* `positions` counts, also when it is empty */
    struct oci_bytes *manifest;       /* by digest, it is not fetched again where it is here already; or NULL */
    const char *manifest_type;
};
/* A copy that owns all of it; OCI_NO_MEMORY. Then _done, also after a failure. */
int oci_selection_copy(const struct oci_selection *from, struct oci_selection *ret_copy);
void oci_selection_done(struct oci_selection *copy);

/* A layer that becomes a file. The descriptor is its manifest's. */
struct oci_layer {
    const struct oci_desc *desc;
    size_t position;
};

/* The layers that are selected (`what` NULL: all), in the manifest's order. The empty layer, which stands for none
 * (image-spec manifest.md, Guidance for an Empty Descriptor), is no file. *ret_layers is the caller's: oci_free().
 * OCI_NOT_FOUND when something was asked for and nothing is it; OCI_LIMIT past OCI_MAX_LAYERS. */
int oci_select_layers(const struct oci_selection *what, const struct oci_manifest *m, struct oci_layer **ret_layers,
                      size_t *ret_count, struct oci_err *reterr);

/* The name of the file that a layer becomes: its title, or "sha256-HEX" and what its type is known by (".json"); as a
 * directory without the latter. A slash at a title's end, by which regctl marks a directory, is no part of the name.
 * The caller's: oci_free(). NULL: out of memory. */
char *oci_layer_name(const struct oci_desc *d, bool as_directory);
/* Was it packed from a directory? oras says so in an annotation, regctl by a slash at the title's end. */
bool oci_layer_is_directory(const struct oci_desc *d);
/* Is it a tar, compressed or not, by its media type? */
bool oci_layer_is_tar(const struct oci_desc *d);

OCI_END

#endif
