/* files.c - the plain files that a pull fills, as a target of flow/graph.h (files.h). */
#include "store/files.h"

#include <stdio.h>

#include "base/mem.h"

/* ---- staging ------------------------------------------------------------------------------- */

bool oci_files_is_staged(const struct oci_file *f)
{
    return f->wanted || f->copy_of != OCI_NO_FILE;
}

void oci_files_staged_name(const struct oci_files *t, char letter, size_t number, char name[OCI_STAGED_MAX])
{
    snprintf(name, OCI_STAGED_MAX, "%s%s%c%zu", t->beside ? t->staging : "", t->beside ? "." : "", letter, number);
}

static void close_staging(struct oci_files *t)
{
    if (!t->beside)
        oci_fd_close(t->staging_fd);
    t->staging_fd = -1;
}

void oci_files_unstage(struct oci_files *t)
{
    if (!t->beside && oci_dir_remove(t->to_fd, t->staging, NULL) != OCI_OK)
        return;
    close_staging(t);
    t->staging[0] = '\0';
}

/* Whatever is left of it. */
static int remove_staging(const struct oci_files *t, struct oci_err *reterr)
{
    if (!t->beside)
        return oci_dir_remove_all(t->to_fd, t->staging, reterr);
    for (size_t i = 0; i < t->count; i++) {
        char name[OCI_STAGED_MAX];
        struct oci_err err = {0};
        if (!oci_files_is_staged(&t->files[i]))
            continue;
        oci_files_staged_name(t, 'f', i, name);
        int rc = oci_file_unlink(t->to_fd, name, &err);
        if (rc != OCI_OK && rc != OCI_NOT_FOUND)
            return oci_err_copy(reterr, &err);
    }
    return OCI_OK;
}

/* ---- discarding ---------------------------------------------------------------------------- */

struct discard {
    struct oci_flow flow;
    struct oci_work work;
    struct oci_files *t;
};

static int run_discard(struct oci_work *w, struct oci_err *reterr)
{
    struct oci_files *t = OCI_OWNER(w, struct discard, work)->t;
    int rc = OCI_OK;
    close_staging(t);
    if (t->staging[0] && !t->keep_staging)
        rc = remove_staging(t, NULL);
    if (rc != OCI_OK) /* once more, since nobody tries later */
        rc = remove_staging(t, reterr);
    t->staging[0] = '\0';
    if (t->made_to && !t->done)
        oci_dir_remove(OCI_CWD, t->to, NULL); /* unless somebody has put something there */
    if (rc != OCI_OK)
        oci_err_wrap(reterr, "%s", t->to);
    return rc;
}

static int discarded(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

static int start_discard(struct oci_flow *f)
{
    struct discard *d = OCI_OWNER(f, struct discard, flow);
    if (!d->t->staging[0] && (d->t->done || !d->t->made_to))
        return OCI_OK;
    d->work.run = run_discard;
    return oci_ask_work(f, &d->work, discarded);
}

struct oci_flow *oci_files_discard_new(struct oci_files *t)
{
    static const struct oci_flow_type type = {.name = "files discard"};
    struct discard *d = oci_flow_new(sizeof *d, &type, t->host, start_discard);
    if (!d)
        return NULL;
    d->t = t;
    return &d->flow;
}

static struct oci_flow *files_discard(struct oci_pull_target *target)
{
    struct oci_files *t = oci_files_of(target);
    struct oci_flow *f = t->discard ? t->discard : oci_files_discard_new(t);
    t->discard = NULL;
    return f;
}

/* ---- the target ---------------------------------------------------------------------------- */

static size_t files_count(struct oci_pull_target *t)
{
    return oci_files_of(t)->count;
}

static const struct oci_desc *files_desc(struct oci_pull_target *t, size_t index)
{
    return oci_files_of(t)->files[index].desc;
}

static bool files_wanted(struct oci_pull_target *t, size_t index)
{
    return oci_files_of(t)->files[index].wanted;
}

static const struct oci_pull_target_type files_type = {
    .plan = oci_files_plan,
    .prepare = oci_files_prepare,
    .count = files_count,
    .desc = files_desc,
    .wanted = files_wanted,
    .put = oci_files_put,
    .commit = oci_files_commit,
    .discard = files_discard,
};

struct oci_pull_target *oci_files_new(struct oci_host *host, const struct oci_files_options *options)
{
    struct oci_files *t = oci_calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->to = oci_strdup(options->to);
    if (!t->to) {
        oci_free(t);
        return NULL;
    }
    t->base.type = &files_type;
    t->host = host;
    t->overwrite = options->overwrite;
    t->sync = options->sync;
    t->unpack = options->unpack;
    t->to_fd = t->staging_fd = t->parent.fd = -1;
    return &t->base;
}

void oci_files_free(struct oci_pull_target *target)
{
    if (!target)
        return;
    struct oci_files *t = oci_files_of(target);
    oci_flow_free(t->discard);
    oci_files_parent_done(t);
    oci_files_deeds_done(t);
    oci_files_forget(t);
    close_staging(t);
    oci_fd_close(t->to_fd);
    oci_free(t->to);
    oci_free(t);
}

size_t oci_files_count(struct oci_pull_target *t)
{
    return oci_files_of(t)->count;
}

void oci_files_get(struct oci_pull_target *t, size_t index, const char **ret_path, const char **ret_title,
                   const struct oci_desc **ret_desc, enum oci_file_state *ret_state)
{
    const struct oci_file *f = &oci_files_of(t)->files[index];
    *ret_path = f->path;
    *ret_title = f->titled ? oci_desc_title(f->desc) : NULL;
    *ret_desc = f->desc;
    *ret_state = f->state;
}

size_t oci_files_position(struct oci_pull_target *t, size_t index)
{
    return oci_files_of(t)->files[index].position;
}
