/* challenge.h - WWW-Authenticate (RFC 7235; security-quirks 1.2): all lines, all challenges, linear, bounded. */
#ifndef OCI_MODEL_CHALLENGE_H
#define OCI_MODEL_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hidden.h"

OCI_BEGIN

#define OCI_CHALLENGES_MAX 16

enum oci_scheme { OCI_SCHEME_OTHER, OCI_SCHEME_BASIC, OCI_SCHEME_BEARER };

struct oci_challenge {
    enum oci_scheme scheme;
    char *realm, *service, *scope, *error; /* NULL when absent */
};

struct oci_challenges {
    struct oci_challenge items[OCI_CHALLENGES_MAX];
    size_t count;
};

/* Adds the challenges of one header line. A malformed challenge is dropped, the ones before it stay; a realm given
 * twice with different values drops its challenge. Only OCI_NO_MEMORY fails. */
int oci_challenges_add(struct oci_challenges *c, const char *line, size_t len);
void oci_challenges_done(struct oci_challenges *c);
/* The first Bearer with a realm, else the first Basic, else NULL. */
const struct oci_challenge *oci_challenges_choose(const struct oci_challenges *c);

OCI_END

#endif
