/* A mailbox: the ready operations of one Lua state, and the three ways to wait for them: oci_mailbox_wait()
 * on a wake-up of its own, the descriptor, and the socket of nginx. */
#include "client/mailbox.h"

#include "base/mem.h"
#include "sys/clock.h"
#include "sys/doorbell.h"
#include "sys/file.h"

/* The connected socket: the engine may be ringing it while the mailbox lets go of it. */
struct bell {
    atomic_uint refs;
    int fd;
};

struct oci_mailbox {
    /* set once */
    unsigned generation;
    struct oci_wake wait; /* of oci_mailbox_wait(): set only while somebody waits */
    /* any thread */
    atomic_uint refs;
    atomic_bool waiting;
    struct oci_lamp lamp;
    struct oci_mutex lock;
    struct {
        struct oci_link ready; /* operations, in the order they became ready */
        struct oci_link running;
        uint64_t last_id;
        bool closed;
        struct bell *bell; /* NULL: nobody is connected */
    } locked;
    /* the caller's thread */
    struct oci_doorbell door; /* until somebody is connected */
};

static void unref_bell(struct bell *b)
{
    if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
        return;
    oci_fd_close(b->fd);
    oci_free(b);
}

static void set_bell(struct oci_mailbox *m, struct bell *b)
{
    oci_mutex_lock(&m->lock);
    struct bell *before = m->locked.bell;
    m->locked.bell = b;
    oci_mutex_unlock(&m->lock);
    unref_bell(before);
}

/* ---- life ---- */

int oci_mailbox_new(struct oci_mailbox **ret_mailbox, struct oci_err *reterr)
{
    struct oci_mailbox *m = oci_calloc(1, sizeof *m);
    if (!m)
        return oci_err_no_memory(reterr);
    m->generation = oci_fork_generation();
    m->door = (struct oci_doorbell)OCI_DOORBELL_NONE;
    atomic_init(&m->refs, 1);
    atomic_init(&m->waiting, false);
    oci_lamp_init(&m->lamp);
    oci_list_init(&m->locked.ready);
    oci_list_init(&m->locked.running);
    int rc = oci_wake_open(&m->wait, reterr);
    if (rc == OCI_OK) {
        rc = oci_process_mailbox_made(reterr);
        if (rc != OCI_OK)
            oci_wake_close(&m->wait);
    }
    if (rc != OCI_OK) {
        oci_free(m);
        return rc;
    }
    oci_mutex_init(&m->lock);
    *ret_mailbox = m;
    return OCI_OK;
}

struct oci_mailbox *oci_mailbox_ref(struct oci_mailbox *m)
{
    atomic_fetch_add(&m->refs, 1);
    return m;
}

void oci_mailbox_unref(struct oci_mailbox *m)
{
    if (atomic_fetch_sub(&m->refs, 1) != 1)
        return;
    oci_wake_close(&m->wait);
    oci_lamp_done(&m->lamp);
    oci_mutex_done(&m->lock);
    oci_free(m);
}

/* Takes one of the operations that run, with a reference; NULL: none is left. */
static struct oci_op *pop_running(struct oci_mailbox *m)
{
    oci_mutex_lock(&m->lock);
    struct oci_link *l = oci_list_pop(&m->locked.running);
    struct oci_op *op = l ? OCI_OWNER(l, struct oci_op, mail.running) : NULL;
    if (op)
        oci_op_ref(op);
    oci_mutex_unlock(&m->lock);
    return op;
}

void oci_mailbox_free(struct oci_mailbox *m)
{
    if (!m || m->generation != oci_fork_generation())
        return;
    oci_mutex_lock(&m->lock);
    m->locked.closed = true;
    while (oci_list_pop(&m->locked.ready))
        continue;
    oci_mutex_unlock(&m->lock);
    for (struct oci_op *op; (op = pop_running(m));) {
        oci_op_cancel(op);
        oci_op_unref(op);
    }
    oci_mailbox_socket_close(m);
    oci_process_mailbox_gone();
    oci_mailbox_unref(m);
}

int oci_mailbox_check(const struct oci_mailbox *m, struct oci_err *reterr)
{
    if (m->generation == oci_fork_generation())
        return OCI_OK;
    return oci_err_set(reterr, OCI_INVALID, "the mailbox was made before fork()");
}

void oci_mailbox_warm_up(struct oci_mailbox *m)
{
    if (m->generation != oci_fork_generation())
        return;
    oci_net_warm_up();
    oci_crypto_warm_up();
}

/* ---- operations come and go ---- */

int oci_mailbox_enter(struct oci_mailbox *m, struct oci_op *op, struct oci_err *reterr)
{
    oci_mutex_lock(&m->lock);
    bool closed = m->locked.closed;
    if (!closed) {
        op->id = ++m->locked.last_id;
        oci_list_append(&m->locked.running, &op->mail.running);
    }
    oci_mutex_unlock(&m->lock);
    return closed ? oci_err_set(reterr, OCI_INVALID, "the mailbox is closed") : OCI_OK;
}

void oci_mailbox_ended(struct oci_mailbox *m, struct oci_op *op)
{
    oci_mutex_lock(&m->lock);
    oci_list_remove(&op->mail.running);
    oci_mutex_unlock(&m->lock);
}

static bool any_ready(struct oci_mailbox *m)
{
    oci_mutex_lock(&m->lock);
    bool any = !oci_list_empty(&m->locked.ready);
    oci_mutex_unlock(&m->lock);
    return any;
}

static void put_out(struct oci_mailbox *m)
{
    if (oci_lamp_put_out(&m->lamp) && any_ready(m))
        oci_lamp_light(&m->lamp);
}

void oci_mailbox_leave(struct oci_mailbox *m, struct oci_op *op)
{
    oci_mutex_lock(&m->lock);
    op->mail.gone = true;
    oci_list_remove(&op->mail.ready);
    bool none = oci_list_empty(&m->locked.ready);
    oci_mutex_unlock(&m->lock);
    if (none)
        put_out(m);
}

void oci_mailbox_post(struct oci_mailbox *m, struct oci_op *op)
{
    bool first = false;
    struct bell *bell = NULL;
    oci_mutex_lock(&m->lock);
    if (!m->locked.closed && !op->mail.gone && oci_list_empty(&op->mail.ready)) {
        first = oci_list_empty(&m->locked.ready);
        oci_list_append(&m->locked.ready, &op->mail.ready);
        bell = first ? m->locked.bell : NULL;
        if (bell)
            atomic_fetch_add(&bell->refs, 1);
    }
    oci_mutex_unlock(&m->lock);
    if (first)
        oci_lamp_light(&m->lamp);
    if (bell)
        oci_doorbell_ring(bell->fd); /* the other side may be gone: it closes the socket on its own */
    unref_bell(bell);
    /* What made the operation ready came before this, and the waiter looks at it after saying that it waits:
     * one of the two sees the other. */
    if (atomic_load(&m->waiting))
        oci_wake_set(&m->wait);
}

/* ---- waiting ---- */

static bool find_ready(struct oci_op *const *ops, size_t count, size_t *ret_index)
{
    for (size_t i = 0; i < count; i++) {
        if (oci_op_ready(ops[i])) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

/* Waits on the wake-up; what woke it may be another operation. */
static int wait_for(struct oci_mailbox *m, struct oci_op *const *ops, size_t count, double timeout,
                    size_t *ret_index)
{
    const uint64_t most = timeout > 0 ? oci_client_ms(timeout) : 0;
    const uint64_t begun = timeout > 0 ? oci_clock_ms() : 0;
    for (;;) {
        oci_wake_clear(&m->wait);
        if (find_ready(ops, count, ret_index))
            return 1;
        uint64_t gone = timeout > 0 ? oci_clock_ms() - begun : 0;
        if (timeout >= 0 && gone >= most)
            return 0;
        int rc = oci_wake_wait(&m->wait, timeout < 0 ? -1 : (int64_t)(most - gone));
        if (rc < 0)
            return -1;
    }
}

int oci_mailbox_wait(struct oci_mailbox *m, struct oci_op *const *ops, size_t count, double timeout,
                     size_t *ret_index)
{
    if (find_ready(ops, count, ret_index))
        return 1;
    if (m->generation != oci_fork_generation())
        return 0;
    atomic_store(&m->waiting, true);
    int rc = wait_for(m, ops, count, timeout, ret_index);
    atomic_store(&m->waiting, false);
    return rc;
}

int oci_mailbox_fd(struct oci_mailbox *m, struct oci_err *reterr)
{
    int rc = oci_mailbox_check(m, reterr);
    if (rc != OCI_OK)
        return rc;
    int fd = oci_lamp_fd(&m->lamp, reterr);
    if (fd >= 0 && any_ready(m))
        oci_lamp_light(&m->lamp);
    return fd;
}

/* ---- the socket ---- */

/* Once connected the listener is gone. No thread watches it: who connects asks for what is ready at once. */
static void answer_door(struct oci_mailbox *m)
{
    int fd;
    if (m->door.fd < 0 || !oci_doorbell_accept(&m->door, &fd))
        return;
    oci_doorbell_close(&m->door);
    struct bell *b = oci_calloc(1, sizeof *b);
    if (!b) {
        oci_fd_close(fd); /* whoever connected sees the end, and polls */
        return;
    }
    atomic_init(&b->refs, 1);
    b->fd = fd;
    set_bell(m, b);
}

uint64_t oci_mailbox_next(struct oci_mailbox *m)
{
    if (m->generation != oci_fork_generation())
        return 0;
    answer_door(m);
    oci_mutex_lock(&m->lock);
    struct oci_link *l = oci_list_pop(&m->locked.ready);
    uint64_t id = l ? OCI_OWNER(l, struct oci_op, mail.ready)->id : 0;
    bool none = oci_list_empty(&m->locked.ready);
    oci_mutex_unlock(&m->lock);
    if (none)
        put_out(m);
    return id;
}

int oci_mailbox_socket(struct oci_mailbox *m, const char **ret_path, struct oci_err *reterr)
{
    int rc = oci_mailbox_check(m, reterr);
    if (rc == OCI_OK && m->door.fd < 0) {
        set_bell(m, NULL);
        rc = oci_doorbell_open(&m->door, reterr);
    }
    if (rc != OCI_OK)
        return rc;
    *ret_path = m->door.path;
    return OCI_OK;
}

void oci_mailbox_socket_close(struct oci_mailbox *m)
{
    if (m->generation != oci_fork_generation())
        return; /* the path belongs to the parent */
    oci_doorbell_close(&m->door);
    set_bell(m, NULL);
}
