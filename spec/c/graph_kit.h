/* graph_kit.h - two places and a host for the tests of whole artifacts, and what is put into the first of them. */
#ifndef GRAPH_KIT_H
#define GRAPH_KIT_H

#include "flow/graph.h"
#include "flow_host.h"
#include "flow_store.h"

#define LAYER "application/vnd.test.layer"

/* The kit's: made by graph_begin(), gone with graph_end(). */
extern struct flow_host graph_host;
extern struct fake_store from, to;
extern struct oci_desc found;   /* what a flow found; freed at the end */
extern struct oci_bytes *bytes; /* the same */

void graph_begin(void);
void graph_end(void);

/* Into `from`: one manifest of three layers, two of them the same. */
void graph_simple(const char *tag, struct oci_desc *ret_desc);
/* Into `from`: an index of two manifests that share a layer, and of another index that names one of them again. */
void graph_nested(const char *tag);

/* A progress function, and what it was told: "blob title moving 5/10\n", ... To be emptied by the test. */
extern char graph_events[4000];
void graph_on_event(void *ctx, const struct oci_progress_event *e);

#endif
