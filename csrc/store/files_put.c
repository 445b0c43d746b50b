/* files_put.c - one layer into the staging directory: a file, verified; or unpacked from it, a directory (files.h). */
#include "content/content_kinds.h"
#include "pack/pack.h"
#include "store/files.h"

struct put {
    struct oci_flow flow;
    struct oci_work work;        /* unpacks */
    struct oci_unpacking *unpacking;
    int archive_fd, dirfd;       /* while it does; or -1 */
    struct oci_files *t;
    size_t index;
    struct oci_source *source;
    struct oci_sink *sink;
};

static struct put *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct put, flow);
}

/* ---- unpacking (POOL) ---------------------------------------------------------------------- */

static int begin_unpack(struct put *p, const char *archive, struct oci_err *reterr)
{
    const struct oci_file *f = &p->t->files[p->index];
    char dir[OCI_STAGED_MAX];
    oci_files_staged_name(p->t, 'd', p->index, dir);
    int rc = oci_dir_open_beneath(p->t->staging_fd, dir, true, &p->dirfd, reterr);
    if (rc == OCI_OK)
        rc = oci_file_open_read(p->t->staging_fd, archive, false, &p->archive_fd, NULL, reterr);
    if (rc != OCI_OK)
        return rc;
    struct oci_unpack_options o = {
        .file_fd = p->archive_fd,
        .archive = f->path,
        .dirfd = p->dirfd,
        .strip = f->titled ? f->name : NULL,
        .want_tar_digest = oci_desc_annotation(f->desc, OCI_ANNOTATION_CONTENT_DIGEST),
    };
    return oci_unpacking_new(&o, &p->unpacking, reterr);
}

static void end_unpack(struct put *p)
{
    oci_unpacking_free(p->unpacking);
    p->unpacking = NULL;
    oci_fd_close(p->archive_fd);
    oci_fd_close(p->dirfd);
    p->archive_fd = p->dirfd = -1;
}

/* A slice at a time: between them a cancel takes effect. */
static int run_unpack(struct oci_work *w, struct oci_err *reterr)
{
    struct put *p = OCI_OWNER(w, struct put, work);
    char archive[OCI_STAGED_MAX];
    oci_files_staged_name(p->t, 'f', p->index, archive);
    int rc = p->unpacking ? OCI_OK : begin_unpack(p, archive, reterr);
    if (rc == OCI_OK)
        rc = oci_unpacking_some(p->unpacking, reterr);
    if (rc == OCI_AGAIN)
        return rc;
    end_unpack(p);
    return rc == OCI_OK ? oci_file_unlink(p->t->staging_fd, archive, reterr) : rc;
}

/* ---- the flow ------------------------------------------------------------------------------ */

static int staged(struct oci_flow *f)
{
    struct oci_file *file = &of(f)->t->files[of(f)->index];
    file->state = file->unpack ? OCI_FILE_UNPACKED : OCI_FILE_FETCHED;
    return OCI_OK;
}

static int on_moved(struct oci_flow *f)
{
    struct put *p = of(f);
    if (!p->t->files[p->index].unpack)
        return staged(f);
    p->work.run = run_unpack;
    return oci_ask_work(f, &p->work, staged);
}

static int start(struct oci_flow *f)
{
    struct put *p = of(f);
    const struct oci_file *file = &p->t->files[p->index];
    char temporary[OCI_STAGED_MAX];
    oci_files_staged_name(p->t, 'f', p->index, temporary);
    struct oci_file_sink_options o = {
        .dirfd = p->t->staging_fd,
        .temporary = temporary,
        .name = file->path,
        .mode = 0666, /* before it has its name nobody else knows it, and mostly sees it */
        .writeback = p->t->sync,
        .want = file->desc,
        .host = f->host,
    };
    p->sink = oci_sink_file(&o);
    return p->sink ? oci_ask_move(f, p->source, p->sink, on_moved) : oci_flow_no_memory(f);
}

static void put_free(struct oci_flow *f)
{
    end_unpack(of(f)); /* canceled between two slices */
    oci_sink_free(of(f)->sink);
    oci_source_free(of(f)->source);
}

struct oci_flow *oci_files_put(struct oci_pull_target *target, size_t index, struct oci_source *take_source)
{
    static const struct oci_flow_type type = {.name = "files put", .free = put_free};
    struct oci_files *t = oci_files_of(target);
    struct put *p = oci_flow_new(sizeof *p, &type, t->host, start);
    if (!p) {
        oci_source_free(take_source);
        return NULL;
    }
    p->t = t;
    p->index = index;
    p->archive_fd = p->dirfd = -1;
    p->source = take_source;
    return &p->flow;
}
