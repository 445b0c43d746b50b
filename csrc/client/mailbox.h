/* mailbox.h - the mailbox as operations see it. */
#ifndef OCI_CLIENT_MAILBOX_H
#define OCI_CLIENT_MAILBOX_H

#include "client/op.h"

OCI_BEGIN

int oci_mailbox_check(const struct oci_mailbox *m, struct oci_err *reterr);
struct oci_mailbox *oci_mailbox_ref(struct oci_mailbox *m);
void oci_mailbox_unref(struct oci_mailbox *m);
/* Numbers the operation and counts it among the running. OCI_INVALID when the mailbox was freed. */
int oci_mailbox_enter(struct oci_mailbox *m, struct oci_op *op, struct oci_err *reterr);
/* It runs no more (any thread). */
void oci_mailbox_ended(struct oci_mailbox *m, struct oci_op *op);
/* The caller has let go of it. */
void oci_mailbox_leave(struct oci_mailbox *m, struct oci_op *op);
/* Engine thread: it is ready. */
void oci_mailbox_post(struct oci_mailbox *m, struct oci_op *op);

OCI_END

#endif
