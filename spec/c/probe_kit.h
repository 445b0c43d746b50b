/* probe_kit.h - flows whose steps the tests choose, and content with moods, for the tests of the driver. */
#ifndef PROBE_KIT_H
#define PROBE_KIT_H

#include "flow/flow.h"
#include "flow_host.h"

/* ---- flows ---- */

struct probe {
    struct oci_flow flow;
    oci_step_fn script[8]; /* the steps, in order; the last one again and again */
    unsigned at;
    unsigned abandoned;
    struct oci_source *source;
    struct oci_sink *sink;
    struct oci_work work;
    int number;
    struct probe *peer;
};

/* Between probe_begin() and probe_end(). */
extern struct flow_host probe_host;
extern unsigned probe_freed;
extern char probe_order[64]; /* what happened, a letter each */

void probe_begin(const struct flow_row *rows, size_t count);
void probe_end(unsigned flows); /* so many were freed */
/* With up to three steps. */
extern const struct oci_flow_type probe_plain, probe_leaving, probe_silent; /* no last word; a DELETE; a silent one */
struct probe *probe(const struct oci_flow_type *type, oci_step_fn a, oci_step_fn b, oci_step_fn c);
struct probe *probe_working(int (*job)(struct oci_work *, struct oci_err *)); /* a job, then the end */
int probe_run(struct probe *take);

/* For steps. */
struct probe *probe_of(struct oci_flow *f);
int probe_step(struct oci_flow *f); /* the script's next */
void probe_note(char c);
void probe_free(struct oci_flow *f);
struct oci_http *probe_question(struct oci_flow *f, const char *method, const char *path);
/* Steps. */
int probe_finish(struct oci_flow *f);
int probe_fail(struct oci_flow *f);
int probe_get(struct oci_flow *f);
int probe_ask_job(struct oci_flow *f);
/* A job. */
int probe_job(struct oci_work *w, struct oci_err *reterr);

/* ---- content ---- */

/* A source of `total` bytes 'x' and a sink, each with moods. */
struct moody {
    struct oci_source source;
    struct oci_sink sink;
    struct oci_source_type source_type;
    struct oci_sink_type sink_type;
    uint64_t total, at;
    unsigned pause_each;      /* answers PAUSED before each so many-th call */
    unsigned calls, source_calls, pauses;
    int read_fails, write_fails, open_fails, verdict;
    uint64_t fails_at;
    unsigned end_pauses;      /* how often end() says PAUSED */
    int ended_with;           /* the rc of end(), 1: never */
    unsigned ends, opens, closes, rewinds, freed;
    struct oci_call wake_source, wake_sink;
    struct oci_source *into_from; /* what `into` moves */
    size_t biggest;
};

void moody(struct moody *m, uint64_t total);
int moody_open(struct oci_source *s, struct oci_err *reterr);
struct oci_flow *moody_into(struct oci_source *s, struct oci_sink *k);
/* A flow that moves one into the other, and its step. */
struct probe *probe_mover(struct moody *from, struct moody *to);
int probe_move(struct oci_flow *f);
int probe_get_into(struct oci_flow *f); /* an answer into the sink */

#endif
