/* children.h - flows of one question, to be run beside another question of their parent. Each gives NULL
 * when out of memory. */
#ifndef OCI_FLOW_CHILDREN_H
#define OCI_FLOW_CHILDREN_H

#include "base/bytes.h"
#include "flow/flow.h"

OCI_BEGIN

/* Moves `from` into `to`, both borrowed. */
struct oci_flow *oci_flow_move(struct oci_host *host, struct oci_source *from, struct oci_sink *to);

/* Hashes a whole file. *ret_bytes (may be NULL): the content when it has at most `keep` bytes; the
 * caller's. */
struct oci_flow *oci_flow_hash_file(struct oci_host *host, const char *path, size_t keep, struct oci_digest *ret_digest,
                                    uint64_t *ret_size, struct oci_bytes **ret_bytes);

/* Fails f with the error of the child that its step was told of. Returns the code. */
int oci_flow_fail_child(struct oci_flow *f);

OCI_END

#endif
