/* exchange_again.c - what an answer or a failure leads to: another place, another try, or the end. */
#include <string.h>

#include "base/limits.h"
#include "model/http_fields.h"
#include "net/exchange.h"
#include "net/policy.h"
#include "sys/clock.h"

static const char *field(const struct oci_exchange *x, enum oci_field f)
{
    return x->transfer.response.fields[f];
}

/* ---- may it be sent once more? ---- */

/* After an answer, or a failure behind which the server may have acted. */
static bool may_repeat(const struct oci_exchange *x, bool arrived)
{
    if (x->ask->last || (x->ask->once && arrived))
        return false;
    return oci_exchange_can_rewind(x);
}

/* Back to what the flow asked for: a redirect to storage is good for some minutes only. */
static int go_back(struct oci_exchange *x)
{
    oci_url_done(&x->url);
    x->hops = 0;
    x->foreign = !oci_url_same_origin(&x->registry->base, &x->first);
    return oci_url_copy(&x->first, &x->url) == OCI_OK ? OCI_OK : oci_err_no_memory(&x->err);
}

/* True: it is being tried again, or has ended for lack of memory. The sink can go on where it is, begin anew, or skip
 * what comes again; which of them shows when it is sent. */
static bool retry(struct oci_exchange *x, enum oci_trouble trouble, uint64_t after_s)
{
    uint64_t delay = 0;
    if (!oci_retry_next(&x->retry, trouble, after_s, oci_clock_ms(), oci_random_u64(), &delay))
        return false;
    oci_exchange_attempt_later(x, delay);
    int rc = go_back(x);
    if (rc != OCI_OK)
        oci_exchange_end(x, rc);
    return true;
}

/* ---- failures ---- */

/* All of the content came before the connection broke. */
static bool is_complete(const struct oci_exchange *x)
{
    return x->taking == OCI_TAKE_SINK && x->ask->expect_size != OCI_SIZE_UNKNOWN &&
           x->ask->into->written == x->ask->expect_size;
}

static void broken(struct oci_exchange *x)
{
    struct oci_transfer *t = &x->transfer;
    const bool wrong_part = t->ours && x->no_resume && x->resume_at > 0 && t->rc == OCI_REGISTRY;
    if ((t->repeatable || wrong_part) && may_repeat(x, t->arrived) &&
        retry(x, wrong_part ? OCI_TROUBLE_BROKEN : t->trouble, 0))
        return;
    oci_err_clear(&x->err);
    oci_err_copy(&x->err, &t->err);
    oci_exchange_end(x, t->rc);
}

/* ---- redirects ---- */

static int check_redirect(struct oci_exchange *x, struct oci_url *to)
{
    bool upgraded = false;
    if (x->hops >= OCI_MAX_REDIRECTS)
        return oci_err_set(&x->err, OCI_REGISTRY, "it was redirected more than %d times", OCI_MAX_REDIRECTS);
    return oci_target_check(&x->url, to, &upgraded, &x->err);
}

/* False: it is an answer like any other. */
static bool redirected(struct oci_exchange *x)
{
    const char *location = field(x, OCI_FIELD_LOCATION);
    struct oci_url to = {0};
    if (x->status < 301 || x->status > 308 || !location)
        return false;
    oci_err_clear(&x->err);
    int rc = oci_url_resolve(&x->url, location, &to, &x->err);
    if (rc != OCI_OK) {
        oci_exchange_end(x, rc == OCI_NO_MEMORY ? rc : (x->err.code = OCI_REGISTRY));
        return true;
    }
    const char *method = x->get_for_head ? "GET" : x->ask->method;
    if (oci_redirect_decide(method, x->status, &x->url, &to) == OCI_REDIRECT_NONE || !oci_exchange_can_rewind(x)) {
        oci_url_done(&to);
        return false;
    }
    rc = check_redirect(x, &to);
    if (rc != OCI_OK) {
        oci_url_done(&to);
        oci_exchange_end(x, rc);
        return true;
    }
    /* Once away, nothing is authorized any more, also when it leads back (ggcr #2349). */
    x->foreign = x->foreign || !oci_url_same_origin(&x->registry->base, &to);
    x->hops++;
    oci_url_done(&x->url);
    x->url = to;
    oci_exchange_attempt(x);
    return true;
}

/* Storage says no: the signature has ended, or is good for another method. One fresh redirect; credentials are never
 * shown here (security-quirks Q21, 1.10). */
static bool storage_refused(struct oci_exchange *x)
{
    const bool refused = x->status == 400 || x->status == 401 || x->status == 403 || x->status == 405;
    if (!refused || !x->foreign || x->hops == 0 || x->fresh_redirect || !may_repeat(x, true))
        return false;
    x->fresh_redirect = true;
    x->get_for_head = strcmp(x->ask->method, "HEAD") == 0;
    int rc = go_back(x);
    if (rc != OCI_OK)
        oci_exchange_end(x, rc);
    else
        oci_exchange_attempt(x);
    return true;
}

/* ---- answers ---- */

/* A 429 is meant for all who ask there; up to a minute they wait, together. */
static void pause_place(struct oci_exchange *x, uint64_t after_s)
{
    struct oci_place_state *p = oci_net_place(x->net, &x->url);
    uint64_t until = oci_clock_ms() + after_s * 1000;
    if (p && after_s <= OCI_RETRY_AFTER_MAX_S && until > p->pause_until_ms)
        p->pause_until_ms = until;
}

static bool try_later(struct oci_exchange *x)
{
    uint64_t after = 0;
    const char *header = field(x, OCI_FIELD_RETRY_AFTER);
    if (!oci_retry_status(x->status))
        return false;
    if (header)
        oci_retry_after(header, oci_clock_unix(), &after);
    if (x->status == 429)
        pause_place(x, after);
    return may_repeat(x, true) && retry(x, OCI_TROUBLE_STATUS, after);
}

static bool part_refused(struct oci_exchange *x)
{
    if (x->status != 416 || x->resume_at == 0 || !may_repeat(x, true))
        return false;
    x->no_resume = true; /* from the beginning, once */
    return retry(x, OCI_TROUBLE_BROKEN, 0);
}

static void answered(struct oci_exchange *x)
{
    x->status = x->transfer.response.status;
    if (x->foreign ? storage_refused(x) : x->status == 401 && oci_exchange_unauthorized(x))
        return;
    if (redirected(x) || part_refused(x) || try_later(x))
        return;
    oci_exchange_end(x, OCI_OK);
}

/* The place it was connected to: what the registry's own answers may lead to depends on it. */
static void learn_place(struct oci_exchange *x)
{
    if (!x->foreign && x->transfer.peer != OCI_ADDRESS_UNKNOWN)
        x->registry->kind = x->transfer.peer;
}

void oci_exchange_done(struct oci_transfer *t)
{
    struct oci_exchange *x = OCI_OWNER(t, struct oci_exchange, transfer);
    oci_exchange_leave_place(x);
    learn_place(x);
    if (x->probing) {
        oci_exchange_probe_done(x);
        return;
    }
    /* Q23: an answer that is an error counts although its body breaks off. */
    bool whole = t->rc == OCI_OK || (!t->ours && t->response.complete && t->response.status >= 400) ||
                 (!t->ours && is_complete(x));
    if (whole && x->taking == OCI_TAKE_UNDECIDED && oci_exchange_decide(x, &t->err) != OCI_OK) {
        t->rc = t->err.code;
        t->ours = true;
        whole = false;
    }
    if (whole)
        answered(x);
    else
        broken(x);
}
