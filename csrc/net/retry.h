/* retry.h - whether and when a question is asked again (security-quirks 4.1). Pure: the clock and chance are passed in.
 *
 * Full jitter: a random part of 250 ms * 2^n, at most 30 s. Retry-After is honoured up to 60 s. Attempts and the budget
 * of 120 s begin anew after 1 MiB of new content, so that a server cannot hold us with a byte for each connection. */
#ifndef OCI_NET_RETRY_H
#define OCI_NET_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hidden.h"

OCI_BEGIN

#define OCI_RETRY_BASE_MS     250u
#define OCI_RETRY_MAX_MS      30000u
#define OCI_RETRY_AFTER_MAX_S 60u
#define OCI_RETRY_BUDGET_MS   120000u
#define OCI_RETRY_PROGRESS    (1u << 20)

/* What went wrong. Some kinds are worth fewer attempts than the caller allows: a name that does not resolve or a closed
 * port is mostly a mistake in the reference, and a timeout has cost a long wait already. */
enum oci_trouble {
    OCI_TROUBLE_STATUS,  /* 408, 429, 499, 500, 502, 503, 504, 520 to 524 */
    OCI_TROUBLE_BROKEN,  /* reset, closed, partial */
    OCI_TROUBLE_CONNECT, /* refused, unreachable: 3 */
    OCI_TROUBLE_NAME,    /* 2 */
    OCI_TROUBLE_TIMEOUT, /* 1 */
    OCI_TROUBLE_COUNT
};

struct oci_retry {
    unsigned allowed;                    /* retries; the caller's */
    unsigned done;                       /* since the last progress */
    unsigned of_kind[OCI_TROUBLE_COUNT]; /* the same for each kind */
    uint64_t since_ms;                   /* begin of the budget */
    uint64_t progress;                   /* bytes since then */
};

void oci_retry_init(struct oci_retry *r, unsigned allowed, uint64_t now_ms);
void oci_retry_progress(struct oci_retry *r, uint64_t bytes, uint64_t now_ms);
/* False: give up. `retry_after_s` is 0 when the server did not say. `chance` is any number. */
bool oci_retry_next(struct oci_retry *r, enum oci_trouble kind, uint64_t retry_after_s, uint64_t now_ms,
                    uint64_t chance, uint64_t *ret_delay_ms);
bool oci_retry_status(int status);

OCI_END

#endif
