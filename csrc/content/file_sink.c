/* file_sink.c - content into a new file, hashed, verified, renamed (content_kinds.h).
 *
 * The engine collects blocks and writes them; jobs on the pool do what may block: make the file, hash what was
 * written, compare, close, rename, remove. At most one job is posted at a time. From the post to done() its `struct
 * job` belongs to the pool, except the two atomics. end() says PAUSED until no job is posted: so nothing runs that
 * outlives the sink.
 *
 * Three ways, by size:
 *   what fits in one block stays in memory, and one job does all the rest;
 *   up to 4 MiB the engine hashes each block as it writes it;
 *   above, a job follows: it hashes the file from the page cache up to the mark of what is written. When it has
 *   caught up it ends; the next block posts it again (transfer-speed 2). */
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "content/block.h"
#include "content/check.h"
#include "content/content_kinds.h"
#include "sys/file.h"

#define FOLLOW_ABOVE (4u << 20)
#define RESERVE_ABOVE (1u << 20)
#define IN_MEMORY (64u << 10)  /* content known to be smaller gets a block of its size */
#define SLICE (64u << 20)      /* a job's share before others have a turn */
#define WRITEBACK (8u << 20)   /* goes to the disk at a time */

enum todo { CREATE, HASH, FINISH, DISCARD };

struct job {
    struct oci_work work;
    /* set once */
    int dirfd;
    char *temporary, *final, *name;
    unsigned mode, verified_mode;
    bool replace, by_digest, writeback;
    /* in */
    enum todo todo;
    const char *block;    /* FINISH: what has not been written yet, at `written` */
    size_t len;
    uint64_t most;        /* FINISH: the file may be so long, from an attempt before */
    /* in and out */
    int fd;
    bool created;         /* the temporary file is there */
    bool finished;
    struct oci_check check;
    uint64_t sent;        /* to the disk, or on its way */
    struct oci_digest found;
    /* the engine's to change while posted */
    _Atomic uint64_t written;
    atomic_bool stop;
};

struct file_sink {
    struct oci_sink base;
    struct oci_host *host;
    struct oci_desc *ret_desc;
    char *block;          /* NULL until something is written */
    size_t block_size, fill;
    uint64_t flushed;     /* before the block */
    uint64_t most;        /* the largest `flushed` of all attempts */
    bool follow;          /* a job hashes; else the engine does */
    bool busy;            /* the job is posted */
    bool waiting;         /* PAUSED was said */
    bool again;           /* restarted while a job was hashing: forget what it finds */
    bool orphan;          /* freed while busy */
    struct oci_err err;   /* why it failed */
    struct job job;
};

static struct file_sink *file_sink(struct oci_sink *s)
{
    return (struct file_sink *)(void *)s;
}

static struct job *job_of(struct oci_work *w)
{
    return OCI_OWNER(w, struct job, work);
}

static void cannot_write(const struct job *j, struct oci_err *reterr)
{
    oci_err_wrap(reterr, "writing %s", j->name);
    oci_err_about(reterr, "%s", j->name);
}

/* ---- the job (POOL) ------------------------------------------------------------------------ */

static int job_create(struct job *j, struct oci_err *reterr)
{
    int rc = oci_file_create(j->dirfd, j->temporary, j->mode, &j->fd, reterr);
    if (rc != OCI_OK)
        return rc;
    j->created = true;
    /* A full disk is found out before the download. */
    if (j->check.want_size != OCI_SIZE_UNKNOWN && j->check.want_size > RESERVE_ABOVE)
        rc = oci_file_reserve(j->fd, j->check.want_size, reterr);
    return rc;
}

/* What is hashed begins to be written, so that little is left to do for the sync. */
static void send_to_disk(struct job *j, uint64_t least)
{
    if (!j->writeback || j->check.seen < j->sent + least)
        return;
    oci_file_start_writeback(j->fd, j->sent, j->check.seen - j->sent);
    j->sent = j->check.seen;
}

/* Hashes up to the mark, one slice at most. */
static int job_hash(struct job *j, struct oci_err *reterr)
{
    if (j->check.seen >= atomic_load(&j->written))
        return OCI_OK;
    size_t size;
    char *block = oci_block_get(OCI_BLOCK_READ, OCI_BLOCK_SMALL, &size);
    if (!block)
        return oci_err_no_memory(reterr);
    int rc = OCI_OK;
    uint64_t end = j->check.seen + SLICE;
    while (rc == OCI_OK && j->check.seen < end && !atomic_load(&j->stop)) {
        uint64_t mark = atomic_load(&j->written);
        if (j->check.seen >= mark)
            break;
        size_t n = mark - j->check.seen < size ? (size_t)(mark - j->check.seen) : size;
        rc = oci_file_pread(j->fd, block, n, j->check.seen, &n, reterr);
        if (rc == OCI_OK && n == 0)
            rc = oci_err_set(reterr, OCI_IO, "the file was changed while it was written");
        if (rc == OCI_OK)
            rc = oci_check_add(&j->check, block, n, reterr);
        if (rc == OCI_OK)
            send_to_disk(j, WRITEBACK);
    }
    oci_block_put(block, size);
    return rc;
}

/* Something is there under the name by digest. A regular file of the right size is the same content, which another
 * has put there meanwhile; one of another size is a broken one, and ours is better. */
static int keep_or_replace(struct job *j, const char *name, struct oci_err *reterr)
{
    struct oci_file_info info;
    int rc = oci_file_info(j->dirfd, name, false, &info, reterr);
    if (rc == OCI_OK && info.kind != OCI_FILE_REGULAR)
        return oci_err_set(reterr, OCI_UNSAFE_PATH, "something that is not a regular file is in the way");
    if (rc == OCI_OK && info.size == j->check.seen)
        return oci_file_unlink(j->dirfd, j->temporary, reterr);
    return oci_file_rename(j->dirfd, j->temporary, j->dirfd, name, true, reterr);
}

static int job_rename(struct job *j, struct oci_err *reterr)
{
    if (!j->by_digest)
        return oci_file_rename(j->dirfd, j->temporary, j->dirfd, j->final, j->replace, reterr);
    struct oci_err err = {0};
    const char *name = oci_digest_encoded(&j->found).p; /* ends with the digest's text */
    int rc = oci_file_rename(j->dirfd, j->temporary, j->dirfd, name, false, &err);
    if (rc == OCI_EXISTS)
        return keep_or_replace(j, name, reterr);
    return rc == OCI_OK ? rc : oci_err_copy(reterr, &err);
}

/* Closes and removes what is there. */
static void job_discard(struct job *j)
{
    oci_fd_close(j->fd);
    j->fd = -1;
    if (j->created)
        oci_file_unlink(j->dirfd, j->temporary, NULL);
    j->created = false;
}

/* The last bytes, the verdict, the name. Not finished when a slice was not enough. */
static int job_finish(struct job *j, struct oci_err *reterr)
{
    uint64_t flushed = atomic_load(&j->written);
    int rc = j->created ? OCI_OK : job_create(j, reterr);
    if (rc == OCI_OK)
        rc = oci_file_pwrite(j->fd, j->block, j->len, flushed, reterr);
    if (rc == OCI_OK)
        rc = job_hash(j, reterr);
    if (rc == OCI_OK && j->check.seen < flushed)
        return OCI_OK;
    if (rc == OCI_OK && j->len > 0)
        rc = oci_check_add(&j->check, j->block, j->len, reterr);
    if (rc == OCI_OK)
        rc = oci_check_end(&j->check, &j->found, reterr);
    if (rc == OCI_OK && j->verified_mode)
        rc = oci_file_set_mode(j->fd, j->verified_mode, reterr);
    if (rc == OCI_OK && j->most > j->check.seen)
        rc = oci_file_truncate(j->fd, j->check.seen, reterr);
    if (rc == OCI_OK)
        send_to_disk(j, 1);
    if (rc == OCI_OK) {
        rc = oci_file_close(j->fd, reterr);
        j->fd = -1;
    }
    if (rc == OCI_OK && (j->final || j->by_digest))
        rc = job_rename(j, reterr);
    if (rc != OCI_OK)
        return rc;
    j->finished = true;
    j->created = false; /* not ours to remove any more */
    return OCI_OK;
}

static int job_run(struct oci_work *w, struct oci_err *reterr)
{
    struct job *j = job_of(w);
    int rc = OCI_OK;
    switch (j->todo) {
    case CREATE:
        rc = job_create(j, reterr);
        break;
    case HASH:
        rc = job_hash(j, reterr);
        break;
    case FINISH:
        rc = job_finish(j, reterr);
        break;
    case DISCARD:
        break;
    }
    if (rc == OCI_DIGEST_MISMATCH || rc == OCI_SIZE_MISMATCH)
        oci_err_wrap(reterr, "%s", j->name);
    else if (rc != OCI_OK)
        cannot_write(j, reterr);
    /* Not after HASH: the engine may be writing to the descriptor. end() discards then. */
    if (j->todo == DISCARD || (rc != OCI_OK && j->todo != HASH))
        job_discard(j);
    return rc;
}

/* ---- the engine ---------------------------------------------------------------------------- */

static void post(struct file_sink *k, enum todo todo)
{
    struct job *j = &k->job;
    k->busy = true;
    j->todo = todo;
    j->block = k->block;
    j->len = todo == FINISH ? k->fill : 0;
    j->most = k->most;
    oci_err_clear(&j->work.err);
    j->work.rc = OCI_OK;
    j->work.asker = k;
    k->host->work(k->host, &j->work);
}

static void release_block(struct file_sink *k)
{
    oci_block_put(k->block, k->block_size);
    k->block = NULL;
}

static void file_sink_destroy(struct file_sink *k)
{
    job_discard(&k->job);
    release_block(k);
    oci_check_done(&k->job.check);
    oci_free(k->job.temporary);
    oci_free(k->job.final);
    oci_free(k->job.name);
    oci_free(k);
}

static void forget(struct file_sink *k)
{
    k->again = false;
    k->job.sent = 0;
    atomic_store(&k->job.stop, false);
    if (oci_check_restart(&k->job.check, &k->err) == OCI_OK)
        k->job.found.text[0] = '\0';
}

static void job_done(struct oci_work *w)
{
    struct job *j = job_of(w);
    struct file_sink *k = OCI_OWNER(j, struct file_sink, job);
    k->busy = false;
    if (k->orphan) {
        file_sink_destroy(k);
        return;
    }
    if (w->rc != OCI_OK)
        oci_err_copy(&k->err, &w->err);
    if (k->again)
        forget(k);
    if (k->waiting) {
        k->waiting = false;
        oci_sink_resume(&k->base);
    } else if (k->err.code == OCI_OK && k->follow && j->created && j->check.seen < k->flushed) {
        post(k, HASH);
    }
}

/* What the block is for the size that the content has, as far as that is known. */
static int make_block(struct file_sink *k, struct oci_err *reterr)
{
    if (k->block)
        return OCI_OK;
    uint64_t size = k->job.check.want_size;
    if (size < OCI_BLOCK_SMALL)
        k->block = oci_block_get((size_t)size + 1, (size_t)size + 1, &k->block_size);
    else if (size < IN_MEMORY)
        k->block = oci_block_get((size_t)size, OCI_BLOCK_SMALL, &k->block_size);
    else
        k->block = oci_block_get(OCI_BLOCK_LARGE, OCI_BLOCK_SMALL, &k->block_size);
    return k->block ? OCI_OK : oci_err_no_memory(reterr);
}

/* Writes the block. Inline hashing becomes following where the content turns out to be large. */
static int flush(struct file_sink *k, struct oci_err *reterr)
{
    struct job *j = &k->job;
    int rc = oci_file_pwrite(j->fd, k->block, k->fill, k->flushed, reterr);
    if (rc == OCI_OK && !k->follow)
        rc = oci_check_add(&j->check, k->block, k->fill, reterr);
    if (rc != OCI_OK)
        return rc;
    k->flushed += k->fill;
    k->fill = 0;
    if (k->most < k->flushed)
        k->most = k->flushed;
    k->follow = k->follow || k->flushed > FOLLOW_ABOVE;
    atomic_store(&j->written, k->flushed);
    if (k->follow && !k->busy && j->check.seen < k->flushed)
        post(k, HASH);
    return OCI_OK;
}

static int take(struct file_sink *k, const char *p, size_t len, struct oci_err *reterr)
{
    while (len > 0) {
        int rc = k->fill == k->block_size ? flush(k, reterr) : OCI_OK;
        if (rc != OCI_OK) {
            cannot_write(&k->job, reterr);
            return rc;
        }
        size_t n = k->block_size - k->fill < len ? k->block_size - k->fill : len;
        memcpy(k->block + k->fill, p, n);
        k->fill += n;
        p += n;
        len -= n;
    }
    return OCI_OK;
}

static int sink_write(struct oci_sink *s, const void *p, size_t len, struct oci_err *reterr)
{
    struct file_sink *k = file_sink(s);
    if (k->err.code != OCI_OK)
        return oci_err_copy(reterr, &k->err);
    int rc = oci_check_fits(&k->job.check, s->written, len, reterr);
    if (rc == OCI_OK)
        rc = make_block(k, reterr);
    if (rc != OCI_OK) {
        oci_err_wrap(reterr, "%s", k->job.name);
        return rc;
    }
    /* `fd` is the job's while it makes the file; afterwards it only reads it. */
    bool making = k->busy && k->job.todo == CREATE;
    bool more_than_block = s->written + len > k->block_size;
    bool expected = k->job.check.want_size != OCI_SIZE_UNKNOWN && k->job.check.want_size > k->block_size;
    if (!making && !k->busy && !k->job.created && (more_than_block || expected)) {
        post(k, CREATE);
        making = true;
    }
    if (making && more_than_block) {
        k->waiting = true;
        return OCI_PAUSED;
    }
    rc = take(k, p, len, reterr);
    if (rc == OCI_OK)
        s->written += len;
    return rc;
}

static int sink_restart(struct oci_sink *s, struct oci_err *reterr)
{
    struct file_sink *k = file_sink(s);
    s->written = 0;
    k->fill = 0;
    k->flushed = 0;
    atomic_store(&k->job.written, 0);
    if (k->busy && k->job.todo == HASH) {
        k->again = true;
        atomic_store(&k->job.stop, true);
    } else if (!k->busy) {
        forget(k);
    }
    return k->err.code == OCI_OK ? OCI_OK : oci_err_copy(reterr, &k->err);
}

static int pause_end(struct file_sink *k)
{
    k->waiting = true;
    return OCI_PAUSED;
}

static int sink_end(struct oci_sink *s, int rc, struct oci_err *reterr)
{
    struct file_sink *k = file_sink(s);
    if (rc != OCI_OK)
        atomic_store(&k->job.stop, true);
    if (k->busy)
        return pause_end(k);
    if (rc == OCI_OK && k->err.code == OCI_OK && !k->job.finished) {
        post(k, FINISH);
        return pause_end(k);
    }
    if (k->job.created) {
        post(k, DISCARD);
        return pause_end(k);
    }
    release_block(k);
    if (k->err.code != OCI_OK)
        return rc == OCI_OK ? oci_err_copy(reterr, &k->err) : rc;
    if (rc == OCI_OK && k->ret_desc) {
        k->ret_desc->digest = k->job.found;
        k->ret_desc->size = s->written;
    }
    return rc;
}

static void sink_free(struct oci_sink *s)
{
    struct file_sink *k = file_sink(s);
    if (!k->busy) {
        file_sink_destroy(k);
        return;
    }
    k->orphan = true;
    atomic_store(&k->job.stop, true);
}

static const struct oci_sink_type file_sink_type = {
    .name = "file",
    .write = sink_write,
    .restart = sink_restart,
    .end = sink_end,
    .free = sink_free,
};

struct oci_sink *oci_sink_file(const struct oci_file_sink_options *o)
{
    struct file_sink *k = oci_calloc(1, sizeof *k);
    if (!k)
        return NULL;
    struct job *j = &k->job;
    const char *name = o->name ? o->name : o->final ? o->final : o->temporary;
    j->fd = -1;
    j->temporary = oci_strdup(o->temporary);
    j->final = oci_strdup(o->final);
    j->name = oci_strdup(name);
    oci_check_init(&j->check, o->want);
    k->base.type = &file_sink_type;
    if (!j->temporary || !j->name || (o->final && !j->final)) {
        file_sink_destroy(k);
        return NULL;
    }
    j->work.run = job_run;
    j->work.done = job_done;
    j->dirfd = o->dirfd;
    j->mode = o->mode;
    j->verified_mode = o->verified_mode;
    j->replace = o->replace;
    j->by_digest = o->by_digest;
    j->writeback = o->writeback;
    k->host = o->host;
    k->ret_desc = o->ret_desc;
    k->follow = j->check.want_size != OCI_SIZE_UNKNOWN && j->check.want_size > FOLLOW_ABOVE;
    return &k->base;
}
