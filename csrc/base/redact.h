/* redact.h - takes secrets out of text that somebody else wrote, before a person or a log sees it. */
#ifndef OCI_BASE_REDACT_H
#define OCI_BASE_REDACT_H

#include "base/hidden.h"

OCI_BEGIN

/* Shortens `s` in place: user information and query of what looks like a URL are cut out, and what follows "Bearer" or
 * "Basic", or looks like a JSON web token, becomes "***". Words end at white space, quotes and back-slashes, so that
 * JSON text stays JSON. Linear. */
void oci_redact(char *s);

OCI_END

#endif
