/* registry_ask.h - what the flows of registry_flows.h have in common: how a question to a repository is
 * put together. */
#ifndef OCI_FLOW_REGISTRY_ASK_H
#define OCI_FLOW_REGISTRY_ASK_H

#include "flow/registry_flows.h"

OCI_BEGIN

#define OCI_PULL "pull"
#define OCI_PUSH "pull,push"
#define OCI_DELETE "pull,push,delete"

/* Begins a question: METHOD /v2/NAME followed by the formatted path, with the scope
 * repository:NAME:ACTIONS. */
struct oci_http *oci_ask_registry(struct oci_flow *f, const struct oci_repository *r, const char *actions,
                                  const char *method, const char *path, ...) OCI_PRINTF(5, 6);
/* The same with an address out of an answer, and something to follow it. */
struct oci_http *oci_ask_address(struct oci_flow *f, const struct oci_repository *r, const char *actions,
                                 const char *method, const char *url, const char *more);
/* What the question is about: begins the text of its errors. */
void oci_http_doing(struct oci_http *q, const char *fmt, ...) OCI_PRINTF(2, 3);

/* Q20: a Docker-Content-Digest of the algorithm asked for must be equal; another algorithm, or none, says
 * nothing. Fails with DIGEST_MISMATCH. */
int oci_check_answered_digest(struct oci_flow *f, const struct oci_digest *want);

OCI_END

#endif
