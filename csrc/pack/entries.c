#include "pack/entries.h"

#include <errno.h>
#include <locale.h>

#include "base/mem.h"
#include "pack/archive_api.h"
#include "pack/names.h"
#include "pack/untar_stream.h"

struct oci_entries {
    const struct oci_archive_api *api;
    struct archive *archive;
    struct archive_entry *entry; /* our own: libarchive does not look whether it could make one */
    struct oci_untar_stream stream;
    struct oci_err err;          /* the stream's, which libarchive only passes on as "it failed" */
    /* libarchive converts names to the locale's encoding, and what it cannot convert is lost; in the C locale they come
     * as the bytes that they are. Of the calling thread, while libarchive is called. */
    locale_t c_locale;
    const char *name;            /* of the entry */
    uint64_t size, at;           /* of the file that is read */
};

static la_ssize_t on_read(struct archive *a, void *ctx, const void **ret_p)
{
    (void)a;
    struct oci_entries *e = ctx;
    size_t n = 0;
    int rc = oci_untar_stream_read(&e->stream, ret_p, &n, &e->err);
    return rc == OCI_OK ? (la_ssize_t)n : rc == OCI_END_OF_CONTENT ? 0 : ARCHIVE_FATAL;
}

/* What libarchive complains about; a reason of our own (the stream's) comes first. */
static int bad_archive(struct oci_entries *e, struct oci_err *reterr)
{
    if (e->err.code != OCI_OK)
        return oci_err_copy(reterr, &e->err);
    if (e->api->archive_errno(e->archive) == ENOMEM)
        return oci_err_no_memory(reterr);
    const char *why = e->api->archive_error_string(e->archive);
    return oci_err_set(reterr, OCI_INVALID, "it is not a proper tar: %s", why ? why : "no reason is given");
}

static int open_archive(struct oci_entries *e, struct oci_err *reterr)
{
    e->archive = e->api->archive_read_new();
    e->entry = e->archive ? e->api->archive_entry_new2(e->archive) : NULL;
    if (!e->entry)
        return oci_err_no_memory(reterr);
    /* Nothing but tar, and no filter: some of libarchive's formats read other files, some filters run programs. */
    if (e->api->archive_read_support_format_tar(e->archive) != ARCHIVE_OK)
        return bad_archive(e, reterr);
    locale_t before = uselocale(e->c_locale);
    int arc = e->api->archive_read_open(e->archive, e, NULL, on_read, NULL);
    uselocale(before);
    return arc == ARCHIVE_OK ? OCI_OK : bad_archive(e, reterr);
}

int oci_entries_open(const struct oci_entries_options *o, struct oci_entries **ret_entries, struct oci_err *reterr)
{
    struct oci_entries *e = oci_calloc(1, sizeof *e);
    if (!e)
        return oci_err_no_memory(reterr);
    e->stream = (struct oci_untar_stream){.fd = o->fd, .max_bytes = o->max_bytes, .ratio_after = o->ratio_after};
    e->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    int rc = e->c_locale ? oci_untar_stream_open(&e->stream, o->algorithm, reterr) : oci_err_no_memory(reterr);
    if (rc == OCI_OK)
        rc = oci_archive_api(&e->api, reterr);
    if (rc == OCI_OK)
        rc = open_archive(e, reterr);
    if (rc != OCI_OK) {
        oci_entries_close(e);
        return rc;
    }
    *ret_entries = e;
    return OCI_OK;
}

void oci_entries_close(struct oci_entries *e)
{
    if (!e)
        return;
    if (e->entry)
        e->api->archive_entry_free(e->entry);
    if (e->archive)
        e->api->archive_read_free(e->archive);
    oci_untar_stream_close(&e->stream);
    if (e->c_locale)
        freelocale(e->c_locale);
    oci_free(e);
}

static enum oci_entry_kind kind_of(const struct oci_entries *e)
{
    if (e->api->archive_entry_hardlink(e->entry))
        return OCI_ENTRY_HARD_LINK;
    switch ((unsigned)e->api->archive_entry_filetype(e->entry)) {
    case AE_IFREG:
        return e->api->archive_entry_sparse_count(e->entry) > 0 ? OCI_ENTRY_SPARSE : OCI_ENTRY_FILE;
    case AE_IFDIR:
        return OCI_ENTRY_DIRECTORY;
    case AE_IFLNK:
        return OCI_ENTRY_SYMLINK;
    default:
        return OCI_ENTRY_OTHER;
    }
}

static int look(struct oci_entries *e, struct oci_entry *ret_entry, struct oci_err *reterr)
{
    int64_t size = e->api->archive_entry_size(e->entry);
    struct oci_entry x = {
        .kind = kind_of(e),
        .name = e->api->archive_entry_pathname(e->entry),
        .link = e->api->archive_entry_symlink(e->entry),
        .executable = (e->api->archive_entry_perm(e->entry) & 0111) != 0,
    };
    if (!x.name)
        return oci_err_set(reterr, OCI_INVALID, "an entry has a name that cannot be read");
    if (x.kind == OCI_ENTRY_FILE && size < 0)
        return oci_pack_refuse(reterr, OCI_INVALID, x.name, "has a size that is no size");
    x.size = x.kind == OCI_ENTRY_FILE ? (uint64_t)size : 0;
    e->name = x.name;
    e->size = x.size;
    e->at = 0;
    *ret_entry = x;
    return OCI_OK;
}

int oci_entries_next(struct oci_entries *e, struct oci_entry *ret_entry, struct oci_err *reterr)
{
    locale_t before = uselocale(e->c_locale);
    int arc = e->api->archive_read_next_header2(e->archive, e->entry);
    int rc = OCI_END_OF_CONTENT;
    /* A warning: a name is not in the locale's encoding. It is given as it is. */
    if (arc == ARCHIVE_OK || arc == ARCHIVE_WARN)
        rc = look(e, ret_entry, reterr);
    else if (arc != ARCHIVE_EOF)
        rc = bad_archive(e, reterr);
    uselocale(before);
    return rc;
}

int oci_entries_read(struct oci_entries *e, const void **ret_p, size_t *ret_n, struct oci_err *reterr)
{
    const void *p;
    size_t n;
    la_int64_t off;
    do {
        int arc = e->api->archive_read_data_block(e->archive, &p, &n, &off);
        if (arc == ARCHIVE_EOF)
            return e->at == e->size ? OCI_END_OF_CONTENT
                                    : oci_pack_refuse(reterr, OCI_INVALID, e->name, "is shorter than its header says");
        if (arc != ARCHIVE_OK && arc != ARCHIVE_WARN)
            return bad_archive(e, reterr);
    } while (n == 0);
    /* A gap would be a hole. */
    if (off < 0 || (uint64_t)off != e->at || n > e->size - e->at)
        return oci_pack_refuse(reterr, OCI_UNSUPPORTED, e->name, "is a file with holes, which is not supported");
    e->at += n;
    *ret_p = p;
    *ret_n = n;
    return OCI_OK;
}

int oci_entries_finish(struct oci_entries *e, struct oci_digest *ret_digest, struct oci_err *reterr)
{
    const void *p;
    size_t n;
    int rc;
    do
        rc = oci_untar_stream_read(&e->stream, &p, &n, reterr);
    while (rc == OCI_OK);
    if (rc != OCI_END_OF_CONTENT)
        return rc;
    if (e->stream.hash && oci_hash_end(e->stream.hash, ret_digest) != OCI_OK)
        return oci_err_no_memory(reterr);
    return OCI_OK;
}

uint64_t oci_entries_tar_bytes(const struct oci_entries *e)
{
    return e->stream.given;
}
