#include "pack/plan.h"

#include <string.h>

#include "base/mem.h"
#include "pack/names.h"
#include "pack/tar_header.h"
#include "sys/clock.h"

static const char zeros[2 * OCI_TAR_BLOCK];

/* Each extent but the first and the last has a header of its own in the block; that bounds the names, too: one that
 * does not fit into the header has records of its length. */
#define MAX_EXTENTS (OCI_PACK_BLOCK / OCI_TAR_BLOCK)
#define MAX_NAMES (2 * OCI_PACK_BLOCK)
#define SMALL (64u << 10) /* of a file: copied in no time */

/* ---- planning ------------------------------------------------------------------------------- */

int oci_planner_open(struct oci_planner *p, const char *dir, const char *prefix, const struct oci_ignore *ignore,
                     bool follow, struct oci_err *reterr)
{
    char cleaned[OCI_MAX_PATH];
    *p = (struct oci_planner){.dir = dir, .ignore = ignore, .follow = follow};
    oci_buf_init(&p->pending, 8 * OCI_MAX_PATH); /* one entry's headers and records */
    int rc = oci_pack_clean_name(prefix, NULL, cleaned, reterr);
    if (rc != OCI_OK)
        return rc;
    if (oci_clock_source_date(&p->mtime) == OCI_INVALID)
        return oci_err_set(reterr, OCI_INVALID, "SOURCE_DATE_EPOCH is not a number of seconds");
    p->prefix = oci_strdup(cleaned);
    return p->prefix ? oci_dir_walk_open(dir, ignore, follow, &p->walk, reterr) : oci_err_no_memory(reterr);
}

void oci_planner_close(struct oci_planner *p)
{
    oci_dir_walk_close(p->walk);
    oci_free(p->prefix);
    oci_buf_done(&p->pending);
    *p = (struct oci_planner){0};
}

static int add_header(struct oci_planner *p, const struct oci_dir_walk_entry *e, struct oci_err *reterr)
{
    char name[OCI_MAX_PATH]; /* a longer one would be refused on the way back */
    if (!*p->prefix && !*e->path)
        return OCI_OK; /* nothing to call it by */
    if (++p->entries > OCI_PACK_MAX_ENTRIES)
        return oci_err_set(reterr, OCI_LIMIT, "packing %.150s: it has more than %d entries", p->dir, OCI_PACK_MAX_ENTRIES);
    size_t at = strlen(p->prefix), len = strlen(e->path);
    memcpy(name, p->prefix, at + 1);
    if (at > 0 && len > 0)
        name[at++] = '/';
    if (at + len + 1 > sizeof name)
        return oci_pack_refuse(reterr, OCI_LIMIT, e->path, "has a name that is longer than a path may be");
    memcpy(name + at, e->path, len + 1);
    struct oci_tar_entry t = {
        .kind = e->info.kind,
        .name = name,
        .link = e->link,
        .executable = (e->info.mode & 0111) != 0,
        .size = e->info.size,
        .mtime = p->mtime,
    };
    return oci_tar_add_header(&p->pending, &t) == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
}

/* Takes up the next entry: its header is pending then. */
static int next_entry(struct oci_planner *p, struct oci_err *reterr)
{
    struct oci_dir_walk_entry e;
    oci_buf_clear(&p->pending);
    p->given = 0;
    int rc = oci_dir_walk_next(p->walk, &e, reterr);
    if (rc == OCI_END_OF_CONTENT) {
        /* Two zero blocks and no more: oras hashes no further than a reader must read. */
        p->ended = true;
        return oci_buf_add(&p->pending, zeros, sizeof zeros) == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
    }
    if (rc != OCI_OK)
        return rc;
    p->in_file = e.info.kind == OCI_FILE_REGULAR && e.info.size > 0;
    if (p->in_file) {
        p->off = 0;
        p->fd = e.fd;
        p->size = e.info.size;
        p->mtime_ns = e.info.mtime_ns;
        memcpy(p->path, e.path, strlen(e.path) + 1);
    }
    return add_header(p, &e, reterr);
}

static void put_pending(struct oci_planner *p, struct oci_plan_block *b)
{
    size_t n = p->pending.len - p->given, room = OCI_PACK_BLOCK - b->len;
    if (n > room)
        n = room;
    memcpy(b->tar + b->len, p->pending.p + p->given, n);
    p->given += n;
    b->len += n;
}

/* Of a file that was just looked at, all of it: nothing can have changed that a look would tell. */
static bool read_at_once(struct oci_planner *p, char *to)
{
    if (p->fd < 0 || p->size > SMALL)
        return false;
    int rc = oci_file_pread_cached(p->fd, to, (size_t)p->size, 0);
    if (rc == OCI_UNSUPPORTED)
        oci_dir_walk_open_no_more(p->walk);
    return rc == OCI_OK;
}

static int note_extent(struct oci_planner *p, struct oci_plan_block *b, size_t n, struct oci_err *reterr)
{
    struct oci_extent *grown = oci_grow(b->extents, &b->cap, b->count + 1, sizeof *grown, MAX_EXTENTS);
    if (!grown)
        return oci_err_no_memory(reterr);
    b->extents = grown;
    grown[b->count] = (struct oci_extent){
        .path = b->names.len,
        .off = p->off,
        .size = p->size,
        .mtime_ns = p->mtime_ns,
        .at = (uint32_t)b->len,
        .len = (uint32_t)n,
    };
    if (oci_buf_add(&b->names, p->path, strlen(p->path) + 1) != OCI_OK)
        return oci_err_no_memory(reterr);
    b->count++;
    return OCI_OK;
}

/* Reads or notes as much of the file as fits; behind its end comes the padding. */
static int put_file(struct oci_planner *p, struct oci_plan_block *b, struct oci_err *reterr)
{
    uint64_t left = p->size - p->off;
    size_t room = OCI_PACK_BLOCK - b->len, n = left < room ? (size_t)left : room;
    int rc = n == p->size && read_at_once(p, b->tar + b->len) ? OCI_OK : note_extent(p, b, n, reterr);
    if (rc != OCI_OK)
        return rc;
    b->len += n;
    p->off += n;
    if (n < left)
        return OCI_OK;
    p->in_file = false;
    oci_buf_clear(&p->pending);
    p->given = 0;
    size_t pad = (size_t)((OCI_TAR_BLOCK - p->size % OCI_TAR_BLOCK) % OCI_TAR_BLOCK);
    return oci_buf_add(&p->pending, zeros, pad) == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
}

int oci_planner_next(struct oci_planner *p, struct oci_plan_block *b, struct oci_err *reterr)
{
    b->len = b->count = 0;
    b->follow = p->follow;
    b->names.max = MAX_NAMES;
    oci_buf_clear(&b->names);
    if (!b->tar && !(b->tar = oci_alloc(OCI_PACK_BLOCK)))
        return oci_err_no_memory(reterr);
    int rc = OCI_OK;
    while (rc == OCI_OK && b->len < OCI_PACK_BLOCK && !p->over) {
        if (p->given < p->pending.len)
            put_pending(p, b);
        else if (p->in_file)
            rc = put_file(p, b, reterr);
        else if (!p->ended)
            rc = next_entry(p, reterr);
        p->over = p->ended && p->given == p->pending.len;
    }
    return rc;
}

/* ---- filling -------------------------------------------------------------------------------- */

static int open_one(const struct oci_plan_block *b, int root, const char *path, int *ret_fd,
                    struct oci_file_info *ret_info, struct oci_err *reterr)
{
    return b->follow ? oci_file_open_read(root, path, true, ret_fd, ret_info, reterr)
                     : oci_file_open_read_beneath(root, path, ret_fd, ret_info, reterr);
}

static int fill_one(const struct oci_plan_block *b, const struct oci_extent *x, int root, struct oci_err *reterr)
{
    const char *path = b->names.p + x->path;
    char *to = b->tar + x->at;
    struct oci_file_info info;
    int fd;
    int rc = open_one(b, root, path, &fd, &info, reterr);
    if (rc != OCI_OK)
        return rc;
    bool same = info.size == x->size && info.mtime_ns == x->mtime_ns;
    for (size_t done = 0, n; rc == OCI_OK && same && done < x->len; done += n) {
        n = 0;
        rc = oci_file_pread(fd, to + done, x->len - done, x->off + done, &n, reterr);
        same = n > 0;
    }
    oci_fd_close(fd);
    if (rc == OCI_OK && !same)
        return oci_pack_refuse(reterr, OCI_SIZE_MISMATCH, path, "changed while it was read");
    return rc;
}

int oci_plan_block_fill(const struct oci_plan_block *b, int root, const char *dir, struct oci_err *reterr)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct oci_extent *x = &b->extents[i];
        struct oci_err err = {0};
        if (fill_one(b, x, root, &err) != OCI_OK) {
            oci_err_wrap(&err, "packing %.100s", dir);
            oci_err_about(&err, "%s/%s", dir, b->names.p + x->path);
            return oci_err_copy(reterr, &err);
        }
    }
    return OCI_OK;
}

void oci_plan_block_done(struct oci_plan_block *b)
{
    oci_free(b->tar);
    oci_free(b->extents);
    oci_buf_done(&b->names);
    *b = (struct oci_plan_block){0};
}
