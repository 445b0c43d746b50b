#include "graph_kit.h"

#include <stdio.h>
#include <string.h>

struct flow_host graph_host;
struct fake_store from, to;
struct oci_desc found;
struct oci_bytes *bytes;

void graph_begin(void)
{
    flow_host_init(&graph_host, NULL, 0);
    graph_host.piece = 1000;
    fake_store_init(&from, &graph_host.host);
    fake_store_init(&to, &graph_host.host);
    found = (struct oci_desc){0};
    bytes = NULL;
}

void graph_end(void)
{
    oci_desc_done(&found);
    bytes = oci_bytes_unref(bytes);
    fake_store_done(&from);
    fake_store_done(&to);
    flow_host_done(&graph_host, false);
}

void graph_simple(const char *tag, struct oci_desc *ret_desc)
{
    struct oci_desc layers[3];
    fake_add_blob(&from, "one", LAYER, &layers[0]);
    fake_add_blob(&from, "two", LAYER, &layers[1]);
    layers[2] = layers[0];
    fake_add_manifest(&from, layers, 3, tag, ret_desc);
}

void graph_nested(const char *tag)
{
    struct oci_desc layers[3], manifests[3], inner;
    fake_add_blob(&from, "shared", LAYER, &layers[0]);
    fake_add_blob(&from, "first", LAYER, &layers[1]);
    fake_add_blob(&from, "second", LAYER, &layers[2]);
    fake_add_manifest(&from, layers, 2, NULL, &manifests[0]);
    struct oci_desc others[2] = {layers[2], layers[0]};
    fake_add_manifest(&from, others, 2, NULL, &manifests[1]);
    fake_add_index(&from, &manifests[1], 1, NULL, &inner);
    manifests[2] = inner;
    fake_add_index(&from, manifests, 3, tag, NULL);
}

char graph_events[4000];

void graph_on_event(void *ctx, const struct oci_progress_event *e)
{
    static const char *const words[] = {"started", "moving", "exists", "mounted", "done", "failed"};
    (void)ctx;
    size_t len = strlen(graph_events);
    snprintf(graph_events + len, sizeof graph_events - len, "%s %s %s %llu/%llu\n", e->what, e->title ? e->title : "-",
             words[e->state], (unsigned long long)e->done,
             e->total == OCI_SIZE_UNKNOWN ? 0 : (unsigned long long)e->total);
}
