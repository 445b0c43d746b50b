/* Pushing documents (push_inside.h): built from what they name, put, and put in another shape where a registry refuses
 * them. */
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/push_inside.h"

void oci_push_node_done(struct oci_push_node *n)
{
    if (n->from && n->m != n->from->ready)
        oci_manifest_free(n->m);
    oci_free(n->refused);
}

/* ---- building ---- */

/* Without `ret_manifest` it is a rehearsal. */
static int build_manifest(struct oci_flow *f, const struct oci_push_document *from, struct oci_manifest **ret_manifest)
{
    struct oci_manifest_spec spec = {
        .version_1_0 = from->version_1_0 || oci_push_of(f)->version_1_0,
        .docker = from->docker,
        .artifact_type = from->artifact_type,
        .empty_config_type = from->empty_config_type,
        .config = from->config ? &from->config->desc : NULL,
        .layers = from->count > 0 ? &from->layers->desc : NULL,
        .layer_count = from->count,
        .layer_step = sizeof *from->layers,
        .subject = from->subject,
        .annotations = from->annotations,
    };
    return oci_manifest_build(&spec, ret_manifest, &f->err);
}

/* What an entry says of a document that is not built. */
static void rehearse_entry(const struct oci_push *p, const struct oci_push_entry *e, struct oci_desc *d)
{
    const struct oci_push_document *named = &p->graph.documents[e->document];
    const struct oci_manifest *ready = p->nodes[e->document].m;
    const char *type = ready ? ready->self.media_type : named->is_index ? OCI_TYPE_INDEX : OCI_TYPE_MANIFEST;
    oci_str_copy(d->media_type, sizeof d->media_type, oci_str_of(type));
    d->size = 0;
}

static int build_index(struct oci_flow *f, const struct oci_push_document *from, struct oci_manifest **ret_index)
{
    bool rehearsal = !ret_index;
    struct oci_push *p = oci_push_of(f);
    struct oci_desc *entries = oci_calloc(from->entry_count, sizeof *entries);
    if (!entries)
        return oci_flow_no_memory(f);
    for (size_t i = 0; i < from->entry_count; i++) {
        const struct oci_push_entry *e = &from->entries[i];
        const struct oci_manifest *m = e->is_document ? p->nodes[e->document].m : NULL;
        entries[i] = e->desc;
        if (m) {
            oci_str_copy(entries[i].media_type, sizeof entries[i].media_type, oci_str_of(m->self.media_type));
            entries[i].digest = m->self.digest;
            entries[i].size = m->self.size;
            if (!entries[i].artifact_type)
                entries[i].artifact_type = m->self.artifact_type;
        } else if (e->is_document) {
            rehearse_entry(p, e, &entries[i]);
            if (rehearsal)
                entries[i] = oci_desc_rehearsed(&entries[i]);
        }
    }
    struct oci_index_spec spec = {
        .version_1_0 = from->version_1_0 || p->version_1_0,
        .artifact_type = from->artifact_type,
        .manifests = entries,
        .count = from->entry_count,
        .subject = from->subject,
        .annotations = from->annotations,
    };
    int rc = oci_index_build(&spec, ret_index, &f->err);
    oci_free(entries);
    return rc;
}

/* The document in the shape that is the right one now; NULL: f has failed. */
static struct oci_manifest *build(struct oci_flow *f, const struct oci_push_node *n)
{
    struct oci_manifest *m = NULL;
    int rc = n->from->is_index ? build_index(f, n->from, &m) : build_manifest(f, n->from, &m);
    return rc == OCI_OK ? m : NULL;
}

/* It is what is put from now on, and told of. */
static void set_manifest(const struct oci_push *p, struct oci_push_node *n, struct oci_manifest *take_m)
{
    const struct oci_moving before = n->part.transfer;
    if (n->m != take_m)
        oci_manifest_free(n->m);
    n->m = take_m;
    const char *what = oci_media_type_is_index(take_m->self.media_type) ? "index" : "manifest";
    oci_moving_init(&n->part.transfer, &p->options.progress, what, &take_m->self);
    n->part.transfer.weight = before.weight;
    n->part.transfer.state = before.state;
}

static int check_digest(struct oci_flow *f, const struct oci_push_node *n)
{
    const struct oci_digest *expect = &n->from->expect;
    if (!oci_digest_is(expect) || oci_digest_equal(expect, &n->m->self.digest))
        return OCI_OK;
    return oci_flow_fail(f, OCI_DIGEST_MISMATCH, "what is pushed has the digest %s, not %s", n->m->self.digest.text,
                         expect->text);
}

int oci_push_rehearse(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    int rc = OCI_OK;
    for (size_t i = 0; i < p->graph.count && rc == OCI_OK; i++) {
        const struct oci_push_document *from = &p->graph.documents[i];
        if (!p->nodes[i].m)
            rc = from->is_index ? build_index(f, from, NULL) : build_manifest(f, from, NULL);
        if (rc != OCI_OK && from->where)
            oci_err_wrap(&f->err, "%s", from->where);
    }
    return rc;
}

int oci_push_complete(struct oci_flow *f, struct oci_push_node *n)
{
    struct oci_push *p = oci_push_of(f);
    struct oci_manifest *m = n->m ? n->m : build(f, n);
    if (!m)
        return f->err.code;
    set_manifest(p, n, m);
    if (check_digest(f, n) < 0)
        return f->err.code;
    if (n == oci_push_root(p)) {
        p->root_complete = true;
        return OCI_OK;
    }
    return oci_push_enqueue(f, &n->part, &p->seen_nodes, n->m->self.digest.text);
}

/* ---- putting ---- */

int oci_push_put_node(struct oci_flow *f, struct oci_push_node *n)
{
    struct oci_push *p = oci_push_of(f);
    oci_moving_tell(&n->part.transfer, 0, OCI_STARTED);
    oci_push_spawn(f, &n->part, oci_put_nested(p->to, &n->m->self, n->m->bytes, &n->part.transfer.state));
    return OCI_OK;
}

/* ---- the shape of 1.0, where a registry refuses that of 1.1 ---- */

/* Is this about what the document is? Q28: 400 and 415 MANIFEST_INVALID, 405 UNSUPPORTED, 501. What a registry says of
 * names (ECR: TAG_INVALID for an immutable tag), sizes and digests has the same statuses. */
static bool is_about_shape(const struct oci_err *err)
{
    static const int statuses[] = {400, 405, 406, 415, 422, 501};
    static const char *const others[] = {"\"TAG_INVALID\"", "\"NAME_INVALID\"", "\"SIZE_INVALID\""};
    if (err->code != OCI_REGISTRY && err->code != OCI_UNSUPPORTED)
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strstr(err->registry, others[i]))
            return false;
    }
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (err->status == statuses[i])
            return true;
    }
    return false;
}

/* Can this document be another one? */
static bool may_change(const struct oci_push *p, const struct oci_push_node *n)
{
    const struct oci_push_document *from = n->from;
    return p->graph.fallback && !from->ready && !from->version_1_0 && !from->subject && !oci_digest_is(&from->expect);
}

const struct oci_err *oci_push_why(const struct oci_push_node *n, const struct oci_err *err)
{
    return n->refused && is_about_shape(err) ? n->refused : err;
}

bool oci_push_fall_back(struct oci_flow *f, struct oci_push_node *n, const struct oci_err *err)
{
    struct oci_push *p = oci_push_of(f);
    if (n->refused || !may_change(p, n) || !is_about_shape(err))
        return false;
    n->refused = oci_calloc(1, sizeof *n->refused);
    if (!n->refused) {
        oci_flow_no_memory(f);
        return false;
    }
    *n->refused = *err;
    p->version_1_0 = true;
    struct oci_manifest *m = build(f, n);
    if (!m || oci_digest_equal(&m->self.digest, &n->m->self.digest)) {
        oci_manifest_free(m);
        return false;
    }
    oci_moving_tell_end(&n->part.transfer, true);
    set_manifest(p, n, m);
    for (struct oci_push_part *x = n->part.waiting; x; x = x->waiting) {
        struct oci_push_node *same = OCI_OWNER(x, struct oci_push_node, part);
        m = build(f, same);
        if (!m)
            return false;
        set_manifest(p, same, m);
    }
    return true;
}

bool oci_push_all_fall_back(struct oci_flow *f)
{
    struct oci_push *p = oci_push_of(f);
    for (size_t i = 0; i < p->graph.count; i++) {
        const struct oci_push_node *n = &p->nodes[i];
        if (!n->from->ready && !n->from->version_1_0 && !may_change(p, n))
            return false;
    }
    p->version_1_0 = true;
    for (size_t i = 0; i < p->graph.count; i++) {
        struct oci_push_node *n = &p->nodes[i];
        struct oci_manifest *m = n->from->ready ? n->m : build(f, n);
        if (!m)
            return false;
        set_manifest(p, n, m);
    }
    return true;
}
