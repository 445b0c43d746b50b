/* descriptor.h - content descriptors (image-spec descriptor.md). */
#ifndef OCI_MODEL_DESCRIPTOR_H
#define OCI_MODEL_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "json/json.h"
#include "model/digest.h"
#include "model/media_type.h"

OCI_BEGIN

#define OCI_SIZE_UNKNOWN UINT64_MAX
#define OCI_ANNOTATION_TITLE "org.opencontainers.image.title"
#define OCI_ANNOTATION_CREATED "org.opencontainers.image.created"
#define OCI_ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"
#define OCI_ANNOTATION_UNPACK "io.deis.oras.content.unpack"
#define OCI_ANNOTATION_CONTENT_DIGEST "io.deis.oras.content.digest"

/* Owns what its pointers show; zero-initialised it is empty and may be given to _done. */
struct oci_desc {
    char media_type[OCI_MEDIA_TYPE_MAX];
    struct oci_digest digest;
    uint64_t size;                  /* bytes; OCI_SIZE_UNKNOWN where a place did not say */
    char *artifact_type;            /* or NULL */
    struct oci_json *annotations;   /* object of strings, or NULL */
    struct oci_json *platform;      /* object, or NULL */
    struct oci_json *urls;          /* array of strings, or NULL */
    struct oci_bytes *data;         /* embedded content, has been verified by oci_desc_read(); or NULL */
};

void oci_desc_done(struct oci_desc *d);
int oci_desc_copy(const struct oci_desc *from, struct oci_desc *ret_desc);
/* Overwrites all of `d` (nothing is freed): this media type, digest (NULL: none) and size, and nothing else. A media
 * type that does not fit becomes "". */
void oci_desc_set(struct oci_desc *d, const char *media_type, const struct oci_digest *digest, uint64_t size);

/* Reads a descriptor object; `where` is its JSON path for messages ("layers[3]"). Rules D03 to D16 of
 * manifest-validity: media type, digest and size present and well-formed, annotations strings. Unknown members are
 * ignored, and a null is as good as absent; a media type may have parameters. Embedded data is decoded, and OCI_INVALID
 * unless it has the descriptor's size and digest (T30); it is left out where the digest cannot be verified. */
int oci_desc_read(const struct oci_json *v, const char *where, struct oci_desc *ret_desc, struct oci_err *reterr);
/* Reads a map of strings into a copy; nothing is set for NULL and null. */
int oci_annotations_read(const struct oci_json *v, const char *where, struct oci_json **ret_annotations,
                         struct oci_err *reterr);
/* Reads an artifactType into a copy; nothing is set for NULL, null and "". */
int oci_artifact_type_read(const struct oci_json *v, const char *where, char **ret_type, struct oci_err *reterr);
/* The object in the fixed member order: mediaType, digest, size, urls, annotations, data, artifactType, platform;
 * annotations sorted. NULL: out of memory. */
struct oci_json *oci_desc_write(const struct oci_desc *d);

/* The value of an annotation, or NULL. Borrowed. */
const char *oci_desc_annotation(const struct oci_desc *d, const char *key);
int oci_desc_annotate(struct oci_desc *d, const char *key, const char *value);
/* The title annotation, or NULL. */
const char *oci_desc_title(const struct oci_desc *d);

/* The empty JSON object {} (image-spec manifest.md, Guidance for an Empty Descriptor), with its data when asked. */
int oci_desc_empty(struct oci_desc *ret_desc, bool with_data);

/* os/arch[/variant] of this machine in Go's words ("linux/amd64"). Static. */
const char *oci_platform_host(void);
/* Does `platform` (object) satisfy "os/arch[/variant]"? A wanted variant must be equal, none wanted matches any;
 * arm64 means variant v8 too. "x86_64", "aarch64", "macos" and the like are understood in `wanted`. */
bool oci_platform_matches(const struct oci_json *platform, const char *wanted);
/* Does `platform` (object) satisfy the platform object `wanted`? os, architecture and variant as above; a wanted os.version
 * must be equal, wanted os.features must all be there. */
bool oci_platform_fits(const struct oci_json *platform, const struct oci_json *wanted);
/* Prints os/arch[/variant] of a platform object into buf. */
void oci_platform_print(const struct oci_json *platform, char *buf, size_t size);
/* Parses "os/arch[/variant]" to a platform object. */
int oci_platform_parse(const char *text, struct oci_json **ret_platform, struct oci_err *reterr);

OCI_END

#endif
