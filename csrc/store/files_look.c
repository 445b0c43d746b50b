/* files_look.c - before anything is downloaded: what of it is there already, and what is in its way (files.h). */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/limits.h"
#include "base/mem.h"
#include "content/block.h"
#include "store/files.h"
#include "sys/clock.h"

#define STAGING ".oci-pull-"
#define BESIDE_MOST 8     /* files: more are worth a directory */
#define SLICE (64u << 20) /* hashed in one go; between two a cancel takes effect */

struct prepare {
    struct oci_flow flow;
    struct oci_work work;
    struct oci_files *t;
    bool staged;             /* the staging directory is there, if one is needed */
    size_t next;             /* file to be looked at */
    struct oci_hash *hash;   /* of the one that is there */
    int fd;
    uint64_t at;
};

/* ---- one file (POOL) ----------------------------------------------------------------------- */

static int exists(const struct oci_file *f, const char *what, struct oci_err *reterr)
{
    return oci_files_refuse(OCI_EXISTS, f->path, what, reterr);
}

/* A file whose content is not the one that is wanted. */
static int differs(const struct oci_files *t, struct oci_file *f, const char *what, struct oci_err *reterr)
{
    f->wanted = true;
    return t->overwrite ? OCI_OK : exists(f, what, reterr);
}

static int begin_hash(struct prepare *p, const struct oci_file *f, int dirfd, const char *base, struct oci_err *reterr)
{
    int rc = oci_hash_new(oci_digest_algorithm(&f->desc->digest), &p->hash, reterr);
    if (rc == OCI_OK)
        rc = oci_file_open_read(dirfd, base, false, &p->fd, NULL, reterr);
    p->at = 0;
    return rc == OCI_OK ? OCI_AGAIN : rc;
}

static void hash_done(struct prepare *p)
{
    oci_hash_free(p->hash);
    oci_fd_close(p->fd);
    p->hash = NULL;
    p->fd = -1;
}

/* OCI_AGAIN: another slice is to be hashed. */
static int go_on_hashing(struct prepare *p, struct oci_file *f, struct oci_err *reterr)
{
    size_t size, n = 1;
    char *block = oci_block_get(OCI_BLOCK_READ, OCI_BLOCK_SMALL, &size);
    struct oci_digest found;
    int rc = block ? OCI_OK : oci_err_no_memory(reterr);
    for (uint64_t stop = p->at + SLICE; rc == OCI_OK && n > 0 && p->at < stop; p->at += n) {
        rc = oci_file_pread(p->fd, block, size, p->at, &n, reterr);
        if (rc != OCI_OK)
            break;
        if (oci_hash_add(p->hash, block, n) != OCI_OK)
            rc = oci_err_no_memory(reterr);
    }
    oci_block_put(block, size);
    if (rc == OCI_OK && n > 0)
        return OCI_AGAIN;
    if (rc == OCI_OK && oci_hash_end(p->hash, &found) != OCI_OK)
        rc = oci_err_no_memory(reterr);
    hash_done(p);
    if (rc != OCI_OK) {
        oci_err_wrap(reterr, "reading %s", f->path);
        return rc;
    }
    if (!oci_digest_equal(&found, &f->desc->digest))
        return differs(p->t, f, "different (overwrite is off)", reterr);
    f->state = OCI_FILE_UNCHANGED;
    return OCI_OK;
}

static int look_at_place_of_directory(struct oci_file *f, const struct oci_file_info *info, struct oci_err *reterr)
{
    f->wanted = true;
    if (info->kind == OCI_FILE_SYMLINK)
        return oci_files_refuse(OCI_UNSAFE_PATH, f->path, "a symbolic link, which is not followed", reterr);
    f->is_there = info->kind == OCI_FILE_DIRECTORY;
    return f->is_there ? OCI_OK : exists(f, "not a directory", reterr);
}

static int look_at(struct prepare *p, struct oci_file *f, struct oci_err *reterr)
{
    int dirfd;
    const char *base;
    struct oci_file_info info;
    struct oci_err err = {0};
    if (p->t->made_to) { /* there is nothing in it, and what comes meanwhile is in the way of the name only */
        f->wanted = true;
        return OCI_OK;
    }
    int rc = oci_files_parent(p->t, f->name, false, &dirfd, &base, &err);
    if (rc == OCI_OK)
        rc = oci_file_info(dirfd, base, false, &info, &err);
    if (rc == OCI_NOT_FOUND) {
        f->wanted = true;
        return OCI_OK;
    }
    if (rc != OCI_OK)
        return oci_err_copy(reterr, &err);
    if (f->unpack)
        return look_at_place_of_directory(f, &info, reterr);
    if (info.kind == OCI_FILE_DIRECTORY)
        return exists(f, "a directory", reterr);
    if (info.kind != OCI_FILE_REGULAR)
        return differs(p->t, f,
                       info.kind == OCI_FILE_SYMLINK ? "a symbolic link (overwrite is off)"
                                                     : "not a regular file (overwrite is off)",
                       reterr);
    if (info.size != f->desc->size)
        return differs(p->t, f, "different (overwrite is off)", reterr);
    return begin_hash(p, f, dirfd, base, reterr);
}

/* ---- all of them (POOL) -------------------------------------------------------------------- */

/* A digest that several files have is fetched once. */
static int find_copies(struct oci_files *t, struct oci_err *reterr)
{
    struct oci_map first; /* digest to the struct oci_file */
    oci_map_init(&first, OCI_MAX_LAYERS);
    int rc = OCI_OK;
    for (size_t i = 0; rc == OCI_OK && i < t->count; i++) {
        struct oci_file *f = &t->files[i];
        if (!f->wanted || f->unpack)
            continue;
        const struct oci_file *other = oci_map_get(&first, f->desc->digest.text);
        if (!other) {
            rc = oci_map_set(&first, f->desc->digest.text, f, NULL);
        } else if (other->desc->size == f->desc->size) {
            f->copy_of = (size_t)(other - t->files);
            f->wanted = false;
        }
    }
    oci_map_done(&first, NULL);
    return rc == OCI_OK ? rc : oci_err_no_memory(reterr);
}

static int open_target(struct oci_files *t, struct oci_err *reterr)
{
    struct oci_err err = {0};
    if (t->to_fd >= 0)
        return OCI_OK;
    int rc = oci_dir_open(OCI_CWD, t->to, false, &t->to_fd, &err);
    if (rc == OCI_NOT_FOUND) {
        oci_err_clear(&err);
        rc = oci_dir_make(OCI_CWD, t->to, &t->made_to, &err);
        if (rc == OCI_OK)
            rc = oci_dir_open(OCI_CWD, t->to, false, &t->to_fd, &err);
    }
    return rc == OCI_OK ? rc : oci_err_copy(reterr, &err);
}

static int make_staging(struct oci_files *t, struct oci_err *reterr)
{
    int rc = find_copies(t, reterr);
    size_t count = 0;
    bool trees = false;
    for (size_t i = 0; i < t->count; i++) {
        count += oci_files_is_staged(&t->files[i]) ? 1 : 0;
        trees = trees || (t->files[i].wanted && t->files[i].unpack);
    }
    if (rc != OCI_OK || count == 0)
        return rc;
    t->beside = t->made_to && count <= BESIDE_MOST && !trees && !t->overwrite &&
                oci_file_mode_in(t->to_fd, 0666, &t->mode);
    if (t->beside) {
        snprintf(t->staging, sizeof t->staging, STAGING "%016llx", (unsigned long long)oci_random_u64());
        t->staging_fd = t->to_fd;
        return OCI_OK;
    }
    rc = oci_dir_make_temporary(t->to_fd, STAGING, t->staging, &t->staging_fd, reterr);
    if (rc != OCI_OK) {
        oci_err_wrap(reterr, "%s", t->to);
        oci_err_about(reterr, "%s", t->to);
    }
    return rc;
}

static bool any_to_compare(const struct oci_files *t)
{
    for (size_t i = 0; i < t->count; i++) {
        if (oci_files_may_be_same(&t->files[i]))
            return true;
    }
    return false;
}

static int run(struct oci_work *w, struct oci_err *reterr)
{
    struct prepare *p = OCI_OWNER(w, struct prepare, work);
    struct oci_files *t = p->t;
    w->again_ms = 0;
    int rc = open_target(t, reterr);
    uint64_t hashed = 0;
    while (rc == OCI_OK && p->next < t->count) {
        struct oci_file *f = &t->files[p->next];
        rc = p->hash ? OCI_AGAIN : look_at(p, f, reterr);
        if (rc == OCI_AGAIN) {
            if (hashed >= SLICE)
                return OCI_AGAIN;
            hashed += f->desc->size;
            rc = go_on_hashing(p, f, reterr);
        }
        if (rc == OCI_AGAIN)
            return rc;
        p->next++;
    }
    oci_files_parent_done(t);
    p->staged = rc == OCI_OK && !any_to_compare(t);
    return p->staged ? make_staging(t, reterr) : rc;
}

static int run_stage(struct oci_work *w, struct oci_err *reterr)
{
    return make_staging(OCI_OWNER(w, struct prepare, work)->t, reterr);
}

/* ---- the flow ------------------------------------------------------------------------------ */

static int prepared(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

static int on_compared(struct oci_flow *f)
{
    struct prepare *p = OCI_OWNER(f, struct prepare, flow);
    p->work.run = run_stage;
    return oci_ask_work(f, &p->work, prepared);
}

static int on_looked(struct oci_flow *f)
{
    const struct prepare *p = OCI_OWNER(f, struct prepare, flow);
    if (p->staged)
        return OCI_OK;
    oci_spawn(f, oci_files_compare_dirs(p->t));
    return oci_ask_children(f, on_compared);
}

static int start(struct oci_flow *f)
{
    return oci_ask_work(f, &OCI_OWNER(f, struct prepare, flow)->work, on_looked);
}

static void prepare_free(struct oci_flow *f)
{
    hash_done(OCI_OWNER(f, struct prepare, flow));
}

struct oci_flow *oci_files_prepare(struct oci_pull_target *target)
{
    static const struct oci_flow_type type = {.name = "files prepare", .free = prepare_free};
    struct oci_files *t = oci_files_of(target);
    struct prepare *p = oci_flow_new(sizeof *p, &type, t->host, start);
    if (!p)
        return NULL;
    p->t = t;
    p->fd = -1;
    p->work.run = run;
    return &p->flow;
}
