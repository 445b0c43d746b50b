/* reference.h - references: a place and maybe a thing in it (DESIGN section 4).
 *
 *   [registry[:port]/]repository[:tag][@digest]     oci://HOST/... means the same; Docker Hub's short names included
 *   oci:DIR[:tag][@digest]        an image layout (the last ':' starts the tag if no '/' follows it)
 *   oci-archive:FILE[:tag]        the same as a tar (parsed; opening it is OCI_UNSUPPORTED for now)
 *   memory:NAME[:tag][@digest]
 *
 * Grammar of names and tags: distribution-spec, "Pulling manifests". */
#ifndef OCI_MODEL_REFERENCE_H
#define OCI_MODEL_REFERENCE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "model/digest.h"
#include "model/host.h"

OCI_BEGIN

#define OCI_TAG_MAX 129        /* 128 and a NUL */
#define OCI_REPOSITORY_MAX 256

enum oci_place { OCI_PLACE_REGISTRY, OCI_PLACE_LAYOUT, OCI_PLACE_ARCHIVE, OCI_PLACE_MEMORY };

struct oci_reference {
    enum oci_place place;
    char registry[OCI_HOST_MAX];           /* host[:port] lower case; "docker.io" for Docker Hub; "" elsewhere */
    char repository[OCI_REPOSITORY_MAX];   /* "library/alpine"; "" for a bare registry (see _parse_registry) */
    char *path;                            /* DIR, FILE or NAME; NULL for a registry. Owned */
    char tag[OCI_TAG_MAX];                 /* or "" */
    struct oci_digest digest;              /* or "" */
};

/* Parses `len` bytes; embedded NULs and control characters are OCI_INVALID. On success *ret_ref is the caller's:
 * oci_reference_done(). The text names what is wrong and shows the reference with control characters replaced. */
int oci_reference_parse(const char *p, size_t len, struct oci_reference *ret_ref, struct oci_err *reterr);
/* Only HOST[:PORT] (for repositories, login): place registry, repository "". */
int oci_reference_parse_registry(const char *p, size_t len, struct oci_reference *ret_ref, struct oci_err *reterr);
void oci_reference_done(struct oci_reference *r);
int oci_reference_copy(const struct oci_reference *from, struct oci_reference *ret_ref);

/* Prints the reference: `what` chooses the parts. Docker Hub prints as docker.io/library/x; a host that only
 * oci:// can tell from a repository's part gets it again. What is printed reads back as the same place. */
enum oci_reference_parts {
    OCI_REF_PLACE = 0,  /* HOST/REPO, oci:DIR, memory:NAME */
    OCI_REF_TAG = 1,
    OCI_REF_DIGEST = 2
};
int oci_reference_print(const struct oci_reference *r, int parts, struct oci_buf *b);

bool oci_tag_valid(struct oci_str tag);
bool oci_repository_valid(struct oci_str name);

/* The host that requests go to: registry-1.docker.io for docker.io, else the registry itself. Borrowed or static. */
const char *oci_registry_api_host(const char *registry);
/* localhost, 127.0.0.0/8, [::1], any port: plain HTTP by default. */
bool oci_registry_is_loopback(const char *registry);

OCI_END

#endif
