#include "sys/fault.h"

#include <errno.h>

#include "sys/thread.h"

struct arm {
    bool on;
    unsigned after, left; /* left 0: endless */
    int errnum;
};

atomic_bool oci_fault_armed;

static struct oci_mutex lock = OCI_MUTEX_INIT;
static struct arm arms[OCI_FAULT_COUNT]; /* under `lock` */

void oci_fault_arm(enum oci_fault kind, unsigned after, unsigned times, int errnum)
{
    oci_mutex_lock(&lock);
    arms[kind] = (struct arm){.on = true, .after = after, .left = times, .errnum = errnum};
    atomic_store(&oci_fault_armed, true);
    oci_mutex_unlock(&lock);
}

void oci_fault_clear(void)
{
    oci_mutex_lock(&lock);
    for (size_t i = 0; i < OCI_FAULT_COUNT; i++)
        arms[i].on = false;
    atomic_store(&oci_fault_armed, false);
    oci_mutex_unlock(&lock);
}

bool oci_fault_hit_slow(enum oci_fault kind, int *ret_errnum)
{
    oci_mutex_lock(&lock);
    struct arm *a = &arms[kind];
    bool hit = a->on && a->after == 0;
    if (hit) {
        *ret_errnum = a->errnum;
        if (a->left > 0 && --a->left == 0)
            a->on = false;
    } else if (a->on) {
        a->after--;
    }
    oci_mutex_unlock(&lock);
    return hit;
}

bool oci_fault_errno(enum oci_fault kind)
{
    int errnum = 0;
    if (!oci_fault_hit(kind, &errnum))
        return false;
    errno = errnum;
    return true;
}
