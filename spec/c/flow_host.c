#include "flow_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "test.h"

enum { TURNS_MAX = 2000000, ASKS_MAX = 256, LOG_RESERVE = 1 << 16 };

enum ask_state { ASK_BEGIN, ASK_OPENING, ASK_SENDING, ASK_ANSWERING, ASK_WRITING };

/* An HTTP question being answered. */
struct ask {
    struct oci_link link;
    struct flow_host *h;
    struct oci_flow *flow;
    struct flow_row row;
    enum ask_state state;
    size_t sent, written;
    bool waiting, canceled;
    struct oci_work open;
};

/* The host's link in a job. */
struct posted {
    struct oci_link link;
    struct oci_work *work;
};

static struct flow_host *of(struct oci_host *host)
{
    return OCI_OWNER(host, struct flow_host, host);
}

uint64_t flow_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x * 0x2545F4914F6CDD1Dull >> 16;
}

static size_t length_of(const struct oci_link *list)
{
    size_t n = 0;
    for (const struct oci_link *l = list->next; l != list; l = l->next)
        n++;
    return n;
}

struct oci_origin *flow_origin(void)
{
    static char place;
    return (struct oci_origin *)(void *)&place;
}

struct oci_repository flow_repository(struct flow_host *h)
{
    return (struct oci_repository){.host = &h->host, .origin = flow_origin(), .registry = "r.io", .name = "a/b"};
}

struct oci_digest flow_hello_digest(void)
{
    struct oci_digest d;
    CHECK_INT(oci_digest_parse(OCI_STR(HELLO), &d, NULL), OCI_OK);
    return d;
}

/* ---- the host's calls: everything is only queued ---- */

static void host_call(struct oci_host *host, struct oci_call *c)
{
    if (oci_list_empty(&c->link))
        oci_list_append(&of(host)->calls, &c->link);
}

static void host_uncall(struct oci_host *host, struct oci_call *c)
{
    (void)host;
    oci_list_remove(&c->link);
}

static void host_work(struct oci_host *host, struct oci_work *w)
{
    struct flow_host *h = of(host);
    CHECK(!h->forbidden);
    CHECK(w->run && w->done);
    struct posted *p = (struct posted *)(void *)w->host_data;
    _Static_assert(sizeof *p <= sizeof w->host_data, "room for the host");
    oci_list_init(&p->link);
    p->work = w;
    oci_list_append(&h->posted, &p->link);
    h->jobs++;
}

static struct ask *ask_of(const struct oci_flow *f)
{
    return f->drv.host_data;
}

static void find_row(struct flow_host *h, struct ask *a)
{
    const struct oci_http *q = &a->flow->ask.http;
    char text[9000];
    snprintf(text, sizeof text, "%s %s", q->method, q->url);
    if (h->answer) {
        h->answer(h, q, &a->row);
        return;
    }
    for (size_t i = h->any_order ? 0 : h->next_row; i < h->row_count; i++) {
        if (h->used[i])
            continue;
        bool fits = !h->rows[i].ask || strcmp(h->rows[i].ask, text) == 0;
        if (!fits && !h->any_order)
            FAIL("asked \"%s\" instead of \"%s\"", text, h->rows[i].ask);
        if (fits) {
            h->used[i] = true;
            h->next_row = i + 1;
            a->row = h->rows[i];
            return;
        }
    }
    FAIL("asked \"%s\", which nobody expects", text);
}

static void check_string(const char *what, const char *got, const char *want)
{
    if (want && !oci_str_equal(got ? got : "", want))
        FAIL("%s is \"%s\" instead of \"%s\"", what, got ? got : "", want);
}

static void host_http(struct oci_host *host, struct oci_flow *f)
{
    struct flow_host *h = of(host);
    const struct oci_http *q = &f->ask.http;
    CHECK(!h->forbidden);
    CHECK(f->question == OCI_Q_HTTP);
    CHECK(!ask_of(f)); /* one question at a time */
    CHECK(q->url && q->method && q->origin == flow_origin());
    CHECK(q->doing[0]);
    struct ask *a = h->ask_pool;
    while (a->flow)
        CHECK(++a < h->ask_pool + ASKS_MAX);
    *a = (struct ask){.h = h, .flow = f};
    f->drv.host_data = a;
    oci_list_append(&h->asks, &a->link);
    h->asked++;
    h->lasts += q->last;
    oci_buf_addf(&h->log, "%s %s\n", q->method, q->url);
    find_row(h, a);
    check_string("the scope", q->scope, a->row.scope);
    check_string("the other scope", q->extra_scope, a->row.extra_scope);
    check_string("the body's type", q->content_type, a->row.sent_type);
    check_string("Accept", q->accept, a->row.accept);
    /* No content without a body to go with it, and the other way round. */
    CHECK(!q->body || strcmp(q->method, "PUT") == 0 || strcmp(q->method, "PATCH") == 0);
    CHECK(!q->into || strcmp(q->method, "GET") == 0);
    if (q->body)
        oci_buf_clear(&h->sent);
    if (h->cancel_at == h->asked && h->root) {
        bool before = h->forbidden;
        h->forbidden = true;
        oci_driver_cancel(h->driver, h->root);
        h->forbidden = before;
    }
}

static void host_http_cancel(struct oci_host *host, struct oci_flow *f)
{
    (void)host;
    struct ask *a = ask_of(f);
    CHECK(a && !a->canceled);
    a->canceled = true;
    a->waiting = false;
}

/* ---- answering ---- */

static void settle(struct ask *a, int rc, const struct oci_err *err)
{
    struct flow_host *h = a->h;
    struct oci_flow *f = a->flow;
    f->drv.host_data = NULL;
    oci_list_remove(&a->link);
    if (a->row.sent && rc == OCI_OK)
        check_string("the body", h->sent.p, a->row.sent);
    a->flow = NULL;
    h->forbidden = true;
    oci_driver_settle(h->driver, f, rc, err);
    h->forbidden = false;
}

static void settle_code(struct ask *a, int rc, const char *text)
{
    struct oci_err err = {0};
    oci_err_set(&err, rc, "%s: %s", a->flow->ask.http.doing, text);
    settle(a, rc, &err);
}

static void on_resume(void *ctx)
{
    struct ask *a = ctx;
    a->waiting = false;
}

static int run_open(struct oci_work *w, struct oci_err *reterr)
{
    struct oci_source *s = OCI_OWNER(w, struct ask, open)->flow->ask.http.body;
    return s->type->open(s, reterr);
}

static void on_open(struct oci_work *w)
{
    struct ask *a = OCI_OWNER(w, struct ask, open);
    a->waiting = false;
    a->state = ASK_SENDING;
    if (w->rc < 0)
        settle(a, w->rc, &w->err);
}

static void begin(struct ask *a)
{
    struct oci_http *q = &a->flow->ask.http;
    oci_driver_bind(q->body, q->into, on_resume, a);
    if (a->row.lost && a->row.after == 0) {
        settle_code(a, a->row.lost, "the connection broke");
        return;
    }
    if (!q->body || a->row.early) {
        a->state = ASK_ANSWERING;
        return;
    }
    CHECK(q->body->type->read && !q->body->type->on_pool); /* an exchange reads on the engine */
    a->state = ASK_SENDING;
    if (!q->body->type->open)
        return;
    a->state = ASK_OPENING;
    a->waiting = true;
    a->open = (struct oci_work){.run = run_open, .done = on_open, .asker = a};
    host_work(&a->h->host, &a->open);
}

static size_t piece_of(const struct ask *a)
{
    return a->h->piece ? a->h->piece : 5;
}

static void send_some(struct ask *a)
{
    struct oci_source *s = a->flow->ask.http.body;
    char buf[4096];
    size_t n = 0;
    struct oci_err err = {0};
    if (a->row.lost && a->sent >= a->row.after) {
        settle_code(a, a->row.lost, "the connection broke");
        return;
    }
    /* As libcurl: of known content the end is not looked for. */
    if (s->size != OCI_SIZE_UNKNOWN && a->sent == s->size) {
        a->state = ASK_ANSWERING;
        return;
    }
    int rc = s->type->read(s, buf, piece_of(a), &n, &err);
    if (rc == OCI_PAUSED) {
        a->waiting = true;
    } else if (rc == OCI_END_OF_CONTENT) {
        a->state = ASK_ANSWERING;
    } else if (rc < 0) {
        CHECK(err.code == rc);
        settle(a, rc, &err);
    } else {
        CHECK(n > 0 && n <= piece_of(a));
        a->sent += n;
        CHECK(a->sent <= s->size);
        oci_buf_add(&a->h->sent, buf, n);
    }
}

static bool wanted(const struct oci_http *q, int status)
{
    for (size_t i = 0; i < OCI_WANT_MAX && q->want[i]; i++) {
        if (q->want[i] == status)
            return true;
    }
    return false;
}

/* False: there was no memory. */
static bool fill_answer(struct ask *a)
{
    const struct flow_row *row = &a->row;
    const struct oci_http *q = &a->flow->ask.http;
    struct oci_answer *ans = &a->flow->ans;
    CHECK(ans->status == 0 && !ans->location && !ans->link && !ans->err.code);
    ans->status = row->status;
    ans->location = oci_strdup(row->location);
    ans->link = oci_strdup(row->link);
    ans->resent = row->resent;
    ans->length = row->length > 0 ? (uint64_t)row->length : row->length < 0 ? 0 : OCI_SIZE_UNKNOWN;
    if (row->type)
        oci_media_type_essence(row->type, ans->content_type);
    if (row->digest && oci_digest_parse(oci_str_of(row->digest), &ans->digest, NULL) < 0)
        ans->digest = (struct oci_digest){""};
    if (row->status >= 400)
        oci_registry_error(&ans->err, row->status, row->body, row->body ? strlen(row->body) : 0, q->asked_for,
                           q->doing);
    return (!row->location || ans->location) && (!row->link || ans->link);
}

static void answer(struct ask *a)
{
    const struct oci_http *q = &a->flow->ask.http;
    if (a->row.lost) {
        settle_code(a, a->row.lost, "the connection broke");
        return;
    }
    if (!fill_answer(a)) {
        settle_code(a, OCI_NO_MEMORY, "out of memory");
        return;
    }
    if (q->into && a->row.status / 100 == 2 && wanted(q, a->row.status))
        a->state = ASK_WRITING;
    else
        settle(a, OCI_OK, NULL);
}

static void write_some(struct ask *a)
{
    const struct oci_http *q = &a->flow->ask.http;
    const char *body = a->row.body ? a->row.body : "";
    size_t left = strlen(body) - a->written;
    size_t n = left < piece_of(a) ? left : piece_of(a);
    struct oci_err err = {0};
    if (left == 0 && q->expect_size != OCI_SIZE_UNKNOWN && a->written < q->expect_size) {
        settle_code(a, OCI_NETWORK, "the body is too short");
        return;
    }
    if (left == 0) {
        settle(a, OCI_OK, NULL);
        return;
    }
    if (q->expect_size != OCI_SIZE_UNKNOWN && a->written + n > q->expect_size) {
        settle_code(a, OCI_SIZE_MISMATCH, "the body is too long");
        return;
    }
    int rc = q->into->type->write(q->into, body + a->written, n, &err);
    if (rc == OCI_PAUSED) {
        a->waiting = true;
    } else if (rc < 0) {
        CHECK(err.code == rc);
        settle(a, rc, &err);
    } else {
        a->written += n;
        CHECK_INT(q->into->written, a->written);
    }
}

static void ask_turn(struct ask *a)
{
    if (a->canceled && a->state != ASK_OPENING) {
        settle_code(a, OCI_CANCELED, "canceled");
        return;
    }
    switch (a->state) {
    case ASK_BEGIN:
        begin(a);
        break;
    case ASK_OPENING:
        a->waiting = true;
        break;
    case ASK_SENDING:
        send_some(a);
        break;
    case ASK_ANSWERING:
        answer(a);
        break;
    case ASK_WRITING:
        write_some(a);
        break;
    }
}

/* ---- turning ---- */

static void run_job(struct flow_host *h, struct posted *p)
{
    struct oci_work *w = p->work;
    oci_list_remove(&p->link);
    h->forbidden = true; /* a job knows nothing of flows */
    w->rc = w->run(w, &w->err);
    h->forbidden = false;
    oci_list_append(w->rc == OCI_AGAIN && w->asker ? &h->posted : &h->ran, &p->link);
}

static struct oci_link *nth(struct oci_link *list, size_t n)
{
    struct oci_link *l = list->next;
    while (n-- > 0)
        l = l->next;
    return l;
}

static struct ask *runnable_ask(struct flow_host *h, size_t skip)
{
    size_t n = length_of(&h->asks);
    for (size_t i = 0; i < n; i++) {
        struct ask *a = OCI_OWNER(nth(&h->asks, (i + skip) % n), struct ask, link);
        if (!a->waiting)
            return a;
    }
    return NULL;
}

static bool do_one(struct flow_host *h, size_t kind, size_t which)
{
    size_t n;
    struct oci_link *l;
    struct ask *a;
    switch (kind) {
    case 0:
        n = length_of(&h->calls);
        if (n == 0)
            return false;
        l = nth(&h->calls, which % n);
        oci_list_remove(l);
        OCI_OWNER(l, struct oci_call, link)->fn(OCI_OWNER(l, struct oci_call, link));
        return true;
    case 1:
        n = length_of(&h->posted);
        if (n > 0)
            run_job(h, OCI_OWNER(nth(&h->posted, which % n), struct posted, link));
        return n > 0;
    case 2:
        n = length_of(&h->ran);
        if (n == 0)
            return false;
        l = nth(&h->ran, which % n);
        oci_list_remove(l);
        struct oci_work *w = OCI_OWNER(l, struct posted, link)->work;
        w->done(w);
        return true;
    default:
        a = runnable_ask(h, which);
        if (a)
            ask_turn(a);
        return a != NULL;
    }
}

bool flow_host_turn(struct flow_host *h)
{
    size_t first = 0;
    size_t which = 0;
    if (h->random) {
        first = (size_t)(flow_random(&h->random) % 4);
        which = (size_t)(flow_random(&h->random) % 64);
    }
    if (++h->turns == h->cancel_at_turn && h->root) {
        h->forbidden = true;
        oci_driver_cancel(h->driver, h->root);
        h->forbidden = false;
    }
    for (size_t i = 0; i < 4; i++) {
        if (do_one(h, (first + i) % 4, which))
            return true;
    }
    return false;
}

/* ---- life ---- */

void flow_host_init(struct flow_host *h, const struct flow_row *rows, size_t count)
{
    *h = (struct flow_host){
        .host = {.http = host_http,
                 .http_cancel = host_http_cancel,
                 .work = host_work,
                 .call = host_call,
                 .uncall = host_uncall},
        .rows = rows,
        .row_count = count,
        .used = calloc(count + 1, sizeof(bool)),
        .ask_pool = calloc(ASKS_MAX, sizeof(struct ask)),
    };
    oci_list_init(&h->asks);
    oci_list_init(&h->posted);
    oci_list_init(&h->ran);
    oci_list_init(&h->calls);
    oci_buf_init(&h->log, 1u << 20);
    oci_buf_init(&h->sent, 1u << 24);
    CHECK_INT(oci_buf_reserve(&h->log, LOG_RESERVE), 0);
    CHECK_INT(oci_buf_reserve(&h->sent, LOG_RESERVE), 0);
    h->driver = oci_driver_new(&h->host);
    CHECK(h->driver);
}

static void over(struct oci_flow *f, void *ctx)
{
    struct flow_host *h = ctx;
    CHECK(!h->over && !h->forbidden && f == h->root);
    h->over = true;
    h->err = f->err;
    h->root = NULL;
}

void flow_host_start(struct flow_host *h, struct oci_flow *take)
{
    CHECK(take);
    h->over = false;
    h->err = (struct oci_err){0};
    h->root = take;
    h->forbidden = true;
    oci_driver_start(h->driver, take, over, h);
    h->forbidden = false;
}

int flow_host_finish(struct flow_host *h)
{
    unsigned turns = 0;
    while (flow_host_turn(h))
        CHECK(++turns < TURNS_MAX);
    if (!h->over)
        FAIL("the flow waits for something that never comes; asked so far:\n%s", h->log.p ? h->log.p : "");
    CHECK(oci_list_empty(&h->asks));
    CHECK_INT(oci_driver_running(h->driver), 0);
    return h->err.code;
}

int flow_host_run(struct flow_host *h, struct oci_flow *take)
{
    flow_host_start(h, take);
    return flow_host_finish(h);
}

void flow_host_done(struct flow_host *h, bool rows_may_be_left)
{
    for (size_t i = 0; !rows_may_be_left && i < h->row_count; i++) {
        if (!h->used[i])
            FAIL("nobody asked \"%s\"", h->rows[i].ask ? h->rows[i].ask : "(anything)");
    }
    oci_driver_free(h->driver);
    CHECK(oci_list_empty(&h->asks) && oci_list_empty(&h->posted) && oci_list_empty(&h->ran) &&
          oci_list_empty(&h->calls));
    oci_buf_done(&h->log);
    oci_buf_done(&h->sent);
    free(h->used);
    free(h->ask_pool);
}

const char *flow_host_methods(struct flow_host *h, char *buf, size_t size)
{
    size_t len = 0;
    buf[0] = '\0';
    for (const char *p = h->log.p; p && *p; p = strchr(p, '\n') + 1) {
        size_t n = strcspn(p, " ");
        if (len + n + 2 < size)
            len += (size_t)snprintf(buf + len, size - len, "%s%.*s", len ? " " : "", (int)n, p);
    }
    return buf;
}
