/* choose.c - which manifest a name means (graph.h). An index is searched for the platform: its own entries first, then
 * the indexes among them that have no platform. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "flow/children.h"
#include "flow/graph.h"

#define MAX_INDEXES 100 /* that are looked into */

struct choose {
    struct oci_flow flow;
    struct oci_store *from;
    char *name;
    const struct oci_json *platform; /* what is wanted, or NULL */
    struct oci_json *host;           /* what is wanted then */
    struct oci_desc *ret_desc;
    struct oci_bytes **ret_bytes;
    struct oci_manifest **ret_manifest;
    struct oci_desc desc;            /* of the manifest, as the place describes it */
    struct oci_desc chosen;          /* ... as the index does; digest "": there was none */
    struct oci_bytes *bytes;
    struct oci_manifest *m;
    struct oci_desc *nested;         /* indexes that are still to be looked into, the next one last */
    size_t nested_count, nested_cap;
    unsigned indexes;
    char root[OCI_DIGEST_MAX];       /* the outermost index, and what is in it */
    char digests[200];
    char platforms[sizeof ((struct oci_err *)0)->platforms]; /* seen in all of them */
};

static struct choose *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct choose, flow);
}

static int get(struct oci_flow *f, const char *name);

/* ---- what is told of an index in which nothing was found ---- */

/* Prints "a, b, c"; what does not fit is "...". */
static void add_word(char *buf, size_t size, const char *word)
{
    size_t len = strlen(buf);
    size_t left = size - len;
    if (strlen(word) + sizeof ", , ..." < left)
        snprintf(buf + len, left, "%s%s", len > 0 ? ", " : "", word);
    else if (len > 0 && left > 5 && !oci_ends_with(buf, "..."))
        snprintf(buf + len, left, ", ...");
}

static void remember(struct choose *c)
{
    bool is_root = c->root[0] == '\0';
    if (is_root)
        memcpy(c->root, c->desc.digest.text, sizeof c->root);
    for (size_t i = 0; i < c->m->count; i++) {
        const struct oci_desc *d = &c->m->items[i];
        char word[100];
        if (is_root)
            add_word(c->digests, sizeof c->digests, d->digest.text);
        if (!d->platform)
            continue;
        oci_platform_print(d->platform, word, sizeof word);
        add_word(c->platforms, sizeof c->platforms, word);
    }
}

static int nothing_found(struct oci_flow *f)
{
    struct choose *c = of(f);
    char wanted[100];
    if (!c->platform && !c->platforms[0])
        return oci_flow_fail(f, OCI_INVALID, "%s is an index: pull one of its manifests by digest%s%s", c->root,
                             c->digests[0] ? ": " : "", c->digests);
    oci_platform_print(c->platform ? c->platform : c->host, wanted, sizeof wanted);
    int rc = oci_flow_fail(f, OCI_NOT_FOUND, "%s is an index without a manifest for %s%s%s", c->root, wanted,
                           c->platforms[0] ? "; it has " : "", c->platforms);
    memcpy(f->err.platforms, c->platforms, sizeof f->err.platforms);
    return rc;
}

/* ---- searching ---- */

static int go_to(struct oci_flow *f, const struct oci_desc *d)
{
    struct choose *c = of(f);
    oci_desc_set(&c->chosen, d->media_type, &d->digest, d->size);
    return get(f, c->chosen.digest.text);
}

/* Keeps the nested indexes of this one for later, the first one last. */
static int keep_nested(struct choose *c)
{
    for (size_t i = c->m->count; i-- > 0;) {
        const struct oci_desc *d = &c->m->items[i];
        if (d->platform || !oci_media_type_is_index(d->media_type))
            continue;
        struct oci_desc *grown =
            oci_grow(c->nested, &c->nested_cap, c->nested_count + 1, sizeof *grown, OCI_MAX_GRAPH_NODES);
        if (!grown)
            return OCI_NO_MEMORY;
        c->nested = grown;
        oci_desc_set(&c->nested[c->nested_count++], d->media_type, &d->digest, d->size);
    }
    return OCI_OK;
}

static int search(struct oci_flow *f)
{
    struct choose *c = of(f);
    const struct oci_json *wanted = c->platform ? c->platform : c->host;
    if (++c->indexes > MAX_INDEXES)
        return oci_flow_fail(f, OCI_LIMIT, "%s holds more than %d indexes", c->root, MAX_INDEXES);
    remember(c);
    for (size_t i = 0; i < c->m->count; i++) {
        const struct oci_desc *d = &c->m->items[i];
        if (d->platform && oci_platform_fits(d->platform, wanted))
            return go_to(f, d);
    }
    if (keep_nested(c) != OCI_OK)
        return oci_flow_no_memory(f);
    if (c->nested_count == 0)
        return nothing_found(f);
    return go_to(f, &c->nested[--c->nested_count]);
}

/* ---- manifests ---- */

static int found(struct oci_flow *f)
{
    struct choose *c = of(f);
    if (c->ret_desc) {
        *c->ret_desc = c->desc;
        c->desc = (struct oci_desc){0};
    }
    if (c->ret_bytes)
        *c->ret_bytes = oci_bytes_ref(c->bytes);
    *c->ret_manifest = c->m;
    c->m = NULL;
    return OCI_OK;
}

static int on_manifest(struct oci_flow *f)
{
    struct choose *c = of(f);
    bool chosen = oci_digest_is(&c->chosen.digest);
    /* What the index called it holds (T03). */
    const char *type = chosen ? c->chosen.media_type : c->desc.media_type;
    if (chosen && c->chosen.size != OCI_SIZE_UNKNOWN && c->chosen.size != c->bytes->len)
        return oci_flow_fail(f, OCI_SIZE_MISMATCH, "manifest %s has %zu bytes instead of %llu", c->desc.digest.text,
                             c->bytes->len, (unsigned long long)c->chosen.size);
    if (!oci_media_type_is_manifest(type) && !oci_media_type_is_index(type))
        return oci_flow_fail(f, OCI_UNSUPPORTED, "%s is of the type %s, which is not known to have files",
                             c->desc.digest.text, type);
    char algorithm[OCI_DIGEST_MAX];
    struct oci_err err = {0};
    oci_str_copy(algorithm, sizeof algorithm, oci_digest_algorithm(&c->desc.digest));
    if (oci_manifest_parse(c->bytes, type, algorithm, &c->m, &err) < 0) {
        oci_err_wrap(&err, "%s", c->desc.digest.text);
        return oci_err_copy(&f->err, &err);
    }
    return c->m->is_index ? search(f) : found(f);
}

static int get(struct oci_flow *f, const char *name)
{
    struct choose *c = of(f);
    oci_manifest_free(c->m);
    c->m = NULL;
    c->bytes = oci_bytes_unref(c->bytes);
    oci_desc_done(&c->desc);
    oci_spawn(f, c->from->type->get_manifest(c->from, name, 0, &c->desc, &c->bytes));
    return oci_ask_children(f, on_manifest);
}

static int start(struct oci_flow *f)
{
    struct choose *c = of(f);
    if (!c->platform && oci_platform_parse(oci_platform_host(), &c->host, &f->err) != OCI_OK)
        return f->err.code;
    return get(f, c->name);
}

static void choose_free(struct oci_flow *f)
{
    struct choose *c = of(f);
    oci_desc_done(&c->desc);
    oci_bytes_unref(c->bytes);
    oci_manifest_free(c->m);
    oci_json_free(c->host);
    oci_free(c->nested);
    oci_free(c->name);
}

struct oci_flow *oci_flow_choose_manifest(struct oci_store *from, const char *name, const struct oci_json *platform,
                                          struct oci_desc *ret_desc, struct oci_bytes **ret_bytes,
                                          struct oci_manifest **ret_manifest)
{
    static const struct oci_flow_type type = {.name = "choose manifest", .free = choose_free};
    struct choose *c = oci_flow_new(sizeof *c, &type, from->host, start);
    if (!c)
        return NULL;
    c->from = from;
    c->platform = platform;
    c->ret_desc = ret_desc;
    c->ret_bytes = ret_bytes;
    c->ret_manifest = ret_manifest;
    c->name = oci_strdup(name);
    if (!c->name) {
        oci_flow_free(&c->flow);
        return NULL;
    }
    return &c->flow;
}
