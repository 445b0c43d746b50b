/* host.h - the grammar of HOST[:PORT], where a host is a DNS name, a dotted-quad or a bracketed IPv6 address. */
#ifndef OCI_MODEL_HOST_H
#define OCI_MODEL_HOST_H

#include <stdbool.h>

#include "base/str.h"

OCI_BEGIN

#define OCI_HOST_MAX 262 /* host:port and a NUL */

/* Checks and copies in lower case. OCI_INVALID with *ret_why (static, one line) saying what is wrong. A name that
 * ends in a number is an IPv4 address to some resolvers: only four decimal numbers are taken (T70). */
int oci_host_parse(struct oci_str s, char ret_host[OCI_HOST_MAX], const char **ret_why);

/* localhost, 127.0.0.0/8, [::1], with any port. */
bool oci_host_is_loopback(const char *host);

OCI_END

#endif
