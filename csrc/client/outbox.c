/* Progress: the graph flows tell it on the engine's thread, the caller takes it as events and totals. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "client/op.h"
#include "sys/clock.h"

#define TELL_MAX        4096 /* blobs with something to tell; past it only the totals know of more */
#define MOVING_EVERY_MS 100

/* What a blob has to tell, in the order it is told. */
enum { TELL_STARTED = 1, TELL_MOVING = 2, TELL_END = 4 };

struct blob {
    struct oci_link link; /* the outbox's lock: in locked.tell, or in no list */
    unsigned tell;        /* the outbox's lock, as all below */
    bool ended;           /* no longer among outbox.blobs: freed by whoever takes its last event */
    const char *what;     /* static */
    struct oci_digest digest;
    char *title;          /* or NULL */
    uint64_t done, total; /* as counted in the totals */
    enum oci_progress_state end;
    /* engine */
    uint64_t moved_at_ms;
    char key[OCI_DIGEST_MAX]; /* in outbox.blobs */
};

void oci_outbox_init(struct oci_outbox *o, bool wanted)
{
    o->wanted = wanted;
    oci_map_init(&o->blobs, OCI_MAX_GRAPH_NODES);
    oci_mutex_init(&o->lock);
    oci_list_init(&o->locked.tell);
}

static void free_blob(void *p)
{
    struct blob *b = p;
    oci_free(b->title);
    oci_free(b);
}

void oci_outbox_done(struct oci_outbox *o)
{
    for (struct oci_link *l; (l = oci_list_pop(&o->locked.tell));) {
        struct blob *b = OCI_OWNER(l, struct blob, link);
        if (b->ended)
            free_blob(b);
    }
    oci_map_done(&o->blobs, free_blob);
    oci_mutex_done(&o->lock);
}

/* ---- the engine's side ---- */

/* The words of DESIGN section 4; whoever tells need not keep theirs. */
static const char *static_what(const char *what)
{
    static const char *const words[] = {"blob", "config", "manifest", "index"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (oci_str_equal(what, words[i]))
            return words[i];
    }
    return "blob";
}

/* A stream's digest is known when it has ended: until then its title names it. */
static void make_key(const struct oci_progress_event *e, bool by_title, char key[OCI_DIGEST_MAX])
{
    if (!by_title)
        snprintf(key, OCI_DIGEST_MAX, "%s", e->digest->text);
    else
        snprintf(key, OCI_DIGEST_MAX, "?%s", e->title ? e->title : "");
}

static struct blob *find_blob(struct oci_outbox *o, const struct oci_progress_event *e)
{
    char key[OCI_DIGEST_MAX];
    struct blob *b = NULL;
    if (e->digest && oci_digest_is(e->digest)) {
        make_key(e, false, key);
        b = oci_map_get(&o->blobs, key);
    }
    if (!b && e->state != OCI_STARTED) {
        make_key(e, true, key);
        b = oci_map_get(&o->blobs, key);
    }
    return b;
}

static struct blob *add_blob(struct oci_outbox *o, const struct oci_progress_event *e)
{
    struct blob *b = oci_calloc(1, sizeof *b);
    if (!b)
        return NULL;
    oci_list_init(&b->link);
    b->what = static_what(e->what);
    b->total = OCI_SIZE_UNKNOWN;
    b->title = oci_strdup(e->title);
    make_key(e, !e->digest || !oci_digest_is(e->digest), b->key);
    if ((e->title && !b->title) || oci_map_get(&o->blobs, b->key) ||
        oci_map_set(&o->blobs, b->key, b, NULL) != OCI_OK) {
        free_blob(b);
        return NULL;
    }
    return b;
}

static bool is_end(enum oci_progress_state s)
{
    return s != OCI_STARTED && s != OCI_MOVING;
}

static void count_locked(struct oci_totals *t, struct blob *b, const struct oci_progress_event *e)
{
    if (b->total == OCI_SIZE_UNKNOWN && e->total != OCI_SIZE_UNKNOWN) {
        b->total = e->total;
        t->total += b->total;
    }
    uint64_t done = e->done;
    if (e->state == OCI_DONE && b->total != OCI_SIZE_UNKNOWN)
        done = b->total;
    if (e->state == OCI_EXISTS_ALREADY || e->state == OCI_MOUNTED) {
        t->total -= b->total == OCI_SIZE_UNKNOWN ? 0 : b->total; /* nothing of it is moved */
        done = 0;
    }
    if (e->state != OCI_STARTED && e->state != OCI_FAILED) {
        t->done = t->done - b->done + done;
        b->done = done;
    }
    if (e->state == OCI_DONE && b->total == OCI_SIZE_UNKNOWN) {
        b->total = b->done;
        t->total += b->total;
    }
    t->blobs_done += is_end(e->state) && e->state != OCI_FAILED;
}

/* The event that `e` adds to the blob; 0: too soon after the last one. */
static unsigned event_of(struct blob *b, const struct oci_progress_event *e)
{
    if (e->state == OCI_STARTED)
        return TELL_STARTED;
    if (is_end(e->state))
        return TELL_END;
    uint64_t now = oci_clock_ms();
    if (b->moved_at_ms != 0 && now - b->moved_at_ms < MOVING_EVERY_MS)
        return 0;
    b->moved_at_ms = now;
    return TELL_MOVING;
}

/* True: there is something new for the caller. */
static bool tell_locked(struct oci_outbox *o, struct blob *b, const struct oci_progress_event *e,
                        unsigned event)
{
    if (e->digest && oci_digest_is(e->digest))
        b->digest = *e->digest;
    count_locked(&o->locked.totals, b, e);
    if (is_end(e->state)) {
        b->end = e->state;
        b->ended = true;
        b->tell &= ~(unsigned)TELL_MOVING; /* the end says it too */
    }
    if (!o->wanted || event == 0)
        return false;
    if (oci_list_empty(&b->link)) {
        if (o->locked.count == TELL_MAX)
            return false;
        oci_list_append(&o->locked.tell, &b->link);
        o->locked.count++;
    }
    b->tell |= event;
    return true;
}

void oci_outbox_tell(void *ctx, const struct oci_progress_event *event)
{
    struct oci_op *op = ctx;
    struct oci_outbox *o = &op->outbox;
    struct blob *b = find_blob(o, event);
    bool is_new = !b;
    if (is_new && !(b = add_blob(o, event)))
        return; /* without memory: nothing is told of it */
    unsigned what = event_of(b, event);
    if (is_end(event->state))
        oci_map_remove(&o->blobs, b->key);
    oci_mutex_lock(&o->lock);
    o->locked.totals.blobs += is_new;
    bool news = tell_locked(o, b, event, what);
    if (news)
        atomic_fetch_or(&op->ready, OCI_READY_PROGRESS); /* under the lock: see oci_op_event() */
    bool forget = b->ended && oci_list_empty(&b->link);
    oci_mutex_unlock(&o->lock);
    if (forget)
        free_blob(b);
    if (news)
        oci_op_raise(op, 0);
}

void oci_outbox_wants(void *ctx)
{
    struct oci_op_reader *r = ctx;
    struct oci_op *op = r->op;
    if (!oci_window_wants(r->window))
        return;
    oci_mutex_lock(&op->outbox.lock);
    r->wants = true;
    atomic_fetch_or(&op->ready, OCI_READY_WANTS);
    oci_mutex_unlock(&op->outbox.lock);
    oci_op_raise(op, 0);
}

/* ---- the caller's side ---- */

/* Bytes first: a transfer waits for them. */
static struct oci_op_reader *take_wish_locked(struct oci_op *op)
{
    struct oci_op_reader *found = NULL;
    bool more = false;
    for (size_t i = 0; i < op->reader_count; i++) {
        if (!op->readers[i].wants)
            continue;
        if (!found)
            found = &op->readers[i];
        else
            more = true;
    }
    if (found)
        found->wants = false;
    if (!more)
        atomic_fetch_and(&op->ready, ~(unsigned)OCI_READY_WANTS);
    return found;
}

static const char *state_word(unsigned event, enum oci_progress_state end)
{
    if (event == TELL_STARTED)
        return "started";
    if (event == TELL_MOVING)
        return "moving";
    switch (end) {
    case OCI_EXISTS_ALREADY:
        return "exists";
    case OCI_MOUNTED:
        return "mounted";
    case OCI_FAILED:
        return "failed";
    case OCI_STARTED:
    case OCI_MOVING:
    case OCI_DONE:
    default:
        return "done";
    }
}

/* Takes the oldest event of the first blob; *ret_over: that was its last. NULL: nothing to tell. */
static struct blob *take_news_locked(struct oci_op *op, struct oci_event *ret_event, bool *ret_over)
{
    struct oci_outbox *o = &op->outbox;
    struct oci_link *l = oci_list_empty(&o->locked.tell) ? NULL : o->locked.tell.next;
    struct blob *b = l ? OCI_OWNER(l, struct blob, link) : NULL;
    if (b) {
        unsigned event = b->tell & (0u - b->tell); /* the lowest bit */
        b->tell &= ~event;
        ret_event->kind = OCI_EVENT_PROGRESS;
        ret_event->what = b->what;
        ret_event->state = state_word(event, b->end);
        memcpy(ret_event->digest, b->digest.text, sizeof ret_event->digest);
        ret_event->done = event == TELL_STARTED ? 0 : b->done;
        ret_event->total = b->total;
        if (b->title)
            snprintf(ret_event->title, sizeof ret_event->title, "%s", b->title);
        *ret_over = b->tell == 0 && b->ended;
        if (b->tell == 0) {
            oci_list_remove(&b->link);
            o->locked.count--;
        }
    }
    if (oci_list_empty(&o->locked.tell))
        atomic_fetch_and(&op->ready, ~(unsigned)OCI_READY_PROGRESS);
    return b;
}

/* One reader's wish, or one event. 0: there is none; -1: a wish that is none any more. */
static int take_event(struct oci_op *op, struct oci_event *ret_event)
{
    bool over = false;
    struct blob *b = NULL;
    oci_mutex_lock(&op->outbox.lock);
    struct oci_op_reader *r = take_wish_locked(op);
    if (!r)
        b = take_news_locked(op, ret_event, &over);
    oci_mutex_unlock(&op->outbox.lock);
    if (over)
        free_blob(b);
    if (!r)
        return b ? 1 : 0;
    ret_event->kind = OCI_EVENT_WANTS_BYTES;
    ret_event->reader = r->number;
    ret_event->room = oci_window_room(r->window);
    return ret_event->room > 0 ? 1 : -1;
}

bool oci_op_event(struct oci_op *op, struct oci_event *ret_event)
{
    int found = 0;
    *ret_event = (struct oci_event){.kind = OCI_EVENT_NONE, .total = OCI_SIZE_UNKNOWN};
    if (!oci_op_is_old(op)) {
        do
            found = take_event(op, ret_event);
        while (found < 0);
        oci_op_lower(op);
    }
    if (found == 0)
        *ret_event = (struct oci_event){.kind = OCI_EVENT_NONE, .total = OCI_SIZE_UNKNOWN};
    return found > 0;
}

void oci_op_totals(struct oci_op *op, struct oci_totals *ret_totals)
{
    *ret_totals = (struct oci_totals){0};
    if (oci_op_is_old(op))
        return;
    oci_mutex_lock(&op->outbox.lock);
    *ret_totals = op->outbox.locked.totals;
    oci_mutex_unlock(&op->outbox.lock);
}
