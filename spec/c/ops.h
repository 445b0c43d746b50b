/* ops.h - operations in tests: a client and a mailbox, references, and waiting to the end. A failure ends the
 * test. */
#ifndef OPS_H
#define OPS_H

#include "include/oci.h"

/* One client and one mailbox for the test's process: made by ops_begin(), freed by ops_end(). */
extern struct oci_client *ops_client;
extern struct oci_mailbox *ops_mailbox;
void ops_begin(void);
void ops_end(void);

/* One of sixteen static references, printf style. */
const struct oci_reference *ops_ref(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One of sixteen static texts, printf style. */
const char *ops_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Waits until it is over, throwing its events away. */
void ops_wait(struct oci_op *op);
/* As above, then the result; the test fails with the error's text if there is one. */
const struct oci_result *ops_result(struct oci_op *op);
/* As above, the error. It fails if there is none. */
const struct oci_err *ops_error(struct oci_op *op);

/* Starts, waits, frees: the digest of the manifest. Static. */
const char *ops_push(const struct oci_reference *to, const struct oci_push_spec *spec);
const char *ops_copy(const struct oci_reference *from, const struct oci_reference *to);
/* The caller's. */
struct oci_op *ops_pull(const struct oci_reference *from, const char *to);
struct oci_op *ops_simple(enum oci_simple what, const struct oci_reference *r);

/* Content of reader 1. */
extern const struct oci_content ops_reader_content;
/* An operation (digest) that waits for its reader until it is served or canceled. */
struct oci_op *ops_start_reader(void);
/* Takes events until it asks for bytes: then it has nothing more to say. */
void ops_wait_for_wish(struct oci_op *op);

/* Gives `bytes` to reader 1 as it is asked for, in pieces of at most `piece`, until the operation is over. */
void ops_serve(struct oci_op *op, const struct oci_bytes *bytes, size_t piece);

unsigned ops_threads(void); /* of the core */

#endif
