/* registry_error.h - what a registry's error answer means (DESIGN section 5; distribution-spec, Error Codes). */
#ifndef OCI_MODEL_REGISTRY_ERROR_H
#define OCI_MODEL_REGISTRY_ERROR_H

#include <stddef.h>

#include "base/err.h"

OCI_BEGIN

/* Why the request was made: some statuses mean something else then. */
enum oci_asked_for { OCI_ASKED_OTHER, OCI_ASKED_UNTAG, OCI_ASKED_UPLOAD };

/* Turns a status (>= 300) and its body (at most 64 KiB; JSON, HTML, text or empty) into an error: the registry's
 * error code counts before the status. Fills code, status, retryable, registry and text:
 * "<doing>: <status> <code>: <message>", sanitised and redacted, at most a line. `doing` is like "getting the
 * manifest of HOST/REPO:TAG". Returns the code; OCI_NO_MEMORY also when the body could not be read for lack of it. */
int oci_registry_error(struct oci_err *err, int status, const char *body, size_t len, enum oci_asked_for asked,
                       const char *doing);

OCI_END

#endif
