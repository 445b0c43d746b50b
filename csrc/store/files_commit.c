/* files_commit.c - all staged files get their names, or none does (files.h). */
#include <string.h>

#include "base/mem.h"
#include "content/block.h"
#include "store/files.h"

#define SLICE (64u << 20) /* copied in one go; between two a cancel takes effect */
#define SYNC_EACH 16      /* more files than this are made durable by one sync of the file system */

struct commit {
    struct oci_flow flow;
    struct oci_work work;
    struct oci_files *t;
    size_t next;             /* file that may be a copy */
    int from, to;            /* the copy at work; -1: none */
    uint64_t at;
};

static struct commit *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct commit, flow);
}

static void staged_name(const struct oci_files *t, const struct oci_file *f, char name[OCI_STAGED_MAX])
{
    oci_files_staged_name(t, f->unpack ? 'd' : 'f', (size_t)(f - t->files), name);
}

/* ---- copies (POOL) ------------------------------------------------------------------------- */

static int begin_copy(struct commit *c, const struct oci_file *f, struct oci_err *reterr)
{
    char from[OCI_STAGED_MAX], to[OCI_STAGED_MAX];
    staged_name(c->t, &c->t->files[f->copy_of], from);
    staged_name(c->t, f, to);
    c->at = 0;
    int rc = oci_file_open_read(c->t->staging_fd, from, false, &c->from, NULL, reterr);
    if (rc == OCI_OK)
        rc = oci_file_create(c->t->staging_fd, to, c->t->mode ? 0600 : 0666, &c->to, reterr);
    return rc == OCI_OK && c->t->mode ? oci_file_set_mode(c->to, c->t->mode, reterr) : rc;
}

/* OCI_AGAIN: the slice is over. */
static int copy_some(struct commit *c, struct oci_err *reterr)
{
    size_t size, n = 1;
    char *block = oci_block_get(OCI_BLOCK_READ, OCI_BLOCK_SMALL, &size);
    int rc = block ? OCI_OK : oci_err_no_memory(reterr);
    for (uint64_t stop = c->at + SLICE; rc == OCI_OK && n > 0 && c->at < stop; c->at += rc == OCI_OK ? n : 0) {
        rc = oci_file_pread(c->from, block, size, c->at, &n, reterr);
        if (rc == OCI_OK)
            rc = oci_file_pwrite(c->to, block, n, c->at, reterr);
    }
    oci_block_put(block, size);
    return rc == OCI_OK && n > 0 ? OCI_AGAIN : rc;
}

static int end_copy(struct commit *c, int rc, struct oci_err *reterr)
{
    oci_fd_close(c->from);
    c->from = -1;
    if (c->to >= 0) {
        int closed = oci_file_close(c->to, rc == OCI_OK ? reterr : NULL);
        rc = rc == OCI_OK ? closed : rc;
    }
    c->to = -1;
    return rc;
}

static int make_copies(struct commit *c, struct oci_err *reterr)
{
    for (; c->next < c->t->count; c->next++) {
        struct oci_file *f = &c->t->files[c->next];
        if (f->copy_of == OCI_NO_FILE)
            continue;
        int rc = c->to >= 0 ? OCI_OK : begin_copy(c, f, reterr);
        if (rc == OCI_OK)
            rc = copy_some(c, reterr);
        if (rc == OCI_AGAIN)
            return rc;
        rc = end_copy(c, rc, reterr);
        if (rc != OCI_OK) {
            oci_err_wrap(reterr, "writing %s", f->path);
            return rc;
        }
        f->state = OCI_FILE_FETCHED;
    }
    return OCI_OK;
}

/* ---- durability (POOL) --------------------------------------------------------------------- */

static int sync_staged(struct oci_files *t, struct oci_err *reterr)
{
    size_t count = 0;
    bool trees = false;
    for (size_t i = 0; i < t->count; i++) {
        count += oci_files_is_staged(&t->files[i]) ? 1 : 0;
        trees = trees || t->files[i].unpack;
    }
    if (trees || count > SYNC_EACH)
        return oci_file_sync_all(t->to_fd, reterr);
    int rc = OCI_OK;
    for (size_t i = 0; rc == OCI_OK && i < t->count; i++) {
        char name[OCI_STAGED_MAX];
        int fd;
        if (!oci_files_is_staged(&t->files[i]))
            continue;
        staged_name(t, &t->files[i], name);
        rc = oci_file_open_read(t->staging_fd, name, false, &fd, NULL, reterr);
        if (rc == OCI_OK) {
            rc = oci_file_sync(fd, reterr);
            oci_fd_close(fd);
        }
    }
    return rc;
}

static bool same_dir(const char *a, const char *b)
{
    const char *a_slash = strrchr(a, '/'), *b_slash = strrchr(b, '/');
    size_t a_len = a_slash ? (size_t)(a_slash - a) : 0, b_len = b_slash ? (size_t)(b_slash - b) : 0;
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* The directories that have got new names; neighbours are mostly in the same. */
static int sync_names(struct oci_files *t, struct oci_err *reterr)
{
    int rc = OCI_OK;
    for (size_t i = 0; rc == OCI_OK && i < t->deed_count; i++) {
        int fd;
        const char *base;
        if (i > 0 && same_dir(t->deeds[i - 1].name, t->deeds[i].name))
            continue;
        rc = oci_files_parent(t, t->deeds[i].name, false, &fd, &base, reterr);
        if (rc == OCI_OK)
            rc = oci_file_sync(fd, reterr);
    }
    return rc;
}

/* ---- the job ------------------------------------------------------------------------------- */

static int place_all(struct oci_files *t, struct oci_err *reterr)
{
    int rc = OCI_OK;
    for (size_t i = 0; rc == OCI_OK && i < t->count; i++) {
        char name[OCI_STAGED_MAX];
        if (!oci_files_is_staged(&t->files[i]))
            continue;
        staged_name(t, &t->files[i], name);
        rc = oci_files_place(t, &t->files[i], name, reterr);
    }
    return rc;
}

static int run(struct oci_work *w, struct oci_err *reterr)
{
    struct commit *c = OCI_OWNER(w, struct commit, work);
    struct oci_files *t = c->t;
    w->again_ms = 0;
    int rc = make_copies(c, reterr);
    if (rc == OCI_AGAIN)
        return rc;
    if (rc == OCI_OK && t->sync)
        rc = sync_staged(t, reterr);
    if (rc == OCI_OK)
        rc = place_all(t, reterr);
    if (rc == OCI_OK && t->sync)
        rc = sync_names(t, reterr);
    oci_files_parent_done(t);
    if (rc != OCI_OK)
        oci_files_undo(t);
    else
        oci_files_unstage(t);
    if (t->keep_staging)
        oci_err_wrap(reterr, "files that were overwritten are left in %s/%s", t->to, t->staging);
    return rc;
}

static int run_undo(struct oci_work *w, struct oci_err *reterr)
{
    (void)reterr;
    oci_files_undo(OCI_OWNER(w, struct commit, work)->t);
    return OCI_OK;
}

/* ---- the flow ------------------------------------------------------------------------------ */

static int committed(struct oci_flow *f)
{
    oci_files_deeds_done(of(f)->t);
    of(f)->t->done = true;
    oci_flow_ignore_cancel(f);
    return OCI_OK;
}

static int start(struct oci_flow *f)
{
    struct commit *c = of(f);
    if (c->t->staging_fd < 0)
        return committed(f); /* everything was there */
    c->work.run = run;
    return oci_ask_work(f, &c->work, committed);
}

static int undone(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

/* Canceled while the job ran: what is canceled leaves nothing behind. */
static int abandon(struct oci_flow *f)
{
    struct commit *c = of(f);
    if (c->t->deed_count == 0)
        return OCI_OK;
    c->work.run = run_undo;
    return oci_ask_work(f, &c->work, undone);
}

static void commit_free(struct oci_flow *f)
{
    end_copy(of(f), OCI_OK, NULL);
}

struct oci_flow *oci_files_commit(struct oci_pull_target *target)
{
    static const struct oci_flow_type type = {.name = "files commit", .abandon = abandon, .free = commit_free};
    struct oci_files *t = oci_files_of(target);
    struct commit *c = oci_flow_new(sizeof *c, &type, t->host, start);
    if (!c)
        return NULL;
    c->t = t;
    c->from = c->to = -1;
    if (!t->discard)
        t->discard = oci_files_discard_new(t);
    if (!t->discard) {
        oci_flow_free(&c->flow);
        return NULL;
    }
    return &c->flow;
}
