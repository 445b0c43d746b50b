#include "flow/moving.h"

#include <string.h>

#include "content/content_kinds.h"
#include "flow/watch.h"

enum { LARGE = 4, SMALL = 1, DEFAULT_CONCURRENCY = 8 };

void oci_slots_init(struct oci_slots *s, unsigned concurrency)
{
    if (concurrency == 0)
        concurrency = DEFAULT_CONCURRENCY;
    *s = (struct oci_slots){.total = concurrency < 1000 ? concurrency * LARGE : 1000 * LARGE};
}

unsigned oci_slots_weight(uint64_t size)
{
    return size < OCI_SMALL ? SMALL : LARGE;
}

bool oci_slots_take(struct oci_slots *s, unsigned weight)
{
    if (s->used > 0 && s->used + weight > s->total)
        return false;
    s->used += weight;
    return true;
}

void oci_slots_give(struct oci_slots *s, unsigned weight)
{
    s->used -= weight;
}

void oci_moving_init(struct oci_moving *t, const struct oci_progress *progress, const char *what,
                       const struct oci_desc *desc)
{
    *t = (struct oci_moving){
        .progress = progress,
        .what = what,
        .digest = &desc->digest,
        .title = oci_desc_title(desc),
        .total = desc->size,
        .weight = oci_slots_weight(desc->size),
    };
}

void oci_moving_tell(const struct oci_moving *t, uint64_t done, enum oci_progress_state state)
{
    if (!t->progress->fn)
        return;
    struct oci_progress_event event = {
        .what = t->what,
        .digest = t->digest,
        .title = t->title,
        .done = done,
        .total = t->total,
        .state = state,
    };
    t->progress->fn(t->progress->ctx, &event);
}

void oci_moving_tell_end(const struct oci_moving *t, bool failed)
{
    static const enum oci_progress_state states[] = {
        [OCI_PUT_DONE] = OCI_DONE,
        [OCI_PUT_EXISTS] = OCI_EXISTS_ALREADY,
        [OCI_PUT_MOUNTED] = OCI_MOUNTED,
    };
    uint64_t all = t->total == OCI_SIZE_UNKNOWN ? 0 : t->total;
    oci_moving_tell(t, failed ? 0 : all, failed ? OCI_FAILED : states[t->state]);
}

static void on_moved(void *ctx, uint64_t done)
{
    oci_moving_tell(ctx, done, OCI_MOVING);
}

struct oci_source *oci_moving_watch(struct oci_moving *t, struct oci_source *source, bool own)
{
    /* Without a listener, what is not given away needs the watch all the same. */
    if (!source || (own && !t->progress->fn))
        return source;
    struct oci_watch_options options = {.own = own, .moved = t->progress->fn ? on_moved : NULL, .ctx = t};
    return oci_watch_new(source, &options);
}

int oci_tags_set(struct oci_names *ret_tags, const char *tag, const char *const *more, size_t more_count)
{
    int rc = tag ? oci_names_add(ret_tags, tag, strlen(tag)) : OCI_OK;
    for (size_t i = 0; rc == OCI_OK && i < more_count; i++)
        rc = oci_names_add(ret_tags, more[i], strlen(more[i]));
    return rc;
}

struct oci_flow *oci_put_nested(struct oci_store *to, const struct oci_desc *desc, struct oci_bytes *bytes,
                                enum oci_put_state *ret_state)
{
    if (!to->type->one_space)
        return to->type->put_manifest(to, desc, bytes, NULL);
    struct oci_source *s = oci_source_bytes(bytes);
    struct oci_put hint = {.mount_from = NULL};
    return s ? to->type->put(to, desc, s, &hint, NULL, ret_state) : NULL;
}
