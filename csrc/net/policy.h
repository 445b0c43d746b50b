/* policy.h - where a URL that a server gave may lead, and what may be sent there (security-quirks 1.7, 3.1, 3.6). Pure.
 */
#ifndef OCI_NET_POLICY_H
#define OCI_NET_POLICY_H

#include <stdbool.h>

#include "base/err.h"
#include "net/url.h"
#include "sys/address.h"

OCI_BEGIN

/* Same host, or hosts under one registrable domain. Without the public suffix list this is careful: the last two
 * labels, three where the second-last is a suffix itself ("co.uk") or a hosting service's ("azurecr.io"). Addresses and
 * names with one label match only themselves, loopback hosts each other. */
bool oci_same_site(const char *host_a, const char *host_b);

/* May a token be asked for at `realm` on behalf of the registry at `registry` (the URL that gave the 401)? With
 * credentials only at the same site. OCI_UNAUTHORIZED with a text that names registry and realm host. */
int oci_realm_check(const struct oci_url *registry, const struct oci_url *realm, bool with_credentials,
                    struct oci_err *reterr);

/* May `to`, which the answer to `from` gave (redirect, upload location), be used? Rewrites it to https by the rule of
 * oci_url_upgrade(). OCI_REGISTRY with the reason: never from https to http. */
int oci_target_check(const struct oci_url *from, struct oci_url *to, bool *ret_upgraded, struct oci_err *reterr);

enum oci_redirect {
    OCI_REDIRECT_NONE,  /* an answer like any other */
    OCI_REDIRECT_FOLLOW /* ask `to` with the same method and body */
};
/* GET and HEAD follow 301, 302, 303, 307, 308. What has an effect follows 307 and 308 only, on the same origin or to
 * https. */
enum oci_redirect oci_redirect_decide(const char *method, int status, const struct oci_url *from,
                                      const struct oci_url *to);

/* The addresses (bits of enum oci_address_kind) that a URL given by a server must not lead to, when the registry itself
 * lies at `registry_kind`. */
unsigned oci_refused_addresses(enum oci_address_kind registry_kind);
/* "a loopback address"; static. */
const char *oci_address_kind_name(enum oci_address_kind kind);

OCI_END

#endif
