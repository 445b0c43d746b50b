/* Pulling an artifact: the layers of one manifest to a target, which knows what becomes of them.
 *
 * Names are checked before anything is downloaded; all files are staged before the first gets its name.
 * Whatever happens after the staging began, the target is told to discard what is left of it. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow/moving.h"

struct pull {
    struct oci_flow flow;
    struct oci_store *from;
    char *name, *platform;
    struct oci_pull_target *target;
    struct oci_graph_options options;
    struct oci_desc *ret_desc;
    struct oci_bytes **ret_bytes;
    struct oci_desc desc;           /* of the manifest, as the place describes it */
    struct oci_desc chosen;         /* ... as the index does; digest "": there was none */
    struct oci_bytes *bytes;
    struct oci_manifest *m;
    unsigned depth;
    bool staged;                    /* there may be something to discard */
    struct oci_slots slots;
    struct oci_moving *transfers; /* one for each file */
    size_t next;
};

static int get(struct oci_flow *f, const char *name);

static struct pull *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct pull, flow);
}

/* ---- files ---- */

static int on_discarded(struct oci_flow *f)
{
    struct pull *p = of(f);
    if (p->ret_desc) {
        *p->ret_desc = p->desc;
        p->desc = (struct oci_desc){0};
    }
    if (p->ret_bytes)
        *p->ret_bytes = oci_bytes_ref(p->bytes);
    return OCI_OK;
}

/* The files have their names: what could not be cleaned up is no failure any more. */
static int on_committed(struct oci_flow *f)
{
    struct pull *p = of(f);
    struct oci_flow *discard = p->target->type->discard(p->target);
    if (discard)
        discard->tolerate = true;
    oci_spawn(f, discard);
    return oci_ask_children(f, on_discarded);
}

static int start_file(struct oci_flow *f, size_t i)
{
    struct pull *p = of(f);
    const struct oci_desc *d = p->target->type->desc(p->target, i);
    struct oci_moving *t = &p->transfers[i];
    struct oci_source *s = d->data ? oci_source_bytes(d->data) : p->from->type->source(p->from, d);
    s = oci_moving_watch(t, s, true);
    if (!s)
        return oci_flow_no_memory(f);
    oci_moving_tell(t, 0, OCI_STARTED);
    struct oci_flow *child = p->target->type->put(p->target, i, s);
    if (child) {
        child->tag = t;
        child->tolerate = true; /* on_file() tells of its failure first */
    }
    oci_spawn(f, child);
    return OCI_OK;
}

static int on_file(struct oci_flow *f)
{
    struct pull *p = of(f);
    struct oci_moving *t = f->ans.child->tag; /* NULL: nothing was started yet */
    if (t && f->ans.child->err.code) {
        oci_moving_tell_end(t, true);
        return oci_flow_fail_child(f);
    }
    if (t) {
        oci_moving_tell_end(t, false);
        oci_slots_give(&p->slots, t->weight);
    }
    size_t count = p->target->type->count(p->target);
    for (; p->next < count; p->next++) {
        t = &p->transfers[p->next];
        oci_moving_init(t, &p->options.progress, "blob", p->target->type->desc(p->target, p->next));
        if (!p->target->type->wanted(p->target, p->next)) {
            t->state = OCI_PUT_EXISTS;
            oci_moving_tell_end(t, false);
        } else if (!oci_slots_take(&p->slots, t->weight)) {
            break;
        } else if (start_file(f, p->next) < 0) {
            return f->err.code;
        }
    }
    if (oci_children(f) > 0)
        return oci_ask_children(f, on_file);
    oci_spawn(f, p->target->type->commit(p->target));
    return oci_ask_children(f, on_committed);
}

static int on_prepared(struct oci_flow *f)
{
    struct pull *p = of(f);
    p->transfers = oci_calloc(p->target->type->count(p->target), sizeof *p->transfers);
    if (!p->transfers)
        return oci_flow_no_memory(f);
    return on_file(f);
}

static int prepare(struct oci_flow *f)
{
    struct pull *p = of(f);
    if (p->target->type->plan(p->target, p->m, &f->err) < 0)
        return f->err.code;
    p->staged = true;
    oci_spawn(f, p->target->type->prepare(p->target));
    return oci_ask_children(f, on_prepared);
}

static int abandon(struct oci_flow *f)
{
    struct pull *p = of(f);
    if (!p->staged)
        return OCI_OK;
    oci_spawn(f, p->target->type->discard(p->target));
    return oci_ask_children(f, on_discarded);
}

/* ---- the manifest ---- */

/* Prints "a, b, c" of what an index has; what does not fit is "...". */
static void add_word(char *buf, size_t size, const char *word)
{
    size_t len = strlen(buf);
    size_t left = size - len;
    if (strlen(word) + sizeof ", , ..." < left)
        snprintf(buf + len, left, "%s%s", len > 0 ? ", " : "", word);
    else if (len > 0 && left > 5 && !oci_ends_with(buf, "..."))
        snprintf(buf + len, left, ", ...");
}

static void list_platforms(const struct oci_manifest *m, char *buf, size_t size)
{
    buf[0] = '\0';
    for (size_t i = 0; i < m->count; i++) {
        char word[100];
        if (!m->items[i].platform)
            continue;
        oci_platform_print(m->items[i].platform, word, sizeof word);
        add_word(buf, size, word);
    }
    oci_sanitise(buf);
}

static int no_platform(struct oci_flow *f, const char *wanted)
{
    struct pull *p = of(f);
    char list[sizeof f->err.platforms];
    list_platforms(p->m, list, sizeof list);
    int rc = oci_flow_fail(f, OCI_NOT_FOUND, "%s is an index without a manifest for %s%s%s", p->desc.digest.text,
                           wanted, list[0] ? "; it has " : "", list);
    memcpy(f->err.platforms, list, sizeof list);
    return rc;
}

static int nothing_to_choose_by(struct oci_flow *f)
{
    struct pull *p = of(f);
    char list[sizeof f->err.text / 2] = "";
    for (size_t i = 0; i < p->m->count; i++)
        add_word(list, sizeof list, p->m->items[i].digest.text);
    return oci_flow_fail(f, OCI_INVALID, "%s is an index: pull one of its manifests by digest%s%s",
                         p->desc.digest.text, list[0] ? ": " : "", list);
}

static int choose(struct oci_flow *f)
{
    struct pull *p = of(f);
    const char *wanted = p->platform ? p->platform : oci_platform_host();
    bool has_platforms = p->platform != NULL;
    const struct oci_desc *found = NULL;
    for (size_t i = 0; i < p->m->count && !found; i++) {
        const struct oci_desc *d = &p->m->items[i];
        has_platforms |= d->platform != NULL;
        if (d->platform && oci_platform_matches(d->platform, wanted))
            found = d;
    }
    if (!has_platforms)
        return nothing_to_choose_by(f);
    if (!found)
        return no_platform(f, wanted);
    if (p->depth++ >= OCI_MAX_GRAPH_DEPTH)
        return oci_flow_fail(f, OCI_LIMIT, "index %s is nested more than %d deep", p->desc.digest.text,
                             OCI_MAX_GRAPH_DEPTH);
    oci_desc_set(&p->chosen, found->media_type, &found->digest, found->size);
    return get(f, p->chosen.digest.text);
}

static int on_manifest(struct oci_flow *f)
{
    struct pull *p = of(f);
    bool chosen = oci_digest_is(&p->chosen.digest);
    /* What the index called it holds (T03). */
    const char *type = chosen ? p->chosen.media_type : p->desc.media_type;
    if (chosen && p->chosen.size != OCI_SIZE_UNKNOWN && p->chosen.size != p->bytes->len)
        return oci_flow_fail(f, OCI_SIZE_MISMATCH, "manifest %s has %zu bytes instead of %llu", p->desc.digest.text,
                             p->bytes->len, (unsigned long long)p->chosen.size);
    if (!oci_media_type_is_manifest(type) && !oci_media_type_is_index(type))
        return oci_flow_fail(f, OCI_UNSUPPORTED, "%s is of the type %s, which is not known to have files",
                             p->desc.digest.text, type);
    char algorithm[OCI_DIGEST_MAX];
    struct oci_err err = {0};
    oci_str_copy(algorithm, sizeof algorithm, oci_digest_algorithm(&p->desc.digest));
    if (oci_manifest_parse(p->bytes, type, algorithm, &p->m, &err) < 0) {
        oci_err_wrap(&err, "%s", p->desc.digest.text);
        return oci_err_copy(&f->err, &err);
    }
    return p->m->is_index ? choose(f) : prepare(f);
}

static int get(struct oci_flow *f, const char *name)
{
    struct pull *p = of(f);
    oci_manifest_free(p->m);
    p->m = NULL;
    p->bytes = oci_bytes_unref(p->bytes);
    oci_desc_done(&p->desc);
    oci_spawn(f, p->from->type->get_manifest(p->from, name, 0, &p->desc, &p->bytes));
    return oci_ask_children(f, on_manifest);
}

static int start(struct oci_flow *f)
{
    return get(f, of(f)->name);
}

static void pull_free(struct oci_flow *f)
{
    struct pull *p = of(f);
    oci_desc_done(&p->desc);
    oci_bytes_unref(p->bytes);
    oci_manifest_free(p->m);
    oci_free(p->transfers);
    oci_free(p->name);
    oci_free(p->platform);
}

static const struct oci_flow_type pull_type = {.name = "pull", .abandon = abandon, .free = pull_free};

struct oci_flow *oci_flow_pull_artifact(struct oci_store *from, const char *name, const char *platform,
                                        struct oci_pull_target *target, const struct oci_graph_options *options,
                                        struct oci_desc *ret_desc, struct oci_bytes **ret_bytes)
{
    struct pull *p = oci_flow_new(sizeof *p, &pull_type, from->host, start);
    if (!p)
        return NULL;
    p->from = from;
    p->target = target;
    p->ret_desc = ret_desc;
    p->ret_bytes = ret_bytes;
    if (options)
        p->options = *options;
    oci_slots_init(&p->slots, p->options.concurrency);
    p->name = oci_strdup(name);
    p->platform = oci_strdup(platform);
    if (!p->name || (platform && !p->platform)) {
        oci_flow_free(&p->flow);
        return NULL;
    }
    return &p->flow;
}
