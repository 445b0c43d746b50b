/* stream_target.h - a pull whose files go through the operation's window to the caller, one after the other: nothing of it is
 * on disk. The caller takes them with oci_op_take_file(). */
#ifndef OCI_CLIENT_STREAM_TARGET_H
#define OCI_CLIENT_STREAM_TARGET_H

#include "client/op.h"

OCI_BEGIN

/* The operation has its window already. `planned` is called when the manifest is there, before anything is fetched: it sets the
 * result's descriptor and bytes; the files are set here, and the result is published. NULL: out of memory. */
struct oci_pull_target *oci_stream_target_new(struct oci_op *op, int (*planned)(struct oci_flow *f), struct oci_flow *f);
void oci_stream_target_free(struct oci_pull_target *t); /* NULL does nothing */

OCI_END

#endif
