/* manifest.c - reading. Building is in manifest_build.c. */
#include "model/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

void oci_manifest_free(struct oci_manifest *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        oci_desc_done(&m->items[i]);
    oci_free(m->items);
    oci_desc_done(&m->self);
    oci_desc_done(&m->config);
    oci_desc_done(&m->subject);
    oci_json_free(m->annotations);
    oci_bytes_unref(m->bytes);
    oci_free(m);
}

const char *oci_manifest_artifact_type(const struct oci_manifest *m)
{
    if (m->self.artifact_type)
        return m->self.artifact_type;
    return m->config.media_type[0] ? m->config.media_type : NULL;
}

static bool absent(const struct oci_json *v)
{
    return oci_json_kind(v) == OCI_JSON_NULL;
}

static int check_schema_version(const struct oci_json *doc, struct oci_err *reterr)
{
    uint64_t version = 0;
    const struct oci_json *v = oci_json_get(doc, "schemaVersion");
    if (!v)
        return oci_err_set(reterr, OCI_INVALID, "not a manifest: schemaVersion is missing");
    if (!oci_json_size(v, &version) || version != 2)
        return oci_err_set(reterr, OCI_INVALID, "schemaVersion is not 2");
    return OCI_OK;
}

/* Which of the two the members say. Documents that two programs may read differently are refused (rule X11; also what
 * containerd does): the members of both shapes, even empty, or those of Docker's first schema. */
static int read_shape(struct oci_manifest *m, const struct oci_json *doc, struct oci_err *reterr)
{
    bool index = oci_json_get(doc, "manifests") != NULL;
    bool image = oci_json_get(doc, "config") != NULL || oci_json_get(doc, "layers") != NULL;
    if (oci_json_get(doc, "fsLayers"))
        return oci_err_set(reterr, OCI_INVALID, "ambiguous: fsLayers belongs to another kind of manifest");
    if (index && image)
        return oci_err_set(reterr, OCI_INVALID, "ambiguous: both an index (manifests) and a manifest (config, layers)");
    if (!index && !image)
        return oci_err_set(reterr, OCI_INVALID, "neither a manifest (config, layers) nor an index (manifests)");
    m->is_index = index;
    return OCI_OK;
}

static bool known_type(const char *type)
{
    return oci_media_type_is_manifest(type) || oci_media_type_is_index(type);
}

/* The body's word, the sender's, or the shape's, in this order; the first two must not contradict each other. */
static int read_type(struct oci_manifest *m, const struct oci_json *doc, const char *sender, struct oci_err *reterr)
{
    const struct oci_json *v = oci_json_get(doc, "mediaType");
    const char *body = oci_json_string(v);
    const char *type = m->is_index ? OCI_TYPE_INDEX : OCI_TYPE_MANIFEST;
    bool sender_says = !oci_media_type_says_nothing(sender);
    if (v && !body)
        return oci_err_set(reterr, OCI_INVALID, "mediaType is not a string");
    if (body && !known_type(body))
        return oci_err_set(reterr, OCI_INVALID, "\"%.150s\" is not the media type of a manifest", body);
    if (sender_says && !known_type(sender))
        return oci_err_set(reterr, OCI_INVALID, "\"%.150s\" is not the media type of a manifest", sender);
    if (body && sender_says && strcmp(body, sender) != 0)
        return oci_err_set(reterr, OCI_INVALID, "it was sent as %.120s, but says that it is %.120s", sender, body);
    if (body || sender_says)
        type = body ? body : sender;
    if (oci_media_type_is_index(type) != m->is_index)
        return oci_err_set(reterr, OCI_INVALID, "its type is %.120s, but it has the members of %s", type,
                           m->is_index ? "an index" : "a manifest");
    return oci_str_copy(m->self.media_type, sizeof m->self.media_type, oci_str_of(type));
}

static int read_items(struct oci_manifest *m, const struct oci_json *doc, const char *key, struct oci_err *reterr)
{
    const struct oci_json *v = oci_json_get(doc, key);
    if (!v)
        return oci_err_set(reterr, OCI_INVALID, "%s is missing", key);
    if (absent(v))
        return OCI_OK; /* as Go writes an empty list; CNAB and others do (rules M14, I06) */
    if (oci_json_kind(v) != OCI_JSON_ARRAY)
        return oci_err_set(reterr, OCI_INVALID, "%s is not an array", key);
    size_t count = oci_json_count(v);
    if (count > OCI_MAX_LAYERS)
        return oci_err_set(reterr, OCI_LIMIT, "%zu %s, more than %d", count, key, OCI_MAX_LAYERS);
    m->items = oci_calloc(count, sizeof *m->items);
    if (!m->items)
        return oci_err_no_memory(reterr);
    for (const struct oci_json *item = oci_json_first(v); item; item = oci_json_next(item)) {
        char where[40];
        snprintf(where, sizeof where, "%s[%zu]", key, m->count);
        int rc = oci_desc_read(item, where, &m->items[m->count], reterr);
        if (rc)
            return rc;
        m->count++;
    }
    return OCI_OK;
}

static int read_config(struct oci_manifest *m, const struct oci_json *doc, struct oci_err *reterr)
{
    const struct oci_json *v = oci_json_get(doc, "config");
    if (!v)
        return oci_err_set(reterr, OCI_INVALID, "config is missing");
    return oci_desc_read(v, "config", &m->config, reterr);
}

static int read_rest(struct oci_manifest *m, const struct oci_json *doc, struct oci_err *reterr)
{
    const struct oci_json *subject = oci_json_get(doc, "subject");
    if (!absent(subject)) {
        int rc = oci_desc_read(subject, "subject", &m->subject, reterr);
        if (rc)
            return rc;
        m->has_subject = true;
    }
    int rc = oci_artifact_type_read(oci_json_get(doc, "artifactType"), "artifactType", &m->self.artifact_type,
                                    reterr);
    if (rc)
        return rc;
    return oci_annotations_read(oci_json_get(doc, "annotations"), "annotations", &m->annotations, reterr);
}

static int read_members(struct oci_manifest *m, const struct oci_json *doc, const char *media_type,
                        struct oci_err *reterr)
{
    if (oci_json_kind(doc) != OCI_JSON_OBJECT)
        return oci_err_set(reterr, OCI_INVALID, "not a JSON object");
    int rc = check_schema_version(doc, reterr);
    if (rc == OCI_OK)
        rc = read_shape(m, doc, reterr);
    if (rc == OCI_OK)
        rc = read_type(m, doc, media_type, reterr);
    if (rc == OCI_OK && !m->is_index)
        rc = read_config(m, doc, reterr);
    if (rc == OCI_OK)
        rc = read_items(m, doc, m->is_index ? "manifests" : "layers", reterr);
    return rc ? rc : read_rest(m, doc, reterr);
}

/* The document is not kept: it is many times as large as its bytes. */
static int read_document(struct oci_manifest *m, const char *media_type, struct oci_err *reterr)
{
    struct oci_json *doc = NULL;
    int rc = oci_json_parse(m->bytes->p, m->bytes->len, OCI_MAX_MANIFEST, &doc, reterr);
    if (rc == OCI_OK)
        rc = read_members(m, doc, media_type, reterr);
    oci_json_free(doc);
    return rc;
}

int oci_manifest_parse(struct oci_bytes *bytes, const char *media_type, const char *algorithm,
                       struct oci_manifest **ret_manifest, struct oci_err *reterr)
{
    struct oci_manifest *m = oci_calloc(1, sizeof *m);
    if (!m)
        return oci_err_no_memory(reterr);
    struct oci_err why = {0};
    m->bytes = oci_bytes_ref(bytes);
    m->self.size = bytes->len;
    int rc = oci_digest_of(oci_str_of(algorithm ? algorithm : OCI_SHA256), bytes->p, bytes->len, &m->self.digest,
                           &why);
    if (rc == OCI_OK)
        rc = read_document(m, media_type, &why);
    if (rc) {
        oci_manifest_free(m);
        if (rc == OCI_INVALID)
            oci_err_wrap(&why, "the manifest is not valid");
        oci_err_copy(reterr, &why);
        return rc;
    }
    *ret_manifest = m;
    return OCI_OK;
}
