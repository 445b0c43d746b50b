/* packed.c - a directory as a source of a deterministic archive (pack.h).
 *
 * A run packs the directory once. It is a pipeline of jobs on the pool, driven by their ends on the engine's thread:
 *
 *   plan block 0   plan block 1   plan block 2 ...        one at a time: the walk, small files
 *       fill 0         fill 1         fill 2  ...         several at a time: the other files, compress
 *           hash 0         hash 1     ...                 one at a time: the digest of the tar
 *               read()                                    the consumer, in order
 *
 * No job waits for another. A block goes through the states below and is used again when it was read; as many are on
 * their way as there are blocks: that bounds the memory, and stops the pipeline when nobody reads. What a job works on
 * is its alone from the post to done(). A run that is given up ends with its last job. */
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pack/compress.h"
#include "pack/ignore.h"
#include "pack/names.h"
#include "pack/pack.h"
#include "pack/plan.h"
#include "sys/pool.h"
#include "sys/thread.h"

#define MOST_JOBS 5   /* of filling, in one run: one more than threads, so that none waits for the engine */
#define MOST_BLOCKS 7 /* in one run: two more, one that is planned and one that is read */
#define SPARE_BLOCKS 8 /* in all runs together; past that, each run has one */

enum state { PLANNING, PLANNED, FILLING, FILLED };

struct block {
    struct oci_work work;
    struct run *run;
    enum state state;
    struct oci_plan_block plan;
    struct oci_compressor *compressor; /* while it is filled */
    char *out;                         /* what comes of it; with no compression the tar itself is */
    size_t out_len, out_cap;
    bool last;                         /* set when it is planned */
    struct oci_err err;                /* what went wrong with it: reported when its turn comes */
};

struct run {
    struct packed *owner;
    bool given_up;
    struct oci_planner planner;                /* the planning job's */
    struct oci_hash *hash;                     /* the hashing job's */
    struct oci_digest tar_digest;              /* by it, after the last block */
    struct oci_work hash_work;
    bool planning, hashing;
    bool planned_all;                          /* or failed: nothing more is planned */
    unsigned posted;                           /* jobs */
    struct oci_compressor *idle[MOST_JOBS];    /* a place for each job that may fill, NULL until it was needed once */
    unsigned idle_count, block_count;
    struct block *ring[MOST_BLOCKS], *spare[MOST_BLOCKS];
    unsigned spare_count;
    uint64_t planned, hashed, given;           /* blocks, so far; given <= hashed <= planned */
    size_t at;                                 /* in the block that is read */
    uint64_t total, tar_total;                 /* bytes read; of tar in the blocks that are read, and before */
};

struct packed {
    struct oci_source base;
    struct oci_host *host;
    char *dir, *prefix;
    enum oci_compression compression;
    struct oci_ignore *ignore;    /* or NULL */
    bool follow;
    struct oci_err refused;       /* why its patterns cannot be used */
    struct oci_digest tar_digest; /* of the last complete reading, or "" */
    struct run *run;              /* NULL: not begun */
    unsigned users;               /* the source, and each run */
};

static atomic_uint blocks_in_use; /* of all runs */
static atomic_uint generation;

/* What the parent of a fork had in use is never given back in the child. */
static void forget_the_parents(void)
{
    unsigned now = oci_fork_generation();
    if (atomic_exchange(&generation, now) != now)
        atomic_store(&blocks_in_use, 0);
}

static struct packed *packed_of(const struct oci_source *s)
{
    return (struct packed *)(void *)((char *)(uintptr_t)s - offsetof(struct packed, base));
}

static void packed_unuse(struct packed *k)
{
    if (--k->users > 0)
        return;
    oci_ignore_free(k->ignore);
    oci_free(k->dir);
    oci_free(k->prefix);
    oci_free(k);
}

/* ---- blocks and runs ------------------------------------------------------------------------ */

static void block_free(struct block *b)
{
    if (!b)
        return;
    if (b->out != b->plan.tar)
        oci_free(b->out);
    oci_plan_block_done(&b->plan);
    oci_free(b);
    atomic_fetch_sub(&blocks_in_use, 1);
}

/* One that is not in use, or a new one if there may be more. NULL: not now. */
static struct block *block_get(struct run *r)
{
    if (r->spare_count > 0)
        return r->spare[--r->spare_count];
    if (r->block_count > 0 && (r->block_count == MOST_BLOCKS || r->block_count == oci_pool_width() + 3 ||
                               atomic_load(&blocks_in_use) >= SPARE_BLOCKS))
        return NULL;
    struct block *b = oci_calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->run = r;
    r->block_count++;
    atomic_fetch_add(&blocks_in_use, 1);
    return b;
}

static struct block *block_at(const struct run *r, uint64_t number)
{
    return r->ring[number % MOST_BLOCKS];
}

static void run_free(struct run *r)
{
    for (; r->given < r->planned; r->given++)
        block_free(block_at(r, r->given));
    while (r->spare_count > 0)
        block_free(r->spare[--r->spare_count]);
    while (r->idle_count > 0)
        oci_compressor_free(r->idle[--r->idle_count]);
    oci_planner_close(&r->planner);
    oci_hash_free(r->hash);
    packed_unuse(r->owner);
    oci_free(r);
}

static struct run *run_new(struct packed *k)
{
    forget_the_parents();
    struct run *r = oci_calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->owner = k;
    k->users++;
    unsigned jobs = oci_pool_width() + 1;
    r->idle_count = jobs < MOST_JOBS ? jobs : MOST_JOBS;
    return r;
}

static void run_give_up(struct packed *k)
{
    struct run *r = k->run;
    k->run = NULL;
    if (!r)
        return;
    r->given_up = true;
    if (r->posted == 0)
        run_free(r);
}

/* ---- jobs (POOL) ---------------------------------------------------------------------------- */

static int run_plan(struct oci_work *w, struct oci_err *reterr)
{
    struct block *b = OCI_OWNER(w, struct block, work);
    struct run *r = b->run;
    struct packed *k = r->owner;
    int rc = OCI_OK;
    if (!r->planner.walk)
        rc = oci_planner_open(&r->planner, k->dir, k->prefix, k->ignore, k->follow, reterr);
    if (rc == OCI_OK)
        rc = oci_planner_next(&r->planner, &b->plan, reterr);
    b->last = r->planner.over;
    return rc;
}

static int compress(struct block *b, struct oci_err *reterr)
{
    enum oci_compression how = b->run->owner->compression;
    if (how == OCI_COMPRESS_NONE) {
        b->out = b->plan.tar;
        b->out_len = b->plan.len;
        return OCI_OK;
    }
    int rc = b->compressor ? OCI_OK : oci_compressor_new(how, &b->compressor, reterr);
    if (rc != OCI_OK)
        return rc;
    if (!b->out) {
        b->out_cap = oci_compress_bound(b->compressor, OCI_PACK_BLOCK);
        b->out = oci_alloc(b->out_cap);
    }
    if (!b->out)
        return oci_err_no_memory(reterr);
    return oci_compress(b->compressor, b->plan.tar, b->plan.len, b->out, b->out_cap, &b->out_len, reterr);
}

static int run_fill(struct oci_work *w, struct oci_err *reterr)
{
    struct block *b = OCI_OWNER(w, struct block, work);
    struct run *r = b->run;
    int rc = oci_plan_block_fill(&b->plan, oci_dir_walk_root(r->planner.walk), r->owner->dir, reterr);
    return rc == OCI_OK ? compress(b, reterr) : rc;
}

static int run_hash(struct oci_work *w, struct oci_err *reterr)
{
    struct run *r = OCI_OWNER(w, struct run, hash_work);
    const struct block *b = block_at(r, r->hashed);
    int rc = r->hash ? OCI_OK : oci_hash_new(OCI_STR(OCI_SHA256), &r->hash, reterr);
    if (rc == OCI_OK && oci_hash_add(r->hash, b->plan.tar, b->plan.len) != OCI_OK)
        rc = oci_err_no_memory(reterr);
    if (rc == OCI_OK && b->last && oci_hash_end(r->hash, &r->tar_digest) != OCI_OK)
        rc = oci_err_no_memory(reterr);
    return rc;
}

/* ---- the pipeline (engine) ------------------------------------------------------------------ */

static void advance(struct run *r);

static void post(struct run *r, struct oci_work *w, int (*run)(struct oci_work *, struct oci_err *),
                 void (*done)(struct oci_work *))
{
    *w = (struct oci_work){.run = run, .done = done, .asker = r};
    r->posted++;
    r->owner->host->work(r->owner->host, w);
}

/* After a job's end. */
static void go_on(struct run *r)
{
    r->posted--;
    if (!r->given_up) {
        advance(r);
        oci_source_resume(&r->owner->base); /* it looks whether there is something for it */
    } else if (r->posted == 0) {
        run_free(r);
    }
}

static void fail(struct run *r, struct block *b, const struct oci_work *w)
{
    if (w->rc >= 0)
        return;
    oci_err_copy(&b->err, &w->err);
    r->planned_all = true;
}

static void on_planned(struct oci_work *w)
{
    struct block *b = OCI_OWNER(w, struct block, work);
    struct run *r = b->run;
    r->planning = false;
    b->state = PLANNED;
    r->planned_all = r->planned_all || b->last;
    fail(r, b, w);
    go_on(r);
}

static void on_filled(struct oci_work *w)
{
    struct block *b = OCI_OWNER(w, struct block, work);
    struct run *r = b->run;
    r->idle[r->idle_count++] = b->compressor;
    b->compressor = NULL;
    b->state = FILLED;
    fail(r, b, w);
    go_on(r);
}

static void on_hashed(struct oci_work *w)
{
    struct run *r = OCI_OWNER(w, struct run, hash_work);
    r->hashing = false;
    fail(r, block_at(r, r->hashed), w);
    if (w->rc == OCI_OK)
        r->hashed++;
    go_on(r);
}

/* Out of memory for a block's own struct is found out by whoever waits for it. */
static void plan_more(struct run *r)
{
    if (r->planning || r->planned_all || r->given_up)
        return;
    struct block *b = block_get(r);
    if (!b)
        return;
    b->state = PLANNING;
    b->last = false;
    r->planning = true;
    r->ring[r->planned++ % MOST_BLOCKS] = b;
    post(r, &b->work, run_plan, on_planned);
}

static void advance(struct run *r)
{
    plan_more(r);
    for (uint64_t i = r->given; i < r->planned; i++) {
        struct block *b = block_at(r, i);
        if (b->state != PLANNED || b->err.code || r->idle_count == 0)
            continue;
        b->compressor = r->idle[--r->idle_count];
        b->state = FILLING;
        post(r, &b->work, run_fill, on_filled);
    }
    if (r->hashing || r->hashed == r->planned)
        return;
    const struct block *b = block_at(r, r->hashed);
    if (b->state != FILLED || b->err.code)
        return;
    r->hashing = true;
    post(r, &r->hash_work, run_hash, on_hashed);
}

/* ---- the source ----------------------------------------------------------------------------- */

/* The end of a complete reading: what it was is known now, and must stay so. */
static int finish(struct packed *k, struct oci_err *reterr)
{
    const struct run *r = k->run;
    if (oci_digest_is(&k->tar_digest) && !oci_digest_equal(&r->tar_digest, &k->tar_digest))
        return oci_err_set(reterr, OCI_DIGEST_MISMATCH, "packing %.200s: it changed since it was packed before",
                           k->dir);
    k->tar_digest = r->tar_digest;
    k->base.size = r->total;
    return OCI_END_OF_CONTENT;
}

/* The block that is read next. OCI_PAUSED: not yet. */
static int head(struct run *r, struct block **ret_block, struct oci_err *reterr)
{
    if (r->given == r->planned)
        return r->planned_all ? OCI_END_OF_CONTENT : oci_err_no_memory(reterr);
    struct block *b = block_at(r, r->given);
    if (b->err.code)
        return oci_err_copy(reterr, &b->err);
    *ret_block = b;
    return r->given < r->hashed ? OCI_OK : OCI_PAUSED;
}

/* No unpacking would take it for anything but a bomb. It is compared before a block is given: who unpacks may see all of
 * its tar before most of its bytes. */
static int check_ratio(struct run *r, const struct block *b, struct oci_err *reterr)
{
    if (r->at > 0)
        return OCI_OK;
    r->tar_total += b->plan.len;
    if (oci_unpack_would_take(r->total, r->tar_total))
        return OCI_OK;
    return oci_err_set(reterr, OCI_LIMIT,
                       "packing %.200s: it becomes more than %d times smaller, which would be refused as a bomb when it "
                       "is pulled; pack it without compression",
                       r->owner->dir, OCI_PACK_RATIO);
}

static void block_given(struct run *r, struct block *b)
{
    r->spare[r->spare_count++] = b;
    r->given++;
    r->at = 0;
    advance(r);
}

static int packed_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct packed *k = packed_of(s);
    if (k->refused.code)
        return oci_err_copy(reterr, &k->refused);
    if (!k->run && !(k->run = run_new(k)))
        return oci_err_no_memory(reterr);
    struct run *r = k->run;
    struct block *b = NULL;
    advance(r);
    int rc = head(r, &b, reterr);
    if (rc == OCI_END_OF_CONTENT)
        return finish(k, reterr);
    if (rc == OCI_OK)
        rc = check_ratio(r, b, reterr);
    if (rc != OCI_OK)
        return rc;
    size_t n = b->out_len - r->at;
    if (n > max)
        n = max;
    memcpy(p, b->out + r->at, n);
    r->at += n;
    r->total += n;
    if (r->at == b->out_len)
        block_given(r, b);
    *ret_n = n;
    return OCI_OK;
}

static int packed_rewind(struct oci_source *s, struct oci_err *reterr)
{
    (void)reterr;
    run_give_up(packed_of(s)); /* the next read begins again */
    return OCI_OK;
}

static void packed_close(struct oci_source *s)
{
    run_give_up(packed_of(s));
}

static void packed_free(struct oci_source *s)
{
    struct packed *k = packed_of(s);
    run_give_up(k);
    packed_unuse(k);
}

static const struct oci_source_type packed_type = {
    .name = "packed",
    .read = packed_read,
    .rewind = packed_rewind,
    .close = packed_close,
    .free = packed_free,
};

struct oci_source *oci_source_packed(const char *dir, const char *prefix, const struct oci_pack_options *options)
{
    struct packed *k = oci_calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->base = (struct oci_source){.type = &packed_type, .size = OCI_SIZE_UNKNOWN};
    k->users = 1;
    k->host = options->host;
    k->compression = options->compression;
    k->follow = options->follow_links;
    k->dir = oci_strdup(dir);
    k->prefix = oci_strdup(prefix ? prefix : "");
    int rc = oci_ignore_new(options->ignore, options->ignore_count, &k->ignore, &k->refused);
    if (!k->dir || !k->prefix || rc == OCI_NO_MEMORY) {
        packed_unuse(k);
        return NULL;
    }
    return &k->base;
}

const struct oci_digest *oci_source_packed_tar_digest(const struct oci_source *s)
{
    return &packed_of(s)->tar_digest;
}
