/* media_type.h - media types: the grammar of RFC 6838 section 4.2 and the names that the protocol gives meaning to. */
#ifndef OCI_MODEL_MEDIA_TYPE_H
#define OCI_MODEL_MEDIA_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

OCI_BEGIN

#define OCI_MEDIA_TYPE_MAX 256 /* with the NUL: 127 + "/" + 127 fits */

#define OCI_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define OCI_TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define OCI_TYPE_IMAGE_CONFIG "application/vnd.oci.image.config.v1+json"
#define OCI_TYPE_EMPTY "application/vnd.oci.empty.v1+json"
#define OCI_TYPE_OCTETS "application/octet-stream"
#define OCI_TYPE_JSON "application/json"
#define OCI_TYPE_LAYER_TAR "application/vnd.oci.image.layer.v1.tar"
#define OCI_TYPE_LAYER_TAR_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define OCI_TYPE_LAYER_TAR_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define OCI_TYPE_UNKNOWN_ARTIFACT "application/vnd.unknown.artifact.v1"
#define OCI_TYPE_UNKNOWN_CONFIG "application/vnd.unknown.config.v1+json" /* its counterpart in image-spec 1.0 */

/* What every manifest request sends as Accept (security-quirks Q18). */
#define OCI_ACCEPT_MANIFESTS \
    OCI_TYPE_MANIFEST ", " OCI_TYPE_INDEX ", " OCI_TYPE_DOCKER_MANIFEST ", " OCI_TYPE_DOCKER_LIST

bool oci_media_type_valid(struct oci_str s);
/* What is read, not written: parameters are tolerated (sigstore writes "...bundle+json;version=0.3"), and it fits. */
bool oci_media_type_readable(struct oci_str s);
bool oci_media_type_is_manifest(const char *type); /* OCI or Docker image manifest */
bool oci_media_type_is_index(const char *type);    /* OCI index or Docker manifest list */
/* NULL, "", text/plain, application/json, application/octet-stream: servers say so for want of better (Q24). */
bool oci_media_type_says_nothing(const char *type);
/* The essence of a Content-Type header: parameters and white space cut, lower case, copied to buf; "" if malformed. */
void oci_media_type_essence(const char *header, char buf[OCI_MEDIA_TYPE_MAX]);
/* The file extension a type is known by (".json", ".tar.gz", ...) or "". Static. */
const char *oci_media_type_extension(const char *type);

OCI_END

#endif
