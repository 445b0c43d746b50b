/* Naming manifests: pushing a ready one under its tags, and more tags for one that is there. */
#include <string.h>

#include "base/mem.h"
#include "flow/children.h"
#include "flow/graph.h"
#include "flow/moving.h"

struct tagging {
    struct oci_flow flow;
    struct oci_store *to;
    struct oci_desc desc;        /* of the manifest; artifact_type is owned */
    struct oci_bytes *bytes;
    struct oci_names tags;
    size_t next;
    /* tag only */
    char *name;
    struct oci_desc *ret_desc;
};

static struct tagging *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct tagging, flow);
}

static void tagging_free(struct oci_flow *f)
{
    struct tagging *t = of(f);
    oci_desc_done(&t->desc);
    oci_bytes_unref(t->bytes);
    oci_names_done(&t->tags);
    oci_free(t->name);
}

/* One tag after the other, in the order asked for. */
static int put_next(struct oci_flow *f)
{
    struct tagging *t = of(f);
    if (t->next > 0 && t->next >= t->tags.count) {
        if (t->ret_desc) {
            *t->ret_desc = t->desc;
            t->desc = (struct oci_desc){0};
        }
        return OCI_OK;
    }
    const char *tag = t->tags.count > 0 ? t->tags.items[t->next] : NULL;
    t->next++;
    oci_spawn(f, t->to->type->put_manifest(t->to, &t->desc, t->bytes, tag));
    return oci_ask_children(f, put_next);
}

static const struct oci_flow_type push_type = {.name = "push manifest", .free = tagging_free};
static const struct oci_flow_type tag_type = {.name = "tag", .free = tagging_free};

static struct tagging *tagging_new(struct oci_store *to, const struct oci_flow_type *type, oci_step_fn first)
{
    struct tagging *t = oci_flow_new(sizeof *t, type, to->host, first);
    if (t)
        t->to = to;
    return t;
}

struct oci_flow *oci_flow_push_manifest(struct oci_store *to, const struct oci_desc *desc, struct oci_bytes *bytes,
                                        const char *tag, const char *const *more_tags, size_t more_count)
{
    struct tagging *t = tagging_new(to, &push_type, put_next);
    if (!t)
        return NULL;
    oci_desc_set(&t->desc, desc->media_type, &desc->digest, desc->size);
    t->bytes = oci_bytes_ref(bytes);
    if (oci_tags_set(&t->tags, tag, more_tags, more_count) < 0) {
        oci_flow_free(&t->flow);
        return NULL;
    }
    return &t->flow;
}

static int start_tag(struct oci_flow *f)
{
    struct tagging *t = of(f);
    oci_spawn(f, t->to->type->get_manifest(t->to, t->name, 0, &t->desc, &t->bytes));
    return oci_ask_children(f, put_next);
}

struct oci_flow *oci_flow_tag(struct oci_store *s, const char *name, const char *const *tags, size_t count,
                              struct oci_desc *ret_desc)
{
    struct tagging *t = tagging_new(s, &tag_type, start_tag);
    if (!t)
        return NULL;
    t->ret_desc = ret_desc;
    t->name = oci_strdup(name);
    if (!t->name || oci_tags_set(&t->tags, NULL, tags, count) < 0) {
        oci_flow_free(&t->flow);
        return NULL;
    }
    return &t->flow;
}
