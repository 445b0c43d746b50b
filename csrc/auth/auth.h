/* auth.h - credentials from the user's files (security-quirks 1.12): docker's config.json, its `auths`. The rest of the
 * chain (helpers, containers' auth.json) will come behind the same function. */
#ifndef OCI_AUTH_AUTH_H
#define OCI_AUTH_AUTH_H

#include "base/err.h"

OCI_BEGIN

/* A credential. All owned; cleansed when freed. Kinds: username and password; token (sent as Bearer); identity_token (an
 * OAuth2 refresh token). All NULL: anonymous. */
struct oci_credential {
    char *username, *password, *token, *identity_token;
};
void oci_credential_done(struct oci_credential *c);
int oci_credential_copy(const struct oci_credential *from, struct oci_credential *ret_c);

/* POOL. Looks in $DOCKER_CONFIG/config.json, else ~/.docker/config.json. `registry` is host[:port] as in references;
 * `repository` (may be NULL) finds keys that name a part of the registry, the longest first. A file that is missing, or
 * has nothing for this registry, gives OCI_OK and an anonymous credential; one that does not parse, or an entry that
 * makes no sense, is OCI_INVALID without its content. A helper named for the registry (`credHelpers`, `credsStore`)
 * is decisive as it is for docker, and OCI_UNSUPPORTED for now: never anonymous by silence (T12). */
int oci_auth_find(const char *registry, const char *repository, struct oci_credential *ret_c, struct oci_err *reterr);

OCI_END

#endif
