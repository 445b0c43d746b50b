#include "client/documents.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

/* ---- ending ---- */

static void document_done(struct oci_own_document *d)
{
    oci_free(d->where);
    oci_free(d->artifact_type);
    oci_free(d->empty_config_type);
    oci_json_free(d->annotations);
    oci_desc_done(&d->subject);
    for (size_t i = 0; i < d->entry_count; i++)
        oci_desc_done(&d->entries[i].desc);
    oci_free(d->entries);
    oci_manifest_free(d->ready);
}

void oci_documents_done(struct oci_documents *d)
{
    for (size_t i = 0; i < d->count; i++)
        document_done(&d->items[i]);
    oci_free(d->items);
    oci_contents_done(&d->contents);
    *d = (struct oci_documents){0};
}

/* ---- checking ---- */

/* A config's media type that says what the artifact is. */
static const char *own_config_type(const struct oci_document *from)
{
    const char *type = from->config ? from->config->media_type : NULL;
    if (!type || oci_media_type_says_nothing(type) || strcmp(type, OCI_TYPE_EMPTY) == 0)
        return NULL;
    return type;
}

/* An artifact has a type: its own, or its config's (image-spec manifest.md, artifactType); in 1.0 only that. */
static int choose_type(struct oci_op *op, const struct oci_document *from, struct oci_own_document *d,
                       struct oci_err *reterr)
{
    const char *type = from->artifact_type;
    const char *config_type = own_config_type(from);
    if (type && !oci_media_type_valid(oci_str_of(type)))
        return oci_err_set(reterr, OCI_INVALID, "the artifact type \"%s\" is not a media type", type);
    if (from->empty_config_type && !oci_media_type_valid(oci_str_of(from->empty_config_type)))
        return oci_err_set(reterr, OCI_INVALID, "the empty config's type \"%s\" is not a media type",
                           from->empty_config_type);
    if (from->version_1_0 && !from->is_index && type && config_type && strcmp(type, config_type) != 0)
        return oci_err_set(reterr, OCI_INVALID,
                           "in image-spec 1.0 the config's media type says what an artifact is, and \"%.100s\" is not "
                           "the artifact type \"%.100s\": leave one of them out",
                           config_type, type);
    if (!type && !from->is_index && (!from->config || !from->config->media_type)) {
        type = OCI_TYPE_UNKNOWN_ARTIFACT;
        oci_client_warn(op->client, from->version_1_0
                                        ? "no artifact type is given: " OCI_TYPE_UNKNOWN_CONFIG " is written"
                                        : "no artifact type is given: " OCI_TYPE_UNKNOWN_ARTIFACT " is written");
    }
    d->artifact_type = oci_strdup(type);
    return !type || d->artifact_type ? OCI_OK : oci_err_no_memory(reterr);
}

/* Each document but the root is named by one index, which comes after it. */
static int check_order(const struct oci_documents *d, struct oci_err *reterr)
{
    unsigned *depth = oci_calloc(d->count, sizeof *depth); /* 0: not named by what was looked at */
    int rc = OCI_OK;
    if (!depth)
        return oci_err_no_memory(reterr);
    depth[d->count - 1] = 1;
    for (size_t i = d->count; rc == OCI_OK && i-- > 0;) {
        const struct oci_own_document *x = &d->items[i];
        if (depth[i] == 0)
            rc = oci_err_set(reterr, OCI_INVALID, "no index names the document %zu", i + 1);
        else if (depth[i] > OCI_MAX_GRAPH_DEPTH)
            rc = oci_err_set(reterr, OCI_LIMIT, "more than %d indexes within each other", OCI_MAX_GRAPH_DEPTH);
        for (size_t k = 0; rc == OCI_OK && k < x->entry_count; k++) {
            size_t n = x->entries[k].document;
            if (!x->entries[k].is_document)
                continue;
            if (n >= i || depth[n] != 0)
                rc = oci_err_set(reterr, OCI_INVALID, "the document %zu is named twice, or by one before it", n + 1);
            else
                depth[n] = depth[i] + 1;
        }
    }
    oci_free(depth);
    return rc;
}

/* ---- copying ---- */

static int copy_ready(const struct oci_document *from, struct oci_own_document *d, bool root, struct oci_err *reterr)
{
    char algorithm[32] = OCI_SHA256;
    if (oci_digest_is(&d->expect) &&
        oci_str_copy(algorithm, sizeof algorithm, oci_digest_algorithm(&d->expect)) != OCI_OK)
        return oci_err_set(reterr, OCI_UNSUPPORTED, "the digest's algorithm is not supported");
    int rc = oci_manifest_parse(from->bytes, from->media_type, algorithm, &d->ready, reterr);
    /* What is pushed as it is must be right; what an index names besides is only sent along. */
    return rc == OCI_OK && root ? oci_lint_refuse(from->bytes->p, from->bytes->len, from->media_type, reterr) : rc;
}

static int copy_entries(const struct oci_document *from, struct oci_own_document *d, struct oci_err *reterr)
{
    d->entries = oci_calloc(from->entry_count + 1, sizeof *d->entries);
    if (!d->entries)
        return oci_err_no_memory(reterr);
    for (size_t i = 0; i < from->entry_count; i++) {
        const struct oci_entry *e = &from->entries[i];
        struct oci_push_entry *to = &d->entries[i];
        if (oci_desc_copy(e->desc, &to->desc) != OCI_OK)
            return oci_err_no_memory(reterr);
        d->entry_count++;
        to->is_document = e->document > 0;
        to->document = e->document - to->is_document;
    }
    return OCI_OK;
}

static int copy_document(struct oci_op *op, const struct oci_document *from, bool root, struct oci_own_document *d,
                         struct oci_err *reterr)
{
    d->where = oci_strdup(from->where);
    d->empty_config_type = oci_strdup(from->empty_config_type);
    d->annotations = from->annotations ? oci_json_clone(from->annotations) : NULL;
    d->version_1_0 = from->version_1_0;
    d->docker = from->docker;
    if (from->expect)
        d->expect = *from->expect;
    d->is_index = from->is_index;
    d->has_config = from->config != NULL;
    d->content_count = from->count + d->has_config;
    if ((from->where && !d->where) || (from->empty_config_type && !d->empty_config_type) ||
        (from->annotations && !d->annotations) ||
        (from->subject && oci_desc_copy(from->subject, &d->subject) != OCI_OK))
        return oci_err_no_memory(reterr);
    if (from->bytes)
        return copy_ready(from, d, root, reterr);
    int rc = choose_type(op, from, d, reterr);
    return rc == OCI_OK && from->is_index ? copy_entries(from, d, reterr) : rc;
}

static const struct oci_document *document(const struct oci_push_spec *spec, size_t i)
{
    return i < spec->other_count ? &spec->others[i] : &spec->root;
}

static int copy_contents(struct oci_op *op, const struct oci_push_spec *spec, struct oci_documents *d,
                         struct oci_err *reterr)
{
    size_t total = 0, n = 0;
    for (size_t i = 0; i < d->count; i++)
        total += d->items[i].content_count;
    const struct oci_content **list = oci_calloc(total + 1, sizeof *list);
    if (!list)
        return oci_err_no_memory(reterr);
    for (size_t i = 0; i < d->count; i++) {
        const struct oci_document *from = document(spec, i);
        if (from->config)
            list[n++] = from->config;
        for (size_t k = 0; k < from->count; k++)
            list[n++] = &from->contents[k];
    }
    int rc = oci_contents_copy(op, list, n, &d->contents, reterr);
    oci_free(list);
    return rc;
}

int oci_documents_copy(struct oci_op *op, const struct oci_push_spec *spec, struct oci_documents *ret_documents,
                       struct oci_err *reterr)
{
    struct oci_documents *d = ret_documents;
    *d = (struct oci_documents){.items = oci_calloc(spec->other_count + 1, sizeof *d->items)};
    int rc = d->items ? OCI_OK : oci_err_no_memory(reterr);
    for (size_t i = 0; i <= spec->other_count && rc == OCI_OK; i++) {
        const struct oci_document *from = document(spec, i);
        d->count++;
        rc = copy_document(op, from, i == spec->other_count, &d->items[i], reterr);
        if (rc && from->where)
            oci_err_wrap(reterr, "%s", from->where);
    }
    if (rc == OCI_OK)
        rc = check_order(d, reterr);
    return rc == OCI_OK ? copy_contents(op, spec, d, reterr) : rc;
}

/* ---- the graph ---- */

static int fill_document(struct oci_own_document *from, struct oci_piece *piece, struct oci_push_document *d)
{
    *d = (struct oci_push_document){
        .where = from->where,
        .artifact_type = from->artifact_type,
        .empty_config_type = from->empty_config_type,
        .annotations = from->annotations,
        .subject = oci_digest_is(&from->subject.digest) ? &from->subject : NULL,
        .version_1_0 = from->version_1_0,
        .docker = from->docker,
        .expect = from->expect,
        .is_index = from->is_index,
        .entries = from->entries,
        .entry_count = from->entry_count,
        .ready = from->ready,
    };
    from->entries = NULL;
    from->entry_count = 0;
    from->ready = NULL;
    size_t left = from->content_count;
    if (from->has_config) {
        d->config = oci_calloc(1, sizeof *d->config);
        if (!d->config || oci_piece_item(piece++, d->config) != OCI_OK)
            return OCI_NO_MEMORY;
        left--;
    }
    d->layers = oci_calloc(left + 1, sizeof *d->layers);
    int rc = d->layers ? OCI_OK : OCI_NO_MEMORY;
    for (; left > 0 && rc == OCI_OK; left--)
        rc = oci_piece_item(piece++, &d->layers[d->count++]);
    return rc;
}

int oci_documents_graph(struct oci_documents *d, struct oci_push_graph *ret_graph)
{
    struct oci_push_graph g = {.documents = oci_calloc(d->count, sizeof *g.documents)};
    struct oci_piece *piece = d->contents.pieces;
    int rc = g.documents ? OCI_OK : OCI_NO_MEMORY;
    for (size_t i = 0; i < d->count && rc == OCI_OK; i++) {
        rc = fill_document(&d->items[i], piece, &g.documents[g.count++]);
        piece += d->items[i].content_count;
    }
    if (rc == OCI_OK)
        *ret_graph = g;
    else
        oci_push_graph_done(&g);
    return rc;
}
