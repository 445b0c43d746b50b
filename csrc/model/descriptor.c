#include "model/descriptor.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"

#define EMPTY_SHA256 "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

void oci_desc_done(struct oci_desc *d)
{
    if (!d)
        return;
    oci_free(d->artifact_type);
    oci_json_free(d->annotations);
    oci_json_free(d->platform);
    oci_json_free(d->urls);
    oci_bytes_unref(d->data);
    *d = (struct oci_desc){0};
}

static int clone(const struct oci_json *from, struct oci_json **ret_to)
{
    *ret_to = from ? oci_json_clone(from) : NULL;
    return from && !*ret_to ? OCI_NO_MEMORY : OCI_OK;
}

int oci_desc_copy(const struct oci_desc *from, struct oci_desc *ret_desc)
{
    struct oci_desc d = {.digest = from->digest, .size = from->size, .data = oci_bytes_ref(from->data)};
    memcpy(d.media_type, from->media_type, sizeof d.media_type);
    d.artifact_type = oci_strdup(from->artifact_type);
    int rc = from->artifact_type && !d.artifact_type ? OCI_NO_MEMORY : OCI_OK;
    if (rc == OCI_OK)
        rc = clone(from->annotations, &d.annotations);
    if (rc == OCI_OK)
        rc = clone(from->platform, &d.platform);
    if (rc == OCI_OK)
        rc = clone(from->urls, &d.urls);
    if (rc) {
        oci_desc_done(&d);
        return rc;
    }
    *ret_desc = d;
    return OCI_OK;
}

void oci_desc_set(struct oci_desc *d, const char *media_type, const struct oci_digest *digest, uint64_t size)
{
    /* What is given may be parts of `d`. */
    struct oci_desc set = {.size = size};
    if (digest)
        set.digest = *digest;
    oci_str_copy(set.media_type, sizeof set.media_type, oci_str_of(media_type));
    *d = set;
}

int oci_desc_empty(struct oci_desc *ret_desc, bool with_data)
{
    struct oci_desc d = {.digest = {EMPTY_SHA256}, .size = 2, .media_type = OCI_TYPE_EMPTY};
    if (with_data) {
        d.data = oci_bytes_new("{}", 2);
        if (!d.data)
            return OCI_NO_MEMORY;
    }
    *ret_desc = d;
    return OCI_OK;
}

/* ---- annotations --------------------------------------------------------------------------- */

const char *oci_desc_annotation(const struct oci_desc *d, const char *key)
{
    return oci_json_string(oci_json_get(d->annotations, key));
}

const char *oci_desc_title(const struct oci_desc *d)
{
    return oci_desc_annotation(d, OCI_ANNOTATION_TITLE);
}

int oci_desc_annotate(struct oci_desc *d, const char *key, const char *value)
{
    if (!d->annotations)
        d->annotations = oci_json_new_object();
    if (!d->annotations)
        return OCI_NO_MEMORY;
    return oci_json_set(d->annotations, key, oci_json_new_string(value));
}

int oci_annotations_read(const struct oci_json *v, const char *where, struct oci_json **ret_annotations,
                         struct oci_err *reterr)
{
    if (oci_json_kind(v) == OCI_JSON_NULL)
        return OCI_OK; /* Go writes an empty map as null (rule S11) */
    if (oci_json_kind(v) != OCI_JSON_OBJECT)
        return oci_err_set(reterr, OCI_INVALID, "%s is not an object", where);
    for (const struct oci_json *m = oci_json_first(v); m; m = oci_json_next(m)) {
        if (!oci_json_string(m))
            return oci_err_set(reterr, OCI_INVALID, "%s: the value of \"%.100s\" is not a string", where,
                               oci_json_key(m));
    }
    struct oci_json *copy = oci_json_clone(v);
    if (!copy)
        return oci_err_no_memory(reterr);
    *ret_annotations = copy;
    return OCI_OK;
}

/* ---- reading ------------------------------------------------------------------------------- */

struct reader {
    const struct oci_json *v;
    const char *where;
    struct oci_err *err;
};

static int bad(const struct reader *r, const char *key, const char *why)
{
    return oci_err_set(r->err, OCI_INVALID, "%s.%s %s", r->where, key, why);
}

/* Absent, or the null that Go writes for what is empty. */
static bool absent(const struct oci_json *v)
{
    return oci_json_kind(v) == OCI_JSON_NULL;
}

static int read_media_type(const struct reader *r, struct oci_desc *d)
{
    const struct oci_json *v = oci_json_get(r->v, "mediaType");
    const char *s = oci_json_string(v);
    if (!s)
        return bad(r, "mediaType", v ? "is not a string" : "is missing");
    if (!oci_media_type_readable(oci_str_of(s)))
        return bad(r, "mediaType", "is not a media type");
    return oci_str_copy(d->media_type, sizeof d->media_type, oci_str_of(s));
}

static int read_digest(const struct reader *r, struct oci_desc *d)
{
    const struct oci_json *v = oci_json_get(r->v, "digest");
    const char *s = oci_json_string(v);
    if (!s)
        return bad(r, "digest", v ? "is not a string" : "is missing");
    struct oci_err why = {0};
    if (oci_digest_parse(oci_str_of(s), &d->digest, &why) != OCI_OK)
        return oci_err_set(r->err, OCI_INVALID, "%s.digest: %s", r->where, why.text);
    return OCI_OK;
}

static int read_size(const struct reader *r, struct oci_desc *d)
{
    const struct oci_json *v = oci_json_get(r->v, "size");
    if (!v)
        return bad(r, "size", "is missing");
    return oci_json_size(v, &d->size) ? OCI_OK : bad(r, "size", "is not an integer from 0 to 2^53-1");
}

int oci_artifact_type_read(const struct oci_json *v, const char *where, char **ret_type, struct oci_err *reterr)
{
    const char *s = oci_json_string(v);
    if (absent(v) || (s && !*s))
        return OCI_OK;
    if (!s || !oci_media_type_readable(oci_str_of(s)))
        return oci_err_set(reterr, OCI_INVALID, "%s is not a media type", where);
    char *copy = oci_strdup(s);
    if (!copy)
        return oci_err_no_memory(reterr);
    *ret_type = copy;
    return OCI_OK;
}

static int read_urls(const struct reader *r, struct oci_desc *d)
{
    const struct oci_json *v = oci_json_get(r->v, "urls");
    if (absent(v))
        return OCI_OK;
    if (oci_json_kind(v) != OCI_JSON_ARRAY)
        return bad(r, "urls", "is not an array");
    for (const struct oci_json *u = oci_json_first(v); u; u = oci_json_next(u)) {
        if (!oci_json_string(u))
            return bad(r, "urls", "holds something else than strings");
    }
    d->urls = oci_json_clone(v);
    return d->urls ? OCI_OK : oci_err_no_memory(r->err);
}

/* Only its shape: what is missing in it makes it match nothing, and is the lint's to report. */
static int read_platform(const struct reader *r, struct oci_desc *d)
{
    static const char *const texts[] = {"architecture", "os", "os.version", "variant"};
    const struct oci_json *v = oci_json_get(r->v, "platform");
    if (absent(v))
        return OCI_OK;
    if (oci_json_kind(v) != OCI_JSON_OBJECT)
        return bad(r, "platform", "is not an object");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct oci_json *m = oci_json_get(v, texts[i]);
        if (!absent(m) && !oci_json_string(m))
            return oci_err_set(r->err, OCI_INVALID, "%s.platform.%s is not a string", r->where, texts[i]);
    }
    d->platform = oci_json_clone(v);
    return d->platform ? OCI_OK : oci_err_no_memory(r->err);
}

/* T30: embedded data that is not the content is an error, not a reason to fetch it. Where the digest cannot be
 * verified, the data is worth nothing and left out. */
static int verify_data(const struct reader *r, const struct oci_desc *d, const struct oci_buf *b)
{
    if (b->len != d->size)
        return bad(r, "data", "does not have the descriptor's size");
    int rc = oci_digest_check(&d->digest, b->p ? b->p : "", b->len, NULL);
    if (rc == OCI_DIGEST_MISMATCH)
        return bad(r, "data", "does not have the descriptor's digest");
    return rc == OCI_NO_MEMORY ? oci_err_no_memory(r->err) : rc;
}

static int read_data(const struct reader *r, struct oci_desc *d)
{
    const struct oci_json *v = oci_json_get(r->v, "data");
    const char *s = oci_json_string(v);
    if (absent(v) || (s && !oci_digest_can_verify(&d->digest)))
        return OCI_OK;
    if (!s)
        return bad(r, "data", "is not a string");
    oci_auto(oci_buf) struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_MANIFEST);
    int rc = oci_base64_decode(&b, s, strlen(s), 1);
    if (rc == OCI_NO_MEMORY)
        return oci_err_no_memory(r->err);
    if (rc)
        return bad(r, "data", "is not base64 with padding");
    rc = verify_data(r, d, &b);
    if (rc)
        return rc;
    d->data = oci_bytes_new(b.p, b.len);
    return d->data ? OCI_OK : oci_err_no_memory(r->err);
}

static int read_annotations(const struct reader *r, struct oci_desc *d)
{
    const struct oci_json *v = oci_json_get(r->v, "annotations");
    if (absent(v))
        return OCI_OK;
    struct oci_err why = {0};
    int rc = oci_annotations_read(v, "annotations", &d->annotations, &why);
    return rc ? oci_err_set(r->err, rc, "%s.%s", r->where, why.text) : OCI_OK;
}

static int read_artifact_type(const struct reader *r, struct oci_desc *d)
{
    int rc = oci_artifact_type_read(oci_json_get(r->v, "artifactType"), "artifactType", &d->artifact_type, NULL);
    if (rc == OCI_NO_MEMORY)
        return oci_err_no_memory(r->err);
    return rc ? bad(r, "artifactType", "is not a media type") : OCI_OK;
}

int oci_desc_read(const struct oci_json *v, const char *where, struct oci_desc *ret_desc, struct oci_err *reterr)
{
    static int (*const steps[])(const struct reader *, struct oci_desc *) = {
        read_media_type, read_digest,        read_size, read_annotations,
        read_urls,       read_artifact_type, read_platform, read_data,
    };
    if (oci_json_kind(v) != OCI_JSON_OBJECT)
        return oci_err_set(reterr, OCI_INVALID, "%s is not a descriptor", where);
    struct reader r = {.v = v, .where = where, .err = reterr};
    struct oci_desc d = {0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int rc = steps[i](&r, &d);
        if (rc) {
            oci_desc_done(&d);
            return rc;
        }
    }
    *ret_desc = d;
    return OCI_OK;
}

/* ---- writing ------------------------------------------------------------------------------- */

static int add_clone(struct oci_json *o, const char *key, const struct oci_json *v, bool sorted)
{
    if (!v)
        return OCI_OK;
    struct oci_json *copy = oci_json_clone(v);
    if (copy && sorted)
        oci_json_sort(copy);
    return oci_json_add(o, key, copy);
}

static int add_data(struct oci_json *o, const struct oci_bytes *data)
{
    if (!data)
        return OCI_OK;
    oci_auto(oci_buf) struct oci_buf b;
    oci_buf_init(&b, (size_t)OCI_MAX_MANIFEST * 2);
    int rc = oci_base64_add(&b, data->p, data->len);
    return rc ? rc : oci_json_add(o, "data", oci_json_new_string(b.p));
}

static int write_members(const struct oci_desc *d, struct oci_json *o)
{
    int rc = oci_json_add(o, "mediaType", oci_json_new_string(d->media_type));
    if (rc == OCI_OK)
        rc = oci_json_add(o, "digest", oci_json_new_string(d->digest.text));
    if (rc == OCI_OK && d->size != OCI_SIZE_UNKNOWN)
        rc = oci_json_add(o, "size", oci_json_new_size(d->size));
    if (rc == OCI_OK)
        rc = add_clone(o, "urls", d->urls, false);
    if (rc == OCI_OK)
        rc = add_clone(o, "annotations", d->annotations, true);
    if (rc == OCI_OK)
        rc = add_data(o, d->data);
    if (rc == OCI_OK && d->artifact_type)
        rc = oci_json_add(o, "artifactType", oci_json_new_string(d->artifact_type));
    if (rc == OCI_OK)
        rc = add_clone(o, "platform", d->platform, false);
    return rc;
}

struct oci_json *oci_desc_write(const struct oci_desc *d)
{
    struct oci_json *o = oci_json_new_object();
    if (o && write_members(d, o) != OCI_OK) {
        oci_json_free(o);
        return NULL;
    }
    return o;
}
