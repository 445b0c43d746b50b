/* terminal.h - is somebody looking? */
#ifndef OCI_SYS_TERMINAL_H
#define OCI_SYS_TERMINAL_H

#include "base/hidden.h"

OCI_BEGIN

/* The width of the terminal behind `fd` (80 where it does not say); 0: it is none, or TERM says that it is
 * dumb. */
unsigned oci_terminal_width(int fd);

OCI_END

#endif
