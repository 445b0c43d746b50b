#include "net/transfer.h"

#include <assert.h>
#include <string.h>

#include "base/library.h"
#include "base/mem.h"
#include "model/descriptor.h"
#include "net/easy.h"
#include "net/trouble.h"
#include "sys/clock.h"
#include "sys/wake.h"

/* Bytes a download may take in one turn of the loop. Beside others 128 KiB: without it a tiny request beside big
 * ones waited 100 ms instead of 2 (event-loops 2.6). Alone 1 MiB: each pause copies what libcurl has read already. */
#define BUDGET_SHARED (128u << 10)
#define BUDGET_ALONE  (1u << 20)
/* A body that comes slower than this over a whole stall window counts as stalled (T61). */
#define DRIP_BYTES_PER_S 16u
#define IDLE_SLOTS       32
#define KEPT_CONNECTIONS 64L

struct oci_transfers {
    const struct oci_curl *curl;
    CURLM *multi;
    CURLSH *share;
    struct oci_trust trust;
    struct oci_timers *timers;
    struct oci_wake wake; /* libcurl's own costs two calls of the system more each time */
    struct oci_slot *idle[IDLE_SLOTS];
    size_t idle_count;
    struct oci_link resumed;
    unsigned running;
    uint64_t turn;
    unsigned callbacks; /* how many of libcurl's are being run */
    bool gave;          /* content to be sent, in this turn */
};

/* ---- slots ---- */

static void slot_free(struct oci_transfers *ts, struct oci_slot *s)
{
    oci_easy_forget(ts->curl, s);
    if (s->h)
        ts->curl->easy_cleanup(s->h);
    oci_free(s);
}

static struct oci_slot *slot_take(struct oci_transfers *ts)
{
    if (ts->idle_count > 0)
        return ts->idle[--ts->idle_count];
    struct oci_slot *s = oci_calloc(1, sizeof *s);
    if (s && (s->h = ts->curl->easy_init()) == NULL) {
        oci_free(s);
        s = NULL;
    }
    return s;
}

static void slot_give_back(struct oci_transfers *ts, struct oci_slot *s)
{
    s->t = NULL;
    if (ts->idle_count == IDLE_SLOTS) {
        slot_free(ts, s);
        return;
    }
    ts->curl->easy_reset(s->h);
    oci_easy_forget(ts->curl, s);
    ts->idle[ts->idle_count++] = s;
}

/* ---- libcurl's callbacks ---- */

static uint64_t budget(const struct oci_transfers *ts)
{
    return ts->running > 1 ? BUDGET_SHARED : BUDGET_ALONE;
}

static void touch(struct oci_transfer *t)
{
    t->last_ms = oci_clock_ms();
}

/* For the next turn. */
static void queue(struct oci_transfer *t)
{
    if (t->slot && oci_list_empty(&t->resumed))
        oci_list_append(&t->all->resumed, &t->resumed);
}

static int failed(struct oci_transfer *t, int rc)
{
    t->rc = rc;
    t->ours = true;
    return rc;
}

static size_t take_body(struct oci_transfer *t, char *p, size_t len)
{
    if (t->turn != t->all->turn) {
        t->turn = t->all->turn;
        t->spent = 0;
    }
    if (t->spent >= budget(t->all)) {
        t->parked = true;
        queue(t);
        t->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    int rc = t->body(t, p, len, &t->err);
    if (rc == OCI_PAUSED) {
        t->recv_paused = true;
        t->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (rc != OCI_OK) {
        if (rc == OCI_END_OF_CONTENT)
            t->enough = true;
        else
            failed(t, rc);
        return 0; /* never what was given: that ends it */
    }
    t->spent += len;
    touch(t);
    if (t->received == 0) {
        t->window_ms = t->last_ms;
        t->window_bytes = 0;
    }
    t->received += len;
    t->window_bytes += len;
    return len;
}

static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
    struct oci_slot *s = ctx;
    if (!s->t || size * count == 0)
        return 0;
    s->t->all->callbacks++;
    size_t taken = take_body(s->t, p, size * count);
    s->t->all->callbacks--;
    return taken;
}

static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
    struct oci_slot *s = ctx;
    if (!s->t)
        return 0;
    int rc = oci_response_line(&s->t->response, p, size * count, &s->t->err);
    if (rc != OCI_OK) {
        failed(s->t, rc);
        return 0;
    }
    if (s->t->response.complete) /* not each line: a header that drips must end in time (T61) */
        touch(s->t);
    return size * count;
}

static size_t give_body(struct oci_transfer *t, void *p, size_t max)
{
    if (t->size != OCI_SIZE_UNKNOWN && max > t->size - t->sent)
        max = (size_t)(t->size - t->sent);
    if (max == 0)
        return 0;
    size_t n = 0;
    int rc = t->read(t, p, max, &n, &t->err);
    touch(t);
    if (rc == OCI_PAUSED) {
        t->send_paused = true;
        t->paused = true;
        return CURL_READFUNC_PAUSE;
    }
    if (rc == OCI_END_OF_CONTENT) {
        if (t->size == OCI_SIZE_UNKNOWN)
            return 0;
        rc = oci_err_set(&t->err, OCI_SIZE_MISMATCH, "the content ended after %llu of %llu bytes",
                         (unsigned long long)t->sent, (unsigned long long)t->size);
    }
    if (rc != OCI_OK) {
        failed(t, rc);
        return CURL_READFUNC_ABORT;
    }
    t->sent += n;
    t->all->gave = true;
    return n;
}

static size_t on_read(char *p, size_t size, size_t count, void *ctx)
{
    struct oci_slot *s = ctx;
    if (!s->t || !s->t->read)
        return CURL_READFUNC_ABORT;
    s->t->all->callbacks++;
    size_t given = give_body(s->t, p, size * count);
    s->t->all->callbacks--;
    return given;
}

/* libcurl wants to send the request once more since a kept connection was dead. It never says so otherwise. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct oci_slot *s = ctx;
    struct oci_transfer *t = s->t;
    if (!t || !t->rewind || offset != 0 || origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    t->all->callbacks++;
    struct oci_err err = {0};
    int rc = t->sent > 0 ? t->rewind(t, &err) : OCI_OK;
    t->all->callbacks--;
    if (rc != OCI_OK)
        return CURL_SEEKFUNC_CANTSEEK;
    t->sent = 0;
    return CURL_SEEKFUNC_OK;
}

static bool refuses(struct oci_transfer *t, enum oci_address_kind kind)
{
    if (t->proxied || ((unsigned)kind & t->refuse) == 0)
        return false;
    t->refused = kind;
    return true;
}

/* Closed on exec from birth, and not made at all for an address that a server must not send us to: the resolver's
 * answer is what counts, not the name (T8). */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct oci_slot *s = ctx;
    if (!s->t || purpose != CURLSOCKTYPE_IPCXN || refuses(s->t, oci_address_kind(&a->addr, a->addrlen)))
        return CURL_SOCKET_BAD;
    s->t->opened = true;
    return oci_address_socket(a->family, a->socktype, a->protocol);
}

/* Called for kept connections too, which may have been opened under another policy. */
static int on_before_request(void *ctx, char *peer, char *local, int peer_port, int local_port)
{
    (void)local;
    (void)peer_port;
    (void)local_port;
    struct oci_slot *s = ctx;
    if (!s->t)
        return CURL_PREREQFUNC_ABORT;
    struct oci_transfer *t = s->t;
    t->connected = true;
    t->peer = t->proxied || !peer ? OCI_ADDRESS_UNKNOWN : oci_address_kind_of_text(peer);
    touch(t);
    if (refuses(t, t->peer))
        return CURL_PREREQFUNC_ABORT;
    if (t->sends++ > 0)
        t->resent = true;
    return CURL_PREREQFUNC_OK;
}

static const struct oci_easy_callbacks callbacks = {
    .body = on_body,
    .header = on_header,
    .read = on_read,
    .seek = on_seek,
    .open_socket = on_open_socket,
    .before_request = on_before_request,
};

/* ---- one transfer ---- */

static void let_go(struct oci_transfer *t)
{
    struct oci_transfers *ts = t->all;
    assert(ts->callbacks == 0);
    ts->curl->multi_remove_handle(ts->multi, t->slot->h);
    slot_give_back(ts, t->slot);
    t->slot = NULL;
    ts->running--;
    oci_list_remove(&t->resumed);
    oci_timer_stop(&t->stall);
}

/* `code` is libcurl's verdict. */
static void finish(struct oci_transfer *t, CURLcode code)
{
    struct oci_transfers *ts = t->all;
    if (t->enough || (code == CURLE_OK && t->rc == OCI_OK)) {
        t->rc = OCI_OK;
        oci_err_clear(&t->err);
    } else if (!t->ours) {
        long verdict = 0, errnum = 0;
        ts->curl->easy_getinfo(t->slot->h, CURLINFO_SSL_VERIFYRESULT, &verdict);
        ts->curl->easy_getinfo(t->slot->h, CURLINFO_OS_ERRNO, &errnum);
        oci_trouble_of(t, code, verdict, (int)errnum, t->slot->error);
    }
    let_go(t);
    t->done(t);
}

static void on_stall(struct oci_timer *timer)
{
    struct oci_transfer *t = OCI_OWNER(timer, struct oci_transfer, stall);
    const uint64_t now = oci_clock_ms();
    bool stalled = false;
    if (!t->connected || t->recv_paused || t->send_paused) { /* connecting has a limit of its own; pauses are ours */
        t->last_ms = t->window_ms = now;
        t->window_bytes = 0;
    } else if (now - t->last_ms >= t->stall_ms) {
        stalled = true;
    } else if (t->received > 0 && now - t->window_ms >= t->stall_ms) {
        stalled = t->window_bytes < t->stall_ms * DRIP_BYTES_PER_S / 1000;
        t->window_ms = now;
        t->window_bytes = 0;
    }
    if (stalled) {
        oci_trouble_stalled(t);
        let_go(t);
        t->done(t);
        return;
    }
    uint64_t due = t->last_ms + t->stall_ms;
    if (t->received > 0 && t->window_ms + t->stall_ms < due)
        due = t->window_ms + t->stall_ms;
    oci_timer_start(t->all->timers, timer, due);
}

void oci_transfer_init(struct oci_transfer *t)
{
    memset(t, 0, sizeof *t);
    oci_list_init(&t->resumed);
    oci_timer_init(&t->stall, on_stall);
    oci_response_init(&t->response);
}

void oci_transfer_done(struct oci_transfer *t)
{
    assert(!t->slot);
    oci_response_done(&t->response);
}

bool oci_transfer_running(const struct oci_transfer *t)
{
    return t->slot != NULL;
}

static void reset(struct oci_transfers *ts, struct oci_transfer *t, const struct oci_transfer_ask *ask)
{
    oci_response_done(&t->response);
    oci_err_clear(&t->err);
    t->all = ts;
    t->rc = OCI_OK;
    t->ours = t->repeatable = t->arrived = t->resent = false;
    t->trouble = OCI_TROUBLE_BROKEN;
    t->peer = OCI_ADDRESS_UNKNOWN;
    t->https = ask->url->https;
    t->opened = t->enough = t->parked = t->recv_paused = t->send_paused = t->woken = t->paused = false;
    t->connected = false;
    t->proxied = !ask->direct && oci_easy_proxied(ask->url->https);
    t->refuse = ask->refuse;
    t->refused = (enum oci_address_kind)0;
    t->sends = 0;
    t->turn = t->spent = t->sent = t->received = t->window_bytes = 0;
    t->size = ask->size;
    t->stall_ms = ask->stall_timeout_ms;
    t->connect_ms = ask->connect_timeout_ms;
    t->last_ms = t->window_ms = oci_clock_ms();
    oci_url_place(ask->url, t->host, sizeof t->host);
}

int oci_transfer_start(struct oci_transfers *ts, struct oci_transfer *t, const struct oci_transfer_ask *ask,
                       struct oci_err *reterr)
{
    assert(!t->slot);
    reset(ts, t, ask);
    /* A literal address, also when a proxy would connect to it for us. */
    if ((unsigned)oci_address_kind_of_text(ask->url->host) & ask->refuse) {
        t->refused = oci_address_kind_of_text(ask->url->host);
        oci_trouble_refused(t);
        return oci_err_copy(reterr, &t->err);
    }
    struct oci_slot *s = slot_take(ts);
    if (!s)
        return oci_err_no_memory(reterr);
    s->t = t;
    int rc = oci_easy_prepare(ts->curl, ts->share, &ts->trust, &callbacks, s, ask, reterr);
    if (rc == OCI_OK && ts->curl->multi_add_handle(ts->multi, s->h) != CURLM_OK)
        rc = oci_err_no_memory(reterr);
    if (rc != OCI_OK) {
        slot_give_back(ts, s);
        return rc;
    }
    t->slot = s;
    t->connected = !s->tells_connected; /* nobody would tell */
    ts->running++;
    oci_timer_start(ts->timers, &t->stall, t->last_ms + t->stall_ms);
    return OCI_OK;
}

void oci_transfer_resume(struct oci_transfer *t)
{
    t->woken = true;
    queue(t);
}

void oci_transfer_cancel(struct oci_transfer *t)
{
    if (!t->slot)
        return;
    struct oci_transfers *ts = t->all;
    if (!t->slot->quick_exit && !t->opened && !t->connected) {
        /* Perhaps in a name lookup, and this libcurl would wait for its end: leave the handle behind. Without a
         * transfer it opens no socket, so it ends by itself. */
        t->slot->t = NULL;
        t->slot = NULL;
        ts->running--;
        oci_list_remove(&t->resumed);
        oci_timer_stop(&t->stall);
        return;
    }
    let_go(t);
}

/* ---- all of them ---- */

/* Parked for its budget, woken by its content, or both: what its content has not woken stays paused. */
static void unpause(struct oci_transfer *t)
{
    struct oci_transfers *ts = t->all;
    if (t->woken)
        t->recv_paused = t->send_paused = false;
    else if (!t->parked)
        return;
    const int keep = (t->recv_paused ? CURLPAUSE_RECV : 0) | (t->send_paused ? CURLPAUSE_SEND : 0);
    const bool paused = t->paused;
    t->woken = t->parked = false;
    if (!paused)
        return;
    t->paused = keep != 0;
    touch(t);
    /* The functions of the owner may run in here, and pause again. */
    CURLcode code = ts->curl->easy_pause(t->slot->h, keep);
    if (code != CURLE_OK)
        finish(t, code);
}

static void finish_ended(struct oci_transfers *ts)
{
    int left = 0;
    CURLMsg *m;
    while ((m = ts->curl->multi_info_read(ts->multi, &left)) != NULL) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode code = m->data.result;
        char *p = NULL;
        ts->curl->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
        struct oci_slot *s = (struct oci_slot *)(void *)p;
        if (s->t) {
            finish(s->t, code);
            continue;
        }
        ts->curl->multi_remove_handle(ts->multi, s->h);
        slot_give_back(ts, s);
    }
}

bool oci_transfers_turn(struct oci_transfers *ts)
{
    ts->turn++;
    struct oci_link now, *l;
    oci_list_init(&now);
    oci_list_splice(&now, &ts->resumed);
    while ((l = oci_list_pop(&now)) != NULL)
        unpause(OCI_OWNER(l, struct oci_transfer, resumed));
    int running = 0;
    ts->gave = false;
    ts->curl->multi_perform(ts->multi, &running);
    finish_ended(ts);
    /* Of an upload libcurl sends one buffer in a turn. Most often there is room for another one: it looks by itself. */
    return ts->gave || !oci_list_empty(&ts->resumed);
}

void oci_transfers_poll(struct oci_transfers *ts, uint64_t timeout_ms)
{
    struct curl_waitfd wake = {.fd = ts->wake.read_fd, .events = CURL_WAIT_POLLIN};
    ts->curl->multi_poll(ts->multi, &wake, 1, timeout_ms > 3600000 ? 3600000 : (int)timeout_ms, NULL);
    if (wake.revents)
        oci_wake_clear(&ts->wake);
}

void oci_transfers_wake(struct oci_transfers *ts)
{
    oci_wake_set(&ts->wake);
}

struct oci_transfers *oci_transfers_new(struct oci_timers *timers, struct oci_err *reterr)
{
    const struct oci_curl *curl = oci_curl_load(reterr);
    if (!curl)
        return NULL;
    /* Never cleaned up: others in the process may use libcurl (event-loops, pitfall 13). Counted by libcurl. */
    oci_library_begin();
    CURLcode started = curl->global_init(CURL_GLOBAL_DEFAULT);
    oci_library_end();
    if (started != CURLE_OK) {
        oci_err_set(reterr, OCI_UNSUPPORTED, "libcurl cannot be loaded: it does not start");
        return NULL;
    }
    struct oci_transfers *ts = oci_calloc(1, sizeof *ts);
    if (!ts) {
        oci_err_no_memory(reterr);
        return NULL;
    }
    if (oci_wake_open(&ts->wake, reterr) != OCI_OK) {
        oci_free(ts);
        return NULL;
    }
    ts->curl = curl;
    ts->timers = timers;
    oci_list_init(&ts->resumed);
    ts->multi = curl->multi_init();
    ts->share = curl->share_init();
    if (!ts->multi || !ts->share) {
        oci_err_no_memory(reterr);
        oci_transfers_free(ts);
        return NULL;
    }
    /* One thread uses it: no lock functions. */
    curl->share_setopt(ts->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl->multi_setopt(ts->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS);
    return ts;
}

void oci_transfers_free(struct oci_transfers *ts)
{
    if (!ts)
        return;
    assert(ts->running == 0);
    while (ts->idle_count > 0)
        slot_free(ts, ts->idle[--ts->idle_count]);
    if (ts->multi)
        ts->curl->multi_cleanup(ts->multi);
    if (ts->share)
        ts->curl->share_cleanup(ts->share);
    oci_wake_close(&ts->wake);
    oci_trust_done(&ts->trust);
    oci_free(ts);
}
