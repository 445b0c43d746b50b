/* op.h - an operation: what the caller holds, the outbox that it empties, and the root flow that fills it.
 *
 * Life: oci_op_begin() and oci_task_new() on the caller's thread, then oci_op_launch() hands the task to the
 * engine's. There it runs as a root flow; when the driver frees it the operation is over. The caller and the
 * engine each hold a reference. */
#ifndef OCI_CLIENT_OP_H
#define OCI_CLIENT_OP_H

#include <stdatomic.h>

#include "base/map.h"
#include "client/client.h"
#include "client/lamp.h"
#include "client/place.h"
#include "content/content_kinds.h"
#include "flow/graph.h"

OCI_BEGIN

struct oci_task;

/* What is there for the caller (oci_op.ready). */
enum { OCI_READY_PROGRESS = 1, OCI_READY_WANTS = 2, OCI_READY_BYTES = 4, OCI_READY_OVER = 8 };

/* Content that the caller's reader gives. */
struct oci_op_reader {
    struct oci_op *op;
    unsigned number;
    struct oci_window *window;
    bool wants; /* the outbox's lock: to be told */
};

/* Progress on its way to the caller (outbox.c). One record for each blob; what it has to tell is a set of
 * events, so that nothing grows when nobody looks: `moving` events replace each other. */
struct oci_outbox {
    bool wanted;          /* set once */
    struct oci_map blobs; /* engine: the ones that have not ended */
    struct oci_mutex lock;
    struct {
        struct oci_link tell; /* blobs with something to tell */
        size_t count;
        struct oci_totals totals;
    } locked;
};

struct oci_op {
    /* set once, before it is launched */
    unsigned generation;
    uint64_t id;
    struct oci_client *client;
    struct oci_mailbox *mailbox;
    struct oci_engine *engine;
    struct oci_host *host;
    const char *what;             /* "pull": begins every error's text */
    char *subject;                /* the reference, or NULL */
    char *place;                  /* and without tag and digest */
    struct oci_call_options call; /* its credentials are the caller's: none after the launch */
    struct oci_op_reader *readers;
    size_t reader_count;
    struct oci_window *window; /* bytes for the caller, or NULL */
    bool gives_files;          /* through the window, one after the other (take.c) */
    /* any thread */
    atomic_uint refs, ready;
    atomic_bool canceled, called, has_result;
    struct oci_lamp lamp;
    struct oci_outbox outbox;
    atomic_size_t verified;    /* files that are given, so far */
    /* the caller's alone: which file it takes, and how much of it it has */
    size_t taking;
    uint64_t taken;
    /* the mailbox's lock */
    struct {
        struct oci_link ready, running;
        bool gone; /* the caller has let go: nothing more is posted */
    } mail;
    /* engine, once launched */
    struct oci_call run;
    struct oci_task *task; /* until it is over */
    bool started, stopped;
    /* engine, until has_result (result) or over (both) tells that they are there */
    struct oci_result result;
    struct oci_err err;
};

/* The root flow of an operation: first member of what each kind needs. The engine's thread alone once
 * launched. */
struct oci_task {
    struct oci_flow flow;
    struct oci_op *op;
    struct oci_opened_place from, to;
};

/* `subject` and `o` may be NULL. The credentials that `o` shows must stay until the launch. */
int oci_op_begin(struct oci_client *c, struct oci_mailbox *m, const char *what,
                 const struct oci_reference *subject, const struct oci_call_options *o,
                 struct oci_op **ret_op, struct oci_err *reterr);
/* The task belongs to the operation. The type's free ends with oci_task_done(). NULL: out of memory. */
void *oci_task_new(size_t size, const struct oci_flow_type *type, struct oci_op *op, oci_step_fn first);
void oci_task_done(struct oci_task *t);
/* rc OCI_OK: it runs, and *ret_op is the caller's. Else the start has failed with `reterr`: everything is
 * freed. */
int oci_op_launch(struct oci_op *op, int rc, struct oci_op **ret_op, struct oci_err *reterr);

/* Room for `count` readers, then each with its number: OCI_INVALID when it is 0 or there already. *ret_source
 * is the caller's and may be NULL when only the window is wanted. */
int oci_op_reader_room(struct oci_op *op, size_t count);
int oci_op_add_reader(struct oci_op *op, unsigned number, struct oci_source **ret_source,
                      struct oci_err *reterr);
/* The window of open_blob. */
int oci_op_make_window(struct oci_op *op, struct oci_err *reterr);

void oci_op_ref(struct oci_op *op);
void oci_op_unref(struct oci_op *op);
/* Engine thread: something new is there (one of the OCI_READY_ bits). */
void oci_op_raise(struct oci_op *op, unsigned bit);
/* The caller's thread: after a bit was taken away. */
void oci_op_lower(struct oci_op *op);
bool oci_op_is_old(const struct oci_op *op);
/* The result is there before the end is. Engine thread. */
void oci_op_publish(struct oci_op *op);
/* One more of the files that go through the window is there as a whole. Engine thread. */
void oci_op_tell_verified(struct oci_op *op);
struct oci_graph_options oci_op_graph_options(struct oci_op *op);
/* Puts the call before an error's text, and its reference unless the text names the place already. */
void oci_op_explain(const struct oci_op *op, struct oci_err *err);

/* ---- outbox.c ---- */
void oci_outbox_init(struct oci_outbox *o, bool wanted);
void oci_outbox_done(struct oci_outbox *o);
/* Engine thread. The graph flows' progress; ctx is the operation. */
void oci_outbox_tell(void *ctx, const struct oci_progress_event *event);
/* Engine thread. A window's on_change; ctx is a reader. */
void oci_outbox_wants(void *ctx);

/* ---- result.c: engine thread ---- */
/* Takes the descriptor; `place` (may be NULL) gives its reference; the tags are copied: `tag` (may be NULL),
 * then `more`. */
int oci_result_set_desc(struct oci_op *op, struct oci_desc *take_desc, const struct oci_opened_place *place,
                        const char *tag, const char *const *more, size_t more_count);
void oci_result_take_bytes(struct oci_op *op, struct oci_bytes *take_bytes);
void oci_result_take_manifest(struct oci_op *op, struct oci_manifest *take_m);
void oci_result_take_names(struct oci_op *op, struct oci_names *take_names);
/* The files' descriptors and titles are the manifest's, which the result has. */
int oci_result_set_files(struct oci_op *op, struct oci_pull_target *t);
/* Files that go to the caller: their paths are the names that a directory's would have, or NULL where these are unsafe. */
int oci_result_set_layers(struct oci_op *op, const struct oci_layer *layers, size_t count);
/* Frees what it holds; any thread. */
void oci_result_done(struct oci_op *op);

OCI_END

#endif
