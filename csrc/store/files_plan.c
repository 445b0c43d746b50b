/* files_plan.c - which files a manifest's layers become, and whether these are names that may be written (T47, T48).
 *
 * Everything is refused before the first download: one bad name among a thousand leaves nothing behind. The rules are
 * those of the strictest common system, so that an artifact that can be pulled here can be pulled anywhere. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "model/manifest.h"
#include "store/files.h"

#define MAX_COMPONENT 255
#define MAX_PREFIXES 1000000 /* directories in all names */

/* ---- titles -------------------------------------------------------------------------------- */

/* Names that Windows has for devices, whatever extension they have. */
static bool is_reserved(struct oci_str name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
    struct oci_str stem = name, rest;
    oci_str_cut(name, '.', &stem, &rest);
    while (stem.len > 0 && stem.p[stem.len - 1] == ' ')
        stem.len--;
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (oci_str_eq_nocase(stem, devices[i]))
            return true;
    }
    bool numbered = stem.len == 4 && stem.p[3] >= '0' && stem.p[3] <= '9';
    struct oci_str letters = {stem.p, numbered ? 3 : 0};
    return oci_str_eq_nocase(letters, "com") || oci_str_eq_nocase(letters, "lpt");
}

/* NULL: it is good; else what is wrong with it. */
static const char *check_component(struct oci_str c)
{
    if (c.len == 0)
        return "has an empty part";
    if (oci_str_eq(c, ".") || oci_str_eq(c, ".."))
        return "has a part . or ..";
    if (c.len > MAX_COMPONENT)
        return "has a part of more than 255 bytes";
    if (c.p[c.len - 1] == '.' || c.p[c.len - 1] == ' ')
        return "has a part that ends with a dot or a space";
    if (is_reserved(c))
        return "has a part that is a device on Windows";
    if (oci_str_eq_nocase(c, ".git"))
        return "would write into a .git directory"; /* T49 */
    return NULL;
}

static const char *check_characters(const char *title)
{
    /* What the sanitiser would replace: control, direction and zero-width characters, and what is not UTF-8. */
    size_t len = strlen(title);
    char shown[OCI_MAX_PATH + 1];
    memcpy(shown, title, len + 1);
    oci_sanitise(shown);
    if (strcmp(shown, title) != 0)
        return oci_utf8_valid(title, len) ? "has control characters" : "is not valid UTF-8";
    if (strchr(title, '\\'))
        return "has a backslash";
    if (strchr(title, ':'))
        return "has a colon (a drive or a stream on Windows)";
    return NULL;
}

static const char *title_fault(const char *title)
{
    if (strlen(title) > OCI_MAX_PATH)
        return "is longer than 4096 bytes";
    const char *fault = title[0] == '\0' ? "is empty" : title[0] == '/' ? "is an absolute path" : NULL;
    if (!fault)
        fault = check_characters(title);
    struct oci_str rest = oci_str_of(title), component;
    while (!fault && oci_str_cut(rest, '/', &component, &rest))
        fault = check_component(component);
    return fault ? fault : check_component(rest);
}

int oci_title_check(const char *title, struct oci_err *reterr)
{
    const char *fault = title_fault(title);
    if (!fault)
        return OCI_OK;
    return oci_err_set(reterr, OCI_UNSAFE_PATH, "the title \"%.100s\" is not a path that may be written: it %s", title,
                       fault);
}

/* ---- collisions ---------------------------------------------------------------------------- */

/* Names in lower case (ASCII): on some systems they are the same. */
struct names {
    struct oci_map files; /* to the struct oci_file */
    struct oci_map dirs;
};

static int no_room(int rc, struct oci_err *reterr)
{
    if (rc == OCI_LIMIT)
        return oci_err_set(reterr, rc, "the titles have too many directories");
    return oci_err_no_memory(reterr);
}

static int collide(const char *a, const char *b, struct oci_err *reterr)
{
    return oci_err_set(reterr, OCI_INVALID, "the files \"%.100s\" and \"%.100s\" cannot both be written", a, b);
}

/* The directories of a name: none may be a file. */
static int add_dirs(struct names *n, const struct oci_file *f, char *folded, struct oci_err *reterr)
{
    for (char *slash = strchr(folded, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const struct oci_file *other = oci_map_get(&n->files, folded);
        int rc = oci_map_get(&n->dirs, folded) ? OCI_OK : oci_map_set(&n->dirs, folded, folded, NULL);
        *slash = '/';
        if (other)
            return collide(other->name, f->name, reterr);
        if (rc != OCI_OK)
            return no_room(rc, reterr);
    }
    return OCI_OK;
}

/* *ret_again: an untitled layer that was there before. */
static int add_name(struct names *n, struct oci_file *f, bool *ret_again, struct oci_err *reterr)
{
    char folded[OCI_MAX_PATH + 1];
    size_t len = strlen(f->name);
    for (size_t i = 0; i <= len; i++)
        folded[i] = oci_lower(f->name[i]);
    const struct oci_file *other = oci_map_get(&n->files, folded);
    *ret_again = other && !other->titled && !f->titled;
    if (*ret_again)
        return OCI_OK;
    if (other)
        return collide(other->name, f->name, reterr);
    if (oci_map_get(&n->dirs, folded))
        return oci_err_set(reterr, OCI_INVALID, "\"%.100s\" cannot be both a file and a directory", f->name);
    int rc = add_dirs(n, f, folded, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_map_set(&n->files, folded, f, NULL);
    return rc == OCI_OK ? rc : no_room(rc, reterr);
}

/* ---- the plan ------------------------------------------------------------------------------ */

static bool to_be_unpacked(const struct oci_files *t, const struct oci_desc *d)
{
    return t->unpack != 0 && (oci_layer_is_directory(d) || (t->unpack > 0 && oci_layer_is_tar(d)));
}

static char *path_of(const struct oci_files *t, const char *name)
{
    if (!name || strcmp(t->to, ".") == 0)
        return oci_strdup(name);
    return oci_asprintf("%s%s%s", t->to, oci_ends_with(t->to, "/") ? "" : "/", name);
}

static int plan_file(const struct oci_files *t, const struct oci_layer *l, struct oci_file *f, struct oci_err *reterr)
{
    f->position = l->position;
    f->titled = oci_desc_title(l->desc) != NULL;
    f->unpack = to_be_unpacked(t, l->desc);
    f->copy_of = OCI_NO_FILE;
    char *name = oci_layer_name(l->desc, f->unpack);
    f->path = path_of(t, name);
    f->name = f->path ? f->path + strlen(f->path) - strlen(name) : NULL;
    oci_free(name);
    f->desc = l->desc;
    if (!f->path)
        return oci_err_no_memory(reterr);
    if (f->titled && oci_title_check(f->name, reterr) != OCI_OK)
        return OCI_UNSAFE_PATH;
    if (!oci_digest_can_verify(&f->desc->digest))
        return oci_err_set(reterr, OCI_UNSUPPORTED, "\"%.100s\": content with the digest %s cannot be verified",
                           f->name, f->desc->digest.text);
    return OCI_OK;
}

static void file_done(struct oci_file *f)
{
    oci_free(f->path);
    *f = (struct oci_file){0};
}

static int plan_all(struct oci_files *t, const struct oci_layer *layers, size_t count, struct names *n,
                    struct oci_err *reterr)
{
    for (size_t i = 0; i < count; i++) {
        struct oci_file *f = &t->files[t->count];
        bool again = false;
        int rc = plan_file(t, &layers[i], f, reterr);
        if (rc == OCI_OK)
            rc = add_name(n, f, &again, reterr);
        if (rc != OCI_OK || again)
            file_done(f);
        if (rc != OCI_OK)
            return rc;
        t->count += again ? 0 : 1;
    }
    return OCI_OK;
}

void oci_files_forget(struct oci_files *t)
{
    for (size_t i = 0; i < t->count; i++)
        file_done(&t->files[i]);
    oci_free(t->files);
    t->files = NULL;
    t->count = 0;
}

int oci_files_plan(struct oci_pull_target *target, const struct oci_layer *layers, size_t count,
                   struct oci_err *reterr)
{
    struct oci_files *t = oci_files_of(target);
    struct names n;
    oci_files_forget(t);
    t->files = oci_calloc(count, sizeof *t->files);
    if (!t->files)
        return oci_err_no_memory(reterr);
    oci_map_init(&n.files, OCI_MAX_LAYERS);
    oci_map_init(&n.dirs, MAX_PREFIXES);
    int rc = plan_all(t, layers, count, &n, reterr);
    oci_map_done(&n.files, NULL);
    oci_map_done(&n.dirs, NULL);
    return rc;
}
