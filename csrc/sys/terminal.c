#include "sys/terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/clock.h"

unsigned oci_terminal_width(int fd)
{
    const char *term = oci_env("TERM");
    if (!isatty(fd) || !term || strcmp(term, "dumb") == 0)
        return 0;
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}
