/* doorbell.h - a Unix socket that this process connects to itself, for a host loop that takes no foreign
 * descriptor (nginx's cosocket). It lies in a new directory of its own (0700) and takes one connection, from
 * this process alone. */
#ifndef OCI_SYS_DOORBELL_H
#define OCI_SYS_DOORBELL_H

#include <stdbool.h>

#include "base/err.h"

OCI_BEGIN

/* Not called socket.h: that would hide the system's header of this name. */
struct oci_doorbell {
    int fd;         /* -1: not listening */
    char path[108]; /* sun_path's size (unix(7)) */
};

#define OCI_DOORBELL_NONE                                                                                    \
    {                                                                                                        \
        .fd = -1                                                                                             \
    }

/* Makes directory and socket below $TMPDIR (or /tmp). OCI_LIMIT when the path would be too long for a socket.
 */
int oci_doorbell_open(struct oci_doorbell *l, struct oci_err *reterr);
/* Closes it, and removes the path and the directory. Does nothing when it is not listening. */
void oci_doorbell_close(struct oci_doorbell *l);
/* Never blocks. True: this process has connected, *ret_fd is the caller's. A connection from another process
 * is closed. */
bool oci_doorbell_accept(struct oci_doorbell *l, int *ret_fd);

/* Sends one byte without blocking or a signal. True too when the other side has not read what was sent
 * before; false: it is gone. */
bool oci_doorbell_ring(int fd);

OCI_END

#endif
