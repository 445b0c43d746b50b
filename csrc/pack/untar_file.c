/* untar_file.c - the source is read on the pool, where it takes what has come of the archive; when there is nothing more it says
 * PAUSED, and the window's writer wakes it. It says so, too, when it has done much in one go, and wakes itself. */
#include "pack/untar_file.h"

#include <stdatomic.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "pack/names.h"
#include "pack/tar_reader.h"
#include "pack/unpress.h"

#define IN (64u << 10)
#define OUT (128u << 10)
#define TURN (4u << 20)         /* bytes of tar in one job: between two a cancel takes effect */
#define MAX_BYTES (64ull << 30) /* of tar */

enum state { SEARCHING, FOUND, INSIDE };

static const char directory[] = "a directory";

struct untar_file {
    struct oci_source base;
    struct oci_host *host;
    struct oci_window *archive;
    char *path, *called, *strip;
    void (*on_found)(void *ctx, uint64_t size);
    void *ctx;
    struct oci_call call;        /* wakes, and tells that it is found */
    /* one job at a time */
    enum state state;
    struct oci_unpress unpress;
    struct oci_tar_reader tar;
    unsigned char *in, *out;
    size_t in_at, in_len, out_at, out_len;
    bool in_over;                /* all of the archive has come, and was right */
    uint64_t entries, left;      /* of the file */
    const char *is;              /* what the path is, once it was seen */
    bool hidden;                 /* something above it is no directory */
    /* job to engine and back */
    uint64_t size;               /* from is_found on */
    atomic_bool is_found, told;
};

static struct untar_file *of(struct oci_source *s)
{
    return OCI_OWNER(s, struct untar_file, base);
}

/* ---- waking (engine) ---- */

static void wake(void *ctx)
{
    oci_source_resume(ctx);
}

static void on_call(struct oci_call *c)
{
    struct untar_file *u = OCI_OWNER(c, struct untar_file, call);
    if (atomic_load(&u->is_found) && !atomic_load(&u->told)) {
        u->on_found(u->ctx, u->size);
        atomic_store(&u->told, true);
    }
    oci_source_resume(&u->base);
}

/* ---- what comes ---- */

/* More bytes of the archive, unless it is over. */
static int fill_in(struct untar_file *u, struct oci_err *reterr)
{
    memmove(u->in, u->in + u->in_at, u->in_len);
    u->in_at = 0;
    size_t n = 0;
    int rc = oci_window_take(u->archive, u->in + u->in_len, IN - u->in_len, &n, reterr);
    u->in_len += n;
    u->in_over = rc == OCI_END_OF_CONTENT;
    return u->in_over ? OCI_OK : rc;
}

/* More bytes of tar: OCI_OK (there may be none), OCI_END_OF_CONTENT, OCI_PAUSED, or an error. */
static int fill_out(struct untar_file *u, struct oci_err *reterr)
{
    size_t used = 0;
    bool begins = u->unpress.kind == OCI_UNPRESS_UNKNOWN;
    if (!u->in_over && u->in_len < (begins ? OCI_UNPRESS_MAGIC : 1)) {
        int rc = fill_in(u, reterr);
        if (rc != OCI_OK || (begins && !u->in_over && u->in_len < OCI_UNPRESS_MAGIC))
            return rc;
    }
    u->out_at = 0;
    int rc = oci_unpress(&u->unpress, u->in + u->in_at, u->in_len, &used, u->out, OUT, &u->out_len, reterr);
    u->in_at += used;
    u->in_len -= used;
    if (rc != OCI_OK || u->out_len > 0 || used > 0)
        return rc;
    if (!u->in_over && u->in_len < IN) /* it wants more than is left of it */
        return fill_in(u, reterr);
    rc = oci_unpress_end(&u->unpress, reterr);
    if (rc == OCI_OK && u->in_len > 0)
        rc = oci_err_set(reterr, OCI_INVALID, "it ends too early");
    return rc == OCI_OK ? OCI_END_OF_CONTENT : rc;
}

/* ---- entries ---- */

static int twice(struct untar_file *u, struct oci_err *reterr)
{
    return oci_pack_refuse(reterr, OCI_INVALID, u->called, "is in it twice, or as a file and a directory");
}

static bool is_below(const char *path, const char *of)
{
    size_t len = strlen(of);
    return strncmp(path, of, len) == 0 && path[len] == '/';
}

static int found(struct untar_file *u, struct oci_err *reterr)
{
    static const char *const kinds[] = {
        [OCI_TAR_FILE] = "a file",          [OCI_TAR_DIRECTORY] = directory,     [OCI_TAR_SYMLINK] = "a symbolic link",
        [OCI_TAR_HARDLINK] = "a hard link", [OCI_TAR_OTHER] = "a device or the like",
    };
    const char *is = kinds[u->tar.kind];
    if (u->is && (u->is != directory || is != directory))
        return twice(u, reterr);
    u->is = is;
    if (u->tar.kind == OCI_TAR_FILE) {
        u->state = FOUND;
        u->left = u->size = u->tar.size;
        atomic_store(&u->is_found, true);
    }
    return OCI_OK;
}

/* An entry below the path: it is a directory. */
static int found_below(struct untar_file *u, struct oci_err *reterr)
{
    if (u->is && u->is != directory)
        return twice(u, reterr);
    u->is = directory;
    return OCI_OK;
}

static int on_entry(struct untar_file *u, struct oci_err *reterr)
{
    char path[OCI_MAX_PATH];
    if (++u->entries > OCI_PACK_MAX_ENTRIES)
        return oci_err_set(reterr, OCI_LIMIT, "it has more than %d entries", OCI_PACK_MAX_ENTRIES);
    int rc = oci_pack_clean_name(u->tar.name.len > 0 ? u->tar.name.p : "", u->strip, path, reterr);
    if (rc != OCI_OK)
        return rc;
    bool is_directory = u->tar.kind == OCI_TAR_DIRECTORY;
    if (!*path && !is_directory)
        return oci_pack_refuse(reterr, OCI_UNSAFE_PATH, u->tar.name.len > 0 ? u->tar.name.p : "\"\"",
                               "would replace the directory itself");
    u->hidden = u->hidden || (is_below(u->path, path) && !is_directory);
    int seen = strcmp(path, u->path) == 0 ? found(u, reterr) : is_below(path, u->path) ? found_below(u, reterr) : OCI_OK;
    return seen == OCI_OK && u->hidden && u->is ? twice(u, reterr) : seen;
}

/* Goes on to the next bytes of the file (OCI_OK, *ret_n > 0) or to the end of what is there (OCI_AGAIN). */
static int read_tar(struct untar_file *u, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    while (u->out_len > 0 && u->state != FOUND) {
        size_t used = 0, len = u->out_len;
        bool content = u->state == INSIDE && u->left > 0;
        if (content && len > max)
            len = max;
        int rc = oci_tar_reader_next(&u->tar, u->out + u->out_at, len, &used, reterr);
        if (rc == OCI_TAR_DATA && content) {
            memcpy(p, u->out + u->out_at, used);
            *ret_n = used;
            u->left -= used;
        }
        u->out_at += used;
        u->out_len -= used;
        if (rc == OCI_TAR_OVER)
            u->out_len = 0;
        if (rc == OCI_TAR_ENTRY)
            rc = on_entry(u, reterr);
        if (rc < 0 || *ret_n > 0)
            return rc < 0 ? rc : OCI_OK;
    }
    return OCI_AGAIN;
}

static int at_end(struct untar_file *u, struct oci_err *reterr)
{
    int rc = oci_tar_reader_end(&u->tar, reterr);
    if (rc != OCI_OK || u->state != SEARCHING)
        return rc == OCI_OK ? OCI_END_OF_CONTENT : rc;
    if (!u->is)
        return oci_pack_refuse(reterr, OCI_NOT_FOUND, u->called, "is not in the archive");
    oci_err_set(reterr, OCI_INVALID, "%.200s is %s, not a file", u->called, u->is);
    return OCI_INVALID;
}

/* ---- the source ---- */

static uint64_t work_done(const struct untar_file *u)
{
    return u->unpress.taken + u->unpress.given;
}

static int untar_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct untar_file *u = of(s);
    if (u->state == FOUND && atomic_load(&u->told))
        u->state = INSIDE;
    *ret_n = 0;
    for (uint64_t stop = work_done(u) + TURN; u->state != FOUND && work_done(u) < stop;) {
        int rc = read_tar(u, p, max, ret_n, reterr);
        if (rc == OCI_AGAIN && u->state != FOUND)
            rc = fill_out(u, reterr);
        if (rc == OCI_END_OF_CONTENT)
            return at_end(u, reterr);
        if (rc == OCI_PAUSED || rc < 0 || *ret_n > 0)
            return rc;
        if (u->unpress.given > MAX_BYTES)
            return oci_err_set(reterr, OCI_LIMIT, "it unpacks to more than it may");
    }
    u->host->call(u->host, &u->call);
    return OCI_PAUSED;
}

static void untar_close(struct oci_source *s)
{
    oci_window_stop(of(s)->archive);
}

static void untar_free(struct oci_source *s)
{
    struct untar_file *u = of(s);
    oci_window_on_change(u->archive, NULL, NULL);
    oci_window_stop(u->archive);
    u->host->uncall(u->host, &u->call);
    oci_window_unref(u->archive);
    oci_unpress_done(&u->unpress);
    oci_tar_reader_done(&u->tar);
    oci_free(u->in);
    oci_free(u->out);
    oci_free(u->path);
    oci_free(u->called);
    oci_free(u->strip);
    oci_free(u);
}

static const struct oci_source_type untar_file_type = {
    .name = "file in an archive",
    .read = untar_read,
    .close = untar_close,
    .free = untar_free,
    .on_pool = true,
    .one_shot = true,
};

int oci_untar_clean_path(const char *path, char ret_path[OCI_MAX_PATH], struct oci_err *reterr)
{
    return oci_pack_clean_name(path, NULL, ret_path, reterr);
}

struct oci_source *oci_source_untar_file(const struct oci_untar_file_options *o)
{
    struct untar_file *u = oci_calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->base = (struct oci_source){.type = &untar_file_type, .size = OCI_SIZE_UNKNOWN};
    u->host = o->host;
    u->archive = oci_window_ref(o->archive);
    u->on_found = o->on_found;
    u->ctx = o->ctx;
    u->call.fn = on_call;
    oci_list_init(&u->call.link);
    atomic_init(&u->is_found, false);
    atomic_init(&u->told, false);
    oci_tar_reader_init(&u->tar);
    u->in = oci_alloc(IN);
    u->out = oci_alloc(OUT);
    u->path = oci_strdup(o->path);
    u->called = oci_strdup(o->called ? o->called : o->path);
    u->strip = oci_strdup(o->strip);
    if (!u->in || !u->out || !u->path || !u->called || (o->strip && !u->strip)) {
        untar_free(&u->base);
        return NULL;
    }
    oci_window_on_change(u->archive, wake, &u->base);
    return &u->base;
}
