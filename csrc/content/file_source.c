/* file_source.c - regular files as sources: opened on the pool, read on the engine (transfer-speed 2: through the
 * pool it costs twice the CPU). */
#include <inttypes.h>

#include "base/mem.h"
#include "base/limits.h"
#include "content/content_kinds.h"
#include "sys/file.h"

struct file_source {
    struct oci_source base;
    char *path;             /* below `dir` or `dirfd`, or as the caller gave it */
    bool beneath;           /* links are refused, and leaving the directory */
    int dirfd;
    int (*dir)(void *ctx, int *ret_dirfd, struct oci_err *reterr); /* or NULL */
    void *ctx;
    char *where;            /* for messages, or NULL */
    uint64_t file_size;     /* OCI_SIZE_UNKNOWN until the first open */
    uint64_t offset, length;
    int fd;
    uint64_t at;            /* bytes read since the beginning of the part */
};

static struct file_source *file_source(struct oci_source *s)
{
    return (struct file_source *)(void *)s;
}

/* The size of what is to be read, once the file's is known. */
static uint64_t part_size(const struct file_source *f)
{
    if (f->file_size == OCI_SIZE_UNKNOWN)
        return OCI_SIZE_UNKNOWN;
    uint64_t rest = f->offset < f->file_size ? f->file_size - f->offset : 0;
    return f->length < rest ? f->length : rest;
}

static int changed(const struct file_source *f, struct oci_err *reterr)
{
    struct oci_err err = {0};
    oci_err_set(&err, OCI_SIZE_MISMATCH, "%s has changed meanwhile: it is no longer %" PRIu64 " bytes long", f->path,
                f->file_size);
    oci_err_about(&err, "%s", f->path);
    return oci_err_copy(reterr, &err);
}

static int open_file(const struct file_source *f, int *ret_fd, struct oci_file_info *ret_info, struct oci_err *reterr)
{
    int dirfd = f->dirfd;
    int rc = f->dir ? f->dir(f->ctx, &dirfd, reterr) : OCI_OK;
    if (rc != OCI_OK)
        return rc;
    if (!f->beneath)
        return oci_file_open_read(dirfd, f->path, true, ret_fd, ret_info, reterr);
    rc = oci_file_open_read_beneath(dirfd, f->path, ret_fd, ret_info, reterr);
    if (rc == OCI_INVALID) { /* a FIFO, a device, a directory: as bad here as a link (T44) */
        rc = OCI_UNSAFE_PATH;
        if (reterr)
            reterr->code = rc;
    }
    return rc;
}

static int source_open(struct oci_source *s, struct oci_err *reterr)
{
    struct file_source *f = file_source(s);
    int fd;
    struct oci_file_info info;
    int rc = open_file(f, &fd, &info, reterr);
    if (rc != OCI_OK) {
        if (f->where)
            oci_err_wrap(reterr, "%s", f->where);
        return rc;
    }
    if (f->file_size == OCI_SIZE_UNKNOWN) {
        f->file_size = info.size;
    } else if (f->file_size != info.size) {
        oci_fd_close(fd);
        return changed(f, reterr);
    }
    if (f->offset > info.size) {
        oci_fd_close(fd);
        return oci_err_set(reterr, OCI_INVALID, "%s is %" PRIu64 " bytes long: there is nothing at byte %" PRIu64,
                           f->path, info.size, f->offset);
    }
    oci_fd_close(f->fd);
    f->fd = fd;
    f->at = 0;
    s->size = part_size(f);
    return OCI_OK;
}

/* A file that grows or shrinks under our hands is not what was described: a whole file is read past its end. */
static int source_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct file_source *f = file_source(s);
    bool whole = f->offset == 0 && f->length == OCI_SIZE_UNKNOWN;
    if (f->fd < 0)
        return oci_err_set(reterr, OCI_INVALID, "%s was not opened", f->path);
    uint64_t rest = s->size - f->at;
    if (!whole && max > rest)
        max = (size_t)rest;
    if (max == 0)
        return OCI_END_OF_CONTENT;
    size_t n;
    int rc = oci_file_pread(f->fd, p, max, f->offset + f->at, &n, reterr);
    if (rc != OCI_OK) {
        oci_err_wrap(reterr, "reading %s", f->path);
        return rc;
    }
    if (n > rest)
        return changed(f, reterr);
    if (n == 0 && rest > 0)
        return changed(f, reterr);
    if (n == 0)
        return OCI_END_OF_CONTENT;
    f->at += n;
    *ret_n = n;
    return OCI_OK;
}

static int source_rewind(struct oci_source *s, struct oci_err *reterr)
{
    (void)reterr;
    file_source(s)->at = 0;
    return OCI_OK;
}

static void source_close(struct oci_source *s)
{
    struct file_source *f = file_source(s);
    oci_fd_close(f->fd);
    f->fd = -1;
    f->at = 0;
}

static void source_free(struct oci_source *s)
{
    source_close(s);
    oci_free(file_source(s)->path);
    oci_free(file_source(s)->where);
    oci_free(s);
}

static const struct oci_source_type file_source_type = {
    .name = "file",
    .open = source_open,
    .read = source_read,
    .rewind = source_rewind,
    .close = source_close,
    .free = source_free,
};

static struct file_source *file_source_new(const char *path, uint64_t size)
{
    struct file_source *f = oci_calloc(1, sizeof *f);
    char *copy = oci_strdup(path);
    if (!f || !copy) {
        oci_free(f);
        oci_free(copy);
        return NULL;
    }
    f->base.type = &file_source_type;
    f->base.size = f->file_size = size;
    f->length = OCI_SIZE_UNKNOWN;
    f->path = copy;
    f->dirfd = OCI_CWD;
    f->fd = -1;
    return f;
}

struct oci_source *oci_source_file(const char *path, uint64_t size)
{
    struct file_source *f = file_source_new(path, size);
    return f ? &f->base : NULL;
}

struct oci_source *oci_source_file_at(int dirfd, const char *rel, uint64_t size)
{
    struct file_source *f = file_source_new(rel, size);
    if (!f)
        return NULL;
    f->dirfd = dirfd;
    f->beneath = true;
    return &f->base;
}

struct oci_source *oci_source_file_in(const struct oci_source_file_options *o)
{
    struct file_source *f = file_source_new(o->rel, o->size);
    if (!f)
        return NULL;
    f->where = oci_strdup(o->where);
    if (o->where && !f->where) {
        source_free(&f->base);
        return NULL;
    }
    f->dir = o->dir;
    f->ctx = o->ctx;
    f->beneath = true;
    f->offset = o->offset < OCI_MAX_SIZE ? o->offset : OCI_MAX_SIZE;
    f->length = o->length;
    f->base.size = part_size(f);
    return &f->base;
}

const char *oci_source_file_path(const struct oci_source *s)
{
    const struct file_source *f = (const struct file_source *)(const void *)s;
    return s->type == &file_source_type && !f->beneath ? f->path : NULL;
}
