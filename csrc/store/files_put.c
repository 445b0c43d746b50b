/* files_put.c - one layer into the staging directory: a file, verified; or unpacked from it, a directory (files.h). */
#include "base/mem.h"
#include "content/content_kinds.h"
#include "pack/pack.h"
#include "store/files.h"

/* Made for what is unpacked only: a thousand files are none of it. */
struct unpack {
    struct oci_work work;
    struct oci_unpacking *unpacking;
    int archive_fd, dirfd;       /* while it does; or -1 */
    const struct oci_files *t;
    size_t index;
};

struct put {
    struct oci_flow flow;
    struct oci_files *t;
    size_t index;
    struct oci_source *source;
    struct oci_sink *sink;
    struct unpack *unpack;
};

static struct put *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct put, flow);
}

/* ---- unpacking (POOL) ---------------------------------------------------------------------- */

static int begin_unpack(struct unpack *u, const char *archive, struct oci_err *reterr)
{
    const struct oci_file *f = &u->t->files[u->index];
    char dir[OCI_STAGED_MAX];
    oci_files_staged_name(u->t, 'd', u->index, dir);
    int rc = oci_dir_open_beneath(u->t->staging_fd, dir, true, &u->dirfd, reterr);
    if (rc == OCI_OK)
        rc = oci_file_open_read(u->t->staging_fd, archive, false, &u->archive_fd, NULL, reterr);
    if (rc != OCI_OK)
        return rc;
    struct oci_unpack_options o = {
        .file_fd = u->archive_fd,
        .archive = f->path,
        .dirfd = u->dirfd,
        .strip = f->titled ? f->name : NULL,
        .want_tar_digest = oci_desc_annotation(f->desc, OCI_ANNOTATION_CONTENT_DIGEST),
    };
    return oci_unpacking_new(&o, &u->unpacking, reterr);
}

static void end_unpack(struct unpack *u)
{
    oci_unpacking_free(u->unpacking);
    u->unpacking = NULL;
    oci_fd_close(u->archive_fd);
    oci_fd_close(u->dirfd);
    u->archive_fd = u->dirfd = -1;
}

/* A slice at a time: between them a cancel takes effect. */
static int run_unpack(struct oci_work *w, struct oci_err *reterr)
{
    struct unpack *u = OCI_OWNER(w, struct unpack, work);
    char archive[OCI_STAGED_MAX];
    oci_files_staged_name(u->t, 'f', u->index, archive);
    int rc = u->unpacking ? OCI_OK : begin_unpack(u, archive, reterr);
    if (rc == OCI_OK)
        rc = oci_unpacking_some(u->unpacking, reterr);
    if (rc == OCI_AGAIN)
        return rc;
    end_unpack(u);
    return rc == OCI_OK ? oci_file_unlink(u->t->staging_fd, archive, reterr) : rc;
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
    struct unpack *u = p->unpack = oci_calloc(1, sizeof *u);
    if (!u)
        return oci_flow_no_memory(f);
    u->work.run = run_unpack;
    u->archive_fd = u->dirfd = -1;
    u->t = p->t;
    u->index = p->index;
    return oci_ask_work(f, &u->work, staged);
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
        .mode = p->t->mode ? 0600 : 0666, /* in the staging directory, which is 0700, nobody else sees it */
        .verified_mode = p->t->mode,
        .writeback = p->t->sync,
        .want = file->desc,
        .host = f->host,
    };
    p->sink = oci_sink_file(&o);
    return p->sink ? oci_ask_move(f, p->source, p->sink, on_moved) : oci_flow_no_memory(f);
}

static void put_free(struct oci_flow *f)
{
    if (of(f)->unpack)
        end_unpack(of(f)->unpack); /* canceled between two slices */
    oci_free(of(f)->unpack);
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
    p->source = take_source;
    return &p->flow;
}
