#include "client/lamp.h"

void oci_lamp_init(struct oci_lamp *l)
{
    l->wake = (struct oci_wake)OCI_WAKE_NONE;
    atomic_init(&l->made, false);
    atomic_init(&l->lit, false);
}

void oci_lamp_done(struct oci_lamp *l)
{
    if (atomic_load(&l->made))
        oci_wake_close(&l->wake);
}

int oci_lamp_fd(struct oci_lamp *l, struct oci_err *reterr)
{
    if (!atomic_load(&l->made)) {
        int rc = oci_wake_open(&l->wake, reterr);
        if (rc != OCI_OK)
            return rc;
        atomic_store(&l->made, true);
    }
    return l->wake.read_fd;
}

void oci_lamp_light(struct oci_lamp *l)
{
    if (!atomic_load(&l->made))
        return;
    /* In this order: a lamp that is lit is then known to be lit, at the latest when it has woken somebody.
     * The other way round it could stay lit with nobody left to put it out, and a loop would spin on it. */
    oci_wake_set(&l->wake);
    atomic_store(&l->lit, true);
}

bool oci_lamp_put_out(struct oci_lamp *l)
{
    if (!atomic_exchange(&l->lit, false))
        return false;
    oci_wake_clear(&l->wake);
    return true;
}
