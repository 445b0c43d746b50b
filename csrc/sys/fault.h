/* fault.h - where the calls of sys/ ask whether a test wants them to fail (file.h, oci_fault_arm). */
#ifndef OCI_SYS_FAULT_H
#define OCI_SYS_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "sys/file.h"

OCI_BEGIN

extern atomic_bool oci_fault_armed;

bool oci_fault_hit_slow(enum oci_fault kind, int *ret_errnum);

/* True: this call shall fail with *ret_errnum (0: be short). One relaxed load while nothing is armed. */
static inline bool oci_fault_hit(enum oci_fault kind, int *ret_errnum)
{
    if (!atomic_load_explicit(&oci_fault_armed, memory_order_relaxed))
        return false;
    return oci_fault_hit_slow(kind, ret_errnum);
}

/* As above for calls that cannot be short: sets errno. */
bool oci_fault_errno(enum oci_fault kind);

OCI_END

#endif
