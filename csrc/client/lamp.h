/* lamp.h - a descriptor that is readable while lit, made only when somebody asks for it. */
#ifndef OCI_CLIENT_LAMP_H
#define OCI_CLIENT_LAMP_H

#include <stdatomic.h>

#include "sys/wake.h"

OCI_BEGIN

struct oci_lamp {
    struct oci_wake wake;
    atomic_bool made; /* wake is open */
    atomic_bool lit;  /* a hint: the wake-up was set after this was last false */
};

void oci_lamp_init(struct oci_lamp *l);
void oci_lamp_done(struct oci_lamp *l);
/* The caller's thread. The descriptor; whoever asks looks then whether there is a reason to light it. */
int oci_lamp_fd(struct oci_lamp *l, struct oci_err *reterr);
/* Any thread, after the reason for it is there to be seen. */
void oci_lamp_light(struct oci_lamp *l);
/* The caller's thread, when no reason is left. True: it was put out, and the caller looks once more for a
 * reason that came meanwhile, to light it again. */
bool oci_lamp_put_out(struct oci_lamp *l);

OCI_END

#endif
