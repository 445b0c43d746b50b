/* place.h - where an operation reads or writes: a reference, and the store behind it. */
#ifndef OCI_CLIENT_PLACE_H
#define OCI_CLIENT_PLACE_H

#include "client/client.h"
#include "flow/store.h"

OCI_BEGIN

struct oci_opened_place {
    struct oci_reference ref;
    struct oci_origin *origin; /* of a registry, else NULL */
    struct oci_store *store;   /* NULL for a bare registry */
};

/* Any thread; nothing is read or asked yet. `create`: a layout that is missing is made. Archives are
 * OCI_UNSUPPORTED. After a failure there is nothing to close. */
int oci_place_open(struct oci_client *c, struct oci_engine *e, const struct oci_reference *r, bool create,
                   const struct oci_call_options *call, struct oci_opened_place *ret_place,
                   struct oci_err *reterr);
/* Only HOST[:PORT]: the origin alone. */
int oci_place_open_registry(struct oci_client *c, struct oci_engine *e, const struct oci_reference *r,
                            const struct oci_call_options *call, struct oci_opened_place *ret_place,
                            struct oci_err *reterr);
/* Engine thread once its flows have run. A zeroed place is closed. */
void oci_place_close(struct oci_opened_place *p);

/* What reading takes: the digest, else the tag, else "latest". Borrowed. */
const char *oci_place_name(const struct oci_opened_place *p);
/* HOST/REPO@DIGEST and the like. NULL: out of memory. */
char *oci_place_reference(const struct oci_opened_place *p, const struct oci_digest *digest);
bool oci_place_same_registry(const struct oci_opened_place *a, const struct oci_opened_place *b);

OCI_END

#endif
