/* layout_open.c - the files of a layout: opened, checked, made, read, made durable (layout.h). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/layout.h"

#define LAYOUT_FILE "oci-layout"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define MAX_LAYOUT_FILE (64u << 10)
#define EMPTY_INDEX "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_INDEX "\",\"manifests\":[]}"

/* ---- opening ------------------------------------------------------------------------------- */

/* image-layout.md, oci-layout file: an object whose imageLayoutVersion is "1.0.0" (rules L03 to L06). */
static int check_version(const struct oci_bytes *text, const char *dir, struct oci_err *reterr)
{
    struct oci_json *root;
    struct oci_err err = {0};
    if (oci_json_parse(text->p, text->len, MAX_LAYOUT_FILE, &root, &err) != OCI_OK) {
        oci_err_wrap(&err, "the file " LAYOUT_FILE " in %s", dir);
        return oci_err_copy(reterr, &err);
    }
    int rc = OCI_OK;
    const char *version = oci_json_string(oci_json_get(root, "imageLayoutVersion"));
    if (!version)
        rc = oci_err_set(reterr, OCI_INVALID, "the file " LAYOUT_FILE " in %s has no imageLayoutVersion", dir);
    else if (strcmp(version, "1.0.0") != 0)
        rc = oci_err_set(reterr, OCI_INVALID, "%s is an image layout of the unknown version \"%.40s\"", dir, version);
    oci_json_free(root);
    return rc;
}

/* Makes a file with its first content; one that somebody else has made meanwhile stays. */
static int make_file(int dirfd, const char *name, const char *text, struct oci_err *reterr)
{
    char temporary[OCI_TEMPORARY_MAX];
    oci_file_temporary(temporary);
    int fd;
    int rc = oci_file_create(dirfd, temporary, 0644, &fd, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_file_pwrite(fd, text, strlen(text), 0, reterr);
    int closed = oci_file_close(fd, rc == OCI_OK ? reterr : NULL);
    if (rc == OCI_OK)
        rc = closed;
    struct oci_err err = {0};
    if (rc == OCI_OK && (rc = oci_file_rename(dirfd, temporary, dirfd, name, false, &err)) == OCI_OK)
        return OCI_OK;
    oci_file_unlink(dirfd, temporary, NULL);
    if (rc == OCI_EXISTS)
        return OCI_OK;
    oci_err_copy(reterr, &err);
    return rc;
}

static int make_layout(struct oci_layout *l, int dirfd, struct oci_err *reterr)
{
    int fd;
    int rc = oci_dir_open_beneath(dirfd, "blobs", true, &fd, reterr);
    if (rc != OCI_OK)
        return rc;
    oci_fd_close(fd);
    rc = make_file(dirfd, "index.json", EMPTY_INDEX, reterr);
    if (rc == OCI_OK)
        rc = make_file(dirfd, LAYOUT_FILE, LAYOUT_TEXT, reterr);
    if (rc != OCI_OK)
        return rc;
    oci_mutex_lock(&l->mutex);
    l->made = true;
    oci_mutex_unlock(&l->mutex);
    return OCI_OK;
}


int oci_layout_read_file(int dirfd, const char *path, size_t max, struct oci_bytes **ret_bytes, struct oci_err *reterr)
{
    int fd;
    struct oci_file_info info;
    int rc = oci_file_open_read_beneath(dirfd, path, &fd, &info, reterr);
    if (rc != OCI_OK)
        return rc;
    char *p = NULL;
    size_t len = 0;
    if (info.size > max)
        rc = oci_err_set(reterr, OCI_LIMIT, "%s is larger than %zu bytes", path, max);
    else if (!(p = oci_alloc((size_t)info.size + 1)))
        rc = oci_err_no_memory(reterr);
    for (size_t n = 1; rc == OCI_OK && n > 0 && len < info.size; len += rc == OCI_OK ? n : 0)
        rc = oci_file_pread(fd, p + len, (size_t)info.size - len, len, &n, reterr);
    oci_fd_close(fd);
    if (rc != OCI_OK) {
        oci_free(p);
        return rc;
    }
    p[len] = '\0';
    *ret_bytes = oci_bytes_new_take(p, len);
    return *ret_bytes ? OCI_OK : oci_err_no_memory(reterr);
}

static int check_layout(struct oci_layout *l, bool make, int dirfd, struct oci_err *reterr)
{
    struct oci_bytes *text = NULL;
    struct oci_err err = {0};
    int rc = oci_layout_read_file(dirfd, LAYOUT_FILE, MAX_LAYOUT_FILE, &text, &err);
    if (rc == OCI_NOT_FOUND && make)
        return make_layout(l, dirfd, reterr);
    if (rc == OCI_NOT_FOUND)
        return oci_err_set(reterr, rc, "there is no image layout at %s (it has no file " LAYOUT_FILE ")", l->dir);
    if (rc != OCI_OK) {
        oci_err_wrap(&err, "the image layout %s", l->dir);
        return oci_err_copy(reterr, &err);
    }
    rc = check_version(text, l->dir, reterr);
    oci_bytes_unref(text);
    return rc;
}

/* Two jobs may be here at once: the first one's descriptor counts. */
static int keep_descriptor(struct oci_layout *l, int *where, int fd)
{
    oci_mutex_lock(&l->mutex);
    bool mine = *where < 0;
    if (mine)
        *where = fd;
    int kept = *where;
    oci_mutex_unlock(&l->mutex);
    if (!mine)
        oci_fd_close(fd);
    return kept;
}

static int descriptor(struct oci_layout *l, const int *where)
{
    oci_mutex_lock(&l->mutex);
    int fd = *where;
    oci_mutex_unlock(&l->mutex);
    return fd;
}

int oci_layout_open(struct oci_layout *l, bool make, int *ret_dirfd, struct oci_err *reterr)
{
    int fd = descriptor(l, &l->dirfd);
    make = make && l->create;
    if (fd < 0) {
        struct oci_err err = {0};
        int rc = oci_dir_open(OCI_CWD, l->dir, make, &fd, &err);
        if (rc == OCI_NOT_FOUND)
            return oci_err_set(reterr, rc, "there is no image layout at %s", l->dir);
        if (rc != OCI_OK)
            return oci_err_copy(reterr, &err);
        rc = check_layout(l, make, fd, reterr);
        if (rc != OCI_OK) {
            oci_fd_close(fd);
            return rc;
        }
        fd = keep_descriptor(l, &l->dirfd, fd);
    }
    *ret_dirfd = fd;
    return OCI_OK;
}

int oci_layout_open_blobs(struct oci_layout *l, struct oci_str algorithm, int *ret_fd, struct oci_err *reterr)
{
    bool sha512 = oci_str_eq(algorithm, OCI_SHA512);
    int *where = &l->blobs[sha512 ? OCI_LAYOUT_SHA512 : OCI_LAYOUT_SHA256];
    if (!sha512 && !oci_str_eq(algorithm, OCI_SHA256))
        return oci_err_set(reterr, OCI_UNSUPPORTED, "digests by %.*s cannot be verified", (int)algorithm.len,
                           algorithm.p);
    int dirfd, fd = descriptor(l, where);
    if (fd < 0) {
        int rc = oci_layout_open(l, true, &dirfd, reterr);
        if (rc == OCI_OK)
            rc = oci_dir_open_beneath(dirfd, sha512 ? "blobs/sha512" : "blobs/sha256", true, &fd, reterr);
        if (rc != OCI_OK)
            return rc;
        fd = keep_descriptor(l, where, fd);
    }
    *ret_fd = fd;
    return OCI_OK;
}

/* ---- blobs --------------------------------------------------------------------------------- */

void oci_layout_path(const struct oci_digest *digest, char path[OCI_LAYOUT_PATH_MAX])
{
    /* A digest's grammar lets neither "/" nor ".." through (L11). */
    struct oci_str algorithm = oci_digest_algorithm(digest);
    snprintf(path, OCI_LAYOUT_PATH_MAX, "blobs/%.*s/%s", (int)algorithm.len, algorithm.p,
             oci_digest_encoded(digest).p);
}

int oci_layout_stat(struct oci_layout *l, const struct oci_digest *digest, struct oci_file_info *ret_info,
                    struct oci_err *reterr)
{
    char path[OCI_LAYOUT_PATH_MAX];
    int dirfd, fd;
    struct oci_err err = {0};
    int rc = oci_layout_open(l, false, &dirfd, reterr);
    if (rc != OCI_OK)
        return rc;
    oci_layout_path(digest, path);
    /* Opened, since a link among the directories must not be followed either. */
    rc = oci_file_open_read_beneath(dirfd, path, &fd, ret_info, &err);
    if (rc == OCI_NOT_FOUND)
        return oci_err_set(reterr, rc, "the image layout %s has no blob %s", l->dir, digest->text);
    if (rc == OCI_INVALID || rc == OCI_UNSAFE_PATH)
        return oci_err_set(reterr, OCI_UNSAFE_PATH, "the blob %s of the image layout %s is not a regular file",
                           digest->text, l->dir);
    if (rc != OCI_OK)
        return oci_err_copy(reterr, &err);
    oci_fd_close(fd);
    return OCI_OK;
}

int oci_layout_read(struct oci_layout *l, const struct oci_digest *digest, uint64_t size, size_t max,
                    struct oci_bytes **ret_bytes, struct oci_err *reterr)
{
    char path[OCI_LAYOUT_PATH_MAX];
    struct oci_file_info info;
    struct oci_bytes *bytes = NULL;
    struct oci_err err = {0};
    int dirfd;
    int rc = oci_layout_stat(l, digest, &info, reterr);
    if (rc != OCI_OK || (rc = oci_layout_open(l, false, &dirfd, reterr)) != OCI_OK)
        return rc;
    if (size != OCI_SIZE_UNKNOWN && info.size != size)
        return oci_err_set(reterr, OCI_SIZE_MISMATCH,
                           "the blob %s of the image layout %s has %" PRIu64 " bytes instead of %" PRIu64,
                           digest->text, l->dir, info.size, size);
    oci_layout_path(digest, path);
    rc = oci_layout_read_file(dirfd, path, max, &bytes, &err);
    if (rc == OCI_OK)
        rc = oci_digest_check(digest, bytes->p, bytes->len, &err);
    if (rc != OCI_OK) {
        oci_err_wrap(&err, "the image layout %s", l->dir);
        oci_bytes_unref(bytes);
        return oci_err_copy(reterr, &err);
    }
    *ret_bytes = bytes;
    return OCI_OK;
}

static int write_blob(int fd, const char *name, const struct oci_bytes *bytes, struct oci_err *reterr)
{
    struct oci_file_info info;
    struct oci_err err = {0};
    int rc = oci_file_info(fd, name, false, &info, &err);
    if (rc == OCI_OK && info.kind != OCI_FILE_REGULAR)
        return oci_err_set(reterr, OCI_UNSAFE_PATH, "something that is not a regular file is in the way of %s", name);
    if (rc == OCI_OK && info.size == bytes->len)
        return OCI_OK; /* read again, it will be verified */
    if (rc != OCI_OK && rc != OCI_NOT_FOUND)
        return oci_err_copy(reterr, &err);
    return oci_file_write_atomic(fd, name, bytes->p, bytes->len, 0644, false, reterr);
}

int oci_layout_write(struct oci_layout *l, const struct oci_digest *digest, const struct oci_bytes *bytes,
                     struct oci_err *reterr)
{
    int fd;
    struct oci_err err = {0};
    int rc = oci_digest_check(digest, bytes->p, bytes->len, &err);
    if (rc == OCI_OK)
        rc = oci_layout_open_blobs(l, oci_digest_algorithm(digest), &fd, &err);
    if (rc == OCI_OK)
        rc = write_blob(fd, oci_digest_encoded(digest).p, bytes, &err);
    if (rc != OCI_OK) {
        oci_err_wrap(&err, "writing to the image layout %s", l->dir);
        oci_err_about(&err, "%s", l->dir);
        return oci_err_copy(reterr, &err);
    }
    oci_layout_note(l, digest);
    return OCI_OK;
}

/* ---- durability ---------------------------------------------------------------------------- */

void oci_layout_note(struct oci_layout *l, const struct oci_digest *digest)
{
    oci_mutex_lock(&l->mutex);
    size_t named = l->fresh_count < OCI_LAYOUT_SYNC_EACH ? l->fresh_count : OCI_LAYOUT_SYNC_EACH, i = 0;
    while (i < named && !oci_digest_equal(&l->fresh[i], digest))
        i++;
    if (i == named && named < OCI_LAYOUT_SYNC_EACH)
        l->fresh[named] = *digest;
    if (i == named)
        l->fresh_count++;
    oci_mutex_unlock(&l->mutex);
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        oci_fd_close(fds[i]);
}

/* All begin to be written before the first is waited for. */
static int sync_blobs(int dirfd, const struct oci_digest *digests, size_t count, struct oci_err *reterr)
{
    int fds[OCI_LAYOUT_SYNC_EACH];
    for (size_t i = 0; i < count; i++) {
        char path[OCI_LAYOUT_PATH_MAX];
        struct oci_file_info info;
        oci_layout_path(&digests[i], path);
        int rc = oci_file_open_read_beneath(dirfd, path, &fds[i], &info, reterr);
        if (rc != OCI_OK) {
            close_all(fds, i);
            return rc;
        }
        oci_file_start_writeback(fds[i], 0, info.size);
    }
    int rc = OCI_OK;
    for (size_t i = 0; rc == OCI_OK && i < count; i++) {
        rc = oci_file_sync(fds[i], reterr);
        if (rc != OCI_OK) { /* a second sync would say it is well: what it holds is anybody's guess */
            char path[OCI_LAYOUT_PATH_MAX];
            oci_layout_path(&digests[i], path);
            oci_file_unlink(dirfd, path, NULL);
        }
    }
    close_all(fds, count);
    return rc;
}

static int sync_dir(int dirfd, const char *path, struct oci_err *reterr)
{
    int fd;
    int rc = oci_dir_open(dirfd, path, false, &fd, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_file_sync(fd, reterr);
    oci_fd_close(fd);
    return rc;
}

static int sync_file(int dirfd, const char *path, struct oci_err *reterr)
{
    int fd;
    int rc = oci_file_open_read_beneath(dirfd, path, &fd, NULL, reterr);
    if (rc != OCI_OK)
        return rc;
    rc = oci_file_sync(fd, reterr);
    oci_fd_close(fd);
    return rc;
}

/* What a new layout is made of, and its name in the directory above. The layout's own directory is synced with
 * index.json. */
static int sync_layout(int dirfd, struct oci_err *reterr)
{
    int rc = sync_file(dirfd, LAYOUT_FILE, reterr);
    if (rc == OCI_OK)
        rc = sync_dir(dirfd, "blobs", reterr);
    if (rc == OCI_OK)
        sync_dir(dirfd, "..", NULL); /* which may not be ours to open */
    return rc;
}

int oci_layout_sync(struct oci_layout *l, struct oci_err *reterr)
{
    struct oci_digest names[OCI_LAYOUT_SYNC_EACH];
    oci_mutex_lock(&l->mutex);
    int dirfd = l->dirfd, blobs[OCI_LAYOUT_ALGORITHMS];
    memcpy(blobs, l->blobs, sizeof blobs);
    size_t count = l->fresh_count;
    bool made = l->made;
    memcpy(names, l->fresh, sizeof names);
    oci_mutex_unlock(&l->mutex);
    struct oci_err err = {0};
    int rc = OCI_OK;
    if (count > OCI_LAYOUT_SYNC_EACH) {
        rc = oci_file_sync_all(dirfd, &err);
    } else if (count > 0) {
        rc = sync_blobs(dirfd, names, count, &err);
        for (size_t i = 0; rc == OCI_OK && i < OCI_LAYOUT_ALGORITHMS; i++)
            rc = blobs[i] < 0 ? OCI_OK : oci_file_sync(blobs[i], &err);
        if (rc == OCI_OK && made)
            rc = sync_layout(dirfd, &err);
    }
    if (rc != OCI_OK) {
        oci_err_wrap(&err, "the image layout %s", l->dir);
        return oci_err_copy(reterr, &err);
    }
    oci_mutex_lock(&l->mutex);
    l->made = l->made && count == 0;
    size_t more = l->fresh_count - count; /* noted meanwhile: the next commit's */
    if (more > 0 && l->fresh_count > OCI_LAYOUT_SYNC_EACH) {
        l->fresh_count = OCI_LAYOUT_SYNC_EACH + more; /* some of their names are lost */
    } else {
        if (more > 0)
            memmove(l->fresh, l->fresh + count, more * sizeof *l->fresh);
        l->fresh_count = more;
    }
    oci_mutex_unlock(&l->mutex);
    return OCI_OK;
}
