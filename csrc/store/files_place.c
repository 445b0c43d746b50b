/* files_place.c - giving staged files their names, all or none (files.h).
 *
 * Each deed is noted before it is done, so that whatever fails, or a cancel, can be undone in reverse order. What is
 * overwritten is moved into the staging directory first and removed with it at the end. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "content/block.h"
#include "store/files.h"

#define MAX_DEEDS 4000000
#define MAX_MERGE_DEPTH 128 /* each level holds two descriptors */

/* ---- directories --------------------------------------------------------------------------- */

void oci_files_parent_done(struct oci_files *t)
{
    if (t->parent.dir)
        oci_fd_close(t->parent.fd);
    oci_free(t->parent.dir);
    t->parent = (struct oci_parent){.fd = -1};
}

static int note(struct oci_files *t, enum oci_deed_kind kind, const char *name, struct oci_err *reterr)
{
    struct oci_deed *deeds = oci_grow(t->deeds, &t->deed_cap, t->deed_count + 1, sizeof *deeds, MAX_DEEDS);
    if (!deeds)
        return oci_err_no_memory(reterr);
    t->deeds = deeds;
    struct oci_deed *d = &deeds[t->deed_count];
    *d = (struct oci_deed){kind, t->deed_count, oci_strdup(name)};
    if (!d->name)
        return oci_err_no_memory(reterr);
    t->deed_count++;
    return OCI_OK;
}

/* It was not done after all. */
static void unnote(struct oci_files *t)
{
    oci_free(t->deeds[--t->deed_count].name);
}

/* Opens `dir`, and makes what is missing of it, one directory after the other. */
static int make_dirs(struct oci_files *t, const char *dir, int *ret_fd, struct oci_err *reterr)
{
    char prefix[OCI_MAX_PATH + 1];
    size_t len = strlen(dir);
    int rc = len > OCI_MAX_PATH ? oci_err_set(reterr, OCI_LIMIT, "%.100s... is too long", dir) : OCI_OK;
    for (size_t at = 1; rc == OCI_OK && at <= len; at++) {
        if (at < len && dir[at] != '/')
            continue;
        struct oci_err err = {0};
        int fd;
        memcpy(prefix, dir, at);
        prefix[at] = '\0';
        rc = oci_dir_open_beneath(t->to_fd, prefix, false, &fd, &err);
        if (rc == OCI_NOT_FOUND) {
            /* Noted also when it fails: it may have been made, and then not opened. */
            rc = note(t, OCI_MADE_DIR, prefix, reterr);
            if (rc == OCI_OK)
                rc = oci_dir_open_beneath(t->to_fd, prefix, true, &fd, reterr);
        } else if (rc != OCI_OK) {
            oci_err_copy(reterr, &err);
        }
        if (rc == OCI_OK && at == len)
            *ret_fd = fd;
        else if (rc == OCI_OK)
            oci_fd_close(fd);
    }
    return rc;
}

int oci_files_refuse(int code, const char *path, const char *what, struct oci_err *reterr)
{
    struct oci_err err = {0};
    oci_err_set(&err, code, "%s %s %s", path, code == OCI_EXISTS ? "is there already, and is" : "is", what);
    oci_err_about(&err, "%s", path);
    return oci_err_copy(reterr, &err);
}

/* The same of a name below the target. */
static int refuse(const struct oci_files *t, int code, const char *name, const char *what, struct oci_err *reterr)
{
    char *path = oci_asprintf("%s/%s", t->to, name);
    int rc = path ? oci_files_refuse(code, path, what, reterr) : oci_err_no_memory(reterr);
    oci_free(path);
    return rc;
}

/* Why a directory cannot be opened: is a file in its place? */
static int in_the_way(struct oci_files *t, const char *dir, const struct oci_err *why, struct oci_err *reterr)
{
    char prefix[OCI_MAX_PATH + 1];
    size_t len = strlen(dir);
    for (size_t at = 1; at <= len && at <= OCI_MAX_PATH; at++) {
        struct oci_file_info info;
        if (at < len && dir[at] != '/')
            continue;
        memcpy(prefix, dir, at);
        prefix[at] = '\0';
        if (oci_file_info(t->to_fd, prefix, false, &info, NULL) != OCI_OK)
            break;
        if (info.kind == OCI_FILE_SYMLINK)
            return refuse(t, OCI_UNSAFE_PATH, prefix, "a symbolic link, which is not followed", reterr);
        if (info.kind != OCI_FILE_DIRECTORY)
            return refuse(t, OCI_EXISTS, prefix, "not a directory", reterr);
    }
    return oci_err_copy(reterr, why);
}

int oci_files_parent(struct oci_files *t, const char *name, bool make, int *ret_fd, const char **ret_base,
                     struct oci_err *reterr)
{
    const char *slash = strrchr(name, '/');
    struct oci_err err = {0};
    *ret_base = slash ? slash + 1 : name;
    if (!slash) {
        *ret_fd = t->to_fd;
        return OCI_OK;
    }
    size_t len = (size_t)(slash - name);
    if (t->parent.dir && strlen(t->parent.dir) == len && memcmp(t->parent.dir, name, len) == 0) {
        *ret_fd = t->parent.fd;
        return OCI_OK;
    }
    oci_files_parent_done(t);
    char *dir = oci_strndup(name, len);
    if (!dir)
        return oci_err_no_memory(reterr);
    int fd;
    int rc = oci_dir_open_beneath(t->to_fd, dir, false, &fd, &err);
    if (rc == OCI_NOT_FOUND && make) {
        oci_err_clear(&err);
        rc = make_dirs(t, dir, &fd, &err);
    }
    if (rc != OCI_OK) {
        rc = rc == OCI_NOT_FOUND ? oci_err_copy(reterr, &err) : in_the_way(t, dir, &err, reterr);
        oci_free(dir);
        return rc;
    }
    t->parent = (struct oci_parent){dir, fd};
    *ret_fd = fd;
    return OCI_OK;
}

/* ---- one name ------------------------------------------------------------------------------ */

/* Moves what is at `base` in `fd` out of the way. */
static int set_aside(struct oci_files *t, int fd, const char *base, const char *name, struct oci_err *reterr)
{
    char aside[OCI_STAGED_MAX];
    int rc = note(t, OCI_MOVED_ASIDE, name, reterr);
    if (rc != OCI_OK)
        return rc;
    oci_files_staged_name(t, 'o', t->deeds[t->deed_count - 1].number, aside);
    rc = oci_file_rename(fd, base, t->staging_fd, aside, false, reterr);
    if (rc != OCI_OK)
        unnote(t);
    return rc;
}

/* Moves `staged` in `from` to `base` in `fd`, which is `name` below the target. OCI_EXISTS when something is there. */
static int try_to_move_in(struct oci_files *t, int from, const char *staged, int fd, const char *base, const char *name,
                          struct oci_err *reterr)
{
    int rc = note(t, OCI_MOVED_IN, name, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_file_rename(from, staged, fd, base, false, reterr);
    if (rc != OCI_OK)
        unnote(t);
    return rc;
}

static int move_in(struct oci_files *t, int from, const char *staged, int fd, const char *base, const char *name,
                   struct oci_err *reterr)
{
    struct oci_err err = {0};
    int rc = try_to_move_in(t, from, staged, fd, base, name, &err);
    if (rc == OCI_EXISTS) /* it came while we were downloading */
        return refuse(t, OCI_EXISTS, name, "something else", reterr);
    return rc == OCI_OK ? rc : oci_err_copy(reterr, &err);
}

/* Puts a file where something else may be. */
static int place_file(struct oci_files *t, int from, const char *staged, int fd, const char *base, const char *name,
                      struct oci_err *reterr)
{
    struct oci_file_info there;
    struct oci_err err = {0};
    int rc = try_to_move_in(t, from, staged, fd, base, name, &err);
    if (rc != OCI_EXISTS)
        return rc == OCI_OK ? rc : oci_err_copy(reterr, &err);
    oci_err_clear(&err);
    rc = oci_file_info(fd, base, false, &there, &err);
    if (rc != OCI_OK && rc != OCI_NOT_FOUND)
        return oci_err_copy(reterr, &err);
    if (rc == OCI_OK && there.kind == OCI_FILE_DIRECTORY)
        return refuse(t, OCI_EXISTS, name, "a directory", reterr);
    if (rc == OCI_OK && !t->overwrite)
        return refuse(t, OCI_EXISTS, name, "something else (overwrite is off)", reterr);
    if (rc == OCI_OK && (rc = set_aside(t, fd, base, name, reterr)) != OCI_OK)
        return rc;
    return move_in(t, from, staged, fd, base, name, reterr);
}

/* ---- merging a directory ------------------------------------------------------------------- */

static int read_block(int fd, char *p, size_t size, uint64_t off, size_t *ret_n, struct oci_err *reterr)
{
    size_t len = 0, n = 1;
    while (n > 0 && len < size) {
        int rc = oci_file_pread(fd, p + len, size - len, off + len, &n, reterr);
        if (rc != OCI_OK)
            return rc;
        len += n;
    }
    *ret_n = len;
    return OCI_OK;
}

static int same_content(int a, int b, bool *ret_same, struct oci_err *reterr)
{
    size_t size;
    char *p = oci_block_get(2 * OCI_BLOCK_READ, 2 * OCI_BLOCK_SMALL, &size);
    if (!p)
        return oci_err_no_memory(reterr);
    size_t half = size / 2, n = half, m;
    int rc = OCI_OK;
    *ret_same = true;
    for (uint64_t off = 0; rc == OCI_OK && *ret_same && n == half; off += n) {
        rc = read_block(a, p, half, off, &n, reterr);
        if (rc == OCI_OK)
            rc = read_block(b, p + half, half, off, &m, reterr);
        if (rc == OCI_OK)
            *ret_same = n == m && memcmp(p, p + half, n) == 0;
    }
    oci_block_put(p, size);
    return rc;
}

int oci_files_same(int a_dirfd, const char *a, int b_dirfd, const char *b, bool *ret_same, struct oci_err *reterr)
{
    struct oci_file_info a_info, b_info;
    int a_fd, b_fd;
    int rc = oci_file_open_read(a_dirfd, a, false, &a_fd, &a_info, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_file_open_read(b_dirfd, b, false, &b_fd, &b_info, reterr);
    if (rc == OCI_OK) {
        *ret_same = false;
        if (a_info.size == b_info.size)
            rc = same_content(a_fd, b_fd, ret_same, reterr);
        oci_fd_close(b_fd);
    }
    oci_fd_close(a_fd);
    return rc;
}

static int same_link(int a_dirfd, int b_dirfd, const char *name, bool *ret_same, struct oci_err *reterr)
{
    char a[OCI_MAX_PATH + 1], b[OCI_MAX_PATH + 1];
    int rc = oci_file_readlink(a_dirfd, name, a, sizeof a, reterr);
    if (rc == OCI_OK)
        rc = oci_file_readlink(b_dirfd, name, b, sizeof b, reterr);
    *ret_same = rc == OCI_OK && strcmp(a, b) == 0;
    return rc;
}

/* Two directories: unpacked, and there already. `name` is the latter's below the target. */
struct merge {
    struct oci_files *t;
    int from, to;
    const char *name;
    unsigned depth;
};

static int merge_dir(const struct merge *outer, const char *base, const char *name, struct oci_err *reterr);

/* The file that is there has the same bytes: it stays, unless one of the two is a program and the other is not. Then ours takes
 * its place, also where nothing is overwritten, since none of its bytes is lost; who may read and write it stays as it is. */
static int merge_same(const struct merge *m, const struct oci_file_info *ours, const struct oci_file_info *there,
                      const char *base, const char *name, struct oci_err *reterr)
{
    int fd;
    unsigned mode = there->mode & 0666;
    if (ours->kind == OCI_FILE_SYMLINK || !((ours->mode ^ there->mode) & 0100))
        return OCI_OK;
    if (ours->mode & 0100)
        mode |= (mode & 0444) >> 2;
    int rc = oci_file_open_read(m->from, base, false, &fd, NULL, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_file_set_mode(fd, mode, reterr);
    oci_fd_close(fd);
    if (rc == OCI_OK)
        rc = set_aside(m->t, m->to, base, name, reterr);
    return rc == OCI_OK ? move_in(m->t, m->from, base, m->to, base, name, reterr) : rc;
}

static int merge_entry(const struct merge *m, const char *base, const char *name, struct oci_err *reterr)
{
    struct oci_file_info ours, there;
    struct oci_err err = {0};
    bool same = false;
    int rc = oci_file_info(m->to, base, false, &there, &err);
    if (rc == OCI_NOT_FOUND)
        return move_in(m->t, m->from, base, m->to, base, name, reterr);
    if (rc != OCI_OK)
        return oci_err_copy(reterr, &err);
    rc = oci_file_info(m->from, base, false, &ours, reterr);
    if (rc != OCI_OK)
        return rc;
    if (ours.kind == OCI_FILE_DIRECTORY && there.kind == OCI_FILE_DIRECTORY)
        return merge_dir(m, base, name, reterr);
    if (ours.kind == OCI_FILE_DIRECTORY)
        return refuse(m->t, OCI_EXISTS, name, "not a directory", reterr);
    if (ours.kind == there.kind && ours.kind == OCI_FILE_REGULAR)
        rc = oci_files_same(m->from, base, m->to, base, &same, reterr);
    else if (ours.kind == there.kind && ours.kind == OCI_FILE_SYMLINK)
        rc = same_link(m->from, m->to, base, &same, reterr);
    if (rc != OCI_OK)
        return rc;
    if (same)
        return merge_same(m, &ours, &there, base, name, reterr);
    return place_file(m->t, m->from, base, m->to, base, name, reterr);
}

static int merge_entries(const struct merge *m, struct oci_err *reterr)
{
    char **names;
    size_t count;
    int rc = oci_dir_list(m->from, &names, &count, reterr);
    if (rc != OCI_OK)
        return rc;
    for (size_t i = 0; rc == OCI_OK && i < count; i++) {
        char *name = oci_asprintf("%s/%s", m->name, names[i]);
        if (!name)
            rc = oci_err_no_memory(reterr);
        else if (strlen(name) > OCI_MAX_PATH) /* it could not be undone */
            rc = oci_err_set(reterr, OCI_LIMIT, "the path %.100s... is too long", name);
        else
            rc = merge_entry(m, names[i], name, reterr);
        oci_free(name);
    }
    oci_names_free(names);
    return rc;
}

static int merge_dir(const struct merge *outer, const char *base, const char *name, struct oci_err *reterr)
{
    struct merge m = {outer->t, -1, -1, name, outer->depth + 1};
    if (m.depth > MAX_MERGE_DEPTH)
        return oci_err_set(reterr, OCI_LIMIT, "%s has too many directories inside each other", name);
    int rc = oci_dir_open_beneath(outer->from, base, false, &m.from, reterr);
    if (rc == OCI_OK)
        rc = oci_dir_open_beneath(outer->to, base, false, &m.to, reterr);
    if (rc == OCI_OK)
        rc = merge_entries(&m, reterr);
    oci_fd_close(m.from);
    oci_fd_close(m.to);
    return rc;
}

/* `staged` and `base` have different names, so the outermost level is not like the others. */
static int place_dir(struct oci_files *t, const char *staged, int fd, const char *base, const char *name,
                     struct oci_err *reterr)
{
    struct oci_file_info there;
    struct oci_err err = {0};
    struct merge m = {t, -1, -1, name, 0};
    int rc = oci_file_info(fd, base, false, &there, &err);
    if (rc == OCI_NOT_FOUND)
        return move_in(t, t->staging_fd, staged, fd, base, name, reterr);
    if (rc != OCI_OK)
        return oci_err_copy(reterr, &err);
    if (there.kind != OCI_FILE_DIRECTORY)
        return refuse(t, OCI_EXISTS, name, "not a directory", reterr);
    rc = oci_dir_open_beneath(t->staging_fd, staged, false, &m.from, reterr);
    if (rc == OCI_OK)
        rc = oci_dir_open_beneath(fd, base, false, &m.to, reterr);
    if (rc == OCI_OK)
        rc = merge_entries(&m, reterr);
    oci_fd_close(m.from);
    oci_fd_close(m.to);
    return rc;
}

int oci_files_place(struct oci_files *t, const struct oci_file *f, const char *staged, struct oci_err *reterr)
{
    int fd = -1;
    const char *base;
    int rc = oci_files_parent(t, f->name, true, &fd, &base, reterr);
    if (rc != OCI_OK)
        return rc;
    if (f->unpack)
        return place_dir(t, staged, fd, base, f->name, reterr);
    return place_file(t, t->staging_fd, staged, fd, base, f->name, reterr);
}

/* ---- undoing ------------------------------------------------------------------------------- */

/* Opens the directory that `name` is in; without memory, since the want of it may be why something is undone. */
static int open_parent(const struct oci_files *t, const char *name, int *ret_fd)
{
    char dir[OCI_MAX_PATH + 1] = ".";
    const char *slash = strrchr(name, '/');
    if (slash && oci_str_copy(dir, sizeof dir, (struct oci_str){name, (size_t)(slash - name)}) != OCI_OK)
        return OCI_LIMIT;
    return oci_dir_open_beneath(t->to_fd, dir, false, ret_fd, NULL);
}

static int undo_deed(const struct oci_files *t, const struct oci_deed *d)
{
    char number[OCI_STAGED_MAX];
    const char *slash = strrchr(d->name, '/'), *base = slash ? slash + 1 : d->name;
    int fd;
    int rc = open_parent(t, d->name, &fd);
    if (rc != OCI_OK)
        return rc;
    oci_files_staged_name(t, d->kind == OCI_MOVED_ASIDE ? 'o' : 'r', d->number, number);
    switch (d->kind) {
    case OCI_MOVED_IN:
        if (t->staging_fd >= 0 && !t->beside)
            rc = oci_file_rename(fd, base, t->staging_fd, number, false, NULL);
        else
            rc = oci_dir_remove_all(fd, base, NULL); /* as it would be there */
        break;
    case OCI_MOVED_ASIDE:
        rc = oci_file_rename(t->staging_fd, number, fd, base, false, NULL);
        break;
    case OCI_MADE_DIR:
        oci_dir_remove(fd, base, NULL); /* unless somebody has put something there */
        break;
    }
    oci_fd_close(fd);
    return rc;
}

void oci_files_undo(struct oci_files *t)
{
    oci_files_parent_done(t);
    while (t->deed_count > 0) {
        const struct oci_deed *d = &t->deeds[t->deed_count - 1];
        int rc = undo_deed(t, d);
        if (rc != OCI_OK && d->kind == OCI_MOVED_ASIDE)
            t->keep_staging = true;
        unnote(t);
    }
}

void oci_files_deeds_done(struct oci_files *t)
{
    while (t->deed_count > 0)
        unnote(t);
    oci_free(t->deeds);
    t->deeds = NULL;
    t->deed_cap = 0;
}
