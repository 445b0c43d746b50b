/* memory_steps.c - manifests and tags of a place in memory: each flow is one step (memory.h). */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/memory.h"

static struct oci_memory *memory(struct oci_store *s)
{
    return OCI_OWNER(s, struct oci_memory, base);
}

struct step {
    struct oci_flow flow;
    struct oci_memory *memory;
    char *name;               /* of a manifest, or a tag; or NULL */
    struct oci_digest digest;
    size_t max;
    struct oci_memory_manifest *manifest; /* to be put; owned */
    struct oci_desc *ret_desc;
    struct oci_bytes **ret_bytes;
    struct oci_names *ret_names;
};

static struct step *step_of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct step, flow);
}

static void step_free(struct oci_flow *f)
{
    oci_free(step_of(f)->name);
    oci_memory_manifest_free(step_of(f)->manifest);
}

static struct step *step_new(struct oci_store *s, oci_step_fn run, const char *name)
{
    static const struct oci_flow_type type = {.name = "memory", .free = step_free};
    struct step *t = oci_flow_new(sizeof *t, &type, s->host, run);
    if (!t)
        return NULL;
    t->memory = memory(s);
    t->name = oci_strdup(name);
    if (name && !t->name) {
        oci_flow_free(&t->flow);
        return NULL;
    }
    return t;
}

static int run_stat(struct oci_flow *f)
{
    struct step *t = step_of(f);
    struct oci_bytes *b = oci_memory_find_blob(t->memory, &t->digest);
    if (!b)
        return oci_memory_no_blob(t->memory, &t->digest, &f->err);
    if (t->ret_desc)
        oci_desc_set(t->ret_desc, OCI_TYPE_OCTETS, &t->digest, b->len);
    return OCI_OK;
}

struct oci_flow *oci_memory_stat(struct oci_store *s, const struct oci_digest *digest, struct oci_desc *ret_desc)
{
    struct step *t = step_new(s, run_stat, NULL);
    if (!t)
        return NULL;
    t->digest = *digest;
    t->ret_desc = ret_desc;
    return &t->flow;
}

static int find_manifest(const struct step *t, struct oci_memory_manifest **ret_manifest, struct oci_err *reterr)
{
    const struct oci_memory_place *p = oci_memory_find(t->memory);
    bool by_digest = strchr(t->name, ':') != NULL;
    const char *digest = !p || by_digest ? t->name : oci_map_get(&p->tags, t->name);
    *ret_manifest = p && digest ? oci_map_get(&p->manifests, digest) : NULL;
    if (*ret_manifest)
        return OCI_OK;
    return oci_err_set(reterr, OCI_NOT_FOUND, "memory:%s has no %s %s", t->memory->name,
                       by_digest ? "manifest" : "tag", t->name);
}

static int run_get(struct oci_flow *f)
{
    struct step *t = step_of(f);
    struct oci_memory_manifest *m;
    struct oci_desc desc;
    int rc = find_manifest(t, &m, &f->err);
    if (rc != OCI_OK)
        return rc;
    if (t->ret_bytes && m->bytes->len > t->max)
        return oci_flow_fail(f, OCI_LIMIT, "the manifest %s is larger than %zu bytes", m->desc.digest.text, t->max);
    if (oci_desc_copy(&m->desc, &desc) != OCI_OK)
        return oci_flow_no_memory(f);
    if (t->ret_desc)
        *t->ret_desc = desc;
    else
        oci_desc_done(&desc);
    if (t->ret_bytes)
        *t->ret_bytes = oci_bytes_ref(m->bytes);
    return OCI_OK;
}

struct oci_flow *oci_memory_get_manifest(struct oci_store *s, const char *name, size_t max,
                                            struct oci_desc *ret_desc, struct oci_bytes **ret_bytes)
{
    struct step *t = step_new(s, run_get, name);
    if (!t)
        return NULL;
    t->max = max ? max : OCI_MAX_MANIFEST;
    t->ret_desc = ret_desc;
    t->ret_bytes = ret_bytes;
    return &t->flow;
}

struct oci_flow *oci_memory_head_manifest(struct oci_store *s, const char *name, struct oci_desc *ret_desc)
{
    return oci_memory_get_manifest(s, name, 0, ret_desc, NULL);
}

static int set_tag(struct oci_memory_place *p, const char *tag, const struct oci_digest *digest, struct oci_err *reterr)
{
    void *old = NULL;
    char *text = oci_strdup(digest->text);
    if (!text)
        return oci_err_no_memory(reterr);
    int rc = oci_memory_set(&p->tags, tag, text, &old, reterr);
    oci_free(rc == OCI_OK ? old : text);
    return rc;
}

static int run_put_manifest(struct oci_flow *f)
{
    struct step *t = step_of(f);
    struct oci_memory_manifest *m = t->manifest;
    struct oci_memory_place *p = oci_memory_find_or_make(t->memory, &f->err);
    if (!p || oci_digest_check(&m->desc.digest, m->bytes->p, m->bytes->len, &f->err) != OCI_OK)
        return f->err.code;
    if (!oci_map_get(&p->manifests, m->desc.digest.text)) {
        if (m->bytes->len > OCI_MAX_CONTENT_IN_MEMORY - t->memory->places->used)
            return oci_memory_full(t->memory, &f->err);
        if (oci_memory_set(&p->manifests, m->desc.digest.text, m, NULL, &f->err) != OCI_OK)
            return f->err.code;
        t->memory->places->used += m->bytes->len;
        t->manifest = NULL; /* the place's now */
    }
    return t->name ? set_tag(p, t->name, &m->desc.digest, &f->err) : OCI_OK;
}

struct oci_flow *oci_memory_put_manifest(struct oci_store *s, const struct oci_desc *desc, struct oci_bytes *bytes,
                                            const char *tag)
{
    struct step *t = step_new(s, run_put_manifest, tag);
    struct oci_memory_manifest *m = t ? oci_calloc(1, sizeof *m) : NULL;
    if (!m) {
        oci_flow_free(t ? &t->flow : NULL);
        return NULL;
    }
    t->manifest = m;
    m->bytes = oci_bytes_ref(bytes);
    oci_desc_set(&m->desc, desc->media_type, &desc->digest, bytes->len);
    m->desc.artifact_type = oci_strdup(desc->artifact_type);
    if (desc->artifact_type && !m->desc.artifact_type) {
        oci_flow_free(&t->flow);
        return NULL;
    }
    return &t->flow;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int run_tags(struct oci_flow *f)
{
    struct step *t = step_of(f);
    const struct oci_memory_place *p = oci_memory_find(t->memory);
    struct oci_names names;
    const char *tag;
    int rc = OCI_OK;
    if (!p)
        return oci_flow_fail(f, OCI_NOT_FOUND, "there is nothing in memory:%s", t->memory->name);
    oci_names_init(&names);
    for (size_t at = 0; rc == OCI_OK && oci_map_next(&p->tags, &at, &tag, NULL);)
        rc = oci_names_add(&names, tag, strlen(tag));
    if (rc != OCI_OK) {
        oci_names_done(&names);
        return oci_flow_fail(f, rc, "%s", oci_err_meaning(rc));
    }
    if (names.count > 0)
        qsort(names.items, names.count, sizeof *names.items, by_bytes);
    *t->ret_names = names;
    return OCI_OK;
}

struct oci_flow *oci_memory_tags(struct oci_store *s, struct oci_names *ret_names)
{
    struct step *t = step_new(s, run_tags, NULL);
    if (!t)
        return NULL;
    t->ret_names = ret_names;
    return &t->flow;
}

static int run_untag(struct oci_flow *f)
{
    struct step *t = step_of(f);
    struct oci_memory_place *p = oci_memory_find(t->memory);
    char *digest = p ? oci_map_remove(&p->tags, t->name) : NULL;
    if (!digest)
        return oci_flow_fail(f, OCI_NOT_FOUND, "memory:%s has no tag %s", t->memory->name, t->name);
    oci_free(digest);
    return OCI_OK;
}

struct oci_flow *oci_memory_untag(struct oci_store *s, const char *tag)
{
    struct step *t = step_new(s, run_untag, tag);
    return t ? &t->flow : NULL;
}

static int run_remove(struct oci_flow *f)
{
    struct step *t = step_of(f);
    struct oci_memory_place *p = oci_memory_find(t->memory);
    struct oci_memory_manifest *m = p ? oci_map_remove(&p->manifests, t->digest.text) : NULL;
    const char *tag;
    void *digest;
    if (!m)
        return oci_flow_fail(f, OCI_NOT_FOUND, "memory:%s has no manifest %s", t->memory->name, t->digest.text);
    for (size_t at = 0; oci_map_next(&p->tags, &at, &tag, &digest);) {
        if (strcmp(digest, t->digest.text) == 0)
            oci_free(oci_map_remove(&p->tags, tag));
    }
    t->memory->places->used -= m->bytes->len;
    oci_memory_manifest_free(m);
    return OCI_OK;
}

struct oci_flow *oci_memory_remove(struct oci_store *s, const struct oci_digest *digest)
{
    struct step *t = step_new(s, run_remove, NULL);
    if (!t)
        return NULL;
    t->digest = *digest;
    return &t->flow;
}

