/* layout_index.c - index.json of a layout as a value: found in, changed, written (layout.h).
 *
 * Tools put there what they like (L14 to L18): what is not ours to change keeps its members, unknown ones too, and its
 * place. A name is the whole of org.opencontainers.image.ref.name, and counts at the top level only (L16). */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "store/layout.h"

#define INDEX_FILE "index.json"

/* ---- reading and writing ------------------------------------------------------------------- */

static int read_root(const struct oci_bytes *text, struct oci_json **ret_root, struct oci_err *reterr)
{
    struct oci_json *root;
    int rc = oci_json_parse(text->p, text->len, OCI_MAX_MANIFEST, &root, reterr);
    if (rc != OCI_OK)
        return rc;
    const struct oci_json *manifests = oci_json_get(root, "manifests");
    if (!manifests || oci_json_kind(manifests) != OCI_JSON_ARRAY) {
        oci_json_free(root);
        return oci_err_set(reterr, OCI_INVALID, "it is not an image index (it has no array \"manifests\")");
    }
    *ret_root = root;
    return OCI_OK;
}

static struct oci_json *empty_root(void)
{
    struct oci_json *root = oci_json_new_object();
    if (root && oci_json_set(root, "schemaVersion", oci_json_new_size(2)) == OCI_OK &&
        oci_json_set(root, "mediaType", oci_json_new_string(OCI_TYPE_INDEX)) == OCI_OK &&
        oci_json_set(root, "manifests", oci_json_new_array()) == OCI_OK)
        return root;
    oci_json_free(root);
    return NULL;
}

int oci_layout_index_read(int dirfd, const char *dir, struct oci_json **ret_root, struct oci_err *reterr)
{
    struct oci_bytes *text;
    struct oci_err err = {0};
    int rc = oci_layout_read_file(dirfd, INDEX_FILE, OCI_MAX_MANIFEST, &text, &err);
    if (rc == OCI_NOT_FOUND) {
        *ret_root = empty_root();
        return *ret_root ? OCI_OK : oci_err_no_memory(reterr);
    }
    if (rc == OCI_OK) {
        rc = read_root(text, ret_root, &err);
        oci_bytes_unref(text);
    }
    if (rc == OCI_OK)
        return rc;
    oci_err_wrap(&err, INDEX_FILE " of the image layout %s", dir);
    return oci_err_copy(reterr, &err);
}

int oci_layout_index_write(int dirfd, const struct oci_json *root, struct oci_err *reterr)
{
    struct oci_buf text;
    oci_buf_init(&text, OCI_MAX_MANIFEST);
    int rc = oci_json_print(root, &text);
    if (rc == OCI_OK)
        rc = oci_file_write_atomic(dirfd, INDEX_FILE, text.p, text.len, 0644, true, reterr);
    else if (rc == OCI_LIMIT)
        oci_err_set(reterr, rc, INDEX_FILE " would be larger than %u bytes", OCI_MAX_MANIFEST);
    else
        oci_err_set(reterr, rc, "%s", oci_err_meaning(rc));
    oci_buf_done(&text);
    return rc;
}

/* ---- looking ------------------------------------------------------------------------------- */

static const char *tag_of(const struct oci_json *entry)
{
    return oci_json_string(oci_json_get(oci_json_get(entry, "annotations"), OCI_ANNOTATION_REF_NAME));
}

static bool has_tag(const struct oci_json *entry, const char *tag)
{
    const char *name = tag_of(entry);
    return name && strcmp(name, tag) == 0;
}

static bool has_digest(const struct oci_json *entry, const struct oci_digest *digest)
{
    const char *text = oci_json_string(oci_json_get(entry, "digest"));
    return text && strcmp(text, digest->text) == 0;
}

const struct oci_json *oci_layout_index_by_tag(const struct oci_json *root, const char *tag)
{
    const struct oci_json *found = NULL;
    const struct oci_json *e = oci_json_first(oci_json_get(root, "manifests"));
    for (; e; e = oci_json_next(e)) {
        if (has_tag(e, tag))
            found = e;
    }
    return found;
}

const struct oci_json *oci_layout_index_by_digest(const struct oci_json *root, const struct oci_digest *digest)
{
    const struct oci_json *e = oci_json_first(oci_json_get(root, "manifests"));
    while (e && !has_digest(e, digest))
        e = oci_json_next(e);
    return e;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int oci_layout_index_tags(const struct oci_json *root, struct oci_names *ret_names, struct oci_err *reterr)
{
    struct oci_names all, once;
    oci_names_init(&all);
    oci_names_init(&once);
    int rc = OCI_OK;
    const struct oci_json *e = oci_json_first(oci_json_get(root, "manifests"));
    for (; e && rc == OCI_OK; e = oci_json_next(e)) {
        const char *tag = tag_of(e);
        if (tag)
            rc = oci_names_add(&all, tag, strlen(tag));
    }
    if (all.count > 0)
        qsort(all.items, all.count, sizeof *all.items, by_bytes);
    for (size_t i = 0; i < all.count && rc == OCI_OK; i++) {
        if (i == 0 || strcmp(all.items[i - 1], all.items[i]) != 0)
            rc = oci_names_add(&once, all.items[i], strlen(all.items[i]));
    }
    oci_names_done(&all);
    if (rc != OCI_OK) {
        oci_names_done(&once);
        return oci_err_set(reterr, rc, "%s", rc == OCI_LIMIT ? "there are too many tags" : oci_err_meaning(rc));
    }
    *ret_names = once;
    return OCI_OK;
}

/* ---- changing ------------------------------------------------------------------------------ */

static int entry_new(const struct oci_desc *desc, const char *tag, struct oci_json **ret_entry)
{
    struct oci_desc d;
    int rc = oci_desc_copy(desc, &d);
    if (rc != OCI_OK)
        return rc;
    /* Another place's name, content and addresses are none of the layout's. */
    if (d.annotations)
        oci_json_free(oci_json_detach(d.annotations, OCI_ANNOTATION_REF_NAME));
    if (d.annotations && oci_json_count(d.annotations) == 0) {
        oci_json_free(d.annotations);
        d.annotations = NULL;
    }
    d.data = oci_bytes_unref(d.data);
    oci_json_free(d.urls);
    d.urls = NULL;
    if (tag)
        rc = oci_desc_annotate(&d, OCI_ANNOTATION_REF_NAME, tag);
    *ret_entry = rc == OCI_OK ? oci_desc_write(&d) : NULL;
    oci_desc_done(&d);
    return *ret_entry ? OCI_OK : OCI_NO_MEMORY;
}

/* An entry that says nothing that a new one for the same digest does not say. */
static bool is_bare(const struct oci_json *entry)
{
    static const char *const known[] = {"mediaType", "digest", "size", "artifactType"};
    for (const struct oci_json *m = oci_json_first(entry); m; m = oci_json_next(m)) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found = found || strcmp(oci_json_key(m), known[i]) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* What becomes of an entry. */
enum fate { KEEP, DROP, REPLACE };

/* Goes through all entries; the first to be replaced gives its place to `take_new` (or the end is), others go. */
static int rebuild(struct oci_json *root, enum fate (*judge)(struct oci_json *entry, const void *ctx), const void *ctx,
                   struct oci_json *take_new)
{
    struct oci_json *old = oci_json_edit(root, "manifests"), *kept = oci_json_new_array(), *e;
    if (!kept) {
        oci_json_free(take_new);
        return OCI_NO_MEMORY;
    }
    int rc = OCI_OK;
    while (rc == OCI_OK && (e = oci_json_detach_item(old, 0))) {
        enum fate fate = judge(e, ctx);
        if (fate == KEEP) {
            rc = oci_json_append(kept, e);
            continue;
        }
        oci_json_free(e);
        if (fate == REPLACE && take_new) {
            rc = oci_json_append(kept, take_new);
            take_new = NULL;
        }
    }
    if (rc == OCI_OK && take_new)
        rc = oci_json_append(kept, take_new);
    else
        oci_json_free(take_new);
    if (rc != OCI_OK) {
        oci_json_free(kept);
        return rc;
    }
    return oci_json_set(root, "manifests", kept);
}

struct meant {
    const char *tag;
    const struct oci_digest *digest;
};

static enum fate judge_set(struct oci_json *entry, const void *ctx)
{
    const struct meant *m = ctx;
    if (has_tag(entry, m->tag))
        return REPLACE;
    return has_digest(entry, m->digest) && is_bare(entry) ? DROP : KEEP;
}

static enum fate judge_untag(struct oci_json *entry, const void *ctx)
{
    return has_tag(entry, ((const struct meant *)ctx)->tag) ? REPLACE : KEEP;
}

static enum fate judge_remove(struct oci_json *entry, const void *ctx)
{
    return has_digest(entry, ((const struct meant *)ctx)->digest) ? DROP : KEEP;
}

int oci_layout_index_set(struct oci_json *root, const struct oci_desc *desc, const char *tag)
{
    struct oci_json *entry;
    if (!tag && oci_layout_index_by_digest(root, &desc->digest))
        return OCI_OK;
    int rc = entry_new(desc, tag, &entry);
    if (rc != OCI_OK)
        return rc;
    if (!tag)
        return oci_json_append(oci_json_edit(root, "manifests"), entry);
    struct meant m = {tag, &desc->digest};
    return rebuild(root, judge_set, &m, entry);
}

/* What an untagged manifest's entry becomes: none where another one names the digest, else the same without the
 * name, so that the manifest is still listed. */
static int without_tag(const struct oci_json *root, const struct oci_json *entry, const char *tag,
                       struct oci_json **ret_entry)
{
    const char *digest = oci_json_string(oci_json_get(entry, "digest"));
    const struct oci_json *e = oci_json_first(oci_json_get(root, "manifests"));
    *ret_entry = NULL;
    for (; e; e = oci_json_next(e)) {
        const char *other = oci_json_string(oci_json_get(e, "digest"));
        if (!has_tag(e, tag) && digest && other && strcmp(digest, other) == 0)
            return OCI_OK;
    }
    struct oci_json *copy = oci_json_clone(entry);
    if (!copy)
        return OCI_NO_MEMORY;
    struct oci_json *annotations = oci_json_edit(copy, "annotations");
    oci_json_free(oci_json_detach(annotations, OCI_ANNOTATION_REF_NAME));
    if (oci_json_count(annotations) == 0)
        oci_json_free(oci_json_detach(copy, "annotations"));
    *ret_entry = copy;
    return OCI_OK;
}

int oci_layout_index_untag(struct oci_json *root, const char *tag, bool *ret_found)
{
    const struct oci_json *entry = oci_layout_index_by_tag(root, tag);
    struct oci_json *bare;
    *ret_found = entry != NULL;
    if (!entry)
        return OCI_OK;
    int rc = without_tag(root, entry, tag, &bare);
    if (rc != OCI_OK)
        return rc;
    struct meant m = {tag, NULL};
    return rebuild(root, judge_untag, &m, bare);
}

int oci_layout_index_remove(struct oci_json *root, const struct oci_digest *digest, bool *ret_found)
{
    *ret_found = oci_layout_index_by_digest(root, digest) != NULL;
    struct meant m = {NULL, digest};
    return rebuild(root, judge_remove, &m, NULL);
}
