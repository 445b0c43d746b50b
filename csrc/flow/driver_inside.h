/* driver_inside.h - what flow.c, driver.c and move.c know of each other. Nobody else includes it. */
#ifndef OCI_FLOW_DRIVER_INSIDE_H
#define OCI_FLOW_DRIVER_INSIDE_H

#include "flow/driver.h"
#include "flow/flow.h"

OCI_BEGIN

/* Frees what an answer owns, and makes it the empty one. */
void oci_answer_clear(struct oci_answer *a);
/* Frees the strings of the question; there is none any more. */
void oci_question_forget(struct oci_flow *f);

/* Puts f into the ready queue, once. */
void oci_driver_ready(struct oci_flow *f);
/* ... after the host had a turn of its own: what has used up its budget waits there. */
void oci_driver_later(struct oci_flow *f);
/* f is to stop: it was canceled, or has failed, and is not asking its last question. */
bool oci_driver_stopping(const struct oci_flow *f);
/* Content that was in a question before is rewound; a one-shot source is an error. */
int oci_source_prepare(struct oci_source *s, struct oci_err *reterr);
/* Starts a child that is not told to the parent's steps. When it has ended, oci_move_child_over() is
 * called. */
void oci_driver_start_hidden(struct oci_flow *parent, struct oci_flow *take_child);
void oci_driver_cancel_flow(struct oci_flow *f);
/* The MOVE is over, its sink not yet ended (driver.c does that). */
void oci_driver_moved(struct oci_flow *f, int rc, const struct oci_err *err);

/* move.c: the question OCI_Q_MOVE. */
void oci_move_begin(struct oci_flow *f);
void oci_move_turn(struct oci_flow *f);
void oci_move_child_over(struct oci_flow *f, const struct oci_flow *child);

OCI_END

#endif
