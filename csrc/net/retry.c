#include "net/retry.h"

#include <string.h>

static const unsigned most[OCI_TROUBLE_COUNT] = {
    [OCI_TROUBLE_STATUS] = UINT32_MAX, [OCI_TROUBLE_BROKEN] = UINT32_MAX,
    [OCI_TROUBLE_CONNECT] = 3,         [OCI_TROUBLE_NAME] = 2,
    [OCI_TROUBLE_TIMEOUT] = 1,
};

void oci_retry_init(struct oci_retry *r, unsigned allowed, uint64_t now_ms)
{
    memset(r, 0, sizeof *r);
    r->allowed = allowed;
    r->since_ms = now_ms;
}

void oci_retry_progress(struct oci_retry *r, uint64_t bytes, uint64_t now_ms)
{
    r->progress += bytes;
    if (r->progress >= OCI_RETRY_PROGRESS)
        oci_retry_init(r, r->allowed, now_ms);
}

static uint64_t backoff_ms(unsigned n, uint64_t chance)
{
    uint64_t most_ms = n < 8 ? (uint64_t)OCI_RETRY_BASE_MS << n : OCI_RETRY_MAX_MS;
    if (most_ms > OCI_RETRY_MAX_MS)
        most_ms = OCI_RETRY_MAX_MS;
    return chance % (most_ms + 1);
}

bool oci_retry_next(struct oci_retry *r, enum oci_trouble kind, uint64_t retry_after_s, uint64_t now_ms,
                    uint64_t chance, uint64_t *ret_delay_ms)
{
    if (r->done >= r->allowed || r->of_kind[kind] >= most[kind] || retry_after_s > OCI_RETRY_AFTER_MAX_S)
        return false;
    uint64_t delay = backoff_ms(r->done, chance);
    if (retry_after_s > 0) /* not earlier than asked, and not all at once */
        delay = retry_after_s * 1000 + chance % (OCI_RETRY_BASE_MS + 1);
    uint64_t spent = now_ms > r->since_ms ? now_ms - r->since_ms : 0;
    if (spent + delay > OCI_RETRY_BUDGET_MS)
        return false;
    r->done++;
    r->of_kind[kind]++;
    *ret_delay_ms = delay;
    return true;
}

bool oci_retry_status(int status)
{
    return status == 408 || status == 429 || status == 499 || status == 500 || (status >= 502 && status <= 504) ||
           (status >= 520 && status <= 524);
}
