/* easy.h - the options of libcurl that every request gets (security-quirks 3.6), and where trust comes from.
 * transfer.c's. */
#ifndef OCI_NET_EASY_H
#define OCI_NET_EASY_H

#include "net/curl_api.h"
#include "net/transfer.h"

OCI_BEGIN

/* An easy handle with what it must outlive. The callbacks find their transfer through it; NULL: it was canceled while
 * libcurl could not let go (an old libcurl in a name lookup), and everything is refused. */
struct oci_slot {
    CURL *h;
    struct oci_transfer *t;
    struct curl_slist *headers;
    /* What this libcurl can do, which need not be the one of its headers. */
    bool quick_exit;      /* leave a name lookup behind (7.87) */
    bool tells_connected; /* call before_request() (7.80) */
    char error[CURL_ERROR_SIZE];
};

/* The authorities that are trusted by default. CAINFO off and CAPATH on costs 0.56 ms for a connection, the compiled-in
 * default of Debian 21.8 ms (transfer-speed 6). SSL_CERT_FILE and SSL_CERT_DIR are honoured as OpenSSL does. */
struct oci_trust {
    bool known;       /* looked for with the first request that needs it: some hundred names are read */
    char *file, *dir; /* both NULL: what libcurl was built with */
};
void oci_trust_done(struct oci_trust *trust);

struct oci_easy_callbacks {
    curl_write_callback body, header;
    curl_read_callback read;
    curl_seek_callback seek;
    curl_opensocket_callback open_socket;
    curl_prereq_callback before_request;
};

/* Sets everything on a fresh or reset handle. OCI_NO_MEMORY, or OCI_INVALID for a header with control characters. */
int oci_easy_prepare(const struct oci_curl *curl, CURLSH *share, struct oci_trust *trust,
                     const struct oci_easy_callbacks *callbacks, struct oci_slot *slot,
                     const struct oci_transfer_ask *ask, struct oci_err *reterr);
/* Overwrites and frees the header list: it holds credentials. */
void oci_easy_forget(const struct oci_curl *curl, struct oci_slot *slot);
/* A proxy of the environment would be used for this scheme: the address that is connected to is then the proxy's. */
bool oci_easy_proxied(bool https);

OCI_END

#endif
