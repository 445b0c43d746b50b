#include "client/op.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "client/mailbox.h"

#define WINDOW_CAPACITY (256u << 10)

/* ---- life ---- */

void oci_op_ref(struct oci_op *op)
{
    atomic_fetch_add(&op->refs, 1);
}

static void destroy(struct oci_op *op)
{
    for (size_t i = 0; i < op->reader_count; i++)
        oci_window_unref(op->readers[i].window);
    oci_free(op->readers);
    oci_window_unref(op->window);
    oci_result_done(op);
    oci_outbox_done(&op->outbox);
    oci_lamp_done(&op->lamp);
    oci_mailbox_unref(op->mailbox);
    oci_client_unref(op->client);
    oci_free(op->subject);
    oci_free(op->place);
    oci_free(op);
}

void oci_op_unref(struct oci_op *op)
{
    if (atomic_fetch_sub(&op->refs, 1) == 1)
        destroy(op);
}

bool oci_op_is_old(const struct oci_op *op)
{
    return op->generation != oci_fork_generation();
}

static void on_run(struct oci_call *c);

static struct oci_op *new_op(struct oci_client *c, struct oci_mailbox *m, const char *what,
                             const struct oci_call_options *o)
{
    const struct oci_call_options defaults = OCI_CALL_OPTIONS_INIT;
    struct oci_op *op = oci_calloc(1, sizeof *op);
    if (!op)
        return NULL;
    op->generation = oci_fork_generation();
    op->client = oci_client_ref(c);
    op->mailbox = oci_mailbox_ref(m);
    op->what = what;
    op->call = o ? *o : defaults;
    atomic_init(&op->refs, 1);
    atomic_init(&op->ready, 0);
    atomic_init(&op->canceled, false);
    atomic_init(&op->called, false);
    atomic_init(&op->has_result, false);
    atomic_init(&op->verified, 0);
    oci_lamp_init(&op->lamp);
    oci_outbox_init(&op->outbox, op->call.progress);
    oci_list_init(&op->mail.ready);
    oci_list_init(&op->mail.running);
    oci_list_init(&op->run.link);
    op->run.fn = on_run;
    return op;
}

/* NULL: out of memory. */
static char *print(const struct oci_reference *r, int parts)
{
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_PATH + OCI_MAX_URL);
    char *text = oci_reference_print(r, parts, &b) == OCI_OK ? oci_buf_take(&b) : NULL;
    oci_buf_done(&b);
    return text;
}

static int set_subject(struct oci_op *op, const struct oci_reference *r)
{
    op->subject = print(r, OCI_REF_TAG | OCI_REF_DIGEST);
    op->place = print(r, OCI_REF_PLACE);
    return op->subject && op->place ? OCI_OK : OCI_NO_MEMORY;
}

int oci_op_begin(struct oci_client *c, struct oci_mailbox *m, const char *what,
                 const struct oci_reference *subject, const struct oci_call_options *o,
                 struct oci_op **ret_op, struct oci_err *reterr)
{
    int rc = oci_client_check(c, reterr);
    if (rc == OCI_OK)
        rc = oci_mailbox_check(m, reterr);
    if (rc != OCI_OK)
        return rc;
    struct oci_op *op = new_op(c, m, what, o);
    if (!op)
        return oci_err_no_memory(reterr);
    if (subject && set_subject(op, subject) != OCI_OK)
        rc = oci_err_no_memory(reterr);
    if (rc == OCI_OK)
        rc = oci_mailbox_enter(m, op, reterr);
    if (rc == OCI_OK && !(op->engine = oci_engine_get(reterr)))
        rc = reterr && reterr->code ? reterr->code : OCI_NO_MEMORY;
    if (rc != OCI_OK)
        return oci_op_launch(op, rc, NULL, reterr);
    op->host = oci_engine_host(op->engine);
    *ret_op = op;
    return OCI_OK;
}

void *oci_task_new(size_t size, const struct oci_flow_type *type, struct oci_op *op, oci_step_fn first)
{
    struct oci_task *t = oci_flow_new(size, type, op->host, first);
    if (!t)
        return NULL;
    t->op = op;
    op->task = t;
    return t;
}

static void poke(struct oci_op *op)
{
    if (atomic_exchange(&op->called, true))
        return;
    oci_op_ref(op); /* until it has run */
    op->host->call(op->host, &op->run);
}

int oci_op_launch(struct oci_op *op, int rc, struct oci_op **ret_op, struct oci_err *reterr)
{
    op->call.credentials = NULL;
    op->call.credential_count = 0;
    if (rc == OCI_OK) {
        oci_op_ref(op); /* the engine's, until it is over */
        poke(op);
        *ret_op = op;
        return OCI_OK;
    }
    oci_op_explain(op, reterr);
    if (op->task)
        oci_flow_free(&op->task->flow);
    oci_mailbox_ended(op->mailbox, op);
    oci_mailbox_leave(op->mailbox, op);
    oci_op_unref(op);
    return rc;
}

/* ---- on the engine's thread ---- */

/* The error is there before the driver frees the flow; that the operation is over is told by oci_task_done(),
 * when nothing of it is left. */
static void on_over(struct oci_flow *f, void *ctx)
{
    struct oci_op *op = ctx;
    if (f->err.code == OCI_OK)
        return;
    op->err = f->err;
    oci_op_explain(op, &op->err);
}

static void on_run(struct oci_call *c)
{
    struct oci_op *op = OCI_OWNER(c, struct oci_op, run);
    atomic_store(&op->called, false); /* before looking at `canceled`: a cancel from now on calls again */
    struct oci_driver *driver = oci_engine_driver(op->engine);
    if (op->task && !op->started) {
        op->started = true;
        oci_driver_start(driver, &op->task->flow, on_over, op);
    }
    if (op->task && !op->stopped && atomic_load(&op->canceled)) {
        op->stopped = true;
        oci_driver_cancel(driver, &op->task->flow);
    }
    oci_op_unref(op);
}

void oci_task_done(struct oci_task *t)
{
    struct oci_op *op = t->op;
    oci_place_close(&t->from);
    oci_place_close(&t->to);
    op->task = NULL;
    if (!op->started)
        return; /* the start failed: oci_op_launch() tells */
    for (size_t i = 0; i < op->reader_count; i++)
        oci_window_on_change(op->readers[i].window, NULL, NULL);
    if (op->window)
        oci_window_on_change(op->window, NULL, NULL);
    oci_mailbox_ended(op->mailbox, op);
    oci_op_raise(op, OCI_READY_OVER);
    oci_op_unref(op);
}

void oci_op_publish(struct oci_op *op)
{
    atomic_store(&op->has_result, true);
}

void oci_op_tell_verified(struct oci_op *op)
{
    atomic_fetch_add(&op->verified, 1);
    oci_op_raise(op, OCI_READY_BYTES);
}

struct oci_graph_options oci_op_graph_options(struct oci_op *op)
{
    unsigned concurrency = op->call.concurrency ? op->call.concurrency : op->client->options.concurrency;
    return (struct oci_graph_options){
        .concurrency = concurrency,
        .progress = {.fn = oci_outbox_tell, .ctx = op},
    };
}

void oci_op_explain(const struct oci_op *op, struct oci_err *err)
{
    if (!err || err->code == OCI_OK)
        return;
    if (op->subject && op->place && !strstr(err->text, op->place))
        oci_err_wrap(err, "%s %s", op->what, op->subject);
    else
        oci_err_wrap(err, "%s", op->what);
}

/* ---- windows ---- */

int oci_op_reader_room(struct oci_op *op, size_t count)
{
    op->readers = count > 0 ? oci_calloc(count, sizeof *op->readers) : NULL;
    return count == 0 || op->readers ? OCI_OK : OCI_NO_MEMORY;
}

static struct oci_op_reader *find_reader(struct oci_op *op, unsigned number)
{
    for (size_t i = 0; i < op->reader_count; i++) {
        if (op->readers[i].number == number)
            return &op->readers[i];
    }
    return NULL;
}

int oci_op_add_reader(struct oci_op *op, unsigned number, struct oci_source **ret_source,
                      struct oci_err *reterr)
{
    if (number == 0 || find_reader(op, number))
        return oci_err_set(reterr, OCI_INVALID, "a reader can be used for one content only");
    struct oci_window *w = oci_window_new(op->host, WINDOW_CAPACITY);
    struct oci_source *s = w ? oci_window_source(w, OCI_SIZE_UNKNOWN) : NULL;
    if (!s) {
        oci_window_unref(w);
        return oci_err_no_memory(reterr);
    }
    struct oci_op_reader *r = &op->readers[op->reader_count++];
    *r = (struct oci_op_reader){.op = op, .number = number, .window = w};
    oci_window_on_change(w, oci_outbox_wants, r);
    *ret_source = s;
    return OCI_OK;
}

static void on_bytes(void *ctx)
{
    struct oci_op *op = ctx;
    if (oci_window_has(op->window))
        oci_op_raise(op, OCI_READY_BYTES);
}

int oci_op_make_window(struct oci_op *op, struct oci_err *reterr)
{
    op->window = oci_window_new(op->host, WINDOW_CAPACITY);
    if (!op->window)
        return oci_err_no_memory(reterr);
    oci_window_on_change(op->window, on_bytes, op);
    return OCI_OK;
}

/* ---- what the caller sees ---- */

void oci_op_raise(struct oci_op *op, unsigned bit)
{
    atomic_fetch_or(&op->ready, bit);
    oci_lamp_light(&op->lamp);
    oci_mailbox_post(op->mailbox, op);
}

void oci_op_lower(struct oci_op *op)
{
    if (atomic_load(&op->ready) == 0 && oci_lamp_put_out(&op->lamp) && atomic_load(&op->ready) != 0)
        oci_lamp_light(&op->lamp);
}

uint64_t oci_op_id(const struct oci_op *op)
{
    return op->id;
}

bool oci_op_ready(struct oci_op *op)
{
    if (oci_op_is_old(op))
        return true; /* nobody waits for what cannot come */
    if (atomic_load(&op->ready) != 0)
        return true;
    oci_op_lower(op); /* a descriptor that was lit too late; no system call otherwise */
    return false;
}

bool oci_op_over(struct oci_op *op)
{
    return oci_op_is_old(op) || (atomic_load(&op->ready) & OCI_READY_OVER);
}

int oci_op_fd(struct oci_op *op, struct oci_err *reterr)
{
    if (oci_op_is_old(op))
        return oci_err_set(reterr, OCI_INVALID, "the operation was made before fork()");
    int fd = oci_lamp_fd(&op->lamp, reterr);
    if (fd >= 0 && atomic_load(&op->ready) != 0)
        oci_lamp_light(&op->lamp);
    return fd;
}

void oci_op_cancel(struct oci_op *op)
{
    if (oci_op_over(op) || atomic_exchange(&op->canceled, true))
        return;
    poke(op);
}

void oci_op_free(struct oci_op *op)
{
    if (!op || oci_op_is_old(op))
        return;
    oci_op_cancel(op);
    if (op->window && !oci_op_over(op)) /* it wakes the engine, which may be gone after the end */
        oci_window_stop(op->window);
    oci_mailbox_leave(op->mailbox, op);
    oci_op_unref(op);
}

int oci_op_give(struct oci_op *op, unsigned reader, const void *p, size_t len, size_t *ret_taken)
{
    *ret_taken = 0;
    struct oci_op_reader *r = oci_op_over(op) ? NULL : find_reader(op, reader);
    if (!r)
        return OCI_CANCELED;
    int rc = oci_window_give(r->window, p, len, ret_taken);
    return rc < 0 ? OCI_CANCELED : rc;
}

void oci_op_give_end(struct oci_op *op, unsigned reader, const char *failure)
{
    struct oci_op_reader *r = oci_op_over(op) ? NULL : find_reader(op, reader);
    if (!r)
        return;
    struct oci_err err = {0};
    if (failure)
        oci_err_set(&err, OCI_IO, "the reader failed: %s", failure);
    oci_window_give_end(r->window, failure ? &err : NULL);
}

int oci_op_result(struct oci_op *op, const struct oci_result **ret_result, struct oci_err *reterr)
{
    if (oci_op_is_old(op))
        return oci_err_set(reterr, OCI_INVALID, "the operation was made before fork()");
    bool over = oci_op_over(op);
    if (over && op->err.code != OCI_OK)
        return oci_err_copy(reterr, &op->err);
    if (!over && !atomic_load(&op->has_result))
        return oci_err_set(reterr, OCI_INVALID, "the operation %s is not over", op->what);
    *ret_result = &op->result;
    return OCI_OK;
}
