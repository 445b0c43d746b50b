/* response.h - the header fields of an answer that somebody reads, collected line by line within limits. Pure. */
#ifndef OCI_NET_RESPONSE_H
#define OCI_NET_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/challenge.h"

OCI_BEGIN

enum oci_field {
    OCI_FIELD_LOCATION,
    OCI_FIELD_LINK, /* several lines are joined: it is a list */
    OCI_FIELD_CONTENT_TYPE,
    OCI_FIELD_CONTENT_RANGE,
    OCI_FIELD_RANGE,
    OCI_FIELD_RETRY_AFTER,
    OCI_FIELD_DIGEST,
    OCI_FIELD_WARNING,
    OCI_FIELD_COUNT
};

struct oci_response {
    int status;                    /* 0: none yet */
    bool complete;                 /* the empty line after the fields of a final answer was seen */
    char *fields[OCI_FIELD_COUNT]; /* owned; NULL: not there. Without control characters. The first of a kind counts */
    uint64_t length;               /* Content-Length, or OCI_SIZE_UNKNOWN */
    struct oci_challenges challenges;
    size_t bytes; /* of all header lines, interim answers included */
    unsigned lines;
};

void oci_response_init(struct oci_response *r);
void oci_response_done(struct oci_response *r); /* leaves it as _init */
/* One header line with its line end. OCI_LIMIT past OCI_MAX_HEADERS or OCI_MAX_HEADER_LINES, OCI_NO_MEMORY. */
int oci_response_line(struct oci_response *r, const char *p, size_t len, struct oci_err *reterr);

OCI_END

#endif
