/* tag and push_manifest. */
#include "base/mem.h"
#include "client/op.h"
#include "client/tags.h"

struct manifest_task {
    struct oci_task task; /* `to` is the place */
    struct oci_tags tags;
    struct oci_desc desc;
    struct oci_bytes *bytes;
};

static struct manifest_task *task_of(struct oci_flow *f)
{
    return (struct manifest_task *)(void *)f;
}

static void manifest_free(struct oci_flow *f)
{
    struct manifest_task *p = task_of(f);
    oci_tags_done(&p->tags);
    oci_desc_done(&p->desc);
    oci_bytes_unref(p->bytes);
    oci_task_done(&p->task);
}

static const struct oci_flow_type manifest_type = {.name = "manifest", .free = manifest_free};

static int give(struct oci_flow *f)
{
    struct manifest_task *p = task_of(f);
    int rc = oci_result_set_desc(p->task.op, &p->desc, &p->task.to, p->tags.first, oci_tags_more(&p->tags),
                                 p->tags.more_count);
    return rc == OCI_OK ? rc : oci_flow_no_memory(f);
}

/* ---- tag ---- */

/* The flow wants all tags in one list. */
static int tag_first(struct oci_flow *f)
{
    struct manifest_task *p = task_of(f);
    const char **all = oci_calloc(p->tags.more_count + 1, sizeof *all);
    if (!all)
        return oci_flow_no_memory(f);
    all[0] = p->tags.first;
    for (size_t i = 0; i < p->tags.more_count; i++)
        all[i + 1] = p->tags.more[i];
    oci_spawn(f, oci_flow_tag(p->task.to.store, oci_place_name(&p->task.to), all, p->tags.more_count + 1,
                              &p->desc));
    oci_free(all);
    return oci_ask_children(f, give);
}

int oci_start_tag(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *r,
                  const char *const *tags, size_t count, const struct oci_call_options *o,
                  struct oci_op **ret_op, struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "tag", r, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct manifest_task *p = oci_task_new(sizeof *p, &manifest_type, op, tag_first);
    if (!p)
        rc = oci_err_no_memory(reterr);
    else if (count == 0)
        rc = oci_err_set(reterr, OCI_INVALID, "no tag is given");
    if (rc == OCI_OK)
        rc = oci_place_open(c, op->engine, r, false, &op->call, &p->task.to, reterr);
    if (rc == OCI_OK)
        rc = oci_tags_copy(NULL, tags, count, &p->tags, reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}

/* ---- push_manifest ---- */

static int push_first(struct oci_flow *f)
{
    struct manifest_task *p = task_of(f);
    oci_spawn(f, oci_flow_push_manifest(p->task.to.store, &p->desc, p->bytes, p->tags.first,
                                        oci_tags_more(&p->tags), p->tags.more_count));
    return oci_ask_children(f, give);
}

/* A document of a type that we know is read; one of another type is only given its digest. */
static int describe(struct oci_bytes *bytes, const char *media_type, struct oci_str algorithm,
                    struct oci_desc *ret_desc, struct oci_err *reterr)
{
    if (media_type && !oci_media_type_is_manifest(media_type) && !oci_media_type_is_index(media_type)) {
        if (!oci_media_type_valid(oci_str_of(media_type)))
            return oci_err_set(reterr, OCI_INVALID, "\"%s\" is not a media type", media_type);
        struct oci_digest digest;
        int rc = oci_digest_of(algorithm, bytes->p, bytes->len, &digest, reterr);
        if (rc == OCI_OK)
            oci_desc_set(ret_desc, media_type, &digest, bytes->len);
        return rc;
    }
    char name[32];
    if (oci_str_copy(name, sizeof name, algorithm) != OCI_OK)
        return oci_err_set(reterr, OCI_UNSUPPORTED, "the digest's algorithm is not supported");
    struct oci_manifest *m;
    int rc = oci_manifest_parse(bytes, media_type, name, &m, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_desc_copy(&m->self, ret_desc);
    oci_manifest_free(m);
    return rc == OCI_OK ? rc : oci_err_no_memory(reterr);
}

static int check_digest(const struct oci_digest *want, const struct oci_digest *found, struct oci_err *reterr)
{
    if (!oci_digest_is(want) || oci_digest_equal(want, found))
        return OCI_OK;
    return oci_err_set(reterr, OCI_DIGEST_MISMATCH, "the reference names %s, but the manifest is %s",
                       want->text, found->text);
}

int oci_start_push_manifest(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *to,
                            struct oci_bytes *bytes, const char *media_type, const char *const *tags,
                            size_t tag_count, const struct oci_call_options *o, struct oci_op **ret_op,
                            struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "push_manifest", to, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct manifest_task *p = oci_task_new(sizeof *p, &manifest_type, op, push_first);
    if (!p)
        return oci_op_launch(op, oci_err_no_memory(reterr), ret_op, reterr);
    p->bytes = oci_bytes_ref(bytes);
    const struct oci_digest *want = &to->digest;
    struct oci_str algorithm = oci_digest_is(want) ? oci_digest_algorithm(want) : OCI_STR(OCI_SHA256);
    rc = describe(bytes, media_type, algorithm, &p->desc, reterr);
    if (rc == OCI_OK)
        rc = check_digest(want, &p->desc.digest, reterr);
    if (rc == OCI_OK)
        rc = oci_place_open(c, op->engine, to, true, &op->call, &p->task.to, reterr);
    if (rc == OCI_OK)
        rc = oci_tags_copy(to->tag, tags, tag_count, &p->tags, reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}
