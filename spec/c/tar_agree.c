#include "tar_agree.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "content/content_kinds.h"
#include "pack/names.h"
#include "pack/pack.h"
#include "pack/tar_reader.h"
#include "pack/untar_file.h"
#include "pack/walk.h"
#include "sys/file.h"

#define MAX_NAMES 256
#define MAX_BYTES (1u << 20)

struct comparison {
    const char *tar;
    size_t len;
    int file, to;            /* the archive; where it was unpacked */
    struct oci_err unpacked; /* code 0: it was */
    char *names[MAX_NAMES];
    size_t count;
    unsigned bits;
    char *why;
};

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "tar_compare: %s\n", what);
    abort();
}

/* ---- a host that does at once what is called ---- */

static struct oci_call *due;

static void host_call(struct oci_host *h, struct oci_call *c)
{
    (void)h;
    due = c;
}

static void host_uncall(struct oci_host *h, struct oci_call *c)
{
    (void)h;
    due = due == c ? NULL : due;
}

static struct oci_host host = {.call = host_call, .uncall = host_uncall};

static void on_found(void *ctx, uint64_t size)
{
    *(uint64_t *)ctx = size;
}

/* ---- the stream ---- */

/* Moves the archive through the window as the source asks for it. */
static int pump(const struct comparison *c, struct oci_window *w, struct oci_source *s, struct oci_buf *b, struct oci_err *err)
{
    char piece[4096];
    size_t at = 0, n = 0;
    bool ended = false;
    for (;;) {
        size_t taken = 0;
        if (at < c->len && oci_window_give(w, c->tar + at, c->len - at, &taken) == OCI_OK)
            at += taken;
        if (at == c->len && !ended)
            oci_window_give_end(w, NULL);
        ended = at == c->len;
        int rc = s->type->read(s, piece, sizeof piece, &n, err);
        if (rc == OCI_OK)
            need(oci_buf_add(b, piece, n) == OCI_OK, "a file is larger than its archive");
        else if (rc != OCI_PAUSED)
            return rc;
        for (struct oci_call *call = due; call; call = due) {
            due = NULL;
            call->fn(call);
        }
    }
}

/* OCI_OK, or why the stream refuses. */
static int stream(const struct comparison *c, const char *path, struct oci_buf *b, struct oci_err *err)
{
    uint64_t size = UINT64_MAX;
    struct oci_window *w = oci_window_new(&host, 64u << 10);
    need(w, "no memory");
    struct oci_untar_file_options o = {.host = &host, .archive = w, .path = path, .on_found = on_found, .ctx = &size};
    struct oci_source *s = oci_source_untar_file(&o);
    need(s, "no memory");
    int rc = pump(c, w, s, b, err);
    oci_source_free(s);
    oci_window_unref(w);
    if (rc == OCI_END_OF_CONTENT)
        need(size == b->len, "the size that was told is not that of the file");
    return rc == OCI_END_OF_CONTENT ? OCI_OK : rc;
}

/* ---- comparing ---- */

static void told(struct comparison *c, unsigned bit, const char *path, const char *what, const char *more)
{
    if (!(c->bits & bit)) {
        size_t at = strlen(c->why);
        snprintf(c->why + at, 2048 - at, "%.100s: %s%.300s\n", path, what, more);
    }
    c->bits |= bit;
}

static bool same(const struct oci_bytes *a, const struct oci_buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

static struct oci_bytes *unpacked(const struct comparison *c, const char *path)
{
    struct oci_bytes *bytes = NULL;
    struct oci_file_info info;
    if (c->unpacked.code != OCI_OK || oci_file_info(c->to, path, false, &info, NULL) != OCI_OK || info.kind != OCI_FILE_REGULAR)
        return NULL;
    need(oci_file_read_all(c->to, path, MAX_BYTES, &bytes, NULL) == OCI_OK, "a file cannot be read");
    return bytes;
}

static void compare_name(struct comparison *c, const char *path)
{
    struct oci_err err = {0};
    struct oci_buf ours;
    oci_buf_init(&ours, MAX_BYTES);
    int rc = stream(c, path, &ours, &err);
    struct oci_bytes *theirs = unpacked(c, path);
    if (theirs && rc == OCI_OK && !same(theirs, &ours))
        told(c, TAR_DISAGREE, path, "other bytes", "");
    else if (theirs && rc == OCI_NOT_FOUND)
        told(c, TAR_DISAGREE, path, "is unpacked, and the stream says: ", err.text);
    else if (theirs && rc != OCI_OK)
        told(c, TAR_WE_REFUSE, path, "the stream says: ", err.text);
    else if (!theirs && rc == OCI_OK && c->unpacked.code == OCI_OK)
        told(c, TAR_DISAGREE, path, "the stream gives it, unpacking does not make it", "");
    else if (!theirs && rc == OCI_OK)
        told(c, TAR_THEY_REFUSE, path, "", c->unpacked.text);
    oci_bytes_unref(theirs);
    oci_buf_done(&ours);
}

/* ---- all the names ---- */

static void add_name(struct comparison *c, const char *path)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->names[i], path) == 0)
            return;
    }
    if (c->count < MAX_NAMES && *path)
        need((c->names[c->count++] = strdup(path)), "no memory");
}

static void names_on_disk(struct comparison *c)
{
    char to[64];
    struct oci_dir_walk *w;
    struct oci_dir_walk_entry e;
    snprintf(to, sizeof to, "/proc/self/fd/%d", c->to);
    need(oci_dir_walk_open(to, NULL, false, &w, NULL) == OCI_OK, "what was unpacked cannot be read");
    while (oci_dir_walk_next(w, &e, NULL) == OCI_OK) {
        if (e.info.kind == OCI_FILE_REGULAR)
            add_name(c, e.path);
    }
    oci_dir_walk_close(w);
}

static void names_in_stream(struct comparison *c)
{
    struct oci_tar_reader r;
    char path[OCI_MAX_PATH];
    int rc = OCI_OK;
    oci_tar_reader_init(&r);
    for (size_t at = 0, used; rc >= 0 && rc != OCI_TAR_OVER && at < c->len; at += used) {
        rc = oci_tar_reader_next(&r, c->tar + at, c->len - at, &used, NULL);
        if (rc == OCI_TAR_ENTRY && oci_pack_clean_name(r.name.len ? r.name.p : "", NULL, path, NULL) == OCI_OK)
            add_name(c, path);
    }
    oci_tar_reader_done(&r);
}

/* The directory that it is unpacked into, and its name. */
static void make_place(struct comparison *c, char name[64])
{
    strcpy(name, "/tmp/oci-agree-XXXXXX");
    need(mkdtemp(name), "no directory");
    need(oci_dir_open(OCI_CWD, name, false, &c->to, NULL) == OCI_OK, "no directory");
    c->file = memfd_create("archive", MFD_CLOEXEC);
    need(c->file >= 0 && pwrite(c->file, c->tar, c->len, 0) == (ssize_t)c->len, "no archive");
}

unsigned tar_compare(const void *p, size_t len, char why[2048])
{
    char place[64];
    struct comparison c = {.tar = p, .len = len, .why = why};
    why[0] = '\0';
    make_place(&c, place);
    struct oci_unpack_options o = {.file_fd = c.file, .archive = "it", .dirfd = c.to, .max_bytes = MAX_BYTES, .max_entries = 128};
    oci_unpack(&o, &c.unpacked);
    names_on_disk(&c);
    names_in_stream(&c);
    for (size_t i = 0; i < c.count; i++) {
        compare_name(&c, c.names[i]);
        free(c.names[i]);
    }
    oci_fd_close(c.file);
    oci_fd_close(c.to);
    need(oci_dir_remove_all(OCI_CWD, place, NULL) == OCI_OK, "the directory cannot be removed");
    return c.bits;
}

bool tar_compare_is_exact(void)
{
    void *library = dlopen("libarchive.so.13", RTLD_NOW);
    int (*version)(void) = NULL;
    void *symbol = library ? dlsym(library, "archive_version_number") : NULL;
    memcpy(&version, &symbol, sizeof version);
    return version && version() / 1000 == 3006;
}
