#include "pack/walk.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pack/names.h"

struct level {
    int fd;
    struct oci_dir_entry *entries;
    size_t count, at;
    size_t path_len; /* of this directory's own path */
};

struct oci_dir_walk {
    char *dir;
    const struct oci_ignore *ignore;
    bool follow, look_only;
    int file; /* the one that was given last, or -1 */
    struct level levels[OCI_PACK_MAX_DEPTH + 1];
    size_t depth; /* levels in use; 0: over */
    bool begun;
    char path[OCI_MAX_PATH], link[OCI_MAX_PATH];
};

/* Lists the directory `fd`, which is taken, as the next level. */
static int push(struct oci_dir_walk *w, int fd, struct oci_err *reterr)
{
    struct level *l = &w->levels[w->depth];
    int rc = oci_dir_entries(fd, &l->entries, &l->count, reterr);
    if (rc != OCI_OK) {
        oci_fd_close(fd);
        return rc;
    }
    l->fd = fd;
    l->at = 0;
    l->path_len = strlen(w->path);
    w->depth++;
    return OCI_OK;
}

/* The root stays open: its files are opened from there. */
static void pop(struct oci_dir_walk *w)
{
    struct level *l = &w->levels[--w->depth];
    if (w->depth > 0)
        oci_fd_close(l->fd);
    oci_dir_entries_free(l->entries, l->count);
}

int oci_dir_walk_open(const char *dir, const struct oci_ignore *ignore, bool follow, struct oci_dir_walk **ret_walk,
                      struct oci_err *reterr)
{
    struct oci_dir_walk *w = oci_calloc(1, sizeof *w);
    if (!w || !(w->dir = oci_strdup(dir))) {
        oci_free(w);
        return oci_err_no_memory(reterr);
    }
    w->ignore = ignore;
    w->follow = follow;
    w->levels[0].fd = w->file = -1;
    int fd;
    int rc = oci_dir_open(OCI_CWD, dir, false, &fd, reterr);
    if (rc == OCI_OK)
        rc = push(w, fd, reterr);
    if (rc != OCI_OK) {
        oci_dir_walk_close(w);
        oci_err_wrap(reterr, "packing %.150s", dir);
        return rc;
    }
    *ret_walk = w;
    return OCI_OK;
}

void oci_dir_walk_close(struct oci_dir_walk *w)
{
    if (!w)
        return;
    while (w->depth > 0)
        pop(w);
    oci_fd_close(w->levels[0].fd);
    oci_fd_close(w->file);
    oci_free(w->dir);
    oci_free(w);
}

int oci_dir_walk_root(const struct oci_dir_walk *w)
{
    return w->levels[0].fd;
}

void oci_dir_walk_open_no_more(struct oci_dir_walk *w)
{
    w->look_only = true;
}

/* What an unpacker would refuse is not packed. What is above the name was checked when it was gone into. */
static int check_name(const struct oci_dir_walk *w, const char *name, size_t len, struct oci_err *reterr)
{
    char cleaned[OCI_MAX_PATH];
    if (w->depth <= OCI_PACK_MAX_DEPTH && len <= 255 && oci_str_is_printable((struct oci_str){name, len}))
        return OCI_OK;
    return oci_pack_clean_name(w->path, NULL, cleaned, reterr); /* says what is wrong */
}

/* Makes w->path that of `name` in the level's directory. */
static int set_path(struct oci_dir_walk *w, const struct level *l, const char *name, struct oci_err *reterr)
{
    size_t at = l->path_len, len = strlen(name);
    if (at + 1 + len + 1 > sizeof w->path) {
        w->path[at] = '\0';
        return oci_pack_refuse(reterr, OCI_LIMIT, w->path, "holds names that are longer than a path may be");
    }
    if (at > 0)
        w->path[at++] = '/';
    memcpy(w->path + at, name, len + 1);
    return check_name(w, name, len, reterr);
}

static int read_link(struct oci_dir_walk *w, const struct level *l, const char *name, struct oci_err *reterr)
{
    int rc = oci_file_readlink(l->fd, name, w->link, sizeof w->link, reterr);
    if (rc == OCI_OK)
        rc = oci_pack_check_link(w->path, w->link, reterr);
    if (rc == OCI_UNSAFE_PATH)
        oci_err_add(reterr, "follow_links packs what it leads to");
    return rc;
}

static int open_directory(struct oci_dir_walk *w, const struct level *l, const char *name, struct oci_err *reterr)
{
    int fd;
    int rc = w->follow ? oci_dir_open(l->fd, name, false, &fd, reterr)
                       : oci_dir_open_beneath(l->fd, name, false, &fd, reterr);
    return rc == OCI_OK ? push(w, fd, reterr) : rc;
}

/* Opening it says all that a look says. */
static int open_file(struct oci_dir_walk *w, const struct level *l, const char *name, struct oci_dir_walk_entry *e,
                     struct oci_err *reterr)
{
    if (w->look_only)
        return OCI_OK;
    int rc = oci_file_open_read(l->fd, name, w->follow, &w->file, &e->info, reterr);
    if (rc == OCI_OK)
        e->fd = w->file;
    return rc;
}

/* Looks at w->path, what the level's directory has there, and goes into a directory that is still one when it is opened.
 * OCI_AGAIN: it is left out. */
static int visit(struct oci_dir_walk *w, const struct level *l, const struct oci_dir_entry *d, struct oci_dir_walk_entry *e,
                 struct oci_err *reterr)
{
    bool known = d->sure && !w->follow && !(w->look_only && d->kind == OCI_FILE_REGULAR);
    int rc = known ? OCI_OK : oci_file_info(l->fd, d->name, w->follow, &e->info, reterr);
    if (rc != OCI_OK)
        return rc;
    if (known)
        e->info = (struct oci_file_info){.kind = d->kind};
    if (oci_ignored(w->ignore, w->path, e->info.kind == OCI_FILE_DIRECTORY))
        return OCI_AGAIN;
    switch (e->info.kind) {
    case OCI_FILE_REGULAR:
        return open_file(w, l, d->name, e, reterr);
    case OCI_FILE_DIRECTORY:
        return open_directory(w, l, d->name, reterr);
    case OCI_FILE_SYMLINK:
        e->link = w->link;
        return read_link(w, l, d->name, reterr);
    case OCI_FILE_OTHER:
    default:
        return oci_pack_refuse(reterr, OCI_INVALID, w->path,
                               "is neither a file nor a directory nor a link and cannot be packed");
    }
}

/* The next entry that is not left out. */
static int step(struct oci_dir_walk *w, struct oci_dir_walk_entry *e, struct oci_err *reterr)
{
    if (!w->begun) {
        w->begun = true;
        return oci_file_info_fd(w->levels[0].fd, &e->info, reterr);
    }
    int rc;
    do {
        while (w->depth > 0 && w->levels[w->depth - 1].at == w->levels[w->depth - 1].count)
            pop(w);
        if (w->depth == 0)
            return OCI_END_OF_CONTENT;
        struct level *l = &w->levels[w->depth - 1];
        const struct oci_dir_entry *d = &l->entries[l->at++];
        rc = set_path(w, l, d->name, reterr);
        if (rc == OCI_OK)
            rc = visit(w, l, d, e, reterr);
    } while (rc == OCI_AGAIN);
    return rc;
}

int oci_dir_walk_next(struct oci_dir_walk *w, struct oci_dir_walk_entry *ret_entry, struct oci_err *reterr)
{
    struct oci_dir_walk_entry e = {.path = w->path, .fd = -1};
    struct oci_err err = {0};
    oci_fd_close(w->file);
    w->file = -1;
    int rc = step(w, &e, &err);
    if (rc < 0) {
        bool named = !*w->path || oci_starts_with(err.text, w->path) || oci_starts_with(err.text, "...");
        oci_err_wrap(&err, "packing %.100s%s%.100s", w->dir, named ? "" : "/", named ? "" : w->path);
        oci_err_about(&err, "%s%s%s", w->dir, *w->path ? "/" : "", w->path);
        return oci_err_copy(reterr, &err);
    }
    if (rc == OCI_OK)
        *ret_entry = e;
    return rc;
}
