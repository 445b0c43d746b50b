/* url.h - http and https URLs out of answers: parsed strictly, resolved by RFC 3986, never normalised where a server
 * may have signed the bytes (security-quirks Q1, Q2). */
#ifndef OCI_NET_URL_H
#define OCI_NET_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/host.h"

OCI_BEGIN

/* `text` is the whole URL with the host in lower case, without user information and fragment: what goes to libcurl. */
struct oci_url {
    char *text; /* owned; NULL: none */
    bool https;
    unsigned port;           /* the scheme's own when none is written */
    size_t path;             /* where path and query begin in `text`; there is always a "/" */
    char host[OCI_HOST_MAX]; /* without the port; IPv6 in brackets */
};

/* An absolute URL. OCI_INVALID with the reason: another scheme, user information, a host or port that is none, a
 * control character, a space or a backslash; OCI_LIMIT over OCI_MAX_URL. A fragment is cut off. */
int oci_url_parse(const char *p, size_t len, struct oci_url *ret_url, struct oci_err *reterr);
/* `ref`, found in the answer to `base`, made absolute (RFC 3986 section 5.2). */
int oci_url_resolve(const struct oci_url *base, const char *ref, struct oci_url *ret_url, struct oci_err *reterr);
/* scheme://hostport + path_and_query. `hostport` is as in references. */
int oci_url_make(bool https, const char *hostport, const char *path_and_query, struct oci_url *ret_url,
                 struct oci_err *reterr);
void oci_url_done(struct oci_url *u);
int oci_url_copy(const struct oci_url *from, struct oci_url *ret_url);

bool oci_url_same_origin(const struct oci_url *a, const struct oci_url *b); /* scheme, host and port */
/* "https://host:port", for keys. */
void oci_url_origin(const struct oci_url *u, char *buf, size_t size);
/* "host:port" for people: the port only when it is not the scheme's own. */
void oci_url_place(const struct oci_url *u, char *buf, size_t size);
/* The URL without its query: what may be shown. */
void oci_url_shown(const struct oci_url *u, char *buf, size_t size);

/* http where we speak https to the same host, on its own port or ours: a proxy that ends TLS and does not tell the
 * registry (Q1). Then *u becomes https on our port. OCI_OK too when there is nothing to do. */
int oci_url_upgrade(const struct oci_url *ours, struct oci_url *u, bool *ret_done);

OCI_END

#endif
