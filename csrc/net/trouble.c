#include "net/trouble.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "net/policy.h"

static void set(struct oci_transfer *t, int rc, bool repeatable, enum oci_trouble trouble)
{
    t->rc = rc;
    t->repeatable = repeatable;
    t->trouble = trouble;
    t->err.retryable = repeatable;
}

/* X509_V_ERR_* of OpenSSL (x509_vfy.h); the GnuTLS flavour gives 0 or 1. */
static const char *certificate_reason(long verdict, const char *text)
{
    switch (verdict) {
    case 9:
        return "is not valid yet";
    case 10:
        return "has expired";
    case 23:
        return "has been revoked";
    case 18:
    case 19:
    case 20:
    case 21:
        return "is not signed by a known authority; give ca_file for this registry";
    case 62:
    case 64:
        return "is for another host";
    default:
        break;
    }
    if (strstr(text, "subject name") || strstr(text, "does not match"))
        return "is for another host";
    if (strstr(text, "expired"))
        return "has expired";
    return "cannot be verified; if it is signed by an authority of your own, give ca_file for this registry";
}

/* libcurl's words without its prefixes, fit for the end of a sentence. */
static const char *words(const char *text, char *buf, size_t size)
{
    const char *last =
        strstr(text, "error:") ? strrchr(text, ':') : NULL; /* OpenSSL: "error:0A00010B:SSL routines::wrong.." */
    const char *from = last ? last + 1 : text;
    snprintf(buf, size, "%s", from[0] ? from : "no reason was given");
    oci_sanitise(buf);
    return buf;
}

static void handshake(struct oci_transfer *t, const char *text)
{
    char buf[160];
    if (strstr(text, "SYSCALL") || strstr(text, "reset by peer") || strstr(text, "unexpected eof")) {
        oci_err_set(&t->err, OCI_NETWORK, "the connection to %s was closed while TLS began", t->host);
        set(t, OCI_NETWORK, true, OCI_TROUBLE_BROKEN);
        return;
    }
    if (strstr(text, "wrong version number") || strstr(text, "packet length"))
        oci_err_set(&t->err, OCI_TLS, "%s does not speak TLS; if it is meant to be plain HTTP, set plain_http for it",
                    t->host);
    else
        oci_err_set(&t->err, OCI_TLS, "TLS with %s failed: %s", t->host, words(text, buf, sizeof buf));
    set(t, OCI_TLS, false, OCI_TROUBLE_BROKEN);
}

static void not_connected(struct oci_transfer *t, int errnum)
{
    char what[OCI_HOST_MAX + 32];
    snprintf(what, sizeof what, "cannot connect to %s", t->host);
    if (errnum)
        oci_err_errno(&t->err, errnum, what, NULL);
    else
        oci_err_set(&t->err, OCI_NETWORK, "%s", what);
    t->err.code = OCI_NETWORK;
    set(t, OCI_NETWORK, true, OCI_TROUBLE_CONNECT);
}

static void broken(struct oci_transfer *t, const char *why)
{
    oci_err_set(&t->err, OCI_NETWORK, "the connection to %s %s", t->host, why);
    set(t, OCI_NETWORK, true, OCI_TROUBLE_BROKEN);
}

void oci_trouble_refused(struct oci_transfer *t)
{
    oci_err_clear(&t->err);
    oci_err_set(&t->err, OCI_REGISTRY, "it sent us to %s, %s, which is refused", t->host,
                oci_address_kind_name(t->refused));
    set(t, OCI_REGISTRY, false, OCI_TROUBLE_CONNECT);
}

void oci_trouble_stalled(struct oci_transfer *t)
{
    oci_err_clear(&t->err);
    oci_err_set(&t->err, OCI_TIMEOUT, "%s sent nothing, or too little, for %llu.%llu s", t->host,
                (unsigned long long)(t->stall_ms / 1000), (unsigned long long)(t->stall_ms % 1000 / 100));
    t->arrived = true;
    set(t, OCI_TIMEOUT, true, OCI_TROUBLE_TIMEOUT);
}

static void timed_out(struct oci_transfer *t)
{
    oci_err_set(&t->err, OCI_TIMEOUT, "connecting to %s took longer than %llu.%llu s", t->host,
                (unsigned long long)(t->connect_ms / 1000), (unsigned long long)(t->connect_ms % 1000 / 100));
    set(t, OCI_TIMEOUT, true, OCI_TROUBLE_TIMEOUT);
}

static void no_http(struct oci_transfer *t)
{
    oci_err_set(&t->err, OCI_REGISTRY, "%s does not answer as HTTP does", t->host);
    set(t, OCI_REGISTRY, false, OCI_TROUBLE_BROKEN);
}

/* A single header line of 100 KB makes Debian's libcurl say that memory ran out (security-quirks T60). */
static void no_memory(struct oci_transfer *t)
{
    if (t->connected && !t->response.complete) {
        oci_err_set(&t->err, OCI_LIMIT, "the header of the answer of %s is too large", t->host);
        set(t, OCI_LIMIT, false, OCI_TROUBLE_BROKEN);
        return;
    }
    oci_err_no_memory(&t->err);
    set(t, OCI_NO_MEMORY, false, OCI_TROUBLE_BROKEN);
}

static void other(struct oci_transfer *t, CURLcode code, const char *text)
{
    char buf[160];
    oci_err_set(&t->err, OCI_NETWORK, "the request to %s failed: %s (libcurl %d)", t->host,
                words(text, buf, sizeof buf), (int)code);
    set(t, OCI_NETWORK, false, OCI_TROUBLE_BROKEN);
}

/* ---- which it is: false, none of these. Not all codes are named in CURLcode's enum, and new ones come ---- */

static bool is_before_connection(struct oci_transfer *t, int code, int errnum)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        oci_err_set(&t->err, OCI_NETWORK, "the name of %s cannot be resolved", t->host);
        set(t, OCI_NETWORK, true, OCI_TROUBLE_NAME);
        return true;
    case CURLE_COULDNT_CONNECT:
        not_connected(t, errnum);
        return true;
    case CURLE_OPERATION_TIMEDOUT:
        timed_out(t);
        return true;
    default:
        return false;
    }
}

static bool is_tls(struct oci_transfer *t, int code, long verdict, const char *text)
{
    char buf[320];
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        oci_err_set(&t->err, OCI_TLS, "the certificate of %s %s", t->host, certificate_reason(verdict, text));
        break;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
        oci_err_set(&t->err, OCI_TLS, "the certificates of trusted authorities cannot be read: %s",
                    words(text, buf, sizeof buf));
        break;
    case CURLE_SSL_CONNECT_ERROR:
        handshake(t, text);
        return true;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        oci_err_set(&t->err, OCI_TLS, "TLS with %s failed: %s", t->host, words(text, buf, sizeof buf));
        break;
    default:
        return false;
    }
    set(t, OCI_TLS, false, OCI_TROUBLE_BROKEN);
    return true;
}

static bool is_answer(struct oci_transfer *t, int code)
{
    switch (code) {
    case CURLE_GOT_NOTHING:
        broken(t, "was closed without an answer");
        return true;
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
        broken(t,
               t->response.complete ? "was closed in the middle of the answer" : "was closed before the answer came");
        return true;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
        no_http(t);
        return true;
    default:
        return false;
    }
}

void oci_trouble_of(struct oci_transfer *t, CURLcode code, long verdict, int errnum, const char *text)
{
    t->arrived = t->connected;
    if (t->refused) {
        oci_trouble_refused(t);
        t->arrived = false;
        return;
    }
    oci_err_clear(&t->err);
    if (code == CURLE_OUT_OF_MEMORY)
        no_memory(t);
    else if (!is_before_connection(t, (int)code, errnum) && !is_tls(t, (int)code, verdict, text) &&
             !is_answer(t, (int)code))
        other(t, code, text);
}
