/* The question MOVE: a source into a sink.
 *
 * What can be read on the engine is read in turns of 128 KiB, so that one fast transfer does not starve
 * the others (event-loops 2.6). What blocks or burns CPU is read by a job into one block, which the next
 * turn writes. What moves by itself (a remote blob) is run as a hidden child, whose HTTP question then
 * owns the sink. */
#include <assert.h>

#include "base/mem.h"
#include "flow/driver_inside.h"

enum {
    BUDGET = 128 * 1024,      /* bytes of one turn on the engine */
    ENGINE_BLOCK = 64 * 1024,
    POOL_BLOCK = 256 * 1024,  /* transfer-speed 2.4 */
    PIECE = 64 * 1024         /* most bytes given to a sink at once: a pipe's ring must be able to take them */
};

enum state { OPENING, READING, CHILD };

struct oci_move {
    struct oci_flow *f;
    struct oci_source *from;
    struct oci_sink *to;
    enum state state;
    struct oci_flow *child;
    char *block;
    size_t cap, len, at;  /* of the block: its size, what was read into it, what of that was written */
    int word;             /* what the last read said: OCI_OK, END_OF_CONTENT, PAUSED */
    bool posted, resumed; /* a job is with the pool; woken since it was posted */
    struct oci_work work;
};

static void move_over(struct oci_move *m, int rc, const struct oci_err *err)
{
    struct oci_flow *f = m->f;
    f->drv.move = NULL;
    oci_driver_bind(m->from, m->to, NULL, NULL); /* a resume on its way must not find us */
    oci_driver_moved(f, rc, err);
    oci_free(m->block);
    oci_free(m);
}

static void on_resume(void *ctx)
{
    struct oci_move *m = ctx;
    m->resumed = true;
    oci_driver_ready(m->f);
}

/* ---- jobs ---- */

static int run_open(struct oci_work *w, struct oci_err *reterr)
{
    struct oci_move *m = OCI_OWNER(w, struct oci_move, work);
    return m->from->type->open(m->from, reterr);
}

/* Fills the block. An error ends the MOVE, whatever was read before it. */
static int run_read(struct oci_work *w, struct oci_err *reterr)
{
    struct oci_move *m = OCI_OWNER(w, struct oci_move, work);
    int rc = OCI_OK;
    while (rc == OCI_OK && m->len < m->cap) {
        size_t n = 0;
        rc = m->from->type->read(m->from, m->block + m->len, m->cap - m->len, &n, reterr);
        if (rc == OCI_OK && n == 0)
            rc = oci_err_set(reterr, OCI_IO, "a source gave no bytes and no reason");
        if (rc == OCI_OK)
            m->len += n;
    }
    m->word = rc;
    return rc < 0 ? rc : OCI_OK;
}

static void job_done(struct oci_work *w)
{
    struct oci_move *m = OCI_OWNER(w, struct oci_move, work);
    m->posted = false;
    oci_driver_ready(m->f);
}

static void post(struct oci_move *m, int (*run)(struct oci_work *, struct oci_err *))
{
    m->posted = true;
    m->resumed = false;
    m->work.run = run;
    m->work.done = job_done;
    m->work.asker = m;
    m->work.rc = OCI_OK;
    m->f->host->work(m->f->host, &m->work);
}

/* ---- moving ---- */

static bool make_block(struct oci_move *m)
{
    uint64_t cap = m->from->type->on_pool ? POOL_BLOCK : ENGINE_BLOCK;
    if (m->from->size < cap)
        cap = m->from->size + 1; /* and one more, to see the end or a byte too many */
    m->cap = (size_t)cap;
    m->block = oci_alloc(m->cap);
    return m->block != NULL;
}

static void start_child(struct oci_move *m)
{
    struct oci_err err = {0};
    m->state = CHILD;
    /* Its own question binds them. */
    oci_driver_bind(m->from, m->to, NULL, NULL);
    if (m->from->type->into)
        m->child = m->from->type->into(m->from, m->to);
    else
        oci_err_set(&err, OCI_UNSUPPORTED, "this content can be neither read nor moved");
    if (m->child)
        oci_driver_start_hidden(m->f, m->child);
    else
        move_over(m, err.code ? err.code : oci_err_no_memory(&err), &err);
}

static void begin_moving(struct oci_move *m)
{
    if (!m->from->type->read) {
        start_child(m);
        return;
    }
    m->state = READING;
    if (!make_block(m)) {
        struct oci_err err = {0};
        move_over(m, oci_err_no_memory(&err), &err);
        return;
    }
    if (m->from->type->on_pool)
        post(m, run_read);
    else
        oci_driver_ready(m->f);
}

/* OCI_OK: all of the block is written. */
static int write_block(struct oci_move *m, size_t *budget, struct oci_err *reterr)
{
    while (m->at < m->len && *budget > 0) {
        size_t n = m->len - m->at;
        if (n > PIECE)
            n = PIECE;
        int rc = m->to->type->write(m->to, m->block + m->at, n, reterr);
        if (rc != OCI_OK)
            return rc;
        m->at += n;
        if (m->from->type->moved)
            m->from->type->moved(m->from, n);
        *budget -= n < *budget ? n : *budget;
    }
    return m->at < m->len ? OCI_AGAIN : OCI_OK;
}

static int read_block(struct oci_move *m, struct oci_err *reterr)
{
    size_t n = 0;
    m->at = m->len = 0;
    int rc = m->from->type->read(m->from, m->block, m->cap, &n, reterr);
    if (rc == OCI_OK && n == 0)
        return oci_err_set(reterr, OCI_IO, "a source gave no bytes and no reason");
    assert(n <= m->cap);
    if (rc == OCI_OK)
        m->len = n;
    return rc;
}

/* One turn. PAUSED on either side: a resume brings the next. */
static void move_some(struct oci_move *m)
{
    struct oci_err err = {0};
    size_t budget = BUDGET;
    for (;;) {
        int rc = write_block(m, &budget, &err);
        if (rc == OCI_PAUSED)
            return;
        if (rc == OCI_AGAIN || (rc == OCI_OK && budget == 0)) {
            oci_driver_later(m->f);
            return;
        }
        if (rc == OCI_OK && m->word == OCI_END_OF_CONTENT) {
            move_over(m, OCI_OK, NULL);
            return;
        }
        if (rc == OCI_OK && m->from->type->on_pool) {
            m->at = m->len = 0;
            if (m->word != OCI_PAUSED || m->resumed)
                post(m, run_read);
            return;
        }
        if (rc == OCI_OK)
            rc = m->word = read_block(m, &err);
        if (rc == OCI_PAUSED)
            return;
        if (rc < 0) {
            move_over(m, rc, &err);
            return;
        }
    }
}

void oci_move_begin(struct oci_flow *f)
{
    struct oci_err err = {0};
    struct oci_move *m = oci_calloc(1, sizeof *m);
    if (!m) {
        oci_driver_moved(f, oci_err_no_memory(&err), &err);
        return;
    }
    f->drv.move = m;
    m->f = f;
    m->from = f->ask.move.from;
    m->to = f->ask.move.to;
    if (oci_source_prepare(m->from, &err) < 0) {
        move_over(m, err.code, &err);
        return;
    }
    oci_driver_bind(m->from, m->to, on_resume, m);
    if (m->from->type->open)
        post(m, run_open);
    else
        begin_moving(m);
}

void oci_move_turn(struct oci_flow *f)
{
    struct oci_move *m = f->drv.move;
    bool stopping = oci_driver_stopping(f);
    if (m->child) {
        if (stopping)
            oci_driver_cancel_flow(m->child);
    } else if (m->posted) {
        if (stopping)
            m->work.asker = NULL;
    } else if (stopping) {
        move_over(m, OCI_CANCELED, NULL);
    } else if (m->work.rc < 0) {
        move_over(m, m->work.rc, &m->work.err);
    } else if (m->state == OPENING) {
        begin_moving(m);
    } else {
        move_some(m);
    }
}

void oci_move_child_over(struct oci_flow *f, const struct oci_flow *child)
{
    f->drv.move->child = NULL;
    move_over(f->drv.move, child->err.code, &child->err);
}
