/* socket.h - a Unix socket that this process connects to itself, for a host loop that takes no foreign descriptor (nginx's
 * cosocket). It lies in a new directory of its own (0700) and takes one connection, from this process alone. */
#ifndef OCI_SYS_SOCKET_H
#define OCI_SYS_SOCKET_H

#include <stdbool.h>

#include "base/err.h"

OCI_BEGIN

struct oci_listener {
    int fd;         /* -1: not listening */
    char path[108]; /* sun_path's size (unix(7)) */
};

#define OCI_LISTENER_NONE { .fd = -1 }

/* Makes directory and socket below $TMPDIR (or /tmp). OCI_LIMIT when the path would be too long for a socket. */
int oci_listener_open(struct oci_listener *l, struct oci_err *reterr);
/* Closes it, and removes the path and the directory. Does nothing when it is not listening. */
void oci_listener_close(struct oci_listener *l);
/* Never blocks. True: this process has connected, *ret_fd is the caller's. A connection from another process is closed. */
bool oci_listener_accept(struct oci_listener *l, int *ret_fd);

/* Sends one byte without blocking or a signal. True too when the other side has not read what was sent before; false: it is
 * gone. */
bool oci_socket_ring(int fd);

OCI_END

#endif
