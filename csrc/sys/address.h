/* address.h - where a network address lies, and sockets for it. */
#ifndef OCI_SYS_ADDRESS_H
#define OCI_SYS_ADDRESS_H

#include <stddef.h>

#include "base/hidden.h"

OCI_BEGIN

/* Bits, so that a policy is a set of them. Addresses that wrap an IPv4 address (mapped, NAT64, 6to4) count as that one.
 */
enum oci_address_kind {
    OCI_ADDRESS_PUBLIC = 1,
    OCI_ADDRESS_PRIVATE = 2,  /* 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7 */
    OCI_ADDRESS_LOOPBACK = 4, /* 127/8, ::1 */
    OCI_ADDRESS_LINK = 8,     /* 169.254/16, fe80::/10: also where clouds serve credentials */
    OCI_ADDRESS_NOWHERE = 16, /* unspecified (connects to loopback on Linux), multicast, broadcast, reserved */
    OCI_ADDRESS_UNKNOWN = 32  /* no IP address */
};

/* `addr` is a struct sockaddr of `len` bytes. */
enum oci_address_kind oci_address_kind(const void *addr, size_t len);
/* Of "127.0.0.1", "::1" or "[::1]"; UNKNOWN for a name. */
enum oci_address_kind oci_address_kind_of_text(const char *text);

/* socket(2), closed on exec from the beginning. -1: errno. */
int oci_address_socket(int family, int type, int protocol);

OCI_END

#endif
