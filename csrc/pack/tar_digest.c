/* tar_digest.c - the digest of what is in an archive, which configs of images name (pack.h). Nothing is written anywhere. */
#include "base/limits.h"
#include "base/mem.h"
#include "pack/pack.h"
#include "pack/untar_stream.h"
#include "sys/file.h"

#define SLICE (64u << 20) /* of tar, in one go */

static int begin(struct oci_tar_digest_work *t, struct oci_err *reterr)
{
    t->stream = oci_calloc(1, sizeof *t->stream);
    if (!t->stream)
        return oci_err_no_memory(reterr);
    int rc = oci_file_open_read(OCI_CWD, t->archive, true, &t->fd, NULL, reterr);
    if (rc != OCI_OK)
        return rc;
    t->stream->fd = t->fd;
    t->stream->max_bytes = OCI_MAX_SIZE;
    struct oci_str algorithm = oci_str_of(t->algorithm);
    return oci_untar_stream_open(t->stream, &algorithm, reterr);
}

static int some(struct oci_tar_digest_work *t, struct oci_err *reterr)
{
    uint64_t stop = t->stream->given + SLICE;
    int rc = OCI_OK;
    while (rc == OCI_OK && t->stream->given < stop) {
        const void *p;
        size_t n;
        rc = oci_untar_stream_read(t->stream, &p, &n, reterr);
    }
    if (rc != OCI_END_OF_CONTENT)
        return rc == OCI_OK ? OCI_AGAIN : rc;
    t->size = t->stream->given;
    return oci_hash_end(t->stream->hash, &t->digest) == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
}

static int run(struct oci_work *w, struct oci_err *reterr)
{
    struct oci_tar_digest_work *t = OCI_OWNER(w, struct oci_tar_digest_work, work);
    w->again_ms = 0;
    int rc = t->stream ? OCI_OK : begin(t, reterr);
    if (rc == OCI_OK)
        rc = some(t, reterr);
    if (rc != OCI_OK && rc != OCI_AGAIN)
        oci_err_wrap(reterr, "reading %.200s", t->archive);
    return rc;
}

void oci_tar_digest_work_init(struct oci_tar_digest_work *t, const char *archive, const char *algorithm)
{
    *t = (struct oci_tar_digest_work){.work.run = run, .archive = archive, .algorithm = algorithm, .fd = -1};
}

void oci_tar_digest_work_done(struct oci_tar_digest_work *t)
{
    if (!t->stream)
        return;
    oci_untar_stream_close(t->stream);
    oci_free(t->stream);
    t->stream = NULL;
    oci_fd_close(t->fd);
    t->fd = -1;
}
