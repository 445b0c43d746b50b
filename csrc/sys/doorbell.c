#include "sys/doorbell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fault.h"
#include "sys/file.h"

#define SOCKET_NAME "/ready"

static void remove_directory(char *path)
{
    path[strlen(path) - strlen(SOCKET_NAME)] = '\0';
    rmdir(path);
}

static int make_directory(char path[108], struct oci_err *reterr)
{
    const char *tmp = oci_env("TMPDIR");
    int len = snprintf(path, 108, "%s/lua-oci-XXXXXX%s", tmp ? tmp : "/tmp", SOCKET_NAME);
    if (len < 0 || len >= 108)
        return oci_err_set(reterr, OCI_LIMIT,
                           "the directory for temporary files has a path too long for a socket");
    path[len - (int)strlen(SOCKET_NAME)] = '\0';
    /* mkdtemp makes it 0700, so that only this user can reach the socket inside. */
    if (oci_fault_errno(OCI_FAULT_MKDIR) || !mkdtemp(path))
        return oci_err_errno(reterr, errno, "cannot make the directory", path);
    memcpy(path + strlen(path), SOCKET_NAME, sizeof SOCKET_NAME); /* it was there before: it fits */
    return OCI_OK;
}

int oci_doorbell_open(struct oci_doorbell *l, struct oci_err *reterr)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    _Static_assert(sizeof at.sun_path == sizeof l->path, "sun_path");
    int rc = make_directory(at.sun_path, reterr);
    if (rc != OCI_OK)
        return rc;
    int fd =
        oci_fault_errno(OCI_FAULT_OPEN) ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
    if (!bound || listen(fd, 4) != 0) {
        rc = oci_err_errno(reterr, errno, "cannot listen on a Unix socket in", at.sun_path);
        oci_fd_close(fd);
        if (bound)
            unlink(at.sun_path);
        remove_directory(at.sun_path);
        return rc;
    }
    l->fd = fd;
    memcpy(l->path, at.sun_path, sizeof l->path);
    return OCI_OK;
}

void oci_doorbell_close(struct oci_doorbell *l)
{
    if (l->fd < 0)
        return;
    oci_fd_close(l->fd);
    l->fd = -1;
    unlink(l->path);
    remove_directory(l->path);
    l->path[0] = '\0';
}

static bool is_own(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == getpid();
}

bool oci_doorbell_accept(struct oci_doorbell *l, int *ret_fd)
{
    while (l->fd >= 0) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            return false;
        if (is_own(fd)) {
            *ret_fd = fd;
            return true;
        }
        oci_fd_close(fd);
    }
    return false;
}

bool oci_doorbell_ring(int fd)
{
    ssize_t n;
    do
        n = send(fd, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == 1 || errno == EAGAIN || errno == EWOULDBLOCK;
}
