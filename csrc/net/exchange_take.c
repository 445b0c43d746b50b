/* exchange_take.c - the answer to one request: where its body goes, and what the flow is told of its header. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/http_fields.h"
#include "net/exchange.h"
#include "net/policy.h"
#include "sys/clock.h"

/* A body that nobody wants is read so far, to keep the connection; a longer one ends it. */
#define THROWN_AWAY_MAX (1u << 20)

static const char *field(const struct oci_exchange *x, enum oci_field f)
{
    return x->transfer.response.fields[f];
}

/* ---- where the body goes ---- */

/* Only content whose size is known is resumed: it is content with a digest, the same each time. What a tag names may
 * have changed. */
bool oci_exchange_can_resume(const struct oci_exchange *x)
{
    const struct oci_http *q = x->ask;
    const struct oci_sink *k = q->into;
    if (!k || x->no_resume || k->written == 0 || q->expect_size == OCI_SIZE_UNKNOWN || k->written >= q->expect_size)
        return false;
    return strcmp(q->method, "GET") == 0;
}

/* Is this part of the content the one that was asked for? Exactly from where we are; the whole's size as expected. */
static bool right_part(const struct oci_exchange *x)
{
    const struct oci_http *q = x->ask;
    uint64_t from = 0, to = 0, total = OCI_SIZE_UNKNOWN;
    const char *range = field(x, OCI_FIELD_CONTENT_RANGE);
    if (!range || !oci_content_range(range, &from, &to, &total) || from != q->range_from + x->resume_at || to < from)
        return false;
    if (q->range_length > 0 && q->range_length != OCI_SIZE_UNKNOWN && to >= q->range_from + q->range_length)
        return false;
    bool whole = q->range_length == 0 && q->expect_size != OCI_SIZE_UNKNOWN;
    return !whole || (to < q->expect_size && (total == OCI_SIZE_UNKNOWN || total == q->expect_size));
}

/* The server sends all of it although a part was asked for, or a part that nobody wants. */
static int begin_anew(struct oci_exchange *x, struct oci_err *reterr)
{
    struct oci_sink *k = x->ask->into;
    int rc = OCI_UNSUPPORTED;
    if (!x->sink_paused && k->type->restart)
        rc = k->type->restart(k, reterr);
    if (rc != OCI_UNSUPPORTED)
        return rc;
    oci_err_clear(reterr);
    x->skip = k->written;
    return OCI_OK;
}

static int take_content(struct oci_exchange *x, int status, struct oci_err *reterr)
{
    x->taking = OCI_TAKE_SINK;
    if (status == 206) {
        if (right_part(x))
            return OCI_OK;
        x->no_resume = true;
        return oci_err_set(reterr, OCI_REGISTRY, "the registry sent another part of the content than was asked for");
    }
    return x->resume_at > 0 ? begin_anew(x, reterr) : OCI_OK;
}

int oci_exchange_decide(struct oci_exchange *x, struct oci_err *reterr)
{
    const int status = x->transfer.response.status;
    /* A part where the flow asked for all of it: our own doing, after a break. */
    const bool whole = x->resume_at > 0 && x->ask->range_length == 0 && status == 206 && oci_exchange_wants(x, 200);
    x->taking = status >= 400 ? OCI_TAKE_ERROR : OCI_TAKE_NOTHING;
    if (x->probing || x->get_for_head || !x->ask->into || status / 100 != 2)
        return OCI_OK;
    return whole || oci_exchange_wants(x, status) ? take_content(x, status, reterr) : OCI_OK;
}

static int into_sink(struct oci_exchange *x, const char *p, size_t len, struct oci_err *reterr)
{
    struct oci_sink *k = x->ask->into;
    /* Bytes that are skipped count only when the rest is taken: a paused chunk comes again as a whole. */
    const size_t skipped = x->skip < len ? (size_t)x->skip : len;
    const size_t rest = len - skipped;
    if (rest > 0 && x->ask->expect_size != OCI_SIZE_UNKNOWN &&
        (k->written > x->ask->expect_size || rest > x->ask->expect_size - k->written))
        return oci_err_set(reterr, OCI_SIZE_MISMATCH, "the registry sent more than the expected %llu bytes",
                           (unsigned long long)x->ask->expect_size);
    int rc = rest > 0 ? k->type->write(k, p + skipped, rest, reterr) : OCI_OK;
    if (rc == OCI_PAUSED) {
        x->sink_paused = true;
        oci_exchange_leave_slot(x); /* others may use it meanwhile */
    }
    if (rc != OCI_OK)
        return rc;
    x->skip -= skipped;
    x->received += len;
    oci_retry_progress(&x->retry, rest, x->transfer.last_ms);
    return OCI_OK;
}

int oci_exchange_take(struct oci_transfer *t, const char *p, size_t len, struct oci_err *reterr)
{
    struct oci_exchange *x = OCI_OWNER(t, struct oci_exchange, transfer);
    if (x->taking == OCI_TAKE_UNDECIDED) {
        int rc = oci_exchange_decide(x, reterr);
        if (rc != OCI_OK)
            return rc;
    }
    if (x->taking == OCI_TAKE_SINK)
        return into_sink(x, p, len, reterr);
    x->received += len;
    if (x->get_for_head)
        return OCI_END_OF_CONTENT;
    if (x->taking == OCI_TAKE_ERROR && !x->probing) {
        size_t room = x->error_body.max - x->error_body.len;
        int rc = oci_buf_add(&x->error_body, p, len < room ? len : room);
        if (rc != OCI_OK)
            return oci_err_no_memory(reterr);
        return len < room ? OCI_OK : OCI_END_OF_CONTENT;
    }
    return x->received <= THROWN_AWAY_MAX ? OCI_OK : OCI_END_OF_CONTENT;
}

/* ---- what the flow is told ---- */

static int keep_text(char **ret, const struct oci_url *u)
{
    *ret = oci_strdup(u->text);
    return *ret ? OCI_OK : OCI_NO_MEMORY;
}

/* One that cannot be used is left out: the flow that needs it says so, others (a 201) do not care. */
static int fill_location(struct oci_exchange *x, struct oci_answer *a)
{
    const char *text = field(x, OCI_FIELD_LOCATION);
    struct oci_url u = {0};
    bool upgraded = false;
    if (!text || oci_url_resolve(&x->url, text, &u, NULL) != OCI_OK)
        return OCI_OK;
    int rc = oci_target_check(&x->url, &u, &upgraded, NULL);
    if (upgraded)
        oci_net_warn(x->net, "the registry %s names plain HTTP addresses of itself; https is used",
                     x->origin->registry);
    if (rc == OCI_OK)
        rc = keep_text(&a->location, &u);
    oci_url_done(&u);
    return rc == OCI_NO_MEMORY ? rc : OCI_OK;
}

/* A page on another host would be asked for with the token (T9); a link that is not understood would cut the list. */
static int fill_link(struct oci_exchange *x, struct oci_answer *a, struct oci_err *reterr)
{
    const char *header = field(x, OCI_FIELD_LINK);
    struct oci_str target;
    struct oci_url u = {0};
    bool upgraded = false;
    if (!header || a->status != 200 || strcmp(x->ask->method, "GET") != 0 || !oci_link_next(header, &target))
        return OCI_OK;
    char *text = oci_strndup(target.p, target.len);
    if (!text)
        return oci_err_no_memory(reterr);
    int rc = oci_url_resolve(&x->url, text, &u, reterr);
    oci_free(text);
    if (rc == OCI_OK)
        rc = oci_target_check(&x->url, &u, &upgraded, reterr);
    if (rc == OCI_OK && !oci_url_same_origin(&x->url, &u))
        rc = oci_err_set(reterr, OCI_REGISTRY, "the registry says that the next page is on another host, %s", u.host);
    if (rc == OCI_OK && keep_text(&a->link, &u) != OCI_OK)
        rc = oci_err_no_memory(reterr);
    oci_url_done(&u);
    return rc == OCI_OK || rc == OCI_NO_MEMORY ? rc : (reterr->code = OCI_REGISTRY);
}

static void fill_error(struct oci_exchange *x, struct oci_answer *a)
{
    uint64_t after = 0;
    char words[64];
    const char *header = field(x, OCI_FIELD_RETRY_AFTER);
    oci_err_clear(&a->err);
    oci_registry_error(&a->err, a->status, x->error_body.p ? x->error_body.p : "", x->error_body.len, x->ask->asked_for,
                       x->ask->doing);
    oci_url_shown(&x->url, a->err.url, sizeof a->err.url);
    if (x->ask->asked_for == OCI_ASKED_UNTAG && a->err.code == OCI_UNSUPPORTED)
        oci_err_add(&a->err, "this registry removes no tag alone, only a manifest with all its tags (delete)");
    if (a->status == 400 && !x->url.https && strstr(a->err.text, "HTTPS"))
        oci_err_add(&a->err, "to speak TLS with it, set plain_http = false or ca_file for it");
    if (x->auth_note)
        oci_err_add(&a->err, x->auth_note);
    if ((a->status == 429 || a->status == 503) && header && oci_retry_after(header, oci_clock_unix(), &after) &&
        after) {
        snprintf(words, sizeof words, "it wants to be left alone for %llu s", (unsigned long long)after);
        oci_err_add(&a->err, words);
    }
    /* Nothing of a one-shot source is sent twice by us; the caller may have another. */
    if (x->ask->body && x->ask->body->type->one_shot && oci_retry_status(a->status))
        a->err.retryable = true;
}

static void warn(struct oci_exchange *x)
{
    /* distribution-spec, Warnings: 299 - "text" */
    const char *w = field(x, OCI_FIELD_WARNING);
    if (w && oci_starts_with(w, "299 "))
        oci_net_warn(x->net, "the registry %s says: %s", x->origin->registry, w);
}

int oci_exchange_fill(struct oci_exchange *x, struct oci_err *reterr)
{
    struct oci_answer *a = &x->flow->ans;
    const struct oci_response *r = &x->transfer.response;
    /* Asked for a part to go on with what the flow asked for as a whole: it is the whole. A refused scope for a mount
     * is a refused mount (Q15). */
    a->status = x->status;
    if (x->resume_at > 0 && a->status == 206 && x->ask->range_length == 0)
        a->status = 200;
    if (a->status == 401 && x->ask->extra_scope)
        a->status = 403;
    a->resent = x->requests > 1 || x->transfer.resent;
    a->length = r->length;
    if (x->resume_at > 0 && r->length != OCI_SIZE_UNKNOWN && x->status == 206)
        a->length = x->resume_at + r->length;
    if (field(x, OCI_FIELD_CONTENT_TYPE))
        oci_media_type_essence(field(x, OCI_FIELD_CONTENT_TYPE), a->content_type);
    if (field(x, OCI_FIELD_DIGEST))
        oci_digest_parse(oci_str_of(field(x, OCI_FIELD_DIGEST)), &a->digest, NULL);
    if (field(x, OCI_FIELD_RANGE))
        oci_str_copy(a->range, sizeof a->range, oci_str_of(field(x, OCI_FIELD_RANGE)));
    warn(x);
    if (a->status >= 400)
        fill_error(x, a);
    int rc = fill_location(x, a);
    if (rc != OCI_OK)
        return oci_err_no_memory(reterr);
    return fill_link(x, a, reterr);
}
