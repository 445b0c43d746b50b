/* manifest.h - image manifests and indexes (image-spec manifest.md, image-index.md), Docker's v2 kinds included.
 *
 * Received bytes are the truth: they are kept, and the digest is theirs. Nothing is printed again to be verified. */
#ifndef OCI_MODEL_MANIFEST_H
#define OCI_MODEL_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "json/json.h"
#include "model/descriptor.h"

OCI_BEGIN

struct oci_manifest {
    struct oci_bytes *bytes;        /* as received, or as built */
    struct oci_desc self;           /* media type, digest and size of the bytes; artifact_type as in the document */
    bool is_index;
    struct oci_desc config;         /* digest "" in an index */
    struct oci_desc *items;         /* layers, or an index's manifests */
    size_t count;
    bool has_subject;
    struct oci_desc subject;
    struct oci_json *annotations;   /* object of strings, or NULL */
};

/* Reads a manifest or index. `media_type` is what the sender called it (a Content-Type's essence or a descriptor's
 * media type), or NULL. OCI_INVALID for what is malformed or ambiguous: both shapes at once (X11), a body's mediaType
 * that differs from `media_type` unless that is text/plain, application/json or application/octet-stream, duplicate
 * keys. A missing mediaType is read: the type is then `media_type`, or what the shape says. `algorithm` is that of the
 * digest computed over the bytes ("sha256" when NULL). The caller's: oci_manifest_free(). */
int oci_manifest_parse(struct oci_bytes *bytes, const char *media_type, const char *algorithm,
                       struct oci_manifest **ret_manifest, struct oci_err *reterr);
void oci_manifest_free(struct oci_manifest *m); /* NULL does nothing */

/* The type of the artifact: artifactType, else the config's media type (image-spec manifest.md), else NULL. */
const char *oci_manifest_artifact_type(const struct oci_manifest *m);

/* What a manifest is built from. Everything is borrowed.
 *
 * With `version_1_0` it has the shape of image-spec 1.0, for registries and readers that know no artifactType: the
 * config's media type is the artifact's, and the empty config is {} under that type. A config whose own media type says
 * something keeps it. A subject is OCI_INVALID there. With `docker` it is one of Docker (schema 2), for readers that take
 * no other: artifact type and subject are OCI_INVALID, and a config is needed. */
struct oci_manifest_spec {
    bool version_1_0, docker;
    const char *artifact_type;            /* or NULL */
    const char *empty_config_type;        /* of the empty config in that shape of 1.0; NULL: the artifact's type */
    const struct oci_desc *config;        /* NULL: the empty config */
    const struct oci_desc *layers;        /* none: one empty layer */
    size_t layer_count;
    size_t layer_step;                    /* bytes from one to the next, where each begins something larger; 0: none does */
    const struct oci_desc *subject;       /* or NULL */
    const struct oci_json *annotations;   /* or NULL */
};

/* Builds an image manifest in canonical form: members schemaVersion, mediaType, artifactType, config, layers, subject,
 * annotations (sorted). The caller's: oci_manifest_free(). It has bytes and `self` alone: what it names is not read back,
 * the caller has it. OCI_LIMIT over 4 MiB. With `ret_manifest` NULL it is a rehearsal: whether that is what the lint calls
 * an error is found out before digests and sizes are known. */
int oci_manifest_build(const struct oci_manifest_spec *spec, struct oci_manifest **ret_manifest,
                       struct oci_err *reterr);

/* A descriptor in a rehearsal: a digest or size that is not known yet is made up, embedded data left out. Borrows all. */
struct oci_desc oci_desc_rehearsed(const struct oci_desc *d);

/* The shape of 1.0 has no artifact types: neither the index nor its entries. */
struct oci_index_spec {
    bool version_1_0;
    const char *artifact_type;
    const struct oci_desc *manifests;
    size_t count;
    const struct oci_desc *subject;
    const struct oci_json *annotations;
};
int oci_index_build(const struct oci_index_spec *spec, struct oci_manifest **ret_index, struct oci_err *reterr);

OCI_END

#endif
