/* Results: copies that live as long as the operation. */
#include "base/mem.h"
#include "client/op.h"

static void free_strings(char **list)
{
    for (char **s = list; s && *s; s++)
        oci_free(*s);
    oci_free(list);
}

/* NULL-terminated. NULL: out of memory. */
static char **copy_tags(const char *tag, const char *const *more, size_t more_count)
{
    char **list = oci_calloc(more_count + 2, sizeof *list);
    size_t n = 0;
    bool ok = list != NULL;
    if (ok && tag)
        ok = (list[n++] = oci_strdup(tag)) != NULL;
    for (size_t i = 0; ok && i < more_count; i++)
        ok = (list[n++] = oci_strdup(more[i])) != NULL;
    if (ok)
        return list;
    free_strings(list);
    return NULL;
}

int oci_result_set_desc(struct oci_op *op, struct oci_desc *take_desc, const struct oci_opened_place *place,
                        const char *tag, const char *const *more, size_t more_count)
{
    struct oci_result_desc *d = &op->result.desc;
    op->result.has_desc = true;
    d->desc = *take_desc;
    *take_desc = (struct oci_desc){0};
    if (place && !(d->reference = oci_place_reference(place, &d->desc.digest)))
        return OCI_NO_MEMORY;
    if ((tag || more_count > 0) && !(d->tags = copy_tags(tag, more, more_count)))
        return OCI_NO_MEMORY;
    return OCI_OK;
}

void oci_result_take_bytes(struct oci_op *op, struct oci_bytes *take_bytes)
{
    oci_bytes_unref(op->result.bytes);
    op->result.bytes = take_bytes;
}

void oci_result_take_manifest(struct oci_op *op, struct oci_manifest *take_m)
{
    op->result.manifest = take_m;
    oci_result_take_bytes(op, oci_bytes_ref(take_m->bytes));
}

void oci_result_take_names(struct oci_op *op, struct oci_names *take_names)
{
    op->result.names = take_names->items;
    op->result.name_count = take_names->count;
    oci_names_init(take_names);
}

static const char *state_word(enum oci_file_state s)
{
    switch (s) {
    case OCI_FILE_UNCHANGED:
        return "unchanged";
    case OCI_FILE_UNPACKED:
        return "unpacked";
    case OCI_FILE_FETCHED:
    default:
        return "fetched";
    }
}

/* Zeroed. OCI_NO_MEMORY. */
static int make_files(struct oci_op *op, size_t count, struct oci_result_file **ret_files)
{
    op->result.files = *ret_files = oci_calloc(count + 1, sizeof **ret_files);
    return *ret_files ? OCI_OK : OCI_NO_MEMORY;
}

int oci_result_set_files(struct oci_op *op, struct oci_pull_target *t)
{
    const size_t count = oci_files_count(t);
    struct oci_result_file *files;
    int rc = make_files(op, count, &files);
    for (size_t i = 0; i < count && rc == OCI_OK; i++) {
        struct oci_result_file *f = &files[op->result.file_count++];
        const char *path;
        enum oci_file_state state;
        oci_files_get(t, i, &path, &f->title, &f->desc, &state);
        f->path = oci_strdup(path);
        f->state = state_word(state);
        f->position = oci_files_position(t, i);
        rc = f->path ? OCI_OK : OCI_NO_MEMORY;
    }
    return rc;
}

int oci_result_set_layers(struct oci_op *op, const struct oci_layer *layers, size_t count)
{
    struct oci_result_file *files;
    int rc = make_files(op, count, &files);
    for (size_t i = 0; i < count && rc == OCI_OK; i++) {
        struct oci_result_file *f = &files[op->result.file_count++];
        char *name = oci_layer_name(layers[i].desc, false);
        rc = name ? OCI_OK : OCI_NO_MEMORY;
        f->desc = layers[i].desc;
        f->title = oci_desc_title(f->desc);
        f->state = state_word(OCI_FILE_FETCHED);
        f->position = layers[i].position;
        if (name && (!f->title || oci_title_check(name, NULL) == OCI_OK))
            f->path = name;
        else
            oci_free(name);
    }
    return rc;
}

void oci_result_done(struct oci_op *op)
{
    struct oci_result *r = &op->result;
    oci_desc_done(&r->desc.desc);
    oci_free(r->desc.reference);
    free_strings(r->desc.tags);
    oci_bytes_unref(r->bytes);
    for (size_t i = 0; i < r->entry_count; i++)
        oci_bytes_unref(r->entries[i]);
    oci_free(r->entries);
    struct oci_names names = {
        .items = (char **)(uintptr_t)r->names, .count = r->name_count, .cap = r->name_count};
    oci_names_done(&names);
    for (size_t i = 0; i < r->file_count; i++)
        oci_free((char *)(uintptr_t)r->files[i].path);
    oci_free((struct oci_result_file *)(uintptr_t)r->files);
    oci_manifest_free((struct oci_manifest *)(uintptr_t)r->manifest);
}
