/* layout_commit.c - changes of a layout's index.json: a manifest put, a tag taken off, a manifest removed.
 *
 * One job does it, and tries again later where it would have to wait (a job never waits):
 *   the turn among the jobs of this store; the manifest's bytes; everything noted as fresh made durable;
 *   the lock among processes; index.json read, changed, and replaced.
 * The lock is a file of its own, since index.json is replaced by each writer (security-quirks 4.5). While it is held,
 * once a day, temporary files that killed writers left are removed. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/manifest.h"
#include "store/layout.h"
#include "sys/clock.h"

#define LOCK_FILE "index.json.lock"
#define DAY_NS (24 * 3600 * INT64_C(1000000000))
#define TURN_MS 1
#define LOCK_MS 5

enum change { SET, UNTAG, REMOVE };

struct commit {
    struct oci_flow flow;
    struct oci_work work;
    struct oci_layout *layout;
    enum change change;
    struct oci_desc desc;     /* SET; REMOVE: its digest */
    struct oci_bytes *bytes;  /* SET */
    char *tag;                /* SET: or NULL */
    bool turn;                /* the layout's `committing` is ours */
    bool durable;
    int dirfd, lock_fd;
};

static struct commit *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct commit, flow);
}

/* ---- the job (POOL) ------------------------------------------------------------------------ */

static bool take_turn(struct commit *c)
{
    oci_mutex_lock(&c->layout->mutex);
    if (!c->turn && !c->layout->committing)
        c->layout->committing = c->turn = true;
    oci_mutex_unlock(&c->layout->mutex);
    return c->turn;
}

static void give_turn(struct commit *c)
{
    if (!c->turn)
        return;
    oci_mutex_lock(&c->layout->mutex);
    c->layout->committing = c->turn = false;
    oci_mutex_unlock(&c->layout->mutex);
}

/* index.json says what artifact an entry is (image-spec descriptor.md, artifactType), if the document does. */
static int add_artifact_type(struct commit *c, struct oci_err *reterr)
{
    struct oci_manifest *m;
    bool known = oci_media_type_is_manifest(c->desc.media_type) || oci_media_type_is_index(c->desc.media_type);
    if (c->desc.artifact_type || !known)
        return OCI_OK;
    int rc = oci_manifest_parse(c->bytes, c->desc.media_type, NULL, &m, NULL);
    if (rc != OCI_OK)
        return rc == OCI_NO_MEMORY ? oci_err_no_memory(reterr) : OCI_OK; /* not for us to judge */
    c->desc.artifact_type = oci_strdup(m->self.artifact_type);
    bool failed = m->self.artifact_type && !c->desc.artifact_type;
    oci_manifest_free(m);
    return failed ? oci_err_no_memory(reterr) : OCI_OK;
}

static int make_durable(struct commit *c, struct oci_err *reterr)
{
    if (c->durable)
        return OCI_OK;
    int rc = oci_layout_open(c->layout, c->change == SET, &c->dirfd, reterr);
    if (rc == OCI_OK && c->change == SET)
        rc = oci_layout_write(c->layout, &c->desc.digest, c->bytes, reterr);
    if (rc == OCI_OK && c->change == SET)
        rc = add_artifact_type(c, reterr);
    if (rc == OCI_OK)
        rc = oci_layout_sync(c->layout, reterr);
    c->durable = rc == OCI_OK;
    return rc;
}

static int open_lock(struct commit *c, struct oci_err *reterr)
{
    struct oci_err err = {0};
    if (c->lock_fd >= 0)
        return OCI_OK;
    int rc = oci_file_open_read_beneath(c->dirfd, LOCK_FILE, &c->lock_fd, NULL, &err);
    if (rc != OCI_NOT_FOUND)
        return rc == OCI_OK ? rc : oci_err_copy(reterr, &err);
    oci_err_clear(&err);
    rc = oci_file_create(c->dirfd, LOCK_FILE, 0644, &c->lock_fd, &err);
    if (rc == OCI_EXISTS) /* somebody else was faster */
        return oci_file_open_read_beneath(c->dirfd, LOCK_FILE, &c->lock_fd, NULL, reterr);
    return rc == OCI_OK ? rc : oci_err_copy(reterr, &err);
}

static int take_lock(struct commit *c, struct oci_err *reterr)
{
    bool locked = false;
    int rc = open_lock(c, reterr);
    if (rc == OCI_OK)
        rc = oci_file_try_lock(c->lock_fd, &locked, reterr);
    if (rc == OCI_OK && !locked) {
        c->work.again_ms = LOCK_MS;
        return OCI_AGAIN;
    }
    return rc;
}

static void give_lock(struct commit *c)
{
    if (c->lock_fd < 0)
        return;
    oci_file_unlock(c->lock_fd);
    oci_fd_close(c->lock_fd);
    c->lock_fd = -1;
}

/* Once a day what killed writers left is removed: the lock's own time says when that was. What was not written to for
 * a day is nobody's any more. */
static void sweep(struct commit *c)
{
    struct oci_file_info before, now;
    if (oci_file_info_fd(c->lock_fd, &before, NULL) != OCI_OK ||
        before.mtime_ns / 1000000000 > oci_clock_unix() - DAY_NS / 1000000000 || !oci_file_touch(c->lock_fd) ||
        oci_file_info_fd(c->lock_fd, &now, NULL) != OCI_OK)
        return;
    oci_dir_sweep(c->dirfd, now.mtime_ns - DAY_NS);
    static const char *const places[] = {"blobs/" OCI_SHA256, "blobs/" OCI_SHA512};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int fd;
        if (oci_dir_open_beneath(c->dirfd, places[i], false, &fd, NULL) == OCI_OK) {
            oci_dir_sweep(fd, now.mtime_ns - DAY_NS);
            oci_fd_close(fd);
        }
    }
}

static int apply(struct commit *c, struct oci_json *root, bool *ret_found)
{
    *ret_found = true;
    switch (c->change) {
    case SET:
        return oci_layout_index_set(root, &c->desc, c->tag);
    case UNTAG:
        return oci_layout_index_untag(root, c->tag, ret_found);
    case REMOVE:
        return oci_layout_index_remove(root, &c->desc.digest, ret_found);
    }
    return OCI_INVALID;
}

/* The blob of a removed manifest goes too, unless an index still names it. */
static int remove_blob(struct commit *c, const struct oci_json *root, bool listed, struct oci_err *reterr)
{
    bool needed;
    struct oci_err err = {0};
    char path[OCI_LAYOUT_PATH_MAX];
    int rc = oci_layout_reaches(c->layout, root, &c->desc.digest, &needed, reterr);
    if (rc != OCI_OK)
        return rc;
    if (needed && !listed)
        return oci_err_set(reterr, OCI_DENIED,
                           "the manifest %s of the image layout %s is named by an index there, which must go first",
                           c->desc.digest.text, c->layout->dir);
    if (needed)
        return OCI_OK;
    oci_layout_path(&c->desc.digest, path);
    rc = oci_file_unlink(c->dirfd, path, &err);
    return rc == OCI_OK || (rc == OCI_NOT_FOUND && listed) ? OCI_OK : oci_err_copy(reterr, &err);
}

/* What index.json does not name is removed only if it is a manifest; else it is NOT_FOUND. */
static int check_unlisted(struct commit *c, struct oci_err *reterr)
{
    struct oci_desc desc = {0};
    struct oci_bytes *bytes;
    int rc = oci_layout_get(c->layout, c->desc.digest.text, 0, &desc, &bytes, reterr);
    if (rc != OCI_OK)
        return rc;
    oci_bytes_unref(bytes);
    oci_desc_done(&desc);
    return OCI_OK;
}

static int change_root(struct commit *c, struct oci_json *root, struct oci_err *reterr)
{
    bool found;
    if (apply(c, root, &found) != OCI_OK)
        return oci_err_no_memory(reterr);
    if (!found && c->change == UNTAG)
        return oci_err_set(reterr, OCI_NOT_FOUND, "the image layout %s has no tag %s", c->layout->dir, c->tag);
    int rc = found ? oci_layout_index_write(c->dirfd, root, reterr) : check_unlisted(c, reterr);
    if (rc != OCI_OK || c->change != REMOVE)
        return rc;
    return remove_blob(c, root, found, reterr);
}

static int change_index(struct commit *c, struct oci_err *reterr)
{
    struct oci_json *root;
    int rc = oci_layout_index_read(c->dirfd, c->layout->dir, &root, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = change_root(c, root, reterr);
    oci_json_free(root);
    return rc;
}

static int take_lock_and_change(struct commit *c, struct oci_err *reterr)
{
    int rc = take_lock(c, reterr);
    if (rc == OCI_OK)
        rc = change_index(c, reterr);
    if (rc == OCI_OK)
        sweep(c);
    if (rc == OCI_IO) { /* of temporary files, whose names say nothing */
        oci_err_wrap(reterr, "writing to the image layout %s", c->layout->dir);
        oci_err_about(reterr, "%s", c->layout->dir);
    }
    return rc;
}

static int run(struct oci_work *w, struct oci_err *reterr)
{
    struct commit *c = OCI_OWNER(w, struct commit, work);
    if (!take_turn(c)) {
        w->again_ms = TURN_MS;
        return OCI_AGAIN;
    }
    int rc = make_durable(c, reterr);
    if (rc == OCI_OK)
        rc = take_lock_and_change(c, reterr);
    if (rc == OCI_AGAIN)
        return rc;
    give_lock(c);
    give_turn(c);
    return rc;
}

/* ---- flows --------------------------------------------------------------------------------- */

static int done(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

static int start(struct oci_flow *f)
{
    return oci_ask_work(f, &of(f)->work, done);
}

static void commit_free(struct oci_flow *f)
{
    struct commit *c = of(f);
    give_lock(c); /* canceled between two tries */
    give_turn(c);
    oci_desc_done(&c->desc);
    oci_bytes_unref(c->bytes);
    oci_free(c->tag);
}

static const struct oci_flow_type commit_type = {.name = "layout commit", .free = commit_free};

static struct commit *commit_new(struct oci_store *s, enum change change)
{
    struct commit *c = oci_flow_new(sizeof *c, &commit_type, s->host, start);
    if (!c)
        return NULL;
    c->layout = OCI_OWNER(s, struct oci_layout, base);
    c->change = change;
    c->work.run = run;
    c->dirfd = c->lock_fd = -1;
    return c;
}

struct oci_flow *oci_layout_put_manifest(struct oci_store *s, const struct oci_desc *desc, struct oci_bytes *bytes,
                                         const char *tag)
{
    struct commit *c = commit_new(s, SET);
    if (!c)
        return NULL;
    c->bytes = oci_bytes_ref(bytes);
    c->tag = oci_strdup(tag);
    if (oci_desc_copy(desc, &c->desc) != OCI_OK || (tag && !c->tag)) {
        oci_flow_free(&c->flow);
        return NULL;
    }
    return &c->flow;
}

struct oci_flow *oci_layout_untag(struct oci_store *s, const char *tag)
{
    struct commit *c = commit_new(s, UNTAG);
    if (!c)
        return NULL;
    c->tag = oci_strdup(tag);
    if (!c->tag) {
        oci_flow_free(&c->flow);
        return NULL;
    }
    return &c->flow;
}

struct oci_flow *oci_layout_remove(struct oci_store *s, const struct oci_digest *digest)
{
    struct commit *c = commit_new(s, REMOVE);
    if (!c)
        return NULL;
    c->desc.digest = *digest;
    return &c->flow;
}
