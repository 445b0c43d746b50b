/* unpack.c - the safe way back from a tar to files (pack.h). What the entries are, entries.h says; where they go is
 * decided here. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "pack/entries.h"
#include "pack/names.h"
#include "pack/pack.h"
#include "sys/file.h"

#define MAX_BYTES (64ull << 30)
#define MAX_LINK_TEXT (64u << 20) /* of all links together; they wait in memory */
#define HEADERS 4096              /* of tar beside the content, for each entry */

/* A job's share before others have a turn, and a cancel takes effect: some tens of milliseconds. */
#define SLICE_BYTES (16u << 20)
#define SLICE_ENTRIES 1000

struct link {
    char *path, *target;
};

struct oci_unpacking {
    struct oci_unpack_options o;
    struct oci_digest want;     /* "": none */
    struct oci_entries *entries; /* NULL: not begun */
    struct oci_err err;         /* the first one, wherever it came up */
    uint64_t bytes, count;      /* of files; of entries */
    char path[OCI_MAX_PATH];    /* of the entry at hand */
    int file;                   /* it is being written; or -1 */
    uint64_t at;                /* in it */
    char parent[OCI_MAX_PATH];  /* the directory that was opened last; "" is the root */
    int parent_fd;              /* or -1 */
    struct link *links;
    size_t link_count, link_cap, link_text;
};

/* ---- entries -------------------------------------------------------------------------------- */

/* Something is there already: what this call made before, since the directory was fresh. */
static int twice(struct oci_unpacking *x, const char *path)
{
    oci_err_clear(&x->err);
    return oci_pack_refuse(&x->err, OCI_INVALID, path, "is in it twice, or as a file and a directory");
}

/* Opens (and makes) the directory of `path`; *ret_name is its last part. A directory's files mostly come together. */
static int open_parent(struct oci_unpacking *x, const char *path, const char **ret_name)
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
    int rc = oci_dir_open_beneath(x->o.dirfd, x->parent, true, &x->parent_fd, &x->err);
    return rc == OCI_EXISTS ? twice(x, x->parent) : rc;
}

static int make_directory(struct oci_unpacking *x)
{
    int fd;
    if (!*x->path)
        return OCI_OK; /* the directory itself */
    int rc = oci_dir_open_beneath(x->o.dirfd, x->path, true, &fd, &x->err);
    if (rc == OCI_OK)
        oci_fd_close(fd);
    return rc == OCI_EXISTS ? twice(x, x->path) : rc;
}

/* Makes an empty one: its content follows. */
static int make_file(struct oci_unpacking *x, const struct oci_entry *e)
{
    if (e->size > x->o.max_bytes - x->bytes)
        return oci_err_set(&x->err, OCI_LIMIT, "its files have more than %llu bytes",
                           (unsigned long long)x->o.max_bytes);
    x->bytes += e->size;
    const char *name;
    int rc = open_parent(x, x->path, &name);
    if (rc != OCI_OK)
        return rc;
    /* Of all mode bits only "executable" counts; the umask is kept. */
    rc = oci_file_create(x->parent_fd, name, e->executable ? 0755 : 0644, &x->file, &x->err);
    x->at = 0;
    return rc == OCI_EXISTS || rc == OCI_UNSAFE_PATH ? twice(x, x->path) : rc;
}

/* Writes the next piece of the file; at its end it is closed. */
static int write_some(struct oci_unpacking *x)
{
    const void *p;
    size_t n;
    int rc = oci_entries_read(x->entries, &p, &n, &x->err);
    if (rc == OCI_OK)
        rc = oci_file_pwrite(x->file, p, n, x->at, &x->err);
    if (rc == OCI_OK) {
        x->at += n;
        return OCI_OK;
    }
    if (rc != OCI_END_OF_CONTENT)
        return rc;
    int fd = x->file;
    x->file = -1;
    return oci_file_close(fd, &x->err);
}

/* Links wait until everything else is there: nothing is ever written while one exists. */
static int keep_link(struct oci_unpacking *x, const char *target)
{
    if (!target)
        return oci_pack_refuse(&x->err, OCI_INVALID, x->path, "is a link to nothing");
    int rc = oci_pack_check_link(x->path, target, &x->err);
    if (rc != OCI_OK)
        return rc;
    x->link_text += strlen(x->path) + strlen(target) + sizeof(struct link);
    if (x->link_text > MAX_LINK_TEXT)
        return oci_err_set(&x->err, OCI_LIMIT, "it holds too many links");
    struct link *grown = oci_grow(x->links, &x->link_cap, x->link_count + 1, sizeof *grown, MAX_LINK_TEXT);
    if (!grown)
        return oci_err_no_memory(&x->err);
    x->links = grown;
    struct link *l = &grown[x->link_count++];
    l->path = oci_strdup(x->path);
    l->target = oci_strdup(target);
    return l->path && l->target ? OCI_OK : oci_err_no_memory(&x->err);
}

static int make_links(struct oci_unpacking *x)
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

static int make_entry(struct oci_unpacking *x, const struct oci_entry *e)
{
    if (++x->count > x->o.max_entries)
        return oci_err_set(&x->err, OCI_LIMIT, "it has more than %llu entries",
                           (unsigned long long)x->o.max_entries);
    int rc = oci_pack_clean_name(e->name, x->o.strip, x->path, &x->err);
    if (rc != OCI_OK)
        return rc;
    if (e->kind != OCI_ENTRY_HARD_LINK && e->kind != OCI_ENTRY_DIRECTORY && !*x->path)
        return oci_pack_refuse(&x->err, OCI_UNSAFE_PATH, e->name, "would replace the directory itself");
    switch (e->kind) {
    case OCI_ENTRY_DIRECTORY:
        return make_directory(x);
    case OCI_ENTRY_FILE:
        return make_file(x, e);
    case OCI_ENTRY_SYMLINK:
        return keep_link(x, e->link);
    case OCI_ENTRY_HARD_LINK:
        return oci_pack_refuse(&x->err, OCI_UNSAFE_PATH, e->name, "is a hard link");
    case OCI_ENTRY_SPARSE:
        return oci_pack_refuse(&x->err, OCI_UNSUPPORTED, x->path, "is a file with holes, which is not supported");
    case OCI_ENTRY_OTHER:
    default:
        return oci_pack_refuse(&x->err, OCI_UNSAFE_PATH, x->path, "is neither a file nor a directory nor a link");
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int begin(struct oci_unpacking *x)
{
    const char *text = x->o.want_tar_digest;
    int rc = text ? oci_digest_parse(oci_str_of(text), &x->want, &x->err) : OCI_OK;
    if (rc != OCI_OK)
        return rc;
    struct oci_str algorithm = oci_digest_algorithm(&x->want);
    struct oci_entries_options o = {
        .fd = x->o.file_fd,
        .ratio_after = x->o.ratio_after,
        .algorithm = text ? &algorithm : NULL,
    };
    uint64_t headers =
        (x->o.max_entries < UINT64_MAX / HEADERS / 2 ? x->o.max_entries : 0) * HEADERS + (1u << 20);
    if (!oci_add_u64(x->o.max_bytes, headers, &o.max_bytes))
        o.max_bytes = UINT64_MAX;
    return oci_entries_open(&o, &x->entries, &x->err);
}

static int finish(struct oci_unpacking *x)
{
    struct oci_digest got = {""};
    int rc = oci_entries_finish(x->entries, &got, &x->err);
    if (rc != OCI_OK)
        return rc;
    if (oci_digest_is(&x->want) && !oci_digest_equal(&got, &x->want))
        return oci_err_set(&x->err, OCI_DIGEST_MISMATCH, "the tar in it has the digest %s, not %s", got.text,
                           x->want.text);
    return make_links(x);
}

/* One slice. */
static int some(struct oci_unpacking *x)
{
    struct oci_entry e;
    int rc = x->entries ? OCI_OK : begin(x);
    uint64_t stop = rc == OCI_OK ? oci_entries_tar_bytes(x->entries) + SLICE_BYTES : 0;
    unsigned entries = 0;
    while (rc == OCI_OK) {
        if (oci_entries_tar_bytes(x->entries) > stop || entries > SLICE_ENTRIES)
            return OCI_AGAIN;
        entries += x->file < 0;
        rc = x->file < 0 ? oci_entries_next(x->entries, &e, &x->err) : OCI_OK;
        if (rc != OCI_OK)
            break;
        rc = x->file < 0 ? make_entry(x, &e) : write_some(x);
        if (rc == OCI_IO) /* sys/ knows the last part of the name only */
            oci_err_wrap(&x->err, "%.200s", x->path);
    }
    return rc == OCI_END_OF_CONTENT ? finish(x) : rc;
}

int oci_unpacking_new(const struct oci_unpack_options *o, struct oci_unpacking **ret_unpacking, struct oci_err *reterr)
{
    struct oci_unpacking *x = oci_calloc(1, sizeof *x);
    if (!x)
        return oci_err_no_memory(reterr);
    x->o = *o;
    x->file = x->parent_fd = -1;
    if (x->o.max_bytes == 0)
        x->o.max_bytes = MAX_BYTES;
    if (x->o.max_entries == 0)
        x->o.max_entries = OCI_PACK_MAX_ENTRIES;
    *ret_unpacking = x;
    return OCI_OK;
}

int oci_unpacking_some(struct oci_unpacking *x, struct oci_err *reterr)
{
    int rc = some(x);
    if (rc >= 0)
        return rc;
    oci_err_wrap(&x->err, "unpacking %.200s", x->o.archive);
    return oci_err_copy(reterr, &x->err);
}

void oci_unpacking_free(struct oci_unpacking *x)
{
    if (!x)
        return;
    oci_entries_close(x->entries);
    oci_fd_close(x->file);
    oci_fd_close(x->parent_fd);
    for (size_t i = 0; i < x->link_count; i++) {
        oci_free(x->links[i].path);
        oci_free(x->links[i].target);
    }
    oci_free(x->links);
    oci_free(x);
}

bool oci_unpack_would_take(uint64_t archive_size, uint64_t tar_size)
{
    return tar_size <= OCI_PACK_RATIO_AFTER || tar_size / OCI_PACK_RATIO <= archive_size;
}

int oci_unpack(const struct oci_unpack_options *o, struct oci_err *reterr)
{
    struct oci_unpacking *x = NULL;
    int rc = oci_unpacking_new(o, &x, reterr);
    while (rc == OCI_OK) {
        rc = oci_unpacking_some(x, reterr);
        if (rc != OCI_AGAIN)
            break;
        rc = OCI_OK;
    }
    oci_unpacking_free(x);
    return rc;
}
