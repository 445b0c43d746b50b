/* unpack.c - the safe way back from a tar to files (pack.h). libarchive says what the entries are; where they go is
 * decided here. */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "pack/archive_api.h"
#include "pack/names.h"
#include "pack/pack.h"
#include "pack/untar_stream.h"
#include "sys/file.h"

#define MAX_BYTES (64ull << 30)
#define MAX_LINK_TEXT (64u << 20) /* of all links together; they wait in memory */
#define HEADERS 4096              /* of tar beside the content, for each entry */

struct link {
    char *path, *target;
};

struct unpack {
    const struct oci_unpack_options *o;
    const struct oci_archive_api *api;
    struct archive *archive;
    struct archive_entry *entry; /* our own: libarchive does not look whether it could make one */
    struct oci_untar_stream stream;
    struct oci_err err; /* the first one, wherever it came up */
    uint64_t max_bytes, max_entries;
    uint64_t bytes, entries;
    char parent[OCI_MAX_PATH]; /* the directory that was opened last; "" is the root */
    int parent_fd;             /* or -1 */
    struct link *links;
    size_t link_count, link_cap, link_text;
};

/* ---- the archive ---------------------------------------------------------------------------- */

static la_ssize_t on_read(struct archive *a, void *ctx, const void **ret_p)
{
    (void)a;
    struct unpack *x = ctx;
    size_t n = 0;
    int rc = oci_untar_stream_read(&x->stream, ret_p, &n, &x->err);
    return rc == OCI_OK ? (la_ssize_t)n : rc == OCI_END_OF_CONTENT ? 0 : ARCHIVE_FATAL;
}

/* What libarchive complains about; a reason of our own (the stream's) comes first. */
static int bad_archive(struct unpack *x)
{
    if (x->err.code != OCI_OK)
        return x->err.code;
    if (x->api->archive_errno(x->archive) == ENOMEM)
        return oci_err_no_memory(&x->err);
    const char *why = x->api->archive_error_string(x->archive);
    return oci_err_set(&x->err, OCI_INVALID, "it is not a proper tar: %s", why ? why : "no reason is given");
}

static int open_archive(struct unpack *x)
{
    x->archive = x->api->archive_read_new();
    x->entry = x->archive ? x->api->archive_entry_new2(x->archive) : NULL;
    if (!x->entry)
        return oci_err_no_memory(&x->err);
    /* Nothing but tar, and no filter but zstd: some of libarchive's formats read other files, some filters run programs
     * (it warns when zstd would be one of these). */
    if (x->api->archive_read_support_format_tar(x->archive) != ARCHIVE_OK)
        return bad_archive(x);
    if (x->stream.zstd && x->api->archive_read_support_filter_zstd(x->archive) != ARCHIVE_OK)
        return oci_err_set(&x->err, OCI_UNSUPPORTED, "it is compressed with zstd, which this libarchive cannot read");
    if (x->api->archive_read_open(x->archive, x, NULL, on_read, NULL) != ARCHIVE_OK)
        return bad_archive(x);
    return OCI_OK;
}

/* The stream bounds itself, except for what libarchive decompresses. */
static int check_bounds(struct unpack *x)
{
    if (!x->stream.zstd)
        return OCI_OK;
    int64_t n = x->api->archive_filter_bytes(x->archive, 0);
    uint64_t tar_bytes = n > 0 ? (uint64_t)n : 0;
    if (tar_bytes > x->stream.max_bytes)
        return oci_err_set(&x->err, OCI_LIMIT, "it unpacks to more than it may");
    return oci_untar_check_ratio(&x->stream, tar_bytes, &x->err);
}

/* ---- entries -------------------------------------------------------------------------------- */

/* Something is there already: what this call made before, since the directory was fresh. */
static int twice(struct unpack *x, const char *path)
{
    oci_err_clear(&x->err);
    return oci_pack_refuse(&x->err, OCI_INVALID, path, "is in it twice, or as a file and a directory");
}

/* Opens (and makes) the directory of `path`; *ret_name is its last part. A directory's files mostly come together. */
static int open_parent(struct unpack *x, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    *ret_name = slash ? slash + 1 : path;
    if (x->parent_fd >= 0 && strlen(x->parent) == len && memcmp(x->parent, path, len) == 0)
        return OCI_OK;
    oci_fd_close(x->parent_fd);
    x->parent_fd = -1;
    memcpy(x->parent, path, len);
    x->parent[len] = '\0';
    int rc = oci_dir_open_beneath(x->o->dirfd, x->parent, true, &x->parent_fd, &x->err);
    return rc == OCI_EXISTS ? twice(x, x->parent) : rc;
}

static int make_directory(struct unpack *x, const char *path)
{
    int fd;
    int rc = oci_dir_open_beneath(x->o->dirfd, path, true, &fd, &x->err);
    if (rc == OCI_OK)
        oci_fd_close(fd);
    return rc == OCI_EXISTS ? twice(x, path) : rc;
}

/* Writes the entry's blocks one after the other; a gap would be a hole. */
static int write_content(struct unpack *x, const char *path, int fd, uint64_t size)
{
    uint64_t at = 0;
    for (;;) {
        const void *p;
        size_t n;
        la_int64_t off;
        int arc = x->api->archive_read_data_block(x->archive, &p, &n, &off);
        if (arc == ARCHIVE_EOF)
            break;
        if (arc != ARCHIVE_OK && arc != ARCHIVE_WARN)
            return bad_archive(x);
        if (n == 0)
            continue;
        if (off < 0 || (uint64_t)off != at || n > size - at)
            return oci_pack_refuse(&x->err, OCI_UNSUPPORTED, path, "is a file with holes, which is not supported");
        int rc = check_bounds(x);
        if (rc == OCI_OK)
            rc = oci_file_pwrite(fd, p, n, at, &x->err);
        if (rc != OCI_OK)
            return rc;
        at += n;
    }
    return at == size ? OCI_OK : oci_pack_refuse(&x->err, OCI_INVALID, path, "is shorter than its header says");
}

static int make_file(struct unpack *x, struct archive_entry *e, const char *path)
{
    int64_t size = x->api->archive_entry_size(e);
    if (size < 0)
        return oci_pack_refuse(&x->err, OCI_INVALID, path, "has a size that is no size");
    if (x->api->archive_entry_sparse_count(e) > 0)
        return oci_pack_refuse(&x->err, OCI_UNSUPPORTED, path, "is a file with holes, which is not supported");
    if ((uint64_t)size > x->max_bytes - x->bytes)
        return oci_err_set(&x->err, OCI_LIMIT, "its files have more than %llu bytes",
                           (unsigned long long)x->max_bytes);
    x->bytes += (uint64_t)size;
    const char *name;
    int fd;
    int rc = open_parent(x, path, &name);
    if (rc != OCI_OK)
        return rc;
    /* Of all mode bits only "executable" counts; the umask is kept. */
    unsigned mode = x->api->archive_entry_perm(e) & 0111 ? 0755 : 0644;
    rc = oci_file_create(x->parent_fd, name, mode, &fd, &x->err);
    if (rc != OCI_OK)
        return rc == OCI_EXISTS || rc == OCI_UNSAFE_PATH ? twice(x, path) : rc;
    rc = write_content(x, path, fd, (uint64_t)size);
    int closed = oci_file_close(fd, &x->err);
    return rc == OCI_OK ? closed : rc;
}

/* Links wait until everything else is there: nothing is ever written while one exists. */
static int keep_link(struct unpack *x, const char *path, const char *target)
{
    if (!target)
        return oci_pack_refuse(&x->err, OCI_INVALID, path, "is a link to nothing");
    int rc = oci_pack_check_link(path, target, &x->err);
    if (rc != OCI_OK)
        return rc;
    x->link_text += strlen(path) + strlen(target) + sizeof(struct link);
    if (x->link_text > MAX_LINK_TEXT)
        return oci_err_set(&x->err, OCI_LIMIT, "it holds too many links");
    struct link *grown = oci_grow(x->links, &x->link_cap, x->link_count + 1, sizeof *grown, MAX_LINK_TEXT);
    if (!grown)
        return oci_err_no_memory(&x->err);
    x->links = grown;
    struct link *l = &grown[x->link_count++];
    l->path = oci_strdup(path);
    l->target = oci_strdup(target);
    return l->path && l->target ? OCI_OK : oci_err_no_memory(&x->err);
}

static int make_links(struct unpack *x)
{
    for (size_t i = 0; i < x->link_count; i++) {
        const char *name, *path = x->links[i].path;
        int rc = open_parent(x, path, &name);
        if (rc == OCI_OK)
            rc = oci_file_symlink(x->parent_fd, x->links[i].target, name, &x->err);
        if (rc == OCI_EXISTS)
            rc = twice(x, path);
        if (rc != OCI_OK)
            return rc;
    }
    return OCI_OK;
}

static int make_entry(struct unpack *x)
{
    struct archive_entry *e = x->entry;
    const char *name = x->api->archive_entry_pathname(e);
    if (!name)
        return oci_err_set(&x->err, OCI_INVALID, "an entry has a name that cannot be read");
    if (++x->entries > x->max_entries)
        return oci_err_set(&x->err, OCI_LIMIT, "it has more than %llu entries", (unsigned long long)x->max_entries);
    char path[OCI_MAX_PATH];
    int rc = oci_pack_clean_name(name, x->o->strip, path, &x->err);
    if (rc != OCI_OK)
        return rc;
    if (x->api->archive_entry_hardlink(e))
        return oci_pack_refuse(&x->err, OCI_UNSAFE_PATH, name, "is a hard link");
    const unsigned type = x->api->archive_entry_filetype(e);
    if (type != AE_IFDIR && !*path)
        return oci_pack_refuse(&x->err, OCI_UNSAFE_PATH, name, "would replace the directory itself");
    if (type == AE_IFDIR)
        rc = *path ? make_directory(x, path) : OCI_OK;
    else if (type == AE_IFREG)
        rc = make_file(x, e, path);
    else if (type == AE_IFLNK)
        rc = keep_link(x, path, x->api->archive_entry_symlink(e));
    else
        rc = oci_pack_refuse(&x->err, OCI_UNSAFE_PATH, path, "is neither a file nor a directory nor a link");
    if (rc == OCI_IO) /* sys/ knows the last part of the name only */
        oci_err_wrap(&x->err, "%.200s", path);
    return rc;
}

static int make_entries(struct unpack *x)
{
    for (;;) {
        int arc = x->api->archive_read_next_header2(x->archive, x->entry);
        if (arc == ARCHIVE_EOF)
            return OCI_OK;
        /* A warning: a name is not in the locale's encoding. It is given as it is, and checked here. */
        if (arc != ARCHIVE_OK && arc != ARCHIVE_WARN)
            return bad_archive(x);
        int rc = check_bounds(x);
        if (rc == OCI_OK)
            rc = make_entry(x);
        if (rc != OCI_OK)
            return rc;
    }
}

/* Reads what comes after the end mark: it belongs to the digest, and gzip's checksum is behind it. */
static int finish_stream(struct unpack *x, const struct oci_digest *want)
{
    const void *p;
    size_t n;
    int rc;
    do
        rc = oci_untar_stream_read(&x->stream, &p, &n, &x->err);
    while (rc == OCI_OK);
    if (rc != OCI_END_OF_CONTENT)
        return rc;
    if (!x->stream.hash)
        return OCI_OK;
    struct oci_digest got;
    if (oci_hash_end(x->stream.hash, &got) != OCI_OK)
        return oci_err_no_memory(&x->err);
    if (!oci_digest_equal(&got, want))
        return oci_err_set(&x->err, OCI_DIGEST_MISMATCH, "the tar in it has the digest %s, not %s", got.text,
                           want->text);
    return OCI_OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int run(struct unpack *x)
{
    const char *text = x->o->want_tar_digest;
    struct oci_digest want = {""};
    int rc = text ? oci_digest_parse(oci_str_of(text), &want, &x->err) : OCI_OK;
    if (rc != OCI_OK)
        return rc;
    struct oci_str algorithm = oci_digest_algorithm(&want);
    rc = oci_untar_stream_open(&x->stream, text ? &algorithm : NULL, &x->err);
    if (rc == OCI_OK)
        rc = oci_archive_api(&x->api, &x->err);
    if (rc == OCI_OK)
        rc = open_archive(x);
    if (rc == OCI_OK)
        rc = make_entries(x);
    if (rc == OCI_OK)
        rc = finish_stream(x, &want);
    return rc == OCI_OK ? make_links(x) : rc;
}

static void done(struct unpack *x)
{
    if (x->entry)
        x->api->archive_entry_free(x->entry);
    if (x->archive)
        x->api->archive_read_free(x->archive);
    oci_untar_stream_close(&x->stream);
    oci_fd_close(x->parent_fd);
    for (size_t i = 0; i < x->link_count; i++) {
        oci_free(x->links[i].path);
        oci_free(x->links[i].target);
    }
    oci_free(x->links);
    oci_free(x);
}

int oci_unpack(const struct oci_unpack_options *o, struct oci_err *reterr)
{
    struct unpack *x = oci_calloc(1, sizeof *x);
    /* libarchive converts names to the locale's encoding, and what it cannot convert is lost; in the C locale they
     * come as the bytes that they are. This thread's locale only. */
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!x || !c) {
        oci_free(x);
        if (c)
            freelocale(c);
        return oci_err_no_memory(reterr);
    }
    x->o = o;
    x->parent_fd = -1;
    x->max_bytes = o->max_bytes ? o->max_bytes : MAX_BYTES;
    x->max_entries = o->max_entries ? o->max_entries : OCI_PACK_MAX_ENTRIES;
    x->stream.fd = o->file_fd;
    uint64_t headers = (x->max_entries < UINT64_MAX / HEADERS / 2 ? x->max_entries : 0) * HEADERS + (1u << 20);
    if (!oci_add_u64(x->max_bytes, headers, &x->stream.max_bytes))
        x->stream.max_bytes = UINT64_MAX;
    locale_t before = uselocale(c);
    int rc = run(x);
    uselocale(before);
    freelocale(c);
    if (rc != OCI_OK) {
        oci_err_wrap(&x->err, "unpacking %.200s", o->archive);
        oci_err_copy(reterr, &x->err);
    }
    done(x);
    return rc;
}
