/* window.c - a bounded ring between one writer and one reader (content_kinds.h). Both in the core: a pipe. One of
 * them the caller, in another thread: the caller's window.
 *
 * Only the writer moves `tail` and touches what is free; only the reader moves `head` and touches what is filled.
 * So bytes are copied without the lock, and the lock covers moves of the two marks and of the flags.
 *
 * An end in the core is woken through the host, never inside the other end's call. The caller's end is told on the
 * engine's thread, by on_change. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "content/block.h"
#include "content/check.h"
#include "content/content_kinds.h"
#include "sys/thread.h"

#define DEFAULT_CAPACITY (256u << 10)
#define LEAST_CAPACITY (64u << 10)

struct window_source {
    struct oci_source base;
    struct oci_window *window;
};

struct window_sink {
    struct oci_sink base;
    struct oci_window *window;
    struct oci_check check;
    bool verify;
    uint64_t passed; /* bytes handed on, in all attempts */
    bool over;       /* end() was called */
};

struct oci_window {
    /* set once */
    struct oci_host *host;
    char *ring;
    size_t cap;
    struct oci_call call; /* the wake-up; while it is on its way it holds a reference */
    struct oci_mutex mutex;
    /* locked */
    unsigned refs;
    uint64_t head, tail;  /* bytes taken out, bytes put in; the ring holds those between */
    bool reading;         /* the core's reader has begun */
    bool ended;           /* nothing comes after tail */
    bool stopped;         /* nobody reads any more */
    bool reader_waits, writer_waits;
    size_t writer_needs;  /* bytes of room that its write is about */
    bool wake_reader, wake_writer, calling;
    struct oci_err err;   /* code: how the writer failed */
    struct window_source *source;
    struct window_sink *sink;
    void (*on_change)(void *ctx);
    void *ctx;
};

/* ---- waking -------------------------------------------------------------------------------- */

static void woken(struct oci_call *c)
{
    struct oci_window *w = OCI_OWNER(c, struct oci_window, call);
    oci_mutex_lock(&w->mutex);
    w->calling = false;
    struct window_source *source = w->wake_reader ? w->source : NULL;
    w->wake_reader = false;
    oci_mutex_unlock(&w->mutex);
    if (source)
        oci_source_resume(&source->base);
    /* Looked at only now: the reader's mover may have ended the writer's. */
    oci_mutex_lock(&w->mutex);
    struct window_sink *sink = w->wake_writer ? w->sink : NULL;
    w->wake_writer = false;
    oci_mutex_unlock(&w->mutex);
    if (sink)
        oci_sink_resume(&sink->base);
    oci_window_unref(w);
}

static void wake_reader_locked(struct oci_window *w)
{
    w->wake_reader = w->wake_reader || w->reader_waits;
    w->reader_waits = false;
}

static void wake_writer_locked(struct oci_window *w)
{
    w->wake_writer = w->wake_writer || w->writer_waits;
    w->writer_waits = false;
}

/* Unlocks, and sends the wake-up that is due. With `tell` the caller is told as well (engine thread only). */
static void unlock(struct oci_window *w, bool tell)
{
    bool call = (w->wake_reader || w->wake_writer) && !w->calling;
    if (call) {
        w->calling = true;
        w->refs++;
    }
    void (*fn)(void *) = tell ? w->on_change : NULL;
    void *ctx = w->ctx;
    oci_mutex_unlock(&w->mutex);
    if (call)
        w->host->call(w->host, &w->call);
    if (fn)
        fn(ctx);
}

/* ---- the ring ------------------------------------------------------------------------------ */

static size_t room_locked(const struct oci_window *w)
{
    return w->cap - (size_t)(w->tail - w->head);
}

/* Only where something like it would wake both sides all the time: half a window. */
static bool roomy_locked(const struct oci_window *w)
{
    return room_locked(w) >= w->cap / 2;
}

static void copy_in(struct oci_window *w, uint64_t tail, const char *p, size_t len)
{
    size_t at = (size_t)(tail % w->cap);
    size_t first = len < w->cap - at ? len : w->cap - at;
    memcpy(w->ring + at, p, first);
    memcpy(w->ring, p + first, len - first);
}

static void copy_out(const struct oci_window *w, uint64_t head, char *p, size_t len)
{
    size_t at = (size_t)(head % w->cap);
    size_t first = len < w->cap - at ? len : w->cap - at;
    memcpy(p, w->ring + at, first);
    memcpy(p + first, w->ring, len - first);
}

/* The writer: `len` bytes, for which there is room. */
static void put(struct oci_window *w, const void *p, size_t len, bool tell)
{
    copy_in(w, w->tail, p, len); /* only the writer changes tail */
    oci_mutex_lock(&w->mutex);
    bool was_empty = w->tail == w->head;
    w->tail += len;
    wake_reader_locked(w);
    unlock(w, tell && was_empty);
}

/* The reader. `core`: it waits for a wake-up when there is nothing. */
static int get(struct oci_window *w, void *p, size_t max, bool core, size_t *ret_n, struct oci_err *reterr)
{
    oci_mutex_lock(&w->mutex);
    int rc = OCI_OK;
    bool begins = core && !w->reading;
    if (core)
        w->reading = true;
    size_t n = (size_t)(w->tail - w->head);
    uint64_t head = w->head;
    if (w->err.code != OCI_OK)
        rc = oci_err_copy(reterr, &w->err);
    else if (w->stopped)
        rc = OCI_CANCELED;
    else if (n == 0)
        rc = w->ended ? OCI_END_OF_CONTENT : OCI_PAUSED;
    if (rc == OCI_PAUSED)
        w->reader_waits = core;
    unlock(w, begins || (core && rc == OCI_PAUSED));
    if (rc == OCI_CANCELED)
        oci_err_set(reterr, rc, "the content was not wanted any more");
    if (rc != OCI_OK || max == 0)
        return rc == OCI_OK ? OCI_PAUSED : rc;
    if (n > max)
        n = max;
    copy_out(w, head, p, n);
    oci_mutex_lock(&w->mutex);
    bool was_roomy = roomy_locked(w);
    w->head += n;
    bool roomy = roomy_locked(w);
    if (roomy && room_locked(w) >= w->writer_needs)
        wake_writer_locked(w);
    unlock(w, core && roomy && !was_roomy);
    *ret_n = n;
    return OCI_OK;
}

/* Nobody reads any more. */
static void stop(struct oci_window *w, bool tell)
{
    oci_mutex_lock(&w->mutex);
    bool all_had = w->ended && w->tail == w->head && w->err.code == OCI_OK;
    bool news = !all_had && !w->stopped;
    w->stopped = w->stopped || news;
    wake_writer_locked(w);
    unlock(w, tell && news);
}

/* Nothing more comes; `err` (may be NULL) tells why not. */
static void finish(struct oci_window *w, const struct oci_err *err, bool tell)
{
    oci_mutex_lock(&w->mutex);
    bool news = !w->ended;
    w->ended = true;
    if (news && err)
        oci_err_copy(&w->err, err);
    wake_reader_locked(w);
    unlock(w, tell && news);
}

/* ---- life ---------------------------------------------------------------------------------- */

struct oci_window *oci_window_new(struct oci_host *host, size_t capacity)
{
    struct oci_window *w = oci_calloc(1, sizeof *w);
    if (!w)
        return NULL;
    size_t want = capacity == 0 ? DEFAULT_CAPACITY : capacity < LEAST_CAPACITY ? LEAST_CAPACITY : capacity;
    w->ring = oci_block_get(want, LEAST_CAPACITY, &w->cap);
    if (!w->ring) {
        oci_free(w);
        return NULL;
    }
    w->host = host;
    oci_list_init(&w->call.link);
    w->call.fn = woken;
    oci_mutex_init(&w->mutex);
    w->refs = 1;
    return w;
}

struct oci_window *oci_window_ref(struct oci_window *w)
{
    oci_mutex_lock(&w->mutex);
    w->refs++;
    oci_mutex_unlock(&w->mutex);
    return w;
}

struct oci_window *oci_window_unref(struct oci_window *w)
{
    if (!w)
        return NULL;
    oci_mutex_lock(&w->mutex);
    bool last = --w->refs == 0;
    oci_mutex_unlock(&w->mutex);
    if (last) {
        oci_mutex_done(&w->mutex);
        oci_block_put(w->ring, w->cap);
        oci_free(w);
    }
    return NULL;
}

/* ---- the reader in the core ---------------------------------------------------------------- */

static struct window_source *window_source(struct oci_source *s)
{
    return (struct window_source *)(void *)s;
}

static int source_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct oci_window *w = window_source(s)->window;
    int rc = get(w, p, max, true, ret_n, reterr);
    if (rc == OCI_END_OF_CONTENT && s->size != OCI_SIZE_UNKNOWN && w->head != s->size) /* only we change head */
        return oci_err_set(reterr, OCI_SIZE_MISMATCH, "the content ended after %" PRIu64 " bytes instead of %" PRIu64,
                           w->head, s->size);
    return rc;
}

static void source_close(struct oci_source *s)
{
    stop(window_source(s)->window, true);
}

static void source_free(struct oci_source *s)
{
    struct oci_window *w = window_source(s)->window;
    stop(w, true);
    oci_mutex_lock(&w->mutex);
    w->source = NULL;
    oci_mutex_unlock(&w->mutex);
    oci_window_unref(w);
    oci_free(s);
}

static const struct oci_source_type window_source_type = {
    .name = "window",
    .read = source_read,
    .close = source_close,
    .free = source_free,
    .one_shot = true,
};

struct oci_source *oci_window_source(struct oci_window *w, uint64_t size)
{
    struct window_source *s = oci_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->base.type = &window_source_type;
    s->base.size = size;
    s->window = oci_window_ref(w);
    oci_mutex_lock(&w->mutex);
    w->source = s;
    oci_mutex_unlock(&w->mutex);
    return &s->base;
}

/* ---- the writer in the core ---------------------------------------------------------------- */

static struct window_sink *window_sink(struct oci_sink *s)
{
    return (struct window_sink *)(void *)s;
}

/* Is there room for `len` bytes? PAUSED: not yet. */
static int sink_room(struct window_sink *k, size_t len, struct oci_err *reterr)
{
    struct oci_window *w = k->window;
    if (len > w->cap)
        return oci_err_set(reterr, OCI_LIMIT, "%zu bytes at once do not fit in a window of %zu", len, w->cap);
    int rc = OCI_OK;
    oci_mutex_lock(&w->mutex);
    if (w->stopped) {
        rc = OCI_CANCELED;
    } else if (room_locked(w) < len) {
        rc = OCI_PAUSED;
        w->writer_waits = true;
        w->writer_needs = len;
    }
    oci_mutex_unlock(&w->mutex);
    if (rc == OCI_CANCELED)
        oci_err_set(reterr, rc, "the content was not wanted any more");
    return rc;
}

static int sink_write(struct oci_sink *s, const void *p, size_t len, struct oci_err *reterr)
{
    struct window_sink *k = window_sink(s);
    int rc = oci_check_fits(&k->check, s->written, len, reterr);
    if (rc != OCI_OK)
        return rc;
    /* What an earlier attempt handed on is not handed on again. */
    uint64_t had = k->passed - s->written;
    size_t skip = had < len ? (size_t)had : len;
    size_t rest = len - skip;
    if (rest > 0 && (rc = sink_room(k, rest, reterr)) != OCI_OK)
        return rc;
    if (k->verify && (rc = oci_check_add(&k->check, p, len, reterr)) != OCI_OK)
        return rc;
    if (rest > 0)
        put(k->window, (const char *)p + skip, rest, true);
    k->passed += rest;
    s->written += len;
    return OCI_OK;
}

static int sink_restart(struct oci_sink *s, struct oci_err *reterr)
{
    s->written = 0;
    return oci_check_restart(&window_sink(s)->check, reterr);
}

static int sink_end(struct oci_sink *s, int rc, struct oci_err *reterr)
{
    struct window_sink *k = window_sink(s);
    struct oci_err err = {0};
    if (rc == OCI_OK && s->written < k->passed)
        rc = oci_err_set(&err, OCI_SIZE_MISMATCH, "the content was shorter when it was sent again");
    else if (rc == OCI_OK && k->verify)
        rc = oci_check_end(&k->check, NULL, &err);
    else if (rc != OCI_OK && reterr && reterr->code != OCI_OK)
        oci_err_copy(&err, reterr);
    if (rc != OCI_OK && err.code == OCI_OK)
        oci_err_set(&err, rc, "the content did not arrive as a whole: %s", oci_err_meaning(rc));
    k->over = true;
    finish(k->window, rc == OCI_OK ? NULL : &err, true);
    if (rc != OCI_OK)
        oci_err_copy(reterr, &err);
    return rc;
}

static void sink_free(struct oci_sink *s)
{
    struct window_sink *k = window_sink(s);
    struct oci_window *w = k->window;
    if (!k->over)
        sink_end(s, OCI_CANCELED, NULL);
    oci_mutex_lock(&w->mutex);
    w->sink = NULL;
    oci_mutex_unlock(&w->mutex);
    oci_window_unref(w);
    oci_check_done(&k->check);
    oci_free(k);
}

static const struct oci_sink_type window_sink_type = {
    .name = "window",
    .write = sink_write,
    .restart = sink_restart,
    .end = sink_end,
    .free = sink_free,
};

struct oci_sink *oci_window_sink(struct oci_window *w, const struct oci_desc *want)
{
    struct window_sink *k = oci_calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->base.type = &window_sink_type;
    oci_check_init(&k->check, want);
    k->verify = oci_digest_is(&k->check.want);
    k->window = oci_window_ref(w);
    oci_mutex_lock(&w->mutex);
    w->sink = k;
    oci_mutex_unlock(&w->mutex);
    return &k->base;
}

/* ---- the caller's ends --------------------------------------------------------------------- */

int oci_window_give(struct oci_window *w, const void *p, size_t len, size_t *ret_taken)
{
    oci_mutex_lock(&w->mutex);
    size_t room = room_locked(w);
    bool closed = w->stopped || w->ended;
    oci_mutex_unlock(&w->mutex);
    *ret_taken = 0;
    if (closed)
        return OCI_CANCELED;
    size_t n = len < room ? len : room;
    if (n > 0)
        put(w, p, n, false);
    *ret_taken = n;
    return n > 0 || len == 0 ? OCI_OK : OCI_PAUSED;
}

void oci_window_give_end(struct oci_window *w, const struct oci_err *err)
{
    finish(w, err && err->code != OCI_OK ? err : NULL, false);
}

int oci_window_take(struct oci_window *w, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    return get(w, p, max, false, ret_n, reterr);
}

void oci_window_stop(struct oci_window *w)
{
    stop(w, false);
}

size_t oci_window_room(struct oci_window *w)
{
    oci_mutex_lock(&w->mutex);
    size_t room = w->stopped || w->ended ? 0 : room_locked(w);
    oci_mutex_unlock(&w->mutex);
    return room;
}

bool oci_window_wants(struct oci_window *w)
{
    oci_mutex_lock(&w->mutex);
    bool wants = w->reading && !w->stopped && !w->ended && roomy_locked(w);
    oci_mutex_unlock(&w->mutex);
    return wants;
}

bool oci_window_has(struct oci_window *w)
{
    oci_mutex_lock(&w->mutex);
    bool has = w->tail > w->head || w->ended;
    oci_mutex_unlock(&w->mutex);
    return has;
}

void oci_window_on_change(struct oci_window *w, void (*fn)(void *ctx), void *ctx)
{
    oci_mutex_lock(&w->mutex);
    w->on_change = fn;
    w->ctx = ctx;
    oci_mutex_unlock(&w->mutex);
}
