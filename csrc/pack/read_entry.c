/* read_entry.c - one small file out of an archive (pack.h). libarchive parses; nothing is written anywhere. */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "base/buf.h"
#include "base/glob.h"
#include "base/mem.h"
#include "pack/archive_api.h"
#include "pack/names.h"
#include "pack/pack.h"
#include "pack/untar_stream.h"
#include "sys/file.h"

#define MAX_TAR_BYTES (4ull << 30) /* looked through */

struct look {
    const char *pattern;
    const struct oci_archive_api *api;
    struct archive *archive;
    struct archive_entry *entry;
    struct oci_untar_stream stream;
    struct oci_buf content;
    struct oci_err err; /* the first one, wherever it came up */
};

static la_ssize_t on_read(struct archive *a, void *ctx, const void **ret_p)
{
    (void)a;
    struct look *x = ctx;
    size_t n = 0;
    int rc = oci_untar_stream_read(&x->stream, ret_p, &n, &x->err);
    return rc == OCI_OK ? (la_ssize_t)n : rc == OCI_END_OF_CONTENT ? 0 : ARCHIVE_FATAL;
}

static int bad_archive(struct look *x)
{
    if (x->err.code != OCI_OK)
        return x->err.code;
    if (x->api->archive_errno(x->archive) == ENOMEM)
        return oci_err_no_memory(&x->err);
    const char *why = x->api->archive_error_string(x->archive);
    return oci_err_set(&x->err, OCI_INVALID, "it is not a proper tar: %s", why ? why : "no reason is given");
}

static int open_archive(struct look *x)
{
    int rc = oci_untar_stream_open(&x->stream, NULL, &x->err);
    if (rc == OCI_OK && x->stream.zstd)
        rc = oci_err_set(&x->err, OCI_UNSUPPORTED, "it is compressed with zstd; a tar or tar+gzip is expected");
    if (rc == OCI_OK)
        rc = oci_archive_api(&x->api, &x->err);
    if (rc != OCI_OK)
        return rc;
    x->archive = x->api->archive_read_new();
    x->entry = x->archive ? x->api->archive_entry_new2(x->archive) : NULL;
    if (!x->entry)
        return oci_err_no_memory(&x->err);
    if (x->api->archive_read_support_format_tar(x->archive) != ARCHIVE_OK ||
        x->api->archive_read_open(x->archive, x, NULL, on_read, NULL) != ARCHIVE_OK)
        return bad_archive(x);
    return OCI_OK;
}

/* Names begin with a slash in the bundles that opa builds; nothing is written, so no name is dangerous: one that would be
 * refused elsewhere is none that anybody asks for. */
static bool is_wanted(struct look *x)
{
    const char *name = x->api->archive_entry_pathname(x->entry);
    char path[OCI_MAX_PATH];
    if (!name || x->api->archive_entry_filetype(x->entry) != AE_IFREG || x->api->archive_entry_hardlink(x->entry))
        return false;
    return oci_pack_clean_name(name + strspn(name, "/"), NULL, path, NULL) == OCI_OK &&
           oci_glob_match(x->pattern, path);
}

static int read_content(struct look *x)
{
    for (;;) {
        const void *p;
        size_t n;
        la_int64_t off;
        int arc = x->api->archive_read_data_block(x->archive, &p, &n, &off);
        if (arc == ARCHIVE_EOF)
            return OCI_OK;
        if (arc != ARCHIVE_OK && arc != ARCHIVE_WARN)
            return bad_archive(x);
        if (off < 0 || (uint64_t)off != x->content.len)
            return oci_err_set(&x->err, OCI_UNSUPPORTED, "%s in it is a file with holes", x->pattern);
        int rc = oci_buf_add(&x->content, p, n);
        if (rc == OCI_LIMIT)
            return oci_err_set(&x->err, OCI_LIMIT, "%s in it has more than %zu bytes", x->pattern, x->content.max);
        if (rc != OCI_OK)
            return oci_err_no_memory(&x->err);
    }
}

static int look(struct look *x)
{
    int rc = open_archive(x);
    while (rc == OCI_OK) {
        int arc = x->api->archive_read_next_header2(x->archive, x->entry);
        if (arc == ARCHIVE_EOF)
            return oci_err_set(&x->err, OCI_NOT_FOUND, "there is no %s in it", x->pattern);
        if (arc != ARCHIVE_OK && arc != ARCHIVE_WARN)
            return bad_archive(x);
        if (is_wanted(x))
            return read_content(x);
    }
    return rc;
}

static int run(struct look *x, struct oci_bytes **ret_bytes)
{
    int rc = look(x);
    if (rc != OCI_OK)
        return rc;
    size_t len = x->content.len;
    char *p = oci_buf_take(&x->content);
    *ret_bytes = p ? oci_bytes_new_take(p, len) : NULL;
    return *ret_bytes ? OCI_OK : oci_err_no_memory(&x->err);
}

int oci_pack_read_entry(const char *archive, const char *pattern, size_t limit, struct oci_bytes **ret_bytes,
                        struct oci_err *reterr)
{
    struct look x = {.pattern = pattern, .stream = {.fd = -1, .max_bytes = MAX_TAR_BYTES}};
    /* In the C locale names come as the bytes that they are (unpack.c). */
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c)
        return oci_err_no_memory(reterr);
    struct oci_file_info info;
    oci_buf_init(&x.content, limit);
    int rc = oci_file_open_read(OCI_CWD, archive, true, &x.stream.fd, &info, &x.err);
    locale_t before = uselocale(c);
    if (rc == OCI_OK)
        rc = run(&x, ret_bytes);
    uselocale(before);
    freelocale(c);
    if (rc != OCI_OK) {
        if (x.stream.fd >= 0)
            oci_err_wrap(&x.err, "reading %.200s", archive);
        oci_err_copy(reterr, &x.err);
    }
    if (x.entry)
        x.api->archive_entry_free(x.entry);
    if (x.archive)
        x.api->archive_read_free(x.archive);
    oci_untar_stream_close(&x.stream);
    oci_fd_close(x.stream.fd);
    oci_buf_done(&x.content);
    return rc;
}
