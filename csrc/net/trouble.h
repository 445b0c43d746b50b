/* trouble.h - what an error of libcurl means: our code, a sentence, and whether asking again may help. transfer.c's. */
#ifndef OCI_NET_TROUBLE_H
#define OCI_NET_TROUBLE_H

#include "net/curl_api.h"
#include "net/transfer.h"

OCI_BEGIN

/* Each fills t->rc, err, repeatable, trouble, arrived. `verdict` is OpenSSL's about the certificate, `errnum` the last
 * of the system, `text` libcurl's words. */
void oci_trouble_of(struct oci_transfer *t, CURLcode code, long verdict, int errnum, const char *text);
void oci_trouble_stalled(struct oci_transfer *t);
void oci_trouble_refused(struct oci_transfer *t); /* by t->refused */

OCI_END

#endif
