/* exchange_send.c - one request of an exchange: what of the content must be rewound or is there already, the header. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/media_type.h"
#include "net/exchange.h"
#include "net/policy.h"

#define SMALL              (64u << 10)
#define LIFE_OF_UPLOADS_MS 60000u /* a token that ends during the upload was no help (security-quirks 1.10) */

/* ---- the body of the request ---- */

static struct oci_source *body(const struct oci_exchange *x)
{
    return x->probing ? NULL : x->ask->body;
}

bool oci_exchange_can_rewind(const struct oci_exchange *x)
{
    const struct oci_source *s = x->ask->body;
    return !s || x->small || x->read == 0 || (!s->type->one_shot && s->type->rewind);
}

static int rewind_source(struct oci_exchange *x, struct oci_err *reterr)
{
    struct oci_source *s = x->ask->body;
    if (!s || x->small || x->read == 0)
        return OCI_OK;
    if (!oci_exchange_can_rewind(x))
        return oci_err_set(reterr, OCI_UNSUPPORTED, "the content can be read only once");
    x->read = 0;
    return s->type->rewind(s, reterr);
}

int oci_exchange_rewind(struct oci_transfer *t, struct oci_err *reterr)
{
    struct oci_exchange *x = OCI_OWNER(t, struct oci_exchange, transfer);
    if (x->ask->once) /* libcurl must not send it again by itself */
        return oci_err_set(reterr, OCI_UNSUPPORTED, "the request is sent only once");
    return rewind_source(x, reterr);
}

int oci_exchange_read(struct oci_transfer *t, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct oci_exchange *x = OCI_OWNER(t, struct oci_exchange, transfer);
    struct oci_source *s = x->ask->body;
    int rc = s->type->read(s, p, max, ret_n, reterr);
    if (rc == OCI_OK)
        x->read += *ret_n;
    return rc;
}

/* A small body that can be had at once is read whole, to leave in one send with the header and to be there for every
 * repetition. OCI_PAUSED: it cannot be had at once, and is streamed. */
static int fill_small(struct oci_exchange *x, char *p, size_t size, struct oci_err *reterr)
{
    struct oci_source *s = x->ask->body;
    size_t have = 0;
    while (have < size) {
        size_t n = 0;
        int rc = s->type->read(s, p + have, size - have, &n, reterr);
        if (rc == OCI_END_OF_CONTENT)
            return oci_err_set(reterr, OCI_SIZE_MISMATCH, "the content ended after %zu of %zu bytes", have, size);
        if (rc != OCI_OK)
            return rc;
        have += n;
        x->read += n;
    }
    return OCI_OK;
}

static int read_small(struct oci_exchange *x, struct oci_err *reterr)
{
    struct oci_source *s = body(x);
    if (!s || x->small_tried || s->size >= SMALL || s->type->one_shot || !s->type->rewind)
        return OCI_OK;
    x->small_tried = true;
    struct oci_bytes *whole = s->type->whole ? s->type->whole(s) : NULL;
    if (whole) {
        x->small = oci_bytes_ref(whole);
        return OCI_OK;
    }
    char *p = oci_alloc(s->size + 1);
    if (!p)
        return oci_err_no_memory(reterr);
    p[s->size] = '\0';
    int rc = fill_small(x, p, s->size, reterr);
    if (rc == OCI_OK) {
        x->small = oci_bytes_new_take(p, s->size);
        return x->small ? OCI_OK : oci_err_no_memory(reterr);
    }
    oci_free(p);
    return rc == OCI_PAUSED ? rewind_source(x, reterr) : rc;
}

/* ---- what the sink has already ---- */

/* OCI_PAUSED: the sink must become quiet first. */
static int prepare_sink(struct oci_exchange *x, struct oci_err *reterr)
{
    struct oci_sink *k = x->ask->into;
    x->resume_at = x->skip = 0;
    if (!k || x->probing || k->written == 0)
        return OCI_OK;
    if (oci_exchange_can_resume(x)) {
        x->resume_at = k->written;
        return OCI_OK;
    }
    if (x->sink_paused) {
        x->awaits_sink = true;
        return OCI_PAUSED;
    }
    int rc = k->type->restart ? k->type->restart(k, reterr) : OCI_UNSUPPORTED;
    if (rc == OCI_UNSUPPORTED) { /* what it has is what comes again; the digest will tell */
        oci_err_clear(reterr);
        x->skip = k->written;
        return OCI_OK;
    }
    return rc;
}

/* ---- the header ---- */

#define LINES_MAX 8

struct lines {
    const char *p[LINES_MAX];
    size_t count;
    char type[OCI_MEDIA_TYPE_MAX + 24], range[80], content_range[80];
};

static void add(struct lines *l, const char *line)
{
    assert(l->count < LINES_MAX);
    l->p[l->count++] = line;
}

static void add_range(const struct oci_exchange *x, struct lines *l)
{
    const struct oci_http *q = x->ask;
    if (q->range_length == 0 && x->resume_at == 0)
        return;
    unsigned long long from = q->range_from + x->resume_at;
    if (q->range_length == 0 || q->range_length == OCI_SIZE_UNKNOWN)
        snprintf(l->range, sizeof l->range, "Range: bytes=%llu-", from);
    else
        snprintf(l->range, sizeof l->range, "Range: bytes=%llu-%llu", from,
                 (unsigned long long)(q->range_from + q->range_length - 1));
    add(l, l->range);
}

static void make_lines(const struct oci_exchange *x, const char *accept, struct lines *l)
{
    const struct oci_http *q = x->ask;
    add(l, x->net->user_agent);
    if (x->authorization && !x->foreign)
        add(l, x->authorization);
    if (x->probing)
        return;
    if (accept)
        add(l, accept);
    if (q->body) {
        snprintf(l->type, sizeof l->type, "Content-Type: %s", q->content_type[0] ? q->content_type : OCI_TYPE_OCTETS);
        add(l, l->type);
    }
    if (q->content_range[0]) { /* Q9: without "bytes" */
        snprintf(l->content_range, sizeof l->content_range, "Content-Range: %s", q->content_range);
        add(l, l->content_range);
    }
    add_range(x, l);
}

/* ---- the request ---- */

static void set_place(const struct oci_exchange *x, const struct oci_url *url, struct oci_transfer_ask *a)
{
    const struct oci_registry_state *r = x->registry;
    char place[OCI_HOST_MAX + 8];
    bool own_origin = oci_url_same_origin(&r->base, url);
    oci_url_place(url, place, sizeof place);
    const struct oci_registry_options *own = own_origin ? NULL : oci_net_options_for(x->net, place);
    a->url = url;
    a->direct = oci_host_is_loopback(url->host);
    a->ca_file = own && own->ca_file ? own->ca_file : r->ca_file;
    a->ca_system = !own_origin && !(own && own->ca_file);
    a->refuse = own_origin || own ? 0 : oci_refused_addresses(r->kind);
    a->connect_timeout_ms = x->origin->limits.connect_timeout_ms;
    a->stall_timeout_ms = x->origin->limits.stall_timeout_ms;
}

static void set_body(const struct oci_exchange *x, struct oci_transfer_ask *a)
{
    const struct oci_source *s = body(x);
    a->once = x->ask->once && !x->probing;
    if (!s)
        return;
    a->once = a->once || s->type->one_shot;
    a->size = s->size;
    a->body = x->small ? OCI_BODY_BYTES : OCI_BODY_STREAM;
    a->bytes = x->small ? x->small->p : NULL;
}

static uint64_t wanted_bytes(const struct oci_exchange *x)
{
    return !x->ask->into || x->probing ? 0 : x->ask->expect_size;
}

static int start_transfer(struct oci_exchange *x, const struct oci_url *url, struct oci_err *reterr)
{
    struct oci_transfers *ts = oci_engine_transfers(x->engine, reterr);
    if (!ts)
        return reterr->code;
    struct lines l = {.count = 0};
    char *accept = x->ask->accept ? oci_asprintf("Accept: %s", x->ask->accept) : NULL;
    if (x->ask->accept && !accept)
        return oci_err_no_memory(reterr);
    struct oci_transfer_ask a = {.method = x->probing || x->get_for_head ? "GET" : x->ask->method};
    make_lines(x, accept, &l);
    a.headers = l.p;
    a.header_count = l.count;
    a.expect = wanted_bytes(x);
    set_place(x, url, &a);
    set_body(x, &a);
    int rc = oci_transfer_start(ts, &x->transfer, &a, reterr);
    oci_free(accept);
    return rc;
}

static int probe(struct oci_exchange *x, struct oci_err *reterr)
{
    struct oci_url url = {0};
    int rc = oci_url_resolve(&x->registry->base, "/v2/", &url, reterr);
    if (rc == OCI_OK)
        rc = start_transfer(x, &url, reterr);
    oci_url_done(&url);
    return rc;
}

int oci_exchange_send(struct oci_exchange *x, struct oci_err *reterr)
{
    oci_err_clear(reterr); /* of the try before */
    x->taking = OCI_TAKE_UNDECIDED;
    x->received = 0;
    if (x->probing)
        return probe(x, reterr);
    oci_buf_clear(&x->error_body);
    int rc = rewind_source(x, reterr);
    if (rc == OCI_OK)
        rc = read_small(x, reterr);
    if (rc == OCI_OK)
        rc = prepare_sink(x, reterr);
    if (rc == OCI_OK)
        rc = start_transfer(x, &x->url, reterr);
    if (rc == OCI_OK)
        x->requests++;
    return rc;
}
