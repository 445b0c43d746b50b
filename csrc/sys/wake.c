#include "sys/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fault.h"
#include "sys/file.h"

int oci_wake_open(struct oci_wake *w, struct oci_err *reterr)
{
    int fds[2];
    fds[0] = oci_fault_errno(OCI_FAULT_OPEN) ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fds[0] >= 0)
        fds[1] = fds[0];
    else if (errno != ENOSYS && errno != EINVAL && errno != ENODEV)
        return oci_err_errno(reterr, errno, "cannot make a wake-up descriptor", NULL);
    else if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
        return oci_err_errno(reterr, errno, "cannot make a pipe", NULL);
    w->read_fd = fds[0];
    w->write_fd = fds[1];
    return OCI_OK;
}

void oci_wake_close(struct oci_wake *w)
{
    if (w->write_fd != w->read_fd)
        oci_fd_close(w->write_fd);
    oci_fd_close(w->read_fd);
    w->read_fd = w->write_fd = -1;
}

void oci_wake_set(struct oci_wake *w)
{
    /* Eight bytes for an eventfd; a pipe carries them as well. EAGAIN: it is set already. */
    const uint64_t one = 1;
    while (write(w->write_fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

void oci_wake_clear(struct oci_wake *w)
{
    /* One read empties an eventfd; a pipe may hold many. */
    uint64_t drain[64];
    ssize_t n;
    do
        n = read(w->read_fd, drain, w->read_fd == w->write_fd ? sizeof drain[0] : sizeof drain);
    while ((n < 0 && errno == EINTR) || (n > 0 && w->read_fd != w->write_fd));
}

int oci_wake_wait(struct oci_wake *w, int64_t timeout_ms)
{
    struct pollfd p = {.fd = w->read_fd, .events = POLLIN};
    const uint64_t begun = timeout_ms > 0 ? oci_clock_ms() : 0;
    for (;;) {
        uint64_t left = 0;
        if (timeout_ms > 0) {
            uint64_t gone = oci_clock_ms() - begun;
            left = gone < (uint64_t)timeout_ms ? (uint64_t)timeout_ms - gone : 0;
        }
        int ms = timeout_ms < 0 ? -1 : left > INT_MAX ? INT_MAX : (int)left;
        int n = poll(&p, 1, ms);
        if (n != 0)
            return n > 0 ? 1 : -1;
        if (ms < INT_MAX)
            return 0;
    }
}
