#include "model/select.h"

#include <stdio.h>
#include <string.h>

#include "base/glob.h"
#include "base/limits.h"
#include "base/mem.h"

/* ---- copies ---- */

static void strings_done(const char *const *list, size_t count)
{
    for (size_t i = 0; list && i < count; i++)
        oci_free((char *)(uintptr_t)list[i]);
    oci_free((char **)(uintptr_t)list);
}

/* NULL: out of memory. */
static const char *const *copy_strings(const char *const *list, size_t count)
{
    char **copy = oci_calloc(count + 1, sizeof *copy);
    bool ok = copy != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = (copy[i] = oci_strdup(list[i])) != NULL;
    if (ok || !copy)
        return (const char *const *)copy;
    strings_done((const char *const *)copy, count);
    return NULL;
}

int oci_selection_copy(const struct oci_selection *from, struct oci_selection *ret_copy)
{
    size_t *positions = oci_calloc(from->position_count + 1, sizeof *positions);
    if (positions && from->position_count > 0)
        memcpy(positions, from->positions, from->position_count * sizeof *positions);
    *ret_copy = *from;
    ret_copy->positions = positions;
    ret_copy->include = copy_strings(from->include, from->include_count);
    ret_copy->exclude = copy_strings(from->exclude, from->exclude_count);
    ret_copy->media_types = copy_strings(from->media_types, from->media_type_count);
    ret_copy->platform = from->platform ? oci_json_clone(from->platform) : NULL;
    ret_copy->manifest = from->manifest ? oci_bytes_ref(from->manifest) : NULL;
    ret_copy->manifest_type = oci_strdup(from->manifest_type);
    if (from->manifest_type && !ret_copy->manifest_type)
        return OCI_NO_MEMORY;
    bool ok = positions && ret_copy->include && ret_copy->exclude && ret_copy->media_types;
    return ok && (ret_copy->platform || !from->platform) ? OCI_OK : OCI_NO_MEMORY;
}

void oci_selection_done(struct oci_selection *copy)
{
    strings_done(copy->include, copy->include_count);
    strings_done(copy->exclude, copy->exclude_count);
    strings_done(copy->media_types, copy->media_type_count);
    oci_free((size_t *)(uintptr_t)copy->positions);
    oci_json_free((struct oci_json *)(uintptr_t)copy->platform);
    oci_bytes_unref(copy->manifest);
    oci_free((char *)(uintptr_t)copy->manifest_type);
    *copy = (struct oci_selection){0};
}

/* ---- names ---- */

bool oci_layer_is_directory(const struct oci_desc *d)
{
    const char *title = oci_desc_title(d);
    return oci_str_equal(oci_desc_annotation(d, OCI_ANNOTATION_UNPACK), "true") || (title && oci_ends_with(title, "/"));
}

bool oci_layer_is_tar(const struct oci_desc *d)
{
    return oci_starts_with(oci_media_type_extension(d->media_type), ".tar");
}

char *oci_layer_name(const struct oci_desc *d, bool as_directory)
{
    const char *title = oci_desc_title(d);
    if (title)
        return oci_strndup(title, strlen(title) - (oci_ends_with(title, "/") ? 1 : 0));
    struct oci_str algorithm = oci_digest_algorithm(&d->digest);
    return oci_asprintf("%.*s-%s%s", (int)algorithm.len, algorithm.p, oci_digest_encoded(&d->digest).p,
                        as_directory ? "" : oci_media_type_extension(d->media_type));
}

/* ---- matching ---- */

static bool any_matches(const char *const *patterns, size_t count, const char *text,
                        bool (*match)(const char *pattern, const char *text))
{
    for (size_t i = 0; i < count; i++) {
        if (match(patterns[i], text))
            return true;
    }
    return false;
}

/* Without regard to case; '*' is any characters. Going back further than the last star is never needed. */
static bool type_matches(const char *pattern, const char *type)
{
    const char *star = NULL, *from = NULL;
    while (*type) {
        if (*pattern == '*') {
            star = ++pattern;
            from = type;
        } else if (oci_lower(*pattern) == oci_lower(*type)) {
            pattern++;
            type++;
        } else if (star) {
            pattern = star;
            type = ++from;
        } else {
            return false;
        }
    }
    pattern += strspn(pattern, "*");
    return *pattern == '\0';
}

/* A pattern is about the type without its parameters, or with them as they are written. */
static bool media_type_is_wanted(const struct oci_selection *what, const char *media_type)
{
    char essence[OCI_MEDIA_TYPE_MAX];
    oci_media_type_essence(media_type, essence);
    return what->media_type_count == 0 ||
           any_matches(what->media_types, what->media_type_count, essence, type_matches) ||
           any_matches(what->media_types, what->media_type_count, media_type, type_matches);
}

static bool position_is_wanted(const struct oci_selection *what, size_t position)
{
    size_t low = 0, high = what->position_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (what->positions[middle] < position)
            low = middle + 1;
        else
            high = middle;
    }
    return !what->by_position || (low < what->position_count && what->positions[low] == position);
}

static bool name_is_wanted(const struct oci_selection *what, const char *name)
{
    if (any_matches(what->exclude, what->exclude_count, name, oci_glob_match))
        return false;
    return what->include_count == 0 || any_matches(what->include, what->include_count, name, oci_glob_match);
}

/* OCI_OK and *ret_wanted, or OCI_NO_MEMORY. */
static int is_wanted(const struct oci_selection *what, const struct oci_desc *d, size_t position, bool *ret_wanted)
{
    *ret_wanted = oci_desc_title(d) || strcmp(d->media_type, OCI_TYPE_EMPTY) != 0;
    if (!what || !*ret_wanted)
        return OCI_OK;
    *ret_wanted = position_is_wanted(what, position) && media_type_is_wanted(what, d->media_type);
    if (!*ret_wanted || what->include_count + what->exclude_count == 0)
        return OCI_OK;
    char *name = oci_layer_name(d, false);
    if (!name)
        return OCI_NO_MEMORY;
    *ret_wanted = name_is_wanted(what, name);
    oci_free(name);
    return OCI_OK;
}

/* ---- layers ---- */

/* What was left out by `exclude` alone may be everything; what was asked for is to be there. */
static int nothing_matches(const struct oci_manifest *m, struct oci_err *reterr)
{
    char list[sizeof reterr->text / 2] = "";
    size_t len = 0;
    for (size_t i = 0; i < m->count; i++) {
        const char *title = oci_desc_title(&m->items[i]);
        const char *word = title ? title : m->items[i].media_type;
        size_t n = strlen(word);
        if (len + n + sizeof ", , ..." > sizeof list) {
            memcpy(list + len, ", ...", sizeof ", ...");
            break;
        }
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? ", " : "", word);
    }
    return oci_err_set(reterr, OCI_NOT_FOUND, "nothing in it matches what is to be pulled%s%s",
                       m->count > 0 ? "; it has " : "; it has no files", list);
}

int oci_select_layers(const struct oci_selection *what, const struct oci_manifest *m, struct oci_layer **ret_layers,
                      size_t *ret_count, struct oci_err *reterr)
{
    if (m->count > OCI_MAX_LAYERS)
        return oci_err_set(reterr, OCI_LIMIT, "the manifest has more than %d layers", OCI_MAX_LAYERS);
    struct oci_layer *layers = oci_calloc(m->count + 1, sizeof *layers);
    size_t count = 0;
    int rc = layers ? OCI_OK : OCI_NO_MEMORY;
    for (size_t i = 0; rc == OCI_OK && i < m->count; i++) {
        bool wanted;
        rc = is_wanted(what, &m->items[i], i, &wanted);
        if (rc == OCI_OK && wanted)
            layers[count++] = (struct oci_layer){&m->items[i], i};
    }
    bool asked = what && (what->by_position || what->include_count > 0 || what->media_type_count > 0);
    if (rc == OCI_OK && count == 0 && asked)
        rc = nothing_matches(m, reterr);
    if (rc != OCI_OK) {
        oci_free(layers);
        return rc == OCI_NO_MEMORY ? oci_err_no_memory(reterr) : rc;
    }
    *ret_layers = layers;
    *ret_count = count;
    return OCI_OK;
}
