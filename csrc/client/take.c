/* take.c - the caller takes bytes out of an operation's window: of one blob, or of files one after the other. */
#include "client/op.h"

static int check(const struct oci_op *op, bool files, struct oci_err *reterr)
{
    if (oci_op_is_old(op))
        return oci_err_set(reterr, OCI_INVALID, "the operation was made before fork()");
    if (!op->window || op->gives_files != files)
        return oci_err_set(reterr, OCI_INVALID, "the operation %s gives no %s", op->what, files ? "files" : "bytes");
    return OCI_OK;
}

static bool is_verified(struct oci_op *op)
{
    return atomic_load(&op->verified) > op->taking;
}

static uint64_t left(const struct oci_op *op)
{
    return op->result.files[op->taking].desc->size - op->taken;
}

static bool has_result(struct oci_op *op)
{
    return atomic_load(&op->has_result);
}

static bool has_something(struct oci_op *op)
{
    if (op->gives_files && (!has_result(op) || left(op) == 0))
        return has_result(op) && is_verified(op);
    return oci_window_has(op->window);
}

/* What the window says of a failure is only its code; the whole reason is there when the operation is over. */
static int failure(struct oci_op *op, int rc, struct oci_err *reterr)
{
    if (!oci_op_over(op))
        return OCI_PAUSED;
    if (op->err.code != OCI_OK)
        return oci_err_copy(reterr, &op->err);
    oci_err_set(reterr, rc < 0 ? rc : OCI_CANCELED, "%s", oci_err_meaning(rc < 0 ? rc : OCI_CANCELED));
    oci_op_explain(op, reterr);
    return rc < 0 ? rc : OCI_CANCELED;
}

/* OCI_AGAIN: something has come meanwhile. */
static int nothing_now(struct oci_op *op, int rc, struct oci_err *reterr)
{
    atomic_fetch_and(&op->ready, ~(unsigned)OCI_READY_BYTES);
    /* What came just before was told before the bit was taken away. */
    if (rc == OCI_PAUSED && has_something(op)) {
        atomic_fetch_or(&op->ready, OCI_READY_BYTES);
        return OCI_AGAIN;
    }
    oci_op_lower(op);
    return failure(op, rc, reterr);
}

int oci_op_take(struct oci_op *op, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    *ret_n = 0;
    int rc = check(op, false, reterr);
    if (rc != OCI_OK)
        return rc;
    do {
        rc = oci_window_take(op->window, p, max, ret_n, NULL);
        if (rc == OCI_OK || rc == OCI_END_OF_CONTENT)
            return rc;
        rc = nothing_now(op, rc, reterr);
    } while (rc == OCI_AGAIN);
    return rc;
}

/* The bytes of one file end where its descriptor says: what is behind them is the next one's. */
static int take_some(struct oci_op *op, void *p, size_t max, size_t *ret_n)
{
    if (!has_result(op))
        return OCI_PAUSED;
    if (op->taking == op->result.file_count)
        return OCI_END_OF_CONTENT;
    if (left(op) == 0 && !is_verified(op))
        return OCI_PAUSED;
    if (left(op) == 0) {
        op->taking++;
        op->taken = 0;
        return OCI_OK;
    }
    int rc = oci_window_take(op->window, p, left(op) < max ? (size_t)left(op) : max, ret_n, NULL);
    op->taken += *ret_n;
    return rc == OCI_END_OF_CONTENT ? OCI_CANCELED : rc;
}

int oci_op_take_file(struct oci_op *op, void *p, size_t max, size_t *ret_n, size_t *ret_index, struct oci_err *reterr)
{
    *ret_n = 0;
    int rc = check(op, true, reterr);
    if (rc != OCI_OK)
        return rc;
    do {
        *ret_index = op->taking;
        rc = take_some(op, p, max, ret_n);
        if (rc == OCI_OK || rc == OCI_END_OF_CONTENT)
            return rc;
        rc = nothing_now(op, rc, reterr);
    } while (rc == OCI_AGAIN);
    return rc;
}
