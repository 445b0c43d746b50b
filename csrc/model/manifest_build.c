/* manifest_build.c - writing manifests and indexes in canonical form (declared in manifest.h).
 *
 * What is written keeps every MUST of the specification, also where reading is lenient: it is linted, and refused for
 * what is an error. So nothing can be built that we would refuse to read: all of that is an error to the lint. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/lint.h"
#include "model/manifest.h"

/* ---- what may be written ------------------------------------------------------------------- */

static int check_type(const char *type, const char *where, struct oci_err *reterr)
{
    if (oci_media_type_valid(oci_str_of(type)))
        return OCI_OK;
    return oci_err_set(reterr, OCI_INVALID, "%s \"%.150s\" is not a media type", where, type);
}

/* The values are checked by the lint. */
static int check_annotations(const struct oci_json *annotations, const char *where, struct oci_err *reterr)
{
    for (const struct oci_json *m = oci_json_first(annotations); m; m = oci_json_next(m)) {
        if (*oci_json_key(m) == '\0')
            return oci_err_set(reterr, OCI_INVALID, "%s: an annotation has an empty key", where);
    }
    return OCI_OK;
}

static int check_desc(const struct oci_desc *d, const char *where, struct oci_err *reterr)
{
    if (!oci_media_type_valid(oci_str_of(d->media_type)))
        return oci_err_set(reterr, OCI_INVALID, "%s: \"%.150s\" is not a media type", where, d->media_type);
    if (!oci_digest_is(&d->digest))
        return oci_err_set(reterr, OCI_INVALID, "%s has no digest", where);
    if (d->size > OCI_MAX_SIZE)
        return oci_err_set(reterr, OCI_INVALID, "%s has no size", where);
    if (d->artifact_type && !oci_media_type_valid(oci_str_of(d->artifact_type)))
        return oci_err_set(reterr, OCI_INVALID, "%s: the artifact type \"%.150s\" is not a media type", where,
                           d->artifact_type);
    if (d->platform && (!oci_json_string(oci_json_get(d->platform, "os")) ||
                        !oci_json_string(oci_json_get(d->platform, "architecture"))))
        return oci_err_set(reterr, OCI_INVALID, "%s: a platform needs an os and an architecture", where);
    return check_annotations(d->annotations, where, reterr);
}

/* ---- the document -------------------------------------------------------------------------- */

/* Printed member by member: as a tree it would be ten times as large. */
struct draft {
    struct oci_buf text;
    struct oci_err *err;
    int rc; /* the first failure; nothing is added after it */
    bool version_1_0; /* an index: its entries have no artifact type */
    bool rehearsal;
};

static void note(struct draft *d, int rc)
{
    if (rc == OCI_NO_MEMORY)
        oci_err_no_memory(d->err);
    else if (rc == OCI_LIMIT)
        oci_err_set(d->err, OCI_LIMIT, "the manifest is larger than %u bytes, which registries need not take",
                    OCI_MAX_MANIFEST_PUSH);
    else if (rc)
        oci_err_set(d->err, rc, "the manifest has text that is not UTF-8");
    d->rc = rc;
}

static void add_text(struct draft *d, const char *text)
{
    if (d->rc == OCI_OK)
        note(d, oci_buf_add_str(&d->text, text));
}

/* A comma, unless it is the first one here. */
static void next_one(struct draft *d)
{
    char before = d->text.len > 0 ? d->text.p[d->text.len - 1] : '\0';
    if (before != '{' && before != '[')
        add_text(d, ",");
}

/* `key` needs no escapes. */
static void add_key(struct draft *d, const char *key)
{
    next_one(d);
    add_text(d, "\"");
    add_text(d, key);
    add_text(d, "\":");
}

static void add_value(struct draft *d, struct oci_json *take_v)
{
    if (d->rc == OCI_OK)
        note(d, take_v ? oci_json_print(take_v, &d->text) : OCI_NO_MEMORY);
    oci_json_free(take_v);
}

static void add(struct draft *d, const char *key, struct oci_json *take_v)
{
    add_key(d, key);
    add_value(d, take_v);
}

/* Stands for what is not known yet, when it is tried out whether a document can be built. */
static const struct oci_digest made_up = {"sha256:0000000000000000000000000000000000000000000000000000000000000000"};

struct oci_desc oci_desc_rehearsed(const struct oci_desc *d)
{
    struct oci_desc shown = *d;
    shown.data = NULL; /* it is compared with its digest when that is needed */
    if (!oci_digest_is(&shown.digest))
        shown.digest = made_up;
    if (shown.size == OCI_SIZE_UNKNOWN)
        shown.size = 0;
    return shown;
}

static void add_desc_value(struct draft *d, const struct oci_desc *desc, const char *where)
{
    struct oci_desc shown = d->rehearsal ? oci_desc_rehearsed(desc) : *desc;
    if (d->version_1_0)
        shown.artifact_type = NULL;
    if (d->rc == OCI_OK)
        d->rc = check_desc(&shown, where, d->err);
    if (d->rc == OCI_OK)
        add_value(d, oci_desc_write(&shown));
}

static void add_desc(struct draft *d, const char *key, const struct oci_desc *desc)
{
    if (!desc)
        return;
    add_key(d, key);
    add_desc_value(d, desc, key);
}

/* `step`: bytes from one to the next. */
static void add_list(struct draft *d, const char *key, const struct oci_desc *items, size_t step, size_t count)
{
    if (count > OCI_MAX_LAYERS && d->rc == OCI_OK)
        d->rc = oci_err_set(d->err, OCI_LIMIT, "%zu %s, more than %d", count, key, OCI_MAX_LAYERS);
    add_key(d, key);
    add_text(d, "[");
    for (size_t i = 0; d->rc == OCI_OK && i < count; i++) {
        char where[40];
        snprintf(where, sizeof where, "%s[%zu]", key, i);
        next_one(d);
        add_desc_value(d, (const void *)((const char *)items + i * step), where);
    }
    add_text(d, "]");
}

static void add_annotations(struct draft *d, const struct oci_json *annotations)
{
    if (!annotations)
        return;
    if (d->rc == OCI_OK)
        d->rc = check_annotations(annotations, "annotations", d->err);
    struct oci_json *copy = d->rc == OCI_OK ? oci_json_clone(annotations) : NULL;
    if (copy)
        oci_json_sort(copy);
    add(d, "annotations", copy);
}

static void begin(struct draft *d, const char *media_type, const char *artifact_type)
{
    oci_buf_init(&d->text, OCI_MAX_MANIFEST_PUSH);
    add_text(d, "{");
    add(d, "schemaVersion", oci_json_new_size(2));
    add(d, "mediaType", oci_json_new_string(media_type));
    if (!artifact_type)
        return;
    if (d->rc == OCI_OK)
        d->rc = check_type(artifact_type, "the artifact type", d->err);
    add(d, "artifactType", oci_json_new_string(artifact_type));
}

static int make(const char *media_type, const char *artifact_type, struct oci_bytes *bytes,
                struct oci_manifest **ret_manifest, struct oci_err *reterr)
{
    struct oci_manifest *m = oci_calloc(1, sizeof *m);
    char *type = oci_strdup(artifact_type);
    if (!m || (artifact_type && !type)) {
        oci_free(m);
        oci_free(type);
        return oci_err_no_memory(reterr);
    }
    struct oci_digest digest;
    int rc = oci_digest_of(OCI_STR(OCI_SHA256), bytes->p, bytes->len, &digest, reterr);
    oci_desc_set(&m->self, media_type, &digest, bytes->len);
    m->self.artifact_type = type;
    m->bytes = oci_bytes_ref(bytes);
    m->is_index = oci_media_type_is_index(media_type);
    if (rc)
        oci_manifest_free(m);
    else
        *ret_manifest = m;
    return rc;
}

/* Of the right size: it may live long. */
static struct oci_bytes *take_text(struct oci_buf *text)
{
    size_t len = text->len;
    char *p = oci_buf_take(text);
    char *fitting = p ? oci_realloc(p, len + 1) : NULL;
    return oci_bytes_new_take(fitting ? fitting : p, len);
}

static int finish(struct draft *d, const char *media_type, const char *artifact_type,
                  struct oci_manifest **ret_manifest)
{
    add_text(d, "}");
    struct oci_bytes *bytes = NULL;
    if (d->rc == OCI_OK && !(bytes = take_text(&d->text)))
        note(d, OCI_NO_MEMORY);
    oci_buf_done(&d->text);
    if (bytes)
        d->rc = oci_lint_refuse(bytes->p, bytes->len, NULL, d->err);
    if (bytes && d->rc == OCI_OK && ret_manifest)
        d->rc = make(media_type, artifact_type, bytes, ret_manifest, d->err);
    oci_bytes_unref(bytes);
    return d->rc;
}

static int refuse_subject(const struct oci_desc *subject, struct oci_err *reterr)
{
    if (!subject)
        return OCI_OK;
    return oci_err_set(reterr, OCI_INVALID, "image-spec 1.0 knows no subject: leave it out, or write version 1.1");
}

/* The media type of the config in the shape of 1.0, where it is the artifact's. */
static const char *config_type(const struct oci_manifest_spec *spec)
{
    const char *own = spec->config ? spec->config->media_type : OCI_TYPE_EMPTY;
    if (strcmp(own, OCI_TYPE_EMPTY) != 0 && !oci_media_type_says_nothing(own))
        return own;
    if (spec->empty_config_type)
        return spec->empty_config_type;
    bool unknown = !spec->artifact_type || strcmp(spec->artifact_type, OCI_TYPE_UNKNOWN_ARTIFACT) == 0;
    return unknown ? OCI_TYPE_UNKNOWN_CONFIG : spec->artifact_type;
}

/* What is written as config: borrows from the specification. */
static int choose_config(const struct oci_manifest_spec *spec, struct oci_desc *ret_config, struct oci_err *reterr)
{
    if (spec->config)
        *ret_config = *spec->config;
    else
        oci_desc_empty(ret_config, false); /* without data it allocates nothing */
    if (spec->version_1_0) {
        struct oci_str type = oci_str_of(config_type(spec));
        if (!oci_media_type_valid(type))
            return check_type(type.p, "the artifact type", reterr);
        return oci_str_copy(ret_config->media_type, sizeof ret_config->media_type, type);
    }
    /* image-spec manifest.md: artifactType MUST be set when config.mediaType is the empty value. */
    if (!spec->artifact_type && strcmp(ret_config->media_type, OCI_TYPE_EMPTY) == 0)
        return oci_err_set(reterr, OCI_INVALID, "a manifest with the empty config needs an artifact type");
    return OCI_OK;
}

static int check_docker(const struct oci_manifest_spec *spec, struct oci_err *reterr)
{
    if (spec->artifact_type || spec->subject)
        return oci_err_set(reterr, OCI_INVALID, "a manifest of Docker has neither an artifact type nor a subject");
    return spec->config ? OCI_OK
                        : oci_err_set(reterr, OCI_INVALID, "a manifest of Docker needs a config with a media type");
}

int oci_manifest_build(const struct oci_manifest_spec *spec, struct oci_manifest **ret_manifest,
                       struct oci_err *reterr)
{
    struct draft d = {.err = reterr, .rehearsal = !ret_manifest};
    struct oci_desc config, empty;
    oci_desc_empty(&empty, false);
    int rc = spec->docker ? check_docker(spec, reterr) : OCI_OK;
    if (rc == OCI_OK)
        rc = choose_config(spec, &config, reterr);
    if (rc == OCI_OK && spec->version_1_0)
        rc = refuse_subject(spec->subject, reterr);
    if (rc)
        return rc;
    const char *media_type = spec->docker ? OCI_TYPE_DOCKER_MANIFEST : OCI_TYPE_MANIFEST;
    const char *artifact_type = spec->version_1_0 ? NULL : spec->artifact_type;
    begin(&d, media_type, artifact_type);
    add_desc(&d, "config", &config);
    /* manifest.md, layers: at least one, for portability; the empty one says nothing. */
    if (spec->layer_count > 0)
        add_list(&d, "layers", spec->layers, spec->layer_step ? spec->layer_step : sizeof empty, spec->layer_count);
    else
        add_list(&d, "layers", &empty, sizeof empty, 1);
    add_desc(&d, "subject", spec->subject);
    add_annotations(&d, spec->annotations);
    return finish(&d, media_type, artifact_type, ret_manifest);
}

int oci_index_build(const struct oci_index_spec *spec, struct oci_manifest **ret_index, struct oci_err *reterr)
{
    struct draft d = {.err = reterr, .version_1_0 = spec->version_1_0};
    if (spec->version_1_0 && refuse_subject(spec->subject, reterr) != OCI_OK)
        return OCI_INVALID;
    const char *artifact_type = spec->version_1_0 ? NULL : spec->artifact_type;
    begin(&d, OCI_TYPE_INDEX, artifact_type);
    add_list(&d, "manifests", spec->manifests, sizeof *spec->manifests, spec->count);
    add_desc(&d, "subject", spec->subject);
    add_annotations(&d, spec->annotations);
    return finish(&d, OCI_TYPE_INDEX, artifact_type, ret_index);
}
