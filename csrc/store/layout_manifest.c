/* layout_manifest.c - finding and reading what a layout's index.json names (layout.h). */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/map.h"
#include "model/manifest.h"
#include "store/layout.h"

/* ---- resolving (POOL) ---------------------------------------------------------------------- */

/* What a name stands for: an entry of index.json, or any blob by its digest, whose media type is then not known. */
static int resolve(struct oci_layout *l, const struct oci_json *root, const char *name, struct oci_desc *ret_desc,
                   struct oci_err *reterr)
{
    struct oci_digest digest;
    const struct oci_json *entry;
    if (!strchr(name, ':')) {
        entry = oci_layout_index_by_tag(root, name);
        if (!entry)
            return oci_err_set(reterr, OCI_NOT_FOUND, "the image layout %s has no tag %s", l->dir, name);
    } else {
        int rc = oci_digest_parse(oci_str_of(name), &digest, reterr);
        if (rc != OCI_OK)
            return rc;
        entry = oci_layout_index_by_digest(root, &digest);
    }
    if (!entry) {
        *ret_desc = (struct oci_desc){.digest = digest, .size = OCI_SIZE_UNKNOWN};
        return OCI_OK;
    }
    struct oci_err err = {0};
    int rc = oci_desc_read(entry, "the entry", ret_desc, &err);
    if (rc == OCI_OK)
        return rc;
    oci_err_wrap(&err, "%s in index.json of the image layout %s", name, l->dir);
    return oci_err_copy(reterr, &err);
}

static bool known_kind(const char *media_type)
{
    return oci_media_type_is_manifest(media_type) || oci_media_type_is_index(media_type);
}

/* Fills in what the document says of itself. A blob that index.json does not name must be a manifest; what it names may
 * be of any kind (L14). */
static int describe(struct oci_layout *l, struct oci_bytes *bytes, struct oci_desc *desc, struct oci_err *reterr)
{
    bool named = desc->media_type[0] != '\0';
    struct oci_manifest *m;
    if (named && (desc->artifact_type || !known_kind(desc->media_type)))
        return OCI_OK;
    int rc = oci_manifest_parse(bytes, named ? desc->media_type : NULL, NULL, &m, NULL);
    if (rc == OCI_NO_MEMORY)
        return oci_err_no_memory(reterr);
    if (rc != OCI_OK && named)
        return OCI_OK; /* whoever needs to understand it will say what is wrong */
    if (rc != OCI_OK)
        return oci_err_set(reterr, OCI_NOT_FOUND, "the blob %s of the image layout %s is not a manifest",
                           desc->digest.text, l->dir);
    if (!named)
        memcpy(desc->media_type, m->self.media_type, sizeof desc->media_type);
    oci_free(desc->artifact_type);
    desc->artifact_type = oci_strdup(m->self.artifact_type);
    bool failed = m->self.artifact_type && !desc->artifact_type;
    oci_manifest_free(m);
    return failed ? oci_err_no_memory(reterr) : OCI_OK;
}

int oci_layout_get(struct oci_layout *l, const char *name, size_t max, struct oci_desc *ret_desc,
                   struct oci_bytes **ret_bytes, struct oci_err *reterr)
{
    int dirfd;
    struct oci_json *root;
    struct oci_desc desc;
    struct oci_bytes *bytes = NULL;
    int rc = oci_layout_open(l, false, &dirfd, reterr);
    if (rc == OCI_OK)
        rc = oci_layout_index_read(dirfd, l->dir, &root, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = resolve(l, root, name, &desc, reterr);
    oci_json_free(root);
    if (rc != OCI_OK)
        return rc;
    rc = oci_layout_read(l, &desc.digest, desc.size, max ? max : OCI_MAX_MANIFEST, &bytes, reterr);
    if (rc == OCI_OK)
        rc = describe(l, bytes, &desc, reterr);
    if (rc == OCI_OK) {
        oci_desc_set(ret_desc, desc.media_type, &desc.digest, bytes->len);
        ret_desc->artifact_type = desc.artifact_type;
        desc.artifact_type = NULL;
        *ret_bytes = bytes;
    } else {
        oci_bytes_unref(bytes);
    }
    oci_desc_done(&desc);
    return rc;
}

/* ---- what index.json reaches (POOL) -------------------------------------------------------- */

struct reach {
    struct oci_layout *l;
    const struct oci_digest *digest;
    struct oci_map seen;
    bool found;
};

static int reach_into(struct reach *r, const struct oci_desc *desc, unsigned depth)
{
    struct oci_bytes *bytes;
    struct oci_manifest *m;
    if (oci_digest_equal(&desc->digest, r->digest)) {
        r->found = true;
        return OCI_OK;
    }
    if (r->found || !oci_media_type_is_index(desc->media_type) || oci_map_get(&r->seen, desc->digest.text))
        return OCI_OK;
    if (depth > OCI_MAX_GRAPH_DEPTH || oci_map_set(&r->seen, desc->digest.text, r, NULL) != OCI_OK)
        return OCI_LIMIT;
    int rc = oci_layout_read(r->l, &desc->digest, desc->size, OCI_MAX_MANIFEST, &bytes, NULL);
    if (rc != OCI_OK)
        return rc == OCI_NOT_FOUND ? OCI_OK : rc; /* what is missing reaches nothing (L13) */
    rc = oci_manifest_parse(bytes, desc->media_type, NULL, &m, NULL);
    oci_bytes_unref(bytes);
    if (rc != OCI_OK)
        return rc;
    for (size_t i = 0; i < m->count && rc == OCI_OK; i++)
        rc = reach_into(r, &m->items[i], depth + 1);
    oci_manifest_free(m);
    return rc;
}

int oci_layout_reaches(struct oci_layout *l, const struct oci_json *root, const struct oci_digest *digest,
                       bool *ret_reaches, struct oci_err *reterr)
{
    struct reach r = {.l = l, .digest = digest};
    oci_map_init(&r.seen, OCI_MAX_GRAPH_NODES);
    int rc = OCI_OK;
    const struct oci_json *e = oci_json_first(oci_json_get(root, "manifests"));
    for (; e && rc == OCI_OK && !r.found; e = oci_json_next(e)) {
        struct oci_desc d;
        rc = oci_desc_read(e, "the entry", &d, NULL);
        if (rc == OCI_OK) {
            rc = reach_into(&r, &d, 1);
            oci_desc_done(&d);
        }
    }
    oci_map_done(&r.seen, NULL);
    if (rc == OCI_NO_MEMORY)
        return oci_err_no_memory(reterr);
    /* What cannot be looked into may reach it. */
    *ret_reaches = r.found || rc != OCI_OK;
    return OCI_OK;
}

/* ---- flows --------------------------------------------------------------------------------- */

struct look {
    struct oci_flow flow;
    struct oci_work work;
    struct oci_layout *layout;
    char *name;
    size_t max;
    struct oci_desc desc;         /* out */
    struct oci_bytes *bytes;      /* out */
    struct oci_names names;       /* out */
    struct oci_desc *ret_desc;
    struct oci_bytes **ret_bytes;
    struct oci_names *ret_names;
};

static struct look *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct look, flow);
}

static int run_get(struct oci_work *w, struct oci_err *reterr)
{
    struct look *k = OCI_OWNER(w, struct look, work);
    return oci_layout_get(k->layout, k->name, k->max, &k->desc, &k->bytes, reterr);
}

static int got(struct oci_flow *f)
{
    struct look *k = of(f);
    if (k->ret_desc) {
        *k->ret_desc = k->desc;
        k->desc = (struct oci_desc){0};
    }
    if (k->ret_bytes) {
        *k->ret_bytes = k->bytes;
        k->bytes = NULL;
    }
    return OCI_OK;
}

static int start_get(struct oci_flow *f)
{
    of(f)->work.run = run_get;
    return oci_ask_work(f, &of(f)->work, got);
}

static int run_tags(struct oci_work *w, struct oci_err *reterr)
{
    struct look *k = OCI_OWNER(w, struct look, work);
    struct oci_json *root;
    int dirfd;
    int rc = oci_layout_open(k->layout, false, &dirfd, reterr);
    if (rc == OCI_OK)
        rc = oci_layout_index_read(dirfd, k->layout->dir, &root, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_layout_index_tags(root, &k->names, reterr);
    oci_json_free(root);
    return rc;
}

static int got_tags(struct oci_flow *f)
{
    *of(f)->ret_names = of(f)->names;
    oci_names_init(&of(f)->names);
    return OCI_OK;
}

static int start_tags(struct oci_flow *f)
{
    of(f)->work.run = run_tags;
    return oci_ask_work(f, &of(f)->work, got_tags);
}

static void look_free(struct oci_flow *f)
{
    struct look *k = of(f);
    oci_free(k->name);
    oci_desc_done(&k->desc);
    oci_bytes_unref(k->bytes);
    oci_names_done(&k->names);
}

static const struct oci_flow_type look_type = {.name = "layout look", .free = look_free};

struct oci_flow *oci_layout_get_manifest(struct oci_store *s, const char *name, size_t max, struct oci_desc *ret_desc,
                                         struct oci_bytes **ret_bytes)
{
    struct look *k = oci_flow_new(sizeof *k, &look_type, s->host, start_get);
    if (!k)
        return NULL;
    k->layout = OCI_OWNER(s, struct oci_layout, base);
    k->max = max;
    k->ret_desc = ret_desc;
    k->ret_bytes = ret_bytes;
    k->name = oci_strdup(name);
    if (!k->name) {
        oci_flow_free(&k->flow);
        return NULL;
    }
    return &k->flow;
}

struct oci_flow *oci_layout_head_manifest(struct oci_store *s, const char *name, struct oci_desc *ret_desc)
{
    return oci_layout_get_manifest(s, name, 0, ret_desc, NULL);
}

struct oci_flow *oci_layout_tags(struct oci_store *s, struct oci_names *ret_names)
{
    struct look *k = oci_flow_new(sizeof *k, &look_type, s->host, start_tags);
    if (!k)
        return NULL;
    k->layout = OCI_OWNER(s, struct oci_layout, base);
    k->ret_names = ret_names;
    return &k->flow;
}
