#include "client/null_store.h"

#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"

/* ---- a flow that knows its answer ---- */

struct answer {
    struct oci_flow flow;
    int rc;
};

static int give_answer(struct oci_flow *f)
{
    int rc = ((struct answer *)(void *)f)->rc;
    return rc == OCI_OK ? rc : oci_flow_fail(f, rc, "nothing is kept here");
}

static const struct oci_flow_type answer_type = {.name = "nothing"};

static struct oci_flow *answer(struct oci_store *s, int rc)
{
    struct answer *a = oci_flow_new(sizeof *a, &answer_type, s->host, give_answer);
    if (!a)
        return NULL;
    a->rc = rc;
    return &a->flow;
}

/* ---- taking a blob ---- */

struct put {
    struct oci_flow flow;
    struct oci_source *source;
    struct oci_sink *hash;
    char media_type[OCI_MEDIA_TYPE_MAX];
    struct oci_desc found;
    struct oci_desc *ret_desc;
    enum oci_put_state *ret_state;
};

static void put_free(struct oci_flow *f)
{
    struct put *p = (struct put *)(void *)f;
    oci_sink_free(p->hash);
    oci_source_free(p->source);
    oci_desc_done(&p->found);
}

static const struct oci_flow_type put_type = {.name = "put nowhere", .free = put_free};

static int on_hashed(struct oci_flow *f)
{
    struct put *p = (struct put *)(void *)f;
    if (p->ret_desc)
        oci_desc_set(p->ret_desc, p->media_type, &p->found.digest, p->found.size);
    if (p->ret_state)
        *p->ret_state = OCI_PUT_EXISTS;
    return OCI_OK;
}

static int put_first(struct oci_flow *f)
{
    struct put *p = (struct put *)(void *)f;
    if (oci_digest_is(&p->found.digest))
        return on_hashed(f);
    p->hash = oci_sink_hash(OCI_STR(OCI_SHA256), &p->found);
    if (!p->hash)
        return oci_flow_no_memory(f);
    return oci_ask_move(f, p->source, p->hash, on_hashed);
}

static struct oci_flow *null_put(struct oci_store *s, const struct oci_desc *desc,
                                 struct oci_source *take_source, const struct oci_put *hint,
                                 struct oci_desc *ret_desc, enum oci_put_state *ret_state)
{
    (void)hint;
    struct put *p = oci_flow_new(sizeof *p, &put_type, s->host, put_first);
    if (!p) {
        oci_source_free(take_source);
        return NULL;
    }
    p->source = take_source;
    memcpy(p->media_type, desc->media_type, sizeof p->media_type);
    oci_desc_set(&p->found, desc->media_type, &desc->digest, desc->size);
    p->ret_desc = ret_desc;
    p->ret_state = ret_state;
    return &p->flow;
}

/* ---- the rest ---- */

static struct oci_source *null_source(struct oci_store *s, const struct oci_desc *desc)
{
    (void)s;
    (void)desc;
    return NULL;
}

static struct oci_source *null_range(struct oci_store *s, const struct oci_desc *desc, uint64_t offset,
                                     uint64_t length)
{
    (void)offset;
    (void)length;
    return null_source(s, desc);
}

static struct oci_flow *null_stat(struct oci_store *s, const struct oci_digest *digest,
                                  struct oci_desc *ret_desc)
{
    if (ret_desc)
        oci_desc_set(ret_desc, OCI_TYPE_OCTETS, digest, OCI_SIZE_UNKNOWN);
    return answer(s, OCI_OK);
}

static struct oci_flow *null_get(struct oci_store *s, const char *name, size_t max, struct oci_desc *ret_desc,
                                 struct oci_bytes **ret_bytes)
{
    (void)name;
    (void)max;
    (void)ret_desc;
    (void)ret_bytes;
    return answer(s, OCI_NOT_FOUND);
}

static struct oci_flow *null_head(struct oci_store *s, const char *name, struct oci_desc *ret_desc)
{
    return null_get(s, name, 0, ret_desc, NULL);
}

static struct oci_flow *null_put_manifest(struct oci_store *s, const struct oci_desc *desc,
                                          struct oci_bytes *bytes, const char *tag)
{
    (void)desc;
    (void)bytes;
    (void)tag;
    return answer(s, OCI_OK);
}

static struct oci_flow *null_tags(struct oci_store *s, struct oci_names *ret_names)
{
    (void)ret_names;
    return answer(s, OCI_OK);
}

static struct oci_flow *null_untag(struct oci_store *s, const char *tag)
{
    (void)tag;
    return answer(s, OCI_OK);
}

static struct oci_flow *null_remove(struct oci_store *s, const struct oci_digest *digest)
{
    (void)digest;
    return answer(s, OCI_OK);
}

static void null_free(struct oci_store *s)
{
    oci_free(s);
}

static const struct oci_store_type null_type = {
    .name = "nothing",
    .source = null_source,
    .source_range = null_range,
    .stat = null_stat,
    .put = null_put,
    .get_manifest = null_get,
    .head_manifest = null_head,
    .put_manifest = null_put_manifest,
    .tags = null_tags,
    .untag = null_untag,
    .remove = null_remove,
    .free = null_free,
    .checks_digest = true, /* so that what is known is not hashed again */
};

struct oci_store *oci_store_null(struct oci_host *host)
{
    struct oci_store *s = oci_calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->type = &null_type;
    s->host = host;
    return s;
}
