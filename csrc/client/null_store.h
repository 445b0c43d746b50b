/* null_store.h - a place that keeps nothing and says that everything is there: what is pushed to it is built
 * and not sent. */
#ifndef OCI_CLIENT_NULL_STORE_H
#define OCI_CLIENT_NULL_STORE_H

#include "flow/store.h"

OCI_BEGIN

/* NULL: out of memory. */
struct oci_store *oci_store_null(struct oci_host *host);

OCI_END

#endif
