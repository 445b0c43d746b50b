/* find.c - the engine collects what comes in a block; a job on the pool reads it, slice by slice, while write() and end() say
 * PAUSED. So whatever a job touches is either its own or the engine's, and nothing runs that outlives the sink. */
#include "pack/find.h"

#include <string.h>

#include "base/glob.h"
#include "base/limits.h"
#include "base/mem.h"
#include "content/check.h"
#include "pack/names.h"
#include "pack/tar_reader.h"
#include "pack/unpress.h"

#define IN (256u << 10)
#define OUT (128u << 10)
#define SLICE (4u << 20)           /* bytes of tar in one go: between two a cancel takes effect */
#define MAX_TAR_BYTES (1ull << 30) /* looked through: somebody waits for it */
#define RATIO_AFTER (16u << 20)    /* what is looked into is small */

struct found {
    char *pattern;
    char *path; /* of what was found */
    struct oci_bytes *bytes;
    struct oci_buf buf; /* what has come of it */
    bool wanted;        /* the entry that is read is the one */
};

struct find {
    struct oci_sink base;
    struct oci_host *host;
    size_t count, limit;
    bool cut;
    /* the job's while it is posted */
    struct oci_work work;
    bool verify;
    struct oci_check check;
    struct oci_unpress unpress;
    struct oci_tar_reader tar;
    char *in, *out;
    size_t in_at, in_len;
    uint64_t entries, left;  /* of the archive; bytes of the entry's content */
    struct found *found;
    size_t missing;          /* of them */
    bool hashed;             /* this block */
    struct oci_err trouble;  /* why the archive is read no further */
    /* the engine's */
    bool busy, waiting;      /* the job is posted; PAUSED was said */
    bool had_enough;
};

static struct find *of(struct oci_sink *s)
{
    return OCI_OWNER(s, struct find, base);
}

/* ---- entries (POOL) ---- */

/* What is verified is read to its end: what unpacks it would take the last of two entries of one name. */
static bool reads_on(const struct find *k)
{
    return k->verify || k->missing > 0;
}

static int on_path(struct find *k, const char *path, bool is_file, struct oci_err *reterr)
{
    for (size_t i = 0; i < k->count; i++) {
        struct found *x = &k->found[i];
        if (x->bytes && strcmp(x->path, path) == 0)
            return oci_err_set(reterr, OCI_INVALID, "%.200s is in it twice", path);
        x->wanted = is_file && !x->bytes && oci_glob_match(x->pattern, path);
        if (x->wanted && !k->cut && k->tar.size > k->limit)
            return oci_err_set(reterr, OCI_LIMIT, "%.200s in it has more than %zu bytes", x->pattern, k->limit);
        if (x->wanted && !(x->path = oci_strdup(path)))
            return oci_err_no_memory(reterr);
    }
    return OCI_OK;
}

/* Names begin with a slash in the bundles that opa builds; nothing is written, so no name is dangerous: one that would be
 * refused elsewhere is none that anybody asks for. */
static int on_entry(struct find *k, struct oci_err *reterr)
{
    char path[OCI_MAX_PATH];
    const char *name = k->tar.name.len > 0 ? k->tar.name.p : "";
    bool is_clean = oci_pack_clean_name(name + strspn(name, "/"), NULL, path, NULL) == OCI_OK;
    if (++k->entries > OCI_PACK_MAX_ENTRIES)
        return oci_err_set(reterr, OCI_LIMIT, "it has more than %d entries", OCI_PACK_MAX_ENTRIES);
    k->left = k->tar.size;
    return is_clean ? on_path(k, path, k->tar.kind == OCI_TAR_FILE, reterr) : OCI_OK;
}

static int keep(struct find *k, const void *p, size_t len, struct oci_err *reterr)
{
    k->left -= len;
    for (size_t i = 0; i < k->count; i++) {
        struct oci_buf *b = &k->found[i].buf;
        size_t room = k->limit - b->len;
        if (k->found[i].wanted && oci_buf_add(b, p, len < room ? len : room) != OCI_OK)
            return oci_err_no_memory(reterr);
    }
    return OCI_OK;
}

/* The entry has come as a whole. */
static int settle(struct find *k, struct oci_err *reterr)
{
    for (size_t i = 0; i < k->count; i++) {
        struct found *x = &k->found[i];
        if (!x->wanted)
            continue;
        x->bytes = oci_bytes_new(x->buf.len > 0 ? x->buf.p : "", x->buf.len);
        if (!x->bytes)
            return oci_err_no_memory(reterr);
        oci_buf_done(&x->buf);
        x->wanted = false;
        k->missing--;
    }
    return OCI_OK;
}

/* One word of the archive. */
static int read_word(struct find *k, const char *p, size_t len, size_t *ret_used, struct oci_err *reterr)
{
    int word = oci_tar_reader_next(&k->tar, p, len, ret_used, reterr);
    int rc = word < 0 ? word : OCI_OK;
    if (word == OCI_TAR_OVER)
        *ret_used = len;
    else if (word == OCI_TAR_ENTRY)
        rc = on_entry(k, reterr);
    else if (word == OCI_TAR_DATA)
        rc = keep(k, p, *ret_used, reterr);
    bool whole = (word == OCI_TAR_ENTRY || word == OCI_TAR_DATA) && k->left == 0;
    return rc == OCI_OK && whole ? settle(k, reterr) : rc;
}

static int read_tar(struct find *k, size_t len, struct oci_err *reterr)
{
    int rc = OCI_OK;
    if (k->unpress.given > MAX_TAR_BYTES)
        return oci_err_set(reterr, OCI_LIMIT, "it unpacks to more than it may");
    for (size_t at = 0, n; rc == OCI_OK && at < len && reads_on(k); at += n)
        rc = read_word(k, k->out + at, len - at, &n, reterr);
    return rc;
}

/* A slice of the block; OCI_AGAIN: there is more in it. */
static int read_slice(struct find *k, struct oci_err *reterr)
{
    uint64_t stop = k->unpress.given + SLICE;
    while (reads_on(k)) {
        size_t used, n;
        int rc = oci_unpress(&k->unpress, k->in + k->in_at, k->in_len - k->in_at, &used, k->out, OUT, &n, reterr);
        if (rc == OCI_OK)
            rc = read_tar(k, n, reterr);
        if (rc != OCI_OK)
            return rc;
        k->in_at += used;
        if (used == 0 && n == 0) /* all of it was used (unpress.h) */
            break;
        if (k->unpress.given >= stop)
            return OCI_AGAIN;
    }
    return OCI_OK;
}

/* What is wrong with the archive is told when it is known to be the one that was meant. */
static int run(struct oci_work *w, struct oci_err *reterr)
{
    struct find *k = OCI_OWNER(w, struct find, work);
    int rc = OCI_OK;
    w->again_ms = 0;
    if (k->verify && !k->hashed)
        rc = oci_check_add(&k->check, k->in, k->in_len, reterr);
    k->hashed = true;
    if (rc != OCI_OK || k->trouble.code != OCI_OK)
        return rc;
    rc = read_slice(k, &k->trouble);
    return rc == OCI_AGAIN ? rc : OCI_OK;
}

/* ---- the engine ---- */

static void on_done(struct oci_work *w)
{
    struct find *k = OCI_OWNER(w, struct find, work);
    k->busy = false;
    k->in_at = k->in_len = 0;
    if (k->waiting) {
        k->waiting = false;
        oci_sink_resume(&k->base);
    }
}

static int post(struct find *k)
{
    k->busy = k->waiting = true;
    k->hashed = false;
    k->work = (struct oci_work){.run = run, .done = on_done, .asker = k};
    k->host->work(k->host, &k->work);
    return OCI_PAUSED;
}

static int pause_for_job(struct find *k)
{
    k->waiting = true;
    return OCI_PAUSED;
}

static int find_write(struct oci_sink *s, const void *p, size_t len, struct oci_err *reterr)
{
    struct find *k = of(s);
    if (k->busy)
        return pause_for_job(k);
    if (k->work.rc < 0)
        return oci_err_copy(reterr, &k->work.err);
    if (!k->verify && k->trouble.code != OCI_OK)
        return oci_err_copy(reterr, &k->trouble);
    if (!k->verify && k->missing == 0) {
        k->had_enough = true;
        return oci_err_set(reterr, OCI_CANCELED, "nothing more is wanted of it");
    }
    int rc = oci_check_fits(&k->check, s->written, len, reterr);
    if (rc == OCI_OK && len > IN)
        rc = oci_err_set(reterr, OCI_LIMIT, "%zu bytes at once do not fit in a block of %u", len, IN);
    if (rc != OCI_OK)
        return rc;
    if (len > IN - k->in_len)
        return post(k);
    memcpy(k->in + k->in_len, p, len);
    k->in_len += len;
    s->written += len;
    return OCI_OK;
}

static void begin(struct find *k)
{
    oci_tar_reader_init(&k->tar);
    for (size_t i = 0; i < k->count; i++) {
        k->found[i].wanted = false;
        oci_buf_init(&k->found[i].buf, k->limit);
    }
    k->unpress = (struct oci_unpress){.ratio_after = RATIO_AFTER};
    k->missing = k->count;
    k->entries = k->left = 0;
    k->in_at = k->in_len = 0;
    k->base.written = 0;
    oci_err_clear(&k->trouble);
}

static void forget(struct find *k)
{
    oci_tar_reader_done(&k->tar);
    oci_unpress_done(&k->unpress);
    for (size_t i = 0; i < k->count; i++) {
        struct found *x = &k->found[i];
        oci_buf_done(&x->buf);
        oci_free(x->path);
        x->path = NULL;
        x->bytes = oci_bytes_unref(x->bytes);
    }
}

static int find_restart(struct oci_sink *s, struct oci_err *reterr)
{
    struct find *k = of(s);
    forget(k);
    begin(k);
    return oci_check_restart(&k->check, reterr);
}

static int verdict(struct find *k, struct oci_err *reterr)
{
    int rc = k->verify ? oci_check_end(&k->check, NULL, reterr) : OCI_OK;
    if (rc == OCI_OK && k->trouble.code != OCI_OK)
        rc = oci_err_copy(reterr, &k->trouble);
    if (rc != OCI_OK || !reads_on(k))
        return rc;
    rc = oci_unpress_end(&k->unpress, reterr);
    return rc == OCI_OK ? oci_tar_reader_end(&k->tar, reterr) : rc;
}

static int find_end(struct oci_sink *s, int rc, struct oci_err *reterr)
{
    struct find *k = of(s);
    if (k->busy && rc != OCI_OK)
        k->work.asker = NULL;
    if (k->busy)
        return pause_for_job(k);
    if (rc != OCI_OK)
        return rc;
    if (k->work.rc < 0)
        return oci_err_copy(reterr, &k->work.err);
    return k->in_len > 0 ? post(k) : verdict(k, reterr);
}

static void find_free(struct oci_sink *s)
{
    struct find *k = of(s);
    forget(k);
    for (size_t i = 0; i < k->count; i++)
        oci_free(k->found[i].pattern);
    oci_check_done(&k->check);
    oci_free(k->found);
    oci_free(k->in);
    oci_free(k->out);
    oci_free(k);
}

static const struct oci_sink_type find_type = {
    .name = "find",
    .write = find_write,
    .restart = find_restart,
    .end = find_end,
    .free = find_free,
};

static bool copy_patterns(struct find *k, const char *const *patterns, size_t count)
{
    k->found = oci_calloc(count + 1, sizeof *k->found);
    for (; k->found && k->count < count; k->count++) {
        if (!(k->found[k->count].pattern = oci_strdup(patterns[k->count])))
            return false;
    }
    return k->found != NULL;
}

struct oci_sink *oci_sink_find(const struct oci_find_options *o)
{
    struct find *k = oci_calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->base.type = &find_type;
    k->host = o->host;
    k->limit = o->limit;
    k->cut = o->cut;
    oci_check_init(&k->check, o->want);
    k->verify = oci_digest_is(&k->check.want);
    bool copied = copy_patterns(k, o->patterns, o->count);
    k->in = oci_alloc(IN);
    k->out = oci_alloc(OUT);
    begin(k);
    if (copied && k->in && k->out)
        return &k->base;
    find_free(&k->base);
    return NULL;
}

bool oci_sink_find_had_enough(const struct oci_sink *s)
{
    const struct find *k = (const struct find *)(const void *)s;
    return k->had_enough;
}

struct oci_bytes *oci_sink_find_take(struct oci_sink *s, size_t i)
{
    struct find *k = of(s);
    struct oci_bytes *bytes = k->found[i].bytes;
    k->found[i].bytes = NULL;
    return bytes;
}
